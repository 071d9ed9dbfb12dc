// Sums, differences and lengths of pairs.

/** @param {number[]} a @param {number[]} b */
export function minus(a, b) {
  return [a[0] - b[0], a[1] - b[1]];
}

/** @param {number[]} a @param {number[]} b */
export function plus(a, b) {
  return [a[0] + b[0], a[1] + b[1]];
}

/** @param {number[]} a */
export function length(a) {
  return Math.hypot(a[0], a[1]);
}

