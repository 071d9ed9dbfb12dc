// One explorer: data, runs and panes, tied together by the store.

import { createAnnouncer, prefersStill } from "./view/accessibility.js";
import { anatomy, between, eased, film, stageAt, still } from "./model/anatomy.js";
import { scaleField } from "./view/contours.js";
import { createCard } from "./view/card.js";
import { make } from "./view/controls.js";
import { squareView } from "./view/draw.js";
import { createGallery } from "./view/gallery.js";
import { createChips, createHeader, createPlace, createTries } from "./view/header.js";
import { undoable } from "./drive.js";
import { startHost } from "./host.js";
import { ruleOf, surfaceOf } from "./model/link.js";
import { codeOf, integrate, lowest, valueAt } from "./model/integrator.js";
import { labelOf } from "./model/names.js";
import { show, showPair } from "./model/numbers.js";
import { createPanels, typingOf, withViews } from "./panels/panels.js";
import { createPicture } from "./view/picture.js";
import { tapeOf } from "./model/random.js";
import { createStore, RUN_KEYS } from "./model/state.js";
import { readTheme, watchTheme } from "./view/theme.js";
import { createTeacher } from "./view/teacher.js";
import { createTimeline } from "./view/timeline.js";

/** Up to so many steps a second, play shows the inside of every step. */
const SLOW = 1;
/** Above so many, racers jump from step to step. */
const SMOOTH = 20;
/** While the dot is dragged, what is beside the picture follows when it rests so long, or after so long on the way. */
const PAUSE_MS = 100;
const SELDOM_MS = 1000;

/** A racer's numbers at a step index: it may have gone on with others from some step on. @param {import("./model/state.js").Racer} racer @param {number} k */
function numbersAt(racer, k) {
  const before = racer.past?.find(([until]) => k < until);
  return before ? before[1] : racer.h;
}

/**
 * Everything that panes and panels may use. A pane is `{update(changed), late(changed), close()}`; `changed` holds the
 * names of what changed since the last call: keys of the state, names with an underscore for what is not kept, "runs" and
 * "theme". What `late` does may follow the picture while the dot is dragged; else it comes in the same frame.
 * @typedef {ReturnType<typeof createApp>} App
 */

/**
 * @param {import("./model/state.js").Model} model @param {HTMLElement} parent
 * @param {{rules: Object<string, any>, surfaces: Object<string, any>, presets: Object<string, any>, more?: Object<string, string>}} data `more`: names of rules that come with the views
 * @param {{key: string, first: Object<string, any>, unread?: boolean} | null} [home] on a page: the explorer's name in links, and its first state
 */
