"""Several rules for the arrays of one model."""

import numpy as np
import pytest

import optlearn
from optlearn import Adam, AdamW, Groups, InvalidArgument, Momentum, Muon, checkpoint, get, problems, schedules, train
from optlearn.gradients import ClipGlobalNorm

PARAMS = {"W1": np.ones((3, 2)), "b1": np.ones(2), "deep": [{"W": np.full((2, 2), 2.0)}, {"b": np.zeros(2)}]}
GRADS = {"W1": np.full((3, 2), 3.0), "b1": np.arange(2.0), "deep": [{"W": np.eye(2)}, {"b": np.ones(2)}]}


def matrices(place, w):
    return w.ndim == 2


def test_each_array_takes_the_step_of_its_rule():
    rule = Groups({matrices: Muon(lr=0.1), "deep.*.b": Momentum(lr=0.5)}, default=AdamW(lr=0.01))
    params, state = PARAMS, rule.init(PARAMS)
    for _ in range(3):
        params, state = rule.step(params, GRADS, state)
    for take, single in ((lambda p: p["W1"], Muon(lr=0.1)), (lambda p: p["deep"][0]["W"], Muon(lr=0.1)),
                         (lambda p: p["b1"], AdamW(lr=0.01)), (lambda p: p["deep"][1]["b"], Momentum(lr=0.5))):
        w, s = take(PARAMS), single.init(take(PARAMS))
        for _ in range(3):
            w, s = single.step(w, take(GRADS), s)
        np.testing.assert_array_equal(take(params), w)


def test_groups_of_one_rule_are_that_rule():
    whole = Adam(lr=schedules.Cosine(start=0.1, steps=5), gradient=[ClipGlobalNorm(clip_norm=0.5)])
    parts = Groups({"b*": whole.replace(gradient=())}, default=whole.replace(gradient=()), gradient=whole.gradient)
    one, other = ((rule, PARAMS, rule.init(PARAMS)) for rule in (whole, parts))
    for _ in range(4):
        one, other = ((rule, *rule.step(params, GRADS, state)) for rule, params, state in (one, other))
    for a, b in zip(one[1].values(), other[1].values()):
        np.testing.assert_equal(a, b)


def test_muon_for_matrices_and_adamw_for_the_rest_train_a_network(tmp_path):
    rule = Groups({"W*": Muon(lr=0.05, weight_decay=0.0)}, default=AdamW(lr=0.01))
    problem = problems.MLP("digits", hidden=16)
    history = train(problem, rule, epochs=3, rng=0)
    assert history.test_accuracy[-1] > 0.9 > history.test_accuracy[0]
    assert len({tuple(slots) for slots in history.state.slots}) == 2
    train(problem, rule, epochs=2, rng=0).save(tmp_path / "c")
    resumed = train(problem, resume=tmp_path / "c", epochs=3)
    for name in history.params:
        np.testing.assert_array_equal(resumed.params[name], history.params[name])
    assert checkpoint.load(tmp_path / "c").optimizer == rule and get(**rule.config()) == rule


def test_rules_that_look_ahead_or_report_another_point_do_so_in_a_group():
    from optlearn.wrappers import Averaged

    problem = problems.Softmax("iris")
    nesterov = optlearn.Nesterov(lr=0.05)
    alone = train(problem, nesterov, epochs=2, rng=0)
    grouped = train(problem, Groups({"W*": nesterov, "b*": Averaged(nesterov, kind="mean")}), epochs=2, rng=0)
    for name in alone.params:
        np.testing.assert_array_equal(grouped.params[name], alone.params[name])
    assert (grouped.answer["b"] != grouped.params["b"]).any() and (grouped.answer["W"] == grouped.params["W"]).all()


@pytest.mark.parametrize(("call", "says"), [
    (lambda: Groups([1]), "dictionary of rules"), (lambda: Groups({3: Adam()}), "pattern of places"),
    (lambda: Groups({"W*": "adm"}), "did you mean 'adam'"),
    (lambda: Groups({"W*": Adam()}).init(PARAMS), "'b1'.* fits no group"),
    (lambda: Groups({"c*": Adam()}, default=Adam()).init(PARAMS), "no array fits; the arrays are 'W1', 'b1', "),
    (lambda: Groups({"W*": Adam(lr=schedules.Plateau())}, default=Adam()), "follows the training"),
    (lambda: Groups({"W*": Adam()}, default=Adam()).step(PARAMS, {**GRADS, "b1": np.array([np.nan, 0])}, Groups(
        {"W*": Adam()}, default=Adam()).init(PARAMS)), r"grads\['b1'\] has values"),
    (lambda: optlearn.run("quadratic", Groups({}, default=Adam())), "run one of its rules"),
    (lambda: Groups({}, default=Adam()).equation(), "several rules")])
def test_what_is_wrong_is_said(call, says):
    with pytest.raises(Exception, match=says) as raised:
        call()
    assert isinstance(raised.value, InvalidArgument) or type(raised.value).__name__ == "NotTraceable"
