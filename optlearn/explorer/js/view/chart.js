// Charts as text of SVG: their colours are variables of the style sheet, so a change of theme needs no new drawing.

/** A text in a chart. @param {number} x @param {number} y @param {string} text @param {string} [more] */
export function chartText(x, y, text, more = "") {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="var(--olx-muted)" ${more}>${text}</text>`;
}

/** A straight line in a chart. @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 @param {string} [more] */
export function straight(x1, y1, x2, y2, more = 'stroke="var(--olx-line)"') {
  return `<path d="M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}" fill="none" ${more}/>`;
}

/** A curve in a chart. @param {number[][]} points @param {string} more */
export function curve(points, more) {
  return points.length ? `<path d="M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}" fill="none" ${more}/>` : "";
}

/** Puts a chart into its place. @param {HTMLElement} holder @param {number} height @param {(width: number) => string} draw */
export function chart(holder, height, draw) {
  const width = Math.max(240, holder.clientWidth);
  holder.innerHTML = `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-size="12" style="display:block" aria-hidden="true">${draw(width)}</svg>`;
}
