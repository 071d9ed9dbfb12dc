"""AdaGrad."""

import numpy as np
from every import take

import optlearn


def test_a_constant_gradient_gives_steps_that_fall_as_one_over_root_t():
    path, _ = take(optlearn.AdaGrad(lr=0.1, eps=0), np.zeros(2), np.tile([1e-3, 1e3], (9, 1)))
    np.testing.assert_allclose(-np.diff(path, axis=0)[7], [0.1 / 3, 0.1 / 3], rtol=1e-12)


def test_options_by_hand():
    g = [np.array([3.0])]
    for values, step in (
        ({"eps": 1.0}, 3 / 4),
        ({"eps": 7.0, "eps_inside": True}, 3 / 4),
        ({"eps": 0.0, "initial_accumulator": 16.0}, 3 / 5),
    ):
        np.testing.assert_allclose(take(optlearn.AdaGrad(lr=1.0, **values), np.zeros(1), g)[0], [[-step]])
    path, _ = take(optlearn.AdaGrad(lr=1.0, eps=0, lr_decay=0.5), np.zeros(1), g * 2)
    np.testing.assert_allclose(path[1] - path[0], [-(1 / 1.5) / 2**0.5])
