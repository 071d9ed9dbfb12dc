"""Every rule makes the steps of the public implementations."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest
from replay import CASES, convention, replay, rule_of

import optlearn

# Rules of the reference runs that optlearn does not have.
NOT_OFFERED = {
    "adan": "not among the rules of the book",
    "prodigy": "not among the rules of the book",
    "lookahead": "wraps another rule: tests/wrappers",
    "sam": "wraps another rule: tests/wrappers",
}
MODERN = json.loads((Path(__file__).parent.parent / "reference" / "modern.json").read_text())
NEWER = {case["id"]: case for case in MODERN["cases"] if case["name"] in ("lion", "adafactor", "muon")}
OFFERED = {key: case for key, case in CASES.items() if case["name"] not in NOT_OFFERED}


def test_every_case_is_offered_or_has_a_reason():
    for name in {case["name"] for case in CASES.values()}:
        try:
            optlearn.get(name)
            offered = True
        except optlearn.InvalidArgument:
            offered = False
        assert offered != (name in NOT_OFFERED), name


@pytest.mark.parametrize("key", OFFERED)
def test_trajectory(key):
    case = OFFERED[key]
    np.testing.assert_allclose(replay(rule_of(case), case), case["w"], rtol=0, atol=case["tolerance"])


@pytest.mark.parametrize("key", NEWER)
def test_newer_trajectory(key):
    case = NEWER[key]
    # The authors' own library has no form of its own among the conventions.
    own = {**case, "reference": "optax"} if case["reference"].startswith("lion-pytorch") else case
    np.testing.assert_allclose(replay(rule_of(own), case, MODERN), case["w"], rtol=0, atol=case["tolerance"])


@pytest.mark.parametrize("key", OFFERED)
def test_names_of_hyperparameters_are_known_without_a_convention(key):
    case = OFFERED[key]
    rule = optlearn.get(case["name"], **case["hyper"])
    assert all(rule.values.get(name, value) == value for name, value in case["hyper"].items())


@pytest.mark.parametrize("key", OFFERED)
def test_the_call_of_the_library_means_the_same(key):
    """``torch.optim.SGD(lr=0.1)`` is ``get("SGD", convention="torch", lr=0.1)``."""
    case = OFFERED[key]
    call = ast.parse(case["call"], mode="eval").body
    given = {k.arg: ast.literal_eval(k.value) for k in call.keywords}
    name = call.func.attr if convention(case) != "mxnet" else call.args[0].value
    given.pop("rectify", None)
    if "lr_per_step" in case:
        given["learning_rate"] = case["lr_per_step"].__getitem__
    rule = optlearn.get(name, convention=convention(case), **given)
    np.testing.assert_allclose(replay(rule, case), case["w"], rtol=0, atol=case["tolerance"])


def test_a_schedule_replaces_the_learning_rate():
    """At a falling rate the form with lr inside the buffer goes on at the old rate (hand computed)."""
    case = {
        "w0": [0.0],
        "grads": [[1.0], [1.0]],
        "w": [0, 0],
        "name": "momentum",
        "reference": "torch 2.13.0",
        "hyper": {"lr": 9.0, "momentum": 0.5},
        "id": "x",
        "lr_per_step": [1.0, 0.1],
    }
    np.testing.assert_allclose(replay(rule_of(case), case).ravel(), [-1.0, -1.15])
    np.testing.assert_allclose(
        replay(rule_of({**case, "reference": "keras 3.15.1"}), case).ravel(), [-1.0, -1.6]
    )
