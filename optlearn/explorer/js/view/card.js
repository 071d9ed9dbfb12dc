// The card of the selected racer: name and form, equation with numbers, the inside of its step, sliders.

import { focusOf } from "./accessibility.js";
import { extent, still } from "../model/anatomy.js";
import { drawField, sampleField } from "./contours.js";
import { attribute, hide, make, segments, sharpCanvas, slider, write } from "./controls.js";
import { drawScene, label, planeMap } from "./draw.js";
import { createEquation } from "./equation.js";
import { symbolOf } from "../model/names.js";
import { show, showPair } from "../model/numbers.js";
import { swatch } from "./theme.js";

const CARD_KEYS = ["runs", "step", "selected", "focus", "theme", "_size", "racers", "_continue", "_phase", "_whole", "speed", "relief"];

/** @param {import("../main.js").App} app @param {HTMLElement} parent */
export function createCard(app, parent) {
  const { store } = app;
  const title = make("div", { class: "olx-title" });
  const name = make("span", {});
  const form = make("div", { class: "olx-form" });
  const equation = make("div", {});
  const stages = segments("Part of the step", (id) => store.set({ focus: id, playing: false, _phase: 1, _chosen: true }));
  const caption = make("p", { class: "olx-caption" });
  const loupe = createLoupe(app);
  const gauges = createGauges(app);
  const sliders = make("div", { class: "olx-sliders" });
  const keep = make("input", { type: "checkbox", onchange: () => store.set({ _continue: keep.checked }) });
  const keepName = make("span", {});
  const change = make("label", { class: "olx-check olx-keep", title: "Otherwise a change reruns from the start" }, keep, keepName);
  const before = make("p", { class: "olx-note" });
  const inside = make("div", { class: "olx-inside" }, gauges.el, loupe.el);
  const remove = make("button", { type: "button", class: "olx-quiet", onclick: () => app.removeRacer(store.get("selected")) }, "Remove");
  const lines = make("button", { type: "button", class: "olx-quiet olx-lines", title: "Its lines as text, to change them", onclick: () => app.typeRule() }, "Change the rule");
  const card = make("div", { class: "olx-card", role: "group", "aria-label": "Selected racer" },
    make("header", { class: "olx-card-head" }, title, make("span", {}, lines, remove)), make("div", { class: "olx-typing" }),
    stages.el, caption, equation, form, sliders, change, before, inside);
  parent.append(card);

  /** @type {ReturnType<typeof createEquation> | null} */
  let view = null;
  /** @type {{set: (x: number, note?: string) => void}[]} */
  let inputs = [];
  let built = "";
  let drawn = "";

  function build(rule, racer, index) {
    const held = form.contains(focusOf(form)) ? /** @type {HTMLElement} */ (focusOf(form)).dataset.option : "";
    title.innerHTML = swatch(index);
    title.append(name);
    form.replaceChildren(...rule.options.map((option) => optionControl(rule, option)));
    if (held) /** @type {HTMLElement | null} */ (form.querySelector(`[data-option="${held}"]`))?.focus();
    view = createEquation(rule, store.get("delay"));
    equation.replaceChildren(view.el);
    inputs = rule.hypers.map((declared, k) => {
      return slider(declared, (value) => app.setHyper(store.get("selected"), k, value));
    });
    sliders.replaceChildren(...inputs.map((input) => /** @type {any} */ (input).el));
  }

  function optionControl(rule, option) {
    const name = option.name.replace(/_/g, " ");
    const change = (value) => {
      const key = rule.variants[JSON.stringify({ [option.name]: value })];
      if (key) app.changeForm(store.get("selected"), key);
    };
    const reachable = option.choices.filter((value) =>
      value === option.value || rule.variants[JSON.stringify({ [option.name]: value })]);
    if (reachable.length < 2) return "";
    if (option.choices.length === 2 && typeof option.choices[0] === "boolean") {
      const box = make("input", { type: "checkbox", "data-option": option.name, onchange: () => change(box.checked) });
      box.checked = option.value;
      return make("label", { class: "olx-check" }, box, name);
    }
    const select = make("select", { class: "olx-select", "data-option": option.name, onchange: () => change(reachable[select.selectedIndex]) },
      ...reachable.map((value) => make("option", { value: String(value) }, String(value))));
    select.selectedIndex = reachable.indexOf(option.value);
    return make("label", { class: "olx-check" }, name, select);
  }

  return {
    /** @param {Set<string>} changed */
    late(changed) {
      if (!CARD_KEYS.some((key) => changed.has(key))) return;
      // Most frames of the film change nothing here.
      const now = [app.shownStep(), app.stage(), app.phase() < 1].join();
      if (now === drawn && !CARD_KEYS.some((key) => key !== "_phase" && key !== "step" && changed.has(key))) return;
      drawn = now;
      const index = store.get("selected");
      const racer = store.get("racers")[index];
      hide(card, !racer);
      if (!racer) return;
      const rule = app.rule(index);
      const key = [index, racer.rule, store.get("delay")].join("|");
      if (key !== built) {
        built = key;
        build(rule, racer, index);
      }
      write(name, app.label(index) + (rule.gradients ? `, ${rule.gradients} gradients a step` : ""));
      hide(remove, store.get("racers").length < 2);
      inputs.forEach((input, k) => input.set(racer.h[k], racer.schedules?.[rule.hypers[k].name] ? "schedule" : ""));
      write(keepName, `Changes continue from step ${store.get("step")}, instead of a rerun`);
      write(before, (racer.past || []).map(([until, h]) => `Until step ${until}: ` + rule.hypers.filter((_, k) => h[k] !== racer.h[k])
        .map((d) => `${d.name} ${show(h[rule.hypers.indexOf(d)])}`).join(", ")).join("; "));
      hide(before, !racer.past);
      const run = app.runs[index];
      const t = app.shownStep();
      view?.numbers(run, app.hyperAt(index, t), t);
      const it = app.anatomy();
      const stage = app.stage();
      if (it) {
        stages.set(it.stages, stage);
        const on = it.stages.find((s) => s.id === stage);
        const later = app.filming() ? it.stages.slice(it.stages.findIndex((s) => s.id === stage) + 1).flatMap((s) => s.lines) : [];
        view?.mark(on ? on.lines : [], later);
        const told = app.reported(index, it.t);
        const text = `Step ${it.t}. ${on ? on.text : ""}${told ? ` Reported is ${showPair(told)}, hollow in the picture.` : ""}`;
        write(caption, text);
      } else {
        write(caption, run.diverged !== null ? `Diverged at step ${run.diverged}.` : "No step to show.");
      }
      // The picture itself is near the step then, and has the bars.
      const away = app.slow() && !store.get("_whole") && !store.get("relief") && app.el.dataset.only !== "memory";
      const back = inside.hidden && !away;
      hide(inside, away);
      if (back) loupe.fit();
      loupe.update(it, stage);
      gauges.update(it, stage);
    },
    close() {
      loupe.close();
      gauges.close();
    },
  };
}

