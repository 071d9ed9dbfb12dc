"""Schedules that look at the training: at its loss, or at the place in it; and what feeds them."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn.declare import InvalidArgument, hyper, option, real
from optlearn.schedules.base import Place, Schedule, known_place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from optlearn.optimizer import Optimizer


def _function(value):
    if not callable(value):
        raise InvalidArgument(f"function = {value!r} is not allowed; it must be a function of a Place")
    return value


class FromTraining(Schedule):
    """Your own function of the training state, a `Place`, which `train` supplies.

    Parameters
    ----------
    function : callable
        ``function(place)``, of a `Place`.

    Examples
    --------
    >>> FromTraining(lambda place: 0.1 / (1 + place.epoch))
    FromTraining(function=<lambda>)
    """

    function: Callable[[Place], Any]
    parts = {"function": _function}
    driven = True

    def __init__(self, function: Callable[[Place], Any], **values: Any) -> None:
        super().__init__(function=function, **values)

    def at(self, state: dict[str, Any], k: int, place: Place | None = None) -> float:
        if place is None and k == 0:
            place = Place(batch_size=1, epoch=0, batch=0, iteration=0)
        return real(self.function(known_place(self, place)), f"function of {type(self).__name__} at {place}")


class Plateau(Schedule):
    """Multiply by `factor` when the loss has not improved for more than `patience` epochs (or steps).

    ::

        if loss < best - threshold * |best|:  best, bad = loss, 0      (the first finite loss always)
        else:                                 bad = bad + 1            (also if it is infinite or NaN)
        if bad > patience:                    value, bad = max(value * factor, lowest), 0

    After a reduction `cooldown` losses are not counted as bad. It watches the training loss at the end of
    each epoch, or with ``watch="test"`` the test loss, or with ``watch="step"`` the loss of every minibatch.

    Convention: PyTorch's ReduceLROnPlateau with a relative threshold, for losses above 0 (its ``best * (1 -
    threshold)`` takes a negative loss that grows a little for a better one). Keras reduces one epoch earlier
    (``bad >= patience``) and has an absolute threshold.

    Examples
    --------
    >>> schedule = Plateau(start=1.0, factor=0.5, patience=1, watch="step")
    >>> state = schedule.begin()
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     state = schedule.feed(state, loss)
    >>> schedule.at(state, 4)
    0.5
    >>> state
    {'value': 0.5, 'best': 2.0, 'bad': 0, 'rest': 0}
    """

    start = hyper(0.1, above=0, symbol=r"\eta_0", alias="lr")
    factor = hyper(0.1, above=0, below=1, symbol=r"\gamma")
    patience = hyper(10, at_least=0, integer=True, symbol="P")
    threshold = hyper(1e-4, at_least=0, below=1, symbol=r"\theta")
    cooldown = hyper(0, at_least=0, integer=True, symbol="C")
    lowest = hyper(0.0, at_least=0, symbol=r"\eta_{\mathrm{low}}")
    watch = option("train", choices=("train", "test", "step"))
    driven = True

    @property
    def needs(self) -> set[str]:
        return {self.watch}

    def begin(self) -> dict[str, Any]:
        return {"value": self.start, "best": None, "bad": 0, "rest": 0}

    def feed(self, state: dict[str, Any], loss: float, kind: str = "step") -> dict[str, Any]:
        if kind != self.watch:
            return state
        value, best, bad, rest = (state[name] for name in ("value", "best", "bad", "rest"))
        loss = float(loss)
        if math.isfinite(loss) and (best is None or loss < best - self.threshold * abs(best)):
            best, bad = loss, 0
        else:
            bad += 1
        if rest > 0:
            bad, rest = 0, rest - 1
        if bad > self.patience:
            # A value that would shrink below the lowest rises to it only if it was above.
            value, bad, rest = max(value * self.factor, min(self.lowest, value)), 0, self.cooldown
        return {"value": value, "best": best, "bad": bad, "rest": rest}

    def at(self, state: dict[str, Any], k: int, place: Place | None = None) -> float:
        return state["value"]


class King(Schedule):
    """Multiply by `factor` when nothing speaks for a decrease of the loss over the last `patience` steps.

    The losses of the last steps are fitted by a line. If, for some number n > patience of last losses, the
    slope is negative with a probability below `confidence`, nothing speaks for a decrease during n steps.
    That has to hold for all losses and also without the highest tenth, so that a spike does not decide, not
    even one that is infinite or NaN. See `steps_without_decrease`.

    Source: D. E. King (2018), Automatic learning rate scheduling that really works, blog.dlib.net; dlib.
    Convention: ``forget=True`` drops the losses seen so far when the value is reduced, so that the next
    reduction comes `patience` steps later at the earliest (dlib drops part of them); with ``forget=False``
    the value shrinks in every step until the loss decreases again, as in numpy-ml, whose factor is 0.99.

    Examples
    --------
    >>> schedule = King(start=1.0, patience=5)
    >>> state = schedule.begin()
    >>> for loss in (5.0, 4.0, 3.0, 2.0, 1.0, 1.1, 0.9, 1.1, 0.9, 1.1, 0.9):
    ...     state = schedule.feed(state, loss)
    >>> schedule.at(state, 11)
    0.1
    """

    start = hyper(0.01, above=0, symbol=r"\eta_0", alias="lr")
    patience = hyper(1000, at_least=2, integer=True, symbol="P")
    factor = hyper(0.1, above=0, below=1, symbol=r"\gamma")
    confidence = hyper(0.51, above=0.5, below=1, symbol="c")
    discard = hyper(0.1, at_least=0, below=1, symbol="q")
    forget = option(True)
    watch = option("step", choices=("step", "train", "test"))
    driven = True

    @property
    def needs(self) -> set[str]:
        return {self.watch}

    def begin(self) -> dict[str, Any]:
        return {"value": self.start, "losses": []}

    def feed(self, state: dict[str, Any], loss: float, kind: str = "step") -> dict[str, Any]:
        if kind != self.watch:
            return state
        value = state["value"]
        losses = [*state["losses"], float(loss)][-math.ceil(1.1 * (self.patience + 1)):]
        if len(losses) > self.patience and all(
                steps_without_decrease(losses, self.confidence, discard) > self.patience
                for discard in (0.0, self.discard)):
            value, losses = value * self.factor, [] if self.forget else losses
        return {"value": value, "losses": losses}

    def at(self, state: dict[str, Any], k: int, place: Place | None = None) -> float:
        return state["value"]


def steps_without_decrease(losses: Sequence[float], confidence: float = 0.51, discard: float = 0.0) -> int:
    """For how many of the last steps nothing speaks for a decreasing loss.

    The least-squares slope of n points with normal errors of variance s^2 is normal with variance 12 s^2 /
    (n^3 - n). The largest n is returned for which the slope of the last n losses is negative with a
    probability below `confidence`. An infinite loss counts as the limit of ever larger ones, NaN as infinite.

    Parameters
    ----------
    losses : sequence of float
    confidence : float
    discard : float
        The part of the highest losses that is left out.

    Returns
    -------
    int

    Examples
    --------
    >>> steps_without_decrease([4.0, 3.0, 2.0, 1.0])
    0
    >>> steps_without_decrease([9.0, 5.0, 1.0, 1.0, 1.0, 1.0])
    4
    """
    y = np.asarray(losses, float)[::-1]
    y = np.where(np.isnan(y), np.inf, y)
    kept = np.arange(len(y))
    if discard > 0 and len(y):
        kept = kept[y <= np.quantile(y, 1 - discard, method="lower")]
    if len(kept) < 3:
        return 0
    y, infinite = y[kept], np.isinf(y[kept])
    below = _not_decreasing(np.where(infinite, 0, y), confidence)
    if infinite.any():
        # Seen from a loss that grows without bound, those that stay finite are all alike.
        below = np.where(np.cumsum(infinite)[2:] > 0, _not_decreasing(np.sign(y) * infinite, confidence), below)
    return int(kept[np.flatnonzero(below).max() + 2]) + 1 if below.any() else 0


def _not_decreasing(y, confidence):
    """Whether the line through the newest n losses falls with a probability below `confidence`; n = 3, 4, ...

    The newest loss comes first.
    """
    # A power of two as unit changes no digit and keeps squares from overflowing.
    y = np.ldexp(y, -int(np.frexp(np.abs(y).max())[1]))
    # From the newest loss backwards, x = 0, 1, 2, ...: the line through the first n points for every n at
    # once, from running sums. Losses are taken relative to the newest, so that a constant loss has an error
    # of exactly zero.
    y = y - y[0]
    n = np.arange(1, len(y) + 1)[2:]
    x = np.arange(len(y))
    sy, sxy, syy = np.cumsum(y)[2:], np.cumsum(x * y)[2:], np.cumsum(y * y)[2:]
    spread = (n.astype(float) ** 3 - n) / 12
    covariance = sxy - sy * (n - 1) / 2
    backward = covariance / spread
    total = np.maximum(syy - sy**2 / n, 0)
    rest = np.maximum(total - covariance * backward, 0)
    rest[rest <= 1e-14 * total] = 0
    error = np.sqrt(rest / (n - 2) / spread)
    # Seen backwards in time a decreasing loss rises. Without error the probability is 1, 0, or 1/2 for a flat
    # line.
    exact = np.where(backward == 0, 0.0, np.copysign(np.inf, backward))
    score = np.where(error > 0, backward / np.where(error > 0, error, 1), exact)
    return score < NormalDist().inv_cdf(confidence)


class Driver:
    """The schedules of an optimizer that have to be fed, each with its state.

    Parameters
    ----------
    optimizer : Optimizer
    states : dict, optional
        States of an earlier run, by place, such as ``"lr"`` or ``"gradient[0].clip_norm"``.
    """

    def __init__(self, optimizer: Optimizer, states: dict[str, dict[str, Any]] | None = None) -> None:
        self.optimizer = optimizer
        self.schedules = {}
        owners = {"": optimizer, **{f"gradient[{i}].": g for i, g in enumerate(optimizer.gradient)}}
        for prefix, owner in owners.items():
            for name in owner.hypers():
                schedule = owner.__dict__[name]
                if isinstance(schedule, Schedule) and schedule.driven:
                    self.schedules[prefix + name] = schedule
        self.states = {place: schedule.begin() for place, schedule in self.schedules.items()}
        if states is not None:
            if set(states) != set(self.states):
                raise InvalidArgument(f"schedule states are given for {sorted(states)}; {optimizer.name} has "
                                      f"schedules with a state in {sorted(self.states)}")
            self.states = dict(states)
        self.needs = {kind for schedule in self.schedules.values() for kind in schedule.needs}

    def at(self, k: int, place: Place | None = None) -> Optimizer:
        """The optimizer with the values that these schedules have at index `k`."""
        if not self.schedules:
            return self.optimizer
        own: dict[str, Any] = {}
        inner: dict[int, dict[str, Any]] = {}
        for where, schedule in self.schedules.items():
            head, _, name = where.rpartition(".")
            owner = self.optimizer.gradient[int(head[9:-1])] if head else self.optimizer
            value = owner.hypers()[name].check_scheduled(schedule.at(self.states[where], k, place), k)
            (inner.setdefault(int(head[9:-1]), {}) if head else own)[name] = value
        gradient = tuple(g.bound(inner.get(i, {})) for i, g in enumerate(self.optimizer.gradient))
        return self.optimizer.bound({**own, "gradient": gradient})

    def feed(self, loss: float, kind: str = "step") -> None:
        """Tell the schedules a loss."""
        for where, schedule in self.schedules.items():
            self.states[where] = schedule.feed(self.states[where], float(loss), kind)

    def feed_all(self, loss: float) -> None:
        """Tell the schedules a loss, whatever kind they watch: on a surface there is only one."""
        for kind in ("step", "train", "test"):
            if kind in self.needs:
                self.feed(loss, kind)
