// The log: follows its end while the reader lets it, and can be saved.

import { $ } from "./dom.js";

export class Log {
  constructor(element, name) {
    this.element = element;
    this.follow = $("#follow");
    this.recent = [];
    element.scrollTop = element.scrollHeight;
    element.addEventListener("scroll", () => {
      if (element.scrollHeight - element.scrollTop - element.clientHeight > 40) this.follow.checked = false;
    });
    this.follow.addEventListener("change", () => this.end());
    $("#save-log").addEventListener("click", () => this.save(name));
  }

  /** Call it before the log is fetched: what the stream brings meanwhile is kept. */
  listen() {
    this.recent = [];
  }

  /** The log as it was fetched. */
  set(lines) {
    const text = [...lines, ...this.recent.filter((line) => !lines.includes(line))].join("\n") || "Nothing yet.";
    if (text === this.element.textContent) return;
    this.element.textContent = text;
    this.end();
  }

  add(lines) {
    this.recent = [...this.recent, ...lines].slice(-500);
    const known = this.element.textContent;
    const all = `${known === "Nothing yet." ? "" : `${known}\n`}${lines.join("\n")}`;
    this.element.textContent = all.slice(-64000);
    this.end();
  }

  end() {
    if (this.follow.checked) this.element.scrollTop = this.element.scrollHeight;
  }

  save(name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([this.element.textContent], { type: "text/plain" }));
    link.download = `${name}.log`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
}
