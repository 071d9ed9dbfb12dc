"""Arrays are the guests of a rule: what comes in is not changed, what is kept has memory of its own."""

import numpy as np
import pytest

import optlearn
from optlearn import InvalidArgument, Optimizer, Stepper, Update, hyper
from optlearn.gradients import Transform

W, G = np.array([1.0, -2.0]), np.array([0.5, 0.25])


class Held(Optimizer, register=False):
    """A rule whose lines are a test's own."""

    lr = hyper(0.1, above=0)
    slots = ("m",)


def rule_of(update, start=None):
    """A rule of these methods."""
    methods = {"update": update, **({"start": start} if start else {})}
    return type("Mine", (Held,), {**methods, "__module__": __name__}, register=False)()


def stepped(rule, w=W, g=G, steps=2):
    state = rule.init(w)
    for _ in range(steps):
        w, state = rule.step(w, g, state)
    return w, state


def change_w(self, w, g, s, t):
    w -= self.lr * g
    return Update(w, m=s.m)


def change_g(self, w, g, s, t):
    g *= self.lr + 1
    return Update(w - g, m=s.m)


def change_state(self, w, g, s, t):
    m = s.m
    m += g
    return Update(w, m=m)


def change_part(self, w, g, s, t):
    s.m[0] = 1.0
    return Update(w, m=s.m)


@pytest.mark.parametrize(("update", "line", "write"), [
    (change_w, r"`w -= self.lr \* g`", r"w = w - self.lr \* g"),
    (change_g, r"`g \*= self.lr \+ 1`", r"g = g \* \(self.lr \+ 1\)"),
    (change_state, r"`m \+= g`", r"m = m \+ g"),
    (change_part, r"`s.m\[0\] = 1.0`", "make a new array"),
])
@pytest.mark.parametrize("size", [2, 100_000])
def test_work_in_place_is_refused_with_the_line(update, line, write, size):
    w, g = np.ones(size), np.full(size, 0.5)
    rule = rule_of(update)
    state = rule.init(w)
    with pytest.raises(InvalidArgument, match=rf"{update.__name__}, line \d+ of test_guests.py, {line}.*{write}"):
        rule.step(w, g, state)
    assert (w == 1).all() and (g == 0.5).all() and (state["m"] == 0).all()


def test_a_start_and_a_transform_may_not_write_either():
    def start(self, w):
        w += 1
        return {"m": w}

    class Doubled(Transform):
        def __call__(self, w, g):
            g *= 2
            return g

    w = W.copy()
    with pytest.raises(InvalidArgument, match=r"start.*`w \+= 1`"):
        rule_of(change_w, start).init(w)
    rule = optlearn.GradientDescent(gradient=[Doubled()])
    with pytest.raises(InvalidArgument, match=r"Doubled.__call__.*`g \*= 2`"):
        rule.step(w, G, rule.init(w))
    np.testing.assert_array_equal(w, W)


VIEWS = {"itself": lambda x: x, "whole": lambda x: x[:], "turned": lambda x: x[::-1],
         "reshaped": lambda x: x.reshape(-1), "transposed": lambda x: x.T}
KINDS = {"array": np.array, "matrix": lambda x: np.array(x[None]).view(np.matrix),
         "record": lambda x: np.array(x).view(np.recarray)}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_is_kept_does_not_change_with_the_array_it_came_from(view, kind):
    def update(self, w, g, s, t):
        new = w - self.lr * g
        return Update(view(new).reshape(w.shape), m=view(w).reshape(w.shape), n=view(g).reshape(w.shape),
                      o=new, p=s.m)

    cls = type("Keeps", (Optimizer,), {
        "lr": hyper(0.1), "slots": ("m", "n", "o", "p"), "update": update, "__module__": __name__,
        "start": lambda self, w: dict.fromkeys(self.slots, view(w).reshape(w.shape))}, register=False)
    w, g = kind(W), kind(G)
    rule = cls()
    first = rule.init(w)
    new, second = rule.step(w, g, first)
    kept = {name: np.array(second[name]) for name in cls.slots}
    started = {name: np.array(first[name]) for name in cls.slots}
    w[:], g[:], new[:] = 7.0, 8.0, 9.0
    for name in cls.slots:
        np.testing.assert_array_equal(second[name], kept[name])
        np.testing.assert_array_equal(first[name], started[name])


def test_a_memory_map_stays_as_it_is(tmp_path):
    w = np.memmap(tmp_path / "w", dtype=float, shape=2, mode="w+")
    w[:] = W
    _, state = stepped(rule_of(lambda self, w, g, s, t: Update(w - g, m=w)), w, steps=1)
    np.testing.assert_array_equal(w, W)
    w[:] = 0
    np.testing.assert_array_equal(state["m"], W)


