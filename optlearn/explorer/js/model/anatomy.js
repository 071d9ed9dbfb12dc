// The inside of one step, for any rule: points, arrows and the ellipse, all taken from the recorded rows.

import { restep, valueAt } from "./integrator.js";
import { show, showPair } from "./numbers.js";

/**
 * @typedef {{name: string, from: number[], to: number[]}} Arrow
 * @typedef {{id: string, title: string, text: string, short: string, lines: string[]}} Stage
 * @typedef {{t: number, from: number[], to: number[], probe: number[] | null, delay: number, g: number[], memory: number[],
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
 * @param {number} [delay] gradients are those of so many steps before
 * @returns {Anatomy | null}
 */
export function anatomy(rule, code, run, h, surface, p, t, delay = 0) {
  if (t < 1 || t > run.last) return null;
  const from = valueAt(run, "w", t - 1);
  const to = valueAt(run, "w", t);
  const g = valueAt(run, "g", t);
  const probe = delay || looksAhead(rule) ? valueAt(run, "@probe", t) : null;

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

  const own = adapts(rule) ? valueAt(run, "@rate", t) : null;
  const even = own ? Math.sqrt(Math.abs(own[0] * own[1])) : 0;
  // Where each coordinate has its own rate, the arrow is what equal rates would make of the gradient. Where the
  // gradient changes nothing, as when signs agree, it is as long as the step.
  const scale = even > 0 && Number.isFinite(even) ? even : length(g) > 0 ? (length(push) || length(minus(to, from))) / length(g) : 0;
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
  let direction = null;
  /** @type {{center: number[], radii: number[]} | null} */
  let ellipse = null;
  if (own) {
    const d = rule.direction === "g" ? g : valueAt(run, rule.direction, t);
    const size = length(d);
    if (Number.isFinite(own[0] + own[1] + size)) {
      ellipse = { center: from, radii: [Math.abs(own[0]) * size, Math.abs(own[1]) * size] };
      arrows.plain = { name: "plain", from, to: [from[0] - even * d[0], from[1] - even * d[1]] };
      arrows.scaled = { name: "scaled", from, to: [from[0] - own[0] * d[0], from[1] - own[1] * d[1]] };
    }
    direction = d;
  }
  const found = { t, from, to, probe, delay, g, memory, push, ghost, direction, rate: own, scale, ellipse, arrows, hasMemory };
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
      id: "lookahead",
      ...(it.delay ? {
        title: "Old point", lines: [], short: "The gradient that arrives was asked for back there",
        text: `The gradient was asked for at ${showPair(it.probe)}, ${it.delay} step${it.delay > 1 ? "s" : ""} before. ` +
          (it.ghost ? `A fresh one would lead to ${showPair(it.ghost)} (ghost).` : ""),
      } : {
        title: "Look ahead", lines: ["@probe"], short: "Look ahead: where would the memory alone lead?",
        text: `The gradient is taken at ${showPair(it.probe)}, where the memory alone would lead. ` +
        (it.ghost ? `Taken at the point itself, the step would end at ${showPair(it.ghost)} (ghost).` : ""),
      }),
    });
  }
  stages.push({
    id: "gradient", title: "Gradient", lines: ["g"],
    short: it.delay ? "It is the gradient there, not here" : it.probe ? "Take the gradient there, not here" : "The gradient, here: downhill is against it",
    text: `The gradient ${it.probe ? "there" : "here"} is ${showPair(it.g)}` +
      (it.scale > 0 ? `. The arrow points against it, downhill, drawn at ${show(it.scale)} times its length.` : ": no arrow."),
  });
  if (rule.slots.length) {
    stages.push({
      id: "memory", title: "Memory", lines: moment,
      short: it.rate ? (rule.direction === "g" ? "Remember how large it has been, along x and along y" : "Blend it into the averages of earlier gradients")
        : !it.hasMemory ? "No memory yet: all of the step is the gradient"
          : it.probe ? "Memory and gradient together are the step" : "Add the memory of earlier steps, tip to tail",
      text: it.hasMemory
        ? `Without a new gradient the step would be ${showPair(it.memory)}. ` +
          `The gradient adds ${showPair(it.push)}: the two sides of the parallelogram.`
        : "The memory adds nothing to this step: all of it comes from the gradient.",
    });
  }
  if (it.rate && it.direction) {
    stages.push({
      id: "preconditioner", title: "Scaling", lines: moment,
      short: "Each coordinate gets its own rate: the circle becomes an ellipse",
      text: `Each coordinate has its own rate: ${show(it.rate[0])} along x, ${show(it.rate[1])} along y. ` +
        "The circle of equal rates becomes the ellipse.",
    });
  }
  stages.push({
    id: "step", title: "Step", lines: ["w"], short: it.delay ? "Step: with the slope of the past" : it.probe ? "Step: it has seen the slope ahead" : "Step",
    text: `From ${showPair(it.from)} by ${showPair(minus(it.to, it.from))} to ${showPair(it.to)}.`,
  });
  return stages;
}

