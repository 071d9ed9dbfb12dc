"""Rprop."""

import numpy as np
from every import take

import optlearn


def test_only_the_sign_of_gradients_counts():
    grads = np.random.RandomState(0).standard_normal((10, 3))
    np.testing.assert_array_equal(
        take(optlearn.Rprop(), np.zeros(3), grads)[0], take(optlearn.Rprop(), np.zeros(3), np.sign(grads))[0]
    )


def test_after_a_change_of_sign_it_rests_and_then_keeps_the_step():
    path, state = take(optlearn.Rprop(lr=1.0), np.zeros(1), [[1.0], [-1.0], [-1.0]])
    np.testing.assert_array_equal(path.ravel(), [-1.0, -1.0, -0.5])
    assert state["step"] == 0.5


def test_steps_stay_in_their_range():
    rule = optlearn.Rprop(lr=1.0, step_min=0.9, step_max=1.1)
    assert take(rule, np.zeros(1), np.ones((5, 1)))[1]["step"] == 1.1
    assert take(rule, np.zeros(1), [[1.0], [-1.0]])[1]["step"] == 0.9
