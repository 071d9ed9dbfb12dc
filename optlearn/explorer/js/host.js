// The page's own home for explorers: offers the same model as ipywidgets does, with no kernel behind it.

import { stateOfLink } from "./link.js";

/**
 * A model that lives in the page alone.
 * @param {Object<string, any>} values
 * @returns {import("./state.js").Model}
 */
export function pageModel(values) {
  /** @type {Object<string, Function[]>} */
  const listeners = {};
  const held = { ...values };
  return {
    get: (key) => held[key],
    set(key, value) {
      if (held[key] === value) return;
      held[key] = value;
      for (const callback of listeners["change:" + key] || []) callback();
    },
    on(event, callback) {
      (listeners[event] ||= []).push(callback);
    },
    off(event, callback) {
      listeners[event] = callback ? (listeners[event] || []).filter((one) => one !== callback) : [];
    },
    save_changes() {},
  };
}

/** Objects by name, from a table by columns. @param {{names: string[], columns: Object<string, any[]>}} table */
function rowsOf({ names, columns }) {
  return Object.fromEntries(names.map((name, k) =>
    [name, Object.fromEntries(Object.entries(columns).filter(([, all]) => all[k] !== null).map(([key, all]) => [key, all[k]]))]));
}

/**
 * Draws every explorer of the page that waits for it. Elements of class `optlearn-explorer` hold their own state, and
 * any rules and surfaces of their own, as JSON; what all share is registered once, by the first.
 * @param {{render: Function}} explorer
 */
export function startHost(explorer) {
  const page = /** @type {any} */ (window);
  const shared = (page.optlearnExplorer ||= { rules: {}, surfaces: {}, presets: {} });
  shared.explorer = explorer;
  shared.mount = () => {
    for (const node of document.querySelectorAll("script.optlearn-shared")) {
      const data = JSON.parse(node.textContent || "{}");
      for (const kind of ["rules", "surfaces", "presets"]) Object.assign(shared[kind], rowsOf(data[kind]));
      node.classList.remove("optlearn-shared");
    }
    for (const el of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".optlearn-explorer[data-waiting]"))) {
      const script = el.querySelector("script.optlearn-state");
      if (!script) continue;
      el.removeAttribute("data-waiting");
      el.querySelector("img")?.remove();
      const own = JSON.parse(script.textContent || "{}");
      for (const rule of Object.values(own.rules || {})) /** @type {any} */ (rule).own = true;
      const data = {
        rules: { ...shared.rules, ...own.rules },
        surfaces: { ...shared.surfaces, ...own.surfaces },
        presets: { ...shared.presets, ...own.presets },
      };
      const key = `explorer-${(shared.count = (shared.count || 0) + 1)}`;
      const part = location.hash.slice(1).split("&").find((text) => text.startsWith(key + "="));
      const linked = part && stateOfLink(part.slice(key.length + 1), own.state, data);
      explorer.render({ model: pageModel(linked || own.state), el, data, home: { key, first: own.state } });
      if (linked) el.scrollIntoView();
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", shared.mount);
  else shared.mount();
}
