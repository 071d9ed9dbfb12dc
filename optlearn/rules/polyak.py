"""Polyak's step."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, alias, hyper, option

__all__ = ["Polyak"]


class Polyak(Optimizer):
    r"""Polyak's step: as long as it takes the tangent to fall to the smallest value of the loss.

    ::

        gap = loss - f_min                          # variant="sps+": max(gap, 0)
        rate = gap / (|g|**2 + eps)                 # |g| over all arrays together; at most max_lr; 0 if g is 0
        w = w - rate * g

    On a convex function of smallest value `f_min` no step leads away from the minimum. With minibatches `f_min` is the
    smallest loss of a batch, 0 for a model that can fit its data, and `max_lr` keeps single batches from long steps.

    Source: B. T. Polyak (1969), USSR Comput. Math. Math. Phys. 9(3), 14-29; N. Loizou, S. Vaswani, I. Laradji,
    S. Lacoste-Julien (2021), arXiv:2002.10542 (stochastic, with `max_lr`). Convention: ``optax.polyak_sgd``, where
    `max_lr` is 1; a square of at most 2**-52 makes no step.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = Polyak(), np.array([3.0])                                       # |w| is 3
    >>> rule.step(w, np.sign(w), rule.init(w), loss=3.0)[0]
    array([0.])
    """

    f_min = hyper(0.0, symbol=r"f_{\min}", low=-1.0, high=1.0)
    max_lr = hyper(None, above=0, symbol=r"\eta_{\max}", low=1e-3, high=10.0, alias="lr")
    eps = hyper(0.0, at_least=0, symbol=r"\epsilon", low=1e-8, high=1.0)
    variant = option("sps", choices=("sps", "sps+"))
    symbols = {"gap": r"\Delta", "rate": r"\eta"}
    direction = "g"

    def update(self, w, g, s, t):
        gap = s.loss - self.f_min
        if self.variant == "sps+":
            gap = np.maximum(gap, 0.0)
        square = s.norm(g)**2 + self.eps
        rate = gap / square
        if self.max_lr is not None:
            rate = np.minimum(rate, self.max_lr)
        rate = np.where(square > 2**-52, rate, 0.0)
        return Update(w - rate * g, gap=gap, rate=rate)


alias("polyak_sgd", "polyak")
