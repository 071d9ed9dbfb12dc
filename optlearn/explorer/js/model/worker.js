// Work off the main thread: maps, bands and tuning. The worker is made of the text of the functions that the page itself runs.

import { compile, integrate, lowest } from "./integrator.js";
import { eigenmodes, modeMatrix, rootsOf, spectralRadius } from "./linear.js";
import { scaleOf, ticks, tidy } from "./numbers.js";
import { randomState, tapeOf } from "./random.js";

/** Cells of a map, each way. */
export const CELLS = 128;

/**
 * What a racer's runs need, as plain data.
 * @typedef {{code: string, shape: any, h: number[], schedules: any[]}} RacerJob
 * @typedef {{surface: string, p: number[], start: number[], steps: number, noise: number, batch: number, delay: number, seed: number,
 *   samples: number}} PlaceJob
 * @typedef {{kind: "h" | "p" | "start" | "steps" | "delay", index: number, range: any}} Axis
 */

/** The place and one racer as plain data. @param {any} app @param {number} i @returns {{place: PlaceJob, racer: RacerJob}} */
export function jobOf(app, i) {
  const { store } = app;
  const { code, layout, stride, draws, slots } = app.rule(i);
  return {
    place: {
      surface: app.surface.code, p: store.get("params"), start: store.get("start"), steps: store.get("steps"),
      noise: store.get("noise") || 0, batch: app.batch(), delay: store.get("delay"), seed: store.get("seed") || 0, samples: app.surface.samples?.length || 0,
    },
    racer: { code, shape: { layout, stride, draws, slots }, h: store.get("racers")[i].h, schedules: app.schedules(i) },
  };
}

/**
 * A runner of a racer on a place: the rule and the surface compiled, buffers used again, tapes by seed.
 * @param {PlaceJob} place @param {RacerJob} racer
 */
function runner(place, racer) {
  const code = compile(racer.code);
  const surface = compile(place.surface);
  const draws = racer.shape.draws.length;
  const draw = (seed, steps) => (draws || place.batch || place.noise
    ? tapeOf(seed, steps, draws, place.batch, place.samples, place.noise > 0) : null);
  /** @type {import("./integrator.js").Run | null} */
  let reuse = null;
  /** @type {Float64Array | null} */
  let tape = null;
  let drawn = "";
  return {
    code,
    surface,
    run(h, p = place.p, steps = place.steps, seed = place.seed, schedules = racer.schedules, delay = place.delay) {
      if (drawn !== seed + "," + steps) {
        drawn = seed + "," + steps;
        tape = draw(seed, steps);
      }
      const made = integrate(code, racer.shape, h, surface, p, place.start, steps, { noise: place.noise, batch: place.batch, delay, tape, schedules, reuse });
      reuse = made;
      return made;
    },
  };
}

/**
 * The loss after the last step over a grid, first coarse, then fine; with the spectral radius where steps are linear.
 * @param {{place: PlaceJob, racer: RacerJob, axes: Axis[], cells: number, theory: boolean}} job @param {(result: any) => void} post
 */
