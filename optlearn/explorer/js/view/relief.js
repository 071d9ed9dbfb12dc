// The surface as a relief that is turned, with the colours and level lines of the picture, and the paths on it; what lies
// behind a hill is pale.

import { prefersStill } from "./accessibility.js";
import { heightAt, sampleField } from "./contours.js";
import { choice, make, sharpCanvas } from "./controls.js";
import { arrow, dot, label, partColors, subtitle } from "./draw.js";
import { gaugeIn } from "./gauge.js";
import { raster, seen, TALL } from "./land.js";
import { heightLegend } from "./legend.js";
import { show, ticks } from "../model/numbers.js";
import { between } from "../model/anatomy.js";
import { markerPath, strokeAs } from "./theme.js";

/** Points of the grid, each way. */
const GRID_SIDE = 112;
/** Size at which the block fits, turned as one likes; pixels of a first look a pixel of the page. */
const FITS = 0.69;
const COARSE = 0.3;
const RISE_MS = 700;
const REST_MS = 180;
/** How it may stand at first: the map turned a little; steeper from above where hills would hide the paths. */
const STANDS = [[-0.5, 0.8], [0.5, 0.8], [-0.5, 1.05], [0.5, 1.05], [-0.3, 1.25]];
const RELIEF_KEYS = ["runs", "step", "selected", "racers", "theme", "_hover", "_relief", "_asked", "_phase", "relief", "speed", "focus"];
const RELIEF_STYLE = ".olx-relief { position: absolute; inset: 0; background: var(--olx-paper); cursor: grab; touch-action: pan-y; }" +
  ".olx-relief:active { cursor: grabbing; } .olx .olx-relief select { position: absolute; left: 8px; top: 8px; }";

