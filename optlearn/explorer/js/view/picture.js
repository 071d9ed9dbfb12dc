// The picture: level sets, paths, the inside of the selected racer's step, and the dot that can be dragged.

import { prefersStill } from "./accessibility.js";
import { whole } from "../model/anatomy.js";
import { drawField, sampleField } from "./contours.js";
import { attribute, hide, make, sharpCanvas, write } from "./controls.js";
import { heightLegend } from "./legend.js";
import { beyond, cloud, dot, drawScene, label, nearer, outside, planeMap, staleMark, stepDots, subtitle } from "./draw.js";
import { gaugeIn } from "./gauge.js";
import { show, showPair, ticks, tidy } from "../model/numbers.js";
import { markerPath, strokeAs } from "./theme.js";

const PICTURE_KEYS = ["runs", "step", "selected", "focus", "theme", "_hover", "_size", "_held", "racers", "_band", "_asked", "_phase", "_camera", "_whole", "_map", "speed", "_cloud", "panel", "relief", "_relief"];
const CAMERA_MS = 420;

/** @param {import("../main.js").App} app @param {HTMLElement} parent */
export function createPicture(app, parent) {
  const { store } = app;
  const holder = make("div", { class: "olx-picture" });
  parent.append(holder);
  const sharp = sharpCanvas(holder, () => {
    // In the same frame: a canvas of another size is blank.
    store.set({ _size: {} });
    store.flush();
  });
  sharp.canvas.setAttribute("role", "img");
  const handle = make("button", { type: "button", class: "olx-handle", "aria-roledescription": "draggable point" });
  holder.append(handle);
  const still = document.createElement("canvas");
  let stillKey = "";
  let view = [0, 1, 0, 1];
  let map = planeMap(view, 1, 1);
  const toggle = make("button", { type: "button", class: "olx-button", onclick: () => store.set({ _whole: !store.get("_whole") }) });
  const raise = make("button", { type: "button", class: "olx-button olx-raise", title: "The surface as a relief", onclick: () => store.set({ relief: !store.get("relief"), _raised: true }) }, "3-D");
  const corner = make("div", { class: "olx-zoom" }, toggle, raise);
  holder.append(corner);

  // The camera: on the whole surface in the race, near the step in the film. It rests while the step stays well in sight.
  let camera = app.view();
  let from = camera;
  let goal = camera;
  let began = 0;
  let moving = 0;
  let placeNow = "";
  function aim() {
    const home = app.view();
    const it = app.slow() && !store.get("_whole") && !store.get("_asked") ? app.anatomy() : null;
    const now = app.surface.key + app.surface.domain.join();
    if (now !== placeNow) {
      placeNow = now;
      camera = from = goal = home;
    }
    let next = home;
    if (it && store.get("_held")) next = goal;
    else if (it) {
      const [x0, x1, y0, y1] = whole(it);
      const size = Math.max(x1 - x0, y1 - y0, 1e-9 * (home[1] - home[0]));
      const wide = goal[1] - goal[0];
      const margin = 0.1 * wide;
      const seen = x0 > goal[0] + margin && x1 < goal[1] - margin && y0 > goal[2] + margin && y1 < goal[3] - margin && size > 0.3 * wide;
      if (seen) next = goal;
      else {
        const half = Math.max((it.ellipse ? 0.62 : 0.75) * (x1 - x0), 0.95 * (y1 - y0), 0.5 * size);
        const [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
        // A little above the middle: the subtitle stands below. Bars stand above.
        const up = it.ellipse ? -0.06 : 0.12;
        if (2 * half < home[1] - home[0]) next = [cx - half, cx + half, cy - (1 + up) * half, cy + (1 - up) * half];
      }
    }
    if (next.join() === goal.join()) return;
    goal = next;
    from = camera;
    began = performance.now();
    if (prefersStill() || !sharp.size.width || !stillKey) camera = goal;
    else if (!moving) moving = requestAnimationFrame(travel);
  }
  function travel(time) {
    const u = Math.min(1, Math.max(0, (time - began) / CAMERA_MS));
    const s = u * u * (3 - 2 * u);
    // The size changes by equal factors in equal times.
    const [a, b] = [from[1] - from[0], goal[1] - goal[0]];
    const size = a * (b / a) ** s;
    const w = Math.abs(a - b) < 1e-9 * a ? s : (a - size) / (a - b);
    const [x, y] = [0, 2].map((k) => (from[k] + from[k + 1]) * (0.5 - w / 2) + (goal[k] + goal[k + 1]) * (w / 2));
    camera = u < 1 ? [x - size / 2, x + size / 2, y - size / 2, y + size / 2] : goal;
    moving = u < 1 ? requestAnimationFrame(travel) : 0;
    store.set({ _camera: {} });
  }

  /** Level sets, drawn once for a surface, its parameters, the size and the theme. */
  function background() {
    const { width, height, ratio } = sharp.size;
    const key = [app.surface.key, app.params.join(), width, ratio, app.theme.dark, app.theme.paper, view.join()].join("|");
    if (key === stillKey) return;
    stillKey = key;
    still.width = sharp.canvas.width;
    still.height = sharp.canvas.height;
    const c = /** @type {CanvasRenderingContext2D} */ (still.getContext("2d"));
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    const home = app.view();
    const times = (home[1] - home[0]) / (view[1] - view[0]);
    const field = sampleField(app.surfaceCode.f, app.params, view, moving ? 72 : store.get("_held") ? 96 : 256, 15, app.scale(), times);
    drawField(c, field, map, app.theme, 1);
    heightLegend(c, app, width, height);
    const style = { color: app.theme.muted, paper: app.theme.high, font: app.theme.font, size: 10.5 };
    for (const x of ticks(view[0], view[1], 5)) {
      if (map.x(x) > 22 && map.x(x) < width - 180) label(c, show(x), map.x(x), height - 9, { ...style, align: "center" });
    }
    for (const y of ticks(view[2], view[3], 5)) {
      if (map.y(y) > 14 && map.y(y) < height - 22) label(c, show(y), 6, map.y(y), style);
    }
    for (const [x, y] of app.minima) {
      c.strokeStyle = app.theme.ink;
      c.lineWidth = 1.4;
      c.beginPath();
      for (const [dx, dy] of [[4, 4], [4, -4]]) {
        c.moveTo(map.x(x) - dx, map.y(y) - dy);
        c.lineTo(map.x(x) + dx, map.y(y) + dy);
      }
      c.stroke();
    }
  }

  /** A stretch of a path. @param {CanvasRenderingContext2D} c @param {any} run @param {number} from @param {number} to @param {number[] | null} [end] where it goes on to @param {string} [of] which of its points */
  function trace(c, run, from, to, end = null, of = "w") {
    const { rows, stride } = run;
    const o = run.layout[of][0];
    let [lx, ly, before] = [NaN, NaN, 1];
    c.beginPath();
    for (let t = from; t <= to; t++) {
      const [x, y, size] = nearer(map, rows[t * stride + o], rows[t * stride + o + 1]);
      if (t === from || (size < 1 && before < 1)) c.moveTo(x, y);
      else if (t === to || Math.abs(x - lx) + Math.abs(y - ly) > 0.7) c.lineTo(x, y);
      else continue;
      [lx, ly, before] = [x, y, size];
    }
    if (end) {
      const [x, y] = nearer(map, end[0], end[1]);
      c.lineTo(x, y);
    }
    c.stroke();
  }

  function paint() {
    const { width, height, ratio } = sharp.size;
    if (!width) return;
    if (app.relief) return place();
    aim();
    view = camera;
    map = planeMap(view, width, height);
    background();
    const { theme } = app;
    const c = sharp.begin();
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.drawImage(still, 0, 0);
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    const step = store.get("step");
    // While the racers move, the step shown is not done.
    const under = app.moved() < 1 && step > 0;
    const selected = store.get("selected");
    const racers = store.get("racers");
    for (const extra of app.underlays) extra(c, map, view);
    const near = camera.join() !== app.view().join();
    /** @param {number[]} w @param {number} [inner] pixels from the border */
    const inSight = ([x, y], inner = 0) => map.x(x) >= inner && map.x(x) <= width - inner && map.y(y) >= inner && map.y(y) <= height - inner;
    const order = app.runs.map((_, i) => i).filter((i) => i !== selected && !racers[i].hidden);
    if (app.runs[selected] && !racers[selected].hidden) order.push(selected);
    // Beside their cloud, single runs say nothing.
    if (store.get("_asked") || store.get("panel") === "floor") order.length = 0;
    c.lineJoin = "round";
    for (const i of order) {
      const run = app.runs[i];
      const t = Math.min(step, run.last);
      const width = i === selected ? 2.8 : 2;
      strokeAs(c, theme, i, width);
      // In the film the others stand back.
      const strength = app.slow() && i !== selected ? 0.5 : 1;
      const done = under && step <= run.last ? t - 1 : t;
      if (app.rule(i).draws.length && !app.slow()) {
        cloud(c, map, run, done, theme.racers[i]);
        continue;
      }
      // Near a step, the whole ways of the others are a tangle: of them there are two steps.
      const aside = near && i !== selected;
      c.globalAlpha = 0.38 * strength;
      if (!aside) trace(c, run, done, run.last);
      c.globalAlpha = strength;
      trace(c, run, aside ? Math.max(0, done - 2) : 0, done, done < t ? app.spot(i) : null);
      c.globalAlpha = 1;
      c.setLineDash([]);
      if (run.trained) {
        // Thin on paper, the way of the point that is reported.
        for (const [style, wide] of [[theme.paper, 3.4], [theme.racers[i], 1.5]]) {
          [c.strokeStyle, c.lineWidth] = [style, wide];
          trace(c, run, 0, done, null, "@reported");
        }
      }
      if (i === selected) stepDots(c, map, run, done, theme.racers[i]);
      const stale = app.slow() ? null : app.stale(i);
      if (stale) staleMark(c, map, stale, theme.racers[i], theme.paper);
    }
    const it = app.anatomy();
    const shown = it && order.length && app.slow() ? app.scene()?.gauge : null;
    const there = planeMap(goal, width, height);
    const bars = it && shown ? gaugeIn(c, it, shown, app.runs[selected], app.rule(selected), theme, theme.racers[selected],
      [width, height - 92], [it.from, it.to].map(([x, y]) => [there.x(x), there.y(y)])) : null;
    const signs = new Map(order.filter((i) => near && !inSight(app.spot(i), 9)).map((i) => [i, beyond(c, map, app.spot(i), app.label(i), theme.racers[i], theme, bars && bars.box)]));
    if (it && order.length) {
      const long = Math.hypot(map.x(it.to[0]) - map.x(it.from[0]), map.y(it.to[1]) - map.y(it.from[1]));
      // Names would stand at the border without their arrows where the step begins outside.
      const at = [map.x(it.from[0]) / width, map.y(it.from[1]) / height];
      const scene = app.scene();
      if (scene && (long > 14 || app.slow())) {
        drawScene(c, map, it, scene, theme, {
          color: theme.racers[selected], names: (app.slow() || long > 60) && at.every((u) => u > 0 && u < 1), width: app.slow() ? 3 : 2.4, unit: unit(),
          free: app.slow() ? [[width - 200, 0, width, 46], ...(bars ? [bars.box] : []), [0, height - 84, width, height], ...[...signs.values()].flatMap((sign) => (sign ? [sign.box] : []))] : [],
        });
      }
    }
    /** @type {[boolean, number][]} */
    const taken = [];
    written = [];
    for (const i of order) {
      const run = app.runs[i];
      const t = Math.min(step, run.last);
      const w = app.spot(i);
      // Out of sight of a camera that is near a step is not outside.
      const told = app.reported(i, under && step <= run.last ? t - 1 : t);
      if (told && inSight(told)) {
        c.lineWidth = 2.2;
        c.strokeStyle = theme.racers[i];
        c.fillStyle = theme.paper;
        markerPath(c, i, map.x(told[0]), map.y(told[1]), i === selected ? 6.5 : 5.2);
        c.fill();
        c.stroke();
        if (i === selected && order.length <= 4 && Math.hypot(map.x(told[0]) - map.x(w[0]), map.y(told[1]) - map.y(w[1])) > 26) {
          label(c, "reported", map.x(told[0]) + 10, map.y(told[1]) - 2, { color: theme.racers[i], paper: theme.paper, font: theme.font, size: 11, italic: true });
        }
      }
      if (signs.has(i)) {
        signs.get(i)?.draw();
        continue;
      }
      const note = run.diverged !== null && t === run.last ? `, diverged at step ${run.diverged}` : "";
      if (outside(c, map, w, view, width, height, theme.racers[i], theme, note, taken, height - (app.slow() ? 92 : 12))) continue;
      c.lineWidth = 1.8;
      c.strokeStyle = theme.paper;
      c.fillStyle = theme.racers[i];
      markerPath(c, i, map.x(w[0]), map.y(w[1]), i === selected ? 6.5 : 5.2);
      c.fill();
      c.stroke();
      named(c, i, map.x(w[0]), map.y(w[1]), order.length);
      if (note) label(c, note.slice(2), map.x(w[0]) + 10, map.y(w[1]), { color: theme.racers[i], paper: theme.paper, font: theme.font, size: 11 });
    }
    if (it && order.length && app.slow()) {
      bars?.draw();
      const now = it.stages.find((stage) => stage.id === app.stage());
      if (now) subtitle(c, now.parts?.[app.scene()?.part ?? 9] || now.short, width, height, theme);
    }
    hovered(c);
    for (const extra of app.overlays) extra(c, map, view);
    place();
  }

  /** Names at the markers of the race, where they stand apart. */
  function named(c, i, x, y, count) {
    const { theme } = app;
    if (app.slow() || count > 4 || store.get("step") < 1 || sharp.size.width < 420) return;
    if (written.some(([a, b]) => Math.abs(a - x) < 110 && Math.abs(b - y) < 16)) return;
    written.push([x, y]);
    const right = x > sharp.size.width - 130;
    label(c, app.label(i), x + (right ? -11 : 11), y, { color: theme.racers[i], paper: theme.paper, font: theme.font, weight: 600, align: right ? "right" : "left" });
  }

  function unit() {
    const { width, height } = sharp.size;
    return [width / (view[1] - view[0]), height / (view[3] - view[2])];
  }

  function hovered(c) {
    const hover = store.get("_hover");
    if (!hover || !app.runs[hover.racer]) return;
    const { theme } = app;
    for (let i = 0; i < app.runs.length; i++) {
      if (store.get("racers")[i].hidden) continue;
      const run = app.runs[i];
      if (hover.t > run.last) continue;
      const w = app.point(i, hover.t);
      dot(c, map.x(w[0]), map.y(w[1]), i === hover.racer ? 5.5 : 4, theme.paper, theme.racers[i], 2);
    }
    if (hover.from !== "picture") return;
    const w = app.point(hover.racer, hover.t);
    const text = `${app.label(hover.racer)}, step ${hover.t}: f = ${show(app.runs[hover.racer].loss[hover.t])}${app.lossNote(hover.racer)}`;
    const right = map.x(w[0]) > sharp.size.width / 2;
    label(c, text, map.x(w[0]) + (right ? -12 : 12), map.y(w[1]) - 14,
      { color: theme.ink, paper: theme.paper, font: theme.font, align: right ? "right" : "left" });
  }

  /** Pixels of a point of the plane. @param {number[]} point @returns {number[]} */
  const at = ([x, y]) => (app.relief ? app.relief.at([x, y]) : [map.x(x), map.y(y)]);

  /** Puts the handle on the start. */
  function place() {
    const [x, y] = store.get("start");
    const [px, py] = at([x, y]);
    const { width, height } = sharp.size;
    const inside = px >= 0 && px <= width && py >= 0 && py <= height;
    handle.style.transform = `translate(${Math.min(width, Math.max(0, px))}px, ${Math.min(height, Math.max(0, py))}px)`;
    handle.classList.toggle("olx-away", !inside);
  }

  /** @param {PointerEvent | MouseEvent} event */
  function pointOf(event) {
    const box = holder.getBoundingClientRect();
    const clamp = (v, lo, hi) => Math.min(hi, Math.max(lo, v));
    const pixel = (view[1] - view[0]) / box.width;
    if (app.relief) return (app.relief.planeAt(event.clientX - box.left, event.clientY - box.top) || store.get("start")).map((v) => tidy(v, 2, pixel));
    return [
      tidy(clamp(map.toX(event.clientX - box.left), view[0], view[1]), 2, pixel),
      tidy(clamp(map.toY(event.clientY - box.top), view[2], view[3]), 2, pixel),
    ];
  }

  let moved = false;
  /** Where a finger went down. @type {number[] | null} */
  let pressed = null;
  /** Where names stand. @type {number[][]} */
  let written = [];
  function grab(event) {
    moved = false;
    pressed = event.pointerType !== "mouse" && event.target !== handle && !corner.contains(event.target) ? [event.clientX, event.clientY] : null;
    if (event.button !== 0 || corner.contains(event.target)) return;
    if (event.pointerType !== "mouse" && event.target !== handle) return;
    event.preventDefault();
    handle.focus({ preventScroll: true });
    holder.setPointerCapture(event.pointerId);
    store.set({ _held: true, _hover: null });
    if (event.target !== handle) store.set({ start: pointOf(event) });
    moved = true;
  }
  function drag(event) {
    if (store.get("_held")) store.set({ start: pointOf(event) });
    else if (event.pointerType === "mouse" && !app.relief) hover(event);
  }
  function drop(event) {
    // A tap; a browser may send no click after a drag.
    if (pressed && event.type === "pointerup" && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) < 10) {
      store.set({ start: pointOf(event) });
      app.say(app.summary);
      moved = true;
    }
    pressed = null;
    if (!store.get("_held")) return;
    store.set({ _held: false });
    stillKey = "";
    app.say(app.summary);
  }
  function hover(event) {
    const box = holder.getBoundingClientRect();
    const [mx, my] = [event.clientX - box.left, event.clientY - box.top];
    /** @type {{racer: number, t: number, from: string} | null} */
    let best = null;
    let nearest = 14 * 14;
    const racers = store.get("racers");
    app.runs.forEach((run, i) => {
      if (racers[i].hidden) return;
      const o = run.layout.w[0];
      for (let t = 0; t <= run.last; t++) {
        const dx = map.x(run.rows[t * run.stride + o]) - mx;
        const dy = map.y(run.rows[t * run.stride + o + 1]) - my;
        const d = dx * dx + dy * dy;
        if (d < nearest) {
          nearest = d;
          best = { racer: i, t, from: "picture" };
        }
      }
    });
    store.set({ _hover: best });
  }
  holder.addEventListener("pointerdown", grab);
  holder.addEventListener("pointermove", drag);
  holder.addEventListener("pointerup", drop);
  holder.addEventListener("pointercancel", drop);
  holder.addEventListener("pointerleave", () => store.set({ _hover: null }));
  holder.addEventListener("click", (event) => {
    // A click that no pointer made; these have set the start.
    if (!moved && event.target !== handle && !corner.contains(event.target)) {
      store.set({ start: pointOf(event) });
      app.say(app.summary);
    }
    moved = false;
  });
  handle.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const size = ((view[1] - view[0]) / 100) * (event.shiftKey ? 5 : 1);
    const [x, y] = store.get("start");
    store.set({ start: [tidy(x + way[0] * size, 3, view[1] - view[0]), tidy(y + way[1] * size, 3, view[1] - view[0])] });
    app.say(app.summary);
  });

  return {
    /** @param {Set<string>} changed */
    update(changed) {
      if (!PICTURE_KEYS.some((key) => changed.has(key))) return;
      if (changed.has("theme")) stillKey = "";
      const all = Boolean(store.get("_whole"));
      hide(toggle, !app.slow() || Boolean(store.get("relief")));
      attribute(raise, "aria-pressed", String(Boolean(store.get("relief"))));
      write(toggle, all ? "Into the step" : "Whole picture");
      attribute(toggle, "aria-pressed", String(all));
      paint();
    },
    /** @param {Set<string>} changed */
    late(changed) {
      if (changed.has("start")) handle.setAttribute("aria-label", `Start point ${showPair(store.get("start"))}. Arrow keys move it, with Shift faster.`);
      if (changed.has("runs") && !store.get("_held")) sharp.canvas.setAttribute("aria-label", app.summary());
    },
    sharp,
    at,
    map: () => map,
    moving: () => Boolean(moving),
    /** The map to a square of another size. @param {number} size */
    mapOf: (size) => planeMap(view, size, size),
    /** The level sets as an image. */
    still: () => still.toDataURL(),
    close() {
      if (moving) cancelAnimationFrame(moving);
      sharp.close();
    },
  };
}
