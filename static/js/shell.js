// Every page: theme, menus, dialogs, toasts, keyboard, small conveniences. All of it is enhancement; links and forms work without.

import { $, $$, isTyping, remember, toast } from "./dom.js";

const root = document.documentElement;

for (const form of $$("[data-theme-switch]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    root.dataset.theme = event.submitter.value;
    remember("theme", event.submitter.value);
    dispatchEvent(new Event("themechange"));
    $(`[value="${event.submitter.value === "dark" ? "light" : "dark"}"]`, form).focus();
  });
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("themechange")));

for (const form of $$("form[data-submits]")) form.addEventListener("change", () => form.requestSubmit());
for (const note of $$("[data-toast]")) setTimeout(() => note.remove(), 5000);
for (const fold of $$(".folds")) fold.hidden = !("open" in fold.dataset);

for (const form of $$("form[data-ask]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.ask)) event.preventDefault();
  });
}

// One listener for clicks, so that what is put into the page later works too.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[popovertarget]");
  if (opener) placeMenu(opener);
  const dialog = event.target.closest("[data-dialog]");
  const found = dialog && document.getElementById(dialog.dataset.dialog);
  if (found) {
    event.preventDefault();
    dialog.closest("[popover]")?.hidePopover();
    found.showModal();
  }
  if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
  if (event.target.tagName === "DIALOG") event.target.close();
  const unfold = event.target.closest("[data-opens]");
  if (unfold) toggleFold(unfold);
  const copy = event.target.closest("[data-copy]");
  if (copy) copyText(document.getElementById(copy.dataset.copy).textContent, "Copied");
  if (event.target.closest("[data-copy-link]")) {
    event.target.closest("[popover]")?.hidePopover();
    copyText(location.href, "Link copied");
  }
});

function placeMenu(button) {
  const menu = document.getElementById(button.getAttribute("popovertarget"));
  const box = button.getBoundingClientRect();
  menu.style.top = `${box.bottom + 6}px`;
  menu.style.right = `${Math.max(8, document.documentElement.clientWidth - box.right)}px`;
}

function toggleFold(button) {
  const fold = document.getElementById(button.dataset.opens);
  fold.hidden = !fold.hidden;
  button.setAttribute("aria-expanded", String(!fold.hidden));
  if (!fold.hidden) $("input:not([type=hidden])", fold)?.focus();
}

async function copyText(text, said) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea"); // plain http has no clipboard
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  toast(said);
}

const GOES = { g: "/", d: "/datasets/", q: "/queue/" };
let leading = 0;

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event) || root.dataset.keys === "off") return;
  const go = Date.now() - leading < 1500 && GOES[event.key];
  leading = 0;
  if (go) {
    location.href = go;
  } else if (event.key === "g") {
    leading = Date.now();
  } else if (event.key === "n") {
    location.href = "/runs/new/";
  } else if (event.key === "?") {
    $("#keys")?.showModal();
  } else if (event.key === "/" && $("input[type=search]")) {
    event.preventDefault();
    $("input[type=search]").focus();
  }
});
