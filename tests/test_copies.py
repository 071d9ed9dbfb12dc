"""The copies of the chapters that JupyterLab opens: readable there, and their reader's own."""

import hashlib
import json
import re
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytest.importorskip("pybtex")


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Makes the copies, in a folder of its own."""
    (tmp_path / "book").symlink_to(ROOT / "book", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    main = runpy.run_path(str(ROOT / "tools" / "copies.py"))["main"]
    main()
    return main


def text(path):
    """All of a notebook's markdown."""
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def test_what_jupyterlab_cannot_resolve_is_written_out(make):
    for path in Path("lab").rglob("*.ipynb"):
        markdown = text(path)
        assert not re.search(r"\{(cite|doc|numref|py)\b[\w:]*\}`|\]\(explorer:", markdown), path
        own = set(re.findall(r":label: (\S+)|\$\$ ?\(([\w-]+)\)|^\(([\w-]+)\)=$", markdown, re.M))
        own = {label for labels in own for label in labels}
        for label in re.findall(r"\{(?:prf:ref|eq)\}`([^`]+)`", markdown):
            assert label in own, f"{path}: {label}"
        for link in re.findall(r"\]\(([^)]+\.ipynb)\)", markdown):
            assert (path.parent / link).is_file(), f"{path}: {link}"
    nesterov = text("lab/momentum/nesterov.ipynb")
    assert "[Momentum](momentum.ipynb)" in nesterov and "of Lessard et al. (2016)" in nesterov
    assert len(re.findall(r"^\*\*\d\. ", nesterov, re.M)) == 5
    assert Path("lab/studies/why_adam.json").is_file()


def test_a_readers_changes_stay_and_others_are_brought_up_to_date(make, capsys):
    mine, stale = Path("lab/momentum/momentum.ipynb"), Path("lab/momentum/nesterov.ipynb")
    mine.write_text(mine.read_text(encoding="utf-8").replace("ravine", "gorge"), encoding="utf-8")
    known = json.loads(Path("lab/.copies.json").read_text(encoding="utf-8"))
    old = stale.read_text(encoding="utf-8")
    stale.write_text("{}", encoding="utf-8")
    # As if an older chapter had given this.
    known[str(stale)] = hashlib.sha256(b"{}").hexdigest()
    known[str(mine)] = "another"
    Path("lab/.copies.json").write_text(json.dumps(known), encoding="utf-8")
    make()
    assert "gorge" in mine.read_text(encoding="utf-8") and stale.read_text(encoding="utf-8") == old
    said = capsys.readouterr().out
    assert "momentum.ipynb has your changes and stays" in said and "nesterov" not in said
