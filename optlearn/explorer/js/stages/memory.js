// The stage of matrices: racers learn the pairs of an associative memory; what each pair lacks, and what a step does.

import { createAnnouncer } from "../view/accessibility.js";
import { chart, chartText, curve, straight } from "../view/chart.js";
import { make, slider } from "../view/controls.js";
import { createEquation } from "../view/equation.js";
import { compile } from "../model/integrator.js";
import { createMemory, runOnMemory, singularValues } from "../model/matrix.js";
import { show } from "../model/numbers.js";
import { createStore } from "../model/state.js";
import { readTheme, swatch, watchTheme, DASHES } from "../view/theme.js";
import { createRace, createRoom, stageLinks } from "./parts.js";

const EXPONENT = { name: "exponent", mathml: "<mi>α</mi>", low: 0, high: 3, log: false, at_least: 0, range: "a number from 0 to 3", at_most: 3 };
/** Nothing smaller is told apart in the charts. */
const LEAST = 1e-3;

const memoryLinks = stageLinks(() => [EXPONENT]);

/** What the racer keeps, if it is a matrix of this size: its first memory. @param {any} rule @param {number} size */
function memoryOf(rule, size) {
  return rule.slots.find((name) => rule.layout[name]?.[1] === size && !["L", "R", "v", "w"].includes(name));
}

