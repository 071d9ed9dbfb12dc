// The noise floor: many noisy runs as a cloud, beside the spread that the steps' own linear map predicts.

import { make, numberField, slider } from "../view/controls.js";
import { createPlot, plotStyle, watchWidth } from "../view/plot.js";
import { integrate, lowest } from "../model/integrator.js";
import { eigenmodes, modeMatrix, modeNoise } from "../model/linear.js";
import { show } from "../model/numbers.js";
import { RUN_KEYS } from "../model/state.js";
import { jobOf } from "../model/worker.js";

/** Runs in a cloud. */
export const CLOUD = 256;
/** Moments at which their points are kept, at most. */
const MOST_MOMENTS = 400;
/** Standard deviations of the ellipse, and the share of points that it should hold. */
const DEVIATIONS = 2;
const HELD = 1 - Math.exp((-DEVIATIONS * DEVIATIONS) / 2);

/** A covariance after a step. @param {number[][]} a @param {number[][]} p @param {number[][]} added */
const carried = (a, p, added) => {
  const half = a.map((row) => p[0].map((_, j) => row.reduce((sum, x, k) => sum + x * p[k][j], 0)));
  return half.map((row, i) => a.map((other, j) => row.reduce((sum, x, k) => sum + x * other[k], added[i][j])));
};

/**
 * The variance of each mode after every step, and where it ends; null where a step is not linear, or the noise no fixed one.
 * @param {any} app @param {number} i
 * @returns {{value: number, vector: number[], variances: Float64Array, limit: number}[] | null}
 */
export function spreadOf(app, i) {
  const [rule, code] = [app.rule(i), app.ruleCode(i)];
  const [steps, delay, noise] = [app.store.get("steps"), app.store.get("delay"), app.store.get("noise") || 0];
  if (!app.surface.quadratic || app.batch() || code.ask || rule.draws.length) return null;
  const center = lowest(app.surfaceCode, app.params);
  const fixed = !app.store.get("racers")[i].past && !Object.keys(app.store.get("racers")[i].schedules || {}).length;
  const found = [];
  for (const { value, vector } of eigenmodes(app.surfaceCode, app.params)) {
    const variances = new Float64Array(steps + 1);
    let a = modeMatrix(code, rule, app.hyperAt(i, 1), app.surfaceCode, app.params, center, vector, delay);
    if (!a) return null;
    let p = a.map((row) => row.map(() => 0));
    let added = p;
    for (let t = 1; t <= steps; t++) {
      const h = app.hyperAt(i, t);
      if (!fixed && t > 1) a = /** @type {number[][]} */ (modeMatrix(code, rule, h, app.surfaceCode, app.params, center, vector, delay, true));
      if (!fixed || t === 1) {
        const b = modeNoise(code, rule, h, center, vector, delay, t);
        added = b.map((x) => b.map((y) => noise * noise * x * y));
      }
      p = carried(a, p, added);
      variances[t] = p[0][0];
    }
    // Doubled again and again: the sum over all steps to come.
    let [power, sum] = [a, added];
    for (let k = 0; k < 40 && sum[0][0] < 1e100; k++) {
      sum = carried(power, sum, sum);
      power = power.map((row) => power[0].map((_, j) => row.reduce((total, x, l) => total + x * power[l][j], 0)));
    }
    found.push({ value, vector, variances, limit: fixed && sum[0][0] < 1e100 ? sum[0][0] : NaN });
  }
  return found;
}

