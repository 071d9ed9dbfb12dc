"""Nested dicts, lists and tuples of arrays."""

import numpy as np

from optlearn.declare import InvalidArgument


def flatten(nested, name):
    """The arrays of a nested structure with their places, in order: ``[("['layer'][0]", array), ...]``."""
    leaves = []

    def visit(node, path):
        if isinstance(node, dict):
            for key, value in node.items():
                visit(value, f"{path}[{key!r}]")
        elif isinstance(node, (list, tuple)):
            for i, value in enumerate(node):
                visit(value, f"{path}[{i}]")
        else:
            if not isinstance(node, (np.ndarray, np.generic, float)):
                raise InvalidArgument(f"{name}{path} is a {type(node).__name__}; it must be an array of float32 or "
                                      "float64, or a dict, list or tuple of such")
            leaves.append((path, node))

    visit(nested, "")
    return leaves


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


def computable(array, name):
    """`array` as float32 or float64; other kinds of numbers are refused."""
    array = np.asarray(array)
    if array.dtype not in (np.float32, np.float64):
        why = "; in float16 the usual epsilon of 1e-8 is zero" if array.dtype == np.float16 else ""
        raise InvalidArgument(f"{name} has dtype {array.dtype}; it must be float32 or float64{why}")
    return array
