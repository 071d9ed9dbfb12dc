"""What the lines of a rule may ask for while they run: the loss, further gradients, products with the Hessian, sums
over all arrays of the parameters.

A rule asks its state: ``s.loss``, ``s.gradient(point)``, ``s.hessian(v)``, ``s.hessian_diagonal()``, ``s.sum(x)`` and
``s.norm(x)``. One array is answered at once. Of several arrays each is stepped until it asks; when all have asked, all
are answered, and their lines run again from the beginning with what they know: a rule is pure, so it comes by the same
place. A question that was asked before in the same step has the same answer, and costs nothing.
"""

import dis
import types

import numpy as np

from optlearn import tree
from optlearn.declare import InvalidArgument, Lesson, of_library
from optlearn.explain import place, place_now, said_at
from optlearn.gradients import norm, prepare
from optlearn.state import ASKED, Slots, first_state, guest

# What an answer costs, in gradients: a product with the Hessian is a gradient of a gradient, or the difference of two.
COST = {"gradient": 1, "hessian": 2, "hessian_diagonal": 2}
# What only the function that is minimised can answer.
OF_FUNCTION = ("loss", "gradient", "hessian", "hessian_diagonal")
SAID = {"loss": "s.loss", "gradient": "s.gradient(point)", "hessian": "s.hessian(v)",
        "hessian_diagonal": "s.hessian_diagonal()", "sum": "s.sum(x)", "norm": "s.norm(x)"}


class Asking(Slots):
    """The state of one array, with somebody to ask."""

    __slots__ = ("_oracle",)

    def __init__(self, values, oracle):
        super().__init__(values)
        object.__setattr__(self, "_oracle", oracle)

    def __getattr__(self, name):
        # A slot of such a name stands in the instance and is found before.
        return getattr(self._oracle, name) if name in ASKED else super().__getattr__(name)


def like(s, values):
    """Other slots, with the same one to ask."""
    return Asking(values, s._oracle) if isinstance(s, Asking) else Slots(values)


class Oracle:
    """Who answers the lines of one array."""

    def ask(self, kind, given=None):
        """The answer to a question of a kind about an array."""
        raise NotImplementedError

    @property
    def loss(self):
        """The loss where the gradient was taken."""
        return self.ask("loss")

    def gradient(self, point):
        """The gradient at another point, of the same batch and with the same noise, transformed as the first."""
        return self.ask("gradient", point)

    def hessian(self, v):
        """The product of the Hessian where the gradient was taken with an array."""
        return self.ask("hessian", v)

    def hessian_diagonal(self):
        """The diagonal of the Hessian where the gradient was taken."""
        return self.ask("hessian_diagonal")

    def sum(self, x):
        """The sum over the coordinates of all arrays of the parameters."""
        return self.ask("sum", x)

    def norm(self, x):
        """The length over all arrays of the parameters together."""
        return self.ask("norm", x)


class Alone(Oracle):
    """The only array is answered at once."""

    def __init__(self, answers):
        self.answers = answers

    def ask(self, kind, given=None):
        return self.answers(kind, [given])[0]


class Pause(BaseException):
    """Raised by a question that waits for the other arrays."""

    def __init__(self, kind, given):
        self.kind, self.given = kind, given


class Among(Oracle):
    """One array of several: what it has been told so far, then a pause."""

    def __init__(self, told):
        self.told = iter(told)

    def ask(self, kind, given=None):
        for answer in self.told:
            return answer
        raise Pause(kind, given)


class Turned(Oracle):
    """Another's answers of the function with the opposite sign."""

    def __init__(self, oracle):
        self.oracle = oracle

    def ask(self, kind, given=None):
        answer = self.oracle.ask(kind, given)
        return -answer if kind in OF_FUNCTION else answer


def turned(s):
    """The state with the function of the opposite sign to ask about."""
    return Asking(vars(s), Turned(s._oracle)) if isinstance(s, Asking) else s


class Answers:
    """The answers of one step to all arrays at once; a subclass has a method ``_loss()`` and so on.

    Attributes
    ----------
    made : list of (str, list, list)
        Kind, what was given and what was answered, of all that was asked of the function in this step.
    """

    def __init__(self):
        self.made, self.plan = [], None

    def begin(self):
        """A new step."""
        self.made = []

    def __call__(self, kind, given):
        if kind == "sum":
            return [np.sum([np.sum(x) for x in given]) if len(given) > 1 else np.sum(given[0])] * len(given)
        if kind == "norm":
            return [norm(np.array([norm(x) for x in given])) if len(given) > 1 else norm(given[0])] * len(given)
        for known, before, answers in self.made:
            if known == kind and all(x is y or np.array_equal(x, y) for x, y in zip(before, given, strict=True)):
                return answers
        if self.plan is not None and (len(self.made) >= len(self.plan) or self.plan[len(self.made)][0] != kind):
            raise Lesson(f"{SAID[kind]} is asked for in some steps only; a rule must ask for the same in every step: "
                         "take it always, and choose with np.where(condition, a, b)")
        answers = getattr(self, "_" + kind)(*([given] if given[0] is not None else []))
        self.made.append((kind, given, answers))
        return answers

    def end(self, rule, t):
        """The end of a step, which must have asked what the first one did."""
        if self.plan is None:
            self.plan = [(kind, where) for (kind, *_), where in
                         zip(self.made, getattr(self, "places", [None] * len(self.made)), strict=True)]
        elif len(self.made) < len(self.plan):
            kind, where = self.plan[len(self.made)]
            raise InvalidArgument(f"{type(rule).__name__}.update asks for {SAID[kind]} in step 1{said_at(where)} and "
                                  f"not in step {t}; it must ask for the same in every step: take it always, and "
                                  "choose with np.where(condition, a, b)")


