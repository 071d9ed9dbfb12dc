"""The contract of rules: names, values, states, schedules."""

import inspect
import itertools
import json
import subprocess
import sys

import numpy as np
import pytest

import optlearn
from optlearn import Optimizer, Update, get, hyper, option, schedules
from optlearn.gradients import ClipNorm, Decay

W, G = np.array([1.0, -2.0]), np.array([0.5, 0.25])


def test_names_and_aliases():
    assert {"adam", "adam_eps_hat", "adagrad", "rmsprop", "sign_sgd", "delta_bar_delta"} <= set(
        optlearn.names()
    )
    assert get("rmsprop_centered").centered
    assert get("RMSProp") == get("rmsprop")
    assert get("nag", momentum=0.5) == optlearn.Nesterov(momentum=0.5, form="frameworks", lr_inside=True)
    assert get("sgd", lr=0.5, momentum=0) == optlearn.GradientDescent(lr=0.5)
    assert get("sgd", momentum=0.5, dampening=0.1) == optlearn.Momentum(momentum=0.5, dampening=0.1)
    assert get("sgd", momentum=0.5, nesterov=True) == optlearn.Nesterov(momentum=0.5, form="frameworks")


def test_defaults_of_a_convention_can_be_changed_under_either_name():
    keras = get("adam", convention="keras")
    assert keras == optlearn.AdamEpsHat(lr=1e-3, eps=1e-7)
    assert get("Adam", convention="keras", learning_rate=0.5, beta_1=0.5) == keras.replace(lr=0.5, beta1=0.5)
    assert get("Adam", convention="keras", lr=0.5, beta1=0.5) == keras.replace(lr=0.5, beta1=0.5)
    assert get("Adam", convention="torch", betas=(0.5, 0.6), amsgrad=True) == optlearn.AMSGrad(
        beta1=0.5, beta2=0.6
    )
    assert get("Adam", convention="keras", weight_decay=0.1) == get(
        "AdamW", convention="keras", weight_decay=0.1
    )
    clipped = get("SGD", convention="keras", clipnorm=2.0)
    assert clipped.gradient == (optlearn.gradients.ClipNorm(clip_norm=2.0),)


def test_a_flag_that_makes_another_rule_keeps_the_decay_of_adamw():
    """AdamW shrinks the parameters, also as AMSGrad or NAdam, and also by a decay that is not given."""
    for convention, usual in (("torch", 0.01), ("keras", 0.004)):
        form = get("AdamW", convention=convention, amsgrad=True)
        assert (form.name, form.decoupled_weight_decay, form.gradient) == ("amsgrad", usual, ())
        assert get("AdamW", convention=convention, amsgrad=True, weight_decay=0.5) == form.replace(
            decoupled_weight_decay=0.5
        )
    assert get("Adam", convention="torch", amsgrad=True, weight_decay=0.5) == optlearn.AMSGrad(weight_decay=0.5)
    nadamw = get("nadamw", convention="optax")
    assert nadamw == get("adamw", convention="optax", nesterov=True)
    assert (nadamw.schedule, nadamw.decoupled_weight_decay) == (False, 1e-4)
    assert get("adam", convention="optax", nesterov=True) == get("nadam", convention="optax")


def test_mxnet_has_a_momentum_in_rmsprop_only_when_centered():
    centered = get("RMSProp", convention="mxnet", centered=True)
    assert (centered.centered, centered.momentum) == (True, 0.9)
    assert get("RMSProp", convention="mxnet", centered=True, gamma2=0.5) == centered.replace(momentum=0.5)
    assert get("RMSProp", convention="mxnet", gamma2=0.5) == get("RMSProp", convention="mxnet")


