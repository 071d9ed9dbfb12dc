// A formula of x and y as text becomes a surface: read by a grammar of numbers, signs, brackets and the library's functions,
// derived by the library's own table of derivatives, and written as code that holds nothing else.

import { readTree, tokensOf } from "./reading.js";

/**
 * What the library knows: operations with their text and the derivative by each operand (`a`, `b`; `n` is the value itself),
 * and the names under which they may be called.
 * @typedef {{operations: Object<string, {js: string, d: any[]}>, functions: Object<string, string>}} Grammar
 * @typedef {any} Tree a number, "x", "y", or the name of an operation and its operands
 */

const LONGEST = 500;
const CONSTANTS = { pi: Math.PI, e: Math.E };

/** What is wrong with a text, for people. */
export class Unread extends Error {}

/** @param {string} text @param {string} why @param {number} at @returns {never} */
function refuse(text, why, at) {
  throw new Unread(`${text.length > 60 ? "The formula" : text || "This"} cannot be read${text ? ` at sign ${at + 1}` : ""}: ${why}.`);
}

/** Reads a formula. @param {string} text @param {Grammar} grammar @returns {Tree} */
export function readFormula(text, grammar) {
  if (!text.trim()) refuse("", "it is empty", 0);
  if (text.length > LONGEST) refuse(text, `it has ${text.length} signs, and may have ${LONGEST}`, LONGEST);
  const no = (why, at) => refuse(text, why, at);
  const tokens = tokensOf(text, /\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|([A-Za-z_]\w*)|(\*\*|[-+*/(),]))/y, (at) =>
    no(/[\^²³]/.test(text[at]) ? "a power is written **" : text[at] === "=" ? "write only what stands right of the =" : `${text[at]} is not known`, at));
  return readTree(tokens, text.length, no, {
    name: (token) => (token.text === "x" || token.text === "y" ? token.text : Object.hasOwn(CONSTANTS, token.text) ? ["constant", token.text] : null),
    called: (token) => (Object.hasOwn(grammar.functions, token.text) ? grammar.functions[token.text] : null),
    counts: (op) => grammar.operations[op].d.length,
    known: "there are x, y, pi, e and functions",
  });
}

/** @param {Tree} u @param {Tree} v */
const sumOf = (u, v) => (u === 0 ? v : v === 0 ? u : ["add", u, v]);
/** A product of the chain rule: nought where a factor is, even if the other overflows. @param {Tree} u @param {Tree} v */
const productOf = (u, v) => (u === 0 || v === 0 ? 0 : u === 1 ? v : v === 1 ? u : typeof u === "number" && typeof v === "number" ? u * v : ["chain", u, v]);

/** What derivatives have besides the table. */
const OWN = { chain: { js: "(@0===0?0:@0*@1)", d: ["b", "a"] } };

/** The derivative of a tree by x or y. @param {Tree} tree @param {string} by @param {Grammar} grammar @param {Map<string, Tree>} [known] @returns {Tree} */
export function derived(tree, by, grammar, known = new Map()) {
  if (tree === by) return 1;
  if (!Array.isArray(tree) || tree[0] === "constant") return 0;
  const key = JSON.stringify(tree);
  const before = known.get(key);
  if (before !== undefined) return before;
  const [op, ...parts] = tree;
  const filled = (form) => (form === "a" ? parts[0] : form === "b" ? parts[1] : form === "c" ? parts[2] : form === "n" ? tree
    : Array.isArray(form) ? [form[0], ...form.slice(1).map(filled)] : form);
  let made = 0;
  parts.forEach((part, k) => {
    const inner = derived(part, by, grammar, known);
    if (inner === 0) return;
    const exponent = op === "pow" && k === 0 && typeof parts[1] === "number" ? parts[1] : null;
    // A whole power does not go through a logarithm.
    const form = exponent === null ? (OWN[op] || grammar.operations[op]).d[k]
      : exponent === 2 ? ["mul", 2, "a"] : exponent === 1 ? 1 : exponent === 0 ? 0 : ["mul", exponent, ["pow", "a", exponent - 1]];
    if (form !== null) made = sumOf(made, productOf(filled(form), inner));
  });
  known.set(key, made);
  return made;
}