/** @type {import("./panels.js").Panel} */
export const floorPanel = {
  id: "floor",
  create(app, parent) {
    const { store } = app;
    const noise = slider({ name: "noise", mathml: "<mi>σ</mi>", low: 0.01, high: 10, log: true, at_least: 0, range: "a finite number with 0 <= noise" },
      (value) => store.set({ noise: value }));
    const seed = numberField("Seed", { range: "a whole number from 0 to 4294967295", at_least: 0, at_most: 4294967295, integer: true },
      (x) => store.set({ seed: x }), "seed");
    const plot = createPlot(app, "Mean loss above the minimum");
    const table = make("table", { class: "olx-table" });
    const note = make("p", { class: "olx-note" });
    parent.append(plotStyle(), noise.el, plot.el, table, note, seed.el);
    const unwatch = watchWidth(plot.el, () => store.set({ _plots: {} }));
    let asked = "";
    /** The cloud of a racer; it stays, with its theory, until the next is there. @type {{points: Float64Array, mean: Float64Array, every: number, i: number} | null} */
    let cloud = null;
    /** Of each racer: the spread, and the run without noise, which gives the means. @type {{spread: ReturnType<typeof spreadOf>, quiet: import("../model/integrator.js").Run}[]} */
    let theory = [];
    const mine = () => (cloud ? theory[cloud.i] : null);
    const open = () => store.get("panel") === "floor";
    const momentOf = () => (cloud ? Math.floor(store.get("step") / cloud.every) : 0);
    /** The middle of the cloud and the half axes of its ellipse at a step. @param {number} t */
    function predicted(t) {
      const own = mine();
      if (!own) return null;
      const { spread, quiet } = own;
      const o = t * quiet.stride + quiet.layout.w[0];
      return spread && t <= quiet.last ? { spread, center: [quiet.rows[o], quiet.rows[o + 1]], sizes: spread.map((mode) => Math.sqrt(mode.variances[t])) } : null;
    }
    app.underlays.push((c, map) => {
      if (!open() || !cloud) return;
      const k = momentOf();
      c.fillStyle = app.theme.racers[cloud.i];
      c.globalAlpha = 0.5;
      c.beginPath();
      for (let n = 0; n < CLOUD; n++) {
        const [x, y] = [map.x(cloud.points[2 * (k * CLOUD + n)]), map.y(cloud.points[2 * (k * CLOUD + n) + 1])];
        if (!(x > -5 && y > -5 && x < map.width + 5 && y < map.height + 5)) continue;
        c.moveTo(x + 2.2, y);
        c.arc(x, y, 2.2, 0, 2 * Math.PI);
      }
      c.fill();
      c.globalAlpha = 1;
    });
    app.overlays.push((c, map) => {
      const it = open() && cloud ? predicted(momentOf() * cloud.every) : null;
      if (!it) return;
      const unit = map.x(1) - map.x(0);
      c.setLineDash([6, 4]);
      c.strokeStyle = app.theme.ink;
      c.lineWidth = 1.8;
      c.beginPath();
      c.ellipse(map.x(it.center[0]), map.y(it.center[1]), DEVIATIONS * it.sizes[0] * unit, DEVIATIONS * it.sizes[1] * unit,
        -Math.atan2(it.spread[0].vector[1], it.spread[0].vector[0]), 0, 2 * Math.PI);
      c.stroke();
      c.setLineDash([]);
    });
    function ask() {
      const i = store.get("selected");
      const job = jobOf(app, i);
      const every = Math.ceil(store.get("steps") / MOST_MOMENTS);
      const key = i + JSON.stringify(job);
      if (key === asked) return;
      asked = key;
      app.workshop.ask("cloud", { ...job, runs: CLOUD, every }, ({ points, mean }) => {
        cloud = { points, mean, every, i };
        theory = next;
        store.set({ _cloud: {} });
      });
      const next = store.get("racers").map((racer, j) => ({
        spread: spreadOf(app, j),
        quiet: integrate(app.ruleCode(j), app.rule(j), racer.h, app.surfaceCode, app.params, store.get("start"), store.get("steps"),
          { delay: store.get("delay"), schedules: app.schedules(j) }),
      }));
    }
    return {
      /** @param {Set<string>} changed */
      update(changed) {
        if (![...RUN_KEYS, "runs", "_cloud", "step", "selected", "theme", "_plots", "opened"].some((key) => changed.has(key))) return;
        ask();
        noise.set(store.get("noise"));
        seed.set(store.get("seed"));
        if (!cloud) return;
        const floor = app.knownFloor ?? app.floor;
        const t = momentOf() * cloud.every;
        const expected = theory.map(({ spread, quiet }) => spread && quiet.last === quiet.loss.length - 1 && Float64Array.from({ length: quiet.last }, (_, k) =>
          spread.reduce((sum, mode) => sum + 0.5 * mode.value * mode.variances[k + 1], quiet.loss[k + 1] - floor)));
        const measured = Float64Array.from(cloud.mean.subarray(1), (z) => z - floor);
        const { i } = cloud;
        const lines = expected.map((values, j) => ({ values: values || [], colour: j === i ? "var(--olx-ink)" : `var(--olx-r${j})`, dash: "6 4", width: 1.6, name: j === i ? "predicted" : `predicted, ${app.label(j)}` }))
          .filter((one, j) => one.values.length && !store.get("racers")[j].hidden);
        const shown = expected[i];
        plot.draw([{ values: measured, colour: `var(--olx-r${i})`, name: `${CLOUD} runs of ${app.label(i)}` }, ...lines],
          { log: true, said: `Mean loss above the minimum of ${CLOUD} runs after step ${t}: ${show(cloud.mean[t] - floor)}` + (shown && t ? `, predicted ${show(shown[t - 1])}` : "") });
        const it = predicted(t);
        const names = ["flat", "steep"];
        const at = (n) => [0, 1].map((d) => /** @type {any} */ (cloud).points[2 * (momentOf() * CLOUD + n) + d]);
        let inside = 0;
        const squares = [0, 0];
        if (it) {
          for (let n = 0; n < CLOUD; n++) {
            const off = at(n).map((x, d) => x - it.center[d]);
            const along = it.spread.map(({ vector }) => off[0] * vector[0] + off[1] * vector[1]);
            along.forEach((x, k) => (squares[k] += (x * x) / CLOUD));
            inside += along.reduce((sum, x, k) => sum + (x / it.sizes[k]) ** 2, 0) < DEVIATIONS * DEVIATIONS ? 1 : 0;
          }
        }
        table.hidden = !it || !t;
        if (it) {
          const rows = it.spread.map((mode, k) => [`${names[k]}, curvature ${show(mode.value)}`, show(squares[k]), show(mode.variances[t]), Number.isNaN(mode.limit) ? "none" : show(mode.limit)]);
          app.figure = { measured: squares, predicted: it.spread.map((mode) => mode.variances[t]), limits: it.spread.map((mode) => mode.limit), share: inside / CLOUD };
          table.replaceChildren(make("thead", {}, make("tr", {}, ...["variance", "of the runs", "predicted", "in the end"].map((text) => make("th", { scope: "col" }, text)))),
            make("tbody", {}, ...rows.map(([name, ...rest]) => make("tr", {}, make("th", { scope: "row" }, name), ...rest.map((text) => make("td", {}, text))))));
        }
        note.textContent = !store.get("noise") ? "Without noise all runs are one." :
          it ? (t ? `After step ${t} the dashed ellipse, two predicted standard deviations, holds ${Math.round((100 * inside) / CLOUD)} % of the runs; of a normal cloud it holds ${Math.round(100 * HELD)} %.` : "At the start all runs are at one point: play, or drag the time line.")
            : `The steps of ${app.label(i)} are not the same linear map for every state, so the cloud is measured only.`;
      },
      close() {
        unwatch();
      },
    };
  },
};
