// Prose that drives: a link such as explorer:step=3,focus=lookahead sets an explorer of its page; Back undoes it.

import { linkText, renumbered, stateOfLink } from "./model/link.js";
import { parse } from "./model/numbers.js";
import { whenRead } from "./panels/panels.js";

/**
 * The change that a link asks for, or null if it is not one the explorer can make.
 * Words: `on` (which explorer, from 1), `racer` (from 1), `step`, `steps`, `speed`, `focus`, `panel`, `preset`, `start` (x;y), `play`,
 * `relief` (or `relief=off`),
 * the name of a number of the racer, or of one of the surface.
 * @param {any} app @param {string[][]} words
 */
export function changeOf(app, words) {
  const { store, data } = app;
  let state = store.snapshot();
  for (const [word, text = ""] of words) {
    const x = parse(text);
    if (word === "on") continue;
    if (word === "preset") state = { ...state, ...data.presets[text]?.state, preset: text, prompt: "" };
    else if (word === "play") state.playing = true;
    else if (word === "relief") state.relief = text !== "off";
    else if (word === "racer") state.selected = x - 1;
    else if (word === "start") state.start = text.split(";").map(parse);
    else if (["focus", "panel"].includes(word)) state[word] = text;
    else if (["step", "steps", "speed", "noise", "seed", "delay"].includes(word)) state[word] = x;
    else {
      const racer = state.racers[state.selected];
      const k = data.rules[racer?.rule]?.hypers.findIndex((d) => d.name === word);
      const j = data.surfaces[state.surface].params.findIndex((d) => d.name === word);
      const scheduled = Object.entries(racer?.schedules || {}).find(([, one]) => one.numbers?.some((d) => d.name === word));
      if (scheduled) racer.schedules[scheduled[0]] = renumbered(scheduled[1], scheduled[1].h.map((old, i) => (scheduled[1].numbers[i].name === word ? x : old)));
      else if (k >= 0) racer.h[k] = x;
      else if (j >= 0) state.params[j] = x;
      else return null;
    }
  }
  const checked = stateOfLink(linkText(state, app.home.first), app.home.first, data);
  return checked && { ...checked, playing: state.playing, preset: state.preset, prompt: state.prompt };
}

/** What writes, reads and changes the state of an explorer, or of a stage, which has its own. @param {any} app */
const waysOf = (app) => app.links || { linkText, stateOfLink, changeOf };

/** Opens the folded parts of the page in which an element stands. @param {Element} el */
export function unfold(el) {
  for (let part = el.closest("details"); part; part = part.parentElement?.closest("details") || null) part.open = true;
}

/** What the address of a page keeps of its explorers, with one of them as it is now. @param {any} app */
const kept = (app) => ({ ...history.state?.optlearn, [app.home.key]: waysOf(app).linkText(app.store.snapshot(), app.home.first) });

/** Does what Back undoes. @param {any} app @param {() => void} act */
export function undoable(app, act) {
  if (!app.home) return act();
  history.replaceState({ ...history.state, optlearn: kept(app) }, "");
  act();
  history.pushState({ optlearn: kept(app) }, "");
}

/** Listens to the links of a page. @param {(k: number) => any} appOf */
export function startDrive(appOf) {
  document.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest?.('a[href^="explorer:"]');
    if (!link) return;
    event.preventDefault();
    const words = decodeURIComponent(/** @type {string} */ (link.getAttribute("href")).slice(9)).split(",").map((word) => word.trim().split("="));
    const app = appOf(+(words.find(([word]) => word === "on")?.[1] || 1) - 1);
    const change = app && waysOf(app).changeOf(app, words);
    if (!change) return;
    undoable(app, () => app.store.set({ ...change, _phase: 1 }));
    unfold(app.el);
    app.el.querySelector(".olx-picture")?.scrollIntoView({ block: "nearest" });
    app.say(app.summary);
  });
  addEventListener("popstate", () => {
    for (let k = 0, app = appOf(0); app; k += 1, app = appOf(k)) {
      const text = history.state?.optlearn?.[app.home.key];
      if (text) whenRead(() => waysOf(app).stateOfLink(text, app.home.first, app.data), (state) => state && app.store.set({ ...state, _phase: 1 }));
    }
  });
}
