// Quadratics: eigenmodes, and the linear map that one step of a rule is in a mode, read off the rule's own code.
// Function declarations without outer state, so that a worker can be made of the same text.

import { lowest } from "./integrator.js";

/**
 * Curvatures of a quadratic and the directions they belong to, the smaller first.
 * @param {import("./integrator.js").SurfaceCode} surface @param {ArrayLike<number>} p
 * @returns {{value: number, vector: number[]}[]}
 */
export function eigenmodes(surface, p) {
  const o = new Float64Array(3);
  surface.hessian(0, 0, p, o, 0);
  const [a, b, d] = o;
  const mean = (a + d) / 2;
  const most = mean + Math.hypot((a - d) / 2, b);
  const turn = Math.atan2(2 * b, a - d) / 2;
  const [c, s] = [Math.cos(turn), Math.sin(turn)];
  return [{ value: (a * d - b * b) / most, vector: [-s, c] }, { value: most, vector: [c, s] }];
}

/**
 * The matrix of one step in one mode: parameters and slots along the mode's direction, as differences from rest, and with
 * a delay the parameters of as many steps before.
 * @param {import("./integrator.js").RuleCode} code @param {{layout: any, stride: number, slots: string[]}} shape @param {ArrayLike<number>} h
 * @param {import("./integrator.js").SurfaceCode} surface @param {ArrayLike<number>} p
 * @param {number[]} center where the gradient vanishes @param {number[]} vector
 * @param {number} delay @param {boolean} [trusted] whether it is known that the step is linear
 * @returns {number[][] | null} null where the step is not linear, or changes with time
 */
export function modeMatrix(code, shape, h, surface, p, center, vector, delay, trusted = false) {
  const { layout, stride } = shape;
  const places = ["w", ...shape.slots].map((name) => layout[name]);
  if (places.some(([, size]) => size !== 2)) return null;
  const rest = new Float64Array(2 * stride);
  rest[layout.w[0]] = center[0];
  rest[layout.w[0] + 1] = center[1];
  code.start(rest, 0, h);
  const rows = new Float64Array(2 * stride);
  let aside = 0;
  /** Amounts along the direction after a step that began with these. @param {number[]} amounts */
  const step = (amounts, t = 1000) => {
    rows.set(rest);
    places.forEach(([o], k) => {
      rows[o] += amounts[k] * vector[0];
      rows[o + 1] += amounts[k] * vector[1];
    });
    code.probe(rows, 0, stride, t, h);
    if (delay) for (const k of [0, 1]) rows[stride + layout["@probe"][0] + k] = center[k] + amounts[amounts.length - 1] * vector[k];
    surface.gradient(rows[stride + layout["@probe"][0]], rows[stride + layout["@probe"][0] + 1], p, rows, stride + layout.g[0]);
    if (code.ask) code.ask(rows, 0, stride, t, h, surface, p, 0, 0);
    code.step(rows, 0, stride, t, h);
    const moved = places.map(([o]) => {
      const [x, y] = [rows[stride + o] - rest[o], rows[stride + o + 1] - rest[o + 1]];
      aside = Math.max(aside, Math.abs(y * vector[0] - x * vector[1]));
      return x * vector[0] + y * vector[1];
    });
    return delay ? [...moved, amounts[0], ...amounts.slice(places.length, -1)] : moved;
  };
  const all = Array.from({ length: places.length + delay }, (_, k) => k);
  const zero = step(all.map(() => 0));
  const columns = all.map((k) => step(all.map((j) => +(j === k))).map((x, i) => x - zero[i]));
  const matrix = all.map((i) => columns.map((column) => column[i]));
  if (trusted) return matrix;
  const size = 1 + Math.max(...matrix.flat().map(Math.abs));
  if (!(aside < 1e-9 * size)) return null;
  for (const [scale, t] of [[1, 1777], [1000, 1000]]) {
    const amounts = all.map((k) => scale * [0.7, -1.3, 0.4, 1.1, -0.6][k % 5]);
    const got = step(amounts, t);
    const off = got.map((x, i) => Math.abs(x - zero[i] - matrix[i].reduce((sum, m, k) => sum + m * amounts[k], 0)));
    if (!(Math.max(...off) < 1e-9 * scale * size)) return null;
  }
  return matrix;
}