def test_slots_do_not_share_memory():
    cls = type("Twins", (Optimizer,), {"slots": ("m", "n"), "__module__": __name__,
                                       "update": lambda self, w, g, s, t: Update(w - g, m=g + 1, n=g + 1)},
               register=False)

    def start(self, w):
        zero = 0 * w
        return {"m": zero, "n": zero}

    def update(self, w, g, s, t):
        m = s.m + g
        return Update(m, m=m, n=m)

    cls.start, cls.update = start, update
    new, state = stepped(cls())
    assert not any(np.shares_memory(a, b) for a, b in ((state["m"], state["n"]), (state["m"], new)))
    first = cls().init(W)
    assert not np.shares_memory(first["m"], first["n"])


@pytest.mark.parametrize("again", [lambda w: w, lambda w: w[:], lambda w: w.T, lambda w: w[::-1]])
def test_one_array_in_two_places_is_refused(again):
    w, g = np.ones((2, 2)), np.ones((2, 2))
    rule = optlearn.Adam()
    params, grads = {"a": w, "b": [again(w)]}, {"a": g, "b": [g]}
    with pytest.raises(InvalidArgument, match=r"params\['a'\] and params\['b'\]\[0\] are the same array"):
        rule.init(params)
    with pytest.raises(InvalidArgument, match="are the same array"):
        rule.step(params, grads, rule.init({"a": w, "b": [w.copy()]}))


def test_parts_of_one_array_are_parameters_of_their_own():
    whole = np.ones(4)
    params = {"a": whole[:2], "b": whole[2:]}
    new, _ = stepped(optlearn.GradientDescent(), params, {"a": np.ones(2), "b": np.ones(2)}, 1)
    np.testing.assert_array_equal(new["b"], [0.9, 0.9])


def test_a_mask_is_refused():
    masked = np.ma.array([1.0, 2.0], mask=[True, False])
    with pytest.raises(InvalidArgument, match=r"params is a masked array.*params.filled\(0.0\)"):
        optlearn.Adam().init(masked)
    with pytest.raises(InvalidArgument, match="grads is a masked array"):
        optlearn.Adam().step(W, masked, optlearn.Adam().init(W))


def test_compiled_steps_are_simultaneous_where_gradients_are_the_other_parameters():
    pytest.importorskip("numba")
    params = {"x": np.array([1.0]), "y": np.array([2.0])}
    grads = {"x": params["y"], "y": params["x"][:]}
    rule = optlearn.GradientDescent(lr=0.5)
    expected, _ = rule.step(params, grads, rule.init(params))
    Stepper(rule, params).step(params, grads)
    assert params == expected == {"x": 0.0, "y": 1.5}


LARGE = {"size": lambda g: g / g.size, "sum": lambda g: g / g.sum(), "len": lambda g: g / len(g),
         "shape": lambda g: g / g.shape[0], "argmax": lambda g: g * (np.arange(len(g)) == np.argmax(g)),
         "sort": lambda g: np.sort(g), "cumsum": lambda g: np.cumsum(g), "method": lambda g: g - g.mean(),
         "branch": lambda g: g if g.max() > 2 else 2 * g, "norm": lambda g: g / np.linalg.norm(g),
         "roll": lambda g: np.roll(g, 1)}


@pytest.mark.parametrize("line", LARGE.values(), ids=LARGE)
def test_a_large_array_takes_the_step_of_the_lines_as_they_stand(line):
    def update(self, w, g, s, t):
        return Update(w - self.lr * line(g), m=s.m + line(g))

    g = np.random.RandomState(0).standard_normal(70_000)
    new, state = stepped(rule_of(update), np.ones(len(g)), g, 1)
    np.testing.assert_array_equal(new, 1 - 0.1 * line(g))
    np.testing.assert_array_equal(state["m"], line(g))


@pytest.mark.parametrize("error", [RuntimeError, KeyError, RecursionError, SystemError, AssertionError])
def test_what_recording_raises_does_not_hinder_a_step(error):
    def update(self, w, g, s, t):
        if not isinstance(w, np.ndarray):
            raise error("not with symbols")
        return Update(w - g, m=s.m)

    new, _ = stepped(rule_of(update), np.ones(70_000), np.ones(70_000), 1)
    assert (new == 0).all()


def test_a_slot_that_overflows_is_named():
    w = np.ones(2, np.float32)
    big = np.array([1e25, 0], np.float32)
    rule = optlearn.Adam()
    state = rule.init(w)
    with pytest.raises(InvalidArgument, match=r"step 1 of adam give the slot 'v' .* float32 ends at 3.4e\+38"):
        rule.step(w, big, state)
    many = np.full(100_000, 1e25, np.float32)
    with pytest.raises(InvalidArgument, match="slot 'v'"):
        rule.step(many, many, rule.init(many))
    _, later = rule.step(w, big, state, nonfinite="propagate")
    # What was not finite before is no news.
    rule.step(w, w, later)
    with pytest.raises(InvalidArgument, match="params has values that are not finite"):
        rule.step(np.array([np.nan, 1.0]), G, rule.init(W))


