"""Rules to which rows and columns mean something: recorded for a shape, printed, and run by every engine alike."""

import json

import numpy as np
import pytest
from engines import Page, apart, forms

import optlearn
from optlearn import Optimizer, Update, hyper, repeat, run, sympower, train
from optlearn.explorer.payload import rule_key, rule_payload
from optlearn.symbolic import jacobi, matrix_kernels
from optlearn.symbolic.graph import Node, NotTraceable, recording, symbol, walk
from optlearn.symbolic.javascript import rule_code
from optlearn.symbolic.loops import Loops, place, within
from optlearn.symbolic.program import evaluate
from optlearn.symbolic.trace import parameter_values, trace

SHAPES = [(2, 2), (4, 3), (2, 5)]


@pytest.fixture(scope="module")
def page():
    return Page()


def interpreted(source):
    """A kernel as Python runs it."""
    space = {"np": np, "sympower": jacobi._sympower}
    exec(source, space)
    return space["kernel"]


class Shampoo(Optimizer, register=False):
    """As a reader writes it in a cell."""

    lr = hyper(0.1, above=0, symbol=r"\eta")
    eps = hyper(1e-2, above=0, symbol=r"\epsilon")
    slots = ("L", "R")
    takes_matrices = True

    def start(self, w):
        rows, cols = w.shape if w.ndim == 2 else (len(w), 1)
        return {"L": self.eps * np.eye(rows), "R": self.eps * np.eye(cols)}

    def update(self, w, g, s, t):
        G = g.reshape(len(s.L), len(s.R))
        L, R = s.L + G @ G.T, s.R + G.T @ G
        step = sympower(L, -1 / 4) @ G @ sympower(R, -1 / 4)
        return Update(w - self.lr * step.reshape(w.shape), L=L, R=R)


def matrix_rule(update, start=None, **members):
    """A reader's rule on matrices with this update."""
    members = {"lr": hyper(0.1, above=0), "takes_matrices": True, "update": update, **members}
    return type("Mine", (Optimizer,), {**members, **({"start": start} if start else {})}, register=False)()


# Random programs


def program(rng, symbols, size=12):
    """A random list of quantities made of matrices and a number."""
    made = list(symbols)

    def any_of(test):
        fitting = [x for x in made if test(_shape(x))]
        return fitting[rng.randint(len(fitting))]

    for _ in range(size):
        kind = rng.randint(10)
        x = any_of(lambda shape: len(shape) == 2)
        rows, cols = (int(n) for n in x.shape)
        if kind == 0:
            new = x.T
        elif kind == 1:
            new = np.tanh(x @ any_of(lambda shape, n=cols: len(shape) == 2 and shape[0] == n)) \
                if any(len(s) == 2 and s[0] == cols for s in [_shape(y) for y in made]) else x @ x.T
        elif kind == 2:
            new = [np.sum, np.mean, np.max, np.min][rng.randint(4)](x, axis=int(rng.randint(2)), keepdims=True)
        elif kind == 3:
            new = x * np.mean(x, axis=0, keepdims=True) - np.sum(np.abs(x), axis=1).reshape(rows, 1)
        elif kind == 4:
            new = np.where(x > 0, x, 0.5 * x) / (1 + np.linalg.norm(x))
        elif kind == 5:
            new = sympower(np.eye(rows) + x @ x.T / (1 + np.sum(x**2)), [-0.5, 0.25][rng.randint(2)], 0.1)
        elif kind == 6:
            new = repeat(lambda X: Update(0.5 * X - 0.1 * X @ X.T @ X / (1 + np.sum(X * X)), n=np.sum(X)), x,
                         int(rng.randint(4)))
        elif kind == 7:
            new = x.reshape(cols, rows) * 0.3
        elif kind == 8:
            new = np.maximum(x, np.max(x) - 1.0) - x.size / (rows + cols)
        else:
            new = x + np.arange(float(cols)) * any_of(lambda shape: shape == ())
        made.append(new)
    return made[len(symbols):]


def _shape(x):
    return x.extents if isinstance(x, Node) else np.shape(x)


