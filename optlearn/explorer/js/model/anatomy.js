// The inside of one step, for any rule: points, arrows and the ellipse, all taken from the recorded rows.

import { restep, valueAt } from "./integrator.js";
import { stagesOf } from "./captions.js";
import { show } from "./numbers.js";
import { length, minus, plus } from "./points.js";
import { multiple, recall } from "./recall.js";

/**
 * @typedef {{name: string, from: number[], to: number[]}} Arrow
 * @typedef {{id: string, title: string, text: string, short: string, parts?: string[], lines: string[], long?: number}} Stage `parts`:
 *   what is said in its parts but the last, where it is `short`; `long`: how long it takes in the film, 1 if not given
 * @typedef {{t: number, from: number[], to: number[], probe: number[] | null, delay: number, led: boolean, g: number[], memory: number[],
 *   push: number[], ghost: number[] | null, direction: number[] | null, rate: number[] | null, scale: number,
 *   ellipse: {center: number[], radii: number[]} | null, arrows: Object<string, Arrow>, stages: Stage[],
 *   hasMemory: boolean, carry: number | null, ends: number[] | null, average: import("./recall.js").Memory | null,
 *   gauge: (import("./recall.js").Memory & {root: boolean}) | null, before: number[] | null, fit: number,
 *   without: number, least: {at: number, rate: number}[] | null}} Anatomy `led`: the gradient is taken where the memory alone leads; `carry`: the part
 *   of the last step that is the memory; `ends`: the loss where the ghost ends, and the step; `before`: the rate of the step
 *   before; `fit`: the size at which circle and ellipse have room; `without`: how often the step it would be without correction;
 *   `least`: the smallest rates of the run so far, and when
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
  // Is the memory a part of the last step? It is at a constant rate, where it stands outside the memory.
  const last = t > 1 ? minus(from, valueAt(run, "w", t - 2)) : [0, 0];
  const carry = own || delay || !hasMemory ? null : multiple(last, memory);
  if (carry !== null) {
    arrows.last = { name: "last", from: minus(from, last), to: from };
    arrows.carried = { name: "last", from, to: plus(from, last) };
  }
  // The gradient here, as it would go on from the end of the memory, if it is there that the rule looks.
  const led = Boolean(probe && !delay && length(minus(probe, plus(from, memory))) <= 1e-9 * (length(from) + length(memory)));
  const aside = ghost && probe && led ? minus(ghost, probe) : null;
  if (aside && ghost && probe) {
    arrows.aside = { name: "here", from, to: plus(from, aside) };
    arrows.here = { name: "here", from: probe, to: ghost };
  }
  const ends = ghost && [surface.f(ghost[0], ghost[1], p), surface.f(to[0], to[1], p)];

  /** @type {number[] | null} */
  let direction = null;
  /** @type {{center: number[], radii: number[]} | null} */
  let ellipse = null;
  let fit = 1;
  const known = own && rule.slots.length ? recall(rule, code, run, h, t) : { average: null, gauge: null };
  if (own) {
    const d = rule.direction === "g" ? g : valueAt(run, rule.direction, t);
    const size = length(d);
    if (Number.isFinite(own[0] + own[1] + size)) {
      ellipse = { center: from, radii: [Math.abs(own[0]) * size, Math.abs(own[1]) * size] };
      arrows.plain = { name: "plain", from, to: [from[0] - even * d[0], from[1] - even * d[1]] };
      arrows.scaled = { name: "scaled", from, to: [from[0] - own[0] * d[0], from[1] - own[1] * d[1]] };
    }
    direction = d;
    if (known.average) {
      const { old, kept, now } = known.average;
      /** @param {number[]} m */
      const tip = (m) => [from[0] - even * m[0], from[1] - even * m[1]];
      arrows.old = { name: "old", from, to: tip(old) };
      arrows.kept = { name: "old", from, to: tip(kept) };
      arrows.part = { name: "fresh", from, to: tip(minus(now, kept)) };
      arrows.fresh = { name: "fresh", from: tip(kept), to: tip(now) };
      arrows.blend = { name: "blend", from, to: tip(now) };
    }
    if (ellipse) {
      const long = Math.max(...Object.values(arrows).filter((a) => a.from === from).map((a) => length(minus(a.to, from))));
      fit = 1 / Math.max(1, Math.ceil(Math.max(...ellipse.radii) / (3 * long)));
    }
  }
  // With averages that are long full: the step that no correction would make, if it is that.
  let without = 1;
  if (known.average?.filled && known.gauge?.filled && length(minus(to, from)) > 0) {
    const late = restep(code, run, h, t, g[0], g[1], null, 1e9);
    const tip = [late[run.layout.w[0]], late[run.layout.w[0] + 1]];
    const times = known.average.filled / (known.gauge.root ? Math.sqrt(known.gauge.filled) : known.gauge.filled);
    const ratio = length(minus(tip, from)) / length(minus(to, from));
    if (Math.abs(ratio / times - 1) < 0.01 && ratio > 1.1) {
      without = ratio;
      arrows.without = { name: "without", from, to: tip };
    }
  }
  const least = own && [0, 1].map((d) => {
    let at = t;
    const rate = (/** @type {number} */ k) => Math.abs(run.rows[k * run.stride + run.layout["@rate"][0] + d]);
    for (let k = 1; k < t; k++) if (rate(k) < rate(at)) at = k;
    return { at, rate: rate(at) };
  });
  const before = own && t > 1 ? valueAt(run, "@rate", t - 1) : null;
  const found = { led, carry, ends, without, least, ...known, before, fit, t, from, to, probe, delay, g, memory, push, ghost, direction, rate: own, scale, ellipse, arrows, hasMemory };
  return { ...found, stages: stagesOf(rule, found) };
}

