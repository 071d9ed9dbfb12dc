"""Adafactor."""

import numpy as np
from every import take

import optlearn


def test_a_rank_one_pattern_of_squares_is_kept_exactly():
    """Where g^2 is an outer product, row and column means hold all of it, and U is the sign of g."""
    g = np.outer([1.0, 2.0, 3.0], [1.0, -4.0])
    path, state = take(optlearn.Adafactor(lr=0.1), np.ones((3, 2)), [g])
    np.testing.assert_allclose(1 - path[0], 0.1 * np.sign(g))
    assert (state["R"].size, state["C"].size) == (3, 2)


def test_steps_are_relative_to_the_parameters():
    g = np.random.RandomState(0).standard_normal((3, 4))
    small, large = (
        w - take(optlearn.Adafactor(), w, [g])[0][0] for w in (np.ones((3, 4)), 10 * np.ones((3, 4)))
    )
    np.testing.assert_allclose(large, 10 * small, rtol=1e-12)


def test_updates_are_clipped_by_their_root_mean_square():
    rule = optlearn.Adafactor(lr=0.1, clip_threshold=0.5)
    path, _ = take(rule, np.ones(4), [np.ones(4)])
    np.testing.assert_allclose(1 - path[0], 0.05)
