"""What holds for every rule."""

import ast
import inspect

import numpy as np
import pytest
from every import CLASSES, NAMES, VARIANTS, Draws, answers, joins_coordinates, take
from hypothesis import given, settings
from hypothesis import strategies as st

import optlearn

every_variant = pytest.mark.parametrize(
    "rule", [pytest.param(rule, id=key) for key, rule in VARIANTS.items()]
)
every_rule = pytest.mark.parametrize("name", NAMES)
few = settings(max_examples=10, deadline=None)


@st.composite
def problems(draw, steps=4):
    """Parameters, gradients (some of them zero) and draws."""
    random = np.random.RandomState(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 6))
    scale = 2.0 ** draw(st.integers(-10, 6))
    grads = scale * random.standard_normal((steps, n)) * (random.random_sample((steps, n)) > 0.2)
    return random.standard_normal(n), grads, random.standard_normal(n)


@every_variant
@few
@given(problems(), st.randoms(use_true_random=False))
def test_permuting_coordinates_permutes_the_path(rule, problem, random):
    w, grads, draws = problem
    order = list(range(len(w)))
    random.shuffle(order)
    path, _ = take(rule, w, grads, Draws(draws))
    permuted, _ = take(rule, w[order], grads[:, order], Draws(draws[order]))
    np.testing.assert_allclose(permuted, path[:, order], rtol=1e-9, atol=1e-12)


@every_variant
@few
@given(problems())
def test_mirrored_parameters_and_gradients_mirror_the_path(rule, problem):
    w, grads, draws = problem
    path, _ = take(rule, w, grads, Draws(draws))
    mirrored, _ = take(rule, -w, -grads, Draws(-draws))
    np.testing.assert_array_equal(mirrored, -path)


@pytest.mark.parametrize("name", [name for name in NAMES if CLASSES[name].scale_free is not None])
@few
@given(problems(), st.integers(-8, 8))
def test_declared_scale_invariance(name, problem, exponent):
    w, grads, _ = problem
    # With eps = 0 a gradient that is always zero gives 0/0, and Muon's and Adafactor's divisors have a floor near 1e-7.
    grads[np.abs(grads) < 0.01] = 0.5
    rule = CLASSES[name](**CLASSES[name].scale_free)
    # Factors that are powers of two are exact.
    np.testing.assert_array_equal(take(rule, w, 2.0**exponent * grads)[0], take(rule, w, grads)[0])


@pytest.mark.parametrize("name", [name for name in NAMES if CLASSES[name].scale_free is None])
def test_other_rules_are_not_scale_invariant(name):
    # Sophia's steps have one size where the clipping takes hold; Shampoo's depend on the scale by its epsilon.
    rule = CLASSES[name](**{"sophia": {"clip_threshold": 1e9}, "shampoo": {"matrix_eps": 1.0}}.get(name, {}))
    w, grads = np.array([1.0, -2.0]), np.random.RandomState(0).standard_normal((8, 2))
    draws = Draws(np.zeros(2))
    assert not np.allclose(
        take(rule, w, 64 * grads, draws)[0], take(rule, w, grads, draws)[0], rtol=1e-9, atol=0
    )


