// The data of a surface with samples, in a corner of the picture: points, the minibatch of the step, the racers' predictions.

import { label } from "./draw.js";
import { ticks } from "../model/numbers.js";
import { DASHES } from "./theme.js";

/** Samples of the minibatch of a step of the selected racer, with repeats; empty if it takes all. @param {any} app @param {number} t */
export function minibatch(app, t) {
  const batch = app.batch();
  const i = app.store.get("selected");
  const tape = batch ? app.tape(i) : null;
  if (!tape) return [];
  const draws = 2 * app.rule(i).draws.length;
  const from = (t - 1) * (draws + batch + (app.store.get("noise") > 0 ? 2 : 0)) + draws;
  return Array.from(tape.subarray(from, from + batch));
}

/** Draws the inset over the picture. @param {any} app */
export function createInset(app) {
  const { store } = app;
  let range = { of: null, u: [0, 1], v: [0, 1] };
  app.overlays.push((c, map) => {
    const { samples, sampleNames } = app.surface;
    const { predict } = app.surfaceCode;
    if (!samples || samples[0].length !== 2 || !predict) return;
    if (range.of !== samples) {
      const span = (k) => {
        const all = samples.map((s) => s[k]);
        const [lo, hi] = [Math.min(...all), Math.max(...all)];
        return [lo - 0.12 * (hi - lo), hi + 0.12 * (hi - lo)];
      };
      range = { of: samples, u: span(0), v: span(1) };
    }
    const { theme } = app;
    const side = map.width;
    const width = Math.max(104, Math.min(190, 0.34 * side));
    const height = 0.78 * width;
    // The corner that is free of the start.
    const start = store.get("start");
    const [sx, sy] = [map.x(start[0]), map.y(start[1])];
    const left = sx > side - width - 30 && sy < height + 80 ? 34 : side - width - 8;
    // Below the buttons of the picture.
    const top = 50;
    const x = (u) => left + ((u - range.u[0]) / (range.u[1] - range.u[0])) * width;
    const y = (v) => top + height - ((v - range.v[0]) / (range.v[1] - range.v[0])) * height;
    c.setLineDash([]);
    c.globalAlpha = 0.92;
    c.fillStyle = theme.paper;
    c.fillRect(left, top, width, height);
    c.globalAlpha = 1;
    c.strokeStyle = theme.line;
    c.lineWidth = 1;
    c.strokeRect(left, top, width, height);
    c.save();
    c.beginPath();
    c.rect(left, top, width, height);
    c.clip();
    const now = minibatch(app, app.shownStep());
    samples.forEach(([u, v], k) => {
      const on = !app.batch() || now.includes(k);
      c.beginPath();
      c.arc(x(u), y(v), on ? 3 : 2.4, 0, 2 * Math.PI);
      c.fillStyle = theme.ink;
      c.strokeStyle = on ? theme.ink : theme.faint;
      if (on) c.fill();
      c.lineWidth = 1.2;
      c.stroke();
    });
    const selected = store.get("selected");
    const racers = store.get("racers");
    const order = app.runs.map((_, i) => i).filter((i) => i !== selected);
    for (const i of [...order, selected]) {
      if (!app.runs[i] || racers[i].hidden) continue;
      const [a, b] = app.point(i, Math.min(store.get("step"), app.runs[i].last));
      c.strokeStyle = theme.racers[i];
      c.lineWidth = i === selected ? 2.4 : 1.2;
      c.setLineDash(i === selected ? [] : DASHES[i % DASHES.length]);
      c.beginPath();
      for (const u of ticks(range.u[0], range.u[1], 20).concat(range.u[1])) {
        c.lineTo(x(u), Math.max(-1e5, Math.min(1e5, y(predict(a, b, app.params, u)))));
      }
      c.stroke();
    }
    c.restore();
    const style = { color: theme.muted, paper: theme.paper, font: theme.font, size: 10.5 };
    if (sampleNames?.length === 2) {
      label(c, sampleNames[1], left + 5, top + 9, style);
      label(c, sampleNames[0], left + width - 5, top + height - 9, { ...style, align: "right" });
    }
  });
}
