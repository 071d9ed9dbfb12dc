// What the colours of the land mean.

import { heightAt } from "./contours.js";
import { label } from "./draw.js";
import { show } from "../model/numbers.js";

/** @param {CanvasRenderingContext2D} c @param {any} app @param {number} width @param {number} height */
export function heightLegend(c, app, width, height) {
  const { theme } = app;
  const [w, h] = [84, 7];
  const [x, y] = [width - w - 46, height - 18];
  const fill = c.createLinearGradient(x, 0, x + w, 0);
  theme.land.forEach((color, k) => fill.addColorStop(k / (theme.land.length - 1), color));
  c.fillStyle = fill;
  c.fillRect(x, y, w, h);
  c.strokeStyle = theme.contour;
  c.lineWidth = 0.7;
  c.setLineDash([]);
  c.strokeRect(x, y, w, h);
  const style = { color: theme.muted, paper: theme.high, font: theme.font, size: 10.5 };
  label(c, show(heightAt(app.scale(), 0), 2), x - 5, y + h / 2, { ...style, align: "right" });
  label(c, show(heightAt(app.scale(), 1), 2), x + w + 5, y + h / 2, style);
}
