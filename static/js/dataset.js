// One dataset: background switch, "Show more" in place, and a closer look at one picture.

import { $, $$, remember } from "./dom.js";
import { picture } from "./pictures.js";

const wall = $("#pics");
const dialog = $("#look");
let at = 0;

for (const choice of $$("#pictures [name=backdrop]")) {
  choice.addEventListener("change", () => {
    for (const place of $$("[data-backdrop]")) place.dataset.backdrop = choice.value;
    remember("backdrop", choice.value);
  });
}

document.addEventListener("click", async (event) => {
  const more = event.target.closest("#more-pics");
  if (!more || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  try {
    const answer = await fetch(more.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const added = $$("#pics > *", page);
    wall.append(...added);
    $("#pics-count").textContent = $("#pics-count", page).textContent;
    const next = $("#more-pics", page);
    if (next) more.replaceWith(next);
    else more.remove();
    added[0]?.focus({ preventScroll: true });
  } catch {
    location.href = more.href;
  }
});

wall?.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  look([...wall.children].indexOf(button));
  dialog.showModal();
});
$("#look-back")?.addEventListener("click", () => look(at - 1));
$("#look-on")?.addEventListener("click", () => look(at + 1));
dialog?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") look(at - 1);
  if (event.key === "ArrowRight") look(at + 1);
});

/** Draws a picture enlarged by a whole factor, so that small ones stay crisp. */
async function look(place) {
  const button = wall.children[place];
  if (!button) return;
  at = place;
  const { url, path, size } = button.dataset;
  $("#look-path").textContent = path;
  $("#look-facts").textContent = [size, button.dataset.class].filter(Boolean).join(" · ");
  const image = await picture(url).catch(() => null);
  if (!image || at !== place) return;
  const room = Math.min(384, innerWidth - 80) * devicePixelRatio;
  const scale = Math.max(1, Math.floor(room / Math.max(image.naturalWidth, image.naturalHeight)));
  const canvas = $("#look-picture");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  canvas.style.width = `${(image.naturalWidth * scale) / devicePixelRatio}px`;
  canvas.style.height = `${(image.naturalHeight * scale) / devicePixelRatio}px`;
  canvas.getContext("2d").drawImage(image, 0, 0);
}
