// A block of land, painted into pixels that know how far away they are: what is nearer covers what is behind it.

import { ramp, rgb } from "./contours.js";

/** Height of the block, where half the side of its ground is 1. */
export const TALL = 0.95;

/**
 * Where a point of the block is seen: pixels right and down, and how far away.
 * @typedef {{turn: number, tilt: number, lift: number, scale: number, width: number, height: number}} Pose
 * @param {Pose} pose @param {number} x @param {number} y of the ground, from -1 to 1 @param {number} z from 0 to 1
 * @returns {[number, number, number]}
 */
export function seen({ turn, tilt, lift, scale, width, height }, x, y, z) {
  const [c, s] = [Math.cos(turn), Math.sin(turn)];
  const deep = c * y - s * x;
  const up = lift * TALL * (z - 0.5);
  return [width / 2 + scale * (c * x + s * y), height / 2 - scale * (deep * Math.sin(tilt) + up * Math.cos(tilt)), deep * Math.cos(tilt) - up * Math.sin(tilt)];
}

/**
 * Paints triangles between the points of a grid into pixels, the nearest of each pixel.
 * @param {{side: number, z: Float64Array, u: Float64Array, finer: number}} land heights and colours, 0 to 1; NaN where there is no surface
 * @param {Pose} pose @param {number} ratio pixels of the image a pixel of the pose @param {any} theme
 * @returns {{image: ImageData, far: Float32Array, ratio: number}} `far`: how far away each pixel is
 */
export function raster({ side, z, u, finer }, pose, ratio, theme) {
  const [w, h] = [Math.round(pose.width * ratio), Math.round(pose.height * ratio)];
  const image = new ImageData(w, h);
  const { data } = image;
  const far = new Float32Array(w * h).fill(Infinity);
  const count = side * side;
  const rim = 4 * side;
  const [px, py, pt, lit, share] = [0, 1, 2, 3, 4].map(() => new Float64Array(count + rim));
  const at = (k) => -1 + (2 * k) / (side - 1);
  const put = (n, i, j, height) => {
    const [x, y, t] = seen(pose, at(i), at(j), height);
    [px[n], py[n], pt[n]] = [x * ratio, y * ratio, t];
  };
  // The light comes from the left of who looks.
  const [lx, ly, lz] = [-0.62 * Math.cos(pose.turn) - 0.3 * Math.sin(pose.turn), -0.62 * Math.sin(pose.turn) + 0.3 * Math.cos(pose.turn), 0.72];
  const steep = (pose.lift * TALL * (side - 1)) / 2;
  for (let j = 0; j < side; j++) {
    for (let i = 0; i < side; i++) {
      const n = j * side + i;
      put(n, i, j, z[n]);
      share[n] = u[n];
      const [i0, i1, j0, j1] = [Math.max(0, i - 1), Math.min(side - 1, i + 1), Math.max(0, j - 1), Math.min(side - 1, j + 1)];
      const sx = (steep * (z[j * side + i1] - z[j * side + i0])) / (i1 - i0) || 0;
      const sy = (steep * (z[j1 * side + i] - z[j0 * side + i])) / (j1 - j0) || 0;
      lit[n] = (lz - sx * lx - sy * ly) / Math.hypot(1, sx, sy) - lz;
    }
  }
  const colors = Float64Array.from(ramp(theme.land).flat());
  const [wall, line] = [rgb(theme.line), rgb(theme.contour)];
  const [dim, bright] = theme.dark ? [22, 70] : [62, 62];
  const thick = 0.55 * ratio + 0.5;
  /** @param {number} a @param {number} b @param {number} c @param {boolean} flank is it of a side of the block */
  function triangle(a, b, c, flank) {
    const ax = px[a];
    const ay = py[a];
    const bx = px[b] - ax;
    const by = py[b] - ay;
    const cx = px[c] - ax;
    const cy = py[c] - ay;
    const area = bx * cy - cx * by;
    // A height that is no number has no place.
    if (!(Math.abs(area) > 1e-9)) return;
    const tb = pt[b] - pt[a];
    const tc = pt[c] - pt[a];
    const ub = share[b] - share[a];
    const uc = share[c] - share[a];
    const sb = lit[b] - lit[a];
    const sc = lit[c] - lit[a];
    // Level lines a pixel: so many that they would be a grey are left out.
    const dense = (Math.hypot(ub * cy - uc * by, uc * bx - ub * cx) * finer) / Math.abs(area);
    const lined = !flank && dense > 1e-9 && dense < 0.5;
    const bold = Math.min(1, 2 - 4 * dense);
    const left = Math.max(0, Math.ceil(ax + Math.min(0, bx, cx) - 0.5));
    const right = Math.min(w - 1, Math.floor(ax + Math.max(0, bx, cx) - 0.5));
    const top = Math.max(0, Math.ceil(ay + Math.min(0, by, cy) - 0.5));
    const bottom = Math.min(h - 1, Math.floor(ay + Math.max(0, by, cy) - 0.5));
    for (let y = top; y <= bottom; y++) {
      const dy = y + 0.5 - ay;
      for (let x = left; x <= right; x++) {
        const dx = x + 0.5 - ax;
        const p = (dx * cy - cx * dy) / area;
        const q = (bx * dy - dx * by) / area;
        if (p < -1e-7 || q < -1e-7 || p + q > 1 + 2e-7) continue;
        let n = y * w + x;
        const t = pt[a] + tb * p + tc * q;
        if (t >= far[n]) continue;
        far[n] = t;
        n *= 4;
        data[n + 3] = 255;
        if (flank) {
          data[n] = wall[0];
          data[n + 1] = wall[1];
          data[n + 2] = wall[2];
          continue;
        }
        const value = Math.max(0, Math.min(1, share[a] + ub * p + uc * q));
        const k = 3 * Math.round(63 * value);
        const slant = lit[a] + sb * p + sc * q;
        const light = slant < 0 ? dim * slant : bright * slant;
        let ink = 0;
        if (lined) {
          const v = value * finer - 0.5;
          const level = Math.round(v);
          const near = thick - Math.abs(v - level) / dense;
          if (near > 0) ink = Math.min(1, near) * (level % 4 === 1 ? 0.62 : 0.34) * bold;
        }
        data[n] = (colors[k] + light) * (1 - ink) + line[0] * ink;
        data[n + 1] = (colors[k + 1] + light) * (1 - ink) + line[1] * ink;
        data[n + 2] = (colors[k + 2] + light) * (1 - ink) + line[2] * ink;
      }
    }
  }
  for (let j = 0; j + 1 < side; j++) {
    for (let i = 0; i + 1 < side; i++) {
      const n = j * side + i;
      triangle(n, n + 1, n + side + 1, false);
      triangle(n, n + side + 1, n + side, false);
    }
  }
  // The sides of the block, down to the ground.
  for (let edge = 0; edge < 4; edge++) {
    for (let k = 0; k < side; k++) {
      const [i, j] = [[k, 0], [k, side - 1], [0, k], [side - 1, k]][edge];
      const low = count + edge * side + k;
      put(low, i, j, 0);
      if (!k) continue;
      const [here, before] = [j * side + i, edge < 2 ? j * side + i - 1 : (j - 1) * side + i];
      triangle(here, before, low, true);
      triangle(before, low - 1, low, true);
    }
  }
  return { image, far, ratio };
}
