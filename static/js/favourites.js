// What the reader likes: tiles of sheets. Flipped at once, saved behind the scenes, flipped back if that is refused.

import { toast } from "./dom.js";

export class Favourites {
  /** `known`: [[sheet, tile, series]], null for who is not signed in; `call(path, body, method)` asks the API; `onChange()` hears of every flip. */
  constructor(known, call, onChange) {
    Object.assign(this, { may: known !== null, call, onChange, found: new Map(), saving: Promise.resolve() });
    for (const [sheet, tile, series] of known ?? []) this.sheetsOf({ id: sheet, series }, tile).add(sheet);
  }

  /** A tile of the series is the same on all its sheets; on a sheet of one class it is that sheet's. */
  sheetsOf({ id, series }, tile) {
    const key = series ? `${tile}` : `${id} ${tile}`;
    if (!this.found.has(key)) this.found.set(key, new Set());
    return this.found.get(key);
  }

  has(moment, tile) {
    return this.sheetsOf(moment, tile).size > 0;
  }

  flip(moment, tile) {
    if (!this.may) return;
    const sheets = this.sheetsOf(moment, tile);
    const before = [...sheets];
    sheets.clear();
    if (!before.length) sheets.add(moment.id);
    this.onChange();
    // One after the other, so that what was pressed last is what holds in the end.
    this.saving = this.saving.then(() => this.save(moment, tile, before)).catch((error) => {
      sheets.clear();
      before.forEach((sheet) => sheets.add(sheet));
      this.onChange();
      toast(error.message);
    });
  }

  async save(moment, tile, before) {
    if (!before.length) return this.call(`favourites/${moment.id}/${tile}/`, {}, "PUT");
    for (const sheet of before) await this.call(`favourites/${sheet}/${tile}/`, {}, "DELETE");
  }
}
