"""Delta-bar-delta."""

import numpy as np
from every import take

import optlearn


def test_rates_rise_by_adding_and_fall_by_multiplying():
    rule = optlearn.DeltaBarDelta(lr=1.0, kappa=0.25, phi=0.5, theta=0.5)
    _, state = take(rule, np.zeros(3), [[1.0, 1.0, 1.0], [1.0, -1.0, 0.0]])
    np.testing.assert_array_equal(state["e"], [1.25, 0.5, 1.0])
    np.testing.assert_array_equal(state["g_bar"], [0.75, -0.25, 0.25])


def test_the_average_and_not_the_last_gradient_is_compared():
    rule = optlearn.DeltaBarDelta(lr=1.0, kappa=0.25, phi=0.5, theta=0.9)
    _, state = take(rule, np.zeros(1), [[10.0], [-1.0], [1.0]])
    np.testing.assert_array_equal(state["e"], [0.75])  # 1, half of it, and then agreement: + 0.25


def test_the_floor():
    rule = optlearn.DeltaBarDelta(lr=1.0, phi=0.9, lr_min=0.5)
    assert take(rule, np.zeros(1), [[1.0], [-1.0]])[1]["e"] == 0.5


def test_without_changes_of_rate_it_is_gradient_descent():
    grads = np.random.RandomState(0).standard_normal((5, 2))
    np.testing.assert_array_equal(
        take(optlearn.DeltaBarDelta(lr=0.1, kappa=0, phi=0), np.zeros(2), grads)[0],
        take(optlearn.GradientDescent(lr=0.1), np.zeros(2), grads)[0],
    )
