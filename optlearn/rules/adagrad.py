"""AdaGrad."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper, option

__all__ = ["AdaGrad"]


class AdaGrad(Optimizer):
    """AdaGrad: the gradient divided by the root of the sum of all its squares.

    ::

        h = h + g**2
        w = w - lr * g / (sqrt(h) + eps)

    With ``eps_inside=True`` the root is ``sqrt(h + eps)``. `lr_decay` makes the learning rate ``lr / (1 + (t
    - 1) * lr_decay)``; `initial_accumulator` is the first h; `decoupled_weight_decay` shrinks w by ``1 - lr *
    decoupled_weight_decay`` first.

    Source: J. Duchi, E. Hazan, Y. Singer (2011), JMLR 12, 2121-2159. Convention: PyTorch's and MXNet 2's.
    Keras and Optax put epsilon inside the root and start from h = 0.1; MXNet 1.9 puts it inside and decouples
    the decay.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = AdaGrad(lr=0.1), np.array([1.0])
    >>> state = rule.init(w)
    >>> for _ in range(2):
    ...     w, state = rule.step(w, np.array([5.0]), state)
    >>> w.round(6)                              # 1 - 0.1 - 0.1 / sqrt(2)
    array([0.829289])
    """

    name = "adagrad"
    lr = hyper(0.01, above=0, symbol=r"\eta", low=1e-3, high=10.0)
    lr_decay = hyper(None, at_least=0, symbol=r"\gamma", low=1e-3, high=1.0)
    eps = hyper(1e-10, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    initial_accumulator = hyper(0.0, at_least=0, symbol="h_0", low=1e-3, high=1.0)
    decoupled_weight_decay = hyper(None, at_least=0, symbol=r"\lambda'", low=1e-4, high=1.0)
    eps_inside = option(False)
    scale_free = {"eps": 0.0}
    slots = ("h",)
    direction = "g"

    def start(self, w):
        return {"h": 0 * w + self.initial_accumulator}

    def update(self, w, g, s, t):
        h = s.h + g**2
        root = np.sqrt(h + self.eps) if self.eps_inside else np.sqrt(h) + self.eps
        lr = self.lr if self.lr_decay is None else self.lr / (1 + (t - 1) * self.lr_decay)
        if self.decoupled_weight_decay is not None:
            w = (1 - lr * self.decoupled_weight_decay) * w
        return Update(w - lr * g / root, h=h)
