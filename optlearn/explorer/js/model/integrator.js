// Runs of traced rules on traced surfaces. A run is one buffer of rows; row t holds all that step t made.
// Everything here is a function declaration without outer state, so that a worker can be made of the same text.

/**
 * @typedef {{start: Function, probe: Function, step: Function, ask?: Function, report?: Function}} RuleCode
 * @typedef {{f: (x: number, y: number, p: ArrayLike<number>, rows?: Float64Array | null, at?: number, size?: number) => number,
 *   gradient: (x: number, y: number, p: ArrayLike<number>, out: Float64Array, o: number, rows?: Float64Array | null,
 *     at?: number, size?: number) => void,
 *   hessian: (x: number, y: number, p: ArrayLike<number>, out: Float64Array, o: number, rows?: Float64Array | null,
 *     at?: number, size?: number) => void}} SurfaceCode
 * @typedef {{layout: Object<string, [number, number]>, stride: number, draws?: string[]}} Shape
 * @typedef {{rows: Float64Array, stride: number, layout: Object<string, [number, number]>, loss: Float64Array,
 *   trained: Float64Array | null, last: number, diverged: number | null}} Run `loss`: of the point that the rule reports;
 *   `trained`: of the point that it trains, if that is another
 */

/** The functions in the text of a traced rule or surface. @param {string} code */
export function compile(code) {
  return new Function("return " + code)();
}

/** Compiled code by its text, for all explorers of a page. @type {Map<string, any>} */
const compiled = new Map();

/** The same, compiled once. @param {string} code */
export function codeOf(code) {
  let found = compiled.get(code);
  if (!found) {
    found = compile(code);
    compiled.set(code, found);
  }
  return found;
}

/**
 * Runs a rule.
 * @param {RuleCode} code
 * @param {Shape} shape
 * @param {ArrayLike<number>} h hyperparameters, in the order of the declaration
 * @param {SurfaceCode} surface
 * @param {ArrayLike<number>} p parameters of the surface
 * @param {ArrayLike<number>} start
 * @param {number} steps
 * @param {{noise?: number, batch?: number, delay?: number, tape?: Float64Array | null, schedules?: {index: number, values: ArrayLike<number>}[],
 *   reuse?: Run | null}} [more] `delay`: gradients are taken at the parameters of so many
 *   steps before; `tape`: what the steps draw, see `tapeOf`; `reuse`: a run whose buffers may be overwritten
 * @returns {Run}
 */
export function integrate(code, shape, h, surface, p, start, steps, more = {}) {
  const { layout, stride } = shape;
  const size = (steps + 1) * stride;
  const old = more.reuse;
  const rows = old && old.rows.length === size ? old.rows.fill(0) : new Float64Array(size);
  const loss = old && old.loss.length === steps + 1 ? old.loss : new Float64Array(steps + 1);
  const at = layout.w[0];
  const trained = code.report ? new Float64Array(steps + 1) : null;
  const told = code.report ? layout["@reported"][0] : at;
  const probe = layout["@probe"][0];
  const g = layout.g[0];
  const names = shape.draws || [];
  const hyper = Array.from(h);
  let last = 0;
  /** @type {number | null} */
  let diverged = null;
  const tape = more.tape || null;
  const noise = tape ? more.noise || 0 : 0;
  const batch = tape ? more.batch || 0 : 0;
  const delay = more.delay || 0;
  let next = 0;
  rows[at] = start[0];
  rows[at + 1] = start[1];
  loss[0] = surface.f(start[0], start[1], p);
  if (more.schedules) for (const s of more.schedules) hyper[s.index] = s.values[0];
  code.start(rows, 0, hyper);
  if (code.report) {
    code.report(rows, 0, 0, 0, hyper);
    /** @type {Float64Array} */ (trained)[0] = loss[0];
    loss[0] = surface.f(rows[told], rows[told + 1], p);
  }
  for (let t = 1; t <= steps; t++) {
    const a = (t - 1) * stride;
    const b = a + stride;
    if (more.schedules) for (const s of more.schedules) hyper[s.index] = s.values[t - 1];
    if (tape) {
      for (let k = 0; k < names.length; k++) {
        const d = b + layout[names[k]][0];
        rows[d] = tape[next++];
        rows[d + 1] = tape[next++];
      }
    }
    code.probe(rows, a, b, t, hyper);
    if (delay) {
      const before = Math.max(0, t - 1 - delay) * stride + at;
      rows[b + probe] = rows[before];
      rows[b + probe + 1] = rows[before + 1];
    }
    surface.gradient(rows[b + probe], rows[b + probe + 1], p, rows, b + g, batch ? tape : null, next, batch);
    const samples = next;
    next += batch;
    let u = 0;
    let v = 0;
    if (tape && noise) {
      rows[b + g] += u = noise * tape[next++];
      rows[b + g + 1] += v = noise * tape[next++];
    }
    // What else a rule asks for is of the same samples, with the same noise.
    if (code.ask) code.ask(rows, a, b, t, hyper, surface, p, u, v, batch ? tape : null, samples, batch);
    code.step(rows, a, b, t, hyper);
    if (!Number.isFinite(rows[b + at]) || !Number.isFinite(rows[b + at + 1])) {
      diverged = t;
      break;
    }
    if (trained) {
      /** @type {Function} */ (code.report)(rows, b, b, t, hyper);
      trained[t] = surface.f(rows[b + at], rows[b + at + 1], p);
    }
    loss[t] = surface.f(rows[b + told], rows[b + told + 1], p);
    last = t;
  }
  return { rows, stride, layout, loss, trained, last, diverged };
}

/** Where a named pair stands in row t of a run: index of its first number. @param {Run} run @param {string} name @param {number} t */
export function at(run, name, t) {
  return t * run.stride + run.layout[name][0];
}

/** A named quantity of row t. @param {Run} run @param {string} name @param {number} t @returns {number[]} */
export function valueAt(run, name, t) {
  const [offset, size] = run.layout[name];
  return Array.from(run.rows.subarray(t * run.stride + offset, t * run.stride + offset + size));
}

/**
 * Step t once more from the recorded row t - 1, with another gradient. Returns the row it makes.
 * @param {RuleCode} code @param {Run} run @param {ArrayLike<number>} h @param {number} t @param {number} gx @param {number} gy
 * @param {((row: Float64Array) => void) | null} [alter] changes the row before
 * @returns {Float64Array}
 */
export function restep(code, run, h, t, gx, gy, alter = null, clock = t) {
  const { rows, stride, layout } = run;
  const scratch = new Float64Array(2 * stride);
  scratch.set(rows.subarray((t - 1) * stride, (t + 1) * stride));
  scratch[stride + layout.g[0]] = gx;
  scratch[stride + layout.g[0] + 1] = gy;
  if (alter) alter(scratch);
  // Without a gradient there is none at other points either.
  if (!gx && !gy) for (const name in layout) if (name.startsWith("@answer_gradient")) scratch.fill(0, stride + layout[name][0], stride + layout[name][0] + 2);
  code.step(scratch, 0, stride, clock, h);
  return scratch.slice(stride);
}

/** The lowest point of a quadratic. @param {import("./integrator.js").SurfaceCode} surface @param {ArrayLike<number>} p */
export function lowest(surface, p) {
  const o = new Float64Array(5);
  surface.gradient(0, 0, p, o, 0);
  surface.hessian(0, 0, p, o, 2);
  const [gx, gy, a, b, d] = o;
  const det = a * d - b * b;
  return [(b * gy - d * gx) / det + 0, (b * gx - a * gy) / det + 0];
}
