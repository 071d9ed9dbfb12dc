"""Runs as an animation: HTML that plays by itself in a page, GIF, MP4."""

from __future__ import annotations

import base64
import html
import io
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn import optional
from optlearn.declare import InvalidArgument
from optlearn.explorer import figure, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from optlearn.record import Trajectory
    from optlearn.typing import PathLike

# An animation shows at most this many steps, evenly chosen: it stays small and takes seconds.
MOST_FRAMES = 120
SECONDS = 10
_numbers = itertools.count(1)


class Animation:
    """Runs on one surface as an animation that a notebook displays; made by `Trajectory.animate`.

    Parameters
    ----------
    trajectories : list of Trajectory
        Single runs on a surface, drawn with one clock.
    labels : list of str, optional
        Default: the names of the rules.
    """

    def __init__(self, trajectories: Sequence[Trajectory], labels: Sequence[str] | None = None) -> None:
        self.trajectories = list(trajectories)
        if not self.trajectories:
            raise InvalidArgument("trajectories is empty; it must hold at least one run")
        for run in self.trajectories:
            if not run.single:
                raise InvalidArgument(f"{run!r} is {run.w.shape[-1]} runs at once; animate one of them: run.lane(0)")
            if len(run.kept) != run.steps + 1:
                raise InvalidArgument(f"{run!r} kept {len(run.kept)} of {run.steps + 1} points; an animation needs all")
        # Of a function of an array its plane, if it is one of two numbers.
        self.surface = self.trajectories[0].surface
        self.surface = self.surface.as_surface() if hasattr(self.surface, "as_surface") else self.surface
        if any(run.w[0].shape != (2,) for run in self.trajectories):
            raise InvalidArgument("an animation needs runs of two numbers, as an array of shape (2,)")
        self.labels = words.labels([run.optimizer for run in self.trajectories]) if labels is None else list(labels)
        if len(self.labels) != len(self.trajectories):
            raise InvalidArgument(f"labels has {len(self.labels)} entries for {len(self.trajectories)} runs")
        self.steps = max(run.steps for run in self.trajectories)

    def save(self, path: PathLike) -> Path:
        """Write the animation to a file.

        Parameters
        ----------
        path : str or path
            Its ending says as what: ``.html``, with buttons and a slider, needing nothing but a browser; ``.gif``; or
            ``.mp4`` (needs ffmpeg).

        Returns
        -------
        pathlib.Path

        Examples
        --------
        >>> from optlearn import run
        >>> run("quadratic", "adam").animate().save("race.txt")
        Traceback (most recent call last):
        optlearn.declare.InvalidArgument: path = 'race.txt' must end with .html, .gif or .mp4
        """
        return written(self, path, {".html": _page, ".gif": gif, ".mp4": mp4})

    def draw(self, write: Callable[[Any], Any]) -> Any:
        """The figure, given to `write`."""
        state = {"start": self.trajectories[0].w[0].tolist(), "steps": max(1, self.steps), "step": self.steps,
                 "selected": 0, "speed": 15, "delay": 0}
        with np.errstate(over="ignore"):  # of losses that diverged, in matplotlib
            return figure.picture(self.surface, self.trajectories, self.labels, state, write)

    def html(self) -> str:
        """The animation as HTML: a picture, over which the paths are drawn."""
        return _player(self)

    def _repr_html_(self) -> str:
        return self.html()

    def __repr__(self) -> str:
        return f"Animation({', '.join(self.labels)} on {self.surface.label}, {self.steps} steps)"


def written(shown, path, writers):
    """Write what is shown by the writer that the ending of the path names."""
    path = Path(path)
    write = writers.get(path.suffix.lower())
    if write is None:
        *most, last = writers
        raise InvalidArgument(f"path = {str(path)!r} must end with {', '.join(most)} or {last}")
    if not path.parent.is_dir():
        raise InvalidArgument(f"path = {str(path)!r} lies in a folder that does not exist")
    write(shown, path)
    return path


def _lines(view):
    """The lines of a figure that move, by their group ids."""
    return {name: [line for axes in view.axes for line in axes.lines if line.get_gid() == name]
            for name in ("path", "mark", "cursor")}


