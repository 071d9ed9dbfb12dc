"""Functions of an array: their gradients, runs on them, and what is said where something is wrong."""

import doctest
import math
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optlearn
from optlearn import Adam, GradientDescent, InvalidArgument, Momentum, Nesterov, Optimizer, Update, function, run
from optlearn.functions import differences

RNG = np.random.RandomState(0)
A, Y, W, M = RNG.randn(4, 5), np.sign(RNG.randn(4)), RNG.randn(5), RNG.randn(3, 4)


def central(f, w):
    return differences.gradient(function(f), w)


def close(f, w, tolerance=1e-7):
    f = function(f).at(w)
    assert f.how == "recorded", f
    expected = central(f.f, w)
    np.testing.assert_allclose(f.gradient(w), expected, rtol=0, atol=tolerance * max(1.0, np.max(np.abs(expected))))


VECTORS = {
    "sum": lambda w: np.sum(w**2) + np.sin(w[0]),
    "data": lambda w: np.mean(np.logaddexp(0, -Y * (A @ w))) + 0.01 * w @ w,
    "slices": lambda w: np.sum(100 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2),
    "loop": lambda w: sum((i + 1) * x**3 for i, x in enumerate(w)),
    "entries": lambda w: np.linalg.norm(np.array([w[0] - 1, 10 * (w[1] - w[0] ** 2)])),
    "pair": lambda w: np.exp(np.stack([w[0], w[1] / 2])).sum(),
    "branch": lambda w: w[0] ** 2 if w[0] > 100 else np.abs(w).sum(),
    "choice": lambda w: np.where(w > 0, w**2, -w).sum() + np.clip(w, -0.5, 0.5).sum(),
    "fancy": lambda w: (w[[0, 0, 1]] ** 2).sum() + w[w > 0].prod(),
    "product": lambda w: np.prod(w) + np.prod(w * np.array([1, 0, 1, 1, 1])),
    "extremes": lambda w: w.max() * np.min(w),
    "moments": lambda w: np.std(w) + w.var() + np.var(w, ddof=1),
    "softmax": lambda w: np.log(np.sum(np.exp(w - w.max()))) + w.max(),
    "powers": lambda w: np.sum(2.0**w) + np.sum(np.abs(w) ** (1 + w**2)),
    "differences": lambda w: np.sum(np.diff(w, 2) ** 2) + np.cumsum(w) @ np.roll(w, 1),
    "solve": lambda w: np.sum(np.linalg.solve(np.outer(w, w) + 9 * np.eye(5), w)),
    "nothing": lambda w: 0.0 * w[0] + np.sum(w[:0]),
    "in place": lambda w: _in_place(w),
}
MATRICES = {
    "layers": lambda w: np.sum(np.tanh(A.T[:, :3] @ w) ** 2),
    "rows": lambda w: np.log(np.sum(np.exp(w), axis=1, keepdims=True)).sum(),
    "columns": lambda w: (w - w.mean(0)).max(axis=1).sum() + np.mean(np.sum(w, axis=-1) ** 2),
    "product of itself": lambda w: np.trace(w @ w.T @ w @ w.T),
    "inverse": lambda w: np.linalg.inv(w @ w.T + np.eye(3)).sum(),
    "joined": lambda w: np.concatenate([w, 2 * w]).std(axis=0).sum() + np.hstack([w, w])[0, 5],
    "shapes": lambda w: (w.reshape(2, 6).T @ np.ones(2)) @ w.ravel()[::-1][:6] + np.swapaxes(w, 0, 1)[1, 2],
    "broadcast": lambda w: np.sum(w[0] * w[:, :1] + np.broadcast_to(w[:, 1:2], (3, 4)) * w),
    "products of rows": lambda w: np.prod(w, axis=1).sum() + np.linalg.norm(w, axis=0) @ np.arange(4),
    "stack": lambda w: np.sum((np.stack([w, w**2]) @ np.ones(4)) ** 2),
}


def _in_place(w):
    residual = A @ w
    residual -= Y
    return residual @ residual


@pytest.mark.parametrize("f", VECTORS.values(), ids=VECTORS)
def test_gradients_from_the_lines_of_an_array(f):
    close(f, W)


@pytest.mark.parametrize("f", MATRICES.values(), ids=MATRICES)
def test_gradients_from_the_lines_of_a_matrix(f):
    close(f, M)


