// The cells of the map: from losses to colours, and the key to these.

import { basinAt } from "./axes.js";
import { rgb } from "../view/contours.js";
import { make } from "../view/controls.js";
import { show } from "../model/numbers.js";
import { CELLS } from "../model/worker.js";

/** From the lowest loss to that of the start. */
const RAMPS = {
  light: ["#12265e", "#1f6aa5", "#3fa7a3", "#a6d8a8", "#f7f6dc"],
  dark: ["#f4f7c4", "#7fd0a6", "#3a93a6", "#2a558c", "#1b2440"],
};
const WORSE = { light: "#ecd3ac", dark: "#57411f" };

/** What the colours stand for: logarithms of the loss above the lowest known. @typedef {{least: number, top: number, low: number}} Levels */

/** @param {any} app @param {Float64Array} values @returns {Levels} */
export function levelsOf(app, values) {
  let least = app.knownFloor ?? Infinity;
  for (const value of values) if (value < least) least = value;
  const top = Math.log10(Math.max(app.surfaceCode.f(...app.store.get("start"), app.params) - least, 1e-300));
  let low = top;
  for (const value of values) {
    const z = Math.log10(value - least);
    if (z < low && z > top - 16) low = z;
  }
  return { least, top, low: Math.min(low, top - 1) };
}

/**
 * Paints the cells, a pixel each, where there is a value.
 * @param {any} app @param {HTMLCanvasElement} image
 * @param {{values: Float64Array | null, ends?: Float64Array | null}} result @param {(i: number, j: number) => number} valueOf
 * @param {Levels} levels
 */
export function paintCells(app, image, result, valueOf, { least, top, low }) {
  const c = /** @type {CanvasRenderingContext2D} */ (image.getContext("2d"));
  const picture = c.createImageData(CELLS, CELLS);
  const pixels = new Uint32Array(picture.data.buffer);
  const shade = app.theme.dark ? "dark" : "light";
  const ramp = RAMPS[shade].map(rgb);
  /** @param {number[]} color */
  const pixel = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  const colors = Array.from({ length: 257 }, (_, n) => {
    const k = Math.min(3, n >> 6);
    return pixel(ramp[k].map((a, d) => Math.round(a + (ramp[k + 1][d] - a) * (n / 64 - k))));
  });
  const worse = pixel(rgb(WORSE[shade]));
  const basins = app.minima.length > 1 && result.ends ? app.theme.racers.map((color) => pixel(rgb(color).map((a, d) => Math.round(0.6 * a + 0.4 * ramp[4][d])))) : null;
  for (let j = 0; j < CELLS; j++) {
    for (let i = 0; i < CELLS; i++) {
      const value = valueOf(i, j);
      const k = basins ? basinAt(app.minima, result, i, j) : -1;
      if (basins && k >= 0) {
        pixels[(CELLS - 1 - j) * CELLS + i] = basins[k % basins.length];
        continue;
      }
      // Where it diverged nothing is painted, and the hatching below shows.
      if (!(value < Infinity)) continue;
      const z = Math.log10(Math.max(value - least, 1e-300));
      pixels[(CELLS - 1 - j) * CELLS + i] = z > top ? worse : colors[Math.max(0, Math.round((256 * (z - low)) / (top - low)))];
    }
  }
  c.putImageData(picture, 0, 0);
}

/** The colours in words and numbers. @param {any} app @param {Levels} levels @returns {HTMLElement[]} */
export function keyToCells(app, { least, top, low }) {
  const shade = app.theme.dark ? "dark" : "light";
  const sample = (style, words) => make("span", {}, make("i", { style }), words);
  return [
    make("span", { class: "olx-ramp" }, least ? "above the lowest " : "", show(10 ** low, 2), make("i", { style: `background:linear-gradient(to right,${RAMPS[shade].join()})` }), show(10 ** top, 2) + " (start)"),
    sample(`background:${WORSE[shade]}`, "above the start"),
    sample("background:repeating-linear-gradient(135deg,var(--olx-faint) 0 1.5px,var(--olx-paper) 1.5px 5px)", "diverged")];
}