def test_values_that_change_nothing_and_names_that_depend_on_the_rule_are_understood():
    assert get("SGD", convention="torch", momentum=0.9, nesterov=True, dampening=0) == get(
        "SGD", convention="torch", momentum=0.9, nesterov=True
    )
    assert get("adafactor", convention="optax", eps=1e-8).eps1 == 1e-8
    assert get("rmsprop", convention="optax", nesterov=False) == get("rmsprop", convention="optax")
    with pytest.raises(optlearn.InvalidArgument, match="nesterov"):
        get("rmsprop", convention="optax", nesterov=True)
    assert get("Ftrl", convention="keras", learning_rate_power=-0.5) == get("Ftrl", convention="keras")
    with pytest.raises(optlearn.InvalidArgument, match="learning_rate_power"):
        get("Ftrl", convention="keras", learning_rate_power=-0.7)


def test_momentum_that_is_not_given_is_none_in_the_libraries():
    for convention in ("keras", "optax"):
        plain = get("sgd", convention=convention)
        assert plain.name == "gradient_descent" and get("sgd", convention=convention, nesterov=True) == plain
    assert get("nag", convention="mxnet").momentum == 0


def test_values_go_in_and_out_as_a_dictionary():
    rule = get("adam", lr=0.5, weight_decay=0.1)
    assert rule.values["lr"] == 0.5
    assert get("adam", **rule.values) == rule
    assert rule.replace(beta1=0.5).values == {**rule.values, "beta1": 0.5}
    assert optlearn.Momentum(beta=0.25).momentum == 0.25


def decays(rule):
    """What one step from 1 without a gradient leaves, at a learning rate of 1."""
    w = np.array([1.0])
    return rule.step(w, 0 * w, rule.init(w))[0].item()


def test_short_arguments_change_the_transform_that_is_there():
    rule = optlearn.GradientDescent(lr=1.0, weight_decay=0.1)
    assert decays(rule.replace(weight_decay=0.2)) == 0.8
    assert decays(rule.replace(weight_decay=0.0)) == 1.0
    assert rule.replace(weight_decay=None) == optlearn.GradientDescent(lr=1.0)
    assert rule.replace(lr=0.5).gradient == rule.gradient
    # One that is not there comes where the constructor puts it.
    every = {"rescale_grad": 0.5, "clip_gradient": 2.0, "weight_decay": 0.1}
    for order in itertools.permutations(every):
        made = optlearn.Adam(gradient=[ClipNorm()])
        for name in order:
            made = made.replace(**{name: every[name]})
        assert made == optlearn.Adam(**every, gradient=[ClipNorm()])
    assert rule.replace(weight_decay=lambda k: 0.5).at(1).gradient[0].weight_decay == 0.5
    with pytest.raises(optlearn.InvalidArgument, match="2 transforms of the gradient"):
        rule.replace(gradient=[Decay(), Decay()]).replace(weight_decay=0.1)
    # A rule with a decay of its own has no such transform.
    assert optlearn.AdamW().replace(weight_decay=0.5) == optlearn.AdamW(weight_decay=0.5)
    best = optlearn.tune("quadratic", rule.replace(lr=0.05), {"weight_decay": [0.0]}, steps=20)
    assert best.score == optlearn.run("quadratic", optlearn.GradientDescent(lr=0.05), steps=20).loss[-1]


CONFIGURED = {
    "plain": optlearn.Adam(),
    "short": optlearn.Momentum(weight_decay=0.1, clip_gradient=1.0),
    "sweep": optlearn.Momentum(lr=np.array([0.1, 0.2])),
    "choices": optlearn.RMSProp(centered=True, momentum=0.5),
    "schedule": optlearn.Adam(lr=schedules.Cosine(start=0.5, steps=7)),
    "nested": optlearn.Adam(lr=schedules.Warmup(schedules.Join([schedules.Constant(), schedules.Cosine()], at=[3])),
                            gradient=[ClipNorm(clip_norm=schedules.Exponential())]),
}


