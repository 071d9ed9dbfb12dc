"""What a page runs of a schedule gives the numbers of Python at every step, whoever wrote it and however composed."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optlearn
from optlearn import InvalidArgument, hyper
from optlearn import schedules as sc
from optlearn.schedules.formula import graph, page_code, page_form, with_numbers
from optlearn.symbolic.trace import NotTraceable

STEPS = 600


class Waves(sc.Schedule, register=False):
    high = hyper(0.2, above=0)

    def value(self, k):
        return self.high * (1.5 + np.sin(0.1 * k))


class Stairs(sc.Schedule, register=False):
    def value(self, k):
        return 0.1 if k % 7 else 0.3


class Callable:
    def __init__(self, rates):
        self.rates = rates

    def __call__(self, k):
        return self.rates[min(k // 100, len(self.rates) - 1)]


def swallowed(k):
    """Goes another way where the index is no number."""
    try:
        return 0.1 / (1 + math.sqrt(k))
    except TypeError:
        return 0.1 / (1 + k)


@pytest.fixture(scope="module")
def page():
    """A function that gives what a page computes for the first steps of a schedule, or of its code."""
    engine = pytest.importorskip("py_mini_racer").MiniRacer()

    def values(schedule, steps=STEPS):
        code = schedule if isinstance(schedule, str) else page_code(schedule, steps)
        found = engine.eval(f"JSON.stringify([...Array({steps}).keys()].map({code}))")
        return np.array(json.loads(found))

    return values


FORMULAS = {
    "number": lambda k: 0.1, "fraction": lambda k: 0.5 / (k + 1), "power": lambda k: 0.1 * 0.99**k,
    "where": lambda k: np.where(k < 30, 0.1, 0.01), "cosine": lambda k: 0.05 * (1 + np.cos(np.pi * k / STEPS)),
    "restarts": lambda k: 0.1 * (1 - k % 50 / 50), "waves": Waves(), "composed": sc.Warmup(0.5 * Waves(), steps=5),
}
CHOICES = {
    "every tenth": lambda k: 0.1 if k % 10 == 0 else 0.01, "in": lambda k: 0.1 if k in (3, 4) else 0.2,
    "late": lambda k: 0.1 if k < 500 else 0.01, "list": lambda k: [0.1, 0.2][k % 2],
    "dictionary": lambda k: {0: 0.5, 30: 0.1}.get(k, 0.01), "math": lambda k: 0.1 * math.exp(-k / 100),
    "object": Callable([0.1, 0.01]), "stairs": Stairs(), "composed": sc.Join([sc.Constant(), Stairs()], at=[9]),
    "swallowed": swallowed, "if": lambda k: 0.1 if math.floor(k / 30) else 0.2,
}


@pytest.mark.parametrize("schedule", FORMULAS.values(), ids=FORMULAS)
def test_a_formula_of_ones_own_is_shown_as_it_is(schedule, page):
    node, _ = graph(schedule)
    assert len(page_code(schedule, 2000)) < 500
    np.testing.assert_allclose(page(schedule), [schedule(k) for k in range(STEPS)], rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("schedule", CHOICES.values(), ids=CHOICES)
def test_a_choice_in_python_has_no_formula_and_is_shown_by_its_values(schedule, page):
    with pytest.raises(NotTraceable):
        graph(schedule)
    assert page(schedule).tolist() == [schedule(k) for k in range(STEPS)]


def test_the_first_index_that_parts_is_named():
    with pytest.raises(NotTraceable, match=r"<lambda> cannot be traced: at step index 0 it gives 0.1, the formula "
                                           r"recorded of it 0.01; write a choice as np.where\(condition, a, b\)"):
        graph(lambda k: 0.1 if (k % 10) is not None and type(k) is int and k % 10 == 0 else 0.01)


def test_the_explorer_shows_a_schedule_with_a_choice():
    rule = optlearn.GradientDescent(lr=CHOICES["every tenth"])
    shown = optlearn.explore("quadratic", [rule], steps=30)
    np.testing.assert_array_equal(shown.trajectories[0].w, optlearn.run("quadratic", rule, shown.state["start"], 30).w)
    assert shown.state["racers"][0]["schedules"]["lr"]["code"].startswith("((v) => (k) => v[k])([0.1, 0.01, 0.01")


@pytest.mark.parametrize(("schedule", "says"), [
    (lambda k: 0.1 if k < 700 else math.nan, "<lambda> gives nan at step index 700; it must be a finite number"),
    (lambda k: 0.1 if k < 5 else np.random.default_rng().uniform(), "gives .* and then .* for the same step index 5"),
    (sc.Plateau(), "lr is a schedule that cannot be traced for the explorer: Plateau .* depends on the loss"),
], ids=["nan", "random", "loss"])
def test_what_a_page_cannot_show_is_refused(schedule, says):
    with pytest.raises(InvalidArgument, match=says):
        optlearn.explore("quadratic", [optlearn.GradientDescent(lr=schedule)])


# Drawn from a grammar

rates, counts = st.floats(1e-3, 1.0), st.integers(1, 40)
LEAVES = st.one_of(
    st.builds(sc.Constant, start=rates), st.builds(sc.Halving, start=rates, every=counts),
    st.builds(sc.Exponential, start=rates, gamma=st.floats(0.5, 1.0), every=counts, staircase=st.booleans()),
    st.builds(sc.MultiStep, start=rates, gamma=st.floats(0.1, 0.9),
              milestones=st.sets(st.integers(1, 300), min_size=1, max_size=3).map(sorted)),
    st.builds(sc.Inverse, start=rates, gamma=st.floats(0, 2), p=st.floats(0, 2)),
    st.builds(sc.InverseSquareRoot, start=rates, shift=st.floats(0.5, 100)),
    st.builds(sc.Polynomial, start=rates, end=st.floats(0, 0.1), power=st.floats(0.5, 3), steps=counts),
    st.builds(sc.Cosine, start=rates, end=st.floats(0, 0.1), steps=counts),
    st.builds(sc.WarmupStableDecay, peak=rates, warmup=counts, stable=counts, decay=counts,
              shape=st.sampled_from(["linear", "cosine", "sqrt"])),
    st.builds(sc.WarmRestarts, start=rates, steps=counts, factor=st.integers(1, 3)),
    st.builds(sc.Cyclical, half=counts, variant=st.sampled_from(["triangular", "triangular2", "exp_range"])),
    st.builds(sc.OneCycle, peak=rates, steps=st.integers(4, 300), shape=st.sampled_from(["cosine", "linear"])),
    st.builds(sc.Noam, d_model=counts, warmup=counts), st.builds(sc.NadamMomentum),
    st.builds(sc.SutskeverMomentum, every=counts), st.builds(Waves, high=rates), st.just(Stairs()))


def composed(inner):
    joins = st.lists(inner, min_size=2, max_size=3).flatmap(lambda parts: st.builds(
        sc.Join, st.just(parts), at=st.sets(st.integers(1, 200), min_size=len(parts) - 1,
                                            max_size=len(parts) - 1).map(sorted)))
    return st.one_of(
        joins, st.builds(sc.Warmup, inner, steps=counts, start=st.floats(0, 0.1)),
        st.builds(sc.Scaled, inner, factor=st.floats(0, 3)), st.builds(sc.PerEpoch, inner, steps_per_epoch=counts))


# Lines as readers write them: indices that floating-point numbers hold exactly, choices on them, values made of both.
INDEX = st.recursive(st.just("k"), lambda e: st.one_of(
    st.builds("({} % {})".format, e, counts), st.builds("np.floor({} / {})".format, e, counts),
    st.builds("np.minimum({}, {})".format, e, counts), st.builds("({} + {})".format, e, counts),
    st.builds("({} // {})".format, e, counts), st.builds("abs({} - {})".format, e, counts)), max_leaves=4)
CONDITION = st.builds("({} {} {})".format, INDEX, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), counts)
VALUE = st.recursive(
    st.one_of(rates.map(repr), INDEX.map("(0.01 * {})".format), st.builds("({} % {})".format, INDEX, rates),
              st.builds("({} // {})".format, INDEX, rates)),
    lambda e: st.one_of(
        st.builds("np.where({}, {}, {})".format, CONDITION, e, e), st.builds("({} + {})".format, e, e),
        st.builds("({1} if {0} else {2})".format, CONDITION, e, e), st.builds("({} * {})".format, e, e),
        st.builds("({1} if {0} in ({2}, {3}) else {4})".format, INDEX, e, counts, counts, e),
        st.builds("np.sqrt({})".format, e), st.builds("np.tanh({})".format, e),
        st.builds("np.exp(-{})".format, e), st.builds("math.exp(-{})".format, e),
        st.builds("({} / (1 + {}))".format, e, e), st.builds("np.maximum({}, {})".format, e, e),
        st.builds("({0} ** {1})".format, st.floats(0.5, 1.0).map(repr), INDEX)), max_leaves=6)


@settings(max_examples=150, deadline=None)
@given(st.recursive(LEAVES, composed, max_leaves=5))
def test_every_composition_is_the_same_on_a_page(page, schedule):
    values = schedule.series(STEPS)
    np.testing.assert_allclose(page(schedule), values, rtol=1e-12, atol=1e-15 * np.abs(values).max())
    # A composition also joins as it says: at every joint the next schedule gives its first value.
    if isinstance(schedule, sc.Join):
        assert [values[k] for k in (0, *schedule.at_indices)] == [part(0) for part in schedule.schedules]
    if isinstance(schedule, sc.Warmup):
        assert values[schedule.steps] == schedule.then(0)
        assert values[schedule.steps - 1] == pytest.approx(schedule.then(0), rel=1e-12, abs=1e-15)


@settings(max_examples=150, deadline=None)
@given(st.recursive(LEAVES, composed, max_leaves=4))
def test_with_other_numbers_it_is_the_same_on_a_page(page, schedule):
    form = page_form(schedule)
    if form is None:
        return
    paths = [path for path, _ in form["numbers"]]
    h = [value + 3 if declared.integer else 0.9 * value
         for value, (_, declared) in zip(form["h"], form["numbers"], strict=True)]
    try:
        values = with_numbers(schedule, dict(zip(paths, h, strict=True))).series(STEPS)
    except InvalidArgument:  # Of numbers that do not go together
        return
    found = page(f"((k) => ({form['code']})(k, {json.dumps(h)}))")
    np.testing.assert_allclose(found, values, rtol=1e-12, atol=1e-15 * np.abs(values).max())
    for point in form["points"]:
        index = sum(h[i] for i in point["at"])
        if index < STEPS and point["value"] is not None and not isinstance(schedule, sc.Warmup):
            assert values[int(index)] == pytest.approx(h[point["value"]], rel=1e-12, abs=1e-15)


@settings(max_examples=300, deadline=None)
@given(VALUE)
def test_every_function_is_the_same_on_a_page_or_refused(page, text):
    function = eval(f"lambda k: {text}", {"np": np, "math": math})  # noqa: S307
    values = np.array([function(k) for k in range(STEPS)])
    np.testing.assert_allclose(page(function), values, rtol=1e-12, atol=1e-15 * np.abs(values).max())
