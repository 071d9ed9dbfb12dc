"""What every schedule is: a function of the step index, its registry and what its arguments are checked by."""

from __future__ import annotations

import numbers
import operator
import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Never

import numpy as np

from optlearn.declare import Declared, InvalidArgument, near, of_library, real

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from optlearn.typing import Floats

_registry: dict[str, type[Schedule]] = {}


class Place(NamedTuple):
    """The place in a training; counts start at 0, `batch` within the epoch, `iteration` over all epochs."""

    batch_size: int
    epoch: int
    batch: int
    iteration: int


class Schedule(Declared):
    """A function of the step index 0, 1, 2, ...

    A subclass declares its numbers with `hyper` and writes one method, ``value(self, k)``, in NumPy. That
    registers it by name and gives it its equation, its plot and its form on a page. One that looks at the
    loss overrides `begin`, `feed` and `at` instead.

    Attributes
    ----------
    symbol : str
        LaTeX of what is scheduled, for the equation.
    parts : dict of str to function
        Arguments that are not numbers, each with the function that checks it.
    symbols : dict of str to str
        LaTeX of the quantities that `lines` names.
    points : tuple
        Points of its curve that can be dragged on a page: the numbers that add up to the index, and the one that is
        the value there.

    Examples
    --------
    >>> from optlearn import hyper
    >>> class Sawtooth(Schedule):
    ...     high = hyper(1.0, above=0, symbol=r"\\eta_0")
    ...     period = hyper(4, at_least=1, integer=True, symbol="P")
    ...     def value(self, k):
    ...         return self.high * (1 - k % self.period / self.period)
    >>> Sawtooth().series(6).tolist()
    [1.0, 0.75, 0.5, 0.25, 1.0, 0.75]
    >>> Sawtooth().equation()
    '\\\\eta_k = \\\\eta_0 \\\\, \\\\left(1 - \\\\frac{k \\\\bmod P}{P}\\\\right)'
    """

    name: ClassVar[str]
    symbol = r"\eta"
    parts: dict[str, Callable[[Any], Any]] = {}
    symbols: dict[str, str] = {}
    points: ClassVar[tuple[tuple[tuple[str, ...], str | None], ...]] = ()

    def __init_subclass__(cls, register: bool = True, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
        # A name of the library stays its own.
        if not of_library(cls) and of_library(_registry.get(cls.name, cls)):
            cls.name = f"own_{cls.name}"
        if register:
            _registry[cls.name] = cls

    def __init__(self, *given: Never, **values: Any) -> None:
        if given:
            free = [name for name in (*self.parts, *self._declared) if name not in values]
            named = ", ".join(f"{name}={value!r}" for name, value in zip(free, given, strict=False))
            raise InvalidArgument(f"{type(self).__name__}({', '.join(map(repr, given))}) is not allowed; arguments "
                                  f"must be named: {named}")
        missing = [name for name in self.parts if name not in values]
        if missing:
            raise InvalidArgument(f"{type(self).__name__} needs the argument {missing[0]!r}")
        parts = {name: check(values.pop(name)) for name, check in self.parts.items()}
        super().__init__(**values)
        for name, declaration in self.hypers().items():
            value = self.__dict__[name]
            if value is not None and not isinstance(value, numbers.Real):
                raise InvalidArgument(f"{name} = {value!r} is not allowed in a schedule; it must be "
                                      f"{declaration.range}")
        self.__dict__.update(parts)

    def value(self, k: Any) -> Any:
        """The value at index `k`, in traceable NumPy."""
        if type(self).lines is Schedule.lines:
            raise InvalidArgument(f"{type(self).__name__} has no method value(self, k); one that looks at the loss "
                                  "has `driven = True` and the methods begin, feed and at")
        *_, last = self.lines(k).values()
        return last

    def lines(self, k: Any) -> dict[str, Any]:
        """The value with the quantities on the way to it, by name, for a formula too long for one line."""
        return {"value": self.value(k)}

    @property
    def values(self) -> dict[str, Any]:
        """All arguments as a dictionary; ``get(schedule.name, **schedule.values)`` is the same schedule."""
        return {**{name: self.__dict__[name] for name in self.parts}, **super().values}

    # Numbers

    @property
    def driven(self) -> bool:
        """Whether it looks at more than the step index, such as the loss, and has to be fed."""
        return any(part.driven for part in self._inner())

    def _inner(self):
        held = [self.__dict__[name] for name in self.parts]
        return [part for value in held for part in (value if isinstance(value, tuple) else (value,))
                if isinstance(part, Schedule)]

    def __call__(self, k: int) -> float:
        """The value at step index `k` as a Python float."""
        k = whole_index(k)
        if self.driven:
            if k > 0:
                raise InvalidArgument(
                    f"{type(self).__name__} depends on more than the step index: train() feeds it the loss "
                    "and the place in the training; by hand: state = schedule.begin(), "
                    "state = schedule.feed(state, loss), schedule.at(state, k)")
            return self.at(self.begin(), 0)
        return real(self.value(k), f"{type(self).__name__}.value({k})")

    def series(self, steps: int) -> Floats:
        """The values of the first `steps` steps as an array."""
        return np.array([self(k) for k in range(whole_index(steps, "steps"))])

    # What loss-driven schedules override

    def begin(self) -> dict[str, Any]:
        """The state before the first step: plain data."""
        return {name: self.__dict__[name].begin() for name in self.parts
                if isinstance(self.__dict__[name], Schedule) and self.__dict__[name].driven}

    def feed(self, state: dict[str, Any], loss: float, kind: str = "step") -> dict[str, Any]:
        """The state after the loss of a minibatch (``kind="step"``) or an epoch (``"train"``, ``"test"``)."""
        return {name: self.__dict__[name].feed(inner, loss, kind) for name, inner in state.items()}

    def at(self, state: dict[str, Any], k: int, place: Place | None = None) -> float:
        """The value at index `k`, given the state, and the place in the training if there is one."""
        return self(k)

    @property
    def needs(self) -> set[str]:
        """The kinds of loss that it looks at."""
        return {kind for part in self._inner() for kind in part.needs}

    # Composition

    def per_epoch(self, steps_per_epoch: int | None = None) -> Schedule:
        """This schedule as a function of the epoch instead of the step; see `PerEpoch`."""
        return get("per_epoch", of=self, steps_per_epoch=steps_per_epoch)

    def __mul__(self, factor: float) -> Schedule:
        return get("scaled", of=self, factor=factor)

    __rmul__ = __mul__

    # What a schedule shows of itself

    def graph(self) -> tuple[Any, Any]:
        """The formula as a recorded expression, and the symbol of the step index in it."""
        from optlearn.schedules.formula import graph

        return graph(self)

    def equation(self, kind: Literal["latex", "mathml"] = "latex") -> str:
        """The formula, in LaTeX or MathML; composed schedules show their numbers, others their symbols."""
        from optlearn.schedules.formula import equation

        return equation(self, kind)

    def _repr_latex_(self):
        return None if self.driven else "$$" + self.equation() + "$$"

    def plot(self, steps: int, ax: Axes | None = None, label: str | None = None, **line: Any) -> Axes:
        """Draw the first `steps` values.

        Parameters
        ----------
        steps : int
        ax : matplotlib.axes.Axes, optional
        label : str, optional
            Name in a legend; default: the name of the schedule.
        **line
            Passed to ``ax.plot``.

        Returns
        -------
        matplotlib.axes.Axes
        """
        import matplotlib.pyplot as plt

        values = self.series(steps)
        ax = ax or plt.gca()
        # A value holds for its whole step: a schedule is a staircase, not a curve.
        ax.step(np.arange(steps), values, where="post", label=label or type(self).__name__, **line)
        ax.set(xlabel="step index $k$", ylabel=f"${self.symbol}_k$")
        return ax



def get(name: str, **values: Any) -> Schedule:
    """The schedule of that name.

    Parameters
    ----------
    name : str
        See `names`.
    **values
        The arguments of the schedule.

    Returns
    -------
    Schedule

    Raises
    ------
    InvalidArgument
        For an unknown name, with the near ones.

    Examples
    --------
    >>> get("cosine", start=1.0, steps=10)
    Cosine(start=1.0, end=0.0, steps=10)
    """
    key = str(name).lower().replace("-", "_").replace(" ", "_")
    if key not in _registry:
        raise InvalidArgument(f"name = {name!r} is not a known schedule{near(key, names())}")
    return _registry[key](**values)


def names() -> list[str]:
    """The names of all schedules.

    Returns
    -------
    list of str

    Examples
    --------
    >>> "cosine" in names()
    True
    """
    return sorted(_registry)


# Checks of arguments


def whole_index(k: Any, name: str = "k") -> int:
    """A step index, or another whole number from 0."""
    try:
        index = -1 if isinstance(k, (bool, np.bool_)) else operator.index(k)
    except TypeError:
        index = -1
    if index < 0:
        raise InvalidArgument(f"{name} = {k!r} is not allowed; it must be a whole number with 0 <= {name}")
    return index


def increasing(what: str, least: int) -> Callable[[Any], tuple[int, ...]]:
    """The check of an argument that is a sequence of growing indices."""
    def check(values):
        try:
            found = tuple(whole_index(k, what) for k in values)
        except TypeError:
            found = ()
        if not found or list(found) != sorted(set(found)) or found[0] < least:
            raise InvalidArgument(f"{what} = {values!r} is not allowed; it must be increasing whole numbers, "
                                  f"each at least {least}")
        return found

    return check


def known_place(schedule: Schedule, place: Place | None) -> Place:
    """The place in the training, which is there where `train` asks."""
    if place is None:
        raise InvalidArgument(f"{type(schedule).__name__} depends on the place in the training, which only "
                              "train() knows; give steps_per_epoch, or a function of the step index")
    return place