@every_variant
def test_a_sweep_is_as_many_runs(rule):
    for name, declared in rule.hypers().items():
        if rule.values[name] is None or declared.integer:
            continue
        low = (declared.at_least or declared.above or 0) + 0.1
        high = min(declared.below or declared.at_most or np.inf, low + 1) - 0.1
        values = np.array([low, 0.5 * (low + high), high])
        sweep = rule.replace(**{name: values})
        if rule.takes_matrices:
            with pytest.raises(optlearn.InvalidArgument, match="list of optimizers"):
                optlearn.run("quadratic", sweep, steps=1, rng=0)
            continue
        start = np.array([[1.0], [-0.7]])
        draws = Draws(np.array([[0.3], [-1.2]]))
        together = optlearn.run("quadratic", sweep, start=start, steps=5, rng=draws)
        for i, value in enumerate(values):
            alone = optlearn.run(
                "quadratic",
                rule.replace(**{name: float(value)}),
                start=start[:, 0],
                steps=5,
                rng=Draws(draws.numbers[:, 0]),
            )
            np.testing.assert_allclose(together.w[..., i], alone.w, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize(
    "rule", [pytest.param(r, id=k) for k, r in VARIANTS.items() if not joins_coordinates(r)]
)
def test_a_nested_tree_is_the_joined_array(rule):
    random = np.random.RandomState(1)
    w, grads = random.standard_normal(6), random.standard_normal((4, 6))
    path, _ = take(rule, w, grads, np.random.RandomState(2))
    split = [{"a": v[:2], "b": [v[2:3].reshape(()), (v[3:].reshape(3, 1),)]} for v in (w, *grads)]
    rng, params = np.random.RandomState(2), split[0]
    state = rule.init(params)
    for g in split[1:]:
        params, state = rule.step(params, g, state, rng=rng, **answers(params, g))
    assert isinstance(params["b"], list)
    assert params["b"][0].shape == ()
    joined = np.concatenate([params["a"], params["b"][0][None], params["b"][1][0].ravel()])
    np.testing.assert_allclose(joined, path[-1], rtol=1e-13)


@every_variant
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_and_nothing_is_changed_or_shared(rule, dtype):
    random = np.random.RandomState(0)
    w, g = random.standard_normal((2, 4, 3)).astype(dtype)
    w.setflags(write=False)
    g.setflags(write=False)
    state = rule.init(w)
    before = (w.tobytes(), g.tobytes())
    for _ in range(2):
        held = {name: np.array(value) for name, value in state.slots[0].items()}
        for value in state.slots[0].values():
            if isinstance(value, np.ndarray) and value.ndim:
                value.setflags(write=False)
        new, later = rule.step(w, g, state, rng=random, **answers(w, g))
        assert new.dtype == dtype
        for name, value in later.slots[0].items():
            assert np.ndim(value) == 0 or value.dtype == dtype, name
            assert not any(np.shares_memory(value, other) for other in (w, g, new)), name
        for name, value in held.items():
            np.testing.assert_array_equal(state.slots[0][name], value)
        assert not np.shares_memory(new, w)
        assert (w.tobytes(), g.tobytes()) == before
        state = later


@every_variant
def test_arrays_of_every_form_work(rule):
    random = np.random.RandomState(0)
    w, g = random.standard_normal((2, 6, 4))
    for view in (lambda x: x[::2, 1:], lambda x: x.T, lambda x: x[::-1]):
        strided, _ = take(rule, view(w), [view(g)] * 2, np.random.RandomState(1))
        packed, _ = take(rule, view(w).copy(), [view(g).copy()] * 2, np.random.RandomState(1))
        np.testing.assert_allclose(strided, packed, rtol=1e-12)
    for shape in ((0,), (3, 0), ()):
        path, _ = take(rule, np.ones(shape), [np.ones(shape)] * 2, np.random.RandomState(1))
        assert path.shape == (2, *shape)
        assert np.isfinite(path).all()
    path, _ = take(rule, np.float64(1.0), [np.float64(1.0)] * 2, np.random.RandomState(1))
    one, _ = take(rule, np.ones(1), [np.ones(1)] * 2, np.random.RandomState(1))
    np.testing.assert_allclose(path, one[:, 0], rtol=1e-13)


POOL = [
    0.0,
    -0.0,
    1.0,
    0.5,
    0.9,
    2.0,
    7,
    1e-8,
    1e-3,
    5e-324,
    1e-300,
    1e300,
    0.6,
    1 / 3,
    1 - 1e-16,
    50,
    4.0,
    0.1,
]
BAD = [
    -1.0,
    -1e-300,
    np.nan,
    np.inf,
    -np.inf,
    "0.1",
    None,
    True,
    1j,
    [],
    {},
    10**400,
    np.float16(0.5),
    [0.1, 2.0],
]


@every_rule
def test_random_values_work_or_are_refused_with_their_range(name):
    """Ten thousand draws: a ValueError that gives the range, or a rule that makes a step."""
    cls, random = CLASSES[name], np.random.RandomState(0)
    declared = cls._declared
    w, g = np.array([1.0, -2.0, 0.0]), np.array([0.5, 0.0, -3.0])
    worked, refusals = 0, set()
    for picks in random.randint(0, len(POOL) + len(BAD) // 4, (10_000, len(declared))):
        values = {}
        for (key, d), pick in zip(declared.items(), picks, strict=True):
            if hasattr(d, "choices"):
                values[key] = d.choices[pick % len(d.choices)]
            elif pick < len(POOL):
                values[key] = POOL[pick]
            else:
                values[key] = BAD[random.randint(len(BAD))]
        try:
            rule = cls(**values)
        except ValueError as error:
            refusals.add(str(error))
            continue
        if any(isinstance(value, np.ndarray) for value in rule.values.values()):
            continue
        if worked < 300:
            worked += 1
            with np.errstate(all="ignore"):
                take(rule, w, [g, -g, g], Draws(np.zeros(3)), nonfinite="propagate")
    assert worked > 20
    assert all(any(d.range in text for d in declared.values()) for text in refusals)


@every_rule
def test_help_teaches(name):
    """Pseudo-code, source, convention, an example, and all numbers with their ranges."""
    doc = CLASSES[name].__doc__
    for part in ("::\n", "Source:", "onvention", "Examples\n", ">>> "):
        assert part in doc, part
    for key, declared in CLASSES[name]._declared.items():
        assert f"{key} : " in doc
        assert declared.range[1:] in doc


@every_rule
def test_a_rule_is_short(name):
    """At most 60 lines of code a file, comments and docstrings apart."""
    source = inspect.getsource(inspect.getmodule(CLASSES[name]))
    lines = set()
    for node in ast.walk(ast.parse(source)):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.stmt) and not is_text:
            end = node.body[0].lineno if hasattr(node, "body") else node.end_lineno + 1
            lines.update(range(node.lineno, end if end > node.lineno else node.lineno + 1))
    documented = {
        n
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for n in range(node.lineno, node.end_lineno + 1)
    }
    code = [n for n in lines - documented if source.splitlines()[n - 1].strip()]
    assert len(code) <= 60


@every_variant
def test_values_make_the_same_rule(rule):
    again = optlearn.get(rule.name, **rule.values)
    assert again == rule
    assert again.replace(lr=0.7).values == {**rule.values, rule._aliases.get("lr", "lr"): 0.7}
