// The lines of a rule as text, read: what they set, what they keep from step to step, which numbers they have.

import { Unread } from "./formula.js";
import { readTree, tokensOf } from "./reading.js";

/**
 * What a text says. A name in a tree is "w.old", "s.m" (m of the step before), "m" (what the last line for m makes), "m'" (what a line
 * before it makes), "g.raw" (the gradient, where lines change it) or that of a number.
 * @typedef {any} Formula
 * @typedef {{label: string, numbers: Map<string, number | null>, slots: string[], begins: Object<string, Formula>, probe: Formula | null,
 *   asked: number, lines: {leaf: string, name: string, tree: Formula, at: number}[], free: number[]}} Lines `asked`: how many lines stand
 *   before the gradient; `free`: lines that are a number, or the name of the rule
 */

const MOST = { signs: 2000, lines: 40, numbers: 12, operations: 200 };
/** Functions besides those of formulas: how many values they take. @type {Object<string, number>} */
const OTHERS = { where: 3, clip: 3, sum: 1, norm: 1 };

/** Words of a pattern, and the names they stand for: Greek letters may be typed. @param {any} grammar */
function wordsOf(grammar) {
  /** @type {Object<string, string>} */
  const names = { ε: "epsilon", φ: "phi" };
  for (const [name, letter] of Object.entries(grammar.letters)) names[/** @type {string} */ (letter)] = name === "lambda" ? "lam" : name;
  const greek = Object.keys(names).join("");
  return {
    pattern: new RegExp(`\\s*(?:((?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?)|((?:np\\.|numpy\\.)?[A-Za-z${greek}][\\w${greek}]*)|(\\*\\*|[<>=!]=|[-+*/^(),<>=]))`, "y"),
    /** @param {string} word */
    name: (word) => word.replace(/^(np|numpy)\./, "").replace(/[^\w]/g, (letter) => names[letter]),
  };
}

/** What clip is made of. @param {Formula} tree @returns {Formula} */
function inOperations(tree) {
  if (!Array.isArray(tree)) return tree;
  const made = tree.map(inOperations);
  const [op, x, low, high] = made;
  return op === "clip" ? ["min", ["max", x, low], high] : made;
}

/** Is one name a slip of the other? @param {string} a @param {string} b */
function nearly(a, b) {
  const [x, y] = [a, b].map((text) => text.toLowerCase().replace(/_|\d+$/g, ""));
  if (x === y) return true;
  const [long, short] = x.length >= y.length ? [x, y] : [y, x];
  const k = [...long].findIndex((letter, at) => letter !== short[at]);
  return long.length > 2 && long.length - short.length < 2 && (long.slice(k + 1) === short.slice(long.length > short.length ? k : k + 1));
}

/** The text without what changes nothing. @param {string} text */
export const tidied = (text) => text.replace(/\r/g, "").replace(/;/g, "\n").split("\n").map((line) => line.trimEnd()).join("\n").trim();

