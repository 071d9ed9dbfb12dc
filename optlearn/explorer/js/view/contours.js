// Level sets: a grid of values, lines by marching squares, shading lit from the upper left. Made once for a surface and a view.

/**
 * Heights of a surface become shares of a scale: logarithmic above the lowest value where that is known, else linear.
 * @typedef {{base: number, shift: number, low: number, high: number, log: boolean}} Scale
 * @typedef {{values: Float64Array, n: number, view: number[], levels: number[], finer: number, scale: Scale, size: number}} Field
 *   `values`: 0 at the lowest of the scale, 1 at its top; `size`: how often the view fits into the scale's own, each way
 */

/** The grid of a view, row by row from below. */
function heightsOf(f, p, view, n) {
  const [x0, x1, y0, y1] = view;
  const values = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const y = y0 + ((y1 - y0) * j) / (n - 1);
    for (let i = 0; i < n; i++) values[j * n + i] = f(x0 + ((x1 - x0) * i) / (n - 1), y, p);
  }
  return values;
}

/**
 * The scale of heights over a view.
 * @param {(x: number, y: number, p: ArrayLike<number>) => number} f @param {ArrayLike<number>} p
 * @param {number[]} view x from, x to, y from, y to
 * @param {number | null} floor the lowest value, if known
 * @returns {Scale}
 */
export function scaleField(f, p, view, floor) {
  const sorted = heightsOf(f, p, view, 96).filter(Number.isFinite).sort();
  const least = sorted.length ? sorted[0] : 0;
  const log = floor !== null;
  const base = log ? Math.min(floor, least) : least;
  const quantile = (q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] - base;
  const top = Math.max(quantile(1), 1e-300);
  // Around a minimum the lowest level encloses about a thousandth of the picture.
  const bottom = Math.max(quantile(0.0015), top * 1e-7);
  const shift = log ? bottom : 0;
  return { base, shift, log, low: log ? Math.log(bottom + shift) : 0, high: log ? Math.log(top + shift) : top };
}

/** A height that a share of the scale stands for. @param {Scale} scale @param {number} u */
export function heightAt({ base, shift, log, low, high }, u) {
  const z = low + (high - low) * u;
  return base + (log ? Math.exp(z) - shift : z);
}

/**
 * Samples a surface on a grid.
 * @param {(x: number, y: number, p: ArrayLike<number>) => number} f @param {ArrayLike<number>} p
 * @param {number[]} view @param {number} n points a side @param {number} count number of levels over the scale
 * @param {Scale} scale @param {number} [size] how often the view fits into the scale's own, each way
 * @returns {Field}
 */
export function sampleField(f, p, view, n, count, scale, size = 1) {
  const { base, shift, low, high, log } = scale;
  const values = heightsOf(f, p, view, n);
  const span = high - low || 1;
  for (let k = 0; k < values.length; k++) {
    const above = values[k] - base;
    values[k] = !Number.isFinite(above) ? 2 : ((log ? Math.log(above + shift) : above) - low) / span;
  }
  let [least, most] = [Infinity, -Infinity];
  for (const u of values) {
    if (u < least) least = u;
    if (u > most) most = u;
  }
  // Near a step there are more of them, by powers of two: about as many in sight as in the whole.
  const finer = count * 2 ** Math.max(0, Math.round(Math.log2(0.8 / Math.max(Math.min(most, 1) - Math.max(least, 0), 1e-6))));
  const levels = [];
  for (let k = Math.max(0, Math.ceil(least * finer - 0.5)); (k + 0.5) / finer < Math.min(most, 1); k++) levels.push((k + 0.5) / finer);
  return { values, n, view, levels, finer, scale, size };
}

/** The colours of the heights, 0 to 1, in 64 steps. @param {string[]} stops */
export function ramp(stops) {
  const colors = stops.map(rgb);
  return Array.from({ length: 64 }, (_, k) => {
    const at = (k / 63) * (colors.length - 1);
    const i = Math.min(colors.length - 2, Math.floor(at));
    return colors[i].map((x, d) => x + (colors[i + 1][d] - x) * (at - i));
  });
}

/**
 * Draws shading and level lines of a field into a context; the map takes coordinates of the surface to pixels.
 * @param {CanvasRenderingContext2D} c @param {Field} field
 * @param {{x: (x: number) => number, y: (y: number) => number}} map
 * @param {import("./theme.js").Theme} theme @param {number} width of the lines, in pixels
 */
