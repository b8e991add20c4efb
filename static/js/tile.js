// One tile large: at a whole multiple of its pixels, the same seed over time, and the training pictures nearest to it.

import { $, $$, toast } from "./dom.js";
import { Nearest } from "./nearest.js";
import { drawTile, picture } from "./pictures.js";
import { thin } from "./words.js";

const LARGEST = 384;
const MOMENTS = 12;
const SWIPE = 48;

/** `count` places evenly spread over 0..last, each once, `kept` among them. */
export function spread(last, count, kept) {
  const places = new Set(Array.from({ length: Math.min(count, last + 1) }, (_, k, many = Math.min(count, last + 1)) => (many > 1 ? Math.round((k * last) / (many - 1)) : 0)));
  if (!places.has(kept)) {
    const closest = [...places].reduce((best, place) => (Math.abs(place - kept) < Math.abs(best - kept) ? place : best));
    places.delete(closest);
    places.add(kept);
  }
  return [...places].sort((a, b) => a - b);
}

export class TileView {
  /** `screen` tells what is shown; `name` is the run's, for the saved file; `call(path)` asks the API. */
  constructor(screen, data, call) {
    Object.assign(this, { screen, name: data.run.name, turn: 0 });
    this.dialog = $("#tile");
    this.canvas = $("#tile-big canvas");
    this.nearest = new Nearest(call, screen.sheets, data.mayCompare);
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.dialog.addEventListener("close", () => this.screen.stage.tileOf(this.index)?.focus());
    for (const button of $$("[data-walk]", this.dialog)) button.addEventListener("click", () => this.walk(button.dataset.walk));
    $("#tile-png").addEventListener("click", () => this.save());
    this.heart = $("#tile-love");
    this.heart?.addEventListener("click", () => this.flip());
    this.swipes($("#tile-big"));
    addEventListener("resize", () => this.dialog.open && this.fit());
  }

  /** The tile as it is on the stage. */
  open(tile) {
    this.moment = this.screen.moment;
    this.pick(tile);
    this.dialog.showModal();
    this.fit();
  }

  pick(tile) {
    this.index = +tile.dataset.index;
    this.title = tile.dataset.title;
    for (const button of $$("[data-walk]", this.dialog)) button.disabled = !this.screen.stage.neighbour(tile, button.dataset.walk);
    this.paint();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "f" && document.documentElement.dataset.keys !== "off") this.flip();
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    this.walk(event.key);
  }

  flip() {
    this.screen.favourites.flip(this.moment, this.index);
  }

  /** Whether the tile that is shown is a favourite. */
  love() {
    if (this.moment) this.heart?.setAttribute("aria-pressed", String(this.screen.favourites.has(this.moment, this.index)));
  }

  walk(key) {
    const { stage } = this.screen;
    const here = stage.tileOf(this.index);
    const next = here && stage.neighbour(here, key);
    if (next) this.pick(next);
  }

  swipes(area) {
    let start = null;
    area.addEventListener("touchstart", (event) => (start = event.touches.length === 1 ? event.touches[0].clientX : null), { passive: true });
    area.addEventListener("touchend", (event) => {
      const far = start === null ? 0 : event.changedTouches[0].clientX - start;
      if (Math.abs(far) > SWIPE) this.walk(far < 0 ? "ArrowRight" : "ArrowLeft");
    });
  }

  paint() {
    const { step, seed, series } = this.moment;
    $("#tile-name").textContent = this.title;
    $("#tile-place").textContent = [`Step ${thin(step)}`, seed == null ? "" : `seed ${seed}`].filter(Boolean).join(" · ");
    this.canvas.setAttribute("aria-label", `${this.title}, at step ${thin(step)}`);
    this.draw(this.canvas, this.moment);
    $("#tile-time").hidden = !series;
    this.love();
    if (series) this.moments();
    this.nearest.show(this.index, series ? this.moment : null);
  }

  draw(canvas, { url, geometry }, onMissing = () => {}) {
    const { index } = this;
    canvas.dataset.wanted = `${index} ${url}`;
    picture(url).then((image) => canvas.dataset.wanted === `${index} ${url}` && drawTile(canvas, image, index, geometry), onMissing);
  }

  /** Sheets that the server has thinned leave the strip to others of the run. */
  async replaceGone() {
    await this.screen.missed();
    const there = new Set(this.screen.sheets.map((sheet) => sheet.id));
    if (!this.moment.shown?.some((sheet) => !there.has(sheet.id))) return;
    delete this.moment.shown;
    this.moments();
  }

  /** The same tile on sheets evenly spread over the run; one that is pressed is shown large. */
  moments() {
    const { sheets, geometry } = this.screen;
    const place = $(".mini", this.dialog);
    const now = this.screen.placeOf(this.moment.step);
    const chosen = this.moment.shown ?? spread(sheets.length - 1, MOMENTS, now).map((at) => sheets[at]);
    const held = place.contains(document.activeElement);
    this.moment.shown = chosen;
    while (place.children.length < chosen.length) place.append(this.frame(place.children.length));
    while (place.children.length > chosen.length) place.lastChild.remove();
    [...place.children].forEach((button, k) => {
      const sheet = chosen[k];
      button.setAttribute("aria-label", `Step ${thin(sheet.step)}`);
      button.title = `Step ${thin(sheet.step)}`;
      button.toggleAttribute("aria-current", sheet.step === this.moment.step);
      this.draw(button.firstChild, { url: sheet.url, geometry }, () => this.replaceGone());
    });
    if (held) $("[aria-current]", place)?.focus();
  }

  frame(place) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(document.createElement("canvas"));
    button.firstChild.className = "crisp";
    button.addEventListener("click", () => {
      const { shown, seed, geometry } = this.moment;
      this.moment = { ...shown[place], shown, seed, geometry, series: true };
      this.paint();
    });
    return button;
  }

  /** As large as a whole multiple gets; pictures larger than the place are drawn smaller, smoothly. */
  fit() {
    const { tileWidth, tileHeight } = this.moment.geometry;
    const room = Math.min(LARGEST, $("#tile-big").clientWidth, innerHeight * 0.62);
    const longest = Math.max(tileWidth, tileHeight);
    const whole = Math.floor((room * devicePixelRatio) / longest);
    const scale = whole >= 1 ? whole / devicePixelRatio : room / longest;
    this.canvas.classList.toggle("crisp", whole >= 1);
    this.canvas.style.width = `${tileWidth * scale}px`;
    this.canvas.style.height = `${tileHeight * scale}px`;
  }

  /** At its own size, as the network drew it. */
  async save() {
    try {
      const blob = await new Promise((done) => this.canvas.toBlob(done, "image/png"));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${this.name}, step ${this.moment.step}, sample ${this.index + 1}.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    } catch {
      toast("The picture could not be saved. Download the sheet instead.");
    }
  }
}
