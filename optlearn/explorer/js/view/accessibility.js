// What makes the explorer usable without sight, mouse or motion.

let count = 0;

/** An id that no other element of the page has. @param {string} stem */
export function uniqueId(stem) {
  count += 1;
  return `olx-${stem}-${count}`;
}

/** @type {MediaQueryList | null} */
let calm = null;

/** Does the reader's system ask for less motion? */
export function prefersStill() {
  calm ||= matchMedia("(prefers-reduced-motion: reduce)");
  return calm.matches;
}

/**
 * A polite live region: says the last thing it was given, once the reader has stopped for a moment.
 * @param {HTMLElement} parent @param {import("../model/state.js").Store} store what is due of it is done before a text is asked for
 */
export function createAnnouncer(parent, store) {
  const region = document.createElement("div");
  region.className = "olx-only-read";
  region.setAttribute("role", "status");
  region.setAttribute("aria-live", "polite");
  parent.append(region);
  let timer = 0;
  return {
    /** @param {string | (() => string)} text a function is asked when it is said */
    say(text) {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        store.flush();
        region.textContent = typeof text === "string" ? text : text();
      }, 350);
    },
    close() {
      clearTimeout(timer);
    },
  };
}

/** What has the focus, also within a shadow root. @param {Node} node of the same root @returns {Element | null} */
export const focusOf = (node) => /** @type {any} */ (node.getRootNode()).activeElement || null;

/**
 * Arrow keys along a row of buttons; Tab enters and leaves the row.
 * @param {HTMLElement} row @param {string} selector
 */
export function rovingFocus(row, selector) {
  const all = () => /** @type {HTMLElement[]} */ ([...row.querySelectorAll(selector)]);
  row.addEventListener("keydown", (event) => {
    const keys = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    const items = all();
    const at = items.indexOf(/** @type {HTMLElement} */ (focusOf(row)));
    if (at < 0) return;
    let to = at;
    if (event.key in keys) to = (at + keys[event.key] + items.length) % items.length;
    else if (event.key === "Home") to = 0;
    else if (event.key === "End") to = items.length - 1;
    else return;
    event.preventDefault();
    items[to].focus();
    items.forEach((item, k) => (item.tabIndex = k === to ? 0 : -1));
  });
  return {
    /** Makes one item the one that Tab reaches. @param {number} index */
    enter(index) {
      all().forEach((item, k) => (item.tabIndex = k === index ? 0 : -1));
    },
  };
}