class OnSurface(Answers):
    """The answers of a surface: a point and what was drawn are those of the step's gradient."""

    def __init__(self, surface, guarded=False):
        super().__init__()
        self.surface, self.guarded, self.places = surface, guarded, []

    def begin(self, rule, at, rows, noise):
        """A new step: its rule, the point of its gradient, the samples and the noise that were drawn."""
        self.made, self.rule, self.at, self.rows, self.noise = [], rule, at, rows, noise

    def raw(self, kind, given):
        """What the surface itself answers, at one point or at many."""
        if kind == "loss":
            return self.surface.value(self.at, self.rows)
        if kind == "gradient":
            g = self.surface.gradient(given, self.rows)
            return g if self.noise is None else g + self.noise
        h = self.surface.hessian(self.at, self.rows)
        if kind == "hessian_diagonal":
            return np.stack([h[0, 0], h[1, 1]])
        return np.stack([h[0, 0] * given[0] + h[0, 1] * given[1], h[1, 0] * given[0] + h[1, 1] * given[1]])

    def _one(self, kind, given=None):
        if self.plan is None:
            self.places.append(place_now() if self.guarded else None)
        if given is not None:
            check_shape(kind, given, self.at)
        answer = self.raw(kind, given)
        if kind == "gradient" and self.rule.gradient:
            answer = self.rule.prepared(given, answer)
        return [guest(answer)]

    def _loss(self):
        return self._one("loss")

    def _gradient(self, points):
        return self._one("gradient", points[0])

    def _hessian(self, vs):
        return self._one("hessian", vs[0])

    def _hessian_diagonal(self):
        return self._one("hessian_diagonal")


def check_shape(kind, given, w):
    """Raise unless what is asked about is an array like the parameters."""
    if not isinstance(given, (np.ndarray, np.generic, float)) or np.shape(given) != np.shape(w):
        what = f"an array of shape {given.shape}" if isinstance(given, np.ndarray) else f"a {type(given).__name__}"
        raise Lesson(f"{SAID[kind]} is given {what}; it must be an array of the shape of the parameters, {np.shape(w)}")


class Given(Answers):
    """The answers of functions that a reader gives to `Optimizer.step`."""

    def __init__(self, rule, params, arrays, given):
        super().__init__()
        self.rule, self.params, self.arrays, self.given = rule, params, arrays, given
        self.paths = [path for path, _ in tree.flatten(params, "params")]

    def _spread(self, what, made):
        """Arrays of the structure of the parameters, checked, as the lines get them."""
        leaves = tree.flatten(made, what)
        if [path for path, _ in leaves] != self.paths:
            raise InvalidArgument(f"{what} gives the structure {[path for path, _ in leaves]}; it must be that of "
                                  f"params, {self.paths}")
        arrays = []
        for (path, x), w in zip(leaves, self.arrays, strict=True):
            x = np.asarray(tree.computable(x, what + path))
            if x.shape != w.shape:
                raise InvalidArgument(f"{what}{path} gives an array of shape {x.shape}; it must be that of the "
                                      f"parameters, {w.shape}")
            arrays.append(guest(np.array(x, w.dtype)))
        return arrays

    def _nested(self, kind, given):
        for x, w in zip(given, self.arrays, strict=True):
            check_shape(kind, x, w)
        return tree.unflatten(self.params, [np.array(x, w.dtype) for x, w in zip(given, self.arrays, strict=True)])

    def _loss(self):
        return [self.given["loss"]] * len(self.arrays)

    def _gradient(self, points):
        made = self._spread("gradient", self.given["gradient"](self._nested("gradient", points)))
        return [guest(g) for g in prepare(self.rule.gradient, [guest(np.asarray(x)) for x in points], made)]

    def _hessian(self, vs):
        return self._spread("hessian", self.given["hessian"](self._nested("hessian", vs)))

    def _hessian_diagonal(self):
        made = self.given["hessian_diagonal"]
        return self._spread("hessian_diagonal", made() if callable(made) else made)


WHY = {"loss": "it reads s.loss: loss=..., the loss where the gradient was taken",
       "gradient": "it asks for a gradient at a point of its own: gradient=f, a function of parameters that gives it",
       "hessian": "it asks for products with the Hessian: hessian=f, a function of v that gives H v, where the "
                  "gradient was taken",
       "hessian_diagonal": "it asks for the diagonal of the Hessian: hessian_diagonal=..., arrays like the parameters, "
                           "or a function without arguments that gives them"}


