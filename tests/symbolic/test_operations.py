"""Every row of the table of operations: NumPy, page and kernel text agree, and the derivative is the slope."""

import json

import numpy as np
import pytest
from engines import Page

from optlearn import surfaces
from optlearn.symbolic.emit import Emitter
from optlearn.symbolic.graph import apply, symbol
from optlearn.symbolic.operations import TABLE

PLAIN = [op for op, row in TABLE.items() if row.shape is None and op != "fill"]
NEAR = {"arcsin": 0.9, "arccos": 0.9, "sinh": 3.0, "cosh": 3.0, "exp": 3.0, "expm1": 3.0}
POSITIVE = {"log", "log2", "log10", "sqrt", "cbrt", "log1p", "pow"}


@pytest.fixture(scope="module")
def page():
    return Page()


def arguments(op, count=40):
    rng = np.random.RandomState(sum(map(ord, op)))
    size = NEAR.get(op, 5.0)
    points = rng.uniform(-size, size, (3, count))
    return np.abs(points) + 0.1 if op in POSITIVE else points


@pytest.mark.parametrize("op", PLAIN)
@pytest.mark.filterwarnings("ignore")
def test_the_languages_agree(op, page):
    names = [symbol(name) for name in "abc"]
    places = TABLE[op].javascript.count("{}") or TABLE[op].javascript.count("{0}") + 2 * ("{1}" in TABLE[op].javascript)
    used = names[:places]
    args = [used[0] > 0, *used[1:]] if op == "where" else [a > 0 for a in used] if op in ("and", "or", "not") else used
    node = apply(op, *args)
    values = arguments(op)[:places]
    values[:, 0], values[:, 1] = values[:, 2], 1.0                  # equal operands, and ones
    found = {}
    for language in ("numpy", "kernel", "javascript"):
        emitter = Emitter(language, dict(zip(used, "abc", strict=False)))
        body = emitter.statements([node])
        if language == "javascript":
            lines = "".join(f"const {name} = {text};" for name, text in body)
            code = f"JSON.stringify({json.dumps(values.T.tolist())}.map(([a, b, c]) => "
            code += f"{{ {lines} return String(+{emitter.text[node]}); }}))"
            found[language] = np.array(json.loads(page.context.eval(code)), dtype=float)
            continue
        text = "\n    ".join(f"{name} = {text}" for name, text in body)
        space = {"np": np}
        exec(f"def f({', '.join('abc'[:places])}):\n    {text}\n    return {emitter.text[node]}", space)
        each = [space["f"](*map(np.float64, column)) for column in values.T]
        found[language] = np.array(each if language == "kernel" else space["f"](*values), dtype=float)
    expected = TABLE[op].evaluate(*(values if op not in ("where", "and", "or", "not")
                                    else [values[0] > 0, *values[1:]] if op == "where" else values > 0))
    for language, values_found in found.items():
        np.testing.assert_allclose(values_found, np.asarray(expected, dtype=float), rtol=2e-14, atol=1e-15,
                                   err_msg=language)


@pytest.mark.parametrize("op", [op for op in PLAIN if TABLE[op].derivative is not None])
def test_the_derivative_is_the_slope(op):
    ufunc = TABLE[op].evaluate

    def f(x, y):
        if op == "where":
            return np.where(x > y, x * y, x + 2 * y)
        return ufunc(x * y + x) if ufunc.nin == 1 else ufunc(x * y + x, y)

    surface = surfaces.of(f)
    assert surface.exact
    points = np.abs(arguments(op)[:2]) / (6 if op in NEAR else 3) + 0.05
    h = 1e-6
    slopes = [(surface(points + step) - surface(points - step)) / (2 * h) for step in h * np.eye(2)[:, :, None]]
    np.testing.assert_allclose(surface.gradient(points), slopes, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("f", "x", "slope"), [
    (lambda x, y: 1 / (1 + np.exp(-x)), -1000.0, 0.0), (lambda x, y: 1 / (1 + np.exp(-x)), 1000.0, 0.0),
    (lambda x, y: np.log(1 + np.exp(x)), 700.0, 1.0), (lambda x, y: np.logaddexp(0, x), 1000.0, 1.0),
    (lambda x, y: np.exp(-np.exp(x)), 1000.0, 0.0),
    (lambda x, y: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))), -1000.0, 0.0),
    (lambda x, y: np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x))), -1000.0, 0.0)],
    ids=["logistic", "logistic", "softplus", "logaddexp", "exp of exp", "stable softplus", "stable logistic"])
@pytest.mark.filterwarnings("ignore")
def test_gradients_are_finite_where_the_function_is(f, x, slope):
    surface = surfaces.of(lambda x, y: f(x, y) + y**2)
    assert np.isfinite(surface(np.array([x, 1.0])))
    np.testing.assert_allclose(surface.gradient(np.array([x, 1.0])), [slope, 2.0], rtol=1e-12, atol=1e-12)
