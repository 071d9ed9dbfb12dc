"""Surfaces typed as text: what is read, what is refused, and that nothing else happens."""

import time

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from test_functions import grow_of

import optlearn
from optlearn import Adam, InvalidArgument, run, surface
from optlearn.surfaces import typed
from optlearn.surfaces.typed import functions

SPELLED = {"abs": "Abs", "max": "Max", "min": "Min", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
           "arcsinh": "asinh", "arctan2": "atan2"}
LEAVES = st.sampled_from(["x", "y", "1.5", "2", "pi", "0.3"])
FORMS = ["sin({})", "tanh({})", "exp(-({})**2)", "({} + {})", "{} - {}", "({} * {})", "({}) / (2 + ({})**2)",
         "sqrt(1 + ({})**2)", "-({})", "arctan({})", "({})**3", "log(2 + ({})**2)", "cosh({} / 9)", "2**sin({})"]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.recursive(LEAVES, grow_of(FORMS), max_leaves=8), st.floats(-1, 1), st.floats(-1, 1))
def test_random_formulas_are_those_of_sympy(text, x, y):
    made = surface(text + " + 0*x", domain=(-1, 1, -1, 1), start=(0.5, 0.5))
    symbols = sympy.symbols("x y")
    expected = sympy.sympify(text, {name: getattr(sympy, word) for name, word in SPELLED.items()})
    point = dict(zip(symbols, (x, y), strict=True))
    exact = [float(f.evalf(20, subs=point)) for f in (expected, *(sympy.diff(expected, s) for s in symbols))]
    w = np.array([x, y])
    np.testing.assert_allclose([made(w), *made.gradient(w)], exact, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(made(w[:, None])[0], made(w), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", sorted(functions()))
def test_every_function_of_the_table_is_read(name):
    ufunc = functions()[name]
    made = surface(f"{name}({', '.join(['x', 'y'][:ufunc.nin])}) + y", domain=(0, 1, 0, 1), start=(0.3, 0.6))
    assert made.exact
    np.testing.assert_allclose(made(np.array([0.3, 0.6])), ufunc(*[0.3, 0.6][:ufunc.nin]) + 0.6, rtol=1e-14)


# The text, a part of what is said, and the sign that is marked.
REFUSED = [
    ("x^2 + y^2", "a power is written **", 1), ("(x + y) ^ 2", "a power is written **", 8), ("x² + y", "**", 1),
    ("2x + y", "2*x", 0), ("2(x + 1)", "*: 2*(x + 1)", 1), ("x(y + 1)", "x*(...)", 1), ("x y", "with *", 2),
    ("sin x", "sin(...)", 4), ("sin + x", "sin(x)", 0), ("z + x", "known are x, y, pi, e", 0),
    ("x + ln(y)", "write log", 4), ("x + sim(y)", "did you mean 'sin'", 4), ("np.sin(x)", "write sin alone", 0),
    ("x > y", "maximum(a, b)", 0), ("x if y else 1", "branches", 0), ("f(x, y) = x", "right of the =", 8),
    ("x + y = 1", "right of the =", 6), ("0,5*x", "0.5", 0), ("sin(x, y)", "takes 1 value", 0),
    ("max(x, y, 1)", "takes 2 values", 0), ("log(x=1)", "takes values only", 3), ("log(*x)", "takes values only", 3),
    ("x + 1j", "real numbers", 4), ("x + True", "real numbers", 4), ("x + 'a'", "real numbers", 4),
    ("x + None", "real numbers", 4), ("x % 2", "there are + - * /", 2), ("x // y", "there are + - * /", 2),
    ("x @ y", "there are + - * /", 2), ("x + 1/0", "1/0 is not a finite number", 4),
    ("9**9**9 * x", "9**9**9 is not a finite number", 0), ("x + log(0)", "not a finite", 4),
    ("1e999*x", "too large", 0), ("é + x^2", "**", 5), ("sin(x", "never closed", 3), ("x +", "no formula", 3),
    ("not x", "only numbers", 0), ("~x", "only numbers", 0), ("x[0]", "single numbers", 0), ("(x, y)", "one value", 0),
    ("x.real", "write real alone", 0), ("x.__class__", "alone", 0), ("lambda x: x", "only numbers", 0),
    ("[y for y in x]", "only numbers", 0), ("(x := y)", "only numbers", 1), ("__import__('os').name", "alone", 0),
    ("__import__('os')", "not known", 0), ("exec('x')", "not known", 0), ("f'{x}'", "only numbers", 0),
    ("__builtins__ + x", "not known", 0), ("x + await_", "not known", 4),
]


@pytest.mark.parametrize(("text", "said", "at"), REFUSED, ids=[text for text, *_ in REFUSED])
def test_what_is_no_formula_is_refused_with_its_place(text, said, at):
    with pytest.raises(InvalidArgument) as refusal:
        surface(text)
    first, shown, caret = str(refusal.value).split("\n")
    assert said in first and repr(text) in first
    assert shown == "    " + text and caret == "    " + " " * at + "^"


@pytest.mark.parametrize(("text", "said"), [
    ("", "empty"), ("  ", "empty"), ("x" + " + x" * 200, "may have 500"), ("(" * 300, "no formula|deep"),
    ("-" * 450 + "x", "too deeply"), ("sin(" * 40 + "x" + ")" * 40, "too deeply"), ("x\n+ y", "one line"),
    ("x\x00y", "no formula|null"), ("x**" * 100 + "x", "too deeply"), ("1" * 400 + "*x", "too large"),
    ("log(-1 - x**2)", "no finite value and gradient in the domain")])
def test_long_and_deep_texts_are_refused_at_once(text, said):
    began = time.process_time()
    with pytest.raises(InvalidArgument, match=said):
        surface(text)
    assert time.process_time() - began < 5  # not a speed: that it ends


@pytest.mark.parametrize("text", [
    " + ".join(["x*y"] * 80), "*".join(["x"] * 200), "/".join(["(2 + sin(x*y))"] * 25), "exp(x/9)*" * 50 + "y",
    "sin(" * 28 + "x*y" + ")" * 28, "**".join(["(1 + x/9)"] * 20)], ids=lambda text: text[:12])
def test_the_longest_that_are_allowed_are_drawn(text):
    explorer = optlearn.explore(text, [Adam()], start=(0.5, 0.5), steps=3)
    assert explorer.surface.exact and explorer.trajectories[0].steps == 3


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(alphabet="xy01.+-*/()^,= esinp_[]{}:'\"²é#\\", max_size=14))
def test_any_text_is_read_or_refused(text):
    try:
        made = typed(text)
    except InvalidArgument:
        return
    assert made.exact and np.isfinite(made(np.array(made.start)))


def test_a_text_is_taken_wherever_a_surface_is():
    text = "x**2 + 3*y**2"
    assert repr(run(text, "adam", steps=1)).startswith("Trajectory(adam on x**2 + 3*y**2, 1 steps, ends at (-1.499")
    assert surface(text) is surface(f" {text} ") and surface(text).registered is False
    assert optlearn.explore(text, "adam").surface is surface(text)
    np.testing.assert_array_equal(optlearn.sweep(text, Adam(lr=np.array([0.1, 0.2])), steps=3).shape, (2, 2))
    optlearn.plots.contour(text)
    compiled = pytest.importorskip("numba") and run(text, Adam(lr=0.1), steps=20, compiled=True)
    np.testing.assert_allclose(compiled.w, run(text, Adam(lr=0.1), steps=20).w, rtol=1e-12)


def test_names_are_names():
    with pytest.raises(InvalidArgument, match="did you mean 'rosenbrock'"):
        surface("rosenbrok")
    assert surface("six-hump camel").name == "sixhumpcamel" and surface("x - y").name == "x - y"
    with pytest.raises(InvalidArgument, match="no argument 'kappa'"):
        surface("x**2", kappa=3)
    assert surface("quadratic", kappa=3.0).kappa == 3.0


def test_the_equation_is_as_it_was_typed():
    assert surface("1/3*x**2 - 2*pi*y").equation() == r"f(x, y) = \frac{1}{3} \, x^{2} - 2 \, \pi \, y"


@pytest.mark.parametrize(("text", "domain"), [
    ("x**2 + y**2", (-3, 3, -3, 3)), ("x - log(x) + y**2", (0, 3, -3, 3)), ("log(x) * log(y)", (0, 3, 0, 3)),
    ("sqrt(-x) + log(-y) + x**2", (-3, 0, -3, 0)), ("x**(1/3) + y**2", (0, 3, -3, 3))])
def test_the_domain_is_where_there_are_values(text, domain):
    made = surface(text)
    assert made.domain == domain and np.isfinite(made.gradient(np.array(made.start))).all()
    given_ = surface(text, domain=[0.5, 1, -1, -0.5], start=np.array([0.75, -0.75])) if "log(-" not in text else made
    assert given_.domain[0] in (0.5, -3) and given_ is not None


def test_where_it_has_no_value_a_run_ends_as_on_other_surfaces():
    made = run("log(x) + y**2", optlearn.GradientDescent(lr=1.0), start=(0.5, 1.0), steps=20)
    other = run(lambda x, y: np.log(x) + y**2, optlearn.GradientDescent(lr=1.0), start=(0.5, 1.0), steps=20)
    assert made.reason == other.reason
    np.testing.assert_array_equal(made.w, other.w)


def test_a_domain_that_is_none_is_refused():
    with pytest.raises(InvalidArgument, match="domain"):
        surface("x**2", domain=(1, 0, 0, 1))
    with pytest.raises(InvalidArgument, match="start"):
        surface("x**2", start=(1, "a"))
