"""check() finds the first difference, and names the mistakes that it knows."""

import json
from pathlib import Path

import numpy as np
import pytest

import optlearn
from optlearn import InvalidArgument, Optimizer, Update, hyper
from optlearn.checking import check


def adam_with(mistake):
    """A reader's Adam with one mistake in it."""

    class Mine(Optimizer, register=False):
        lr = hyper(0.1, above=0)
        beta1 = hyper(0.9, at_least=0, below=1)
        beta2 = hyper(0.99, at_least=0, below=1)
        eps = hyper(1e-2, at_least=0)
        slots = ("m", "v")

        def update(self, w, g, s, t):
            t = {"late": t + 1, "early": t - 1}.get(mistake, t)
            m = self.beta1 * s.m + (g if mistake == "missing factor" else (1 - self.beta1) * g)
            v = self.beta2 * s.v + (1 - self.beta2) * g**2
            c1, c2 = (1, 1) if mistake == "uncorrected" else (1 - self.beta1**t, 1 - self.beta2**t)
            used = s.m if mistake == "old" else m
            root = np.sqrt(v / c2 + self.eps) if mistake == "inside" else np.sqrt(v / c2) + self.eps
            if mistake == "eps hat":
                root = (np.sqrt(v) + self.eps) / np.sqrt(c2)
            sign = -1 if mistake == "sign" else 1
            return Update(w - sign * self.lr * used / c1 / root, m=m, v=v)

    return Mine()


@pytest.mark.parametrize(("mistake", "hint"), [
    ("uncorrected", "bias correction is missing"), ("inside", "epsilon stands inside the root"),
    ("old", "the old m is used"), ("missing factor", "the factor 1 - beta1 is missing"), ("sign", "wrong sign"),
    ("late", "one too large"), ("eps hat", "adam_eps_hat")])
def test_known_mistakes_are_named(mistake, hint):
    found = check(adam_with(mistake), against="adam")
    assert not found
    assert hint in found.hint
    assert found.step == 1 and found.coordinate == 0
    with pytest.raises(AssertionError, match="parts from adam"):
        found.raise_if_different()


def test_a_correct_rule_agrees_in_all_three_tests():
    found = check(adam_with(None), against="adam")
    assert found and found.hint == ""
    assert repr(found) == ("Mine agrees with adam: on fixed gradients, on a surface, "
                           "with a learning rate that falls by half")


def test_learning_rate_inside_the_buffer_shows_when_the_rate_falls():
    found = check(optlearn.Momentum(lr=0.1, lr_inside=True), against=optlearn.Momentum(lr=0.1))
    assert found.where == "with a learning rate that falls by half"
    assert found.step == 11
    assert "other side of the buffer" in found.hint


def test_point_of_the_gradient_shows_on_the_surface():
    found = check(optlearn.Momentum(lr=0.05), against=optlearn.Nesterov(lr=0.05))
    assert found.where == "on a surface" and found.step == 2
    assert found.hint == "it is momentum"


def test_a_rule_without_a_learning_rate_can_be_checked():
    class Fixed(Optimizer, register=False):
        def update(self, w, g, s, t):
            return Update(w - 0.1 * g)

    assert check(Fixed, against=optlearn.GradientDescent(lr=0.1))


def test_every_rule_agrees_with_itself():
    for name in optlearn.names():
        rule = optlearn.get(name)
        if not rule.takes_matrices:
            assert check(rule, against=name), name


def test_recorded_run():
    data = json.loads(Path(__file__).with_name("reference").joinpath("trajectories.json").read_text(encoding="utf-8"))
    case = next(case for case in data["cases"] if case["id"] == "gradient_descent/optax/gradients")
    record = {**case, "w0": data["inputs"][case["w0"]], "grads": data["inputs"][case["grads"]]}
    assert check(optlearn.get(case["name"], **case["hyper"]), against=record)
    wrong = check(optlearn.GradientDescent(lr=0.06), against=record)
    assert not wrong and wrong.step == 1


@pytest.mark.parametrize("arguments", [
    {"mine": 3, "against": "adam"}, {"mine": optlearn.Adam(), "against": "adamm"},
    {"mine": optlearn.Adam(), "against": 3}, {"mine": optlearn.Adam(), "against": {"w": []}},
    {"mine": optlearn.Adam(), "against": "adam", "steps": 0}])
def test_bad_arguments(arguments):
    with pytest.raises(InvalidArgument):
        check(**arguments)
