// Runs of a rule on a matrix, and the singular values of what they hold.

/**
 * Singular values, largest first, by turning pairs of columns until all stand at right angles (one-sided Jacobi).
 * @param {ArrayLike<number>} A row by row @param {number} rows @param {number} cols
 */
export function singularValues(A, rows, cols) {
  const columns = Array.from({ length: cols }, (_, j) => Array.from({ length: rows }, (_, i) => A[i * cols + j]));
  const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  for (let sweep = 0; sweep < 30; sweep++) {
    let turned = false;
    for (let p = 0; p < cols; p++) {
      for (let q = p + 1; q < cols; q++) {
        const [a, b] = [columns[p], columns[q]];
        const [aa, bb, ab] = [dot(a, a), dot(b, b), dot(a, b)];
        if (!(Math.abs(ab) > 1e-14 * Math.sqrt(aa * bb))) continue;
        turned = true;
        const z = (bb - aa) / (2 * ab);
        const t = (z < 0 ? -1 : 1) / (Math.abs(z) + Math.sqrt(1 + z * z));
        const c = 1 / Math.sqrt(1 + t * t);
        columns[p] = a.map((x, i) => c * (x - t * b[i]));
        columns[q] = a.map((x, i) => c * (t * x + b[i]));
      }
    }
    if (!turned) break;
  }
  return columns.map((a) => Math.sqrt(dot(a, a))).sort((a, b) => b - a);
}

/**
 * The associative memory: a matrix that is to turn n keys into n values, pair i with the weight p_i.
 * @param {{keys: number[][], targets: number[][]}} given @param {number} exponent
 */
export function createMemory({ keys, targets }, exponent) {
  const n = keys.length;
  const weights = keys.map((_, i) => (i + 1) ** -exponent);
  const total = weights.reduce((sum, x) => sum + x, 0);
  const p = weights.map((x) => x / total);
  /** Answer minus value, of each pair. @param {ArrayLike<number>} R @param {number} at */
  const off = (R, at) => keys.map((k, i) => targets[i].map((v, r) => k.reduce((sum, x, c) => sum + x * R[at + r * n + c], -v)));
  return {
    n,
    p,
    /** How far each answer is from its value. @param {ArrayLike<number>} R @param {number} at */
    errors: (R, at) => off(R, at).map((e) => Math.hypot(...e)),
    /** @param {ArrayLike<number>} R @param {number} at @param {Float64Array} out @param {number} to */
    gradient(R, at, out, to) {
      const e = off(R, at);
      for (let r = 0; r < n; r++) {
        for (let c = 0; c < n; c++) {
          let sum = 0;
          for (let i = 0; i < n; i++) sum += p[i] * e[i][r] * keys[i][c];
          out[to + r * n + c] = sum;
        }
      }
    },
  };
}

/**
 * A run of a rule on the memory, from the matrix of zeros.
 * @param {any} code @param {any} rule @param {number[]} h @param {ReturnType<typeof createMemory>} memory @param {number} steps
 */
export function runOnMemory(code, rule, h, memory, steps) {
  const { layout, stride } = rule;
  const rows = new Float64Array((steps + 1) * stride);
  const size = memory.n * memory.n;
  code.start(rows, 0, h);
  const errors = [memory.errors(rows, layout.w[0])];
  let last = 0;
  for (let t = 1; t <= steps; t++) {
    const [a, b] = [(t - 1) * stride, t * stride];
    code.probe(rows, a, b, t, h);
    memory.gradient(rows, b + layout["@probe"][0], rows, b + layout.g[0]);
    code.step(rows, a, b, t, h);
    const now = memory.errors(rows, b + layout.w[0]);
    if (!now.every((x) => x < 1e6)) break;
    errors.push(now);
    last = t;
  }
  return { rows, stride, layout, last, errors, size };
}
