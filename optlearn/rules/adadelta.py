"""AdaDelta."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper

__all__ = ["AdaDelta"]


class AdaDelta(Optimizer):
    """AdaDelta: steps in units of the parameters, the gradient times a ratio of two moving averages.

    ::

        a = rho * a + (1 - rho) * g**2
        d = sqrt(D + eps) / sqrt(a + eps) * g      # with the D of the step before
        D = rho * D + (1 - rho) * d**2
        w = w - lr * d

    `decoupled_weight_decay` shrinks w by ``1 - lr * decoupled_weight_decay`` first.

    Source: M. D. Zeiler (2012), arXiv:1212.5701. Convention: all libraries compute this; PyTorch, Optax and
    MXNet have lr 1 (the paper has none), Keras 0.001; MXNet 1.9 has no lr and decouples the decay.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = AdaDelta(eps=1e-6), np.array([1.0])
    >>> w, state = rule.step(w, np.array([5.0]), rule.init(w))
    >>> (1 - w).round(6)                    # the first step is sqrt(eps / (1 - rho)) for any g
    array([0.003162])
    """

    name = "adadelta"
    lr = hyper(1.0, above=0, symbol=r"\eta", low=1e-2, high=100.0)
    rho = hyper(0.9, at_least=0, below=1, symbol=r"\rho")
    eps = hyper(1e-6, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    decoupled_weight_decay = hyper(None, at_least=0, symbol=r"\lambda'", low=1e-4, high=1.0)
    slots = ("a", "D")
    direction = "g"
    symbols = {"a": "E[g^2]", "D": "E[d^2]"}

    def update(self, w, g, s, t):
        a = self.rho * s.a + (1 - self.rho) * g**2
        d = np.sqrt(s.D + self.eps) / np.sqrt(a + self.eps) * g
        D = self.rho * s.D + (1 - self.rho) * d**2
        if self.decoupled_weight_decay is not None:
            w = (1 - self.lr * self.decoupled_weight_decay) * w
        return Update(w - self.lr * d, a=a, D=D, d=d)
