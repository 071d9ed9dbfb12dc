"""Lion."""

import numpy as np
from every import take

import optlearn


def test_step_and_memory_are_different_averages():
    rule = optlearn.Lion(lr=1.0, beta1=0.5, beta2=0.75, weight_decay=0)
    path, state = take(rule, np.zeros(1), [[8.0], [-1.0]])
    assert state["m"] == 0.75 * 2 - 0.25
    np.testing.assert_array_equal(path.ravel(), [-1.0, -2.0])  # c = (2 - 1) / 2 is still positive


def test_with_equal_betas_it_is_signum():
    w, grads = np.ones(2), np.random.RandomState(0).standard_normal((6, 2))
    lion = optlearn.Lion(lr=0.1, beta1=0.9, beta2=0.9, weight_decay=0.2)
    signum = optlearn.Signum(lr=0.1, momentum=0.9, decoupled_weight_decay=0.2)
    np.testing.assert_array_equal(take(lion, w, grads)[0], take(signum, w, grads)[0])