/**
 * What is drawn of a step: arrows from the back to the front, thin lines, rings around points, and the ellipse.
 * @typedef {{name: string, from: number[], to: number[], text?: string, along?: number, wide?: boolean, pale?: boolean}} Stroke
 * @typedef {{strokes: Stroke[], lines: {from: number[], to: number[], of: string}[], rings: {at: number[], of: string}[],
 *   ellipse: number[] | null, circle: number, moved: number}} Scene `moved`: how far the marker has come, 0 to 1
 */

/** @returns {Scene} */
const emptyScene = () => ({ strokes: [], lines: [], rings: [], ellipse: null, circle: 0, moved: 1 });

/** The radius that the ellipse would have with equal rates. @param {Anatomy} it */
const evenRadius = (it) => (it.ellipse ? Math.sqrt(it.ellipse.radii[0] * it.ellipse.radii[1]) : 0);

/** All that belongs to a stage, at rest. @param {Anatomy} it @param {string} stage @returns {Scene} */
export function still(it, stage) {
  const scene = emptyScene();
  const { arrows } = it;
  const [ahead, plain] = namesOf(it);
  /** @param {string} name @param {Partial<Stroke>} [more] */
  const put = (name, more) => {
    if (arrows[name]) scene.strokes.push({ ...arrows[name], ...more });
  };
  if (stage === "gradient") {
    put("gradient", { text: it.probe ? "−∇f there" : "−∇f" });
    if (it.probe) scene.rings.push({ at: it.probe, of: "memory" });
    scene.moved = 0;
  } else if (stage === "lookahead") {
    // The step lies wide below its parts, so that they are seen where all lie on one line.
    put("step", { text: "step", wide: true });
    put("ghost", { text: plain, along: 1, pale: true });
    put("look", { text: ahead });
    put("gradient", { text: "−∇f there" });
    if (it.probe) scene.rings.push({ at: it.probe, of: "memory" });
    if (it.ghost) scene.rings.push({ at: it.ghost, of: "ghost" });
  } else if (stage === "memory") {
    put("step", { text: "step", wide: true });
    if (it.hasMemory) {
      scene.lines.push({ from: arrows.memory.to, to: it.to, of: "gradient" }, { from: arrows.push.to, to: it.to, of: "memory" });
      put("memory", { text: "memory" });
    }
    put("push", { text: "gradient" });
  } else if (stage === "preconditioner") {
    scene.circle = evenRadius(it);
    scene.ellipse = it.ellipse && it.ellipse.radii;
    put("plain", { text: "equal rates", pale: true });
    put("scaled", { text: "own rates" });
  } else {
    if (it.delay && it.probe) {
      put("look", { pale: true });
      scene.rings.push({ at: it.probe, of: "memory" });
    }
    if (it.hasMemory) {
      scene.lines.push({ from: it.from, to: arrows.memory.to, of: "memory" }, { from: arrows.memory.to, to: it.to, of: "gradient" });
    }
    put("step", { text: "step" });
  }
  return scene;
}

/** What the arrow to the point of the gradient is called, and the step that would be made without it. @param {Anatomy} it */
const namesOf = (it) => (it.delay ? ["asked for here", "with a fresh gradient"] : ["look ahead", "plain momentum"]);

/** Between two points; exact at both ends. @param {number[]} a @param {number[]} b @param {number} u */
export function between(a, b, u) {
  return [a[0] * (1 - u) + b[0] * u, a[1] * (1 - u) + b[1] * u];
}

/** Where a time u within a stage stands between two of its moments, slow at both ends. @param {number} u @param {number} from @param {number} to */
export function eased(u, from, to) {
  const s = Math.min(1, Math.max(0, (u - from) / (to - from)));
  return s * s * (3 - 2 * s);
}

/**
 * A stage at a moment of the film. Every point on the move lies between two points of the record.
 * @param {Anatomy} it @param {string} stage @param {number} u from 0 to 1 @returns {Scene}
 */
