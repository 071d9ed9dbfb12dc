"""Gradient descent."""

import numpy as np
from every import take

import optlearn


def test_on_a_quadratic_each_step_shrinks_by_one_minus_lr_times_curvature():
    path = optlearn.run("quadratic", optlearn.GradientDescent(lr=0.1), start=[1.0, 0.0], steps=10)
    curvatures = np.linalg.eigvalsh(path.surface.hessian(path.w[0]))
    by_mode = np.linalg.eigh(path.surface.hessian(path.w[0]))[1].T @ path.w.T
    np.testing.assert_allclose(by_mode[:, 10], (1 - 0.1 * curvatures) ** 10 * by_mode[:, 0], rtol=1e-12)


def test_a_step():
    path, state = take(optlearn.GradientDescent(lr=0.5), np.ones(2), [np.array([1.0, -2.0])])
    np.testing.assert_array_equal(path[0], [0.5, 2.0])
    assert state.slots == ({},)