/** @param {{model: any, el: HTMLElement, data: any, home: any}} place */
function renderMemory({ model, el: parent, data, home }) {
  const el = createRoom(parent, "Matrix explorer");
  const store = createStore(model, frame);
  const codes = model.get("racers").map((racer) => compile(data.rules[racer.rule].code));
  const announcer = createAnnouncer(el, store);
  /** @type {any} */
  let memory = null;
  /** @type {any[]} */
  let runs = [];
  const rule = (i) => data.rules[store.get("racers")[i].rule];
  const race = createRace(el, store, data.rules, () => ({
    runs: runs.map((run, i) => ({ code: codes[i], rule: rule(i), h: store.get("racers")[i].h, last: run.last })), problem: memory,
  }));
  /** The step of racer i that is shown beside step t of the selected one. @param {number} i @param {number} t */
  const at = (i, t) => Math.min(race.at(i, t), runs[i].last);
  const errors = make("div", {});
  const worst = make("div", { class: "olx-worst" });
  const values = make("div", {});
  const read = make("p", { class: "olx-readout" });
  const card = make("div", {});
  const exponent = slider(EXPONENT, (value) => store.set({ params: [value] }));
  const title = (text) => make("p", { class: "olx-note" }, text);
  const left = make("div", {}, title("Error of each pair, from the most frequent to the rarest"), errors,
    race.transport, race.against, race.note,
    title("Largest error of all pairs"), worst, exponent.el);
  const right = make("div", {}, read, title("Singular values, beside the largest: what comes in, what is kept, the step"), values, card);
  el.append(race.chips, make("div", { class: "olx-halves" }, left, right));

  const seek = (event) => {
    const box = worst.getBoundingClientRect();
    const part = (event.clientX - box.left - 42) / (box.width - 50);
    store.set({ step: Math.round(Math.min(1, Math.max(0, part)) * store.get("steps")), playing: false });
  };
  worst.addEventListener("pointerdown", (event) => {
    worst.setPointerCapture(event.pointerId);
    seek(event);
  });
  worst.addEventListener("pointermove", (event) => {
    if (event.buttons) seek(event);
  });

  function compute() {
    memory = createMemory(data.given, store.get("params")[0]);
    runs = store.get("racers").map((racer, i) => runOnMemory(codes[i], rule(i), racer.h, memory, race.length(i)));
  }

  const paint = (i) => `fill="var(--olx-r${i})"`;
  function drawErrors(t) {
    chart(errors, 196, (width) => {
      const [top, bottom, x0] = [8, 160, 34];
      const slot = (width - x0 - 8) / memory.n;
      const y = (e) => bottom - (bottom - top) * Math.min(e, 1.15) / 1.15;
      let out = [0, 0.5, 1].map((e) => straight(x0, y(e), width - 8, y(e)) + chartText(x0 - 6, y(e) + 4, String(e), 'text-anchor="end"')).join("");
      const bar = (0.8 * slot) / runs.length;
      for (let k = 0; k < memory.n; k++) {
        runs.forEach((run, i) => {
          const e = run.errors[at(i, t)][k];
          out += `<rect x="${(x0 + (k + 0.1) * slot + i * bar).toFixed(1)}" y="${y(e).toFixed(1)}" width="${Math.max(0.5, bar - 1).toFixed(1)}" height="${Math.max(0.8, bottom - y(e)).toFixed(1)}" ${paint(i)} ${i === store.get("selected") ? 'stroke="var(--olx-ink)"' : ""}/>`;
        });
        out += chartText(x0 + (k + 0.5) * slot, bottom + 15, show(memory.p[k], 2), 'text-anchor="middle"');
      }
      return out + chartText(x0, bottom + 29, "frequency of the pair");
    });
  }
  function drawWorst(t) {
    const steps = store.get("steps");
    chart(worst, 96, (width) => {
      const x = (part) => 42 + (width - 50) * part;
      const y = (e) => 8 + (70 * Math.log10(1.6 / Math.min(1.6, Math.max(e, LEAST)))) / Math.log10(1.6 / LEAST);
      const grid = [1, 0.1, 0.01, 0.001].map((e) => straight(42, y(e), width - 8, y(e)) + chartText(36, y(e) + 4, show(e), 'text-anchor="end"')).join("");
      const lines = runs.map((run, i) => curve(run.errors.map((e, k) => [x(race.along(i, k)), y(Math.max(...e))]),
        `stroke="var(--olx-r${i})" stroke-width="2" stroke-dasharray="${DASHES[i].join(" ")}"`)).join("");
      return grid + lines + straight(x(t / steps), 4, x(t / steps), 80, 'stroke="var(--olx-ink)"') + chartText(width - 8, 93, race.axis(), 'text-anchor="end"');
    });
  }
  function drawValues(t) {
    const i = store.get("selected");
    const run = runs[i];
    const now = Math.min(Math.max(1, t), run.last);
    const matrix = (name, row = now) => run.rows.subarray(row * run.stride + run.layout[name][0], row * run.stride + run.layout[name][0] + run.size);
    const kept = memoryOf(rule(i), run.size);
    const moved = matrix("w", now).map((x, k) => matrix("w", now - 1)[k] - x);
    const series = [["gradient", matrix("g"), "--olx-gradient", 0], ...(kept ? [["memory", matrix(kept), "--olx-memory", 2]] : []), ["step", moved, "--olx-step", 1]]
      .map(([name, A, colour, dash]) => ({ name, colour, dash, s: singularValues(A, memory.n, memory.n) }));
    chart(values, 170, (width) => {
      const x = (k) => 46 + ((width - 130) * k) / Math.max(1, memory.n - 1);
      const y = (s) => 12 + (126 * Math.log10(1 / Math.max(s, LEAST))) / 3;
      let out = [1, 0.1, 0.01, 0.001].map((s) => straight(40, y(s), width - 78, y(s)) + chartText(34, y(s) + 4, show(s), 'text-anchor="end"')).join("");
      series.forEach(({ name, colour, dash, s }, j) => {
        const points = s.map((value, k) => [x(k), y(value / (s[0] || 1))]);
        const look = `stroke="var(${colour})" stroke-width="2" stroke-dasharray="${DASHES[dash].join(" ")}"`;
        out += curve(points, look) + points.map(([a, b]) => `<circle cx="${a.toFixed(1)}" cy="${b.toFixed(1)}" r="3.2" fill="var(${colour})"/>`).join("");
        out += straight(width - 72, 22 + 20 * j, width - 56, 22 + 20 * j, look) + `<text x="${width - 52}" y="${26 + 20 * j}" fill="var(${colour})">${name}</text>`;
      });
      return out + chartText(x(0), 160, "largest") + chartText(x(memory.n - 1), 160, "smallest", 'text-anchor="end"');
    });
    return series[series.length - 1].s;
  }

  let shown = -1;
  /** @type {any} */
  let equation = null;
  /** @type {any[]} */
  let sliders = [];
  function drawCard() {
    const i = store.get("selected");
    const racer = store.get("racers")[i];
    if (shown !== i) {
      shown = i;
      equation = createEquation(rule(i), 0);
      sliders = rule(i).hypers.map((declared, k) => slider(declared, (value) => {
        const h = store.get("racers")[i].h.slice();
        h[k] = value;
        store.setRacer(i, { h });
      }));
      card.replaceChildren(make("p", { class: "olx-title", html: swatch(i) }, race.label(i)), ...sliders.map((one) => one.el), equation.el);
    }
    sliders.forEach((one, k) => one.set(racer.h[k]));
    equation.numbers(runs[i], racer.h, store.get("step"));
  }

  const app = {
    el, data, home, store, links: memoryLinks, frames: 0, race,
    summary() {
      const t = store.get("step");
      return `Step ${t}. ` + runs.map((run, i) => {
        const e = run.errors[at(i, t)];
        const when = race.costs && i !== store.get("selected") ? ` (step ${at(i, t)})` : "";
        return `${race.label(i)}${when}: largest error ${show(Math.max(...e), 2)}${run.last < Math.min(race.at(i, t), race.length(i)) ? ", diverged" : ""}`;
      }).join("; ") + ".";
    },
    say: (text) => announcer.say(text),
    close() {
      race.close();
      unwatch();
      observer.disconnect();
      store.close();
      announcer.close();
      el.remove();
    },
  };

  /** @param {Set<string>} changed */
  function frame(changed) {
    app.frames += 1;
    if (changed.has("theme")) readTheme(el);
    if (["params", "racers", "steps"].some((key) => changed.has(key)) || race.changes(changed)) compute();
    const t = store.get("step");
    race.update(changed);
    exponent.set(store.get("params")[0]);
    drawErrors(t);
    drawWorst(t);
    drawValues(t);
    drawCard();
    const e = runs[shown].errors[Math.min(t, runs[shown].last)];
    read.textContent = `${race.label(shown)}, step ${t}: errors from ${show(Math.min(...e), 2)} to ${show(Math.max(...e), 2)}` +
      (runs[shown].last < t ? `; diverged in step ${runs[shown].last + 1}` : "");
    if (changed.has("step") && !store.get("playing")) announcer.say(app.summary);
  }
  const unwatch = watchTheme(() => store.mark("theme"));
  const observer = new ResizeObserver(() => store.mark("size"));
  observer.observe(el);
  readTheme(el);
  for (const key of ["racers", "theme", "playing"]) store.mark(key);
  store.flush();
  /** @type {any} */ (parent).explorer = app;
  parent.dispatchEvent(new CustomEvent("optlearn", { bubbles: true, detail: app }));
  return () => app.close();
}

export const memoryStage = { render: renderMemory, ...memoryLinks };
