// The upload page: a drop anywhere or a choice, packed into one zip where needed, sent with progress, then the dataset's page.

import { $, $$ } from "./dom.js";
import { chosen, dropped, isAnnotation, isArchive, isPicture } from "./drop.js";
import { duration, size, thin } from "./words.js";
import { pack, refusal } from "./zip.js";

const form = $("#upload");
const zone = $("#dropzone");
const bar = $("#sending-bar");
const FACES = 18;
let sending = null;
let picked = null;

$("#send").hidden = true;
$("#id_pictures").addEventListener("change", (event) => take(chosen(event.target.files)));
$("#folder").addEventListener("change", (event) => take(chosen(event.target.files)));
$("#cancel").addEventListener("click", () => sending?.abort());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (picked && !sending) send(picked);
});

let inside = 0;
addEventListener("dragenter", (event) => {
  if (![...event.dataTransfer.types].includes("Files")) return;
  inside++;
  zone.classList.add("over");
});
addEventListener("dragleave", () => (inside = Math.max(0, inside - 1)) || zone.classList.remove("over"));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", async (event) => {
  event.preventDefault();
  inside = 0;
  zone.classList.remove("over");
  take(await dropped(event.dataTransfer));
});
addEventListener("beforeunload", (event) => sending && event.preventDefault());

function take(files) {
  if (!files.length || sending) return;
  $("#refused").hidden = true;
  const archives = files.filter(({ file }) => isArchive(file));
  const visible = files.filter(({ path }) => !path.split("/").some((part) => part.startsWith(".")));
  const pictures = visible.filter(({ file }) => isPicture(file));
  if (archives.length && files.length > 1) return refuse("Drop one archive at a time, or the pictures themselves.");
  if (!archives.length && !pictures.length) return refuse("There is no picture and no archive among these files.");
  picked = archives.length ? archives : [...pictures, ...visible.filter(({ file }) => isAnnotation(file) && !isPicture(file))];
  const problem = archives.length ? "" : refusal(picked);
  if (problem) return refuse(problem);
  const name = $("#id_name");
  if (!name.value) name.value = nameFor(picked);
  if (!archives.length) faces(pictures);
  send(picked);
}

function nameFor(files) {
  const folder = files[0].path.includes("/") ? files[0].path.split("/")[0] : "";
  const file = files.length === 1 ? files[0].file.name.replace(/\.(tar\.)?[^.]+$/, "") : "";
  return (folder || file || "Pictures").replace(/[_-]+/g, " ").trim().slice(0, 200);
}

function faces(pictures) {
  $("#chosen").hidden = false;
  $("#chosen-count").textContent = `${thin(pictures.length)} picture${pictures.length > 1 ? "s" : ""}`;
  $("#chosen-pics").replaceChildren(...pictures.slice(0, FACES).map(({ file }) => {
    const image = document.createElement("img");
    image.alt = "";
    image.src = URL.createObjectURL(file);
    image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
    return image;
  }));
}

async function send(files) {
  sending = new AbortController();
  const archive = files.length === 1 && isArchive(files[0].file) ? files[0].file : null;
  const count = files.filter(({ file }) => isPicture(file)).length;
  const title = archive ? archive.name : `${thin(count)} picture${count > 1 ? "s" : ""}`;
  $("#sending").hidden = false;
  $("#sending-name").textContent = title;
  $("#step-choose").className = "done";
  $("#step-choose").removeAttribute("aria-current");
  $("#step-upload").setAttribute("aria-current", "step");
  $("#sending-said").textContent = `Uploading ${title}`;
  try {
    const body = archive ?? await pack(files, (share) => show(share, `Packing ${title}`, ""), sending.signal);
    const dataset = await post(body, archive ? archive.name : "pictures.zip", sending.signal);
    sending = null;
    location.href = `/datasets/${dataset.id}/`;
  } catch (problem) {
    sending = null;
    $("#sending").hidden = true;
    if (problem.name === "AbortError") $("#sending-said").textContent = "The upload is cancelled.";
    else refuse(problem.message);
  }
}

function show(share, amount, left) {
  bar.value = share;
  $("#sending-amount").textContent = amount;
  $("#sending-left").textContent = left;
}

/** One request with progress; fetch cannot tell how much has been sent. */
function post(body, name, signal) {
  const data = new FormData();
  data.append("name", $("#id_name").value.trim() || "Pictures");
  data.append("description", $("#id_description").value);
  data.append("visibility", $("[name=visibility]:checked", form).value);
  data.append("archive", body, name);
  const request = new XMLHttpRequest();
  request.open("POST", form.dataset.api);
  request.setRequestHeader("X-CSRFToken", $("[name=csrfmiddlewaretoken]", form).value);
  request.setRequestHeader("Accept", "application/json");
  const meter = speedometer();
  request.upload.addEventListener("progress", (event) => {
    const { speed, left } = meter(event.loaded, event.total);
    const rate = speed ? ` · ${size(Math.round(speed))}/s` : "";
    show(event.loaded / event.total, `${size(event.loaded)} of ${size(event.total)}${rate}`, event.loaded === event.total ? "storing" : left);
  });
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => request.abort());
    request.addEventListener("abort", () => reject(new DOMException("Cancelled", "AbortError")));
    request.addEventListener("error", () => reject(new Error("The connection was lost. Your pictures are still chosen: press Upload to try again.")));
    request.addEventListener("load", () => (request.status === 201 ? resolve(JSON.parse(request.responseText)) : reject(new Error(reason(request)))));
    request.send(data);
  });
}

/** Bytes a second over the last seconds, and the time left in words. */
function speedometer() {
  let speed = 0;
  let last = { time: performance.now(), loaded: 0 };
  return (loaded, total) => {
    const now = performance.now();
    const passed = (now - last.time) / 1000;
    if (passed > 0.25) {
      const current = (loaded - last.loaded) / passed;
      speed = speed ? speed + (current - speed) * Math.min(1, passed / 3) : current;
      last = { time: now, loaded };
    }
    return { speed, left: speed ? `about ${duration((total - loaded) / speed)} left` : "" };
  };
}

function reason(request) {
  if (request.status === 413) return "The upload is larger than this server takes.";
  try {
    return JSON.parse(request.responseText).errors.map((one) => one.detail).join(" ");
  } catch {
    return `The server answered with an error (${request.status}). Try again in a moment.`;
  }
}

function refuse(sentence) {
  $("#refused-why").textContent = sentence;
  $("#refused").hidden = false;
  $("#send").hidden = !picked;
  for (const field of $$("input[type=file]", form)) field.value = "";
}
