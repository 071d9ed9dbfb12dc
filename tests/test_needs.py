"""Rules that ask for more than a gradient: what they are answered, everywhere, and what is said where they are not."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import optlearn
from optlearn import Groups, InvalidArgument, Optimizer, Update, hyper, plots, run, train
from optlearn.explorer import bundle
from optlearn.explorer.payload import rule_payload
from optlearn.problems import MLP, LeastSquares, Logistic, Problem, Softmax
from optlearn.symbolic.javascript import surface_code
from optlearn.symbolic.stepper import Stepper
from optlearn.symbolic.trace import NotTraceable, parameter_values
from optlearn.wrappers import SAM, Accumulate, Lookahead

HERE = Path(__file__).parent
sys.path += [str(HERE / "rules"), str(HERE / "symbolic")]
from engines import Page, apart, interpreted, record  # noqa: E402
from replay import replay  # noqa: E402

MODERN = json.loads((HERE / "reference" / "modern.json").read_text(encoding="utf-8"))
NEW = {case["id"]: case for case in MODERN["cases"] if case["name"] in ("polyak", "momo", "extragradient", "sophia")}


@pytest.mark.parametrize("key", NEW)
def test_reference_run(key):
    case = NEW[key]
    rule = optlearn.get(case["name"], **case["hyper"])
    np.testing.assert_allclose(replay(rule, case, MODERN), case["w"], rtol=0, atol=case["tolerance"])


# Rules as readers write them.


class LineSearch(Optimizer, register=False):
    """Steepest descent to the lowest point of the line, with a product."""

    part = hyper(1.0, above=0)

    def update(self, w, g, s, t):
        h = s.hessian(g)
        return Update(w - self.part * np.sum(g * g) / np.sum(g * h) * g, h=h)


class Newton(Optimizer, register=False):
    """Newton's step of each coordinate on its own."""

    lr = hyper(0.5, above=0)
    slots = ("seen",)

    def update(self, w, g, s, t):
        return Update(w - self.lr * g / (np.abs(s.hessian_diagonal()) + 1.0), seen=s.seen + s.loss)


class Heun(Optimizer, register=False):
    """Two further gradients, the second of a point that the first one makes, and the first one asked for again."""

    lr = hyper(0.02, above=0)

    def update(self, w, g, s, t):
        a = s.gradient(w - self.lr * g)
        b = s.gradient(w - self.lr / 2 * (g + a))
        return Update(w - self.lr * (g + a + s.gradient(w - self.lr * g) + b) / 4, b=b)


class Polyak(Optimizer, register=False):
    def update(self, w, g, s, t):
        return Update(w - np.minimum(0.01, s.loss / s.sum(g**2)) * g)


OWN = [LineSearch(part=0.3), Newton(), Heun(), Heun(weight_decay=0.1, clip_gradient=5.0), Polyak(),
       Heun(lr=optlearn.schedules.Cosine(start=0.02, end=0.001, steps=30)), Lookahead(Newton(), sync_period=3),
       optlearn.Polyak(max_lr=0.01), optlearn.MoMo(lr=0.01), optlearn.MoMo(lr=0.01, bias_correction=True),
       optlearn.Extragradient(lr=0.02), optlearn.Sophia(lr=0.05, update_interval=3)]
each = pytest.mark.parametrize("rule", OWN, ids=[f"{i}-{rule.name}" for i, rule in enumerate(OWN)])


@pytest.fixture(scope="module")
def page():
    return Page()


@each
@pytest.mark.parametrize("surface", ["quadratic", "himmelblau", "leastsquares"])
def test_every_engine_makes_the_same(rule, surface, page, monkeypatch):
    surface = optlearn.surfaces.get(surface)
    expected = record(rule, surface, steps=30)
    what, difference = apart(expected, page.run(rule, surface, steps=30))
    assert difference < 1e-12, what
    if surface.samples is None:
        pytest.importorskip("numba")
        if surface.name == "himmelblau":
            interpreted(monkeypatch)
        what, difference = apart(expected, record(rule, surface, steps=30, compiled=True))
        assert difference < 1e-12, what
    assert rule.equation("mathml").startswith("<math") and rule_payload(rule)["lines"]


