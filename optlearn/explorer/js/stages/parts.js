// What the stages share: charts as text of SVG, the address, keys and play.

import { prefersStill } from "../view/accessibility.js";
import { button, icon, make, segments } from "../view/controls.js";
import { labelOf } from "../model/names.js";
import { complaint, show } from "../model/numbers.js";
import { swatch } from "../view/theme.js";

const STYLE = ".olx-halves { display: grid; gap: .6rem 1.6rem; grid-template-columns: minmax(0, 1fr); align-items: start; }" +
  "@container (min-width: 640px) { .olx-halves { grid-template-columns: minmax(0, 1.15fr) minmax(0, 1fr); } }" +
  ".olx-stage .olx-transport { flex-wrap: nowrap; } .olx-stage .olx-transport .olx-number { white-space: nowrap; }" +
  ".olx-worst { cursor: ew-resize; touch-action: pan-y; } .olx-holder { position: relative; } .olx .olx-poly { height: 304px; }";

/** The room of a stage, with what the style sheet of the explorer does not have. @param {HTMLElement} parent @param {string} name */
export function createRoom(parent, name) {
  const el = make("div", { class: "olx olx-stage", role: "group", "aria-label": name, tabindex: 0 }, make("style", {}, STYLE));
  parent.append(el);
  return el;
}

/**
 * Links of a stage: its numbers as text, and back; every part is checked.
 * @param {(first: any) => any[]} declared what its parameters may be
 */
export function stageLinks(declared) {
  const allowed = (list, all) => Array.isArray(list) && list.length === all.length && list.every((x, k) => !complaint(x, all[k]));
  const links = {
    linkText: (state) => encodeURIComponent(JSON.stringify([state.params, state.step, state.selected, state.steps, state.racers.map((racer) => racer.h)])),
    stateOfLink(text, first, data) {
      try {
        const [params, step, selected, steps, h] = JSON.parse(decodeURIComponent(text));
        const racers = first.racers.map((racer, k) => ({ ...racer, h: h[k] }));
        const whole = (x, lo, hi) => Number.isInteger(x) && x >= lo && x <= hi;
        const good = allowed(params, declared(first)) && whole(steps, 1, 400) && whole(step, 0, steps) &&
          whole(selected, 0, Math.max(0, racers.length - 1)) && racers.every((racer) => allowed(racer.h, data.rules[racer.rule].hypers));
        return good ? { ...first, params, step, selected, steps, racers, playing: false } : null;
      } catch {
        return null;
      }
    },
    /** @param {any} app @param {string[][]} words */
    changeOf(app, words) {
      const state = app.store.snapshot();
      for (const [word, text = ""] of words) {
        const x = Number(text);
        const racer = state.racers[state.selected];
        const k = racer ? app.data.rules[racer.rule].hypers.findIndex((d) => d.name === word) : -1;
        const j = declared(app.home.first).findIndex((d) => d.name === word);
        if (word === "on") continue;
        if (word === "racer") state.selected = x - 1;
        else if (word === "play") state.playing = true;
        else if (word === "step" || word === "steps") state[word] = x;
        else if (k >= 0) racer.h[k] = x;
        else if (j >= 0) state.params[j] = x;
        else return null;
      }
      const checked = links.stateOfLink(links.linkText(state), app.home.first, app.data);
      return checked && { ...checked, playing: state.playing };
    },
  };
  return links;
}

/** Plays: one step after the other, from the start if it was at the end. @param {any} store */
function createPlay(store) {
  let timer = 0;
  function next() {
    const [step, steps] = [store.get("step"), store.get("steps")];
    store.set(step < steps ? { step: step + 1 } : { playing: false });
  }
  return {
    toggle() {
      if (prefersStill()) next();
      else store.set({ playing: !store.get("playing"), ...(store.get("step") >= store.get("steps") ? { step: 0 } : {}) });
    },
    update() {
      clearInterval(timer);
      if (store.get("playing")) timer = window.setInterval(next, 1000 / (store.get("speed") || 10));
    },
    close: () => clearInterval(timer),
  };
}

/** Turns of the clock, after one that is not counted, and milliseconds of a turn: browsers round what a clock says. */
const CLOCK_TURNS = 7;
const MOST_STEPS = 400;
const TURN_MS = 8;

/**
 * The microseconds of a step, gradient included, of every run: they take turns, and quartiles of the turns are given.
 * @param {{code: any, rule: any, h: number[], last: number}[]} runs @param {any} problem its gradient and, unless zero, its start
 */
function clock(runs, problem) {
  const took = runs.map(() => /** @type {number[]} */ ([]));
  for (let turn = 0; turn <= CLOCK_TURNS; turn++) {
    runs.forEach(({ code, rule, h, last }, i) => {
      const { layout, stride } = rule;
      const rows = new Float64Array((last + 1) * stride);
      const begin = performance.now();
      let [steps, now] = [0, begin];
      while (now - begin < TURN_MS && last) {
        rows.fill(0, 0, stride);
        if (problem.start) rows.set(problem.start, layout.w[0]);
        code.start(rows, 0, h);
        for (let t = 1; t <= last; t++) {
          const [a, b] = [(t - 1) * stride, t * stride];
          code.probe(rows, a, b, t, h);
          problem.gradient(rows, b + layout["@probe"][0], rows, b + layout.g[0]);
          code.step(rows, a, b, t, h);
        }
        steps += last;
        now = performance.now();
      }
      if (turn) took[i].push((1000 * (now - begin)) / Math.max(1, steps));
    });
  }
  return took.map((all) => [0.25, 0.5, 0.75].map((part) => all.sort((x, y) => x - y)[Math.round(part * (CLOCK_TURNS - 1))]));
}

