// The editor of rules: lines as text, in the card of the racer whose lines they are.

import { button, make } from "../view/controls.js";
import { uniqueId } from "../view/accessibility.js";
import { ruleOf } from "../model/link.js";
import { tidied } from "../model/lines.js";
import { classOf, linesFor } from "../model/typed.js";
import { MOST_RACERS } from "../view/theme.js";

const FRESH = "# Your rule\nlr = 0.02\nbeta = 0.9\nm = beta * m + g\nw = w - lr * m";

/** @param {any} app @param {HTMLElement} place @param {any} grammar */
export function createTyping(app, place, grammar) {
  const { store, data } = app;
  const wrongId = uniqueId("wrong");
  const field = make("textarea", { class: "olx-code", spellcheck: "false", autocapitalize: "off", autocomplete: "off", maxlength: 2000,
    "aria-label": "Lines of a rule", "aria-describedby": wrongId });
  const wrong = make("p", { class: "olx-wrong", id: wrongId, role: "alert" });
  const python = make("textarea", { class: "olx-code", readonly: true, spellcheck: "false", "aria-label": "The rule as a class of Python" });
  const said = make("span", { class: "olx-note" });
  const code = make("details", {}, make("summary", {}, "As Python"), python, make("div", { class: "olx-row" }, button("Copy", "Copy the class", async () => {
    try {
      await navigator.clipboard.writeText(python.value);
      said.textContent = "Copied.";
    } catch {
      python.select();
      said.textContent = "Selected: copy it with your keyboard.";
    }
    app.say(said.textContent);
  }), said));
  const go = button("Race it", "Race it: Ctrl and Enter", race);
  const note = make("details", {}, make("summary", {}, "What can be written"), make("p", { class: "olx-note", html: "Given are <code>w</code>, its gradient <code>g</code> and the step <code>t</code> = 1, 2, … " +
    "A name that is read before its line is remembered from the step before, at first 0; a line of numbers alone above gives it another start. " +
    "A name without a line is a number: <code>beta = 0.9</code>. The gradient elsewhere: <code>g = grad(w - lr * beta * m)</code>." }));
  place.append(field, wrong, make("div", { class: "olx-row" }, go, button("Close", "Close the lines", close)), note, code);
  place.hidden = true;
  /** The typed rule that the lines replace. */
  let target = "";

  /** The rule of the text. */
  function made() {
    return ruleOf(data, tidied(field.value));
  }
  function complain(text) {
    wrong.textContent = text;
    if (text) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
  function fit() {
    field.rows = Math.max(5, field.value.split("\n").length + 1);
  }
  /** Shows the class, if the text is a rule. */
  function translate() {
    try {
      python.value = "import numpy as np\n\nfrom optlearn import Optimizer, Update, hyper\n\n\n" + classOf(made(), grammar).text;
    } catch (reason) {
      python.value = `# ${/** @type {Error} */ (reason).message}`;
    }
    python.rows = python.value.split("\n").length;
    said.textContent = "";
  }
  function race() {
    let rule;
    try {
      rule = made();
    } catch (reason) {
      // As it was read.
      const [line, sign] = /** @type {any} */ (reason).place || [0, 0];
      field.value = tidied(field.value);
      const from = field.value.split("\n").slice(0, line).reduce((sum, one) => sum + one.length + 1, 0) + sign;
      field.focus();
      field.setSelectionRange(from, Math.min(field.value.length, from + 1));
      return complain(/** @type {Error} */ (reason).message);
    }
    const racers = store.get("racers").slice();
    const again = target ? racers.findIndex((racer) => racer.rule === target) : -1;
    if (again < 0 && racers.length >= MOST_RACERS) return complain(`There are ${MOST_RACERS} racers, as many as fit; remove one first.`);
    complain("");
    const before = racers[again < 0 ? store.get("selected") : again];
    const kept = before?.schedules && Object.keys(before.schedules).every((name) => rule.hypers.some((one) => one.name === name));
    const racer = { rule: rule.key, h: rule.hypers.map((one) => one.default), ...(kept ? { schedules: before.schedules } : {}) };
    racers.splice(again < 0 ? racers.length : again, again < 0 ? 0 : 1, racer);
    app.undoable(() => {
      store.set({ racers, selected: again < 0 ? racers.length - 1 : again, preset: "" });
      store.flush();
    });
    target = rule.key;
    if (code.open) translate();
    app.say(() => `${rule.label} races. ${app.summary()}`);
  }
  function close() {
    place.hidden = true;
    /** @type {HTMLElement | null} */ (app.el.querySelector(".olx-lines"))?.focus();
  }
  field.addEventListener("input", () => {
    complain("");
    fit();
    if (code.open) translate();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      race();
    }
  });
  place.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") close();
  });
  code.addEventListener("toggle", translate);
  return {
    /** @param {boolean} fresh */
    open(fresh) {
      const i = store.get("selected");
      const rule = app.rule(i);
      const lines = fresh ? null : linesFor(rule, store.get("racers")[i].h, grammar);
      target = !fresh && rule.key === rule.text ? rule.key : "";
      field.value = lines || FRESH;
      complain(fresh || lines ? "" : `The lines of ${rule.label} need more than can be typed here (chance, a second gradient, matrices); these are others to begin from.`);
      field.removeAttribute("aria-invalid");
      place.hidden = false;
      fit();
      if (code.open) translate();
      field.focus({ preventScroll: true });
      field.setSelectionRange(field.value.length, field.value.length);
      place.scrollIntoView({ block: "nearest" });
    },
  };
}
