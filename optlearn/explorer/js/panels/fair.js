// Fairness: each racer's own learning rate, one for all, or each tuned on one grid. What each got always stands below the racers.

import { hide, make, segments, sharpCanvas, slider, write } from "../view/controls.js";
import { label } from "../view/draw.js";
import { show, superscript, tidy } from "../model/numbers.js";
import { RUN_KEYS } from "../model/state.js";
import { markerPath, strokeAs, swatch } from "../view/theme.js";
import { jobOf } from "../model/worker.js";

/** Learning rates that are tried: six a decade. */
export const GRID = Array.from({ length: 37 }, (_, k) => tidy(10 ** (k / 6 - 5), 2));

/** Where steps are random, a value is judged by the mean over so many seeds: one draw would choose luck. @param {any} app */
const seedsOf = (app) => (app.store.get("racers").some((_, i) => app.tape(i)) ? 16 : 1);

/** Where a racer's learning rate stands among its numbers; -1 if it has none, or a schedule. @param {any} app @param {number} i */
function rateOf(app, i) {
  return app.store.get("racers")[i].schedules?.lr ? -1 : app.rule(i).hypers.findIndex((d) => d.name === "lr");
}

/** Keeps the promise that is chosen, whether or not the panel is open. @param {any} app @param {HTMLElement} row of racers */
export function createFairness(app, row) {
  const { store } = app;
  const words = make("span", {});
  const undo = make("button", { type: "button", class: "olx-quiet", hidden: true, onclick: () => {
    if (moved) store.set({ racers: moved.before });
    moved = null;
    store.set({ _tuned: {} });
    app.say("Learning rates as before");
    app.el.querySelector(".olx-chip")?.focus({ preventScroll: true });
  } }, "Undo");
  const line = make("p", { class: "olx-note olx-fair" }, words, undo);
  row.after(line);
  /** After a change of the surface: what it was tuned for, the racers before, and the rates found. @type {{to: string, before: any[], rates?: number[]} | null} */
  let moved = null;
  /** @type {{key: string, losses: number[][], chosen: number[]} | null} */
  let tuned = null;
  let asked = "";
  let before = [];
  app.tuning = () => tuned;
  app.rates = () => store.get("racers").map((racer, i) => (rateOf(app, i) < 0 ? NaN : racer.h[rateOf(app, i)]));
  /** Gives racers learning rates; NaN leaves one as it is. @param {number[]} rates */
  app.setRates = (rates) => {
    store.set({ racers: store.get("racers").map((racer, i) => {
      if (!(rates[i] > 0) || rateOf(app, i) < 0) return racer;
      const h = racer.h.slice();
      h[rateOf(app, i)] = rates[i];
      return { ...racer, h };
    }) });
  };

  /** Before the runs: with one learning rate for all, a change of one is a change of all. @param {Set<string>} changed */
  app.before.push((changed) => {
    if (store.get("fair") !== "same") {
      before = [];
      return;
    }
    if (changed.has("racers") || changed.has("fair")) {
      const rates = app.rates();
      const own = rates.findIndex((rate, i) => before.length === rates.length && !Number.isNaN(rate) && rate !== before[i]);
      const value = rates[own >= 0 ? own : store.get("selected")] || rates.find((rate) => rate > 0);
      if (rates.some((rate) => rate > 0 && rate !== value)) app.setRates(rates.map(() => value));
    }
    before = app.rates();
  });

  /** The best of the grid for every racer; NaN where all diverge, or where there is no rate. @param {number[][]} losses */
  const best = (losses) => losses.map((row) => {
    const least = Math.min(...row.filter((z) => z < Infinity));
    return Number.isFinite(least) ? GRID[row.indexOf(least)] : NaN;
  });

  /** Once, for the surface that the reader went to. */
  function retune() {
    const mine = moved = { ...store.get("_moved") };
    const jobs = store.get("racers").map((_, i) => ({ ...jobOf(app, i), index: rateOf(app, i) }));
    const racers = jobs.map(({ racer, index }) => ({ ...racer, index }));
    app.workshop.ask("tune", { place: jobs[0].place, racers, grid: GRID, seeds: seedsOf(app) }, ({ losses }) => {
      if (moved !== mine || !holds()) return;
      app.setRates(best(losses));
      mine.rates = app.rates();
      store.set({ _tuned: {} });
      app.say(text());
    });
  }
  /** Does what was found for the surface still hold? */
  const holds = () => moved && !store.get("fair") && store.get("surface") === moved.to && (!moved.rates || String(moved.rates) === String(app.rates()));

  function tune() {
    const racers = store.get("racers");
    const jobs = racers.map((_, i) => ({ ...jobOf(app, i), index: rateOf(app, i) }));
    const bare = jobs.map(({ racer, index }) => ({ ...racer, h: racer.h.map((x, k) => (k === index ? 0 : x)), index }));
    const key = JSON.stringify([jobs[0].place, bare]);
    if (tuned && key === tuned.key) {
      // The same task, other values: somebody chose them.
      const rates = app.rates();
      if (tuned.chosen.some((rate, i) => rate > 0 && rate !== rates[i])) {
        store.set({ fair: "" });
        app.say("Own learning rates again");
      }
      return;
    }
    if (key === asked || store.get("_held")) return;
    asked = key;
    app.workshop.ask("tune", { place: jobs[0].place, racers: bare, grid: GRID, seeds: seedsOf(app) }, ({ losses }) => {
      const chosen = best(losses);
      tuned = { key, losses, chosen };
      app.setRates(chosen);
      store.set({ _tuned: {} });
      app.say(text());
    });
  }

  function text() {
    const mode = store.get("fair");
    const racers = store.get("racers");
    if (!mode && !holds()) return "";
    const rates = app.rates();
    const got = racers.map((_, i) => `${app.label(i)} ${Number.isNaN(rates[i]) ? (racers[i].schedules?.lr ? "its schedule" : "has none") : show(rates[i])}`).join(", ");
    if (!mode) {
      return moved?.rates ? `Learning rates tuned for ${app.surface.label}, on ${GRID.length} values from ${show(GRID[0])} to ${show(GRID[GRID.length - 1])}: ${got}. `
        : `Learning rates are being tuned for ${app.surface.label}.`;
    }
    if (mode === "same") return `Same learning rate for all: ${got}.`;
    const what = `Learning rates tuned on the same ${GRID.length} values from ${show(GRID[0])} to ${show(GRID[GRID.length - 1])}, lowest ${seedsOf(app) > 1 ? "mean loss of 16 seeds" : "loss"} after ${store.get("steps")} steps`;
    if (!tuned || tuned.chosen.length !== racers.length) return what + ": working.";
    const { chosen } = tuned;
    const bad = racers.map((_, i) => i).filter((i) => rateOf(app, i) >= 0 && Number.isNaN(chosen[i]));
    return `${what}: ${got}.` + (bad.length ? ` ${bad.map((i) => app.label(i)).join(", ")}: diverges at every value, left as it was.` : "") +
      (store.get("_held") ? " (Tuned for the start before this drag.)" : "");
  }

  return {
    /** @param {Set<string>} changed */
    update(changed) {
      const mode = store.get("fair");
      if (changed.has("fair") && mode !== "tuned") {
        tuned = null;
        asked = "";
        app.workshop.ask("tune", null, () => {});
      }
      if (changed.has("_moved") && store.get("_moved") && !mode) retune();
      if (![...RUN_KEYS, "fair", "_tuned", "_held"].some((key) => changed.has(key))) return;
      if (mode === "tuned") tune();
      if (!holds()) moved = null;
      const now = text();
      hide(line, !now);
      hide(undo, !moved?.rates);
      write(words, now);
    },
    close() {},
  };
}

