// The memory of a step: how much each gradient of the past still counts in it, and how they add up or cancel.

import { symbolOf } from "../model/names.js";
import { chart, chartText, curve, straight } from "../view/chart.js";
import { make } from "../view/controls.js";
import { createTitle, plotStyle, watchWidth } from "../view/plot.js";
import { show } from "../model/numbers.js";
import { replays, weightsOf } from "../model/replay.js";

/** Ages that are drawn at most. */
const MOST_BARS = 40;
const IN_AXES = ["x", "y"];

/**
 * What the step shown of the selected racer is made of, or null where that is no sum of gradients.
 * @param {any} app
 * @returns {{name: string, t: number, weights: number[][], parts: number[][], rest: number[], sum: number[], whole: boolean} | null}
 *   `parts`: the weighted gradients, the newest first
 */
export function pastOf(app) {
  const i = app.store.get("selected");
  const [rule, code, run, t] = [app.rule(i), app.ruleCode(i), app.runs[i], app.shownStep()];
  if (!replays(rule, code) || t > run.last) return null;
  const h = Array.from({ length: t + 1 }, (_, k) => app.hyperAt(i, Math.max(1, k)));
  for (const name of ["step", ...rule.slots.filter((slot) => rule.layout[slot]?.[1] === 2)]) {
    const found = weightsOf(rule, code, (k) => h[k], run, t, name);
    if (!found) continue;
    const parts = found.weights.map((w, age) => {
      const o = (t - age) * run.stride + run.layout.g[0];
      return [w[0] * run.rows[o], w[1] * run.rows[o + 1]];
    });
    return { name, t, ...found, parts, sum: [0, 1].map((d) => parts.reduce((sum, part) => sum + part[d], 0)) };
  }
  return null;
}

