// The wall: crisp cards, "Show more" in place, and the hero's ribbon.

import { $, $$, json } from "./dom.js";
import { drawArt } from "./art.js";
import { drawTile, picture, sharpen, sheetOf } from "./pictures.js";
import { short } from "./words.js";

sharpen();
document.addEventListener("htmx:afterSettle", () => sharpen());

document.addEventListener("click", async (event) => {
  const more = event.target.closest("[data-more]");
  if (!more || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (more.getAttribute("aria-busy") === "true") return;
  more.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(more.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const added = $$("#cards > *", page);
    $("#cards").append(...added);
    sharpen($("#cards"));
    const next = $("#more", page);
    if (next) $("#more").replaceWith(next);
    else $("#more").remove();
    $("a", added[0])?.focus({ preventScroll: true });
  } catch {
    location.href = more.href;
  }
});

const ribbon = $("[data-ribbon]");
if (ribbon) drawRibbon(ribbon, json("ribbon-data"));

function drawRibbon(place, films) {
  const moments = 8;
  const line = () => {
    const made = document.createElement("div");
    made.className = "line";
    made.append(...Array.from({ length: moments }, () => document.createElement("canvas")));
    place.append(made);
    return $$("canvas", made);
  };
  const axis = document.createElement("div");
  axis.className = "axis";
  // Before there are public runs the rows are drawings, which have no steps.
  const labels = films.length
    ? films[0].map((sheet, k) => (k ? short(sheet.step) : `step ${short(sheet.step)}`))
    : ["noise", ...Array(moments - 2).fill(""), "picture"];
  axis.append(...labels.map((label) => Object.assign(document.createElement("span"), { textContent: label })));
  for (let row = 0; row < 3; row++) {
    const film = films.length ? films[row % films.length] : null;
    const canvases = line();
    // With fewer than three films, the rows show different tiles of the same one.
    const tile = film ? Math.min(film[0].columns * film[0].rows - 1, 2 + 5 * row) : 0;
    canvases.forEach((canvas, k) => {
      if (film) picture(film[k].image).then((image) => drawTile(canvas, image, tile, sheetOf(film[k])), () => {});
      else drawArt(canvas, ["animal", "face", "creature"][row], 11 + 4 * row, k / (moments - 1));
    });
  }
  place.append(axis);
}
