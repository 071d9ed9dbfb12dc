"""DCASGD."""

from optlearn.optimizer import Optimizer, Update, hyper, option

__all__ = ["DCASGD"]


class DCASGD(Optimizer):
    """DCASGD: corrects a gradient that was taken at older parameters by a guess of the curvature, g squared.

    ::

        d = g + lam * g**2 * (w - w_old)
        v = momentum * v - lr * d
        w_old = w;  w = w + v

    `w_old` is where the gradient is thought to come from: the parameters before the last step. Feed it stale
    gradients, ``run(..., delay=1)``, to see what it is for; with fresh ones it is a cheap use of the
    curvature. `weight_decay` is added to the gradient, also inside the square; with ``decay_in_square=False``
    not there.

    Source: S. Zheng et al. (2017), arXiv:1609.08326. Convention: MXNet 2's; MXNet 1.9 has
    ``decay_in_square=False``.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = DCASGD(lr=0.1, lam=0.5), np.array([1.0])
    >>> state = rule.init(w)
    >>> for _ in range(2):
    ...     w, state = rule.step(w, np.array([1.0]), state)
    >>> w                                       # the second step is lr * (1 - 0.5 * 0.1)
    array([0.805])
    """

    name = "dcasgd"
    lr = hyper(0.1, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    lam = hyper(0.04, at_least=0, symbol=r"\alpha", low=1e-3, high=10.0, alias="lamda")
    momentum = hyper(0.0, at_least=0, below=1, symbol=r"\beta")
    weight_decay = hyper(None, at_least=0, symbol=r"\lambda", low=1e-4, high=1.0)
    decay_in_square = option(True)
    slots = ("w_old", "v")
    direction = "d"
    symbols = {"w_old": "w'"}

    def start(self, w):
        return {"w_old": w, "v": 0 * w}

    def update(self, w, g, s, t):
        decayed = g if self.weight_decay is None else g + self.weight_decay * w
        square = (decayed if self.decay_in_square else g) ** 2
        d = decayed + self.lam * square * (w - s.w_old)
        v = self.momentum * s.v - self.lr * d
        return Update(w + v, w_old=w, v=v, d=d)
