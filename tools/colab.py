"""Make notebooks that run where nothing of the book is: the branch "colab", which the book's Colab buttons open.

    python tools/colab.py [BRANCH]

Their first cell fetches the repository at a branch and installs it; all else is as committed. They are written into
_build/colab. The repository's address is that of _config.yml.
"""

import re
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "_build" / "colab"
FIRST = """\
# Nothing of this book is here yet: fetch it, and install the library (about a minute).
from pathlib import Path
home = Path.home() / "optlearn-book"
if not home.exists():
    !git clone -q --depth 1 --branch {branch} {repository} {{home}}
%pip install -q "{{home}}[fast]" matplotlib scikit-learn tqdm
%cd -q {{home}}/{folder}"""


def main(branch="main", repository=None):
    """Write a copy of every notebook."""
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    repository = repository or re.search(r'^repository:\n  url: "(.*)"', config, re.M)[1]
    if not repository:
        raise SystemExit("no address of the repository is configured: make address REPOSITORY=https://github.com/...")
    for path in sorted((ROOT / "book").rglob("[!.]*.ipynb")):
        if ".ipynb_checkpoints" in path.parts:
            continue
        name = path.relative_to(ROOT)
        notebook = nbformat.read(path, as_version=4)
        code = FIRST.format(branch=branch, repository=repository, folder=name.parent.as_posix())
        cell = nbformat.v4.new_code_cell(code, id="install")
        notebook.cells.insert(0, cell)
        target = TARGET / name
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, target)
    print(TARGET)


if __name__ == "__main__":
    main(*sys.argv[1:])