def frames(shown):
    """The animation as pictures, an array (height, width, 3) for each step shown."""
    every = max(1, -(-shown.steps // MOST_FRAMES))

    def write(view):
        lines = _lines(view)
        moving = [line for some in lines.values() for line in some]
        for line in moving:
            line.set_animated(True)
        # What does not move is drawn once.
        view.canvas.draw()
        ground = view.canvas.copy_from_bbox(view.bbox)
        for t in [*range(0, shown.steps, every), shown.steps]:
            for line, mark, run in zip(lines["path"], lines["mark"], shown.trajectories, strict=True):
                until = min(t, run.steps)
                line.set_data(run.w[:until + 1].T)
                mark.set_data(run.w[until:until + 1].T)
            for line in lines["cursor"]:
                line.set_xdata([t, t])
            view.canvas.restore_region(ground)
            for line in moving:
                line.axes.draw_artist(line)
            yield np.asarray(view.canvas.buffer_rgba())[..., :3].copy()

    return shown.draw(lambda view: list(write(view)))


def pace(shown):
    """Frames a second: slow enough to follow a short run, and no longer than some seconds for a long one."""
    return max(4, min(shown.steps, MOST_FRAMES) // SECONDS)


def gif(shown, path):
    """Write a GIF."""
    image = optional.load("PIL.Image", "animations", "pillow")
    pictures = [image.fromarray(frame) for frame in frames(shown)]
    # One palette, that of the last picture, in which all there is to see is seen.
    palette = pictures[-1].quantize(96)
    first, *rest = (picture.quantize(palette=palette, dither=image.Dither.NONE) for picture in pictures)
    pause = 1000 // pace(shown)
    first.save(path, save_all=True, append_images=rest, duration=[pause] * len(rest) + [10 * pause], loop=0)


def mp4(shown, path):
    """Write a video."""
    optional.load("matplotlib", "animations")
    from matplotlib import animation
    from matplotlib.figure import Figure

    if not animation.writers.is_available("ffmpeg"):
        raise InvalidArgument(f"path = {str(path)!r} needs ffmpeg, which is not installed; save it as .gif, "
                              "or get ffmpeg (sudo apt-get install ffmpeg, or your system's package)")
    pictures = frames(shown)
    high, wide = (n // 2 * 2 for n in pictures[0].shape[:2])  # Video has even numbers of pixels
    view = Figure(figsize=(wide / 100, high / 100), dpi=100)
    writer = animation.FFMpegWriter(fps=pace(shown))
    with writer.saving(view, path, dpi=100):
        for frame in pictures:
            view.images.clear()
            view.figimage(frame[:high, :wide])
            writer.grab_frame()


def page(title, body, head=""):
    """A page that stands alone."""
    title = html.escape(title)
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            "<style>body{margin:.5rem auto;max-width:75rem;padding:0 1rem;font-family:system-ui,sans-serif}"
            f"h1{{font-size:1.25rem;margin:.5rem 0}}{head}</style></head>"
            f"<body><main><h1>{title}</h1>{body}</main></body></html>")


def _page(shown, path):
    title = f"{shown.surface.label}: {', '.join(shown.labels)}"
    path.write_text(page(title, _player(shown)), encoding="utf-8")


def _ground(view):
    """The figure without what moves, as a PNG; and where that is to be drawn, in the units of a viewBox."""
    lines = _lines(view)
    for line in itertools.chain(*lines.values()):
        line.set_visible(False)
    buffer = io.BytesIO()
    view.savefig(buffer, format="png", dpi=200, metadata={"Software": None})
    view.set_dpi(100)
    view.canvas.draw()
    wide, high = view.bbox.width, view.bbox.height
    plane, curve = view.axes

    def place(axes, points):
        points = axes.transData.transform(points)
        return np.stack([points[:, 0], high - points[:, 1]], axis=1)

    def box(axes):
        a = axes.bbox
        return [round(a.x0, 1), round(high - a.y1, 1), round(a.width, 1), round(a.height, 1)]

    paths = [place(plane, np.clip(line.get_xydata(), -1e6, 1e6)).round(1).tolist() for line in lines["path"]]
    ends = place(curve, np.array([[0.0, 1.0], [1.0, 1.0]]))[:, 0]
    return {"size": [wide, high], "paths": paths, "plane": box(plane), "curve": box(curve),
            "at": [float(ends[0]), float(ends[1] - ends[0])],
            "colours": [line.get_color() for line in lines["path"]]}, figure.fewer_colours(buffer.getvalue())


_DASHES = ("", "6 3", "6 3 1 3", "1 3", "5 1 1 1 1 1", "9 3", "3 1 1 1 1 1", "1 1.5")
_SCRIPT = """
(() => {
  const root = document.getElementById(ID), data = DATA;
  const paths = root.querySelectorAll("polyline"), marks = root.querySelectorAll("circle");
  const cursor = root.querySelector("line"), slider = root.querySelector("input");
  const [play, said] = [root.querySelector("button"), root.querySelector("output")];
  let timer = 0;
  const show = (t) => {
    slider.value = t;
    said.textContent = `step ${t} of ${data.steps}`;
    data.paths.forEach((path, i) => {
      const seen = path.slice(0, t + 1);
      paths[i].setAttribute("points", seen.join(" "));
      marks[i].setAttribute("cx", seen[seen.length - 1][0]);
      marks[i].setAttribute("cy", seen[seen.length - 1][1]);
    });
    const x = data.at[0] + t * data.at[1];
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
  };
  const stop = () => { clearInterval(timer); timer = 0; play.textContent = "Play"; };
  play.onclick = () => {
    if (timer) return stop();
    if (Number(slider.value) >= data.steps) show(0);
    play.textContent = "Pause";
    timer = setInterval(() => {
      show(Math.min(data.steps, Number(slider.value) + data.every));
      if (Number(slider.value) >= data.steps || !root.isConnected) stop();
    }, 1000 / data.pace);
  };
  slider.oninput = () => { stop(); show(Number(slider.value)); };
  show(data.steps);
})();
"""


def _path(i, colour, draws, name):
    """A line with the mark at its end; of a sampler points, of which the order says nothing."""
    mark = f'<circle r="4" fill="{colour}" stroke="white"/>'
    if draws:
        return (f'<marker id="{name}" viewBox="-2 -2 4 4" markerWidth="3" markerHeight="3" '
                f'markerUnits="userSpaceOnUse"><ellipse rx="1.5" ry="1.5" fill="{colour}" fill-opacity="0.5"/></marker>'
                '<polyline fill="none" stroke="none" '
                + " ".join(f'marker-{place}="url(#{name})"' for place in ("start", "mid", "end")) + f"/>{mark}")
    return (f'<polyline fill="none" stroke="{colour}" stroke-width="1.6" '
            f'stroke-dasharray="{_DASHES[i % len(_DASHES)]}"/>{mark}')


def _player(shown):
    """A picture, paths over it, and what plays them."""
    data, png = shown.draw(_ground)
    (wide, high), name = data["size"], f"optlearn-animation-{next(_numbers)}"
    said = f"{shown.surface.label}: " + "; ".join(
        f"{label} loss {run.answer_loss[0]:.4g} -> {run.answer_loss[-1]:.4g}"
        for label, run in zip(shown.labels, shown.trajectories, strict=True))
    x, y, w, h = data["plane"]
    left, top, _, tall = data["curve"]
    colours = [html.escape(colour) for colour in data.pop("colours")]
    drawn = "".join(_path(i, colour, bool(run.optimizer.draws), f"{name}-{i}")
                    for i, (run, colour) in enumerate(zip(shown.trajectories, colours, strict=True)))
    data.update(steps=shown.steps, every=max(1, -(-shown.steps // MOST_FRAMES)), pace=pace(shown))
    script = _SCRIPT.replace("ID", json.dumps(name)).replace("DATA", json.dumps(data, separators=(",", ":")))
    return (
        f'<figure id="{name}" style="margin:0;max-width:{wide}px"><svg viewBox="0 0 {wide:g} {high:g}" role="img" '
        f'aria-label="{html.escape(said)}" style="width:100%;height:auto;display:block">'
        f'<clipPath id="{name}-clip"><rect x="{x}" y="{y}" width="{w}" height="{h}"/></clipPath>'
        f'<image href="data:image/png;base64,{base64.b64encode(png).decode()}" width="{wide:g}" height="{high:g}"/>'
        f'<g clip-path="url(#{name}-clip)">{drawn}</g>'
        f'<line x1="{left}" x2="{left}" y1="{top}" y2="{top + tall}" stroke="#1c2430" stroke-width="0.8"/></svg>'
        '<div style="display:flex;gap:.75rem;align-items:center;font:14px system-ui,sans-serif">'
        '<button type="button" style="min-width:4.5rem;min-height:2rem">Play</button>'
        f'<input type="range" min="0" max="{shown.steps}" value="{shown.steps}" aria-label="Step" style="flex:1">'
        f'<output>step {shown.steps} of {shown.steps}</output></div></figure><script>{script}</script>')
