"""Schedules made of schedules: a rise before one, one after the other, a multiple, by the epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Never

import numpy as np

from optlearn.declare import InvalidArgument, hyper
from optlearn.schedules.base import Schedule, increasing, known_place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optlearn.schedules.base import Place


def _schedule(what):
    def check(value):
        if not isinstance(value, Schedule):
            raise InvalidArgument(f"{what} = {value!r} is not allowed; it must be a Schedule")
        return value

    return check


class Successive(Schedule, register=False):
    """Schedules one after the other, each from its own index 0, and fed only the losses of its own steps."""

    def phases(self) -> list[tuple[int, Schedule | None]]:
        """The first index of each schedule, and the schedule; None for what is not one."""
        raise TypeError(f"{type(self).__name__} has no method phases(self)")

    def _phase(self, k):
        return sum(begin <= k for begin, _ in self.phases()) - 1

    def begin(self) -> dict[str, Any]:
        return {"steps": 0, "phases": [schedule.begin() if schedule is not None and schedule.driven else {}
                                       for _, schedule in self.phases()]}

    @property
    def needs(self) -> set[str]:
        found = super().needs
        # The losses of the steps tell it which schedule has the turn.
        return found | {"step"} if found else found

    def feed(self, state: dict[str, Any], loss: float, kind: str = "step") -> dict[str, Any]:
        steps = state["steps"] + (kind == "step")
        # A loss belongs to the schedule of the last step; to all where no steps are told, but only epochs.
        turn = self._phase(steps - 1) if steps else None
        phases = [schedule.feed(inner, loss, kind)
                  if schedule is not None and schedule.driven and turn in (i, None) else inner
                  for i, ((_, schedule), inner) in enumerate(zip(self.phases(), state["phases"], strict=True))]
        return {"steps": steps, "phases": phases}

    def at(self, state: dict[str, Any], k: int, place: Place | None = None) -> float:
        if not self.driven:
            return self(k)
        turn = self._phase(k)
        begin, schedule = self.phases()[turn]
        return schedule.at(state["phases"][turn], k - begin, place)


class Warmup(Successive):
    """A straight rise for `steps` steps before another schedule, which then begins at its own index 0.

    Step index k < steps has ``start + (target - start) * (k + 1) / steps``, where the target is the first
    value of the other schedule: the first step already moves, the last one of the rise has the target. A
    schedule that looks at the loss sees none of the rise; one that looks at the place in the training sees the
    place as it is.

    Source: P. Goyal and others (2017), arXiv:1706.02677.

    Parameters
    ----------
    then : Schedule
        What follows the rise.

    Examples
    --------
    >>> from optlearn.schedules import Exponential
    >>> Warmup(Exponential(start=1.0, gamma=0.5), steps=4).series(7).tolist()
    [0.25, 0.5, 0.75, 1.0, 1.0, 0.5, 0.25]
    """

    then: Schedule
    parts = {"then": _schedule("then")}
    steps = hyper(100, at_least=1, integer=True, symbol="W")
    start = hyper(0.0, at_least=0, symbol=r"\eta_{\mathrm{start}}")

    def __init__(self, then: Schedule, *given: Never, **values: Any) -> None:
        super().__init__(*given, then=then, **values)

    @property
    def symbol(self):
        """LaTeX of what is scheduled, that of the schedule inside."""
        return self.then.symbol

    points = ((("steps",), None),)

    def _rise(self, k):
        target = self.then(0) if self.then.driven else self.then.value(0)
        return self.start + (target - self.start) * (k + 1) / self.steps

    def value(self, k):
        return np.where(k < self.steps, self._rise(k), self.then.value(np.maximum(k - self.steps, 0)))

    def phases(self) -> list[tuple[int, Schedule | None]]:
        return [(0, None), (self.steps, self.then)]

    def at(self, state: dict[str, Any], k: int, place: Place | None = None) -> float:
        return float(self._rise(k)) if k < self.steps else super().at(state, k, place)


def _schedules(values):
    try:
        found = tuple(values)
    except TypeError:
        found = ()
    if not found or not all(isinstance(s, Schedule) for s in found):
        raise InvalidArgument(f"schedules = {values!r} is not allowed; it must be a sequence of schedules")
    return found


class Join(Successive):
    """One schedule after the other: the next takes over at each index of `at`, beginning at its own index 0.

    One that looks at the loss sees the losses of its own steps.

    Parameters
    ----------
    schedules : sequence of Schedule
    at : sequence of int
        The index at which each but the first takes over, increasing, at least 1.

    Examples
    --------
    >>> from optlearn.schedules import Constant, Polynomial
    >>> Join([Constant(start=1.0), Polynomial(start=1.0, steps=2)], at=[2]).series(5).tolist()
    [1.0, 1.0, 1.0, 0.5, 0.0]
    """

    schedules: tuple[Schedule, ...]
    at_indices: tuple[int, ...]
    parts = {"schedules": _schedules, "at_indices": increasing("at", 1)}

    def __init__(self, schedules: Iterable[Schedule], at: Iterable[int] | None = None, **values: Any) -> None:
        super().__init__(schedules=schedules, at_indices=values.pop("at_indices", at) or (), **values)
        if len(self.at_indices) != len(self.schedules) - 1:
            raise InvalidArgument(f"at = {at!r} is not allowed; {len(self.schedules)} schedules need "
                                  f"{len(self.schedules) - 1} indices")

    @property
    def symbol(self):
        """LaTeX of what is scheduled, that of the schedule inside."""
        return self.schedules[0].symbol

    def phases(self) -> list[tuple[int, Schedule | None]]:
        return list(zip((0, *self.at_indices), self.schedules, strict=True))

    def value(self, k):
        result = self.schedules[0].value(k)
        for begin, schedule in zip(self.at_indices, self.schedules[1:], strict=True):
            result = np.where(k >= begin, schedule.value(np.maximum(k - begin, 0)), result)
        return result


class Scaled(Schedule):
    """Another schedule times a number; ``0.1 * schedule`` makes it.

    Parameters
    ----------
    of : Schedule

    Examples
    --------
    >>> from optlearn.schedules import Halving
    >>> (0.5 * Halving(start=0.8, every=1)).series(3).tolist()
    [0.4, 0.2, 0.1]
    """

    of: Schedule
    parts = {"of": _schedule("of")}
    factor = hyper(1.0, at_least=0, symbol="c")

    def __init__(self, of: Schedule, *given: Never, **values: Any) -> None:
        super().__init__(*given, of=of, **values)

    @property
    def symbol(self):
        """LaTeX of what is scheduled, that of the schedule inside."""
        return self.of.symbol

    def value(self, k):
        return self.factor * self.of.value(k)

    def at(self, state: dict[str, Any], k: int, place: Place | None = None) -> float:
        return self.factor * self.of.at(state.get("of", {}), k, place)


class PerEpoch(Schedule):
    """Another schedule as a function of the epoch 0, 1, 2, ... instead of the step.

    With `steps_per_epoch` it is a function of the step index. Without, `train` tells it the epoch.

    Parameters
    ----------
    of : Schedule
        It must not look at the training itself.

    Examples
    --------
    >>> from optlearn.schedules import Exponential
    >>> PerEpoch(Exponential(start=1.0, gamma=0.5), steps_per_epoch=2).series(6).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    of: Schedule
    parts = {"of": _schedule("of")}
    steps_per_epoch = hyper(None, at_least=1, integer=True, symbol="E")

    def __init__(self, of: Schedule, *given: Never, **values: Any) -> None:
        super().__init__(*given, of=of, **values)
        if of.driven:
            raise InvalidArgument(f"of = {of!r} is not allowed; it must depend on the step index alone")

    @property
    def symbol(self):
        """LaTeX of what is scheduled, that of the schedule inside."""
        return self.of.symbol

    @property
    def driven(self) -> bool:
        return self.steps_per_epoch is None

    def value(self, k):
        return self.of.value(np.floor(k / self.steps_per_epoch))

    def at(self, state: dict[str, Any], k: int, place: Place | None = None) -> float:
        if not self.driven or (place is None and k == 0):
            return self.of(k if self.driven else k // self.steps_per_epoch)
        return self.of(known_place(self, place).epoch)
