"""Functions of two variables to optimize on. Each is written once; gradient and Hessian are derived from that."""

import functools
import weakref

import numpy as np

from optlearn.declare import Declared, InvalidArgument, hyper, near

_registry = {}
_plain = weakref.WeakKeyDictionary()


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

    def __init__(self, surface):
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

    domain = (-3.0, 3.0, -3.0, 3.0)
    start = (-1.5, 2.0)
    minima = ()
    quadratic = False
    samples = None
    sample_symbols = sample_names = ()
    predict = None

    def __init_subclass__(cls, register=True, **keywords):
        super().__init_subclass__(**keywords)
        for name in ("x", "y"):
            if name in cls._declared:
                raise InvalidArgument(f"{cls.__name__} declares a parameter {name}, which is a coordinate of every "
                                      "surface; call it otherwise")
        _check_picture(cls)
        # A reader's class never takes the place of the library's.
        key = _key(cls.__name__)
        cls.registered = register and (cls.__module__ == __name__ or key not in _library())
        if cls.registered:
            _registry[key] = cls

    @property
    def name(self):
        """The name by which `optlearn.surfaces.get` finds it."""
        return type(self).__name__.lower()

    @property
    def label(self):
        """The name for people."""
        return type(self).__name__

    def f(self, x, y):
        """The value at (x, y); the mean loss, if there are samples."""
        if self.samples is None:
            raise TypeError(f"{type(self).__name__} has no method f(self, x, y)")
        columns = self._columns(slice(None), np.ndim(x))
        return _mean(self.loss(x, y, *columns), (len(self.samples), *np.shape(x)))

    def loss(self, x, y, *row):
        """The loss of one sample at (x, y)."""
        raise TypeError(f"{type(self).__name__} has samples, but no method loss(self, x, y, *row)")

    def _columns(self, rows, ndim):
        """The columns of the samples, with an axis for each axis of the points."""
        columns = self.samples[rows]
        return [columns[..., i].reshape(columns.shape[:-1] + (1,) * (ndim + 2 - columns.ndim))
                for i in range(columns.shape[-1])]

    def graph(self):
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
    def exact(self):
        """Whether gradients are derived from the formula; else they are finite differences."""
        return isinstance(self._recorded(), Graph)

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
        self.__dict__["_held"] = read, read.kept[key]
        return read.kept[key]

    def __call__(self, w):
        """Value at points `w` of shape (2,) or (2, ...)."""
        if np.ndim(w) == 1 and self.samples is None:
            return self._value(w[0], w[1])
        if self.samples is not None and self.exact:
            return self.f(w[0], w[1])
        values, w = self._run("value", w)
        return (_at_points(self._value, w, 1) if values is None else np.broadcast_to(values[0], (1, *w.shape[1:])))[0]

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

    def gradient(self, w, rows=None):
        """Gradient at points `w` of shape (2,) or (2, ...), coordinates first; the shape is that of `w`.

        Of a surface with samples, `rows` (B,) or (B, ...) names those over which the mean is taken: a minibatch.
        """
        held = self.__dict__.get("_held")
        if held is not None and w.__class__ is np.ndarray and w.shape == (2,) and self.samples is None \
                and held[0].unchanged() and held[1].__class__ is Graph:
            # A single point: Python's floats are several times as fast as NumPy's, but raise where those overflow.
            x, y = w.tolist()
            out = np.empty(2)
            try:
                out[0], out[1] = held[1].slopes(x, y, *[self.__dict__[name] for name in self._hypers])
                return out
            except (ArithmeticError, TypeError, ValueError):
                pass
        values, w = self._run("slopes", w, rows)
        if values is None:
            return _at_points(functools.partial(_slopes, self._value), w, 2, rows)
        out = np.empty(w.shape, np.result_type(w, np.float32))
        out[0], out[1] = values
        return out

    def hessian(self, w):
        """Hessian at points `w`, of shape (2, 2) or (2, 2, ...)."""
        values, w = self._run("curvatures", w)
        xx, xy, yy = _at_points(functools.partial(_curvatures, self._value), w, 3) if values is None else values
        out = np.empty((2, *w.shape))
        out[0, 0], out[0, 1], out[1, 0], out[1, 1] = xx, xy, xy, yy
        return out

    def equation(self, kind="latex"):
        """The formula of the surface, in LaTeX or MathML."""
        from optlearn.symbolic.printing import Printer, mathml_row

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
        if not type(surface).__module__.startswith("optlearn."):
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


