"""The race as a file: a page that stands alone, an animation, a still picture."""

import html
import tempfile
import webbrowser
from pathlib import Path

import numpy as np

from optlearn import optional
from optlearn.declare import InvalidArgument
from optlearn.explorer import figure

# An animation shows at most this many steps, evenly chosen: it stays small and takes seconds.
MOST_FRAMES = 120
SECONDS = 10


def save(explorer, path):
    """Write an explorer to a file; see `Explorer.save`."""
    path = Path(path)
    write = WRITERS.get(path.suffix.lower())
    if write is None:
        *most, last = WRITERS
        raise InvalidArgument(f"path = {str(path)!r} must end with {', '.join(most)} or {last}")
    if not path.parent.is_dir():
        raise InvalidArgument(f"path = {str(path)!r} lies in a folder that does not exist")
    write(explorer, path)
    return path


def open_page(explorer):
    """Write an explorer to a temporary page and show it in a browser; see `Explorer.open`."""
    path = save(explorer, Path(tempfile.mkdtemp(prefix="optlearn-")) / "explorer.html")
    if not webbrowser.open(path.as_uri()):
        print(f"No browser was found; the page is {path}")
    return path


def _page(explorer, path):
    title = html.escape(f"{explorer.surface.label}: {', '.join(explorer.labels())}")
    path.write_text(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<style>body{margin:.5rem auto;max-width:75rem;padding:0 1rem;font-family:system-ui,sans-serif}"
        "h1{font-size:1.25rem;margin:.5rem 0}"
        "@media(prefers-color-scheme:dark){body{background:#14171c;color:#e6e9ee}}</style></head>"
        f"<body><main><h1>{title}</h1>{explorer.html()}</main></body></html>", encoding="utf-8")


def _drawn(explorer, write):
    return figure.picture(explorer.surface, explorer.trajectories, explorer.labels(), explorer.state, write)


def _still(explorer, path):
    _drawn(explorer, lambda view: view.savefig(path, dpi=200))


def _frames(explorer):
    """The race as pictures, an array (height, width, 3) for each step shown."""
    runs, steps = explorer.trajectories, explorer.state["steps"]
    every = -(-steps // MOST_FRAMES)

    def write(view):
        lines = {name: [line for axes in view.axes for line in axes.lines if line.get_gid() == name]
                 for name in ("path", "mark", "cursor")}
        moving = [line for some in lines.values() for line in some]
        for line in moving:
            line.set_animated(True)
        # What does not move is drawn once.
        view.canvas.draw()
        ground = view.canvas.copy_from_bbox(view.bbox)
        for t in [*range(0, steps, every), steps]:
            for line, mark, run in zip(lines["path"], lines["mark"], runs, strict=True):
                until = min(t, run.steps)
                line.set_data(run.w[:until + 1].T)
                mark.set_data(run.w[until:until + 1].T)
            for line in lines["cursor"]:
                line.set_xdata([t, t])
            view.canvas.restore_region(ground)
            for line in moving:
                line.axes.draw_artist(line)
            yield np.asarray(view.canvas.buffer_rgba())[..., :3].copy()

    return _drawn(explorer, lambda view: list(write(view)))


def _gif(explorer, path):
    image = optional.load("PIL.Image", "animations", "pillow")
    pictures = [image.fromarray(frame) for frame in _frames(explorer)]
    # One palette, that of the last picture, in which all there is to see is seen.
    palette = pictures[-1].quantize(96)
    first, *rest = (picture.quantize(palette=palette, dither=image.Dither.NONE) for picture in pictures)
    pace = 1000 // _pace(explorer)
    first.save(path, save_all=True, append_images=rest, duration=[pace] * len(rest) + [10 * pace], loop=0)


def _mp4(explorer, path):
    optional.load("matplotlib", "animations")
    from matplotlib import animation
    from matplotlib.figure import Figure

    if not animation.writers.is_available("ffmpeg"):
        raise InvalidArgument(f"path = {str(path)!r} needs ffmpeg, which is not installed; save it as .gif, "
                              "or get ffmpeg (sudo apt-get install ffmpeg, or your system's package)")
    frames = _frames(explorer)
    high, wide = (n // 2 * 2 for n in frames[0].shape[:2])  # Video has even numbers of pixels
    view = Figure(figsize=(wide / 100, high / 100), dpi=100)
    writer = animation.FFMpegWriter(fps=_pace(explorer))
    with writer.saving(view, path, dpi=100):
        for frame in frames:
            view.images.clear()
            view.figimage(frame[:high, :wide])
            writer.grab_frame()


def _pace(explorer):
    """Frames a second: slow enough to follow a short run, and no longer than some seconds for a long one."""
    return max(4, min(explorer.state["steps"], MOST_FRAMES) // SECONDS)


WRITERS = {".html": _page, ".gif": _gif, ".mp4": _mp4, ".png": _still, ".svg": _still}