/**
 * What is drawn of a step: arrows from the back to the front, thin lines, rings around points, and the ellipse.
 * @typedef {{name: string, from: number[], to: number[], text?: string, along?: number, wide?: boolean, pale?: boolean}} Stroke
 * @typedef {{old: number[], kept: number[], now: number[], factor: number, rate: number[] | null,
 *   filled: {name: string, part: number, up: number}[] | null}} Gauge `kept`: what is there of the old; `now`: with the new;
 *   `rate`: the rates, if they are shown; `filled`: of averages that began at zero, how far they are filled, and how much it takes
 * @typedef {{strokes: Stroke[], lines: {from: number[], to: number[], of: string}[], rings: {at: number[], of: string}[],
 *   ellipse: number[] | null, circle: number, moved: number, gauge: Gauge | null, part: number}} Scene `moved`: how far the
 *   marker has come, 0 to 1; `part`: of its stage, from 0
 */

/** @returns {Scene} */
const emptyScene = () => ({ strokes: [], lines: [], rings: [], ellipse: null, circle: 0, moved: 1, gauge: null, part: 9 });

/** The radius that the ellipse would have with equal rates. @param {Anatomy} it */
const evenRadius = (it) => (it.ellipse ? Math.sqrt(it.ellipse.radii[0] * it.ellipse.radii[1]) : 0);

/** Averages that began at zero, which the rule makes up for. @param {Pick<Anatomy, "average" | "gauge">} it */
export const corrected = (it) => [it.average, it.gauge].flatMap((one) => (one && one.filled !== null ? [{ name: one.name, filled: one.filled }] : []));

/**
 * The bars at a moment; shares from 0 to 1.
 * @param {Anatomy} it @param {{faded?: number, grown?: number, scaled?: number, rated?: number, filled?: number}} shares
 * @returns {Gauge | null}
 */
function gaugeAt(it, { faded = 1, grown = 1, scaled = 1, rated, filled }) {
  const { gauge, rate } = it;
  if (!rate || !it.ellipse || (!gauge && rated === undefined)) return null;
  /** @param {number[]} values */
  const size = (values) => (gauge && gauge.root ? values.map(Math.sqrt) : values);
  const [old, kept, now] = gauge ? [gauge.old, gauge.kept, gauge.now].map(size) : [[0, 0], [0, 0], [0, 0]];
  const left = between(old, kept, faded);
  const factor = gauge && gauge.root ? Math.sqrt(gauge.factor) : gauge ? gauge.factor : 1;
  return { old, kept: left, now: between(left, now, grown), factor: 1 + (factor - 1) * scaled,
    rate: rated === undefined ? null : between(it.before || rate, rate, rated),
    filled: filled === undefined ? null : corrected(it).map((one) => ({ name: one.name, part: between([one.filled, 0], [1, 0], filled)[0], up: 1 / one.filled })) };
}

/** Which stage the film of a step shows at a time from 0 to 1, and how far it is. @param {Stage[]} stages @param {number} phase */
export function stageAt(stages, phase) {
  const k = Math.max(0, stages.findIndex((_, i) => phase < startOf(stages, i + 1)));
  const [from, to] = [startOf(stages, k), startOf(stages, k + 1)];
  return { stage: stages[k].id, u: Math.min(1, (phase - from) / (0.85 * (to - from))) };
}

/** When a stage begins. @param {Stage[]} stages @param {number} k */
export function startOf(stages, k) {
  const [before, all] = [stages.slice(0, k), stages].map((some) => some.reduce((sum, { long }) => sum + (long || 1), 0));
  return before / all;
}

