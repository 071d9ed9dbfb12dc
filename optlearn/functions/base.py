"""A function of one array of any shape, as something that optimizers run on."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from optlearn import surfaces, tree
from optlearn.declare import InvalidArgument
from optlearn.explain import explain, place, said_at
from optlearn.functions import differences
from optlearn.state import guest
from optlearn.surfaces.making import arguments

if TYPE_CHECKING:
    from collections.abc import Callable

    from optlearn.record import Trajectory
    from optlearn.typing import Array, ArrayLike, Floats

HOW = {"given": "gradient as given", "recorded": "gradient derived from the lines",
       "differences": "gradients by finite differences"}


class Function:
    """A differentiable function of an array; made by `function`.

    Attributes
    ----------
    name : str
    start : array or None
        Where it was prepared to start; only then are the following known.
    how : {"given", "recorded", "differences"}
        Where its gradients come from.
    error : float or None
        Of finite differences: how far they may be from the derivatives, measured at the start.
    why : str
        Why there is no recorded gradient; or nothing.
    """

    # What a run asks of a surface.
    samples, quadratic, minima = None, False, ()

    def __init__(self, f: Callable[[Any], Any], gradient: Callable[[Any], Any] | None = None, check: bool = True,
                 name: str | None = None, start: Any = None) -> None:
        self.f, self.given, self.check = f, gradient, check
        given = getattr(f, "__name__", type(f).__name__)
        self.name = name or (given if given.isidentifier() else "function")
        self.start, self.how, self.error, self.why = None, "given" if gradient is not None else "recorded", None, ""
        self._own = start

    label = property(lambda self: self.name)
    point_shape = property(lambda self: self.start.shape)
    exact = property(lambda self: self.how != "differences")

    def hypers(self) -> dict[str, Any]:
        """No numbers of its own."""
        return {}

    def bound(self, values: dict[str, Any]) -> Self:
        """Itself: there are no numbers to change."""
        return self

    def at(self, start: ArrayLike | None = None) -> Function:
        """The function prepared for runs from a start: its gradient made, and checked there.

        Parameters
        ----------
        start : array of any shape, optional
            Default: the start that the function was made with.

        Returns
        -------
        Function

        Raises
        ------
        InvalidArgument
            If the start is no array of finite numbers, or if a given gradient is wrong.
        """
        given = self._own if start is None else start
        try:
            w = None if given is None else np.array(given, dtype=float)
        except (TypeError, ValueError):
            w = None
        if w is None or not np.isfinite(w).all():
            if isinstance(given, dict) or isinstance(given, (list, tuple)) and any(map(np.ndim, given)):
                raise InvalidArgument("start holds several arrays; run takes one. Nested parameters are stepped by "
                                      "hand: loss, grads = f.value_and_gradient(params); params, state = "
                                      "rule.step(params, grads, state)")
            raise InvalidArgument(f"start = {given!r} is not allowed for {self.name}; it must be an array of finite "
                                  "numbers, of the shape that the function takes")
        if not w.size:
            raise InvalidArgument(f"start has shape {w.shape}; it must have at least one number")
        made = copy.copy(self)
        w.setflags(write=False)
        made.start = w
        with np.errstate(all="ignore"):  # a start without a value is a result of the run
            if self.given is None:
                made._settle(w)
            elif self.check:
                differences.compare(made, w)
        return made

    def _settle(self, w):
        """Find out where the gradients come from."""
        self.why = self._refusal(w)
        self.how, self.error = ("differences", differences.error(self, w)) if self.why else ("recorded", None)

    def _refusal(self, w):
        """Why the lines have no recorded gradient; nothing if they have one that is right."""
        from optlearn.symbolic.graph import NotTraceable

        plain = self(w)
        try:
            found, _ = self._recorded(w)
        except NotTraceable as refusal:
            return f"{refusal}{said_at(place(refusal))}"
        except Exception as error:  # what only arrays can do ends here, with the words of Python or NumPy
            return f"{type(error).__name__}: {error}{said_at(place(error))}"
        if not (abs(found - plain) <= 1e-8 * abs(plain) or found == plain or np.isnan(plain)):
            return f"its lines make {plain!r} of an array, and {found!r} where the array remembers how it was made"
        if np.isfinite(plain) and not differences.agrees(self, lambda at: self._recorded(at)[1], w):
            return "the gradient derived from its lines is not the slope of its values"
        return ""

    def __call__(self, w: Any) -> Any:
        """The value at an array, or at nested dicts, lists and tuples of arrays."""
        try:
            value = self.f(_guests(w))
        except InvalidArgument:
            raise
        except Exception as error:
            explain(error, self.f)
            raise InvalidArgument(f"{self.name} cannot be computed at an array of shape {np.shape(w)}: {error}") \
                from error
        return self._real(value)

    def _real(self, value):
        if type(value) is np.float64:
            return value
        try:
            array = np.asarray(value)
            if array.ndim == 0 and array.dtype.kind in "fiub":
                return array.dtype.type(array) if array.dtype.kind == "f" else np.float64(array)
        except (TypeError, ValueError, RuntimeError) as error:
            raise InvalidArgument(f"{self.name} gives a {type(value).__name__}; it must give one real number: "
                                  f"{error}") from error
        what = f"an array of shape {array.shape}" if array.ndim else repr(value)
        raise InvalidArgument(f"{self.name} gives {what}; it must give one real number, such as np.sum(...) or "
                              "np.mean(...) of it")

    def gradient(self, w: Array, rows: None = None) -> Array:
        """The gradient at an array, or at nested arrays; of the same structure and shapes."""
        if self.given is not None:
            return self._of_reader(w)
        if self.how == "differences":
            return differences.gradient(self, np.asarray(w, dtype=float))
        return self._recorded(w)[1]

    def value_and_gradient(self, w: Any) -> tuple[float, Any]:
        """Value and gradient at an array, or at nested dicts, lists and tuples of arrays.

        Examples
        --------
        >>> from optlearn import Adam
        >>> f = Function(lambda p: np.sum((p["W"] @ p["x"]) ** 2))
        >>> params = {"W": np.eye(2), "x": np.array([1.0, 2.0])}
        >>> value, grads = f.value_and_gradient(params)
        >>> value, grads["x"]
        (np.float64(5.0), array([2., 4.]))
        """
        if self.given is None and self.how == "recorded":
            return self._recorded(w)
        return self(w), self.gradient(w)

    def _of_reader(self, w):
        """What the reader's gradient says, in memory of its own."""
        try:
            made = self.given(_guests(w))
            # A tensor of torch makes an array, but knows nothing of copies.
            taken = [np.array(np.asarray(g), dtype=float) for g in _leaves(made)]
        except Exception as error:
            explain(error, self.given)
            raise InvalidArgument(f"gradient of {self.name} cannot be computed: {error}") from error
        for g, (path, x) in zip(taken, tree.flatten(w, "w"), strict=False):
            if g.shape != np.shape(x):
                raise InvalidArgument(f"gradient of {self.name} makes an array of shape {g.shape} from w{path} of "
                                      f"shape {np.shape(x)}; it must have the same")
        return tree.unflatten(w, taken)

    def _recorded(self, w):
        """Value and gradient of the lines, run on arrays that remember how they were made."""
        from optlearn.functions.operations import Tracked, whole
        from optlearn.functions.tape import gradient_of

        tape = []
        variables = [Tracked(x, tape=tape) for x in _leaves(_guests(w))]
        try:
            result = whole(self.f(tree.unflatten(w, variables)))
            if not isinstance(result, Tracked):
                return self._real(result), tree.unflatten(w, [np.zeros(x.shape) for x in variables])
            return self._real(result.value), tree.unflatten(w, gradient_of(result, variables))
        finally:
            tape.clear()  # its entries hold it

    def along(self, w: Floats) -> Floats:
        """Values at the points of a run: a row a point; of several runs, the last axis is that of the runs."""
        if w.ndim > 1 + len(self.point_shape):
            return np.stack([self.along(w[..., i]) for i in range(w.shape[-1])], -1)
        return np.array([self(point) for point in w], dtype=float)

    def ends(self, run: Trajectory) -> str:
        """Where a run ends, in words."""
        with np.errstate(all="ignore"):
            return f"loss {self(run.w[0]):.6g} -> {self(run.w[-1]):.6g}"

    @property
    def note(self) -> str:
        """How its gradients are made, where they are not exact."""
        return "" if self.exact else f", {HOW[self.how]}, within {self.error:.1g} at the start"

    def __repr__(self) -> str:
        if self.start is None:
            return f"Function({self.name})"
        what = "1 number" if self.start.ndim == 0 else f"shape {self.start.shape}"
        within = f", within {self.error:.1g} at the start ({self.why})" if self.how == "differences" else ""
        return f"Function({self.name} of {what}, {HOW[self.how]}{within})"

    # The plane

    def as_surface(self) -> surfaces.Surface:
        """The surface of a function of two numbers."""
        if self._own is not None and np.size(self._own) != 2 or self.start is not None and self.start.size != 2:
            n = np.size(self._own if self.start is None else self.start)
            raise InvalidArgument(f"{self.name} is a function of {n} numbers, of which there is no picture; "
                                  "f.slice(at, d1, d2) is the surface along two directions from a point")
        shape = (2,) if self.start is None else self.start.shape
        return self.slice(np.zeros(shape), *np.eye(2).reshape(2, *shape))

    def slice(self, at: Array, d1: Array, d2: Array, **attributes: Any) -> surfaces.Surface:
        """The surface along two directions: ``f(at + x * d1 + y * d2)``.

        Parameters
        ----------
        at, d1, d2 : array
            A point and two directions, of the shape that the function takes.
        **attributes
            `domain`, `start`, `minima` of the surface.

        Returns
        -------
        Surface

        Examples
        --------
        >>> f = Function(lambda w: np.sum(w**2) + w[0] * w[1])
        >>> plane = f.slice(np.zeros(3), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))
        >>> plane.gradient(np.array([1.0, 2.0]))
        array([4., 5.])
        """
        try:
            at, d1, d2 = (np.array(x, dtype=float) for x in (at, d1, d2))
        except (TypeError, ValueError):
            at, d1, d2 = np.empty(0), np.empty(1), None
        if d2 is None or not at.shape == d1.shape == d2.shape or not all(np.isfinite(x).all() for x in (at, d1, d2)):
            raise InvalidArgument(f"at, d1, d2 must be arrays of finite numbers of one shape: a point of {self.name} "
                                  "and two directions")

        def line(x, y):
            return self.f(at + x * d1 + y * d2)

        def slopes(x, y):
            g = self.gradient(at + x * d1 + y * d2)
            return np.sum(g * d1), np.sum(g * d2)

        line.__name__, line.__module__ = self.name, getattr(self.f, "__module__", None)
        return surfaces.of(line, gradient=slopes if self.exact else None, **attributes)


