"""What every test starts from."""

import gc

import pytest
from xdist.scheduler import LoadScopeScheduling

from optlearn import registry, schedules, surfaces, wrappers

NAMES = (registry._registry, registry._aliases, schedules.base._registry, surfaces.base.registry, wrappers.base._known)


def pytest_configure():
    """Seven thousand tests stay until the end: to look for cycles among them again and again would take a tenth of all
    the time that Python has."""
    gc.set_threshold(50_000, 20, 100)


def pytest_collection_finish():
    """What is there now is looked at no more."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _as_a_reader(doctest_namespace):
    """Examples of docstrings are run as a reader runs them: classes that they make are not the library's own."""
    doctest_namespace["__name__"] = "__main__"


@pytest.fixture(autouse=True)
def _own_names():
    """No test finds rules, wrappers, schedules or surfaces that another one made."""
    kept = [(known, dict(known)) for known in NAMES]
    yield
    for known, before in kept:
        known.clear()
        known.update(before)


class ByTest(LoadScopeScheduling):
    """The cells of a notebook go to one worker, in their order; so do the cases of a test."""

    def _split_scope(self, nodeid):
        path = nodeid.split("::")[0]
        return path if path.endswith(".ipynb") else nodeid.partition("[")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """What has most cells or cases begins."""
    return ByTest(config, log)