@each
@pytest.mark.parametrize("more", [{}, {"noise": 0.5}, {"batch": 3}], ids=["plain", "noise", "batch"])
def test_many_runs_are_as_many_single_runs(rule, more):
    starts = np.array([[1.0, -0.5, 0.2], [0.4, 0.3, -1.0]])
    rng = np.random.RandomState(0)
    draws = [rng.standard_normal((2, 3)) for _ in range(8)], [rng.random_sample((3, 3)) for _ in range(8)]

    class Given:
        def __init__(self, lane):
            self.lane, self.at = lane, [0, 0]

        def _next(self, kind):
            self.at[kind] += 1
            drawn = draws[kind][self.at[kind] - 1]
            return drawn.copy() if self.lane is None else drawn[:, self.lane].copy()

        def standard_normal(self, shape):
            return self._next(0)

        def random(self, size):
            return self._next(1)

    surface = "leastsquares" if "batch" in more else "quadratic"
    together = run(surface, rule, start=starts, steps=8, rng=Given(None), **more)
    for i in range(3):
        alone = run(surface, rule, start=starts[:, i], steps=8, rng=Given(i), **more)
        np.testing.assert_allclose(together.w[..., i], alone.w, rtol=1e-9, atol=1e-12)


def test_further_gradients_have_the_noise_of_the_first():
    path = run("quadratic", Heun(), steps=5, rng=0, noise=3.0)
    w, g, lr = path.w[:-1], path.g, 0.02
    noise = g - path.surface.gradient(w.T).T
    assert np.abs(noise).max() > 1
    a = path.surface.gradient((w - lr * g).T).T + noise
    np.testing.assert_allclose(path["b"], path.surface.gradient((w - lr / 2 * (g + a)).T).T + noise)


def test_answers_are_of_the_point_of_the_gradient_and_its_samples():
    class Told(Optimizer, register=False):
        def probe(self, w, s, t):
            return w + 0.5

        def update(self, w, g, s, t):
            return Update(w - 0.01 * g, loss=s.loss, diagonal=s.hessian_diagonal(), product=s.hessian(g))

    path = run("rosenbrock", Told(), steps=3)
    np.testing.assert_allclose(path["loss"], path.surface(path.probe.T))
    hessian = np.moveaxis(path.surface.hessian(path.probe.T), -1, 0)
    np.testing.assert_allclose(path["product"], np.einsum("tij,tj->ti", hessian, path.g))
    np.testing.assert_allclose(path["diagonal"], hessian[:, [0, 1], [0, 1]])
    late = run("rosenbrock", Told(), steps=3, delay=1)
    np.testing.assert_allclose(late["loss"], path.surface(late.probe.T))
    further = run("quadratic", Heun(), steps=4, delay=2)
    w, g = further.w[:-1], further.g
    a = further.surface.gradient((w - 0.02 * g).T).T
    np.testing.assert_allclose(further["b"], further.surface.gradient((w - 0.01 * (g + a)).T).T)


def test_a_function_of_an_array_answers_too():
    curvature = np.array([[1.0, 3.0], [2.0, 5.0], [4.0, 6.0]])
    f = optlearn.function(lambda w: np.sum(curvature * w**2) / 2, start=np.ones((3, 2)))
    exact = run(f, Newton(), steps=1)
    np.testing.assert_allclose(exact.w[1], 1 - 0.5 * curvature / (curvature + 1), rtol=1e-8)
    assert exact.gradients.tolist() == [0, 1 + 2 * 6] and "Hessian by differences of gradients" in repr(exact)
    assert run(f, SAM(optlearn.Adam()), steps=2).gradients.tolist() == [0, 2, 4]


