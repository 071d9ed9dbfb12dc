"""What a reader gets wrong is answered in one sentence: what, in which line, and what to write instead."""

import math

import numpy as np
import pytest

import optlearn
from optlearn import InvalidArgument, Optimizer, Update, hyper, option
from optlearn.explain import complete, explain, place
from optlearn.problems import Softmax

W, G = np.array([1.0, -2.0]), np.array([0.5, 0.25])


def defined(**body):
    """A rule's class of this body."""
    return type("Mine", (Optimizer,), {"__module__": __name__, **body}, register=False)


def stepped(**body):
    rule = defined(**body)()
    w, state = W, rule.init(W)
    for _ in range(2):
        w, state = rule.step(w, G, state)
    return w


def fine(self, w, g, s, t):
    return Update(w - g)


def two(self, w):
    return None


BODIES = {
    "slots that are text": ({"slots": ("m")}, r"slots = 'm', which is text.*write slots = \('m',\)"),
    "slots that are none": ({"slots": 3}, "must be a tuple of names"),
    "a slot twice": ({"slots": ("m", "m")}, "'m' must be there once"),
    "a slot that is no name": ({"slots": ("a b",)}, "'a b' must be a name that Python allows"),
    "a slot that is a keyword": ({"slots": ("lambda",)}, "'lambda' must be a name"),
    "a draw of a taken name": ({"draws": ("g",)}, "'g' has a meaning of its own in update"),
    **{f"a slot {name}": ({"slots": (name,)}, f"'{name}' has a meaning of its own.*such as '{name}_old'")
       for name in ("w", "g", "t")},
    **{f"a number {name}": ({name: hyper(0.1)}, f"declares '{name}', which means something else.*such as '{name}_'")
       for name in ("w", "g", "s", "t", "gradient", "step", "slots", "update", "start", "probe", "name", "values",
                    "config", "symbols", "scheduled", "identity")},
    "a default out of its range": ({"lr": hyper(-1, above=0)}, "lr = -1 is not allowed.*0 < lr"),
    "a choice that is none": ({"form": option("a", choices=("b", "c"))}, "form = 'a' is not allowed"),
    "an __init__": ({"__init__": lambda self, lr: None}, r"__init__ of its own.*lr = hyper\(0.1\)"),
    **{f"an own {name}": ({name: two}, f"has '{name}', which is a part of every rule")
       for name in ("prepared", "at", "init", "step", "bound", "values", "replace")},
    "update without s": ({"update": lambda self, w, g, t: None},
                         r"update\(self, w, g, t\); it must be update\(self, w, g, s, t\)"),
    "update without self": ({"update": lambda w, g, s, t: None}, r"must be update\(self, w, g, s, t\)"),
    "arguments in another order": ({"update": lambda self, g, w, s, t: None}, r"has update\(self, g, w, s, t\)"),
    "start of too much": ({"start": lambda self, w, g: {}}, r"it must be start\(self, w\)"),
    "a misspelt update": ({"updte": fine}, r"'updte'; did you mean update\(self, w, g, s, t\)"),
    "a misspelt start": ({"strat": two}, r"'strat'; did you mean start\(self, w\)"),
}


@pytest.mark.parametrize(("body", "said"), BODIES.values(), ids=BODIES)
def test_a_class_is_refused_where_it_is_defined(body, said):
    before = dict(optlearn.registry._registry)
    with pytest.raises(InvalidArgument, match=said):
        type("Mine", (Optimizer,), {"update": fine, "__module__": __name__, **body} if "updte" not in body else body)
    assert optlearn.registry._registry == before


def test_what_only_looks_like_a_mistake_is_allowed():
    class Fine(Optimizer, register=False):
        lr = hyper(0.1)
        beta = 0.5
        slots = ["m"]

        def stats(self, w):
            return {}

        def update(self, w, gradient, state, step, scale=1.0):
            return Update(w - self.lr * scale * gradient, m=state.m)

    assert Fine.slots == ("m",)
    np.testing.assert_array_equal(Fine().step(W, G, Fine().init(W))[0], W - 0.1 * G)

    class Finer(optlearn.Adam, register=False):
        lr = hyper(0.5, above=0)

    assert Finer().lr == 0.5
    with pytest.raises(InvalidArgument, match=r"declared 'lr' a plain value, 0.5; write lr = hyper\(0.5\)"):
        type("Plain", (optlearn.Adam,), {"lr": 0.5, "__module__": __name__}, register=False)


