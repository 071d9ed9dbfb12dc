"""AMSGrad."""

import numpy as np
from every import take

import optlearn


def test_the_maximum_never_falls():
    path = optlearn.run("rosenbrock", optlearn.AMSGrad(lr=0.1, beta2=0.5), steps=50)
    assert (np.diff(path["v_max"], axis=0) >= 0).all()
    assert (path["v_max"] >= path["v"]).all()
    assert (path["v_max"][1:] > path["v"][1:]).any()


def test_raw_and_corrected_maximum_by_hand():
    grads = [np.array([2.0]), np.array([0.0])]
    rule = optlearn.AMSGrad(beta2=0.5)
    assert take(rule, np.zeros(1), grads)[1]["v_max"] == 2.0
    assert take(rule.replace(maximum="corrected"), np.zeros(1), grads)[1]["v_max"] == 4.0


def test_growing_gradients_make_it_adam():
    grads = np.arange(1.0, 8.0)[:, None] * np.array([1.0, -2.0])
    np.testing.assert_array_equal(
        take(optlearn.AMSGrad(), np.zeros(2), grads)[0], take(optlearn.Adam(), np.zeros(2), grads)[0]
    )


def test_decoupled_decay_shrinks_the_parameters_and_leaves_the_averages():
    grads = [np.array([2.0]), np.array([1.0])]
    plain, state = take(optlearn.AMSGrad(lr=0.1, beta2=0.5), np.ones(1), grads)
    decayed, same = take(optlearn.AMSGrad(lr=0.1, beta2=0.5, decoupled_weight_decay=0.5), np.ones(1), grads)
    first, second = np.diff(plain.ravel(), prepend=1.0)
    np.testing.assert_allclose(decayed.ravel(), [0.95 + first, 0.95 * (0.95 + first) + second])
    assert state["v_max"] == same["v_max"]
