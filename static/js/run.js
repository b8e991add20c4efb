// The page of a run: complete from the server, then kept up to date by the stream.

import { $, $$, cookie, json, remember } from "./dom.js";
import { LossChart } from "./chart.js";
import { calm } from "./eta.js";
import { Film } from "./film.js";
import { renew, renewLiving } from "./fresh.js";
import { Live } from "./live.js";
import { Log } from "./log.js";
import { sheetOf } from "./pictures.js";
import { Stage } from "./stage.js";
import { ago, thin, timeLeft } from "./words.js";

const OVER = ["completed", "failed", "stopped"];
const REFRESH = 30000;

const data = json("run-data");
let run = data.run;
let sheets = data.sheets.map(row);
let stage = null;
let film = null;
let live = null;

const chart = new LossChart($("#loss"), data.chance, (step) => film?.jump(placeOf(step)));
const log = new Log($("#log"), run.name);

function row([id, step, epoch, created]) {
  return { step, epoch, created, url: data.image.replace("{step}", step).replace("{id}", id) };
}

function placeOf(step) {
  const after = sheets.findIndex((sheet) => sheet.step > step);
  return Math.max(0, (after < 0 ? sheets.length : after) - 1);
}

async function get(path) {
  const answer = await fetch(data.api + path, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

/* the stage */

function openStage() {
  const geometry = { ...sheetOf(data.sheet), classes: data.classes };
  const element = $("#stage");
  element.dataset.backdrop = cookie("backdrop") || (run.config.channels === "rgba" ? "chequer" : "white");
  stage = new Stage(element, geometry);
  const start = data.wanted == null ? sheets.length - 1 : placeOf(data.wanted);
  film = new Film(element, sheets, geometry, start, moved);
  $("#all").addEventListener("click", (event) => event.currentTarget.setAttribute("aria-pressed", String(stage.toggleWhole())));
  $("#full").addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : element.requestFullscreen()));
  for (const choice of $$("[name=backdrop]", element)) {
    choice.checked = choice.value === element.dataset.backdrop;
    choice.addEventListener("change", () => {
      element.dataset.backdrop = choice.value;
      remember("backdrop", choice.value);
    });
  }
}

function moved(place) {
  const sheet = sheets[place];
  const newest = place === sheets.length - 1;
  if (!document.hidden) stage.show(sheet.url);
  $("#at").textContent = `Step ${thin(sheet.step)}`;
  $("#save-sheet").href = sheet.url;
  chart.mark(newest ? null : sheet.step);
  tick();
  const address = new URL(location.href);
  if (newest) address.searchParams.delete("step");
  else address.searchParams.set("step", sheet.step);
  history.replaceState(null, "", address);
}

function tick() {
  if (!film || document.hidden) return;
  const newest = film.place === sheets.length - 1;
  $("#ago").textContent = newest ? `newest sheet, ${ago(sheets[film.place].created)}` : `sheet ${film.place + 1} of ${sheets.length}`;
}

async function addSheets(found) {
  const last = sheets.length ? sheets[sheets.length - 1].step : -1;
  const fresh = found.filter((sheet) => sheet.step > last);
  if (!fresh.length) return;
  sheets.push(...fresh.map((sheet) => ({ step: sheet.step, epoch: sheet.epoch, created: Date.parse(sheet.created) / 1000, url: sheet.image })));
  data.sheet ??= fresh[0];
  if (film) film.grown();
  else await renew("stage").then(openStage);
}

/* the head */

