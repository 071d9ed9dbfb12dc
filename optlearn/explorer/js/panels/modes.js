// Eigenmodes of a quadratic: the error in each, the roots of the step in each, predicted and measured rates.

import { make, sharpCanvas } from "../view/controls.js";
import { dot, label } from "../view/draw.js";
import { lowest } from "../model/integrator.js";
import { eigenmodes, modeMatrix, rootsOf } from "../model/linear.js";
import { scaleOf, show, superscript, ticks } from "../model/numbers.js";

/** Sizes of the errors of a run along a direction. @param {import("../model/integrator.js").Run} run @param {number[]} center @param {number[]} vector */
export function modeErrors(run, center, vector) {
  const o = run.layout.w[0];
  return Array.from({ length: run.last + 1 }, (_, t) => {
    const at = t * run.stride + o;
    return Math.abs((run.rows[at] - center[0]) * vector[0] + (run.rows[at + 1] - center[1]) * vector[1]);
  });
}

/**
 * The factor by which errors change a step, from the later part of a run: the slope of their logarithm, taken through the
 * peaks where they swing. What rounding leaves of an error does not count.
 * @param {number[]} errors @param {(t: number) => number} least the error that rounding may leave at step t
 */
export function measuredRate(errors, least) {
  let end = errors.length - 1;
  while (end > 0 && !(errors[end] > least(end) && errors[end] < 1e300)) end -= 1;
  const all = [];
  for (let t = Math.max(1, Math.floor(end / 3)); t <= end; t++) if (errors[t] > least(t)) all.push(t);
  const peaks = all.filter((t) => t < end && errors[t] >= errors[t - 1] && errors[t] > errors[t + 1]);
  const used = peaks.length > 2 ? peaks : all;
  if (all.length < 5) return NaN;
  const middle = used.reduce((sum, t) => sum + t, 0) / used.length;
  let [up, across] = [0, 0];
  for (const t of used) {
    up += (t - middle) * Math.log(errors[t]);
    across += (t - middle) ** 2;
  }
  return Math.exp(up / across);
}

/** Everything that the panel shows of the selected racer. @param {any} app */
export function modesOf(app) {
  const i = app.store.get("selected");
  const run = app.runs[i];
  const [rule, code] = [app.rule(i), app.ruleCode(i)];
  const center = lowest(app.surfaceCode, app.params);
  const o = run.layout.w[0];
  const least = (t) => 1e-12 * Math.hypot(run.rows[t * run.stride + o], run.rows[t * run.stride + o + 1]) + 1e-300;
  return eigenmodes(app.surfaceCode, app.params).map(({ value, vector }) => {
    const errors = modeErrors(run, center, vector);
    const matrixAt = (h) => modeMatrix(code, rule, h, app.surfaceCode, app.params, center, vector, app.store.get("delay"));
    const matrix = matrixAt(app.hyperAt(i, run.last));
    const roots = matrix ? rootsOf(matrix) : [];
    return { value, vector, errors, roots, matrixAt, least, predicted: matrix ? Math.hypot(...roots[0]) : NaN, measured: measuredRate(errors, least) };
  });
}

