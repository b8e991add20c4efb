// The sheet of the moment, cut into tiles. Each tile is enlarged by a whole number of device pixels.

import { $ } from "./dom.js";
import { drawTile, picture } from "./pictures.js";

const SMALLEST_GAP = 3;
const LARGEST_GAP = 14;
const ROW_GAP = 8;
const LABEL_LINE = 26;

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

/** Width of the column of labels beside the rows; 0 where they stand above them, for want of room. */
function labelColumn(labels, wide) {
  if (!labels.length) return 0;
  const context = document.createElement("canvas").getContext("2d");
  context.font = "550 13px Inter Variable, system-ui, sans-serif";
  const widest = Math.ceil(Math.max(...labels.map((label) => context.measureText(label).width))) + 20;
  return widest <= 44 || wide >= 560 ? Math.min(widest, 150) : 0;
}

export class Stage {
  /** `onPick(name)`: the reader wants to see that class alone; `onOpen(tile)`: that tile large; `onLove(tile)`: it is a favourite, or no longer. */
  constructor(element, onPick, onOpen, onLove) {
    Object.assign(this, { element, onPick, view: null, whole: false, url: null, turn: 0, tiles: [], at: 0 });
    this.place = $("#sheet", element);
    this.place.addEventListener("click", (event) => {
      const tile = event.target.closest(".tile");
      if (tile) onOpen(tile);
    });
    this.place.addEventListener("focusin", (event) => event.target.matches(".tile") && this.rove(event.target));
    this.place.addEventListener("keydown", (event) => {
      if (event.key === "f" && event.target.matches(".tile") && !event.ctrlKey && !event.metaKey && !event.altKey && document.documentElement.dataset.keys !== "off") onLove(event.target);
      const next = event.target.matches(".tile") && this.neighbour(event.target, event.key);
      if (!next) return;
      event.preventDefault();
      next.focus();
    });
    this.watched = new ResizeObserver(() => this.place.clientWidth !== this.laidFor && this.layOut());
    this.watched.observe(this.place);
    document.addEventListener("fullscreenchange", () => this.layOut());
  }

  /**
   * What part of which sheets is shown: `count` tiles of `sheet`, from tile `from` on. With `labels` each row of the sheet is the
   * class of that name and the rows stay together; `name` is the class of all tiles; `large`: few of them, as big as they get.
   */
  look(view) {
    Object.assign(this, { view, whole: false, url: null });
    this.layOut();
  }

  layOut() {
    const wide = this.place.clientWidth;
    if (!wide || !this.view) return;
    this.laidFor = wide;
    const { labels, count } = this.view;
    const beside = labelColumn(labels, wide);
    const box = this.box(beside ? wide - beside - ROW_GAP : wide);
    const gap = labels.length ? Math.min(box.gap, ROW_GAP) : box.gap; // many rows matter more than air between them
    this.columns = box.columns;
    const held = this.tiles.includes(document.activeElement);
    const rows = this.whole ? Infinity : this.rowsInView(box.height + gap + (labels.length && !beside ? LABEL_LINE : 0));
    this.tiles = [];
    this.place.replaceChildren(...(labels.length ? this.rows(box, Math.min(rows, labels.length)) : this.flow(box, Math.min(count, box.columns * rows))));
    this.place.style.gridTemplateColumns = `${beside ? `${beside}px ` : ""}repeat(${box.columns}, ${box.width}px)`;
    this.place.style.gap = `${gap}px`;
    this.place.classList.toggle("beside", beside > 0);
    this.rove(this.tileOf(this.at) ?? this.tiles[0]);
    if (held) this.tileOf(this.at).focus();
    this.offerAll(labels.length ? rows < labels.length : this.tiles.length < count);
    this.love(this.isLoved);
    if (this.url) this.show(this.url);
  }

  /** A small heart on each tile of which `isLoved(index)` holds. */
  love(isLoved) {
    this.isLoved = isLoved;
    for (const tile of this.tiles) {
      const loved = Boolean(isLoved?.(+tile.dataset.index));
      tile.classList.toggle("loved", loved);
      tile.setAttribute("aria-label", loved ? `${tile.dataset.title}, favourite` : tile.dataset.title);
    }
  }

