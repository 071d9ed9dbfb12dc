// The inside of one step, for any rule: points, arrows and the ellipse, all taken from the recorded rows.

import { restep, valueAt } from "./integrator.js";
import { show, showPair } from "./numbers.js";

/**
 * @typedef {{name: string, from: number[], to: number[]}} Arrow
 * @typedef {{id: string, title: string, text: string, lines: string[]}} Stage
 * @typedef {{t: number, from: number[], to: number[], probe: number[] | null, g: number[], memory: number[],
 *   push: number[], ghost: number[] | null, direction: number[] | null, rate: number[] | null, scale: number,
 *   ellipse: {center: number[], radii: number[]} | null, arrows: Object<string, Arrow>, stages: Stage[],
 *   hasMemory: boolean}} Anatomy
 */

/** Does the rule take its gradient somewhere else than at w? @param {any} rule */
export function looksAhead(rule) {
  return rule.lines.some((/** @type {any} */ line) => line.name === "@probe");
}

/** Does the rule treat the coordinates differently? @param {any} rule */
export function adapts(rule) {
  return Boolean(rule.layout["@rate"]) && rule.layout["@rate"][1] === 2;
}

/**
 * @param {any} rule the rule's payload
 * @param {import("./integrator.js").RuleCode} code
 * @param {import("./integrator.js").Run} run
 * @param {ArrayLike<number>} h the hyperparameters of this step
 * @param {import("./integrator.js").SurfaceCode} surface
 * @param {ArrayLike<number>} p
 * @param {number} t
 * @returns {Anatomy | null}
 */
export function anatomy(rule, code, run, h, surface, p, t) {
  if (t < 1 || t > run.last) return null;
  const from = valueAt(run, "w", t - 1);
  const to = valueAt(run, "w", t);
  const g = valueAt(run, "g", t);
  const probe = looksAhead(rule) ? valueAt(run, "@probe", t) : null;

  const still = restep(code, run, h, t, 0, 0);
  const rest = [still[run.layout.w[0]], still[run.layout.w[0] + 1]];
  const finite = Number.isFinite(rest[0] + rest[1]);
  const memory = finite ? minus(rest, from) : [0, 0];
  const push = finite ? minus(to, rest) : minus(to, from);
  const hasMemory = rule.slots.length > 0 && length(memory) > 0;

  /** @type {number[] | null} */
  let ghost = null;
  if (probe) {
    const here = new Float64Array(4);
    surface.gradient(from[0], from[1], p, here, 0);
    surface.gradient(probe[0], probe[1], p, here, 2);
    const plain = restep(code, run, h, t, here[0] + (g[0] - here[2]), here[1] + (g[1] - here[3]));
    ghost = [plain[run.layout.w[0]], plain[run.layout.w[0] + 1]];
  }

  // Where the gradient changes nothing, as when signs agree, its arrow is as long as the step.
  const scale = length(g) > 0 ? (length(push) || length(minus(to, from))) / length(g) : 0;
  const origin = probe || from;
  /** @type {Object<string, Arrow>} */
  const arrows = {
    gradient: { name: "gradient", from: origin, to: [origin[0] - scale * g[0], origin[1] - scale * g[1]] },
    memory: { name: "memory", from, to: plus(from, memory) },
    push: { name: "push", from, to: plus(from, push) },
    step: { name: "step", from, to },
  };
  if (probe) arrows.look = { name: "look", from, to: probe };
  if (ghost) arrows.ghost = { name: "ghost", from, to: ghost };

  /** @type {number[] | null} */
  let rate = null;
  /** @type {number[] | null} */
  let direction = null;
  /** @type {{center: number[], radii: number[]} | null} */
  let ellipse = null;
  if (adapts(rule)) {
    const own = valueAt(run, "@rate", t);
    const d = rule.direction === "g" ? g : valueAt(run, rule.direction, t);
    const size = length(d);
    if (Number.isFinite(own[0] + own[1] + size)) {
      ellipse = { center: from, radii: [Math.abs(own[0]) * size, Math.abs(own[1]) * size] };
      const even = Math.sqrt(Math.abs(own[0] * own[1]));
      arrows.plain = { name: "plain", from, to: [from[0] - even * d[0], from[1] - even * d[1]] };
      arrows.scaled = { name: "scaled", from, to: [from[0] - own[0] * d[0], from[1] - own[1] * d[1]] };
    }
    rate = own;
    direction = d;
  }
  const found = { t, from, to, probe, g, memory, push, ghost, direction, rate, scale, ellipse, arrows, hasMemory };
  return { ...found, stages: stagesOf(rule, found) };
}

