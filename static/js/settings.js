// The settings form: checks with the server 300 ms after a change, draws what the network will see, marks and undoes changes.

import { $, $$, debounce } from "./dom.js";
import { picture } from "./pictures.js";
import { thin } from "./words.js";

const form = $("#settings");
const PREVIEWED = ["width", "height", "channels", "fit", "background", "mirror", "crop_to_boxes", "tiles", "tile_scale"];
const SWITCHES = ["mirror", "crop_to_boxes"];
const problems = $("#problems");
let shuffle = 0;
let touched = false;
let launching = false;

if (problems.hasAttribute("data-focus")) problems.focus();

form.addEventListener("input", (event) => {
  touched = true;
  exclusiveLength(event.target);
  showWhatMatters();
  later();
});
form.addEventListener("submit", () => (launching = true));
addEventListener("beforeunload", (event) => touched && !launching && event.preventDefault());

const later = debounce(() => {
  check();
  draw();
}, 300);

/** Steps and epochs exclude each other: typing one empties the other. */
function exclusiveLength(field) {
  const other = { steps: "epochs", epochs: "steps" }[field.name];
  if (other && field.value.trim()) form.elements[other].value = "";
}

function valueOf(name) {
  const field = form.elements[name];
  if (field instanceof RadioNodeList) return field.value;
  return field.type === "checkbox" ? (field.checked ? "on" : "") : field.value.trim();
}

function put(name, value) {
  const field = form.elements[name];
  if (!(field instanceof RadioNodeList) && field.type === "checkbox") field.checked = value === "on";
  else field.value = value;
}

/* settings that do nothing at the moment are out of the way */

const conditional = $$("[data-when]").map((setting) => [setting, JSON.parse(setting.dataset.when)]);

function showWhatMatters() {
  for (const [setting, conditions] of conditional) {
    const matters = conditions.every(([name, among, values]) => values.includes(valueOf(name)) === among);
    setting.classList.toggle("idle", !matters && $(".error", setting).hidden);
  }
  for (const more of $$(".more")) more.classList.toggle("idle", !$(".setting:not(.idle)", more));
}

/* square sizes that most people want */

const sizes = $$("#sizes [data-side]");
for (const button of sizes) {
  button.addEventListener("click", () => {
    for (const side of ["width", "height"]) put(side, button.dataset.side);
    touched = true;
    markSize();
    later();
  });
}
form.addEventListener("input", markSize);

function markSize() {
  for (const button of sizes) button.setAttribute("aria-pressed", String(valueOf("width") === button.dataset.side && valueOf("height") === button.dataset.side));
}

/* undoing */

form.addEventListener("click", (event) => {
  const one = event.target.closest("[data-reset]");
  const colour = event.target.closest("[data-colour]");
  if (one) reset(one.closest("[data-setting]"));
  if (colour) form.elements.background.value = colour.dataset.colour;
  if (one || colour) {
    touched = true;
    markSize();
    showWhatMatters();
    later();
  }
});
$("#reset-all").addEventListener("click", () => {
  for (const setting of $$("[data-setting]")) reset(setting);
  markSize();
  showWhatMatters();
  later();
});

function reset(setting) {
  const { setting: name, base } = setting.dataset;
  put(name, base);
  if (name === "steps" || name === "epochs") {
    for (const length of ["steps", "epochs"]) put(length, $(`[data-setting="${length}"]`).dataset.base);
  }
}

/* what the server says */

let turn = 0;

