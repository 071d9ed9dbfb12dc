"""What the lines of a rule may ask for while they run: the loss, further gradients, products with the Hessian, sums
over all arrays of the parameters.

A rule asks its state: ``s.loss``, ``s.gradient(point)``, ``s.hessian(v)``, ``s.hessian_diagonal()``, ``s.sum(x)`` and
``s.norm(x)``. One array is answered at once. Of several arrays each is stepped until it asks; when all have asked, all
are answered, and their lines run again from the beginning with what they know: a rule is pure, so it comes by the same
place. A question that was asked before in the same step has the same answer, and costs nothing.
"""

import numpy as np

from optlearn import tree
from optlearn.declare import InvalidArgument, Lesson, of_library
from optlearn.explain import place, place_now, said_at
from optlearn.gradients import norm, prepare
from optlearn.state import ASKED, Slots, guest

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
    plan : list of (str, place) or None
        What was asked in the first step of a run, and where; None before its end.
    open : bool
        Whether a step is being made.
    """

    def __init__(self):
        self.made, self.plan, self.open = [], None, True

    def __call__(self, kind, given):
        if not self.open:
            raise Lesson(f"{SAID[kind]} is there in update only")
        if kind in ("sum", "norm"):
            return _over_all(np.sum if kind == "sum" else norm, given)
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
        self.open = False
        if self.plan is None:
            self.plan = [(kind, where) for (kind, *_), where in
                         zip(self.made, getattr(self, "places", [None] * len(self.made)), strict=True)]
        elif len(self.made) < len(self.plan):
            kind, where = self.plan[len(self.made)]
            raise InvalidArgument(f"{type(rule).__name__}.update asks for {SAID[kind]} in step 1{said_at(where)} and "
                                  f"not in step {t}; it must ask for the same in every step: take it always, and "
                                  "choose with np.where(condition, a, b)")


def _over_all(reduce, given):
    """A sum or length over several arrays, for each as a number of its kind."""
    each = [reduce(x) for x in given]
    total = reduce(np.array(each)) if len(each) > 1 else each[0]
    return [np.asarray(x).dtype.type(total) for x in given]


class OnSurface(Answers):
    """The answers of a surface: a point and what was drawn are those of the step's gradient."""

    def __init__(self, surface, guarded=False):
        super().__init__()
        self.surface, self.guarded, self.places, self.open = surface, guarded, [], False

    def begin(self, rule, at, rows, noise):
        """A new step: its rule, the point of its gradient, the samples and the noise that were drawn."""
        self.made, self.open = [], True
        self.rule, self.at, self.rows, self.noise = rule, at, rows, noise

    def raw(self, kind, given):
        """What the surface itself answers, at one point or at many."""
        if kind == "loss":
            return self.surface(self.at) if self.rows is None else self.surface.value(self.at, self.rows)
        if kind == "gradient":
            g = self.surface.gradient(given, self.rows)
            return g if self.noise is None else g + self.noise
        if not hasattr(self.surface, "hessian"):
            return self._by_differences(kind, given)
        h = self.surface.hessian(self.at, self.rows)
        if kind == "hessian_diagonal":
            return np.stack([h[0, 0], h[1, 1]])
        return np.stack([h[0, 0] * given[0] + h[0, 1] * given[1], h[1, 0] * given[0] + h[1, 1] * given[1]])

    def _by_differences(self, kind, given):
        """The Hessian of a function of an array, which has gradients only."""
        def product(v):
            return difference(lambda point: [self.surface.gradient(point[0])], [self.at], [v])[0]

        if kind == "hessian":
            return product(given)
        found = np.empty(np.shape(self.at))
        for index in np.ndindex(found.shape):
            unit = np.zeros(found.shape)
            unit[index] = 1.0
            found[index] = product(unit)[index]
        return found

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
        return [w.dtype.type(self.given["loss"]) for w in self.arrays]

    def _gradient(self, points):
        made = self._spread("gradient", self.given["gradient"](self._nested("gradient", points)))
        return [guest(g) for g in prepare(self.rule.gradient, [guest(np.asarray(x)) for x in points], made)]

    def _hessian(self, vs):
        return self._spread("hessian", self.given["hessian"](self._nested("hessian", vs)))

    def _hessian_diagonal(self):
        made = self.given["hessian_diagonal"]
        if made is None:
            return [guest(x) for x in self._diagonal_by_products()]
        return self._spread("hessian_diagonal", made() if callable(made) else made)


    def _diagonal_by_products(self):
        """The diagonal from a product for each single parameter."""
        found = [np.empty(w.shape, w.dtype) for w in self.arrays]
        for k, w in enumerate(self.arrays):
            for index in np.ndindex(w.shape):
                unit = [np.zeros(x.shape, x.dtype) for x in self.arrays]
                unit[k][index] = 1
                found[k][index] = self._hessian(unit)[k][index]
        return found


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


def difference(gradient, arrays, along):
    """The product of a Hessian with arrays `along`, as a central difference of two gradients.

    Parameters
    ----------
    gradient : callable
        Of a list of arrays, their gradients.
    arrays, along : list of array
    """
    length, size = (np.sqrt(sum(float(np.sum(np.square(x, dtype=float))) for x in xs)) for xs in (along, arrays))
    if length == 0:
        return [np.zeros_like(w) for w in arrays]
    h = max(float(np.finfo(w.dtype).eps) for w in arrays) ** (1 / 3) * max(1.0, size) / length

    def moved(h):
        # What gives gradients may write the second where it wrote the first.
        return [np.array(g) for g in gradient([np.asarray(w + h * x, w.dtype) for w, x in
                                               zip(arrays, along, strict=True)])]

    return [np.asarray((up - down) / (2 * h), w.dtype) for w, up, down in
            zip(arrays, moved(h), moved(-h), strict=True)]


def is_own(rule):
    """Whether lines of a reader take part in a step of a rule."""
    return not all(map(of_library, (rule, *rule.gradient)))