/** The step under a magnifying glass, with the level sets around it. @param {import("../main.js").App} app */
function createLoupe(app) {
  const holder = make("div", { class: "olx-loupe" });
  const sharp = sharpCanvas(holder, () => app.store.set({ _size: {} }));
  sharp.canvas.setAttribute("role", "img");
  return {
    el: holder,
    /** Takes its size from the page at once: for a view that comes back, which would be blank for a frame. */
    fit: sharp.fit,
    /** @param {import("../model/anatomy.js").Anatomy | null} it @param {string} stage */
    update(it, stage) {
      const { width, height } = sharp.size;
      if (!width) return;
      const c = sharp.begin();
      if (!it) return;
      const { theme } = app;
      const [x0, x1, y0, y1] = extent(it, stage);
      const tall = height / width;
      // Powers of two, so that the scale keeps still while the step changes a little.
      const need = Math.max((x1 - x0) / 2, (y1 - y0) / 2 / tall, 1e-12) * 1.28;
      const half = 2 ** (Math.ceil(2 * Math.log2(need)) / 2);
      const [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
      const view = [cx - half, cx + half, cy - half * tall, cy + half * tall];
      const map = planeMap(view, width, height);
      const home = app.view();
      const times = (home[1] - home[0]) / (2 * half);
      const field = sampleField(app.surfaceCode.f, app.params, view, 40, 15, app.scale(), times);
      drawField(c, field, map, theme, 1);
      drawScene(c, map, it, still(it, stage), theme, {
        color: theme.racers[app.store.get("selected")], names: true, width: 2.8,
        unit: [width / (2 * half), width / (2 * half)],
      });
      label(c, times >= 1.05 ? `×${show(times, 2)}` : "", width - 8, 12, { color: theme.muted, paper: theme.high, font: theme.font, size: 11, align: "right" });
      attribute(sharp.canvas, "aria-label", `Inside step ${it.t}, stage ${stage}. ${it.stages.find((s) => s.id === stage)?.text || ""}`);
    },
    close() {
      sharp.close();
    },
  };
}

/** Rates as bars, and what the rule remembers over time. @param {import("../main.js").App} app */
function createGauges(app) {
  const bars = make("div", { class: "olx-bars" });
  const rows = ["x", "y"].map((axis) => {
    const fill = make("span", { class: "olx-bar-fill" });
    const value = make("span", { class: "olx-bar-value" });
    bars.append(make("div", { class: "olx-bar" }, make("span", {}, "rate " + axis), make("span", { class: "olx-bar-track" }, fill), value));
    return { fill, value };
  });
  const holder = make("div", { class: "olx-history" });
  const sharp = sharpCanvas(holder, () => app.store.set({ _size: {} }));
  sharp.canvas.setAttribute("role", "img");
  const legend = make("p", { class: "olx-note" }, "Over the steps: x solid, y dashed; the line is the step shown.");
  const el = make("div", { class: "olx-gauges" }, bars, holder, legend);

  /** One quantity over time: x solid, y dashed; logarithmic where it is never negative. */
  function plot(c, run, name, box, t) {
    const { theme } = app;
    const [offset, size] = run.layout[name];
    const [x, y, w, h] = box;
    let [lo, hi, tiny] = [Infinity, -Infinity, Infinity];
    for (let k = 1; k <= run.last; k++) {
      for (let d = 0; d < size; d++) {
        const z = run.rows[k * run.stride + offset + d];
        if (!Number.isFinite(z)) continue;
        lo = Math.min(lo, z);
        hi = Math.max(hi, z);
        if (z > 0) tiny = Math.min(tiny, z);
      }
    }
    const log = lo >= 0 && tiny < Infinity && hi > 20 * tiny;
    const of = (z) => (log ? Math.log(Math.max(z, tiny)) : z);
    const [a, b] = log ? [Math.log(Math.max(tiny, hi * 1e-12)), Math.log(hi)] : [Math.min(lo, 0), Math.max(hi, 0)];
    const py = (z) => y + 16 + (1 - (of(z) - a) / (b - a || 1)) * (h - 22);
    const px = (k) => x + ((k - 1) / Math.max(1, run.last - 1)) * w;
    c.strokeStyle = theme.line;
    c.lineWidth = 1;
    c.beginPath();
    c.moveTo(x, log ? y + h - 5 : py(0));
    c.lineTo(x + w, log ? y + h - 5 : py(0));
    c.moveTo(px(t), y + 14);
    c.lineTo(px(t), y + h - 4);
    c.stroke();
    c.strokeStyle = theme.racers[app.store.get("selected")];
    for (let d = 0; d < size; d++) {
      c.setLineDash(d ? [3, 2.5] : []);
      c.lineWidth = 1.6;
      c.beginPath();
      for (let k = 1; k <= run.last; k++) {
        const z = py(run.rows[k * run.stride + offset + d]);
        if (k > 1) c.lineTo(px(k), z);
        else c.moveTo(px(k), z);
      }
      c.stroke();
    }
    c.setLineDash([]);
    const small = { color: theme.muted, paper: theme.paper, font: theme.font, size: 10 };
    if (hi > lo) {
      label(c, show(hi, 2), x + w, y + 7, { ...small, align: "right" });
      if (log || lo < 0) label(c, show(log ? Math.max(tiny, hi * 1e-12) : lo, 2), x + w, y + h - 6, { ...small, align: "right" });
    }
    label(c, symbolOf(app.rule(app.store.get("selected")), name) + (log ? " (log)" : ""), x, y + 7, { color: theme.muted, paper: theme.paper, font: theme.font, size: 11 });
  }

  return {
    el,
    /** @param {import("../model/anatomy.js").Anatomy | null} it @param {string} stage */
    update(it, stage) {
      const index = app.store.get("selected");
      const rule = app.rule(index);
      const run = app.runs[index];
      hide(bars, !(it && it.rate && (stage === "preconditioner" || stage === "step")));
      if (it && it.rate && !bars.hidden) {
        const { rate } = it;
        const top = Math.max(Math.abs(rate[0]), Math.abs(rate[1]));
        rows.forEach(({ fill, value }, d) => {
          fill.style.width = (100 * Math.abs(rate[d])) / (top || 1) + "%";
          write(value, show(rate[d]));
        });
      }
      const names = rule.internals.filter((name) => name in run.layout).slice(0, 4);
      hide(holder, !(names.length && (stage === "preconditioner" || stage === "memory")));
      hide(legend, holder.hidden);
      if (holder.hidden) return;
      sharp.fit();
      const { width, height } = sharp.size;
      if (!width) return;
      const c = sharp.begin();
      const columns = names.length > 1 ? 2 : 1;
      const lines = Math.ceil(names.length / columns);
      const [w, h] = [(width - 12 * (columns - 1)) / columns, height / lines];
      names.forEach((name, k) => plot(c, run, name, [(k % columns) * (w + 12), Math.floor(k / columns) * h, w, h], app.shownStep()));
      sharp.canvas.setAttribute("aria-label", `${names.join(", ")} over time; x solid, y dashed. ` +
        names.map((name) => `${name} now ${app.valueText(index, name)}`).join(", "));
    },
    close() {
      sharp.close();
    },
  };
}
