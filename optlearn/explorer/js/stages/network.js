// The stage of a network: racers train it in the page; their paths on the plane in which they spread most, and what it has learnt.

import { createAnnouncer } from "../view/accessibility.js";
import { drawField, rgb, sampleField, scaleField } from "../view/contours.js";
import { chart, chartText, curve, straight } from "../view/chart.js";
import { make, sharpCanvas, slider } from "../view/controls.js";
import { planeMap, squareView } from "../view/draw.js";
import { compile } from "../model/integrator.js";
import { createNetwork, planeOf, runOnNetwork } from "../model/network.js";
import { show } from "../model/numbers.js";
import { createStore } from "../model/state.js";
import { markerPath, readTheme, strokeAs, swatch, watchTheme, DASHES } from "../view/theme.js";
import { createRace, createRoom, stageLinks } from "./parts.js";

const networkLinks = stageLinks(() => []);
/** Squares of the picture of what the network says, each way. */
const SQUARES = 44;

/** @param {{model: any, el: HTMLElement, data: any, home: any}} place */
function renderNetwork({ model, el: parent, data, home }) {
  const el = createRoom(parent, "Training of a network");
  const store = createStore(model, frame);
  const announcer = createAnnouncer(el, store);
  const network = createNetwork(data.given);
  const codes = model.get("racers").map((racer) => compile(data.rules[racer.rule].code));
  const rule = (i) => data.rules[store.get("racers")[i].rule];
  let theme = readTheme(el);
  /** @type {ReturnType<typeof runOnNetwork>[]} */
  let runs = [];
  /** @type {ReturnType<typeof planeOf>} */
  let plane;
  let view = [-1, 1, -1, 1];
  /** @type {any} */
  let field = null;
  const race = createRace(el, store, data.rules, () => ({
    runs: runs.map((run, i) => ({ code: codes[i], rule: rule(i), h: store.get("racers")[i].h, last: run.last })), problem: network,
  }));
  /** The step of racer i that is shown beside step t of the selected one. @param {number} i @param {number} t */
  const at = (i, t) => Math.min(race.at(i, t), runs[i].last);
  const land = make("div", { style: "position:relative;aspect-ratio:1.25;border-radius:6px;overflow:hidden" });
  const answers = make("div", { style: "position:relative;aspect-ratio:1.5;border-radius:6px;overflow:hidden" });
  const resized = () => store.mark("size");
  const [landSharp, answerSharp] = [land, answers].map((holder) => sharpCanvas(holder, resized));
  for (const one of [landSharp, answerSharp]) one.canvas.setAttribute("role", "img");
  const losses = make("div", { "aria-hidden": "true" });
  const read = make("p", { class: "olx-readout" });
  const card = make("div", {});
  const title = (text) => make("p", { class: "olx-note" }, text);
  el.append(race.chips, make("div", { class: "olx-halves" },
    make("div", {}, title("The loss on the plane in which the paths spread most, and the paths on it"), land,
      race.transport, race.against, race.note,
      title("Loss"), losses),
    make("div", {}, read, title("What the network of the racer says; points are the samples"), answers, card)));

  function compute() {
    runs = store.get("racers").map((racer, i) => runOnNetwork(codes[i], rule(i), racer.h, network, race.length(i)));
    plane = planeOf(runs, network.size);
    const places = runs.flatMap((run) => Array.from({ length: run.last + 1 }, (_, t) => plane.place(run.point(t))));
    const [x0, x1, y0, y1] = [0, 1].flatMap((d) => [Math.min(...places.map((p) => p[d])), Math.max(...places.map((p) => p[d]))]);
    const square = squareView([x0, x1, y0, y1]);
    const pad = 0.12 * (square[1] - square[0]);
    view = [square[0] - pad * 1.4, square[1] + pad * 1.4, square[2] - pad, square[3] + pad];
    // Pixels are square: the picture is a quarter wider than high.
    const middle = (view[0] + view[1]) / 2;
    const half = 0.625 * (view[3] - view[2]);
    view = [Math.min(view[0], middle - half), Math.max(view[1], middle + half), view[2], view[3]];
    const f = (u, v) => network.loss(plane.point(u, v), 0);
    field = sampleField(f, [], view, 64, 15, scaleField(f, [], view, 0));
  }

  /** Where racer i is after its step t, in the plane. @param {number} i @param {number} t */
  const spot = (i, t) => plane.place(runs[i].point(t));
  function drawLand(t) {
    landSharp.fit();
    const { width, height } = landSharp.size;
    if (!width) return;
    const c = landSharp.begin();
    const map = planeMap(view, width, height);
    drawField(c, field, map, theme, 1);
    const selected = store.get("selected");
    const order = [...runs.keys()].filter((i) => i !== selected).concat(selected);
    for (const i of order) {
      strokeAs(c, theme, i, i === selected ? 2.8 : 2);
      for (const [from, to, strength] of [[0, at(i, t), 1], [at(i, t), runs[i].last, 0.35]]) {
        c.globalAlpha = strength;
        c.beginPath();
        for (let k = from; k <= to; k++) {
          const [u, v] = spot(i, k);
          c.lineTo(map.x(u), map.y(v));
        }
        c.stroke();
      }
      c.globalAlpha = 1;
    }
    c.setLineDash([]);
    for (const i of order) {
      const [u, v] = spot(i, at(i, t));
      c.lineWidth = 1.8;
      c.strokeStyle = theme.paper;
      c.fillStyle = theme.racers[i];
      markerPath(c, i, map.x(u), map.y(v), i === selected ? 7 : 5.5);
      c.fill();
      c.stroke();
    }
  }
  function drawAnswers(t) {
    answerSharp.fit();
    const { width, height } = answerSharp.size;
    if (!width) return;
    const c = answerSharp.begin();
    const { x, y } = data.given;
    const [lo, hi] = [0, 1].map((which) => [0, 1].map((d) => Math[which ? "max" : "min"](...x.map((p) => p[d])) + (which ? 0.5 : -0.5)));
    const run = runs[store.get("selected")];
    const w = run.point(Math.min(t, run.last));
    const [dx, dy] = [width / SQUARES, height / SQUARES];
    const [paper, ...hues] = [theme.paper, theme.racers[0], theme.racers[1]].map(rgb);
    for (let j = 0; j < SQUARES; j++) {
      for (let i = 0; i < SQUARES; i++) {
        const share = network.shares(w, 0, [lo[0] + ((i + 0.5) / SQUARES) * (hi[0] - lo[0]), hi[1] - ((j + 0.5) / SQUARES) * (hi[1] - lo[1])])[1];
        const strength = 0.55 * Math.abs(2 * share - 1);
        const mixed = paper.map((a, d) => Math.round(a + strength * (hues[share > 0.5 ? 1 : 0][d] - a)));
        c.fillStyle = `rgb(${mixed.join()})`;
        c.fillRect(i * dx, j * dy, dx + 0.6, dy + 0.6);
      }
    }
    let wrong = 0;
    x.forEach((p, n) => {
      const share = network.shares(w, 0, p)[1];
      const off = share > 0.5 !== (y[n] === 1);
      wrong += off ? 1 : 0;
      markerPath(c, y[n], ((p[0] - lo[0]) / (hi[0] - lo[0])) * width, ((hi[1] - p[1]) / (hi[1] - lo[1])) * height, 3.6);
      c.fillStyle = theme.racers[y[n]];
      c.strokeStyle = off ? theme.ink : theme.paper;
      c.lineWidth = off ? 2 : 1;
      c.fill();
      c.stroke();
    });
    return wrong;
  }
  function drawLosses(t) {
    const steps = store.get("steps");
    const [lo, hi] = [Math.max(1e-6, Math.min(...runs.flatMap((run) => run.loss))), Math.max(...runs.flatMap((run) => run.loss))].map(Math.log10);
    chart(losses, 110, (width) => {
      const x = (part) => 46 + (width - 56) * part;
      const y = (z) => 8 + (80 * (hi - Math.log10(Math.max(z, 1e-6)))) / (hi - lo || 1);
      let out = "";
      for (let k = Math.ceil(lo); k <= hi; k++) out += straight(46, y(10 ** k), width - 10, y(10 ** k)) + chartText(40, y(10 ** k) + 4, show(10 ** k), 'text-anchor="end"');
      runs.forEach((run, i) => (out += curve(run.loss.map((z, k) => [x(race.along(i, k)), y(z)]), `stroke="var(--olx-r${i})" stroke-width="2" stroke-dasharray="${DASHES[i].join(" ")}"`)));
      return out + straight(x(t / steps), 4, x(t / steps), 92, 'stroke="var(--olx-ink)"') + chartText(width - 10, 106, race.axis(), 'text-anchor="end"');
    });
  }
  let shown = -1;
  /** @type {any[]} */
  let sliders = [];
  function drawCard() {
    const i = store.get("selected");
    if (shown !== i) {
      shown = i;
      sliders = rule(i).hypers.map((declared, k) => slider(declared, (value) => {
        const h = store.get("racers")[i].h.slice();
        h[k] = value;
        store.setRacer(i, { h });
      }));
      card.replaceChildren(make("p", { class: "olx-title", style: "margin-top:.6rem", html: swatch(i) }, race.label(i)), ...sliders.map((one) => one.el));
    }
    sliders.forEach((one, k) => one.set(store.get("racers")[i].h[k]));
  }

  const app = {
    el, data, home, store, links: networkLinks, frames: 0, race, figure: /** @type {any} */ (null),
    summary() {
      const t = store.get("step");
      return `Step ${t}. ` + runs.map((run, i) => `${race.label(i)}${race.costs && i !== store.get("selected") ? ` (step ${at(i, t)})` : ""}: loss ${show(run.loss[at(i, t)])}` +
        `${run.last < Math.min(race.at(i, t), race.length(i)) ? ", diverged" : ""}`).join("; ") + ".";
    },
    say: (text) => announcer.say(text),
    close() {
      race.close();
      unwatch();
      landSharp.close();
      answerSharp.close();
      store.close();
      announcer.close();
      el.remove();
    },
  };

  /** @param {Set<string>} changed */
  function frame(changed) {
    app.frames += 1;
    if (changed.has("theme")) theme = readTheme(el);
    if (["racers", "steps"].some((key) => changed.has(key)) || race.changes(changed)) {
      compute();
      app.figure = { losses: runs.map((run) => run.loss), held: plane.held };
    }
    const [t, i] = [store.get("step"), store.get("selected")];
    race.update(changed);
    drawLand(t);
    const wrong = drawAnswers(t);
    drawLosses(t);
    drawCard();
    const run = runs[i];
    const text = `${race.label(i)}, step ${t}: loss ${show(run.loss[Math.min(t, run.last)])}${wrong === undefined ? "" : `, ${wrong} of ${data.given.x.length} samples wrong`}` +
      `${run.last < t ? `; diverged in step ${run.last + 1}` : ""}. The plane holds ${show(100 * plane.held[i], 3)} % of its path.`;
    read.textContent = text;
    landSharp.canvas.setAttribute("aria-label", `Paths of ${runs.length} racers on a plane of the loss. ${text}`);
    answerSharp.canvas.setAttribute("aria-label", text);
    if (changed.has("step") && !store.get("playing")) announcer.say(app.summary);
  }
  const unwatch = watchTheme(() => store.mark("theme"));
  for (const key of ["racers", "theme", "playing"]) store.mark(key);
  store.flush();
  /** @type {any} */ (parent).explorer = app;
  parent.dispatchEvent(new CustomEvent("optlearn", { bubbles: true, detail: app }));
  return () => app.close();
}

export const networkStage = { render: renderNetwork, ...networkLinks };
