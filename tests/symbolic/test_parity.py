"""NumPy, the page and the compiled kernel make the same numbers: 1e-12 relative over 100 stable steps."""

import numpy as np
import pytest
from engines import ALL_SURFACES, STEPS, TRACEABLE, Page, apart, few_forms, forms, interpreted, record, stable

import optlearn
from optlearn import Optimizer, Update, hyper, schedules, surfaces
from optlearn.gradients import Clip, ClipNorm, Decay, Rescale
from optlearn.symbolic.trace import trace

TOLERANCE = 1e-12


@pytest.fixture(scope="module")
def page():
    return Page()


@pytest.fixture(scope="module")
def numba():
    pytest.importorskip("numba")


def check_engines(rule, surface, page, compiled=True):
    """With the page, if one is given, and with the kernel, if `compiled`."""
    expected = record(rule, surface)
    assert len(expected["w"]) == STEPS + 1, (rule, surface.name, "not stable")
    engines = {"page": page.run(rule, surface)} if page else {}
    if compiled and (surface.samples is None or not trace(rule).asked):
        engines["kernel"] = record(rule, surface, compiled=True)
    for engine, found in engines.items():
        what, difference = apart(expected, found)
        assert difference < TOLERANCE, (engine, rule, surface.name, what)


@pytest.mark.parametrize("name", TRACEABLE)
def test_every_form_of_every_rule_on_every_surface(name, page, numba, monkeypatch):
    # The text of a kernel is put together of the same two parts again and again: it is run for each form on one
    # surface, for each rule on three at least, and on all in turn.
    every, first = list(forms(name)), TRACEABLE.index(name)
    turns = {(k % len(every), (first + k) % len(ALL_SURFACES)) for k in range(max(3, len(every)))}
    interpreted(monkeypatch)
    for k, form in enumerate(every):
        for i, surface in enumerate(ALL_SURFACES):
            check_engines(stable(form, surface), surface, page, compiled=(k, i) in turns)


@pytest.mark.parametrize("name", TRACEABLE)
def test_every_choice_of_every_rule_as_machine_code(name, numba):
    for k, form in enumerate(few_forms(name)):
        surface = ALL_SURFACES[(TRACEABLE.index(name) + k) % len(ALL_SURFACES)]
        check_engines(stable(form, surface), surface, None)


@pytest.mark.parametrize("surface", ALL_SURFACES, ids=lambda s: s.name)
def test_transformed_gradients(surface, page, numba, monkeypatch):
    # Machine code on one surface: of every surface it is made with other rules.
    if surface.name != "rosenbrock":
        interpreted(monkeypatch)
    transforms = [Rescale(rescale_grad=0.5), Clip(clip_gradient=3.0), ClipNorm(clip_norm=2.5),
                  Decay(weight_decay=0.01), Clip(clip_gradient=2.0)]
    check_engines(optlearn.Adam(lr=0.01, gradient=transforms), surface, page)


@pytest.mark.parametrize("schedule", [
    schedules.Cosine(start=0.02, end=0.001, steps=80), schedules.Warmup(schedules.Step(start=0.02, every=30), steps=10),
    schedules.WarmRestarts(start=0.02, steps=9, factor=2), lambda k: 0.02 / (k + 1)],
                         ids=lambda s: getattr(s, "name", "function"))
def test_scheduled_values(schedule, page, numba):
    check_engines(optlearn.Momentum(lr=schedule, momentum=0.8), surfaces.get("quadratic"), page)


def test_a_rule_of_the_reader_gets_equation_page_and_kernel(page, numba):
    class HeavyBall(Optimizer, register=False):
        lr = hyper(0.05, above=0, symbol=r"\eta")
        slots = ("b",)

        def update(self, w, g, s, t):
            b = 0.9 * s.b - self.lr * g / (1 + np.sqrt(t))
            return Update(w + b, b=b)

    rule, surface = HeavyBall(lr=0.03), surfaces.of(lambda x, y: x**2 + 3 * y**2 + np.sin(x * y))
    assert r"b_t &= 0.9 \, b_{t-1} - \eta \, \frac{g_t}{1 + \sqrt{t}}" in rule.equation()
    assert np.abs(np.diff(record(rule, surface)["w"][[0, -1]], axis=0)).max() > 0.5
    check_engines(rule, surface, page)


