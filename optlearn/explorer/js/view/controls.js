// Small parts that panels are made of: elements, buttons, sliders with a typable value, choices.

import { focusOf, uniqueId } from "./accessibility.js";
import { complaint, parse, plain, scaleOf, show } from "../model/numbers.js";

/**
 * An element with attributes and children. Handlers are given as onclick and so on.
 * @param {string} tag @param {Object<string, any>} [attributes] @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function make(tag, attributes = {}, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (name === "html") el.innerHTML = value;
    else if (name === "class") el.className = value;
    else el.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children) if (child || child === "") el.append(child);
  return el;
}

/** Puts text into an element, as cheaply as can be: the page around has rules that look at children. @param {Element} el @param {string} text */
export function write(el, text) {
  const node = el.childNodes.length === 1 ? el.firstChild : null;
  if (!(node instanceof Text)) el.textContent = text;
  else if (node.data !== text) node.data = text;
}

/** Hides or shows; browsers work anew on an attribute that is set to what it is. @param {HTMLElement} el @param {boolean} hidden */
export function hide(el, hidden) {
  if (el.hidden !== hidden) el.hidden = hidden;
}

/** Sets an attribute, if it is another. @param {Element} el @param {string} name @param {string} value */
export function attribute(el, name, value) {
  if (el.getAttribute(name) !== value) el.setAttribute(name, value);
}

/** A button. @param {string} text @param {string} name what it does, for those who do not see it @param {() => void} act */
export function button(text, name, act) {
  return make("button", { type: "button", class: "olx-button", "aria-label": name, title: name, onclick: act }, text);
}

/** An icon drawn in strokes on a 16 by 16 grid. @param {string} path @param {boolean} [filled] */
export function icon(path, filled = false) {
  const span = make("span", { class: "olx-icon", "aria-hidden": "true" });
  span.innerHTML = `<svg viewBox="0 0 16 16" width="16" height="16"><path d="${path}" ` +
    (filled ? 'fill="currentColor"' : 'fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"') + "/></svg>";
  return span;
}

/**
 * A slider over the range of a declared number, with its symbol and a field in which the value can be typed.
 * @param {any} declared name, mathml, low, high, log, default, and the allowed range
 * @param {(value: number) => void} change
 * @returns {{el: HTMLElement, set: (value: number, note?: string) => void}}
 */
export function slider(declared, change) {
  const scale = scaleOf(declared);
  const id = uniqueId("value");
  const wrong = uniqueId("wrong");
  const range = make("input", { type: "range", min: 0, max: 400, step: 1, "aria-label": declared.name });
  const field = make("input", {
    type: "text", inputmode: "decimal", id, class: "olx-field", autocomplete: "off", spellcheck: "false",
    "aria-label": declared.name + ", typed", "aria-describedby": wrong,
  });
  const error = make("span", { class: "olx-wrong", id: wrong, role: "alert" });
  const symbol = make("span", { class: "olx-symbol", "aria-hidden": "true", html: `<math>${declared.mathml}</math>` });
  const el = make("div", { class: "olx-slider" },
    make("label", { for: id, class: "olx-slider-name" }, symbol, make("span", {}, declared.name)), range, field, error);
  let shown = NaN;
  function set(value, note = "") {
    const typing = focusOf(field) === field;
    // What is half typed stays, as long as nothing else changes the value.
    if (typing && value === shown) return;
    write(error, "");
    field.removeAttribute("aria-invalid");
    const text = note || plain(value);
    if ((!typing || parse(field.value) !== value) && field.value !== text) field.value = text;
    field.disabled = Boolean(note);
    range.disabled = Boolean(note);
    if (value === shown) return;
    shown = value;
    range.value = String(Math.round(400 * scale.toUnit(value)));
    range.setAttribute("aria-valuetext", show(value, 4));
    range.style.setProperty("--olx-fill", (range.value / 4).toFixed(1) + "%");
  }
  range.addEventListener("input", () => {
    let value = scale.fromUnit(range.value / 400);
    if (declared.integer) value = Math.round(value);
    shown = NaN;
    change(value);
  });
  field.addEventListener("input", () => {
    const value = parse(field.value);
    const text = complaint(value, declared);
    error.textContent = text;
    if (text) field.setAttribute("aria-invalid", "true");
    else {
      field.removeAttribute("aria-invalid");
      change(value);
    }
  });
  field.addEventListener("blur", () => {
    if (Number.isFinite(shown)) set(shown);
  });
  return { el, set };
}