  box(wide) {
    const { sheet, labels, large } = this.view;
    if (labels.length) return measure(wide, sheet.tileWidth, sheet.tileHeight, Math.min(sheet.columns, wide < 420 ? 6 : 8), true);
    if (large) return measure(wide, sheet.tileWidth, sheet.tileHeight, wide < 420 ? 2 : 4, true);
    return measure(wide, sheet.tileWidth, sheet.tileHeight, wide < 420 ? 4 : 6);
  }

  flow(box, shown) {
    return Array.from({ length: shown }, (_, index) => this.tile(this.view.from + index, box, this.view.name));
  }

  /** Each row behind the name of its class; what does not fit beside it is seen when the class is picked. */
  rows(box, shown) {
    return this.view.labels.slice(0, shown).flatMap((name, row) => {
      const label = document.createElement("button");
      label.type = "button";
      label.className = "rowlabel";
      label.textContent = label.title = name;
      label.setAttribute("aria-label", `Show only ${name}`);
      label.addEventListener("click", () => this.onPick(name));
      return [label, ...Array.from({ length: box.columns }, (_, column) => this.tile(row * this.view.sheet.columns + column, box, name))];
    });
  }

  offerAll(more) {
    const { labels, count } = this.view;
    const all = $("#all", this.element);
    all.hidden = !more && !this.whole;
    all.textContent = this.whole ? "Fewer" : `All ${labels.length ? `${labels.length} rows` : count}`;
    all.setAttribute("aria-pressed", String(this.whole));
  }

  /** As many rows as leave the scrubber visible without scrolling: 3 to 8. */
  rowsInView(height) {
    const full = document.fullscreenElement === this.element;
    const top = this.place.getBoundingClientRect().top + (full ? 0 : scrollY);
    const below = matchMedia("(max-width: 760px)").matches && !full ? 166 : 100;
    return Math.min(full ? 99 : 8, Math.max(full ? 1 : 3, Math.floor((innerHeight - top - below) / height)));
  }

  tile(index, box, name) {
    const tile = document.createElement("button");
    tile.type = "button";
    tile.className = "tile";
    tile.tabIndex = -1;
    tile.dataset.index = index;
    tile.dataset.title = name ? `Sample ${index + 1}, ${name}` : `Sample ${index + 1}`;
    tile.setAttribute("aria-label", tile.dataset.title);
    tile.append(document.createElement("canvas"));
    const canvas = tile.firstChild;
    canvas.classList.toggle("crisp", box.crisp);
    canvas.style.width = `${box.width}px`;
    canvas.style.height = `${box.height}px`;
    canvas.width = this.view.sheet.tileWidth;
    canvas.height = this.view.sheet.tileHeight;
    this.tiles.push(tile);
    return tile;
  }

  /* one tile at a time is reached by Tab, the others by arrows */

  tileOf(index) {
    return this.tiles.find((tile) => +tile.dataset.index === index);
  }

  rove(to) {
    for (const tile of this.tiles) tile.tabIndex = tile === to ? 0 : -1;
    this.at = to ? +to.dataset.index : 0;
  }

  /** The tile that an arrow key leads to from another one; none at the edge. */
  neighbour(tile, key) {
    const place = this.tiles.indexOf(tile);
    const far = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns, Home: -place, End: this.tiles.length - 1 - place }[key];
    return far === undefined ? undefined : this.tiles[place + far];
  }

  /** Shows a sheet; the old one stays until the new one is decoded, and a later call overtakes an earlier one. False if it cannot be had. */
  async show(url) {
    this.url = url;
    const turn = ++this.turn;
    let image;
    try {
      image = await picture(url);
    } catch {
      return turn !== this.turn; // the sheet is gone or the server does not answer; what is shown stays
    }
    if (turn !== this.turn) return true;
    for (const tile of this.tiles) drawTile(tile.firstChild, image, +tile.dataset.index, this.view.sheet);
    return true;
  }

  toggleWhole() {
    this.whole = !this.whole;
    this.layOut();
  }
}
