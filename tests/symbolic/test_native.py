"""Steps on large arrays: block by block in NumPy, and in place as machine code."""

from types import SimpleNamespace

import numpy as np
import pytest
from engines import TRACEABLE, forms

import optlearn
from optlearn import InvalidArgument, stepping
from optlearn.gradients import Clip, ClipGlobalNorm, ClipNorm, Decay
from optlearn.needs import of_a_bowl
from optlearn.symbolic import stepper as stepping_code

SIZE = 3000


def numbers(dtype, seed=0):
    """Parameters and three gradients."""
    values = np.random.RandomState(seed).standard_normal((4, SIZE)).astype(dtype)
    return values[0], values[1:]


def take(rule, dtype, shape=(SIZE,)):
    """Parameters and state after three readable steps."""
    w, grads = numbers(dtype)
    w, grads = w.reshape(shape), grads.reshape(3, *shape)
    state = rule.init(w)
    for g in grads:
        w, state = rule.step(w, g, state, rng=np.random.RandomState(1), **of_a_bowl(g))
    return w, state


def assert_near(found, expected, dtype):
    """To rounding: a few units in the last place of the largest value."""
    scale = np.abs(expected).max() if np.size(expected) else 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=(1e-5 if dtype == "f4" else 1e-13) * max(scale, 1e-30))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", [
    name for name in TRACEABLE if not optlearn.get(name).takes_matrices and not optlearn.get(name).needs])
def test_the_stepper_makes_the_steps_of_the_rule(name, dtype, monkeypatch):
    """Compiled in single precision; in double precision, which tells more of the text, Python runs it.

    A single number is stepped by machine code of double precision below.
    """
    pytest.importorskip("numba")
    if dtype == "f8":
        stepping_code._total()
        interpreter = SimpleNamespace(njit=lambda **_: np.errstate(all="ignore"))
        monkeypatch.setattr(stepping_code, "numba", lambda: interpreter)
        monkeypatch.setattr(stepping_code, "_array_step", stepping_code.ArrayStep)
    rule = next(forms(name))
    expected, state = take(rule, dtype)
    w, grads = numbers(dtype)
    stepper = optlearn.Stepper(rule, w)
    for g in grads:
        stepper.step(w, g, rng=np.random.RandomState(1))
    assert_near(w, expected, dtype)
    assert stepper.state.t == 3
    for slot in rule.slots:
        assert_near(stepper.state[slot], state[slot], dtype)
        assert np.shape(stepper.state[slot]) == np.shape(state[slot])


@pytest.mark.parametrize("name", optlearn.names())
def test_blocks_make_the_steps_of_the_whole(name, monkeypatch):
    """Bit for bit: blocks change the order of nothing, and what takes matrices is not taken apart."""
    rule, shape = optlearn.get(name), (60, 50)
    w, state = take(rule, "f4", shape)
    monkeypatch.setattr(stepping, "BLOCK", 1000)
    blocked, blocked_state = take(rule, "f4", shape)
    np.testing.assert_array_equal(blocked, w)
    for slot in rule.slots:
        np.testing.assert_array_equal(blocked_state[slot], state[slot])
        assert np.shape(blocked_state[slot]) == np.shape(state[slot])


def test_only_rules_without_sums_are_taken_apart(monkeypatch):
    monkeypatch.setattr(stepping, "BLOCK", 4000)
    w, grads = numbers("f4")
    whole = stepping.whole
    for rule, lengths in ((optlearn.Adam, {1000}), (optlearn.LAMB, {SIZE}), (optlearn.Adafactor, {SIZE})):
        seen = set()
        monkeypatch.setattr(stepping, "whole", lambda rule, w, *rest, seen=seen: (seen.add(w.size),
                                                                                     whole(rule, w, *rest))[1])
        rule().step(w, grads[0], rule().init(w))
        assert seen == lengths


def test_nested_parameters_and_transforms():
    pytest.importorskip("numba")
    w, grads = numbers("f4")
    for gradient in ([Clip(clip_gradient=1.0), ClipNorm(clip_norm=0.7)],
                     [ClipGlobalNorm(clip_norm=2.0), Decay(weight_decay=0.1)]):
        rule = optlearn.AdaGrad(lr=0.1, gradient=gradient)
        params = {"a": w[:1000].reshape(10, 100).copy(), "b": [w[1000:].copy(), np.float32([]).reshape(0, 3)]}
        g = {"a": np.asfortranarray(grads[0][:1000].reshape(10, 100)),
             "b": [grads[0][1000:], np.float32([]).reshape(0, 3)]}
        expected, _ = rule.step(params, g, rule.init(params))
        stepper = optlearn.Stepper(rule, params)
        stepper.step(params, g)
        assert_near(params["a"], expected["a"], "f4")
        assert_near(params["b"][0], expected["b"][0], "f4")


def test_what_the_stepper_refuses_changes_nothing():
    pytest.importorskip("numba")
    w, grads = numbers("f4")
    before, stepper = w.copy(), optlearn.Stepper(optlearn.Adam(), w)
    bad = grads[0].copy()
    bad[7] = np.nan
    frozen = w.copy()
    frozen.setflags(write=False)
    for params, g, why in ((w, bad, "not finite"), (w, grads[0][:5], "shape"), (w, grads[0].astype("f2"), "float16"),
                           (frozen, grads[0], "writeable"), (np.stack([w, w], 1)[:, 0], grads[0], "contiguous")):
        with pytest.raises(InvalidArgument, match=why):
            stepper.step(params, g)
    np.testing.assert_array_equal(w, before)
    assert stepper.state.t == 0
    assert not stepper.state["m"].any()
    stepper.step(w, bad, nonfinite="propagate")
    assert np.isnan(w[7])
    assert np.isfinite(np.delete(w, 7)).all()
    with pytest.raises(InvalidArgument, match="a sweep"):
        optlearn.Stepper(optlearn.Adam(lr=np.linspace(0.1, 1, SIZE)), w).step(w, grads[0])
    with pytest.raises(TypeError, match="muon has no Stepper: rows and columns"):
        optlearn.Stepper(optlearn.get("muon"), w)


@pytest.mark.parametrize("name", ["adam", "nadam", "lamb"])
def test_a_single_number_is_stepped_as_an_array_without_axes(name):
    """Also where the rule keeps numbers beside arrays, as NAdam's product."""
    pytest.importorskip("numba")
    rule, w, g = optlearn.get(name, lr=0.1), np.array(2.0), np.array(-3.0)
    changed, stepper, expected, state = w.copy(), optlearn.Stepper(rule, w), w, rule.init(w)
    for _ in range(3):
        stepper.step(changed, g)
        expected, state = rule.step(expected, g, state)
        np.testing.assert_allclose(changed, expected, rtol=1e-14)
    assert changed.shape == stepper.state["m"].shape == ()
