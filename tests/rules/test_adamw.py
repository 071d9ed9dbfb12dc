"""AdamW."""

import numpy as np
from every import take

import optlearn


def test_without_decay_it_is_adam():
    w, grads = np.ones(3), np.random.RandomState(0).standard_normal((8, 3))
    np.testing.assert_array_equal(
        take(optlearn.AdamW(weight_decay=0), w, grads)[0], take(optlearn.Adam(), w, grads)[0]
    )
    np.testing.assert_allclose(
        take(optlearn.AdamW(weight_decay=0, eps_hat=True, eps=0.1), w, grads)[0],
        take(optlearn.AdamEpsHat(eps=0.1), w, grads)[0],
        rtol=1e-13,
    )


def test_the_decay_does_not_feel_the_scale_of_the_gradient():
    w, g = np.array([2.0, 2.0]), [np.array([1e-3, 1e3])]
    decoupled = take(optlearn.AdamW(lr=0.1, weight_decay=0.5, eps=0), w, g)[0][0]
    np.testing.assert_allclose(decoupled, 2 * (1 - 0.05) - 0.1)


def test_the_paper_form_multiplies_the_decay_by_the_schedule_alone():
    rule = optlearn.AdamW(
        lr=lambda i: 0.1 / (i + 1), weight_decay=lambda i: 0.5 / (i + 1), decay_times_lr=False
    )
    path, _ = take(rule, np.ones(1), np.zeros((2, 1)))
    np.testing.assert_allclose(path.ravel(), [0.5, 0.5 * 0.75])
