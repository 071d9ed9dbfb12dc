// Small multiples: a tile a racer, or the selected racer at four values of one of its numbers; one clock for all.

import { drawField, sampleField } from "../view/contours.js";
import { choice, make, sharpCanvas } from "../view/controls.js";
import { nearer, planeMap } from "../view/draw.js";
import { integrate } from "../model/integrator.js";
import { scaleOf, show } from "../model/numbers.js";
import { markerPath, strokeAs } from "../view/theme.js";

/** Tiles for one number. */
const VALUES = 4;

/** @type {import("./panels.js").Panel} */
export const tilesPanel = {
  id: "tiles",
  create(app, parent) {
    const { store } = app;
    let by = "";
    const pick = choice("Tiles", [], (id) => {
      by = id;
      store.set({ _tiles: {} });
    });
    const grid = make("div", { class: "olx-tiles" });
    parent.append(make("label", { class: "olx-check" }, "A tile for", pick.el), grid);
    /** @type {{holder: HTMLElement, words: HTMLElement, sharp: any, still: HTMLCanvasElement, key: string}[]} */
    let tiles = [];
    let listed = "";

    /** What is shown: a run, its racer's look, and its name. @returns {{run: any, i: number, name: string}[]} */
    function shown() {
      const racers = store.get("racers");
      const i = store.get("selected");
      const k = app.rule(i).hypers.findIndex((d) => d.name === by);
      if (k < 0) return app.runs.map((run, n) => ({ run, i: n, name: app.label(n) })).filter(({ i: n }) => !racers[n].hidden);
      const range = app.rule(i).hypers[k];
      const scale = scaleOf(range);
      // Around the value that is set, a fifth of the slider apart.
      const middle = Math.min(0.7, Math.max(0.3, scale.toUnit(racers[i].h[k])));
      return Array.from({ length: VALUES }, (_, n) => {
        const h = racers[i].h.slice();
        const value = scale.fromUnit(middle + 0.2 * (n - 1.5));
        h[k] = range.integer ? Math.round(value) : value;
        const run = integrate(app.ruleCode(i), app.rule(i), h, app.surfaceCode, app.params, store.get("start"), store.get("steps"),
          { noise: store.get("noise") || 0, batch: app.batch(), delay: store.get("delay"), tape: app.tape(i), schedules: app.schedules(i) });
        return { run, i, name: `${range.name} ${show(h[k], 3)}` };
      });
    }

    function tile() {
      const holder = make("div", { class: "olx-tile" });
      const words = make("figcaption", { class: "olx-note" });
      const sharp = sharpCanvas(holder, () => store.set({ _tiles: {} }));
      sharp.canvas.setAttribute("role", "img");
      return { el: make("figure", {}, holder, words), holder, words, sharp, still: document.createElement("canvas"), key: "" };
    }

    /** @param {any} one @param {{run: any, i: number, name: string}} what */
    function paint(one, { run, i, name }) {
      const { width, height, ratio } = one.sharp.size;
      const t = Math.min(store.get("step"), run.last);
      const loss = run.diverged !== null && t === run.last ? `diverged at step ${run.diverged}` : show(run.loss[t]);
      const text = `${name}: ${loss}`;
      if (one.words.textContent !== text) one.words.textContent = text;
      one.sharp.canvas.setAttribute("aria-label", `${name}, step ${t}: ${loss}`);
      if (!width) return;
      const map = planeMap(app.view(), width, height);
      const key = [app.surface.key, app.params.join(), width, ratio, app.theme.dark].join("|");
      if (key !== one.key) {
        one.key = key;
        [one.still.width, one.still.height] = [one.sharp.canvas.width, one.sharp.canvas.height];
        const c = one.still.getContext("2d");
        c.setTransform(ratio, 0, 0, ratio, 0, 0);
        drawField(c, sampleField(app.surfaceCode.f, app.params, app.view(), 96, 10, app.scale()), map, app.theme, 0.8);
      }
      const c = one.sharp.begin();
      c.drawImage(one.still, 0, 0, width, height);
      strokeAs(c, app.theme, i, 2);
      c.beginPath();
      const o = run.layout.w[0];
      let before = 1;
      let [x, y, size] = [0, 0, 1];
      for (let k = 0; k <= t; k++) {
        [x, y, size] = nearer(map, run.rows[k * run.stride + o], run.rows[k * run.stride + o + 1]);
        if (k && (size === 1 || before === 1)) c.lineTo(x, y);
        else c.moveTo(x, y);
        before = size;
      }
      c.stroke();
      c.setLineDash([]);
      c.fillStyle = app.theme.racers[i];
      c.strokeStyle = app.theme.paper;
      c.lineWidth = 1.5;
      markerPath(c, i, x, y, 5);
      c.fill();
      c.stroke();
    }

    /** @type {{run: any, i: number, name: string}[]} */
    let runs = [];
    return {
      /** @param {Set<string>} changed */
      update(changed) {
        if (!["runs", "racers", "selected", "step", "theme", "opened", "_tiles"].some((key) => changed.has(key))) return;
        const i = store.get("selected");
        const options = [{ value: "", text: "each racer" }, ...app.rule(i).hypers.map((d) => ({ value: d.name, text: `four values of ${d.name}, ${app.label(i)}` }))];
        if (JSON.stringify(options) !== listed) {
          listed = JSON.stringify(options);
          pick.fill(options);
        }
        if (!options.some((one) => one.value === by)) by = "";
        pick.set(by);
        if (["runs", "racers", "selected", "opened", "_tiles"].some((key) => changed.has(key))) runs = shown();
        if (tiles.length !== runs.length) {
          for (const one of tiles) one.sharp.close();
          const made = runs.map(tile);
          tiles = made;
          grid.replaceChildren(...made.map((one) => one.el));
        }
        tiles.forEach((one, k) => paint(one, runs[k]));
      },
      close() {
        for (const one of tiles) one.sharp.close();
      },
    };
  },
};
