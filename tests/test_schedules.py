"""Schedules: values of papers and libraries, first index 0, composition, state, equation and JavaScript."""

import itertools
import json
import math

import numpy as np
import pytest

import optlearn
from optlearn import InvalidArgument
from optlearn import schedules as sc
from optlearn.symbolic.javascript import schedule_code
from optlearn.symbolic.trace import NotTraceable

OF_THE_STEP = [
    sc.Constant(start=0.3), sc.Exponential(start=0.5, gamma=0.97),
    sc.Exponential(gamma=0.5, every=7, staircase=True),
    sc.Halving(every=9), sc.Step(gamma=0.3, every=11), sc.MultiStep(gamma=0.5, milestones=(3, 17, 40)),
    sc.Inverse(gamma=0.2, p=0.75), sc.InverseSquareRoot(shift=4), sc.Polynomial(end=0.01, power=2, steps=50),
    sc.Cosine(end=0.01, steps=60), sc.WarmRestarts(steps=13), sc.WarmRestarts(steps=3, factor=2, end=0.01),
    sc.WarmRestarts(steps=1, factor=3), sc.Cyclical(half=6), sc.Cyclical(half=6, variant="triangular2"),
    sc.Cyclical(half=6, variant="exp_range", gamma=0.9), sc.OneCycle(steps=80),
    sc.OneCycle(steps=80, start=0.02, end=0.001, shape="linear", rise=0.4), sc.Noam(d_model=64, warmup=20),
    sc.WarmupStableDecay(warmup=4, stable=9, decay=7, end=0.01), sc.WarmupStableDecay(shape="sqrt"),
    sc.NadamMomentum(), sc.SutskeverMomentum(every=10), sc.Warmup(sc.Cosine(steps=30), steps=8, start=0.001),
    sc.Warmup(sc.Noam(warmup=5), steps=4),
    sc.Join([sc.Constant(start=1.0), sc.Halving(every=3)], at=[10]), 0.5 * sc.Step(every=8),
    sc.Step(every=2).per_epoch(7),
]
LOSS_DRIVEN = [
    sc.Plateau(watch="step", patience=2, cooldown=1), sc.King(patience=6),
    sc.Warmup(sc.Plateau(watch="step", patience=2), steps=5), 2.0 * sc.King(patience=5, forget=False),
    sc.Join([sc.King(start=0.5, patience=4), 0.1 * sc.Warmup(sc.Plateau(watch="step", patience=1), steps=3)], at=[9]),
]


def label(schedule):
    return repr(schedule)[:60]


def javascript(code, argument):
    py_mini_racer = pytest.importorskip("py_mini_racer")
    return json.loads(py_mini_racer.MiniRacer().eval(f"JSON.stringify(({argument}).map({code}))"))


@pytest.mark.parametrize("schedule", OF_THE_STEP, ids=label)
def test_a_formula_gives_python_floats_a_page_and_an_equation(schedule):
    values = [schedule(k) for k in range(100)]
    assert {type(value) for value in values} == {float}
    page = javascript(schedule_code(schedule), list(range(100)))
    np.testing.assert_allclose(page, values, rtol=1e-12, atol=1e-15)
    assert schedule.equation().count(rf"{schedule.symbol}_k") == 1
    assert schedule.equation("mathml").startswith("<math")
    with np.errstate(all="raise"):
        assert schedule.series(100).tolist() == values


@pytest.mark.parametrize("schedule", OF_THE_STEP + LOSS_DRIVEN, ids=label)
def test_arguments_make_the_same_schedule(schedule):
    again = sc.get(schedule.name, **schedule.values)
    assert again == schedule
    assert hash(again) == hash(schedule)
    assert repr(again) == repr(schedule)


@pytest.mark.parametrize("schedule", OF_THE_STEP, ids=label)
@pytest.mark.parametrize("k", [-1, 1.5, True, "3", None, math.nan])
def test_an_index_is_a_whole_number_from_0(schedule, k):
    with pytest.raises(InvalidArgument, match="0 <= k"):
        schedule(k)


