"""Numbers and choices that a rule, a surface or a schedule declares once.

A declaration checks the value, prints the table of a docstring, gives the equation its symbol and the slider
its bounds.
"""

from __future__ import annotations

import inspect
import math
import numbers
import re
from typing import TYPE_CHECKING, Any, ClassVar, Never, Self, overload

import numpy as np

from optlearn.symbolic.names import name_symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping



class InvalidArgument(ValueError, TypeError):
    """An argument outside its range or of the wrong kind; the message names it, its value and what is allowed.

    It is both a `ValueError` and a `TypeError`, so either ``except`` clause finds it.
    """


class Lesson(AttributeError):
    """An attribute that is not there or not to be set; the message says what to write instead."""


class Unchangeable(Lesson):
    """An object of declared numbers was to be changed."""


def near(word: object, known: Iterable[str]) -> str:
    """A sentence part that names what resembles `word`: ", did you mean 'adam'?" or the whole list."""
    import difflib

    known = list(known)
    close = difflib.get_close_matches(str(word), known, n=3, cutoff=0.6)
    if close:
        return "; did you mean " + " or ".join(repr(name) for name in close) + "?"
    return "; known are " + ", ".join(known) if known else ""


# Symbols of names whose letters are not their symbol.
USUAL = {"lr": r"\eta", "momentum": r"\beta", "eps": r"\epsilon", "weight_decay": r"\lambda"}


def of_library(thing: object) -> bool:
    """Whether a class, or that of an object, is the library's own; those of readers are checked where they are used."""
    cls = thing if isinstance(thing, type) else type(thing)
    return cls.__module__.startswith("optlearn.")


