// Averages of gradients and of squares over the steps: their correction at the start, and the bound that they set a step.

import { make, segments } from "../view/controls.js";
import { createPlot, createStepper, plotStyle, watchWidth } from "../view/plot.js";
import { show } from "../model/numbers.js";
import { replay, replays } from "../model/replay.js";
import { DASHES } from "../view/theme.js";

const COORDINATES = [{ id: "x", title: "x" }, { id: "y", title: "y" }];
const AVERAGE_KEYS = ["runs", "step", "selected", "theme", "racers", "_plots", "_axis", "opened"];

/** The numbers of one form of a rule in the order of another. @param {any} rule @param {any} form @param {number[]} h */
const numbersOf = (rule, form, h) => form.hypers.map((d) => {
  const k = rule.hypers.findIndex((one) => one.name === d.name);
  return k < 0 ? d.default : h[k];
});

/**
 * Corrected and uncorrected averages of the selected racer, and the steps that both would make of the same memory.
 * @param {any} app @param {number} d the coordinate
 */
export function correctionOf(app, d) {
  const i = app.store.get("selected");
  const [rule, run] = [app.rule(i), app.runs[i]];
  const forms = [true, false].map((on) => app.data.rules[rule.variants[JSON.stringify({ bias_correction: on })]] ||
    (rule.options.some((option) => option.name === "bias_correction" && option.value === on) ? rule : null));
  if (!forms[0] || !forms[1] || !forms.every((form) => "m_hat" in form.layout && "v_hat" in form.layout && replays(form, app.codeOf(form)))) return null;
  const length = run.last;
  const found = Object.fromEntries(["g", "m", "m_hat", "squares", "v", "v_hat", "corrected", "bare"].map((name) => [name, new Float64Array(length)]));
  for (let t = 1; t <= length; t++) {
    const h = app.hyperAt(i, t);
    const rate = h[rule.hypers.findIndex((one) => one.name === "lr")];
    const made = forms.map((form) => {
      const { layout, stride } = form;
      const rows = new Float64Array(2 * stride);
      const copy = (name, from, to) => rows.set(run.rows.subarray(from * run.stride + run.layout[name][0]).subarray(0, run.layout[name][1]), to * stride + layout[name][0]);
      for (const name of ["w", ...form.slots]) copy(name, t - 1, 0);
      copy("g", t, 1);
      app.codeOf(form).step(rows, 0, stride, t, numbersOf(rule, form, h));
      const at = (name) => rows[stride + layout[name][0] + d];
      return { step: (at("w") - rows[layout.w[0] + d]) / rate, m: at("m"), v: at("v"), mHat: at("m_hat"), vHat: at("v_hat") };
    });
    const g = run.rows[t * run.stride + run.layout.g[0] + d];
    Object.entries({ g, m: made[0].m, m_hat: made[0].mHat, squares: g * g, v: made[0].v, v_hat: made[0].vHat,
      corrected: Math.abs(made[0].step), bare: Math.abs(made[1].step) }).forEach(([name, x]) => (found[name][t - 1] = x));
  }
  return found;
}

/**
 * The most that a step can be, in learning rates, after each number of steps, whatever the gradients: from what single and
 * constant gradients make of the two averages. By the inequality of Cauchy and Schwarz.
 * @param {any} app @param {number} i
 */
export function boundOf(app, i) {
  const [rule, code] = [app.rule(i), app.ruleCode(i)];
  const racer = app.store.get("racers")[i];
  if (!["m", "v", "m_hat", "v_hat"].every((name) => rule.layout[name]?.[1] === 2) || !replays(rule, code) || rule.direction !== "m_hat") return null;
  if (Object.keys(racer.schedules || {}).some((name) => name !== "lr") || racer.past) return null;
  const steps = app.store.get("steps");
  const h = racer.h;
  const [single, constant] = [(t) => (t === 1 ? [1, 1] : [0, 0]), () => [1, 1]].map((gradient) => replay(rule, code, () => h, [0, 0], gradient, steps));
  const at = (rows, t, name) => rows[t * rule.stride + rule.layout[name][0]];
  const bound = new Float64Array(steps);
  let sum = 0;
  for (let t = 1; t <= steps; t++) {
    const [a, b] = [at(single, t, "m"), at(single, t, "v")];
    if (a) sum += (a * a) / b;
    const [m, v] = [at(constant, t, "m_hat") / at(constant, t, "m"), at(constant, t, "v_hat") / at(constant, t, "v")];
    bound[t - 1] = (m / Math.sqrt(v)) * Math.sqrt(sum);
  }
  return bound;
}

