"""Sign gradient descent."""

import numpy as np
from every import take

import optlearn


def test_steps_have_the_length_lr_or_none():
    path, _ = take(optlearn.SignSGD(lr=0.5), np.zeros(4), [np.array([1e-300, -1e300, 0.0, -0.0])])
    np.testing.assert_array_equal(path[0], [-0.5, 0.5, 0.0, 0.0])


def test_decay_shrinks_the_parameters():
    path, _ = take(optlearn.SignSGD(lr=0.5, weight_decay=0.1), np.array([2.0]), [np.array([0.0])])
    np.testing.assert_allclose(path, [[1.9]])
