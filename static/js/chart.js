// The loss chart: raw values as a whisper, smoothed ones as the line, one time marker shared with the scrubber.

import { $, colour } from "./dom.js";
import { short, thin } from "./words.js";

/* global uPlot */

const HEIGHT = 210;
const SERIES = [
  { key: "generator", label: "Generator", token: "gen", column: 3 },
  { key: "discriminator", label: "Discriminator", token: "dis", column: 2 },
];
const FONT = "12px Inter Variable, system-ui, sans-serif";

/** Exponential running mean without the bias of its first value; gaps stay gaps. */
export function smoothed(values, weight) {
  let mean = 0;
  let mass = 0;
  return values.map((value) => {
    if (value == null) return null;
    mean = mean * weight + value * (1 - weight);
    mass = mass * weight + (1 - weight);
    return mean / mass;
  });
}

function faint(value) {
  return value.replace(/rgba?\(([^)]+)\)/, (_, inner) => `rgba(${inner.split(",").slice(0, 3).join(",")}, 0.13)`);
}

export class LossChart {
  /** `chance`: where a discriminator that can only guess stands, or null. `onPick(step)`: the reader clicked there; `onSpan(min, max)`: the steps in view. */
  constructor(element, chance, onPick, onSpan) {
    Object.assign(this, { element, chance, onPick, onSpan, points: [], marked: null, weight: 0.9, logarithmic: false });
    addEventListener("themechange", () => this.build());
    new ResizeObserver(() => this.plot && this.plot.width !== element.clientWidth && this.plot.setSize({ width: element.clientWidth, height: HEIGHT })).observe(element);
  }

  set(points) {
    this.points = points;
    this.refresh();
  }

  /** New points in order of steps; those that are known already are dropped. */
  add(points) {
    const last = this.points.length ? this.points[this.points.length - 1][0] : -1;
    const fresh = points.filter((point) => point[0] > last);
    if (!fresh.length) return;
    this.points.push(...fresh);
    this.refresh();
  }

  refresh() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      if (this.plot && this.points.length) this.plot.setData(this.data());
      else this.build();
      this.tell();
    });
  }

  data() {
    const positive = (value) => (this.logarithmic && value !== null && value <= 0 ? null : value);
    const columns = [this.points.map((point) => point[0])];
    this.smooth = {};
    for (const one of SERIES) {
      const values = this.points.map((point) => positive(point[one.column]));
      this.smooth[one.key] = smoothed(values, this.weight);
      columns.push(values, this.smooth[one.key]);
    }
    return columns;
  }

  /** From 0 (or below the lowest line, for losses that go there) to 1.2 x the 98.5 % quantile of the lines. */
  range() {
    const all = SERIES.flatMap((one) => this.smooth[one.key]).filter((value) => value !== null).sort((a, b) => a - b);
    if (!all.length) return [0, 1];
    const high = all[Math.floor((all.length - 1) * 0.985)];
    const low = all[Math.floor((all.length - 1) * 0.015)];
    const span = Math.max(high - Math.min(0, low), 1e-6);
    return [low < 0 ? low - 0.2 * span : 0, Math.max(high + 0.2 * span, 1e-6)];
  }

  build() {
    this.plot?.destroy();
    this.plot = null;
    if (!this.points.length) return;
    const [ink, line] = [colour("ink-3"), colour("line")];
    const series = [{}];
    for (const one of SERIES) {
      const stroke = colour(one.token);
      series.push({ stroke: faint(stroke), width: 1, points: { show: false } }, { label: one.label, stroke, width: 2, points: { show: false } });
    }
    const data = this.data();
    const vertical = this.logarithmic ? { distr: 3 } : { range: () => this.range() };
    const moves = (type) => type === "mousemove" || type === "mouseleave"; // the crosshair is shared with the scores, zooming is told by onSpan
    const axis = { stroke: ink, ticks: { show: false }, font: FONT };
    this.element.replaceChildren();
    this.plot = new uPlot({
      width: this.element.clientWidth,
      height: HEIGHT,
      padding: [10, 14, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false }, sync: { key: "run", scales: ["x", null], filters: { pub: moves, sub: moves } } },
      scales: { x: { time: false }, y: vertical },
      series,
      axes: [
        { ...axis, grid: { show: false }, size: 26, values: (_, places) => places.map(short) },
        { ...axis, grid: { stroke: line, width: 1 }, size: 38, space: 44, values: (_, places) => places.map((value) => (value == null ? "" : String(+value.toPrecision(3)))) },
      ],
      hooks: { draw: [(plot) => this.lines(plot, ink)], setScale: [(plot, key) => key === "x" && this.onSpan(plot.scales.x.min, plot.scales.x.max)] },
    }, data, this.element);
    this.plot.over.addEventListener("click", () => this.pick());
  }

  pick() {
    const { idx } = this.plot.cursor;
    if (idx != null && this.points[idx]) this.onPick(this.points[idx][0]);
  }

  lines(plot, ink) {
    const context = plot.ctx;
    const pixel = devicePixelRatio;
    context.save();
    if (this.chance != null) {
      const y = plot.valToPos(this.chance, "y", true);
      Object.assign(context, { lineWidth: pixel, strokeStyle: ink });
      context.setLineDash([4 * pixel, 4 * pixel]);
      this.stroke(context, plot.bbox.left, y, plot.bbox.left + plot.bbox.width, y);
    }
    if (this.marked != null) {
      const x = plot.valToPos(this.marked, "x", true);
      Object.assign(context, { lineWidth: 1.5 * pixel, strokeStyle: colour("ink") });
      context.setLineDash([]);
      if (x >= plot.bbox.left && x <= plot.bbox.left + plot.bbox.width) this.stroke(context, x, plot.bbox.top, x, plot.bbox.top + plot.bbox.height);
    }
    context.restore();
  }

  stroke(context, ...[x0, y0, x1, y1]) {
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
  }

  mark(step) {
    this.marked = step;
    this.plot?.redraw(false);
  }

  /** Current values in the heading, and the chart as a sentence for those who do not see it. */
  tell() {
    const now = SERIES.map((one) => [one.label, this.smooth?.[one.key]?.findLast((value) => value !== null)]);
    for (const [label, value] of now) $(`#now-${label.toLowerCase()}`).textContent = value == null ? "" : value.toPrecision(3);
    const last = this.points[this.points.length - 1];
    if (last) this.element.setAttribute("aria-label", `Losses up to step ${thin(last[0])}. ${now.filter(([, v]) => v != null).map(([label, v]) => `${label} now ${v.toPrecision(3)}`).join(", ")}.`);
  }

  /** At most 200 evenly thinned rows, newest first. */
  table(body) {
    const every = Math.ceil(this.points.length / 200);
    const rows = this.points.filter((_, index) => (this.points.length - 1 - index) % every === 0).reverse();
    body.replaceChildren(...rows.map((point) => {
      const row = document.createElement("tr");
      for (const [index, value] of [point[0], point[3], point[2]].entries()) {
        const cell = document.createElement("td");
        cell.className = index ? "r num" : "num";
        cell.textContent = index ? (value == null ? "not finite" : value.toPrecision(4)) : thin(value);
        row.append(cell);
      }
      return row;
    }));
  }
}
