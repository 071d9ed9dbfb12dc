// A rule of typed lines as a page has those of the library: its code, its equation, its numbers; and the class that it is in Python.

import { onPaper, ROW, SIGN } from "./formula.js";
import { readLines } from "./lines.js";
import { complaint } from "./numbers.js";

/** @typedef {import("./lines.js").Lines} Lines @typedef {any} Tree */

/** A name as it is written on paper, with the time. @param {string} name @param {string} index @param {any} grammar @param {string} [primes] */
function lettersOf(name, index, grammar, primes = "") {
  const [base, ...rest] = name.split("_");
  const [, letters, digits] = /^([A-Za-z]+?)(\d*)$/.exec(base) || ["", base, ""];
  const below = digits ? [`<mn>${digits}</mn>`] : [];
  let core = grammar.letters[letters] ? `<mi>${grammar.letters[letters]}</mi>` : `<mi${letters.length > 1 ? ' mathvariant="normal"' : ""}>${letters}</mi>`;
  for (const part of rest.filter(Boolean)) {
    const mark = { hat: "^", bar: "¯", tilde: "~" }[part];
    if (mark) core = `<mover accent="true">${core}<mo stretchy="false">${mark}</mo></mover>`;
    else below.push(/^\d+$/.test(part) ? `<mn>${part}</mn>` : `<mi${part.length > 1 ? ' mathvariant="normal"' : ""}>${part}</mi>`);
  }
  if (index) below.push(index);
  const under = below.length > 1 ? ROW(below.join(SIGN(","))) : below[0];
  if (primes) return under ? `<msubsup>${core}${under}<mo>${primes}</mo></msubsup>` : `<msup>${core}<mo>${primes}</mo></msup>`;
  return under ? `<msub>${core}${under}</msub>` : core;
}

const NOW = "<mi>t</mi>";
const BEFORE = '<mrow><mi>t</mi><mo lspace="0" rspace="0">−</mo><mn>1</mn></mrow>';

/** The trees of what lines set, by leaf; and which leaves have a value a coordinate. @param {Lines} said */
function meaning({ slots, lines }) {
  const set = new Map(lines.map(({ leaf, tree }) => [leaf, tree]));
  const vectors = new Set(["w.old", "g", "g.raw"]);
  /** @param {Tree} tree @returns {boolean} */
  const vector = (tree) => (Array.isArray(tree) ? !["sum", "norm", "constant"].includes(tree[0]) && tree.slice(1).some(vector) : vectors.has(tree));
  for (let before = -1; before < vectors.size;) {
    before = vectors.size;
    for (const { leaf, tree } of lines) if (vector(tree)) vectors.add(leaf);
    for (const slot of slots) if (vectors.has(slot)) vectors.add("s." + slot);
  }
  return { set, vector, vectors };
}

/**
 * What a quantity is multiplied by where it enters in the first power; 0 where it does not.
 * @param {Tree} tree @param {string} by @param {ReturnType<typeof meaning>} means the factor of a name becomes a name as well, so that no tree grows
 * @returns {Tree}
 */
function factorOf(tree, by, means) {
  if (tree === by) return 1;
  if (!Array.isArray(tree)) {
    const { set, vector, vectors } = means;
    if (!set.has(tree)) return 0;
    const name = `@${tree} ${by}`;
    if (!set.has(name)) {
      const made = factorOf(set.get(tree), by, means);
      if (vector(made)) vectors.add(name);
      set.set(name, made);
    }
    return typeof set.get(name) === "number" ? set.get(name) : name;
  }
  const [op, a, b, c] = tree;
  if (!["add", "sub", "neg", "mul", "div", "where"].includes(op)) return 0;
  const [x, y] = op === "where" ? [b, c].map((part) => factorOf(part, by, means)) : [a, b].map((part) => (part === undefined ? 0 : factorOf(part, by, means)));
  if (op === "where") return x === 0 && y === 0 ? 0 : ["where", a, x, y];
  if (op === "neg") return x === 0 ? 0 : ["neg", x];
  if (op === "div") return x === 0 ? 0 : ["div", x, b];
  if (op === "mul") return (x !== 0) === (y !== 0) ? 0 : x === 0 ? ["mul", a, y] : ["mul", x, b];
  return y === 0 ? x : x === 0 ? (op === "sub" ? ["neg", y] : y) : [op, x, y];
}

