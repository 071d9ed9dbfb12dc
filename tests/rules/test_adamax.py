"""AdaMax."""

import numpy as np
from every import take

import optlearn


def test_the_norm_is_a_decaying_maximum():
    path = optlearn.run(
        lambda x, y: x**2 - y, optlearn.AdaMax(lr=0.1, beta2=0.5, eps=0), start=[1.0, 0.0], steps=6
    )
    g = np.abs(path.g)
    expected = [max(0.5 ** (t - k) * g[k, 0] for k in range(t + 1)) for t in range(6)]
    np.testing.assert_allclose(path["u"][1:, 0], expected, rtol=1e-12)


def test_placement_of_epsilon_by_hand():
    g, w = [np.array([3.0])], np.zeros(1)
    np.testing.assert_allclose(take(optlearn.AdaMax(lr=1.0, eps=1.0), w, g)[0], [[-0.75]])
    np.testing.assert_allclose(take(optlearn.AdaMax(lr=1.0, eps=1.0, eps_inside=False), w, g)[0], [[-0.75]])
    later = optlearn.AdaMax(lr=1.0, eps=1.0, beta1=0, beta2=1 / 4)
    two = [np.array([7.0]), np.array([1.0])]
    assert take(later, w, two)[1]["u"] == 2.0  # max(8 / 4, 1 + 1)
    assert take(later.replace(eps_inside=False), w, two)[1]["u"] == 1.75  # max(7 / 4, 1)
