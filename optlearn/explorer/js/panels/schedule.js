// The schedule editor: points of the curve that are dragged, its numbers as sliders, its formula, and the call that makes it.

import { chart, chartText, curve, straight } from "../view/chart.js";
import { button, make, slider } from "../view/controls.js";
import { createTitle, plotStyle, watchWidth } from "../view/plot.js";
import { renumbered } from "../model/link.js";
import { complaint, show, ticks, tidy } from "../model/numbers.js";

const EDITOR_HEIGHT = 210;
const EDITOR_LEFT = 46;
const EDITOR_RIGHT = 12;
const EDITOR_TOP = 10;
const EDITOR_BOTTOM = 24;

/** The schedule of the selected racer that can be edited, of the learning rate if it has one. @param {any} app */
function editedOf(app) {
  const racer = app.store.get("racers")[app.store.get("selected")];
  const all = Object.entries(racer.schedules || {}).filter(([, s]) => s.form);
  const [name, schedule] = all.find(([one]) => one === "lr") || all[0] || [];
  return name ? { name, schedule } : null;
}

/** @type {import("./panels.js").Panel} */
export const schedulePanel = {
  id: "schedule",
  create(app, parent) {
    const { store } = app;
    const title = createTitle("");
    const curveBox = make("div", {});
    const holder = make("div", { style: "position:relative" }, curveBox);
    const sliders = make("div", {});
    const formula = make("div", { class: "olx-formula", tabindex: 0, role: "group", "aria-label": "Formula of the schedule" });
    const code = make("code", { style: "overflow-wrap:anywhere" });
    const said = make("span", { class: "olx-note", role: "status" });
    const copy = button("Copy", "Copy the call", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        said.textContent = "Copied.";
      } catch {
        getSelection()?.selectAllChildren(code);
        said.textContent = "Selected: copy it with your keyboard.";
      }
    });
    const note = make("p", { class: "olx-note" });
    const call = make("div", { class: "olx-row" }, code, copy, said);
    parent.append(plotStyle(), title.el, holder, sliders, formula, call, note);
    const unwatch = watchWidth(holder, () => store.set({ _plots: {} }));
    /** @type {any[]} */
    let handles = [];
    /** @type {any[]} */
    let inputs = [];
    let built = "";
    /** The values at the top of the chart; it keeps still while a point is dragged. */
    let top = 1;
    let dragging = false;

    /** Takes new numbers, if each is allowed and every value is a number. @param {number[]} h */
    function take(h) {
      const it = editedOf(app);
      if (!it || h.some((x, k) => complaint(x, it.schedule.numbers[k]))) return;
      const code = app.codeOf(it.schedule);
      for (let k = 0; k < store.get("steps"); k++) if (!Number.isFinite(code(k, h))) return;
      const i = store.get("selected");
      const racer = store.get("racers")[i];
      store.setRacer(i, { schedules: { ...racer.schedules, [it.name]: renumbered(it.schedule, h) } });
    }
    /** Moves a point of the curve: the last number of its index, and its value. @param {number} p @param {number} index @param {number} value */
    function move(p, index, value) {
      const { schedule } = /** @type {any} */ (editedOf(app));
      const { at, value: level } = schedule.points[p];
      const h = schedule.h.slice();
      if (at.length) {
        const last = at[at.length - 1];
        const before = at.slice(0, -1).reduce((sum, k) => sum + h[k], 0);
        h[last] = Math.max(schedule.numbers[last].at_least ?? 0, Math.round(Math.min(store.get("steps"), index) - before));
      }
      if (level !== null) h[level] = Math.max(0, tidy(value, 3, top));
      take(h);
    }
    const width = () => Math.max(240, holder.clientWidth) - EDITOR_LEFT - EDITOR_RIGHT;
    const tall = EDITOR_HEIGHT - EDITOR_TOP - EDITOR_BOTTOM;
    const xOf = (k) => EDITOR_LEFT + (width() * k) / store.get("steps");
    const yOf = (z) => EDITOR_TOP + tall * (1 - z / top);
    /** Where a point stands now. @param {any} s @param {number} p */
    const placeOf = (s, p) => {
      const index = s.points[p].at.reduce((sum, k) => sum + s.h[k], 0);
      return { index, value: s.points[p].value === null ? app.codeOf(s)(index, s.h) : s.h[s.points[p].value] };
    };
    function handleOf(s, p) {
      const names = [...s.points[p].at.slice(-1), ...(s.points[p].value === null ? [] : [s.points[p].value])].map((k) => s.numbers[k].name);
      const el = make("button", { type: "button", class: "olx-handle", "aria-label": `Point of the schedule: ${names.join(" and ")}; arrow keys move it`,
        onkeydown: (event) => {
          const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] || [0, 0];
          if (!dx && !dy) return;
          event.preventDefault();
          event.stopPropagation();
          const now = placeOf(/** @type {any} */ (editedOf(app)).schedule, p);
          const far = event.shiftKey ? 10 : 1;
          move(p, now.index + dx * far, now.value + (dy * far * top) / 100);
        },
        onpointerdown: (event) => {
          el.setPointerCapture(event.pointerId);
          dragging = true;
        },
        onpointermove: (event) => {
          if (!event.buttons) return;
          const box = holder.getBoundingClientRect();
          move(p, ((event.clientX - box.left - EDITOR_LEFT) / width()) * store.get("steps"), top * (1 - (event.clientY - box.top - EDITOR_TOP) / tall));
        },
        onpointerup: () => {
          dragging = false;
          store.set({ _plots: {} });
        },
      });
      holder.append(el);
      return el;
    }
    function build(name, s) {
      for (const el of handles) el.remove();
      handles = s.points.map((_, p) => handleOf(s, p));
      inputs = s.numbers.map((declared, k) => slider({ ...declared, ...(declared.integer ? { high: Math.max(declared.low + 1, store.get("steps")) } : {}) }, (value) => {
        const h = /** @type {any} */ (editedOf(app)).schedule.h.slice();
        h[k] = value;
        take(h);
      }));
      sliders.replaceChildren(...inputs.map((one) => one.el));
      formula.innerHTML = s.mathml || "";
    }
    return {
      /** @param {Set<string>} changed */
      update(changed) {
        if (!["runs", "racers", "step", "selected", "theme", "_plots", "opened"].some((key) => changed.has(key))) return;
        const it = editedOf(app);
        const i = store.get("selected");
        for (const el of [title.el, holder, sliders, formula, call]) el.hidden = !it;
        note.textContent = it ? "" : `The numbers of ${app.label(i)} do not follow a schedule that can be edited here.`;
        if (!it) return;
        const { name, schedule: s } = it;
        const key = [i, name, s.code, store.get("steps")].join("|");
        if (key !== built) {
          built = key;
          build(name, s);
        }
        const steps = store.get("steps");
        // The same number of the others, for comparison.
        const curves = app.runs.map((_, j) => {
          const k = app.rule(j).hypers.findIndex((one) => one.name === name);
          return k < 0 || store.get("racers")[j].hidden ? [] : Array.from({ length: steps }, (_, t) => app.hyperAt(j, t + 1)[k]);
        });
        if (!dragging) top = 1.25 * Math.max(1e-12, ...curves.flat().filter(Number.isFinite));
        inputs.forEach((input, k) => input.set(s.h[k]));
        title.set(curves.map((_, j) => ({ values: [], colour: `var(--olx-r${j})`, width: j === i ? 2.6 : 1.4, name: app.label(j) })).filter((_, j) => curves[j].length), `${name} over the steps`);
        chart(curveBox, EDITOR_HEIGHT, () => {
          let out = "";
          for (const z of ticks(0, top, 4)) out += straight(EDITOR_LEFT, yOf(z), xOf(steps), yOf(z)) + chartText(EDITOR_LEFT - 6, yOf(z) + 4, show(z), 'text-anchor="end"');
          for (const k of ticks(0, steps, 5)) if (k === Math.round(k)) out += chartText(xOf(k), EDITOR_HEIGHT - 8, String(k), `text-anchor="${k === steps ? "end" : "middle"}"`);
          // A value holds for its whole step.
          const stairs = (values) => values.flatMap((z, k) => [[xOf(k), Math.max(-50, yOf(z))], [xOf(k + 1), Math.max(-50, yOf(z))]]);
          curves.forEach((values, j) => {
            if (j !== i) out += curve(stairs(values), `stroke="var(--olx-r${j})" stroke-width="1.4" opacity=".7"`);
          });
          out += curve(stairs(curves[i]), `stroke="var(--olx-r${i})" stroke-width="2.6"`);
          return out + straight(xOf(store.get("step")), EDITOR_TOP, xOf(store.get("step")), EDITOR_HEIGHT - EDITOR_BOTTOM, 'stroke="var(--olx-ink)"');
        });
        handles.forEach((el, p) => {
          const now = placeOf(s, p);
          el.style.transform = `translate(${xOf(Math.min(steps, now.index)).toFixed(1)}px,${yOf(Math.min(top, now.value)).toFixed(1)}px)`;
        });
        code.textContent = `${name}=${s.label}`;
        app.figure = { name, h: s.h, label: s.label };
      },
      close: unwatch,
    };
  },
};
