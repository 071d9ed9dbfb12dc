"""RAdam."""

import numpy as np
from every import take

import optlearn


def test_at_the_usual_beta2_steps_are_rectified_from_the_sixth_on():
    path = optlearn.run("quadratic", optlearn.RAdam(beta2=0.999), steps=10)
    np.testing.assert_array_equal(path["R"] > 0, np.arange(1, 11) >= 6)
    assert (path["R"] < 1).all()


def test_before_that_it_is_momentum_with_correction():
    grads = np.random.RandomState(0).standard_normal((5, 2))
    adam = optlearn.Adam(lr=0.1, beta2=0, eps=0)
    path, _ = take(optlearn.RAdam(lr=0.1), np.zeros(2), grads)
    m, w = np.zeros(2), np.zeros(2)
    for t, g in enumerate(grads, 1):
        m = adam.beta1 * m + (1 - adam.beta1) * g
        w = w - 0.1 * m / (1 - adam.beta1**t)
        np.testing.assert_allclose(path[t - 1], w, rtol=1e-12)


def test_after_long_it_is_adam():
    """R goes to 1, so that the steps become Adam's."""
    path = optlearn.run("quadratic", optlearn.RAdam(lr=1e-3, beta2=0.9), steps=400)
    np.testing.assert_allclose(path["R"][-1], 1.0, atol=1e-12)
