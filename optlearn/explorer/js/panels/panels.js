// The side panel: tabs that are closed at first. What they show comes with the views, loaded when first needed.

import { comingWith } from "./later.js";
import { attribute, hide, make } from "../view/controls.js";
import { surfaceOf } from "../model/link.js";
import { STATE_KEYS } from "../model/state.js";

/**
 * @typedef {{update: (changed: Set<string>) => void, hide?: () => void, close: () => void}} Pane
 * @typedef {{id: string, create: (app: any, parent: HTMLElement) => Pane}} Panel
 * @typedef {{panels: Panel[], attach: (app: any) => Pane[]}} Views
 */

/** The tabs, in their order. @type {{id: string, title: string, when?: (app: any) => boolean}[]} */
const TABS = [
  { id: "map", title: "Map" }, { id: "tiles", title: "Tiles" }, { id: "modes", title: "Eigenmodes", when: (app) => Boolean(app.surface.quadratic) },
  { id: "noise", title: "Noise and delay" }, { id: "fair", title: "Fairness" }, { id: "share", title: "Share" },
  // Views that stand alone as figures; elsewhere they are there when a link opens them.
  ...[["schedule", "Schedule"], ["kernel", "Memory"], ["correction", "Correction"], ["floor", "Noise floor"], ["bound", "Bound"]]
    .map(([id, title]) => ({ id, title, when: (app) => app.store.get("panel") === id })),
];

/** Pixels in height that the map needs beside the picture. */
const BESIDE = 370;

/** How far from the window an explorer may be when its views are fetched. */
const NEAR = "1200px 0px";

/** @type {ReturnType<typeof comingWith<Views>>} */
const allViews = comingWith("views");
/** What makes the editor of rules; what reads typed surfaces and rules comes with it. @type {ReturnType<typeof comingWith<(app: any, place: HTMLElement) => any>>} */
const typingHere = comingWith("typing");

/** Takes the views, from their script, and the rules that come with them. @param {Views} given */
export function provideViews(given) {
  /** @type {any} */ (window).optlearnExplorer?.arrived?.();
  allViews.provide(given);
}

/** Calls back when the views are there. */
export const withViews = allViews.use;

/** Takes what reads typed surfaces and rules, from its script. */
export const provideTyping = typingHere.provide;

/** Calls back when typed surfaces and rules can be read. @param {(make: (app: any, place: HTMLElement) => any) => void} act */
export function withTyping(act) {
  // Their lines are of all rules, which come with the views.
  withViews(() => typingHere.use(act));
}

/** What an explorer does for those who type. @param {() => any} the gives the explorer, which is made later */
export const typingOf = (the) => ({
  /** The editor of rules; comes when first asked for. @type {any} */
  typing: null,
  /** A surface of a formula; says what is wrong with it. @param {string} text @param {(wrong: string) => void} hear */
  typeSurface(text, hear) {
    withTyping(() => {
      const app = the();
      try {
        app.changeSurface(surfaceOf(app.data, text.trim()).key);
        hear("");
        app.say(app.summary);
      } catch (reason) {
        hear(/** @type {Error} */ (reason).message);
      }
    });
  },
  /** Opens the lines of the selected racer, or of a new one, to be changed. @param {boolean} [fresh] */
  typeRule(fresh = false) {
    withTyping((make) => {
      const app = the();
      app.typing ||= make(app, app.el.querySelector(".olx-typing"));
      app.typing.open(fresh);
    });
  },
});

/** Calls back with what is read of a link, when all is there that a link may name. @param {() => any} read @param {(state: any) => void} then */
export function whenRead(read, then) {
  const state = read();
  // A page of stages alone has nothing that it could fetch.
  if (state || typingHere.there || !(/** @type {any} */ (window).optlearnExplorer?.views || document.querySelector("script.optlearn-views"))) return then(state);
  withViews(() => {
    const again = read();
    if (again) then(again);
    else withTyping(() => then(read()));
  });
}

