"""DCASGD."""

import numpy as np
from every import take

import optlearn


def test_the_first_correction_is_zero():
    path, _ = take(optlearn.DCASGD(lr=0.1, lam=100.0), np.ones(2), [np.array([1.0, -2.0])])
    np.testing.assert_allclose(path, [[0.9, 1.2]])


def test_the_decay_inside_and_outside_the_square():
    w, grads = np.array([1.0]), np.ones((2, 1))
    for inside in (True, False):
        rule = optlearn.DCASGD(lr=0.1, lam=0.5, weight_decay=0.5, decay_in_square=inside)
        path, _ = take(rule, w, grads)
        w1 = 1 - 0.1 * 1.5
        square = (1 + 0.5 * w1) ** 2 if inside else 1
        np.testing.assert_allclose(path.ravel(), [w1, w1 - 0.1 * (1 + 0.5 * w1 + 0.5 * square * (w1 - 1))])


def test_without_correction_it_is_momentum_with_lr_inside():
    grads = np.random.RandomState(0).standard_normal((5, 2))
    np.testing.assert_allclose(
        take(optlearn.DCASGD(lr=0.1, lam=0, momentum=0.9), np.zeros(2), grads)[0],
        take(optlearn.Momentum(lr=0.1, lr_inside=True), np.zeros(2), grads)[0],
        rtol=1e-14,
    )


def test_it_brings_a_delayed_run_closer_to_the_run_without_delay():
    surface = optlearn.surfaces.of(lambda x, y: (x**2 + y**2) / 2)
    fresh, stale, corrected = (
        optlearn.run(surface, rule, start=[1.0, 1.0], steps=12, delay=delay)
        for rule, delay in (
            (optlearn.GradientDescent(lr=0.3), 0),
            (optlearn.GradientDescent(lr=0.3), 1),
            (optlearn.DCASGD(lr=0.3, lam=1.0), 1),
        )
    )
    assert np.abs(corrected.w - fresh.w).max() < np.abs(stale.w - fresh.w).max()
