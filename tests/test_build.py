"""The build of the book: what runs again, what a failure says, and what a public host gets."""

import base64
import io
import json
import subprocess
import sys
import types
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import alone  # noqa: E402
import executions  # noqa: E402
import hosting  # noqa: E402
import kernels  # noqa: E402
import styles  # noqa: E402


def builder(folder, **config):
    """What extensions see of Sphinx."""
    known = {"nb_execution_timeout": 60, "html_baseurl": "", "html_title": "optlearn", "html_theme_options": {}}
    return types.SimpleNamespace(srcdir=folder, outdir=folder / "out", config=types.SimpleNamespace(**known | config),
                                 builder=types.SimpleNamespace(format="html"),
                                 env=types.SimpleNamespace(found_docs={"book/index"}))


@pytest.fixture
def book(tmp_path):
    """A book of one notebook, which uses one of two modules; the function builds it and says what ran."""
    for name in ("used", "other"):
        (tmp_path / f"{name}.py").write_text("x = 1\n", encoding="utf-8")

    def build(source="from used import x\nx"):
        code = map(nbformat.v4.new_code_cell, ["import sys\nsys.path.append('.')", source])
        cells = [nbformat.v4.new_markdown_cell("# A title"), *code]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "page.ipynb")
        app = builder(tmp_path)
        before = app_state(tmp_path)
        executions.execute(app, None, ["page"])
        return app.optlearn_runs, app_state(tmp_path) != before

    return build


def app_state(folder):
    """When the notebook last ran."""
    return [path.stat().st_mtime_ns for path in folder.rglob("page.json")]


def test_a_notebook_runs_again_when_what_it_opened_changes(book, tmp_path):
    runs, ran = book()
    assert ran and not runs.failed
    assert list(runs.used["page"]["files"]) == ["used.py"]
    assert not book()[1]
    (tmp_path / "other.py").write_text("x = 2\n", encoding="utf-8")
    assert not book()[1]
    (tmp_path / "used.py").write_text("x = 3\n", encoding="utf-8")
    runs, ran = book()
    assert ran
    # The page is read with what the run gave, and counts cells as a reader's notebook does.
    source = [(tmp_path / "page.ipynb").read_text(encoding="utf-8")]
    executions.insert(types.SimpleNamespace(optlearn_runs=runs), "page", source)
    last = json.loads(source[0])["cells"][-1]
    assert (last["execution_count"], last["outputs"][0]["data"]["text/plain"]) == (2, "3")


def test_a_failure_says_where_and_why_and_is_not_kept(book):
    runs, ran = book("def f(x):\n    return 1 / x\nf(0)")
    assert not ran and not runs.used
    app = types.SimpleNamespace(optlearn_runs=runs)
    with pytest.raises(executions.ExtensionError) as caught:
        executions.refuse_failures(app, None)
    said = str(caught.value)
    assert "page.ipynb, cell 3" in said
    assert "ZeroDivisionError: division by zero" in said and "return 1 / x" in said and "\x1b" not in said


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux")
@pytest.mark.parametrize("pages", [True, False])
def test_a_forked_kernel_is_warm_and_otherwise_as_any(pages, monkeypatch):
    """For pages it draws a figure once; where notebooks are compared it does not."""
    monkeypatch.delenv("OPTLEARN_STATIC", raising=False)
    if pages:
        monkeypatch.setenv("OPTLEARN_STATIC", "site")
    sources = ["import os, sys\n'optlearn.plots' in sys.modules, 'np' in globals(), os.path.basename(os.getcwd())",
               "import matplotlib.pyplot as plt\nline, = plt.plot([1, 2])\ndraw = line.draw\n"
               "line.draw = lambda renderer: (print('drawn'), draw(renderer))\nplt.show()", "print(os.getpid())"]
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    with kernels.forked():
        NotebookClient(notebook, resources={"metadata": {"path": str(ROOT / "tests")}}).execute()
    warm, figure, process = (cell.outputs for cell in notebook.cells)
    assert warm[0].data["text/plain"] == "(True, False, 'tests')"
    assert [output.text for output in figure if output.output_type == "stream"] == ["drawn\n"] * pages
    assert (len(figure[-1].data["image/png"]) > 1000) == pages
    assert kernels.Kernel(int(process[0].text)).poll() == 0


def test_kernels_are_forked_by_the_outer_server_again_after_an_inner():
    with kernels.forked():
        outer = kernels.Provisioner.server
        with kernels.forked():
            assert kernels.Provisioner.server is not outer
        assert kernels.Provisioner.server is outer


def test_no_page_offers_what_has_no_address():
    app = builder(ROOT)
    assert hosting.offers(app, "book/index") == []
    app.config.html_theme_options = {"repository_url": "https://github.com/someone/optlearn"}
    assert [address for _, address, _ in hosting.offers(app, "book/index")] == [
        "https://mybinder.org/v2/gh/someone/optlearn/main?urlpath=lab/tree/book/index.ipynb",
        "https://colab.research.google.com/github/someone/optlearn/blob/colab/book/index.ipynb"]
    assert hosting.offers(app, "book/using") == []


