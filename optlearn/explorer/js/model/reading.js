// Texts as trees of operations: numbers, names, signs, brackets and functions, and nothing else.

/** @typedef {{kind: "number" | "name" | "sign" | "end", text: string, at: number}} Token @typedef {any} Tree a number, a name, or an operation and its operands */

const DEEPEST = 30;
const SIGNS_OF = { "+": "add", "-": "sub", "*": "mul", "/": "div" };

/**
 * The tokens of a text. @param {string} text @param {RegExp} pattern with groups for numbers, names and signs
 * @param {(at: number) => never} unknown @returns {Token[]}
 */
export function tokensOf(text, pattern, unknown) {
  /** @type {Token[]} */
  const tokens = [];
  const end = text.trimEnd().length;
  for (let from = 0; from < end; from = pattern.lastIndex) {
    pattern.lastIndex = from;
    const found = pattern.exec(text);
    if (!found) return unknown(from + text.slice(from).search(/\S/));
    const word = found[1] || found[2] || found[3];
    tokens.push({ kind: found[1] ? "number" : found[2] ? "name" : "sign", text: word, at: pattern.lastIndex - word.length });
  }
  return tokens;
}

/**
 * A formula as a tree.
 * @param {Token[]} tokens @param {number} length where the text ends @param {(why: string, at: number) => never} refuse
 * @param {{name: (token: Token) => Tree | null, called: (token: Token) => string | null, counts: (op: string) => number, known: string,
 *   loose?: (token: Token) => boolean, compared?: Object<string, string>}} o `name`: what a name is, null if it is none; `called`: the
 *   operation of a function; `loose`: products may be written without a sign, and is this the name of a quantity
 * @returns {Tree}
 */
export function readTree(tokens, length, refuse, o) {
  let k = 0;
  const end = /** @type {Token} */ ({ kind: "end", text: "", at: length });
  const next = () => tokens[k] || end;
  const take = (sign) => next().kind === "sign" && next().text === sign && Boolean(++k);
  /** @param {number} depth @returns {Tree} */
  function sum(depth) {
    if (depth > DEEPEST) refuse("it is nested too deeply", next().at);
    let left = product(depth);
    for (let sign = next().text; sign === "+" || sign === "-"; sign = next().text) {
      k += 1;
      left = [SIGNS_OF[sign], left, product(depth)];
    }
    return left;
  }
  function product(depth) {
    let left = signed(depth);
    let divided = false;
    for (;;) {
      const { kind, text, at } = next();
      const beside = o.loose && (kind === "name" || text === "(");
      if (text !== "*" && text !== "/" && !beside) return left;
      if (beside && divided) refuse("what the quotient is multiplied by is written with *, or what it is divided by in brackets", at);
      if (!beside) k += 1;
      divided = text === "/";
      left = [SIGNS_OF[beside ? "*" : text], left, signed(depth)];
    }
  }
  function signed(depth) {
    if (depth > DEEPEST) refuse("it is nested too deeply", next().at);
    if (take("-")) {
      const of = signed(depth + 1);
      return typeof of === "number" ? -of : ["neg", of];
    }
    if (take("+")) return signed(depth + 1);
    const base = atom(depth);
    return take("**") || take("^") ? ["pow", base, signed(depth + 1)] : base;
  }
  /** What a function is given. @param {string} op @param {Token} token @param {number} depth */
  function given(op, token, depth) {
    if (!take("(")) refuse(`${token.text} is a function: ${token.text}(${op === "where" ? "g > 0, a, b" : "x"})`, token.at);
    const parts = [];
    do parts.push(op === "where" && !parts.length ? comparison(depth) : sum(depth + 1)); while (take(","));
    if (!take(")")) refuse("a bracket is not closed", next().at);
    const count = o.counts(op);
    if (parts.length !== count) refuse(`${token.text} takes ${count} value${count > 1 ? "s" : ""}, and is given ${parts.length}`, token.at);
    return [op, ...parts];
  }
  function comparison(depth) {
    const left = sum(depth + 1);
    const op = o.compared?.[next().text];
    if (!op) refuse("where takes a comparison first: where(g > 0, a, b)", next().at);
    k += 1;
    return [op, left, sum(depth + 1)];
  }
  function atom(depth) {
    const token = next();
    k += 1;
    let made;
    const called = token.kind === "name" && o.called(token);
    if (token.kind === "number") {
      made = Number(token.text);
      if (!Number.isFinite(made)) refuse("the number is too large", token.at);
    } else if (token.text === "(" && token.kind === "sign") {
      made = sum(depth + 1);
      if (!take(")")) refuse("a bracket is not closed", next().at);
    } else if (called) made = given(called, token, depth);
    else {
      made = token.kind === "name" ? o.name(token) : null;
      if (made === null) refuse(token.kind === "end" ? "it ends too early" : token.kind === "name" ? `${token.text} is not known; ${o.known}` : `${token.text} is not expected here`, token.at);
      if (o.loose && next().text === "(" && !o.loose(token)) refuse(`${token.text} is no function that is known, and a product is written with *`, token.at);
    }
    if (next().kind === "number" || (!o.loose && (next().kind === "name" || (next().kind === "sign" && next().text === "(")))) refuse("a product is written with *", next().at);
    return made;
  }
  const tree = sum(1);
  if (next() !== end) refuse(`${next().text} is not expected here`, next().at);
  return tree;
}
