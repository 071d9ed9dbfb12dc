// The picture: level sets, paths, the inside of the selected racer's step, and the dot that can be dragged.

import { drawField, sampleField } from "./contours.js";
import { make, sharpCanvas } from "./controls.js";
import { dot, drawAnatomy, label, nearer, outside, planeMap, squareView } from "./draw.js";
import { show, showPair, ticks, tidy } from "./numbers.js";
import { markerPath, strokeAs } from "./theme.js";

const PICTURE_KEYS = ["runs", "step", "selected", "focus", "theme", "_hover", "_size", "_held", "racers", "_band", "_asked"];

/** @param {import("./main.js").App} app @param {HTMLElement} parent */
export function createPicture(app, parent) {
  const { store } = app;
  const holder = make("div", { class: "olx-picture" });
  parent.append(holder);
  const sharp = sharpCanvas(holder, () => store.set({ _size: {} }));
  sharp.canvas.setAttribute("role", "img");
  const handle = make("button", { type: "button", class: "olx-handle", "aria-roledescription": "draggable point" });
  holder.append(handle);
  const still = document.createElement("canvas");
  let stillKey = "";
  let view = [0, 1, 0, 1];
  let map = planeMap(view, 1, 1);

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
    const dragging = store.get("_held");
    const field = sampleField(app.surfaceCode.f, app.params, view, dragging ? 96 : 160, app.knownFloor, 15);
    drawField(c, field, map, app.theme, 1);
    const style = { color: app.theme.muted, paper: app.theme.high, font: app.theme.font, size: 10.5 };
    for (const x of ticks(view[0], view[1], 5)) {
      if (map.x(x) > 22 && map.x(x) < width - 22) label(c, show(x), map.x(x), height - 9, { ...style, align: "center" });
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

  /** A stretch of a path. @param {CanvasRenderingContext2D} c @param {any} run @param {number} from @param {number} to */
  function trace(c, run, from, to) {
    const { rows, stride } = run;
    const o = run.layout.w[0];
    let [lx, ly, before] = [NaN, NaN, 1];
    c.beginPath();
    for (let t = from; t <= to; t++) {
      const [x, y, size] = nearer(map, rows[t * stride + o], rows[t * stride + o + 1]);
      if (t === from || (size < 1 && before < 1)) c.moveTo(x, y);
      else if (t === to || Math.abs(x - lx) + Math.abs(y - ly) > 0.7) c.lineTo(x, y);
      else continue;
      [lx, ly, before] = [x, y, size];
    }
    c.stroke();
  }

  function paint() {
    const { width, height, ratio } = sharp.size;
    if (!width) return;
    view = squareView(app.surface.domain);
    map = planeMap(view, width, height);
    background();
    const { theme } = app;
    const c = sharp.begin();
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.drawImage(still, 0, 0);
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    const step = store.get("step");
    const selected = store.get("selected");
    const racers = store.get("racers");
    for (const extra of app.underlays) extra(c, map, view);
    const order = app.runs.map((_, i) => i).filter((i) => i !== selected && !racers[i].hidden);
    if (app.runs[selected] && !racers[selected].hidden) order.push(selected);
    if (store.get("_asked")) order.length = 0;
    c.lineJoin = "round";
    for (const i of order) {
      const run = app.runs[i];
      const t = Math.min(step, run.last);
      const width = i === selected ? 2.8 : 2;
      strokeAs(c, theme, i, width);
      c.globalAlpha = 0.38;
      trace(c, run, t, run.last);
      c.globalAlpha = 1;
      trace(c, run, 0, t);
      c.setLineDash([]);
      if (i === selected) stepDots(c, run, t, theme.racers[i]);
    }
    const it = app.anatomy();
    if (it && order.length) {
      const long = Math.hypot(map.x(it.to[0]) - map.x(it.from[0]), map.y(it.to[1]) - map.y(it.from[1]));
      // Names would stand at the border without their arrows where the step begins outside.
      const at = [map.x(it.from[0]) / width, map.y(it.from[1]) / height];
      if (long > 14) {
        drawAnatomy(c, map, it, app.stage(), theme, {
          color: theme.racers[selected], names: long > 60 && at.every((u) => u > 0 && u < 1), width: 2.4, unit: unit(),
        });
      }
    }
    /** @type {[boolean, number][]} */
    const taken = [];
    for (const i of order) {
      const run = app.runs[i];
      const t = Math.min(step, run.last);
      const w = app.point(i, t);
      const note = run.diverged !== null && t === run.last ? `, diverged at step ${run.diverged}` : "";
      if (outside(c, map, w, view, width, height, theme.racers[i], theme, note, taken)) continue;
      c.lineWidth = 1.8;
      c.strokeStyle = theme.paper;
      c.fillStyle = theme.racers[i];
      markerPath(c, i, map.x(w[0]), map.y(w[1]), i === selected ? 6.5 : 5.2);
      c.fill();
      c.stroke();
      if (note) label(c, note.slice(2), map.x(w[0]) + 10, map.y(w[1]), { color: theme.racers[i], paper: theme.paper, font: theme.font, size: 11 });
    }
    hovered(c);
    for (const extra of app.overlays) extra(c, map, view);
    place();
  }

  function unit() {
    const { width, height } = sharp.size;
    return [width / (view[1] - view[0]), height / (view[3] - view[2])];
  }

  /** A dot a step, where they stand apart far enough to be told apart. */
  function stepDots(c, run, t, color) {
    const o = run.layout.w[0];
    let last = [NaN, NaN];
    c.fillStyle = color;
    c.beginPath();
    for (let k = 1; k <= t; k++) {
      const x = map.x(run.rows[k * run.stride + o]);
      const y = map.y(run.rows[k * run.stride + o + 1]);
      if (Math.abs(x - last[0]) + Math.abs(y - last[1]) < 6) continue;
      last = [x, y];
      c.moveTo(x + 2.7, y);
      c.arc(x, y, 2.7, 0, 2 * Math.PI);
    }
    c.fill();
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
    const text = `${app.label(hover.racer)}, step ${hover.t}: f = ${show(app.runs[hover.racer].loss[hover.t])}`;
    const right = map.x(w[0]) > sharp.size.width / 2;
    label(c, text, map.x(w[0]) + (right ? -12 : 12), map.y(w[1]) - 14,
      { color: theme.ink, paper: theme.paper, font: theme.font, align: right ? "right" : "left" });
  }

  /** Puts the handle on the start. */
  function place() {
    const [x, y] = store.get("start");
    const [px, py] = [map.x(x), map.y(y)];
    const { width, height } = sharp.size;
    const inside = px >= 0 && px <= width && py >= 0 && py <= height;
    handle.style.transform = `translate(${Math.min(width, Math.max(0, px))}px, ${Math.min(height, Math.max(0, py))}px)`;
    handle.classList.toggle("olx-away", !inside);
    const name = `Start point ${showPair(store.get("start"))}. Arrow keys move it, with Shift faster.`;
    if (handle.getAttribute("aria-label") !== name) handle.setAttribute("aria-label", name);
  }

  /** @param {PointerEvent | MouseEvent} event */
  function pointOf(event) {
    const box = holder.getBoundingClientRect();
    const clamp = (v, lo, hi) => Math.min(hi, Math.max(lo, v));
    const pixel = (view[1] - view[0]) / box.width;
    return [
      tidy(clamp(map.toX(event.clientX - box.left), view[0], view[1]), 2, pixel),
      tidy(clamp(map.toY(event.clientY - box.top), view[2], view[3]), 2, pixel),
    ];
  }

  let moved = false;
  function grab(event) {
    if (event.button !== 0) return;
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
    else if (event.pointerType === "mouse") hover(event);
  }
  function drop() {
    if (!store.get("_held")) return;
    store.set({ _held: false });
    stillKey = "";
    app.say(app.summary());
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
    // A tap; the mouse has set the start when it went down.
    if (!moved && event.target !== handle) {
      store.set({ start: pointOf(event) });
      app.say(app.summary());
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
    app.say(app.summary());
  });

  return {
    /** @param {Set<string>} changed */
    update(changed) {
      if (!PICTURE_KEYS.some((key) => changed.has(key))) return;
      if (changed.has("theme")) stillKey = "";
      paint();
      if (changed.has("runs") && !store.get("_held")) sharp.canvas.setAttribute("aria-label", app.summary());
    },
    map: () => map,
    /** The map to a square of another size. @param {number} size */
    mapOf: (size) => planeMap(view, size, size),
    /** The level sets as an image. */
    still: () => still.toDataURL(),
    close() {
      sharp.close();
    },
  };
}
