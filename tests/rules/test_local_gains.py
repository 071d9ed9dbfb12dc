"""Local gains."""

import numpy as np
from every import take

import optlearn


def test_plus_beta_if_consistent_times_one_minus_beta_if_not():
    _, state = take(optlearn.LocalGains(beta=0.25), np.zeros(3), [[1.0, 1.0, 1.0], [5.0, -5.0, 0.0]])
    np.testing.assert_array_equal(state["gain"], [1.25, 0.75, 1.0])


def test_the_range_of_gains():
    rule = optlearn.LocalGains(beta=0.5, gain_min=0.75, gain_max=1.25)
    _, state = take(rule, np.zeros(2), [[1.0, 1.0], [1.0, -1.0]])
    np.testing.assert_array_equal(state["gain"], [1.25, 0.75])


def test_without_beta_it_is_momentum():
    grads = np.random.RandomState(0).standard_normal((5, 2))
    np.testing.assert_allclose(
        take(optlearn.LocalGains(lr=0.1, beta=0, momentum=0.9), np.zeros(2), grads)[0],
        take(optlearn.Momentum(lr=0.1, lr_inside=True), np.zeros(2), grads)[0],
        rtol=1e-14,
    )
