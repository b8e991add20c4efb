// The page of a run: complete from the server, then kept up to date by the stream.

import { $, json } from "./dom.js";
import { calm } from "./eta.js";
import { freshData, renew, renewLiving } from "./fresh.js";
import { Live } from "./live.js";
import { Log } from "./log.js";
import { Losses } from "./losses.js";
import { Scores } from "./scores.js";
import { Screen } from "./screen.js";
import { ago, load, thin, timeLeft } from "./words.js";

const OVER = ["completed", "failed", "stopped"];
const REFRESH = 30000;

const data = json("run-data");
let run = data.run;
const sheets = data.sheets.map(row);
let worded = data.scored; // the last step whose score the page's words know
let screen = null;
let live = null;

const jump = (step) => screen?.film.jump(screen.placeOf(step));
const scores = new Scores(jump);
const losses = new Losses(data.chance, jump, (min, max) => scores.cover(min, max));
const log = new Log($("#log"), run.name);

function row([id, step, epoch, created, nearest]) {
  return { id, step, epoch, created, nearest: Boolean(nearest), url: data.image.replace("{step}", step).replace("{id}", id) };
}

/** Asks the API; with `body` as POST, or by another method. An error carries the server's sentence. */
async function call(path, body, method = "POST") {
  const headers = { Accept: "application/json" };
  const wanted = body ? { method, body: JSON.stringify(body) } : {};
  if (body) Object.assign(headers, { "Content-Type": "application/json", "X-CSRFToken": $("[name=csrfmiddlewaretoken]")?.value ?? "" });
  const answer = await fetch(data.api + path, { headers, ...wanted });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => null);
    throw new Error(problem?.errors?.[0]?.detail ?? "The server does not answer. Try again in a moment.");
  }
  return answer.status === 204 ? null : answer.json();
}

/* the stage */

function openScreen() {
  screen = new Screen(data, sheets, call, (step) => [losses.chart, scores].forEach((chart) => chart.mark(step)), forgetGone);
  screen.classes?.running(run.status === "running");
}

async function addSheets(found) {
  const last = sheets.length ? sheets[sheets.length - 1].step : -1;
  const fresh = found.filter((sheet) => sheet.step > last);
  if (!fresh.length) return;
  sheets.push(...fresh.map((sheet) => ({ id: sheet.id, step: sheet.step, epoch: sheet.epoch, created: Date.parse(sheet.created) / 1000, nearest: scores.known(sheet.step), url: sheet.image })));
  data.sheet ??= fresh[0];
  if (screen) screen.film.grown();
  else await renew("stage").then(openScreen);
}

/** Sheets of long ago are thinned while a page is open: what the server no longer has leaves the film. */
async function forgetGone() {
  const known = new Set((await freshData("run-data")).sheets.map(([id]) => id));
  const newest = Math.max(...known, -1); // what came since the answer has a higher id
  const there = sheets.filter((sheet) => known.has(sheet.id) || sheet.id > newest);
  if (there.length === sheets.length) return false;
  sheets.splice(0, sheets.length, ...there);
  return true;
}

/* the head */

function showStatus(payload) {
  // What was fetched may arrive after what the stream has said meanwhile.
  if (Date.parse(payload.updated) < Date.parse(run.updated)) return;
  const before = run;
  run = payload;
  if (before.rewinds !== run.rewinds) {
    retract(-1); // the page was not told how far it went back
    live?.refresh();
  }
  const share = run.total_steps ? Math.floor((100 * run.step) / run.total_steps) : 0;
  document.title = run.status === "running" ? `${share} % ${run.name}` : `${run.name}, ${run.status} · Ganvas`;
  if (before.status !== run.status || before.control !== run.control || before.queue_position !== run.queue_position || before.waiting_for !== run.waiting_for) {
    renewAll();
    screen?.classes?.running(run.status === "running");
    if (OVER.includes(run.status)) live?.close();
    return;
  }
  $("#step").textContent = thin(run.step);
  $("#epoch").textContent = run.epoch.toFixed(1);
  $("#speed").textContent = run.images_per_second ? `${thin(run.images_per_second)} images/s` : "";
  $("#load").textContent = load(run.telemetry);
  $("#progress").value = run.step;
  if (run.status === "running") $("#eta").textContent = timeLeft(calm(run.eta_seconds));
}

