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


def test_optax_takes_means_over_the_longest_two_axes():
    """In an array of three axes; PyTorch and Keras take the last two."""
    grads = np.random.RandomState(0).standard_normal((2, 5, 4, 2))
    turned = grads.transpose(0, 3, 1, 2)
    optax = optlearn.Adafactor(form="optax")
    long_first, state = take(optax, np.ones((5, 4, 2)), grads)
    assert (state["R"].shape, state["C"].shape) == ((1, 4, 2), (5, 1, 2))
    np.testing.assert_allclose(
        long_first.transpose(0, 3, 1, 2), take(optax, np.ones((2, 5, 4)), turned)[0], rtol=1e-14
    )
    assert take(optlearn.Adafactor(), np.ones((5, 4, 2)), grads)[1]["R"].shape == (5, 4, 1)


def test_a_column_counts_as_a_matrix_in_the_form_of_pytorch():
    """Its floor then bounds the mean of all squares as well."""
    g = np.array([[1e-9], [3e-9]])
    rule = optlearn.get("Adafactor", convention="torch", lr=0.01, eps=(1e-12, 1e-3))
    _, state = take(rule, np.ones((2, 1)), [g])
    assert (state["R"].shape, state["C"].shape) == ((2, 1), (1, 1))