/** All that belongs to a stage, at rest. @param {Anatomy} it @param {string} stage @returns {Scene} */
export function still(it, stage) {
  const scene = emptyScene();
  const { arrows } = it;
  const [ahead, plain] = namesOf(it);
  /** @param {string} name @param {Partial<Stroke>} [more] */
  const put = (name, more) => {
    if (arrows[name]) scene.strokes.push({ ...arrows[name], ...more });
  };
  if (it.ellipse && stage !== "step" && stage !== "lookahead") return { ...film(it, stage, 1), moved: stage === "gradient" ? 0 : 1 };
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
    put("push", { text: "−∇f" });
  } else {
    if (it.delay && it.probe) {
      put("look", { pale: true });
      scene.rings.push({ at: it.probe, of: "memory" });
    }
    if (it.hasMemory) {
      scene.lines.push({ from: it.from, to: arrows.memory.to, of: "memory" }, { from: arrows.memory.to, to: it.to, of: "gradient" });
    }
    scene.gauge = gaugeAt(it, { rated: 1 });
    if (it.hasMemory && !it.probe && !it.ellipse) put("push", { text: "slope alone", pale: true });
    put("step", { text: "step" });
  }
  return scene;
}

/** What the arrow to the point of the gradient is called, and the step that would be made without it. @param {Anatomy} it */
const namesOf = (it) => (it.delay ? ["asked for here", "with a fresh gradient"] : it.led ? ["memory", "plain momentum"] : ["look there", "with the slope here"]);

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
  /** The last step slides forward and shrinks to what is kept of it. @param {string} name @param {string} text */
  const carryOn = (name, text) => {
    const [slid, shrunk] = [eased(u, 0.05, 0.3), eased(u, 0.32, 0.52)];
    const { last, carried } = arrows;
    if (!last) return grow(name, eased(u, 0.05, 0.45), { text });
    scene.strokes.push({ ...arrows[name], from: between(last.from, it.from, slid),
      to: slid < 1 ? between(last.to, carried.to, slid) : between(carried.to, arrows[name].to, shrunk),
      text: shrunk > 0 ? `memory = ${show(it.carry || 0, 3)} × last step` : "last step" });
  };
  const adaptive = Boolean(it.ellipse);
  const [ahead, plain] = namesOf(it);
  const order = it.stages.map((s) => s.id);
  const [at, has] = [order.indexOf(stage), (id) => order.indexOf(id)];
  const done = (id) => at > has(id);
  if (stage === "step") {
    const early = adaptive || it.probe || it.hasMemory;
    if (it.probe) {
      grow("ghost", 1, { text: plain, along: 1, pale: true });
      grow("look", 1, { pale: true });
      grow("gradient", 1, { pale: true });
      scene.rings.push({ at: it.probe, of: "memory" });
    } else if (adaptive) {
      scene.ellipse = it.ellipse && it.ellipse.radii;
      scene.gauge = gaugeAt(it, { rated: 1 });
      grow("plain", 1, { text: "with one rate for both", pale: true });
    } else if (it.hasMemory) {
      scene.lines.push({ from: it.from, to: arrows.memory.to, of: "memory" }, { from: arrows.memory.to, to: it.to, of: "gradient" });
      grow("push", 1, { text: "slope alone", pale: true });
    }
    grow("step", eased(u, 0, 0.35), { text: "step" });
    scene.moved = eased(u, early ? 0.35 : 0.2, 0.95);
    return scene;
  }
  if (it.probe) {
    if (stage === "lookahead" && it.led) carryOn("look", ahead);
    else grow("look", done("lookahead") ? 1 : eased(u, 0.05, 0.75), { text: ahead });
    if (done("lookahead") || u > 0.75) scene.rings.push({ at: it.probe, of: "memory" });
    if (at >= has("gradient")) grow("gradient", done("gradient") ? 1 : eased(u, 0.05, 0.7), { text: done("gradient") ? "" : "−∇f there", pale: done("gradient") });
    if (stage === "memory") {
      const slid = eased(u, 0.3, 0.5);
      const { aside, here } = arrows;
      // The sum of plain momentum: the same memory, then the slope from here.
      if (aside && slid === 0) grow("aside", eased(u, 0.05, 0.28), { text: "−∇f here" });
      else if (aside) scene.strokes.push({ ...here, from: between(it.from, here.from, slid), to: between(aside.to, here.to, slid), text: "−∇f here" });
      else grow("step", eased(u, 0.05, 0.45), { text: "step" });
      grow("ghost", eased(u, 0.5, 0.7), { text: plain, along: 1 });
      if (it.ghost && u > 0.7) scene.rings.push({ at: it.ghost, of: "ghost" });
    }
    return scene;
  }
  if (stage === "gradient") {
    grow("gradient", eased(u, 0.05, 0.7), { text: "−∇f" });
    scene.gauge = gaugeAt(it, { faded: 0, grown: 0, scaled: 0 });
  }
  if (stage === "memory" && !adaptive) {
    if (it.hasMemory) {
      carryOn("memory", "memory");
      const slid = eased(u, 0.55, 0.8);
      scene.strokes.push({ name: "push", from: between(it.from, arrows.memory.to, slid), to: between(arrows.push.to, it.to, slid), text: "−∇f" });
    } else grow("push", 1, { text: "−∇f" });
  }
  if (stage === "memory" && adaptive) {
    const fades = it.gauge && it.gauge.keep !== null && it.gauge.keep < 1;
    const faded = eased(u, 0.05, 0.3);
    scene.gauge = gaugeAt(it, { faded, grown: fades ? eased(u, 0.35, 0.75) : eased(u, 0.1, 0.6), scaled: 0 });
    grow("gradient", 1, { text: it.average ? "" : "−∇f", pale: Boolean(it.average) });
    if (it.average) {
      // The old average fades, the gradient shrinks to its share and goes on from there.
      const [share, slid] = [eased(u, 0.3, 0.45), eased(u, 0.48, 0.62)];
      scene.strokes.push({ name: "old", from: it.from, to: between(arrows.old.to, arrows.kept.to, faded),
        text: faded > 0.5 && it.average.keep !== 1 ? `${show(it.average.keep || 0, 3)} × old average` : "old average" });
      if (share > 0) scene.strokes.push({ name: "fresh", from: between(it.from, arrows.kept.to, slid),
        to: slid > 0 ? between(arrows.part.to, arrows.blend.to, slid) : between(arrows.gradient.to, arrows.part.to, share),
        text: it.average.blend ? `${show(1 - (it.average.keep || 0), 3)} × −∇f` : "−∇f" });
      grow("blend", eased(u, 0.62, 0.8), { text: "new average" });
    }
  }
  if (stage === "correction") {
    // What is too small, as it began at zero, is made as long as slopes alone would have it.
    scene.part = u < 0.3 ? 0 : u < 0.62 ? 1 : 2;
    const up = eased(u, 0.32, 0.58);
    scene.gauge = gaugeAt(it, { scaled: up, filled: up });
    if (arrows.without) {
      // How far it would go without: out of the picture, if need be.
      grow("without", eased(u, 0.62, 0.85), { text: `without it: ${show(it.without, 2)} × as far`, pale: true });
      if (u > 0.62) grow("step", 1, { text: "step" });
    }
    if (it.average) scene.strokes.push({ ...arrows.blend, to: between(arrows.blend.to, arrows.plain.to, up), text: up > 0 ? `${show(it.average.factor, 3)} × average` : "average" });
    else grow("gradient", 1, { text: "−∇f" });
  }
  if (stage === "preconditioner" && it.ellipse) {
    const [rx, ry] = it.ellipse.radii;
    scene.part = u < 0.4 ? 0 : 1;
    const [turned, scaled] = [eased(u, 0.05, 0.25), eased(u, 0.45, 0.85)];
    const even = evenRadius(it);
    scene.circle = even * turned;
    scene.ellipse = scaled > 0 ? [even * (1 - scaled) + rx * scaled, even * (1 - scaled) + ry * scaled] : null;
    scene.gauge = gaugeAt(it, { scaled: it.gauge && it.gauge.filled !== null ? 1 : scaled, rated: scaled });
    const { plain: whole } = arrows;
    const begun = done("correction") || it.direction === it.g ? whole.to : it.average ? arrows.blend.to : arrows.gradient.to;
    scene.strokes.push({ ...whole, to: between(begun, whole.to, turned), text: "with one rate for both", along: 1, pale: scaled > 0 });
    if (scaled > 0) scene.strokes.push({ name: "scaled", from: it.from, to: between(whole.to, arrows.scaled.to, scaled), text: scaled > 0.3 ? "with own rates" : "" });
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
  for (const { name, from, to } of still(it, stage).strokes) if (name !== "without") points.push(from, to);
  if (stage === "memory" && it.arrows.last) points.push(it.arrows.last.from);
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y] of points) {
    if (!Number.isFinite(x + y)) continue;
    x0 = Math.min(x0, x);
    x1 = Math.max(x1, x);
    y0 = Math.min(y0, y);
    y1 = Math.max(y1, y);
  }
  if (it.ellipse && stage === "preconditioner") {
    const [rx, ry] = it.ellipse.radii.map((r) => r * it.fit);
    x0 = Math.min(x0, it.from[0] - rx);
    x1 = Math.max(x1, it.from[0] + rx);
    y0 = Math.min(y0, it.from[1] - ry);
    y1 = Math.max(y1, it.from[1] + ry);
  }
  return [x0, x1, y0, y1];
}
