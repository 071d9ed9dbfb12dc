// The state as Python; runs as a picture, a drawing and a table.

import { dot, nearer } from "../view/draw.js";
import { DASHES } from "../view/theme.js";
import { classOfTyped } from "../model/link.js";
import { withTyping } from "./panels.js";
import { createGif, paletteOf } from "../model/gif.js";

/** Python that makes the same explorer. @param {any} app */
export function pythonOf(app) {
  const { store } = app;
  const calls = (name, pairs) => `${name}(${pairs.join(", ")})`;
  const literal = (x) => (typeof x === "boolean" ? (x ? "True" : "False") : typeof x === "string" ? `"${x}"` : String(x));
  const number = (racer, k) => {
    const past = racer.past || [];
    if (past.every(([, h]) => h[k] === racer.h[k])) return literal(racer.h[k]);
    const all = [...past.map(([, h]) => h[k]), racer.h[k]].map((x) => `Constant(start=${x})`);
    return `Join([${all.join(", ")}], at=[${past.map(([until]) => until).join(", ")}])`;
  };
  /** Classes of the rules that were typed. @type {Map<string, {name: string, text: string}>} */
  const classes = new Map();
  const racers = store.get("racers").map((racer, i) => {
    const rule = app.rule(i);
    if (rule.key === rule.text && !classes.has(rule.key)) {
      const { name, text } = classOfTyped(app.data, rule) || { name: "Typed", text: "" };
      const same = [...classes.values()].filter((one) => one.name.replace(/_\d+$/, "") === name).length;
      const unique = same ? `${name}_${same + 1}` : name;
      classes.set(rule.key, { name: unique, text: text.replace(name, unique) });
      // Again when it can be told.
      if (!text) withTyping(() => store.mark("racers"));
    }
    const parts = rule.key.split(";");
    const chosen = rule.options.filter((option) => parts.some((part) => part.startsWith(option.name + "=")));
    const own = classes.get(rule.key);
    return calls(own ? own.name : "get", [...(own ? [] : [`"${rule.name}"`]),
      ...rule.hypers.map((d, k) => `${d.name}=${number(racer, k)}`),
      ...chosen.map((option) => `${option.name}=${literal(option.value)}`)]) +
      Object.entries(racer.schedules || {}).map(([name, s]) => `.replace(${name}=${s.label})`).join("");
  });
  // A surface made of a function is in no list: the code names the function. A typed one is its formula.
  const own = app.surface.own && (/^\w+$/.test(app.surface.name) ? app.surface.name :
    calls("surfaces.typed", [JSON.stringify(app.surface.name), `domain=(${app.surface.domain.join(", ")})`]));
  const surface = own ||
    calls("surfaces.get", [`"${app.surface.name}"`, ...app.surface.params.map((d, k) => `${d.name}=${literal(app.params[k])}`)]);
  const more = [`start=(${store.get("start").join(", ")})`, `steps=${store.get("steps")}`, `step=${store.get("step")}`,
    `focus=(${store.get("selected")}, "${store.get("focus")}")`];
  if (store.get("seed")) more.push(`seed=${store.get("seed")}`);
  if (store.get("noise")) more.push(`noise=${store.get("noise")}`);
  if (app.batch()) more.push(`batch=${app.batch()}`);
  if (store.get("delay")) more.push(`delay=${store.get("delay")}`);
  if (store.get("target") !== 1e-3) more.push(`target=${store.get("target")}`);
  for (const name of ["band", "relief"]) if (store.get(name)) more.push(`${name}=True`);
  for (const name of ["fair", "panel"]) if (store.get(name)) more.push(`${name}="${store.get(name)}"`);
  const used = new Set(racers.join().match(/\b[A-Z]\w+(?=\()/g));
  for (const one of classes.values()) used.delete(one.name);
  const imports = (classes.size ? "import numpy as np\n\nfrom optlearn import Optimizer, Update, explore, get, hyper, surfaces\n" : "from optlearn import explore, get, surfaces\n") + (used.size ? `from optlearn.schedules import ${[...used].join(", ")}\n` : "");
  return `${imports}${[...classes.values()].map(({ text }) => `\n\n${text}`).join("")}\nexplore(\n    ${surface},\n    [${racers.join(",\n     ")}],\n    ${more.join(", ")})\n`;
}

/** All runs as a table. @param {any} app */
export function tableOf(app) {
  const rows = ["racer,step,x,y,loss,g_x,g_y"];
  app.runs.forEach((run, i) => {
    const name = `"${app.label(i).replace(/"/g, '""')}"`;
    const g = run.layout.g[0];
    for (let t = 0; t <= run.last; t++) {
      const o = t * run.stride;
      rows.push([name, t, ...app.point(i, t), run.loss[t], ...(t ? [run.rows[o + g], run.rows[o + g + 1]] : ["", ""])].join());
    }
  });
  return rows.join("\n") + "\n";
}

/** Does something while picture and loss curves are drawn at a multiple of the screen's resolution. @param {any} app @param {number} times @param {() => void} act */
export function magnified(app, times, act) {
  const set = (text) => {
    for (const { sharp } of [app.relief || app.picture, app.timeline]) sharp.magnify(text);
  };
  set(String(times));
  act();
  set("1");
}

/**
 * What films of the race have in common: from the start to the step shown, in at most ten seconds, with never more steps a
 * second than the reader's speed.
 * @param {any} app
 */
function filming(app) {
  const { store } = app;
  const before = store.get("step");
  const last = before || store.get("steps");
  const canvas = document.createElement("canvas");
  return {
    canvas,
    last,
    seconds: Math.min(10, Math.max(1, last / store.get("speed"))),
    /** @param {number} step */
    show(step) {
      store.set({ step, playing: false, _phase: 1 });
      store.flush();
      imageOf(app, canvas);
    },
    back: () => store.set({ step: before }),
  };
}

/** Pictures a second, the widest of them in pixels, and how long the end stands, of an animated picture. */
const GIF = { rate: 12.5, wide: 560, end: 150 };

/** The race from its start to the step shown, as an animated picture. @param {any} app @returns {Promise<Blob>} */
export function gifOf(app) {
  const { canvas, last, seconds, show, back } = filming(app);
  const count = Math.min(last, Math.max(1, Math.round(GIF.rate * seconds)));
  const small = document.createElement("canvas");
  const c = /** @type {CanvasRenderingContext2D} */ (small.getContext("2d", { willReadFrequently: true }));
  const at = (k) => {
    show(Math.round((last * k) / count));
    if (!k) [small.width, small.height] = [canvas.width, canvas.height].map((side) => Math.round(side * Math.min(1, GIF.wide / canvas.width)));
    c.imageSmoothingQuality = "high";
    c.drawImage(canvas, 0, 0, small.width, small.height);
    return c.getImageData(0, 0, small.width, small.height).data;
  };
  const palette = paletteOf([at(0).slice(), at(count)]);
  const gif = createGif(small.width, small.height, palette);
  return new Promise((done) => {
    /** @param {number} k */
    function add(k) {
      gif.add(at(k), k < count ? Math.round((100 * seconds) / count) : GIF.end);
      // The page has its turn between two pictures.
      if (k < count) return setTimeout(add, 0, k + 1);
      back();
      return done(gif.end());
    }
    add(0);
  });
}

/** The race from its start to the step shown, as a video; null where the browser makes none. @param {any} app @returns {Promise<Blob> | null} */
export function filmOf(app) {
  const kind = ["video/webm;codecs=vp9", "video/webm", "video/mp4"].find((one) => window.MediaRecorder?.isTypeSupported(one));
  if (!kind) return null;
  const { canvas, last, seconds, show, back } = filming(app);
  show(0);
  const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: kind, videoBitsPerSecond: 6e6 });
  /** @type {Blob[]} */
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  return new Promise((done) => {
    recorder.onstop = () => {
      back();
      done(new Blob(parts, { type: kind.split(";")[0] }));
    };
    recorder.start(100);
    // The end stands for a second; on a busy machine the first picture may take longer, and a film without one is none.
    const began = performance.now();
    const timer = setInterval(() => {
      const at = (performance.now() - began) / 1000;
      show(Math.min(last, Math.round((last * at) / seconds)));
      if (at < seconds + 1 || (at < seconds + 10 && !parts.some((part) => part.size))) return;
      clearInterval(timer);
      recorder.stop();
    }, 33);
  });
}

