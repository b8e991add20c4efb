// The card of the losses: the chart, its controls, and the meter of adaptive augmentation.

import { $ } from "./dom.js";
import { LossChart } from "./chart.js";

export class Losses {
  /** `chance`: where a discriminator that can only guess stands, or null. `onPick(step)`: the reader clicked there; `onSpan(min, max)`: the steps in view. */
  constructor(chance, onPick, onSpan) {
    this.chart = new LossChart($("#loss"), chance, onPick, onSpan);
    $("#log-scale").addEventListener("click", (event) => {
      this.chart.logarithmic = !this.chart.logarithmic;
      event.currentTarget.setAttribute("aria-pressed", String(this.chart.logarithmic));
      this.chart.build();
    });
    $("#smoothing").addEventListener("input", (event) => {
      this.chart.weight = event.target.value / 100;
      this.chart.refresh();
    });
    $("#as-table").addEventListener("click", (event) => this.toggleTable(event.currentTarget));
  }

  toggleTable(button) {
    const table = $("#loss-table");
    table.hidden = !table.hidden;
    button.setAttribute("aria-expanded", String(!table.hidden));
    if (!table.hidden) this.chart.table($("tbody", table));
  }

  get lastStep() {
    const { points } = this.chart;
    return points.length ? points[points.length - 1][0] : null;
  }

  /** Points as the API and the stream bring them; those that are known already are dropped. */
  add({ columns, points }) {
    this.chart.add(points);
    const column = columns.indexOf("augmentation");
    const last = column < 0 ? null : points.findLast((point) => point[column] != null);
    if (last) this.tellAugmentation(last[column]);
  }

  tellAugmentation(share) {
    $("#augmentation").value = share;
    $("#augmentation-share").textContent = `${Math.round(100 * share)} %`;
  }

  /** Points of later steps no longer hold. */
  retract(step) {
    this.chart.set(this.chart.points.filter((point) => point[0] <= step));
  }
}
