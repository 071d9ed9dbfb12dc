// The state as text for the fragment of an address, and back; every part of a link is checked.

import { complaint } from "./numbers.js";

/** What a link carries, in its order; the sentences and questions are the page's own. */
const LINKED = ["surface", "params", "start", "steps", "racers", "seed", "noise", "batch", "step", "selected", "focus", "speed", "panel",
  "preset", "fair", "band", "map", "delay", "target", "relief"];

const STAGE_NAMES = ["step", "gradient", "memory", "lookahead", "correction", "preconditioner"];
const PANEL_NAMES = ["", "map", "tiles", "modes", "noise", "fair", "share", "schedule", "kernel", "correction", "floor", "bound"];

/** The fragment of the address with the state of one explorer, or stage, beside what else it has. @param {string} key @param {string} text */
export function fragmentWith(key, text) {
  const others = location.hash.slice(1).split("&").filter((part) => part && !part.startsWith(key + "="));
  return "#" + [...others, `${key}=${text}`].join("&");
}

/** Make a surface of a formula, a rule of lines; loaded when first asked for. @type {Object<string, (what: any, data: any) => any> | null} */
let typists = null;
/** @param {Object<string, (what: any, data: any) => any>} given */
export function provideTypists(given) {
  typists = given;
}

/** A surface by its key: one that is there, or what its formula says. @param {{surfaces: Object<string, any>}} data @param {string} key */
export function surfaceOf(data, key) {
  if (!Object.hasOwn(data.surfaces, key) && typists) data.surfaces[key] = typists.surface(key, data);
  return data.surfaces[key];
}

/** A rule by its key: one that is there, or what its lines say. @param {{rules: Object<string, any>}} data @param {string} key */
export function ruleOf(data, key) {
  if (!Object.hasOwn(data.rules, key) && typists) data.rules[key] = typists.rule(key, data);
  return data.rules[key];
}

/** The class that a typed rule is in Python, if that can be told by now. @param {{rules: Object<string, any>}} data @param {any} rule @returns {{name: string, text: string} | null} */
export const classOfTyped = (data, rule) => typists && typists.python(rule, data);

/** What schedules are, but for their numbers. @param {Object<string, any>} [schedules] */
const formsOf = (schedules) => JSON.stringify(Object.entries(schedules || {}).map(([name, s]) => [name, s.code]));

/** A schedule with other numbers. @param {any} schedule @param {number[]} h */
export function renumbered(schedule, h) {
  return { ...schedule, h, label: schedule.form.replace(/\{(\d+)\}/g, (_, k) => String(h[+k])) };
}

/**
 * The state as text for the fragment of an address. Schedules are functions, which no link may carry: a racer names the
 * racer of the page's first state that has the same ones.
 * @param {Object<string, any>} state @param {Object<string, any>} first
 */
export function linkText(state, first) {
  const values = LINKED.map((key) => key !== "racers" ? state[key] : state.racers.map((racer) => [racer.rule, racer.h, racer.hidden ? 1 : 0, racer.past || 0,
    racer.schedules ? first.racers.findIndex((one) => formsOf(one.schedules) === formsOf(racer.schedules)) : -1,
    ...(racer.schedules ? [Object.values(racer.schedules).map((s) => s.h || 0)] : [])]));
  const text = JSON.stringify(values).replace(/[()']/g, (sign) => "\\u00" + sign.charCodeAt(0).toString(16));
  return encodeURI(text.slice(1, -1).replace(/\[/g, "(").replace(/]/g, ")").replace(/"/g, "'")).replace(/#/g, "%23").replace(/&/g, "%26");
}

/**
 * The state that a link describes, or null if this page cannot show it; every part is checked.
 * @param {string} text @param {Object<string, any>} first @param {{rules: Object<string, any>, surfaces: Object<string, any>}} data
 */
export function stateOfLink(text, first, data) {
  try {
    const plain = decodeURIComponent(text).replace(/'/g, '"').replace(/\(/g, "[").replace(/\)/g, "]");
    const values = JSON.parse(`[${plain}]`);
    const finite = (list, n) => Array.isArray(list) && list.length === n && list.every(Number.isFinite);
    /** @type {Object<string, any>} */
    const state = { ...first, playing: false };
    LINKED.forEach((key, k) => {
      // Links from before these were.
      if (["target", "relief"].includes(key) && values.length <= k) return;
      if (typeof values[k] !== typeof first[key]) throw new TypeError(key);
      state[key] = values[k];
    });
    const surface = surfaceOf(data, state.surface);
    state.racers = state.racers.map(([rule, h, hidden, past, from, numbers]) => {
      const n = ruleOf(data, rule).hypers.length;
      if (!finite(h, n) || (past && !past.every(([until, then]) => Number.isInteger(until) && finite(then, n)))) throw new TypeError("h");
      const racer = { rule, h };
      if (hidden) racer.hidden = true;
      if (past) racer.past = past;
      if (from >= 0) {
        racer.schedules = Object.fromEntries(Object.entries(first.racers[from].schedules).map(([name, s], k) => {
          const now = numbers?.[k];
          if (!s.form || !now) return [name, s];
          if (!finite(now, s.numbers.length) || now.some((x, j) => complaint(x, s.numbers[j]))) throw new TypeError(name);
          return [name, renumbered(s, now)];
        }));
      }
      return racer;
    });
    const allowed = (list, declared) => finite(list, declared.length) && list.every((x, k) => !complaint(x, declared[k]));
    const whole = (x, lo, hi) => Number.isInteger(x) && x >= lo && x <= hi;
    const good = allowed(state.params, surface.params) && state.racers.every(({ rule, h }) => allowed(h, data.rules[rule].hypers)) &&
      STAGE_NAMES.includes(state.focus) && PANEL_NAMES.includes(state.panel) && ["", "same", "tuned"].includes(state.fair) &&
      finite(state.start, 2) && whole(state.steps, 1, 2000) &&
      whole(state.step, 0, state.steps) && whole(state.racers.length, 1, 8) && whole(state.selected, 0, state.racers.length - 1) &&
      whole(state.seed, 0, 2 ** 32 - 1) && state.noise >= 0 && whole(state.batch, 0, surface.samples ? surface.samples.length : 0) && whole(state.delay, 0, 32) &&
      state.target >= 0 && state.speed >= 0.1 && state.speed <= 150;
    return good ? state : null;
  } catch {
    return null;
  }
}