@pytest.mark.parametrize("rule", CONFIGURED.values(), ids=CONFIGURED)
def test_a_rule_goes_out_and_in_as_plain_data(rule):
    written = json.dumps(rule.config(), allow_nan=False)
    assert get(**json.loads(written)) == rule
    assert optlearn.optimizer.as_rule(json.loads(written)) == rule


def test_a_configuration_may_hold_numbers_as_text():
    config = {"name": "adam", "lr": {"schedule": "cosine", "start": "1e-1"}, "eps": "1e-6",
              "gradient": [{"transform": "ClipNorm", "clip_norm": "2"}]}
    assert get(**config) == optlearn.Adam(lr=schedules.Cosine(start=0.1), eps=1e-6, gradient=[ClipNorm(clip_norm=2.0)])
    assert get("Adam", convention="keras", learning_rate="1e-2").lr == 0.01
    for wrong, said in (({"lr": "fast"}, "lr = 'fast' is not allowed"), ({"lr": {"start": 1}}, "must say what it is"),
                        ({"lr": {"schedule": "cosin"}}, "did you mean 'cosine'"),
                        ({"gradient": [{"transform": "Clipnorm"}]}, "did you mean 'ClipNorm'")):
        with pytest.raises(optlearn.InvalidArgument, match=said):
            get("adam", **wrong)
    with pytest.raises(optlearn.InvalidArgument, match="lr is the function <lambda>, which is not plain data"):
        optlearn.Adam(lr=lambda k: 0.1).config()


def test_a_rule_may_be_given_as_itself_a_class_or_a_name():
    as_rule = optlearn.optimizer.as_rule
    assert as_rule(optlearn.Adam) == as_rule("adam") == as_rule(optlearn.Adam()) == optlearn.Adam()
    with pytest.raises(optlearn.InvalidArgument, match="optimizer = 3 is not allowed"):
        as_rule(3)


def test_the_signature_is_that_of_the_declarations():
    shown = inspect.signature(optlearn.Adam)
    assert str(shown).startswith("(*, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08, eps_root=None, "
                                 "bias_correction=True, gradient=()")
    assert "weight_decay" in shown.parameters
    assert inspect.signature(optlearn.AdamW).parameters["weight_decay"].default == 0.01
    assert str(inspect.signature(ClipNorm)) == "(*, clip_norm=1.0)"
    assert str(inspect.signature(schedules.Warmup)) == "(then, *, steps=100, start=0.0)"
    # A schedule or transform that is called has the signature of its call.
    assert list(inspect.signature(schedules.Cosine()).parameters) == ["k"]
    assert list(inspect.signature(ClipNorm()).parameters) == ["w", "g"]
    for name in optlearn.names():
        cls = type(get(name))
        cls(**{n: p.default for n, p in inspect.signature(cls).parameters.items()})


def test_a_readers_class_takes_no_name_of_the_library():
    def make(factor):
        class Adam(Optimizer):
            lr = hyper(0.1, above=0)

            def update(self, w, g, s, t):
                return Update(w - factor * self.lr * g)
        return Adam

    before = get("adam")
    try:
        first, second = make(1.0), make(0.5)
        assert type(get("adam")) is type(before) is optlearn.Adam
        assert type(get("adam", convention="torch")) is optlearn.Adam
        assert not optlearn.check(first(), against="adam")
        # It has a name of its own, by which the last of that name is found.
        assert first.name == second.name == "own_adam"
        assert get(second().name, **second(lr=0.5).values) == second(lr=0.5)
        assert type(get("own_adam")) is second
        assert first.identity != second.identity
        assert optlearn.Adam.identity == "adam"
        assert first() != second()
        with pytest.raises(optlearn.InvalidArgument, match="state belongs to 'own_adam', not to 'adam'"):
            before.step(W, G, first().init(W))
        sgd = type("SGD", (Optimizer,), {"__module__": __name__})
        assert sgd.name == "own_sgd" and type(get("sgd")) is optlearn.GradientDescent
    finally:
        for name in ("own_adam", "own_sgd"):
            optlearn.registry._registry.pop(name, None)


