"""Momentum."""

import numpy as np
from every import take

import optlearn


def test_lr_inside_and_outside_agree_at_a_constant_rate_and_part_after_a_drop():
    w, grads = np.ones(2), np.random.RandomState(0).standard_normal((6, 2))
    for lr, agree in ((0.1, True), (lambda i: 0.1 if i < 3 else 0.01, False)):
        outside, _ = take(optlearn.Momentum(lr=lr), w, grads)
        inside, _ = take(optlearn.Momentum(lr=lr, lr_inside=True), w, grads)
        assert np.allclose(inside, outside, rtol=1e-12) == agree


def test_the_buffer_of_a_constant_gradient_is_a_geometric_sum():
    _, state = take(optlearn.Momentum(momentum=0.5), np.zeros(1), np.ones((4, 1)))
    np.testing.assert_array_equal(state["v"], [1.875])


def test_dampening_spares_the_first_step():
    _, state = take(optlearn.Momentum(momentum=0.5, dampening=0.25), np.zeros(1), np.ones((2, 1)))
    np.testing.assert_array_equal(state["v"], [0.5 * 1 + 0.75])


def test_without_momentum_it_is_gradient_descent():
    w, grads = np.ones(2), np.random.RandomState(0).standard_normal((6, 2))
    np.testing.assert_allclose(
        take(optlearn.Momentum(lr=0.1, momentum=0), w, grads)[0],
        take(optlearn.GradientDescent(lr=0.1), w, grads)[0],
        rtol=1e-15,
    )
