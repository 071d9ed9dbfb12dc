"""What slides, sheets and the printed book read of the built pages: a chapter cell by cell."""

import contextlib
import json
import re
import shutil
from pathlib import Path

from bs4 import BeautifulSoup, Comment, Tag

# The shell, without windows to draw, opens a page in half the time.
BROWSERS = ("chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome",
            "google-chrome-stable")
# Like make, in the folder of the book.
SITE = Path("_build", "html")
CELL = re.compile(r"\s*cell (\d+)\s*")
MINUTES = re.compile(r"(Essentials|Everything)\W[^\d.]{0,30}?(two times )?(\d+) minutes")


class Chapter:
    """A built page that was a notebook."""

    def __init__(self, source):
        """Read the page that was made of a notebook, given as a path under the repository's root."""
        self.source = Path(source)
        self.path = (SITE / source).with_suffix(".html")
        self.soup = BeautifulSoup(self.path.read_text(encoding="utf-8"), "html.parser")
        self.cells = json.loads(self.source.read_text(encoding="utf-8"))["cells"]
        self.title = self.soup.select_one("article h1")
        for sign in self.soup.select("article a.headerlink"):
            sign.decompose()

    @property
    def styles(self):
        """The style sheets of the page, as HTML."""
        return "\n".join(map(str, self.soup.head.select('link[rel="stylesheet"]')))

    def kind(self, cell):
        """The slide type of a cell; the questions at the end are no cell of the notebook, and stay on the page."""
        if cell == len(self.cells):
            return "skip"
        return (self.cells[cell]["metadata"].get("slideshow") or {}).get("slide_type", "-")

    def minutes(self):
        """How long the chapter says it takes, ``{"Essentials": 30, "Everything": 60}``."""
        text = " ".join(self.soup.select_one("article").get_text(" ").split())
        return {name: int(number) * (2 if twice else 1) for name, twice, number in MINUTES.findall(text)}

    def blocks(self):
        """Each cell that left something on the page, and its elements in order."""
        found, cell = {}, None

        def walk(parent):
            nonlocal cell
            for node in list(parent.children):
                if isinstance(node, Comment) and (sign := CELL.fullmatch(node)):
                    cell = int(sign[1])
                elif isinstance(node, Tag):
                    if node.name == "section" or "optlearn-fold" in (node.get("class") or []):
                        walk(node)
                    elif cell is not None and node.name not in ("span", "summary"):
                        found.setdefault(cell, []).append(node)

        walk(self.soup.select_one("article"))
        return found

    def save_with(self, links):
        """Offer files beside the page, ``{"momentum-slides.html": "Slides"}``, in its download menu."""
        text = self.path.read_text(encoding="utf-8")
        for name, words in links.items():
            text = re.sub(rf'<li class="optlearn-offer"><a [^>]*href="{re.escape(name)}".*?</li>', "", text)
            offer = (f'<li class="optlearn-offer"><a class="btn btn-sm dropdown-item" href="{name}">'
                     f'<span class="btn__text-container">{words}</span></a></li>')
            text = re.sub(r'(dropdown-download-buttons">.*?<ul class="dropdown-menu">)',
                          lambda m, offer=offer: m[1] + offer, text, count=1, flags=re.S)
        self.path.write_text(text, encoding="utf-8")


def chapters(names=()):
    """The notebooks of the book with slide types, or those whose path contains one of the names."""
    found = sorted(path for path in Path("book").rglob("*.ipynb") if ".ipynb_" not in str(path))
    found = [path for path in found if '"slide_type"' in path.read_text(encoding="utf-8")]
    chosen = [path for path in found if not names or any(name in str(path) for name in names)]
    if not chosen:
        raise SystemExit(f"no chapter is named {' or '.join(names)}; there are {', '.join(p.stem for p in found)}")
    return [path for path in chosen if (SITE / path).with_suffix(".html").exists()]


@contextlib.contextmanager
def browser():
    """An installed Chromium, which prints."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise SystemExit("Chromium prints: sudo apt-get install chromium (or your system's package)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()
