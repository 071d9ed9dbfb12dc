// Bars in the picture: how steep it has been along each coordinate, and the rates that come of it.

import { label, letters } from "./draw.js";
import { show } from "../model/numbers.js";

/**
 * @param {CanvasRenderingContext2D} c @param {import("../model/anatomy.js").Anatomy} it
 * @param {import("../model/anatomy.js").Gauge} gauge @param {import("./theme.js").Theme} theme @param {string} color that of the racer
 * @param {string} symbol of what is remembered @param {number} width of the picture
 */
export function drawGauge(c, it, gauge, theme, color, symbol, width) {
  const small = width < 480;
  const size = (small ? 10.5 : 12) * letters();
  const row = 1.35 * size;
  const long = (small ? 74 : 140) * letters();
  // Below the button of the camera.
  const top = 52;
  /** @type {[string, (number | string)[][]][]} Headings; of each bar its parts: until where, in which colour; where it was before */
  const groups = [];
  const known = it.gauge;
  if (known) {
    const when = known.keep === 1 ? "so far" : "lately";
    const scaled = gauge.factor > 1.005 ? `, × ${show(gauge.factor, 2)}` : "";
    groups.push([`steep ${when}: ${known.root ? "√" : ""}${symbol}${scaled}`,
      [0, 1].map((d) => [gauge.kept[d], gauge.now[d], gauge.old[d], show(gauge.now[d] * gauge.factor, 2)])]);
  }
  if (gauge.rate && it.rate) groups.push(["rate", gauge.rate.map((r, d) => [Math.abs(r), Math.abs(r), Math.abs((it.before || gauge.rate || [])[d]), show(r, 2)])]);
  c.font = `500 ${size}px ${theme.font}`;
  const wide = Math.max(long + 1.4 * size + 3.6 * size, ...groups.map(([head]) => c.measureText(head).width)) + 18;
  const left = width - wide - 10;
  c.globalAlpha = 0.86;
  c.fillStyle = theme.paper;
  c.beginPath();
  c.roundRect(left, top, wide, groups.length * 3 * row + 12, 7);
  c.fill();
  c.globalAlpha = 1;
  groups.forEach(([head, bars], k) => {
    const y0 = top + 6 + 3 * row * k;
    const style = { color: theme.muted, paper: theme.paper, font: theme.font, size: size / letters() };
    label(c, head, left + 9, y0 + row / 2, style);
    // A power of the root of two, so that lengths can be compared from step to step.
    const finite = bars.flatMap((bar) => bar.slice(0, 3)).map(Number).filter((z) => z > 0 && z < Infinity);
    const most = 2 ** (Math.ceil(2 * Math.log2(Math.max(...finite, 1e-300)) - 1e-9) / 2);
    bars.forEach(([kept, now, old, text], d) => {
      const y = y0 + row * (d + 1);
      const x = left + 9 + 1.2 * size;
      const at = (/** @type {number | string} */ z) => (long * Number(z)) / most;
      label(c, "xy"[d], left + 9, y + row / 2, { ...style, color: theme.ink, weight: 600 });
      c.fillStyle = k || !known ? color : theme.memory;
      c.fillRect(x, y + 3, at(kept), row - 5);
      c.fillStyle = theme.gradient;
      c.fillRect(x + at(kept), y + 3, at(now) - at(kept), row - 5);
      // What is gone of the old.
      if (Number(old) > Number(now)) {
        c.globalAlpha = 0.35;
        c.fillStyle = k || !known ? color : theme.memory;
        c.fillRect(x + at(now), y + 3, at(old) - at(now), row - 5);
        c.globalAlpha = 1;
      }
      label(c, String(text), x + Math.max(at(now), at(old)) + 5, y + row / 2, { ...style, color: theme.ink });
    });
  });
}
