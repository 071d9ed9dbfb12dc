"""Signum."""

import numpy as np
from every import take

import optlearn


def test_one_opposite_gradient_does_not_turn_it():
    path, _ = take(optlearn.Signum(lr=1.0, momentum=0.9), np.zeros(1), [[1.0], [-0.5], [-0.5]])
    np.testing.assert_array_equal(path.ravel(), [-1.0, -2.0, -1.0])


def test_the_two_decays_act_in_different_places():
    w, g = np.array([1.0]), [np.array([-0.5])]
    inside, _ = take(optlearn.Signum(lr=0.1, weight_decay=1.0), w, g)
    outside, _ = take(optlearn.Signum(lr=0.1, decoupled_weight_decay=1.0), w, g)
    np.testing.assert_allclose([inside[0, 0], outside[0, 0]], [0.9, 0.9 + 0.1])


def test_without_momentum_it_is_sign_descent():
    grads = np.random.RandomState(0).standard_normal((5, 2))
    np.testing.assert_array_equal(
        take(optlearn.Signum(momentum=0), np.zeros(2), grads)[0],
        take(optlearn.SignSGD(), np.zeros(2), grads)[0],
    )
