"""Studies: results that are kept belong to what made them, and can be made again."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from optlearn import InvalidArgument, Muon, studies

ROOT = Path(__file__).parent.parent
SCRIPT = '''
"""What it is."""

READS = ("optlearn.problems.initialisations",)


def cells(results):
    """Two, and a third when they are done."""
    return [{"n": n} for n in range(3 if len(results) > 1 else 2)]


def measure(n):
    return {"square": n * n, "root": n**0.5 if n else float("nan")}
'''


# Twelve runs and one more; each says that it was made, and the sixth ends what started it, once.
STOPPED = '''
import os, signal, time
from pathlib import Path

READS = ()
HERE = Path(__file__).parent


def cells(results):
    return [{"n": n} for n in range(12 + (len(results) >= 12))]


def measure(n):
    with (HERE / "made").open("a") as made:
        made.write(f"{n}\\n")
    if n == 5 and not (HERE / "stopped").exists():
        (HERE / "stopped").touch()
        time.sleep(0.5)
        os.kill(os.getppid(), signal.SIGTERM)
        time.sleep(0.5)
    return {"n": n}
'''


@pytest.fixture
def study(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import study
    return study


@pytest.fixture
def script(tmp_path, study):
    path = tmp_path / "small.py"
    path.write_text(SCRIPT)
    study.run(path)
    return path


def test_a_study_is_run_kept_and_run_again(script):
    study = studies.load(script)
    assert [(row["cell"]["n"], row["found"]) for row in study.results] == [
        (0, {"square": 0.0, "root": None}), (1, {"square": 1.0, "root": 1.0}), (2, {"square": 4.0, "root": 2**0.5})]
    assert study.again(n=2)["square"] == 4.0
    with pytest.raises(InvalidArgument, match="the study has no such cell"):
        study.again(n=7)
    study.results[2]["found"]["root"] *= 1.01
    with pytest.raises(studies.StudyError, match=r"\{'n': 2\}: root is 1.414.* was kept"):
        study.again(n=2)


def test_results_of_another_script_are_refused(script):
    script.write_text(SCRIPT.replace("What it is", "Other words") + "# a comment\n")
    studies.load(script)
    # Types say nothing of what is computed.
    script.write_text("from __future__ import annotations\nfrom typing import TYPE_CHECKING\n"
                      "if TYPE_CHECKING:\n    import numpy\n"
                      + SCRIPT.replace("measure(n):", "measure(n: int) -> dict[str, float]:"))
    studies.load(script)
    script.write_text(SCRIPT.replace("n * n", "n * n * n"))
    with pytest.raises(studies.StudyError, match="was made by another small.py .*make study NAME=small"):
        studies.load(script)
    script.with_suffix(".json").unlink()
    with pytest.raises(studies.StudyError, match="has no results"):
        studies.load(script)
    with pytest.raises(InvalidArgument, match="must be the file of a study"):
        studies.load("nowhere.py")


def test_what_a_study_reads_belongs_to_it(script, monkeypatch):
    meaning = studies._meaning
    monkeypatch.setattr(studies, "_meaning", lambda path: meaning(path) + ("x" if "initial" in path.name else ""))
    with pytest.raises(studies.StudyError, match="was made by another"):
        studies.load(script)


def test_what_a_script_means_is_the_same_for_every_python(tmp_path):
    path = tmp_path / "small.py"
    path.write_text('class A:\n    def f(self, x: int = 1) -> str:\n        """Words."""\n        return f"{x} and"\n',
                    encoding="utf-8")
    assert studies._meaning(path) == (
        "Module(body=[ClassDef(name='A', bases=[], keywords=[], body=[FunctionDef(name='f', args=arguments("
        "posonlyargs=[], args=[arg(arg='self'), arg(arg='x')], kwonlyargs=[], kw_defaults=[], "
        "defaults=[Constant(value=1)"
        "]), body=[Return(value=JoinedStr(values=[FormattedValue(value=Name(id='x', ctx=Load()), conversion=-1), "
        "Constant(value=' and')]))], decorator_list=[])], decorator_list=[])], type_ignores=[])")


@pytest.mark.parametrize("path", sorted((ROOT / "book" / "studies").glob("*.json")), ids=lambda path: path.stem)
def test_the_studies_of_the_book_are_complete(path):
    study = studies.load(path.with_suffix(".py"))
    assert study.module.cells(study.results) == []


CHAPTER = """
from optlearn import Momentum, run
from optlearn.claims import claim
from optlearn.surfaces import Quadratic
path = run(Quadratic(kappa=1), Momentum(lr=0.5, momentum=0.25), start=(1.0, 2.0), steps=STEPS)
claim("where it ends", predicted=END, measured=path.w[-1, 0], atol=1e-9)
claim("two", predicted=2, measured=1 + 1)
"""


MATRICES = """
import numpy as np
from optlearn import Muon
from optlearn.claims import claim
rule = Muon(lr=1.0, momentum=0.5, weight_decay=0.0, ns_steps=2)
for shape in ((2, 3), (3, 2)):
    w, state = np.zeros(shape), rule.init(np.zeros(shape))
    for seed in range(STEPS):
        w, state = rule.step(w, np.random.RandomState(seed).standard_normal(shape), state)
    claim(f"where it ends, {shape}", predicted=END[shape], measured=np.sum(w * np.arange(6).reshape(shape)), rtol=1e-6)