function showStatus(payload) {
  // What was fetched may arrive after what the stream has said meanwhile.
  if (Date.parse(payload.updated) < Date.parse(run.updated)) return;
  const before = run;
  run = payload;
  if (before.attempt !== run.attempt && run.step < lastKnownStep()) resync();
  const share = run.total_steps ? Math.floor((100 * run.step) / run.total_steps) : 0;
  document.title = run.status === "running" ? `${share} % ${run.name}` : `${run.name}, ${run.status} · Ganvas`;
  if (before.status !== run.status || before.control !== run.control || before.queue_position !== run.queue_position) {
    renewAll();
    if (OVER.includes(run.status)) live?.close();
    return;
  }
  $("#step").textContent = thin(run.step);
  $("#epoch").textContent = run.epoch.toFixed(1);
  $("#speed").textContent = run.images_per_second ? `${thin(run.images_per_second)} images/s` : "";
  $("#progress").value = run.step;
  if (run.status === "running") $("#eta").textContent = timeLeft(calm(run.eta_seconds));
}

function lastKnownStep() {
  const point = chart.points[chart.points.length - 1];
  return Math.max(sheets.length ? sheets[sheets.length - 1].step : -1, point ? point[0] : -1);
}

async function renewAll() {
  try {
    await renewLiving();
    $("#live")?.classList.toggle("live", ["starting", "running"].includes(run.status));
    film?.paint();
  } catch {
    // the next status or poll tries again
  }
}

/* catching up */

async function catchUp() {
  const point = chart.points[chart.points.length - 1];
  const sheet = sheets[sheets.length - 1];
  const [status, losses, found, lines] = await Promise.all([
    get(""),
    get(point ? `losses/?after=${point[0]}` : "losses/"),
    newSheets(sheet ? sheet.step : -1),
    get("log/"),
  ]);
  showStatus(status);
  if (point) chart.add(losses.points);
  else chart.set(losses.points);
  log.set(lines.lines);
  await addSheets(found);
}

async function newSheets(after) {
  const found = [];
  let more = true;
  while (more) {
    const page = await get(`samples/?after=${after}`);
    found.push(...page.results);
    more = page.next !== null && page.results.length > 0;
    if (more) after = page.results[page.results.length - 1].step;
  }
  return found;
}

/** The run went back to a checkpoint: what came after it is no longer true. */
function resync() {
  sheets.splice(0, sheets.length, ...sheets.filter((sheet) => sheet.step <= run.step));
  chart.set(chart.points.filter((point) => point[0] <= run.step));
  if (film && sheets.length) film.jump(Math.min(film.place, sheets.length - 1));
}

function showLost(lost, heard) {
  const note = $("#lost");
  note.hidden = !lost;
  if (!lost) return;
  note.innerHTML = '<div class="note"><span></span><h2>Live updates are interrupted</h2><p>Trying again every few seconds. Training isn’t affected. <span class="chip"></span></p><div class="acts"><button class="btn s" type="button">Try now</button></div></div>';
  $(".chip", note).textContent = `Updated ${ago(heard)}`;
  $("button", note).addEventListener("click", () => live.refresh());
}

/* controls of the chart */

$("#log-scale").addEventListener("click", (event) => {
  chart.logarithmic = !chart.logarithmic;
  event.currentTarget.setAttribute("aria-pressed", String(chart.logarithmic));
  chart.build();
});
$("#smoothing").addEventListener("input", (event) => {
  chart.weight = event.target.value / 100;
  chart.refresh();
});
$("#as-table").addEventListener("click", (event) => {
  const table = $("#loss-table");
  table.hidden = !table.hidden;
  event.currentTarget.setAttribute("aria-expanded", String(!table.hidden));
  if (!table.hidden) chart.table($("tbody", table));
});

if (data.sheet) openStage();
setInterval(tick, 1000);
document.addEventListener("visibilitychange", () => !document.hidden && film && moved(film.place));

if (OVER.includes(run.status)) {
  get("losses/").then((losses) => chart.set(losses.points), () => ($("#loss-empty").textContent = "The losses could not be loaded."));
} else {
  catchUp().catch(() => {});
  live = new Live(`${data.api}events/`, {
    status: showStatus,
    losses: (payload) => chart.add(payload.points),
    sample: (payload) => addSheets([payload]),
    log: (payload) => log.add(payload.lines),
    verdict: renewAll,
  }, catchUp, showLost);
  setInterval(() => !document.hidden && !live.done && renewAll(), REFRESH);
}
