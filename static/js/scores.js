// The chart of the scores, under that of the losses and in step with it: same span, same time marker, same crosshair.

import { $, colour } from "./dom.js";
import { short, thin } from "./words.js";

/* global uPlot */

const HEIGHT = 132;
const FONT = "12px Inter Variable, system-ui, sans-serif";

export class Scores {
  /** `onPick(step)`: the reader clicked there. */
  constructor(onPick) {
    Object.assign(this, { element: $("#score-chart"), onPick, points: [], span: null, marked: null });
    if (!this.element) return; // scores are off
    addEventListener("themechange", () => this.build());
    new ResizeObserver(() => this.plot && this.plot.width !== this.element.clientWidth && this.plot.setSize({ width: this.element.clientWidth, height: HEIGHT })).observe(this.element);
  }

  get lastStep() {
    return this.points.length ? this.points[this.points.length - 1].step : -1;
  }

  /** Whether sheets of that step should know the training pictures nearest to them: the first score makes them known. */
  known(step) {
    return this.points.length > 0 && step >= this.points[0].step;
  }

  get best() {
    return this.points.reduce((best, point) => (best && best.kid <= point.kid ? best : point), null);
  }

  /** Scores in order of steps; those that are known already are dropped. True if there was a new one. */
  add(found) {
    const last = this.lastStep;
    const fresh = found.filter((point) => point.step > last);
    this.points.push(...fresh);
    if (fresh.length) this.refresh();
    return fresh.length > 0;
  }

  /** Those of later steps no longer hold. */
  retract(step) {
    this.points = this.points.filter((point) => point.step <= step);
    this.refresh();
  }

  /** The steps that the chart of the losses shows. */
  cover(min, max) {
    this.span = [min, max];
    if (this.plot) this.plot.setScale("x", { min, max });
  }

  mark(step) {
    this.marked = step;
    this.plot?.redraw(false);
  }

  refresh() {
    if (!this.element) return;
    if (!this.plot || !this.points.length) this.build();
    else this.plot.setData(this.data(), false);
    if (this.plot) this.cover(...(this.span ?? this.own()));
    this.tell();
  }

  own() {
    const last = this.lastStep;
    return [Math.min(0, this.points[0].step), last || 1];
  }

  data() {
    return [this.points.map((point) => point.step), this.points.map((point) => point.kid)];
  }

  /** Room for all but the first ones, which are as bad as noise and would press the rest flat. */
  range() {
    const tops = this.points.map((point) => point.kid + point.kid_error).sort((a, b) => a - b);
    const lows = this.points.map((point) => point.kid - point.kid_error);
    const low = Math.min(0, ...lows);
    const high = tops[Math.floor((tops.length - 1) * 0.8)];
    return [low, Math.max(high + 0.25 * (high - low), 1e-6)];
  }

  build() {
    this.plot?.destroy();
    this.plot = null;
    this.element.replaceChildren();
    if (!this.points.length) {
      this.empty();
      return;
    }
    const [ink, line, stroke] = [colour("ink-3"), colour("line"), colour("run-3")];
    const axis = { stroke: ink, ticks: { show: false }, font: FONT };
    const moves = (type) => type === "mousemove" || type === "mouseleave";
    this.plot = new uPlot({
      width: this.element.clientWidth,
      height: HEIGHT,
      padding: [10, 14, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false }, sync: { key: "run", scales: ["x", null], filters: { pub: moves, sub: moves } }, bind: { dblclick: () => () => {} } },
      scales: { x: { time: false }, y: { range: () => this.range() } },
      series: [{}, { stroke, width: 2, points: { show: true, size: 4, fill: stroke, stroke } }],
      axes: [
        { ...axis, grid: { show: false }, size: 26, values: (_, places) => places.map(short) },
        { ...axis, grid: { stroke: line, width: 1 }, size: 38, space: 30, values: (_, places) => places.map((value) => (value == null ? "" : String(+value.toPrecision(2)))) },
      ],
      hooks: { draw: [(plot) => this.marks(plot)] },
    }, this.data(), this.element);
    this.cover(...(this.span ?? this.own()));
    this.plot.over.addEventListener("click", () => {
      const { idx } = this.plot.cursor;
      if (idx != null && this.points[idx]) this.onPick(this.points[idx].step);
    });
  }

  empty() {
    const words = document.createElement("p");
    words.className = "small muted";
    words.textContent = "No scores yet.";
    this.element.append(words);
  }

  /** How sure each score is, the time that the sheet shows, and a ring around the best. */
  marks(plot) {
    const context = plot.ctx;
    const pixel = devicePixelRatio;
    const { left, top, width, height } = plot.bbox;
    const across = (step) => plot.valToPos(step, "x", true);
    const down = (value) => plot.valToPos(value, "y", true);
    const stroke = (...[x0, y0, x1, y1]) => {
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
      context.stroke();
    };
    context.save();
    context.beginPath();
    context.rect(left - 8 * pixel, top, width + 16 * pixel, height);
    context.clip();
    Object.assign(context, { lineWidth: pixel, strokeStyle: colour("run-3"), globalAlpha: 0.45 });
    for (const { step, kid, kid_error: error } of this.points) stroke(across(step), down(kid - error), across(step), down(kid + error));
    Object.assign(context, { globalAlpha: 1, lineWidth: 1.5 * pixel, strokeStyle: colour("ink") });
    if (this.marked != null) stroke(across(this.marked), top, across(this.marked), top + height);
    const { best } = this;
    Object.assign(context, { lineWidth: 2 * pixel, strokeStyle: colour("ok"), fillStyle: colour("surface") });
    context.beginPath();
    context.arc(across(best.step), down(best.kid), 5 * pixel, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
    context.restore();
  }

  /** The chart as a sentence for those who do not see it. */
  tell() {
    const { best } = this;
    this.element.setAttribute("aria-label", best ? `KID up to step ${thin(this.lastStep)}: now ${this.points[this.points.length - 1].kid.toPrecision(3)}, best ${best.kid.toPrecision(3)} at step ${thin(best.step)}.` : "KID by step");
  }
}
