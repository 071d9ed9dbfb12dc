"""What rules on matrices are written with: loops of a fixed number of turns, powers of symmetric matrices.

Both are plain NumPy. While the lines of a rule are recorded, a loop becomes one step of the equation, which prints
it as a recursion, and a power is one sign; pages and kernels have a loop and an eigenvalue routine of their own.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn.declare import InvalidArgument
from optlearn.state import Update

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["repeat", "sides", "sympower"]


def repeat(body: Callable[[Any], Any], X: Any, times: int) -> Any:
    """What `body` makes of `X` when it is applied again and again.

    ::

        for k in range(times):
            X = body(X)

    The equation of a rule that is written with it has X_0, then the recursion from X_k to X_{k+1}, named like the
    argument of `body`.

    Parameters
    ----------
    body : callable
        Function of an array that gives one of the same shape, or ``Update(array, name=...)``: what is named there
        gets a line of its own in the equation.
    X : array
        What it begins with.
    times : int
        Number of turns, at least 0.

    Returns
    -------
    array

    Raises
    ------
    InvalidArgument
        If `times` is not a whole number, or `body` gives another shape.

    Examples
    --------
    >>> import numpy as np
    >>> repeat(lambda x: (x + 2 / x) / 2, np.array([1.0]), 5)
    array([1.41421356])
    """
    try:
        turns = operator.index(times)
    except TypeError:
        turns = -1
    if turns < 0 or isinstance(times, bool):
        raise InvalidArgument(f"times = {times!r} is not allowed; it must be a whole number with 0 <= times")
    recorded = getattr(X, "repeated", None)
    if recorded is not None:
        return recorded(body, turns)
    for _ in range(turns):
        made = body(X)
        made = made.w if isinstance(made, Update) else made
        if np.shape(made) != np.shape(X):
            raise InvalidArgument(f"body makes an array of shape {np.shape(made)} from one of shape {np.shape(X)}; it "
                                  "must keep the shape")
        X = made
    return X


def sympower(S: Any, p: float, floor: float = 0.0) -> Any:
    """Power of a symmetric matrix without negative eigenvalues.

    ::

        S = Q diag(e) Q.T
        sympower(S, p, floor) = Q diag(max(e, floor)**p) Q.T       # floor at least machine epsilon * largest e

    It does not depend on the signs and the order of the eigenvectors, which differ from routine to routine. An
    eigenvalue e carries an error of about the machine epsilon times the largest one: a negative power of it is as
    exact as it is far above that. What lies below, also below zero, counts as that; a larger `floor` is printed.

    Parameters
    ----------
    S : array (n, n)
        The matrix, of which the lower triangle is read.
    p : float
        The power, such as -1/4.
    floor : float
        Smaller eigenvalues count as this.

    Returns
    -------
    array (n, n)

    Raises
    ------
    InvalidArgument
        If S is not square.

    Examples
    --------
    >>> import numpy as np
    >>> S = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> bool(np.allclose(sympower(S, -0.5) @ sympower(S, -0.5) @ S, np.eye(2)))
    True
    """
    if not isinstance(S, np.ndarray):
        recorded = getattr(S, "sympower", None)
        if recorded is not None:
            return recorded(p, floor)
    if np.ndim(S) != 2 or S.shape[0] != S.shape[1]:
        raise InvalidArgument(f"S has shape {np.shape(S)}; it must be a square matrix")
    if not np.isfinite(S).all():
        return np.full_like(S, np.nan)
    values, vectors = np.linalg.eigh(S)
    values = np.maximum(values, np.maximum(floor, np.finfo(S.dtype).eps * np.max(values, initial=0.0)))
    return (vectors * values**p) @ vectors.T


def sides(w: Any) -> tuple[int, int]:
    """Rows and columns of an array as a matrix: a vector is one column, and all axes but the first are columns.

    Parameters
    ----------
    w : array

    Returns
    -------
    rows, columns : int

    Examples
    --------
    >>> import numpy as np
    >>> sides(np.ones((3, 4))), sides(np.ones((3, 2, 2))), sides(np.ones(3))
    ((3, 4), (3, 4), (3, 1))
    """
    if w.ndim == 2:
        return w.shape
    rows = w.shape[0] if w.ndim else 1
    return rows, w.size // max(rows, 1) if w.ndim > 2 else 1
