"""Nesterov's accelerated gradient."""

from optlearn.optimizer import Optimizer, Update, alias, hyper, option

__all__ = ["Nesterov"]


class Nesterov(Optimizer):
    """Nesterov momentum: the gradient is taken where the momentum is about to carry the parameters.

    ::

        g = grad f(w - lr * momentum * v)           # the lookahead point
        v = momentum * v + g
        w = w - lr * v

    With ``form="frameworks"`` the parameters are the lookahead point itself, so that the gradient is taken at
    `w`: ``v = momentum * v + g``, ``w = w - lr * (g + momentum * v)``. With ``lr_inside=True`` the learning
    rate stands inside the buffer. All make the same sequence of gradients at a constant learning rate.

    Source: Y. Nesterov (1983), Soviet Math. Dokl. 27, 372-376; I. Sutskever, J. Martens, G. Dahl, G. Hinton
    (2013), ICML. Convention: ``form="frameworks"`` is PyTorch's and Optax's (lr outside) and Keras's and
    MXNet's (lr inside).

    Examples
    --------
    >>> import numpy as np
    >>> rule = Nesterov(lr=0.1, momentum=0.9, form="frameworks")
    >>> w, state = rule.step(np.array([1.0]), np.array([1.0]), rule.init(np.array([1.0])))
    >>> w
    array([0.81])
    """

    lr = hyper(0.01, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    momentum = hyper(0.9, at_least=0, below=1, symbol=r"\beta", alias="beta")
    form = option("lookahead", choices=("lookahead", "frameworks"))
    lr_inside = option(False)
    slots = ("v",)
    direction = "g"

    def probe(self, w, s, t):
        if self.form == "frameworks":
            return w
        return w - self.momentum * s.v if self.lr_inside else w - self.lr * self.momentum * s.v

    def update(self, w, g, s, t):
        if self.lr_inside:
            v = self.momentum * s.v + self.lr * g
            step = v if self.form == "lookahead" else self.momentum * v + self.lr * g
        else:
            v = self.momentum * s.v + g
            step = self.lr * (v if self.form == "lookahead" else g + self.momentum * v)
        return Update(w - step, v=v)


alias("nag", "nesterov", form="frameworks", lr_inside=True)
