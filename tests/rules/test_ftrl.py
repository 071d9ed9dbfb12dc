"""FTRL-Proximal."""

import numpy as np
from every import take

import optlearn

W = np.array([1.0, -2.0, 0.0])


def test_it_starts_at_the_parameters():
    path, _ = take(
        optlearn.FTRL(lr=0.1, l1=0.3, weight_decay=0.2, l2=0.1, initial_accumulator=0.5), W, [0 * W] * 3
    )
    np.testing.assert_allclose(path, np.tile(W, (3, 1)), rtol=1e-13)


def test_from_the_origin_the_first_step_jumps_there():
    path, _ = take(optlearn.FTRL(lr=0.1, l1=0, start_at="origin"), W, [0 * W])
    np.testing.assert_array_equal(np.abs(path), [[0.0, 0.0, 0.0]])


def test_weight_decay_is_twice_l2():
    grads = np.random.RandomState(0).standard_normal((5, 3))
    np.testing.assert_allclose(
        take(optlearn.FTRL(weight_decay=0.2), W, grads)[0],
        take(optlearn.FTRL(l2=0.1), W, grads)[0],
        rtol=1e-14,
    )


def test_l1_makes_exact_zeros():
    path, _ = take(optlearn.FTRL(lr=0.1, l1=1.0), np.array([0.05]), np.full((5, 1), 0.2))
    assert path[-1] == 0


def test_without_penalties_it_is_adagrad():
    """With beta = 0, l1 = 0 the step is lr / sqrt(n) times the gradient."""
    w, grads = np.array([1.0, -2.0]), np.random.RandomState(0).standard_normal((6, 2))
    ftrl = optlearn.FTRL(lr=0.1, l1=0, beta=0, initial_accumulator=0.1)
    adagrad = optlearn.AdaGrad(lr=0.1, eps=0, initial_accumulator=0.1)
    np.testing.assert_allclose(take(ftrl, w, grads)[0], take(adagrad, w, grads)[0], rtol=1e-12)
