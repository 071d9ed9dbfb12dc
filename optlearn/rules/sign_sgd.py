"""Sign gradient descent."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, alias, hyper

__all__ = ["SignSGD"]


class SignSGD(Optimizer):
    """SignSGD: a step of the same length in every coordinate, against the sign of the gradient.

    ::

        w = (1 - lr * weight_decay) * w - lr * sign(g)

    Where the gradient is zero the sign is 0. The decay is decoupled; left out, w is not shrunk.

    Source: J. Bernstein et al. (2018), arXiv:1802.04434. Convention: MXNet's, where both decays act so; Optax
    has no decay.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = SignSGD(lr=0.1), np.array([1.0, 1.0, 1.0])
    >>> w, state = rule.step(w, np.array([1e-6, 0.0, -1e6]), rule.init(w))
    >>> w
    array([0.9, 1. , 1.1])
    """

    label = "signSGD"
    name = "sign_sgd"
    lr = hyper(0.01, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    weight_decay = hyper(None, at_least=0, symbol=r"\lambda", low=1e-4, high=1.0)
    scale_free = {}

    def update(self, w, g, s, t):
        if self.weight_decay is not None:
            w = (1 - self.lr * self.weight_decay) * w
        return Update(w - self.lr * np.sign(g))


alias("signsgd", "sign_sgd")
