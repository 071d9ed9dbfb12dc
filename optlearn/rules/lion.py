"""Lion."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper

__all__ = ["Lion"]


class Lion(Optimizer):
    """Lion: a step against the sign of a mixture of gradient and momentum, found by a search over programs.

    ::

        c = beta1 * m + (1 - beta1) * g
        m = beta2 * m + (1 - beta2) * g            # a longer average than the one of the step
        w = (1 - lr * weight_decay) * w - lr * sign(c)

    Source: X. Chen et al. (2023), arXiv:2302.06675. Convention: the paper's; Optax (decay 0.001) and Keras
    agree.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = Lion(lr=0.1, weight_decay=0), np.array([1.0, 1.0])
    >>> w, state = rule.step(w, np.array([1e-6, -1e6]), rule.init(w))
    >>> w
    array([0.9, 1.1])
    """

    lr = hyper(1e-4, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    beta1 = hyper(0.9, at_least=0, below=1, symbol=r"\beta_1")
    beta2 = hyper(0.99, at_least=0, below=1, symbol=r"\beta_2")
    weight_decay = hyper(1e-3, at_least=0, symbol=r"\lambda", low=1e-4, high=1.0)
    scale_free = {}
    slots = ("m",)

    def update(self, w, g, s, t):
        c = self.beta1 * s.m + (1 - self.beta1) * g
        m = self.beta2 * s.m + (1 - self.beta2) * g
        return Update((1 - self.lr * self.weight_decay) * w - self.lr * np.sign(c), m=m, c=c)