# Formulas as trees: every leaf is smooth on the whole line, so that differences can be trusted.
LEAVES = st.sampled_from(["w", "w[::-1]", "w[0]", "1.5", "c", "(B @ w)", "w[:1]"])
FORMS = ["np.sin({})", "np.tanh({})", "np.exp(-({})**2)", "({} + {})", "({} - {})", "({} * {})", "({}) / (2 + ({})**2)",
         "np.sqrt(1 + ({})**2)", "np.sum({})", "np.mean({})", "np.arctan2({}, 2 + ({})**2)", "np.logaddexp({}, {})"]


def grow_of(forms):
    """How formulas grow from smaller ones, for ``st.recursive``."""
    return lambda inner: st.sampled_from(forms).flatmap(
        lambda form: st.tuples(*[inner] * form.count("{}")).map(lambda parts: form.format(*parts)))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.recursive(LEAVES, grow_of(FORMS), max_leaves=12), st.integers(0, 2**31 - 1))
def test_gradients_of_random_formulas(text, seed):
    rng = np.random.RandomState(seed)
    names = {"np": np, "B": rng.randn(3, 3) / 2, "c": rng.randn(3)}
    f = eval(f"lambda w: np.sum({text}) + np.sum(w)", names)
    w = rng.randn(3)
    close(f, w, 1e-6)


def test_what_is_no_array_code_has_differences_and_says_so():
    def f(w):
        return math.sin(w[0]) + float(np.sum(w**2))

    exact = np.array([math.cos(1.0), 0, 0]) + 2.0
    made = run(f, GradientDescent(lr=0.1), start=np.ones(3), steps=3)
    error = np.max(np.abs(made.g[0] - exact))
    assert "gradients by finite differences, within" in repr(made)
    assert error <= 5 * made.surface.error + 1e-11 and made.surface.error < 1e-7
    assert "math.sin" in repr(made.surface) and "f, line" in repr(made.surface)

    def written(w):
        out = np.zeros(2)
        out[0] = w[0] ** 2
        return np.sum(out)

    assert function(written).at(np.ones(2)).how == "differences"
    # A part of the derivative gets lost without a word, unless the slope is compared.
    lost = function(lambda w: np.sum(w**2) * (1.0 if isinstance(w, np.ndarray) else 2.0)).at(np.ones(2))
    assert lost.how == "differences" and "another" not in lost.why and "remembers" in lost.why
    with pytest.raises(InvalidArgument, match="gradient="):
        run(f, Adam(), start=np.zeros(20_000))


class TestGiven:
    """Gradients that a reader gives."""

    def test_it_is_used(self):
        calls = []

        def df(w):
            calls.append(w)
            return 2 * w

        made = run(lambda w: np.sum(w**2), GradientDescent(lr=0.25), np.ones(4), steps=2, gradient=df)
        np.testing.assert_array_equal(made.w[-1], np.full(4, 0.25))
        assert calls and not calls[0].flags.writeable

    @pytest.mark.parametrize("wrong", [lambda w: -2 * w, lambda w: 2 * w + 0.01, lambda w: 4 * w])
    def test_a_wrong_one_is_refused_with_both_numbers(self, wrong):
        f = function(lambda w: np.sum(w**2), gradient=wrong)
        with pytest.raises(InvalidArgument, match=rf"is {wrong(3.0):.6g} at w\[0\] .* slope 6"):
            f.at(np.array([3.0]))
        run(function(f.f, gradient=wrong, check=False), GradientDescent(), np.ones(2), steps=1)

    def test_one_that_is_wrong_in_a_single_place_of_many_is_found(self):
        def df(w):
            g = 2 * w
            g[777] = 0
            return g

        with pytest.raises(InvalidArgument, match="random direction"):
            function(lambda w: np.sum(w**2), gradient=df).at(np.ones(1000))

    def test_a_wrong_shape_is_refused(self):
        with pytest.raises(InvalidArgument, match=r"shape \(1,\) from w of shape \(3,\)"):
            run(lambda w: np.sum(w**2), Adam(), np.ones(3), gradient=lambda w: 2 * w[:1])

    def test_single_precision_is_good_enough(self):
        def f(w):
            return np.sum(np.float32(w) ** 2) / np.float32(3)

        function(f, gradient=lambda w: 2 * np.float32(w) / 3).at(RNG.randn(50))
        function(lambda w: float(f(w)), gradient=lambda w: 2 * np.float32(w) / 3).at(RNG.randn(50))
        with pytest.raises(InvalidArgument):
            function(f, gradient=lambda w: np.float32(w) / 3).at(RNG.randn(50))

    def test_it_belongs_to_functions_of_an_array(self):
        for surface in ("saddle", optlearn.surfaces.get("saddle"), lambda x, y: x):
            with pytest.raises(InvalidArgument, match="function of"):
                run(surface, Adam(), gradient=lambda w: w)


