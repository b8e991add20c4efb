// The door's wall: pictures from noise on the left to finished on the right.

import { $ } from "./dom.js";
import { drawArt, kindOf } from "./art.js";

const mural = $("[data-mural]");
const COLUMNS = 9;
const ROWS = 14;

for (let place = 0; place < COLUMNS * ROWS; place++) {
  const canvas = document.createElement("canvas");
  const column = place % COLUMNS;
  const row = Math.floor(place / COLUMNS);
  drawArt(canvas, kindOf(row * 2 + (column % 2) + Math.floor(column / 3)), 1 + row * 31 + column * 3, column / (COLUMNS - 1));
  mural.append(canvas);
}