/** Code that computes trees, each part once; `give` makes statements of the results. @param {Tree[]} trees @param {Grammar} grammar @param {(names: string[]) => string} give */
function computed(trees, grammar, give) {
  /** @type {Map<string, string>} */
  const named = new Map();
  let out = "";
  const name = (tree) => {
    if (typeof tree === "number") return tree < 0 || Object.is(tree, -0) ? `(${tree})` : String(tree);
    if (!Array.isArray(tree)) return tree;
    if (tree[0] === "constant") return String(CONSTANTS[tree[1]]);
    const key = JSON.stringify(tree);
    let found = named.get(key);
    if (!found) {
      const parts = tree.slice(1).map(name);
      const form = tree[0] === "pow" && tree[2] === 2 ? "(@0*@0)" : (OWN[tree[0]] || grammar.operations[tree[0]]).js;
      found = `v${named.size}`;
      named.set(key, found);
      out += `const ${found}=${form.replace(/@(\d)/g, (_, k) => parts[+k])};`;
    }
    return found;
  };
  const names = trees.map(name);
  return out + give(names);
}

export const ROW = (...parts) => `<mrow>${parts.join("")}</mrow>`;
export const SIGN = (sign) => `<mo>${sign}</mo>`;
const LINE = (sign) => `<mo stretchy="false">${sign}</mo>`;
const BRACKETS = (inner) => `<mo stretchy="true">(</mo>${inner}<mo stretchy="true">)</mo>`;

/**
 * A formula as it is written on paper.
 * @param {Tree} tree @param {number} [within] how closely its surroundings bind
 * @param {(leaf: string) => string} [leaf] how a name is written @param {(leaf: Tree) => boolean} [single] is it one number, not one a coordinate
 * @returns {string}
 */
