"""Nesterov's accelerated gradient."""

import numpy as np
from every import take

import optlearn


def test_lookahead_and_frameworks_take_the_same_gradients():
    """The parameters of the second form are the lookahead points of the first."""
    for lr_inside in (False, True):
        rule = optlearn.Nesterov(lr=0.05, momentum=0.8, lr_inside=lr_inside)
        look = optlearn.run("rosenbrock", rule, start=[-0.5, 0.5], steps=30)
        other = optlearn.run("rosenbrock", rule.replace(form="frameworks"), start=[-0.5, 0.5], steps=30)
        steps = min(look.steps, other.steps)
        np.testing.assert_allclose(look.probe[:steps], other.w[:steps], rtol=1e-8)


def test_a_step_by_hand():
    path, _ = take(optlearn.Nesterov(lr=0.1, momentum=0.5, form="frameworks"), np.zeros(1), np.ones((2, 1)))
    np.testing.assert_allclose(path.ravel(), [-0.1 * 1.5, -0.15 - 0.1 * (1 + 0.5 * 1.5)])