def of(function, **attributes):
    """A surface from a plain function of x and y.

    Parameters
    ----------
    function : callable
        ``function(x, y)`` in NumPy.
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
    unknown = set(attributes) - {"domain", "start", "minima"}
    if unknown:
        raise InvalidArgument(f"of() has no argument {unknown.pop()!r}; known are domain, start, minima")
    try:
        known = None if attributes else _plain.get(function)
    except TypeError:  # cannot be looked up
        known = None
    if known is not None:
        return known
    given = getattr(function, "__name__", "surface")
    name = given if given.isidentifier() else "Surface"
    body = {**attributes, "f": lambda self, x, y: function(x, y), "__doc__": function.__doc__,
            "__module__": getattr(function, "__module__", None) or __name__}
    made = type(name, (Surface,), body, register=False)()
    try:
        if not attributes:
            _plain[function] = made
    except TypeError:
        pass
    return made


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


def _library():
    """The keys under which the library's own surfaces are registered."""
    return {key for key, cls in _registry.items() if cls.__module__ == __name__}


def get(surface, **values):
    """A surface from a surface, a class, a name or a plain function."""
    if isinstance(surface, Surface):
        return surface.replace(**values) if values else surface
    if isinstance(surface, type) and issubclass(surface, Surface):
        return surface(**values)
    if isinstance(surface, str):
        key = _key(surface)
        if key not in _registry:
            raise InvalidArgument(f"surface = {surface!r} is not known{near(key, _registry)}")
        return _registry[key](**values)
    if callable(surface):
        return of(surface)
    raise InvalidArgument(f"surface = {surface!r} is not allowed; it must be a Surface, the name of one or a "
                          "function f(x, y)")


def _key(name):
    return name.lower().translate({ord(sign): None for sign in "_- "})


def names():
    """The names of all surfaces."""
    return sorted(_registry)


class Quadratic(Surface):
    """A rotated bowl with curvatures 1 and kappa; its smaller curvature lies along the angle.

    ``f = (u**2 + kappa * v**2) / 2`` with ``u = c x + s y``, ``v = c y - s x``.
    """

    kappa = hyper(10.0, at_least=1, symbol=r"\kappa", low=1, high=1000)
    angle = hyper(0.0, symbol=r"\varphi", low=0.0, high=180.0)
    start = (-2.5, 1.5)
    minima = ((0.0, 0.0),)
    quadratic = True

    def f(self, x, y):
        turn = self.angle * (np.pi / 180)
        u = np.cos(turn) * x + np.sin(turn) * y
        v = np.cos(turn) * y - np.sin(turn) * x
        return 0.5 * (u**2 + self.kappa * v**2)


class Rosenbrock(Surface):
    """Rosenbrock's curved valley (H. H. Rosenbrock 1960, The Computer Journal 3, 175-184)."""

    b = hyper(100.0, above=0, symbol="b", low=1, high=1000)
    domain = (-2.0, 2.0, -1.0, 3.0)
    start = (-1.5, 2.0)
    minima = ((1.0, 1.0),)

    def f(self, x, y):
        return (1 - x)**2 + self.b * (y - x**2)**2


class Himmelblau(Surface):
    """Four equal minima (D. M. Himmelblau 1972, Applied Nonlinear Programming)."""

    domain = (-5.0, 5.0, -5.0, 5.0)
    start = (-0.5, -1.0)
    minima = ((3.0, 2.0), (-2.805118086952745, 3.131312518250573), (-3.779310253377747, -3.283185991286170),
              (3.584428340330492, -1.848126526964404))

    def f(self, x, y):
        return (x**2 + y - 11)**2 + (x + y**2 - 7)**2


class Rastrigin(Surface):
    """A bowl with waves: many local minima (L. A. Rastrigin 1974)."""

    amplitude = hyper(10.0, at_least=0, symbol="A", low=0.0, high=10.0)
    domain = (-5.0, 5.0, -5.0, 5.0)
    start = (-3.3, 2.6)
    minima = ((0.0, 0.0),)

    def f(self, x, y):
        turn = 2 * np.pi
        return (2 * self.amplitude + (x**2 - self.amplitude * np.cos(turn * x))
                + (y**2 - self.amplitude * np.cos(turn * y)))


class Saddle(Surface):
    """A saddle between two minima: ``f = x**4 / 4 - x**2 / 2 + y**2 / 2``."""

    domain = (-2.0, 2.0, -2.0, 2.0)
    start = (0.02, 1.5)
    minima = ((-1.0, 0.0), (1.0, 0.0))

    def f(self, x, y):
        return 0.25 * x**4 - 0.5 * x**2 + 0.5 * y**2