/** @type {import("./panels.js").Panel} */
export const modesPanel = {
  id: "modes",
  create(app, parent) {
    const { store } = app;
    const resized = () => store.set({ _modes: {} });
    const left = make("div", { class: "olx-errors" });
    const right = make("div", { class: "olx-circle" });
    const errors = sharpCanvas(left, resized);
    const circle = sharpCanvas(right, resized);
    for (const { canvas } of [errors, circle]) canvas.setAttribute("role", "img");
    const table = make("table", { class: "olx-table" });
    const note = make("p", { class: "olx-note" });
    parent.append(make("div", { class: "olx-modes" }, left, right), table, note);
    const colors = () => [app.theme.memory, app.theme.gradient];
    const names = ["flat", "steep"];

    function paintErrors(modes) {
      const { width, height } = errors.size;
      if (!width) return;
      const { theme } = app;
      const c = errors.begin();
      const margin = { left: 44, right: 14, top: 20, bottom: 20 };
      let [lo, hi] = [Infinity, 1e-300];
      for (const mode of modes) {
        mode.errors.forEach((e, t) => {
          if (e > hi && e < 1e300) hi = e;
          if (e > mode.least(t) && e < lo) lo = e;
        });
      }
      hi = Math.min(hi, 1e3 * Math.max(...modes.map((m) => m.errors[0]), 1e-3));
      const top = Math.ceil(Math.log10(hi));
      const bottom = Math.max(Math.min(Math.floor(Math.log10(lo)), top - 1), top - 16);
      const steps = store.get("steps");
      const x = (t) => margin.left + (t / steps) * (width - margin.left - margin.right);
      const y = (e) => margin.top + ((top - Math.log10(Math.max(e, 1e-300))) / (top - bottom)) * (height - margin.top - margin.bottom);
      const style = { color: theme.muted, paper: theme.paper, font: theme.font, size: 10.5 };
      c.strokeStyle = theme.line;
      c.lineWidth = 1;
      for (let k = top; k >= bottom; k -= Math.max(1, Math.ceil((top - bottom) / 5))) {
        c.beginPath();
        c.moveTo(margin.left, y(10 ** k));
        c.lineTo(width - margin.right, y(10 ** k));
        c.stroke();
        label(c, k === 0 ? "1" : "10" + superscript(k), margin.left - 6, y(10 ** k), { ...style, align: "right" });
      }
      for (const t of ticks(0, steps, 5)) if (t === Math.round(t)) label(c, show(t, 4), x(t), height - 8, { ...style, align: "center" });
      label(c, "error in each mode", margin.left, 8, { ...style, size: 11.5 });
      c.save();
      c.beginPath();
      c.rect(margin.left, margin.top - 2, width - margin.left - margin.right + 2, height - margin.top - margin.bottom + 4);
      c.clip();
      modes.forEach((mode, k) => {
        c.strokeStyle = colors()[k];
        c.lineJoin = "round";
        c.lineWidth = 2;
        c.setLineDash([]);
        c.beginPath();
        mode.errors.forEach((e, t) => (t ? c.lineTo(x(t), Math.min(height, y(e))) : c.moveTo(x(t), y(e))));
        c.stroke();
        if (!(mode.predicted > 0)) return;
        // The predicted slope, laid on the errors from above.
        let high = -Infinity;
        mode.errors.forEach((e, t) => {
          if (e > mode.least(t) && t >= 0.3 * mode.errors.length) high = Math.max(high, Math.log10(e) - t * Math.log10(mode.predicted));
        });
        const line = (t) => margin.top + ((top - high - t * Math.log10(mode.predicted)) / (top - bottom)) * (height - margin.top - margin.bottom);
        if (!Number.isFinite(high)) return;
        c.lineWidth = 1.3;
        c.setLineDash([5, 4]);
        c.beginPath();
        c.moveTo(x(0), line(0));
        c.lineTo(x(steps), line(steps));
        c.stroke();
        c.setLineDash([]);
      });
      c.strokeStyle = theme.ink;
      c.lineWidth = 1;
      c.beginPath();
      c.moveTo(x(store.get("step")), margin.top);
      c.lineTo(x(store.get("step")), height - margin.bottom);
      c.stroke();
      c.restore();
    }

    function paintCircle(modes) {
      const { width, height } = circle.size;
      if (!width) return;
      const { theme } = app;
      const c = circle.begin();
      const [cx, cy] = [width / 2, height / 2];
      const biggest = Math.max(1, ...modes.map((m) => (Number.isFinite(m.predicted) ? m.predicted : 1)));
      const r = (Math.min(width, height) / 2 - 16) / Math.min(2, biggest);
      c.setLineDash([]);
      c.strokeStyle = theme.line;
      c.lineWidth = 1;
      c.beginPath();
      c.moveTo(8, cy);
      c.lineTo(width - 8, cy);
      c.moveTo(cx, 8);
      c.lineTo(cx, height - 8);
      c.stroke();
      c.strokeStyle = theme.muted;
      c.lineWidth = 1.5;
      c.beginPath();
      c.arc(cx, cy, r, 0, 2 * Math.PI);
      c.stroke();
      // Where the roots would be with other learning rates.
      const i = store.get("selected");
      const rates = app.rule(i).hypers.findIndex((d) => d.name === "lr");
      const scale = rates < 0 ? null : scaleOf(app.rule(i).hypers[rates]);
      const h = app.hyperAt(i, app.runs[i].last);
      c.save();
      c.beginPath();
      c.rect(0, 0, width, height);
      c.clip();
      modes.forEach((mode, k) => {
        c.fillStyle = colors()[k];
        c.globalAlpha = 0.4;
        for (let u = 0; scale && mode.roots.length && u <= 1; u += 1 / 240) {
          h[rates] = scale.raw(u);
          for (const [re, im] of rootsOf(mode.matrixAt(h) || [[NaN]])) c.fillRect(cx + r * re - 0.8, cy - r * im - 0.8, 1.6, 1.6);
        }
        c.globalAlpha = 1;
      });
      modes.forEach((mode, k) => {
        mode.roots.forEach(([re, im]) => dot(c, cx + r * re, cy - r * im, k ? 5 : 6.5, colors()[k], theme.paper, 1.8));
      });
      c.restore();
      const style = { color: theme.muted, paper: theme.paper, font: theme.font, size: 10.5 };
      label(c, "roots, unit circle", 4, 8, { ...style, size: 11.5 });
      label(c, "1", cx + r + 4, cy + 9, style);
      label(c, "i", cx + 5, cy - r - 7, { ...style, italic: true });
    }

    return {
      /** @param {Set<string>} changed */
      update(changed) {
        if (!["runs", "selected", "step", "theme", "_modes", "opened"].some((key) => changed.has(key))) return;
        if (!app.surface.quadratic) return;
        const modes = modesOf(app);
        const linear = modes.every((mode) => mode.roots.length);
        right.hidden = !linear;
        paintErrors(modes);
        if (linear) paintCircle(modes);
        /** @param {number[]} root */
        const root = ([re, im]) => show(re) + (im ? " ± " + show(Math.abs(im)) + "i" : "");
        const cells = modes.map((mode, k) => [
          `${names[k]}, curvature ${show(mode.value)}`,
          linear ? [...new Set(mode.roots.map(root))].join(", ") : "none",
          linear ? show(mode.predicted, 4) : "none", Number.isNaN(mode.measured) ? "too short to tell" : show(mode.measured, 4)]);
        const text = JSON.stringify(cells);
        if (table.dataset.shown !== text) {
          table.dataset.shown = text;
          table.replaceChildren(
            make("thead", {}, make("tr", {}, ...["mode", "roots", "predicted rate", "measured rate"].map((t) => make("th", { scope: "col" }, t)))),
            make("tbody", {}, ...cells.map(([name, ...rest], k) => make("tr", {},
              make("th", { scope: "row" }, make("i", { class: "olx-dot", style: `background:var(--olx-${k ? "gradient" : "memory"})` }), name),
              ...rest.map((t) => make("td", {}, t))))));
        }
        const name = app.label(store.get("selected"));
        note.textContent = linear
          ? "Each step multiplies the error in a mode by its roots; the largest sets the rate (dashed). Faint: the roots at other learning rates."
          : `A step of ${name} is not the same linear map each time, so it has no fixed roots; its rates are only measured.`;
        if (app.tape(store.get("selected"))) note.textContent += " The draws keep the errors from falling below their own size.";
        const words = cells.map(([mode, , predicted, measured]) => `${mode}: predicted ${predicted}, measured ${measured}`).join("; ");
        errors.canvas.setAttribute("aria-label", `Errors of ${name} in each mode over the steps. Rates a step: ${words}.`);
        circle.canvas.setAttribute("aria-label", `Roots in the complex plane. ${cells.map(([mode, roots]) => `${mode}: ${roots}`).join("; ")}.`);
      },
      close() {
        errors.close();
        circle.close();
      },
    };
  },
};
