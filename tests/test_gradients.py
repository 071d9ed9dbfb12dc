"""What is done to a gradient before a rule sees it."""

import numpy as np
import pytest

import optlearn
from optlearn import GradientDescent
from optlearn.gradients import Clip, ClipGlobalNorm, ClipNorm, Decay, Rescale, norm, normgrad

W, G = np.array([2.0, -4.0]), np.array([3.0, -0.5])


def seen(*transforms, w=W, g=G, **short):
    return GradientDescent(gradient=transforms, **short).prepared(w, g)


def test_each_transform():
    np.testing.assert_array_equal(seen(Rescale(rescale_grad=0.5)), [1.5, -0.25])
    np.testing.assert_array_equal(seen(Clip(clip_gradient=1.0)), [1.0, -0.5])
    np.testing.assert_array_equal(seen(Decay(weight_decay=0.1)), [3.2, -0.9])


def test_the_order_is_the_order_written():
    rescale, clip, decay = Rescale(rescale_grad=0.5), Clip(clip_gradient=1.0), Decay(weight_decay=0.1)
    np.testing.assert_allclose(seen(rescale, clip, decay), [1.2, -0.65])
    np.testing.assert_allclose(seen(clip, rescale, decay), [0.7, -0.65])
    np.testing.assert_allclose(seen(decay, clip, rescale), [0.5, -0.45])


def test_short_names_are_applied_in_the_order_of_mxnet_whatever_the_order_given():
    given = seen(weight_decay=0.1, clip_gradient=1.0, rescale_grad=0.5)
    np.testing.assert_allclose(given, [1.2, -0.65])
    np.testing.assert_array_equal(seen(*normgrad(rescale=0.5, clip=1.0, decay=0.1)), given)
    np.testing.assert_array_equal(seen(*normgrad(decay=0.1)), [3.2, -0.9])


def test_clip_norm_keeps_the_direction():
    g = np.array([3.0, 4.0])
    np.testing.assert_allclose(seen(ClipNorm(clip_norm=1.0), g=g), [0.6, 0.8])
    np.testing.assert_array_equal(seen(ClipNorm(clip_norm=5.0), g=g), g)
    np.testing.assert_array_equal(seen(ClipNorm(clip_norm=1.0), g=0 * g), [0, 0])


def test_a_global_norm_is_that_of_all_arrays():
    params = {"a": np.zeros(1), "b": np.zeros((1, 1), np.float32)}
    grads = {"a": np.array([3.0]), "b": np.array([[4.0]], np.float32)}
    for transform, expected in (
        (ClipGlobalNorm(clip_norm=1.0), (-0.6, -0.8)),
        (ClipNorm(clip_norm=1.0), (-1.0, -1.0)),
    ):
        rule = GradientDescent(lr=1.0, gradient=[transform])
        new, _ = rule.step(params, grads, rule.init(params))
        np.testing.assert_allclose([new["a"][0], new["b"][0, 0]], expected, rtol=1e-6)
        assert new["b"].dtype == np.float32


def test_decay_comes_after_a_global_norm_if_written_so():
    params, grads = [np.array([1.0]), np.array([1.0])], [np.array([3.0]), np.array([4.0])]
    rule = GradientDescent(lr=1.0, gradient=[ClipGlobalNorm(clip_norm=1.0), Decay(weight_decay=0.5)])
    new, _ = rule.step(params, grads, rule.init(params))
    np.testing.assert_allclose(np.ravel(new), [-0.1, -0.3])


def test_a_transform_may_follow_a_schedule():
    rule = GradientDescent(lr=1.0, weight_decay=lambda i: [0.5, 0.0][i])
    w, state = rule.step(W, 0 * W, rule.init(W))
    np.testing.assert_array_equal(w, [1.0, -2.0])
    np.testing.assert_array_equal(rule.step(w, 0 * w, state)[0], w)