# Each in one line, which the sentence shows.
def nothing(self, w, g, s, t): w = w - g
def an_array(self, w, g, s, t): return w - g
def a_tuple(self, w, g, s, t): return w - g, s.m
def forgotten(self, w, g, s, t): return Update(w - g)
def misspelt(self, w, g, s, t): return Update(w - g, M=s.m)
def undeclared(self, w, g, s, t): return Update(w - g, m=s.m, v=s.v)
def unknown(self, w, g, s, t): return Update(w - g, m=s.mm)
def assigned(self, w, g, s, t): s.m = g
def subscripted(self, w, g, s, t): return Update(w - s["m"], m=s.m)
def a_root(self, w, g, s, t): return Update(w - math.sqrt(g), m=s.m)
def a_branch(self, w, g, s, t): return Update(w - g if g > 0 else w, m=s.m)
def a_maximum(self, w, g, s, t): return Update(w - max(g, 0), m=s.m)
def an_and(self, w, g, s, t): return Update(w - g * (g > 0 and w > 0), m=s.m)
def a_change(self, w, g, s, t): self.lr = 0.5
def a_bare_number(self, w, g, s, t): return Update(w - lr * g, m=s.m)  # noqa: F821
def a_bare_slot(self, w, g, s, t): return Update(w - m, m=s.m)  # noqa: F821
def a_wrong_number(self, w, g, s, t): return Update(w - self.lrr * g, m=s.m)
def no_number(self, w, g, s, t): return Update(w - self.rate * g, m=s.m)
def another_shape(self, w, g, s, t): return Update(np.sum(g), m=s.m)
def complex_numbers(self, w, g, s, t): return Update(w + 1j * g, m=s.m)
def no_parameters(self, w, g, s, t): return Update(None, m=s.m)
def an_empty_slot(self, w, g, s, t): return Update(w, m=None)
def an_error(self, w, g, s, t): return Update(w - g[5], m=s.m)


LINES = [
    (nothing, "update returned nothing; it must end with return Update"),
    (an_array, "update returned a ndarray"),
    (a_tuple, r"update returned a tuple; it must end with return Update\(new_w, m=...\)"),
    (forgotten, r"leaves out the slot 'm'; .* return Update\(new_w, m=...\)"),
    (misspelt, "leaves out the slot 'm'"),
    (undeclared, r"undeclared, line \d+ .*the state has no 'v'; .*slots = \('v',\)"),
    (unknown, "unknown, line .*the state has no 'mm'; did you mean 'm'"),
    (assigned, r"assigned, line .*the state that came in does not change; .*Update\(new_w, m=...\)"),
    (subscripted, "subscripted, line .*write s.m"),
    (a_root, "a_root, line .*math.sqrt takes a single number, not an array; write np.sqrt"),
    (a_branch, "a_branch, line .*write np.where"),
    (a_maximum, "a_maximum, line .*write np.maximum"),
    (an_and, "an_and, line .*write &"),
    (a_change, "a_change, line .*a rule does not change while it runs.*slot.*schedule"),
    (a_bare_number, "write self.lr"),
    (a_bare_slot, "write s.m"),
    (a_wrong_number, "Mine has no 'lrr'; did you mean 'lr'"),
    (no_number, r"Mine has no 'rate'; .* rate = hyper\(0.1\)"),
    (another_shape, r"made (an array|parameters) of shape \(\)"),
    (complex_numbers, "dtype complex128"),
    (no_parameters, "update made no parameters"),
    (an_empty_slot, "made the slot 'm' a NoneType"),
    (an_error, r"an_error, line \d+ of test_lessons.py, `def an_error.*IndexError: index 5 is out of bounds"),
]