class TestRuns:
    """Runs on functions of an array: what holds on surfaces."""

    def test_a_function_of_two_numbers_is_a_surface(self):
        rosenbrock = optlearn.surfaces.get("rosenbrock")
        for rule in (Adam(lr=0.1), Nesterov(lr=1e-4), optlearn.get("lars")):
            a = run(rosenbrock, rule, (-1.5, 2.0), steps=30)
            b = run(lambda w: (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2, rule, (-1.5, 2.0), steps=30)
            np.testing.assert_allclose(a.w, b.w, rtol=1e-9)
            np.testing.assert_allclose(a.loss, b.loss, rtol=1e-8)

    @pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 4), (2, 2, 2)], ids=str)
    def test_any_shape(self, shape):
        start = np.arange(1.0, 1 + math.prod(shape)).reshape(shape)
        made = run(lambda w: np.sum(w**2), Momentum(lr=0.1), start, steps=5)
        assert made.w.shape == (6, *shape) and made["v"].shape[1:] == shape
        assert made.loss.shape == (6,) and made.loss[-1] < made.loss[0]

    def test_it_steps_as_step_does(self):
        f, rule = function(VECTORS["slices"]), Adam(lr=0.05)
        made = run(f, rule, W, steps=4)
        w, state = W, rule.init(W)
        for _ in range(4):
            w, state = rule.step(w, f.gradient(w), state)
        np.testing.assert_allclose(made.w[-1], w, rtol=1e-12)

    @pytest.mark.parametrize("keep", [1, 2, 3, 7, 50])
    def test_every_so_many_steps_are_kept(self, keep):
        f = VECTORS["data"]
        for steps in (0, 1, 6, 7, 8):
            all_, some = (run(f, Adam(lr=0.1), W, steps=steps, keep=k) for k in (1, keep))
            assert some.steps == steps and some.kept.tolist() == sorted({*range(0, steps, keep), steps})
            np.testing.assert_array_equal(some.w, all_.w[some.kept])
            np.testing.assert_array_equal(some["m"], all_["m"][some.kept])
            np.testing.assert_array_equal(some.loss, all_.loss[some.kept])
            np.testing.assert_array_equal(some.g, all_.g[some.kept[:-1]])
            if steps:
                np.testing.assert_array_equal(some["m_hat"], all_["m_hat"][some.kept[:-1]])

    @pytest.mark.parametrize("rule", [Adam, GradientDescent, lambda lr: optlearn.get("lars", lr=lr)])
    def test_sweeps_are_separate_runs(self, rule):
        f, rates = VECTORS["data"], np.array([0.01, 0.3])
        many = run(f, rule(lr=rates), W, steps=5, rng=0, noise=0.0)
        for i, lr in enumerate(rates):
            one = run(f, rule(lr=lr), W, steps=5)
            np.testing.assert_array_equal(many.w[..., i], one.w)
            np.testing.assert_array_equal(many.loss[..., i], one.loss)
            np.testing.assert_array_equal(many.lane(i).w, one.w)
        ends = optlearn.sweep(f, rule(lr=rates), W, steps=5)
        np.testing.assert_array_equal(ends, many.w[-1])

    def test_schedules_wrappers_noise_and_delay(self):
        f = VECTORS["data"]
        scheduled = run(f, GradientDescent(lr=lambda k: 0.5 / (k + 1)), W, steps=2)
        np.testing.assert_allclose(scheduled.w[2], scheduled.w[1] - 0.25 * scheduled.g[1], rtol=1e-12)
        wrapped = run(f, optlearn.wrappers.Averaged(GradientDescent(lr=0.1), kind="mean"), W, steps=3, keep=3)
        assert wrapped.answer.shape == wrapped.w.shape and not np.allclose(wrapped.answer[-1], wrapped.w[-1])
        a, b = (run(f, Adam(), W, steps=5, rng=3, noise=0.1, delay=2) for _ in range(2))
        np.testing.assert_array_equal(a.w, b.w)
        np.testing.assert_array_equal(a.probe[3], a.w[1])
        # Too large a rate: the loss grows, which halves it.
        falling = optlearn.schedules.Plateau(start=1.2, factor=0.5, patience=1, watch="step")
        made = run(lambda w: np.sum(w**2), GradientDescent(lr=falling), np.ones(3), steps=60)
        assert made.loss.max() > 3 and made.loss[-1] < 1e-3

    def test_rules_that_ask_for_more_than_a_gradient(self):
        class Newton(Optimizer, register=False):
            needs = ("loss", "gradient", "hessian", "hessian_diagonal")

            def update(self, w, g, s, t):
                h, d = s.hessian(g), s.hessian_diagonal()
                return Update(w - g * np.sum(g * g) / np.sum(g * h), loss=s.loss, d=d, ahead=s.gradient(w - g))

        curves = np.arange(1.0, 7.0).reshape(2, 3)
        for f in (lambda w: 0.5 * np.sum(curves * w**2), lambda w: float(0.5 * np.sum(curves * w**2))):
            made = run(f, Newton(), np.ones((2, 3)), steps=2)
            sharp = 1e-9 if made.surface.exact else 1e-5
            np.testing.assert_allclose(made["d"], [curves, curves], rtol=sharp)
            np.testing.assert_allclose(made["loss"], made.loss[:2], rtol=1e-9)
            g = curves
            np.testing.assert_allclose(made.w[1], 1 - g * np.sum(g * g) / np.sum(g * curves * g), atol=sharp)
            np.testing.assert_allclose(made["ahead"][0], curves * (1 - g), atol=1e-8)
            assert "Hessian by differences" in repr(made) and made.gradients.tolist() == [0, 16, 32]

    def test_divergence_ends_at_the_last_finite_step(self):
        made = run(lambda w: np.sum(w**4), GradientDescent(lr=1.0), np.full(3, 10.0), keep=2)
        assert made.diverged == made.steps + 1 and np.isfinite(made.w).all() and f"step {made.diverged}" in made.reason

    @pytest.mark.filterwarnings("error")
    def test_a_start_without_a_value_is_a_run_without_steps(self):
        made = run(lambda w: np.sum(np.sqrt(w)), Adam(), np.array([1.0, -1.0]))
        assert made.diverged == 1 and "nan" in repr(made)

    def test_a_readers_rule_runs_and_is_explained(self):
        class Wrong(Optimizer, register=False):
            def update(self, w, g, s, t):
                return Update((w - g)[:2])

        with pytest.raises(InvalidArgument, match=r"shape \(2,\)"):
            run(lambda w: np.sum(w**2), Wrong(), np.ones(3))