/**
 * A labelled choice.
 * @param {string} name @param {{value: string, text: string, group?: string}[]} items @param {(value: string) => void} change
 * @returns {{el: HTMLElement, set: (value: string) => void, fill: (items: any[]) => void}}
 */
export function choice(name, items, change) {
  const select = make("select", { class: "olx-select", "aria-label": name, onchange: () => change(select.value) });
  function fill(list) {
    select.replaceChildren(...list.map((item) => make("option", { value: item.value }, item.text)));
  }
  fill(items);
  return {
    el: select,
    fill,
    set(value) {
      if (select.value !== value) select.value = value;
    },
  };
}

/**
 * A row of choices of which one is on.
 * @param {string} name @param {(id: string) => void} change
 */
export function segments(name, change) {
  const el = make("div", { class: "olx-segments", role: "group", "aria-label": name });
  let ids = "";
  return {
    el,
    /** @param {{id: string, title: string}[]} items @param {string} on */
    set(items, on) {
      const now = items.map((item) => item.id).join();
      if (now !== ids) {
        ids = now;
        el.replaceChildren(...items.map((item) =>
          make("button", { type: "button", "data-id": item.id, onclick: () => change(item.id) }, item.title)));
      }
      for (const b of el.children) attribute(b, "aria-pressed", String(/** @type {HTMLElement} */ (b).dataset.id === on));
    },
  };
}

/** A typed number with a label. @param {string} name @param {any} limits @param {(x: number) => void} change */
export function numberField(name, limits, change, label = name) {
  const wrong = uniqueId("wrong");
  const field = make("input", { type: "text", inputmode: "decimal", class: "olx-field", autocomplete: "off", "aria-describedby": wrong });
  const error = make("span", { class: "olx-wrong", id: wrong, role: "alert" });
  const el = make("label", { class: "olx-number" }, make("span", {}, label), field, error);
  field.setAttribute("aria-label", name);
  field.addEventListener("change", () => {
    const value = parse(field.value);
    const text = complaint(value, { name, ...limits });
    error.textContent = text;
    field.setAttribute("aria-invalid", String(Boolean(text)));
    if (!text) change(value);
  });
  let shown = 0;
  /** @param {number} value */
  function set(value) {
    shown = value;
    if (focusOf(field) === field && parse(field.value) !== value) return;
    if (field.value !== plain(value)) field.value = plain(value);
    write(error, "");
    field.removeAttribute("aria-invalid");
  }
  field.addEventListener("blur", () => set(shown));
  return { el, set };
}

/**
 * A canvas that keeps the resolution of the device, and tells when its size changed.
 * @param {HTMLElement} holder @param {() => void} resized
 */
export function sharpCanvas(holder, resized) {
  const canvas = make("canvas", {});
  holder.append(canvas);
  const context = canvas.getContext("2d");
  const size = { width: 0, height: 0, ratio: 1 };
  function fit() {
    const box = holder.getBoundingClientRect();
    const ratio = (window.devicePixelRatio || 1) * +(holder.dataset.times || 1);
    if (box.width === size.width && box.height === size.height && ratio === size.ratio) return;
    Object.assign(size, { width: box.width, height: box.height, ratio });
    canvas.width = Math.max(1, Math.round(box.width * ratio));
    canvas.height = Math.max(1, Math.round(box.height * ratio));
    resized();
  }
  const observer = new ResizeObserver(fit);
  observer.observe(holder);
  return {
    canvas,
    context,
    size,
    fit,
    /** Draws at a multiple of the screen's resolution. @param {string} times */
    magnify(times) {
      holder.dataset.times = times;
      fit();
    },
    /** Clears and sets the scale, so that one unit is one CSS pixel. */
    begin() {
      context.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
      context.clearRect(0, 0, size.width, size.height);
      return context;
    },
    close() {
      observer.disconnect();
    },
  };
}