/** @param {import("../main.js").App} app @param {HTMLElement} parent */
export function createPanels(app, parent) {
  const { store } = app;
  const bar = make("div", { class: "olx-tabs", role: "group", "aria-label": "More" });
  const body = make("div", { class: "olx-panel" });
  const el = make("div", { class: "olx-more" }, bar, body);
  parent.append(el);
  /** @type {Object<string, {el: HTMLElement, pane: Pane}>} */
  const open = {};
  const buttons = TABS.map((tab) => {
    const b = make("button", { type: "button", "data-panel": tab.id, onclick: () => {
      const on = now() === tab.id;
      beside = 0;
      store.set({ panel: on ? "" : tab.id, _beside: {} });
    } }, tab.title);
    bar.append(b);
    return b;
  });
  /** Whether the map stands beside the picture unasked: not yet (-1), yes, or no longer. */
  let beside = -1;
  const now = () => store.get("panel") || (beside > 0 ? "map" : "");
  /** The map goes below the card where picture and time line leave it room; on a wide screen it opens there by itself. */
  function place() {
    const [stage, card] = [".olx-left", ".olx-card"].map((name) => app.el.querySelector(name)?.getBoundingClientRect());
    const room = stage && card && card.left > stage.right && card.width >= 360 ? stage.bottom - card.bottom : 0;
    const fits = room >= BESIDE && !app.el.dataset.only;
    if (beside && fits !== beside > 0 && !store.get("panel")) {
      if (fits) beside = 1;
      else if (beside > 0) beside = -1;
      store.set({ _beside: {} });
    }
    app.el.classList.toggle("olx-beside", fits && now() === "map");
  }
  const wide = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) place();
  });
  wide.observe(app.el);
  // What is far down the page is fetched when it comes near.
  let near = false;
  const coming = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    near = true;
    coming.disconnect();
    store.set({ _beside: {} });
  }, { rootMargin: NEAR });
  coming.observe(app.el);
  let last = "";
  let closed = false;
  /** What stays at work when its panel is closed. @type {Pane[] | null} */
  let always = null;
  let asked = false;
  function attach() {
    if (closed) return;
    always = /** @type {Views} */ (allViews.there).attach(app);
    for (const key of [...STATE_KEYS, "runs", "_moved"]) store.mark(key);
  }
  return {
    /** @param {Set<string>} changed */
    update(changed) {
      for (const one of always || []) one.update(changed);
    },
    /** @param {Set<string>} changed */
    late(changed) {
      const id = now();
      TABS.forEach((tab, k) => {
        hide(buttons[k], Boolean(tab.when && !tab.when(app)));
        attribute(buttons[k], "aria-expanded", String(tab.id === id));
      });
      if (["selected", "panel", "_size", "_beside", "speed"].some((key) => changed.has(key))) place();
      if (!always && !asked && near && (id || store.get("fair") || store.get("band") || store.get("relief") || store.get("_moved") || app.surface.samples)) {
        asked = true;
        withViews(attach);
        changed = new Set([...changed, ...STATE_KEYS, "runs"]);
      }
      if (!always) return;
      const panel = /** @type {Views} */ (allViews.there).panels.find((p) => p.id === id && !buttons[TABS.findIndex((tab) => tab.id === id)].hidden);
      hide(body, !panel);
      let all = changed;
      if (panel && !open[id]) {
        const inner = make("div", { class: "olx-panel-" + id });
        body.append(inner);
        open[id] = { el: inner, pane: panel.create(app, inner) };
      }
      if (id !== last) {
        if (open[last]) open[last].pane.hide?.();
        last = id;
        all = new Set([...changed, "opened", "runs", "theme", "step", "selected", "racers"]);
        for (const [one, { el: inner }] of Object.entries(open)) inner.hidden = one !== id;
      }
      if (panel) open[id].pane.update(all);
    },
    close() {
      closed = true;
      wide.disconnect();
      coming.disconnect();
      for (const { pane } of Object.values(open)) pane.close();
      for (const one of always || []) one.close();
    },
  };
}
