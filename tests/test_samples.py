"""Surfaces with samples: means over data, minibatches and the order of the draws."""

import numpy as np
import pytest

from optlearn import SGLD, GradientDescent, InvalidArgument, Momentum, run, surfaces

LINE = surfaces.get("least squares", shift=1.5)


def test_value_and_derivatives_are_those_of_the_mean_square():
    u, v = LINE.samples.T
    w = np.array([0.3, -1.2])
    design = np.stack([u + 1.5, np.ones(20)], axis=1)
    residual = design @ w - v
    assert LINE(w) == pytest.approx(0.5 * np.mean(residual**2), rel=1e-14)
    np.testing.assert_allclose(LINE.gradient(w), design.T @ residual / 20, rtol=1e-13)
    np.testing.assert_allclose(LINE.hessian(w), design.T @ design / 20, rtol=1e-13)
    rows = np.array([4, 4, 7])
    np.testing.assert_allclose(LINE.gradient(w, rows), design[rows].T @ residual[rows] / 3, rtol=1e-13)


def test_the_data_are_those_of_linnerud():
    data = pytest.importorskip("sklearn.datasets").load_linnerud()
    columns = data.target[:, [data.target_names.index("Weight"), data.target_names.index("Waist")]]
    np.testing.assert_allclose(LINE.samples, (columns - columns.mean(0)) / columns.std(0), atol=5.1e-4)


def test_a_minimum_has_no_gradient():
    place = surfaces.get("least squares")
    np.testing.assert_allclose(place.gradient(np.array(place.minima[0])), 0, atol=1e-11)


def test_a_step_draws_for_the_rule_then_samples_then_noise():
    lr, noise, batch = 0.05, 0.3, 3
    for rule in (GradientDescent(lr=lr), SGLD(lr=lr)):
        drawn = run(LINE, rule, steps=4, rng=7, noise=noise, batch=batch)
        rng = np.random.RandomState(7)
        for t in range(4):
            for _ in rule.draws:
                rng.standard_normal(2)
            rows = (rng.random(batch) * 20).astype(int)
            g = LINE.gradient(drawn.w[t], rows) + noise * rng.standard_normal(2)
            np.testing.assert_array_equal(drawn.g[t], g)


def test_runs_of_a_sweep_have_minibatches_of_their_own():
    runs = run(LINE, Momentum(lr=0.05), start=np.tile([[1.0], [2.0]], 4), steps=3, rng=1, batch=2)
    assert len({tuple(w) for w in runs.w[-1].T}) == 4


@pytest.mark.parametrize("place, values", [("rosenbrock", {"batch": 4, "rng": 0}), (LINE, {"batch": 4}),
                                           (LINE, {"batch": -1, "rng": 0}), (LINE, {"batch": 1.5, "rng": 0})])
def test_bad_batches_are_refused(place, values):
    with pytest.raises(InvalidArgument, match="batch|rng"):
        run(place, GradientDescent(lr=0.1), steps=1, **values)
