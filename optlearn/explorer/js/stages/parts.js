// What the stages share: charts as text of SVG, the address, keys and play.

import { prefersStill } from "../view/accessibility.js";
import { make } from "../view/controls.js";
import { complaint } from "../model/numbers.js";

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
export function createPlay(store) {
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
