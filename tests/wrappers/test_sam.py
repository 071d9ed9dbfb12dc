"""SAM around any rule."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import optlearn
from optlearn import InvalidArgument, get, run, train
from optlearn.problems import Softmax
from optlearn.wrappers import SAM, Cautious, Lookahead, Maximize

HERE = Path(__file__).parent
sys.path += [str(HERE.parent / "rules"), str(HERE.parent / "symbolic")]
from engines import Page, apart, record  # noqa: E402
from replay import CASES, DATA, replay  # noqa: E402

MODERN = json.loads((HERE.parent / "reference" / "modern.json").read_text(encoding="utf-8"))
SAMS = {**{key: (case, DATA) for key, case in CASES.items() if case["name"] == "sam"},
        **{case["id"]: (case, MODERN) for case in MODERN["cases"] if case["name"] == "sam"}}


@pytest.mark.parametrize("key", SAMS)
def test_reference_run(key):
    case, data = SAMS[key]
    own = {name: case["hyper"][name] for name in ("rho", "adaptive") if name in case["hyper"]}
    inner = get("momentum", **{"momentum": 0.0, **{n: v for n, v in case["hyper"].items() if n not in own}})
    np.testing.assert_allclose(replay(SAM(inner, **own), case, data), case["w"], rtol=0, atol=case["tolerance"])


def test_it_ends_in_a_cycle_of_two():
    """On x^2 / 2 the ends of the cycle are lr rho / (2 - lr) from the minimum (hand computed)."""
    lr, rho = 0.5, 0.3
    rule, w = SAM(optlearn.GradientDescent(lr=lr), rho=rho), np.array([1.0])
    state = rule.init(w)
    for _ in range(200):
        before = w
        w, state = rule.step(w, w, state, gradient=lambda point: point)
    np.testing.assert_allclose(np.sort([before[0], w[0]]), lr * rho / (2 - lr) * np.array([-1, 1]), rtol=1e-9)


@pytest.mark.parametrize("adaptive", [False, True])
def test_the_ball_is_one_for_all_arrays(adaptive):
    """Nested parameters make the steps of the joined ones."""
    rng = np.random.RandomState(0)
    w, curvature = rng.standard_normal(6), np.arange(1.0, 7.0)
    rule = SAM(optlearn.Adam(lr=0.1), rho=0.5, adaptive=adaptive)

    def split(x):
        return {"a": x[:2], "b": [x[2:3].reshape(()), x[3:].reshape(3, 1)]}

    nested, state, joined, whole = split(w), rule.init(split(w)), w, rule.init(w)
    for _ in range(4):
        here = np.concatenate([nested["a"], nested["b"][0][None], nested["b"][1].ravel()])
        np.testing.assert_allclose(here, joined, rtol=1e-13)

        def gradient(p):
            return split(curvature * np.concatenate([p["a"], p["b"][0][None], p["b"][1].ravel()]))

        nested, state = rule.step(nested, gradient(nested), state, gradient=gradient)
        joined, whole = rule.step(joined, curvature * joined, whole, gradient=lambda p: curvature * p)


def test_a_rule_of_matrices_keeps_its_matrices():
    """Inside SAM it gets each array in its own shape: without a ball it is the rule alone."""
    problem = Softmax("iris")
    rule = optlearn.Muon(lr=0.1)
    one, other = (train(problem, each, epochs=2) for each in (rule, SAM(rule, rho=0.0)))
    np.testing.assert_allclose(one.params["W"], other.params["W"], rtol=1e-9)
    assert other.gradients[-1] == 2 * one.gradients[-1] == 2 * one.steps


@pytest.fixture(scope="module")
def page():
    return Page()


RULES = [SAM(optlearn.Momentum(lr=0.02)), SAM(optlearn.Adam(lr=0.02, weight_decay=0.1), adaptive=True),
         SAM(optlearn.Nesterov(lr=0.01)), SAM(optlearn.LARS(lr=0.1)), SAM(SAM(optlearn.Adam(lr=0.02)), rho=0.2),
         Lookahead(SAM(optlearn.Adam(lr=0.02)), sync_period=3), Cautious(SAM(optlearn.AdamW(lr=0.02))),
         SAM(Maximize(optlearn.Momentum(lr=1e-3))), Maximize(SAM(optlearn.Momentum(lr=1e-3)))]


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_every_engine_makes_the_same(rule, page):
    pytest.importorskip("numba")
    surface = optlearn.surfaces.get("quadratic")
    expected = record(rule, surface, steps=40)
    for found in (record(rule, surface, steps=40, compiled=True), page.run(rule, surface, steps=40)):
        what, difference = apart(expected, found)
        assert difference < 1e-12, what


def test_the_ball_is_around_the_point_of_the_gradient():
    rule = SAM(optlearn.Nesterov(lr=0.01), rho=0.1)
    path = run("quadratic", rule, steps=20)
    up = path.probe + rule.rho * path.g / np.linalg.norm(path.g, axis=1, keepdims=True)
    np.testing.assert_allclose(path["g_ascent"], path.surface.gradient(up.T).T)


def test_ascent_of_the_opposite_is_descent():
    """Maximise turns the function round for the rule inside, so that its worst point is the lowest."""
    w, plain = np.array([1.0, 2.0]), SAM(optlearn.GradientDescent(lr=0.1), rho=0.5)
    turned = Maximize(plain)
    one, _ = plain.step(w, w, plain.init(w), gradient=lambda p: p)
    other, _ = turned.step(w, -w, turned.init(w), gradient=lambda p: -p)
    np.testing.assert_array_equal(one, other)


def test_what_is_missing_is_said():
    rule = SAM(optlearn.Adam())
    with pytest.raises(InvalidArgument, match=r"sam\(adam\) needs more than a gradient.*gradient=f"):
        rule.step(np.ones(2), np.ones(2), rule.init(np.ones(2)))
    assert rule.gradients_per_step == 2 and SAM(rule).gradients_per_step == 3
