// Colours, dashes and markers: one look for every part of the explorer, read from the style sheet.

const NAMES = ["ink", "muted", "faint", "line", "paper", "low", "high", "contour", "gradient", "memory", "step", "accent"];

/** Dash patterns of the racers, in CSS pixels. */
export const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 2], [1, 2.5], [12, 4], [6, 2, 2, 2, 2, 2]];

/** How many racers there can be. */
export const MOST_RACERS = 8;

/**
 * @typedef {{dark: boolean, racers: string[]} & Object<string, any>} Theme
 */

/** Does the page around show a dark theme? @param {Element} el */
export function isDark(el) {
  const root = document.documentElement;
  const theme = root.dataset.theme || document.body.dataset.theme;
  if (theme === "dark" || theme === "light") return theme === "dark";
  const lab = document.body.dataset.jpThemeLight;
  if (lab !== undefined) return lab === "false";
  if (document.body.classList.contains("vscode-dark")) return true;
  if (document.body.classList.contains("vscode-light")) return false;
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Reads the colours that the style sheet gives. @param {HTMLElement} el @param {boolean} [print] @returns {Theme} */
export function readTheme(el, print = false) {
  const dark = !print && isDark(el);
  el.classList.toggle("olx-dark", dark);
  const style = getComputedStyle(el);
  /** @type {any} */
  const theme = { dark, racers: [], font: style.fontFamily };
  for (const name of NAMES) theme[name] = style.getPropertyValue("--olx-" + name).trim();
  theme.land = ["a", "b", "c", "d", "e"].map((k) => style.getPropertyValue("--olx-land-" + k).trim());
  for (let i = 0; i < MOST_RACERS; i++) theme.racers.push(style.getPropertyValue("--olx-r" + i).trim());
  return theme;
}

/** Calls back when the page changes its theme. Returns a function that ends it. @param {() => void} callback */
export function watchTheme(callback) {
  const observer = new MutationObserver(callback);
  for (const node of [document.documentElement, document.body]) {
    observer.observe(node, { attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light", "class"] });
  }
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", callback);
  return () => {
    observer.disconnect();
    media.removeEventListener("change", callback);
  };
}

/**
 * The marker of a racer, filled with its colour: circle, square, triangle, diamond, and so on.
 * @param {CanvasRenderingContext2D} c @param {number} index @param {number} x @param {number} y @param {number} r
 */
export function markerPath(c, index, x, y, r) {
  c.beginPath();
  const shape = index % MOST_RACERS;
  if (shape === 0) c.arc(x, y, r, 0, 2 * Math.PI);
  else if (shape === 1) c.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
  else polygon(c, markerPoints(shape), x, y, r);
}

/** @param {number} shape @returns {number[][]} corners on the unit circle */
function markerPoints(shape) {
  const corners = (n, turn, inner = 0) =>
    Array.from({ length: inner ? 2 * n : n }, (_, k) => {
      const angle = turn + (2 * Math.PI * k) / (inner ? 2 * n : n);
      const r = inner && k % 2 ? inner : 1.15;
      return [r * Math.cos(angle), r * Math.sin(angle)];
    });
  const up = -Math.PI / 2;
  if (shape === 2) return corners(3, up);
  if (shape === 3) return corners(4, up);
  if (shape === 4) return corners(3, -up);
  if (shape === 5) return corners(5, up, 0.5);
  if (shape === 6) return corners(6, 0);
  return corners(4, up + Math.PI / 4, 0.42);
}

/** @param {CanvasRenderingContext2D} c @param {number[][]} points @param {number} x @param {number} y @param {number} r */
function polygon(c, points, x, y, r) {
  points.forEach(([px, py], k) => (k ? c.lineTo(x + r * px, y + r * py) : c.moveTo(x + r * px, y + r * py)));
  c.closePath();
}

/** The sample of a racer's line for chips and lists, as SVG text. @param {number} index */
export function swatch(index) {
  const shape = index % MOST_RACERS;
  const marker = shape === 0 ? '<circle cx="17" cy="8" r="4.6"/>'
    : shape === 1 ? '<rect x="12.8" y="3.8" width="8.4" height="8.4"/>'
      : `<polygon points="${markerPoints(shape).map(([x, y]) => `${(17 + 5 * x).toFixed(2)},${(8 + 5 * y).toFixed(2)}`).join(" ")}"/>`;
  return `<svg class="olx-swatch" viewBox="0 0 34 16" width="34" height="16" aria-hidden="true" style="color:var(--olx-r${shape})">` +
    `<path d="M0 8H34" fill="none" stroke="currentColor" stroke-width="2.2" stroke-dasharray="${DASHES[shape].join(" ")}"/>` +
    `<g fill="currentColor" stroke="var(--olx-paper)" stroke-width="1">${marker}</g></svg>`;
}

/** A racer's stroke. @param {CanvasRenderingContext2D} c @param {Theme} theme @param {number} index @param {number} width */
export function strokeAs(c, theme, index, width) {
  c.strokeStyle = theme.racers[index % MOST_RACERS];
  c.lineWidth = width;
  c.setLineDash(DASHES[index % MOST_RACERS]);
}
