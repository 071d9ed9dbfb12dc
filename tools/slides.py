"""Decks of the chapters, made from the built pages and the slide types of the notebooks' cells.

    python tools/slides.py              # all
    python tools/slides.py nesterov     # those whose path has the word

A deck stands beside its page, so that formulas, figures and links are the page's own. Exercises and what is of type
"skip" are left out, code that has an output is left to the page, proofs are slides below their theorems.
"""

import copy
import html
import importlib.util
import re
import shutil
import sys
from pathlib import Path

from pages import SITE, Chapter, chapters

HERE = Path(__file__).parent / "deck"
REVEAL = ("dist/reveal.js", "dist/reveal.css", "plugin/notes/notes.js", "LICENSE")
PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light" class="optlearn-deck">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: slides</title>
<link rel="icon" href="data:,">
{styles}
<link rel="stylesheet" href="{static}reveal/reveal.css">
<link rel="stylesheet" href="{static}reveal/deck.css">
</head>
<body>
<div class="reveal" data-minutes="{minutes}" data-essentials="{essentials}"><div class="slides">
{slides}
</div></div>
<script src="{static}reveal/reveal.js"></script>
<script src="{static}reveal/notes.js"></script>
<script src="{static}reveal/deck.js"></script>
</body>
</html>
"""
LIVE = """<!DOCTYPE html><html lang="en" data-theme="light" class="optlearn-room"><head>
<meta charset="utf-8"><title>Explorer</title>{styles}
<link rel="stylesheet" href="{static}explorer.css"><link rel="stylesheet" href="{static}reveal/live.css">
<script defer src="{static}explorer.js"></script></head><body>{body}</body></html>"""


def is_proof(block):
    """Whether a block is a proof, shown or folded."""
    classes = block.get("class") or []
    title = block.select_one(".admonition-title")
    return "admonition" in classes and (classes[:1] == ["proof"] and len(classes) == 2
                                        or "dropdown" in classes and bool(title) and title.get_text() == "Proof")


class Deck:
    """The slides of a chapter, in order."""

    def __init__(self, chapter):
        """Make them."""
        self.chapter = chapter
        self.static = "../" * (len(chapter.source.parts) - 1) + "_static/"
        self.slides, self.proofs, self.notes, self.heading = [], [], [], ""
        for cell, blocks in chapter.blocks().items():
            kind = chapter.kind(cell)
            if kind == "skip":
                # Exercises end in the cell that goes on with the summary.
                while blocks and blocks[0].get_text().rstrip("#\n") != "Summary":
                    blocks = blocks[1:]
                if not blocks:
                    continue
                kind = "slide"
            if kind in ("slide", "subslide") or not self.slides:
                self._close()
                self.slides.append([])
            for block in blocks:
                self._place(block, kind, cell)
        self._close()

    def _place(self, block, kind, cell):
        if re.fullmatch("h[1-4]", block.name):
            self.heading = block.decode_contents().strip()
        if kind == "notes" or block.name == "p" and block.get_text().startswith("To ask the room"):
            self.notes.append(self._clean(block))
        elif is_proof(block):
            self.proofs.append(f'<h2 class="again">{self.heading}</h2>{self._clean(block)}')
            self._add(f'<span data-proof="{len(self.proofs) - 1}"></span>', "")
        else:
            for explorer in block.select(".optlearn-explorer"):
                self._add(self._live(explorer), kind)
            # The rest of a cell with an explorer is its code.
            if not block.select(".optlearn-explorer") and (text := self._clean(block)):
                self._add(text, f"fragment:{cell}" if kind == "fragment" else "")

    def _add(self, text, kind):
        if not self.slides[-1] and not re.match("<h[1-4]", text):
            self.slides[-1].append(f'<h2 class="again">{self.heading}</h2>')
        if kind.startswith("fragment:"):
            text = f'<div class="fragment" data-fragment-index="{kind[9:]}">{text}</div>'
        self.slides[-1].append(text)

    def _close(self):
        if self.slides:
            proofs = "".join(f'<section data-of="{k}"><div class="bd-article bd-content">{proof}</div></section>'
                             for k, proof in enumerate(self.proofs) if proof)
            notes = f'<aside class="notes">{"".join(self.notes)}</aside>' if self.notes else ""
            body = "".join(self.slides[-1])
            self.slides[-1] = (f'<section><div class="bd-article bd-content">{body}</div>{notes}</section>{proofs}'
                               if body else "")
        self.proofs = [""] * len(self.proofs)
        self.notes = []

    def _live(self, explorer):
        body = LIVE.format(styles=self.chapter.styles, static=self.static, body=explorer)
        return f'<iframe class="live" title="Explorer" data-document="{html.escape(body)}"></iframe>'

    def _clean(self, block):
        """A block's HTML for a slide: no code beside its output, no id, no link into what is not there."""
        block = copy.copy(block)
        if block.select_one(".cell_output") or "tag_hide-input" in (block.get("class") or []):
            for code in block.select("details.hide, .cell_input"):
                code.decompose()
        # reveal.js takes a section for a slide.
        for section in block.select("section"):
            section.name = "div"
        for node in [block, *block.select("[id]")]:
            node.attrs.pop("id", None)
        for image in block.select("img"):
            image.attrs.pop("loading", None)
        for link in block.select("a[href]"):
            if link["href"].startswith("#"):
                link["href"] = self.chapter.path.name + link["href"]
            elif link["href"].startswith("explorer:"):
                link.name, link.attrs = "strong", {}
        return str(block) if block.get_text(strip=True) or block.select_one("img, iframe") else ""

    def write(self):
        """Write the deck beside the page, and a link to it into the page."""
        chapter, times = self.chapter, self.chapter.minutes()
        path = chapter.path.with_name(chapter.path.stem + "-slides.html")
        path.write_text(PAGE.format(
            title=html.escape(chapter.title.get_text().strip()), styles=chapter.styles, static=self.static,
            minutes=times["Everything"], essentials=times["Essentials"], slides="\n".join(self.slides)),
            encoding="utf-8")
        chapter.save_with({path.name: "Slides"})
        return path


def bring(folder):
    """Copy reveal.js, out of the package that ships it, and our own part to where decks look for it."""
    package = Path(importlib.util.find_spec("sphinx_revealjs").origin).parent / "_static" / "revealjs"
    folder.mkdir(parents=True, exist_ok=True)
    for path in [*(package / name for name in REVEAL), *HERE.iterdir()]:
        shutil.copy(path, folder)


def main(names):
    """Write the decks and say where they are."""
    made = [Deck(Chapter(source)).write() for source in chapters(names)]
    bring(SITE / "_static" / "reveal")
    for path in made:
        print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