/**
 * What noise of size one in the gradient, along a mode's direction, adds to the amounts of `modeMatrix` in a step.
 * @param {import("./integrator.js").RuleCode} code @param {{layout: any, stride: number, slots: string[]}} shape @param {ArrayLike<number>} h
 * @param {number[]} center @param {number[]} vector @param {number} delay @param {number} t
 */
export function modeNoise(code, shape, h, center, vector, delay, t) {
  const { layout, stride } = shape;
  const made = [0, 1].map((size) => {
    const rows = new Float64Array(2 * stride);
    rows.set(center, layout.w[0]);
    code.start(rows, 0, h);
    code.probe(rows, 0, stride, t, h);
    rows.set([size * vector[0], size * vector[1]], stride + layout.g[0]);
    code.step(rows, 0, stride, t, h);
    return ["w", ...shape.slots].map((name) => rows[stride + layout[name][0]] * vector[0] + rows[stride + layout[name][0] + 1] * vector[1]);
  });
  return [...made[1].map((x, k) => x - made[0][k]), ...Array(delay).fill(0)];
}

/** The roots of a matrix's characteristic polynomial, the largest first. @param {number[][]} m @returns {number[][]} real and imaginary parts */
export function rootsOf(m) {
  const n = m.length;
  if (n === 1) return [[m[0][0], 0]];
  if (n === 2) {
    const half = (m[0][0] + m[1][1]) / 2;
    const det = m[0][0] * m[1][1] - m[0][1] * m[1][0];
    const inside = half * half - det;
    const root = Math.sqrt(Math.abs(inside));
    if (inside < 0) return [[half, root], [half, -root]];
    const big = half + (half < 0 ? -root : root);
    return [[big, 0], [big ? det / big : 0, 0]];
  }
  // Coefficients by Faddeev and LeVerrier, roots by Durand and Kerner.
  const c = [1];
  let b = m.map((row) => row.map(() => 0));
  for (let k = 1; k <= n; k++) {
    b = m.map((row, i) => row.map((_, j) => m[i].reduce((sum, x, l) => sum + x * (b[l][j] + (l === j ? c[k - 1] : 0)), 0)));
    c.push(-b.reduce((sum, row, i) => sum + row[i], 0) / k);
  }
  const times = (x, y) => [x[0] * y[0] - x[1] * y[1], x[0] * y[1] + x[1] * y[0]];
  let roots = m.map((_, k) => [Math.cos(2.1 * k + 0.4), Math.sin(2.1 * k + 0.4)]);
  let change = 1;
  for (let round = 0; round < 200 && change > 1e-14; round++) {
    change = 0;
    roots = roots.map((z, i) => {
      const value = c.reduce((sum, a) => {
        const next = times(sum, z);
        return [next[0] + a, next[1]];
      }, [0, 0]);
      const below = roots.reduce((sum, y, j) => (j === i ? sum : times(sum, [z[0] - y[0], z[1] - y[1]])), [1, 0]);
      const size = below[0] ** 2 + below[1] ** 2 || 1e-300;
      const [dx, dy] = times(value, [below[0], -below[1]]);
      change = Math.max(change, Math.abs(dx / size), Math.abs(dy / size));
      return [z[0] - dx / size, z[1] - dy / size];
    });
  }
  return roots.sort((x, y) => Math.hypot(y[0], y[1]) - Math.hypot(x[0], x[1]));
}

/**
 * The spectral radius of a step on a quadratic, the larger over the modes; NaN where the step is not linear.
 * @param {import("./integrator.js").RuleCode} code @param {any} shape @param {ArrayLike<number>} h
 * @param {import("./integrator.js").SurfaceCode} surface @param {ArrayLike<number>} p @param {number} delay @param {boolean} [trusted]
 */
export function spectralRadius(code, shape, h, surface, p, delay, trusted = false) {
  const center = lowest(surface, p);
  let most = 0;
  for (const { vector } of eigenmodes(surface, p)) {
    const matrix = modeMatrix(code, shape, h, surface, p, center, vector, delay, trusted);
    if (!matrix) return NaN;
    const [re, im] = rootsOf(matrix)[0];
    most = Math.max(most, Math.hypot(re, im));
  }
  return most;
}
