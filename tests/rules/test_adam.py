"""Adam."""

import numpy as np
from every import take

import optlearn


def test_the_first_step_is_lr_in_every_coordinate():
    path, _ = take(optlearn.Adam(lr=0.1, eps=0), np.zeros(3), [np.array([1e-9, -1.0, 1e9])])
    np.testing.assert_allclose(path[0], [-0.1, 0.1, -0.1], rtol=1e-12)


def test_corrected_averages_of_a_constant_gradient_are_the_gradient():
    path = optlearn.run(lambda x, y: 3 * x - 2 * y, optlearn.Adam(), start=[0.0, 0.0], steps=20)
    np.testing.assert_allclose(path["m_hat"], np.tile([3.0, -2.0], (20, 1)), rtol=1e-12)
    np.testing.assert_allclose(path["v_hat"], np.tile([9.0, 4.0], (20, 1)), rtol=1e-12)


def test_without_memory_it_is_sign_descent():
    grads = np.random.RandomState(0).standard_normal((5, 3))
    path, _ = take(optlearn.Adam(lr=0.1, beta1=0, beta2=0, eps=0), np.zeros(3), grads)
    np.testing.assert_allclose(
        path, take(optlearn.SignSGD(lr=0.1), np.zeros(3), grads)[0], rtol=1e-12, atol=1e-15
    )
