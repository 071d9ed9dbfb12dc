// A rule on gradients that are given, without a surface: what its memory makes of each of them.

/** Ages of gradients that are weighed one by one at most. */
export const MOST_AGES = 300;

/** May a rule run on given gradients: it asks for nothing else, and draws nothing. @param {any} rule @param {any} code */
export const replays = (rule, code) => !code.ask && !rule.draws.length;

/**
 * The rows of a rule on given gradients.
 * @param {any} rule @param {any} code @param {(t: number) => ArrayLike<number>} hAt hyperparameters of a step
 * @param {ArrayLike<number>} start @param {(t: number) => ArrayLike<number>} gradientAt @param {number} steps
 * @param {Float64Array | null} [before] rows to go on from @param {number} [done] how many steps of these hold
 */
export function replay(rule, code, hAt, start, gradientAt, steps, before = null, done = 0) {
  const { layout, stride } = rule;
  const rows = new Float64Array((steps + 1) * stride);
  if (before) rows.set(before.subarray(0, (done + 1) * stride));
  else {
    rows.set(start, layout.w[0]);
    code.start(rows, 0, hAt(1));
  }
  for (let t = done + 1; t <= steps; t++) {
    const [a, b] = [(t - 1) * stride, t * stride];
    const h = hAt(t);
    code.probe(rows, a, b, t, h);
    rows.set(gradientAt(t), b + layout.g[0]);
    code.step(rows, a, b, t, h);
  }
  return rows;
}

/**
 * How much each gradient counts in a quantity after step t, if that is a weighted sum of the gradients.
 * @param {any} rule @param {any} code @param {(t: number) => ArrayLike<number>} hAt @param {any} run @param {number} t
 * @param {string} name a slot, or "step"
 * @returns {{weights: number[][], rest: number[], whole: boolean} | null} `weights`: of the newest gradient first, in x and y;
 *   `rest`: what the quantity is without any gradient; `whole`: whether these are all
 */
export function weightsOf(rule, code, hAt, run, t, name) {
  const { layout, stride } = rule;
  const start = run.rows.subarray(layout.w[0], layout.w[0] + 2);
  /** @param {Float64Array} rows */
  const read = (rows) => {
    const at = (row, of) => [rows[row * stride + layout[of][0]], rows[row * stride + layout[of][0] + 1]];
    if (name !== "step") return at(t, name);
    const [now, then] = [at(t, "w"), at(t - 1, "w")];
    return [now[0] - then[0], now[1] - then[1]];
  };
  const none = [0, 0];
  const given = (s) => run.rows.subarray(s * stride + layout.g[0], s * stride + layout.g[0] + 2);
  const silent = replay(rule, code, hAt, start, () => none, t);
  const rest = read(silent);
  // Is it a sum? Doubled gradients double it, and the odd and the even ones add up to all.
  const made = (at) => read(replay(rule, code, hAt, start, at, t)).map((x, d) => x - rest[d]);
  const all = made(given);
  const double = made((s) => Array.from(given(s), (x) => 2 * x));
  const [odd, even] = [1, 0].map((half) => made((s) => (s % 2 === half ? given(s) : none)));
  const size = Math.max(...[...all, ...odd, ...even].map(Math.abs), 1e-300);
  if (![0, 1].every((d) => Math.abs(double[d] - 2 * all[d]) < 1e-8 * size && Math.abs(odd[d] + even[d] - all[d]) < 1e-8 * size)) return null;
  const ages = Math.min(t, MOST_AGES);
  const weights = Array.from({ length: ages }, (_, age) => {
    const s = t - age;
    const rows = replay(rule, code, hAt, start, (k) => (k === s ? [1, 1] : none), t, silent, s - 1);
    return read(rows).map((x, d) => x - rest[d]);
  });
  return { weights, rest, whole: ages === t };
}