# Facts that theory tells


def test_polyaks_step_ends_on_the_tip_of_a_cone():
    rule, w = optlearn.Polyak(), np.array([3.0, -4.0])
    w, _ = rule.step(w, w / 5, rule.init(w), loss=5.0)
    np.testing.assert_allclose(w, 0, atol=1e-15)


def test_polyaks_step_never_leads_away_on_a_convex_function():
    f = optlearn.function(lambda w: np.sum(np.array([1.0, 100.0]) * w**2) / 2, start=np.array([1.0, 1.0]))
    path = run(f, optlearn.Polyak(), steps=500)
    assert (np.diff(np.linalg.norm(path.w, axis=1)) <= 1e-15).all()
    assert path.loss[-1] < 1e-12


def test_momo_without_memory_is_polyaks_bounded_step():
    momo, polyak = optlearn.MoMo(lr=0.1, beta=0.0), optlearn.Polyak(max_lr=0.1, variant="sps+")
    np.testing.assert_allclose(run("himmelblau", momo, steps=30).w, run("himmelblau", polyak, steps=30).w, rtol=1e-9)


def test_sophia_divides_by_the_curvature_and_clips():
    rule = optlearn.Sophia(lr=1.0, beta1=0.0, beta2=0.0, gamma=1.0, update_interval=1, weight_decay=0.0)
    w, one = np.array([0.5, 2.0, -3.0]), np.ones(3)
    _, state = rule.step(w, 0 * w, rule.init(w), hessian_diagonal=one)
    np.testing.assert_allclose(rule.step(w, w, state, hessian_diagonal=lambda: one)[0], [0, 1, -2])


def test_extragradient_finds_the_balance_that_descent_leaves():
    def field(w):
        return np.array([w[1], -w[0]])

    w, plain = np.array([1.0, 1.0]), np.array([1.0, 1.0])
    rule, descent = optlearn.Extragradient(lr=0.2), optlearn.GradientDescent(lr=0.2)
    state, other = rule.init(w), descent.init(plain)
    for _ in range(200):
        w, state = rule.step(w, field(w), state, gradient=field)
        plain, other = descent.step(plain, field(plain), other)
    # A step turns and multiplies lengths by sqrt(1 - lr^2 + lr^4), that of descent by sqrt(1 + lr^2).
    np.testing.assert_allclose(np.linalg.norm(w), np.sqrt(2) * (1 - 0.04 + 0.0016) ** 100)
    np.testing.assert_allclose(np.linalg.norm(plain), np.sqrt(2) * 1.04**100)


def test_a_line_search_has_successive_gradients_at_right_angles():
    path = run("quadratic", LineSearch(), start=(1.0, 0.3), steps=10)
    np.testing.assert_allclose(np.sum(path.g[1:] * path.g[:-1], axis=1), 0, atol=1e-12)


# Trainings


@pytest.mark.parametrize("problem", [Softmax("iris", l2=0.1), LeastSquares(l2=0.2), Logistic("breast_cancer", l2=0.1)],
                         ids=lambda problem: type(problem).__name__)
def test_hessians_of_problems_are_differences_of_gradients(problem):
    rng = np.random.RandomState(0)
    params, v = ({name: rng.standard_normal(w.shape) for name, w in problem.init().items()} for _ in range(2))
    batch = problem.batch(np.arange(20))
    for method, given in (("hessian_product", (params, v, batch)), ("hessian_diagonal", (params, batch))):
        exact, plain = getattr(problem, method)(*given), getattr(Problem, method)(problem, *given)
        for name in params:
            np.testing.assert_allclose(exact[name], plain[name], rtol=1e-7, atol=1e-9)


