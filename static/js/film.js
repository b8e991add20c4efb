// The scrubber: a film strip under one range input, with play and Live. Sheets are evenly spaced.

import { $, isTyping, lessMotion } from "./dom.js";
import { drawTile, picture } from "./pictures.js";
import { thin } from "./words.js";

const THUMBNAILS = 24;
const FRAME = 160;

export class Film {
  /** `sheets` is shared with the page: [{ step, url, created }]. `onMove(place, byHand)` is told about every move, `onMissing()` of sheets that cannot be had. */
  constructor(element, sheets, geometry, start, onMove, onMissing) {
    Object.assign(this, { element, sheets, geometry, onMove, onMissing, place: start, tile: 0 });
    this.slider = $("#scrub", element);
    this.strip = $(".strip", element);
    this.mark = $(".head-mark", element);
    this.live = $("#live", element);
    this.following = start === sheets.length - 1;
    this.seen = sheets.length;
    this.slider.addEventListener("input", () => this.jump(+this.slider.value));
    this.live.addEventListener("click", () => this.jump(this.sheets.length - 1));
    $("#play", element).addEventListener("click", () => this.toggle());
    addEventListener("keydown", (event) => this.key(event));
    this.grown();
    this.go(start);
  }

  key(event) {
    if (isTyping(event) && event.target !== this.slider) return;
    if (event.ctrlKey || event.metaKey || event.altKey || document.documentElement.dataset.keys === "off") return;
    if (event.key === "," || event.key === ".") {
      this.jump(this.place + (event.key === "." ? 1 : -1));
    } else if (event.key === "l") {
      this.jump(this.sheets.length - 1);
    } else if (event.key === " " && !event.target.closest("button, a, summary, [role=region]")) {
      event.preventDefault();
      this.toggle();
    }
  }

  /** A move by hand ends playing. */
  jump(place) {
    this.pause();
    this.go(place, true);
  }

  go(place, byHand = false) {
    const last = this.sheets.length - 1;
    if (last < 0) return; // all were taken back; the next ones are on their way
    this.place = Math.max(0, Math.min(last, place));
    this.following = this.place === last;
    if (this.following) this.seen = this.sheets.length;
    this.paint();
    this.onMove(this.place, byHand);
    for (const near of [1, -1, 2, -2, 3, -3]) {
      const sheet = this.sheets[this.place + near];
      if (sheet) picture(sheet.url).catch(() => {});
    }
  }

  /** More sheets have come: the film grows, and the newest is shown if the reader stands at the end. */
  grown() {
    this.slider.max = this.sheets.length - 1;
    this.thumbnails();
    if (this.following && !this.timer) this.go(this.sheets.length - 1);
    else this.paint();
  }

  /** Later sheets were taken back. */
  shrunk() {
    const after = this.place >= this.sheets.length;
    this.seen = Math.min(this.seen, this.sheets.length);
    if (after) this.pause();
    this.following ||= after;
    this.grown();
  }

  /** Some are no more: what stands at `place` now is shown. */
  regrouped(place) {
    const wasAtEnd = this.following;
    this.seen = Math.min(this.seen, this.sheets.length);
    this.slider.max = this.sheets.length - 1;
    this.thumbnails();
    this.go(wasAtEnd ? this.sheets.length - 1 : place);
  }

  /** The strip shows that tile of each sheet. */
  watch(tile) {
    this.tile = tile;
    for (const canvas of this.strip.children) delete canvas.dataset.url;
    this.thumbnails();
  }

  paint() {
    const count = this.sheets.length;
    if (!count) return;
    this.slider.value = this.place;
    this.slider.setAttribute("aria-valuetext", `step ${thin(this.sheets[this.place].step)}, sheet ${this.place + 1} of ${count}`);
    this.mark.style.left = `calc(${((this.place + 0.5) / count) * 100}% - 1px)`;
    const unseen = count - this.seen;
    $("#live-word", this.element).textContent = !this.following && unseen > 0 ? `${unseen} new` : this.word;
    this.live.setAttribute("aria-pressed", String(this.following));
    [...this.strip.children].forEach((canvas) => canvas.classList.toggle("on", +canvas.dataset.place <= this.place));
  }

  get word() {
    return this.live.classList.contains("live") ? "Live" : "Newest";
  }

  thumbnails() {
    const count = this.sheets.length;
    const shown = Math.min(THUMBNAILS, count);
    while (this.strip.children.length < shown) this.strip.append(document.createElement("canvas"));
    while (this.strip.children.length > shown) this.strip.lastChild.remove();
    this.queue = [...this.strip.children].filter((canvas, k) => {
      const place = shown > 1 ? Math.round((k * (count - 1)) / (shown - 1)) : 0;
      canvas.dataset.place = place;
      return canvas.dataset.url !== this.sheets[place].url;
    });
    if (!this.drawing) this.draw();
  }

  /** One thumbnail after the other, so that the sheet itself comes first. */
  async draw() {
    this.drawing = true;
    while (this.queue.length) {
      const canvas = this.queue.shift();
      const sheet = this.sheets[+canvas.dataset.place];
      if (!sheet) continue; // taken back meanwhile
      canvas.dataset.url = sheet.url;
      await picture(sheet.url).then((image) => drawTile(canvas, image, this.tile, this.geometry), () => {
        delete canvas.dataset.url;
        this.onMissing();
      });
    }
    this.drawing = false;
  }

  toggle() {
    if (this.pause()) return;
    let next = this.place >= this.sheets.length - 1 ? 0 : this.place + 1;
    this.button("player-pause", "Pause the timelapse");
    const step = () => {
      this.go(next, true);
      if (++next >= this.sheets.length) this.pause();
    };
    this.timer = setInterval(step, lessMotion.matches ? 4 * FRAME : FRAME);
    step();
  }

  /** Stops playing; false if nothing was playing. */
  pause() {
    if (!this.timer) return false;
    clearInterval(this.timer);
    this.timer = null;
    this.button("player-play", "Play the timelapse");
    return true;
  }

  button(icon, label) {
    const button = $("#play", this.element);
    const use = $("use", button);
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${icon}`));
    button.setAttribute("aria-label", label);
  }
}
