// What the stages share: charts as text of SVG, the address, keys and play.

import { prefersStill } from "../view/accessibility.js";
import { button, icon, make } from "../view/controls.js";
import { complaint } from "../model/numbers.js";
import { swatch } from "../view/theme.js";

const STYLE = ".olx-halves { display: grid; gap: .6rem 1.6rem; grid-template-columns: minmax(0, 1fr); align-items: start; }" +
  "@container (min-width: 640px) { .olx-halves { grid-template-columns: minmax(0, 1.15fr) minmax(0, 1fr); } }" +
  ".olx-stage .olx-transport { flex-wrap: nowrap; } .olx-stage .olx-transport .olx-number { white-space: nowrap; }" +
  ".olx-worst { cursor: ew-resize; touch-action: pan-y; } .olx-holder { position: relative; } .olx .olx-poly { height: 304px; }";

/** The room of a stage, with what the style sheet of the explorer does not have. @param {HTMLElement} parent @param {string} name */
export function createRoom(parent, name) {
  const el = make("div", { class: "olx olx-stage", role: "group", "aria-label": name, tabindex: 0 }, make("style", {}, STYLE));
  parent.append(el);
  return el;
}

/**
 * Links of a stage: its numbers as text, and back; every part is checked.
 * @param {(first: any) => any[]} declared what its parameters may be
 */
export function stageLinks(declared) {
  const allowed = (list, all) => Array.isArray(list) && list.length === all.length && list.every((x, k) => !complaint(x, all[k]));
  const links = {
    linkText: (state) => encodeURIComponent(JSON.stringify([state.params, state.step, state.selected, state.steps, state.racers.map((racer) => racer.h)])),
    stateOfLink(text, first, data) {
      try {
        const [params, step, selected, steps, h] = JSON.parse(decodeURIComponent(text));
        const racers = first.racers.map((racer, k) => ({ ...racer, h: h[k] }));
        const whole = (x, lo, hi) => Number.isInteger(x) && x >= lo && x <= hi;
        const good = allowed(params, declared(first)) && whole(steps, 1, 400) && whole(step, 0, steps) &&
          whole(selected, 0, Math.max(0, racers.length - 1)) && racers.every((racer) => allowed(racer.h, data.rules[racer.rule].hypers));
        return good ? { ...first, params, step, selected, steps, racers, playing: false } : null;
      } catch {
        return null;
      }
    },
    /** @param {any} app @param {string[][]} words */
    changeOf(app, words) {
      const state = app.store.snapshot();
      for (const [word, text = ""] of words) {
        const x = Number(text);
        const racer = state.racers[state.selected];
        const k = racer ? app.data.rules[racer.rule].hypers.findIndex((d) => d.name === word) : -1;
        const j = declared(app.home.first).findIndex((d) => d.name === word);
        if (word === "on") continue;
        if (word === "racer") state.selected = x - 1;
        else if (word === "play") state.playing = true;
        else if (word === "step" || word === "steps") state[word] = x;
        else if (k >= 0) racer.h[k] = x;
        else if (j >= 0) state.params[j] = x;
        else return null;
      }
      const checked = links.stateOfLink(links.linkText(state), app.home.first, app.data);
      return checked && { ...checked, playing: state.playing };
    },
  };
  return links;
}

/** Plays: one step after the other, from the start if it was at the end. @param {any} store */
function createPlay(store) {
  let timer = 0;
  function next() {
    const [step, steps] = [store.get("step"), store.get("steps")];
    store.set(step < steps ? { step: step + 1 } : { playing: false });
  }
  return {
    toggle() {
      if (prefersStill()) next();
      else store.set({ playing: !store.get("playing"), ...(store.get("step") >= store.get("steps") ? { step: 0 } : {}) });
    },
    update() {
      clearInterval(timer);
      if (store.get("playing")) timer = window.setInterval(next, 1000 / (store.get("speed") || 10));
    },
    close: () => clearInterval(timer),
  };
}

/**
 * A race step by step: which racer is shown, and which step, by buttons, slider and keys.
 * @param {HTMLElement} el the room, which hears the keys @param {any} store @param {string[]} labels
 */
export function createRace(el, store, labels) {
  const play = createPlay(store);
  const move = (by) => store.set({ step: Math.min(store.get("steps"), Math.max(0, store.get("step") + by)), playing: false });
  const buttons = labels.map((label, i) => make("button", { type: "button", class: "olx-chip", html: swatch(i), onclick: () => store.set({ selected: i }) }, label));
  const playing = make("button", { type: "button", class: "olx-button olx-play", "aria-label": "Play", onclick: play.toggle });
  const time = make("input", { type: "range", min: 0, step: 1, "aria-label": "step", oninput: () => store.set({ step: +time.value, playing: false }) });
  const at = make("span", { class: "olx-number" });
  el.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.localName === "input" || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = { ArrowLeft: () => move(-1), ArrowRight: () => move(1), Home: () => store.set({ step: 0 }), End: () => store.set({ step: store.get("steps") }) };
    const number = +event.key - 1;
    if (acts[event.key]) acts[event.key]();
    else if (event.key === " " && target.localName !== "button") play.toggle();
    else if (event.key !== " " && buttons[number]) store.set({ selected: number });
    else return;
    event.preventDefault();
  });
  return {
    chips: make("div", { class: "olx-racers" }, ...buttons),
    transport: make("div", { class: "olx-transport" }, button("‹", "Step back", () => move(-1)), playing, button("›", "Step on", () => move(1)), time, at),
    /** @param {Set<string>} changed */
    update(changed) {
      if (changed.has("playing")) {
        play.update();
        playing.replaceChildren(icon(store.get("playing") ? "M4 2.5h3v11H4zM9 2.5h3v11H9z" : "M4 2.5l9 5.5-9 5.5z", true));
        playing.setAttribute("aria-label", store.get("playing") ? "Pause" : "Play");
      }
      const [t, steps] = [store.get("step"), store.get("steps")];
      buttons.forEach((one, i) => one.setAttribute("aria-pressed", String(i === store.get("selected"))));
      time.max = String(steps);
      time.value = String(t);
      time.style.setProperty("--olx-fill", `${(100 * t) / steps}%`);
      at.textContent = `step ${t} of ${steps}`;
    },
    close: play.close,
  };
}
