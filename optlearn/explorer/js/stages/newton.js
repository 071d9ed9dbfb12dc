// The stage of Newton-Schulz: one step is a polynomial on every singular value; its shape is dragged, its powers follow.

import { chart, chartText, curve, straight } from "../view/chart.js";
import { make, slider } from "../view/controls.js";
import { show } from "../model/numbers.js";
import { createStore } from "../model/state.js";
import { readTheme, watchTheme } from "../view/theme.js";
import { createRoom, stageLinks } from "./parts.js";

const COEFFICIENT = { low: -25, high: 10, log: false, range: "a finite number" };
const COEFFICIENTS = ["a", "b", "c"].map((name) => ({ ...COEFFICIENT, name, mathml: `<mi>${name}</mi>` }));
const TURNS = { name: "turns", mathml: "<mi>K</mi>", low: 1, high: 12, log: false, integer: true, range: "a whole number from 1 to 12", at_least: 1, at_most: 12 };
/** Where the curve of one step can be taken hold of. */
const HOLDS = [0.3, 0.65, 1];
const HIGHEST = 1.6;
const NAMED = { "Jordan's": [3.4445, -4.775, 2.0315], "to order 5": [1.875, -1.25, 0.375], "cubic": [1.5, -0.5, 0] };

const newtonLinks = stageLinks(() => [...COEFFICIENTS, TURNS]);

/** One step. @param {number} s @param {number[]} params */
function turned(s, [a, b, c]) {
  const q = s * s;
  return s * (a + q * (b + q * c));
}

/** K steps. @param {number} s @param {number[]} params */
function afterTurns(s, params) {
  for (let k = 0; k < params[3]; k++) s = turned(s, params);
  return s;
}

/** The coefficients whose step takes these values at the three holds. @param {number[]} values */
function through(values) {
  // Lagrange in s squared, of value / s.
  const q = HOLDS.map((s) => s * s);
  const out = [0, 0, 0];
  q.forEach((at, k) => {
    const [u, v] = q.filter((_, j) => j !== k);
    const weight = values[k] / HOLDS[k] / ((at - u) * (at - v));
    out[0] += weight * u * v;
    out[1] -= weight * (u + v);
    out[2] += weight;
  });
  return out;
}

/** @param {{model: any, el: HTMLElement, data: any, home: any}} place */
function renderNewton({ model, el: parent, data, home }) {
  const el = createRoom(parent, "Newton-Schulz steps on singular values");
  const store = createStore(model, frame);
  const picture = make("div", { class: "olx-poly" });
  const handles = HOLDS.map((s, k) => make("button", { type: "button", class: "olx-handle", "aria-label": `Value of one step at ${s}; arrow keys up and down`, onkeydown: (event) => {
    const by = { ArrowUp: 0.01, ArrowDown: -0.01 }[event.key];
    if (!by) return;
    event.preventDefault();
    lift(k, turned(s, store.get("params")) + by);
  } }));
  const holder = make("div", { class: "olx-holder" }, picture, ...handles);
  const read = make("p", { class: "olx-readout", role: "status" });
  const change = (k) => (value) => store.set({ params: store.get("params").map((x, j) => (j === k ? value : x)) });
  const sliders = [...COEFFICIENTS, TURNS].map((declared, k) => slider(declared, change(k)));
  const named = Object.entries(NAMED).map(([name, numbers]) =>
    make("button", { type: "button", class: "olx-button", onclick: () => store.set({ params: [...numbers, store.get("params")[3]] }) }, name));
  el.append(make("div", { class: "olx-halves" }, holder, make("div", {}, make("div", { class: "olx-row" }, ...named), ...sliders.map((one) => one.el), read)));

  const x0 = 34;
  const [top, bottom] = [10, 270];
  const yOf = (v) => bottom - ((bottom - top) * Math.max(-0.1, Math.min(HIGHEST, v))) / HIGHEST;
  const xOf = (s) => x0 + (holder.clientWidth - x0 - 10) * s;
  function lift(k, value) {
    const values = HOLDS.map((s) => turned(s, store.get("params")));
    values[k] = Math.max(-0.1, Math.min(HIGHEST, value));
    store.set({ params: [...through(values).map((x) => +x.toFixed(4)), store.get("params")[3]] });
  }
  handles.forEach((handle, k) => {
    handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
    handle.addEventListener("pointermove", (event) => {
      if (!event.buttons) return;
      lift(k, (HIGHEST * (bottom - (event.clientY - picture.getBoundingClientRect().top))) / (bottom - top));
    });
  });

  const app = {
    el, data, home, store, links: newtonLinks, frames: 0, say() {},
    summary: () => read.textContent,
    close() {
      unwatch();
      observer.disconnect();
      store.close();
      el.remove();
    },
  };

  /** @param {Set<string>} changed */
  function frame(changed) {
    app.frames += 1;
    if (changed.has("theme")) readTheme(el);
    const params = store.get("params");
    const grid = Array.from({ length: 600 }, (_, k) => ((k + 1) / 600) ** 2);
    const ends = grid.filter((s) => s >= 0.01).map((s) => afterTurns(s, params));
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    chart(picture, 304, () => {
      const cut = (f) => grid.map((s) => [xOf(s), yOf(f(s))]);
      let out = [0, 0.5, 1, 1.5].map((v) => straight(x0, yOf(v), xOf(1), yOf(v)) + chartText(x0 - 6, yOf(v) + 4, String(v), 'text-anchor="end"')).join("");
      out += [0, 0.5, 1].map((s) => chartText(xOf(s), 286, String(s), 'text-anchor="middle"')).join("");
      if (Number.isFinite(low) && Number.isFinite(high)) {
        out += `<rect x="${x0}" width="${xOf(1) - x0}" y="${yOf(high)}" height="${Math.max(0, yOf(low) - yOf(high))}" fill="var(--olx-r0)" opacity=".12"/>`;
      }
      out += straight(xOf(0), yOf(0), xOf(1), yOf(1), 'stroke="var(--olx-faint)" stroke-dasharray="3 3"');
      out += curve(cut((s) => turned(s, params)), 'stroke="var(--olx-r1)" stroke-width="2" stroke-dasharray="7 4"');
      out += curve(cut((s) => afterTurns(s, params)), 'stroke="var(--olx-r0)" stroke-width="2.2"');
      return out + chartText(xOf(1), 299, "singular value before", 'text-anchor="end"');
    });
    handles.forEach((handle, k) => {
      handle.style.transform = `translate(${xOf(HOLDS[k])}px, ${yOf(turned(HOLDS[k], params))}px)`;
    });
    sliders.forEach((one, k) => one.set(params[k]));
    read.textContent = `Dashed: one step. Full line: ${params[3]} steps take [0.01, 1] to ` +
      (Number.isFinite(low) && Number.isFinite(high) && high < 1e6 ? `[${show(low)}, ${show(high)}]` : "no bounded range") +
      `; the slope at 0 is ${show(Math.abs(params[0]) ** params[3] * Math.sign(params[0]) ** params[3])}.`;
  }
  const unwatch = watchTheme(() => store.mark("theme"));
  const observer = new ResizeObserver(() => store.mark("size"));
  observer.observe(el);
  readTheme(el);
  store.mark("params");
  store.flush();
  /** @type {any} */ (parent).explorer = app;
  parent.dispatchEvent(new CustomEvent("optlearn", { bubbles: true, detail: app }));
  return () => app.close();
}

export const newtonStage = { render: renderNewton, ...newtonLinks };
