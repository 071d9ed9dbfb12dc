"""Notebooks are compared in kernels that are forked, as those of the build are."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import kernels  # noqa: E402


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop():
    with kernels.forked():
        return (yield)