@pytest.mark.parametrize("seed", range(12))
def test_random_programs_are_the_same_in_every_language(seed, page):
    draw = np.random.RandomState(seed)
    rows, cols = draw.randint(1, 5, 2)
    values = [draw.standard_normal((rows, cols)), draw.standard_normal((cols, rows)), np.float64(draw.normal())]
    plain = program(np.random.RandomState(seed), values)
    symbols = [symbol(name, np.ndim(x) > 0, np.shape(x)) for name, x in zip("abc", values, strict=True)]
    with recording() as noted:
        noted.concrete = True
        nodes = program(np.random.RandomState(seed), symbols)
    found = {"NumPy": evaluate(nodes, dict(zip(symbols, values, strict=True)))}
    flat = np.concatenate([np.ravel(x) for x in values])
    for language in ("kernel", "javascript"):
        loops, at, out = Loops(language), 0, 0
        for node, x in zip(symbols, values, strict=True):
            if node.vector:
                loops.place[node] = place(within("R", at), node.extents)
            else:
                loops.text[node] = f"R[{at}]"
            at += np.size(x)
        body, targets = loops.statements(nodes), {}
        for k, x in enumerate(plain):
            targets[k] = place(within("O", out), np.shape(x))
            out += np.size(x)
        body = loops.lines([*body, *loops.stores(targets, dict(enumerate(nodes)))])
        if language == "kernel":
            lines = "\n    ".join(["def kernel(R, O):", *matrix_kernels.prelude(loops), *body])
            written = np.empty(out)
            interpreted(lines)(flat, written)
        else:
            constants = "".join(f"const {name} = {json.dumps(list(x))};" for name, x in loops.constants.items())
            helper = jacobi.JAVASCRIPT if loops.calls else ""
            code = (f"{helper}{constants} const R = {json.dumps(flat.tolist())}, O = [], "
                    f"B = new Float64Array({loops.size}); {' '.join(body)} return JSON.stringify(O);")
            written = np.array(json.loads(page.context.eval(f"(() => {{ {code} }})()")))
        ends = np.cumsum([np.size(x) for x in plain])[:-1]
        found[language] = [part.reshape(np.shape(x)) for part, x in zip(np.split(written, ends), plain, strict=True)]
    for language, made in found.items():
        for k, (x, y) in enumerate(zip(plain, made, strict=True)):
            assert np.shape(x) == np.shape(y)
            np.testing.assert_allclose(y, x, rtol=1e-10, atol=1e-12, err_msg=f"{language}, {nodes[k]!r}")


# Rules in every engine

STEP = """
(rule, row, stride, w, grads, h) => {
  const R = new Float64Array((grads.length + 1) * stride);
  R.set(w, row.w[0]);
  rule.start(R, 0, h);
  grads.forEach((g, k) => {
    rule.probe(R, k * stride, (k + 1) * stride, k + 1, h);
    R.set(g, (k + 1) * stride + row.g[0]);
    rule.step(R, k * stride, (k + 1) * stride, k + 1, h);
  });
  return JSON.stringify(Array.from(R));
}
"""


def readable(rule, w, grads):
    """What `step` makes, by name."""
    state, made = rule.init(w), {"w": [w], **{name: [] for name in rule.slots}}
    for g in [None, *grads]:
        if g is not None:
            w, state = rule.step(w, g, state)
            made["w"].append(w)
        for name in rule.slots:
            made[name].append(state[name])
    return made


def on_page(page, rule, w, grads):
    """What the page makes of the same gradients."""
    code, row, stride = rule_code(rule, w.shape)
    given = [row, stride, w.ravel().tolist(), [g.ravel().tolist() for g in grads], parameter_values(rule)]
    made = json.loads(page.context.eval(f"({STEP})({code}, {', '.join(map(json.dumps, given))})"))
    rows = np.array(made).reshape(-1, stride)
    return {name: rows[:, first:first + size] if size > 1 or name == "w" else rows[:, first]
            for name, (first, size) in row.items()}


