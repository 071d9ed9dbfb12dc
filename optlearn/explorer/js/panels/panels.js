// The side panel: tabs that are closed at first. What they show comes with the views, loaded when first needed.

import { make } from "../view/controls.js";
import { STATE_KEYS } from "../model/state.js";

/**
 * @typedef {{update: (changed: Set<string>) => void, hide?: () => void, close: () => void}} Pane
 * @typedef {{id: string, create: (app: any, parent: HTMLElement) => Pane}} Panel
 * @typedef {{panels: Panel[], attach: (app: any) => Pane[]}} Views
 */

/** The tabs, in their order. @type {{id: string, title: string, when?: (app: any) => boolean}[]} */
const TABS = [
  { id: "map", title: "Map" }, { id: "modes", title: "Eigenmodes", when: (app) => Boolean(app.surface.quadratic) },
  { id: "noise", title: "Noise and delay" }, { id: "fair", title: "Fairness" }, { id: "share", title: "Share" },
];

/** @type {Views | null} */
let views = null;
/** What waits for the views. @type {(() => void)[]} */
let waiting = [];

/** Takes the views, from their script. @param {Views} given */
export function provideViews(given) {
  views = given;
  /** @type {any} */ (window).optlearnExplorer?.arrived?.();
  const due = waiting;
  waiting = [];
  for (const act of due) act();
}

/** The views' script: in the page, or beside the page's own. */
function loadViews() {
  const held = document.querySelector("script.optlearn-views");
  const script = document.createElement("script");
  if (held) script.textContent = held.textContent;
  else script.src = /** @type {any} */ (window).optlearnExplorer.views;
  document.head.append(script);
}

/** Calls back when the views are there. @param {() => void} act */
export function withViews(act) {
  if (views) return act();
  waiting.push(act);
  if (waiting.length === 1) loadViews();
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
    const b = make("button", { type: "button", "data-panel": tab.id, onclick: () => store.set({ panel: store.get("panel") === tab.id ? "" : tab.id }) }, tab.title);
    bar.append(b);
    return b;
  });
  let last = "";
  let closed = false;
  /** What stays at work when its panel is closed. @type {Pane[] | null} */
  let always = null;
  let asked = false;
  function attach() {
    if (closed) return;
    always = /** @type {Views} */ (views).attach(app);
    for (const key of [...STATE_KEYS, "runs"]) store.mark(key);
  }
  return {
    /** @param {Set<string>} changed */
    update(changed) {
      const now = store.get("panel") || "";
      TABS.forEach((tab, k) => {
        buttons[k].hidden = Boolean(tab.when && !tab.when(app));
        buttons[k].setAttribute("aria-expanded", String(tab.id === now));
      });
      if (!always && !asked && (now || store.get("fair") || store.get("band") || app.surface.samples)) {
        asked = true;
        withViews(attach);
        changed = new Set([...changed, ...STATE_KEYS, "runs"]);
      }
      if (!always) return;
      for (const one of always) one.update(changed);
      const panel = /** @type {Views} */ (views).panels.find((p) => p.id === now && !buttons[TABS.findIndex((tab) => tab.id === now)].hidden);
      body.hidden = !panel;
      let all = changed;
      if (panel && !open[now]) {
        const inner = make("div", { class: "olx-panel-" + now });
        body.append(inner);
        open[now] = { el: inner, pane: panel.create(app, inner) };
      }
      if (now !== last) {
        if (open[last]) open[last].pane.hide?.();
        last = now;
        all = new Set([...changed, "opened", "runs", "theme", "step", "selected", "racers"]);
        for (const [id, { el: inner }] of Object.entries(open)) inner.hidden = id !== now;
      }
      if (panel) open[now].pane.update(all);
    },
    close() {
      closed = true;
      for (const { pane } of Object.values(open)) pane.close();
      for (const one of always || []) one.close();
    },
  };
}
