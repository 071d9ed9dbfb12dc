"""Signum."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper

__all__ = ["Signum"]


class Signum(Optimizer):
    """Signum: SignSGD with momentum, a step against the sign of an average of the gradients.

    ::

        m = momentum * m + (1 - momentum) * g
        w = (1 - lr * decoupled_weight_decay) * w - lr * sign(m)

    `weight_decay` is added to the gradient, `decoupled_weight_decay` shrinks w itself.

    Source: J. Bernstein et al. (2018), arXiv:1802.04434, Algorithm 2. Convention: MXNet's (its wd_lh is
    `decoupled_weight_decay`); Optax agrees and has no decay.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = Signum(lr=0.1), np.array([1.0])
    >>> state = rule.init(w)
    >>> for g in (5.0, -1.0):                   # one opposite gradient does not turn the average
    ...     w, state = rule.step(w, np.array([g]), state)
    >>> w
    array([0.8])
    """

    lr = hyper(0.01, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    momentum = hyper(0.9, at_least=0, below=1, symbol=r"\beta", alias="beta")
    decoupled_weight_decay = hyper(None, at_least=0, symbol=r"\lambda'", low=1e-4, high=1.0)
    scale_free = {}
    slots = ("m",)

    def update(self, w, g, s, t):
        m = self.momentum * s.m + (1 - self.momentum) * g
        if self.decoupled_weight_decay is not None:
            w = (1 - self.lr * self.decoupled_weight_decay) * w
        return Update(w - self.lr * np.sign(m), m=m)
