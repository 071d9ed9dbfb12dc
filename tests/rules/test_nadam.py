"""NAdam."""

import numpy as np
from every import take

import optlearn


def test_the_product_of_the_schedule_is_kept_in_the_state():
    rule = optlearn.NAdam(beta1=0.9, momentum_decay=0.01)
    _, state = take(rule, np.zeros(1), np.ones((5, 1)))
    mu = 0.9 * (1 - 0.5 * 0.96 ** (np.arange(1, 6) * 0.01))
    np.testing.assert_allclose(state["P"], np.prod(mu), rtol=1e-14)


def test_the_constant_form_is_the_schedule_at_its_end():
    grads = np.random.RandomState(0).standard_normal((8, 3))
    risen = optlearn.NAdam(lr=0.1, momentum_decay=1e6)
    np.testing.assert_allclose(
        take(risen, np.zeros(3), grads)[0],
        take(risen.replace(schedule=False), np.zeros(3), grads)[0],
        rtol=1e-12,
    )


def test_without_momentum_it_is_adam():
    grads = np.random.RandomState(0).standard_normal((8, 3))
    np.testing.assert_allclose(
        take(optlearn.NAdam(lr=0.1, beta1=0), np.zeros(3), grads)[0],
        take(optlearn.Adam(lr=0.1, beta1=0), np.zeros(3), grads)[0],
        rtol=1e-13,
    )
