// The side panel: tabs that are closed at first. A panel is made when it is first opened, and updated only while open.

import { make } from "./controls.js";
import { createInset } from "./inset.js";
import { createFairness, fairPanel } from "./panel_fair.js";
import { mapPanel } from "./panel_map.js";
import { modesPanel } from "./panel_modes.js";
import { createBand, noisePanel } from "./panel_noise.js";
import { sharePanel } from "./panel_share.js";

/**
 * @typedef {{id: string, title: string, when?: (app: any) => boolean, create: (app: any, parent: HTMLElement) =>
 *   {update: (changed: Set<string>) => void, hide?: () => void, close: () => void}}} Panel
 */

/** The panels there are, in the order of their tabs. @type {Panel[]} */
export const PANELS = [mapPanel, modesPanel, noisePanel, fairPanel, sharePanel];

/** @param {import("./main.js").App} app @param {HTMLElement} parent */
export function createPanels(app, parent) {
  const { store } = app;
  const bar = make("div", { class: "olx-tabs", role: "group", "aria-label": "More" });
  const body = make("div", { class: "olx-panel" });
  const el = make("div", { class: "olx-more" }, bar, body);
  parent.append(el);
  /** @type {Object<string, {el: HTMLElement, pane: any}>} */
  const open = {};
  const buttons = PANELS.map((panel) => {
    const b = make("button", { type: "button", "data-panel": panel.id, onclick: () => store.set({ panel: store.get("panel") === panel.id ? "" : panel.id }) }, panel.title);
    bar.append(b);
    return b;
  });
  let last = "";
  createInset(app);
  // What stays at work when its panel is closed.
  const always = [createBand(app), createFairness(app, /** @type {HTMLElement} */ (app.el.querySelector(".olx-racers")))];
  return {
    /** @param {Set<string>} changed */
    update(changed) {
      for (const one of always) one.update(changed);
      const now = store.get("panel") || "";
      PANELS.forEach((panel, k) => {
        buttons[k].hidden = Boolean(panel.when && !panel.when(app));
        buttons[k].setAttribute("aria-expanded", String(panel.id === now));
      });
      const panel = PANELS.find((p) => p.id === now && (!p.when || p.when(app)));
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
      for (const { pane } of Object.values(open)) pane.close();
    },
  };
}
