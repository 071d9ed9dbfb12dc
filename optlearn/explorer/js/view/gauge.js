// Bars in the picture: how steep it has been along each coordinate, and the rates that come of it.

import { label, letters } from "./draw.js";
import { symbolOf } from "../model/names.js";
import { show } from "../model/numbers.js";

/** What is there of a bar, in which colour; what has gone of it stays pale. @typedef {{to: number, color: string, pale?: boolean}} Part */
/** @typedef {{name: string, parts: Part[], text: string}} Bar */

/** The largest value of a quantity in a run. @param {import("../model/integrator.js").Run} run @param {string | null} name */
function mostOf({ rows, stride, layout, last }, name) {
  let most = 0;
  if (name) {
    for (let t = 0; t <= last; t++) {
      for (let d = 0; d < 2; d++) {
        const z = Math.abs(rows[t * stride + layout[name][0] + d]);
        if (z > most && z < Infinity) most = z;
      }
    }
  }
  return most;
}

/** What the whole length of a bar means: the same in all steps of a run, save where it would be too short. @param {number} most @param {number} now */
function wholeOf(most, now) {
  let whole = Math.max(most, now);
  while (now > 0 && now < Infinity && whole > 4 * now) whole /= 4;
  return whole || 1;
}

/**
 * @param {CanvasRenderingContext2D} c @param {import("../model/anatomy.js").Anatomy} it @param {import("../model/anatomy.js").Gauge} gauge
 * @param {import("../model/integrator.js").Run} run @param {any} rule @param {import("./theme.js").Theme} theme @param {string} color that
 *   of the racer @param {number[]} size width of the picture, and height above the subtitle
 * @param {number[][]} points what the bars should not cover
 */
export function gaugeIn(c, it, gauge, run, rule, theme, color, [width, height], points) {
  const small = width < 480;
  const size = (small ? 10.5 : 12) * letters();
  const row = 1.35 * size;
  const long = (small ? 80 : 150) * letters();
  /** @type {{head: string, whole: number, bars: Bar[], legend?: string[][], marks?: number[]}[]} `legend`: words
   *   and their colours; `marks`: lines across the bars */
  const groups = [];
  const known = it.gauge;
  if (known) {
    const times = gauge.factor;
    const of = (/** @type {number} */ z) => (known.root ? Math.sqrt(z) : z);
    const up = of(known.factor);
    const done = known.factor > 1.005 && times > 0.995 * up;
    const whole = wholeOf(of(Math.max(mostOf(run, known.name), mostOf(run, known.scaled))), Math.max(...gauge.now, ...gauge.old) * up);
    groups.push({ head: `steep ${known.keep === 1 ? "so far" : "lately"}: ${known.root ? "√" : ""}${symbolOf(rule, known.name)}${done ? ` × ${known.root ? "√" : ""}${show(known.factor, 3)}` : ""}`, whole,
      legend: [["old", theme.memory], ...(gauge.now.some((z, d) => z > gauge.kept[d]) ? [["new", theme.gradient]] : [])],
      bars: [0, 1].map((d) => ({ name: "xy"[d], text: show(gauge.now[d] * times, 2), parts: [
        { to: gauge.kept[d] * times, color: theme.memory }, { to: gauge.now[d] * times, color: theme.gradient }, { to: gauge.old[d] * times, color: theme.memory, pale: true }] })) });
  }
  if (gauge.filled) {
    groups.push({ head: "grey: still the zero it began with", whole: 1, bars: gauge.filled.map(({ name, part, up }) => ({
      name: symbolOf(rule, name), text: part < 1 ? `${show(100 * (1 - part), 3)}%` : `× ${show(up, 3)}`,
      parts: [{ to: part, color: theme.memory }, { to: 1, color: theme.faint, pale: true }] })) });
  }
  if (gauge.rate) {
    const now = gauge.rate.map(Math.abs);
    const before = (it.before || gauge.rate).map(Math.abs);
    // Where old slopes fade, rates grow again.
    const marks = known && known.keep !== 1 && !it.average && it.least ? it.least.map(({ rate }, d) => (rate < 0.97 * now[d] ? rate : NaN)) : [];
    groups.push({ head: marks.some((z) => z > 0) ? "rate, with its least so far" : "rate", marks, whole: wholeOf(mostOf(run, "@rate"), Math.max(...now, ...before, ...(it.rate || []).map(Math.abs))),
      bars: now.map((r, d) => ({ name: "xy"[d], text: show(gauge.rate?.[d] || 0, 2), parts: [{ to: r, color }, { to: before[d], color, pale: true }] })) });
  }
  c.font = `500 ${size}px ${theme.font}`;
  const wide = Math.max(long + 5 * size, ...groups.map(({ head, legend }) => c.measureText([head, ...(legend || []).map(([word]) => word)].join("  ")).width + (legend ? 8 : 0))) + 18;
  const tall = groups.length * 3 * row + 12;
  // Below the buttons, if the step is not there.
  const places = [width - wide - 10, 10].flatMap((left) => [52, height - tall - 8].map((top) => [left, top, left + wide, top + tall]));
  const clear = (/** @type {number[]} */ box) => !points.some(([x, y]) => x > box[0] - 8 && x < box[2] + 8 && y > box[1] - 8 && y < box[3] + 8);
  const box = places.find(clear) || places[0];
  const [left, top] = box;
  const draw = () => {
    c.globalAlpha = 0.86;
    c.fillStyle = theme.paper;
    c.beginPath();
    c.roundRect(left, top, wide, tall, 7);
    c.fill();
    c.globalAlpha = 1;
    groups.forEach(({ head, whole, bars, legend, marks }, k) => {
      const y0 = top + 6 + 3 * row * k;
      const style = { color: theme.muted, paper: theme.paper, font: theme.font, size: size / letters() };
      label(c, head, left + 9, y0 + row / 2, style);
      let end = left + wide - 9;
      for (const [word, ink] of [...(legend || [])].reverse()) {
        label(c, word, end, y0 + row / 2, { ...style, color: ink, weight: 600, align: "right" });
        end -= c.measureText(word).width + 7;
      }
      bars.forEach(({ name, parts, text }, i) => {
        const y = y0 + row * (i + 1);
        const x = left + 9 + 1.2 * size;
        label(c, name, left + 9, y + row / 2, { ...style, color: theme.ink, weight: 600 });
        let from = 0;
        for (const { to, color: fill, pale } of parts) {
          const until = Math.max(from, (long * to) / whole);
          c.globalAlpha = pale ? 0.35 : 1;
          c.fillStyle = fill;
          c.fillRect(x + from, y + 3, until - from, row - 5);
          from = until;
        }
        c.globalAlpha = 1;
        if (marks && marks[i] > 0) {
          c.fillStyle = theme.ink;
          c.fillRect(x + (long * marks[i]) / whole - 1, y + 1, 2, row - 1);
        }
        label(c, text, x + from + 5, y + row / 2, { ...style, color: theme.ink });
      });
    });
  };
  return { box, draw };
}