/** Code of trees over the two coordinates, each part once. @param {any} grammar @param {Map<string, Tree>} set @param {(tree: Tree) => boolean} vector @param {(leaf: string, i: number) => string} place */
function emitter(grammar, set, vector, place) {
  /** @type {Map<string, string[]>} */
  const named = new Map();
  let count = 0;
  const own = { code: "", of };
  /** The texts of a tree: one, or one a coordinate. @param {Tree} tree @returns {string[]} */
  function of(tree) {
    if (typeof tree === "number") return [tree < 0 || Object.is(tree, -0) ? `(${Object.is(tree, -0) ? "-0" : tree})` : String(tree)];
    if (Array.isArray(tree) && tree[0] === "constant") return [String(Math.PI)];
    const key = JSON.stringify(tree);
    let found = named.get(key);
    if (found) return found;
    if (!Array.isArray(tree)) found = set.has(tree) ? of(set.get(tree)) : Array.from({ length: vector(tree) ? 2 : 1 }, (_, i) => place(tree, i));
    else {
      const parts = tree.slice(1).map(of);
      const [op, , exponent] = tree;
      const form = op === "sum" || op === "norm" ? null : op === "pow" && exponent === 2 ? "(@0*@0)" : grammar.operations[op === "pow" && exponent === 0.5 ? "sqrt" : op].js;
      found = form === null ? [op === "sum" ? parts[0].join("+") : `Math.sqrt(${parts[0].map((text) => `${text}*${text}`).join("+")})`] : Array.from({ length: vector(tree) ? 2 : 1 }, (_, i) => form.replace(/@(\d)/g, (_, k) => parts[+k][i] ?? parts[+k][0]));
      found = found.map((text) => {
        own.code += `const v${count}=${text};`;
        return `v${count++}`;
      });
    }
    named.set(key, found);
    return found;
  }
  return own;
}

/** The declaration of a number: as the library has it, where that allows the value. @param {string} name @param {number | null} value @param {any} grammar */
function numberOf(name, value, grammar) {
  const known = grammar.numbers[name];
  const given = value ?? known.default;
  if (known && !complaint(given, known)) return { ...known, default: given };
  const size = 10 * (Math.abs(given) || 0.1);
  return { name, mathml: known?.mathml || lettersOf(name, "", grammar), default: given, range: "a finite number", log: given > 0,
    ...(given > 0 ? { low: given / 100, high: given * 100 } : { low: -size, high: size }) };
}

/**
 * What the step goes along: the last quantity, in the first power of the gradient, that each coordinate scales on its own.
 * @param {Lines} said @param {ReturnType<typeof meaning>} means
 */
function directionOf({ lines }, means) {
  if (factorOf("w", "w.old", means) === 0) return null;
  const named = lines.filter(({ leaf, name, tree }) => leaf === name && name !== "w" && name !== "g" && Array.isArray(tree)).reverse();
  const scaled = named.find(({ leaf }) => factorOf(leaf, "g", means) !== 0 && means.vector(factorOf("w", leaf, means)));
  return scaled ? scaled.leaf : factorOf("w", "g", means) !== 0 ? "g" : null;
}