def test_a_training_counts_gradients():
    problem = Softmax("iris")
    costs = [(optlearn.Adam(), 1), (SAM(optlearn.Adam()), 2), (Heun(), 3), (LineSearch(), 3), (Newton(), 3),
             (Groups({"W": SAM(optlearn.Adam()), "b": Heun()}), 4)]
    for rule, cost in costs:
        history = train(problem, rule, epochs=1)
        assert history.gradients.tolist() == [cost * t for t in range(1, history.steps + 1)], rule
        assert rule.gradients_per_step == cost
        assert list(history.table(by="gradients"))[0] == "gradients"
    network = train(MLP("iris", hidden=2), Newton(), epochs=1, batch_size="full")
    assert network.gradients[-1] == 1 + 2 * (4 * 2 + 2 + 2 * 3 + 3)
    assert "Hessian by differences of gradients" in repr(network)


def test_further_gradients_are_of_the_same_batch():
    asked = []

    class Watched(Softmax):
        def loss_and_gradient(self, params, batch=None):
            asked.append(None if batch is None else batch.x[:, 0].tolist())
            return super().loss_and_gradient(params, batch)

    train(Watched("iris"), Heun(), epochs=1, batch_size=16)
    batches = [batch for batch in asked if batch is not None and len(batch) == 16]
    steps = [batches[i:i + 3] for i in range(len(batches) - 18, len(batches), 3)]
    assert len(steps) == 6 and all(one == steps[k][0] for k in range(6) for one in steps[k])


def test_a_group_asks_for_its_own_arrays():
    rng = np.random.RandomState(1)
    params, curvature = ({"a": rng.standard_normal(3), "b": rng.standard_normal(2)} for _ in range(2))

    def gradient(p):
        total = sum(float(np.sum(w)) for w in p.values())
        return {name: curvature[name] * p[name] + total for name in p}

    rule = Groups({"a": SAM(optlearn.GradientDescent(lr=0.1), rho=0.5)}, default=optlearn.GradientDescent(lr=0.2))
    new, _ = rule.step(params, gradient(params), rule.init(params), gradient=gradient)
    g = gradient(params)
    up = {**params, "a": params["a"] + 0.5 * g["a"] / np.linalg.norm(g["a"])}
    np.testing.assert_allclose(new["a"], params["a"] - 0.1 * gradient(up)["a"])
    np.testing.assert_allclose(new["b"], params["b"] - 0.2 * g["b"])


def test_losses_stand_against_gradients():
    paths = [run("quadratic", rule, steps=10) for rule in (optlearn.Momentum(), SAM(optlearn.Momentum()))]
    plots.plt.close("all")
    lines = plots.losses(paths, by="gradients").lines
    assert [line.get_xdata()[-1] for line in lines] == [10, 20]
    assert [path.table(by="gradients")["gradients"][-1] for path in paths] == [10, 20]
    plots.plt.close("all")
    with pytest.raises(InvalidArgument, match="by = 'time'"):
        plots.losses(paths, by="time")


# A reader's own loop


def test_nested_parameters_are_asked_about_together():
    """The lines of several arrays run again from where they asked: as the joined array, and asked for once."""
    calls = []

    def gradient(p):
        calls.append(p)
        return {"a": 2 * p["a"], "b": 3 * p["b"]}

    rule = Heun(lr=0.1)
    params = {"a": np.array([1.0, -2.0]), "b": np.array([[0.5]], np.float32)}
    new, _ = rule.step(params, {"a": 2 * params["a"], "b": 3 * params["b"]}, rule.init(params), gradient=gradient)
    assert len(calls) == 2 and new["b"].dtype == np.float32
    for name, c in (("a", 2.0), ("b", 3.0)):
        alone = {"w": params[name]}
        g = {"w": c * params[name]}
        other, _ = rule.step(alone, g, rule.init(alone), gradient=lambda p, c=c: {"w": c * p["w"]})
        np.testing.assert_array_equal(new[name], other["w"])