@pytest.mark.parametrize(("update", "said"), LINES, ids=lambda x: getattr(x, "__name__", ""))
def test_a_line_of_update_is_named_with_what_to_write(update, said):
    body = {"lr": hyper(0.1), "slots": ("m",), "update": update}
    with pytest.raises(InvalidArgument, match=said):
        stepped(**body)
    with pytest.raises(InvalidArgument, match=said):
        optlearn.run("quadratic", defined(**body)(), steps=2)
    with pytest.raises(InvalidArgument, match=said):
        optlearn.train(Softmax("iris"), defined(**body)(), epochs=1)


def test_a_class_without_update_says_so():
    with pytest.raises(InvalidArgument, match=r"no method update\(self, w, g, s, t\); did you mean 'upd'"):
        stepped(upd=lambda self, w: w)


@pytest.mark.parametrize(("start", "said"), [
    (lambda self, w: {"m": 0 * w, "n": 0 * w}, "start gives the slots 'm', 'n'; it must give a dictionary with 'm'"),
    (lambda self, w: {}, "start gives the slots none"),
    (lambda self, w: 0 * w, "start gives a ndarray"),
    (lambda self, w: {"m": w[7]}, "line .*IndexError"),
])
def test_a_start_that_does_not_give_the_slots(start, said):
    with pytest.raises(InvalidArgument, match=said):
        stepped(slots=("m",), start=start, update=fine)


def test_a_schedule_is_a_readers_line_too():
    rule = optlearn.GradientDescent(lr=lambda k: 1 / k)
    with pytest.raises(InvalidArgument, match=r"<lambda>, line .*`rule = .*ZeroDivisionError"):
        rule.init(W)


def test_exceptions_of_a_readers_own_class_pass():
    class Stop(Exception):
        pass

    def update(self, w, g, s, t):
        raise Stop

    with pytest.raises(Stop):
        stepped(update=update)


def test_a_loop_can_explain_what_arose_in_it():
    rule = defined(lr=hyper(0.1), slots=("m",), update=forgotten)()
    made = rule.update(W, G, rule.state_view({}), 1)
    with pytest.raises(InvalidArgument, match="leaves out"):
        complete(rule, made)
    try:
        made.missing  # noqa: B018
    except AttributeError as error:
        assert place(error)[1] == "made.missing  # noqa: B018"
    # What arose in the library's own lines is not the reader's.
    try:
        optlearn.get("adm")
    except InvalidArgument as error:
        assert explain(error, rule) is None


@pytest.mark.parametrize(("params", "said"), [
    ([1.0, 2.0], r"params is a list of numbers; it must be an array: np.array\(\[1.0, 2.0\]\)"),
    ((1, 2), "params is a tuple of numbers"),
    ({"a": [1.0, 2.0]}, r"params\['a'\] is a list of numbers"),
    (1, "params is a int.*: 1.0"),
    (None, "params is a NoneType"),
    ("ab", "params is a str"),
    (np.array([1, 2]), r"params has dtype int64.*params.astype\(float\)"),
])
def test_parameters_that_are_no_arrays_of_floats(params, said):
    with pytest.raises(InvalidArgument, match=said):
        optlearn.Adam().init(params)
    with pytest.raises(InvalidArgument, match=said):
        optlearn.Adam().step(params, params, optlearn.Adam().init(W))


def test_an_array_of_another_library_is_named_with_the_way_to_numpy():
    class Array:
        def __array__(self, dtype=None, copy=None):
            return W

    with pytest.raises(InvalidArgument, match=r"params is a Array.*: np.asarray\(params\)"):
        optlearn.Adam().init(Array())


def test_arguments_are_named():
    with pytest.raises(InvalidArgument, match=r"Adam\(0.1\) is not allowed; .*Adam\(lr=0.1\)"):
        optlearn.Adam(0.1)
    with pytest.raises(InvalidArgument, match=r"lr = 0.1 in its class is not declared; write lr = hyper\(0.1\)"):
        defined(lr=0.1, update=fine)(lr=0.2)
    with pytest.raises(InvalidArgument, match=r"write flag = option\(True\)"):
        defined(flag=True, update=fine)().replace(flag=False)


def test_a_state_of_another_form_of_the_rule():
    with pytest.raises(InvalidArgument, match="state has the slots v, b; this rmsprop has v"):
        optlearn.RMSProp().step(W, G, optlearn.RMSProp(momentum=0.5).init(W))


