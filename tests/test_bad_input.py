"""Bad input is refused before anything is changed, with the argument, its value and what is allowed."""

import numpy as np
import pytest
from rules.every import CLASSES, NAMES, answers

import optlearn
from optlearn import InvalidArgument, run

W, G = np.array([1.0, -2.0]), np.array([0.5, 0.25])
every_rule = pytest.mark.parametrize("name", NAMES)
HYPERS = [(name, hyper) for name in NAMES for hyper in CLASSES[name].hypers()]


def outside(declared):
    """Numbers just outside the range of a hyperparameter."""
    bounds = [declared.above, declared.below]
    bounds += [np.nextafter(declared.at_least, -np.inf)] if declared.at_least is not None else []
    bounds += [np.nextafter(declared.at_most, np.inf)] if declared.at_most is not None else []
    return [bound for bound in bounds if bound is not None]


@pytest.mark.parametrize(("name", "hyper"), HYPERS)
def test_a_value_out_of_range_or_of_the_wrong_kind(name, hyper):
    declared = CLASSES[name].hypers()[hyper]
    wrong = [*outside(declared), np.nan, np.inf, -np.inf, "0.1", True, 1j, object(), ["a"], {}]
    wrong += [None] if declared.default is not None else []
    for value in wrong:
        with pytest.raises(InvalidArgument) as error:
            CLASSES[name](**{hyper: value})
        assert hyper in str(error.value)
        assert declared.range in str(error.value)
        assert repr(value) in str(error.value)
    with pytest.raises(InvalidArgument, match=f"{hyper} contains nan"):
        CLASSES[name](**{hyper: np.array([np.nan])})


@pytest.mark.parametrize("name", NAMES)
def test_a_schedule_that_leaves_the_range_is_refused_in_that_step(name):
    rule = CLASSES[name](lr=lambda i: 0.1 if i == 0 else -1.0)
    w, state = rule.step(W, G, rule.init(W), rng=np.random.RandomState(0), **answers(W, G))
    with pytest.raises(InvalidArgument, match=r"lr = -1\.0 is not allowed.*0 < (max_)?lr"):
        rule.step(w, G, state, rng=np.random.RandomState(0), **answers(w, G))
    assert state.t == 1


@every_rule
def test_a_choice_that_is_none(name):
    for option, declared in CLASSES[name].options().items():
        for value in ("no such", 1, None):
            with pytest.raises(InvalidArgument, match=option) as error:
                CLASSES[name](**{option: value})
            assert declared.range in str(error.value)


@every_rule
def test_an_unknown_argument_is_named_with_its_neighbours(name):
    first = next(iter(CLASSES[name].hypers()))
    with pytest.raises(InvalidArgument, match=f"has no argument '{first}r'; did you mean '{first}'"):
        CLASSES[name](**{first + "r": 0.1})


@every_rule
def test_objects_do_not_change(name):
    rule = CLASSES[name]()
    with pytest.raises(AttributeError, match=r"replace\(lr=0.5\)"):
        rule.lr = 0.5


def refused(name, params, grads, match, state=None, **keywords):
    """A step is refused, and leaves everything as it was."""
    rule = CLASSES[name]()
    state = rule.init(W) if state is None else state
    held = {slot: np.array(value) for slots in state.slots for slot, value in slots.items()}
    t = state.t
    with pytest.raises(InvalidArgument, match=match):
        rule.step(params, grads, state, rng=np.random.RandomState(0), **answers(W, G), **keywords)
    assert state.t == t
    for slot, value in held.items():
        np.testing.assert_array_equal(state.slots[0][slot], value)


@every_rule
def test_gradients_of_another_shape_or_structure(name):
    refused(name, W, np.zeros(3), r"grads has shape \(3,\); it must be that of params, \(2,\)")
    refused(name, W, np.zeros((2, 1)), r"grads has shape \(2, 1\)")
    refused(name, W, [G], "grads has the structure")
    refused(name, W, {"w": G}, "grads has the structure")
    refused(name, W, None, "grads is a NoneType")


@every_rule
@pytest.mark.parametrize("dtype", [int, complex, object, np.float16, bool, "U1"])
def test_arrays_that_are_not_float32_or_float64(name, dtype):
    odd = np.array([1, 1]).astype(dtype)
    refused(name, W, odd, "grads has dtype .* must be float32 or float64")
    with pytest.raises(InvalidArgument, match=r"params has dtype .* must be float32 or float64"):
        CLASSES[name]().init(odd)