def _leaves(w):
    return [leaf for _, leaf in tree.flatten(w, "w")] if isinstance(w, (dict, list, tuple)) else [w]


def _guests(w):
    """Arrays as a reader's function gets them: it can read them, not change them."""
    if isinstance(w, (dict, list, tuple)):
        return tree.unflatten(w, [guest(np.asarray(leaf)) for leaf in _leaves(w)])
    return guest(np.asarray(w))


def function(f: Callable[[Any], Any], gradient: Callable[[Any], Any] | None = None, *, check: bool = True,
             start: ArrayLike | None = None, name: str | None = None) -> Function:
    """A function of an array of any length and shape, for `run`.

    Parameters
    ----------
    f : callable
        ``f(w)`` of one array, which gives one real number.
    gradient : callable, optional
        ``gradient(w)``, of the shape of w. Default: derived from the lines of `f`, in NumPy; where they do what has
        no derivative here, central differences.
    check : bool
        Whether a given gradient is compared with central differences at the start of a run.
    start : array, optional
        Where runs start that name no start.
    name : str, optional
        Default: that of `f`.

    Returns
    -------
    Function

    Raises
    ------
    InvalidArgument
        If `f` is not a function of one argument.

    Examples
    --------
    >>> from optlearn import Adam, run
    >>> f = function(lambda w: np.sum(w**2) + np.sin(w[0]), start=np.ones(5))
    >>> f.gradient(np.zeros(5))
    array([1., 0., 0., 0., 0.])
    >>> run(f, Adam(lr=0.1), steps=100)
    Trajectory(adam on function, 100 steps, loss 5.84147 -> -0.23239)
    """
    if isinstance(f, Function):
        return f
    if not callable(f) or arguments(f) not in (1, None):
        raise InvalidArgument(f"f = {f!r} is not allowed; it must be a function of one array, f(w)")
    if gradient is not None and not callable(gradient):
        raise InvalidArgument(f"gradient = {gradient!r} is not allowed; it must be a function of an array that makes "
                              "one of the same shape")
    return Function(f, gradient, check, name, start)


def get(surface: Any, start: Any, gradient: Callable[[Any], Any] | None = None) -> Any:
    """What a run minimises: a surface, or a function of an array prepared for its start.

    Parameters
    ----------
    surface : Surface, Function, str or callable
    start : array or None
    gradient : callable, optional
        As for `optlearn.run`.

    Returns
    -------
    Surface or Function

    Examples
    --------
    >>> get(lambda w: np.sum(w**2), np.ones(3)).how
    'recorded'
    """
    if gradient is None and (isinstance(surface, (str, surfaces.Surface, type)) or
                             not isinstance(surface, Function) and not (callable(surface) and arguments(surface) == 1)):
        return surfaces.get(surface)
    if isinstance(surface, Function):
        if gradient is not None:
            raise InvalidArgument("gradient is not allowed beside an optlearn.function, which has its own")
        return surface.at(start)
    if isinstance(surface, (str, surfaces.Surface, type)):
        raise InvalidArgument("gradient is not allowed for a surface, whose gradient is derived; it belongs to a "
                              "function of an array, f(w)")
    return function(surface, gradient).at(start)