async function renewAll() {
  try {
    await renewLiving();
    $("#live")?.classList.toggle("live", ["starting", "running"].includes(run.status));
    screen?.film.paint();
  } catch {
    // the next status or poll tries again
  }
}

/* what comes, and what is taken back */

function showSample(sheet) {
  if (sheet.label === null) addSheets([sheet]);
  else screen?.classes?.add(sheet);
}

function showRewound({ step, rewinds }) {
  run = { ...run, rewinds };
  retract(step);
  renewAll();
}

/** Scores have come: the chart takes them, and the server words what it has not worded yet. */
function showScores(found) {
  scores.add(found);
  if (scores.lastStep <= worded) return;
  worded = scores.lastStep;
  renewAll();
}

/** Points, scores and sheets of later steps no longer hold. */
function retract(step) {
  sheets.splice(0, sheets.length, ...sheets.filter((sheet) => sheet.step <= step));
  losses.retract(step);
  scores.retract(step);
  worded = Math.min(worded, step);
  screen?.retract(step);
}

/* catching up */

async function catchUp() {
  const known = run.rewinds;
  const after = losses.lastStep;
  const sheet = sheets[sheets.length - 1];
  log.listen();
  const [status, points, found, scored, lines] = await Promise.all([
    call(""),
    call(after === null ? "losses/" : `losses/?after=${after}`),
    everyPage("samples/", sheet ? sheet.step : -1),
    everyPage("scores/", scores.lastStep),
    call("log/"),
  ]);
  if (run.rewinds !== known) return catchUp(); // the stream has told it meanwhile
  if (status.rewinds !== known) {
    run = { ...run, rewinds: status.rewinds };
    retract(-1);
    return catchUp();
  }
  showStatus(status);
  losses.add(points);
  showScores(scored);
  log.set(lines.lines);
  await addSheets(found);
  await screen?.classes?.catchUp();
}

/** All rows of a list that are of later steps. */
async function everyPage(list, after) {
  const found = [];
  let more = true;
  while (more) {
    const page = await call(`${list}?after=${after}`);
    found.push(...page.results);
    more = page.next !== null && page.results.length > 0;
    if (more) after = page.results[page.results.length - 1].step;
  }
  return found;
}

function showLost(lost, heard) {
  const note = $("#lost");
  note.hidden = !lost;
  if (!lost) return;
  note.innerHTML = '<div class="note"><span></span><h2>Live updates are interrupted</h2><p>Trying again every few seconds. Training isn’t affected. <span class="chip"></span></p><div class="acts"><button class="btn s" type="button">Try now</button></div></div>';
  $(".chip", note).textContent = `Updated ${ago(heard)}`;
  $("button", note).addEventListener("click", () => live.refresh());
}

if (data.sheet) openScreen();
setInterval(() => screen?.tick(), 1000);
document.addEventListener("visibilitychange", () => !document.hidden && screen?.show());

if (OVER.includes(run.status)) {
  everyPage("scores/", -1).then((found) => scores.add(found), () => {});
  call("losses/").then((answer) => losses.add(answer), () => ($("#loss-empty").textContent = "The losses could not be loaded."));
} else {
  catchUp().catch(() => {});
  live = new Live(`${data.api}events/`, {
    status: showStatus,
    losses: (payload) => losses.add(payload),
    sample: showSample,
    rewound: showRewound,
    score: (payload) => showScores([payload]),
    log: (payload) => log.add(payload.lines),
    verdict: renewAll,
  }, catchUp, showLost);
  setInterval(() => !document.hidden && !live.done && renewAll(), REFRESH);
}
