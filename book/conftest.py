"""Notebooks are compared in kernels that are forked, as those of the build are."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import kernels  # noqa: E402

# Neither is a page, and the examples of none are tests.
collect_ignore = ["_ext", "conftest.py", "studies"]


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop():
    with kernels.forked():
        return (yield)


def pytest_collection_modifyitems(items):
    """What Jupyter's client warns of while it waits for a kernel is no error of a chapter."""
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.filterwarnings("default"))
