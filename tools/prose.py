"""Write the snapshot of the book's prose on which `optlearn.problems.Transformer` is trained.

    python tools/prose.py

It is made once in a while, by hand: results of studies belong to the snapshot of the day.
"""

import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).parent.parent
TARGET, SIZE = ROOT / "optlearn" / "problems" / "prose.txt", 100_000
ALLOWED = "abcdefghijklmnopqrstuvwxyz .,;:?'()-\n"


def plain(markdown):
    """The sentences of a text in MyST markdown, in lower case."""
    text = re.sub(r"^(:::|```|~~~|:\w|\||#).*$|^\(.*\)=$", "", markdown, flags=re.M)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|\{[^}]*\}`[^`]*`|`[^`]*`|<[^>]*>", "x", text, flags=re.S)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).lower().replace("\u2019", "'").replace("\u2013", "-")
    text = "".join(c if c in ALLOWED else "" for c in text)
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    return "\n".join(part for part in paragraphs if len(part) > 60)


def main():
    """Take as much of every chapter."""
    texts = []
    for path in sorted((ROOT / "book").glob("*/[!.]*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        texts.append("\n".join(filter(None, (plain(c.source) for c in cells if c.cell_type == "markdown"))))
    share = SIZE // len(texts)
    TARGET.write_text("\n".join(text[:share] for text in texts)[:SIZE], "ascii")
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size} characters of {len(texts)} chapters")


if __name__ == "__main__":
    main()
