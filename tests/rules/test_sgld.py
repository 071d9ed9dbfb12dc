"""SGLD."""

import numpy as np
from every import take

import optlearn


def test_one_seed_is_one_run():
    rule = optlearn.SGLD(lr=0.01)
    one, same, other = (optlearn.run("quadratic", rule, steps=20, rng=seed).w for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_step_by_hand():
    path, _ = take(optlearn.SGLD(lr=0.04), np.array([1.0]), [np.array([2.0])], np.random.RandomState(7))
    xi = np.random.RandomState(7).standard_normal(1)
    np.testing.assert_allclose(path[0], 1 - 0.02 * 2 + 0.2 * xi)


def test_its_points_have_the_variance_of_the_discretised_process():
    """For f = w^2 / 2 the variance is 1 / (1 - lr / 4), near that of exp(-f); 4000 independent chains."""
    surface = optlearn.surfaces.of(lambda x, y: (x**2 + y**2) / 2)
    path = optlearn.run(surface, optlearn.SGLD(lr=0.5), start=np.zeros((2, 4000)), steps=40, rng=0)
    np.testing.assert_allclose(path.w[-1].var(), 1 / (1 - 0.5 / 4), rtol=0.05)
