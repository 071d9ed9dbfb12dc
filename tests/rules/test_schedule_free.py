"""Schedule-Free: runs of the authors' package, and what the average is."""

import json
from pathlib import Path

import numpy as np
import pytest
from every import take
from replay import replay

import optlearn

DATA = json.loads((Path(__file__).parent.parent / "reference" / "modern.json").read_text())
CASES = {case["id"]: case for case in DATA["cases"] if case["name"] == "schedule_free"}


@pytest.mark.parametrize("key", CASES)
def test_the_authors_runs_at_both_points(key):
    case = CASES[key]
    values = {name: value for name, value in case["hyper"].items() if name != "warmup_steps" or value}
    rule = optlearn.get("schedule_free", form=key.split("/")[2], **values)
    path, answers = replay(rule, case, DATA, answers=True)
    np.testing.assert_allclose(path, case["w"], rtol=0, atol=case["tolerance"])
    np.testing.assert_allclose(answers, case["w_eval"], rtol=0, atol=case["tolerance"])


def test_without_momentum_it_is_the_mean_of_gradient_descent():
    grads = np.random.RandomState(0).standard_normal((9, 4))
    path, state = take(optlearn.GradientDescent(lr=0.1), np.ones(4), grads)
    averaged, held = take(optlearn.ScheduleFree(lr=0.1, beta1=0), np.ones(4), grads)
    np.testing.assert_allclose(averaged, path, rtol=1e-13)
    np.testing.assert_allclose(held["x"], path.mean(0), rtol=1e-13)
