"""Adam with epsilon hat."""

import numpy as np
from every import take

import optlearn


def test_it_is_adam_with_an_epsilon_that_falls():
    grads = np.random.RandomState(0).standard_normal((10, 3))
    hat, _ = take(optlearn.AdamEpsHat(lr=0.1, eps=1e-3, beta2=0.99), np.zeros(3), grads)
    adam = optlearn.Adam(lr=0.1, eps=lambda i: 1e-3 / (1 - 0.99 ** (i + 1)) ** 0.5, beta2=0.99)
    np.testing.assert_allclose(take(adam, np.zeros(3), grads)[0], hat, rtol=1e-12)
