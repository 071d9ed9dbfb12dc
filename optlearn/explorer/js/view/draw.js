// Strokes shared by the picture and the view inside a step.

import { show } from "../model/numbers.js";

/** @typedef {{width: number, height: number, x: (x: number) => number, y: (y: number) => number}} PlaneMap */

/**
 * The map from a square or oblong part of the plane to pixels.
 * @param {number[]} view @param {number} width @param {number} height
 */
export function planeMap(view, width, height) {
  const [x0, x1, y0, y1] = view;
  return {
    width,
    height,
    x: (x) => ((x - x0) / (x1 - x0)) * width,
    y: (y) => height - ((y - y0) / (y1 - y0)) * height,
    toX: (px) => x0 + (px / width) * (x1 - x0),
    toY: (py) => y0 + ((height - py) / height) * (y1 - y0),
  };
}

/** The smallest square that holds a domain. @param {number[]} domain */
export function squareView(domain) {
  const [x0, x1, y0, y1] = domain;
  const half = Math.max(x1 - x0, y1 - y0) / 2;
  const [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
  return [cx - half, cx + half, cy - half, cy + half];
}

/**
 * Pixels of a point of a path. One far outside comes nearer in its direction, by the factor given with it; a line between
 * two of these would cross the picture where the path does not.
 * @param {PlaneMap} map @param {number} u @param {number} v @returns {[number, number, number]}
 */
export function nearer(map, u, v) {
  const [x, y] = [map.x(u), map.y(v)];
  const size = Math.min(1, 1e5 / Math.max(Math.abs(x), Math.abs(y)));
  return [x * size, y * size, size];
}

/**
 * An arrow whose tip lies exactly at its end.
 * @param {CanvasRenderingContext2D} c @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1
 * @param {{color: string, width?: number, dash?: number[], paper?: string}} style
 */
export function arrow(c, x0, y0, x1, y1, style) {
  const width = style.width || 2.4;
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (!Number.isFinite(length) || length < 0.5) return;
  const head = Math.min(4.2 * width, 0.6 * length);
  const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
  const shaft = () => {
    c.beginPath();
    c.moveTo(x0, y0);
    c.lineTo(x1 - ux * head * 0.8, y1 - uy * head * 0.8);
  };
  const tip = () => {
    c.beginPath();
    c.moveTo(x1, y1);
    c.lineTo(x1 - ux * head - uy * head * 0.48, y1 - uy * head + ux * head * 0.48);
    c.lineTo(x1 - ux * head * 0.78, y1 - uy * head * 0.78);
    c.lineTo(x1 - ux * head + uy * head * 0.48, y1 - uy * head - ux * head * 0.48);
    c.closePath();
  };
  c.lineCap = "butt";
  c.setLineDash([]);
  if (style.paper) {
    c.strokeStyle = style.paper;
    c.lineWidth = width + 2.5;
    c.globalAlpha = 0.75;
    shaft();
    c.stroke();
    c.globalAlpha = 1;
  }
  c.strokeStyle = c.fillStyle = style.color;
  c.lineWidth = width;
  c.setLineDash(style.dash || []);
  shaft();
  c.stroke();
  c.setLineDash([]);
  tip();
  c.fill();
}

/** @param {CanvasRenderingContext2D} c @param {number} x @param {number} y @param {number} r @param {string} fill @param {string} stroke */
export function dot(c, x, y, r, fill, stroke, width = 1.5) {
  c.setLineDash([]);
  c.beginPath();
  c.arc(x, y, r, 0, 2 * Math.PI);
  c.fillStyle = fill;
  c.fill();
  c.lineWidth = width;
  c.strokeStyle = stroke;
  c.stroke();
}

let enlarged = 1;
/** Makes the words on pictures larger, for a room. @param {number} factor */
export function enlarge(factor) {
  enlarged = factor;
}
/** How much larger they are. */
export const letters = () => enlarged;

/**
 * Text with a halo of paper, so that it can be read over lines.
 * @param {CanvasRenderingContext2D} c @param {string} text @param {number} x @param {number} y
 * @param {{color: string, paper: string, font: string, size?: number, align?: CanvasTextAlign, weight?: number, italic?: boolean}} style
 */
export function label(c, text, x, y, style) {
  c.font = `${style.italic ? "italic " : ""}${style.weight || 500} ${(style.size || 12) * enlarged}px ${style.font}`;
  c.textAlign = style.align || "left";
  c.textBaseline = "middle";
  c.setLineDash([]);
  c.lineJoin = "round";
  c.lineWidth = 3.5;
  c.strokeStyle = style.paper;
  c.globalAlpha = 0.85;
  c.strokeText(text, x, y);
  c.globalAlpha = 1;
  c.fillStyle = style.color;
  c.fillText(text, x, y);
}

/**
 * A dot a step, where they stand apart far enough to be told apart.
 * @param {CanvasRenderingContext2D} c @param {PlaneMap} map @param {import("../model/integrator.js").Run} run @param {number} until @param {string} color
 */
export function stepDots(c, map, run, until, color) {
  const o = run.layout.w[0];
  let last = [NaN, NaN];
  c.fillStyle = color;
  c.beginPath();
  for (let k = 1; k <= until; k++) {
    const x = map.x(run.rows[k * run.stride + o]);
    const y = map.y(run.rows[k * run.stride + o + 1]);
    if (Math.abs(x - last[0]) + Math.abs(y - last[1]) < 6) continue;
    last = [x, y];
    c.moveTo(x + 2.7, y);
    c.arc(x, y, 2.7, 0, 2 * Math.PI);
  }
  c.fill();
}

/**
 * The points of a sampler's run: draws, of which the order says nothing.
 * @param {CanvasRenderingContext2D} c @param {PlaneMap} map @param {import("../model/integrator.js").Run} run @param {number} until @param {string} color
 */
export function cloud(c, map, run, until, color) {
  const o = run.layout.w[0];
  c.fillStyle = color;
  c.globalAlpha = 0.55;
  for (let t = 0; t <= until; t++) {
    const [x, y] = [map.x(run.rows[t * run.stride + o]), map.y(run.rows[t * run.stride + o + 1])];
    if (x < 0 || y < 0 || x > map.width || y > map.height) continue;
    c.beginPath();
    c.arc(x, y, 2.3, 0, 2 * Math.PI);
    c.fill();
  }
  c.globalAlpha = 1;
}

/**
 * Where a gradient was taken, dotted to where it was used.
 * @param {CanvasRenderingContext2D} c @param {PlaneMap} map @param {{taken: number[], used: number[]}} stale @param {string} color @param {string} paper
 */
export function staleMark(c, map, { taken, used }, color, paper) {
  c.strokeStyle = color;
  c.lineWidth = 1.8;
  c.setLineDash([2, 3]);
  c.beginPath();
  const [[x0, y0], [x1, y1]] = [nearer(map, taken[0], taken[1]), nearer(map, used[0], used[1])];
  c.moveTo(x0, y0);
  c.lineTo(x1, y1);
  c.stroke();
  dot(c, map.x(taken[0]), map.y(taken[1]), 4.6, paper, color, 2);
}

/** Colours of the parts of a step. @param {any} theme @param {string} own that of the racer @returns {Object<string, string>} */
export const partColors = (theme, own) => ({
  gradient: theme.gradient, push: theme.gradient, fresh: theme.gradient, here: theme.gradient, memory: theme.memory,
  look: theme.memory, last: theme.memory, old: theme.memory, blend: theme.memory, step: theme.step, ghost: theme.muted,
  plain: theme.muted, without: theme.muted, scaled: own,
});

/**
 * The inside of a step: a scene of its anatomy.
 * @param {CanvasRenderingContext2D} c @param {PlaneMap} map @param {import("../model/anatomy.js").Anatomy} it
 * @param {import("../model/anatomy.js").Scene} scene @param {import("./theme.js").Theme} theme
 * @param {{color: string, names: boolean, width: number, unit: number[], free?: number[][]}} look `unit`: pixels of one unit of the
 *   plane, in x and y; `free`: boxes where no names go
 */
export function drawScene(c, map, it, scene, theme, look) {
  const colors = partColors(theme, look.color);
  const [px, py] = [map.x(it.from[0]), map.y(it.from[1])];
  for (const { from, to, of } of scene.lines) {
    c.beginPath();
    c.moveTo(map.x(from[0]), map.y(from[1]));
    c.lineTo(map.x(to[0]), map.y(to[1]));
    c.strokeStyle = colors[of];
    c.lineWidth = 1.3;
    c.setLineDash([3, 3]);
    c.stroke();
  }
  if (scene.circle > 0) {
    c.beginPath();
    c.ellipse(px, py, it.fit * scene.circle * look.unit[0], it.fit * scene.circle * look.unit[1], 0, 0, 2 * Math.PI);
    c.strokeStyle = theme.muted;
    c.lineWidth = 1.2;
    c.setLineDash([2, 3]);
    c.stroke();
  }
  c.setLineDash([]);
  if (scene.ellipse) {
    c.beginPath();
    c.ellipse(px, py, it.fit * scene.ellipse[0] * look.unit[0], it.fit * scene.ellipse[1] * look.unit[1], 0, 0, 2 * Math.PI);
    c.fillStyle = c.strokeStyle = look.color;
    c.globalAlpha = 0.13;
    c.fill();
    c.globalAlpha = 1;
    c.lineWidth = 1.8;
    c.stroke();
    if (it.fit < 1 && look.names) {
      label(c, `circle and ellipse 1 : ${Math.round(1 / it.fit)}`, Math.max(8, px - it.fit * Math.max(scene.circle, scene.ellipse[0]) * look.unit[0]),
        py - it.fit * Math.max(scene.circle, scene.ellipse[1]) * look.unit[1] - 10, { color: theme.muted, paper: theme.paper, font: theme.font, size: 11 });
    }
  }
  const wide = scene.strokes.some((stroke) => stroke.wide);
  for (const { name, from, to, ...more } of scene.strokes) {
    c.globalAlpha = more.pale && colors[name] !== theme.muted ? 0.55 : 1;
    arrow(c, map.x(from[0]), map.y(from[1]), map.x(to[0]), map.y(to[1]), {
      color: colors[name], width: (more.wide ? 1.8 : 1) * look.width, paper: wide && !more.wide || more.pale ? "" : theme.paper,
      dash: name === "look" ? [5, 3] : more.pale || name === "ghost" ? [3, 3] : [],
    });
  }
  c.globalAlpha = 1;
  const r = 1.9 * look.width;
  for (const { at, of } of scene.rings) dot(c, map.x(at[0]), map.y(at[1]), 0.85 * r, theme.paper, colors[of], 2);
  dot(c, px, py, r, theme.paper, look.color, 2.2);
  if (scene.moved === 1) dot(c, map.x(it.to[0]), map.y(it.to[1]), r, look.color, theme.paper, 1.5);
  if (look.names) placeNames(c, map, it, scene, colors, theme, look.free || []);
}

/**
 * Names beside arrows: where they cover least of the arrows, the points and each other.
 * @param {CanvasRenderingContext2D} c @param {PlaneMap} map @param {import("../model/anatomy.js").Anatomy} it
 * @param {import("../model/anatomy.js").Scene} scene @param {Object<string, string>} colors @param {import("./theme.js").Theme} theme
 * @param {number[][]} free
 */
function placeNames(c, map, it, scene, colors, theme, free) {
  const { width, height } = map;
  const names = scene.strokes.map((one) => ({ ...one, text: one.text || "", color: colors[one.name] })).sort((a, b) => +!a.text - +!b.text);
  // Of an arrow that leaves the picture, what is in it.
  const pixels = [...names, ...scene.lines].map(({ from, to }) => {
    const [x0, y0, dx, dy] = [map.x(from[0]), map.y(from[1]), map.x(to[0]) - map.x(from[0]), map.y(to[1]) - map.y(from[1])];
    const share = Math.max(0, Math.min(1, (dx > 0 ? width - x0 : -x0) / dx || 1, (dy > 0 ? height - y0 : -y0) / dy || 1));
    return [x0, y0, x0 + share * dx, y0 + share * dy];
  });
  // What names should not cover, as points along the arrows and around the dots.
  /** @type {number[][]} */
  const ink = [];
  for (const [x0, y0, x1, y1] of pixels) {
    const n = Math.min(80, Math.ceil(Math.hypot(x1 - x0, y1 - y0) / 5)) || 1;
    for (let k = 0; k <= n; k++) ink.push([x0 + (k / n) * (x1 - x0), y0 + (k / n) * (y1 - y0)]);
  }
  for (const w of [it.from, it.to, it.probe, it.ghost]) if (w) for (const d of [-7, 0, 7]) for (const e of [-7, 0, 7]) ink.push([map.x(w[0]) + d, map.y(w[1]) + e]);
  /** @type {number[][]} */
  const taken = free.slice();
  names.forEach((name, i) => {
    const [x0, y0, x1, y1] = pixels[i];
    const length = Math.hypot(x1 - x0, y1 - y0);
    if (!name.text || !(length > 16)) return;
    c.font = `500 ${12 * enlarged}px ${theme.font}`;
    const w = c.measureText(name.text).width;
    const [nx, ny] = [-(y1 - y0) / length, (x1 - x0) / length];
    const best = { cost: Infinity, x: 0, y: 0, box: [0, 0, 0, 0] };
    for (const along of [name.along ?? 0.6, 0.4, 0.8, 1.05]) {
      for (const away of [15, -15, 22, -22, 32, -32, 46, -46]) {
        const side = Math.sign(away);
        const x = Math.min(width - w - 4, Math.max(4, x0 + along * (x1 - x0) + nx * (away + side * Math.abs(nx) * w * 0.46) - w / 2));
        const y = Math.min(height - 10, Math.max(10, y0 + along * (y1 - y0) + ny * away));
        const box = [x - 3, y - 8, x + w + 3, y + 8];
        const clash = taken.filter((b) => box[0] < b[2] && b[0] < box[2] && box[1] < b[3] && b[1] < box[3]).length;
        let cost = 200 * clash + Math.abs(away) / 10 + Math.abs(along - 0.6);
        for (let k = 0; k < ink.length && cost < best.cost; k++) {
          const point = ink[k];
          if (point[0] > box[0] && point[0] < box[2] && point[1] > box[1] && point[1] < box[3]) cost += 4;
        }
        if (cost < best.cost) Object.assign(best, { cost, x, y, box });
      }
    }
    taken.push(best.box);
    label(c, name.text, best.x, best.y, { color: name.color, paper: theme.paper, font: theme.font });
  });
}

/**
 * An arrow at the border towards a point outside, with the distance from the border; nothing is clamped silently.
 * @param {CanvasRenderingContext2D} c @param {PlaneMap} map @param {number[]} w @param {number[]} view
 * @param {number} width @param {number} height @param {string} color @param {any} theme @param {string} note
 * @param {[boolean, number][]} taken sides and heights of the notes so far @param {number} lowest where notes end
 */
export function outside(c, map, w, view, width, height, color, theme, note, taken, lowest) {
  const [x, y] = [map.x(w[0]), map.y(w[1])];
  if (x >= 0 && x <= width && y >= 0 && y <= height) return false;
  const [cx, cy] = [width / 2, height / 2];
  const [dx, dy] = [x - cx, y - cy];
  const size = Math.max(Math.abs(dx) / (cx - 4), Math.abs(dy) / (cy - 4));
  const [bx, by] = [cx + dx / size, cy + dy / size];
  const far = Math.hypot(
    w[0] - Math.min(view[1], Math.max(view[0], w[0])), w[1] - Math.min(view[3], Math.max(view[2], w[1])));
  const length = Math.hypot(dx, dy);
  arrow(c, bx - (22 * dx) / length, by - (22 * dy) / length, bx, by, { color, width: 3, paper: theme.paper });
  const right = bx > cx;
  let ty = Math.min(lowest, Math.max(12, by + (Math.abs(dy) > Math.abs(dx) ? (by > cy ? -30 : 30) : 16)));
  while (taken.some(([side, other]) => side === right && Math.abs(other - ty) < 14)) ty += by > cy ? -14 : 14;
  taken.push([right, ty]);
  label(c, `${show(far, 2)} outside${note}`, Math.min(width - 6, Math.max(6, bx + (right ? -8 : 8))), ty,
    { color, paper: theme.paper, font: theme.font, size: 11, align: right ? "right" : "left" });
  return true;
}

/**
 * Where to look for a racer beyond the border, when the camera is near a step: an arrow and a name, with the name's box.
 * @param {CanvasRenderingContext2D} c @param {PlaneMap} map @param {number[]} w @param {string} name @param {string} color @param {any} theme
 * @param {number[] | null} taken a box where no name goes
 */
export function beyond(c, map, w, name, color, theme, taken) {
  const { width, height } = map;
  const [dx, dy] = [map.x(w[0]) - width / 2, map.y(w[1]) - height / 2];
  const long = Math.hypot(dx, dy);
  if (!(long < Infinity)) return null;
  const size = Math.max(Math.abs(dx) / (width / 2 - 5), Math.abs(dy) / (height / 2 - 5));
  const [x, y] = [width / 2 + dx / size, height / 2 + dy / size];
  const right = x > width / 2;
  const at = x + (right ? -20 : 20);
  c.font = `500 ${11 * enlarged}px ${theme.font}`;
  const [start, end] = [at, at + (right ? -1 : 1) * c.measureText(name).width].sort((a, b) => a - b);
  let level = Math.min(height - 30, Math.max(x > width - 130 ? 56 : 12, y));
  if (taken && start < taken[2] && end > taken[0] && level > taken[1] - 10 && level < taken[3] + 10) level = level < (taken[1] + taken[3]) / 2 && taken[1] > 60 ? taken[1] - 10 : taken[3] + 10;
  return { box: [start, level - 8, end, level + 8], draw: () => {
    arrow(c, x - (14 * dx) / long, y - (14 * dy) / long, x, y, { color, width: 2.4, paper: theme.paper });
    label(c, name, at, level, { color, paper: theme.paper, font: theme.font, size: 11, align: right ? "right" : "left" });
  } };
}

/**
 * Words in a line or two below in the picture.
 * @param {CanvasRenderingContext2D} c @param {string} text @param {number} width @param {number} height @param {import("./theme.js").Theme} theme
 */
export function subtitle(c, text, width, height, theme) {
  const size = width < 480 ? 13 : 16;
  c.font = `600 ${size}px ${theme.font}`;
  // Lines of like length.
  const most = width - 70;
  const all = c.measureText(text).width;
  const limit = all > most ? Math.min(most, 1.12 * all / Math.ceil(all / most)) : most;
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines[lines.length - 1]} ${word}`.trim();
    if (c.measureText(longer).width > limit) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  const wide = Math.max(...lines.map((line) => c.measureText(line).width)) + 28;
  const tall = lines.length * size * 1.3 + 12;
  const top = height - 34 - tall;
  c.globalAlpha = 0.9;
  c.fillStyle = theme.paper;
  c.beginPath();
  c.roundRect((width - wide) / 2, top, wide, tall, 8);
  c.fill();
  c.globalAlpha = 1;
  c.fillStyle = theme.ink;
  c.textAlign = "center";
  c.textBaseline = "middle";
  lines.forEach((line, k) => c.fillText(line, width / 2, top + 6 + size * 1.3 * (k + 0.5)));
}
