"""LARS."""

import numpy as np
import pytest
from every import take

import optlearn

W, G = np.array([3.0, 4.0]), np.array([0.6, 0.8])


@pytest.mark.parametrize(
    ("denominator", "below"), [("sum", 1 + 0.5 * 5), ("joint", np.hypot(2.1, 2.8)), ("gradient", 1)]
)
def test_the_three_denominators(denominator, below):
    rule = optlearn.LARS(lr=1.0, eta=0.1, weight_decay=0.5, eps=0, denominator=denominator)
    path, _ = take(rule, W, [G])
    np.testing.assert_allclose(W - path[0], 0.1 * 5 / below * (G + 0.5 * W))


def test_zero_norms_give_plain_momentum():
    for w, g in ((0 * W, G), (W, 0 * G)):
        path, _ = take(optlearn.LARS(lr=0.1, eps=0), w, [g])
        np.testing.assert_allclose(path[0], w - 0.1 * g)


def test_clipping_comes_after_the_length():
    path, _ = take(optlearn.LARS(lr=1.0, eta=0.1, eps=0, clip_gradient=0.7), W, [G])
    np.testing.assert_allclose(W - path[0], 0.1 * 5 / 1 * np.array([0.6, 0.7]))


def test_each_array_has_a_ratio_of_its_own():
    rule = optlearn.LARS(lr=1.0, eta=0.1, eps=0)
    new, _ = rule.step([W, 10 * W], [G, G], rule.init([W, 10 * W]))
    np.testing.assert_allclose([np.linalg.norm(W - new[0]), np.linalg.norm(10 * W - new[1])], [0.5, 5.0])


def test_corrected_momentum_is_rescaled_when_the_rate_changes():
    rates = [1.0, 0.2, 0.2, 0.5]
    rule = optlearn.LARS(eta=0.1, momentum=0.9, eps=0, momentum_correction=True, lr=rates.__getitem__)
    grads = np.random.RandomState(0).standard_normal((4, 2))
    path, _ = take(rule, W, grads)
    w, v = W, 0 * W
    for lr, before, g, expected in zip(rates, [1.0, *rates], grads, path, strict=False):
        r = 0.1 * np.linalg.norm(w) / np.linalg.norm(g)
        v = 0.9 * lr / before * v + lr * r * g
        w = w - v
        np.testing.assert_allclose(w, expected, rtol=1e-12)
