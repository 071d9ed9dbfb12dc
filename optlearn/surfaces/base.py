"""What every surface is: a formula written once, from which gradient and Hessian are derived; and the registry."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from optlearn.declare import Declared, InvalidArgument, of_library

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optlearn.record import Trajectory
    from optlearn.typing import Array, Floats

registry: dict[str, type[Surface]] = {}


class Graph:
    """The recorded formula of a surface (of one sample's loss, if it has samples) with its derivatives.

    Attributes
    ----------
    x, y, parameters, sample : Node or list of Node
        The symbols.
    f, predict, gradient, hessian : Node or list of Node
        What is made of them.
    value, slopes, curvatures : callable
        NumPy functions of x, y, the parameters and the sample that give `f`, `gradient` and `hessian` as tuples.
    """

    def __init__(self, surface: Surface) -> None:
        from optlearn.symbolic.arrays import function
        from optlearn.symbolic.derive import derivative
        from optlearn.symbolic.graph import as_node, recording, symbol

        self.x, self.y = symbol("x"), symbol("y")
        self.parameters = [symbol(name) for name in surface.hypers()]
        bound = surface.bound(dict(zip(surface.hypers(), self.parameters, strict=True)))
        columns = surface.samples.shape[1] if surface.samples is not None else 0
        self.sample = [symbol(f"@d{i}") for i in range(columns)]
        with recording():
            self.f = as_node((bound.loss if columns else bound.f)(self.x, self.y, *self.sample))
            self.predict = as_node(bound.predict(self.x, self.y, self.sample[0])) if surface.predict else None
        dx, dy = derivative(self.f, self.x), derivative(self.f, self.y)
        self.gradient = [dx, dy]
        self.hessian = [derivative(dx, self.x), derivative(dx, self.y), derivative(dy, self.y)]
        names = {self.x: "x", self.y: "y", **{s: f"p{i}" for i, s in enumerate(self.parameters)},
                 **{s: f"d{i}" for i, s in enumerate(self.sample)}}
        self.value, self.slopes, self.curvatures = (
            function(nodes, names) for nodes in ([self.f], self.gradient, self.hessian))


class Surface(Declared):
    """A function of two variables.

    A subclass declares its parameters with `hyper` and writes one method, ``f(self, x, y)``, in NumPy.

    Attributes
    ----------
    domain : tuple of float
        What to show: x from, x to, y from, y to.
    start : tuple of float
        A point to start from.
    minima : tuple of (float, float)
        Known minimisers, for the default parameters.
    samples : array (n, k) or None
        Data: one row a sample. Such a surface writes ``loss(self, x, y, *row)``, the loss of one sample, in place of
        `f`; its value is the mean over the samples.
    sample_symbols, sample_names : tuple of str
        LaTeX and names of the columns of `samples`. If a sample is an input and an outcome, the surface may write
        ``predict(self, x, y, u)``, the outcome that it foretells for the input u, to be drawn among the data.

    Examples
    --------
    >>> class Bowl(Surface):
    ...     def f(self, x, y):
    ...         return x**2 + 3 * y**2
    >>> Bowl().gradient(np.array([1.0, 2.0]))
    array([ 2., 12.])
    """

    domain: Sequence[float] = (-3.0, 3.0, -3.0, 3.0)
    start: Sequence[float] = (-1.5, 2.0)
    minima: Sequence[Sequence[float]] = ()
    quadratic = False
    samples: Array | None = None
    sample_symbols: tuple[str, ...] = ()
    sample_names: tuple[str, ...] = ()
    predict: Any = None
    registered: ClassVar[bool]
    of_array = False        # whether it is made of a function of an array
    given_gradient: Any = None   # of a surface without a formula: slopes at a point
    point_shape: tuple[int, ...] = (2,)

    def __init_subclass__(cls, register: bool = True, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        for name in ("x", "y"):
            if name in cls._declared:
                raise InvalidArgument(f"{cls.__name__} declares a parameter {name}, which is a coordinate of every "
                                      "surface; call it otherwise")
        _check_picture(cls)
        # A reader's class never takes the place of the library's.
        key = key_of(cls.__name__)
        cls.registered = register and (_of_library(cls) or key not in _library())
        if cls.registered:
            registry[key] = cls

    @property
    def name(self) -> str:
        """The name by which `optlearn.surfaces.get` finds it."""
        return type(self).__name__.lower()

    @property
    def label(self) -> str:
        """The name for people."""
        return type(self).__name__

    def f(self, x: Any, y: Any) -> Any:
        """The value at (x, y); the mean loss, if there are samples."""
        if self.samples is None:
            raise TypeError(f"{type(self).__name__} has no method f(self, x, y)")
        columns = self._columns(slice(None), np.ndim(x))
        return _mean(self.loss(x, y, *columns), (len(self.samples), *np.shape(x)))

    def loss(self, x: Any, y: Any, *row: Any) -> Any:
        """The loss of one sample at (x, y)."""
        raise TypeError(f"{type(self).__name__} has samples, but no method loss(self, x, y, *row)")

    def _columns(self, rows, ndim):
        """The columns of the samples, with an axis for each axis of the points."""
        columns = self.samples[rows]
        return [columns[..., i].reshape(columns.shape[:-1] + (1,) * (ndim + 2 - columns.ndim))
                for i in range(columns.shape[-1])]

    def graph(self) -> Graph:
        """Formula, gradient and Hessian as recorded expressions; verified once against the lines.

        Raises
        ------
        NotTraceable
            If the lines have no formula: the surface is then run point by point, with finite differences.
        """
        found = self._recorded()
        if isinstance(found, Graph):
            return found
        raise type(found)(*found.args)

    @property
    def exact(self) -> bool:
        """Whether gradients are derived from the formula, or given; else they are finite differences."""
        return isinstance(self._recorded(), Graph) or self.given_gradient is not None

    @property
    def note(self) -> str:
        """How gradients are made, where they are not exact."""
        return "" if self.exact else ", gradients by finite differences"

    def along(self, w: Floats) -> Floats:
        """Values at the points of a run, or of several: a row a point."""
        return np.broadcast_to(self(np.moveaxis(w, 0, 1)), w[:, 0].shape)

    def ends(self, run: Trajectory) -> str:
        """Where a run ends, in words."""
        return "ends at ({:.6g}, {:.6g})".format(*run.w[-1])

    def _recorded(self):
        """The graph, or the reason why there is none."""
        held = self.__dict__.get("_held")
        if held is not None and held[0].unchanged():
            return held[1]
        from optlearn.symbolic.readings import readings

        read = readings(type(self))
        key = tuple(self.__dict__[name] for name in self.options())
        if key not in read.kept:
            read.kept[key] = _record(self)
        found = read.kept[key]
        alone = found.__class__ is Graph and self.samples is None
        self.__dict__["_held"] = read, found, tuple(self._numbers()) if alone else None
        return found

    def bound(self, values):
        """A copy that holds `values` as they are."""
        copy = super().bound(values)
        copy.__dict__.pop("_held", None)
        return copy

    def __getstate__(self) -> dict[str, Any]:
        # What is recorded is recorded again where it arrives.
        return {name: value for name, value in self.__dict__.items() if name != "_held"}

    def __call__(self, w: Any) -> Any:
        """Value at points `w` of shape (2,) or (2, ...)."""
        if np.ndim(w) == 1 and self.samples is None:
            return self._value(w[0], w[1])
        if self.samples is not None and isinstance(self._recorded(), Graph):
            return self.f(w[0], w[1])
        values, w = self._run("value", w)
        return (_at_points(self._value, w, 1) if values is None else np.broadcast_to(values[0], (1, *w.shape[1:])))[0]

    def value(self, w: Array, rows: Array | None = None) -> Any:
        """Value at points `w`; of a surface with samples the mean over `rows`, as in `gradient`."""
        if rows is None:
            return self(w)
        values, w = self._run("value", w, rows)
        return (_at_points(self._value, w, 1, rows) if values is None else values)[0]

    def _value(self, x, y, rows=None):
        """The value at one point, as the lines compute it."""
        from optlearn.explain import explain

        try:
            if self.samples is None:
                value = self.f(x, y)
            else:
                value = np.mean([self.loss(x, y, *row) for row in self.samples[slice(None) if rows is None else rows]])
        except InvalidArgument:
            raise
        except Exception as error:
            explain(error, self)
            # Not in its lines, but in how they are called.
            raise InvalidArgument(f"{type(self).__name__} cannot be computed at a point: {error}; it must have f(self, "
                                  "x, y), or samples and loss(self, x, y, *row)") from error
        if value.__class__ is not np.float64 and (np.ndim(value) or np.asarray(value).dtype.kind not in "fiu"):
            what = f"an array of shape {np.shape(value)}" if np.ndim(value) else repr(value)
            raise InvalidArgument(f"{self.name} gives {what} at one point; it must give one real number")
        return value

    def _numbers(self):
        return [self.__dict__[name] for name in self._hypers]

    def _run(self, which, w, rows=None):
        """The values of the graph's function `which` at points, or None where there is no graph."""
        graph, w = self._recorded(), np.asarray(w)
        if w.shape[:1] != (2,):
            raise InvalidArgument(f"w has shape {w.shape}; it must be (2,) or (2, ...), coordinates first")
        if not isinstance(graph, Graph):
            return None, w
        compiled = getattr(graph, which)
        if self.samples is None:
            return compiled(w[0], w[1], *self._numbers()), w
        columns = self._columns(slice(None) if rows is None else rows, w.ndim - 1)
        values = compiled(w[0], w[1], *self._numbers(), *columns)
        return [_mean(value, (len(columns[0]), *w.shape[1:])) for value in values], w

    def gradient(self, w: Array, rows: Array | None = None) -> Floats:
        """Gradient at points `w` of shape (2,) or (2, ...), coordinates first; the shape is that of `w`.

        Of a surface with samples, `rows` (B,) or (B, ...) names those over which the mean is taken: a minibatch.
        """
        held = self.__dict__.get("_held")
        if held is not None and held[2] is not None and w.__class__ is np.ndarray and w.shape == (2,) \
                and held[0].unchanged():
            # A single point: Python's floats are several times as fast as NumPy's, but raise where those overflow.
            x, y = w.tolist()
            out = np.empty(2)
            try:
                out[0], out[1] = held[1].slopes(x, y, *held[2])
                return out
            except (ArithmeticError, TypeError, ValueError):
                pass
        values, w = self._run("slopes", w, rows)
        if values is None:
            return _at_points(self.given_gradient or functools.partial(_slopes, self._value), w, 2, rows)
        out = np.empty(w.shape, np.result_type(w, np.float32))
        out[0], out[1] = values
        return out

    def hessian(self, w: Array, rows: Array | None = None) -> Floats:
        """Hessian at points `w`, of shape (2, 2) or (2, 2, ...); `rows` as in `gradient`."""
        values, w = self._run("curvatures", w, rows)
        xx, xy, yy = _at_points(functools.partial(_curvatures, self._value), w, 3, rows) if values is None else values
        out = np.empty((2, *w.shape))
        out[0, 0], out[0, 1], out[1, 0], out[1, 1] = xx, xy, xy, yy
        return out

    def equation(self, kind: Literal["latex", "mathml"] = "latex") -> str:
        """The formula of the surface, in LaTeX or MathML."""
        from optlearn.symbolic.mathml import mathml_row
        from optlearn.symbolic.printer import Printer

        graph = self.graph()
        symbols = {s: d.symbol for s, d in zip(graph.parameters, self.hypers().values(), strict=True)}
        own = self.sample_symbols or [rf"d_{{i{j}}}" for j in range(1, len(graph.sample) + 1)]
        symbols.update(zip(graph.sample, own, strict=True))
        mean = r"\frac{1}{n} \, \textstyle\sum_i " if graph.sample else ""
        tex = "f(x, y) = " + mean + Printer(symbols).tex(graph.f)
        return tex if kind == "latex" else f"<math>{mathml_row(tex)}</math>"

    def _repr_latex_(self):
        return "$$" + self.equation() + "$$"


def _record(surface):
    """The verified graph of a surface, or the refusal."""
    from optlearn.explain import place, said_at
    from optlearn.symbolic.graph import NotTraceable
    from optlearn.symbolic.verify import verify_surface

    try:
        graph = Graph(surface)
        if not of_library(surface):
            verify_surface(surface, graph)
        return graph
    except NotTraceable as refusal:
        return refusal
    except Exception as error:
        return NotTraceable(f"{surface.name} cannot be traced: {type(error).__name__}: {error}{said_at(place(error))}")


# Where there is no formula: single points, and central differences between them.
_STEP = np.finfo(float).eps


def _at_points(function, w, size, rows=None):
    """The `size` values of a function of single points (and of rows of samples), for all points: values first."""
    w = np.asarray(w, dtype=float)
    flat = w.reshape(2, -1)
    count = flat.shape[1]
    taken = [None] * count if rows is None else np.broadcast_to(np.reshape(rows, (len(rows), -1)), (len(rows), count)).T
    each = [function(x, y, chosen) for (x, y), chosen in zip(flat.T, taken, strict=True)]
    return np.array(each, dtype=float).reshape(count, size).T.reshape(size, *w.shape[1:])


def _slopes(f, x, y, rows):
    """Central differences: an error of about 1e-10 times the size of the third derivatives and of the value."""
    a, b = (_STEP**(1 / 3) * max(1.0, abs(z)) for z in (x, y))
    return ((f(x + a, y, rows) - f(x - a, y, rows)) / (2 * a), (f(x, y + b, rows) - f(x, y - b, rows)) / (2 * b))


def _curvatures(f, x, y, rows):
    a, b = (_STEP**(1 / 4) * max(1.0, abs(z)) for z in (x, y))
    here = f(x, y, rows)
    xx = (f(x + a, y, rows) - 2 * here + f(x - a, y, rows)) / a**2
    yy = (f(x, y + b, rows) - 2 * here + f(x, y - b, rows)) / b**2
    xy = (f(x + a, y + b, rows) - f(x + a, y - b, rows) - f(x - a, y + b, rows) + f(x - a, y - b, rows)) / (4 * a * b)
    return xx, xy, yy


def _mean(values, shape):
    """Mean over the first axis, added one after the other: in the order in which a page adds them."""
    return np.add.accumulate(np.broadcast_to(values, shape))[-1] / shape[0]


def _check_picture(cls):
    """Refuse attributes of a surface that no picture could be drawn with."""
    def numbers(value, shape):
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            return False
        return array.shape == shape and bool(np.isfinite(array).all())

    own = vars(cls)
    if "__init__" in own:
        raise InvalidArgument(f"{cls.__name__} has an __init__ of its own; a surface needs none: its numbers stand in "
                              "the class as a = hyper(1.0), its choices as option(False)")
    if own.get("samples") is not None:
        rows = cls.samples
        if not (isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.size and rows.dtype.kind in "fiu"
                and np.isfinite(rows).all()):
            raise InvalidArgument(f"samples of {cls.__name__} must be an array of finite numbers with a row for each "
                                  "sample, such as np.array([[0.0, 1.0], [1.0, 3.0]])")
        if cls.sample_symbols and len(cls.sample_symbols) != rows.shape[1]:
            raise InvalidArgument(f"sample_symbols = {cls.sample_symbols!r} is not allowed; samples have "
                                  f"{rows.shape[1]} columns")
    if "domain" in own and not (numbers(cls.domain, (4,)) and cls.domain[0] < cls.domain[1]
                                and cls.domain[2] < cls.domain[3]):
        raise InvalidArgument(f"domain = {cls.domain!r} is not allowed; it must be four finite numbers, x from, x to, "
                              "y from, y to, such as (-2, 2, -1, 3)")
    if "start" in own and not numbers(cls.start, (2,)):
        raise InvalidArgument(f"start = {cls.start!r} is not allowed; it must be two finite numbers")
    if "minima" in own and not (isinstance(cls.minima, (list, tuple)) and all(numbers(m, (2,)) for m in cls.minima)):
        raise InvalidArgument(f"minima = {cls.minima!r} is not allowed; it must hold points, such as ((0.0, 0.0),)")


def _of_library(cls):
    return cls.__module__.startswith("optlearn.surfaces.")


def _library():
    """The keys under which the library's own surfaces are registered."""
    return {key for key, cls in registry.items() if _of_library(cls)}


@functools.lru_cache(256)
def key_of(name):
    return name.lower().translate({ord(sign): None for sign in "_- "})
