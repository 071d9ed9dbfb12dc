// The time line: the loss of every racer on a logarithmic scale. Its cursor is the clock of the race.

import { prefersStill } from "./accessibility.js";
import { attribute, choice, icon, make, numberField, sharpCanvas, write } from "./controls.js";
import { label } from "./draw.js";
import { startOf } from "../model/anatomy.js";
import { show, superscript, ticks } from "../model/numbers.js";
import { markerPath, strokeAs } from "./theme.js";

const TIME_KEYS = ["runs", "step", "selected", "theme", "_hover", "_timesize", "racers", "playing", "speed", "steps", "_band", "_asked", "_phase", "target"];
/** How far a loss may lie from the line that is drawn past it, in pixels. */
const THIN = 0.2;
const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 5, 15, 30, 60, 150];

/** @param {import("../main.js").App} app @param {HTMLElement} parent */
export function createTimeline(app, parent) {
  const { store } = app;
  const holder = make("div", { class: "olx-loss" });
  const sharp = sharpCanvas(holder, () => {
    // In the same frame: a canvas of another size is blank.
    store.set({ _timesize: {} });
    store.flush();
  });
  const { canvas } = sharp;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "slider");
  canvas.setAttribute("aria-label", "Time: step shown");
  const play = make("button", { type: "button", class: "olx-button olx-play", onclick: () => toggle() });
  const back = make("button", { type: "button", class: "olx-button", "aria-label": "One step back", title: "One step back", onclick: () => go(now() - 1) }, icon("M10.5 3.5 5.5 8l5 4.5M3.5 3.5v9"));
  const forth = make("button", { type: "button", class: "olx-button", "aria-label": "One step forward", title: "One step forward", onclick: () => go(now() + 1) }, icon("M5.5 3.5l5 4.5-5 4.5M12.5 3.5v9"));
  const field = numberField("Step shown", { range: "a whole number from 0 to the number of steps", at_least: 0, get at_most() { return store.get("steps"); }, integer: true },
    (x) => go(x), "step");
  const total = numberField("Number of steps", { range: "a whole number from 1 to 2000", at_least: 1, at_most: 2000, integer: true },
    (x) => store.set({ steps: x, step: Math.min(x, now()) }), "of");
  const speed = choice("Speed", SPEEDS.map((s) => ({ value: String(s), text: s === 1 ? "1 step/s" : s + " steps/s" })), (value) => store.set({ speed: +value }));
  const target = numberField("Loss to reach, above the lowest; 0 for none", { range: "a finite number with 0 <= loss", at_least: 0 }, (x) => store.set({ target: x }), "reach");
  target.el.classList.add("olx-target");
  const reached = make("p", { class: "olx-note olx-reached" });
  const transport = make("div", { class: "olx-transport" }, back, play, forth, field.el, total.el, target.el, make("span", { class: "olx-gap" }), speed.el);
  parent.append(holder, transport, reached);

  const margin = { left: 40, right: 16, top: 8, bottom: 18 };
  let words = "";
  /** The first step at which a racer is as low as the target; -1 if it never is. @param {import("../model/integrator.js").Run} run */
  function reach({ loss, last }) {
    const low = app.floor + store.get("target");
    for (let t = 0; t <= last; t++) if (loss[t] <= low) return t;
    return -1;
  }
  /** In words; nothing without a target, or where the lowest loss is not known. @param {number[]} shown */
  function reachedText(shown) {
    const z = store.get("target");
    if (!(z > 0) || app.knownFloor === null || !shown.length) return "";
    const parts = shown.map((i) => ({ name: app.label(i), t: reach(app.runs[i]) }));
    const never = parts.filter(({ t }) => t < 0).map(({ name }) => name);
    const found = parts.filter(({ t }) => t >= 0).map(({ name, t }, k) => `${name} ${k ? "" : "at step "}${t}`);
    return (found.length ? `Reaches ${show(z)}: ${found.join(", ")}.` : "") + (never.length ? ` Not in ${store.get("steps")} steps: ${never.join(", ")}.` : "");
  }
  let plot = { lo: 0, hi: 1, width: 1, height: 1 };
  const now = () => store.get("step");
  const go = (t) => store.set({ step: Math.min(store.get("steps"), Math.max(0, Math.round(t))), playing: false, _phase: 1 });
  const xOf = (t) => margin.left + (t / store.get("steps")) * (plot.width - margin.left - margin.right);
  const tOf = (x) => ((x - margin.left) / (plot.width - margin.left - margin.right)) * store.get("steps");
  const yOf = (z) => margin.top + ((plot.hi - z) / (plot.hi - plot.lo)) * (plot.height - margin.top - margin.bottom);

  function paint() {
    const { width, height } = sharp.size;
    if (!width) return;
    const { theme } = app;
    const racers = store.get("racers");
    // Names at the ends of curves, where there is room for them.
    const ends = width >= 520 && racers.length <= 4 && !store.get("_asked");
    sharp.context.font = `700 11px ${theme.font}`;
    const wideOf = (/** @type {string} */ text) => sharp.context.measureText(text).width;
    margin.right = ends ? Math.min(0.32 * width, Math.max(60, ...racers.map((_, i) => wideOf(app.label(i)) + 14))) : 16;
    /** A name as far as there is room: the words that tell it from others stand at its end. @param {string} name */
    function fitted(name) {
      const words = name.split(" ");
      while (words.length > 1 && wideOf(`… ${words.join(" ")}`) > margin.right - 10) words.shift();
      return wideOf(name) > margin.right - 10 ? `… ${words.join(" ")}` : name;
    }
    const shown = app.runs.map((_, i) => i).filter((i) => !racers[i].hidden && !store.get("_asked"));
    // Whole decades, so that the scale keeps still while the start is dragged.
    let [least, most] = [Infinity, 0];
    let first = 0;
    for (const i of shown) {
      const { loss, last } = app.runs[i];
      first = Math.max(first, loss[0] - app.floor);
      for (let t = 0; t <= last; t++) {
        const z = loss[t] - app.floor;
        if (z > most) most = z;
        if (z > 0 && z < least) least = z;
      }
    }
    most = Math.min(most, first * 1e3 || 1);
    if (!(most > 0)) most = 1;
    least = Math.max(Math.min(least, most / 10), most * 1e-16);
    plot = { lo: Math.floor(Math.log10(least)), hi: Math.ceil(Math.log10(most) + 1e-9), width, height };
    if (plot.hi <= plot.lo) plot.hi = plot.lo + 1;
    const c = sharp.begin();
    const style = { color: theme.muted, paper: theme.paper, font: theme.font, size: 10.5 };
    const every = Math.max(1, Math.ceil((plot.hi - plot.lo) / 4));
    c.strokeStyle = theme.line;
    c.lineWidth = 1;
    for (let k = plot.hi; k >= plot.lo; k -= every) {
      c.beginPath();
      c.moveTo(margin.left, yOf(k));
      c.lineTo(width - margin.right, yOf(k));
      c.stroke();
      label(c, k === 0 ? "1" : "10" + superscript(k), margin.left - 6, yOf(k), { ...style, align: "right" });
    }
    for (const t of ticks(0, store.get("steps"), 6)) {
      if (t === Math.round(t) && Math.abs(xOf(t) - xOf(now())) > 10) label(c, show(t, 4), xOf(t), height - 8, { ...style, align: "center" });
    }
    label(c, app.floor === 0 ? "f" : "f − f*", width - margin.right - 2, margin.top + 2, { ...style, italic: true, size: 12, align: "right" });

    c.save();
    c.beginPath();
    c.rect(margin.left, 0, width - margin.left - margin.right + 8, height - margin.bottom + 2);
    c.clip();
    for (const extra of app.timelays) extra(c, xOf, (z) => yOf(Math.log10(Math.max(z - app.floor, 1e-300))));
    const selected = store.get("selected");
    for (const i of [...shown.filter((k) => k !== selected), ...shown.filter((k) => k === selected)]) {
      const { loss, trained, last } = app.runs[i];
      c.lineJoin = "round";
      const stride = Math.max(1, Math.floor(last / (2 * width)));
      const curve = (/** @type {Float64Array} */ values) => {
        c.beginPath();
        // From the last corner, slopes between these pass all points since.
        let [cornerX, cornerY, beforeX, beforeY, low, high] = [0, 0, 0, 0, -Infinity, Infinity];
        for (let t = 0; t <= last; t += stride) {
          const x = xOf(t);
          const y = Math.min(height, yOf(Math.log10(Math.max(values[t] - app.floor, 1e-300))));
          if (!t) {
            c.moveTo(x, y);
            [cornerX, cornerY] = [x, y];
          } else {
            const slope = (y - cornerY) / (x - cornerX);
            if (!(slope >= low && slope <= high)) {
              c.lineTo(beforeX, beforeY);
              [cornerX, cornerY, low, high] = [beforeX, beforeY, -Infinity, Infinity];
            }
            low = Math.max(low, (y - THIN - cornerY) / (x - cornerX));
            high = Math.min(high, (y + THIN - cornerY) / (x - cornerX));
          }
          [beforeX, beforeY] = [x, y];
        }
        c.lineTo(beforeX, beforeY);
        c.stroke();
      };
      if (trained) {
        strokeAs(c, theme, i, 0.8);
        c.globalAlpha = 0.55;
        curve(trained);
        c.globalAlpha = 1;
      }
      strokeAs(c, theme, i, i === selected ? 2.4 : 1.7);
      curve(loss);
      c.setLineDash([]);
    }
    c.restore();
    words = reachedText(shown);
    const level = words ? yOf(Math.log10(store.get("target"))) : -1;
    if (level > margin.top && level < height - margin.bottom) {
      c.setLineDash([1, 3]);
      c.strokeStyle = theme.muted;
      c.lineWidth = 1.2;
      c.beginPath();
      c.moveTo(margin.left, level);
      c.lineTo(width - margin.right, level);
      c.stroke();
      c.setLineDash([]);
      for (const i of shown) {
        const t = reach(app.runs[i]);
        if (t < 0) continue;
        c.fillStyle = theme.racers[i];
        c.fillRect(xOf(t) - 1.5, level - 6, 3, 12);
      }
    }
    if (ends) {
      const tall = 12;
      const last = shown.map((i) => ({ i, y: yOf(Math.log10(Math.max(app.runs[i].loss[app.runs[i].last] - app.floor, 1e-300))) }))
        .sort((one, other) => one.y - other.y);
      let free = 6;
      last.forEach((one, k) => {
        one.y = Math.max(free, Math.min(height - 20 - tall * (last.length - 1 - k), one.y));
        free = one.y + tall;
        label(c, fitted(app.label(one.i)), width - margin.right + 8, one.y, { color: theme.racers[one.i], paper: theme.paper, font: theme.font, size: 11, weight: one.i === selected ? 700 : 500 });
      });
    }

    const step = now();
    c.strokeStyle = theme.ink;
    c.lineWidth = 1.5;
    c.beginPath();
    c.moveTo(xOf(step), margin.top - 4);
    c.lineTo(xOf(step), height - margin.bottom + 4);
    c.stroke();
    c.fillStyle = theme.ink;
    c.beginPath();
    c.moveTo(xOf(step) - 6, height - margin.bottom + 9);
    c.lineTo(xOf(step) + 6, height - margin.bottom + 9);
    c.lineTo(xOf(step), height - margin.bottom + 1);
    c.fill();
    const hover = store.get("_hover");
    if (hover) {
      c.setLineDash([2, 3]);
      c.strokeStyle = theme.muted;
      c.beginPath();
      c.moveTo(xOf(hover.t), margin.top);
      c.lineTo(xOf(hover.t), height - margin.bottom);
      c.stroke();
      c.setLineDash([]);
    }
    for (const i of shown) {
      const run = app.runs[i];
      const t = Math.min(step, run.last);
      const z = Math.log10(Math.max(run.loss[t] - app.floor, 1e-300));
      c.lineWidth = 1.5;
      c.strokeStyle = theme.paper;
      c.fillStyle = theme.racers[i];
      markerPath(c, i, xOf(t), Math.max(margin.top, Math.min(height - margin.bottom, yOf(z))), i === selected ? 5.5 : 4.5);
      if (run.trained) [c.fillStyle, c.strokeStyle] = [theme.paper, theme.racers[i]];
      c.fill();
      c.stroke();
      if (run.diverged !== null) {
        label(c, "✕", xOf(run.last), margin.top + 4, { color: theme.racers[i], paper: theme.paper, font: theme.font, align: "center", weight: 700 });
      }
    }
  }

  // Playing: the only loop there is, and only while it plays.
  let ticking = 0;
  let before = 0;
  function start() {
    if (ticking || !store.get("playing") || !seen) return;
    before = performance.now();
    ticking = requestAnimationFrame(tick);
  }
  // Out of sight nothing plays on; back in sight it does.
  let seen = true;
  const watch = new IntersectionObserver((entries) => {
    seen = entries[entries.length - 1].isIntersecting;
    start();
  });
  watch.observe(app.el);
  function tick(time) {
    ticking = 0;
    if (!store.get("playing") || !seen) return;
    // The film waits while the camera moves to the step.
    const wait = app.slow() && app.picture.moving();
    const owed = wait ? 0 : Math.min(0.1, (time - before) / 1000) * store.get("speed");
    before = time;
    const at = now() - 1 + app.phase() + owed;
    if (at >= store.get("steps")) {
      store.set({ step: store.get("steps"), playing: false, _phase: 1 });
      app.say(app.summary);
    } else {
      // Step k is on its way from k - 1 to k.
      const step = Math.ceil(at);
      store.set({ step, _phase: at - step + 1 });
      ticking = requestAnimationFrame(tick);
    }
  }
  function toggle() {
    if (store.get("playing")) return pause();
    let [step, phase] = [now(), app.phase()];
    if (step >= store.get("steps") && phase === 1) [step, phase] = [0, 1];
    const stages = step > 0 && phase === 1 && app.slow() ? app.anatomy()?.stages || [] : [];
    const shown = stages.findIndex((s) => s.id === app.stage());
    // The film of a step begins with the stage that was chosen; from its last one, with the next step.
    if (shown >= 0 && shown < stages.length - 1) phase = store.get("_chosen") ? startOf(stages, shown) : 0;
    store.set({ playing: true, step, _phase: phase });
  }
  app.play = toggle;
  function pause() {
    if (app.filming()) store.set({ playing: false, focus: app.stage() });
    else store.set({ playing: false, _phase: 1 });
  }
  if (store.get("playing") && prefersStill()) store.set({ playing: false });

  let scrubbing = false;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    scrubbing = true;
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    go(tOf(event.offsetX));
  });
  canvas.addEventListener("pointermove", (event) => {
    const t = Math.min(store.get("steps"), Math.max(0, Math.round(tOf(event.offsetX))));
    if (scrubbing) go(t);
    else if (event.pointerType === "mouse") store.set({ _hover: { racer: store.get("selected"), t, from: "time" } });
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (scrubbing = false));
  canvas.addEventListener("pointerleave", () => store.set({ _hover: null }));
  canvas.addEventListener("keydown", (event) => {
    const steps = store.get("steps");
    const to = {
      ArrowRight: now() + 1, ArrowUp: now() + 1, ArrowLeft: now() - 1, ArrowDown: now() - 1,
      PageUp: now() + 10, PageDown: now() - 10, Home: 0, End: steps,
    }[event.key];
    if (event.key === " ") toggle();
    else if (to !== undefined) go(to);
    else return;
    event.preventDefault();
  });

  /** @type {boolean | null} */
  let wasPlaying = null;
  return {
    /** @param {Set<string>} changed */
    update(changed) {
      if (!TIME_KEYS.some((key) => changed.has(key))) return;
      paint();
    },
    /** @param {Set<string>} changed */
    late(changed) {
      if (!TIME_KEYS.some((key) => changed.has(key))) return;
      const playing = Boolean(store.get("playing"));
      if (playing !== wasPlaying) {
        wasPlaying = playing;
        play.setAttribute("aria-label", playing ? "Pause" : "Play");
        play.title = playing ? "Pause" : "Play";
        play.replaceChildren(icon(playing ? "M4 3h3v10H4zM9 3h3v10H9z" : "M4.5 2.5v11l9-5.5z", true));
        start();
      }
      write(reached, words);
      field.set(now());
      total.set(store.get("steps"));
      target.set(store.get("target"));
      speed.set(String(store.get("speed")));
      attribute(canvas, "aria-valuemin", "0");
      attribute(canvas, "aria-valuemax", String(store.get("steps")));
      attribute(canvas, "aria-valuenow", String(now()));
      attribute(canvas, "aria-valuetext", `step ${now()} of ${store.get("steps")}: ${app.losses(now())}`);
    },
    sharp,
    close() {
      if (ticking) cancelAnimationFrame(ticking);
      watch.disconnect();
      sharp.close();
    },
  };
}
