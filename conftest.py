"""What every test starts from."""

import pytest

from optlearn import registry, schedules, surfaces, wrappers

NAMES = (registry._registry, registry._aliases, schedules.base._registry, surfaces.base.registry, wrappers.base._known)


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
