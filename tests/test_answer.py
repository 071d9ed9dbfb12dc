"""The point that is trained and the point that is reported."""

import numpy as np
import pytest

import optlearn
from optlearn import InvalidArgument, Optimizer, Update, hyper, problems, run, train
from optlearn.symbolic.trace import NotTraceable, trace


class Doubled(Optimizer, register=False):
    """Trains w, reports twice as much, by a line of its own."""

    lr = hyper(0.01, above=0)
    slots = ("last",)

    def answer(self, w, s, t):
        return w + s.last

    def update(self, w, g, s, t):
        w = w - self.lr * g
        return Update(w, last=w)


def test_a_run_knows_both():
    path = run("quadratic", Doubled(), steps=5)
    np.testing.assert_array_equal(path.answer, [path.w[0], *2 * path.w[1:]])
    np.testing.assert_allclose(path.answer_loss[1:], 4 * path.loss[1:])
    many = run("quadratic", Doubled(lr=np.array([0.01, 0.02])), steps=5)
    np.testing.assert_array_equal(many.answer[..., 0], path.answer)
    plain = run("quadratic", "adam", steps=5)
    assert plain.answer is plain.w and plain.answer_loss is plain.loss


def test_training_evaluates_and_keeps_what_is_reported():
    problem = problems.Softmax("iris")
    history = train(problem, Doubled(), epochs=2, rng=0, early_stop=5)
    for path in ("train", "test"):
        expected = problem.evaluate(history.answer, getattr(problem, path))
        assert getattr(history, path + "_loss")[-1] == expected
    for key, w in history.params.items():
        np.testing.assert_array_equal(history.answer[key], 2 * w)
    assert history.best_epoch == 2
    np.testing.assert_array_equal(history.best_params["W"], history.answer["W"])
    np.testing.assert_array_equal(history.training.checkpoint().answer["W"], history.answer["W"])


def test_a_wrong_answer_is_refused():
    class Wide(Doubled, register=False):
        def answer(self, w, s, t):
            return w[:1]

    class Changing(Doubled, register=False):
        def answer(self, w, s, t):
            w += 1
            return w

    w = np.ones(2)
    for rule, says in ((Wide(), "shape"), (Changing(), "not changed in place")):
        made, state = rule.step(w, w, rule.init(w))
        with pytest.raises(InvalidArgument, match=says):
            rule.solution(made, state)
    with pytest.raises(NotTraceable, match="answer"):
        trace(Changing())
    with pytest.raises(InvalidArgument, match=r"answer\(self, w, s, t\)"):
        class Other(Optimizer, register=False):
            def answer(self, w, t):
                return w

            def update(self, w, g, s, t):
                return Update(w)
    rule = optlearn.Adam()
    assert rule.solution(w, rule.init(w)) is w
