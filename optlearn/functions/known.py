"""Functions of n variables of which the theory of optimizers speaks."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn.declare import InvalidArgument
from optlearn.functions.base import Function

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optlearn.typing import Array, ArrayLike


def quadratic(A: Array | Sequence[Any], b: Array | Sequence[float] | None = None,
              start: ArrayLike | None = None) -> Function:
    """The quadratic ``f(w) = w.T @ A @ w / 2 - b @ w``.

    Its gradient is ``A @ w - b``, its curvatures are the eigenvalues of A, its only stationary point solves A w = b.

    Parameters
    ----------
    A : array (n, n)
        Symmetric.
    b : array (n,), optional
        Default: zeros.
    start : array (n,), optional
        Where runs start that name no start; default: ones.

    Returns
    -------
    Function

    Raises
    ------
    InvalidArgument
        If A is not square and symmetric, or b not of its length.

    Examples
    --------
    >>> from optlearn import GradientDescent, run
    >>> f = quadratic(np.diag([1.0, 10.0, 100.0]))
    >>> run(f, GradientDescent(lr=0.01), steps=500).w[-1].round(4)
    array([0.0066, 0.    , 0.    ])
    """
    try:
        A = np.array(A, dtype=float)
        b = np.zeros(A.shape[:1]) if b is None else np.array(b, dtype=float)
    except (TypeError, ValueError):
        A = np.empty(0)
    if A.ndim != 2 or A.shape != A.T.shape or not (np.isfinite(A).all() and np.allclose(A, A.T)):
        raise InvalidArgument("A must be a symmetric matrix of finite numbers; of any square matrix the quadratic is "
                              "that of (A + A.T) / 2")
    if b.shape != A.shape[:1] or not np.isfinite(b).all():
        raise InvalidArgument(f"b has shape {b.shape}; it must be {len(A)} finite numbers")

    def f(w):
        return w @ (A @ w) / 2 - b @ w

    return Function(f, lambda w: A @ w - b, check=False, name="quadratic", start=np.ones(len(A)) if start is None else
                    start)


def rosenbrock(n: int, b: float = 100.0) -> Function:
    """Rosenbrock's valley in n variables: ``sum(b * (w[i+1] - w[i]**2)**2 + (1 - w[i])**2)``; its minimum is at ones.

    It starts at -1.2, 1, -1.2, ...; with n = 2 it is the surface of that name. With n from 4 to 7 it has a second,
    local minimum, whose first coordinate is negative.

    Source: H. H. Rosenbrock (1960), The Computer Journal 3, 175-184; in n variables Y.-W. Shang, Y.-H. Qiu (2006),
    Evolutionary Computation 14, 119-126.

    Parameters
    ----------
    n : int
        At least 2.
    b : float
        How steep the walls are.

    Returns
    -------
    Function

    Raises
    ------
    InvalidArgument
        If n is no whole number of at least 2.

    Examples
    --------
    >>> f = rosenbrock(5)
    >>> f(np.ones(5)), f.gradient(np.ones(5))
    (np.float64(0.0), array([0., 0., 0., 0., 0.]))
    """
    try:
        count = operator.index(n)
    except TypeError:
        count = 0
    if count < 2:
        raise InvalidArgument(f"n = {n!r} is not allowed; it must be a whole number with 2 <= n")

    def f(w):
        return np.sum(b * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2)

    return Function(f, name="rosenbrock", start=np.where(np.arange(count) % 2, 1.0, -1.2))