"""


def chapter(folder, name, source, steps, end):
    """A chapter of one cell; its path."""
    cell = {"cell_type": "code", "source": source.replace("STEPS", str(steps)).replace("END", repr(end)),
            "metadata": {}, "outputs": [], "execution_count": None, "id": "a"}
    path = folder / str(steps) / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def ends_of_matrices(steps):
    """Where the chapter with matrices ends."""
    ends = {}
    for shape in ((2, 3), (3, 2)):
        rule = Muon(lr=1.0, momentum=0.5, weight_decay=0.0, ns_steps=2)
        w, state = np.zeros(shape), rule.init(np.zeros(shape))
        for seed in range(steps):
            w, state = rule.step(w, np.random.RandomState(seed).standard_normal(shape), state)
        ends[shape] = float(np.sum(w * np.arange(6).reshape(shape)))
    return ends


def test_mutants_are_noticed_by_a_claim_that_pins_the_rule(tmp_path):
    """After one step from rest the momentum has not acted; the scale of Muon's average is divided out."""
    made = [chapter(tmp_path, "momentum", CHAPTER, 2, 0.125), chapter(tmp_path, "momentum", CHAPTER, 1, 0.5),
            *(chapter(tmp_path, "muon", MATRICES, steps, ends_of_matrices(steps)) for steps in (2, 1))]
    # One call for all: each process of the tool takes long to start.
    told = subprocess.run([sys.executable, ROOT / "tools" / "mutants.py", *made], capture_output=True, text=True,
                          check=True, cwd=ROOT).stdout.split("\n== ")
    for said, missed in zip(told[:2], (False, True), strict=True):
        assert ("NOT NOTICED  Momentum(): v: momentum*s.v + g -> g (without a summand)" in said) == missed
        assert "BROKEN BY NOTHING  two" in said and "BROKEN BY NOTHING  where" not in said
    for said, missed in zip(told[2:], (False, True), strict=True):
        assert "trouble" not in said
        assert ("b: momentum*s.b + (1 - momentum)*g -> (1 - momentum)*g (without a summand)" in said) == missed
        # A change inside the loop is made for both shapes, and noticed.
        assert "each turn" not in said


def test_a_change_that_touches_no_number_needs_a_sample_only(script, study):
    made = json.loads(script.with_suffix(".json").read_text())
    script.write_text(SCRIPT.replace("n * n, ", "n * (n + 0), "))
    study.sample(script, 2)
    kept = json.loads(script.with_suffix(".json").read_text())
    assert (kept["results"], kept["sampled"][0]["hash"]) == (made["results"], made["hash"])
    assert studies.load(script).hash == kept["hash"] != made["hash"]
    script.write_text(SCRIPT.replace("n * n, ", "n * n + 1, "))
    with pytest.raises(studies.StudyError, match="was kept"):
        study.sample(script, 2)


def test_a_study_that_was_stopped_goes_on_where_it_was(tmp_path, study):
    script = tmp_path / "stopped_study.py"
    script.write_text(STOPPED)
    # The study's own folder comes before the name of a path that is whole.
    command = [sys.executable, ROOT / "tools" / "study.py", script.with_suffix("")]
    stopped = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert stopped.returncode == 1 and "what was done is kept" in stopped.stderr
    kept = {row["cell"]["n"] for row in json.loads(script.with_suffix(".json").read_text())["results"]}
    assert kept and kept < set(range(12))
    before = (tmp_path / "made").read_text()
    study.run(script)
    again = set(map(int, (tmp_path / "made").read_text()[len(before):].split()))
    assert again == set(range(13)) - kept
    assert sorted(row["cell"]["n"] for row in studies.load(script).results) == list(range(13))


def test_a_study_runs_in_another_executor(script, study):
    loky = pytest.importorskip("joblib.externals.loky")
    here = json.loads(script.with_suffix(".json").read_text())
    script.with_suffix(".json").unlink()
    with loky.ProcessPoolExecutor(1) as executor:
        study.run(script, executor)
    assert json.loads(script.with_suffix(".json").read_text()) == here


def test_a_study_runs_on_a_dask_cluster(script, study):
    distributed = pytest.importorskip("distributed")
    here = json.loads(script.with_suffix(".json").read_text())
    script.with_suffix(".json").unlink()
    workers = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with (distributed.LocalCluster(**workers) as cluster,
          distributed.Client(cluster) as client, client.get_executor() as executor):
        study.run(script, executor)
    assert json.loads(script.with_suffix(".json").read_text()) == here
