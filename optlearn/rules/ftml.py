"""FTML."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper

__all__ = ["FTML"]


class FTML(Optimizer):
    """FTML: follows the minimiser of a sum of past quadratics, in which older ones count less.

    ::

        v = beta2 * v + (1 - beta2) * g**2
        d_new = (1 - beta1**t) / lr * (sqrt(v / (1 - beta2**t)) + eps)
        z = beta1 * z + (1 - beta1) * g - (d_new - beta1 * d) * w
        w = -z / d_new

    Source: S. Zheng, J. T. Kwok (2017), ICML, Algorithm 1. Convention: the paper's and MXNet's.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = FTML(lr=0.1, eps=0), np.array([1.0])
    >>> w, state = rule.step(w, np.array([3.0]), rule.init(w))
    >>> w                                       # the first step is lr, whatever the gradient
    array([0.9])
    """

    name = "ftml"
    lr = hyper(2.5e-3, above=0, divides=True, symbol=r"\eta", low=1e-4, high=1.0)
    beta1 = hyper(0.6, at_least=0, below=1, symbol=r"\beta_1")
    beta2 = hyper(0.999, at_least=0, below=1, symbol=r"\beta_2")
    eps = hyper(1e-8, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    scale_free = {"eps": 0.0}
    slots = ("v", "d", "z")

    def update(self, w, g, s, t):
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        v_hat = v / (1 - self.beta2**t)
        d = (1 - self.beta1**t) / self.lr * (np.sqrt(v_hat) + self.eps)
        z = self.beta1 * s.z + (1 - self.beta1) * g - (d - self.beta1 * s.d) * w
        return Update(-z / d, v=v, d=d, z=z, v_hat=v_hat)
