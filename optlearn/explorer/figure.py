"""The explorer's view as a still figure, for print, diffs and readers without JavaScript."""

import base64
import io

import numpy as np

from optlearn import optional
from optlearn.explorer import steepness
from optlearn.look import LIGHT


def picture(surface, trajectories, labels, state, write=None):
    """A PNG of the race, in base64; the same bytes every time.

    Parameters
    ----------
    surface : Surface
    trajectories : list of Trajectory
    labels : list of str
    state : dict
        The state of the explorer.
    write : callable, optional
        What to do with the figure instead. Its lines that move with the step are marked by their group ids:
        "path", "mark" and "cursor".

    Returns
    -------
    str
    """
    return sheet(lambda view: _race(view, surface, trajectories, labels, state), write)


def sheet(draw, write=None, size=(7.4, 3.9)):
    """A figure that `draw` fills: what `write` makes of it, or a PNG in base64; the same bytes every time."""
    # Not pyplot: the figure is nobody's current figure and displays nowhere by itself.
    mpl = optional.load("matplotlib", "figures")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context({"font.size": 9, "font.family": "DejaVu Sans", "path.simplify": True}):
        figure = Figure(figsize=size, dpi=100, facecolor="white", layout="constrained")
        canvas = FigureCanvasAgg(figure)
        draw(figure)
        if write:
            return write(figure)
        # Not `savefig`, which lays a figure out by a drawing of its own that nobody sees.
        buffer = io.BytesIO()
        canvas.print_png(buffer, metadata={"Software": None})
    return base64.b64encode(fewer_colours(buffer.getvalue())).decode()


def _race(figure, surface, trajectories, labels, state):
    import matplotlib as mpl

    from optlearn.plots import COLOURS, DASHES, MARKERS, SHADES

    x0, x1, y0, y1 = surface.domain
    half = max(x1 - x0, y1 - y0) / 2
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    view = cx - half, cx + half, cy - half, cy + half
    # What stands beside the axes has much the same size in all races; to measure it takes longer than to draw.
    figure.set_layout_engine("none")
    plane, curve = figure.subplots(1, 2, width_ratios=(1.25, 1), gridspec_kw={
        "left": 0.11, "right": 0.97, "bottom": 0.115, "top": 0.925, "wspace": 0.25})
    x, y, z = _heights(surface, view)
    floor = _floor(surface, trajectories, z.compressed())
    above = z - floor
    most = above.max() if above.count() else 0.0
    low = max(np.quantile(above.compressed(), 0.002), most * 1e-7) if most > 0 else 0.0
    for i, (run, name) in enumerate(zip(trajectories, labels, strict=True)):
        colour, dash = COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]
        t = min(state["step"], run.steps)
        w = np.clip(run.w, -1e6, 1e6)
        # The points of a sampler are draws, of which the order says nothing.
        look = {"linestyle": "none", "marker": ".", "markersize": 3, "alpha": 0.5} if run.optimizer.draws else \
            {"linestyle": dash, "linewidth": 1.6}
        plane.plot(w[:, 0], w[:, 1], color=colour, zorder=3, gid="path", **look)
        if state["delay"] and t and state["speed"] > 1:
            taken = run.probe[t - 1]
            plane.plot(*np.transpose([taken, w[t - 1]]), color=colour, linestyle=":", linewidth=1.5, zorder=4)
            plane.plot(*taken, "o", color="white", markeredgecolor=colour, markersize=6, zorder=4)
        plane.plot(*w[t], marker=MARKERS[i % len(MARKERS)], color=colour, markersize=7, markeredgecolor="white",
                   zorder=4, gid="mark")
        if run.answer is not run.w:
            told = np.clip(run.answer, -1e6, 1e6)
            plane.plot(told[:, 0], told[:, 1], color=colour, zorder=3, linewidth=0.8)
            plane.plot(*told[t], marker=MARKERS[i % len(MARKERS)], color="white", markersize=7,
                       markeredgecolor=colour, markeredgewidth=1.6, zorder=4)
            curve.semilogy(np.maximum(run.loss - floor, 1e-300), color=colour, linestyle=dash, linewidth=0.6)
        loss = np.maximum(run.answer_loss - floor, 1e-300)
        note = f" (diverged at step {run.diverged})" if run.diverged is not None else ""
        curve.semilogy(loss, color=colour, linestyle=dash, linewidth=1.5, label=name + note)
    if state["speed"] <= 1 and trajectories:
        view = _step(plane, trajectories[state["selected"]], state, view)
        _bars(plane, trajectories[state["selected"]], state, COLOURS[state["selected"] % len(COLOURS)])
        x, y, z = _heights(surface, view)
    # Of a plain there is nothing to draw.
    if 0 < low < most:
        heights = np.geomspace(2 * low, most + low, 16)
        plane.contourf(x, y, z - floor + low, heights, cmap=SHADES, norm=mpl.colors.LogNorm(), extend="both")
        plane.contour(x, y, z - floor + low, heights, colors=LIGHT["contour"], linewidths=0.5, alpha=0.6)
    plane.plot(*state["start"], "o", color="white", markeredgecolor="black", markeredgewidth=1.8, markersize=8,
               zorder=5)
    plane.set(xlim=view[:2], ylim=view[2:], aspect="equal", xlabel="x", ylabel="y", title=surface.label)
    losses = [run.answer_loss - floor for run in trajectories]
    # Without a finite loss there is no curve; what starts at the minimum has its scale from later losses.
    first = np.nan_to_num(trajectories[0].loss[0] - floor, nan=1.0, posinf=1.0, neginf=1.0)
    if first < 1e-12:
        later = np.concatenate(losses)
        later = later[(later > 1e-12) & np.isfinite(later)]
        first = np.median(later) if later.size else 1e-12
    least = min((np.min(loss[loss > 0], initial=first) for loss in losses), default=first)
    curve.set(xlabel="step", ylabel="loss above the minimum", ylim=(max(least, first * 1e-14) / 2, first * 30),
              xlim=(0, state["steps"]))
    curve.axvline(state["step"], color=LIGHT["ink"], linewidth=0.8, gid="cursor")
    curve.grid(alpha=0.25, linewidth=0.5)
    curve.legend(frameon=False, loc="upper right", fontsize=8)