class hyper:
    """Declare a hyperparameter: default, allowed range, symbol.

    Parameters
    ----------
    default : float or None
        Value where none is given; None leaves the quantity out of the rule until it is given.
    above, at_least, below, at_most : float, optional
        The allowed range; `above` and `below` exclude the bound, `at_least` and `at_most` include it.
    symbol : str, optional
        LaTeX of the symbol in equations; default: made from the name.
    low, high : float, optional
        Bounds of the slider, where the allowed range is not one to slide over.
    alias : str, optional
        A second name under which the value may be given.
    integer : bool, optional
        Whether only whole numbers are allowed.
    divides : bool, optional
        Whether the rule divides by it, so that not even a schedule may reach the bound `above`. Otherwise it may:
        a learning rate that falls to zero ends on zero.

    Examples
    --------
    >>> class Bounded(Declared):
    ...     share = hyper(0.5, at_least=0, below=1)
    >>> Bounded.share.range, Bounded(share=0.25).share
    ('a finite number with 0 <= share < 1', 0.25)
    """

    def __init__(self, default: float | None, *, above: float | None = None, at_least: float | None = None,
                 below: float | None = None, at_most: float | None = None, symbol: str | None = None,
                 low: float | None = None, high: float | None = None, alias: str | None = None, integer: bool = False,
                 divides: bool = False) -> None:
        self.default, self.integer, self.alias, self.divides = default, integer, alias, divides
        self.above, self.at_least, self.below, self.at_most = above, at_least, below, at_most
        self._symbol, self._low, self._high = symbol, low, high

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @property
    def symbol(self) -> str:
        """LaTeX of the symbol in equations."""
        return self._symbol or USUAL.get(self.name) or name_symbol(self.name)

    @overload
    def __get__(self, instance: None, owner: type) -> hyper: ...

    @overload
    def __get__(self, instance: object, owner: type | None = None) -> Any: ...

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        # Instances carry their value in __dict__, which a non-data descriptor lets win: reading costs nothing.
        return self

    @property
    def range(self) -> str:
        """The allowed range in words, such as ``0 <= beta1 < 1``."""
        left = f"{self.above} < " if self.above is not None else \
            f"{self.at_least} <= " if self.at_least is not None else ""
        right = f" < {self.below}" if self.below is not None else \
            f" <= {self.at_most}" if self.at_most is not None else ""
        kind = "a whole number" if self.integer else "a finite number"
        return f"{kind} with {left}{self.name}{right}" if left or right else kind

    @property
    def log(self) -> bool:
        """Whether a slider for it is logarithmic: positive values without an upper bound."""
        return (self.above == 0 or self.at_least == 0) and self.below is None and self.at_most is None \
            and not self.integer

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value of a slider, inside the allowed range."""
        low, high = self._low, self._high
        scale = abs(self.default or 0.0) or 1.0
        if low is None:
            if self.at_least is not None and not self.log:
                low = self.at_least
            elif self.above is not None and not self.log:
                low = self.above + 1e-3 * scale
            else:
                low = scale / 1000 if self.log else -10 * scale
        if high is None:
            if self.at_most is not None:
                high = self.at_most
            elif self.below is not None:
                high = self.below - 1e-3
            else:
                high = max(1.0, scale) if self.log else 10 * scale
        return float(low), float(high)

    def check(self, value: Any) -> Any:
        """The value in the form the rules compute with: float, float array (a sweep) or function of the step."""
        if value is None and self.default is None:
            return value
        if callable(value):
            if isinstance(value, type):
                raise InvalidArgument(f"{self.name} = {value.__name__} is not allowed: it is a class; it must be a "
                                      f"number or a schedule such as {value.__name__}(...)")
            if not of_library(value):
                self._check_function(value)
            return value
        if isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_)):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
            if self._outside(number):
                raise InvalidArgument(f"{self.name} = {value!r} is not allowed; it must be {self.range}")
            return int(number) if self.integer else number
        if isinstance(value, (list, tuple, np.ndarray)):
            array = np.asarray(value)
            if array.dtype.kind in "iuf":
                array = array.astype(np.float64)
                if array.ndim == 0:
                    return self.check(float(array))
                bad = [x for x in array.ravel() if self._outside(float(x))]
                if not bad:
                    array.setflags(write=False)
                    return array
                raise InvalidArgument(
                    f"{self.name} contains {float(bad[0])!r}, which is not allowed; each value must be {self.range}")
        raise InvalidArgument(f"{self.name} = {value!r} is not allowed; it must be {self.range}, "
                              "an array of such (a sweep) or a function of the step (a schedule)")

    def _check_function(self, function):
        """Refuse what is no function of the step index: the wrong arguments, or another value when asked again."""
        try:
            inspect.signature(function).bind(0)
        except TypeError:
            raise InvalidArgument(f"{self.name} = {_plain(function)} is not allowed as a schedule; it must be a "
                                  "function of one argument, the step index 0, 1, 2, ...") from None
        except ValueError:  # some built-in functions have no signature to look at
            pass
        try:
            first, again = (float(function(0)) for _ in range(2))
        except Exception:  # what it gives is checked in the step that uses it
            return
        if first != again and first == first:
            raise unsteady(self.name, 0, first, again)

    def check_scheduled(self, value: Any, k: int) -> Any:
        """The value that a schedule gave for step index `k`: in the range, or at a bound it may reach.

        An array is a sweep, as it is where no schedule stands.
        """
        if isinstance(value, np.ndarray) and value.ndim:
            return np.array([self.check_scheduled(x, k) for x in value.ravel()]).reshape(value.shape)
        if np.ndim(value) == 0 and np.asarray(value).dtype.kind in "iuf":
            number = float(value)
            if number == self.above and not self.divides:
                return number
            if not self._outside(number):
                return int(number) if self.integer else number
            value = number
        raise InvalidArgument(f"{self.name} = {value!r} is not allowed; its schedule gives it in step {k + 1} "
                              f"(index {k}), and it must be {self.range}")

    def _outside(self, x):
        return (not math.isfinite(x)
                or (self.above is not None and not x > self.above)
                or (self.at_least is not None and not x >= self.at_least)
                or (self.below is not None and not x < self.below)
                or (self.at_most is not None and not x <= self.at_most)
                or (self.integer and x != int(x)))


class option:
    """Declare a choice that is fixed when the object is made: a flag or one of a few words.

    Parameters
    ----------
    default : bool or str
        The choice where none is given.
    choices : tuple, optional
        All choices; default: (True, False).

    Examples
    --------
    >>> class Choosing(Declared):
    ...     form = option("short", choices=("short", "long"))
    >>> Choosing(form="long").form
    'long'
    """

    def __init__(self, default: bool | str, choices: tuple[bool | str, ...] = (True, False)) -> None:
        self.default, self.choices = default, choices

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> option: ...

    @overload
    def __get__(self, instance: object, owner: type | None = None) -> Any: ...

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self

    @property
    def range(self) -> str:
        """The choices in words."""
        return "one of " + ", ".join(repr(choice) for choice in self.choices)

    def check(self, value: Any) -> bool | str:
        """The choice, if it is one."""
        for choice in self.choices:
            if type(choice) is type(value) and choice == value:
                return choice
        raise InvalidArgument(f"{self.name} = {value!r} is not allowed; it must be {self.range}")


class _Signature:
    """The arguments of a class from its declarations, made when they are asked for."""

    def __get__(self, instance, owner):
        if instance is not None:
            # An object that can be called has the signature of its own call.
            raise AttributeError("__signature__")
        import inspect

        kinds = inspect.Parameter
        own = inspect.signature(owner.__init__).parameters.values()
        # What is declared has no annotation, so that nothing here has one: the table of the docstring says more.
        needed = [one.replace(annotation=one.empty) for one in own if one.kind is one.POSITIONAL_OR_KEYWORD][1:] or \
            [kinds(name, kinds.KEYWORD_ONLY) for name in getattr(owner, "parts", ())]
        return inspect.Signature([*needed, *(kinds(name, kinds.KEYWORD_ONLY, default=default)
                                             for name, default in owner._arguments().items())])


class Declared:
    """An unchangeable object whose numbers and choices are declared in its class body."""

    _declared: ClassVar[dict[str, hyper | option]] = {}
    _hypers: ClassVar[dict[str, hyper]] = {}
    _aliases: ClassVar[dict[str, str]] = {}
    # Names that are neither attributes of the class nor free to be declared.
    _reserved: ClassVar[tuple[str, ...]] = ()
    __signature__ = _Signature()
    _value_kind = "float"

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        for name, value in vars(cls).items():
            if isinstance(value, (hyper, option)):
                cls._check_declaration(name, value)
            elif name in cls._declared:
                raise InvalidArgument(f"{cls.__name__} gives the declared {name!r} a plain value, {value!r}; write "
                                      f"{name} = {type(cls._declared[name]).__name__}({value!r})")
        cls._declared = {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items()
                         if isinstance(value, (hyper, option))}
        cls._hypers = {name: d for name, d in cls._declared.items() if isinstance(d, hyper)}
        cls._aliases = {d.alias: name for name, d in cls._hypers.items() if d.alias}
        _describe(cls)

    @classmethod
    def _check_declaration(cls, name, declared):
        """Raise unless a declared name is free and its default is allowed."""
        taken = next((base for base in cls.__mro__[1:] if name in vars(base)), None)
        if name in cls._reserved or (taken is not None and not isinstance(vars(taken)[name], (hyper, option))):
            raise InvalidArgument(f"{cls.__name__} declares {name!r}, which means something else in every "
                                  f"{cls._kind()}; it must have another name, such as {name + '_'!r}")
        if declared.default is not None:
            declared.check(declared.default)

    @classmethod
    def _kind(cls):
        return next(base.__name__ for base in reversed(cls.__mro__[:-2]))

    @classmethod
    def _arguments(cls):
        """The arguments of the class by name, with their defaults."""
        return {name: declared.default for name, declared in cls._declared.items()}

    def __init__(self, *given: Never, **values: Any) -> None:
        own = type(self)
        if given:
            call = ", ".join(f"{name}={_plain(value)}"
                             for name, value in zip(own._declared, tuple(given), strict=False))
            raise InvalidArgument(f"{own.__name__}({', '.join(map(_plain, given))}) is not allowed; arguments must be "
                                  f"named: {own.__name__}({call})")
        for name in values:
            if name not in own._declared and name not in own._aliases:
                plain = getattr(own, name, None)
                if isinstance(plain, (numbers.Real, str)) and not hasattr(Declared, name):
                    kind = "option" if isinstance(plain, (bool, str)) else "hyper"
                    raise InvalidArgument(f"{own.__name__} has no argument {name!r}: {name} = {plain!r} in its class "
                                          f"is not declared; write {name} = {kind}({plain!r})")
                raise InvalidArgument(f"{own.__name__} has no argument {name!r}{near(name, own._arguments())}")
        values = {own._aliases.get(name, name): value for name, value in values.items()}
        for name, declaration in own._declared.items():
            value = declaration.check(values[name]) if name in values else declaration.default
            self.__dict__[name] = value

    @classmethod
    def hypers(cls) -> dict[str, hyper]:
        """The declarations of numbers, by name."""
        return cls._hypers

    @classmethod
    def options(cls) -> dict[str, option]:
        """The declarations of choices, by name."""
        return {name: d for name, d in cls._declared.items() if isinstance(d, option)}

    @property
    def values(self) -> dict[str, Any]:
        """The values of all declared numbers and choices, as a dictionary."""
        return {name: self.__dict__[name] for name in self._declared}

    def replace(self, **changes: Any) -> Self:
        """A copy with some values changed."""
        return type(self)(**{**self.values, **{self._aliases.get(n, n): v for n, v in changes.items()}})

    def bound(self, values: Mapping[str, Any]) -> Self:
        """A copy that holds `values` as they are: resolved schedules, or the symbols of a trace."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy.__dict__.update(values)
        return copy

    def __setattr__(self, name: str, value: Any) -> None:
        raise Unchangeable(f"{type(self).__name__} objects do not change; "
                           f"make a new one: .replace({name}={value!r})")

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={_plain(value)}" for name, value in self.values.items())
        return f"{type(self).__name__}({inside})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and _key(self.values) == _key(other.values)

    def __hash__(self) -> int:
        return hash((type(self), _key(self.values)))


