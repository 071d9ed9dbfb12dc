"""The arguments of other libraries, there and back."""

import ast

import numpy as np
import pytest
from rules.replay import CASES, convention, rule_of

import optlearn
from optlearn import InvalidArgument, get, gradients
from optlearn.conventions import CALLS, FORMS, arguments

BACK = {key: case for key, case in CASES.items() if convention(case) in CALLS
        and case["name"] in {*optlearn.names(), "rmsprop_centered"}}


def test_every_form_has_a_call():
    for library in CALLS:
        assert set(CALLS[library]) == set(FORMS[library])
        for name in CALLS[library]:
            rule = get(name, convention=library)
            called, values = arguments(library, rule)
            assert get(called, convention=library, **values) == rule


@pytest.mark.parametrize("key", BACK)
def test_the_call_of_a_reference_run_is_found_again(key):
    case = BACK[key]
    call = ast.parse(case["call"], mode="eval").body
    given = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    name, values = arguments(convention(case), rule_of(case))
    assert name == call.func.attr
    assert {key: values.get(key) for key in given} == given


@pytest.mark.parametrize(("library", "rule", "said"), [
    ("torch", optlearn.Momentum(lr_inside=True), "lr_inside = True of momentum has no counterpart in torch.* False"),
    ("torch", optlearn.Adam(gradient=[gradients.Clip()]), "gradient = .*Clip.* of adam has no counterpart in torch"),
    ("torch", optlearn.Adam(lr=lambda k: 0.1), "lr = .* of adam is no number, which torch needs"),
    ("torch", optlearn.Adam(lr=np.array([0.1, 0.2])), "lr = .* of adam is no number"),
    ("torch", "lars", "lars has no counterpart in torch"),
    ("keras", "adam", "adam has no counterpart in keras; what it calls adam is adam_eps_hat"),
    ("keras", optlearn.Momentum(lr_inside=True, weight_decay=0.1), "Decay.* of momentum has no counterpart in keras"),
    ("pytorch", "adam", "convention = 'pytorch' is not allowed; .*did you mean 'torch'"),
])
def test_what_a_library_does_not_have_is_named(library, rule, said):
    with pytest.raises(InvalidArgument, match=said):
        arguments(library, rule)


def test_decays_and_clips_come_back_in_their_form():
    assert arguments("torch", get("adam", weight_decay=0.1))[1]["weight_decay"] == 0.1
    assert arguments("torch", get("nadam", decoupled_weight_decay=0.1))[1]["decoupled_weight_decay"] is True
    assert arguments("optax", get("nadamw", convention="optax"))[0] == "nadamw"
    for clip in ("clipnorm", "global_clipnorm", "clipvalue"):
        rule = get("adam", convention="keras", **{clip: 2.0})
        assert arguments("keras", rule)[1][clip] == 2.0
    schedule = optlearn.schedules.Cosine()
    assert arguments("optax", optlearn.Adam(lr=schedule))[1]["learning_rate"] is schedule


@pytest.mark.parametrize("pair", [("clipnorm", "global_clipnorm"), ("clipvalue", "clipnorm"),
                                  ("global_clipnorm", "clipvalue")])
def test_keras_takes_one_clip(pair):
    with pytest.raises(InvalidArgument, match="Keras takes one of"):
        get("adam", convention="keras", **dict.fromkeys(pair, 1.0))


@pytest.mark.parametrize(("name", "meant"), [("pytorch", "torch"), ("tf", "keras"), ("TensorFlow", "keras"),
                                             ("jax", "optax")])
def test_other_names_of_a_library(name, meant):
    with pytest.raises(InvalidArgument, match=f"convention = '{name}' is not allowed; .*did you mean '{meant}'"):
        get("adam", convention=name)


def test_a_pair_of_another_length():
    with pytest.raises(InvalidArgument, match=r"betas = \(0.9,\) is not allowed; it must be a pair of beta1 and beta2"):
        get("adam", convention="torch", betas=(0.9,))