def _heights(surface, view):
    """The surface over a view."""
    x, y = np.meshgrid(np.linspace(*view[:2], 161), np.linspace(*view[2:], 161))
    with np.errstate(all="ignore"):
        return x, y, np.ma.masked_invalid(np.broadcast_to(surface(np.array([x, y])), x.shape))


def _step(plane, run, state, view):
    """The inside of the step shown, as the page's film has it; returns a view near it."""
    t = max(1, min(state["step"], run.steps))
    if not np.isfinite(run.w[t]).all():
        return view
    before, after, probe, g = run.w[t - 1], run.w[t], run.probe[t - 1], run.g[t - 1]
    arrows = [(before, after, LIGHT["ink"], "step", "-")]
    if state["delay"]:
        length = np.hypot(*(after - before)) / max(np.hypot(*g), 1e-300)
        arrows += [(before, probe, LIGHT["memory"], "asked for here", "--"),
                   (probe, probe - length * g, LIGHT["gradient"], "−∇f there", "-")]
    elif not np.allclose(probe, before):
        arrows += [(before, probe, LIGHT["memory"], "look ahead", "--"),
                   (probe, after, LIGHT["gradient"], "gradient there", "-")]
    elif np.hypot(*g) > 0:
        length = np.hypot(*(after - before)) / np.hypot(*g)
        arrows.append((before, before - length * g, LIGHT["gradient"], "−∇f", "-"))
    for tail, tip, colour, name, line in arrows:
        plane.annotate("", tip, tail, zorder=6, arrowprops={
            "arrowstyle": "-|>", "color": colour, "linewidth": 1.8, "linestyle": line, "shrinkA": 0, "shrinkB": 0})
        plane.annotate(name, (np.array(tail) + tip) / 2, xytext=(5, 4), textcoords="offset points", color=colour,
                       fontsize=8.5, zorder=7)
    points = np.array([point for tail, tip, *_ in arrows for point in (tail, tip)])
    low, high = points.min(axis=0), points.max(axis=0)
    half = 0.95 * max(high - low)
    if 2 * half >= view[1] - view[0]:
        return view
    (cx, cy) = (low + high) / 2
    return cx - half, cx + half, cy - half, cy + half


def _bars(plane, run, state, colour):
    """How steep it has been along x and y, and the rates that come of it, as the page's film has them in the end."""
    t = max(1, min(state["step"], run.steps))
    found = steepness.bars(run, t) if np.isfinite(run.w[t]).all() else None
    if found is None:
        return
    steep, rate = found
    groups = []
    if steep:
        sizes = [np.sqrt(part * steep.factor) if steep.root else part * steep.factor
                 for part in (steep.kept, steep.now, steep.old)]
        when, root = "so far" if steep.keep == 1 else "lately", "√" if steep.root else ""
        times = f" × {root}{steep.factor:.3g}" if steep.factor > 1.01 else ""
        groups.append((f"steep {when}: {root}{steep.name}{times}", sizes,
                       (LIGHT["memory"], LIGHT["gradient"], LIGHT["memory"]), sizes[1]))
    groups.append(("rate", [abs(rate)], (colour,), rate))
    rows = 3 * len(groups)
    box = plane.inset_axes((0.57, 0.99 - 0.052 * rows, 0.42, 0.052 * rows), zorder=8)
    box.set(xlim=(-0.16, 1.42), ylim=(-rows + 0.4, 0.6), xticks=[], yticks=[], facecolor=(1, 1, 1, 0.86))
    box.spines[:].set_visible(False)
    for k, (head, parts, colours, numbers) in enumerate(groups):
        box.text(-0.12, -3 * k, head, fontsize=6.5, va="center", color=LIGHT["muted"])
        whole = np.max(parts) or 1.0
        for d, axis in enumerate("xy"):
            y, at = -3 * k - 1 - d, 0.0
            box.text(-0.12, y, axis, fontsize=7, va="center", weight="bold")
            for part, fill, alpha in zip(parts, colours, (1, 1, 0.35), strict=False):
                if part[d] / whole > at:
                    box.barh(y, part[d] / whole - at, left=at, height=0.62, color=fill, alpha=alpha)
                    at = part[d] / whole
            box.text(at + 0.03, y, f"{numbers[d]:.2g}", fontsize=6.5, va="center")


def _floor(surface, trajectories, z):
    known = [float(surface(np.array(point))) for point in surface.minima]
    values = np.concatenate([known, *(run.answer_loss for run in trajectories), z])
    return values[np.isfinite(values)].min(initial=np.inf)


def fewer_colours(png, colours=128):
    """The same picture with a palette, the rare colours of paths in it: a third of the size."""
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB").quantize(
        colours, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