def all_forms():
    for name in ("muon", "adafactor", "shampoo"):
        for rule in forms(name):
            yield rule.replace(**({"matrix_eps": 0.01} if name == "shampoo" else {}))
    yield Shampoo()
    yield optlearn.Muon(lr=0.1, ns_steps=2, clip_gradient=0.5)
    yield optlearn.wrappers.Lookahead(optlearn.Muon(lr=0.1), sync_period=2)


FORMS = list(all_forms())


@pytest.mark.parametrize("rule", FORMS, ids=repr)
def test_page_and_kernel_make_the_steps_of_the_rule(rule, page, monkeypatch):
    monkeypatch.setattr(matrix_kernels, "compiled", interpreted)
    for k, shape in enumerate([*SHAPES, (2,), (8, 8), (2, 3, 2)][:6 if rule.name == "adafactor" else 5]):
        draw = np.random.RandomState(k)
        w, grads = draw.standard_normal(shape), draw.standard_normal((6, *shape))
        expected = readable(rule, w, grads)
        assert apart({n: np.array(x).reshape(7, -1) for n, x in expected.items()},
                     {n: x.reshape(7, -1) for n, x in on_page(page, rule, w, grads).items()
                      if n in expected})[1] < 1e-12 * (100 if "hampoo" in rule.name else 1)
        if shape == (8, 8):
            continue
        A = draw.standard_normal(shape)
        (ws, _, gs), named = matrix_kernels.run(rule, lambda W, A=A: np.tanh(W - A), w, 5)
        assert np.array_equal(ws[0], w) and len(gs) == 5
        expected = readable(rule, w, gs)
        assert apart(expected, {"w": ws, **named})[1] < 1e-12 * (100 if "hampoo" in rule.name else 1)


def test_a_compiled_run_on_a_matrix(monkeypatch):
    """The associative memory: every pair is learnt at the rate of the rarest."""
    pytest.importorskip("numba")
    p = 1.0 / np.arange(1, 5) ** 2
    keys, values = (np.linalg.qr(np.random.RandomState(k).standard_normal((4, 4)))[0] for k in range(2))

    def gradient(W):
        return (W @ keys - values) * p @ keys.T

    rule = optlearn.Muon(lr=0.05, weight_decay=0.0)
    (ws, _, gs), named = matrix_kernels.run(rule, gradient, np.zeros((4, 4)), 30)
    np.testing.assert_allclose(gs[-1], gradient(ws[-2]), rtol=1e-12, atol=1e-15)
    assert apart(readable(rule, ws[0], gs), {"w": ws, **named})[1] < 1e-12
    assert named["b"].shape == (31, 4, 4) and named["step"].shape == (30, 4, 4)
    monkeypatch.setattr(matrix_kernels, "compiled", interpreted)
    with np.errstate(over="ignore"):
        diverging, _ = matrix_kernels.run(optlearn.GradientDescent(lr=1e3), lambda W: W**3, np.ones((2, 2)), 30)
    assert len(diverging[0]) < 30 and np.isfinite(diverging[0]).all()


def test_powers_are_as_exact_as_the_condition_lets_them(page):
    for condition in (1e2, 1e6, 1e10):
        Q = np.linalg.qr(np.random.RandomState(1).standard_normal((5, 5)))[0]
        S = Q @ np.diag(np.geomspace(1.0, 1 / condition, 5)) @ Q.T
        exact = Q @ np.diag(np.geomspace(1.0, 1 / condition, 5) ** -0.25) @ Q.T
        room = np.concatenate([S.ravel(), np.zeros(50)])
        there = page.context.eval(f"(() => {{ {jacobi.JAVASCRIPT} const B = {json.dumps(room.tolist())}; "
                                  "sympower(B, 0, 5, -0.25, 0); return JSON.stringify(B.slice(50)); })()")
        jacobi._sympower(room, 0, 5, -0.25, 0.0)
        for found in (sympower(S, -0.25), room[50:].reshape(5, 5), np.reshape(json.loads(there), (5, 5))):
            np.testing.assert_allclose(found, exact, rtol=0, atol=1e-14 * condition)
    singular = np.diag([1.0, 0.0])
    assert np.isfinite(sympower(singular, -0.25)).all() and np.isnan(sympower(singular * np.nan, -0.25)).all()
    np.testing.assert_allclose(sympower(singular, -0.5, 0.25), np.diag([1.0, 2.0]))


