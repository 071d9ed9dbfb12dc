"""Schedules made of schedules: a rise before one, one after the other, a multiple, by the epoch."""

import numpy as np

from optlearn.declare import InvalidArgument, hyper
from optlearn.schedules.base import Schedule, increasing, known_place


def _schedule(what):
    def check(value):
        if not isinstance(value, Schedule):
            raise InvalidArgument(f"{what} = {value!r} is not allowed; it must be a Schedule")
        return value

    return check


class Warmup(Schedule):
    """A straight rise for `steps` steps before another schedule, which then begins at its own index 0.

    Step index k < steps has ``start + (target - start) * (k + 1) / steps``, where the target is the first
    value of the other schedule: the first step already moves, the last one of the rise has the target.

    Source: P. Goyal and others (2017), arXiv:1706.02677.

    Examples
    --------
    >>> from optlearn.schedules import Exponential
    >>> Warmup(Exponential(start=1.0, gamma=0.5), steps=4).series(7).tolist()
    [0.25, 0.5, 0.75, 1.0, 1.0, 0.5, 0.25]
    """

    parts = {"then": _schedule("then")}
    steps = hyper(100, at_least=1, integer=True, symbol="W")
    start = hyper(0.0, at_least=0, symbol=r"\eta_{\mathrm{start}}")

    def __init__(self, then, **values):
        super().__init__(then=then, **values)

    @property
    def symbol(self):
        return self.then.symbol

    def _rise(self, k):
        return self.start + (self.then(0) - self.start) * (k + 1) / self.steps

    def value(self, k):
        return np.where(k < self.steps, self._rise(k), self.then.value(np.maximum(k - self.steps, 0)))

    def at(self, state, k, place=None):
        if k < self.steps:
            return float(self._rise(k))
        return self.then.at(state.get("then", {}), k - self.steps, place)


def _schedules(values):
    try:
        found = tuple(values)
    except TypeError:
        found = ()
    if not found or not all(isinstance(s, Schedule) and not s.driven for s in found):
        raise InvalidArgument(f"schedules = {values!r} is not allowed; it must be a sequence of schedules of "
                              "the step index alone")
    return found


class Join(Schedule):
    """One schedule after the other: the next takes over at each index of `at`, beginning at its own index 0.

    Examples
    --------
    >>> from optlearn.schedules import Constant, Polynomial
    >>> Join([Constant(start=1.0), Polynomial(start=1.0, steps=2)], at=[2]).series(5).tolist()
    [1.0, 1.0, 1.0, 0.5, 0.0]
    """

    parts = {"schedules": _schedules, "at_indices": increasing("at", 1)}

    def __init__(self, schedules, at=None, **values):
        super().__init__(schedules=schedules, at_indices=values.pop("at_indices", at) or (), **values)
        if len(self.at_indices) != len(self.schedules) - 1:
            raise InvalidArgument(f"at = {at!r} is not allowed; {len(self.schedules)} schedules need "
                                  f"{len(self.schedules) - 1} indices")

    @property
    def symbol(self):
        return self.schedules[0].symbol

    def value(self, k):
        result = self.schedules[0].value(k)
        for begin, schedule in zip(self.at_indices, self.schedules[1:], strict=True):
            result = np.where(k >= begin, schedule.value(np.maximum(k - begin, 0)), result)
        return result


class Scaled(Schedule):
    """Another schedule times a number; ``0.1 * schedule`` makes it.

    Examples
    --------
    >>> from optlearn.schedules import Halving
    >>> (0.5 * Halving(start=0.8, every=1)).series(3).tolist()
    [0.4, 0.2, 0.1]
    """

    parts = {"of": _schedule("of")}
    factor = hyper(1.0, at_least=0, symbol="c")

    def __init__(self, of, **values):
        super().__init__(of=of, **values)

    @property
    def symbol(self):
        return self.of.symbol

    def value(self, k):
        return self.factor * self.of.value(k)

    def at(self, state, k, place=None):
        return self.factor * self.of.at(state.get("of", {}), k, place)


class PerEpoch(Schedule):
    """Another schedule as a function of the epoch 0, 1, 2, ... instead of the step.

    With `steps_per_epoch` it is a function of the step index. Without, `train` tells it the epoch.

    Examples
    --------
    >>> from optlearn.schedules import Exponential
    >>> PerEpoch(Exponential(start=1.0, gamma=0.5), steps_per_epoch=2).series(6).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    parts = {"of": _schedule("of")}
    steps_per_epoch = hyper(None, at_least=1, integer=True, symbol="E")

    def __init__(self, of, **values):
        super().__init__(of=of, **values)
        if of.driven:
            raise InvalidArgument(f"of = {of!r} is not allowed; it must depend on the step index alone")

    @property
    def symbol(self):
        return self.of.symbol

    @property
    def driven(self):
        return self.steps_per_epoch is None

    def value(self, k):
        return self.of.value(np.floor(k / self.steps_per_epoch))

    def at(self, state, k, place=None):
        if not self.driven or (place is None and k == 0):
            return self.of(k if self.driven else k // self.steps_per_epoch)
        return self.of(known_place(self, place).epoch)
