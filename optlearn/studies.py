"""Studies that take longer than a chapter: their results are kept, with a hash of what made them.

A study is a script beside its results, ``book/studies/NAME.py`` and ``NAME.json``. The script says::

    READS = ("optlearn.problems.tokens",)       # modules that say what is computed, besides the script itself
    def cells(results): ...                     # what is still to be computed, as a list of dicts of plain values
    def measure(**cell): ...                    # a dict of numbers

`cells` is asked again when all that it named is done, so that a grid can grow where its best value lies at the edge.
``make study NAME=...`` runs it; here its results are read.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optlearn.declare import InvalidArgument

if TYPE_CHECKING:
    from optlearn.typing import PathLike

__all__ = ["Study", "StudyError", "load"]


class StudyError(AssertionError):
    """Raised where results do not belong to their script, or a cell that is run again gives other numbers."""


class Study:
    """A study and its results.

    Parameters
    ----------
    script : str or path

    Attributes
    ----------
    script : Path
        The script; its results stand beside it, in ``results``.
    hash : str
        Of what the script and the modules that it reads compute: comments, docstrings and types do not count.
    results : list of dict
        A row a cell: what was asked, and the numbers found. A run that was not finite has None.
    """

    def __init__(self, script: PathLike) -> None:
        self.script = Path(script)
        if not self.script.is_file():
            raise InvalidArgument(f"script = {str(script)!r} is not allowed; it must be the file of a study")
        spec = importlib.util.spec_from_file_location(f"study_{self.script.stem}", self.script)
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        files = [self.script, *(Path(importlib.util.find_spec(name).origin) for name in self.module.READS)]
        self.hash = hashlib.sha256("\n".join(map(_meaning, files)).encode()).hexdigest()[:16]
        self.results: list[dict[str, Any]] = []

    @property
    def kept(self) -> Path:
        """The file of the results."""
        return self.script.with_suffix(".json")

    def again(self, rtol: float = 1e-6, **cell: Any) -> dict[str, float | None]:
        """Run one cell again and compare.

        Parameters
        ----------
        rtol : float
            Largest relative difference: other machines sum in another order.
        **cell
            What was asked, as in `results`.

        Returns
        -------
        dict
            The numbers found now.

        Raises
        ------
        StudyError
            If they are others than those kept.
        """
        if cell not in [row["cell"] for row in self.results]:
            raise InvalidArgument(f"cell = {cell} is not allowed; the study has no such cell")
        found = measured(self.module, cell)
        self.compare(cell, found, rtol)
        return found

    def compare(self, cell: dict[str, Any], found: dict[str, float | None], rtol: float) -> None:
        """Raise a `StudyError` if the numbers found for a cell are others than those kept."""
        kept = next(row["found"] for row in self.results if row["cell"] == cell)
        for name, value in kept.items():
            now = found.get(name)
            if (now is None) != (value is None) or (value is not None and not math.isclose(now, value, rel_tol=rtol)):
                raise StudyError(f"{self.script.name}, {cell}: {name} is {now!r}, but {value!r} was kept")

    def __repr__(self) -> str:
        return f"Study({self.script.stem}: {len(self.results)} runs)"


def measured(module, cell):
    """The numbers of one cell; None for those that are not finite."""
    return {name: float(value) if math.isfinite(value) else None for name, value in module.measure(**cell).items()}


def _meaning(path):
    """A file as it is; of a Python module what it computes, without comments, docstrings and types."""
    if path.suffix != ".py":
        return path.read_text(encoding="utf-8")
    module = _Untyped().visit(ast.parse(path.read_text(encoding="utf-8")))
    for node in ast.walk(module):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, False) is not None:
            node.body = node.body[1:]
    # The text that Python 3.11 gave: 3.12 has a field more, 3.13 leaves out what is empty.
    text = ast.dump(module, show_empty=True) if sys.version_info >= (3, 13) else ast.dump(module)
    return text.replace(", type_params=[]", "")


class _Untyped(ast.NodeTransformer):
    """Takes out what is there for checkers of types alone."""

    def visit_ImportFrom(self, node):
        # A named tuple computes; the rest of typing does not.
        if node.module == "typing":
            node.names = [alias for alias in node.names if alias.name == "NamedTuple"]
        return node if node.names and node.module not in ("__future__", "optlearn.typing") else None

    def visit_If(self, node):
        return None if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" else self.generic_visit(node)

    def visit_AnnAssign(self, node):
        return None if node.value is None else ast.Assign(targets=[node.target], value=node.value)

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_FunctionDef(self, node):
        node.returns = None
        return self.generic_visit(node)


def load(script: PathLike) -> Study:
    """The results of a study.

    Parameters
    ----------
    script : str or path
        The script of the study, relative to the notebook: ``"../studies/why_adam.py"``.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        If the script or what it reads has changed since the results were made, or there are none.

    Examples
    --------
    >>> load("nowhere.py")
    Traceback (most recent call last):
    optlearn.declare.InvalidArgument: script = 'nowhere.py' is not allowed; it must be the file of a study
    """
    study = Study(script)
    if not study.kept.is_file():
        raise StudyError(f"{study.script.name} has no results; run: make study NAME={study.script.stem}")
    kept = json.loads(study.kept.read_text(encoding="utf-8"))
    if kept["hash"] != study.hash:
        raise StudyError(f"{study.kept.name} was made by another {study.script.name} ({kept['hash']}, now "
                         f"{study.hash}); run: make study NAME={study.script.stem}")
    study.results = kept["results"]
    return study
