"""Rules around rules: reference runs, identities, one composition in every engine."""

import json
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

import optlearn
from optlearn import InvalidArgument, checkpoint, get, hyper, run
from optlearn.symbolic.trace import NotTraceable
from optlearn.wrappers import SAM, Accumulate, Averaged, Cautious, ErrorFeedback, Lookahead, Maximize, Wrapper

HERE = Path(__file__).parent
sys.path += [str(HERE.parent / "rules"), str(HERE.parent / "symbolic")]
from engines import Page, apart, record  # noqa: E402
from every import CLASSES, take  # noqa: E402
from replay import CASES, replay  # noqa: E402

MODERN = json.loads((HERE.parent / "reference" / "modern.json").read_text())
CASES = {**{key: case for key, case in CASES.items() if case["name"] == "lookahead"},
         **{case["id"]: case for case in MODERN["cases"]}}


def without(values, *names):
    return {name: value for name, value in values.items() if name not in names}


def wrapped(case):
    """Our composition in the form of a case."""
    hyper, name = case["hyper"], case["name"]
    own = {key: value for key, value in hyper.items() if key.startswith(("sync", "slow", "average"))}
    inner = get(hyper.get("inner", "momentum"), **without(hyper, *own, "inner", "mask_scale")) \
        if not name.startswith("cautious") else get(name[9:], **without(hyper, "mask_scale"))
    if name == "lookahead":
        return Lookahead(inner, **own)
    if name == "ema":
        return Averaged(inner, **own)
    if name == "swa":
        return Averaged(inner, kind="mean", **(own if own["average_start"] > 1 else {}))
    return Cautious(inner, scale="mean" if "mean" in hyper["mask_scale"] else "sum")


@pytest.mark.parametrize("key", [key for key, case in CASES.items() if case["name"] in
                                 ("lookahead", "ema", "swa", "cautious_lion", "cautious_adamw")])
def test_reference_run(key):
    case = CASES[key]
    rule = wrapped(case)
    path, answers = replay(rule, case, MODERN, answers=True)
    np.testing.assert_allclose(path, case["w"], rtol=0, atol=case["tolerance"])
    if "w_eval" in case:
        first = case["hyper"].get("average_start", 1) - 1     # before that we report the parameters, torch the start
        np.testing.assert_allclose(answers[first:], case["w_eval"][first:], rtol=0, atol=case["tolerance"])


rng = np.random.RandomState(3)
W, GRADS = rng.standard_normal((3, 2)), rng.standard_normal((7, 3, 2))


@pytest.mark.parametrize("name", [name for name, cls in CLASSES.items() if not cls.draws])
def test_what_wraps_nothing_changes_nothing(name):
    """A wrapper whose numbers take it away makes the steps of the rule alone, whatever the rule."""
    rule = CLASSES[name]()
    path, _ = take(rule, W, GRADS)
    asks = {"loss", "gradient", "hessian", "hessian_diagonal"} & {*rule.needs}
    once = () if asks else (Accumulate(rule, every=1), Accumulate(Lookahead(rule, sync_period=99), every=1))
    for same in (Averaged(rule), Lookahead(rule, slow_step_size=1.0), Lookahead(rule, sync_period=100),
                 *once, *([] if rule.name in ("nesterov", "schedule_free") else [SAM(rule, rho=0.0)])):
        np.testing.assert_allclose(take(same, W, GRADS)[0], path, rtol=1e-9, atol=1e-12, err_msg=repr(same))
    if asks:
        with pytest.raises(InvalidArgument, match="wrap the other way round"):
            Accumulate(rule)
        return
    mirrored, _ = take(Maximize(rule), W, -GRADS)
    np.testing.assert_array_equal(mirrored, path)
    repeated, _ = take(Accumulate(rule, every=3), W, np.repeat(GRADS, 3, axis=0))
    np.testing.assert_allclose(repeated[2::3], path, rtol=1e-9, atol=1e-12)
    assert (repeated[0] == W).all()


def test_averages_are_those_of_the_path():
    rule = optlearn.Momentum(lr=0.05)
    path = run("quadratic", Averaged(rule, kind="mean", average_start=3, average_every=2), steps=10)
    for t in range(11):
        taken = path.w[3:t + 1:2]
        np.testing.assert_allclose(path.answer[t], taken.mean(0) if len(taken) else path.w[t])
    many = run("quadratic", Averaged(rule.replace(lr=np.array([0.05, 0.01])), kind="mean"), steps=10)
    np.testing.assert_allclose(many.answer[10, :, 0], path.w[1:].mean(0))
    np.testing.assert_allclose(many.answer_loss[10, 0], many.surface(path.w[1:].mean(0)))


def test_caution_never_steps_uphill():
    rule = Cautious(optlearn.Momentum(lr=0.002), scale="none")
    plain, careful = (run("quadratic", one, start=(1.0, 1.0), steps=200) for one in (rule.rule, rule))
    assert (np.diff(plain.loss) > 0).sum() > 10 and (np.diff(careful.loss) > 0).sum() == 0


def test_with_its_error_the_signs_take_the_steps_of_the_rule():
    """w - error is where the rule alone would be, for the same gradients; a step has one length in all coordinates."""
    for rule in (optlearn.GradientDescent(lr=0.3), optlearn.Momentum(lr=0.1)):
        plain, _ = take(rule, W, GRADS)
        w, state = W, ErrorFeedback(rule).init(W)
        for g, expected in zip(GRADS, plain, strict=True):
            new, state = ErrorFeedback(rule).step(w, g, state)
            np.testing.assert_allclose(new - state["error"], expected, rtol=1e-12)
            assert np.ptp(np.abs(new - w)) < 1e-12
            w = new


