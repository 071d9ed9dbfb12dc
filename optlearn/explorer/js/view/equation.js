// The equation of a rule, as the library prints it, with the current numbers under the letters.

import { make } from "./controls.js";
import { show } from "../model/numbers.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";

/** @param {string} tag @param {...(Node | string)} children */
function math(tag, ...children) {
  const el = document.createElementNS(MATHML, tag);
  el.append(...children);
  return el;
}

/** Where a named symbol of an equation stands in the record: which row (0 this step, -1 the one before), which quantity. */
/** @param {string} name @param {any} rule @returns {{name: string, row: number} | null} */
export function placeOf(name, rule) {
  if (name === "w.old") return { name: "w", row: -1 };
  if (name === "g.raw") return { name: "g", row: 0 };
  if (name === "g" && rule.layout["@seen"]) return { name: "@seen", row: 0 };
  if (name.startsWith("s.")) {
    const bare = name.slice(2);
    return { name: bare, row: rule.draws.includes(bare) ? 0 : -1 };
  }
  return name in rule.layout ? { name, row: 0 } : null;
}

/**
 * A view of a rule's equation.
 * @param {any} rule @param {number} delay gradients are those of so many steps before, whatever point the rule asks for
 */
export function createEquation(rule, delay) {
  const before = `<msub><mi>w</mi><mrow><mi>t</mi><mo lspace="0" rspace="0">−</mo><mn>${1 + delay}</mn></mrow></msub>`;
  const el = make("div", { class: "olx-equation", role: "group", "aria-label": "Equation", tabindex: 0 });
  /** @type {{place: any, hyper: number, texts: Text[], of: (x: number, t: number) => number}[]} */
  const slots = [];
  /** @type {Object<string, HTMLElement>} */
  const lines = {};
  let first = "";
  for (const line of rule.lines) {
    if (delay && line.name === "@probe") continue;
    const html = delay ? line.mathml.replace(/(∇<\/mo><mi>f<\/mi><mo[^>]*>\(<\/mo>).*?(<mo[^>]*>\))/, `$1${before}$2`) : line.mathml;
    const row = make("div", { class: "olx-line", html });
    lines[line.name === "g.raw" ? "g" : line.name] = row;
    for (const node of [...row.querySelectorAll("[data-name]")]) {
      const name = /** @type {HTMLElement} */ (node).dataset?.name || node.getAttribute("data-name") || "";
      const hyper = rule.hypers.findIndex((h) => h.name === name);
      const place = hyper < 0 ? placeOf(name, rule) : null;
      // A matrix has more numbers than there is room for.
      if (hyper < 0 && (!place || rule.layout[place.name][1] > 2)) continue;
      const two = place && rule.layout[place.name][1] === 2;
      const texts = [document.createTextNode(""), ...(two ? [document.createTextNode("")] : [])];
      const under = math("mtable", ...texts.map((text) => math("mtr", math("mtd", math("mtext", text)))));
      under.setAttribute("class", hyper < 0 ? "olx-under" : "olx-under olx-set");
      const box = math("munder");
      // The number of a base stands under base and exponent, so that the exponent stays at the letter.
      const parent = node.parentElement;
      const power = parent && parent.localName === "msup" && parent.firstElementChild === node;
      // Of "(1 − ρ)" and of a power with the time, the number under it is that of the whole.
      const rest = hyper >= 0 && parent?.childElementCount === 3 && /^1−/.test(parent.textContent || "") && parent.lastElementChild === node &&
        parent.previousElementSibling?.textContent === "(" && parent.nextElementSibling?.textContent === ")";
      const timed = hyper >= 0 && power && parent.lastElementChild?.textContent === "t";
      const whole = rest ? parent.parentElement : power ? parent : node;
      whole.replaceWith(box);
      box.append(whole, under);
      slots.push({ place, hyper, texts, of: rest ? (x) => 1 - x : timed ? (x, t) => x ** t : (x) => x });
    }
    el.append(row);
  }
  return {
    el,
    /** Writes the numbers of step t. @param {import("../model/integrator.js").Run} run @param {ArrayLike<number>} h @param {number} t */
    numbers(run, h, t) {
      for (const { place, hyper, texts, of } of slots) {
        texts.forEach((text, d) => {
          let value = NaN;
          if (hyper >= 0) value = of(h[hyper], t);
          else if (t + place.row >= 0 && t + place.row <= run.last) {
            value = run.rows[(t + place.row) * run.stride + run.layout[place.name][0] + d];
          }
          const now = Number.isNaN(value) ? "·" : show(value, 3);
          if (text.data !== now) text.data = now;
        });
      }
    },
    /** Marks the lines of a stage, and shows the first of them. @param {string[]} names @param {string[]} [later] what the film has not come to */
    mark(names, later = []) {
      if (first !== names[0] && lines[names[0]]) el.scrollTop = lines[names[0]].offsetTop - el.offsetTop - el.clientHeight / 3;
      first = names[0];
      for (const [name, row] of Object.entries(lines)) {
        row.classList.toggle("olx-on", names.includes(name));
        row.classList.toggle("olx-later", later.includes(name) && !names.includes(name));
      }
    },
  };
}