export function film(it, stage, u) {
  const scene = emptyScene();
  const { arrows } = it;
  scene.moved = 0;
  /** An arrow that grows from its foot. @param {string} name @param {number} share @param {Partial<Stroke>} [more] */
  const grow = (name, share, more) => {
    const a = arrows[name];
    if (a && share > 0) scene.strokes.push({ ...a, to: between(a.from, a.to, share), ...more });
  };
  const adaptive = Boolean(it.ellipse);
  const [ahead, plain] = namesOf(it);
  const order = it.stages.map((s) => s.id);
  const [at, has] = [order.indexOf(stage), (id) => order.indexOf(id)];
  const looked = it.probe ? (at > has("lookahead") ? 1 : eased(u, 0.05, 0.75)) : 0;
  if (stage === "step") {
    const early = adaptive || it.probe || it.hasMemory;
    if (it.probe) {
      grow("ghost", 1, { text: plain, along: 1, pale: true });
      grow("look", 1, { pale: true });
      grow("gradient", 1, { pale: true });
      scene.rings.push({ at: it.probe, of: "memory" });
    } else if (adaptive) {
      scene.ellipse = it.ellipse && it.ellipse.radii;
      grow("scaled", 1, { pale: true });
    } else if (it.hasMemory) {
      scene.lines.push({ from: it.from, to: arrows.memory.to, of: "memory" }, { from: arrows.memory.to, to: it.to, of: "gradient" });
    }
    grow("step", it.probe ? 1 : eased(u, 0, 0.35), { text: "step" });
    scene.moved = eased(u, early ? 0.35 : 0.2, 0.95);
    return scene;
  }
  if (it.probe) {
    grow("look", looked, { text: ahead });
    if (looked > 0.98) scene.rings.push({ at: it.probe, of: "memory" });
    if (at >= has("gradient")) grow("gradient", at > has("gradient") ? 1 : eased(u, 0.05, 0.7), { text: "−∇f there" });
    if (stage === "memory") {
      scene.strokes.unshift({ ...arrows.step, to: between(it.from, it.to, eased(u, 0.05, 0.45)), text: "step", wide: true });
      if (it.ghost) {
        grow("ghost", eased(u, 0.5, 0.85), { text: plain, along: 1, pale: true });
        if (u > 0.84) scene.rings.push({ at: it.ghost, of: "ghost" });
      }
    }
    return scene;
  }
  if (stage === "gradient") grow("gradient", eased(u, 0.05, 0.7), { text: "−∇f" });
  if (stage === "memory" && !adaptive) {
    if (it.hasMemory) {
      grow("memory", eased(u, 0.05, 0.4), { text: "memory" });
      const slid = eased(u, 0.5, 0.85);
      scene.strokes.push({ name: "push", from: between(it.from, arrows.memory.to, slid), to: between(arrows.push.to, it.to, slid), text: "gradient" });
    } else grow("push", 1, { text: "gradient" });
  }
  if (stage === "memory" && adaptive) {
    // From the gradient to the direction that is taken, at equal rates.
    const turned = eased(u, 0.1, 0.8);
    scene.strokes.push({ name: "gradient", from: it.from, to: arrows.gradient.to, pale: true, text: "−∇f" },
      { name: "plain", from: it.from, to: between(arrows.gradient.to, arrows.plain.to, turned), text: turned > 0.5 ? "equal rates" : "" });
    scene.circle = evenRadius(it) * eased(u, 0.1, 0.8);
  }
  if (stage === "preconditioner" && it.ellipse) {
    const [rx, ry] = it.ellipse.radii;
    const scaled = eased(u, 0.1, 0.75);
    const even = evenRadius(it);
    scene.circle = even;
    scene.ellipse = [even * (1 - scaled) + rx * scaled, even * (1 - scaled) + ry * scaled];
    grow("plain", 1, { text: "equal rates", pale: true });
    scene.strokes.push({ name: "scaled", from: it.from, to: between(arrows.plain.to, arrows.scaled.to, scaled), text: scaled > 0.3 ? "own rates" : "" });
  }
  return scene;
}

/** The part of the plane that a view of all stages must contain. @param {Anatomy} it */
export function whole(it) {
  return it.stages.map((s) => extent(it, s.id)).reduce((a, b) =>
    [Math.min(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.max(a[3], b[3])]);
}

/** The part of the plane that a view of a stage must contain. @param {Anatomy} it @param {string} stage */
export function extent(it, stage) {
  const points = stage === "gradient" ? [it.from] : [it.from, it.to];
  for (const { from, to } of still(it, stage).strokes) points.push(from, to);
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

