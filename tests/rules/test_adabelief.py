"""AdaBelief."""

import numpy as np
from every import take

import optlearn


def test_a_gradient_that_momentum_foretells_gives_a_large_step():
    steady, jumpy = np.ones((50, 1)), np.resize([1.0, -1.0], (50, 1))
    rule = optlearn.AdaBelief(lr=0.01, beta2=0.9, eps=1e-8)
    for grads, larger in ((steady, True), (jumpy, False)):
        step, adams = (
            np.abs(np.diff(take(r, np.zeros(1), grads)[0][-2:], axis=0))
            for r in (rule, optlearn.Adam(lr=0.01, beta2=0.9))
        )
        assert (step > 2 * adams).all() == larger


def test_epsilon_adds_up_in_the_state():
    _, state = take(optlearn.AdaBelief(beta2=0.5, eps=1e-3), np.zeros(1), np.zeros((3, 1)))
    np.testing.assert_allclose(state["s"], [1.75e-3])