def test_a_readers_rule_does_all_that_a_rule_of_the_library_does(tmp_path):
    mine = Shampoo(lr=0.05)
    assert r"L_t &= L_{t-1} + g_t \, g_t^\top \\" in mine.equation()
    assert r"L_t^{-1/4} \, g_t \, R_t^{-1/4}" in mine.equation() and "⊤" in mine.equation("mathml")
    assert run("quadratic", mine, steps=20)["L"].shape == (21, 2, 2)
    target = np.arange(6.0).reshape(2, 3)
    trajectory = run(lambda W: np.sum((W - target) ** 2), mine.replace(lr=1.0), start=np.zeros((2, 3)), steps=200)
    assert trajectory.loss[-1] < 0.01 * trajectory.loss[0] and trajectory["L"].shape == (201, 2, 2)
    history = train(optlearn.problems.Softmax("iris"), optlearn.Groups({"W*": mine}, default=optlearn.Adam()), epochs=1,
                    rng=0)
    history.save(tmp_path / "c")
    held = optlearn.checkpoint.load(tmp_path / "c").state.slots
    np.testing.assert_equal([s for s in held if "L" in s], [s for s in history.state.slots if "L" in s])
    assert rule_payload(mine, (2, 3))["layout"]["L"][1] == 4


# What is recorded


def test_on_a_vector_muon_is_normalised_momentum_and_adafactor_its_vector_form():
    g = np.array([3.0, -4.0])
    for rule in (optlearn.Muon(lr=1.0, weight_decay=0.0), optlearn.Adafactor(lr=1.0)):
        w, _ = rule.step(np.ones(2), g, rule.init(np.ones(2)))
        step = 1.0 - w
        direction = g / 5 if rule.name == "muon" else np.sign(g) / np.sqrt(2)
        np.testing.assert_allclose(step / np.linalg.norm(step), direction, rtol=1e-12)


def test_equations_of_a_loop_and_of_means():
    lines = optlearn.Muon().equation().splitlines()
    at = lines.index(r"A_k &= X_k \, X_k^\top \\")
    assert lines[at - 1].startswith(r"X_0 &= \frac{u_t}{\max\left(\lVert u_t \rVert_F") and \
        lines[at + 1].endswith(r"\quad k = 0, \dots, 4 \\")
    assert r"\frac{1}{n} \textstyle\sum_j g_t^{2}" in optlearn.Adafactor().equation()
    mixed = matrix_rule(lambda self, w, g, s, t: Update(
        w - self.lr * (g @ (g.T * abs(g.T))) @ g - (g @ g.T @ g) * g**2))
    assert mixed.equation().splitlines()[-2] == (
        r"w_t &= w_{t-1} - \eta \, g_t \, \left(g_t^\top \odot \lvert g_t^\top \rvert\right) \, g_t "
        r"- g_t \, g_t^\top \, g_t \odot g_t^{\odot 2}")


def test_whole_numbers_are_recorded_with_their_values():
    few, many = optlearn.Muon(ns_steps=1), optlearn.Muon(ns_steps=7)
    assert "k = 0 " in few.equation() and "k = 0, \\dots, 6" in many.equation()
    assert trace(few, (2, 2)) is not trace(many, (2, 2)) and trace(few, (2, 2)) is trace(few.replace(lr=0.3), (2, 2))
    assert trace(few, (2, 2)) is not trace(few, (2, 3)) and "ns_steps" not in trace(few).parameters
    assert rule_key(few) != rule_key(many)
    with pytest.raises(NotTraceable, match="ns_steps is a schedule"):
        optlearn.Muon(ns_steps=lambda k: 3).equation()