class TestWrong:
    """What is refused, in which words."""

    @pytest.mark.parametrize(("start", "said"), [
        (None, "start = None"), ([1.0, np.nan], "finite"), ("a", "finite"), ([], "at least one"),
        ({"a": np.ones(2)}, "value_and_gradient"), ([np.ones(2), np.ones(3)], "value_and_gradient")])
    def test_starts(self, start, said):
        with pytest.raises(InvalidArgument, match=said):
            run(lambda w: np.sum(w**2), Adam(), start)

    @pytest.mark.parametrize(("f", "said"), [
        (lambda w: w**2, "shape \\(3,\\); it must give one real number"), (lambda w: None, "None|NoneType"),
        (lambda w: "a", "real number"), (lambda w: A @ w, "line"), (lambda w: np.sum(w) + 1j, "real number")])
    def test_values(self, f, said):
        with pytest.raises(InvalidArgument, match=said):
            run(f, Adam(), np.ones(3))

    def test_the_variables_are_not_changed(self):
        def f(w):
            w *= 2
            return np.sum(w)

        with pytest.raises(InvalidArgument, match=r"w = w \* 2"):
            run(f, Adam(), np.ones(3))

    @pytest.mark.parametrize(("options", "said"), [
        ({"compiled": True}, "machine code"), ({"keep": 0}, "1 <= keep"), ({"batch": 3}, "no samples")])
    def test_options(self, options, said):
        with pytest.raises(InvalidArgument, match=said):
            run(lambda w: np.sum(w**2), Adam(), np.ones(3), **options)

    def test_keep_is_not_for_surfaces(self):
        with pytest.raises(InvalidArgument, match="every point is kept"):
            run("saddle", Adam(), keep=3)

    @pytest.mark.parametrize("f", [3, lambda x, y: x, None])
    def test_functions(self, f):
        with pytest.raises(InvalidArgument, match="one array"):
            function(f)

    def test_there_is_no_picture_of_many_numbers(self):
        f = function(VECTORS["data"], start=W)
        for use in (optlearn.explore, optlearn.plots.contour):
            with pytest.raises(InvalidArgument, match=r"5 numbers.*f\.slice\(at, d1, d2\)"):
                use(f)
        for f_, start in ((lambda w: A @ w @ Y, None), (VECTORS["data"], W)):
            with pytest.raises(InvalidArgument, match=r"slice\(at, d1, d2\)"):
                optlearn.explore(f_, "adam", start=start)
        with pytest.raises(InvalidArgument, match="one shape"):
            f.slice(np.zeros(5), np.ones(5), np.ones(4))


