"""SWATS."""

import numpy as np
from every import take

import optlearn


def test_before_the_switch_it_is_adam_and_after_it_sgd_with_momentum():
    path = optlearn.run("quadratic", optlearn.SWATS(lr=0.05, beta2=0.9, eps=0.1, switch_eps=0.05), steps=60)
    switch = int(path["switched_at"][-1])
    assert 1 < switch < 50
    adam = optlearn.run("quadratic", optlearn.AdamEpsHat(lr=0.05, beta2=0.9, eps=0.1), steps=switch)
    np.testing.assert_allclose(path.w[: switch + 1], adam.w, rtol=1e-12)
    rate = path["rate"][-1]
    sgd = optlearn.run(
        "quadratic", optlearn.Momentum(lr=0.1 * rate, momentum=0.9), start=path.w[switch], steps=60 - switch
    )
    np.testing.assert_allclose(path.w[switch:], sgd.w, rtol=1e-10)
    np.testing.assert_array_equal(path["rate"][switch:], rate)


def test_a_rate_of_sgd_is_recovered():
    """Along a constant gradient the projected rate is |d|^2 / <d, g> = lr / |g|."""
    path = optlearn.run(
        lambda x, y: 4 * x + 0 * y, optlearn.SWATS(lr=0.1, eps=1e-9), start=[0.0, 0.0], steps=5
    )
    np.testing.assert_allclose(path["gamma"], 0.1 / 4, rtol=1e-6)
    assert path["switched_at"][-1] == 2


def test_arrays_switch_for_themselves_and_say_when():
    rule = optlearn.SWATS(lr=0.1, eps=1e-9)
    params = [np.zeros(1), np.zeros(1)]
    state = rule.init(params)
    for i in range(6):
        params, state = rule.step(params, [np.ones(1), np.array([(-1.5) ** i])], state)
    assert [int(step) for step in state["switched_at"]] == [2, 0]


def test_a_zero_gradient_teaches_nothing():
    _, state = take(optlearn.SWATS(), np.ones(2), np.zeros((3, 2)))
    assert state["L"] == 0
    assert state["switched_at"] == 0