/** Shows the relief in place of the picture, while the state asks for it. @param {any} app */
export function createRelief(app) {
  const { store } = app;
  const picture = app.el.querySelector(".olx-picture");
  const layer = make("div", { class: "olx-relief", tabindex: 0, role: "application", "aria-roledescription": "relief", hidden: true });
  const sharp = sharpCanvas(layer, () => store.set({ _relief: {} }));
  const heights = choice("Height", [{ value: "f", text: "height: f" }, { value: "log", text: "height: log f" }], (value) => {
    chosen = value;
    store.set({ _relief: {} });
  });
  layer.append(make("style", {}, RELIEF_STYLE), heights.el);
  // Below the handle of the start, which stays in use.
  picture.querySelector("canvas").after(layer);
  const still = document.createElement("canvas");
  let [turn, tilt] = STANDS[0];
  /** Did the reader turn it? */
  let turned = false;
  /** The height that the reader chose; until then the one in which more of the surface is seen. */
  let chosen = "";
  let stillKey = "";
  let stoodFor = "";
  /** @type {Float32Array | null} */
  let far = null;
  let ratioNow = 1;
  let landKey = "";
  /** @type {{side: number, z: Float64Array, u: Float64Array, finer: number}} */
  let land;
  let byLog = false;
  /** @type {import("./contours.js").Scale} */
  let scale;
  // How far the block has risen from the map.
  let risen = 0;
  let began = 0;
  let rising = 0;
  let settling = 0;

  const on = () => Boolean(store.get("relief"));
  /** @returns {import("./land.js").Pose} */
  function pose() {
    const { width, height } = sharp.size;
    const s = risen * risen * (3 - 2 * risen);
    return { turn: s * turn, tilt: Math.PI / 2 + s * (tilt - Math.PI / 2), lift: s, scale: (Math.min(width, height) / 2) * (1 - (1 - FITS) * s), width, height };
  }
  /** The height of a value of the surface in the block. @param {number} value */
  function heightOf(value) {
    const { base, shift, low, high, log } = scale;
    if (byLog) return (Math.log(Math.max(value - base, 0) + shift) - low) / (high - low || 1);
    return (value - base) / (log ? Math.exp(high) - shift : high || 1);
  }
  function survey() {
    const key = [app.surface.key, app.params.join(), app.knownFloor, chosen].join("|");
    if (key === landKey) return;
    landKey = key;
    scale = app.scale();
    const field = sampleField(app.surfaceCode.f, app.params, app.view(), GRID_SIDE, 15, scale);
    const finite = field.values.filter((u) => u < 2).sort();
    const middle = heightAt(scale, finite[finite.length >> 1]) - scale.base;
    const top = heightAt(scale, 1) - scale.base;
    /** @type {any} */ (heights.el).hidden = !scale.log;
    byLog = scale.log && (chosen ? chosen === "log" : middle < 0.1 * top);
    heights.set(byLog ? "log" : "f");
    const z = field.values.map((u) => (u === 2 ? NaN : byLog ? Math.max(0, u) : heightOf(heightAt(scale, u))));
    land = { side: GRID_SIDE, z, u: field.values, finer: field.finer };
  }
  /** Stands the block so that most of the paths is seen. */
  function stand() {
    const { width, height } = sharp.size;
    const scales = { lift: 1, scale: (Math.min(width, height) / 2) * FITS, width, height };
    let best = -1;
    for (const [a, b] of STANDS) {
      const now = { turn: a, tilt: b, ...scales };
      ({ far } = raster(land, now, COARSE, app.theme));
      ratioNow = COARSE;
      const points = app.runs.flatMap((run, i) => (store.get("racers")[i].hidden ? [] : way(run, "w", now, run.last, null).flat()));
      const share = points.length ? points.filter((one) => one.seen).length / points.length : 1;
      if (share > best + 0.05) [best, turn, tilt] = [share, a, b];
    }
    stillKey = "";
  }
  /** A point of the plane in the block. @param {number} x @param {number} y @returns {[number, number, number]} */
  function inBlock(x, y) {
    const [x0, x1, y0, y1] = app.view();
    return [(2 * (x - x0)) / (x1 - x0) - 1, (2 * (y - y0)) / (y1 - y0) - 1, heightOf(app.surfaceCode.f(x, y, app.params))];
  }
  const inside = (x, y) => Math.abs(x) <= 1.0001 && Math.abs(y) <= 1.0001;
  /** Is a point of the picture, so far away, before all of the land? @param {number} x @param {number} y @param {number} t */
  function before(x, y, t) {
    const k = Math.round(sharp.size.width * ratioNow);
    const [i, j] = [Math.floor(x * ratioNow), Math.floor(y * ratioNow)];
    return !far || i < 0 || i >= k || t <= (far[j * k + i] ?? Infinity) + 0.035;
  }

  /**
   * The way of a run over the land: pixels, whether they are seen, and the step; long steps in pieces, as they follow the land.
   * @param {any} run @param {string} of @param {import("./land.js").Pose} now @param {number} until @param {number[] | null} end @returns {{x: number, y: number, seen: boolean, t: number}[][]}
   */
  function way(run, of, now, until, end) {
    const [x0, x1] = app.view();
    const o = run.layout[of][0];
    const point = (t) => (t > until && end ? end : [run.rows[t * run.stride + o], run.rows[t * run.stride + o + 1]]);
    /** @type {{x: number, y: number, seen: boolean, t: number}[][]} */
    const pieces = [[]];
    const last = until + (end ? 1 : 0);
    for (let t = 0; t <= last; t++) {
      const [x, y] = point(t);
      const [fx, fy] = t ? point(t - 1) : [x, y];
      const n = t ? Math.min(80, Math.ceil((Math.hypot(x - fx, y - fy) * 50) / (x1 - x0))) || 1 : 1;
      for (let k = 1; k <= n; k++) {
        const [u, v, z] = inBlock(fx + ((x - fx) * k) / n, fy + ((y - fy) * k) / n);
        if (!inside(u, v) || !Number.isFinite(z)) {
          if (pieces[pieces.length - 1].length) pieces.push([]);
          continue;
        }
        const [sx, sy, deep] = seen(now, u, v, Math.min(z, 1.2));
        pieces[pieces.length - 1].push({ x: sx, y: sy, seen: before(sx, sy, deep), t });
      }
    }
    return pieces;
  }
  /** @param {CanvasRenderingContext2D} c @param {ReturnType<typeof way>} pieces @param {(one: {seen: boolean, t: number}) => boolean} when */
  function stroke(c, pieces, when) {
    c.beginPath();
    for (const piece of pieces) {
      let pen = false;
      piece.forEach((one, k) => {
        if (!k || !when(one)) pen = false;
        else {
          if (!pen) c.moveTo(piece[k - 1].x, piece[k - 1].y);
          c.lineTo(one.x, one.y);
          pen = true;
        }
      });
    }
    c.stroke();
  }

  /** The film of a step on the land: its arrows follow the ground. @param {CanvasRenderingContext2D} c @param {import("./land.js").Pose} now @param {number} i */
  function film(c, now, i) {
    const [it, scene] = [app.anatomy(), app.scene()];
    if (!it || !scene) return;
    const { theme } = app;
    const colors = partColors(theme, theme.racers[i]);
    for (const { name, from, to, text, pale } of scene.strokes) {
      const points = [];
      for (let k = 0; k <= 24; k++) {
        const [x, y] = between(from, to, k / 24);
        const [u, v, z] = inBlock(x, y);
        if (!inside(u, v) || !Number.isFinite(z)) break;
        points.push(seen(now, u, v, Math.min(z, 1.2)));
      }
      if (points.length < 3) continue;
      const [[x0, y0], [x1, y1]] = [points[0], points[points.length - 1]];
      const long = Math.hypot(x1 - x0, y1 - y0);
      if (long < 6) continue;
      c.globalAlpha = points.every(([x, y, t]) => before(x, y, t)) ? 1 : 0.4;
      c.strokeStyle = colors[name];
      c.lineWidth = 2.6;
      c.setLineDash(name === "look" || pale || name === "ghost" ? [4, 3] : []);
      c.beginPath();
      points.slice(0, -1).forEach(([x, y], k) => (k ? c.lineTo(x, y) : c.moveTo(x, y)));
      c.stroke();
      const [hx, hy] = points[Math.max(0, points.length - 1 - Math.ceil((12 * points.length) / long))];
      arrow(c, hx, hy, x1, y1, { color: colors[name], width: 2.6 });
      c.globalAlpha = 1;
      if (text && long > 24) label(c, text, x1 + (x1 < x0 ? -8 : 8), y1 + (y1 < y0 ? -9 : 9), { color: colors[name], paper: theme.paper, font: theme.font, align: x1 < x0 ? "right" : "left" });
    }
    if (scene.gauge) gaugeIn(c, it, scene.gauge, app.runs[i], app.rule(i), theme, theme.racers[i], [now.width, now.height], []).draw();
    const said = it.stages.find((/** @type {any} */ one) => one.id === app.stage());
    if (said) subtitle(c, said.parts?.[scene.part] || said.short, now.width, now.height, theme);
  }

  /** Numbers along the nearer edges of the ground. @param {CanvasRenderingContext2D} c @param {import("./land.js").Pose} now */
  function edges(c, now) {
    const view = app.view();
    const style = { color: app.theme.muted, paper: app.theme.paper, font: app.theme.font, size: 10.5 };
    for (const d of [0, 1]) {
      const lane = [-1, 1].reduce((a, b) => ((d ? seen(now, b, 0, 0) : seen(now, 0, b, 0))[2] < (d ? seen(now, a, 0, 0) : seen(now, 0, a, 0))[2] ? b : a));
      for (const x of ticks(view[2 * d], view[2 * d + 1], 4)) {
        const u = (2 * (x - view[2 * d])) / (view[2 * d + 1] - view[2 * d]) - 1;
        const [px, py] = d ? seen(now, lane * 1.1, u, 0) : seen(now, u, lane * 1.1, 0);
        if (px > 10 && px < now.width - 10) label(c, show(x), px, py, { ...style, align: "center" });
      }
      const [px, py] = d ? seen(now, lane * 1.22, 0.35, 0) : seen(now, 0.35, lane * 1.22, 0);
      label(c, d ? "y" : "x", px, py, { ...style, italic: true, size: 12, align: "center" });
    }
  }

  function paint() {
    const { width, height, ratio } = sharp.size;
    if (!width) return;
    survey();
    if (!turned && stoodFor !== landKey) {
      stoodFor = landKey;
      stand();
    }
    const now = pose();
    const { theme } = app;
    // While it turns, a pixel of the page is fine enough; at rest edges are smooth.
    const fine = rising || settling ? Math.min(1, ratio) : Math.max(2, ratio);
    const key = [landKey, width, height, fine, theme.dark, theme.paper, now.turn, now.tilt, now.lift].join("|");
    if (key !== stillKey) {
      stillKey = key;
      const made = raster(land, now, fine, theme);
      [still.width, still.height] = [made.image.width, made.image.height];
      /** @type {CanvasRenderingContext2D} */ (still.getContext("2d")).putImageData(made.image, 0, 0);
      far = made.far;
      ratioNow = fine;
    }
    const c = sharp.begin();
    c.fillStyle = theme.paper;
    c.fillRect(0, 0, width, height);
    c.imageSmoothingQuality = "high";
    c.drawImage(still, 0, 0, width, height);
    if (risen === 1) edges(c, now);
    c.lineJoin = "round";
    for (const [x, y] of app.minima) {
      const [u, v, z] = inBlock(x, y);
      const [px, py, t] = seen(now, u, v, z);
      if (!inside(u, v) || !before(px, py, t)) continue;
      c.strokeStyle = theme.ink;
      c.lineWidth = 1.4;
      c.beginPath();
      for (const way of [1, -1]) {
        c.moveTo(px - 4, py - 4 * way);
        c.lineTo(px + 4, py + 4 * way);
      }
      c.stroke();
    }
    const racers = store.get("racers");
    const selected = store.get("selected");
    const step = store.get("step");
    const order = app.runs.map((_, i) => i).filter((i) => !racers[i].hidden && !store.get("_asked")).sort((a, b) => +(a === selected) - +(b === selected));
    /** @type {string[][]} */
    const away = [];
    /** @type {number[][]} */
    const written = [];
    const mark = (i, [x, y], hollow) => {
      const [u, v, z] = inBlock(x, y);
      if (!inside(u, v) || !Number.isFinite(z)) return null;
      const [px, py, t] = seen(now, u, v, Math.min(z, 1.2));
      c.globalAlpha = before(px, py, t) ? 1 : 0.4;
      c.lineWidth = 1.8;
      [c.fillStyle, c.strokeStyle] = hollow ? [theme.paper, theme.racers[i]] : [theme.racers[i], theme.paper];
      markerPath(c, i, px, py, i === selected ? 6.5 : 5.2);
      c.fill();
      c.stroke();
      c.globalAlpha = 1;
      return [px, py];
    };
    for (const i of order) {
      const run = app.runs[i];
      const t = Math.min(step, run.last);
      const done = app.moved() < 1 && step > 0 && step <= run.last ? t - 1 : t;
      const all = way(run, "w", now, run.last, null);
      const draws = app.rule(i).draws.length > 0;
      if (draws) {
        c.fillStyle = theme.racers[i];
        for (const piece of all) for (const one of piece) if (one.t <= done && one.seen) c.fillRect(one.x - 1.5, one.y - 1.5, 3, 3);
      } else {
        strokeAs(c, theme, i, i === selected ? 2.8 : 2);
        c.globalAlpha = 0.3;
        stroke(c, all, (one) => one.t > done && one.seen);
        stroke(c, all, (one) => one.t <= done && !one.seen);
        c.globalAlpha = 1;
        stroke(c, all, (one) => one.t <= done && one.seen);
        if (done < t) stroke(c, way(run, "w", now, done, app.spot(i)), (one) => one.t > done && one.seen);
        c.setLineDash([]);
      }
    }
    for (const i of order) {
      const run = app.runs[i];
      const told = app.reported(i, Math.min(step, run.last));
      if (told) mark(i, told, true);
      const at = mark(i, app.spot(i), false);
      if (!at) away.push([`${app.label(i)}: outside`, theme.racers[i]]);
      else if (!app.slow() && order.length <= 4 && width >= 420 && step > 0 && !written.some(([x, y]) => Math.abs(x - at[0]) < 110 && Math.abs(y - at[1]) < 16)) {
        written.push(at);
        const right = at[0] > width - 130;
        label(c, app.label(i), at[0] + (right ? -11 : 11), at[1] - 4, { color: theme.racers[i], paper: theme.paper, font: theme.font, weight: 600, align: right ? "right" : "left" });
      }
    }
    if (app.slow() && order.includes(selected)) film(c, now, selected);
    const hover = store.get("_hover");
    if (hover) {
      for (const i of order) {
        if (hover.t > app.runs[i].last) continue;
        const [x, y] = app.point(i, hover.t);
        const [u, v, z] = inBlock(x, y);
        const [px, py] = seen(now, u, v, z);
        if (inside(u, v)) dot(c, px, py, 4, theme.paper, theme.racers[i], 2);
      }
    }
    away.forEach(([text, color], k) => label(c, text, 10, 52 + 15 * k, { color, paper: theme.paper, font: theme.font, size: 11.5 }));
    heightLegend(c, app, width, height);
  }

  /** The point of the plane under a pixel: where the line of sight first meets the land; null beside it. @param {number} px @param {number} py @returns {number[] | null} */
  function planeAt(px, py) {
    const now = pose();
    const [x0, x1, y0, y1] = app.view();
    const [c, s] = [Math.cos(now.turn), Math.sin(now.turn)];
    const across = (px - now.width / 2) / now.scale;
    const down = (py - now.height / 2) / now.scale;
    /** Height of the sight over the land, so deep. @param {number} deep */
    const above = (deep) => {
      const [u, v] = [c * across - s * deep, s * across + c * deep];
      if (!inside(u, v)) return NaN;
      const sight = (-down - deep * Math.sin(now.tilt)) / (now.lift * TALL * Math.cos(now.tilt)) + 0.5;
      return sight - heightOf(app.surfaceCode.f(x0 + ((u + 1) / 2) * (x1 - x0), y0 + ((v + 1) / 2) * (y1 - y0), app.params));
    };
    let [near, last] = [NaN, NaN];
    for (let k = 0; k <= 400; k++) {
      const deep = -1.5 + (3 * k) / 400;
      const gap = above(deep);
      if (gap <= 0) {
        let [a, b] = [Number.isNaN(last) ? deep : near, deep];
        for (let n = 0; n < 30; n++) {
          const middle = (a + b) / 2;
          if (above(middle) > 0) a = middle;
          else b = middle;
        }
        return [x0 + ((c * across - s * b + 1) / 2) * (x1 - x0), y0 + ((s * across + c * b + 1) / 2) * (y1 - y0)];
      }
      [near, last] = [deep, gap];
    }
    return null;
  }

  function rise(time) {
    risen = Math.min(1, Math.max(0, (time - began) / RISE_MS));
    rising = risen < 1 ? requestAnimationFrame(rise) : 0;
    store.set({ _relief: {} });
  }
  /** Turned so that the whole of it stays a relief, never seen from below. @param {number} by @param {number} over */
  function turnBy(by, over) {
    turn = Math.atan2(Math.sin(turn + by), Math.cos(turn + by));
    tilt = Math.min(1.45, Math.max(0.12, tilt + over));
    turned = true;
    clearTimeout(settling);
    settling = window.setTimeout(() => {
      settling = 0;
      store.set({ _relief: {} });
    }, REST_MS);
    store.set({ _relief: {} });
  }
  /** @type {number[] | null} */
  let held = null;
  layer.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    if (event.button !== 0 || heights.el.contains(/** @type {Node} */ (event.target))) return;
    held = [event.clientX, event.clientY];
    layer.setPointerCapture(event.pointerId);
  });
  layer.addEventListener("pointermove", (event) => {
    event.stopPropagation();
    if (!held) return;
    turnBy((event.clientX - held[0]) * 0.008, (event.clientY - held[1]) * 0.008);
    held = [event.clientX, event.clientY];
  });
  for (const end of ["pointerup", "pointercancel"]) {
    layer.addEventListener(end, (event) => {
      event.stopPropagation();
      held = null;
    });
  }
  layer.addEventListener("click", (event) => event.stopPropagation());
  layer.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (event.target !== layer || (!way && event.key !== "Home")) return;
    event.preventDefault();
    if (way) turnBy(way[0] * 0.087, way[1] * 0.087);
    else {
      turned = false;
      stoodFor = "";
      store.set({ _relief: {} });
    }
  });

  return {
    /** @param {Set<string>} changed */
    update(changed) {
      if (!RELIEF_KEYS.some((key) => changed.has(key))) return;
      if (layer.hidden === on()) {
        layer.hidden = !on();
        app.relief = on() ? { canvas: sharp.canvas, sharp, at: (point) => seen(pose(), ...inBlock(point[0], point[1])), planeAt, pose } : null;
        cancelAnimationFrame(rising);
        risen = rising = 0;
        if (on()) {
          began = performance.now();
          if (prefersStill() || !store.get("_raised")) risen = 1;
          else rising = requestAnimationFrame(rise);
          sharp.fit();
        }
        // The handle of the start goes where the start is seen.
        store.set({ _relief: {} });
      }
      if (!on()) return;
      if (changed.has("theme")) stillKey = "";
      paint();
      if (changed.has("runs") || changed.has("relief")) layer.setAttribute("aria-label", `${app.summary()} Shown as a relief: arrow keys turn it.`);
    },
    close() {
      cancelAnimationFrame(rising);
      clearTimeout(settling);
      sharp.close();
    },
  };
}
