// The classes of a run: one of them is picked to be seen large, and sheets of it are drawn on demand.

import { $ } from "./dom.js";
import { sheetOf } from "./pictures.js";
import { ago, thin } from "./words.js";

const SHOWN = 5;

export class Classes {
  /** `call(path, options)` asks the API; `onChange()` is told when another class or another sheet of it is to be shown. */
  constructor(call, onChange) {
    Object.assign(this, { call, onChange, found: [], apart: null, awaited: null });
    this.form = $("#classes");
    this.select = $("#class");
    this.sheets = $("#class-sheets");
    this.button = $("#draw-class");
    this.select.addEventListener("change", () => this.pick(this.name));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.draw();
    });
    this.paint();
  }

  get name() {
    return this.select.value;
  }

  /** Another class, or "" for all. */
  pick(name) {
    this.select.value = name;
    Object.assign(this, { found: [], apart: null });
    this.refuse("");
    this.paint();
    this.onChange();
    this.catchUp().catch(() => {});
  }

  /** One of the class's own sheets; null goes back to the series. */
  show(sheet) {
    if (this.apart === sheet) return;
    this.apart = sheet;
    this.paint();
    this.onChange();
  }

  async catchUp() {
    const name = this.name;
    if (!name) return;
    let path = `samples/?label=${encodeURIComponent(name)}`;
    while (path) {
      const page = await this.call(path);
      if (this.name !== name) return;
      page.results.forEach((sheet) => this.add(sheet));
      path = page.next && `samples/${new URL(page.next, location.href).search}`;
    }
  }

  /** A sheet of a class has been drawn; one that was asked for here is shown at once. */
  add(sheet) {
    const fresh = { id: sheet.id, step: sheet.step, url: sheet.image, created: Date.parse(sheet.created) / 1000, geometry: sheetOf(sheet) };
    if (sheet.label !== this.name || this.found.some((one) => one.url === fresh.url)) return;
    this.found = [fresh, ...this.found].sort((one, other) => other.step - one.step);
    if (this.awaited?.name === sheet.label && !this.awaited.known.includes(fresh.url)) {
      this.awaited = null;
      this.show(fresh);
    }
    this.paint();
  }

  /** Training went back to that step. */
  retract(step) {
    this.found = this.found.filter((sheet) => sheet.step <= step);
    if (this.apart?.step > step) this.show(null);
    this.paint();
  }

  async draw() {
    if (!this.name) return;
    this.refuse("");
    this.awaited = { name: this.name, known: this.found.map((sheet) => sheet.url) };
    this.paint();
    try {
      await this.call("sample/", { label: this.name });
    } catch (error) {
      this.awaited = null;
      this.refuse(error.message);
      this.paint();
    }
  }

  refuse(why) {
    const place = $("#class-refused");
    place.hidden = !why;
    place.textContent = why;
  }

  /** Only a run at work draws. */
  running(isRunning) {
    this.isRunning = isRunning;
    if (!isRunning) this.awaited = null;
    this.paint();
  }

  paint() {
    const choices = this.found.slice(0, SHOWN).map((sheet) => this.choice(`Step ${thin(sheet.step)}`, sheet));
    this.sheets.hidden = !this.name || !choices.length;
    this.sheets.replaceChildren(this.choice("Over time", null), ...choices);
    if (!this.button) return;
    this.button.hidden = !this.name || !this.isRunning;
    const waits = this.awaited?.name === this.name;
    this.button.disabled = waits;
    $("span", this.button).textContent = waits ? "Drawing" : `Draw a sheet of ${this.name}`;
  }

  choice(text, sheet) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    if (sheet) button.title = `Drawn ${ago(sheet.created)}`;
    button.setAttribute("aria-pressed", String(this.apart === sheet));
    button.addEventListener("click", () => this.show(sheet));
    return button;
  }
}
