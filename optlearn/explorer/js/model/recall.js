// What a rule remembers, found from its own code: how much of the old stays in a step, and what the new gradient brings.

import { restep, valueAt } from "./integrator.js";

/**
 * A memory with a number for each coordinate.
 * @typedef {{name: string, old: number[], kept: number[], now: number[], keep: number | null, power: number, blend: boolean,
 *   factor: number, scaled: string | null,
 *   filled: number | null}} Memory `keep`: the part of the old that stays, null if it is not a part;
 *   `power`: of the gradient in what comes in, 0 if it is no power; `blend`: the parts of old and new sum to one;
 *   `factor`: what the rule multiplies it by before it is used, and the name of the product; `filled`: the part of its weights
 *   that gradients have, if it is a blend that began at zero and is divided by that part; else null
 */

/** @param {number} a @param {number} b @param {number} size */
const near = (a, b, size) => Math.abs(a - b) <= 1e-9 * size;

/** How often b is a, if it is a multiple. @param {number[]} a @param {number[]} b @returns {number | null} */
export function multiple(a, b) {
  const size = a[0] * a[0] + a[1] * a[1];
  const k = (a[0] * b[0] + a[1] * b[1]) / size;
  return Number.isFinite(k) && near(b[0], k * a[0], Math.hypot(b[0], b[1])) && near(b[1], k * a[1], Math.hypot(b[0], b[1])) ? k : null;
}

/**
 * @param {any} rule @param {import("./integrator.js").RuleCode} code @param {import("./integrator.js").Run} run
 * @param {ArrayLike<number>} h @param {number} t
 * @returns {{average: Memory | null, gauge: (Memory & {root: boolean}) | null}} `average`: what the step goes along;
 *   `gauge`: what the rates are divided by, of which there may be the root
 */
export function recall(rule, code, run, h, t) {
  const { layout } = run;
  const g = valueAt(run, "g", t);
  const seen = layout["@seen"] ? valueAt(run, "@seen", t) : g;
  const rate = valueAt(run, "@rate", t);
  const direction = valueAt(run, rule.direction, t);
  /** Two numbers of a row. @param {Float64Array} row @param {string} name */
  const pair = (row, name) => Array.from(row.subarray(layout[name][0], layout[name][0] + 2));
  const uneven = restep(code, run, h, t, 2 * g[0] + 1, 3 * g[1] - 1);
  const found = rule.slots.filter((/** @type {string} */ name) => layout[name]?.[1] === 2).map((/** @type {string} */ name) => {
    const [old, now] = [valueAt(run, name, t - 1), valueAt(run, name, t)];
    const unit = old.map((x, d) => Math.max(Math.abs(x), Math.abs(now[d])) || 1);
    /** The step from k times the unit. @param {number} k */
    const begun = (k) => restep(code, run, h, t, g[0], g[1], (row) => row.set(unit.map((x) => k * x), layout[name][0]));
    const rows = [0, 1, 2].map(begun);
    const made = rows.map((row) => pair(row, name));
    const parts = unit.map((x, d) => (made[1][d] - made[0][d]) / x);
    const linear = parts.every((part, d) => near(made[2][d] - made[1][d], part * unit[d], unit[d]) && near(part, parts[0], 1));
    const keep = linear && parts[0] > -1e-9 && parts[0] < 1 + 1e-9 ? parts[0] : null;
    const kept = keep === null ? old : old.map((x) => keep * x);
    const fresh = now.map((x, d) => x - kept[d]);
    const twice = pair(restep(code, run, h, t, 2 * g[0], 2 * g[1]), name).map((x, d) => x - kept[d]);
    const power = keep === null ? 0 : [1, 2].find((p) => fresh.every((x, d) => near(twice[d], 2 ** p * x, unit[d]))) || 0;
    const blend = power > 0 && keep !== null && keep < 1 && fresh.every((x, d) => near(x, (1 - keep) * seen[d] ** power, unit[d]));
    // A multiple of it whatever the gradient, not of this one by chance.
    const times = (/** @type {string} */ other) => multiple(now, valueAt(run, other, t));
    const scaled = rule.internals.find((/** @type {string} */ other) => {
      const k = !rule.slots.includes(other) && layout[other]?.[1] === 2 ? times(other) : null;
      const also = k === null ? null : multiple(pair(uneven, name), pair(uneven, other));
      return k !== null && also !== null && near(k, also, Math.abs(k));
    }) || null;
    const factor = scaled ? times(scaled) || 1 : 1;
    const filled = blend && scaled && factor > 1 && valueAt(run, name, 0).every((x) => x === 0) ? 1 / factor : null;
    const divides = now.every((x) => x >= 0) && pair(rows[2], "@rate").every((x, d) => x < rate[d]);
    return { name, old, kept, now, keep, power, blend, divides, scaled, factor, filled };
  });
  const average = found.find((/** @type {any} */ one) => {
    const k = one.power === 1 && rule.direction !== "g" ? multiple(one.now, direction) : null;
    if (k !== null) one.factor = k;
    return k !== null;
  }) || null;
  // Of what the rates are divided by: it, or its root.
  const gauges = found.filter((/** @type {any} */ one) => one.divides);
  const fits = (/** @type {Memory} */ one, /** @type {number} */ p) => Math.abs((rate[0] * one.now[0] ** p) / (rate[1] * one.now[1] ** p) - 1) < 0.02;
  const gauge = gauges.find((/** @type {any} */ one) => fits(one, 0.5) || fits(one, 1)) || gauges[0] || null;
  return { average, gauge: gauge && { ...gauge, root: gauge.power === 2 || fits(gauge, 0.5) } };
}
