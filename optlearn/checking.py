"""Check a reader's rule against one of the library, step by step, and name the mistake where it is a known one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn import registry, rules, surfaces
from optlearn.asking import SAID, Alone, Answers, Asking, OnSurface
from optlearn.declare import InvalidArgument
from optlearn.explain import explain
from optlearn.gradients import BY_HYPERPARAMETER
from optlearn.mistakes import mistakes
from optlearn.needs import asked, of_a_bowl
from optlearn.optimizer import Optimizer
from optlearn.starting import whole
from optlearn.state import Slots

if TYPE_CHECKING:
    from optlearn.typing import RuleLike

# Three coordinates on very different scales, a sign change in each step for one of them, and an exact zero.
SCALES = np.array([1.0, 1e-3, 30.0])
# So many steps tell the mistakes from each other.
TELLING = 20


class Check:
    """What a check found; true if the rules agree.

    Attributes
    ----------
    same : bool
    where : str
        The first test in which they part, in words.
    step, coordinate : int or None
        Where they first part.
    mine, expected : float or None
        The parameter there.
    relative : float or None
        The difference there, in steps of the other rule.
    used : dict
        Hyperparameters of the other rule that stand at its defaults, as the rule that was checked has none of their
        names.
    hint : str
        The mistake, where it is a known one; else empty.
    """

    def __init__(self, name: str, other: str, same: bool, tests: list[str], where: str = "",
                 place: tuple[Any, ...] | None = None, used: dict[str, Any] | None = None, hint: str = "") -> None:
        self.name, self.other, self.same, self.tests, self.where = name, other, same, tests, where
        self.step, self.coordinate, self.mine, self.expected, self.relative = place or (None,) * 5
        self.used, self.hint = used or {}, hint

    def __bool__(self) -> bool:
        return self.same

    def __repr__(self) -> str:
        if self.same:
            found = f"{self.name} agrees with {self.other}: {', '.join(self.tests)}"
        else:
            mine, expected, whole_numbers = _told_apart(self.mine, self.expected)
            found = (f"{self.name} parts from {self.other} {self.where}, at step {self.step} in coordinate "
                     f"{self.coordinate}: {mine} instead of {expected}")
            if not whole_numbers:
                found += f", a difference of {self.relative:.1g} of the step"
        if self.used:
            values = ", ".join(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value!r}"
                               for name, value in self.used.items())
            found += f"\n{self.other} ran with {values}: {self.name} has no hyperparameter of such a name"
        return found + (f"\nhint: {self.hint}" if self.hint else "")

    def raise_if_different(self) -> None:
        """Raise an AssertionError with the finding if the rules part."""
        if not self.same:
            raise AssertionError(repr(self))


def _told_apart(a, b):
    """Two numbers with as many digits as it takes to see that they differ, and whether six did."""
    for digits in range(6, 18):
        texts = f"{a:.{digits}g}", f"{b:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return *texts, digits == 6


def check(mine: Optimizer | type[Optimizer], against: RuleLike, *, steps: int = 20, seed: int = 0,
          tolerance: float = 1e-9) -> Check:
    """Run a rule beside another and say at which step, in which coordinate and by how much they first part.

    Both get the same gradients; if they agree there, both run on a surface, where it matters at which point a
    rule takes its gradient, and then with a learning rate that falls, where it matters whether it stands inside
    a buffer. Where they part, mistakes that are often made are tried on the other rule; one is named if with it the
    other rule makes the very steps of `mine`, in all of these tests.

    Parameters
    ----------
    mine : Optimizer or subclass
        The rule to check.
    against : str, Optimizer, subclass or dict
        The rule that it should be. A name means the library's rule. A name or a class gets the hyperparameters of
        `mine` that it also has. A dictionary with `w0`, `grads` and `w` is a recorded run: start, gradients, and
        parameters after each step.
    steps : int
        Number of steps, at least 1. What shows only later, such as a schedule's end, needs more of them.
    seed : int
        Of the gradients.
    tolerance : float
        Largest difference of a coordinate, in its largest step so far, that counts as rounding.

    Returns
    -------
    Check

    Raises
    ------
    InvalidArgument
        If an argument is no rule, or `mine` cannot make a step; the message says what is wrong with it.

    Examples
    --------
    >>> import optlearn
    >>> class Mine(optlearn.Optimizer, register=False):
    ...     lr = optlearn.hyper(0.1, above=0)
    ...     beta1 = optlearn.hyper(0.9, at_least=0, below=1)
    ...     beta2 = optlearn.hyper(0.999, at_least=0, below=1)
    ...     slots = ("m", "v")
    ...     def update(self, w, g, s, t):
    ...         m = self.beta1 * s.m + (1 - self.beta1) * g
    ...         v = self.beta2 * s.v + (1 - self.beta2) * g**2
    ...         return optlearn.Update(w - self.lr * m / (np.sqrt(v) + 1e-8), m=m, v=v)
    >>> check(Mine, against="adam")
    Mine parts from adam on fixed gradients, at step 1 in coordinate 0: 0.683772 instead of 0.9
    adam ran with eps=1e-08: Mine has no hyperparameter of such a name
    hint: the bias correction is missing: it is adam with bias_correction=False
    """
    mine = _rule("mine", mine)
    if whole("steps", steps) < 1:
        raise InvalidArgument(f"steps = {steps!r} is not allowed; it must be a whole number with 1 <= steps")
    name = type(mine).__name__
    if isinstance(against, dict):
        return _against_record(mine, name, against, tolerance)
    _try(mine, np.ones(3))
    other, used = _other(mine, against)
    tests: list[str] = []
    for where, arguments in _ways(mine, other, steps, seed):
        place = first_difference(follow(mine, *arguments), follow(other, *arguments), arguments[0], tolerance)
        if place:
            matched = set(mine.hypers()) & set(other.hypers())
            hint = _hint(mine, other, _ways(mine, other, max(steps, TELLING), seed), tolerance, matched)
            return Check(name, other.name, False, tests, where, place, used, hint)
        tests.append(where)
    return Check(name, other.name, True, tests, used=used if len(used) == len(_numbers(other)) else {})


def _rule(argument, rule):
    if isinstance(rule, type) and issubclass(rule, Optimizer):
        rule = rule()
    if not isinstance(rule, Optimizer):
        raise InvalidArgument(f"{argument} = {rule!r} is not allowed; it must be an Optimizer or a subclass of it")
    return rule


def _try(rule, w):
    """A step in which the contract says what is wrong with a rule that cannot make one."""
    rule.step(w, w, rule.init(w), rng=np.random.RandomState(0), nonfinite="propagate", **of_a_bowl(w))


def _numbers(rule):
    return {name: rule.__dict__[name] for name in rule.hypers() if rule.__dict__[name] is not None}


def library(name):
    """The library's rule of that name; a reader's, if the library has none."""
    key, values = registry.resolve(name, {})
    found = next((rule for rule in map(vars(rules).get, rules.__all__) if rule.name == key), None)
    return found(**values) if found else registry.get(name)


def _other(mine, against):
    """The other rule, and those of its numbers that `mine` does not set."""
    if isinstance(against, Optimizer):
        return against, {}
    plain = library(against) if isinstance(against, str) else _rule("against", against)
    shared = {name: value for name, value in mine.values.items() if name in mine.hypers()
              and (name in plain.hypers() or name in BY_HYPERPARAMETER)}
    # A number that the reader's rule leaves out has no value to hand on.
    shared = {name: value for name, value in shared.items()
              if value is not None or (name in plain.hypers() and plain.hypers()[name].default is None)}
    try:
        other = plain.replace(**shared)
    except InvalidArgument as reason:
        raise InvalidArgument(f"against = {against!r} cannot take the numbers of {type(mine).__name__}: "
                              f"{reason}") from reason
    return other, {name: value for name, value in _numbers(other).items() if name not in shared}


def _ways(mine, other, steps, seed):
    """The tests, in words, and what `follow` is given in each."""
    gradients = np.random.RandomState(seed).standard_normal((steps, 3)) * SCALES
    gradients[1::2, 0] = -gradients[::2, 0][:len(gradients[1::2])]
    if steps > 3:
        gradients[3, 2] = 0.0
    surface = surfaces.Quadratic()
    yield "on fixed gradients", (np.ones(3), lambda t, at: gradients[t - 1], steps)
    def slope(t, at):
        return surface.gradient(at)

    slope.surface = surface
    yield "on a surface", (np.array([-1.0, 0.7]), slope, steps)
    if all("lr" in rule.hypers() and not callable(rule.lr) for rule in (mine, other)):
        yield "with a learning rate that falls by half", (
            np.ones(3), lambda t, at: gradients[t - 1], steps, lambda t: 1.0 if t <= steps // 2 else 0.5)


class _Bowl(Answers):
    """The function whose gradient at a point was given: a bowl of curvature 1, with another height in every step."""

    def begin(self, rule, at, g):
        """A new step: its rule, the point of its gradient, and the gradient."""
        self.made, self.rule, self.at, self.g = [], rule, at, g

    def _loss(self):
        return [1.0 + float(np.sum(np.abs(self.g)))]

    def _gradient(self, points):
        return [self.rule.prepared(points[0], self.g + (points[0] - self.at))]

    def _hessian(self, vs):
        return [1.0 * vs[0]]

    def _hessian_diagonal(self):
        return [np.ones_like(self.at)]


class _Recorded(_Bowl):
    """A recorded run: losses where it has them."""

    def __init__(self, losses):
        super().__init__()
        self.losses, self.t = losses, 0

    def begin(self, rule, at, g):
        super().begin(rule, at, g)
        self.t += 1

    def _loss(self):
        return [float(self.losses[self.t - 1])]


def follow(rule, w, gradient, steps, factor=None, answers=None):
    """The parameters after each step of a rule.

    Parameters
    ----------
    rule : Optimizer
    w : array
        Where it starts.
    gradient : callable
        ``gradient(t, at)`` for step t at the point where the rule takes it.
    steps : int
    factor : callable, optional
        ``factor(t)`` multiplies the learning rate.
    answers : Answers, optional
        For rules that ask for more than a gradient. Default: those of the surface whose `gradient` it is, else of a
        bowl that has the gradient.

    Yields
    ------
    array
        Where a coordinate is not finite, the next step goes on from where it was.
    """
    update, surface = None, getattr(gradient, "surface", None)
    if answers is None:
        answers = OnSurface(surface) if surface else _Bowl()
    try:
        with np.errstate(all="ignore"):
            s = dict(rule.at(1).start(w))
        for t in range(1, steps + 1):
            with np.errstate(all="ignore"):
                now = rule.at(t)
                if factor is not None:
                    now = now.bound({"lr": now.lr * factor(t)})
                view = Slots({**s, **{name: np.ones_like(w) for name in rule.draws}})
                at = now.probe(w, view, t)
                g = gradient(t, at)
                if rule.needs:
                    answers.begin(now, at, *((None, None) if surface else (g,)))
                    view = Asking(vars(view), Alone(answers))
                update = now.update(w, now.prepared(w, g), view, t)
            new = np.asarray(update.w)
            yield new
            w, s = np.where(np.isfinite(new), new, w), {slot: update.named[slot] for slot in rule.slots}
    except Exception as error:
        explain(error, rule, update)
        raise


def first_difference(found, expected, start, tolerance):
    """Where two paths first part: step, coordinate, the two values, their difference in steps; None if nowhere."""
    before, size = start, np.zeros(np.shape(start))
    large = np.abs(start)
    for t, (a, b) in enumerate(zip(found, expected, strict=True), 1):
        with np.errstate(all="ignore"):
            # Errors of rounding stay in the path, so earlier steps count; and each step rounds the parameters.
            size = np.fmax(size, np.abs(b - before))
            large = np.fmax(large, np.abs(b))
            size, large = (np.where(np.isfinite(x), x, 0.0) for x in (size, large))
            close = np.abs(a - b) <= tolerance * size + 4 * np.finfo(float).eps * t * large
        apart = ~(close | (a == b) | (np.isnan(a) & np.isnan(b)))
        if apart.any():
            i = int(np.argmax(apart.ravel()))
            mine, other, step = (float(np.ravel(x)[i]) for x in (a, b, size))
            return t, i, mine, other, abs(mine - other) / step if step else np.inf
        before = np.where(np.isfinite(b), b, before)
    return None


def _against_record(mine, name, record, tolerance):
    missing = {"w0", "grads", "w"} - set(record)
    if missing:
        raise InvalidArgument(f"against has no {missing.pop()!r}; a recorded run holds w0, grads and w")
    start, grads = np.array(record["w0"], float), np.array(record["grads"], float)
    expected = np.array(record["w"], float)
    _try(mine, start)
    losses = record.get("loss")
    beyond = [kind for kind in asked(mine) if kind != "loss" or losses is None]
    if beyond:
        raise InvalidArgument(f"against is a recorded run{' without losses' * (beyond[0] == 'loss')}, but {name} asks "
                              f"for {SAID[beyond[0]]}; a run holds w0, grads, w and, where it has them, loss")
    found = follow(mine, start, lambda t, at: grads[t - 1], len(expected), answers=_Recorded(losses))
    place = first_difference(found, expected, start, max(tolerance, record.get("tolerance", 0.0)))
    other = str(record.get("id", "the recorded run"))
    return Check(name, other, place is None, ["on its gradients"], "on its gradients", place)


def _hint(mine, other, ways, tolerance, matched):
    """The first mistake that, made on the other rule, gives the very steps of the reader's rule in all tests."""
    paths = [(arguments, list(follow(mine, *arguments))) for _, arguments in ways]
    # Of a path that hardly has numbers nothing can be said.
    if any(np.isfinite(path).sum() < 5 for _, path in paths):
        return ""

    def explains(variant):
        try:
            return all(first_difference(follow(variant, *arguments), path, arguments[0], tolerance) is None
                       for arguments, path in paths)
        except Exception:  # A mistake may make a rule that cannot run at all
            return False

    found = (next((words for words, rule in pairs if explains(rule)), "")
             for pairs in (_others(mine, other), mistakes(other, matched)))
    return ": ".join(words for words in found if words)


def _others(mine, other):
    """The library's other rules, with the numbers of the reader's rule."""
    for name in rules.__all__:
        rule = vars(rules)[name]
        if rule.name != other.name:
            try:
                yield f"it is {rule.name}", _other(mine, rule)[0]
            except InvalidArgument:
                continue