class Slower(Wrapper):
    lr = hyper(0.5, above=0, at_most=1, symbol=r"\rho")
    slots = ("v",)

    def update(self, w, g, s, t):
        made = self.inner(w, g, s, t)
        return self.joined(made, w + self.lr * (made.w - w), v=s.v + made.w)


@pytest.fixture(scope="module")
def page():
    return Page()


COMPOSITIONS = [
    Lookahead(optlearn.Adam(lr=0.05), sync_period=3), Averaged(optlearn.Nesterov(lr=0.01)),
    Averaged(optlearn.RMSProp(lr=0.01, centered=True), kind="mean", average_start=4, average_every=3),
    Cautious(optlearn.AdamW(lr=0.02)), Cautious(optlearn.Signum(lr=0.02), scale="sum"),
    Accumulate(optlearn.Momentum(lr=0.02, weight_decay=0.1), every=4), Maximize(optlearn.Adam(lr=0.01)),
    Lookahead(Averaged(Cautious(optlearn.Adam(lr=0.05)))), ErrorFeedback(optlearn.Momentum(lr=0.02)),
    Slower(optlearn.Momentum(lr=0.05, gradient=[optlearn.gradients.ClipNorm(clip_norm=2.0)])),
    Lookahead(optlearn.Adam(lr=optlearn.schedules.Cosine(start=0.1, end=0.01, steps=30)))]
each = pytest.mark.parametrize("rule", COMPOSITIONS, ids=[rule.name for rule in COMPOSITIONS])


@each
def test_a_composition_is_the_same_in_numpy_page_and_kernel(rule, page):
    pytest.importorskip("numba")
    expected = record(rule, optlearn.surfaces.get("quadratic"), steps=40)
    for found in (record(rule, optlearn.surfaces.get("quadratic"), steps=40, compiled=True),
                  page.run(rule, optlearn.surfaces.get("quadratic"), steps=40)):
        what, difference = apart(expected, found)
        assert difference < 1e-12, what
    assert "w_t &=" in rule.equation()


@each
def test_a_composition_is_a_rule_like_others(rule, tmp_path):
    if not rule.scheduled:
        assert get(**rule.config()) == rule
    assert rule.replace(lr=0.3).lr == 0.3
    assert pickle.loads(pickle.dumps(rule)) == rule
    params = {"a": W, "b": [np.ones(4, np.float32)]}
    state = rule.init(params)
    grads = {"a": GRADS[0], "b": [np.arange(4, dtype=np.float32)]}
    params, state = rule.step(params, grads, state)
    checkpoint.save(tmp_path / "c", params=params, state=state, optimizer=rule)
    held = checkpoint.load(tmp_path / "c")
    assert held.optimizer == rule
    for one, other in ((held.answer, rule.solution(params, state)),
                       (rule.step(held.params, grads, held.state)[0], rule.step(params, grads, state)[0])):
        np.testing.assert_array_equal(one["a"], other["a"])
        assert one["b"][0].dtype == np.float32


def test_a_name_of_both_is_the_wrappers():
    rule = Slower(optlearn.Momentum(lr=0.2, momentum=0.5), lr=0.25)
    assert (rule.lr, rule.momentum_lr, rule.rule) == (0.25, 0.2, optlearn.Momentum(lr=0.2, momentum=0.5))
    assert rule.slots == ("momentum_v", "v")
    path, plain = take(rule, W, GRADS)[0], take(rule.rule, W, GRADS)[0]
    np.testing.assert_allclose(path[0], W + 0.25 * (plain[0] - W))
    twice = Lookahead(Lookahead(optlearn.Adam(), sync_period=3), sync_period=4)
    assert (twice.sync_period, twice.lookahead_sync_period, twice.rule.sync_period) == (4, 3, 3)
    assert get(**twice.config()) == twice


def test_what_cannot_be_is_said():
    for call, says in [
            (lambda: Lookahead(), "needs the rule that it wraps"), (lambda: Lookahead("adm"), "did you mean 'adam'"),
            (lambda: Lookahead(optlearn.Adam(), steps=3), "no argument 'steps'"),
            (lambda: get("lookahed(adam)"), "'lookahead'"), (lambda: get("lookahead"), "not a known rule"),
            (lambda: Maximize(optlearn.Adam(weight_decay=0.1)), "drive the parameters away"),
            (lambda: Accumulate(optlearn.Adam(clip_gradient=1.0)), "clip each gradient"),
            (lambda: Lookahead(optlearn.Adam()).solution(W, optlearn.Adam().init(W)), "belongs to 'adam'")]:
        with pytest.raises((InvalidArgument, NotTraceable), match=says):
            call()


def test_a_recording_follows_the_lines_of_the_rule_inside():
    factor = {"of": 2.0}

    class Mine(optlearn.Optimizer, register=False):
        lr = hyper(0.1)

        def update(self, w, g, s, t):
            return optlearn.Update(w - factor["of"] * self.lr * g)

    rule = Averaged(Mine())
    before = rule.equation()
    factor["of"] = 3.0
    assert rule.equation() != before


def test_an_equation_says_once_how_the_parameters_are_made():
    lines = Averaged("gradient_descent", kind="mean").equation().splitlines()[2:4]
    assert lines == [r"w_t &= w_{t-1} - \eta \, g_t \\",
                     r"\bar{w}_t &= \bar{w}_{t-1} + \frac{w_t - \bar{w}_{t-1}}{t} \\"]