/** @type {import("./panels.js").Panel} */
export const fairPanel = {
  id: "fair",
  create(app, parent) {
    const { store } = app;
    const modes = segments("Learning rates", (id) => store.set({ fair: id === "own" ? "" : id }));
    const rate = slider({ name: "learning rate of all", mathml: "<mi>η</mi>", low: GRID[0], high: GRID[GRID.length - 1], log: true, above: 0, range: "a finite number with 0 < learning rate" },
      (value) => app.setRates(app.rates().map(() => value)));
    const holder = make("div", { class: "olx-tune" });
    const sharp = sharpCanvas(holder, () => store.set({ _tuned: {} }));
    sharp.canvas.setAttribute("role", "img");
    const table = make("table", { class: "olx-table" });
    const note = make("p", { class: "olx-note" });
    parent.append(modes.el, rate.el, holder, table, note);

    /** The loss of every racer over the grid. */
    function paint() {
      const { width, height } = sharp.size;
      const tuned = app.tuning();
      if (!width) return;
      const c = sharp.begin();
      if (!tuned || tuned.losses.length !== app.runs.length) return;
      const { theme } = app;
      const above = (z) => Math.log10(Math.max(z - app.floor, 1e-300));
      const first = above(app.runs[0].loss[0]);
      let least = first;
      for (const row of tuned.losses) for (const z of row) if (above(z) > first - 16) least = Math.min(least, above(z));
      const [top, bottom] = [Math.ceil(first) + 1, Math.min(Math.floor(least), Math.ceil(first) - 1)];
      const margin = { left: 44, right: 10, top: 20, bottom: 20 };
      const x = (k) => margin.left + (k / (GRID.length - 1)) * (width - margin.left - margin.right);
      const y = (z) => margin.top + ((top - z) / (top - bottom)) * (height - margin.top - margin.bottom);
      const style = { color: theme.muted, paper: theme.paper, font: theme.font, size: 10.5 };
      c.setLineDash([]);
      c.strokeStyle = theme.line;
      c.lineWidth = 1;
      for (let k = top; k >= bottom; k -= Math.max(1, Math.ceil((top - bottom) / 4))) {
        c.beginPath();
        c.moveTo(margin.left, y(k));
        c.lineTo(width - margin.right, y(k));
        c.stroke();
        label(c, k ? "10" + superscript(k) : "1", margin.left - 6, y(k), { ...style, align: "right" });
      }
      for (let k = 0; k < GRID.length; k += 6) label(c, show(GRID[k]), Math.min(width - 14, x(k)), height - 8, { ...style, align: "center" });
      label(c, "last loss, over the learning rate", margin.left, 8, { ...style, size: 11.5 });
      c.save();
      c.beginPath();
      c.rect(margin.left - 8, margin.top - 2, width, height - margin.top - margin.bottom + 6);
      c.clip();
      tuned.losses.forEach((row, i) => {
        if (store.get("racers")[i].hidden) return;
        strokeAs(c, theme, i, 1.8);
        c.beginPath();
        let pen = false;
        row.forEach((z, k) => {
          if (!Number.isFinite(z)) pen = false;
          else if (pen) c.lineTo(x(k), Math.max(-1e4, Math.min(1e4, y(above(z)))));
          else {
            c.moveTo(x(k), Math.max(-1e4, Math.min(1e4, y(above(z)))));
            pen = true;
          }
        });
        c.stroke();
        c.setLineDash([]);
        const best = GRID.indexOf(tuned.chosen[i]);
        if (best < 0) return;
        c.fillStyle = theme.racers[i];
        c.strokeStyle = theme.paper;
        c.lineWidth = 1.5;
        markerPath(c, i, x(best), Math.min(height - margin.bottom, y(above(row[best]))), 6);
        c.fill();
        c.stroke();
      });
      c.restore();
    }

    return {
      /** @param {Set<string>} changed */
      update(changed) {
        if (!["runs", "fair", "selected", "theme", "_tuned", "opened"].some((key) => changed.has(key))) return;
        const mode = store.get("fair") || "own";
        const tuned = mode === "tuned" ? app.tuning() : null;
        modes.set([{ id: "own", title: "Own" }, { id: "same", title: "Same for all" }, { id: "tuned", title: "Each tuned" }], mode);
        /** @type {any} */ (rate.el).hidden = mode !== "same";
        const rates = app.rates();
        if (mode === "same") rate.set(rates.find((r) => r > 0) || GRID[0]);
        holder.hidden = mode !== "tuned";
        if (mode === "tuned") paint();
        const racers = store.get("racers");
        const rows = racers.map((racer, i) => {
          const run = app.runs[i];
          const edge = tuned && [GRID[0], GRID[GRID.length - 1]].includes(tuned.chosen[i]) ? " (end of the grid)" : "";
          return [i, (Number.isNaN(rates[i]) ? (racer.schedules?.lr ? "schedule" : "none") : show(rates[i], 4)) + edge,
            run.diverged === null ? show(run.loss[run.last]) : `diverged at step ${run.diverged}`];
        });
        table.replaceChildren(
          make("thead", {}, make("tr", {}, ...["racer", "learning rate", `loss after ${store.get("steps")} steps`].map((t) => make("th", { scope: "col" }, t)))),
          make("tbody", {}, ...rows.map(([i, ...rest]) => make("tr", {}, make("th", { scope: "row" }, make("span", { html: swatch(i) + " " }), app.label(i)), ...rest.map((t) => make("td", {}, t))))));
        note.textContent = {
          own: "Each racer keeps the learning rate on its own slider.",
          same: "One learning rate for all: fair in form, though the same number means steps of different length to different rules.",
          tuned: `Each racer ran ${GRID.length} times, ${store.get("steps")} steps each, from this start` +
            (seedsOf(app) > 1 ? `, with each of the 16 seeds from ${store.get("seed")} on` : "") +
            "; its other numbers stay as set. A change of start, surface or numbers tunes again, of all alike; moving a learning rate by hand ends it.",
        }[mode];
        sharp.canvas.setAttribute("aria-label", tuned ? racers.map((_, i) => `${app.label(i)}: best ${show(tuned.chosen[i])}`).join("; ") : "Not tuned yet");
      },
      close() {
        sharp.close();
      },
    };
  },
};