/**
 * A race by steps or by time: which racer is shown, and which step of it, by buttons, slider and keys.
 *
 * By time the others stand where they are when the one that is shown has made its step, and make as many steps as fit
 * into its run, but at most 400; what a step takes is measured when that is chosen. Every racer here takes one gradient a step, so a race by gradients is one by steps.
 * @param {HTMLElement} el the room, which hears the keys @param {any} store @param {any} rules
 * @param {() => {runs: any[], problem: any}} racing what is raced, with the numbers of now
 */
export function createRace(el, store, rules, racing) {
  const play = createPlay(store);
  /** Quartiles of the microseconds of a step, of every racer; none: by steps. @type {number[][] | null} */
  let costs = null;
  const label = (i) => labelOf(store.get("racers"), rules, i);
  const cost = (i) => (costs ? costs[i][1] : 1);
  const against = segments("Compare by", (what) => {
    const { runs, problem } = racing();
    costs = what === "time" ? clock(runs, problem) : null;
    store.mark("against");
  });
  const move = (by) => store.set({ step: Math.min(store.get("steps"), Math.max(0, store.get("step") + by)), playing: false });
  const buttons = store.get("racers").map((_, i) => make("button", { type: "button", class: "olx-chip", html: swatch(i), onclick: () => store.set({ selected: i }) }, label(i)));
  const playing = make("button", { type: "button", class: "olx-button olx-play", "aria-label": "Play", onclick: play.toggle });
  const time = make("input", { type: "range", min: 0, step: 1, "aria-label": "step", oninput: () => store.set({ step: +time.value, playing: false }) });
  const at = make("span", { class: "olx-number" });
  el.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.localName === "input" || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = { ArrowLeft: () => move(-1), ArrowRight: () => move(1), Home: () => store.set({ step: 0 }), End: () => store.set({ step: store.get("steps") }) };
    const number = +event.key - 1;
    if (acts[event.key]) acts[event.key]();
    else if (event.key === " " && target.localName !== "button") play.toggle();
    else if (event.key !== " " && buttons[number]) store.set({ selected: number });
    else return;
    event.preventDefault();
  });
  const note = make("p", { class: "olx-note" });
  return {
    label,
    /** Where racer i stands when the one that is shown has made t steps. @param {number} i @param {number} t */
    at: (i, t) => (i === store.get("selected") ? t : Math.floor((t * cost(store.get("selected"))) / cost(i) + 1e-9)),
    /** How many steps racer i makes: by time as many as fit into the run of the one that is shown. @param {number} i */
    length: (i) => Math.min(costs ? MOST_STEPS : Infinity, Math.floor((store.get("steps") * cost(store.get("selected"))) / cost(i) + 1e-9)),
    /** Where step k of racer i lies on an axis that ends with the run of the one that is shown. @param {number} i @param {number} k */
    along: (i, k) => (k * cost(i)) / (store.get("steps") * cost(store.get("selected"))),
    /** Whether runs have other lengths now. @param {Set<string>} changed */
    changes: (changed) => changed.has("against") || (costs !== null && changed.has("selected")),
    /** What stands under that axis. */
    axis: () => (costs ? `${show(store.get("steps") * cost(store.get("selected")) / 1000, 2)} ms` : `step ${store.get("steps")}`),
    get costs() {
      return costs;
    },
    against: against.el,
    note,
    chips: make("div", { class: "olx-racers" }, ...buttons),
    transport: make("div", { class: "olx-transport" }, button("‹", "Step back", () => move(-1)), playing, button("›", "Step on", () => move(1)), time, at),
    /** @param {Set<string>} changed */
    update(changed) {
      if (changed.has("playing")) {
        play.update();
        playing.replaceChildren(icon(store.get("playing") ? "M4 2.5h3v11H4zM9 2.5h3v11H9z" : "M4 2.5l9 5.5-9 5.5z", true));
        playing.setAttribute("aria-label", store.get("playing") ? "Pause" : "Play");
      }
      const [t, steps] = [store.get("step"), store.get("steps")];
      buttons.forEach((one, i) => {
        one.setAttribute("aria-pressed", String(i === store.get("selected")));
        one.lastChild.textContent = label(i);
      });
      against.set([{ id: "steps", title: "by steps" }, { id: "time", title: "by time" }], costs ? "time" : "steps");
      note.textContent = costs ? "A step and its gradient in this browser, in microseconds: " +
        `${costs.map(([low, middle, high], i) => `${label(i)} ${show(middle, 2)} (${show(low, 2)} to ${show(high, 2)})`).join(", ")}; median and ` +
        `quartiles of ${CLOCK_TURNS} turns. While ${label(store.get("selected"))} makes ${steps} steps, the others make what fits, at most ${MOST_STEPS}.` : "";
      time.max = String(steps);
      time.value = String(t);
      time.style.setProperty("--olx-fill", `${(100 * t) / steps}%`);
      at.textContent = `step ${t} of ${steps}`;
    },
    close: play.close,
  };
}