def test_equal_loops_are_one_quantity():
    def halved(X):
        return X / 2

    def update(self, w, g, s, t):
        return Update(w - self.lr * repeat(halved, g, 3) - self.lr * repeat(halved, g, 3), half=repeat(halved, g, 3))

    program = trace(matrix_rule(update), (2, 2))
    assert [n for n in walk(program.lines.values()) if n.op == "repeat"][0] is program.lines["half"]
    assert sum(n.op == "repeat" for n in walk(program.lines.values())) == 1


def leaky(self, w, g, s, t):
    kept = []
    repeat(lambda X: kept.append(X @ X.T) or X, g, 2)
    return Update(w - self.lr * kept[0] @ g)


@pytest.mark.parametrize(("update", "says"), [
    (lambda self, w, g, s, t: Update(w - self.lr * g @ g), r"matmul of arrays of the shapes \(2, 3\) and \(2, 3\)"),
    (lambda self, w, g, s, t: Update(w - self.lr * (g + g.T)), r"add of arrays of the shapes \(2, 3\) and \(3, 2\)"),
    (lambda self, w, g, s, t: Update(w - self.lr * np.sum(g, axis=2)), r"axis = 2 is none of an array of shape"),
    (lambda self, w, g, s, t: Update(w - self.lr * g.reshape(4, 2)), r"reshape of arrays of the shapes \(2, 3\)"),
    (lambda self, w, g, s, t: Update(w - self.lr * sympower(g, -0.5)), r"sympower of arrays of the shapes \(2, 3\)"),
    (lambda self, w, g, s, t: Update(w - self.lr * repeat(lambda X: X.T, g, 2)), r"makes an array of shape \(3, 2\)"),
    (lambda self, w, g, s, t: Update(w - self.lr * g[0]), "single coordinates"),
    (lambda self, w, g, s, t: Update(w - self.lr * np.linalg.qr(g)[0]), "numpy.qr cannot be traced"),
    (lambda self, w, g, s, t: Update((w - g).T), r"makes w of shape \(3, 2\)"),
    (lambda self, w, g, s, t: Update(w - g if np.sum(g) > 0 else w), "np.where"),
    (leaky, "used outside of it")])
def test_what_does_not_fit_is_refused_with_the_line(update, says):
    with pytest.raises(NotTraceable, match=says) as raised:
        trace(matrix_rule(update), (2, 3))
    if says[0] not in "mu" or "matmul" in says:
        assert "test_matrices.py" in str(raised.value) or "lambda" in str(raised.value)


@pytest.mark.parametrize("update", [lambda self, w, g, s, t: Update(w - g.T),
                                    lambda self, w, g, s, t: Update(w / w.ndim),
                                    lambda self, w, g, s, t: Update(w - repeat(lambda x: x / 2, g, 2))])
def test_a_rule_for_arrays_of_any_shape_is_told_how_to_ask_for_one(update):
    with pytest.raises(NotTraceable, match="takes_matrices = True"):
        trace(matrix_rule(update, takes_matrices=False))


def test_a_recording_is_verified_on_its_shape():
    noise = np.random.RandomState(0)

    def update(self, w, g, s, t):
        return Update(w - self.lr * noise.standard_normal() * g)

    with pytest.raises(NotTraceable):
        trace(matrix_rule(update), (2, 3))


def test_a_slot_keeps_the_shape_that_it_starts_with():
    mine = matrix_rule(lambda self, w, g, s, t: Update(w, a=g @ g.T), lambda self, w: {"a": np.eye(3)}, slots=("a",))
    with pytest.raises(optlearn.InvalidArgument, match=r"'a' of shape \(2, 2\) from one of shape \(3, 3\)"):
        mine.step(np.ones((2, 3)), np.ones((2, 3)), mine.init(np.ones((2, 3))))


@pytest.mark.parametrize(("call", "says"), [
    (lambda: repeat(np.negative, np.ones(2), -1), "times = -1"),
    (lambda: repeat(np.sum, np.ones(2), 1), "keep the shape"),
    (lambda: sympower(np.ones((2, 3)), 1), "square matrix"), (lambda: sympower([1.0], 1), "square matrix")])
def test_bad_arguments(call, says):
    with pytest.raises(optlearn.InvalidArgument, match=says):
        call()
