// The page of the queue: renewed quietly, and its buttons work without loading the page anew.

import { $, $$, toast } from "./dom.js";
import { morph, parsed } from "./fresh.js";

const REFRESH = 5000;
let asked = 0; // answers that come late are not shown

async function show(request) {
  const mine = ++asked;
  try {
    const page = await parsed(await request);
    if (mine !== asked) return null;
    const held = document.activeElement;
    for (const part of $$("[data-live]")) {
      const fresh = page.getElementById(part.id);
      if (fresh) morph(part, fresh);
    }
    if (held.isConnected && !held.hidden) held.focus({ preventScroll: true });
    $("#lost").hidden = true;
    return page;
  } catch {
    $("#lost").hidden = false;
    return null;
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches(".line form")) return;
  event.preventDefault();
  const row = form.closest("li").id;
  const named = form.getAttribute("action");
  const page = await show(fetch(named, { method: "POST", body: new FormData(form) }).then(() => fetch(location.href)));
  const refusal = page && $("main > .note[role=alert]", page);
  if (refusal) toast(refusal.textContent.trim());
  // The button may be gone: a first run cannot rise further.
  if (document.activeElement === document.body) $(`#${row} .acts button:not([hidden])`)?.focus({ preventScroll: true });
});

const renew = () => !document.hidden && show(fetch(location.href));
setInterval(renew, REFRESH);
document.addEventListener("visibilitychange", renew);
