"""FTML."""

import numpy as np
from every import take

import optlearn


def test_the_first_step_is_lr_in_every_coordinate():
    path, _ = take(optlearn.FTML(lr=0.1, eps=0), np.array([1.0, -2.0]), [np.array([1e-5, -1e5])])
    np.testing.assert_allclose(path, [[0.9, -1.9]])


def test_without_memory_of_steps_it_is_rmsprop():
    w, grads = np.array([1.0, -2.0]), np.random.RandomState(0).standard_normal((6, 2))
    ftml = optlearn.FTML(lr=0.1, beta1=0, beta2=0.9)
    rmsprop = optlearn.RMSProp(lr=0.1, rho=0.9, bias_correction=True)
    np.testing.assert_allclose(take(ftml, w, grads)[0], take(rmsprop, w, grads)[0], rtol=1e-12)
