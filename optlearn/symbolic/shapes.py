"""Shapes of recorded quantities: ``()`` of a number, the shape of an array, None of an array of any shape.

Each rule gives the shape of a result from those of the operands, and raises ValueError where they do not fit.
"""

import math

import numpy as np


def broadcast(*shapes):
    """Element by element.

    Examples
    --------
    >>> broadcast((3, 1), (1, 4), ())
    (3, 4)
    """
    if None in shapes:
        return None
    return np.broadcast_shapes(*shapes)


def over(shape, axis=None, keepdims=False):
    """A sum over axes, or over all of them.

    Examples
    --------
    >>> over((3, 4), axis=(1,), keepdims=True), over((3, 4), axis=(1,)), over((3, 4))
    ((3, 1), (3,), ())
    """
    if axis is None:
        return ()
    if keepdims:
        return tuple(1 if i in axis else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axis)


def product(a, b):
    """``a @ b`` of vectors and matrices.

    Examples
    --------
    >>> product((3, 4), (4, 2)), product((3, 4), (4,)), product((4,), (4,))
    ((3, 2), (3,), ())
    """
    if a is None or b is None or not 1 <= len(a) <= 2 or not 1 <= len(b) <= 2 or a[-1] != b[0]:
        raise ValueError
    return (*a[:-1], *b[1:])


def turned(shape):
    """The transpose."""
    return shape[::-1]


def reshaped(old, shape):
    """The same numbers in another shape."""
    if math.prod(old) != math.prod(shape):
        raise ValueError
    return shape


def square(shape, *numbers):
    """A function of a square matrix."""
    if shape is None or len(shape) != 2 or shape[0] != shape[1] or any(numbers):
        raise ValueError
    return shape


def axes(axis, ndim):
    """An axis, or several, as a sorted tuple of numbers from 0 on."""
    given = axis if isinstance(axis, tuple) else (axis,)
    found = tuple(sorted(i + ndim if i < 0 else i for i in given))
    if any(not 0 <= i < ndim for i in found) or len(set(found)) < len(found):
        raise ValueError
    return found


def strides(shape):
    """How far apart neighbours along each axis are, in a row of the numbers."""
    return tuple(math.prod(shape[i + 1:]) for i in range(len(shape)))


def length(shape, coordinates):
    """How many numbers a quantity has, if an array of any shape has so many coordinates."""
    return coordinates if shape is None else math.prod(shape)
