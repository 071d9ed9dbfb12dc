"""The race as a file: a page that stands alone, an animation, a still picture."""

import tempfile
import webbrowser
from pathlib import Path

from optlearn.explorer import animation, figure, stills


def save(explorer, path):
    """Write an explorer to a file; see `Explorer.save`."""
    return animation.written(explorer, path, WRITERS)


def open_page(explorer):
    """Write an explorer to a temporary page and show it in a browser; see `Explorer.open`."""
    path = save(explorer, Path(tempfile.mkdtemp(prefix="optlearn-")) / "explorer.html")
    if not webbrowser.open(path.as_uri()):
        print(f"No browser was found; the page is {path}")
    return path


def _page(explorer, path):
    dark = "@media(prefers-color-scheme:dark){body{background:#14171c;color:#e6e9ee}}"
    title = f"{explorer.surface.label}: {', '.join(explorer.labels())}"
    path.write_text(animation.page(title, explorer.html(), dark), encoding="utf-8")


def _still(explorer, path):
    stills.picture(explorer, lambda view: view.savefig(path, dpi=200))


class _Race(animation.Animation):
    """The animation of an explorer's race."""

    def __init__(self, explorer):
        self.surface, self.trajectories, self.labels = explorer.surface, explorer.trajectories, explorer.labels()
        self.steps, self.state = explorer.state["steps"], explorer.state

    def draw(self, write):
        return figure.picture(self.surface, self.trajectories, self.labels, self.state, write)


WRITERS = {".html": _page, ".gif": lambda explorer, path: animation.gif(_Race(explorer), path),
           ".mp4": lambda explorer, path: animation.mp4(_Race(explorer), path), ".png": _still, ".svg": _still}