/** The picture and the loss curves, one below the other, on one canvas. @param {any} app @param {HTMLCanvasElement} [canvas] */
export function imageOf(app, canvas = document.createElement("canvas")) {
  const [plane, loss] = [app.relief || app.picture, app.timeline].map(({ sharp }) => sharp.canvas);
  const ratio = plane.width / plane.clientWidth;
  const names = app.runs.length * 18 + 8;
  // Video has even numbers of pixels.
  canvas.width = 2 * Math.ceil(plane.width / 2);
  canvas.height = 2 * Math.ceil((plane.height + loss.height + names * ratio) / 2);
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  c.fillStyle = app.theme.paper;
  c.fillRect(0, 0, canvas.width, canvas.height);
  c.drawImage(plane, 0, 0);
  c.drawImage(loss, 0, plane.height);
  c.scale(ratio, ratio);
  const [x, y] = app.picture.at(app.store.get("start"));
  dot(c, x, y, 6, app.theme.paper, app.theme.ink, 3);
  c.font = `13px ${app.theme.font}`;
  app.runs.forEach((_, i) => {
    const y = (plane.height + loss.height) / ratio + 14 + 18 * i;
    c.strokeStyle = c.fillStyle = app.theme.racers[i];
    c.lineWidth = 2.5;
    c.setLineDash(DASHES[i]);
    c.beginPath();
    c.moveTo(8, y);
    c.lineTo(44, y);
    c.stroke();
    c.fillText(app.label(i), 52, y + 4);
  });
  return canvas;
}

