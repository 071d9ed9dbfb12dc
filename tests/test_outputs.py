"""The outputs that are committed with the notebooks are those of the run from which the book was built, to the letter.

Figures are not compared, nor explorers, which a page gets in another form than a notebook; what both say in words is.
"""

import sys
import types
from pathlib import Path

import nbformat
import pytest
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import executions  # noqa: E402

NAMES = sorted(str(Path(name).with_suffix("")) for name in parse_toc_yaml(ROOT / "_toc.yml")
               if (ROOT / name).with_suffix(".ipynb").exists())


def said(outputs):
    """What the outputs of a cell say in words."""
    found = []
    for output in outputs:
        if output["output_type"] == "stream":
            text = "".join(output["text"])
            # A stream may come in pieces.
            if found and found[-1][0] == output["name"]:
                text = found.pop()[1] + text
            found.append((output["name"], text))
        elif output["output_type"] == "error":
            found.append(("error", f"{output['ename']}: {output['evalue']}"))
        else:
            texts = {kind: "".join(text) for kind, text in output["data"].items() if kind.startswith("text/")}
            if 'class="optlearn-explorer"' in texts.get("text/html", ""):
                del texts["text/html"]
            found.append((output["output_type"], texts))
    return found


@pytest.fixture
def run_of(monkeypatch):
    """A function that returns what the build ran of a notebook, if it still would."""
    monkeypatch.setenv("OPTLEARN_STATIC", "site")
    executions.environment.cache_clear()
    app = types.SimpleNamespace(srcdir=ROOT, config=types.SimpleNamespace(nb_execution_timeout=0))
    runs = executions.Runs(app)
    yield lambda name, notebook: runs.current(name, notebook)
    executions.environment.cache_clear()


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_those_of_the_build(name, run_of):
    notebook = nbformat.read(ROOT / f"{name}.ipynb", as_version=4)
    run = run_of(name, notebook)
    assert run, "what the book was built from is not what is here: make book"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    differing = [f"code cell {k} ({cell.source.splitlines()[0][:50]}): {old} != {new}"
                 for k, (cell, made) in enumerate(zip(code, run["cells"], strict=True), start=1)
                 if (old := said(cell.outputs)) != (new := said(made["outputs"]))]
    assert not differing, f"make execute NB={name}.ipynb\n" + "\n".join(differing)


def test_a_difference_is_found():
    stream = {"output_type": "stream", "name": "stdout", "text": "a\n"}
    html = {"output_type": "display_data", "data": {"text/html": "<b>1</b>", "image/png": "x"}}
    assert said([stream, stream, html]) == [("stdout", "a\na\n"), ("display_data", {"text/html": "<b>1</b>"})]
    assert said([html]) != said([{**html, "data": {"text/html": "<b>2</b>"}}])
