// Noise: its size, its seed, minibatches, and a band of runs with other seeds.

import { make, numberField, slider } from "../view/controls.js";
import { nearer } from "../view/draw.js";
import { minibatch } from "../view/inset.js";
import { show } from "../model/numbers.js";
import { RUN_KEYS } from "../model/state.js";
import { swatch } from "../view/theme.js";
import { jobOf } from "../model/worker.js";

/** Runs in a band. */
export const BAND = 32;

/** Draws the bands, under the paths and under the loss curves, whether or not the panel is open. @param {any} app */
export function createBand(app) {
  const { store } = app;
  let asked = "";
  app.bands = null;
  const visible = () => (app.bands || []).map((band, i) => ({ band, i })).filter(({ band, i }) => band && store.get("racers")[i] && !store.get("racers")[i].hidden);
  app.underlays.push((c, map) => {
    for (const { band, i } of visible()) {
      c.setLineDash([]);
      c.strokeStyle = app.theme.racers[i];
      c.lineWidth = 1;
      c.globalAlpha = 0.13;
      for (const path of band.paths) {
        c.beginPath();
        let before = 1;
        for (let k = 0; k < path.length; k += 2) {
          const [x, y, size] = nearer(map, path[k], path[k + 1]);
          if (size === 1 || before === 1) c.lineTo(x, y);
          else c.moveTo(x, y);
          before = size;
        }
        c.stroke();
      }
      c.globalAlpha = 1;
    }
  });
  app.timelays.push((c, xOf, yOf) => {
    for (const { band, i } of visible()) {
      const [low, , high] = band.quantiles;
      c.fillStyle = app.theme.racers[i];
      c.globalAlpha = 0.2;
      c.beginPath();
      low.forEach((z, t) => c.lineTo(xOf(t), Math.min(1e4, yOf(z))));
      for (let t = high.length - 1; t >= 0; t--) c.lineTo(xOf(t), Math.max(-1e4, yOf(Math.min(high[t], 1e300))));
      c.fill();
      c.globalAlpha = 1;
    }
  });
  return {
    /** @param {Set<string>} changed */
    update(changed) {
      if (![...RUN_KEYS, "band"].some((key) => changed.has(key))) return;
      const random = store.get("racers").map((_, i) => i).filter((i) => store.get("band") && app.tape(i));
      if (!random.length) {
        if (app.bands) store.set({ _band: {} });
        app.bands = null;
        asked = "";
        app.workshop.ask("band", null, () => {});
        return;
      }
      const jobs = random.map((i) => jobOf(app, i));
      const job = { place: jobs[0].place, racers: jobs.map((one) => one.racer), runs: BAND };
      const key = JSON.stringify(job);
      if (key === asked) return;
      asked = key;
      app.workshop.ask("band", job, ({ bands }) => {
        app.bands = [];
        random.forEach((i, k) => (app.bands[i] = bands[k]));
        store.set({ _band: {} });
      });
    },
    close() {},
  };
}

/** @type {import("./panels.js").Panel} */
export const noisePanel = {
  id: "noise",
  create(app, parent) {
    const { store } = app;
    const noise = slider({ name: "noise", mathml: "<mi>σ</mi>", low: 0.01, high: 100, log: true, at_least: 0, range: "a finite number with 0 <= noise" },
      (value) => store.set({ noise: value }));
    const sizes = make("div", {});
    const delay = slider({ name: "delay", mathml: "<mi>τ</mi>", low: 0, high: 16, integer: true, at_least: 0, at_most: 32, range: "a whole number from 0 to 32" },
      (value) => store.set({ delay: value }));
    const seed = numberField("Seed", { range: "a whole number from 0 to 4294967295", at_least: 0, at_most: 4294967295, integer: true },
      (x) => store.set({ seed: x }), "seed");
    const next = make("button", { type: "button", class: "olx-button", onclick: () => store.set({ seed: (store.get("seed") + 1) % 4294967296 }) }, "Next seed");
    const box = make("input", { type: "checkbox", onchange: () => store.set({ band: box.checked }) });
    const note = make("p", { class: "olx-note" });
    const table = make("table", { class: "olx-table" });
    parent.append(noise.el, sizes, make("div", { class: "olx-row" }, seed.el, next,
      make("label", { class: "olx-check" }, box, `Band of ${BAND} runs`)), delay.el, note, table);
    /** @type {any} */
    let batch = null;
    let count = -1;
    return {
      /** @param {Set<string>} changed */
      update(changed) {
        if (!["runs", "band", "_band", "step", "selected", "theme", "opened"].some((key) => changed.has(key))) return;
        const samples = app.surface.samples?.length || 0;
        if (samples !== count) {
          count = samples;
          batch = samples ? slider({ name: "minibatch", mathml: "<mi>B</mi>", low: 0, high: samples, integer: true, at_least: 0, at_most: samples, range: `a whole number from 0 (all samples) to ${samples}` },
            (value) => store.set({ batch: value })) : null;
          sizes.replaceChildren(...(batch ? [batch.el] : []));
        }
        if (batch) batch.set(app.batch());
        noise.set(store.get("noise"));
        delay.set(store.get("delay"));
        seed.set(store.get("seed"));
        box.checked = Boolean(store.get("band"));
        const random = store.get("racers").some((_, i) => app.tape(i));
        const now = minibatch(app, app.shownStep()).map((k) => k + 1).sort((a, b) => a - b);
        note.textContent = [
          random ? `Every racer gets the draws of seed ${store.get("seed")}.` : "Nothing is random: raise the noise" + (samples ? " or choose a minibatch (0: all samples)." : "."),
          now.length ? `Step ${app.shownStep()} sees sample${now.length > 1 ? "s" : ""} ${now.join(", ")} of ${samples}.` : "",
          store.get("delay") ? `A step uses the gradient of ${store.get("delay")} step${store.get("delay") > 1 ? "s" : ""} before. Ring: the point where it was taken; dotted: to where it is used.` : "",
          random && store.get("band") ? `Band: the middle 80 % of the losses of ${BAND} runs with seeds ${store.get("seed")} to ${store.get("seed") + BAND - 1}; thin: their paths.` : "",
        ].filter(Boolean).join(" ");
        const bands = store.get("band") && random ? app.bands || [] : [];
        const rows = bands.map((band, i) => [i, band?.quantiles.map((q) => q[q.length - 1])]).filter(([i, q]) => q && store.get("racers")[i]);
        table.hidden = !rows.length;
        if (!rows.length) return;
        const cells = ["racer", "10 %", "median", "90 %"].map((text) => make("th", { scope: "col" }, text));
        table.replaceChildren(make("caption", {}, `Loss after ${store.get("steps")} steps`), make("thead", {}, make("tr", {}, ...cells)),
          make("tbody", {}, ...rows.map(([i, q]) => make("tr", {},
            make("th", { scope: "row" }, make("span", { html: swatch(i) + " " }), app.label(i)), ...q.map((z) => make("td", {}, Number.isFinite(z) ? show(z) : "diverged"))))));
      },
      close() {},
    };
  },
};
