// What stands above and below the picture: the sentence, presets, racers as chips, surface and start.

import { focusOf, rovingFocus, uniqueId } from "./accessibility.js";
import { attribute, choice, make, numberField, slider, write } from "./controls.js";
import { show } from "../model/numbers.js";
import { MOST_RACERS, swatch } from "./theme.js";

/** Up to so many racers have their value beside their name. */
const FEW = 4;

/** The sentence that says what to do. @param {import("../main.js").App} app @param {HTMLElement} parent */
export function createHeader(app, parent) {
  const { store } = app;
  const sentence = make("p", { class: "olx-prompt" });
  const alert = make("p", { class: "olx-wrong", role: "alert" });
  parent.append(sentence, alert);
  return {
    /** @param {Set<string>} changed */
    update(changed) {
      if (!["prompt", "preset", "speed", "_asked"].some((key) => changed.has(key))) return;
      alert.textContent = app.home?.unread ? "The settings in the address cannot be read here; these are the page's own." : "";
      const preset = app.data.presets[store.get("preset")];
      // A view without the picture has no dot.
      const dot = !["modes", "map", "tuning", "memory"].includes(app.el.dataset.only || "");
      // The comment of a preset would answer its question.
      sentence.hidden = Boolean(store.get("_asked"));
      sentence.textContent = store.get("prompt") || preset?.comment ||
        (!dot ? "" : app.slow() ? "Play the step in slow motion, or drag the dot elsewhere." : "Drag the dot: every racer starts there.");
    },
    close() {},
  };
}

/** In the place of a rule's key: one that the reader types. */
const TYPED = "=";

/** Racers as chips: a click selects, a second click hides. @param {import("../main.js").App} app @param {HTMLElement} parent */
export function createChips(app, parent) {
  const { store } = app;
  const row = make("div", { class: "olx-chips", role: "toolbar", "aria-label": "Racers" });
  const bar = make("div", { class: "olx-racers" }, row);
  const add = choice("Add a racer", [], (key) => {
    if (key === TYPED) app.typeRule(true);
    else if (key) app.addRacer(key);
    add.set("");
  });
  add.el.classList.add("olx-add");
  const plainRules = Object.values(app.data.rules).filter((rule) => (rule.key === rule.name || rule.own) && rule.key !== rule.text);
  const names = { ...app.data.more, ...Object.fromEntries(plainRules.map((rule) => [rule.key, rule.label])) };
  add.fill([{ value: "", text: "+ Add" }, { value: TYPED, text: "a rule that you type …" }, ...Object.entries(names).map(([value, text]) => ({ value, text }))
    .sort((a, b) => (a.text.toLowerCase() < b.text.toLowerCase() ? -1 : 1))]);
  bar.append(add.el);
  parent.append(bar);
  const roving = rovingFocus(row, "button");
  let built = "";

  function build() {
    const racers = store.get("racers");
    row.replaceChildren(...racers.map((racer, i) => {
      const b = make("button", { type: "button", class: "olx-chip" });
      b.innerHTML = swatch(i);
      b.append(make("span", { class: "olx-value", "aria-hidden": "true" }), make("span", {}, app.label(i)));
      b.addEventListener("click", () => {
        const again = store.get("selected") === i;
        const hidden = Boolean(store.get("racers")[i].hidden);
        if (!again) store.set({ selected: i });
        if (again || hidden) store.setRacer(i, { hidden: !hidden });
      });
      return b;
    }));
  }
  /** The value of every racer at the cursor. */
  function values() {
    [...row.children].forEach((b, i) => {
      const run = app.runs[i];
      const value = /** @type {HTMLElement} */ (b.querySelector(".olx-value"));
      const t = store.get("step");
      if (run) attribute(b, "title", run.trained ? "The loss is that of the point reported (hollow), not of the point trained" : "");
      // Of many racers there is no room for the values.
      if (run && value && store.get("racers").length <= FEW) write(value, store.get("_asked") ? "" : run.diverged !== null && t >= run.diverged ? "✕" : show(run.loss[Math.min(t, run.last)], 2));
    });
  }
  return {
    /** @param {Set<string>} changed */
    late(changed) {
      if (["runs", "step", "racers", "_asked"].some((key) => changed.has(key))) values();
      if (!["racers", "selected", "theme"].some((key) => changed.has(key))) return;
      const racers = store.get("racers");
      const now = racers.map((racer) => racer.rule).join("|");
      if (now !== built) {
        built = now;
        const focused = row.contains(focusOf(row));
        build();
        if (focused) /** @type {HTMLElement} */ (row.children[store.get("selected")])?.focus();
      }
      [...row.children].forEach((b, i) => {
        const on = i === store.get("selected");
        attribute(b, "aria-pressed", String(on));
        const name = /** @type {HTMLElement} */ (b.lastElementChild);
        const text = app.label(i);
        if (name.textContent !== text) {
          // A chip grows with its number, but never shrinks: nothing moves while a value is slid.
          name.style.minWidth = `${Math.max(parseFloat(name.style.minWidth) || 0, Math.ceil(name.getBoundingClientRect().width))}px`;
          name.textContent = text;
        }
        b.classList.toggle("olx-hidden", Boolean(racers[i].hidden));
        attribute(b, "aria-label", `${app.label(i)}${racers[i].hidden ? ", hidden" : ""}${on ? ", selected; activate to " + (racers[i].hidden ? "show" : "hide") : ""}`);
      });
      row.classList.toggle("olx-many", racers.length > FEW);
      roving.enter(store.get("selected"));
      values();
      add.el.hidden = racers.length >= MOST_RACERS;
    },
    close() {},
  };
}

