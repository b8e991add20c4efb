// The stage with all that steers it: the scrubber through time, and the class that is looked at.

import { $, $$, cookie, remember } from "./dom.js";
import { Classes } from "./classes.js";
import { Favourites } from "./favourites.js";
import { Film } from "./film.js";
import { sheetOf } from "./pictures.js";
import { Stage } from "./stage.js";
import { TileView } from "./tile.js";
import { ago, thin } from "./words.js";

export class Screen {
  /** `sheets` is shared with the page, in order of steps; `call(path, options)` asks the API; `onTime(step)` hears the moment shown, null at the newest; `forgetGone()` takes out sheets that are no more. */
  constructor(data, sheets, call, onTime, forgetGone) {
    Object.assign(this, { sheets, onTime, forgetGone, rows: data.sheet.row_labels, seed: data.sheet.seed });
    this.geometry = sheetOf(data.sheet);
    this.element = $("#stage");
    this.favourites = new Favourites(data.favourites, call, () => this.mark());
    this.stage = new Stage(this.element, (name) => this.classes.pick(name), (tile) => this.large.open(tile), (tile) => this.favourites.flip(this.moment, +tile.dataset.index));
    this.large = new TileView(this, data, call);
    this.classes = $("#classes", this.element) && new Classes(call, () => this.changed());
    const start = data.wanted == null ? sheets.length - 1 : this.placeOf(data.wanted);
    this.stage.look(this.view());
    this.film = new Film(this.element, sheets, this.geometry, start, (place, byHand) => this.moved(byHand), () => this.missed());
    const asked = new URL(location.href).searchParams.get("label");
    if (data.classes.includes(asked)) this.classes?.pick(asked);
    else this.show();
    $("#all").addEventListener("click", () => this.stage.toggleWhole());
    $("#full").addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : this.element.requestFullscreen()));
    this.chooseBackdrop(cookie("backdrop") || (data.run.config.channels === "rgba" ? "chequer" : "white"));
  }

  chooseBackdrop(chosen) {
    this.element.dataset.backdrop = chosen;
    for (const choice of $$("[name=backdrop]", this.element)) {
      choice.checked = choice.value === chosen;
      choice.addEventListener("change", () => {
        this.element.dataset.backdrop = choice.value;
        remember("backdrop", choice.value);
      });
    }
  }

  /** Place of the last sheet that is not after the step. */
  placeOf(step) {
    const after = this.sheets.findIndex((sheet) => sheet.step > step);
    return Math.max(0, (after < 0 ? this.sheets.length : after) - 1);
  }

  get isNewest() {
    return this.film.place === this.sheets.length - 1;
  }

  /** The sheet that is shown, with the seed of its latents; `series`: it is one of those over time. */
  get moment() {
    const apart = this.classes?.apart;
    if (apart) return { ...apart, series: false };
    return { ...this.sheets[this.film.place], geometry: this.geometry, seed: this.seed, series: true };
  }

  /** The tiles to show: all of the series, one class of it, or a sheet of one class. */
  view() {
    const sheet = this.geometry;
    const name = this.classes?.name;
    if (!name) return { sheet, from: 0, count: sheet.columns * sheet.rows, labels: this.rows };
    const { apart } = this.classes;
    if (apart) return { sheet: apart.geometry, from: 0, count: apart.geometry.columns * apart.geometry.rows, labels: [], name };
    const row = this.rows.indexOf(name);
    return { sheet, from: row * sheet.columns, count: row < 0 ? 0 : sheet.columns, labels: [], name, large: true };
  }

  /** Another class, or another sheet of it. */
  changed() {
    const row = this.rows.indexOf(this.classes.name);
    $("#class-unseen").hidden = !this.classes.name || this.classes.apart !== null || row >= 0;
    this.film.watch(Math.max(0, row) * this.geometry.columns);
    this.stage.look(this.view());
    this.show();
  }

  moved(byHand) {
    if (byHand && this.classes?.apart) this.classes.show(null);
    else this.show();
  }

  show() {
    const sheet = this.sheets[this.film?.place ?? -1];
    if (!sheet) return;
    const shown = this.classes?.apart ?? sheet;
    this.mark();
    if (!document.hidden) this.stage.show(shown.url).then((done) => done === false && this.missed());
    $("#at").textContent = `Step ${thin(shown.step)}`;
    $("#save-sheet").href = shown.url;
    this.onTime(this.isNewest ? null : sheet.step);
    this.tick();
    this.rename(this.isNewest ? null : sheet.step);
  }

  /** Hearts on the tiles that the reader likes. */
  mark() {
    const { moment } = this;
    this.stage.love((index) => this.favourites.has(moment, index));
    this.large.love();
  }

  /** A sheet could not be shown: if it is no more, its neighbour is. Who asks meanwhile waits for the same answer. */
  missed() {
    return (this.asking ??= this.closeGaps().finally(() => (this.asking = null)));
  }

  async closeGaps() {
    const place = this.film.place;
    const left = this.sheets.slice(0, place).map((sheet) => sheet.id);
    try {
      if (!(await this.forgetGone())) return;
      const still = new Set(this.sheets.map((sheet) => sheet.id));
      this.film.regrouped(left.filter((id) => still.has(id)).length);
    } catch {
      // the server does not answer; what is shown stays
    }
  }

  /** The address names what is shown, so that it can be shared. */
  rename(step) {
    const address = new URL(location.href);
    for (const [name, value] of [["step", step], ["label", this.classes?.name || null]]) {
      if (value === null) address.searchParams.delete(name);
      else address.searchParams.set(name, value);
    }
    history.replaceState(null, "", address);
  }

  tick() {
    const sheet = this.sheets[this.film.place];
    if (document.hidden || !sheet) return;
    const apart = this.classes?.apart;
    if (apart) $("#ago").textContent = `drawn ${ago(apart.created)}`;
    else $("#ago").textContent = this.isNewest ? `newest sheet, ${ago(sheet.created)}` : `sheet ${this.film.place + 1} of ${this.sheets.length}`;
  }

  /** The sheets of later steps no longer hold; those that the page shares are gone already. */
  retract(step) {
    this.classes?.retract(step);
    this.film.shrunk();
  }
}
