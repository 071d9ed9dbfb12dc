"""The notebooks as they are committed: all listed and run, none heavy, nothing hidden from comparison."""

import json
import re
from pathlib import Path

import pytest
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.ipynb")
                   if not any(part.startswith((".", "_build")) for part in path.relative_to(ROOT).parts))
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}")
# Tags and comments with which myst-nb or nbval would pass over a cell.
EVASIONS = ("nbval-", "raises-exception", "skip-execution")


def text(data):
    """All that an output says in words."""
    return "\n".join("".join(value) for kind, value in data.items() if kind.startswith("text/"))


def faults(cells):
    """What is wrong with the code cells of a notebook, in words."""
    for count, cell in enumerate((cell for cell in cells if cell["cell_type"] == "code"), start=1):
        source = "".join(cell["source"])
        here = f"code cell {count} ({source.splitlines()[0][:50] if source else 'empty'})"
        if cell["execution_count"] != count:
            yield f"{here}: not run in order from a fresh kernel; make execute"
        if len(source.splitlines()) > 25:
            yield f"{here}: {len(source.splitlines())} lines, more than 25"
        if "NBVAL" in source or any(tag.startswith(EVASIONS) for tag in cell["metadata"].get("tags", [])):
            yield f"{here}: hides from the comparison"
        for output in cell["outputs"]:
            data = output.get("data", {})
            said = text(data) + "".join(output.get("text", ""))
            if output["output_type"] == "error":
                yield f"{here}: {output['ename']}: {output['evalue']}"
            if ADDRESS.search(said):
                yield f"{here}: an address of an object, {ADDRESS.search(said)[0]}"
            if "<script" in said:
                yield f"{here}: a script"
            # Three bytes are four letters of base 64.
            if (kilobytes := len(data.get("image/png", "")) * 3 / 4 / 1024) > 80:
                yield f"{here}: a PNG of {kilobytes:.0f} kB, more than 80"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=str)
def test_notebook(path):
    notebook = json.loads((ROOT / path).read_text(encoding="utf-8"))
    found = list(faults(notebook["cells"]))
    if not any(cell.get("outputs") for cell in notebook["cells"]):
        found.append("no outputs at all")
    assert not found, "\n".join(found)


def test_every_notebook_is_in_the_book_and_compared():
    chapters = {Path(name).with_suffix(".ipynb") for name in parse_toc_yaml(ROOT / "_toc.yml")}
    # nbval runs whatever is under book/.
    strays = [str(path) for path in NOTEBOOKS if path not in chapters or path.parts[0] != "book"]
    assert not strays


def test_the_bibliography_has_what_is_cited_and_each_work_once():
    works = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    texts = [path.read_text(encoding="utf-8") for path in [*map(ROOT.joinpath, NOTEBOOKS), *ROOT.glob("book/**/*.md")]]
    cited = {key.strip() for role in re.findall(r"\{cite:?\w*\}`([^`]+)`", "".join(texts)) for key in role.split(",")}
    assert cited == set(re.findall(r"^@\w+\{([^,]+),", works, re.M))
    assert "$" not in works, "the page of references shows formulas as they are written"
    titles = [re.sub(r"\W", "", title).lower() for title in re.findall(r"^  title\s*= \{(.+)\},$", works, re.M)]
    assert len(set(titles)) == len(titles) == len(re.findall(r"^@", works, re.M))


def test_the_faults_are_found():
    outputs = [{"output_type": "error", "ename": "E", "evalue": "e"},
               {"output_type": "stream", "text": ["<object at 0x7f0012345678>"]},
               {"output_type": "display_data", "data": {"image/png": "A" * 120_000, "text/html": "<script>"}}]
    cell = {"cell_type": "code", "execution_count": 2, "source": "x\n" * 26, "outputs": outputs,
            "metadata": {"tags": ["nbval-skip"]}}
    assert len(list(faults([cell]))) == 7
