// Presets as a row of small pictures, and the question that some of them ask before the race is shown.

import { prefersStill } from "./accessibility.js";
import { drawField, sampleField, scaleField } from "./contours.js";
import { make } from "./controls.js";
import { planeMap, squareView } from "./draw.js";
import { integrate } from "../model/integrator.js";
import { tapeOf } from "../model/random.js";
import { strokeAs } from "./theme.js";

const WIDE = 92;
const HIGH = 64;

/** @param {any} app @param {HTMLElement} parent of the row @param {HTMLElement} top of the question @param {(code: string) => any} codeOf */
export function createGallery(app, parent, top, codeOf) {
  const { store, data } = app;
  const keys = Object.keys(data.presets);
  const row = make("div", { class: "olx-gallery", role: "group", "aria-label": "Presets" });
  const details = make("details", { class: "olx-presets" }, make("summary", {}, "Presets"), row);
  const quiz = make("div", { class: "olx-quiz", role: "group", "aria-label": "Question", hidden: true });
  parent.append(details);
  top.append(quiz);
  details.hidden = !keys.length;
  details.open = Boolean(store.get("preset"));
  const items = keys.map((key) => {
    const canvas = make("canvas", { "aria-hidden": "true" });
    const b = make("button", { type: "button", title: data.presets[key].comment, onclick: () => app.applyPreset(key) },
      canvas, make("span", {}, data.presets[key].title));
    row.append(b);
    return { key, canvas, b };
  });

  /** The race of a preset, small. */
  function sketch({ key, canvas }) {
    const { state } = data.presets[key];
    const surface = data.surfaces[state.surface];
    const code = codeOf(surface.code);
    const ratio = window.devicePixelRatio || 1;
    canvas.width = WIDE * ratio;
    canvas.height = HIGH * ratio;
    const c = canvas.getContext("2d");
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    const [x0, x1, y0, y1] = squareView(surface.domain);
    const cut = ((y1 - y0) * (1 - HIGH / WIDE)) / 2;
    const view = [x0, x1, y0 + cut, y1 - cut];
    const map = planeMap(view, WIDE, HIGH);
    const floor = surface.minima.length && !state.params.length ? code.f(...surface.minima[0], state.params) : null;
    drawField(c, sampleField(code.f, state.params, view, 48, 7, scaleField(code.f, state.params, view, floor)), map, app.theme, 0.8);
    state.racers.forEach((racer, i) => {
      const rule = data.rules[racer.rule];
      const steps = Math.min(state.steps, 150);
      const tape = state.noise || rule.draws.length ? tapeOf(state.seed, steps, rule.draws.length, 0, 0, state.noise > 0) : null;
      const run = integrate(codeOf(rule.code), rule, racer.h, code, state.params, state.start, steps, { noise: state.noise, tape });
      strokeAs(c, app.theme, i, 1.5);
      c.setLineDash([]);
      c.beginPath();
      const o = rule.layout.w[0];
      for (let t = 0; t <= run.last; t++) c.lineTo(map.x(run.rows[t * run.stride + o]), map.y(run.rows[t * run.stride + o + 1]));
      c.stroke();
    });
  }

  // Drawn when first seen, one a frame, and again in another theme.
  let waiting = 0;
  let due = items.slice();
  function draw() {
    waiting = 0;
    const next = details.open && due.shift();
    if (!next) return;
    sketch(next);
    waiting = requestAnimationFrame(draw);
  }
  const later = () => {
    if (!waiting) waiting = requestAnimationFrame(draw);
  };
  details.addEventListener("toggle", later);

  let asked = "";
  /** @param {string} key the preset whose question is asked; empty: none */
  function ask(key) {
    const question = key && data.presets[key]?.question;
    asked = question ? key : "";
    app.el.classList.toggle("olx-asked", Boolean(asked));
    store.set({ _asked: asked });
    quiz.hidden = !question;
    if (!question) return;
    const result = make("p", { class: "olx-why" });
    const reveal = (chosen) => {
      const right = chosen === question.right;
      quiz.querySelectorAll("button").forEach((b, k) => {
        b.disabled = true;
        b.classList.toggle("olx-yes", k === question.right);
        b.classList.toggle("olx-not", k === chosen && !right);
      });
      result.textContent = (chosen < 0 ? "" : right ? "Right. " : "No. ") + question.why;
      asked = "";
      app.el.classList.remove("olx-asked");
      const calm = prefersStill();
      store.set({ _asked: "", step: calm ? store.get("steps") : 0, playing: !calm });
      // On a phone the answers have pushed the picture out of sight.
      app.el.querySelector(".olx-picture")?.scrollIntoView({ block: "nearest" });
      app.say(result.textContent);
    };
    quiz.replaceChildren(
      make("p", {}, make("strong", {}, "Predict. "), question.text),
      make("div", { class: "olx-row" },
        ...question.answers.map((text, k) => make("button", { type: "button", class: "olx-button", onclick: () => reveal(k) }, text)),
        make("button", { type: "button", class: "olx-quiet", onclick: () => reveal(-1) }, "Just show it")),
      result);
  }

  let preset = "";
  return {
    /** @param {Set<string>} changed */
    update(changed) {
      if (changed.has("theme")) {
        due = items.slice();
        later();
      }
      const now = store.get("preset") || "";
      if (now !== preset) {
        preset = now;
        items.forEach(({ key, b }) => {
          b.setAttribute("aria-pressed", String(key === now));
          // Into the row's part that is seen, without moving the page.
          const left = b.offsetLeft - row.offsetLeft;
          if (key === now) row.scrollLeft = Math.max(left + WIDE + 20 - row.clientWidth, Math.min(row.scrollLeft, left));
        });
        ask(store.get("prompt") ? "" : now);
      }
    },
    close() {
      if (waiting) cancelAnimationFrame(waiting);
    },
  };
}