# What only NumPy and the kernel do: many runs at once, noise, minibatches and delay.

RATES = np.linspace(0.001, 0.02, 300)                       # more than a block of lanes
STARTS = np.stack([np.linspace(-2, 2, 300), np.linspace(2.5, -1, 300)])


@pytest.mark.parametrize(("rule", "surface"), [
    (optlearn.Adam(lr=RATES), "rosenbrock"),
    (optlearn.NAdam(lr=RATES, eps=0.1), "saddle"),          # has a number that is the same in all runs
    (optlearn.NAdam(lr=0.01, beta1=RATES * 40, eps=0.1), "saddle"),   # and here it is not
    (optlearn.LAMB(lr=RATES / 10), "himmelblau"),           # has sums over the coordinates
    (optlearn.Momentum(lr=lambda k: RATES / (k + 1), momentum=0.9), "saddle"),
    (optlearn.SGLD(lr=1e-4), "twowells"),
    (optlearn.Adam(lr=0.01), surfaces.get("quadratic").replace(kappa=np.linspace(1, 50, 300))),
    (optlearn.Adam(lr=0.01, gradient=[ClipNorm(clip_norm=RATES * 100)]), "leastsquares"),
], ids=lambda x: getattr(x, "name", x))
def test_sweeps(rule, surface, numba):
    readable, compiled = (record(rule, surface, start=STARTS, compiled=c) for c in (False, True))
    assert {name: np.shape(x) for name, x in readable.items()} == {name: np.shape(x) for name, x in compiled.items()}
    what, difference = apart(readable, compiled)
    assert difference < TOLERANCE, what
    for c in (False, True):
        ends = optlearn.sweep(surface, rule, STARTS, steps=STEPS, rng=7, compiled=c)
        path = optlearn.sweep(surface, rule, STARTS, steps=STEPS, rng=7, compiled=c, path=True)
        np.testing.assert_array_equal(path, (compiled if c else readable)["w"])
        np.testing.assert_array_equal(ends, path[-1])


def test_a_schedule_of_arrays_is_a_sweep():
    rates = np.array([0.1, 0.05])
    sweep = optlearn.run("quadratic", optlearn.Momentum(lr=lambda k: rates / (k + 1)), start=(1.0, 2.0), steps=5)
    for i, rate in enumerate(rates):
        alone = optlearn.run("quadratic", optlearn.Momentum(lr=lambda k, rate=rate: rate / (k + 1)), start=(1.0, 2.0),
                             steps=5)
        np.testing.assert_allclose(sweep.w[..., i], alone.w, rtol=1e-14)


@pytest.mark.parametrize("how", [{"noise": 0.3}, {"batch": 4}, {"batch": 3, "noise": 0.1}, {"delay": 3}], ids=repr)
@pytest.mark.parametrize("start", [None, STARTS], ids=["single", "sweep"])
def test_noise_minibatches_and_delay(how, start, numba):
    rule = optlearn.Nesterov(lr=0.01, momentum=0.8)
    readable, compiled = (record(rule, "leastsquares", start=start, compiled=c, **how) for c in (False, True))
    what, difference = apart(readable, compiled)
    assert difference < TOLERANCE, what
    assert not np.array_equal(readable["w"], record(rule, "leastsquares", start=start)["w"])


@pytest.mark.parametrize("steps", [0, 1])
def test_runs_of_no_and_of_one_step(steps, numba):
    readable, compiled = (optlearn.run("quadratic", optlearn.NAdam(), steps=steps, compiled=c) for c in (False, True))
    for name in ("w", "probe", "g"):
        np.testing.assert_array_equal(getattr(readable, name), getattr(compiled, name))


def test_a_diverging_run_ends_at_the_same_step(numba):
    readable, compiled = (optlearn.run("rosenbrock", optlearn.GradientDescent(lr=0.1), steps=50, compiled=c)
                          for c in (False, True))
    assert readable.diverged is not None
    assert repr(compiled) == repr(readable)
    np.testing.assert_allclose(compiled.w, readable.w, rtol=1e-12)