class TestSlices:
    """The plane through a point."""

    def test_values_and_gradients(self):
        f, (d1, d2) = function(VECTORS["data"]), RNG.randn(2, 5)
        plane = f.slice(W, d1, d2)
        for x, y in RNG.randn(3, 2):
            g = f.gradient(W + x * d1 + y * d2)
            assert plane(np.array([x, y])) == pytest.approx(f(W + x * d1 + y * d2), rel=1e-12)
            np.testing.assert_allclose(plane.gradient(np.array([x, y])), [g @ d1, g @ d2], rtol=1e-9)

    def test_it_can_be_explored_where_it_has_a_formula(self):
        plane = function(VECTORS["slices"]).slice(np.zeros(5), *np.eye(5)[:2])
        assert optlearn.explore(plane, "adam").trajectories[0].steps == 120

    def test_a_given_gradient_serves_where_there_is_no_formula(self):
        f = function(lambda w: math.hypot(*w) ** 2, gradient=lambda w: 2 * w)
        plane = f.slice(np.zeros(3), *np.eye(3)[:2])
        assert plane.exact
        np.testing.assert_array_equal(plane.gradient(np.array([[1.0, 2.0], [3.0, 4.0]])), [[2, 4], [6, 8]])

    def test_a_function_of_two_numbers_can_be_explored_and_drawn(self):
        def f(w):
            return w[0] ** 2 + 3 * w @ w

        explorer = optlearn.explore(f, "adam", steps=20)
        assert explorer.trajectories[0].surface.exact and not explorer.trajectories[0].surface.note
        assert optlearn.explore(function(f, start=(1.0, 1.0)), "adam").trajectories[0].loss[-1] < 20
        optlearn.plots.paths(run(f, Adam(lr=0.1), (1.0, 2.0)))


def fake_torch():
    """What the recipe needs of torch, on NumPy: a tensor, and ``autograd.grad`` of a quadratic."""
    class Tensor:
        def __init__(self, value):
            self.value = np.asarray(value)

        def __array__(self, dtype=None, copy=None):
            return self.value.astype(dtype or self.value.dtype)

        def __float__(self):
            return float(self.value)

    def square(x):
        made = Tensor(np.sum(x.value**2))
        made.of = x
        return made

    return types.SimpleNamespace(tensor=lambda w, requires_grad=False: Tensor(np.array(w)), square_sum=square,
                                 autograd=types.SimpleNamespace(grad=lambda y, x: (Tensor(2 * x.value),)))


class TestKnown:
    """The functions of which theory speaks."""

    def test_gradient_descent_on_a_quadratic_is_a_power_of_its_matrix(self):
        half = RNG.randn(4, 4)
        sym, b = half @ half.T / 4 + np.eye(4), RNG.randn(4)
        f = optlearn.functions.quadratic(sym, b)
        made = run(f, GradientDescent(lr=0.1), steps=7)
        best = np.linalg.solve(sym, b)
        away = np.linalg.matrix_power(np.eye(4) - 0.1 * sym, 7) @ (np.ones(4) - best)
        np.testing.assert_allclose(made.w[-1], best + away, rtol=1e-12)
        np.testing.assert_allclose(f.gradient(W[:4]), central(f.f, W[:4]), rtol=1e-7)

    def test_rosenbrock_of_two_variables_is_the_surface(self):
        surface = optlearn.surfaces.get("rosenbrock")
        f = optlearn.functions.rosenbrock(2)
        np.testing.assert_allclose(f.gradient(W[:2]), surface.gradient(W[:2]), rtol=1e-12)
        # The local minimum of four variables.
        made = run(optlearn.functions.rosenbrock(4), Adam(lr=0.01), (-0.8, 0.6, 0.4, 0.2), steps=3000)
        assert np.abs(made.g[-1]).max() < 1e-2 and made.w[-1, 0] < 0

    @pytest.mark.parametrize("wrong", [
        lambda: optlearn.functions.quadratic(np.ones((2, 3))), lambda: optlearn.functions.quadratic([[1, 2], [0, 1]]),
        lambda: optlearn.functions.quadratic(np.eye(2), np.ones(3)), lambda: optlearn.functions.rosenbrock(1),
        lambda: optlearn.functions.quadratic("a"), lambda: optlearn.functions.rosenbrock(2.5)])
    def test_what_makes_none_is_refused(self, wrong):
        with pytest.raises(InvalidArgument, match="must be"):
            wrong()