/**
 * The captions of a step: what happens, in the order in which it happens, with the numbers of this step.
 * @param {any} rule
 * @param {Omit<Anatomy, "stages">} it
 * @returns {Stage[]}
 */
function stagesOf(rule, it) {
  const stages = [];
  const names = rule.lines.map((/** @type {any} */ line) => line.name);
  const moment = names.filter((/** @type {string} */ n) => n !== "w" && n !== "g" && n !== "@probe");
  if (it.probe) {
    stages.push({
      id: "lookahead", title: "Look ahead", lines: ["@probe"],
      text: `The gradient is taken at ${showPair(it.probe)}, where the memory alone would lead. ` +
        (it.ghost ? `Taken at the point itself, the step would end at ${showPair(it.ghost)} (ghost).` : ""),
    });
  }
  stages.push({
    id: "gradient", title: "Gradient", lines: ["g"],
    text: `The gradient ${it.probe ? "there" : "here"} is ${showPair(it.g)}` +
      (it.scale > 0 ? `. The arrow points against it, downhill, drawn at ${show(it.scale)} times its length.` : ": no arrow."),
  });
  if (rule.slots.length) {
    stages.push({
      id: "memory", title: "Memory", lines: moment,
      text: it.hasMemory
        ? `Without a new gradient the step would be ${showPair(it.memory)}. ` +
          `The gradient adds ${showPair(it.push)}: the two sides of the parallelogram.`
        : "The memory adds nothing to this step: all of it comes from the gradient.",
    });
  }
  if (it.rate && it.direction) {
    stages.push({
      id: "preconditioner", title: "Scaling", lines: moment,
      text: `Each coordinate has its own rate: ${show(it.rate[0])} along x, ${show(it.rate[1])} along y. ` +
        "The circle of equal rates becomes the ellipse.",
    });
  }
  stages.push({
    id: "step", title: "Step", lines: ["w"],
    text: `From ${showPair(it.from)} by ${showPair(minus(it.to, it.from))} to ${showPair(it.to)}.`,
  });
  return stages;
}

/** Which arrows each stage shows. @type {Object<string, string[]>} */
export const SHOWN = {
  lookahead: ["look", "gradient", "step", "ghost"],
  gradient: ["gradient"],
  memory: ["memory", "push", "step"],
  preconditioner: ["plain", "scaled"],
  step: ["memory", "step"],
};

/** The part of the plane that a view of a stage must contain. @param {Anatomy} it @param {string} stage */
export function extent(it, stage) {
  const points = stage === "gradient" ? [it.from] : [it.from, it.to];
  for (const name of SHOWN[stage]) if (it.arrows[name]) points.push(it.arrows[name].from, it.arrows[name].to);
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y] of points) {
    if (!Number.isFinite(x + y)) continue;
    x0 = Math.min(x0, x);
    x1 = Math.max(x1, x);
    y0 = Math.min(y0, y);
    y1 = Math.max(y1, y);
  }
  if (it.ellipse && stage === "preconditioner") {
    const most = 1.5 * Math.max(x1 - x0, y1 - y0);
    const [rx, ry] = it.ellipse.radii.map((r) => Math.min(r, most));
    x0 = Math.min(x0, it.from[0] - rx);
    x1 = Math.max(x1, it.from[0] + rx);
    y0 = Math.min(y0, it.from[1] - ry);
    y1 = Math.max(y1, it.from[1] + ry);
  }
  return [x0, x1, y0, y1];
}

/** @param {number[]} a @param {number[]} b */
function minus(a, b) {
  return [a[0] - b[0], a[1] - b[1]];
}

/** @param {number[]} a @param {number[]} b */
function plus(a, b) {
  return [a[0] + b[0], a[1] + b[1]];
}

/** @param {number[]} a */
function length(a) {
  return Math.hypot(a[0], a[1]);
}

