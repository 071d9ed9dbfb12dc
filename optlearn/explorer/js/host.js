// The page's own home for explorers: offers the same model as ipywidgets does, with no kernel behind it.

import { startDrive, unfold } from "./drive.js";
import { comingWith } from "./panels/later.js";
import { fragmentWith, linkText, stateOfLink } from "./model/link.js";
import { whenRead } from "./panels/panels.js";

/** Stages by name. @type {ReturnType<typeof comingWith<Object<string, any>>>} */
const otherStages = comingWith("stages");

/** Takes the stages, from their script. */
export const provideStages = otherStages.provide;

/** How links of an explorer, or of a stage, are written and read. @param {any} app */
const linksOf = (app) => app.links || { linkText, stateOfLink };

/**
 * A model that lives in the page alone.
 * @param {Object<string, any>} values
 * @returns {import("./model/state.js").Model}
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
  const shared = (page.optlearnExplorer ||= {});
  for (const kind of ["rules", "surfaces", "presets"]) shared[kind] ||= {};
  shared.explorer = explorer;
  shared.more ||= {};
  const take = (data) => {
    for (const kind of ["rules", "surfaces", "presets"]) if (data[kind]) Object.assign(shared[kind], rowsOf(data[kind]));
    Object.assign(shared.more, data.more);
  };
  // With the views come all rules, for explorers that stand there as well.
  shared.arrived = () => {
    if (!shared.rest) return;
    take(shared.rest);
    for (const el of document.querySelectorAll(".optlearn-explorer")) {
      const known = /** @type {any} */ (el).explorer?.data.rules;
      if (known) Object.assign(known, { ...shared.rules, ...known });
    }
  };
  // On a site the script has the data, and the views stand beside it.
  const own = /** @type {any} */ (document.currentScript);
  if (own?.src) shared.views = own.src.replace("explorer.js", "explorer-views.js");
  if (shared.data) take(shared.data);
  shared.mount = () => {
    for (const node of document.querySelectorAll("script.optlearn-shared")) {
      take(JSON.parse(node.textContent || "{}"));
      node.classList.remove("optlearn-shared");
    }
    mountNext();
  };
  const key = (k) => `explorer-${k + 1}`;
  const partOf = (k) => location.hash.slice(1).split("&").find((text) => text.startsWith(key(k) + "="));
  /** One explorer, then the page has its turn before the next; the one that the address is about comes first. */
  function mountNext() {
    const all = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".optlearn-explorer")]);
    all.forEach((el, k) => (el.dataset.key ||= String(k)));
    const waiting = all.filter((el) => el.hasAttribute("data-waiting"));
    const el = waiting.find((one) => partOf(+(one.dataset.key || 0))) || waiting[0];
    if (!el) return;
    mountOne(el, +(el.dataset.key || 0));
    if (waiting.length > 1) (window.requestIdleCallback || setTimeout)(mountNext);
  }
  /** @param {HTMLElement} el @param {number} k */
  function mountOne(el, k) {
    el.removeAttribute("data-waiting");
    const script = el.querySelector("script.optlearn-state");
    if (!script) return;
    const mine = JSON.parse(script.textContent || "{}");
    if (el.dataset.stage) {
      return otherStages.use((all) => drawOne(el, k, mine, all[/** @type {string} */ (el.dataset.stage)]));
    }
    drawOne(el, k, mine, { render: explorer.render, stateOfLink });
  }
  /** @param {HTMLElement} el @param {number} k @param {any} mine @param {{render: Function, stateOfLink: Function}} kind */
  function drawOne(el, k, mine, kind) {
    const data = {
      given: mine.given,
      more: shared.more,
      rules: { ...shared.rules, ...mine.rules },
      surfaces: { ...shared.surfaces, ...mine.surfaces },
      presets: { ...shared.presets, ...mine.presets },
    };
    const wanted = linkFor(k);
    const draw = (linked) => {
      el.querySelector("img")?.remove();
      const home = { key: key(k), first: mine.state, unread: Boolean(wanted && !linked) };
      kind.render({ model: pageModel(linked || mine.state), el, data, home });
      if (!partOf(k)) return;
      unfold(el);
      el.scrollIntoView();
      // Again when all has its size.
      if (document.readyState !== "complete") addEventListener("load", () => el.scrollIntoView(), { once: true });
    };
    if (!wanted) return draw(null);
    // A link may race rules that come with the views, or that are typed.
    whenRead(() => {
      data.rules = { ...shared.rules, ...data.rules };
      return kind.stateOfLink(wanted, mine.state, data);
    }, draw);
  }
  /** The state of an explorer in the address, or as the reader left it: Back and a reload bring that again. @param {number} k */
  const linkFor = (k) => history.state?.optlearn?.[key(k)] || partOf(k)?.slice(key(k).length + 1);
  addEventListener("optlearn", (event) => {
    const app = /** @type {CustomEvent} */ (event).detail;
    if (!app.home) return;
    const { key: name, first } = app.home;
    let timer = 0;
    app.store.heard.push((changed) => {
      if (![...changed].some((one) => one[0] !== "_" && one !== "theme" && one !== "runs")) return;
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        if (app.store.get("playing")) return;
        const text = linksOf(app).linkText(app.store.snapshot(), first);
        if (text !== (history.state?.optlearn?.[name] || linksOf(app).linkText(first, first))) {
          // In a room the address is to be handed on; elsewhere it stays that of what is read.
          history.replaceState({ ...history.state, optlearn: { ...history.state?.optlearn, [name]: text } }, "",
            document.fullscreenElement === app.el ? fragmentWith(name, text) : undefined);
        }
      }, 400);
    });
  });
  startDrive((k) => /** @type {any} */ (document.querySelectorAll(".optlearn-explorer")[k])?.explorer);
  addEventListener("hashchange", () => document.querySelectorAll(".optlearn-explorer").forEach((node, k) => {
    const app = /** @type {any} */ (node).explorer;
    const text = partOf(k);
    if (!app || !text) return;
    whenRead(() => linksOf(app).stateOfLink(text.slice(key(k).length + 1), app.home.first, app.data), (state) => {
      app.home.unread = !state;
      app.store.set(state || { _link: {} });
      if (!state) app.store.mark("prompt");
      unfold(node);
      node.scrollIntoView();
    });
  }));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", shared.mount);
  else shared.mount();
}