def test_a_gradient_that_writes_where_it_wrote_before_changes_nothing():
    buffer = np.empty(2)

    def gradient(w):
        buffer[:] = np.array([1.0, 4.0]) * w
        return buffer

    w, rule = np.array([1.0, -2.0]), Heun()
    one, _ = rule.step(w, gradient(w), rule.init(w), gradient=gradient)
    other, _ = rule.step(w, gradient(w).copy(), rule.init(w), gradient=lambda w: np.array([1.0, 4.0]) * w)
    np.testing.assert_array_equal(one, other)


W = np.ones(2)


def stepped(rule, **given):
    return rule.step(W, W, rule.init(W), **given)


class Once(Optimizer, register=False):
    def update(self, w, g, s, t):
        return Update(w - (s.gradient(w - g) if t == 1 else g))


class Later(Optimizer, register=False):
    def update(self, w, g, s, t):
        if t > 1:
            g = s.gradient(w - 0.1 * g)
        return Update(w - 0.1 * g)


class OfMatrices(Optimizer, register=False):
    def update(self, w, g, s, t):
        return Update(w - (s.gradient(w - g) if w.ndim > 1 else g))


class Scalar(Optimizer, register=False):
    def update(self, w, g, s, t):
        return Update(w - s.gradient(0.5))


class Early(Optimizer, register=False):
    def probe(self, w, s, t):
        return w - s.loss

    def update(self, w, g, s, t):
        return Update(w - g)


@pytest.mark.parametrize("call, says", [
    (lambda: stepped(optlearn.Polyak()), "polyak needs more than a gradient.*loss=..."),
    (lambda: stepped(Heun()), "heun needs more than a gradient.*gradient=f"),
    (lambda: stepped(LineSearch()), "line_search needs.*hessian=f"),
    (lambda: stepped(Newton(), loss=1.0), "newton needs.*hessian_diagonal=..."),
    (lambda: stepped(Heun(), gradient=W), "gradient = ndarray is not allowed; it must be a function"),
    (lambda: stepped(optlearn.Polyak(), loss=W), "loss = .* it must be a number"),
    (lambda: stepped(Heun(), gradient=lambda w: np.ones(3)), r"gradient gives an array of shape \(3,\)"),
    (lambda: stepped(Heun(), gradient=lambda w: {"a": w}), "gradient gives the structure"),
    (lambda: stepped(Scalar(), gradient=lambda w: w), "is given a float; it must be an array of the shape"),
    (lambda: run("quadratic", Scalar()), r"Scalar.update, line \d+.*`.*s.gradient\(0.5\)"),
    (lambda: run("quadratic", Once()), r"in step 1 \(Once.update, line \d+ .*\) and not in step 2"),
    (lambda: run("quadratic", Later()), r"Later.update, line \d+.*in some steps only"),
    (lambda: Later().equation(), r"a branch on a computed value.*Later.update, line \d+"),
    (lambda: run("quadratic", Early()), "Early.probe, line .*in update only"),
    (lambda: Accumulate(Heun()), "of the last batch only"),
    (lambda: Stepper(Polyak(), W), "polyak is not allowed for a Stepper"),
    (lambda: run("quadratic", Heun(), rng=0, noise=1.0, compiled=True), "compiled = True is not allowed here for heun"),
    (lambda: OfMatrices().step([np.ones((2, 2)), W], [np.ones((2, 2)), W],
                               OfMatrices().init([np.ones((2, 2)), W]), gradient=lambda p: p),
     r"for some arrays of the parameters and not for others \(OfMatrices.update")])
def test_what_cannot_be_is_said(call, says):
    with pytest.raises((InvalidArgument, NotTraceable), match=says):
        call()


def test_nothing_is_drawn_before_a_refusal():
    class Random(Heun, register=False):
        draws = ("z",)

        def update(self, w, g, s, t):
            return Update(w - s.gradient(w) + s.z)

    rng = np.random.RandomState(0)
    with pytest.raises(InvalidArgument, match="needs more than a gradient"):
        stepped(Random(), rng=rng)
    assert rng.standard_normal() == np.random.RandomState(0).standard_normal()