@pytest.mark.parametrize("base, home", [("", "/"), ("https://someone.github.io/optlearn/", "/optlearn/")])
def test_a_host_gets_its_files(base, home, tmp_path):
    app = builder(tmp_path, html_baseurl=base)
    app.outdir.mkdir()
    hosting.files(app, None)
    assert f'href="{home}"' in (app.outdir / "404.html").read_text(encoding="utf-8")
    assert (app.outdir / ".nojekyll").exists()
    sitemap = app.outdir / "sitemap.xml"
    assert sitemap.exists() == bool(base)
    if base:
        assert [url.text for url in ElementTree.parse(sitemap).findall(".//{*}loc")] == [base + "book/index.html"]


def test_a_build_tells_each_warning_once():
    sys.path.insert(0, str(ROOT / "tools"))
    import book

    said = ("\x1b[91ma.md:3: WARNING: lost\x1b[39;49;00m\nb.md:1: WARNING: two\n  lines\na.md:3: WARNING: lost\n"
            "c.ip.rst: WARNING: label 'here' not found.\n"
            "c.ipynb:120004: WARNING: prf:ref reference target not found: here\n")
    assert book.report(said) == ("a.md:3: WARNING: lost\nb.md:1: WARNING: two\n  lines\n"
                                 "c.ipynb, cell 12, line 3: WARNING: prf:ref reference target not found: here")


def test_a_chapter_alone_tells_why_it_failed_and_not_what_other_pages_would_resolve():
    sys.path.insert(0, str(ROOT / "tools"))
    import chapter

    import book

    cause = "Extension error:\ncells failed:\n\nbook/a.ipynb, cell 3\nNameError: name 'x' is not defined"
    way_out = """Traceback (most recent call last):
  File "m.py", line 1, in build
ExtensionError: cells failed

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "n.py", line 2, in main
RuntimeError: \n====

There was an error in building your book.
"""
    said = f"a.md:3: WARNING: undefined label: 'b'\n\x1b[91m{cause}\x1b[0m\n{way_out}"
    assert chapter.here(book.report(said)).split() == cause.split()


def test_quick_finds_the_tests_of_what_changed():
    code = "import sys; sys.path.insert(0, 'tools'); import quick; print(*quick.chosen(sys.argv[1:]))"
    changed = ["optlearn/rules/adam.py", "book/momentum/nesterov.ipynb"]
    chosen = subprocess.run([sys.executable, "-c", code, *changed], cwd=ROOT, capture_output=True, text=True,
                            check=True).stdout.split()
    assert {*changed, "tests/rules/test_adam.py", "tests/rules/test_equations.py"} <= set(chosen)


def test_figures_have_a_palette_and_the_colours_that_were_drawn(tmp_path):
    """Also rare ones: a thin path over a shaded land."""
    land = np.add.outer(np.linspace(0, 255, 300), np.linspace(0, 120, 300))[..., None] * [0.4, 0.6, 0.68]
    land[150, 20:280] = 200, 80, 10
    drawn = io.BytesIO()
    Image.fromarray(land.astype(np.uint8)).save(drawn, "PNG")
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output(
        "display_data", {"image/png": base64.b64encode(drawn.getvalue()).decode()})])
    app, source = builder(tmp_path), [nbformat.writes(nbformat.v4.new_notebook(cells=[cell]))]
    app.env.doc2path = "{}.ipynb".format
    alone.with_palettes(app, "page", source)
    shown = base64.b64decode(json.loads(source[0])["cells"][0]["outputs"][0]["data"]["image/png"])
    assert len(shown) < len(drawn.getvalue())
    after = np.array(Image.open(io.BytesIO(shown)).convert("RGB"), dtype=float)
    assert np.abs(after - land.astype(np.uint8)).max() < 12


def test_style_sheets_keep_what_pages_and_scripts_name():
    known = styles.named(['<p class="a b"><script>box.className = "c"</script>'], ['x("d-e")'])
    assert known >= {"a", "b", "c", "d-e"}
    sheet = """/*! a licence */ /* a word */
        .a, .gone > p, a:hover, .gone:is(.x, .y) { color: red } .a:not(.gone):is(.x, .b), p:is(h1, h2) { top: 0 }
        .gone { left: 0 } .a.gone { left: 0 } .c::before { content: "}.gone{" } .bs-tooltip-end {top: 1px}
        @media (min-width: 1px) { .gone { top: 0 } @supports (top: 0) { .d-e { top: 0 } } }
        @media print { .gone {top: 0} }
        @font-face { src: url("a.b") } @keyframes k { from { top: 0 } to { top: 1px } } @charset "utf-8";"""
    assert styles.cut(sheet, known) == (
        "/*! a licence */ .a,a:hover{color: red}.a:not(.gone):is(.x, .b),p:is(h1, h2){top: 0}"
        '.c::before{content: "}.gone{"}.bs-tooltip-end{top: 1px}'
        "@media (min-width: 1px){@supports (top: 0){.d-e{top: 0}}}"
        '@font-face{src: url("a.b")}@keyframes k{from { top: 0 } to { top: 1px }}@charset "utf-8";')
    # Nothing that is known is lost.
    every = styles.named([f'<p class="{" ".join(styles.NAME.findall(sheet))}">'], [])
    assert styles.cut(sheet, every).count("{") == sheet.count("{")
