"""Random lines of a reader: right in every form, or refused in words; never another number in silence.

``OPTLEARN_DRAWS=10000`` draws more of them.
"""

import json
import os

import numpy as np
import pytest
from engines import Page
from grammar import Writer, made

import optlearn
from optlearn import InvalidArgument, stepping, surfaces
from optlearn.symbolic import fused, native
from optlearn.symbolic.javascript import surface_code
from optlearn.symbolic.trace import NotTraceable, trace

DRAWS, SHARES, STEPS = int(os.environ.get("OPTLEARN_DRAWS", 240)), 8, 6
REFUSED = (NotTraceable, InvalidArgument)
STARTS = np.array([[0.7, -1.1, 0.3], [-0.4, 0.2, 1.3]])


@pytest.fixture(scope="module")
def page():
    return Page()


@pytest.fixture
def interpreted(monkeypatch):
    """Kernels as Python runs them: to compile each would take a second."""
    pytest.importorskip("numba")

    def build(source, *_):
        functions = {"np": np}
        exec(source, functions)
        return functions["kernel"]

    monkeypatch.setattr(native, "build", build)
    monkeypatch.setattr(fused, "compiled", build)
    monkeypatch.setattr(native, "_driver", lambda: native._drive)
    monkeypatch.setattr(native, "_rules", {})
    return surfaces.of(lambda x, y: 0.5 * (x**2 + 10 * y**2))


def finite(rows):
    """The rows before the first that is not finite, or too large to be compared."""
    flat = np.abs(np.asarray(rows, dtype=float)).reshape(len(rows), -1).max(axis=1)
    bad = np.flatnonzero(~(flat < 1e8))
    return rows[:bad[0]] if len(bad) else rows


def same(expected, found, what, text):
    expected = finite(np.asarray(expected, dtype=float))
    found = np.asarray(found, dtype=float)[:len(expected)]
    assert found.shape == expected.shape, (what, text)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9, err_msg=f"{what}\n{text}")


def run(rule, surface, **keywords):
    return optlearn.run(surface, rule, steps=STEPS, **keywords)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("share", range(SHARES))
def test_rules(share, page, interpreted, monkeypatch):
    bowl, refused = interpreted, 0
    for seed in range(share, DRAWS, SHARES):
        text = Writer(seed).rule()
        try:
            rule = made(text)()
            single = run(rule, bowl, start=STARTS[:, 0])
        except (*REFUSED, ValueError, TypeError, AttributeError, IndexError, ArithmeticError):
            refused += 1
            continue
        sweep = run(rule.replace(lr=np.array([0.05, 0.02, 0.04])), bowl, start=STARTS)
        for k, lr in enumerate((0.05, 0.02, 0.04)):
            alone = run(rule.replace(lr=lr), bowl, start=STARTS[:, k])
            same(alone.w, sweep.w[:, :, k], f"run {k} of the sweep", text)
        stepped(rule, monkeypatch, text)
        try:
            trace(rule)
        except REFUSED:
            refused += 1
            continue
        compiled = run(rule, bowl, start=STARTS[:, 0], compiled=True)
        same(single.w, compiled.w, "kernel", text)
        found = page.run(rule, bowl, steps=STEPS, start=STARTS[:, 0])
        same(single.w, found["w"], "page", text)
        for name in rule.slots:
            for engine, values in (("kernel", compiled.named), ("page", found)):
                n = len(finite(single.w))
                a, b = np.broadcast_arrays(single.named[name][:n], values[name][:n])
                same(a, b, f"{engine}: {name}", text)
        assert rule.equation().count("{") == rule.equation().count("}")
    assert refused < 0.75 * DRAWS / SHARES


def stepped(rule, monkeypatch, text):
    """A large array is stepped as a small one is."""
    rng = np.random.RandomState(0)
    w, grads = rng.standard_normal(40), rng.standard_normal((3, 40))

    def path():
        at, state = w, rule.init(w)
        for g in grads:
            at, state = rule.step(at, g, state)
        return at

    def outcome(block):
        monkeypatch.setattr(stepping, "BLOCK", block)
        try:
            return path()
        except (InvalidArgument, TypeError, ValueError, AttributeError, IndexError) as error:
            return type(error)

    whole, blocks = outcome(10**6), outcome(80)
    if isinstance(whole, type):
        assert blocks is whole, text
    else:
        np.testing.assert_array_equal(blocks, whole, err_msg=text)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("share", range(SHARES))
def test_surfaces(share, page):
    points = np.random.RandomState(share).uniform(-2, 2, (2, 6))
    for seed in range(share, DRAWS, SHARES):
        text = Writer(seed).surface()
        try:
            function = made(f"def f(x, y):\n    return {text}", "f")
            expected = np.array([float(function(x, y)) for x, y in points.T])
        except Exception:  # not a function of two numbers
            continue
        surface = surfaces.of(function)
        same(expected, surface(points), "values at many points", text)
        each = np.array([surface.gradient(point) for point in points.T]).T
        np.testing.assert_allclose(surface.gradient(points), each, rtol=1e-9, atol=1e-9, err_msg=text)
        slopes = np.array([[(function(x + h, y + k) - function(x - h, y - k)) / 2e-6 for h, k in ((1e-6, 0), (0, 1e-6))]
                           for x, y in points.T]).T
        smooth = np.isfinite(slopes) & np.isfinite(each)
        wrong = smooth & (np.abs(slopes - each) > 1e-3 * (1 + np.abs(slopes) + np.abs(expected)))
        assert wrong.sum() <= 4, (text, slopes, each)          # kinks and jumps between the two points
        if surface.exact:
            code = f"(() => {{ const s = {surface_code(surface)}; return JSON.stringify({points.T.tolist()}.map("
            code += "([x, y]) => { const o = [0, 0]; s.gradient(x, y, [], o, 0); "
            code += "return [s.f(x, y, []), ...o].map(String); })) })()"
            found = np.array(json.loads(page.context.eval(code)), dtype=float).T
            np.testing.assert_allclose(found[0], expected, rtol=1e-9, atol=1e-12, err_msg=text)
            np.testing.assert_allclose(found[1:], each, rtol=1e-8, atol=1e-9, err_msg=text)


@pytest.mark.filterwarnings("ignore")
def test_compiled_for_real():
    """A few of them by Numba itself."""
    pytest.importorskip("numba")
    tried = 0
    for seed in range(10**6, 10**6 + 60):
        text = Writer(seed).rule()
        try:
            rule = made(text)()
            single = run(rule, "quadratic", start=STARTS[:, 0])
            trace(rule)
        except (*REFUSED, ValueError, TypeError, AttributeError, IndexError, ArithmeticError):
            continue
        same(single.w, run(rule, "quadratic", start=STARTS[:, 0], compiled=True).w, "kernel", text)
        tried += 1
        if tried == 6:
            break
    assert tried == 6