class Beale(Surface):
    """Flat wings and a sharp bend (E. M. L. Beale 1958)."""

    domain = (-4.5, 4.5, -4.5, 4.5)
    start = (1.0, 1.5)
    minima = ((3.0, 0.5),)

    def f(self, x, y):
        return (1.5 - x + x * y)**2 + (2.25 - x + x * y**2)**2 + (2.625 - x + x * y**3)**2


class Ackley(Surface):
    """A nearly flat, rippled plain with one deep hole (D. H. Ackley 1987)."""

    domain = (-4.0, 4.0, -4.0, 4.0)
    start = (-2.6, 2.2)
    minima = ((0.0, 0.0),)

    def f(self, x, y):
        # The root has no derivative at the minimum itself; 1e-16 under it gives the derivative zero there and
        # changes the value by 2e-9 at most.
        hole = -20 * np.exp(-0.2 * np.sqrt(0.5 * (x**2 + y**2) + 1e-16))
        ripple = -np.exp(0.5 * (np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)))
        return hole + ripple + np.e + 20


class StyblinskiTang(Surface):
    """Four wells of different depth (M. A. Styblinski, T.-S. Tang 1990, Neural Networks 3, 467-483)."""

    domain = (-5.0, 5.0, -5.0, 5.0)
    start = (0.6, 4.2)
    minima = ((-2.903534027771177, -2.903534027771177),)

    @property
    def label(self):
        return "Styblinski-Tang"

    def f(self, x, y):
        return 0.5 * (x**4 - 16 * x**2 + 5 * x + (y**4 - 16 * y**2 + 5 * y))


class SixHumpCamel(Surface):
    """Six minima, two of them global (L. C. W. Dixon, G. P. Szego 1978)."""

    domain = (-2.0, 2.0, -1.2, 1.2)
    start = (-1.7, 1.0)
    minima = ((0.08984201368301331, -0.7126564032704135), (-0.08984201368301331, 0.7126564032704135))

    @property
    def label(self):
        return "Six-hump camel"

    def f(self, x, y):
        return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (4 * y**2 - 4) * y**2


class TwoWells(Surface):
    """A sharp deep well and a wide shallow one."""

    domain = (-3.0, 3.0, -3.0, 3.0)
    start = (-2.6, 1.8)

    @property
    def label(self):
        return "Two wells"

    def f(self, x, y):
        sharp = np.exp(-4 * ((x + 1)**2 + y**2))
        wide = np.exp(-0.5 * ((x - 1)**2 + y**2))
        return 0.05 * (x**2 + y**2) - 1.2 * sharp - wide


class Cliff(Surface):
    """A plateau, then a steep wall with a valley at its foot."""

    domain = (-4.0, 4.0, -4.0, 4.0)
    start = (3.5, 1.5)

    @property
    def label(self):
        return "Plateau with a cliff"

    def f(self, x, y):
        return 5 * (1 + np.tanh(4 * (x - 0.5))) + 0.1 * (x + 2)**2 + 0.2 * y**2


# Body weight (pounds) and waist (inches) of twenty men in a fitness club: A. C. Linnerud's data, as in scikit-learn.
_LINNERUD = np.array([
    (191, 36), (189, 37), (193, 38), (162, 35), (189, 35), (182, 36), (211, 38), (167, 34), (176, 31), (154, 33),
    (169, 34), (166, 33), (154, 34), (247, 46), (193, 36), (202, 37), (176, 37), (157, 32), (156, 33), (138, 33)])


class LeastSquares(Surface):
    """A line through data: waist against weight of twenty men, each in standard deviations from its mean.

    ``f`` is half the mean square of ``x (u + c) + y - v`` with weight u, waist v, slope x and intercept y. The shift
    c says how far from zero the weights lie: at 0, centred, the bowl is round; far off it is a ravine.
    """

    shift = hyper(1.0, symbol="c", low=-5.0, high=5.0)
    samples = ((_LINNERUD - _LINNERUD.mean(axis=0)) / _LINNERUD.std(axis=0)).round(3)
    sample_symbols, sample_names = ("u_i", "v_i"), ("weight", "waist")
    domain = (-3.0, 3.0, -3.0, 3.0)
    start = (-1.8, 2.0)
    minima = (tuple(np.linalg.lstsq(np.stack([samples[:, 0] + 1, np.ones(20)], axis=1), samples[:, 1])[0]
                    .round(12).tolist()),)
    quadratic = True

    @property
    def label(self):
        return "Line through data"

    def predict(self, x, y, u):
        return x * (u + self.shift) + y

    def loss(self, x, y, u, v):
        return 0.5 * (self.predict(x, y, u) - v)**2
