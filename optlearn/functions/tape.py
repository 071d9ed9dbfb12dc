"""Gradients of functions of whole arrays: the lines run on arrays that remember how they were made.

A recorded formula (`optlearn.symbolic`) has symbols without shapes and values, which is what equations and pages are
made of. A function of n variables has data beside its variables, indices, products of matrices and branches on values;
it is not printed but run. So here the lines run, in NumPy, each time a gradient is asked for, and the derivative goes
back the way that they went. The derivatives of single operations come from the one table of operations.
"""

import functools
import numbers

import numpy as np

from optlearn.symbolic.arrays import function
from optlearn.symbolic.derive import derivative
from optlearn.symbolic.graph import FUNCTIONS, UFUNCS, NotTraceable, symbol
from optlearn.symbolic.graph import number as constant

# Filled by `operations`: functions of NumPy and methods of arrays that have a derivative here, and products.
KNOWN, METHODS, PRODUCTS = {}, {}, {}


class Tracked:
    """An array that remembers how it was made.

    Parameters
    ----------
    value : array or number
    parents : tuple of (Tracked, callable)
        What it was made of, each with the function from a gradient of this value to that of the parent's.
    tape : list of Tracked, optional
        Of variables: where everything that is made of them is kept, in order.
    """

    __slots__ = ("value", "parents", "tape", "slope")
    __array_priority__ = 1000
    __hash__ = None

    def __init__(self, value, parents=(), tape=None):
        self.value, self.parents, self.slope = value, parents, None
        self.tape = parents[0][0].tape if parents else tape
        self.tape.append(self)

    shape = property(lambda self: np.shape(self.value))
    ndim = property(lambda self: np.ndim(self.value))
    size = property(lambda self: np.size(self.value))
    dtype = property(lambda self: np.asarray(self.value).dtype)
    T = property(lambda self: np.transpose(self))
    flat = property(lambda self: iter(np.ravel(self)))

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        if method != "__call__" or keywords:
            raise NotTraceable(f"numpy.{ufunc.__name__}{'' if method == '__call__' else '.' + method} with "
                               f"{', '.join(keywords) or 'arrays'} has no derivative here")
        known = PRODUCTS.get(ufunc)
        return known(*inputs) if known else elementwise(ufunc, *inputs)

    def __array_function__(self, function, types, args, keywords):
        known = KNOWN.get(function)
        if known is None:
            name = f"{function.__module__}.{function.__name__}"
            raise NotTraceable(f"{name} has no derivative here; known are "
                               + ", ".join(sorted(f.__name__ for f in KNOWN)))
        return known(*args, **keywords)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name in METHODS:
            return functools.partial(METHODS[name], self)
        raise NotTraceable(f".{name} of the variables has no derivative here")

    def __getitem__(self, key):
        if any(isinstance(part, Tracked) for part in (key if isinstance(key, tuple) else (key,))):
            raise NotTraceable("an index that depends on the variables has no derivative here")
        # With an ellipsis a single entry is a view as well.
        parts = key if isinstance(key, tuple) else (key,)
        whole = (*parts, ...) if all(isinstance(part, (int, slice)) for part in parts) else key
        return rearranged(lambda x: x[whole], self)

    def __len__(self):
        return len(self.value)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self):
        return bool(self.value)

    def __repr__(self):
        return f"Tracked({self.value!r})"

    def __format__(self, form):
        return format(self.value, form)

    def _number(self, *ignored):
        raise NotTraceable("a number taken out of NumPy has no derivative any more; use NumPy's functions (np.sin, not "
                           "math.sin) and make arrays of results with np.stack, not by writing into one")

    __float__ = __int__ = __index__ = __complex__ = __round__ = item = tolist = _number

    def __setitem__(self, key, value):
        raise NotTraceable("an array that is written into has no derivative here; make a new one, with np.where, "
                           "np.stack or np.concatenate")


def _operator(ufunc):
    return (lambda self, other: self.__array_ufunc__(ufunc, "__call__", self, other),
            lambda self, other: self.__array_ufunc__(ufunc, "__call__", other, self))


for _name, _ufunc in {"add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide,
                      "pow": np.power, "mod": np.remainder, "floordiv": np.floor_divide, "matmul": np.matmul}.items():
    _forward, _backward = _operator(_ufunc)
    setattr(Tracked, f"__{_name}__", _forward)
    setattr(Tracked, f"__r{_name}__", _backward)
for _name, _ufunc in {"lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal,
                      "ne": np.not_equal}.items():
    setattr(Tracked, f"__{_name}__", _operator(_ufunc)[0])
for _name, _ufunc in {"neg": np.negative, "pos": np.positive, "abs": np.absolute}.items():
    setattr(Tracked, f"__{_name}__", lambda self, ufunc=_ufunc: elementwise(ufunc, self))


def value(x):
    """The value of what may be tracked."""
    return x.value if isinstance(x, Tracked) else x


