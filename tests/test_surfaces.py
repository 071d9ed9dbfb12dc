"""Surfaces: derivatives against SymPy and the complex step, minima, and single points against arrays."""

import copy
import pickle

import numpy as np
import pytest

import optlearn
from optlearn import InvalidArgument, Surface, surfaces
from optlearn.explorer import payload

ALL = [surfaces.get(name) for name in surfaces.names()]
for_all = pytest.mark.parametrize("surface", ALL, ids=lambda s: s.name)


def points(surface, count=20):
    x0, x1, y0, y1 = surface.domain
    return np.random.RandomState(3).uniform(size=(2, count)) * [[x1 - x0], [y1 - y0]] + [[x0], [y0]]


def in_sympy(surface):
    """The formula of a surface in SymPy: NumPy calls the methods of objects that it does not know."""
    sympy = pytest.importorskip("sympy")

    class Expression:
        def __init__(self, e):
            self.e = e

    def of(x):
        return x.e if isinstance(x, Expression) else sympy.Float(x, 30) if isinstance(x, float) else x

    for name in ("add", "sub", "mul", "truediv", "pow"):
        def forward(a, b, name=name):
            return Expression(getattr(of(a), f"__{name}__")(of(b)))

        def backward(a, b, name=name):
            return Expression(getattr(sympy.sympify(of(b)), f"__{name}__")(of(a)))

        setattr(Expression, f"__{name}__", forward)
        setattr(Expression, f"__r{name}__", backward)
    Expression.__neg__ = lambda a: Expression(-a.e)
    for name in ("sin", "cos", "exp", "sqrt", "tanh"):
        setattr(Expression, name, lambda a, name=name: Expression(getattr(sympy, name)(a.e)))
    x, y = sympy.symbols("x y")
    if surface.samples is None:
        value = surface.f(Expression(x), Expression(y)).e
    else:
        rows = [surface.loss(Expression(x), Expression(y), *map(float, row)).e for row in surface.samples]
        value = sum(rows) / len(rows)
    return sympy, (x, y), value


