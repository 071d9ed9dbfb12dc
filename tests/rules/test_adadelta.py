"""AdaDelta."""

import numpy as np
from every import take

import optlearn


def test_the_first_step_does_not_depend_on_the_gradient():
    path, _ = take(optlearn.AdaDelta(rho=0.75, eps=1e-6), np.zeros(2), [np.array([1e3, -1e5])])
    np.testing.assert_allclose(path[0], [-2e-3, 2e-3], rtol=1e-6)


def test_the_average_of_squared_steps_does_not_feel_lr():
    grads = np.random.RandomState(0).standard_normal((5, 2))
    slow, fast = (take(optlearn.AdaDelta(lr=lr), np.zeros(2), grads)[1]["D"] for lr in (0.01, 1.0))
    np.testing.assert_array_equal(slow, fast)