def test_the_first_step_has_index_0_wherever_a_schedule_is_used():
    seen = []

    def record(k):
        seen.append(k)
        return 0.1 / (k + 1)

    optlearn.run("rosenbrock", optlearn.Adam(lr=record), steps=3)
    assert [k for i, k in enumerate(seen) if k not in seen[:i]] == [0, 1, 2]
    rule, w = optlearn.GradientDescent(lr=sc.Exponential(start=1.0, gamma=0.5)), np.array([0.0])
    state, path = rule.init(w), []
    for _ in range(3):
        w, state = rule.step(w, np.array([-1.0]), state)
        path.append(float(w[0]))
    assert path == [1.0, 1.5, 1.75]


def test_float32_parameters_stay_float32_under_every_schedule():
    w = np.ones(3, np.float32)
    for schedule in OF_THE_STEP:
        rule = optlearn.Momentum(lr=schedule)
        assert rule.step(w, w, rule.init(w))[0].dtype == np.float32


# Numbers of papers and libraries


def test_noam_has_its_peak_at_the_last_step_of_the_rise():
    schedule = sc.Noam(d_model=512, warmup=4000)
    assert schedule(3999) == pytest.approx(6.9877e-4, rel=1e-4)
    assert schedule(3998) < schedule(3999) > schedule(4000)
    assert schedule(0) == pytest.approx(512**-0.5 * 4000**-1.5)


def test_the_mean_of_a_cosine_is_half_its_maximum():
    assert sc.Cosine(start=0.6, steps=10_000).series(10_000).mean() == pytest.approx(0.3, rel=1e-3)