def test_a_diagonal_is_made_of_products():
    hessian = np.array([[2.0, 1.0], [1.0, 5.0]])
    one, _ = stepped(Newton(), loss=0.0, hessian=lambda v: hessian @ v)
    other, _ = stepped(Newton(), loss=0.0, hessian_diagonal=np.array([2.0, 5.0]))
    np.testing.assert_array_equal(one, other)


def test_a_slot_of_such_a_name_is_a_slot():
    class Kept(Optimizer, register=False):
        slots = ("loss", "norm")

        def update(self, w, g, s, t):
            return Update(w - g, loss=s.loss + g, norm=s.norm + 1)

    assert Kept().needs == () and Kept().gradients_per_step == 1
    stepped(Kept())


def test_a_helper_outside_the_class_is_declared():
    def further(s, point):
        return getattr(s, "gradient")(point)  # noqa: B009

    class Mine(Optimizer, register=False):
        def update(self, w, g, s, t):
            return Update(w - further(s, w - g))

    with pytest.raises(InvalidArgument, match=r"needs = \('gradient',\)"):
        run("quadratic", Mine())

    class Declared(Mine, register=False):
        needs = ("gradient",)

    assert Declared().gradients_per_step == 2
    run("quadratic", Declared(), steps=1)
    for wrong in ("gradient", ("gradients",)):
        with pytest.raises(InvalidArgument, match="must be a tuple of names among 'loss', 'gradient'"):
            type("Wrong", (Optimizer,), {"needs": wrong, "__module__": __name__}, register=False)


def test_check_answers_both_rules():
    class Mine(Optimizer, register=False):
        lr = hyper(0.1, above=0)

        def update(self, w, g, s, t):
            return Update(w - self.lr * s.gradient(w - self.lr * g))

    class Wrong(Mine, register=False):
        def update(self, w, g, s, t):
            return Update(w - self.lr * s.gradient(w + self.lr * g))

    assert optlearn.check(Mine(), against="extragradient")
    assert not optlearn.check(Wrong(), against="extragradient")


@pytest.mark.parametrize("more", [{"noise": 0.5}, {"batch": 3, "noise": 0.1}, {"delay": 2}],
                         ids=["noise", "batch", "delay"])
def test_the_page_draws_what_numpy_runs(more):
    """The page's own loop: the same noise, samples and delay for all that a step asks."""
    engine = pytest.importorskip("py_mini_racer").MiniRacer()
    code = "\n".join(bundle.source(name) for name in ("model/integrator.js", "model/random.js"))
    engine.eval("\n".join(line for line in code.split("\n") if not line.startswith("import ")).replace("export ", ""))
    surface = optlearn.surfaces.get("leastsquares")
    samples = len(surface.samples)
    for rule in (Heun(), LineSearch(part=0.1), Newton(lr=0.1), optlearn.Polyak(max_lr=0.05),
                 SAM(optlearn.Adam(lr=0.05))):
        path = run(surface, rule, steps=12, rng=3, **more)
        data, numbers = rule_payload(rule), parameter_values(rule)
        tape = f"tapeOf(3, 12, 0, {more.get('batch', 0)}, {samples}, {json.dumps('noise' in more)})"
        made = engine.eval(
            f"(() => {{ const rule = {json.dumps(data)}, h = {json.dumps(numbers)}; "
            "const made = integrate(compile(rule.code), rule, h, "
            f"compile({json.dumps(surface_code(surface))}), {json.dumps(list(surface.values.values()))}, "
            f"{json.dumps(list(surface.start))}, 12, {{ ...{json.dumps(more)}, tape: {tape} }}), o = rule.layout.w[0]; "
            "return JSON.stringify(Array.from({ length: 13 }, (_, t) => [0, 1].map((c) => "
            "made.rows[t * made.stride + o + c]))); })()")
        np.testing.assert_allclose(json.loads(made), path.w, rtol=1e-11, atol=1e-12, err_msg=rule.name)