def unsteady(name: str, k: int, first: float, again: float) -> InvalidArgument:
    """The error of a schedule that gave two values for one step index."""
    return InvalidArgument(f"{name} has a schedule that gives {first!r} and then {again!r} for the same step index "
                           f"{k}; it must be a function of the index alone: no counter, no iterator, no random "
                           "number of its own")


_SECTION = re.compile(r"\n    (Attributes|Returns|Raises|See Also|Notes|References|Examples)\n    -")


def _describe(cls):
    """Put the declared numbers and choices into the docstring, so they are stated once."""
    if not cls._declared or not vars(cls).get("__doc__"):
        return
    body = cls.__doc__.rstrip() + "\n"
    before, found, after = body.partition("\n    Parameters\n    ----------\n")
    at = _SECTION.search(after if found else body)
    end = at.start() if at else len(after if found else body)
    lines = []
    for name, d in cls._declared.items():
        kind = ("int" if d.integer else cls._value_kind) if isinstance(d, hyper) else "choice"
        default = f"{d.default:g}" if isinstance(d, hyper) and isinstance(d.default, numbers.Real) else repr(d.default)
        symbol = f"; symbol {d.symbol}." if isinstance(d, hyper) else "."
        lines += [f"    {name} : {kind}, default {default}", f"        {d.range[0].upper() + d.range[1:]}{symbol}"]
    table = "\n".join(lines) + "\n"
    head = "\n    Parameters\n    ----------\n"
    new = before + head + after[:end] + table + after[end:] if found else body[:end] + head + table + body[end:]
    cls.__doc__ = new if at else new + "\n    "


def _plain(value):
    if isinstance(value, np.ndarray):
        return np.array2string(value, separator=", ", threshold=6, formatter={"float_kind": lambda x: f"{x:g}"})
    if callable(value) and not isinstance(value, Declared):
        return getattr(value, "__name__", type(value).__name__)
    return repr(value)


def _key(values):
    return tuple((name, (v.shape, v.tobytes()) if isinstance(v, np.ndarray) else v) for name, v in values.items())


def real(value: Any, what: str) -> float:
    """A number that a schedule computed, as a Python float: NumPy's would turn float32 parameters into float64."""
    if np.ndim(value) or np.asarray(value).dtype.kind not in "iuf":
        raise InvalidArgument(f"{what} gives {value!r}; it must be a number")
    return float(value)
