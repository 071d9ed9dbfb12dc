"""A compiled run of what was run before goes the short way: it has to be the same run, and to refuse the same."""

import numpy as np
import pytest

import optlearn
from optlearn import GradientDescent, InvalidArgument, Optimizer, Surface, Update, hyper, run

pytest.importorskip("numba")


def compiled(surface, rule, *given, **arguments):
    """The run that came second."""
    run(surface, rule, *given, **arguments, compiled=True)
    return run(surface, rule, *given, **arguments, compiled=True)


@pytest.mark.parametrize("start", [None, (-1.5, 2.0), [-1, 2], np.array([0.5, -1.5]), np.float32([0.5, -1.5])])
@pytest.mark.parametrize("steps", [0, 1, 30])
def test_the_second_run_is_the_readable_one(start, steps):
    for rule in (optlearn.Adam(lr=0.1), optlearn.Nesterov(lr=0.001), optlearn.Adam(lr=lambda k: 0.1 / (k + 1))):
        again, readable = compiled("rosenbrock", rule, start, steps), run("rosenbrock", rule, start, steps)
        for part in ("w", "probe", "g", *readable.named):
            one, other = (getattr(x, part) if part in ("w", "probe", "g") else x[part] for x in (again, readable))
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
            assert np.shape(one) == np.shape(other)


def test_a_divergence_is_one_again():
    rule = GradientDescent(lr=1.0)
    again, readable = compiled("rosenbrock", rule), run("rosenbrock", rule)
    assert (again.steps, again.diverged, again.reason) == (readable.steps, readable.diverged, readable.reason)
    np.testing.assert_array_equal(again.w, readable.w)


@pytest.mark.parametrize("wrong", [{"start": (np.nan, 1.0)}, {"start": (1.0, 2.0, 3.0)}, {"steps": -1}, {"steps": True},
                                   {"steps": 1.5}, {"noise": -1.0}, {"delay": -1}, {"batch": 2},
                                   {"rng": "no"}, {"noise": np.array([1.0, 2.0])}, {"delay": np.array([1, 2])}])
def test_what_is_refused_first_is_refused_later(wrong):
    rule = GradientDescent(lr=0.01)
    compiled("quadratic", rule)
    with pytest.raises(InvalidArgument, match=next(iter(wrong))):
        run("quadratic", rule, compiled=True, **wrong)


def test_what_the_lines_became_is_run():
    class Changed(Optimizer, register=False):
        lr = hyper(0.1)

        def update(self, w, g, s, t):
            return Update(w - self.lr * g)

    class Bowl(Surface):
        def f(self, x, y):
            return x**2 + y**2

    rule, bowl = Changed(), Bowl()
    assert compiled("bowl", rule, (1.0, 1.0), 1).w[1, 0] == 0.8
    assert compiled(bowl, rule, (1.0, 1.0), 1).w[1, 0] == 0.8
    Changed.update = lambda self, w, g, s, t: Update(w - 2 * self.lr * g)
    assert run(bowl, rule, (1.0, 1.0), 1, compiled=True).w[1, 0] == 0.6
    Bowl.f = lambda self, x, y: 2 * x**2 + y**2
    assert run(bowl, rule, (1.0, 1.0), 1, compiled=True).w[1, 0] == pytest.approx(0.2)

    class Bowl(Surface):                                                # noqa: F811
        def f(self, x, y):
            return 0 * x

    assert run("bowl", rule, (1.0, 1.0), 1, compiled=True).w[1, 0] == 1.0