export function onPaper(tree, within = 0, leaf = (name) => `<mi>${name}</mi>`, single = () => false) {
  if (typeof tree === "number") return tree < 0 ? (within > 1 ? ROW(BRACKETS(`${SIGN("−")}<mn>${-tree}</mn>`)) : ROW(SIGN("−"), `<mn>${-tree}</mn>`)) : `<mn>${tree}</mn>`;
  if (!Array.isArray(tree)) return leaf(tree);
  const [op, a, b, c] = tree;
  const on = (part, inside = 0) => onPaper(part, inside, leaf, single);
  if (op === "constant") return `<mi>${a === "pi" ? "π" : a}</mi>`;
  const closed = (binds, ...parts) => (within > binds ? ROW(BRACKETS(ROW(...parts))) : ROW(...parts));
  if (op === "add") return closed(1, on(a, 1), SIGN("+"), on(b, 1));
  if (op === "sub") return closed(1, on(a, 1), SIGN("−"), on(b, 2));
  if (op === "neg") return closed(1, SIGN("−"), on(a, 2));
  if (op === "mul") {
    const factor = on(b, 2);
    return closed(2, on(a, 2), /^(<mrow>)*<mn>/.test(factor) ? SIGN("⋅") : '<mspace width=".17em"/>', factor);
  }
  // A long quotient reads better as a factor before it.
  if (op === "div" && a[0] === "mul" && single(a[1])) return closed(2, on(a[1], 2), '<mspace width=".17em"/>', `<mfrac>${on(a[2])}${on(b)}</mfrac>`);
  if (op === "div") return `<mfrac>${on(a)}${on(b)}</mfrac>`;
  if (op === "pow") return `<msup>${on(a, 4)}${on(b)}</msup>`;
  if (op === "norm") return ROW(LINE("‖"), on(a), LINE("‖"));
  if (op === "sqrt") return `<msqrt>${on(a)}</msqrt>`;
  if (op === "abs") return ROW(LINE("|"), on(a), LINE("|"));
  if (op in COMPARED) return ROW(on(a, 1), SIGN(COMPARED[op]), on(b, 1));
  if (op === "where") return ROW('<mo>{</mo>', `<mtable columnalign="left">${[[on(b), `<mtext>if&#160;</mtext>${on(a)}`], [on(c), "<mtext>otherwise</mtext>"]]
    .map(([value, when]) => `<mtr><mtd>${value}</mtd><mtd>${ROW(when)}</mtd></mtr>`).join("")}</mtable>`);
  if (op === "sum") return closed(1, `<munder>${SIGN("∑")}<mi>i</mi></munder>`, on(a, 2));
  return ROW(`<mi>${op}</mi>`, BRACKETS(tree.slice(1).map((part) => on(part)).join(SIGN(","))));
}

const COMPARED = { lt: "&lt;", le: "≤", gt: "&gt;", ge: "≥", eq: "=", ne: "≠" };

/** Points of a domain off its middle and corners, and whether there are a value and a gradient. @param {any} code @param {number[]} domain */
function lookedAt(code, [x0, x1, y0, y1]) {
  const out = new Float64Array(2);
  const points = [];
  for (let j = 1; j <= 40; j++) {
    for (let i = 1; i <= 40; i++) {
      const [x, y] = [x0 + ((x1 - x0) * i) / 41, y0 + ((y1 - y0) * j) / 41];
      code.gradient(x, y, [], out, 0);
      if (Number.isFinite(code.f(x, y, [])) && out.every(Number.isFinite)) points.push([x, y]);
    }
  }
  return points;
}

/**
 * A surface of a formula, as a page has those of the library; what cannot be read is refused with words.
 * @param {string} text @param {Grammar} grammar @param {(code: string) => any} compile
 */
export function typedSurface(text, grammar, compile) {
  const plain = text.trim();
  const tree = readFormula(plain, grammar);
  const [gx, gy] = ["x", "y"].map((by) => derived(tree, by, grammar));
  const second = [["x", gx], ["y", gx], ["y", gy]].map(([by, of]) => derived(of, by, grammar));
  const outs = (names) => names.map((name, k) => `out[o+${k}]=${name};`).join("");
  const code = `({f(x,y,p){${computed([tree], grammar, ([name]) => `return ${name};`)}},gradient(x,y,p,out,o){${computed([gx, gy], grammar, outs)}},` +
    `hessian(x,y,p,out,o){${computed(second, grammar, outs)}}})`;
  const made = compile(code);
  const sides = [[-3, 3], [0, 3], [-3, 0]];
  const domains = [[0, 0], [1, 0], [0, 1], [1, 1], [2, 0], [0, 2], [2, 2], [1, 2], [2, 1]].map(([i, j]) => [...sides[i], ...sides[j]]);
  const domain = domains.find((one) => lookedAt(made, one).length > 0.6 * 1600) || domains[0];
  const usual = [domain[0] + (domain[1] - domain[0]) / 4, domain[2] + ((domain[3] - domain[2]) * 5) / 6];
  const points = lookedAt(made, domain);
  if (!points.length) throw new Unread(`${plain} has no finite value and gradient from ${domain[0]} to ${domain[1]}.`);
  const far = (point) => Math.hypot(point[0] - usual[0], point[1] - usual[1]);
  const near = points.reduce((best, point) => (far(point) < far(best) ? point : best));
  const start = lookedAt(made, [usual[0], usual[0], usual[1], usual[1]]).length ? usual : near;
  return {
    key: plain, name: plain, label: plain, params: [], domain, start, minima: [], quadratic: false, own: true, code,
    mathml: `<math>${ROW("<mi>f</mi>", SIGN("("), "<mi>x</mi>", SIGN(","), "<mi>y</mi>", SIGN(")"), SIGN("="), onPaper(tree))}</math>`,
  };
}
