"""Surfaces from what a reader gives: a name, a class, a function, a text."""

from __future__ import annotations

import functools
import inspect
import re
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn.declare import InvalidArgument, near
from optlearn.surfaces.base import Surface, key_of, registry
from optlearn.surfaces.typed import typed

if TYPE_CHECKING:
    from collections.abc import Callable

    from optlearn.typing import SurfaceLike

_plain: weakref.WeakKeyDictionary[Any, Surface] = weakref.WeakKeyDictionary()


def get(surface: SurfaceLike, **values: Any) -> Surface:
    """A surface from what stands for one.

    Parameters
    ----------
    surface : Surface, subclass, str or callable
        A surface; the name of one, as ``"rosenbrock"``; a formula of x and y, as ``"x**2 + sin(3*y)"``, see
        `optlearn.surfaces.typed`; or a function, see `optlearn.surfaces.of`.
    **values
        The surface's numbers and choices; of a formula or a function `domain`, `start` and `minima`.

    Returns
    -------
    Surface

    Raises
    ------
    InvalidArgument
        For an unknown name, with those that are near, and for what is no formula, with the place.

    Examples
    --------
    >>> get("quadratic", kappa=3.0).gradient(np.array([1.0, 2.0]))
    array([1., 6.])
    >>> get("x**2 + 3*y**2", domain=(-1, 1, -1, 1)).gradient(np.array([1.0, 2.0]))
    array([ 2., 12.])
    """
    if isinstance(surface, Surface):
        return surface.replace(**values) if values else surface
    if isinstance(surface, type) and issubclass(surface, Surface):
        return surface(**values)
    if isinstance(surface, str):
        key = key_of(surface)
        if not (_are_words(surface) or surface.isidentifier() and key in registry):
            return typed(surface, **_attributes(values, "a formula"))
        if key not in registry:
            raise InvalidArgument(f"surface = {surface!r} is not known{near(key, registry)}")
        return registry[key](**values) if values else _as_declared(registry[key])
    if hasattr(surface, "as_surface"):
        return surface.as_surface()
    if callable(surface):
        return of(surface, **_attributes(values, "a function"))
    raise InvalidArgument(f"surface = {surface!r} is not allowed; it must be a Surface, the name of one, a formula "
                          "such as 'x**2 + y**2' or a function f(x, y)")


@functools.lru_cache(256)
def _are_words(text):
    """Whether a text is a name, which are words without x or y among them; else it is a formula."""
    return bool(re.fullmatch(r"\s*[^\W\d][\w -]*", text)) and not re.search(r"\b[xy]\b", text)


def _attributes(values, what):
    """What a formula or a function may be given beside it."""
    for name in values:
        if name not in ("domain", "start", "minima"):
            raise InvalidArgument(f"{what} has no argument {name!r}; known are domain, start, minima")
    return values


def _as_declared(cls):
    """The surface with the numbers of its class. It does not change, so that one is enough."""
    if "_usual" not in cls.__dict__:
        cls._usual = cls()
    return cls._usual


def of(function: Callable[..., Any], gradient: Callable[[Any, Any], Any] | None = None, **attributes: Any) -> Surface:
    """A surface from a plain function of x and y.

    Parameters
    ----------
    function : callable
        ``function(x, y)`` in NumPy, or ``function(w)`` of an array of two numbers.
    gradient : callable, optional
        ``gradient(x, y)``, a pair, for where the function has no recorded formula. Default: finite differences.
    **attributes
        `domain`, `start`, `minima`.

    Returns
    -------
    Surface

    Examples
    --------
    >>> of(lambda x, y: x**2 + y**2).gradient(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    _attributes(attributes, "of()")
    if gradient is not None:
        attributes["given_gradient"] = staticmethod(lambda x, y, rows: gradient(x, y))
    try:
        known = None if attributes else _plain.get(function)
    except TypeError:  # cannot be looked up
        known = None
    if known is not None:
        return known
    given = getattr(function, "__name__", "surface")
    name = given if given.isidentifier() else "Surface"
    whole = arguments(function) == 1
    body = {**attributes, "of_array": whole, "__doc__": function.__doc__,
            "f": lambda self, x, y: function(np.array([x, y])) if whole else function(x, y),
            "__module__": getattr(function, "__module__", None) or __name__}
    made = type(name, (Surface,), body, register=False)()
    try:
        if not attributes:
            _plain[function] = made
    except TypeError:
        pass
    return made


def arguments(f):
    """How many arguments a function must have; None if it does not say.

    Examples
    --------
    >>> arguments(lambda x, y, shift=0.0: x), arguments(lambda w: w)
    (2, 1)
    """
    try:
        given = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in given):
        return None
    return sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in given)


def names() -> list[str]:
    """The names of all surfaces.

    Returns
    -------
    list of str

    Examples
    --------
    >>> "rosenbrock" in names()
    True
    """
    return sorted(registry)
