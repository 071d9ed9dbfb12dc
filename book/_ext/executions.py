"""Runs the notebooks before their pages are read: side by side, the longest first, and again only what changed.

What a run opened is kept beside its outputs, in ``_build/executions``: a run counts for as long as its code, the
files of this repository that it opened and the installed packages are the same. A change of the library thus runs
again what loaded the changed file. Pages are read again with them, as Sphinx is told of the same files.
"""

import asyncio
import contextlib
import functools
import hashlib
import importlib.metadata
import json
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import kernels
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from sphinx.errors import ExtensionError
from sphinx.util import logging

logger = logging.getLogger(__name__)

# In a kernel, before the first cell, if it was not watched from its beginning.
WATCH = f"import sys\nif not hasattr(sys, '_opened'):\n    exec({kernels.WATCH!r}, {{}})"
# And after the last.
TELL = """
import json, os, sys
files = {os.path.abspath(file) for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))}
print(json.dumps(sorted(files | sys._opened)))
"""
COLOURS = re.compile(r"\x1b\[[\d;]*m")


def sha(data):
    """A digest of text or bytes."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


@functools.cache
def environment():
    """A digest of what a run depends on beside the repository: packages, Python, and how the book wants its outputs."""
    packages = sorted(f"{one.name} {one.version}" for one in importlib.metadata.distributions())
    ways = [Path(module).read_text("utf-8") for module in (__file__, kernels.__file__)]
    return sha(repr((sys.version, packages, os.environ.get("OPTLEARN_STATIC"), ways)))


class Runs:
    """The runs of the notebooks of one build."""

    def __init__(self, app):
        self.root, self.store = Path(app.srcdir), Path(app.srcdir, "_build", "executions")
        self.timeout = app.config.nb_execution_timeout
        self.used, self.failed = {}, {}
        self.digest = functools.cache(self.digest)

    def digest(self, name):
        """A digest of a file of the repository; nothing if there is none."""
        path = self.root / name
        return sha(path.read_bytes()) if path.is_file() else ""

    def code(self, notebook):
        """A digest of what is run."""
        return sha(json.dumps([cell.source for cell in notebook.cells if cell.cell_type == "code"]))

    def kept(self, name):
        """What is kept of the last run of a notebook, current or not."""
        path = self.store / f"{name}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def current(self, name, notebook):
        """The last run if it would be the same now, or None."""
        run = self.kept(name)
        if run and run["code"] == self.code(notebook) and run["environment"] == environment() and all(
                self.digest(file) == digest for file, digest in run["files"].items()):
            return run
        return None

    def files(self, opened):
        """The digests of those of the opened files that are this repository's."""
        if "processes" in opened:
            opened = [*opened, *(str(path) for path in (self.root / "optlearn").rglob("*.*"))]
        inside = {os.path.relpath(file, self.root).replace(os.sep, "/") for file in opened
                  if Path(file).is_relative_to(self.root)}
        return {name: self.digest(name) for name in sorted(inside) if self.digest(name)
                and not re.search(r"(^|/)(\.|_build/|__pycache__/)", name)}

    async def run(self, name, notebook, seats, cores):
        """Run one notebook from a fresh kernel and keep what it gave; or what its failure says."""
        async with seats:
            clock = time.time()
            client = NotebookClient(notebook, kernel_name="python3", timeout=self.timeout, record_timing=False,
                                    store_widget_state=False, shutdown_kernel="immediate",
                                    resources={"metadata": {"path": str((self.root / name).parent)}})
            code = [k for k, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
            last = len(notebook.cells)
            notebook.cells += [hidden(WATCH), hidden(TELL)]
            try:
                k = last
                async with client.async_setup_kernel(), cores:
                    begin = time.perf_counter()
                    await client.async_execute_cell(notebook.cells[last], last, store_history=False)
                    for k in code:
                        await client.async_execute_cell(notebook.cells[k], k)
                    k = last + 1
                    await client.async_execute_cell(notebook.cells[k], k, store_history=False)
                    seconds = time.perf_counter() - begin
            except Exception as error:
                text = COLOURS.sub("", str(error)).strip()
                if not isinstance(error, CellExecutionError):
                    text = f"{type(error).__name__}: {text}\n{notebook.cells[k].source}"
                self.failed[name] = f"{name}.ipynb, cell {k + 1}\n{text}"
                return
            logger.info("%s ran: %.1f s", name, seconds)
            opened = json.loads(notebook.cells[last + 1].outputs[0].text)
            self.used[name] = run = {
                "code": self.code(nbformat.from_dict({"cells": notebook.cells[:last]})), "environment": environment(),
                "seconds": round(seconds, 2), "files": self.files(opened),
                "cells": [{key: notebook.cells[k][key] for key in ("execution_count", "outputs")} for k in code]}
            # What was written meanwhile may not be what was opened.
            if all((self.root / file).stat().st_mtime < clock for file in run["files"]):
                path = self.store / f"{name}.json"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(run), encoding="utf-8")

    async def all(self, notebooks):
        """Run notebooks, as many at a time as there are cores."""
        def length(name):
            # Before the first run, more cells are taken to be longer.
            return self.kept(name).get("seconds", 0.3 * sum(cell.cell_type == "code" for cell in notebooks[name].cells))

        # A kernel starts, and waits, while as many as there are cores run.
        seats, cores = asyncio.Semaphore(os.cpu_count() + 1), asyncio.Semaphore(os.cpu_count())
        await asyncio.gather(*(self.run(name, notebooks[name], seats, cores)
                               for name in sorted(notebooks, key=length, reverse=True)))


