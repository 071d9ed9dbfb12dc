// The stages of a step in words: what happens, and why, with the numbers of this step.

import { symbolOf } from "./names.js";
import { show, showPair, superscript } from "./numbers.js";
import { length, minus } from "./points.js";

/** @typedef {import("./anatomy.js").Anatomy} Anatomy @typedef {import("./anatomy.js").Stage} Stage */

/** What the film says of a rule that divides by what it remembers: where it is steep. @param {Omit<Anatomy, "stages">} it */
function steepness(it) {
  const { gauge, rate } = it;
  if (!gauge || !rate) return null;
  const k = gauge.now[1] > gauge.now[0] ? 1 : 0;
  const even = Math.abs(rate[0] / rate[1] - 1) < 0.1;
  return { axis: "xy"[k], when: gauge.keep === 1 ? "so far" : "lately", even, told: even || rate[k] < rate[1 - k] };
}

/**
 * The captions of a step: what happens and why, in the order in which it happens, with the numbers of this step.
 * @param {any} rule
 * @param {Omit<Anatomy, "stages">} it
 * @returns {Stage[]}
 */
export function stagesOf(rule, it) {
  const stages = [];
  const names = rule.lines.map((/** @type {any} */ line) => line.name);
  const moment = names.filter((/** @type {string} */ n) => n !== "w" && n !== "g" && n !== "@probe");
  const { average, gauge, carry } = it;
  const adaptive = Boolean(it.rate && it.direction);
  const steep = steepness(it);
  const part = (/** @type {number | null} */ x) => show(x || 0, 3);
  if (it.probe) {
    stages.push({
      id: "lookahead",
      ...(it.delay ? {
        title: "Old point", lines: [], short: "The gradient that arrives was asked for back there",
        text: `The gradient was asked for at ${showPair(it.probe)}, ${it.delay} step${it.delay > 1 ? "s" : ""} before. ` +
          (it.ghost ? `A fresh one would lead to ${showPair(it.ghost)} (dotted: with a fresh gradient).` : ""),
      } : {
        title: "Look ahead", lines: ["@probe"], short: it.led ? "The memory alone would lead there: look from there" : "Another point: the slope is taken there",
        text: `The gradient is taken at ${showPair(it.probe)}` + (!it.led ? ". " : `, where the memory alone would lead${carry === null ? ". " : `: ${part(carry)} of the last step. `}`) +
        (it.ghost ? `Taken at the point itself${it.led ? ", as plain momentum does" : ""}, the step would end at ${showPair(it.ghost)}.` : ""),
      }),
    });
  }
  const [gx, gy] = it.g.map(Math.abs);
  stages.push({
    id: "gradient", title: "Gradient", lines: ["g"],
    short: it.delay ? "It is the gradient there, not here" : it.probe ? "Take the slope there, before going"
      : adaptive && Math.max(gx, gy) > 3 * Math.min(gx, gy) ? `Downhill from here: mostly along ${gx > gy ? "x" : "y"}, the steep way` : "Downhill from here: against the gradient",
    text: `The gradient ${it.probe ? "there" : "here"} is ${showPair(it.g)}` +
      (it.scale > 0 ? `. The arrow −∇f points against it, downhill, drawn at ${show(it.scale)} times its length.` : ": no arrow."),
  });
  if (rule.slots.length) {
    const what = gauge && (gauge.power === 2 ? (gauge.keep === 1 ? "sum of squares" : "average of squares") : `memory ${gauge.name}`);
    const found = [...(average ? [{ ...average, what: "average of gradients" }] : []), ...(gauge ? [{ ...gauge, what }] : [])];
    const stays = found.flatMap(({ keep }) => (keep !== null && keep < 1 ? [part(keep)] : []));
    const told = found.length && "The " + found.map((one, k) => `${one.what} ${k ? "" : "goes "}from ${showPair(one.old)} to ${showPair(one.now)}`).join(", the ") +
      (stays.length ? `: of the old ${stays.join(" and ")} stay${stays.length > 1 ? "" : "s"}.` : ".");
    stages.push({
      id: "memory", title: it.ghost && it.probe && !it.delay && !adaptive ? "Compare" : "Memory", lines: adaptive ? moment.filter((/** @type {string} */ n) => rule.slots.includes(n)) : moment,
      short: adaptive ? (average ? (average.blend ? `Blend: ${part(average.keep)} of the old average, ${part(1 - (average.keep || 0))} of the new slope` : "Add the new slope to the old ones")
        : !gauge ? "Each coordinate remembers on its own"
          : gauge.keep === 1 ? "Add up squared slopes: how steep it has been along x and y"
            : gauge.keep === null ? "Remember how steep it has been" : `Old ${gauge.power === 2 ? "squared " : ""}slopes fade (× ${part(gauge.keep)}), the new one comes in`)
        : !it.hasMemory ? "No memory yet: the slope is all of the step"
          : it.ghost && it.probe && !it.delay ? compared(it)
            : carry !== null ? `Go on with ${part(carry)} of the last step, then add the slope` : "Add what earlier slopes left, tip to tail",
      text: adaptive ? told || "What is remembered of earlier gradients sets the rates, or the direction."
        : it.hasMemory ? `The memory alone would step by ${showPair(it.memory)}${carry === null ? "" : `, ${part(carry)} of the last step`}; the gradient adds ${showPair(it.push)}. ` +
          (it.ends && !it.delay ? `${it.led ? "Plain momentum" : "With the slope here it"} would end with loss ${show(it.ends[0], 3)}, this step with ${show(it.ends[1], 3)}.` : "The step is their sum.")
          : "The memory adds nothing to this step: all of it comes from the gradient.",
    });
  }
  /** @type {string[]} What makes up for a start at zero. */
  const made = adaptive ? [average, gauge].flatMap((one) => (one && one.filled !== null && one.scaled ? [one.scaled] : [])) : [];
  if (made.length) {
    const rest = [average, gauge].flatMap((one) => (one && one.filled !== null && one.filled < 0.99 ? [{ letter: symbolOf(rule, one.name), filled: one.filled, keep: one.keep || 0 }] : []));
    const zero = rest.map(({ letter, filled }) => `${show(100 * (1 - filled), 3)}% of ${letter}`).join(" and ");
    const up = rest.map(({ letter, filled }) => `${letter} × ${show(1 / filled, 3)}`).join(", ");
    const slopes = `${it.t} slope${it.t > 1 ? "s" : ""}`;
    const are = rest.length > 1 ? "are still the zeros they began with" : "is still the zero it began with";
    const fading = rest.map(({ keep }) => `${part(keep)}${superscript(it.t)}`).join(" and ");
    stages.push({
      id: "correction", title: "Correction", lines: made, long: 3,
      ...(rest.length ? { parts: [`${zero} ${are}; it fades`, `So what is there is scaled up: ${up}`] } : {}),
      short: !rest.length ? "The zeros they began with have faded: nothing to make up for"
        : it.without > 1.1 ? `Without that, ${show(it.without, 2)} times as far: too small a ${symbolOf(rule, gauge?.name || "")} divides` : `So what is there is scaled up: ${up}`,
      text: rest.length ? `After ${slopes}, ${zero} ${are} (${fading}, which fades). Scaled up: ${up}${it.without > 1.1 ? `; else the step would be ${show(it.without, 2)} times as long, as ${symbolOf(rule, gauge?.name || "")} divides` : ""}.`
        : `After ${slopes}, less than a hundredth of the averages is the zero they began with.`,
    });
  }
  if (it.rate && it.direction) {
    stages.push({
      id: "preconditioner", title: "Scaling", long: 1.5,
      lines: [...moment.filter((/** @type {string} */ n) => !rule.slots.includes(n) && !made.includes(n)), "w"],
      parts: ["With one rate: the same reach in every direction"],
      short: !steep || !steep.told ? "Own rates for x and y: an ellipse" : steep.even ? `As steep along x as along y ${steep.when}: nearly equal rates`
        : `Own rates: far along ${steep.axis === "x" ? "y" : "x"}, short along ${steep.axis}, where it was steep`,
      text: `Rates: ${show(it.rate[0])} along x, ${show(it.rate[1])} along y. With one rate for both, their geometric mean ${show(Math.sqrt(Math.abs(it.rate[0] * it.rate[1])))}, ` +
        `a step of this length could end anywhere on the dotted circle; with own rates, on the ellipse${it.fit < 1 ? `, both drawn 1 : ${Math.round(1 / it.fit)}` : ""}.`,
    });
  }
  stages.push({
    id: "step", title: "Step", lines: ["w"], short: stepShort(rule, it),
    text: `From ${showPair(it.from)} by ${showPair(minus(it.to, it.from))} to ${showPair(it.to)}.`,
  });
  return stages;
}