@for_all
def test_derivatives_are_those_of_sympy(surface):
    sympy, variables, value = in_sympy(surface)
    first = [sympy.diff(value, v) for v in variables]
    second = [[sympy.diff(d, v) for v in variables] for d in first]
    w = points(surface)
    numbers = sympy.lambdify(variables, [value, *first, *second[0], *second[1]], "mpmath")
    exact = np.array([[float(e) for e in numbers(*point)] for point in w.T.tolist()]).T
    np.testing.assert_allclose(surface(w), exact[0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(surface.gradient(w), exact[1:3], rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(surface.hessian(w).reshape(4, -1), exact[3:], rtol=1e-10, atol=1e-9)


@for_all
def test_the_gradient_is_the_complex_step(surface):
    w, h = points(surface), 1e-30
    for i in range(2):
        moved = w.astype(complex)
        moved[i] += 1j * h
        np.testing.assert_allclose(surface(moved).imag / h, surface.gradient(w)[i], rtol=1e-10, atol=1e-11)


@for_all
def test_listed_minima_are_minima(surface):
    x0, x1, y0, y1 = surface.domain
    grid = np.stack(np.meshgrid(np.linspace(x0, x1, 301), np.linspace(y0, y1, 301)))
    angle = np.linspace(0, 2 * np.pi, 60)
    for minimum in surface.minima:
        w = np.array(minimum)
        assert np.abs(surface.gradient(w)).max() < 1e-6
        assert np.linalg.eigvalsh(surface.hessian(w)).min() > 0
        assert (surface(w[:, None] + 1e-3 * np.stack([np.cos(angle), np.sin(angle)])) > surface(w)).all()
        # Each is as deep as the picture is anywhere.
        assert surface(w) < surface(grid).min() + 1e-9
        assert x0 <= w[0] <= x1
        assert y0 <= w[1] <= y1


@for_all
def test_a_point_alone_and_among_others_has_the_same_gradient(surface):
    w = points(surface)
    alone = np.array([surface.gradient(point) for point in w.T])
    np.testing.assert_allclose(alone.T, surface.gradient(w), rtol=1e-13, atol=1e-14)


def test_a_point_too_far_out_has_an_infinite_gradient_and_no_error():
    with np.errstate(all="ignore"):
        assert not np.isfinite(surfaces.get("himmelblau").gradient(np.array([1e200, 1e200]))).all()
        cubic = surfaces.of(lambda x, y: x**5 + 1 / y)
        assert not np.isfinite(cubic.gradient(np.array([1e200, 0.0]))).any()


def test_parameters_may_be_swept():
    bowl = surfaces.get("quadratic", kappa=np.array([1.0, 5.0]))
    np.testing.assert_allclose(bowl.gradient(np.ones((2, 2))), [[1, 1], [1, 5]])


@pytest.mark.parametrize("w", [np.ones(3), np.ones((3, 2)), 1.0])
def test_points_have_two_coordinates(w):
    with pytest.raises(InvalidArgument, match="coordinates first"):
        surfaces.get("saddle").gradient(w)


def test_what_is_no_surface_is_refused_with_the_near_names():
    with pytest.raises(InvalidArgument, match="did you mean 'rosenbrock'"):
        surfaces.get("rosenbrok")
    with pytest.raises(InvalidArgument, match="known are domain, start, minima"):
        surfaces.of(lambda x, y: x, colour="red")
    with pytest.raises(InvalidArgument, match="must be a Surface"):
        optlearn.run(3, optlearn.Adam())

    class Nothing(Surface):
        pass

    with pytest.raises(TypeError, match="has no method f"):
        Nothing().gradient(np.ones(2))
    del surfaces.base.registry["nothing"]


def test_a_plain_function_takes_no_name_away():
    def saddle(x, y):
        return x**2 + y**2

    def line_fit(x, y):
        return (x - 1) ** 2 + y**2

    for function in (saddle, line_fit):
        assert surfaces.of(function)((1.0, 1.0)) == function(1.0, 1.0)
        explorer = optlearn.explore(function, [optlearn.Adam()], steps=5)
        shown = explorer.data()["surfaces"][explorer.state["surface"]]
        assert shown["own"] and shown["name"] == function.__name__
    assert surfaces.get("saddle")((1.0, 1.0)) == 0.25 and "line_fit" not in payload.catalogue()["surfaces"]


def test_a_name_with_an_underscore_is_found():
    class Steep_Bowl(Surface):
        def f(self, x, y):
            return x**4 + y**4

    assert type(surfaces.get(Steep_Bowl().name)) is Steep_Bowl
    del surfaces.base.registry["steepbowl"]


NOT_A_SURFACE = {"nothing": lambda x, y: None, "a text": lambda x, y: "a", "a truth": lambda x, y: x > y,
                 "a complex number": lambda x, y: np.sqrt(x + 0j), "a pair": lambda x, y: (x, y),
                 "an error": lambda x, y: 1 / 0, "three arguments": lambda x, y, z: x}


@pytest.mark.parametrize("function", NOT_A_SURFACE.values(), ids=NOT_A_SURFACE)
def test_what_gives_no_real_number_is_refused_in_words(function):
    surface = optlearn.surfaces.of(function)
    for use in (surface, surface.gradient, lambda w: optlearn.run(surface, optlearn.GradientDescent(), steps=2)):
        with pytest.raises(optlearn.InvalidArgument):
            use(np.array([0.5, 1.0]))


@pytest.mark.parametrize("body", [
    {"samples": [[0.0, 1.0]]}, {"samples": np.arange(3.0)}, {"samples": np.array([[np.nan, 1.0]])},
    {"samples": np.zeros((0, 2))}, {"samples": np.eye(2), "sample_symbols": ("u",)}, {"__init__": lambda self: None}])
def test_a_class_of_surfaces_says_what_is_wrong_where_it_is_defined(body):
    with pytest.raises(optlearn.InvalidArgument, match="sample|__init__"):
        type("Wrong", (optlearn.Surface,), body, register=False)


def test_samples_without_symbols_have_an_equation():
    rows = {"samples": np.eye(2), "loss": lambda self, x, y, u, v: (x * u + y - v)**2}
    assert "d_{i1}" in type("Rows", (optlearn.Surface,), rows, register=False)().equation()


@pytest.mark.parametrize("compiled", [False, True])
def test_a_run_is_sent_to_another_process_and_copied(compiled):
    if compiled:
        pytest.importorskip("numba")
    made = optlearn.run("rosenbrock", "adam", steps=3, compiled=compiled)
    for other in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert repr(other) == repr(made)
        np.testing.assert_array_equal(other.loss, made.loss)
        np.testing.assert_array_equal(other["v"], made["v"])
        np.testing.assert_array_equal(other.surface.gradient(other.w[1]), made.surface.gradient(made.w[1]))