/** Reads the lines of a rule. @param {string} text @param {any} grammar @returns {Lines} */
export function readLines(text, grammar) {
  let at = 0;
  /** @param {string} why @param {number} [sign] @returns {never} */
  const refuse = (why, sign) => {
    const error = new Unread(`Line ${at + 1}${sign === undefined ? "" : `, sign ${sign + 1}`}: ${why}.`);
    /** @type {any} */ (error).place = [at, sign || 0];
    throw error;
  };
  if (text.length > MOST.signs) refuse(`the text has ${text.length} signs, and may have ${MOST.signs}`);
  const words = wordsOf(grammar);
  const [taken, attributes] = grammar.reserved.map((list) => new Set(list));
  /** @type {{at: number, name: string, rest: any[], end: number}[]} */
  const all = [];
  const free = [];
  let label = "";
  let begun = false;
  text.split("\n").forEach((line, k) => {
    at = k;
    const [code, ...comment] = line.split("#");
    if (comment.length && !begun && !label && !code.trim()) {
      label = comment.join("#").replace(/\s+/g, " ").trim().slice(0, 40);
      free.push(k);
    }
    if (!code.trim()) return;
    begun = true;
    const tokens = tokensOf(code, words.pattern, (sign) => refuse(/[²³]/.test(code[sign]) ? "a power is written **" : `${code[sign]} is not known`, sign));
    for (const token of tokens) if (token.kind === "name") token.text = words.name(token.text);
    const [first, equal] = tokens;
    if (first.kind !== "name" || !equal || equal.text !== "=") refuse("a line is written name = formula, as in m = beta * m + g", first.at);
    if (tokens.length < 3) refuse("nothing stands right of the =", code.trimEnd().length);
    if (first.text === "t") refuse("t counts the steps; call it otherwise", first.at);
    if (taken.has(first.text)) refuse(`${first.text} means something else; call it ${first.text === "lambda" ? "lam" : "otherwise"}`, first.at);
    all.push({ at: k, name: first.text, rest: tokens.slice(2), end: code.length });
  });
  if (!all.length) refuse("there is no line yet; the last one sets w, as in w = w - lr * g");
  if (all.length > MOST.lines) refuse(`there are ${all.length} lines, and may be ${MOST.lines}`);

  const sets = all.map((line) => line.name);
  const functionOf = (name) => (Object.hasOwn(grammar.functions, name) ? grammar.functions[name] : Object.hasOwn(OTHERS, name) ? name : null);
  const given = ["w", "g", "t"];
  /** The value of a line that is a number and nothing else. @param {any[]} rest */
  const literal = (rest) => {
    const [sign, last] = [rest.length > 1 ? rest[0].text : "", rest[rest.length - 1]];
    return rest.length < 3 && last.kind === "number" && ["", "-", "+"].includes(sign) ? Number(last.text) * (sign === "-" ? -1 : 1) : null;
  };
  /** @type {Map<string, number | null>} */
  const numbers = new Map();
  const valued = new Map(all.filter(({ name, rest }) => sets.filter((one) => one === name).length === 1 && literal(rest) !== null && !given.includes(name))
    .map(({ name, rest }) => [name, literal(rest)]));
  /** Is a formula made of numbers alone? @param {any[]} rest */
  const alone = (rest) => rest.every(({ kind, text: name }) => kind !== "name" || functionOf(name) || name === "pi" || valued.has(name) || (!sets.includes(name) && !given.includes(name)));
  const begins = all.filter(({ name, rest }, k) => !given.includes(name) && sets.indexOf(name) === k && sets.lastIndexOf(name) > k && alone(rest));
  const body = all.filter((line) => !begins.includes(line) && !valued.has(line.name));
  const isAsk = (line) => line.rest[0].text === "grad" && line.rest[0].kind === "name";
  /** @param {string} name */
  const times = (name) => body.filter((line) => line.name === name && !isAsk(line)).length;
  /** @type {Object<string, number>} */
  const done = {};
  const slots = [];
  let asked = -1;
  const primed = (name) => (done[name] === times(name) ? name : name + "'".repeat(done[name]));
  /** What a name stands for where it is read. @param {any} token */
  function leafOf(token) {
    const name = token.text;
    if (name === "t") return "t";
    if (name === "w") return done.w ? primed("w") : "w.old";
    if (name === "g") {
      if (asked < 0 && body.some(isAsk)) refuse("the gradient is not there yet: grad(...) asks for it below", token.at);
      return done.g ? primed("g") : times("g") ? "g.raw" : "g";
    }
    if (name === "pi") return ["constant", "pi"];
    if (name === "grad") refuse("grad stands alone, once: g = grad(w - lr * beta * m)", token.at);
    if (times(name)) {
      if (done[name]) return primed(name);
      if (!slots.includes(name)) slots.push(name);
      return "s." + name;
    }
    if (attributes.has(name) || taken.has(name)) refuse(`no number may be called ${name}; call it ${name === "lambda" ? "lam" : "otherwise"}`, token.at);
    if (!numbers.has(name)) {
      if (!valued.has(name) && (grammar.numbers[name]?.default ?? null) === null) {
        const other = [...sets, ...valued.keys(), ...given, ...Object.keys(grammar.functions)].find((one) => one !== name && nearly(one, name));
        refuse(`${name} has no value. ${other ? `Is ${other} meant? ` : ""}A number gets it in a line of its own: ${name} = 0.1`, token.at);
      }
      numbers.set(name, valued.get(name) ?? null);
    }
    return name;
  }
  let operations = 0;
  const read = (rest, end) => {
    operations += rest.filter((token) => token.kind === "sign" && !"(),".includes(token.text)).length + rest.filter((token) => functionOf(token.text)).length;
    if (operations > MOST.operations) refuse(`there are more than ${MOST.operations} operations`);
    return inOperations(readTree(rest, end, refuse, {
      name: leafOf,
      called: ({ text: name }) => functionOf(name),
      counts: (op) => OTHERS[op] || grammar.operations[op].d.length,
      known: "",
      // Of an unknown word before a bracket one cannot tell whether it is a function.
      loose: ({ text: name }) => sets.includes(name) || given.includes(name) || Object.hasOwn(grammar.numbers, name),
      compared: grammar.compared,
    }));
  };
  // In the order in which the text has them.
  for (const line of all) {
    at = line.at;
    if (valued.has(line.name)) {
      if (attributes.has(line.name)) refuse(`no number may be called ${line.name}; call it otherwise`, 0);
      numbers.set(line.name, valued.get(line.name) || 0);
      free.push(line.at);
    }
  }
  const begin = begins.map((line) => {
    at = line.at;
    return [line.name, read(line.rest, line.end)];
  });
  let probe = null;
  /** @type {Lines["lines"]} */
  const lines = [];
  for (const line of body) {
    at = line.at;
    if (isAsk(line)) {
      const { rest } = line;
      if (line.name !== "g" || asked >= 0 || done.g || rest[1]?.text !== "(" || rest[rest.length - 1].text !== ")") refuse("grad stands alone, once: g = grad(w - lr * beta * m)", rest[0].at);
      asked = lines.length;
      const before = asked;
      asked = -1;
      probe = read(rest.slice(2, -1), line.end);
      asked = before;
      continue;
    }
    const tree = read(line.rest, line.end);
    done[line.name] = (done[line.name] || 0) + 1;
    lines.push({ leaf: primed(line.name), name: line.name, tree, at });
  }
  at = all[all.length - 1].at;
  if (!done.w) refuse("no line sets w; the last one does, as in w = w - lr * g");
  if (numbers.size > MOST.numbers) refuse(`there are ${numbers.size} numbers, and may be ${MOST.numbers}`);
  return { label, numbers, slots, begins: Object.fromEntries(begin.filter(([name]) => slots.includes(name))), probe, asked: Math.max(0, asked), lines, free };
}
