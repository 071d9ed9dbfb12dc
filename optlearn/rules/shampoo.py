"""Shampoo."""

import numpy as np

from optlearn.matrices import sides, sympower
from optlearn.optimizer import Optimizer, Update, hyper

__all__ = ["Shampoo"]


class Shampoo(Optimizer):
    """Shampoo: a gradient that is scaled from both sides by what its rows and its columns have done so far.

    ::

        L = L + g @ g.T;  R = R + g.T @ g                          # at the start matrix_eps times the identity
        w = w - lr * L**(-1/4) @ g @ R**(-1/4)

    The powers are those of symmetric matrices. A vector has no second side: ``w = w - lr * L**(-1/2) @ g``, which is
    AdaGrad with a full matrix. Of more than two axes all but the first are columns. L and R only grow, and no root
    is taken less often than in every step.

    Source: V. Gupta, T. Koren, Y. Singer (2018), arXiv:1802.09568. Convention: theirs, without grafting and blocks.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = Shampoo(), np.ones((3, 4))
    >>> state = rule.init(w)
    >>> state["L"].shape, state["R"].shape
    ((3, 3), (4, 4))
    """

    lr = hyper(1e-3, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    matrix_eps = hyper(1e-6, at_least=0, symbol=r"\epsilon", low=1e-12, high=1.0)
    slots = ("L", "R")
    symbols = {"step": "d"}
    takes_matrices = True

    def start(self, w):
        rows, cols = sides(w)
        return {"L": self.matrix_eps * np.eye(rows), "R": self.matrix_eps * np.eye(cols) if w.ndim > 1 else 1.0}

    def update(self, w, g, s, t):
        G = g.reshape(sides(w))
        L = s.L + G @ G.T
        if w.ndim > 1:
            R = s.R + G.T @ G
            step = sympower(L, -1 / 4) @ G @ sympower(R, -1 / 4)
        else:
            R, step = s.R, sympower(L, -1 / 2) @ G
        step = step.reshape(w.shape)
        return Update(w - self.lr * step, L=L, R=R, step=step)
