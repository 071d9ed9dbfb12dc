"""What exercise sheets ask a student to run, run as it stands, and gives no answer away."""

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("bs4")
ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import pages  # noqa: E402
import sheets  # noqa: E402


class Unbuilt(pages.Chapter):
    """A chapter of which only the notebook is read."""

    def __init__(self, source):
        self.source, self.cells = source, json.loads(source.read_text(encoding="utf-8"))["cells"]


def test_checks_stand_where_a_rule_is_asked_for_and_run_after_the_imports():
    found = 0
    for source in sorted((ROOT / "book").rglob("*.ipynb")):
        chapter = Unbuilt(source)
        given = {}
        for exercise in sheets.exercises(chapter):
            stub = sheets.stub(chapter, exercise)
            if not stub:
                continue
            # Elsewhere, what the solution compares with is the answer.
            assert exercise[1].startswith("Implement"), f"{source}: {exercise[1]}"
            given or exec(sheets.imports(chapter), given)
            line = stub.splitlines()[-1].removeprefix("# ").replace("MyRule()", "Adam()")
            exec("import optlearn\nfrom optlearn import Adam\n" + line, dict(given))
            found += 1
    assert found > 15


def test_hints_come_along_wherever_they_stand():
    for source in sorted((ROOT / "book").rglob("*.ipynb")):
        chapter = Unbuilt(source)
        text = "\n".join("".join(cell["source"]) for cell in chapter.cells)
        hints = sum(exercise[2].count("{admonition} Hint") for exercise in sheets.exercises(chapter))
        assert hints == text.count("{admonition} Hint"), source
