"""LAMB."""

import numpy as np
from every import take

import optlearn

W = np.array([3.0, 4.0])


def test_a_step_has_the_length_of_the_parameters_times_lr():
    grads = np.random.RandomState(0).standard_normal((6, 2))
    path, _ = take(optlearn.LAMB(lr=0.1, weight_decay=0.3), W, grads)
    before = np.vstack([W, path[:-1]])
    np.testing.assert_allclose(np.linalg.norm(path - before, axis=1), 0.1 * np.linalg.norm(before, axis=1))


def test_its_direction_is_that_of_adamw():
    g = np.array([0.5, -2.0])
    lamb, _ = take(optlearn.LAMB(lr=0.1, weight_decay=0.3), W, [g])
    adamw, _ = take(optlearn.AdamW(lr=0.1, weight_decay=0.3, eps=1e-6), W, [g])
    a, b = lamb[0] - W, adamw[0] - W
    np.testing.assert_allclose(a / np.linalg.norm(a), b / np.linalg.norm(b))


def test_zero_norms_give_adam():
    path, _ = take(optlearn.LAMB(lr=0.1, eps=0), np.zeros(2), [np.array([1.0, -2.0])])
    np.testing.assert_allclose(path, [[-0.1, 0.1]])
    path, _ = take(optlearn.LAMB(lr=0.1), W, [np.zeros(2)])
    np.testing.assert_array_equal(path[0], W)


def test_bounds_of_the_length():
    for values, length in (({"norm_max": 2.0}, 0.2), ({"norm_min": 8.0}, 0.8)):
        path, _ = take(optlearn.LAMB(lr=0.1, **values), W, [np.ones(2)])
        np.testing.assert_allclose(np.linalg.norm(path[0] - W), length)