async function check() {
  const mine = ++turn;
  let answer;
  try {
    const response = await fetch(form.dataset.check, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
    if (!response.ok) return;
    answer = await response.json();
  } catch {
    return; // launching checks everything once more
  }
  if (mine !== turn) return;
  for (const setting of $$("[data-setting]")) tell(setting, answer);
  for (const [name, words] of Object.entries(answer.summaries)) $(`[data-summary="${name}"]`).textContent = words;
  $("#est-place").textContent = answer.place;
  foretell(answer.told);
  summarise(answer);
  measure(answer);
}

/* time and memory: what is known, and a measurement of what is not */

const AGAIN = 1500;
let asking;

/** Ask until the settings of this check are measured; a later check asks anew. */
function measure({ errors, told }) {
  clearTimeout(asking);
  if (!Object.keys(errors).length && (!told.memory || told.pending)) ask(turn);
}

async function ask(mine) {
  let told;
  try {
    const response = await fetch(form.dataset.measure, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
    if (!response.ok) return;
    ({ told } = await response.json());
  } catch {
    return; // what earlier runs took stays
  }
  if (mine !== turn) return;
  foretell(told);
  if (told.pending) asking = setTimeout(ask, AGAIN, mine);
}

function foretell(told) {
  $("#est-time").textContent = told.time || "–";
  $("#est-time-words").textContent = told.time_words;
  $("#est-memory").textContent = told.memory || "–";
  $("#est-memory-words").textContent = told.memory_words;
  const warning = $("#too-big");
  warning.hidden = !told.warning;
  $("p", warning).textContent = told.warning;
}

function tell(setting, answer) {
  const name = setting.dataset.setting;
  const wrong = answer.errors[name];
  const error = $(".error", setting);
  error.hidden = !wrong;
  $("span", error).textContent = wrong ?? "";
  $(".changed", setting).hidden = !(name in answer.changed);
  if (wrong) setting.classList.remove("idle");
  for (const field of $$("input, select", setting)) {
    if (wrong) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

function summarise(answer) {
  const wrong = Object.entries(answer.errors);
  problems.hidden = !wrong.length;
  $("h3", problems).textContent = wrong.length === 1 ? "One setting needs a look" : `${wrong.length} settings need a look`;
  $("ul", problems).replaceChildren(...wrong.map(([name, text]) => {
    const item = document.createElement("li");
    const setting = $(`[data-setting="${name}"]`);
    if (setting) {
      const link = Object.assign(document.createElement("a"), { href: `#id_${name}`, textContent: setting.dataset.label });
      item.append(link, ": ");
    }
    item.append(text);
    return item;
  }));
  listChanges(answer.changed);
}

function listChanges(changed) {
  const names = Object.keys(changed);
  $("#changes").hidden = !names.length;
  $("#changes-words").textContent = names.map((name) => {
    const setting = $(`[data-setting="${name}"]`);
    const [before, now] = changed[name];
    return `${setting.dataset.label.toLowerCase()} ${before} → ${now}`;
  }).join(", ");
}

// A link of the summary opens the group that holds its field.
problems.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  for (let door = field.closest("details"); door; door = door.parentElement.closest("details")) door.open = true;
  field.focus();
});

/* what the network will see */

const sees = $("#sees");
$("#shuffle").addEventListener("click", () => {
  shuffle++;
  draw();
});

async function draw() {
  if (!sees) return;
  const query = new URLSearchParams({ shuffle });
  for (const name of PREVIEWED) query.set(name, SWITCHES.includes(name) ? String(valueOf(name) === "on") : valueOf(name));
  let image;
  try {
    image = await picture(`${form.dataset.preview}?${query}`);
  } catch {
    return; // a wrong size, which the form says itself
  }
  const [width, height] = [image.naturalWidth / 4, image.naturalHeight / 4];
  const room = (sees.clientWidth - 18) / 4;
  const scale = Math.max(1, Math.floor((room * devicePixelRatio) / width));
  const shown = Math.min(room, (width * scale) / devicePixelRatio);
  sees.style.gridTemplateColumns = `repeat(4, ${shown}px)`;
  sees.replaceChildren(...Array.from({ length: 16 }, (_, place) => {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${shown}px`;
    canvas.style.height = `${(shown * height) / width}px`;
    canvas.className = (width * scale) / devicePixelRatio <= room ? "crisp" : "";
    canvas.setAttribute("aria-hidden", "true");
    canvas.getContext("2d").drawImage(image, (place % 4) * width, Math.floor(place / 4) * height, width, height, 0, 0, width, height);
    return canvas;
  }));
  const enlarged = scale > 1 ? `, shown ${scale} times as large` : "";
  $("#sees-words").textContent = `Sixteen pictures, ${thin(width)} × ${thin(height)}${enlarged}${valueOf("mirror") === "on" ? ", mirrored at random" : ""}.`;
}

markSize();
showWhatMatters();
draw();
check();