/** Surface, its parameters, and the start as numbers. @param {import("../main.js").App} app @param {HTMLElement} parent */
export function createPlace(app, parent) {
  const { store } = app;
  const surfaces = choice("Surface", Object.values(app.data.surfaces).map((s) => ({ value: s.key, text: s.label })),
    (key) => app.changeSurface(key));
  const wrong = uniqueId("wrong");
  const typed = make("input", { type: "text", class: "olx-field olx-wide", autocomplete: "off", spellcheck: "false", maxlength: 500,
    "aria-label": "A formula of x and y", "aria-describedby": wrong, placeholder: "x**2 + sin(3*y)" });
  const error = make("span", { class: "olx-wrong", id: wrong, role: "alert" });
  typed.addEventListener("change", () => app.typeSurface(typed.value, (text) => {
    error.textContent = text;
    typed.toggleAttribute("aria-invalid", Boolean(text));
  }));
  const x = numberField("Start, x", {}, (v) => store.set({ start: [v, store.get("start")[1]] }), "x");
  const y = numberField("Start, y", {}, (v) => store.set({ start: [store.get("start")[0], v] }), "y");
  const formula = make("div", { class: "olx-formula", tabindex: 0, role: "group", "aria-label": "Formula of the surface" });
  const sliders = make("div", { class: "olx-sliders" });
  const summary = make("summary", {}, "Surface and start");
  const details = make("details", { class: "olx-place" }, summary,
    make("div", { class: "olx-row" }, surfaces.el, make("span", { class: "olx-start" }, "start ", x.el, y.el)),
    make("label", { class: "olx-row olx-number" }, "or type  f(x, y) =", typed), error, formula, sliders);
  parent.append(details);
  let built = "";
  /** @type {any[]} */
  let inputs = [];
  return {
    /** @param {Set<string>} changed */
    late(changed) {
      if (!["surface", "params", "start"].some((key) => changed.has(key))) return;
      if (app.surface.key !== built) {
        built = app.surface.key;
        surfaces.fill(Object.values(app.data.surfaces).map((s) => ({ value: s.key, text: s.label })));
        surfaces.set(built);
        typed.value = app.surface.own && /[^\w.]|^[xye\d.]/.test(built) ? built : "";
        error.textContent = "";
        formula.innerHTML = app.surface.mathml;
        inputs = app.surface.params.map((declared, k) => slider(declared, (value) => {
          const params = store.get("params").slice();
          params[k] = value;
          store.set({ params });
        }));
        sliders.replaceChildren(...inputs.map((input) => input.el));
      }
      inputs.forEach((input, k) => input.set(app.params[k]));
      x.set(store.get("start")[0]);
      y.set(store.get("start")[1]);
      const text = `${app.surface.label}`;
      write(summary, text);
    },
    close() {},
  };
}

/** Things to try, one line each. @param {import("../main.js").App} app @param {HTMLElement} parent */
export function createTries(app, parent) {
  const list = make("ul", {});
  const el = make("div", { class: "olx-tries" }, make("strong", {}, "Try"), list);
  parent.append(el);
  return {
    /** @param {Set<string>} changed */
    update(changed) {
      if (!changed.has("tries")) return;
      const tries = app.store.get("tries") || [];
      el.hidden = !tries.length;
      list.replaceChildren(...tries.map((text) => make("li", {}, text)));
    },
    close() {},
  };
}
