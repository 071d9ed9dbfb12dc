// Curves over the steps, with axes and a cursor that is dragged: for views that show how quantities change with time.

import { chart, chartText, curve, straight } from "./chart.js";
import { make } from "./controls.js";
import { show, superscript, ticks } from "../model/numbers.js";

const LEFT = 46;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 22;
/** Decades that a logarithmic axis shows at most. */
const DECADES = 12;

/**
 * A curve: one value a step, from step 1 on; NaN where there is none.
 * @typedef {{values: ArrayLike<number>, colour: string, name?: string, dash?: string, width?: number, dots?: boolean}} Series
 */

/** What the views share that the style sheet of the page does not have. */
const PLOT_STYLE = ".olx-plot { cursor: ew-resize; touch-action: pan-y; } .olx-plots { display: grid; gap: .5rem 1.4rem; grid-template-columns: minmax(0, 1fr); }" +
  "@container (min-width: 640px) { .olx-plots.olx-two { grid-template-columns: repeat(2, minmax(0, 1fr)); } }" +
  ".olx .olx-plot-name { margin: .2rem 0 0; font-size: .9em; display: flex; flex-wrap: wrap; gap: 0 .9rem; align-items: baseline; }" +
  ".olx-plot-name span { color: var(--olx-muted); white-space: nowrap; } .olx-plot-name svg { vertical-align: middle; margin-right: .3rem; }";

/** The style of the views, for the panel that shows one. */
export const plotStyle = () => make("style", {}, PLOT_STYLE);

/** Calls back when an element changes its width. @param {HTMLElement} el @param {() => void} act @returns {() => void} what ends it */
export function watchWidth(el, act) {
  const observer = new ResizeObserver(act);
  observer.observe(el);
  return () => observer.disconnect();
}

/** A short line as a key to curves. @param {Series} series */
function keyOf({ colour, dash = "", width = 2, dots }) {
  const look = dots ? `<circle cx="9" cy="5" r="2.4" fill="${colour}"/>` : `<path d="M0 5H18" stroke="${colour}" stroke-width="${width}" stroke-dasharray="${dash}"/>`;
  return `<svg width="18" height="10" aria-hidden="true">${look}</svg>`;
}

/** The name of a chart, with the key to its curves. @param {string} title */
export function createTitle(title) {
  const el = make("p", { class: "olx-plot-name" });
  let shown = "";
  return {
    el,
    /** @param {Series[]} series @param {string} [now] */
    set(series, now = title) {
      const keys = series.filter((one) => one.name);
      const text = now + keys.map((one) => keyOf(one) + one.name).join();
      if (text === shown) return;
      shown = text;
      el.replaceChildren(make("strong", {}, now), ...keys.map((one) => {
        const key = make("span", { html: keyOf(one) });
        key.append(one.name || "");
        return key;
      }));
    },
  };
}

/** Round values of an axis, about `count` of them. @param {number} lo @param {number} hi @param {boolean} log @param {number} count */
function marksOf(lo, hi, log, count) {
  if (!log) return ticks(lo, hi, count).map((x) => ({ at: x, text: show(x, 3) }));
  const [bottom, top] = [Math.ceil(Math.log10(lo) - 1e-9), Math.floor(Math.log10(hi) + 1e-9)];
  const stride = Math.max(1, Math.ceil((top - bottom) / count));
  return Array.from({ length: Math.max(0, Math.floor((top - bottom) / stride) + 1) }, (_, k) => bottom + k * stride)
    .map((k) => ({ at: 10 ** k, text: Math.abs(k) < 4 ? show(10 ** k) : "10" + superscript(k) }));
}