/** A rule of lines; what cannot be read is refused with words. @param {string} text @param {any} grammar */
export function typedRule(text, grammar) {
  const said = readLines(text, grammar);
  const { slots, lines, probe } = said;
  const means = meaning(said);
  const { set, vector } = means;
  const hypers = [...said.numbers].map(([name, value]) => numberOf(name, value, grammar));
  const direction = directionOf(said, means);
  const factor = direction && factorOf("w", direction, means);
  const rate = factor ? ["neg", factor] : null;

  /** @type {Object<string, [number, number]>} */
  const layout = {};
  let stride = 0;
  const put = (name, of) => {
    layout[name] = [stride, vector(of) ? 2 : 1];
    stride += layout[name][1];
  };
  for (const name of ["w", "@probe", "g"]) put(name, "g");
  if (rate) put("@rate", rate);
  for (const slot of slots) put(slot, "s." + slot);
  const placeOf = (leaf) => (leaf === "g" ? "@seen" : leaf);
  for (const { leaf } of lines) if (!layout[leaf] || leaf === "g") put(placeOf(leaf), leaf);

  /** Where a leaf stands in the rows of a step. @param {string} leaf @param {number} i */
  const place = (leaf, i) => {
    if (leaf === "t") return "t";
    const k = hypers.findIndex((one) => one.name === leaf);
    if (k >= 0) return `h[${k}]`;
    const [row, name] = leaf === "w.old" ? ["a", "w"] : leaf.startsWith("s.") ? ["a", leaf.slice(2)] : ["b", "g"];
    return `R[${row}+${layout[name][0] + i}]`;
  };
  /** A method that writes trees into a row. @param {string} head @param {string} row @param {[string, Tree][]} outs */
  const method = (head, row, outs) => {
    const all = emitter(grammar, set, vector, place);
    const texts = outs.map(([, tree]) => all.of(tree));
    return `${head}{${all.code}${outs.map(([name], k) => Array.from({ length: layout[name][1] }, (_, i) => `R[${row}+${layout[name][0] + i}]=${texts[k][i] ?? texts[k][0]};`).join("")).join("")}}`;
  };
  const code = `({${[
    method("start(R,o,h)", "o", slots.map((slot) => [slot, said.begins[slot] ?? 0])),
    method("probe(R,a,b,t,h)", "b", [["@probe", probe ?? "w.old"]]),
    method("step(R,a,b,t,h)", "b", [...lines.map(({ leaf }) => /** @type {[string, Tree]} */ ([placeOf(leaf), leaf])), .../** @type {[string, Tree][]} */ (rate ? [["@rate", rate]] : [])]),
  ].join(",")}})`;

  const tagged = (leaf, html) => html.replace(/^<\w+/, `$& data-name="${leaf}"`);
  /** @param {string} leaf */
  const written = (leaf) => {
    const number = hypers.find((one) => one.name === leaf);
    if (leaf === "t") return NOW;
    if (number) return tagged(leaf, number.mathml);
    if (leaf === "w.old") return tagged(leaf, lettersOf("w", BEFORE, grammar));
    if (leaf === "g.raw") return tagged(leaf, lettersOf("g_raw", NOW, grammar));
    if (leaf.startsWith("s.")) return tagged(leaf, lettersOf(leaf.slice(2), BEFORE, grammar));
    const [, name, primes] = /** @type {string[]} */ (/^(\w+)('*)$/.exec(leaf));
    return tagged(leaf, lettersOf(name, NOW, grammar, primes.replace(/'/g, "′")));
  };
  const line = (name, left, right) => ({ name, mathml: `<math>${left}<mrow><mo>=</mo>${right}</mrow></math>` });
  // With brackets that do not grow with the numbers under the letters.
  const paper = (tree) => onPaper(tree, 0, written, (part) => !vector(part)).replace(/stretchy="true"/g, 'stretchy="false"');
  const raw = set.has("g") ? "g.raw" : "g";
  const at = probe === null ? written("w.old") : tagged("@probe", lettersOf("w_tilde", NOW, grammar));
  const shown = lines.map(({ leaf, tree }) => line(leaf, written(leaf), paper(tree)));
  shown.splice(said.asked, 0, ...(probe === null ? [] : [line("@probe", at, paper(probe))]),
    line(raw, written(raw), ROW(SIGN("∇"), "<mi>f</mi>", '<mo stretchy="false">(</mo>', at, '<mo stretchy="false">)</mo>')));
  return {
    key: text, text, name: text, label: said.label || "Your rule", own: true, hypers, options: [], variants: {}, layout, stride, slots, draws: [], direction, code,
    internals: lines.filter(({ leaf, name }) => leaf === name && name !== "w" && name !== "g").map(({ leaf }) => leaf), lines: shown,
  };
}

/** The lines of a rule with the numbers that it has now, to begin from. @param {any} rule @param {ArrayLike<number>} h @param {any} grammar @returns {string | null} */
export function linesFor(rule, h, grammar) {
  const lines = rule.text || grammar.lines[rule.key];
  if (!lines) return null;
  const own = rule.text === rule.key;
  const free = own ? readLines(lines, grammar).free : [];
  return [`# ${own ? rule.label : `${rule.label}, changed`}`, ...rule.hypers.map(({ name }, k) => `${name} = ${h[k]}`),
    ...lines.split("\n").filter((_, k) => !free.includes(k))].join("\n");
}

/** How closely signs of Python bind. */
const BINDS = { add: 1, sub: 1, mul: 2, div: 2, neg: 3, pow: 4 };
const PYTHON = { add: " + ", sub: " - ", mul: " * ", div: " / ", pow: "**" };

/** The class that a typed rule is in Python. @param {any} rule @param {any} grammar @returns {{name: string, text: string}} */
export function classOf(rule, grammar) {
  const said = readLines(rule.text, grammar);
  const { slots, begins, lines, probe, asked } = said;
  const { vector } = meaning(said);
  const numbers = rule.hypers.map((one) => one.name);
  /** What a name of the lines is called within a method. @param {string} name */
  const local = (name) => (name === "s" ? "s_" : name);
  const leafText = (leaf) => (leaf === "w.old" ? "w" : leaf === "g.raw" ? "g" : leaf.startsWith("s.") ? leaf : numbers.includes(leaf) ? `self.${leaf}` : local(leaf.replace(/'+$/, "")));
  /** @param {Tree} tree @param {number} [within] @returns {string} */
  function python(tree, within = 0) {
    if (typeof tree === "number") return tree < 0 && within > 1 ? `(${tree})` : String(tree);
    if (!Array.isArray(tree)) return leafText(tree);
    const [op, a, b] = tree;
    if (op === "constant") return "np.pi";
    const compared = Object.keys(grammar.compared).find((sign) => grammar.compared[sign] === op);
    if (compared) return `${python(a)} ${compared} ${python(b)}`;
    const binds = BINDS[op];
    if (op === "norm") return `np.linalg.norm(${python(a)})`;
    if (!binds) return `np.${op === "sum" || op === "where" ? op : grammar.operations[op].np.slice(3)}(${tree.slice(1).map((part) => python(part)).join(", ")})`;
    const text = op === "neg" ? `-${python(a, 4)}` : op === "pow" ? `${python(a, 5)}**${python(b, 4)}` : `${python(a, binds)}${PYTHON[op]}${python(b, binds + 1)}`;
    return within > binds ? `(${text})` : text;
  }
  const number = ({ name, default: value, above, at_least, below, at_most }) => {
    const bounds = Object.entries({ above, at_least, below, at_most }).filter(([, bound]) => bound !== undefined).map(([word, bound]) => `, ${word}=${bound}`);
    return `    ${name} = hyper(${value}${bounds.join("")})`;
  };
  const statement = ({ name, tree }) => `        ${local(name)} = ${python(tree)}`;
  const first = (slot) => {
    const value = python(begins[slot] ?? 0, 2);
    return `"${slot}": ${!vector("s." + slot) ? value : value === "0" ? "0 * w" : `0 * w + ${value}`}`;
  };
  const plain = slots.every((slot) => vector("s." + slot) && !(slot in begins));
  const kept = [...new Set(lines.map(({ name }) => name))].filter((name) => name !== "w" && name !== "g");
  const name = rule.label.normalize("NFD").replace(/[^A-Za-z0-9]+(\w?)/g, (_, letter) => letter.toUpperCase()).replace(/^\d+/, "") || "YourRule";
  const parts = [
    `class ${name[0].toUpperCase()}${name.slice(1)}(Optimizer):`,
    ...rule.hypers.map(number),
    ...(slots.length ? [`    slots = (${slots.map((slot) => `"${slot}",`).join(" ")})`] : []),
    ...(rule.direction ? [`    direction = "${rule.direction}"`] : []),
    ...(plain ? [] : ["", "    def start(self, w):", `        return {${slots.map(first).join(", ")}}`]),
    ...(probe === null ? [] : ["", "    def probe(self, w, s, t):", ...lines.slice(0, asked).map(statement), `        return ${python(probe)}`]),
    "", "    def update(self, w, g, s, t):", ...lines.map(statement),
    `        return Update(${["w", ...kept.map((one) => `${one}=${local(one)}`)].join(", ")})`,
  ];
  return { name: `${name[0].toUpperCase()}${name.slice(1)}`, text: parts.join("\n") + "\n" };
}
