// Faces of the recipe cards: some tiles of a real run made with the recipe, or a drawing of what it is for.

import { $$ } from "./dom.js";
import { drawArt } from "./art.js";
import { drawTile, picture, sheetOf } from "./pictures.js";

const KINDS = {
  simpsons: "face", portraits: "face", style: "face", "style-classes": "face",
  pokemon: "creature", "pokemon-128": "creature", steady: "creature",
  dogs: "animal", "dogs-unconditional": "animal", supervised: "animal", "modern-classes": "animal",
  satellite: "digit", "satellite-wgan": "digit", quick: "digit", "quick-classes": "digit",
  "satellite-tiles": "land", modern: "land",
};

function fill() {
  for (const face of $$("[data-face]:empty")) paint(face);
}

function paint(face) {
  const canvases = Array.from({ length: Number(face.dataset.tiles) }, () => document.createElement("canvas"));
  face.append(...canvases);
  if (face.dataset.sheet) real(face.dataset, canvases);
  else drawn(face.dataset.face, canvases);
}

fill();
document.addEventListener("htmx:afterSettle", fill); // the recipes are put in order anew once the pictures are checked

async function real(data, canvases) {
  const sheet = sheetOf(data);
  try {
    const image = await picture(data.sheet);
    canvases.forEach((canvas, index) => drawTile(canvas, image, index % (sheet.columns * sheet.rows), sheet));
  } catch {
    drawn(data.face, canvases);
  }
}

function drawn(recipe, canvases) {
  const offset = [...recipe].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  canvases.forEach((canvas, index) => drawArt(canvas, KINDS[recipe] ?? "flower", offset + index * 13));
}
