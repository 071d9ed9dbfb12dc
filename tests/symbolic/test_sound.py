"""Lines that numbers and recordings could read differently: each kind works in every form, or is refused in words."""

import time
import types

import numpy as np
import pytest

import optlearn
from optlearn import Optimizer, Surface, Update, hyper, option, run, surfaces
from optlearn.symbolic.trace import NotTraceable, trace

START = (1.0, 2.0)


def rule(update, **members):
    """A rule with this update, kept out of the registry."""
    members = {"lr": hyper(0.1, above=0), "slots": ("m",), "update": update, **members}
    return type("Mine", (Optimizer,), members, register=False)()


def step(value):
    """A rule that moves along a value of its lines: a function of g, s and t."""
    return rule(lambda self, w, g, s, t: Update(w - self.lr * value(g, s, t), m=0.5 * s.m + g))


REFUSED = {
    "==": (lambda g, s, t: g if t == 1 else s.m, "np.where"),
    "!=": (lambda g, s, t: g if t != 1 else s.m, "np.where"),
    "in": (lambda g, s, t: g if t in (1, 5) else s.m, "np.where"),
    "a set": (lambda g, s, t: g if t in {1, 5} else s.m, "dictionary or a set"),
    "a dictionary": (lambda g, s, t: {1: g}.get(t, s.m), "dictionary or a set"),
    "a late step": (lambda g, s, t: g if t > 500 else s.m, "np.where"),
    "max of Python": (lambda g, s, t: g / max(t, 3), "np.where"),
    "text": (lambda g, s, t: g * len(f"{t}"), "text of a computed value"),
    "repr": (lambda g, s, t: g if repr(t) == "1" else s.m, "text of a computed value"),
    "bits": (lambda g, s, t: g * (t & 1), "work on their bits"),
    "not of a number": (lambda g, s, t: g * ~t, "work on their bits"),
    "shift": (lambda g, s, t: g / (t << 1), "a product, a power or np.where"),
    "isinstance": (lambda g, s, t: g if isinstance(t, int) else s.m, "asks isinstance"),
    "is": (lambda g, s, t: g if t is True else s.m, "'is'"),
    "chance": (lambda g, s, t: g * np.random.default_rng().random(), "draws = "),
    "time": (lambda g, s, t: g * time.time(), "draws = "),
    "len": (lambda g, s, t: g / len(g), "write .size"),
    "shape": (lambda g, s, t: g / g.shape[0], ".shape of an array"),
    "an attribute with a default": (lambda g, s, t: g / getattr(g, "nothing", 2.0), ".nothing of an array"),
    "sum of conditions": (lambda g, s, t: 1.0 * ((g > 0) + (s.m > 0)), "True . True is True"),
    "an array of its own": (lambda g, s, t: g * np.array([1.0, 2.0]), "made beside the rule's own"),
    "out=": (lambda g, s, t: np.multiply(g, 2.0, out=np.empty(2)), "with out="),
    "round": (lambda g, s, t: g * round(t / 3), "NumPy's functions"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_would_be_another_rule_is_refused_with_the_line(kind):
    value, sentence = REFUSED[kind]
    mine = step(value)
    moved = run("quadratic", mine, start=START, steps=6)               # NumPy's own run needs no recording
    assert len(moved.w) == 7
    with pytest.raises(NotTraceable, match=sentence) as refusal:
        run("quadratic", mine, start=START, steps=6, compiled=True)
    assert "line " in str(refusal.value) or "asks" in str(refusal.value)
    if kind not in ("chance", "time"):
        sweep = run("quadratic", mine, start=[[1.0, 3.0], [2.0, -1.0]], steps=6)
        np.testing.assert_array_equal(sweep.w[..., 0], moved.w)


def test_a_refusal_that_the_lines_swallow_stays_one():
    def update(self, w, g, s, t):
        try:
            factor = 1.0 if t == 1 else 2.0
        except TypeError:
            factor = 2.0
        return Update(w - self.lr * factor * g, m=s.m)

    with pytest.raises(NotTraceable, match="line .* of .*factor = 1.0 if t == 1"):
        trace(rule(update))


def alias(self, w, g, s, t):
    new = w - self.lr * g
    other = new
    other *= 0.5
    return Update(new, m=other)


def scratch(self, w, g, s, t):
    m = 0.9 * s.m
    m += 0.1 * g
    return Update(w - self.lr * m, m=m)


def test_work_in_place_is_recorded_where_it_is_the_rule_and_refused_where_it_is_another():
    with pytest.raises(NotTraceable, match="in step 1 is .* in NumPy, .* as recorded"):
        trace(rule(alias))
    mine = rule(scratch)
    np.testing.assert_allclose(run("quadratic", mine, start=START, steps=9, compiled=True).w,
                               run("quadratic", mine, start=START, steps=9).w, rtol=1e-13)


@pytest.mark.parametrize("norm", [lambda g: np.linalg.norm(g, 2), lambda g: np.sqrt(g @ g),
                                  lambda g: np.sqrt(np.sum(g * g, axis=0))], ids=["norm 2", "@", "axis"])
def test_what_means_another_thing_for_matrices_is_recorded_for_vectors_only(norm):
    pytest.importorskip("numba")
    mine = step(lambda g, s, t: g / (1 + norm(g)))
    np.testing.assert_allclose(run("quadratic", mine, start=START, steps=9, compiled=True).w,
                               run("quadratic", mine, start=START, steps=9).w, rtol=1e-13)
    matrix = np.arange(6.0).reshape(2, 3)
    with pytest.raises(optlearn.InvalidArgument, match="for arrays of one axis"):
        optlearn.Stepper(mine, matrix).step(matrix, matrix.copy())


FACTOR, HOLDER, TABLE = 0.5, types.SimpleNamespace(factor=0.5), [0.5]


def helper(g):
    return FACTOR * g


@pytest.mark.parametrize("kind", ["global", "attribute", "list", "helper", "closure", "class", "method"])
def test_a_recording_goes_when_what_the_lines_read_changes(kind, monkeypatch):
    factor = 0.5

    class Mine(Optimizer, register=False):
        lr = hyper(0.1, above=0)
        own = 0.5

        def update(self, w, g, s, t):
            return Update(w - self.lr * {"global": lambda: FACTOR * g, "attribute": lambda: HOLDER.factor * g,
                                         "list": lambda: TABLE[0] * g, "helper": lambda: helper(g),
                                         "closure": lambda: factor * g, "class": lambda: self.own * g,
                                         "method": lambda: 0.5 * g}[kind]())

    assert "0.5" in repr(trace(Mine()).lines["w"])
    if kind in ("global", "helper"):
        monkeypatch.setitem(globals(), "FACTOR", 0.25)
    elif kind == "attribute":
        monkeypatch.setattr(HOLDER, "factor", 0.25)
    elif kind == "list":
        TABLE[0] = 0.25
    elif kind == "closure":
        factor = 0.25
    elif kind == "class":
        Mine.own = 0.25
    else:
        Mine.update = lambda self, w, g, s, t: Update(w - self.lr * (0.25 * g))
    assert "0.25" in repr(trace(Mine()).lines["w"])
    expected = run("quadratic", Mine(), start=START, steps=3).w
    np.testing.assert_array_equal(run("quadratic", Mine(), start=START, steps=3, compiled=True).w, expected)


@pytest.mark.parametrize("name", ["rate", "probe", "step", "x", "h", "R", "n", "seen", "g_seen", "x1", "u0"])
def test_names_that_the_machinery_uses_are_free(name):
    pytest.importorskip("numba")

    def update(self, w, g, s, t):
        new = 0.5 * getattr(s, name) + g
        return Update(w - self.lr * new, **{name: new})

    mine = rule(update, slots=(name,))
    np.testing.assert_allclose(run("quadratic", mine, start=START, steps=5, compiled=True).w,
                               run("quadratic", mine, start=START, steps=5).w, rtol=1e-13)


def test_constants_are_told_apart_to_the_sign_of_zero():
    for text, other in ((0.0, -0.0), (1, 1.0), (1, True)):
        a, b = (trace(step(lambda g, s, t, c=c: g + np.where(g > 0, c, 2.0))).lines["w"] for c in (text, other))
        assert a is not b
    for constant in (np.inf, -np.inf, np.nan):
        mine = step(lambda g, s, t, c=constant: np.where(np.isfinite(g), g, c))
        assert run("quadratic", mine, start=START, steps=3, compiled=True).w[-1] == pytest.approx(
            run("quadratic", mine, start=START, steps=3).w[-1])


class Two(Surface, register=False):
    kind = option("square", choices=("square", "fourth"))

    def f(self, x, y):
        return x**2 + y**2 if self.kind == "square" else x**4 + y**4


def test_options_of_surfaces_are_part_of_their_formula():
    np.testing.assert_array_equal(Two().gradient(np.array(START)), [2, 4])
    np.testing.assert_array_equal(Two(kind="fourth").gradient(np.array(START)), [4, 32])


@pytest.mark.parametrize("f", [
    lambda x, y: np.linalg.norm([x, y]), lambda x, y: np.sum(np.array([x, y])**2), lambda x, y: np.sum(x * x) + y,
    lambda x, y: np.array([x, y]) @ np.array([[2.0, 1.0], [1.0, 3.0]]) @ np.array([x, y])],
    ids=["norm", "sum", "sum of a number", "matrix"])
def test_surfaces_that_reduce_are_functions_of_each_point(f):
    surface, points = surfaces.of(f), np.array([[1.0, -0.5, 0.3], [2.0, 0.7, -1.1]])
    assert surface.exact
    np.testing.assert_allclose(surface(points), [f(x, y) for x, y in points.T], rtol=1e-14)
    h = 1e-6
    for i, (x, y) in enumerate(points.T):
        slopes = [(f(x + h, y) - f(x - h, y)) / (2 * h), (f(x, y + h) - f(x, y - h)) / (2 * h)]
        np.testing.assert_allclose(surface.gradient(points)[:, i], slopes, rtol=1e-6, atol=1e-8)
    path = run(surface, optlearn.GradientDescent(lr=0.01), start=START, steps=5)
    np.testing.assert_allclose(path.loss, [f(x, y) for x, y in path.w], rtol=1e-14)


def test_a_black_box_is_run_point_by_point_and_says_so():
    surface = surfaces.of(lambda x, y: x**2 if x > 0 else 3 * y**2 + x**4)
    assert not surface.exact
    np.testing.assert_allclose(surface.gradient(np.array([[1.0, -1.0], [2.0, 2.0]])), [[2, -4], [0, 12]], atol=1e-8)
    path = run(surface, optlearn.GradientDescent(lr=0.01), start=START, steps=3)
    assert "finite differences" in repr(path)
    with pytest.raises(NotTraceable, match="np.where"):
        surface.equation()