class TestPeers:
    """Functions of torch and JAX, used as they are."""

    def test_the_recipe_for_torch(self):
        torch = fake_torch()

        def loss(x):
            return torch.square_sum(x)

        def gradient(w):
            x = torch.tensor(w, requires_grad=True)
            return torch.autograd.grad(loss(x), x)[0]

        made = run(lambda w: float(loss(torch.tensor(w))), GradientDescent(lr=0.25), np.ones(3), steps=2,
                   gradient=gradient)
        np.testing.assert_array_equal(made.w[-1], np.full(3, 0.25))
        assert made.surface.how == "given"

    def test_torch_itself(self):
        torch = pytest.importorskip("torch")

        def loss(x):
            return torch.sum(x**2) + torch.sin(x[0])

        def gradient(w):
            x = torch.tensor(w, requires_grad=True)
            return torch.autograd.grad(loss(x), x)[0]

        made = run(lambda w: float(loss(torch.tensor(w))), Adam(lr=0.1), np.ones(3), gradient=gradient)
        np.testing.assert_allclose(made.w, run(VECTORS["sum"], Adam(lr=0.1), np.ones(3)).w, rtol=1e-9)

    def test_jax_itself(self):
        jax = pytest.importorskip("jax")

        def loss(w):
            return jax.numpy.sum(w**2) + jax.numpy.sin(w[0])

        made = run(loss, Adam(lr=0.1), np.ones(3), gradient=jax.grad(loss))
        np.testing.assert_allclose(made.w, run(VECTORS["sum"], Adam(lr=0.1), np.ones(3)).w, rtol=1e-4)

    def test_arrays_of_single_precision_as_of_jax(self):
        class Array(np.ndarray):
            pass

        def jitted(f):
            return lambda w: np.float32(f(np.float32(w))).view(Array) if np.ndim(f(w)) else np.float32(f(np.float32(w)))

        made = run(jitted(lambda w: np.sum(w**2)), Adam(lr=0.1), np.ones(3), gradient=jitted(lambda w: 2 * w))
        assert made.surface.how == "given" and type(made.g) is np.ndarray and made.loss[-1] < 0.1


def test_importing_the_library_loads_no_tracing():
    """The machinery of gradients is loaded where one is asked for."""
    import subprocess

    asked = "import optlearn, sys; print('optlearn.symbolic.graph' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_trees_of_arrays_are_stepped_by_hand():
    f, rule = function(lambda p: np.sum((p["W"] @ p["x"] - Y) ** 2)), Adam(lr=0.1)
    params = {"W": A, "x": W}
    state, first = rule.init(params), f(params)
    for _ in range(20):
        loss, grads = f.value_and_gradient(params)
        params, state = rule.step(params, grads, state)
    assert loss < first / 10
    np.testing.assert_allclose(f.value_and_gradient({"W": A, "x": W})[1]["x"], 2 * A.T @ (A @ W - Y))


def test_what_the_book_says_of_functions_is_so():
    path = Path(__file__).parent.parent / "book" / "using.md"
    tried = doctest.testfile(str(path), module_relative=False)
    assert tried.attempted >= 12 and not tried.failed
    # The table: what is written in its second column.
    space = {"np": np, "run": run, "f": VECTORS["data"], "start": W, "df": function(VECTORS["data"]).gradient}
    rows = re.findall(r"^\| .* \| `(run\([^.].*?\))` \| [dat]", path.read_text(encoding="utf-8"), re.M)
    assert len(rows) == 4
    for row in rows:
        assert eval(row.replace("np.zeros(50)", "np.zeros(5)"), space).surface.exact