def test_restarts_begin_where_the_cycle_lengths_say():
    for steps, factor in ((1, 2), (3, 2), (10, 3), (7, 10)):
        values = sc.WarmRestarts(start=1.0, steps=steps, factor=factor).series(2000)
        begins, length = [], steps
        while sum(begins[-1:]) < 2000 if begins else True:
            begins.append(begins[-1] + length // factor if begins else 0)
            length *= factor
        assert np.flatnonzero(values == 1.0).tolist() == [k for k in begins if k < 2000]


def test_one_cycle_follows_pytorchs_indices():
    # torch's OneCycleLR(max_lr=1, total_steps=10): its phases end at 0.3 * 10 - 1 and 9.
    schedule = sc.OneCycle(peak=1.0, steps=10)
    assert schedule(0) == pytest.approx(1 / 25)
    assert schedule(2) == pytest.approx(1.0)
    assert schedule(9) == pytest.approx(1 / 25 / 1e4)
    assert schedule(9) == schedule(50)
    momentum = sc.OneCycle(start=0.95, peak=0.85, end=0.95, steps=10)
    assert momentum(2) == pytest.approx(0.85)


def test_cyclical_variants():
    cycles = sc.Cyclical(low=1.0, high=2.0, half=5, gamma=0.9)
    height = {variant: cycles.replace(variant=variant).series(30)[5::10] - 1
              for variant in ("triangular", "triangular2", "exp_range")}
    np.testing.assert_allclose(height["triangular"], [1, 1, 1])
    np.testing.assert_allclose(height["triangular2"], [1, 0.5, 0.25])
    np.testing.assert_allclose(height["exp_range"], [0.9**5, 0.9**15, 0.9**25])


def test_sutskevers_momentum_is_the_formula_of_the_paper():
    paper = [min(1 - 2 ** (-1 - math.log2(t // 250 + 1)), 0.995) for t in range(1, 3000)]
    np.testing.assert_allclose(sc.SutskeverMomentum(highest=0.995).series(2999), paper, rtol=1e-15)


def test_nadams_momentum_counts_steps_from_1():
    np.testing.assert_allclose(sc.NadamMomentum(mu0=0.9).series(5),
                               [0.9 * (1 - 0.5 * 0.96 ** (t * 0.004)) for t in (1, 2, 3, 4, 5)])


@pytest.mark.parametrize(("shape", "fall"), [("linear", sc.Polynomial), ("cosine", sc.Cosine)])
def test_warmup_stable_decay_is_what_it_is_made_of(shape, fall):
    parts = sc.Join([sc.Constant(start=0.3), fall(start=0.3, end=0.01, steps=8)], at=[20])
    made = sc.WarmupStableDecay(peak=0.3, end=0.01, warmup=5, stable=20, decay=8, shape=shape)
    np.testing.assert_allclose(made.series(40), sc.Warmup(parts, steps=5).series(40), rtol=1e-12)


def test_warmup_rises_in_equal_steps_to_the_first_value_of_what_follows():
    after = sc.Cosine(start=0.8, steps=9)
    values = sc.Warmup(after, steps=4).series(13)
    np.testing.assert_allclose(np.diff(values[:4], prepend=0), 0.2)
    np.testing.assert_array_equal(values[4:], after.series(9))


# Schedules that look at the loss


def feed(schedule, losses, kind="step"):
    state, values = schedule.begin(), []
    for k, loss in enumerate(losses):
        values.append(schedule.at(state, k))
        state = schedule.feed(state, loss, kind)
    return values, state


def test_plateau_follows_pytorchs_counting():
    # torch's ReduceLROnPlateau(factor=0.5, patience=2, cooldown=1): after more than two bad epochs.
    schedule = sc.Plateau(start=1.0, factor=0.5, patience=2, cooldown=1)
    values, _ = feed(schedule, [3, 2, 2, 2, 2, 2, 2, 2, 2, 2], "train")
    assert values == [1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]
    # An improvement smaller than the threshold does not count, a NaN is bad.
    assert feed(schedule, [1.0, 0.99995, math.nan, 0.99992, 1], "train")[0][-1] == 0.5
    assert feed(schedule, [1.0] * 9, "test")[0][-1] == 1.0
    lowest = schedule.replace(lowest=0.4, patience=0, cooldown=0)
    assert feed(lowest, [1.0] * 9, "train")[0][-1] == 0.4


def reference_steps_without_decrease(y, confidence=0.51):
    """The definition, one regression for each number of last losses."""
    result = 0
    for n in range(3, len(y) + 1):
        x, last = np.arange(n), np.array(y[-n:])
        slope, intercept = np.polyfit(x, last, 1)
        variance = ((last - slope * x - intercept) ** 2).sum() / (n - 2) * 12 / (n**3 - n)
        probability = 0.5 * (1 + math.erf(-slope / math.sqrt(variance) / math.sqrt(2)))
        if probability < confidence:
            result = n
    return result


@pytest.mark.parametrize("drift", [-0.2, -0.02, 0.0, 0.02])
def test_king_counts_steps_as_its_definition_says(drift):
    for seed in range(5):
        losses = 3 + drift * np.arange(80) + np.random.RandomState(seed).standard_normal(80)
        assert sc.steps_without_decrease(losses) == reference_steps_without_decrease(losses.tolist())


def test_king_on_lines_without_noise():
    assert sc.steps_without_decrease([0.1] * 30) == 30
    assert sc.steps_without_decrease((0.1 * np.arange(30)).tolist()) == 30
    assert sc.steps_without_decrease((0.1 * np.arange(30)[::-1]).tolist()) == 0
    # Three equal losses around a spike: it hides the decrease before it, unless the highest are left out.
    spiked = [*np.linspace(2, 1, 40), 9.0, 1.0, 1.0]
    assert sc.steps_without_decrease(spiked) == 41
    assert sc.steps_without_decrease(spiked, discard=0.1) == 4


def test_king_reduces_on_noise_and_not_on_a_decrease():
    noise = np.random.RandomState(0).standard_normal(400)
    schedule = sc.King(start=1.0, patience=50, factor=0.5)
    assert feed(schedule, 100 - np.arange(400) + noise)[0][-1] == 1.0
    values, state = feed(schedule, noise)
    assert 0.5**7 <= values[-1] < 0.5
    assert len(state["losses"]) <= 1.1 * 51 + 1
    # The history is dropped at a reduction: at least `patience` steps lie between two.
    assert np.diff(np.flatnonzero(np.diff(values))).min() > 50
    every_step = feed(schedule.replace(forget=False, factor=0.99), np.ones(80))[0]
    assert every_step[-1] == pytest.approx(0.99 ** 29)


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_a_loss_that_is_no_number_is_no_improvement_and_every_number_improves_on_it(bad):
    schedule = sc.Plateau(start=1.0, factor=0.5, patience=1, watch="step")
    assert feed(schedule, [bad, 5.0, 4.0, bad, 3.0, 2.0])[1] == {"value": 1.0, "best": 2.0, "bad": 0, "rest": 0}
    assert feed(schedule, [1.0, bad, bad, bad])[1] == {"value": 0.5, "best": 1.0, "bad": 1, "rest": 0}
    assert feed(schedule, [bad] * 4)[1] == {"value": 0.25, "best": None, "bad": 0, "rest": 0}


@pytest.mark.parametrize("bad", [math.inf, math.nan])
@pytest.mark.parametrize("discard", [0.0, 0.1])
def test_king_takes_an_infinite_loss_for_the_limit_of_large_ones(bad, discard):
    rng = np.random.RandomState(0)
    for at in rng.randint(0, 40, size=(30, 2)):
        losses = rng.standard_normal(40) - 0.01 * np.arange(40)
        large, spiked = losses.copy(), losses.copy()
        large[at], spiked[at] = 1e200, bad
        assert sc.steps_without_decrease(spiked, discard=discard) == sc.steps_without_decrease(large, discard=discard)
    falling = 100 - np.arange(25.0)
    for at in range(25):
        spiked = falling.copy()
        spiked[at] = bad
        assert feed(sc.King(start=1.0, patience=20), spiked)[1]["value"] == 1.0
    assert feed(sc.King(start=1.0, patience=20), [bad] * 25)[1]["value"] == 0.1
    assert sc.steps_without_decrease(losses * 1e300) == sc.steps_without_decrease(losses)


def test_schedules_one_after_the_other_each_live_from_their_own_index_0():
    """The values of each stretch are those that its schedule gives alone for the losses of that stretch."""
    losses = np.random.RandomState(2).standard_normal(60)
    parts = [sc.Plateau(start=1.0, patience=1, watch="step"), sc.King(start=0.5, patience=4),
             sc.Halving(start=0.8, every=3), sc.Plateau(start=0.3, patience=0, watch="train"), sc.Cosine(steps=9)]
    for first, second in itertools.product(parts, repeat=2):
        for kinds in (("step",), ("step", "train")):
            for joined, begins, alone in (
                    (sc.Join([first, second], at=[20]), (0, 20), (first, second)),
                    (sc.Warmup(sc.Join([first, second], at=[13]), steps=7), (7, 20), (first, second))):
                found, state = [], joined.begin()
                for k, loss in enumerate(losses):
                    found.append(joined.at(state, k))
                    for kind in kinds:
                        state = joined.feed(state, loss, kind) if joined.driven else state
                for begin, end, schedule in zip(begins, (20, 60), alone, strict=True):
                    state, expected = schedule.begin(), []
                    for k, loss in enumerate(losses[begin:end]):
                        expected.append(schedule.at(state, k))
                        for kind in kinds:
                            state = schedule.feed(state, loss, kind) if schedule.driven else state
                    assert found[begin:end] == expected
                if begins[0]:
                    np.testing.assert_allclose(found[:7], first(0) * np.arange(1, 8) / 7, rtol=1e-15)


def test_epochs_alone_told_by_hand_reach_every_schedule():
    warm = sc.Warmup(sc.Plateau(start=1.0, factor=0.5, patience=0), steps=2)
    state = warm.begin()
    for _ in range(3):
        state = warm.feed(state, 1.0, "train")
    assert warm.at(state, 9) == 0.25


@pytest.mark.parametrize("schedule", LOSS_DRIVEN, ids=label)
def test_the_state_of_a_schedule_is_plain_data_apart_from_it(schedule):
    losses = np.random.RandomState(1).standard_normal(40).tolist()
    state = schedule.begin()
    for k, loss in enumerate(losses):
        before = json.dumps(state)
        state = json.loads(json.dumps(schedule.feed(state, loss))) if k % 2 else schedule.feed(state, loss)
        assert json.dumps(schedule.begin()) == json.dumps(schedule.begin())
        assert before != json.dumps(state) or k
    assert state == feed(schedule, losses)[1]
    assert schedule.at(state, 40) < schedule.at(schedule.begin(), 40)


@pytest.mark.parametrize(
    "schedule", [*LOSS_DRIVEN, sc.FromTraining(lambda place: 0.1), sc.Halving().per_epoch()], ids=label)
def test_what_is_not_a_function_of_the_step_says_so(schedule):
    with pytest.raises(InvalidArgument, match="place in the training"):
        schedule(1)
    with pytest.raises(NotTraceable, match="cannot be traced: it depends on the loss"):
        schedule.graph()
    assert schedule._repr_latex_() is None


@pytest.mark.parametrize("watch", ["step", "train"])
@pytest.mark.parametrize("inside", [lambda schedule: schedule, lambda schedule: sc.Warmup(schedule, steps=10)])
def test_a_run_on_a_surface_feeds_the_loss_of_every_step(watch, inside):
    plateau = inside(sc.Plateau(start=0.3, factor=0.5, patience=1, watch=watch))
    run = optlearn.run("rosenbrock", optlearn.Adam(lr=plateau), steps=60)
    values = feed(inside(sc.Plateau(start=0.3, factor=0.5, patience=1, watch="step")), run.loss)[0]
    by_hand = optlearn.run("rosenbrock", optlearn.Adam(lr=values.__getitem__), steps=60)
    np.testing.assert_array_equal(run.w, by_hand.w)
    assert values[-1] < 0.3
    sweep = optlearn.run("rosenbrock", optlearn.Adam(lr=plateau, beta1=[0.5, 0.9]), steps=60)
    np.testing.assert_array_equal(sweep.w[..., 1], run.w)


# Bad input


@pytest.mark.parametrize(("make", "says"), [
    (lambda: sc.Cosine(start=-1.0), "start = -1.0 is not allowed; .* 0 <= start"),
    (lambda: sc.Cosine(steps=2.5), "steps = 2.5 is not allowed; it must be a whole number with 1 <= steps"),
    (lambda: sc.Cosine(start=[0.1, 0.2]), "start = .* is not allowed in a schedule"),
    (lambda: sc.Cosine(start=sc.Cosine()), "start = .* is not allowed in a schedule"),
    (lambda: sc.Cosine(peak=1.0), "Cosine has no argument 'peak'"),
    (lambda: sc.Cosine(1.0, 0.1), r"Cosine\(1.0, 0.1\) is not allowed; arguments must be named: start=1.0, end=0.1"),
    (lambda: sc.MultiStep([3, 4]), r"MultiStep\(\[3, 4\]\) .* must be named: milestones=\[3, 4\]"),
    (lambda: sc.Warmup(sc.Cosine(), 5), "arguments must be named: steps=5"),
    (lambda: sc.WarmRestarts(0.1), "arguments must be named: start=0.1"),
    (lambda: sc.Cyclical(variant="triangle"), "variant = 'triangle' is not allowed"),
    (lambda: sc.MultiStep(milestones=(3, 2)), r"milestones = \(3, 2\) is not allowed; it must be increasing"),
    (lambda: sc.MultiStep(), "MultiStep needs the argument 'milestones'"),
    (lambda: sc.Warmup(0.1, steps=3), "then = 0.1 is not allowed; it must be a Schedule"),
    (lambda: sc.Join([sc.Constant(), sc.Constant()], at=[3, 4]), "2 schedules need 1 indices"),
    (lambda: sc.Join([0.1, sc.Constant()], at=[3]), r"schedules = \[0.1, .* it must be a sequence of schedules"),
    (lambda: sc.PerEpoch(sc.Plateau()), "it must depend on the step index alone"),
    (lambda: sc.OneCycle(steps=3, rise=0.3), "rise = 0.3 is not allowed; it must be above 1 / 3"),
    (lambda: sc.get("cosin"), "did you mean 'cosine'"),
    (lambda: optlearn.Adam(beta1=sc.Constant(start=1.0)).at(1), "beta1 = 1.0 is not allowed"),
])
def test_bad_input_names_argument_value_and_range(make, says):
    with pytest.raises(InvalidArgument, match=says):
        make()


def test_a_plot_shows_a_value_for_every_step():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    sc.Halving(every=2).plot(6, ax)
    assert ax.lines[0].get_ydata().tolist() == sc.Halving(every=2).series(6).tolist()
    assert ax.get_xlabel()
    plt.close(figure)


def test_a_plateau_of_negative_losses_is_one():
    """-9.5 is no improvement on -10, nor is -10.5 with a threshold of a tenth; -11.5 is."""
    schedule = sc.Plateau(start=1.0, threshold=0.1, watch="step")
    state = schedule.begin()
    seen = []
    for loss in (-10.0, -9.5, -10.5, -11.5):
        state = schedule.feed(state, loss)
        seen.append((state["best"], state["bad"]))
    assert seen == [(-10.0, 0), (-10.0, 1), (-10.0, 2), (-11.5, 0)]


RATES, SEEDS = iter([0.1, 0.2]), itertools.count()


class Silent(sc.Schedule):
    def value(self, k):
        """Forgets to return."""


@pytest.mark.parametrize(("lr", "says"), [
    (lambda k: math.nan, r"lr = nan is not allowed; its schedule gives it in step 1 \(index 0\)"),
    (lambda k: 0.1 if k < 2 else math.inf, r"lr = inf is not allowed; .* in step 3 \(index 2\), .* 0 < lr"),
    (lambda k: 0.1 - 0.1 * k, r"lr = -0.1 is not allowed; .* in step 3 \(index 2\)"),
    (lambda k: np.array([0.1, -0.2]), r"lr = -0.2 is not allowed; its schedule gives it in step 1"),
    (lambda k: 0.1 / missing, r"<lambda>, line \d+ .*NameError: name 'missing' is not defined"),  # noqa: F821
    (lambda k: None, "lr = None is not allowed; its schedule gives it"),
    (Silent(), r"Silent.value\(0\) gives None; it must be a number"),
    (sc.FromTraining(lambda place: None), "function of FromTraining at Place.* gives None; it must be a number"),
], ids=lambda x: x if isinstance(x, str) else getattr(x, "__name__", type(x).__name__))
def test_a_value_that_is_none_is_refused_in_its_step_and_changes_nothing(lr, says):
    rule, w = optlearn.Adam(lr=lr), np.ones(2)
    with pytest.raises(InvalidArgument, match=says):
        state = rule.init(w)
        for _ in range(3):
            kept = state, {name: value.copy() for name, value in state.slots[0].items()}
            w, state = rule.step(w, w, state)
    if "step 3" in says:
        assert kept[0] is state
        assert state.t == 2
        assert all((state[name] == value).all() for name, value in kept[1].items())


@pytest.mark.parametrize(("lr", "says"), [
    (iter([0.1, 0.2]).__next__, "lr = __next__ is not allowed as a schedule; it must be a function of one argument"),
    (lambda k: next(RATES), "gives 0.1 and then 0.2 for the same step index 0"),
    (lambda k: np.random.RandomState(next(SEEDS)).uniform(), "no random number of its own"),
    (lambda: 0.1, "lr = <lambda> is not allowed as a schedule"),
    (sc.Cosine, r"lr = Cosine is not allowed: it is a class; .* such as Cosine\(...\)"),
], ids=["iterator", "generator", "random", "no argument", "class"])
def test_what_is_no_function_of_the_index_is_refused_by_the_rule(lr, says):
    with pytest.raises(InvalidArgument, match=says):
        optlearn.Adam(lr=lr)


def test_a_class_of_ones_own_takes_no_name_of_the_library():
    class Cosine(sc.Schedule):
        def value(self, k):
            return 0.1

    assert type(sc.get("cosine")) is sc.Cosine
    assert type(sc.get("own_cosine")) is Cosine
    assert Cosine() != sc.Cosine()

    class Scaled(Cosine):
        pass

    assert (2 * Scaled())(0) == 0.2