/** Steps in learning rates, and the rate of each coordinate. @param {any} app @param {number} i @param {number} d */
export function stepsOf(app, i, d) {
  const [rule, run] = [app.rule(i), app.runs[i]];
  const lr = rule.hypers.findIndex((one) => one.name === "lr");
  const rated = rule.layout["@rate"]?.[1] === 2;
  const [lengths, rates] = [new Float64Array(run.last), new Float64Array(rated ? run.last : 0)];
  for (let t = 1; t <= run.last; t++) {
    const [now, then] = [t, t - 1].map((row) => run.rows[row * run.stride + run.layout.w[0] + d]);
    lengths[t - 1] = Math.abs(now - then) / (lr < 0 ? 1 : app.hyperAt(i, t)[lr]);
    if (rated) rates[t - 1] = run.rows[t * run.stride + run.layout["@rate"][0] + d];
  }
  return { lengths, rates };
}

/** The frame of both panels: coordinate, charts, the step. @param {any} app @param {HTMLElement} parent @param {any[]} plots @param {string} kind */
function createFrame(app, parent, plots, kind) {
  const axis = segments("Coordinate", (id) => app.store.set({ _axis: id }));
  const stepper = createStepper(app);
  const note = make("p", { class: "olx-note" });
  const el = make("div", { class: `olx-plots ${kind}` }, ...plots.map((plot) => plot.el));
  parent.append(plotStyle(), axis.el, el, stepper.el, note);
  const close = watchWidth(el, () => app.store.set({ _plots: {} }));
  return {
    el,
    note,
    close,
    /** Which coordinate is shown. */
    update() {
      const now = app.store.get("_axis") || "x";
      axis.set(COORDINATES, now);
      stepper.update();
      return now === "y" ? 1 : 0;
    },
  };
}

/** @type {import("./panels.js").Panel} */
export const correctionPanel = {
  id: "correction",
  create(app, parent) {
    const plots = [createPlot(app, "Average of gradients"), createPlot(app, "Average of squares"), createPlot(app, "Length of the step, in learning rates")];
    const shell = createFrame(app, parent, plots, "");
    return {
      /** @param {Set<string>} changed */
      update(changed) {
        if (!AVERAGE_KEYS.some((key) => changed.has(key))) return;
        const d = shell.update();
        const it = (app.figure = correctionOf(app, d));
        const rule = app.rule(app.store.get("selected"));
        shell.el.hidden = !it;
        if (!it) {
          shell.note.textContent = `${rule.label} has no averages that are corrected for their start at zero.`;
          return;
        }
        const t = app.shownStep();
        const now = (name) => show(it[name][Math.min(t, it.g.length) - 1]);
        plots[0].draw([{ values: it.g, colour: "var(--olx-faint)", dots: true, name: "gradients" },
          { values: it.m, colour: "var(--olx-memory)", dash: "5 4", name: "m" }, { values: it.m_hat, colour: "var(--olx-memory)", width: 2.4, name: "m corrected" }],
        { far: true, low: 0, high: 0, said: `Step ${t}: gradient ${now("g")}, average ${now("m")}, corrected ${now("m_hat")}` });
        plots[1].draw([{ values: it.squares, colour: "var(--olx-faint)", dots: true, name: "squares" },
          { values: it.v, colour: "var(--olx-gradient)", dash: "5 4", name: "v" }, { values: it.v_hat, colour: "var(--olx-gradient)", width: 2.4, name: "v corrected" }],
        { far: true, log: true, said: `Step ${t}: square ${now("squares")}, average ${now("v")}, corrected ${now("v_hat")}` });
        plots[2].draw([{ values: it.bare, colour: "var(--olx-step)", dash: "5 4", name: "without correction, of the same memory" }, { values: it.corrected, colour: "var(--olx-step)", width: 2.4, name: "with it" }],
          { far: true, low: 0, high: 1, said: `Step ${t}: ${now("bare")} learning rates long without correction, ${now("corrected")} with it` });
        const k = Math.min(t, it.g.length) - 1;
        shell.note.textContent = `Step ${t}, in ${d ? "y" : "x"}: m has ${show((100 * it.m[k]) / it.m_hat[k])} % of its weights, v has ${show((100 * it.v[k]) / it.v_hat[k])} %. ` +
          `Divided by these shares, they make a step of ${now("corrected")} times the learning rate, otherwise one of ${now("bare")} times.`;
      },
      close: shell.close,
    };
  },
};

