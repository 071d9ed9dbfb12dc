"""What functions of whole arrays do with gradients: reductions, products, and what moves entries about."""

import functools

import numpy as np

from optlearn.functions.tape import (
    KNOWN,
    METHODS,
    PRODUCTS,
    Tracked,
    elementwise,
    joined,
    rearranged,
    summed_to,
    value,
    whole,
)
from optlearn.symbolic.graph import UFUNCS, NotTraceable


def _mover(move):
    def moved(x, *args, **keywords):
        x = whole(x)
        if not isinstance(x, Tracked):
            return move(x, *args, **keywords)
        return rearranged(lambda array: move(array, *args, **keywords), x)
    return moved


def _spread(g, x, axis, keepdims):
    """The gradient of a reduction with the reduced axes put back."""
    if axis is not None and not keepdims and np.ndim(g):
        g = np.expand_dims(g, axis)
    return np.broadcast_to(g, x.shape)


def _sum(x, axis=None, *, keepdims=False):
    x = whole(x)
    return Tracked(np.sum(x.value, axis=axis, keepdims=keepdims), ((x, lambda g: _spread(g, x, axis, keepdims)),))


def _prod(x, axis=None, *, keepdims=False):
    x = whole(x)

    def pull(g):
        # The product of the others, right also where an entry is zero.
        flat = np.ravel(x.value) if axis is None else np.moveaxis(x.value, axis, 0)
        ones = np.ones_like(flat[:1])
        before = np.cumprod(np.concatenate([ones, flat[:-1]]), axis=0)
        after = np.cumprod(np.concatenate([ones, flat[:0:-1]]), axis=0)[::-1]
        others = before * after
        return _spread(g, x, axis, keepdims) * (others.reshape(x.shape) if axis is None
                                                else np.moveaxis(others, 0, axis))

    return Tracked(np.prod(x.value, axis=axis, keepdims=keepdims), ((x, pull),))


def _extreme(find):
    def extreme(x, axis=None, *, keepdims=False):
        x = whole(x)
        kept = find(x.value, axis=axis, keepdims=True)
        here = x.value == kept

        def pull(g):
            # Where several are the largest, each has its share.
            return _spread(g, x, axis, keepdims) * here / np.sum(here, axis=axis, keepdims=True)

        return Tracked(kept if keepdims else find(x.value, axis=axis), ((x, pull),))
    return extreme


def _count(x, axis):
    return np.size(x.value) if axis is None else np.size(x.value, axis) if isinstance(axis, int) else \
        int(np.prod([x.shape[i] for i in axis]))


def _mean(x, axis=None, *, keepdims=False):
    x = whole(x)
    return _sum(x, axis, keepdims=keepdims) / _count(x, axis)


def _variance(x, axis=None, *, ddof=0, keepdims=False):
    x = whole(x)
    away = x - _mean(x, axis, keepdims=True)
    return _sum(away * away, axis, keepdims=keepdims) / (_count(x, axis) - ddof)


def _deviation(x, axis=None, **more):
    return np.sqrt(_variance(x, axis, **more))


def _norm(x, ord=None, axis=None, keepdims=False):
    x = whole(x)
    vectors = axis is None and (ord is None or x.ndim == 1) or isinstance(axis, int)
    if not vectors and ord not in (None, "fro"):
        raise NotTraceable("a norm of matrices other than Frobenius's has no derivative here")
    if ord in (None, 2, "fro"):
        return np.sqrt(_sum(x * x, axis, keepdims=keepdims))
    if ord == 1:
        return _sum(np.abs(x), axis, keepdims=keepdims)
    if ord == np.inf:
        return KNOWN[np.max](np.abs(x), axis, keepdims=keepdims)
    return _sum(np.abs(x) ** ord, axis, keepdims=keepdims) ** (1 / ord)


def _cumsum(x, axis=None):
    x = whole(x)

    def pull(g):
        flat = np.reshape(g, -1) if axis is None else g
        return np.flip(np.cumsum(np.flip(flat, axis or 0), axis or 0), axis or 0).reshape(x.shape)

    return Tracked(np.cumsum(x.value, axis), ((x, pull),))


def _matmul(a, b):
    a, b = whole(a), whole(b)
    x, y = value(a), value(b)
    made = x @ y

    def pulled_a(g):
        if x.ndim == 1:
            return summed_to(g * y if y.ndim == 1 else np.squeeze(y @ g[..., None], -1), x.shape)
        return summed_to(g[..., None] * y if y.ndim == 1 else g @ np.swapaxes(y, -1, -2), x.shape)

    def pulled_b(g):
        if y.ndim == 1:
            return summed_to(g * x if x.ndim == 1 else np.squeeze(g[..., None, :] @ x, -2), y.shape)
        return summed_to(x[:, None] * g[..., None, :] if x.ndim == 1 else np.swapaxes(x, -1, -2) @ g, y.shape)

    x, y = np.asarray(x), np.asarray(y)
    parents = ((a, pulled_a), (b, pulled_b))
    return Tracked(made, tuple((x, pull) for x, pull in parents if isinstance(x, Tracked)))


