"""Nested dicts, lists and tuples of arrays."""

import math

import numpy as np

from optlearn.declare import InvalidArgument

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
# Of so many numbers a sum of squares is fast: of more, BLAS may take it to several cores, which have to wake first.
SMALL = 10_000


def flatten(nested, name):
    """The arrays of a nested structure with their places, in order: ``[("['layer'][0]", array), ...]``."""
    # Most steps are of one array.
    if type(nested) is np.ndarray:
        return [("", nested)]
    leaves = []

    def visit(node, path):
        if isinstance(node, dict):
            for key, value in node.items():
                visit(value, f"{path}[{key!r}]")
        elif isinstance(node, (list, tuple)):
            if node and all(type(value) in (int, float) for value in node):
                raise InvalidArgument(f"{name}{path} is a {type(node).__name__} of numbers; it must be an array: "
                                      f"np.array({[float(value) for value in node[:3]]})" + " ..." * (len(node) > 3))
            for i, value in enumerate(node):
                visit(value, f"{path}[{i}]")
        else:
            if not isinstance(node, (np.ndarray, np.generic, float)):
                raise InvalidArgument(f"{name}{path} is a {type(node).__name__}; it must be an array of float32 or "
                                      f"float64, or a dict, list or tuple of such{_remedy(node, name + path)}")
            leaves.append((path, node))

    visit(nested, "")
    return leaves


def _remedy(node, name):
    """What to write where something else than an array came in, if that is known."""
    if isinstance(node, int):
        return f": {float(node)}"
    if hasattr(node, "detach"):
        return f": {name}.detach().numpy()"
    return f": np.asarray({name})" if hasattr(node, "__array__") else ""


def unflatten(like, leaves):
    """The structure of `like` with other arrays."""
    leaves = iter(leaves)

    def build(node):
        if isinstance(node, dict):
            return {key: build(value) for key, value in node.items()}
        if isinstance(node, tuple) and hasattr(node, "_fields"):
            return type(node)(*(build(value) for value in node))
        if isinstance(node, (list, tuple)):
            return type(node)(build(value) for value in node)
        return next(leaves)

    return build(like)


def separate(leaves, name):
    """Raise if two arrays of a structure are one in memory: a step would part them."""
    seen = {}
    for path, array in leaves:
        if isinstance(array, np.ndarray):
            # Views of one array need not overlap.
            others = seen.setdefault(id(array if array.base is None else array.base), [])
            for other, twin in others:
                if np.shares_memory(array, twin):
                    raise InvalidArgument(f"{name}{other} and {name}{path} are the same array, which a step would "
                                          "part; it must be there once, with the sum of its gradients")
            others.append((path, array))


def computable(array, name):
    """`array` as float32 or float64; other kinds of numbers, and masks, are refused."""
    if type(array) is not np.ndarray:
        if hasattr(array, "filled"):
            raise InvalidArgument(f"{name} is a masked array, whose mask a step would lose; it must be an array: "
                                  f"{name}.filled(0.0)")
        array = np.asarray(array)
    if array.dtype not in _FLOATS:
        why = "; in float16 the usual epsilon of 1e-8 is zero" if array.dtype == np.float16 else \
            f": {name}.astype(float)" if array.dtype.kind in "iu" else ""
        raise InvalidArgument(f"{name} has dtype {array.dtype}; it must be float32 or float64{why}")
    return array


def finite(nested):
    """Whether all numbers in it are finite; what is none is for the step to refuse. Squares may overflow."""
    if type(nested) is np.ndarray and nested.dtype in _FLOATS and nested.size <= SMALL:
        # The sum of squares is not finite where a number is not, and hardly otherwise; it takes a third of the time.
        flat = nested if nested.ndim == 1 else nested.reshape(-1)
        return math.isfinite(flat.dot(flat)) or bool(np.isfinite(flat).all())
    if isinstance(nested, dict):
        return all(map(finite, nested.values()))
    if isinstance(nested, (list, tuple)):
        return all(map(finite, nested))
    return np.asarray(nested).dtype.kind not in "fc" or bool(np.isfinite(nested).all())