export function createApp(model, parent, data, home = null) {
  const only = model.get("only") || false;
  const el = make("div", { class: "olx", role: "group", "aria-label": "Explorer", "data-only": only });
  parent.append(el);
  const store = createStore(model, frame);
  const announcer = createAnnouncer(el, store);
  /** @type {{update?: (changed: Set<string>) => void, late?: (changed: Set<string>) => void, close: () => void}[]} */
  let panes = [];
  /** What changed since the late parts were drawn, when that was, and what will do it. */
  let owed = new Set();
  let settled = 0;
  let settling = 0;
  /** @type {import("./model/integrator.js").Run[]} */
  let runs = [];
  /** Tapes of the last seed, by what a step draws. @type {Map<string, Float64Array>} */
  const tapes = new Map();
  /** @type {import("./model/anatomy.js").Anatomy | null} */
  let inside = null;
  let anatomyFresh = false;
  let scaleKey = "";
  /** @type {import("./view/contours.js").Scale} */
  let scale;

  const app = {
    el,
    data,
    home,
    store,
    runs,
    theme: /** @type {import("./view/theme.js").Theme} */ ({}),
    surface: /** @type {any} */ (null),
    surfaceCode: /** @type {import("./model/integrator.js").SurfaceCode} */ (/** @type {any} */ (null)),
    params: /** @type {number[]} */ ([]),
    minima: /** @type {number[][]} */ ([]),
    /** The lowest value of the surface, if its minima are known. */
    knownFloor: /** @type {number | null} */ (null),
    /** What the loss curve subtracts. */
    floor: 0,
    frames: 0,
    picture: /** @type {any} */ (null),
    timeline: /** @type {any} */ (null),
    /** Plays or pauses. */
    play: () => {},
    /** Works off the main thread; comes with the views. @type {any} */
    workshop: null,
    /** Where the relief shows points, while it is shown; comes with the views. @type {any} */
    relief: null,
    /** The run that the map points at. @type {import("./model/integrator.js").Run | null} */
    previewed: null,
    /** Drawings of panels under the paths, and over them. @type {((c: CanvasRenderingContext2D, map: any, view: number[]) => void)[]} */
    underlays: [],
    /** @type {((c: CanvasRenderingContext2D, map: any, view: number[]) => void)[]} */
    overlays: [],
    /** Drawings of panels under the loss curves. @type {((c: CanvasRenderingContext2D, xOf: (t: number) => number, yOf: (loss: number) => number) => void)[]} */
    timelays: [],
    /** What panels do before the runs. @type {((changed: Set<string>) => void)[]} */
    before: [],

    /** @param {number} i */
    rule: (i) => ruleOf(data, store.get("racers")[i].rule),
    /** @param {number} i */
    ruleCode: (i) => codeOf(app.rule(i).code),
    /** @param {any} rule */
    codeOf: (rule) => codeOf(rule.code),
    /** The name of a racer; two of one rule are told apart by what differs. @param {number} i */
    label: (i) => labelOf(store.get("racers"), data.rules, i),
    /** The hyperparameters of a racer in step t, schedules resolved. @param {number} i @param {number} t */
    hyperAt(i, t) {
      const racer = store.get("racers")[i];
      const rule = app.rule(i);
      const h = numbersAt(racer, t - 1).slice();
      for (const [name, schedule] of Object.entries(racer.schedules || {})) {
        h[rule.hypers.findIndex((d) => d.name === name)] = codeOf(schedule.code)(Math.max(0, t - 1), schedule.h);
      }
      return h;
    },
    /** Where racer i is after step t. @param {number} i @param {number} t */
    point(i, t) {
      const run = runs[i];
      const o = t * run.stride + run.layout.w[0];
      return [run.rows[o], run.rows[o + 1]];
    },
    /** The point that racer i reports after step t, if that is not the one it trains. @param {number} i @param {number} t */
    reported: (i, t) => (runs[i].trained ? valueAt(runs[i], "@reported", t) : null),
    /** What the loss of racer i is the loss of, where it reports another point than it trains. @param {number} i */
    lossNote: (i) => (runs[i].trained ? " at the point reported" : ""),
    /** Where the gradient of racer i's last step was taken, and where it was used, if these are not one point. @param {number} i */
    stale(i) {
      const [delay, t] = [store.get("delay"), Math.min(store.get("step"), runs[i].last)];
      return delay && t ? { taken: app.point(i, Math.max(0, t - 1 - delay)), used: app.point(i, t - 1) } : null;
    },
    /** The step whose inside is shown: the one that led to where the selected racer is. */
    shownStep() {
      const run = runs[store.get("selected")];
      return Math.max(1, Math.min(store.get("step"), run ? run.last : 1));
    },
    /** The inside of that step. @returns {import("./model/anatomy.js").Anatomy | null} */
    anatomy() {
      if (anatomyFresh) return inside;
      const i = store.get("selected");
      if (!runs[i]) return null;
      const t = app.shownStep();
      inside = anatomy(app.rule(i), app.ruleCode(i), runs[i], app.hyperAt(i, t), app.surfaceCode, app.params, t, store.get("delay"));
      anatomyFresh = true;
      return inside;
    },
    /** Slow enough to see the inside of every step. */
    slow: () => store.get("speed") <= SLOW,
    /** How much of the step shown is done, 0 to 1; at rest all of it. */
    phase: () => (store.get("_phase") ?? 1),
    /** Within a stage of the film: which, and how far; null at rest and in the race. @returns {{stage: string, u: number} | null} */
    filming() {
      const it = app.phase() < 1 && app.slow() ? app.anatomy() : null;
      if (!it) return null;
      const { stage, u } = stageAt(it.stages, app.phase());
      return { stage, u: prefersStill() ? 1 : u };
    },
    /** The stage shown: that of the film, or the one asked for, if the rule has it. */
    stage() {
      const now = app.filming();
      if (now) return now.stage;
      const it = app.anatomy();
      const wanted = store.get("focus");
      return it && it.stages.some((s) => s.id === wanted) ? wanted : "step";
    },
    /** What is drawn of the step. @returns {import("./model/anatomy.js").Scene | null} */
    scene() {
      const it = app.anatomy();
      const now = app.filming();
      return it && (now ? film(it, now.stage, now.u) : still(it, app.stage()));
    },
    /** How far the racers have come from step - 1 to step. */
    moved() {
      const now = app.filming();
      if (!now) return store.get("speed") > SMOOTH || prefersStill() ? 1 : app.phase();
      return now.stage === "step" ? /** @type {import("./model/anatomy.js").Scene} */ (app.scene()).moved : 0;
    },
    /** Where racer i is now, between two of its points while it moves. @param {number} i */
    spot(i) {
      const step = store.get("step");
      const { last } = runs[i];
      if (step > last || step < 1) return app.point(i, Math.min(step, last));
      return between(app.point(i, step - 1), app.point(i, step), app.moved());
    },
    view: () => squareView(app.surface.domain),
    /** The scale of heights over the whole view, made again with the surface. */
    scale() {
      const key = [app.surface.key, app.params.join(), app.knownFloor].join("|");
      if (key !== scaleKey) {
        scaleKey = key;
        scale = scaleField(app.surfaceCode.f, app.params, app.view(), app.knownFloor);
      }
      return scale;
    },
    /** A named quantity of a racer in the step shown, in words. @param {number} i @param {string} name */
    valueText(i, name) {
      const value = valueAt(runs[i], name, Math.min(app.shownStep(), runs[i].last));
      return value.length === 2 ? showPair(value) : show(value[0]);
    },
    /** Losses of all racers at a step, in words. @param {number} t */
    losses(t) {
      return runs.map((run, i) => `${app.label(i)} ${show(run.loss[Math.min(t, run.last)])}${app.lossNote(i)}`).join(", ");
    },
    /** The whole picture in a sentence or two. */
    summary() {
      const ends = runs.map((run, i) => run.diverged !== null
        ? `${app.label(i)} diverges at step ${run.diverged}`
        : `${app.label(i)} ${run.trained ? "reports" : "ends at"} ${showPair(app.reported(i, run.last) || app.point(i, run.last))} with loss ${show(run.loss[run.last])}`);
      return `${app.surface.label}, start ${showPair(store.get("start"))}, ${store.get("steps")} steps. ${ends.join("; ")}.`;
    },
    say: announcer.say,
    /** How many samples a gradient takes; 0: all, without a draw. */
    batch: () => (app.surface.samples ? store.get("batch") || 0 : 0),
    /** What the steps of racer i draw; nothing if they draw nothing. @param {number} i @returns {Float64Array | null} */
    tape(i) {
      const draws = app.rule(i).draws.length;
      const noisy = store.get("noise") > 0;
      if (!draws && !app.batch() && !noisy) return null;
      const asked = [store.get("seed") || 0, store.get("steps"), draws, app.batch(), app.surface.samples?.length || 0, noisy];
      const key = asked.join();
      let found = tapes.get(key);
      if (!found) {
        if (tapes.size > 8) tapes.clear();
        // @ts-ignore: the list holds the arguments in their order
        found = tapeOf(...asked);
        tapes.set(key, found);
      }
      return found;
    },
    /** Schedules of racer i over all steps, as `integrate` takes them. @param {number} i */
    schedules(i) {
      const rule = app.rule(i);
      const racer = store.get("racers")[i];
      const length = store.get("steps");
      const found = Object.entries(racer.schedules || {}).map(([name, schedule]) => ({
        index: rule.hypers.findIndex((d) => d.name === name),
        values: Float64Array.from({ length }, (_, k) => codeOf(schedule.code)(k, schedule.h)),
      }));
      racer.h.forEach((now, index) => {
        if (!(racer.past || []).some(([, h]) => h[index] !== now) || found.some((s) => s.index === index)) return;
        found.push({ index, values: Float64Array.from({ length }, (_, k) => numbersAt(racer, k)[index]) });
      });
      return found;
    },
    /** Changes a number: for the whole run, or from the step shown on. @param {number} i @param {number} k @param {number} value */
    setHyper(i, k, value) {
      const racer = store.get("racers")[i];
      const h = racer.h.slice();
      const step = store.get("step");
      h[k] = value;
      let past;
      if (store.get("_continue") && step > 0) {
        past = (racer.past || []).filter(([until]) => until <= step);
        if (!past.length || past[past.length - 1][0] !== step) past.push([step, app.hyperAt(i, step)]);
      }
      store.setRacer(i, { h, past });
    },

    /** @param {string} key */
    addRacer(key) {
      if (!data.rules[key]) return withViews(() => app.addRacer(key));
      const racers = store.get("racers").slice();
      racers.push({ rule: key, h: data.rules[key].hypers.map((d) => d.default) });
      store.set({ racers, selected: racers.length - 1 });
      app.say(`${data.rules[key].label} added`);
    },
    /** @param {number} i */
    removeRacer(i) {
      const racers = store.get("racers").slice();
      const name = app.label(i);
      racers.splice(i, 1);
      store.set({ racers, selected: Math.max(0, Math.min(i, racers.length - 1)) });
      app.say(`${name} removed`);
    },
    /** Another form of a racer's rule; numbers of the same name are kept. @param {number} i @param {string} key */
    changeForm(i, key) {
      if (!data.rules[key]) return withViews(() => app.changeForm(i, key));
      const racer = store.get("racers")[i];
      const before = app.rule(i).hypers.map((d) => d.name);
      const h = data.rules[key].hypers.map((d) => (before.includes(d.name) ? racer.h[before.indexOf(d.name)] : d.default));
      store.setRacer(i, { rule: key, h, past: undefined });
    },
    /** Another surface; learning rates of one surface mean nothing on the next, so they are tuned for it, which is said. @param {string} key */
    changeSurface(key) {
      const surface = data.surfaces[key];
      store.set({ surface: key, params: surface.params.map((d) => d.default), start: surface.start.slice(), preset: "", batch: 0,
        _moved: { to: key, before: store.get("racers") } });
    },
    /** Does what Back undoes. @param {() => void} act */
    undoable: (act) => undoable(app, act),
    ...typingOf(() => app),
    close() {
      stopTheme();
      clearTimeout(settling);
      window.removeEventListener("beforeprint", beforePrint);
      window.removeEventListener("afterprint", afterPrint);
      for (const pane of panes) pane.close();
      panes = [];
      announcer.close();
      app.workshop?.close();
      store.close();
      runs = app.runs = [];
      el.remove();
    },
    /** @param {string} key */
    applyPreset(key) {
      const preset = data.presets[key];
      if (preset) store.set({ ...preset.state, preset: key, prompt: "", playing: false });
    },
  };

  function compute() {
    const surface = surfaceOf(data, store.get("surface"));
    app.surface = surface;
    app.surfaceCode = codeOf(surface.code);
    app.params = store.get("params");
    // Known minima are those of the default parameters; elsewhere they hold if the gradient vanishes there.
    const g = new Float64Array(2);
    app.minima = surface.quadratic ? [lowest(app.surfaceCode, app.params)] : surface.minima.filter(([x, y]) => {
      app.surfaceCode.gradient(x, y, app.params, g, 0);
      return Math.hypot(g[0], g[1]) < 1e-4 * (1 + Math.abs(app.surfaceCode.f(x, y, app.params)));
    });
    const values = app.minima.map(([x, y]) => app.surfaceCode.f(x, y, app.params));
    app.knownFloor = values.length ? Math.min(...values) : null;
    const steps = store.get("steps");
    const racers = store.get("racers");
    const noise = store.get("noise") || 0;
    const next = racers.map((racer, i) => {
      const rule = app.rule(i);
      return integrate(codeOf(rule.code), rule, racer.h, app.surfaceCode, app.params, store.get("start"), steps, {
        noise, batch: app.batch(), delay: store.get("delay"), tape: app.tape(i), schedules: app.schedules(i),
        reuse: runs[i] && runs[i].stride === rule.stride ? runs[i] : null,
      });
    });
    runs = app.runs = next;
    let least = app.knownFloor === null ? Infinity : app.knownFloor;
    for (const run of runs) for (let t = 0; t <= run.last; t++) if (run.loss[t] < least) least = run.loss[t];
    app.floor = Number.isFinite(least) ? least : 0;
  }

  /** @param {Set<string>} changed */
  function frame(changed) {
    app.frames += 1;
    for (const act of app.before) act(changed);
    // Whoever sets a step means all of it.
    if (changed.has("step") && !changed.has("_phase")) store.set({ _phase: 1 });
    if (RUN_KEYS.some((key) => changed.has(key))) {
      compute();
      changed.add("runs");
    }
    if (store.get("selected") >= store.get("racers").length) store.set({ selected: 0 });
    anatomyFresh = false;
    for (const pane of panes) pane.update?.(changed);
    for (const key of changed) owed.add(key);
    clearTimeout(settling);
    if (!store.get("_held")) settle();
    else settling = window.setTimeout(settle, Math.min(PAUSE_MS, settled + SELDOM_MS - performance.now()));
  }

  function settle() {
    const changed = owed;
    owed = new Set();
    settled = performance.now();
    for (const pane of panes) pane.late?.(changed);
  }

  app.theme = readTheme(el);
  const stopTheme = watchTheme(() => {
    const before = JSON.stringify(app.theme);
    app.theme = readTheme(el);
    if (JSON.stringify(app.theme) !== before) store.mark("theme");
  });
  const print = (on) => () => {
    app.theme = readTheme(el, on);
    store.mark("theme");
    store.flush();
  };
  const [beforePrint, afterPrint] = [print(true), print(false)];
  window.addEventListener("beforeprint", beforePrint);
  window.addEventListener("afterprint", afterPrint);

  compute();
  const left = make("div", { class: "olx-left" });
  const right = make("div", { class: "olx-right" });
  const top = make("div", { class: "olx-top" });
  const rest = make("div", { class: "olx-rest" });
  el.append(make("div", { class: "olx-main" }, top, left, right, rest));
  panes.push(createHeader(app, top), createGallery(app, rest, top, codeOf), createChips(app, top));
  app.picture = createPicture(app, left);
  app.timeline = createTimeline(app, left);
  panes.push(app.picture, app.timeline, createTeacher(app, /** @type {HTMLElement} */ (left.querySelector(".olx-transport"))), createCard(app, right), createTries(app, rest), createPlace(app, rest), createPanels(app, rest));
  for (const key of [...RUN_KEYS, "prompt", "preset", "tries", "step", "selected", "racers", "playing", "theme", "relief"]) store.mark(key);
  store.flush();

  return app;
}

const explorer = {
  /**
   * Draws an explorer into an element; the form that anywidget asks for.
   * @param {{model: import("./model/state.js").Model, el: HTMLElement, data?: any, home?: any}} place
   */
  render({ model, el, data, home }) {
    const app = createApp(model, el, data, home);
    /** @type {any} */ (el).explorer = app;
    el.dispatchEvent(new CustomEvent("optlearn", { bubbles: true, detail: app }));
    return () => app.close();
  },
};

startHost(explorer);
export default explorer;