@every_rule
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_gradients_that_are_not_finite(name, value):
    bad = np.array([value, 1.0])
    refused(name, W, bad, "grads has values that are not finite.*nonfinite='propagate'")
    refused(
        name,
        W,
        G,
        "nonfinite = 'maybe' is not allowed; it must be 'refuse' or 'propagate'",
        nonfinite="maybe",
    )
    rule = CLASSES[name]()
    rule.step(W, bad, rule.init(W), rng=np.random.RandomState(0), nonfinite="propagate", **answers(W, G))


def test_a_step_that_is_not_finite_is_refused():
    """Adam without epsilon, and a coordinate whose gradient is zero: 0/0."""
    rule = optlearn.Adam(eps=0)
    state = rule.init(W)
    with pytest.raises(InvalidArgument, match=r"step 1 of adam.*not finite.*eps above 0"):
        rule.step(W, np.array([0.0, 1.0]), state)
    assert state.t == 0
    w, _ = rule.step(W, np.array([0.0, 1.0]), state, nonfinite="propagate")
    assert np.isnan(w[0])


@every_rule
def test_a_state_that_belongs_elsewhere(name):
    other = "adam" if name != "adam" else "nadam"
    refused(name, W, G, f"state belongs to '{other}', not to '{name}'", state=CLASSES[other]().init(W))
    refused(name, W, G, "state belongs to parameters of the structure", state=CLASSES[name]().init([W]))
    with pytest.raises(InvalidArgument, match="must be the State that"):
        CLASSES[name]().step(W, G, {"m": 0})
    rule = CLASSES[name]()
    if any(np.ndim(value) == 1 for value in rule.init(W).slots[0].values()):
        refused(name, W, G, r"state slot .* has shape \(3,\)", state=rule.init(np.zeros(3)))


def test_unknown_names_answer_with_the_near_ones():
    with pytest.raises(InvalidArgument, match="name = 'adm' is not a known rule; did you mean 'adam'"):
        optlearn.get("adm")
    with pytest.raises(InvalidArgument, match="known are adabelief"):
        optlearn.get("zzz")
    with pytest.raises(
        InvalidArgument, match="convention = 'caffe' is not allowed; it must be one of 'torch'"
    ):
        optlearn.get("adam", convention="caffe")
    with pytest.raises(InvalidArgument, match="'lars' is not a rule that optlearn has in the form of torch"):
        optlearn.get("lars", convention="torch")
    with pytest.raises(
        InvalidArgument, match=r"weight_decay = 0.1 is not allowed for momentum in the form of keras"
    ):
        optlearn.get("SGD", convention="keras", momentum=0.9, weight_decay=0.1)
    with pytest.raises(InvalidArgument, match="has no argument 'learning_rate'"):
        optlearn.get("adam", convention="torch", learning_rate=0.1)


@pytest.mark.parametrize("start", [[1.0], [1.0, 2.0, 3.0], [np.nan, 0.0], "ab", 1.0, np.zeros((3, 2))])
def test_a_start_of_the_wrong_form(start):
    with pytest.raises(
        InvalidArgument, match=r"(?s)start = .* is not allowed; it must be two finite numbers"
    ):
        run("quadratic", optlearn.Adam(), start=start)


def test_a_random_rule_needs_a_generator():
    rule = optlearn.SGLD()
    with pytest.raises(InvalidArgument, match="rng = None is not allowed for sgld"):
        rule.step(W, G, rule.init(W))
    with pytest.raises(InvalidArgument, match="rng = None is not allowed"):
        run("quadratic", rule)


def test_a_run_that_diverges_is_a_result():
    path = run("quadratic", optlearn.GradientDescent(lr=1e6), steps=1000)
    assert path.diverged is not None
    assert path.steps == path.diverged - 1
    assert np.isfinite(path.w).all()
    assert f"diverged at step {path.diverged}" in path.reason


def test_transforms_are_checked():
    with pytest.raises(InvalidArgument, match="gradient contains 3; it must hold"):
        optlearn.Adam(gradient=[3])
    for name in ("clip_gradient", "weight_decay"):
        with pytest.raises(InvalidArgument, match=rf"{name} = -1 is not allowed"):
            optlearn.Adam(**{name: -1})
    with pytest.raises(InvalidArgument, match=r"clip_norm = 0 is not allowed.*0 < clip_norm"):
        optlearn.gradients.ClipNorm(clip_norm=0)
