// The map: the result over any two numbers of the selected racer, with the border of stability on quadratics.

import { axesOf, stabilityLimit } from "./axes.js";
import { keyToCells, levelsOf, paintCells } from "./cells.js";
import { button, choice, make, sharpCanvas } from "../view/controls.js";
import { label, nearer } from "../view/draw.js";
import { integrate } from "../model/integrator.js";
import { eigenmodes } from "../model/linear.js";
import { scaleOf, show, tidy } from "../model/numbers.js";
import { markerPath } from "../view/theme.js";
import { CELLS, jobOf } from "../model/worker.js";

const MARGIN = { left: 52, right: 10, top: 8, bottom: 38 };
/** @type {import("./panels.js").Panel} */
export const mapPanel = {
  id: "map",
  create(app, parent) {
    const { store } = app;
    const pick = (which) => (id) => store.set({ map: { ...chosen(), [which]: id } });
    const across = choice("Across", [], pick("x"));
    const up = choice("Up", [], pick("y"));
    const title = make("strong", {});
    const holder = make("div", { class: "olx-map" });
    const sharp = sharpCanvas(holder, () => store.set({ _map: {} }));
    const { canvas } = sharp;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-roledescription", "map");
    const legend = make("div", { class: "olx-legend", "aria-hidden": "true" });
    const readout = make("p", { class: "olx-readout" });
    const caption = make("p", { class: "olx-note" });
    parent.append(title, make("div", { class: "olx-row" }, make("label", { class: "olx-check" }, "across", across.el), make("label", { class: "olx-check" }, "up", up.el),
      button("Over the start", "Map the result over the start", () => store.set({ map: { x: "start x", y: "start y" } }))),
      holder, readout, legend, caption);

    let axes = axesOf(app);
    let pair = [axes[0], axes[1] || axes[0]];
    let asked = "";
    let filled = "";
    /** @type {{values: Float64Array | null, ends?: Float64Array | null, border: number[][] | null, best: any, done: boolean}} */
    let result = { values: null, border: null, best: null, done: false };
    /** The cell pointed at. @type {number[] | null} */
    let cell = null;
    let painted = { values: /** @type {any} */ (null), dark: false };
    let limit = { key: "", value: NaN };
    const image = document.createElement("canvas");
    image.width = image.height = CELLS;

    function chosen() {
      const map = store.get("map") || {};
      const has = (id) => axes.some((a) => a.id === id);
      const second = app.surface.quadratic && axes[1]?.kind !== "h" ? "steps" : axes[1]?.kind === "h" ? axes[1].id : "steps";
      const x = has(map.x) ? map.x : axes[0].id;
      const y = has(map.y) && map.y !== x ? map.y : second !== x ? second : axes[0].id;
      return { x, y };
    }
    const scales = () => pair.map((axis) => scaleOf(axis.range));
    const current = () => pair.map((axis) => axis.kind === "h" ? store.get("racers")[store.get("selected")].h[axis.index]
      : axis.kind === "p" ? app.params[axis.index] : axis.kind === "start" ? store.get("start")[axis.index] : store.get(axis.kind));
    /** @param {number[]} cell */
    const valuesOf = ([i, j]) => scales().map((scale, k) => {
      const value = scale.fromUnit(((k ? j : i) + 0.5) / CELLS);
      return pair[k].range.integer ? Math.round(value) : value;
    });
    const inner = () => ({ w: sharp.size.width - MARGIN.left - MARGIN.right, h: sharp.size.height - MARGIN.top - MARGIN.bottom });
    const xOf = (u) => MARGIN.left + u * inner().w;
    const yOf = (v) => MARGIN.top + (1 - v) * inner().h;

    /** The value of a cell, or of the coarse one that holds it. */
    function valueAt(i, j) {
      const { values } = result;
      for (let s = 1; values && s <= 16; s *= 2) {
        const value = values[(j - (j % s)) * CELLS + i - (i % s)];
        if (!Number.isNaN(value)) return value;
      }
      return NaN;
    }

    /** Asks for a map, if what it depends on changed. */
    function ask() {
      axes = axesOf(app);
      const ids = chosen();
      pair = [ids.x, ids.y].map((id) => axes.find((a) => a.id === id) || axes[0]);
      const i = store.get("selected");
      const { place, racer } = jobOf(app, i);
      const job = {
        place: { ...place, p: place.p.slice(), start: place.start.slice() }, racer: { ...racer, h: racer.h.slice() }, cells: CELLS,
        axes: pair.map(({ kind, index, range }) => ({ kind, index, range: { ...range, mathml: "", range: "" } })),
        theory: Boolean(app.surface.quadratic) && pair.every((axis) => !["steps", "start"].includes(axis.kind)),
      };
      for (const axis of pair) {
        if (axis.kind === "h") job.racer.h[axis.index] = 0;
        else if (axis.kind === "p") job.place.p[axis.index] = 0;
        else if (axis.kind === "start") job.place.start[axis.index] = 0;
        else job.place[axis.kind] = 0;
      }
      const key = JSON.stringify(job);
      if (key === asked) return;
      asked = key;
      cell = app.previewed = null;
      let fresh = true;
      app.workshop.ask("map", job, (part) => {
        if (fresh) result = { values: result.values, ends: null, border: null, best: null, done: false };
        fresh = false;
        Object.assign(result, part);
        store.set({ _map: {} });
      });
    }

    function paint() {
      const { width } = sharp.size;
      if (!width) return;
      const { theme } = app;
      const c = sharp.begin();
      const { w, h } = inner();
      if (result.values) {
        if (painted.values !== result.values || painted.dark !== theme.dark) {
          painted = { values: result.values, dark: theme.dark };
          const found = levelsOf(app, result.values);
          paintCells(app, image, result, valueAt, found);
          key(found);
        }
        c.save();
        c.beginPath();
        c.rect(MARGIN.left, MARGIN.top, w, h);
        c.clip();
        c.strokeStyle = theme.faint;
        c.lineWidth = 1.2;
        c.beginPath();
        for (let x = -h; x < w; x += 7) {
          c.moveTo(MARGIN.left + x, MARGIN.top + h);
          c.lineTo(MARGIN.left + x + h, MARGIN.top);
        }
        c.stroke();
        c.restore();
        c.imageSmoothingEnabled = false;
        c.drawImage(image, MARGIN.left, MARGIN.top, w, h);
      }
      c.strokeStyle = theme.line;
      c.lineWidth = 1;
      c.setLineDash([]);
      c.strokeRect(MARGIN.left, MARGIN.top, w, h);
      const style = { color: theme.muted, paper: theme.paper, font: theme.font, size: 11 };
      const [sx, sy] = scales();
      let last = -Infinity;
      for (const mark of sx.marks) {
        const x = xOf(sx.toUnit(mark));
        if (x - last < 40 || x > width - 16) continue;
        last = x;
        label(c, show(mark, 4), x, MARGIN.top + h + 11, { ...style, align: "center" });
      }
      last = Infinity;
      for (const mark of sy.marks) {
        const y = yOf(sy.toUnit(mark));
        if (last - y < 18 && last !== Infinity) continue;
        last = y;
        label(c, show(mark, 4), MARGIN.left - 6, Math.max(12, y), { ...style, align: "right" });
      }
      label(c, pair[0].text, MARGIN.left + w / 2, MARGIN.top + h + 28, { ...style, color: theme.ink, align: "center", size: 12 });
      c.save();
      c.translate(9, MARGIN.top + h / 2);
      c.rotate(-Math.PI / 2);
      label(c, pair[1].text, 0, 0, { ...style, color: theme.ink, align: "center", size: 12 });
      c.restore();

      c.save();
      c.beginPath();
      c.rect(MARGIN.left, MARGIN.top, w, h);
      c.clip();
      if (result.border) border(c);
      const [x, y] = current().map((value, k) => (k ? yOf(sy.toUnit(value)) : xOf(sx.toUnit(value))));
      c.restore();
      c.lineWidth = 2;
      c.strokeStyle = theme.paper;
      c.fillStyle = theme.racers[store.get("selected")];
      markerPath(c, store.get("selected"), x, y, 8);
      c.fill();
      c.stroke();
      c.lineWidth = 1;
      c.strokeStyle = theme.ink;
      markerPath(c, store.get("selected"), x, y, 9.5);
      c.stroke();
      if (cell) {
        c.strokeStyle = theme.paper;
        c.lineWidth = 4;
        const box = [xOf((cell[0] - 1) / CELLS), yOf((cell[1] + 2) / CELLS), (3 * w) / CELLS, (3 * h) / CELLS];
        c.strokeRect(box[0], box[1], box[2], box[3]);
        c.strokeStyle = theme.ink;
        c.lineWidth = 1.6;
        c.strokeRect(box[0], box[1], box[2], box[3]);
      }
    }

    /** Where the spectral radius is 1, and where it is least. @param {CanvasRenderingContext2D} c */
    function border(c) {
      const { theme } = app;
      const path = new Path2D();
      for (const [u0, v0, u1, v1] of result.border || []) {
        path.moveTo(xOf(u0), yOf(v0));
        path.lineTo(xOf(u1), yOf(v1));
      }
      for (const [color, size] of [[theme.paper, 5], [theme.ink, 2]]) {
        c.strokeStyle = color;
        c.lineWidth = size;
        c.lineCap = "round";
        c.stroke(path);
      }
      const style = { color: theme.ink, paper: theme.paper, font: theme.font, size: 12, weight: 600 };
      const named = (result.border || []).filter((line) => line[1] > 0.3 && line[1] < 0.8).sort((one, other) => other[0] - one[0])[0];
      if (named) {
        const right = named[0] > 0.85;
        label(c, "ρ = 1", xOf(named[0]) + (right ? -9 : 9), yOf(named[1]), { ...style, align: right ? "right" : "left" });
      }
      const [x, y] = [xOf(result.best.u), yOf(result.best.v)];
      for (const [color, size] of [[theme.paper, 6], [theme.ink, 2.2]]) {
        c.strokeStyle = color;
        c.lineWidth = size;
        c.beginPath();
        for (const s of [1, -1]) {
          c.moveTo(x - 6, y - 6 * s);
          c.lineTo(x + 6, y + 6 * s);
        }
        c.stroke();
      }
    }

    let keyed = "";
    /** The colours in words and numbers. @param {import("./cells.js").Levels} found */
    function key(found) {
      const text = [found.least, found.top, found.low, app.theme.dark].join();
      if (text === keyed) return;
      keyed = text;
      legend.replaceChildren(...keyToCells(app, found));
    }

    function words(values, loss) {
      const result = loss === Infinity ? "diverged" : Number.isNaN(loss) ? "not yet known" : "loss " + show(loss);
      return `${pair[0].text} ${show(values[0], 4)}, ${pair[1].text} ${show(values[1], 4)}: ${result}`;
    }
    function tell() {
      const run = app.runs[store.get("selected")];
      const loss = run.diverged === null ? run.loss[run.last] : Infinity;
      readout.textContent = cell && result.values ? words(valuesOf(cell), valueAt(cell[0], cell[1])) : "Now " + words(current(), loss);
      if (result.ends && app.minima.length > 1) caption.textContent = "Colours: the minimum at which the run from there has arrived; where none, the loss.";
      else if (!app.surface.quadratic) caption.textContent = "";
      else if (!result.border) {
        caption.textContent = !result.done ? "" : pair.some((a) => a.kind === "steps") ? ""
          : pair.some((a) => a.kind === "start") ? "" : `${app.rule(store.get("selected")).label} is not linear in parameters and state: its border has no formula here.`;
      } else {
        const [x, y] = pair;
        const task = JSON.stringify([x.id, store.get("racers")[store.get("selected")], app.params, store.get("delay")]);
        if (task !== limit.key) limit = { key: task, value: x.kind === "delay" ? NaN : stabilityLimit(app, x) };
        const at = scales().map((scale, k) => tidy(scale.raw(k ? result.best.v : result.best.u), 4));
        caption.textContent = "Line: spectral radius ρ of a step equal to 1; beyond it errors grow. " +
          (limit.value > 0 ? `At ${y.text} ${show(current()[1], 4)} the limit is ${x.text} = ${show(limit.value, 4)}. ` : "") +
          `Cross: the fastest, ρ = ${show(result.best.rho, 4)}, at ${x.text} ${show(at[0], 4)}, ${y.text} ${show(at[1], 4)}. ` +
          `Curvatures ${eigenmodes(app.surfaceCode, app.params).map((m) => show(m.value)).join(" and ")}.`;
      }
    }

    /** What a cell stands for. @param {number[]} at */
    function settingsOf(at) {
      const values = valuesOf(at);
      const h = store.get("racers")[store.get("selected")].h.slice();
      const [params, start] = [app.params.slice(), store.get("start").slice()];
      const more = { steps: store.get("steps"), delay: store.get("delay") };
      pair.forEach((axis, k) => {
        if (axis.kind === "h") h[axis.index] = values[k];
        else if (axis.kind === "p") params[axis.index] = values[k];
        else if (axis.kind === "start") start[axis.index] = values[k];
        else more[axis.kind] = values[k];
      });
      return { h, params, start, ...more };
    }
    /** Takes over the values of a cell. @param {number[]} at */
    function take(at) {
      const { h, params, start, steps, delay } = settingsOf(at);
      store.setRacer(store.get("selected"), { h });
      store.set({ params, start, steps, delay, step: Math.min(steps, store.get("step")) });
    }
    /** The run of the cell that is pointed at. */
    function preview() {
      if (!cell) return null;
      const i = store.get("selected");
      const { h, params, start, steps, delay } = settingsOf(cell);
      const [tape, schedules] = [app.tape(i), app.schedules(i)];
      // What is drawn, and schedules, are known up to the last step.
      const until = tape || schedules.length ? Math.min(steps, store.get("steps")) : steps;
      return integrate(app.ruleCode(i), app.rule(i), h, app.surfaceCode, params, start, until,
        { noise: store.get("noise") || 0, batch: app.batch(), delay, tape, schedules });
    }
    app.overlays.push((c, map) => {
      const run = app.previewed;
      if (!run) return;
      const path = new Path2D();
      const o = run.layout.w[0];
      let before = 1;
      for (let t = 0; t <= run.last; t++) {
        const [x, y, size] = nearer(map, run.rows[t * run.stride + o], run.rows[t * run.stride + o + 1]);
        if (t && (size === 1 || before === 1)) path.lineTo(x, y);
        else path.moveTo(x, y);
        before = size;
      }
      c.setLineDash([]);
      for (const [color, width] of [[app.theme.paper, 5], [app.theme.accent, 2]]) {
        c.strokeStyle = color;
        c.lineWidth = width;
        c.stroke(path);
      }
    });
    function cellOf(event) {
      const u = (event.offsetX - MARGIN.left) / inner().w;
      const v = 1 - (event.offsetY - MARGIN.top) / inner().h;
      const grid = [u, v].map((x) => Math.floor(x * CELLS));
      return grid.every((k) => k >= 0 && k < CELLS) ? grid : null;
    }
    function point(at) {
      if (String(at) === String(cell)) return;
      cell = at;
      app.previewed = preview();
      store.set({ _map: {} });
    }
    let held = false;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.pointerType !== "mouse") return;
      held = true;
      canvas.setPointerCapture(event.pointerId);
      const at = cellOf(event);
      if (at) take(at);
    });
    canvas.addEventListener("pointermove", (event) => {
      const at = cellOf(event);
      if (held && at) take(at);
      if (event.pointerType === "mouse") point(at);
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (held = false));
    canvas.addEventListener("click", (event) => {
      const at = cellOf(event);
      if (at) take(at);
      app.say(readout.textContent);
    });
    canvas.addEventListener("pointerleave", () => point(null));
    canvas.addEventListener("blur", () => point(null));
    canvas.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (way) {
        const from = cell || scales().map((scale, k) => Math.min(CELLS - 1, Math.floor(scale.toUnit(current()[k]) * CELLS)));
        const size = event.shiftKey ? 8 : 1;
        point(from.map((k, d) => Math.min(CELLS - 1, Math.max(0, k + way[d] * size))));
        tell();
        app.say(readout.textContent);
      } else if ((event.key === "Enter" || event.key === " ") && cell) {
        take(cell);
        app.say("Set to " + readout.textContent);
      } else if (event.key === "Escape" && cell) point(null);
      else return;
      event.preventDefault();
    });

    return {
      /** @param {Set<string>} changed */
      update(changed) {
        if (!["runs", "selected", "map", "_map", "theme", "opened"].some((key) => changed.has(key))) return;
        if (["runs", "selected", "map", "opened"].some((key) => changed.has(key))) ask();
        const options = axes.map((a) => ({ value: a.id, text: a.text }));
        const list = JSON.stringify(options);
        if (list !== filled) {
          filled = list;
          across.fill(options);
          up.fill(options);
        }
        across.set(pair[0].id);
        up.set(pair[1].id);
        const name = app.label(store.get("selected"));
        title.textContent = `Loss of ${name} after ${pair.some((a) => a.kind === "steps") ? "the steps" : store.get("steps") + " steps"}`;
        canvas.setAttribute("aria-label", `Loss of ${name} over ${pair[0].text} and ${pair[1].text}. Arrow keys point, Enter sets.`);
        paint();
        tell();
      },
      hide() {
        asked = "";
        point(null);
        app.workshop.ask("map", null, () => {});
      },
      close() {
        sharp.close();
      },
    };
  },
};