@pytest.mark.parametrize("name", ["Broken", "Abstract"])
def test_a_broken_class_breaks_nothing_else(name):
    type(name, (Optimizer,), {"__module__": __name__, "lr": hyper(0.1)})
    try:
        assert name.lower() in optlearn.names()
        with pytest.raises(InvalidArgument, match="did you mean 'adam'"):
            optlearn.get("adm")
    finally:
        optlearn.registry._registry.pop(name.lower())


def sometimes(self, w, g, s, t):
    return Update(w - g, **({"h": g} if t == 1 else {}))


def later(self, w, g, s, t):
    return Update(w - g, **({"h": g} if t > 1 else {}))


MADE = {
    "a text": (lambda self, w, g, s, t: Update(w - g, note="hi"), "names note = 'hi'; a quantity must be an array"),
    "a list": (lambda self, w, g, s, t: Update(w - g, note=[1, 2, 3, "a"]), "names note = .*must be an array"),
    "a name in step 1 only": (sometimes, r"names h of shape \(2,.*\) in step 1, and does not in step 2"),
    "a name from step 2 on": (later, r"names no h in step 1, and one of shape \(2,.*\) in step 2"),
    "another shape": (lambda self, w, g, s, t: Update(w - g, h=g if t > 1 else 1.0),
                      r"h of shape .* in step 1, and one of shape \(2,"),
    "parameters that are a list": (lambda self, w, g, s, t: Update(list(w - g)), "made a list of parameters"),
    "a column": (lambda self, w, g, s, t: Update((w - g).reshape(-1, 1)), r"parameters of shape \(2, 1\)"),
    "complex numbers": (lambda self, w, g, s, t: Update(w - np.sqrt(g + 0j)), "dtype complex128"),
}


@pytest.mark.parametrize(("update", "says"), MADE.values(), ids=MADE)
@pytest.mark.parametrize("start", [(1.0, 2.0), [[1.0, 3.0], [2.0, 0.5]]], ids=["one run", "a sweep"])
def test_what_a_step_makes_is_refused_by_run(update, says, start):
    if "note = " in says and np.ndim(start) > 1:
        says = "must be an array|made .* a list"
    with pytest.raises(InvalidArgument, match=says):
        optlearn.run("quadratic", defined(update=update)(), start=start, steps=3)


@pytest.mark.parametrize("keep", [1, 10])
def test_what_a_later_step_names_is_refused_before_what_comes_of_it(keep):
    """Steps are written together: the first that is unlike the others is named, not the one that fails after it."""
    def update(self, w, g, s, t):
        if t == 72:
            raise ValueError("too late")
        return Update(w - 0.01 * g, **({"h": g} if t < 70 else {}))

    function = "quadratic" if keep == 1 else lambda w: np.sum(w**2)
    with pytest.raises(InvalidArgument, match="names h of shape .* in step 1, and does not in step 70"):
        optlearn.run(function, defined(update=update)(), start=(1.0, 2.0), steps=80, keep=keep)


@pytest.mark.parametrize("rng", [0.5, True, -1, "a", [1]])
def test_what_is_no_seed_is_refused(rng):
    with pytest.raises(InvalidArgument, match=r"rng = .* is not allowed; it must be a seed"):
        optlearn.run("quadratic", optlearn.Adam(), steps=2, noise=0.1, rng=rng)


@pytest.mark.parametrize("schedule", [lambda k: [0.1, 0.2][k], lambda k: None if k == 3 else 0.1], ids=["list", "none"])
def test_a_schedule_that_ends_too_early_is_refused_by_the_page(schedule):
    with pytest.raises(InvalidArgument, match=r"<lambda>"):
        optlearn.explore("quadratic", [optlearn.Momentum(lr=schedule)])


def test_a_transform_that_returns_nothing_is_named_by_run():
    nothing = type("Nothing", (optlearn.gradients.Transform,), {"__call__": lambda self, w, g: None})()
    with pytest.raises(InvalidArgument, match="Nothing made an array of shape"):
        optlearn.run("quadratic", optlearn.Momentum(gradient=nothing), steps=2)
