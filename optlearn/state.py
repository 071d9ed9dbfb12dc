"""What goes into a step and comes out of it: the state, what one step made, and arrays as a rule gets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn.declare import InvalidArgument, Lesson, near

if TYPE_CHECKING:
    from collections.abc import Iterable

# What a rule may read of its state besides slots and draws: see `optlearn.asking`.
ASKED = ("loss", "gradient", "hessian", "hessian_diagonal", "sum", "norm")


class Update:
    """What one step made: the new parameters `w`, and the quantities that the rule names.

    The named quantities that are slots of the rule are its next state; the others are internals, which
    trajectories record, equations show and animations draw.

    Parameters
    ----------
    w : array
        New parameters.
    **named : array or float
        Named quantities.

    Examples
    --------
    >>> made = Update(np.ones(2), m=np.zeros(2))
    >>> made.w, sorted(made.named)
    (array([1., 1.]), ['m'])
    """

    __slots__ = ("w", "named")

    def __init__(self, w: Any, **named: Any) -> None:
        self.w = w
        self.named = named


class Slots:
    """The state of one array of parameters: its slots as attributes."""

    def __init__(self, values: dict[str, Any]) -> None:
        object.__setattr__(self, "__dict__", values)

    def __setattr__(self, name: str, value: Any) -> None:
        raise Lesson("the state that came in does not change; the next state is what update returns: "
                     f"Update(new_w, {name}=...)")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in ASKED:
            raise Lesson(f"s.{name} is there in update only, where the lines of the class read it as s.{name}; a class "
                         f"that reads it in another way says so: needs = ({name!r},)")
        known = vars(self)
        close = near(name, known) if known else ""
        raise Lesson(f"the state has no {name!r}" + (close if "did you mean" in close else
                     f"; what is kept from step to step is named in the class: slots = ({name!r},)"))

    def __getitem__(self, name: Any) -> Any:
        raise Lesson(f"the state has attributes; write s.{name}")


class State:
    """The state of an optimizer: the number of steps taken and the slots of every array of parameters.

    Attributes
    ----------
    rule : str
        Name of the rule it belongs to.
    t : int
        Steps taken.
    paths : tuple of str
        Place of each array in the nested parameters, such as ``"['layer1'][0]"``.
    slots : tuple of dict
        The slots of each array, by name.

    Examples
    --------
    >>> from optlearn import Momentum
    >>> Momentum().init(np.ones(2))
    State(momentum, t=0, 1 array(s), slots: v)
    """

    def __init__(self, rule: str, t: int, paths: Iterable[str], slots: Iterable[dict[str, Any]]) -> None:
        self.rule, self.t, self.paths, self.slots = rule, t, tuple(paths), tuple(slots)

    def __getitem__(self, name: str) -> Any:
        """The slot `name` of the only array, or of all arrays as a list."""
        if not self.slots or name not in self.slots[0]:
            known = self.slots[0] if self.slots else ()
            raise InvalidArgument(f"the state of {self.rule} has no slot {name!r}{near(name, known)}")
        values = [slots[name] for slots in self.slots]
        return values[0] if self.paths == ("",) else values

    def __repr__(self) -> str:
        slots = ", ".join(self.slots[0]) if self.slots else ""
        return f"State({self.rule}, t={self.t}, {len(self.paths)} array(s), slots: {slots or 'none'})"


def guest(value):
    """An array as a rule gets it: a view that cannot be written to. Numbers are as they are."""
    if isinstance(value, np.ndarray):
        value = value.view()
        value.setflags(write=False)
    return value


def guests(*values):
    """The values with arrays as read-only views, for the methods of a rule: arrays are its guests.

    Examples
    --------
    >>> w, lr = guests(np.ones(2), 0.1)
    >>> w.flags.writeable, lr
    (False, 0.1)
    """
    return [guest(value) for value in values]


def first_state(rule, w):
    """What ``rule.start(w)`` gives, with all slots and no others."""
    first = rule.start(w)
    if not isinstance(first, dict) or set(first) != set(rule.slots):
        what = f"the slots {', '.join(map(repr, first)) or 'none'}" if isinstance(first, dict) else \
            f"a {type(first).__name__}"
        raise InvalidArgument(f"{type(rule).__name__}.start gives {what}; it must give a dictionary with "
                              + (", ".join(map(repr, rule.slots)) or "nothing") + ", the slots of its class")
    return first
