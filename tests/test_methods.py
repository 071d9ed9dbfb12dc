"""The table of all methods: what is measured is what is known, and what is declared; every row has its links."""

import sys
from pathlib import Path

import numpy as np
import pytest

import optlearn

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "book" / "_ext"))

import invariances  # noqa: E402
import reference  # noqa: E402

RULES = [name for name in optlearn.names() if not optlearn.get(name).draws]
# Steps that are multiples of gradients and of differences of points, in lengths that only norms and losses set.
TURNED = {"gradient_descent", "momentum", "nesterov", "extragradient", "schedule_free", "polyak", "momo", "lars"}
# Relative to the weights, or to the loss over the squared gradient.
RELATIVE = {"adafactor", "lamb", "lars", "polyak"}


def test_what_is_known_is_measured():
    found = {name: invariances.measured(optlearn.get(name)) for name in RULES}
    assert {name for name, row in found.items() if row["coordinates turned"] == "yes"} == TURNED
    assert {name for name, row in found.items() if row["sides turned"] == "yes"} == {*TURNED, "muon", "shampoo"}
    assert {name for name, row in found.items() if row["weights times 10"] != "no"} == RELATIVE


@pytest.mark.parametrize("name", [name for name in RULES if optlearn.get(name).scale_free is not None])
def test_what_is_declared_free_of_scale_is(name):
    rule = optlearn.get(name)
    assert invariances.apart(rule.replace(**rule.scale_free), "loss times 100") <= invariances.SAME


def test_the_function_has_the_derivatives_that_it_says():
    bowl = invariances.CHANGES["coordinates turned"]()
    x, h = bowl.start(), 1e-4 * np.eye(16).reshape(16, 4, 4)
    rise = np.array([bowl.loss(x + d) - bowl.loss(x - d) for d in h]).reshape(4, 4) / 2e-4
    np.testing.assert_allclose(bowl.gradient(x), rise, rtol=1e-6, atol=1e-6)
    bend = np.array([(bowl.gradient(x + d) - bowl.gradient(x - d)).ravel()[i] for i, d in enumerate(h)]) / 2e-4
    np.testing.assert_allclose(bowl.diagonal(x).ravel(), bend, rtol=1e-5, atol=1e-6)


def test_state_is_counted_for_a_matrix():
    names = ("gradient_descent", "adam", "adafactor", "shampoo")
    counted = {name: invariances.kept(optlearn.get(name)) for name in names}
    assert counted == {"gradient_descent": 0, "adam": 2, "adafactor": 96 / 2048, "shampoo": (64**2 + 32**2) / 2048}


def test_failures_are_found_in_the_chapters():
    pages = sorted((ROOT / "book").glob("*/*.ipynb"))
    found = {path.stem: reference.failure(path) for path in pages}
    assert found["muon"] == ("It makes all directions equally long, the empty ones too", "#where-it-fails")
    assert found["heavy_ball"][1].startswith("#where-it-fails-")
    # A rule without this section is one that no row can send to its counterexample.
    silent = {name for name in optlearn.names() if (stem := reference.FAILS_IN.get(
        name, reference.TAUGHT_IN.get(name, name))) in found and found[stem] is None}
    assert silent <= {"amsgrad", "rmsprop", "sgld"}
