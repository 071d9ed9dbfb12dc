"""Where a run starts, and how many steps it is to make."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from optlearn import functions
from optlearn.declare import InvalidArgument


def whole(name: str, value: Any, least: int = 0) -> int:
    """A number of steps."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if number < least or isinstance(value, bool):
        raise InvalidArgument(f"{name} = {value!r} is not allowed; it must be a whole number with {least} <= {name}")
    return number


def start_point(surface, optimizer, start):
    """The start as an array of the shape of a point, with an axis more for sweeps."""
    point = surface.point_shape
    given = surface.start if start is None or isinstance(surface, functions.Function) else start
    try:
        w = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        w = None
    if not isinstance(surface, functions.Function) and (
            w is None or w.shape[:1] != (2,) or w.ndim > 2 or not np.isfinite(w).all()):
        raise InvalidArgument(f"start = {given!r} is not allowed; it must be two finite numbers, or an array of "
                              "shape (2, N) for N runs")
    first = optimizer.at(1)  # a schedule may give an array, too
    parts = (first, *first.gradient, surface)
    sweeps = [part.__dict__[n] for part in parts for n in part.hypers() if isinstance(part.__dict__[n], np.ndarray)]
    shapes = [w.shape[len(point):], *(np.shape(values) for values in sweeps)]
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        raise InvalidArgument(f"the hyperparameters and the start make sweeps of shapes {shapes}, which do not fit "
                              "together; they must broadcast") from None
    if shape and optimizer.takes_matrices:
        raise InvalidArgument(f"a sweep of shape {shape} is not allowed for {optimizer.name}, to which rows and "
                              "columns mean something; it must be a list of optimizers")
    if len(shape) > 1:
        raise InvalidArgument(f"a sweep has shape {shape}; it must have one axis: flatten the grid")
    return np.broadcast_to(w if w.ndim == len(point) + len(shape) else w[..., None], (*point, *shape)).copy()
