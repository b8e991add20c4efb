// The training pictures nearest to one tile, and what their distance says.

import { $ } from "./dom.js";
import { thin } from "./words.js";

const SHOWN = 6;
const NEAR = 0.5;
const UNLIKE = 1.5;

/** What the distances to the nearest training pictures say, nearest first, against the usual one between training pictures. A copy stands out: it is far nearer to one than to the next. */
export function likeness([nearest, next], usual) {
  if (!usual) return ["", ""];
  if (nearest < usual && (nearest < NEAR * usual || nearest < NEAR * next)) return ["warn", "Closer than training pictures are to each other: it may be remembered."];
  if (nearest > UNLIKE * usual) return ["", "Farther from every training picture than they are from each other: it does not look like them yet."];
  return ["ok", "As far as training pictures are from each other: it is new."];
}

export class Nearest {
  /** `sheets` is shared with the page: those with `nearest` have them. Without `may` the training pictures are not the reader's to see. */
  constructor(call, sheets, may) {
    Object.assign(this, { call, sheets, may, turn: 0, known: new Map() });
    this.place = $("#tile-nearest");
    this.place.append(...Array.from({ length: SHOWN }, () => this.frame()));
  }

  /** Of that tile at that moment of the series, or at the next one of which they are known; null: at no moment of the series. */
  async show(tile, moment) {
    const turn = ++this.turn;
    if (!this.may) return this.say("The training pictures are private, so the nearest ones are not shown.");
    if (!moment) return this.say("They are known for the sheets over time, not for those of one class.");
    const sheet = this.sheets.find((one) => one.step >= moment.step && one.nearest);
    if (!sheet) return this.say("They are known from the first score on, and for the sheets after it.");
    let answer;
    try {
      answer = await this.ask(sheet, tile);
    } catch (error) {
      sheet.nearest = false; // the next time, those of a later one
      if (turn === this.turn) this.say(error.message);
      return;
    }
    if (turn === this.turn) this.fill(answer, sheet, moment);
  }

  ask(sheet, tile) {
    const key = `${sheet.url} ${tile}`;
    if (!this.known.has(key)) {
      const asked = this.call(`samples/${sheet.step}/nearest/?tile=${tile}`);
      asked.catch(() => this.known.delete(key));
      this.known.set(key, asked);
    }
    return this.known.get(key);
  }

  say(sentence) {
    this.place.hidden = true;
    $("#tile-nearest-words").textContent = sentence;
    for (const id of ["likeness", "distance"]) $(`#tile-${id}`).textContent = "";
  }

  fill({ pictures, usual, extractor }, sheet, moment) {
    this.place.hidden = false;
    const later = sheet.step === moment.step ? "" : ` They are those of step ${thin(sheet.step)}, the first for which they are known.`;
    $("#tile-nearest-words").textContent = `If these look the same, the network is copying.${later}`;
    [...this.place.children].forEach((frame, k) => this.put(frame, pictures[k]));
    const [level, words] = likeness(pictures.map((one) => one.distance), usual);
    const line = $("#tile-likeness");
    line.className = `likeness ${level}`;
    if (line.textContent !== words) line.textContent = words;
    $("#tile-distance").textContent = `Distance ${pictures[0].distance.toFixed(2)}, usual between training pictures ${usual.toFixed(2)}, by ${extractor}.`;
  }

  put(frame, found) {
    frame.hidden = !found;
    if (!found) return;
    const image = frame.querySelector("img");
    if (image.getAttribute("src") !== found.thumbnail) image.src = found.thumbnail;
    image.alt = [`Training picture ${found.index + 1}`, found.label].filter(Boolean).join(", ");
    image.title = found.path;
    frame.querySelector("figcaption").textContent = found.distance.toFixed(2);
  }

  frame() {
    const frame = document.createElement("figure");
    const box = document.createElement("div");
    box.className = "frame";
    const image = new Image();
    image.alt = "";
    image.addEventListener("load", () => image.classList.toggle("crisp", image.naturalWidth <= 64));
    box.append(image);
    frame.append(box, document.createElement("figcaption"));
    return frame;
  }
}