/** @type {import("./panels.js").Panel} */
export const kernelPanel = {
  id: "kernel",
  create(app, parent) {
    const { store } = app;
    const titles = [createTitle("How much each gradient counts"), createTitle("The gradients, weighted"), createTitle("Tip to tail")];
    const [weights, parts, chain] = ["", "", ""].map(() => make("div", { role: "img" }));
    const note = make("p", { class: "olx-note" });
    const bars = make("div", {}, titles[0].el, weights, titles[1].el, parts);
    const el = make("div", { class: "olx-plots" }, bars, make("div", {}, titles[2].el, chain));
    parent.append(plotStyle(), el, note);
    const unwatch = watchWidth(el, () => store.set({ _plots: {} }));
    /** @type {ReturnType<typeof pastOf>} */
    let memory = null;
    let of = /** @type {any} */ (null);
    let known = "";
    /** Made again with the runs, the racer and the step. */
    function refresh() {
      const key = [store.get("selected"), app.shownStep()].join();
      if (of === app.runs && key === known) return;
      [of, known] = [app.runs, key];
      memory = app.figure = pastOf(app);
    }
    // In the picture: the points whose gradients still count, as large as they count.
    app.overlays.push((c, map) => {
      if (store.get("panel") !== "kernel") return;
      refresh();
      if (!memory) return;
      const run = app.runs[store.get("selected")];
      const o = run.layout["@probe"][0];
      const most = Math.max(...memory.weights.map((w) => Math.hypot(w[0], w[1]))) || 1;
      c.setLineDash([]);
      c.lineWidth = 1.6;
      c.strokeStyle = app.theme.gradient;
      memory.weights.forEach((w, age) => {
        const at = (/** @type {any} */ (memory).t - age) * run.stride + o;
        const r = (9 * Math.hypot(w[0], w[1])) / most;
        if (!(r > 0.5)) return;
        c.beginPath();
        c.arc(map.x(run.rows[at]), map.y(run.rows[at + 1]), r, 0, 2 * Math.PI);
        c.stroke();
      });
    });

    /** Bars by age, newest at the left. @param {HTMLElement} holder @param {number} height @param {number[]} values @param {string} colour */
    function drawBars(holder, height, values, colour) {
      const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
      const ages = Math.max(10, Math.min(MOST_BARS, Math.ceil(app.shownStep() / 10) * 10));
      chart(holder, height, (width) => {
        const slot = (width - 46 - 8) / ages;
        const y = (z) => 6 + (height - 26) * (1 - (z - low) / (high - low || 1));
        let out = straight(46, y(0), width - 8, y(0), 'stroke="var(--olx-muted)"');
        for (const z of new Set([low, high])) if (z) out += chartText(40, y(z) + 4, show(z, 2), 'text-anchor="end"');
        values.slice(0, ages).forEach((z, age) => {
          const [a, b] = [y(Math.max(0, z)), y(Math.min(0, z))];
          out += `<rect x="${(46 + (age + 0.12) * slot).toFixed(1)}" y="${a.toFixed(1)}" width="${(0.76 * slot).toFixed(1)}" height="${Math.max(0.6, b - a).toFixed(1)}" fill="${colour}"/>`;
        });
        for (let age = 0; age < ages; age += ages > 20 ? 10 : 5) out += chartText(46 + (age + 0.5) * slot, height - 6, String(age), 'text-anchor="middle"');
        return out + chartText(width - 8, height - 6, "steps ago", 'text-anchor="end"');
      });
    }

    /** Weighted gradients in x and y, side by side for every age. @param {number[][]} all */
    function drawParts(all) {
      const ages = Math.max(10, Math.min(MOST_BARS, Math.ceil(app.shownStep() / 10) * 10));
      chart(parts, 124, (width) => {
        let out = "";
        IN_AXES.forEach((axis, d) => {
          const values = all.map((part) => part[d]);
          const size = Math.max(...values.map(Math.abs)) || 1;
          const [top, tall] = [4 + 62 * d, 56];
          const slot = (width - 46 - 8) / ages;
          const y = (z) => top + (tall / 2) * (1 - z / size);
          out += straight(46, y(0), width - 8, y(0), 'stroke="var(--olx-muted)"') + chartText(40, y(0) + 4, `in ${axis}`, 'text-anchor="end"');
          values.slice(0, ages).forEach((z, age) => {
            const [a, b] = [y(Math.max(0, z)), y(Math.min(0, z))];
            out += `<rect x="${(46 + (age + 0.12) * slot).toFixed(1)}" y="${a.toFixed(1)}" width="${(0.76 * slot).toFixed(1)}" height="${Math.max(0.6, b - a).toFixed(1)}" fill="var(--olx-${d ? "gradient" : "memory"})"/>`;
          });
        });
        return out;
      });
    }

    /** The weighted gradients tip to tail, the oldest first, and their sum. @param {any} it */
    function drawChain(it) {
      const sign = it.name === "step" ? 1 : -1;
      const points = [it.rest.map((x) => sign * x)];
      [...it.parts].reverse().forEach((part) => {
        const [x, y] = points[points.length - 1];
        points.push([x + sign * part[0], y + sign * part[1]]);
      });
      const end = points[points.length - 1];
      const all = [...points, [0, 0]];
      const [x0, x1, y0, y1] = [0, 1].flatMap((d) => [Math.min(...all.map((p) => p[d])), Math.max(...all.map((p) => p[d]))]);
      chart(chain, 200, (width) => {
        const size = Math.max((x1 - x0) / (width - 60), (y1 - y0) / 168, 1e-300);
        const px = ([x, y]) => [width / 2 + (x - (x0 + x1) / 2) / size, 100 - (y - (y0 + y1) / 2) / size];
        const [from, to] = [px([0, 0]), px(end)];
        const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
        const [ux, uy] = length ? [(to[0] - from[0]) / length, (to[1] - from[1]) / length] : [0, 0];
        const head = Math.min(14, 0.5 * length);
        const tip = `<path d="M${to[0].toFixed(1)} ${to[1].toFixed(1)}l${(-ux * head - uy * head * 0.45).toFixed(1)} ${(-uy * head + ux * head * 0.45).toFixed(1)}l${(uy * head * 0.9).toFixed(1)} ${(-ux * head * 0.9).toFixed(1)}z" fill="var(--olx-step)"/>`;
        // The older, the paler.
        const pieces = points.slice(1).map((p, k) => {
          const age = points.length - 2 - k;
          const paler = Math.max(0.35, 1 - age / 25);
          return curve([px(points[k]), px(p)], `stroke="var(--olx-gradient)" stroke-width="2" opacity="${paler.toFixed(2)}"`);
        }).join("");
        const dots = points.slice(1).map((p) => px(p)).map(([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="2" fill="var(--olx-gradient)"/>`).join("");
        return curve([from, [to[0] - 0.7 * head * ux, to[1] - 0.7 * head * uy]], 'stroke="var(--olx-step)" stroke-width="4" opacity=".8"') + tip + pieces + dots;
      });
      titles[2].set([{ values: [], colour: "var(--olx-gradient)", name: "weighted gradients, oldest first" }, { values: [], colour: "var(--olx-step)", width: 4, name: it.name === "step" ? "the step" : `against ${symbolOf(app.rule(store.get("selected")), it.name)}` }]);
    }

    return {
      /** @param {Set<string>} changed */
      update(changed) {
        if (!["runs", "step", "selected", "theme", "_plots", "opened"].some((key) => changed.has(key))) return;
        refresh();
        // The picture was drawn before this was here.
        if (changed.has("opened")) store.set({ _cloud: {} });
        const rule = app.rule(store.get("selected"));
        el.hidden = !memory;
        if (!memory) {
          note.textContent = `Neither the step of ${rule.label} nor anything that it keeps is a sum of gradients with fixed weights.`;
          return;
        }
        const of = memory.name === "step" ? "step" : symbolOf(rule, memory.name);
        // A step goes against the gradients.
        const sizes = memory.weights.map((w) => (/** @type {any} */ (memory).name === "step" ? -1 : 1) * w[0]);
        titles[1].set([], "Its weighted gradients");
        titles[0].set([], `How much each gradient counts in ${memory.name === "step" ? "the step" : of}`);
        drawBars(weights, 92, sizes, "var(--olx-accent)");
        drawParts(memory.parts);
        drawChain(memory);
        const kept = IN_AXES.map((_, d) => {
          const all = /** @type {any} */ (memory).parts.reduce((sum, part) => sum + Math.abs(part[d]), 0);
          return all ? Math.abs(/** @type {any} */ (memory).sum[d]) / all : 1;
        });
        const total = sizes.reduce((sum, w) => sum + w, 0) / sizes[0];
        note.textContent = `Step ${memory.t}: all weights together are ${show(total)} times that of the newest gradient. ` +
          IN_AXES.map((axis, d) => `${d ? "in" : "In"} ${axis} ${show(100 * kept[d], 2)} % of the weighted gradients is left in the sum`).join(", ") + "." +
          (memory.name === "step" ? "" : ` The step itself is no such sum: ${of} is divided before it.`);
        weights.setAttribute("aria-label", `Weights from the newest gradient on: ${sizes.slice(0, 6).map((w) => show(w)).join(", ")}`);
        parts.setAttribute("aria-label", `Weighted gradients, the newest first. In x: ${memory.parts.slice(0, 6).map((p) => show(p[0])).join(", ")}. In y: ${memory.parts.slice(0, 6).map((p) => show(p[1])).join(", ")}.`);
        chain.setAttribute("aria-label", `The weighted gradients add up to (${memory.sum.map((x) => show(x)).join(", ")}).`);
      },
      close: unwatch,
    };
  },
};
