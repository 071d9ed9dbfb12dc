"""A page with explorers, without the built book."""

import os

import pytest

from optlearn.explorer import page as pages

HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Explorer</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body { margin: 0 8px; font-family: sans-serif }</style>
<script>
window.apps = [];
addEventListener("optlearn", (event) => apps.push(event.detail));
// Kinds of jobs that workers have not ended: a map comes in parts, of everything else there is one answer.
window.jobs = new Set();
window.Worker = class extends Worker {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => (data.kind !== "map" || data.done) && jobs.delete(data.kind));
  }
  postMessage(data) {
    jobs[data.job ? "add" : "delete"](data.kind);
    super.postMessage(data);
  }
};
</script></head><body><main>
<h1>Explorer</h1>"""
# A PNG of one pixel.
BLANK = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="


@pytest.fixture
def show(visit, tmp_path, monkeypatch):
    """A function that opens a page with explorers from a file; it returns the page and the list of its problems.

    In the page, ``apps`` holds the explorers. Their still figures, which the first script takes away and which take
    longer to draw than all the rest, are blank unless `still` is true. Keywords go to Playwright's ``new_context``.
    """

    def open_page(*explorers, path=tmp_path / "page.html", fragment="", still=False, **settings):
        with monkeypatch.context() as patched:
            if not still:
                patched.setattr(pages, "still", lambda draw: BLANK)
            parts = [explorer.html(complete=i == 0) for i, explorer in enumerate(explorers)]
        path.write_text(HEAD + "".join(parts) + "</main></body></html>", encoding="utf-8")
        page, problems = visit(path.as_uri() + fragment, **settings)
        page.wait_for_function("apps.length === document.querySelectorAll('.optlearn-explorer').length")
        settle(page)
        return page, problems

    return open_page


def settle(page):
    """Waits until what was changed is drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))")


def rest(page):
    """Waits until nothing moves, no worker has a job, and three frames in a row have drawn nothing."""
    page.evaluate("window.still = { frames: -1, count: 0 }")
    page.wait_for_function(
        """() => {
            const { frames, picture } = apps[0];
            const resting = frames === still.frames && !picture.moving() && !jobs.size;
            window.still = { frames, count: resting ? still.count + 1 : 0 };
            return still.count === 3;
        }"""
    )


@pytest.fixture(autouse=True)
def static(monkeypatch):
    """Explorers as a built page has them."""
    monkeypatch.setitem(os.environ, "OPTLEARN_STATIC", "1")