def whole(x):
    """Lists and arrays that hold tracked entries, as ``np.array([w[0], 2 * w[1]])`` makes them, as one array."""
    if x.__class__ is Tracked:
        return x
    if isinstance(x, (list, tuple)) and any(isinstance(part, (Tracked, list, tuple, np.ndarray)) for part in x):
        parts = [whole(part) for part in x]
        return joined(np.stack, parts) if any(isinstance(part, Tracked) for part in parts) else x
    if isinstance(x, np.ndarray) and x.dtype == object and any(isinstance(part, Tracked) for part in x.flat):
        flat = joined(np.stack, list(x.flat)) if x.ndim else x[()]
        return np.reshape(flat, x.shape)
    return x


def gradient_of(result, variables):
    """The gradients of a tracked number with respect to variables, each of the variable's shape."""
    result.slope = np.float64(1.0)
    for node in reversed(result.tape):
        g = node.slope
        if g is not None and node.parents:
            node.slope = None
            for parent, pull in node.parents:
                pulled = pull(g)
                parent.slope = pulled if parent.slope is None else parent.slope + pulled
    return [np.array(np.broadcast_to(0.0 if v.slope is None else v.slope, v.shape), dtype=float) for v in variables]


# Elementwise operations: derivatives from the table.


@functools.lru_cache(maxsize=4096)
def _slope(ufunc, i, count, given=None):
    """The derivative of an elementwise function by its operand `i`: a function of operands and result, or a number.

    `given` is the position and the value of a constant operand, which makes x**2 simpler than x**y.
    """
    symbols = [symbol(f"a{k}") for k in range(count)]
    operands = list(symbols)
    if given is not None:
        operands[given[0]] = constant(given[1])
    made = (UFUNCS.get(ufunc) or FUNCTIONS[ufunc])(*operands)
    slope = derivative(made, symbols[i])
    if slope.op == "number":
        return float(slope.args[0])
    names = {made: "made", **{s: f"a{k}" for k, s in enumerate(symbols)}}
    return function([slope], names)


def elementwise(ufunc, *operands):
    """An elementwise function of arrays, of which some are tracked."""
    operands = [whole(x) for x in operands]
    if ufunc not in UFUNCS and ufunc not in FUNCTIONS:
        raise NotTraceable(f"numpy.{ufunc.__name__} has no derivative here; known are "
                           + ", ".join(sorted(f.__name__ for f in UFUNCS)))
    values = [value(x) for x in operands]
    made, given = ufunc(*values), None
    if len(values) == 2 and isinstance(operands[1], numbers.Real):
        given = (1, operands[1] if isinstance(operands[1], int) else float(operands[1]))
    parents = []
    for i, x in enumerate(operands):
        if isinstance(x, Tracked):
            slope = _slope(ufunc, i, len(values), given)
            if slope != 0.0:
                parents.append((x, functools.partial(_pull, slope, values, made, x.shape)))
    return Tracked(made, tuple(parents)) if parents else made


def _pull(slope, values, made, shape, g):
    if not isinstance(slope, float):
        g = g * slope(made, *values)[0]
    elif slope != 1.0:
        g = g * slope
    return summed_to(np.broadcast_to(g, np.shape(made)) if np.shape(g) != np.shape(made) else g, shape)


def summed_to(g, shape):
    """A gradient of a broadcast array as that of the array before: summed over the axes that were added."""
    if np.shape(g) == shape:
        return g
    g = np.sum(g, axis=tuple(range(np.ndim(g) - len(shape))))
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1)
    return np.sum(g, axis=axes, keepdims=True) if axes else g


# What takes entries to other places, or leaves them out, or repeats them: one rule for all of it.


def rearranged(move, x):
    """An array made of the entries of another, by a function that does the same to any array of its shape."""
    moved, shape = move(np.asarray(x.value)), x.shape

    def pull(g):
        back = np.zeros(shape)
        view = move(back)
        if isinstance(view, np.ndarray) and view.flags.writeable and np.may_share_memory(view, back):
            view[...] = g
            return back
        to = move(np.arange(max(x.size, 1)).reshape(shape) if shape else np.zeros((), int))
        return np.bincount(np.ravel(to), np.ravel(np.broadcast_to(g, np.shape(to))), x.size).reshape(shape)

    return Tracked(moved, ((x, pull),))


def joined(join, parts, *args, **keywords):
    """One array of the entries of several."""
    parts = [whole(part) for part in parts]
    values = [value(part) for part in parts]
    sizes = [np.size(v) for v in values]
    ends = np.cumsum(sizes)

    def pull(i, g):
        numbered = [np.arange(end - size, end).reshape(np.shape(v))
                    for v, size, end in zip(values, sizes, ends, strict=True)]
        to = np.ravel(join(numbered, *args, **keywords))
        flat = np.bincount(to, np.ravel(np.broadcast_to(g, np.shape(made))), ends[-1])
        return flat[ends[i] - sizes[i]:ends[i]].reshape(np.shape(values[i]))

    made = join(values, *args, **keywords)
    return Tracked(made, tuple((part, functools.partial(pull, i)) for i, part in enumerate(parts)
                               if isinstance(part, Tracked)))
