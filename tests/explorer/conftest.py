"""A page with explorers, without the built book."""

import os

import pytest

HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Explorer</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body { margin: 0 8px; font-family: sans-serif }</style>
<script>window.apps = []; addEventListener("optlearn", (event) => apps.push(event.detail));</script></head><body><main>
<h1>Explorer</h1>"""


@pytest.fixture
def show(visit, tmp_path):
    """A function that opens a page with explorers from a file; it returns the page and the list of its problems.

    In the page, ``apps`` holds the explorers. Keywords go to Playwright's ``new_context``.
    """

    def open_page(*explorers, path=tmp_path / "page.html", fragment="", **settings):
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
    """Waits until nothing has been drawn for a while, however slow the machine."""
    page.evaluate("delete window.seen")
    page.wait_for_function(
        """() => {
            const { frames } = window.app || window.apps[0];
            if (window.seen?.frames !== frames) window.seen = { frames, since: performance.now() };
            return performance.now() - window.seen.since > 1500;
        }"""
    )


@pytest.fixture(autouse=True)
def static(monkeypatch):
    """Explorers as a built page has them."""
    monkeypatch.setitem(os.environ, "OPTLEARN_STATIC", "1")