def hidden(code):
    """A cell that leaves no name behind."""
    return nbformat.v4.new_code_cell(f"exec({code!r}, {{}})")


def execute(app, env, docnames):
    """Run what has to be run of the pages that are about to be read."""
    app.optlearn_runs = runs = Runs(app)
    stale = {}
    for name in docnames:
        path = Path(app.srcdir, f"{name}.ipynb")
        if path.is_file():
            notebook = nbformat.read(path, as_version=4)
            if run := runs.current(name, notebook):
                runs.used[name] = run
            else:
                stale[name] = notebook
    if stale:
        logger.info("running %d notebooks, %d at a time", len(stale), os.cpu_count())
        # In a thread: whoever builds may have a loop running, as Playwright has in tests.
        with (ThreadPoolExecutor(1) as thread,
              kernels.forked(app.optlearn_server) if len(stale) > 1 else contextlib.nullcontext()):
            thread.submit(asyncio.run, runs.all(stale)).result()


def insert(app, name, source):
    """Read a notebook with the outputs of its run in place of those that were committed."""
    run = app.optlearn_runs.used.get(name)
    if run:
        notebook = json.loads(source[0])
        for cell, made in zip((c for c in notebook["cells"] if c["cell_type"] == "code"), run["cells"], strict=True):
            cell.update(made)
        source[0] = json.dumps(notebook)


def depend(app, doctree):
    """Tell Sphinx which files the run of a page opened."""
    for file in app.optlearn_runs.used.get(app.env.docname, {}).get("files", ()):
        app.env.note_dependency(file)


def refuse_failures(app, env):
    """Let no build pass in which a cell failed, with or without -W."""
    if failed := app.optlearn_runs.failed:
        raise ExtensionError("cells failed:\n\n" + "\n\n".join(failed.values()))


def setup(app):
    """Connect it; where nothing has run yet, what kernels are forked from starts while the builder does."""
    app.optlearn_server = kernels.Server()
    if not Path(app.srcdir, "_build", "executions").exists():
        app.optlearn_server.start()
    app.connect("env-before-read-docs", execute)
    app.connect("source-read", insert)
    app.connect("doctree-read", depend)
    app.connect("env-updated", refuse_failures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
