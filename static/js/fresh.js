// Parts of a page whose words are the server's: fetched anew and exchanged, so that there is one place that words them.

import { $, $$ } from "./dom.js";

async function freshPage() {
  return parsed(await fetch(location.pathname, { headers: { Accept: "text/html" } }));
}

/** The page that the server has answered. */
export async function parsed(answer) {
  if (!answer.ok) throw new Error(`${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function swap(page, id) {
  const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
  if (!old || !fresh || $(":popover-open", old)) return;
  keep(old, fresh);
  if (old.isEqualNode(fresh)) return; // nothing is announced anew
  const held = old.contains(document.activeElement) ? document.activeElement.textContent.trim() || document.activeElement.ariaLabel : null;
  old.replaceWith(document.adoptNode(fresh));
  if (held) $$("button, a", fresh).find((one) => (one.textContent.trim() || one.ariaLabel) === held)?.focus({ preventScroll: true });
}

/** What the reader has opened stays open, and the form's token stays as it is. */
function keep(old, fresh) {
  const before = $$("details", old);
  $$("details", fresh).forEach((details, place) => before[place] && details.firstElementChild.isEqualNode(before[place].firstElementChild) && (details.open = before[place].open));
  const token = $("[name=csrfmiddlewaretoken]", old)?.getAttribute("value");
  for (const field of token ? $$("[name=csrfmiddlewaretoken]", fresh) : []) field.setAttribute("value", token);
}

/** The page's data of that name, as the server has it now. */
export async function freshData(id) {
  return JSON.parse((await freshPage()).getElementById(id).textContent);
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

/** Makes `old` like `fresh` and changes only what differs: focus, open menus and decoded pictures stay. Nodes with an id may change places. */
export function morph(old, fresh) {
  if (old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  const wanted = [...fresh.childNodes];
  wanted.forEach((child, place) => {
    const there = old.childNodes[place];
    const same = child.id ? [...old.childNodes].find((one) => one.id === child.id) : there?.id ? null : there;
    if (same && same !== there) old.insertBefore(same, there);
    if (same) morph(same, child);
    else old.insertBefore(child, there ?? null);
  });
  while (old.childNodes.length > wanted.length) old.lastChild.remove();
}