function* mapWork({ place: given, racer, axes, cells, theory }, post) {
  const place = { ...given, start: given.start.slice() };
  const { run, code, surface } = runner(place, racer);
  const scales = axes.map((axis) => scaleOf(axis.range));
  const swept = axes.filter((axis) => axis.kind === "h").map((axis) => axis.index);
  const schedules = racer.schedules.filter((s) => !swept.includes(s.index));
  const h = racer.h.slice();
  const p = place.p.slice();
  let { steps, delay } = place;
  const set = (u, v) => {
    axes.forEach((axis, k) => {
      let value = scales[k].raw(k ? v : u);
      if (axis.range.integer) value = Math.round(value);
      if (axis.kind === "h") h[axis.index] = value;
      else if (axis.kind === "p") p[axis.index] = value;
      else if (axis.kind === "start") place.start[axis.index] = value;
      else if (axis.kind === "delay") delay = value;
      else steps = value;
    });
  };
  // Over the start it also counts where a run ends.
  const ends = axes.every((axis) => axis.kind === "start") ? new Float64Array(2 * cells * cells).fill(NaN) : null;
  if (theory) {
    set(0.5, 0.5);
    const linear = !racer.schedules.length && !Number.isNaN(spectralRadius(code, racer.shape, h, surface, p, delay));
    const radius = (u, v) => {
      set(u, v);
      return spectralRadius(code, racer.shape, h, surface, p, delay, true);
    };
    /** @type {number[][] | null} */
    let border = null;
    let best = { u: 0, v: 0, rho: Infinity };
    if (linear) {
      const rho = new Float64Array(cells * cells);
      /** @type {number[][]} */
      const lines = [];
      border = lines;
      const look = (u, v) => {
        const value = radius(u, v);
        if (value < best.rho) best = { u, v, rho: value };
        return value;
      };
      for (let j = 0; j < cells; j++) {
        for (let i = 0; i < cells; i++) rho[j * cells + i] = look((i + 0.5) / cells, (j + 0.5) / cells);
        yield;
      }
      // The lowest point between the cells: grids around it, finer where that finds none lower.
      for (let width = 1 / cells, tries = 0; width > 1e-9 && tries < 300; tries++) {
        const { u, v, rho: before } = best;
        for (let j = -3; j <= 3; j++) for (let i = -3; i <= 3; i++) look(Math.min(1, Math.max(0, u + (i * width) / 3)), Math.min(1, Math.max(0, v + (j * width) / 3)));
        if (best.rho === before) width /= 2;
        yield;
      }
      // The border of stability crosses the sides of the squares between four cells; where, bisection tells.
      for (let j = 0; j < cells - 1; j++) {
        for (let i = 0; i < cells - 1; i++) {
          const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
          const met = [];
          for (let k = 0; k < 4; k++) {
            let [a, b] = [corners[k], corners[(k + 1) % 4]];
            const stable = rho[a[1] * cells + a[0]] < 1;
            if (stable === rho[b[1] * cells + b[0]] < 1) continue;
            [a, b] = [a, b].map(([x, y]) => [(x + 0.5) / cells, (y + 0.5) / cells]);
            for (let n = 0; n < 14; n++) {
              const middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
              if (radius(middle[0], middle[1]) < 1 === stable) a = middle;
              else b = middle;
            }
            met.push(a);
          }
          for (let k = 0; k + 1 < met.length; k += 2) lines.push([...met[k], ...met[k + 1]]);
        }
        yield;
      }
    }
    post({ border, best });
  }
  const values = new Float64Array(cells * cells).fill(NaN);
  let told = performance.now();
  for (let stride = 16; stride >= 1; stride /= 2) {
    for (let j = 0; j < cells; j += stride) {
      for (let i = 0; i < cells; i += stride) {
        if (stride < 16 && i % (2 * stride) === 0 && j % (2 * stride) === 0) continue;
        set((i + 0.5) / cells, (j + 0.5) / cells);
        const made = run(h, p, steps, place.seed, schedules, delay);
        if (ends) ends.set(made.rows.subarray(made.last * made.stride + made.layout.w[0]).subarray(0, 2), 2 * (j * cells + i));
        values[j * cells + i] = made.diverged === null && Number.isFinite(made.loss[made.last]) ? made.loss[made.last] : Infinity;
      }
      if (performance.now() - told > 150) {
        told = performance.now();
        post({ values: values.slice(), ends: ends && ends.slice() });
      }
      yield;
    }
    if (stride === 8 || stride <= 2) post({ values: values.slice(), ends: ends && ends.slice(), done: stride === 1 });
  }
}

/**
 * Runs with the seeds after the given one: quantiles of the loss and the paths.
 * @param {{place: PlaceJob, racers: RacerJob[], runs: number}} job @param {(result: any) => void} post
 */
function* bandWork({ place, racers, runs }, post) {
  const bands = [];
  const every = Math.ceil(place.steps / 100);
  for (const racer of racers) {
    const { run } = runner(place, racer);
    const losses = [];
    const paths = [];
    for (let k = 0; k < runs; k++) {
      const made = run(racer.h, place.p, place.steps, (place.seed + k) % 4294967296);
      losses.push(made.loss.slice().fill(Infinity, made.last + 1));
      const path = [];
      for (let t = 0; t <= made.last; t += every) path.push(made.rows[t * made.stride + made.layout.w[0]], made.rows[t * made.stride + made.layout.w[0] + 1]);
      paths.push(Float32Array.from(path));
      yield;
    }
    const quantiles = [0.1, 0.5, 0.9].map(() => new Float64Array(place.steps + 1));
    const column = new Float64Array(runs);
    for (let t = 0; t <= place.steps; t++) {
      for (let k = 0; k < runs; k++) column[k] = losses[k][t];
      column.sort();
      [0.1, 0.5, 0.9].forEach((q, i) => (quantiles[i][t] = column[Math.round(q * (runs - 1))]));
    }
    bands.push({ quantiles, paths });
  }
  post({ bands });
}

