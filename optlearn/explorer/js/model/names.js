// Names of racers and of their quantities.

import { show } from "./numbers.js";

/**
 * The name of a racer; two of one rule are told apart by what differs.
 * @param {import("./state.js").Racer[]} racers @param {Object<string, any>} rules @param {number} i
 */
export function labelOf(racers, rules, i) {
  const rule = rules[racers[i].rule];
  if (racers[i].label) return racers[i].label;
  const sisters = racers.filter((racer) => rules[racer.rule].label === rule.label);
  const alike = sisters.filter((racer) => racer.rule === racers[i].rule);
  // Typed rules of one name are counted.
  const place = [...new Set(sisters.map((racer) => racer.rule))].indexOf(rule.key);
  const form = rule.key === rule.text ? (place ? [String(place + 1)] : []) : rule.key.split(";").slice(1).map((part) => part.replace(/_/g, " ").replace(/=(True|true)$/, "").replace(/(.*)=(False|false)$/, "no $1"));
  const name = [rule.label, ...(alike.length < sisters.length ? form : [])].join(", ");
  if (alike.length < 2) return name;
  const value = (racer, k) => racer.schedules?.[rule.hypers[k].name]?.label.split("(")[0] ?? racer.h[k];
  const differing = rule.hypers.findIndex((_, k) => new Set(alike.map((racer) => value(racer, k))).size > 1);
  if (differing < 0) return `${name} ${alike.indexOf(racers[i]) + 1}`;
  const letter = rule.hypers[differing].mathml.replace(/<[^>]*>/g, "");
  const own = value(racers[i], differing);
  const written = (digits) => alike.map((racer) => value(racer, differing)).map((x) => (typeof x === "number" ? show(x, digits) : x));
  const digits = [3, 4, 6, 9].find((n) => new Set(written(n)).size === new Set(alike.map((racer) => value(racer, differing))).size);
  return `${name} ${letter} = ${typeof own === "number" ? show(own, digits || 3) : own}`;
}

/** The left side of a quantity's line as plain text, without the time. @param {any} rule @param {string} name */
export function symbolOf(rule, name) {
  const line = rule.lines.find((one) => one.name === name);
  if (!line) return name.replace(/_/g, " ");
  return line.mathml.split("<mrow><mo>=")[0].replace(/<mn>2<.mn><.msu(p|bsup)>/, "²").replace(/<[^>]*>/g, "")
    .replace("&#x27;", "′").replace("^", "\u0302").replace("¯", "\u0304").replace(/,?t([+²]?)$/, "$1");
}