def test_the_example_of_mxnet_jl():
    """SGD with eta 10, lambda 1e-4 takes W = 1, 2, 3, 4 with gradient W / 10 to -0.001, ..., -0.004."""
    w, g = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.1, 0.2], [0.3, 0.4]])
    rule = optlearn.get("sgd", lr=10, weight_decay=1e-4)
    np.testing.assert_allclose(
        rule.step(w, g, rule.init(w))[0], [[-0.001, -0.002], [-0.003, -0.004]], atol=1e-15
    )


def test_the_gradient_that_the_rule_sees_has_a_line_of_its_own():
    latex = GradientDescent(gradient=normgrad(rescale=0.5, clip=1.0, decay=0.1)).equation()
    assert r"g_t &= \min\left(\max\left(c" in latex
    assert latex.index(r"g_{\mathrm{raw},t} &= \nabla f(w_{t-1})") < latex.index(r"g_t &=")


def test_transforms_of_one_kind_may_follow_each_other():
    rule = GradientDescent(
        lr=1.0, gradient=[Clip(clip_gradient=2.0), Rescale(rescale_grad=0.5), Clip(clip_gradient=0.9)]
    )
    np.testing.assert_allclose(rule.prepared(W, G), [0.9, -0.25])


@pytest.mark.parametrize("clip", [ClipNorm, ClipGlobalNorm])
@pytest.mark.parametrize(("dtype", "size"), [(np.float32, 1e25), (np.float32, 1e30), (np.float32, 3e37),
                                             (np.float64, 1e200), (np.float64, 1e307)])
def test_a_length_whose_square_overflows(clip, dtype, size):
    rule = GradientDescent(lr=1.0, gradient=[clip(clip_norm=1.0)])
    w, g = np.zeros(2, dtype), np.array([3 * size, 4 * size], dtype)
    np.testing.assert_allclose(-rule.step(w, g, rule.init(w))[0], [0.6, 0.8], rtol=1e-6)
    params, grads = [w[:1], w[1:]], [g[:1], g[1:]]
    new, _ = rule.step(params, grads, rule.init(params))
    np.testing.assert_allclose(-np.concatenate(new), [0.6, 0.8] if clip is ClipGlobalNorm else [1, 1], rtol=1e-6)
    np.testing.assert_allclose(norm(g), 5 * size, rtol=1e-6)


def test_lengths_of_nothing_and_of_zeros():
    assert norm(np.zeros((0, 3))) == norm(np.zeros(3)) == 0
    empty = np.zeros((0, 3))
    rule = GradientDescent(gradient=[ClipNorm(), ClipGlobalNorm()])
    assert rule.step([empty], [empty], rule.init([empty]))[0][0].shape == (0, 3)


@pytest.mark.parametrize("rule", [optlearn.LARS(lr=1.0), optlearn.Muon()], ids=lambda rule: rule.name)
def test_rules_that_take_lengths_take_them_of_large_gradients(rule):
    w, g = np.ones((2, 2), np.float32), np.array([[3, 4], [5, 6]], np.float32)
    small, _ = rule.step(w, g, rule.init(w))
    large, _ = rule.step(w, np.float32(1e25) * g, rule.init(w))
    np.testing.assert_allclose(large, small, rtol=1e-5)


def test_a_clip_by_norm_reads_as_in_the_textbook():
    g = r"g_{\mathrm{raw},t}"
    expected = (rf"\begin{{cases}} c \, \frac{{{g}}}{{\lVert {g} \rVert}} & \text{{if }} \lVert {g} \rVert > c \\ "
                rf"{g} & \text{{otherwise}} \end{{cases}}")
    assert expected in GradientDescent(gradient=[ClipNorm()]).equation()


@pytest.mark.parametrize("made", [None, np.zeros(3), 1.0])
def test_a_transform_that_gives_no_gradient(made):
    class Lost(optlearn.gradients.Transform):
        def __call__(self, w, g):
            return made

    rule = GradientDescent(gradient=[Lost()])
    with pytest.raises(optlearn.InvalidArgument, match=r"Lost made an array of shape .* must return the changed"):
        rule.step(np.ones(2), np.ones(2), rule.init(np.ones(2)))
