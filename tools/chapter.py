"""Build the page of one chapter alone, for writing: python tools/chapter.py book/momentum/nesterov.ipynb

Cells run only when they, or what they opened of the library, changed. What refers to other pages stays unresolved
here, and is not reported; every other warning is, at the end.
"""

import re
import subprocess
import sys
from pathlib import Path

from book import COMMAND, report

FOLDER = Path("_build", "chapter")
ELSEWHERE = re.compile(r"unknown document|undefined label|label '.*' not found|(equation|reference target) not found")
TOC = "format: jb-book\nroot: book/references\nparts:\n  - chapters:\n      - file: {page}\n"


def here(said):
    """What was said, without what other pages would resolve."""
    return "\n".join(part for part in re.split(r"\n(?=\S)", said) if not ELSEWHERE.search(part))


def main(name):
    """Build it and say where it is."""
    source = Path(name)
    if not source.is_file() or source.parts[0] != "book":
        raise SystemExit(f'NB has to be a chapter such as "book/momentum/nesterov.ipynb"; "{name}" is none')
    FOLDER.mkdir(parents=True, exist_ok=True)
    toc = FOLDER / "_toc.yml"
    toc.write_text(TOC.format(page=source.with_suffix("").as_posix()), encoding="utf-8")
    done = subprocess.run([*COMMAND, "-n", "--all", "--toc", toc, "--path-output", FOLDER, "."], capture_output=True,
                          text=True, check=False)
    said = here(report(done.stderr))
    if done.returncode:
        raise SystemExit(said)
    print(said or "No warnings.")
    print((FOLDER / "_build" / "html" / source).with_suffix(".html").resolve())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit('NB="book/momentum/nesterov.ipynb" says which chapter')
    main(sys.argv[1])
