// For a room: the whole screen with large type, keys that go through a step part by part, and a list of the keys.

import { icon, make } from "./controls.js";
import { enlarge } from "./draw.js";

const KEYS = [
  ["Space", "play or pause"], ["← →", "one step back or forward"], ["Page Up, Page Down", "one part of the step back or forward"],
  ["Home, End", "first or last step"], ["1 to 8", "select a racer"], ["w", "whole picture, or into the step"],
  ["f", "full screen"], ["?", "these keys"],
];

/** @param {import("../main.js").App} app @param {HTMLElement} parent */
export function createTeacher(app, parent) {
  const { store, el } = app;
  const help = make("dialog", { class: "olx-help", "aria-label": "Keys" },
    make("dl", {}, ...KEYS.flatMap(([keys, what]) => [make("dt", {}, keys), make("dd", {}, what)])),
    make("button", { type: "button", class: "olx-button", onclick: () => help.close() }, "Close"));
  const full = () => (document.fullscreenElement ? document.exitFullscreen() : el.requestFullscreen?.());
  const round = (name, content, act) => make("button", { type: "button", class: "olx-button olx-room", "aria-label": name, title: name, onclick: act }, content);
  parent.append(round("Full screen (f)", icon("M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10"), full), round("Keys (?)", "?", () => help.showModal()));
  el.append(help);

  /** To the next or the last part of a step, and over its ends. @param {number} by */
  function part(by) {
    const it = app.anatomy();
    const stages = it ? it.stages.map((s) => s.id) : ["step"];
    const to = stages.indexOf(app.stage()) + by;
    const step = store.get("step") + (to >= stages.length ? 1 : to < 0 ? -1 : 0);
    if (step < 1 || step > store.get("steps")) return;
    store.set({ step, focus: stages[(to + stages.length) % stages.length], playing: false, _phase: 1 });
  }
  const go = (t) => store.set({ step: Math.max(0, Math.min(store.get("steps"), t)), playing: false, _phase: 1 });
  /** @type {Object<string, () => void>} */
  const acts = {
    " ": () => app.play(), ArrowLeft: () => go(store.get("step") - 1), ArrowRight: () => go(store.get("step") + 1),
    PageDown: () => part(1), PageUp: () => part(-1), Home: () => go(0), End: () => go(store.get("steps")),
    w: () => store.set({ _whole: !store.get("_whole") }), f: full, "?": () => help.showModal(),
  };
  /** @param {KeyboardEvent} event */
  function key(event) {
    const target = /** @type {Element} */ (event.target);
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || help.open || target.matches("input, select, textarea")) return;
    // A button has its own use of these, a row of buttons too.
    if (event.key === " " && target.matches("button, summary, a")) return;
    const racer = +event.key - 1;
    if (racer >= 0 && racer < store.get("racers").length) store.set({ selected: racer });
    else if (acts[event.key]) acts[event.key]();
    else return;
    event.preventDefault();
  }
  el.tabIndex = -1;
  el.addEventListener("keydown", key);
  const entered = () => {
    const here = el.matches(":fullscreen");
    if (here) el.focus();
    // On a slide as well.
    enlarge(here || el.closest(".optlearn-room") ? 1.25 : 1);
    store.mark("theme");
  };
  if (el.closest(".optlearn-room")) enlarge(1.25);
  document.addEventListener("fullscreenchange", entered);
  return {
    update() {},
    close() {
      document.removeEventListener("fullscreenchange", entered);
    },
  };
}
