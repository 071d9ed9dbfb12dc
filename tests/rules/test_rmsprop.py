"""RMSProp."""

import numpy as np
from every import take

import optlearn


def test_centered_divides_by_the_standard_deviation():
    g = [np.array([2.0])] * 3
    rule = optlearn.RMSProp(lr=1.0, rho=0.5, eps=0, centered=True)
    _, state = take(rule, np.zeros(1), g)
    np.testing.assert_allclose([state["v"][0], state["m"][0]], [4 * 0.875, 2 * 0.875])
    path, _ = take(rule, np.zeros(1), g[:1])
    np.testing.assert_allclose(path, [[-2 / (2 - 1) ** 0.5]])


def test_a_variance_that_rounding_makes_negative_counts_as_zero():
    rule = optlearn.RMSProp(rho=0.9, centered=True, eps=1e-3)
    path, _ = take(rule, np.zeros(1), np.full((400, 1), 0.1))
    assert np.isfinite(path).all()


def test_placement_of_epsilon_matters_for_small_gradients():
    g, w = [np.array([1e-6])], np.zeros(1)
    outside, _ = take(optlearn.RMSProp(lr=1.0, rho=0.0), w, g)
    inside, _ = take(optlearn.RMSProp(lr=1.0, rho=0.0, eps_inside=True), w, g)
    np.testing.assert_allclose(outside / inside, [[100.0]], rtol=0.02)


def test_momentum_of_zero_changes_nothing():
    w, grads = np.zeros(2), np.random.RandomState(0).standard_normal((5, 2))
    for lr_inside in (False, True):
        with_buffer, _ = take(optlearn.RMSProp(momentum=0, lr_inside=lr_inside), w, grads)
        np.testing.assert_allclose(with_buffer, take(optlearn.RMSProp(), w, grads)[0], rtol=1e-14)


def test_bias_correction_makes_the_first_step_lr():
    path, _ = take(
        optlearn.RMSProp(lr=0.1, eps=0, bias_correction=True), np.zeros(2), [np.array([1e-4, 5.0])]
    )
    np.testing.assert_allclose(path, [[-0.1, -0.1]])
