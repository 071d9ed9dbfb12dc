// Numbers for people: how they are written, how sliders run over them, where ticks stand.

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** An integer exponent as superscript digits. @param {number} n */
export function superscript(n) {
  return (n < 0 ? "⁻" : "") + [...String(Math.abs(n))].map((d) => SUPERSCRIPTS[+d]).join("");
}

/**
 * A number in print: significant digits, a true minus sign, powers of ten as such.
 * @param {number} x
 * @param {number} [digits]
 */
export function show(x, digits = 3) {
  if (Number.isNaN(x)) return "undefined";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const a = Math.abs(x);
  let text;
  if (a >= 1e5 || a < 1e-3) {
    const [mantissa, exponent] = a.toExponential(digits - 1).split("e");
    const lead = trimZeros(mantissa);
    text = (lead === "1" ? "" : lead + "·") + "10" + superscript(+exponent);
  } else {
    text = trimZeros(a.toPrecision(digits).includes("e") ? String(Math.round(a)) : a.toPrecision(digits));
  }
  return (x < 0 ? "−" : "") + text;
}

/** @param {string} text */
function trimZeros(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** A number that an input field holds: shortest text that reads back as the same number. @param {number} x */
export function plain(x) {
  return String(x);
}

/** A pair in print. @param {ArrayLike<number>} v @param {number} [digits] */
export function showPair(v, digits = 3) {
  return "(" + show(v[0], digits) + ", " + show(v[1], digits) + ")";
}

/** Reads what a person typed: accepts a true minus sign, a decimal comma, 1e-3. @param {string} text */
export function parse(text) {
  const clean = text.trim().replace(/[−–]/g, "-").replace(",", ".");
  return clean === "" ? NaN : Number(clean);
}

/**
 * The scale of a slider over [low, high]: logarithmic, linear, or (for decay factors such as 0.9, 0.99, 0.999)
 * logarithmic in the distance from 1.
 * @param {{low: number, high: number, log: boolean, at_least?: number, below?: number}} range
 * @returns {{toUnit: (x: number) => number, fromUnit: (u: number) => number, raw: (u: number) => number, marks: number[]}}
 *   `fromUnit` gives rounded numbers, `raw` exact ones; `marks`: round values to write along an axis
 */
export function scaleOf(range) {
  const { low, high } = range;
  if (range.log && high > 0) {
    const bottom = low > 0 ? low : high * 1e-8;
    const span = Math.log(high / bottom);
    const raw = (u) => bottom * Math.exp(u * span);
    const marks = [];
    for (let k = Math.ceil(Math.log10(bottom) - 1e-9); k <= Math.log10(high) + 1e-9; k++) marks.push(+`1e${k}`);
    return {
      raw,
      marks,
      toUnit: (x) => (x <= bottom ? 0 : Math.min(1, Math.log(x / bottom) / span)),
      fromUnit: (u) => (u <= 0 ? (range.at_least === 0 ? 0 : bottom) : tidy(raw(u), 3)),
    };
  }
  if (range.at_least === 0 && range.below === 1) {
    const nines = 4;
    return {
      raw: (u) => 1 - 10 ** (-nines * u),
      marks: [0, 0.5, 0.9, 0.99, 0.999, 0.9999],
      toUnit: (x) => (x >= 1 ? 1 : Math.min(1, -Math.log10(1 - x) / nines)),
      fromUnit: (u) => tidy(1 - tidy(10 ** (-nines * u), 2), 6),
    };
  }
  const raw = (u) => low + u * (high - low);
  return {
    raw,
    marks: ticks(low, high, 5),
    toUnit: (x) => Math.min(1, Math.max(0, (x - low) / (high - low))),
    fromUnit: (u) => tidy(raw(u), 3, high - low),
  };
}

/** Rounds to significant digits (of `of`, if given), so that sliders give numbers one can say. @param {number} x @param {number} digits @param {number} [of] */
export function tidy(x, digits, of = x) {
  if (x === 0 || !Number.isFinite(x)) return x;
  const places = digits - 1 - Math.floor(Math.log10(Math.abs(of)));
  return places >= 0 && places < 100 ? +x.toFixed(Math.min(places, 20)) : +x.toPrecision(digits);
}

/** Round tick values in [lo, hi], about `count` of them. @param {number} lo @param {number} hi @param {number} count */
export function ticks(lo, hi, count) {
  const raw = (hi - lo) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw) ?? raw;
  const out = [];
  for (let k = Math.ceil(lo / step - 1e-9); k * step <= hi + 1e-9 * step; k++) out.push(tidy(k * step, 12) || 0);
  return out;
}

/**
 * Is a typed value allowed? Returns what is wrong with it, or "".
 * @param {number} x
 * @param {{name: string, range?: string, above?: number, at_least?: number, below?: number, at_most?: number, integer?: boolean}} d
 */
export function complaint(x, d) {
  const bad = !Number.isFinite(x) || (d.above !== undefined && !(x > d.above)) ||
    (d.at_least !== undefined && !(x >= d.at_least)) || (d.below !== undefined && !(x < d.below)) ||
    (d.at_most !== undefined && !(x <= d.at_most)) || (d.integer && x !== Math.round(x));
  return bad ? `${d.name} must be ${d.range || "a finite number"}` : "";
}
