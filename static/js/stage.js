// The sheet of the moment, cut into tiles. Each tile is enlarged by a whole number of device pixels.

import { $ } from "./dom.js";
import { drawTile, picture } from "./pictures.js";

const SMALLEST_GAP = 3;
const LARGEST_GAP = 14;

/** Columns, tile size and gap in CSS pixels for a place `wide` pixels wide; `exactly` that many columns, if they fit. */
export function measure(wide, tileWidth, tileHeight, wanted, exactly = false) {
  const dpr = devicePixelRatio;
  const fitting = Math.max(1, Math.floor((wide + SMALLEST_GAP) / (tileWidth / dpr + SMALLEST_GAP)));
  let columns = Math.min(wanted, fitting);
  const room = (wide - SMALLEST_GAP * (columns - 1)) / columns;
  const scale = Math.floor((room * dpr) / tileWidth);
  if (scale < 1) {
    // A single tile is larger than the place: the browser scales it down smoothly.
    return { columns: 1, width: wide, height: (wide * tileHeight) / tileWidth, gap: 0, crisp: false };
  }
  const width = (tileWidth * scale) / dpr;
  while (!exactly && (columns + 1) * (width + SMALLEST_GAP) - SMALLEST_GAP <= wide) columns++;
  const left = (wide - columns * width) / Math.max(1, columns - 1);
  const gap = columns > 1 ? Math.max(SMALLEST_GAP, Math.min(LARGEST_GAP, Math.floor(left))) : 0;
  return { columns, width, height: (tileHeight * scale) / dpr, gap, crisp: true };
}

export class Stage {
  constructor(element, sheet) {
    this.element = element;
    this.sheet = sheet;
    this.count = sheet.columns * sheet.rows;
    this.place = $("#sheet", element);
    this.whole = false;
    this.url = null;
    this.turn = 0;
    this.layOut();
    this.watched = new ResizeObserver(() => this.place.clientWidth !== this.laidFor && this.layOut());
    this.watched.observe(this.place);
    document.addEventListener("fullscreenchange", () => this.layOut());
  }

  layOut() {
    const wide = this.place.clientWidth;
    if (!wide) return;
    this.laidFor = wide;
    const { tileWidth, tileHeight } = this.sheet;
    // Where each row of the sheet is a class, the rows stay together.
    const box = this.sheet.classes.length
      ? measure(wide, tileWidth, tileHeight, this.sheet.columns, true)
      : measure(wide, tileWidth, tileHeight, wide < 420 ? 4 : 6);
    const shown = Math.min(this.count, this.whole ? this.count : box.columns * this.rowsInView(box));
    this.place.style.gridTemplateColumns = `repeat(${box.columns}, ${box.width}px)`;
    this.place.style.gap = `${box.gap}px`;
    this.tiles = Array.from({ length: shown }, (_, index) => this.tile(index, box));
    this.place.replaceChildren(...this.tiles);
    const all = $("#all", this.element);
    all.hidden = shown === this.count && !this.whole;
    all.textContent = this.whole ? "Fewer" : `All ${this.count}`;
    if (this.url) this.show(this.url);
  }

  /** As many rows as leave the scrubber visible without scrolling: 3 to 8. */
  rowsInView(box) {
    const full = document.fullscreenElement === this.element;
    const top = this.place.getBoundingClientRect().top + (full ? 0 : scrollY);
    const below = matchMedia("(max-width: 760px)").matches && !full ? 166 : 100;
    return Math.min(full ? 99 : 8, Math.max(full ? 1 : 3, Math.floor((innerHeight - top - below) / (box.height + box.gap))));
  }

  tile(index, box) {
    const canvas = document.createElement("canvas");
    canvas.className = box.crisp ? "tile crisp" : "tile";
    canvas.style.width = `${box.width}px`;
    canvas.style.height = `${box.height}px`;
    canvas.width = this.sheet.tileWidth;
    canvas.height = this.sheet.tileHeight;
    canvas.setAttribute("role", "img");
    const label = this.sheet.classes[Math.floor(index / this.sheet.columns)];
    canvas.setAttribute("aria-label", label ? `Sample ${index + 1}, ${label}` : `Sample ${index + 1}`);
    if (label) canvas.title = label;
    return canvas;
  }

  /** Shows a sheet; the old one stays until the new one is decoded, and a later call overtakes an earlier one. */
  async show(url) {
    this.url = url;
    const turn = ++this.turn;
    let image;
    try {
      image = await picture(url);
    } catch {
      return false; // the sheet is gone or the server does not answer; what is shown stays
    }
    if (turn !== this.turn) return false;
    this.tiles.forEach((canvas, index) => drawTile(canvas, image, index, this.sheet));
    return true;
  }

  toggleWhole() {
    this.whole = !this.whole;
    this.layOut();
    return this.whole;
  }
}
