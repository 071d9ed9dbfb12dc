"""Muon."""

import numpy as np
from every import take

import optlearn
from optlearn.rules.muon import COEFFICIENTS, orthogonalized


def test_orthogonalized_keeps_the_singular_vectors():
    X = np.random.RandomState(0).standard_normal((3, 5))
    u, s, vt = np.linalg.svd(X, full_matrices=False)
    inner = u.T @ orthogonalized(X) @ vt.T
    np.testing.assert_allclose(inner, np.diag(np.diag(inner)), atol=1e-12)
    assert (np.abs(np.diag(inner) - 1) < 0.35).all()
    assert (np.abs(s / np.linalg.norm(s) - 1) > 0.1).all()


def test_one_step_applies_the_polynomial_to_each_singular_value():
    a, b, c = COEFFICIENTS
    x = np.array([0.6, 0.8])
    np.testing.assert_allclose(np.diag(orthogonalized(np.diag(x), steps=1)), a * x + b * x**3 + c * x**5)


def test_a_tall_matrix_is_treated_as_its_transpose():
    X = np.random.RandomState(0).standard_normal((5, 3))
    np.testing.assert_allclose(orthogonalized(X), orthogonalized(X.T).T, rtol=1e-12)


def test_the_factor_of_a_tall_matrix():
    g = np.random.RandomState(0).standard_normal((8, 2))
    path, _ = take(optlearn.Muon(lr=1.0, weight_decay=0, momentum=0), 0 * g, [g])
    np.testing.assert_allclose(path[0], -2 * orthogonalized(g), rtol=1e-12)
