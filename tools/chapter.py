"""Build the page of one chapter alone, for writing: python tools/chapter.py book/momentum/nesterov.ipynb

What refers to other pages stays unresolved here, and is not reported; every other warning is, at the end.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path("_build", "chapter")
SHARED = ("_ext", "_static", "_templates", "studies", "references.bib", "references.md")
ELSEWHERE = re.compile(r"unknown document|undefined label|label '.*' not found|equation not found")
TOC = "format: jb-book\nroot: {root}\nparts:\n  - chapters:\n      - file: {page}\n"


def main(name):
    """Build it and say where it is."""
    source = Path(name)
    if not source.is_file() or source.parts[0] != "book":
        raise SystemExit(f'NB has to be a chapter such as "book/momentum/nesterov.ipynb"; "{name}" is none')
    shutil.rmtree(FOLDER / "book", ignore_errors=True)
    (FOLDER / "book").mkdir(parents=True)
    for part in SHARED:
        copy = shutil.copytree if Path("book", part).is_dir() else shutil.copy
        copy(Path("book", part), FOLDER / "book" / part)
    (FOLDER / source).parent.mkdir(exist_ok=True)
    for part in source.parent.glob(f"{source.stem}.*"):
        shutil.copy(part, FOLDER / part)
    shutil.copy("_config.yml", FOLDER)
    (FOLDER / "_toc.yml").write_text(TOC.format(root="book/references", page=source.with_suffix("")), encoding="utf-8")
    done = subprocess.run([Path(sys.executable).with_name("jupyter-book"), "build", "-n", "--all", str(FOLDER)],
                          capture_output=True, text=True, check=False)
    text = re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr)
    said = dict.fromkeys(re.findall(r".*(?:WARNING|ERROR|Error).*", text))
    said = [line for line in said if not ELSEWHERE.search(line)]
    print("\n".join(said) or "No warnings.")
    if done.returncode:
        raise SystemExit(text[-2000:])
    print((FOLDER / "_build" / "html" / source).with_suffix(".html").resolve())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit('NB="book/momentum/nesterov.ipynb" says which chapter')
    main(sys.argv[1])