export function drawField(c, field, map, theme, width) {
  const { n, view, values, size } = field;
  const image = new ImageData(n, n);
  const { data } = image;
  const colors = ramp(theme.land);
  // Slopes of the scale over the view, of unlike views on one measure; the light comes from the upper left.
  const steep = (0.9 * n) / Math.sqrt(size);
  const light = theme.dark ? 20 : 11;
  for (let j = 0; j < n; j++) {
    const [below, above] = [Math.max(0, j - 1) * n, Math.min(n - 1, j + 1) * n];
    for (let i = 0; i < n; i++) {
      const share = values[j * n + i];
      // Also where nothing is finite.
      const u = share < 1 ? Math.max(0, share) : 1;
      const sx = steep * (values[j * n + Math.min(n - 1, i + 1)] - values[j * n + Math.max(0, i - 1)]) / 2;
      const sy = steep * (values[above + i] - values[below + i]) / 2;
      const lit = share < 2 ? (light * (sx - sy)) / Math.sqrt(1.5 + sx * sx + sy * sy) : 0;
      const k = 4 * ((n - 1 - j) * n + i);
      const color = colors[Math.round(63 * u)];
      data[k] = color[0] + lit;
      data[k + 1] = color[1] + lit;
      data[k + 2] = color[2] + lit;
      data[k + 3] = 255;
    }
  }
  const small = document.createElement("canvas");
  small.width = small.height = n;
  /** @type {CanvasRenderingContext2D} */ (small.getContext("2d")).putImageData(image, 0, 0);
  c.imageSmoothingEnabled = true;
  c.imageSmoothingQuality = "high";
  const half = (view[1] - view[0]) / (n - 1) / 2;
  const halfY = (view[3] - view[2]) / (n - 1) / 2;
  const left = map.x(view[0] - half);
  const top = map.y(view[3] + halfY);
  c.drawImage(small, left, top, map.x(view[1] + half) - left, map.y(view[2] - halfY) - top);

  c.setLineDash([]);
  c.lineWidth = width;
  c.strokeStyle = theme.contour;
  c.lineJoin = "round";
  levelPaths(field, map).forEach((path, k) => {
    c.globalAlpha = Math.round(field.levels[k] * field.finer - 0.5) % 4 === 1 ? 0.6 : 0.32;
    c.stroke(path);
  });
  c.globalAlpha = 1;
}

/**
 * The level lines, by marching squares with linear interpolation: each cell is asked for the levels between its corners.
 * @param {Field} field @param {{x: (x: number) => number, y: (y: number) => number}} map
 */
function levelPaths(field, map) {
  const { values, n, view, levels, finer } = field;
  const dx = (view[1] - view[0]) / (n - 1);
  const dy = (view[3] - view[2]) / (n - 1);
  const paths = levels.map(() => new Path2D());
  const point = (level, i, j, side) => {
    // Sides of a cell: 0 bottom, 1 right, 2 top, 3 left.
    const [ia, ja, ib, jb] = side === 0 ? [i, j, i + 1, j] : side === 1 ? [i + 1, j, i + 1, j + 1]
      : side === 2 ? [i, j + 1, i + 1, j + 1] : [i, j, i, j + 1];
    const a = values[ja * n + ia];
    const u = (level - a) / (values[jb * n + ib] - a);
    return [map.x(view[0] + dx * (ia + u * (ib - ia))), map.y(view[2] + dy * (ja + u * (jb - ja)))];
  };
  const line = (k, i, j, a, b) => {
    const [ax, ay] = point(levels[k], i, j, a);
    const [bx, by] = point(levels[k], i, j, b);
    paths[k].moveTo(ax, ay);
    paths[k].lineTo(bx, by);
  };
  for (let j = 0; j < n - 1; j++) {
    for (let i = 0; i < n - 1; i++) {
      const at = j * n + i;
      const [one, two, three, four] = [values[at], values[at + 1], values[at + n + 1], values[at + n]];
      // Where a corner is no number, any level may be between.
      const low = Math.min(one, two, three, four);
      const high = Math.max(one, two, three, four);
      let k = Math.max(0, Math.floor((low - levels[0]) * finer)) || 0;
      for (; k < levels.length && !(levels[k] >= high); k++) {
        const level = levels[k];
        const kind = (one > level ? 1 : 0) + (two > level ? 2 : 0) + (three > level ? 4 : 0) + (four > level ? 8 : 0);
        if (kind === 0 || kind === 15) continue;
        if (kind === 1 || kind === 14) line(k, i, j, 3, 0);
        else if (kind === 2 || kind === 13) line(k, i, j, 0, 1);
        else if (kind === 3 || kind === 12) line(k, i, j, 3, 1);
        else if (kind === 4 || kind === 11) line(k, i, j, 1, 2);
        else if (kind === 6 || kind === 9) line(k, i, j, 0, 2);
        else if (kind === 7 || kind === 8) line(k, i, j, 3, 2);
        else {
          const middle = (one + two + four + three) / 4 > level;
          const joined = (kind === 5) === middle;
          line(k, i, j, 3, joined ? 2 : 0);
          line(k, i, j, joined ? 0 : 1, joined ? 1 : 2);
        }
      }
    }
  }
  return paths;
}

/** The three numbers of a colour written as #rrggbb. @param {string} hex */
export function rgb(hex) {
  const n = parseInt(hex.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}