def check_given(rule, given):
    """Raise unless what is given answers all that a step of the rule asks for."""
    loss = given["loss"]
    if loss is not None and (np.ndim(loss) or np.asarray(loss).dtype.kind not in "fiu"):
        raise InvalidArgument(f"loss = {loss!r} is not allowed; it must be a number, the loss where the gradient was "
                              "taken")
    for name in ("gradient", "hessian"):
        if given[name] is not None and not callable(given[name]):
            raise InvalidArgument(f"{name} = {type(given[name]).__name__} is not allowed; it must be a function")
    missing = [kind for kind in rule.needs if kind in OF_FUNCTION and given[kind] is None]
    if missing:
        really = [kind for kind in asked(rule) if kind in missing]
        if really:
            raise InvalidArgument(f"{rule.name} needs more than a gradient for its step; {WHY[really[0]]}")


def answer_all(rule, arrays, step, answers):
    """A step of every array, each answered what it asks for when all have asked it.

    Parameters
    ----------
    rule : Optimizer
    arrays : sequence
        What belongs to each array of the parameters.
    step : callable
        ``step(array, oracle)`` is its step.
    answers : Answers

    Returns
    -------
    list
        What the steps gave.
    """
    if len(arrays) == 1:
        return [step(arrays[0], Alone(answers))]
    told = [[] for _ in arrays]
    while True:
        made, pauses = [], []
        for array, known in zip(arrays, told, strict=True):
            try:
                made.append(step(array, Among(known)))
            except Pause as pause:
                pauses.append(pause)
        if not pauses:
            return made
        kinds = {pause.kind for pause in pauses}
        if made or len(kinds) > 1:
            raise InvalidArgument(f"{type(rule).__name__}.update asks for {SAID[pauses[0].kind]} for some arrays of "
                                  f"the parameters and not for others{said_at(place(pauses[0]))}; it must ask for the "
                                  "same for every array")
        for known, answer in zip(told, answers(kinds.pop(), [pause.given for pause in pauses]), strict=True):
            known.append(answer)


# What a rule asks for, before it runs


class Needs:
    """Of a class: what its lines may ask for, found in their code when it is first wanted."""

    def __get__(self, instance, owner):
        code = getattr(owner.update, "__code__", None)
        found = vars(owner).get("_needs")
        if found is None or found[0] is not code:
            found = owner._needs = code, _asked_in(owner)
        return found[1]


def _asked_in(cls):
    """The names in `ASKED` that the methods of a class read of their state, slots and draws apart."""
    code = cls.update.__code__
    state = code.co_varnames[3] if code.co_argcount > 3 else "s"
    own = {*(cls.slots if isinstance(cls.slots, tuple) else ()), *cls.draws}
    found = set()
    for base in cls.__mro__:
        if not base.__module__.startswith(("optlearn.optimizer", "optlearn.declare", "builtins")):
            for value in vars(base).values():
                if isinstance(value, types.FunctionType):
                    found |= _reads(value.__code__, state)
    return tuple(name for name in ASKED if name in found - own)


def _reads(code, state):
    """The names in `ASKED` that code reads as attributes of the variable `state`, also inside its functions."""
    found, before = set(), None
    if not set(ASKED).isdisjoint(code.co_names):
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_ATTR", "LOAD_METHOD") and step.argval in ASKED and before is not None:
                read = before.argval if isinstance(before.argval, tuple) else (before.argval,)
                if read[-1] == state:
                    found.add(step.argval)
            before = step
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _reads(constant, state)
    return found


class _Counted(Answers):
    """Answers about no particular function, for a rehearsal."""

    def __init__(self, w):
        super().__init__()
        self.w = w

    def _loss(self):
        return [2.0]

    def _gradient(self, points):
        return [0.9 * np.asarray(points[0]) + 0.1]

    def _hessian(self, vs):
        return [1.5 * np.asarray(vs[0])]

    def _hessian_diagonal(self):
        return [np.full_like(self.w, 1.5)]


def asked(rule):
    """What a step of a rule asks of the function besides its gradient, in order: found by a rehearsal."""
    if not rule.needs:
        return ()
    w = np.array([[0.3, -0.7], [1.1, 0.4]])
    answers = _Counted(w)
    with np.errstate(all="ignore"):
        now = rule.at(1)
        now = now.bound({name: now.__dict__[name].flat[0] for name in now.hypers()
                         if isinstance(now.__dict__[name], np.ndarray)})
        s = {**first_state(now, guest(w)), **{name: np.ones_like(w) for name in rule.draws}}
        now.update(guest(w), guest(0.8 * w + 0.2), Asking(s, Alone(answers)), 1)
    return tuple(kind for kind, *_ in answers.made)


def gradients_of(kinds):
    """What answers of these kinds cost, in gradients."""
    return sum(COST.get(kind, 0) for kind in kinds)


def is_own(rule):
    """Whether lines of a reader take part in a step of a rule."""
    return not all(map(of_library, (rule, *rule.gradient)))