/** @type {import("./panels.js").Panel} */
export const boundPanel = {
  id: "bound",
  create(app, parent) {
    const { store } = app;
    const plots = [createPlot(app, "Length of the step, in learning rates", 190), createPlot(app, "Rate of the coordinate", 190)];
    const shell = createFrame(app, parent, plots, "");
    return {
      /** @param {Set<string>} changed */
      update(changed) {
        if (!AVERAGE_KEYS.some((key) => changed.has(key))) return;
        const d = shell.update();
        const selected = store.get("selected");
        const seen = app.runs.map((_, i) => i).filter((i) => !store.get("racers")[i].hidden);
        const all = seen.map((i) => ({ i, ...stepsOf(app, i, d), dash: DASHES[i].join(" "), colour: `var(--olx-r${i})`, name: app.label(i) }));
        const bound = boundOf(app, selected);
        app.figure = { bound, all };
        const t = Math.min(app.shownStep(), app.runs[selected].last);
        const mine = all.find((one) => one.i === selected);
        const said = all.map((one) => `${one.name} ${show(one.lengths[Math.min(t, one.lengths.length) - 1])}`).join(", ");
        plots[0].draw([...(bound ? [{ values: bound, colour: "var(--olx-faint)", width: 5, name: `most that ${app.label(selected)} can` }] : []),
          ...all.map((one) => ({ ...one, values: one.lengths, width: one.i === selected ? 2.4 : 1.5 }))],
        { low: 0, high: 1, said: `Step ${t}, in learning rates: ${said}${bound ? `; bound ${show(bound[t - 1])}` : ""}` });
        const rated = all.filter((one) => one.rates.length);
        plots[1].el.hidden = !rated.length;
        plots[1].draw(rated.map((one) => ({ ...one, values: one.rates, width: one.i === selected ? 2.4 : 1.5 })),
          { log: true, said: `Rates of ${d ? "y" : "x"} in step ${t}: ${rated.map((one) => `${one.name} ${show(one.rates[Math.min(t, one.rates.length) - 1])}`).join(", ")}` });
        const risen = rated.map((one) => {
          let [least, most] = [Infinity, 1];
          // What rounding adds is no rise.
          for (const rate of one.rates) {
            least = Math.min(least, rate);
            if (rate > least * (1 + 1e-12)) most = Math.max(most, rate / least);
          }
          return `that of ${one.name} ${most > 1 ? `rises up to ${show(most)} times its lowest value so far` : "never rises"}`;
        });
        const longest = mine ? Math.max(...mine.lengths) : NaN;
        shell.note.textContent = [
          mine ? `The longest step of ${app.label(selected)} in ${d ? "y" : "x"} is ${show(longest)} times the learning rate` + (bound ? `; no gradients make more than ${show(bound[bound.length - 1])} of it.` : ".") : "",
          risen.length ? `Of the rates ${risen.join(", ")}.` : ""].filter(Boolean).join(" ");
      },
      close: shell.close,
    };
  },
};