def _dot(a, b):
    a, b = whole(a), whole(b)
    if not np.ndim(value(a)) or not np.ndim(value(b)):
        return a * b
    if np.ndim(value(b)) > 2:
        raise NotTraceable("numpy.dot of stacks of matrices has no derivative here; write @")
    return _matmul(a, b)


def _inner(a, b):
    a, b = whole(a), whole(b)
    return _dot(a, b if np.ndim(value(b)) < 2 else np.swapaxes(b, -1, -2))


def _vdot(a, b):
    return _sum(whole(a) * b)


def _outer(a, b):
    return np.reshape(whole(a), (-1, 1)) * np.reshape(whole(b), (1, -1))


def _where(condition, a, b):
    return elementwise(np.where, np.asarray(value(whole(condition)), bool), a, b)


def _clip(x, low=None, high=None, *, min=None, max=None):
    low, high = min if low is None else low, max if high is None else high
    if low is not None:
        x = np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def _difference(x, n=1, axis=-1):
    x = whole(x)
    for _ in range(n):
        x = np.moveaxis(x, axis, 0)
        x = np.moveaxis(x[1:] - x[:-1], 0, axis)
    return x


def _solve(a, b):
    """x with a x = b: then dx = a^-1 (db - da x)."""
    a, b = whole(a), whole(b)
    x, y = value(a), value(b)
    made = np.linalg.solve(x, y)

    def pulled_b(g):
        return summed_to(np.linalg.solve(np.swapaxes(x, -1, -2), g), np.shape(y))

    def pulled_a(g):
        back = np.linalg.solve(np.swapaxes(x, -1, -2), g)
        return -(np.multiply.outer(back, made) if np.ndim(y) == 1 else back @ np.swapaxes(made, -1, -2))

    parents = ((a, pulled_a), (b, pulled_b))
    return Tracked(made, tuple((x, pull) for x, pull in parents if isinstance(x, Tracked)))


def _fixed(function):
    """A function whose result does not follow the variables: shapes, and what changes by jumps only."""
    return lambda x, *args, **keywords: function(value(whole(x)), *args, **keywords)


PRODUCTS.update({np.matmul: _matmul, np.vecdot: lambda a, b: _sum(whole(a) * b, -1)})
KNOWN.update({
    **{f: _mover(f) for f in (
        np.reshape, np.ravel, np.transpose, np.swapaxes, np.moveaxis, np.squeeze, np.expand_dims, np.broadcast_to,
        np.roll, np.flip, np.flipud, np.fliplr, np.rot90, np.tile, np.repeat, np.take, np.diagonal, np.atleast_1d,
        np.atleast_2d, np.matrix_transpose, np.copy)},
    **{f: functools.partial(joined, f) for f in (np.concatenate, np.stack, np.vstack, np.hstack, np.column_stack)},
    **{f: _fixed(f) for f in (np.shape, np.size, np.ndim, np.zeros_like, np.ones_like, np.full_like, np.argmax,
                              np.argmin, np.argsort, np.allclose, np.isclose, np.array_equal, np.any, np.all)},
    np.sum: _sum, np.prod: _prod, np.max: _extreme(np.max), np.min: _extreme(np.min), np.mean: _mean,
    np.var: _variance, np.std: _deviation, np.linalg.norm: _norm, np.linalg.vector_norm: _norm, np.cumsum: _cumsum,
    np.dot: _dot, np.inner: _inner, np.vdot: _vdot, np.outer: _outer, np.where: _where, np.clip: _clip,
    np.diff: _difference, np.trace: lambda x: _sum(np.diagonal(x)), np.linalg.solve: _solve,
    np.linalg.inv: lambda x: _solve(x, np.eye(len(x))), np.sort: lambda x: whole(x)[np.argsort(x)],
})
METHODS.update({
    "sum": _sum, "prod": _prod, "max": KNOWN[np.max], "min": KNOWN[np.min], "mean": _mean, "var": _variance,
    "std": _deviation, "dot": _dot, "clip": _clip, "cumsum": _cumsum, "copy": KNOWN[np.copy], "ravel": KNOWN[np.ravel],
    "flatten": KNOWN[np.ravel], "squeeze": KNOWN[np.squeeze], "swapaxes": KNOWN[np.swapaxes],
    "repeat": KNOWN[np.repeat], "take": KNOWN[np.take], "diagonal": KNOWN[np.diagonal], "trace": KNOWN[np.trace],
    "argmax": KNOWN[np.argmax], "argmin": KNOWN[np.argmin], "any": KNOWN[np.any], "all": KNOWN[np.all],
    "astype": lambda x, dtype: Tracked(x.value.astype(dtype), ((x, lambda g: g),)),
    "reshape": lambda x, *shape: np.reshape(x, shape[0] if len(shape) == 1 else shape),
    "transpose": lambda x, *axes: np.transpose(x, axes[0] if len(axes) == 1 else axes or None),
    # NumPy calls these methods of the entries of np.array([w[0], w[1]]).
    **{ufunc.__name__: functools.partial(elementwise, ufunc) for ufunc in UFUNCS if ufunc.nin == 1},
})