def test_a_schedule_gives_the_value_of_the_step_index_from_0():
    seen = []

    def schedule(i):
        seen.append(i)
        return 1.0 / (i + 1)

    rule = optlearn.GradientDescent(lr=schedule)
    state, w = rule.init(W), W
    seen.clear()
    for _ in range(3):
        w, state = rule.step(w, np.ones(2), state)
    assert seen == [0, 1, 2]
    np.testing.assert_allclose(W - w, 1 + 1 / 2 + 1 / 3)


def test_counters_belong_to_the_state_so_that_one_rule_serves_many():
    rule = optlearn.NAdam(lr=0.1)
    alone, _ = rule.step(W, G, rule.init(W))
    again, _ = rule.step(W, G, rule.init(W))
    together, state = rule.step([W, W.copy()], [G, G], rule.init([W, W.copy()]))
    for w in (again, *together):
        np.testing.assert_array_equal(w, alone)
    assert state["P"] == [state["P"][0]] * 2


def test_state_is_read_by_name():
    state = optlearn.Adam().init({"a": W, "b": W.copy()})
    assert [v.shape for v in state["m"]] == [(2,), (2,)]
    with pytest.raises(optlearn.InvalidArgument, match="no slot 'mm'; did you mean 'm'"):
        state["mm"]


def test_named_tuples_and_nested_trees_keep_their_structure():
    from typing import NamedTuple

    class Layer(NamedTuple):
        weight: np.ndarray
        bias: np.ndarray

    params = {"layers": [Layer(np.ones((2, 2)), np.ones(2))], "scale": (np.float32(1.0),)}
    rule = optlearn.Adam(lr=0.1)
    new, _ = rule.step(params, params, rule.init(params))
    assert isinstance(new["layers"][0], Layer)
    assert new["layers"][0].weight.shape == (2, 2)
    assert new["scale"][0].dtype == np.float32


def test_a_new_rule_gets_name_documentation_numbers_and_equation():
    class HalfStep(Optimizer):
        """Half a step.

        Examples
        --------
        None.
        """

        lr = hyper(0.1, above=0, symbol=r"\eta")
        sign = option(False)

        def update(self, w, g, s, t):
            return Update(w - 0.5 * self.lr * (np.sign(g) if self.sign else g))

    try:
        assert get("half_step") == HalfStep()
        w, _ = HalfStep(sign=True).step(W, G, HalfStep().init(W))
        np.testing.assert_allclose(w, [0.95, -2.05])
        assert r"w_t &= w_{t-1} - 0.5 \, \eta \, g_t" in HalfStep().equation()
        assert "A finite number with 0 < lr" in HalfStep.__doc__
    finally:
        optlearn.registry._registry.pop("half_step")


@pytest.mark.parametrize(("module", "package", "use"), [
    ("numba", "numba", "optlearn.run('quadratic', optlearn.Adam(), compiled=True)"),
    ("matplotlib", "matplotlib", "optlearn.plots"),
    ("matplotlib", "matplotlib", "optlearn.explore('quadratic', [optlearn.Adam()]).figure()"),
    ("anywidget", "anywidget", "optlearn.explore('quadratic', [optlearn.Adam()]).widget"),
    ("sklearn", "scikit-learn", "optlearn.problems.load('digits')"),
])
def test_what_is_not_installed_is_named_with_the_way_to_get_it(module, package, use):
    program = f"import sys; sys.modules[{module!r}] = None\nimport optlearn; {use}"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stderr.strip().endswith(f"need {package}; get it with: pip install {package}")


@pytest.mark.parametrize("missing", ["matplotlib", "numba", "sklearn", "sympy", "tqdm", "ipywidgets", "anywidget"])
def test_everything_is_imported_with_numpy_alone(missing):
    program = f"import sys; sys.modules[{missing!r}] = None\nfrom optlearn import *; print(Stepper.__name__)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "Stepper\n"