/**
 * Where the runs of one racer with the seeds after the given one stand, and the mean of their losses.
 * @param {{place: PlaceJob, racer: RacerJob, runs: number, every: number}} job @param {(result: any) => void} post
 */
function* cloudWork({ place, racer, runs, every }, post) {
  const { run } = runner(place, racer);
  const moments = Math.floor(place.steps / every) + 1;
  const points = new Float64Array(2 * runs * moments).fill(NaN);
  const mean = new Float64Array(place.steps + 1);
  for (let k = 0; k < runs; k++) {
    const made = run(racer.h, place.p, place.steps, (place.seed + k) % 4294967296);
    for (let t = 0; t <= place.steps; t++) {
      mean[t] += t <= made.last ? made.loss[t] / runs : Infinity;
      if (t <= made.last && t % every === 0) points.set(made.rows.subarray(t * made.stride + made.layout.w[0]).subarray(0, 2), 2 * ((t / every) * runs + k));
    }
    yield;
  }
  post({ points, mean });
}

/**
 * The loss after the last step of every racer for every value of a grid, the mean over seeds.
 * @param {{place: PlaceJob, racers: (RacerJob & {index: number})[], grid: number[], seeds: number}} job `index`: which number the grid is for
 * @param {(result: any) => void} post
 */
function* tuneWork({ place, racers, grid, seeds }, post) {
  const losses = [];
  for (const racer of racers) {
    const found = grid.map(() => (racer.index < 0 ? NaN : 0));
    losses.push(found);
    if (racer.index < 0) continue;
    const { run } = runner(place, racer);
    const h = racer.h.slice();
    for (let n = 0; n < seeds; n++) {
      for (let k = 0; k < grid.length; k++) {
        h[racer.index] = grid[k];
        const made = run(h, place.p, place.steps, (place.seed + n) % 4294967296);
        found[k] += made.diverged === null && Number.isFinite(made.loss[made.last]) ? made.loss[made.last] / seeds : Infinity;
        yield;
      }
    }
  }
  post({ losses });
}

/** Takes jobs and works on them in short turns; a newer job of a kind takes the place of the older. @param {any} port */
function serve(port) {
  /** @type {Object<string, Generator>} */
  const work = {};
  const kinds = { map: mapWork, band: bandWork, tune: tuneWork, cloud: cloudWork };
  let busy = false;
  function turn() {
    const until = performance.now() + 12;
    while (performance.now() < until) {
      const [kind] = Object.keys(work);
      if (!kind) {
        busy = false;
        return;
      }
      if (work[kind].next().done) delete work[kind];
    }
    setTimeout(turn, 0);
  }
  port.onmessage = ({ data: { kind, id, job } }) => {
    delete work[kind];
    if (job) work[kind] = kinds[kind](job, (result) => port.postMessage({ kind, id, ...result }));
    if (!busy) {
      busy = true;
      setTimeout(turn, 0);
    }
  };
}

/**
 * One worker for an explorer, made when first asked for. Where the page allows none, the same code works in short turns here.
 * @returns {{ask: (kind: string, job: any, answer: (result: any) => void) => void, close: () => void}}
 */
export function createWorkshop() {
  const parts = [compile, integrate, randomState, tapeOf, lowest, eigenmodes, modeMatrix, rootsOf, spectralRadius, tidy, ticks, scaleOf,
    runner, mapWork, bandWork, tuneWork, cloudWork, serve];
  /** @type {any} */
  let port = null;
  /** @type {Object<string, {id: number, answer: (result: any) => void}>} */
  const waiting = {};
  let count = 0;
  function hear({ data }) {
    const one = waiting[data.kind];
    if (one && one.id === data.id) one.answer(data);
  }
  function open() {
    try {
      const url = URL.createObjectURL(new Blob([parts.map(String).join("\n") + "\nserve(self);"], { type: "text/javascript" }));
      port = new Worker(url);
      URL.revokeObjectURL(url);
      port.onmessage = hear;
    } catch {
      /** @type {{onmessage: Function, postMessage: Function}} */
      const local = { onmessage: () => {}, postMessage: (data) => hear({ data }) };
      serve(local);
      port = { postMessage: (data) => local.onmessage({ data }), terminate() {} };
    }
  }
  return {
    ask(kind, job, answer) {
      if (!job && !port) return;
      if (!port) open();
      count += 1;
      waiting[kind] = { id: count, answer };
      port.postMessage({ kind, id: count, job });
    },
    close() {
      if (port) port.terminate();
      port = null;
    },
  };
}