def test_an_infinite_first_state_is_the_readers_choice():
    def update(self, w, g, s, t):
        return Update(w - g, m=np.where(t > 1, 1.0, s.m))

    _, state = stepped(rule_of(update, lambda self, w: {"m": np.full_like(w, np.inf)}))
    assert (state["m"] == 1).all()


def test_a_torch_model_takes_steps_through_views():
    """The lines of the docstring of step, with what they use of a tensor."""
    class Tensor:
        def __init__(self, memory, grad=None):
            self.memory, self.grad = memory, grad

        def detach(self):
            return self

        def numpy(self):
            return self.memory

    model = [Tensor(np.ones(2, np.float32), Tensor(np.ones(2, np.float32))),
             Tensor(np.ones((2, 2), np.float32), Tensor(np.ones((2, 2), np.float32)))]
    rule = optlearn.Momentum(lr=0.25, momentum=0.5)
    params = [p.detach().numpy() for p in model]
    state = rule.init(params)
    for _ in range(2):
        new, state = rule.step(params, [p.grad.numpy() for p in model], state)
        for p, value in zip(params, new, strict=True):
            p[...] = value
    assert all((p.memory == 1 - 0.25 - 0.375).all() for p in model)
    with pytest.raises(InvalidArgument, match=r"params is a Tensor.*params.detach\(\).numpy\(\)"):
        rule.init(model[0])


def buffered():
    """A rule whose lines write into a buffer of their own and return it, as code for speed does."""
    room = {}

    def update(self, w, g, s, t):
        m, new = room.setdefault("m", np.empty_like(w)), room.setdefault("w", np.empty_like(w))
        np.multiply(s.m, 0.9, out=m)
        np.add(m, g, out=m)
        np.multiply(m, -self.lr, out=new)
        np.add(new, w, out=new)
        return Update(new, m=m)

    return rule_of(update)


def plain():
    return rule_of(lambda self, w, g, s, t: Update(w - self.lr * (0.9 * s.m + g), m=0.9 * s.m + g))


def test_a_buffer_that_lines_write_to_again_is_not_kept():
    rule = buffered()
    first, state = rule.step(W, G, rule.init(W))
    before = first.copy(), state["m"].copy()
    rule.step(first, G, state)
    np.testing.assert_array_equal((first, state["m"]), before)
    one, beside = (optlearn.run("quadratic", r, start=(1.0, 2.0), steps=4) for r in (buffered(), plain()))
    np.testing.assert_allclose(one.w, beside.w, rtol=1e-14)
    starts = [[1.0, 3.0], [2.0, 0.5]]
    np.testing.assert_allclose(*(optlearn.run("quadratic", r, start=starts, steps=4).w for r in (buffered(), plain())),
                               rtol=1e-14)


@pytest.mark.parametrize("kind", [np.float32, int, bool])
def test_run_keeps_a_slot_of_another_dtype_as_step_does(kind):
    rule = rule_of(lambda self, w, g, s, t: Update(w - self.lr * (0.7 * s.m + g), m=(3 * g).astype(kind)))
    run = optlearn.run("quadratic", rule, start=(1.0, 2.0), steps=4)
    w, state = run.w[0], rule.init(run.w[0])
    for g, expected in zip(run.g, run.w[1:], strict=True):
        w, state = rule.step(w, g, state)
        np.testing.assert_array_equal(w, expected)


def test_a_quantity_is_recorded_as_it_is_also_if_it_began_as_a_whole_number():
    rule = rule_of(lambda self, w, g, s, t: Update(w - g, m=s.m, h=1 if t == 1 else 0.5))
    assert optlearn.run("quadratic", rule, start=(1.0, 2.0), steps=3)["h"].tolist() == [1.0, 0.5, 0.5]


@pytest.mark.parametrize("size", [3, 2000])
def test_a_compiled_step_that_overflows_is_named(size):
    pytest.importorskip("numba")
    w = np.ones(size, np.float32)
    stepper = Stepper(optlearn.Adam(), {"a": w})
    with pytest.raises(InvalidArgument, match=r"the slot 'v' of params\['a'\]; parameters and state have been changed"):
        stepper.step({"a": w}, {"a": np.full(size, 1e25, np.float32)})
    stepper.step({"a": w}, {"a": np.full(size, 1e25, np.float32)}, nonfinite="propagate")