/** What looking ahead is worth: where the step ends, and where plain momentum would. @param {Omit<Anatomy, "stages">} it */
function compared({ ends, memory, push, led }) {
  const [plain, own] = ends || [0, 0];
  const losses = `loss ${show(plain, 3)}, not ${show(own, 3)}`;
  if (!led) return `With the slope from here the step would end at ${losses}`;
  if (Math.abs(plain - own) < 0.05 * Math.abs(own)) return `Here it makes little difference: plain momentum would end at ${losses}`;
  if (plain < own) return `Here plain momentum would end lower: ${losses}`;
  const against = memory[0] * push[0] + memory[1] * push[1] < 0;
  return `Plain momentum takes the slope here ${against ? "and overshoots" : "instead"}: ${losses}`;
}

/** What a step says when it is made. @param {any} rule @param {Omit<Anatomy, "stages">} it */
function stepShort(rule, it) {
  const { memory, push, gauge, rate, before } = it;
  if (it.delay) return "Step: with the slope of the past";
  if (it.probe && it.hasMemory) return `Step: the memory, and the slope seen ${it.led ? "ahead" : "there"}`;
  if (rate && it.direction) {
    // Where the average has not turned yet.
    const past = it.average ? it.average.now.findIndex((m, d) => m * it.g[d] < 0) : -1;
    if (past >= 0) return `Step: along ${"xy"[past]} the average goes on, against the new slope`;
    if (it.average) return "Step: along the average, at its own rates";
    if (gauge && gauge.keep === 1) return "Step. The sum only grows, so the rates only shrink";
    const grown = before ? rate.map((r, d) => r / before[d]) : [1, 1];
    const k = grown[1] > grown[0] ? 1 : 0;
    if (gauge && it.least && grown[k] > 1.001) {
      const { at, rate: low } = it.least[k];
      return `Less steep along ${"xy"[k]} than before: its rate has grown by ${show(100 * (Math.abs(rate[k]) / low - 1), 2)}% since step ${at}`;
    }
    return gauge && Math.max(...grown) < 0.999 ? "Steeper than before: the rates shrink" : "Step, at its own rates";
  }
  const [a, b] = [length(memory), length(push)];
  if (!it.hasMemory) return "Step: straight down the slope";
  const angle = (memory[0] * push[0] + memory[1] * push[1]) / (a * b);
  const far = length(minus(it.to, it.from));
  if (angle > 0.3) return `Memory and slope agree: ${show(far / b, 2)} times as far as the slope alone`;
  if (angle > -0.3) return "Step: memory and slope together";
  return far < Math.min(a, b) ? "Memory and slope oppose each other: a short step" : far < a ? "The slope brakes the memory" : "The memory brakes the slope";
}