/** The picture as SVG: level sets as an image, paths, marks and names as strokes and text. @param {any} app */
export function drawingOf(app) {
  const { theme, picture } = app;
  const size = 640;
  const map = picture.mapOf(size);
  const escape = (text) => text.replace(/[&<"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const at = ([x, y]) => nearer(map, x, y).slice(0, 2).map((z) => z.toFixed(2)).join(" ");
  const paths = app.runs.map((run, i) => {
    if (app.store.get("racers")[i].hidden) return "";
    const far = (t) => nearer(map, app.point(i, t)[0], app.point(i, t)[1])[2] < 1;
    const points = Array.from({ length: run.last + 1 }, (_, t) => (!t || (far(t) && far(t - 1)) ? "M" : "L") + at(app.point(i, t)));
    const [x, y] = at(app.point(i, Math.min(app.store.get("step"), run.last))).split(" ");
    const low = size + 20 + 20 * i;
    return `<g stroke="${theme.racers[i]}" fill="none" stroke-width="2.2"><path clip-path="url(#f)" stroke-dasharray="${DASHES[i].join(" ")}" ` +
      `d="${points.join("")}"/><circle cx="${x}" cy="${y}" r="5" fill="${theme.racers[i]}" stroke="${theme.paper}"/>` +
      `<path stroke-dasharray="${DASHES[i].join(" ")}" d="M8 ${low}H48"/></g>` +
      `<text x="56" y="${low + 4}" font-family="sans-serif" font-size="14" fill="${theme.ink}">${escape(app.label(i))}</text>`;
  });
  const high = size + 12 + 20 * app.runs.length;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${high}" width="${size}" height="${high}" role="img">` +
    `<title>${escape(app.summary())}</title><defs><clipPath id="f"><rect width="${size}" height="${size}"/></clipPath></defs>` +
    `<rect width="${size}" height="${high}" fill="${theme.paper}"/><image width="${size}" height="${size}" href="${picture.still()}"/>` +
    `${paths.join("")}<circle cx="${at(app.store.get("start")).replace(" ", '" cy="')}" r="6" fill="${theme.paper}" stroke="${theme.ink}" stroke-width="3"/></svg>`;
}
