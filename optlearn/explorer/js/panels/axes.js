// What a map can run over, and what theory and runs say of its cells.

import { spectralRadius } from "../model/linear.js";
import { scaleOf } from "../model/numbers.js";
import { CELLS } from "../model/worker.js";

const STEPS = { name: "steps", low: 10, high: 1000, log: true, integer: true };
const DELAY = { name: "delay", low: 0, high: 16, integer: true };

/** The numbers a map can run over. @param {any} app @returns {(import("../model/worker.js").Axis & {id: string, text: string})[]} */
export function axesOf(app) {
  const i = app.store.get("selected");
  const scheduled = app.store.get("racers")[i].schedules || {};
  return [
    ...app.rule(i).hypers.map((range, index) => ({ id: range.name, text: range.name, kind: "h", index, range })).filter((a) => !(a.id in scheduled)),
    ...app.surface.params.map((range, index) => ({ id: "surface " + range.name, text: range.name + " (surface)", kind: "p", index, range })),
    ...[0, 1].map((index) => ({ id: "start " + "xy"[index], text: "start " + "xy"[index], kind: "start", index,
      range: { name: "start", low: app.view()[2 * index], high: app.view()[2 * index + 1] } })),
    { id: "steps", text: "steps", kind: "steps", index: 0, range: STEPS },
    { id: "delay", text: "delay", kind: "delay", index: 0, range: DELAY },
  ];
}

/** The learning rate from which on steps grow, along the map's first axis. @param {any} app @param {any} axis */
export function stabilityLimit(app, axis) {
  const i = app.store.get("selected");
  const h = app.store.get("racers")[i].h.slice();
  const p = app.params.slice();
  const scale = scaleOf(axis.range);
  const radius = (u) => {
    (axis.kind === "h" ? h : p)[axis.index] = scale.raw(u);
    return spectralRadius(app.ruleCode(i), app.rule(i), h, app.surfaceCode, p, app.store.get("delay"), true);
  };
  let [inside, out] = [NaN, NaN];
  for (let k = 256; k >= 0; k--) {
    const stable = radius(k / 256) < 1;
    if (stable) {
      inside = k / 256;
      break;
    }
    out = k / 256;
  }
  if (!(out > inside)) return NaN;
  for (let k = 0; k < 60; k++) {
    const middle = (inside + out) / 2;
    if (radius(middle) < 1) inside = middle;
    else out = middle;
  }
  return scale.raw(inside);
}

/**
 * The minimum at which the run of a cell has arrived, -1 if at none: nearer to it than a tenth of the way to the next.
 * @param {number[][]} minima @param {{values: Float64Array | null, ends?: Float64Array | null}} result @param {number} i @param {number} j
 */
export function basinAt(minima, { values, ends }, i, j) {
  const index = (s) => (j - (j % s)) * CELLS + i - (i % s);
  let s = 1;
  while (s < 16 && Number.isNaN(values?.[index(s)])) s *= 2;
  const at = ends ? [ends[2 * index(s)], ends[2 * index(s) + 1]] : [NaN, NaN];
  const far = minima.map(([x, y]) => Math.hypot(at[0] - x, at[1] - y));
  const k = far.indexOf(Math.min(...far));
  if (k < 0) return -1;
  const [x, y] = minima[k];
  const gap = Math.min(...minima.filter((_, n) => n !== k).map(([u, v]) => Math.hypot(u - x, v - y)));
  return far[k] < gap / 10 ? k : -1;
}