/** @param {any} app @param {string} title @param {number} [height] */
export function createPlot(app, title, height = 150) {
  const name = createTitle(title);
  const holder = make("div", { class: "olx-plot", role: "img" });
  let stepAt = (/** @type {number} */ x) => x;
  const seek = (event) => app.store.set({ step: stepAt(event.clientX - holder.getBoundingClientRect().left), playing: false });
  holder.addEventListener("pointerdown", (event) => {
    holder.setPointerCapture(event.pointerId);
    seek(event);
  });
  holder.addEventListener("pointermove", (event) => {
    if (event.buttons) seek(event);
  });
  return {
    el: make("div", {}, name.el, holder),
    /**
     * @param {Series[]} series
     * @param {{log?: boolean, far?: boolean, low?: number, high?: number, said: string, title?: string}} look `log`: of the
     *   values; `far`: of the steps; `low`, `high`: values that are in sight in any case
     */
    draw(series, { log = false, far = false, low = Infinity, high = -Infinity, said, title: now }) {
      const steps = app.store.get("steps");
      let [lo, hi] = [low, high];
      for (const { values } of series) {
        for (let k = 0; k < values.length; k++) {
          const z = values[k];
          if (!Number.isFinite(z) || (log && z <= 0)) continue;
          if (z < lo) lo = z;
          if (z > hi) hi = z;
        }
      }
      if (!(hi >= lo)) [lo, hi] = log ? [0.1, 1] : [0, 1];
      if (log) lo = Math.max(lo, hi * 10 ** -DECADES);
      if (lo === hi) [lo, hi] = log ? [lo / 2, hi * 2] : [lo - 1, hi + 1];
      const of = (z) => (log ? Math.log(Math.max(z, 1e-300)) : z);
      name.set(series, now);
      holder.setAttribute("aria-label", said);
      chart(holder, height, (width) => {
        const room = width - LEFT - RIGHT;
        const pad = 0.04 * (of(hi) - of(lo));
        const x = (t) => LEFT + room * (far ? Math.log(Math.max(t, 1)) / Math.log(Math.max(steps, 2)) : t / steps);
        const y = (z) => TOP + (height - TOP - BOTTOM) * (1 - (of(z) - of(lo) + pad) / (of(hi) - of(lo) + 2 * pad));
        stepAt = (px) => {
          const u = Math.min(1, Math.max(0, (px - LEFT) / room));
          return Math.min(steps, Math.max(1, Math.round(far ? steps ** u : u * steps)));
        };
        const inside = (z) => Math.min(height + 50, Math.max(-50, y(z)));
        let out = "";
        for (const { at, text } of marksOf(lo, hi, log, 4)) out += straight(LEFT, y(at), width - RIGHT, y(at)) + chartText(LEFT - 6, y(at) + 4, text, 'text-anchor="end"');
        for (const { at, text } of marksOf(far ? 1 : 0, steps, far, 5)) {
          if (at === Math.round(at)) out += chartText(x(at), height - 6, text, `text-anchor="${x(at) > width - 40 ? "end" : "middle"}"`);
        }
        for (const { values, colour, dash = "", width: thick = 2, dots } of series) {
          /** @type {number[][][]} */
          const pieces = [[]];
          let px = -9;
          for (let k = 0; k < values.length; k++) {
            if (!Number.isFinite(values[k])) {
              pieces.push([]);
              continue;
            }
            // Of many steps in one pixel the first.
            if (dots && x(k + 1) - px < 3 && k) continue;
            px = x(k + 1);
            pieces[pieces.length - 1].push([px, inside(values[k])]);
          }
          out += dots ? pieces.flat().map(([a, b]) => `<circle cx="${a.toFixed(1)}" cy="${b.toFixed(1)}" r="2" fill="${colour}"/>`).join("")
            : pieces.map((points) => curve(points, `stroke="${colour}" stroke-width="${thick}" stroke-dasharray="${dash}" stroke-linejoin="round"`)).join("");
        }
        const at = x(Math.max(far ? 1 : 0, app.store.get("step")));
        return out + straight(at, TOP, at, height - BOTTOM, 'stroke="var(--olx-ink)"');
      });
    },
  };
}

/** The step as a slider, for views without the time line. @param {any} app */
export function createStepper(app) {
  const range = make("input", { type: "range", min: 1, step: 1, "aria-label": "step", oninput: () => app.store.set({ step: +range.value, playing: false }) });
  const text = make("span", { class: "olx-number", style: "white-space:nowrap" });
  return {
    el: make("div", { class: "olx-row", style: "flex-wrap:nowrap" }, range, text),
    update() {
      const [step, steps] = [Math.max(1, app.store.get("step")), app.store.get("steps")];
      range.max = String(steps);
      range.value = String(step);
      range.style.setProperty("--olx-fill", `${(100 * (step - 1)) / Math.max(1, steps - 1)}%`);
      text.textContent = `step ${step} of ${steps}`;
    },
  };
}
