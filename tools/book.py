"""Build the book; what it warned of and why it failed stand at the end, each once.

    python tools/book.py
"""

import re
import subprocess
import sys
import tempfile

# Checks of internationalised addresses, which no page asks for, would take a second and a half to prepare; to look for
# cycles among the nodes of a book, and to take the nodes apart one by one at the end, many more.
BUILD = """
import gc, os, sys
sys.modules["rfc3987_syntax"] = None
gc.set_threshold(200_000, 20, 100)
from jupyter_book.cli.main import main
try:
    main()
except SystemExit as end:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(end.code or 0)
"""
COMMAND = [sys.executable, "-c", BUILD, "build"]
COLOURS = re.compile(r"\x1b\[[\d;]*[mK]")
# Jupyter Book's own way out of a failed build, which says nothing.
WAY_OUT = re.compile(r"^Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*(?:.*\n)*?RuntimeError: \s*=*\s*"
                     r"There was an error in building your book[^\0]*", re.M)
# In warnings each cell of a notebook has ten thousand lines, and the first is its second.
LINE = re.compile(r"(\.ipynb):(\d+)(\d{4})(?=:)")
# Sphinx-proof says of a page with an invented name what Sphinx says of the page itself.
AGAIN = re.compile(r"\S+\.rst: WARNING: label '(.*)' not found")


def report(said):
    """What was said on the way, without colours, repetitions and the builder's own traceback."""
    text = WAY_OUT.sub("", COLOURS.sub("", said))
    text = LINE.sub(lambda at: f"{at[1]}, cell {at[2]}, line {max(int(at[3]) - 1, 1)}", text)
    parts = re.split(r"\n(?=\S)", text.strip())
    return "\n".join(part for part in dict.fromkeys(parts)
                     if not ((again := AGAIN.match(part)) and f"reference target not found: {again[1]}" in text))


def main():
    """Build and report."""
    command = [*COMMAND, "-W", "-n", "--keep-going", "."]
    # Progress goes to the one stream, warnings and errors to the other.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        code = subprocess.run(command, stderr=said, check=False).returncode
        said.seek(0)
        found = report(said.read())
    if found:
        print(f"\n{found}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
