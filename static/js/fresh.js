// Parts of a page whose words are the server's: fetched anew and exchanged, so that there is one place that words them.

import { $, $$ } from "./dom.js";

async function freshPage() {
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function swap(page, id) {
  const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
  if (!old || !fresh || $(":popover-open", old)) return;
  const held = old.contains(document.activeElement) ? document.activeElement.textContent.trim() || document.activeElement.ariaLabel : null;
  old.replaceWith(document.adoptNode(fresh));
  if (held) $$("button, a", fresh).find((one) => (one.textContent.trim() || one.ariaLabel) === held)?.focus({ preventScroll: true });
}

/** Exchanges one part. */
export async function renew(id) {
  swap(await freshPage(), id);
}

/** Exchanges every part that is marked as living. */
export async function renewLiving() {
  const page = await freshPage();
  for (const part of $$("[data-live]")) swap(page, part.id);
}
