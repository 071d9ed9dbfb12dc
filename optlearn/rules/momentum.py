"""Gradient descent with momentum."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, alias, hyper, option

__all__ = ["Momentum"]


class Momentum(Optimizer):
    """Momentum, the heavy-ball method: steps along a decaying sum of the gradients.

    ::

        v = momentum * v + g
        w = w - lr * v

    With ``lr_inside=True`` the learning rate stands inside the buffer: ``v = momentum * v + lr * g``, ``w = w
    - v``. At a constant learning rate both make the same steps. With `dampening` the gradient is multiplied
    by ``1 - dampening`` in every step but the first.

    Source: B. T. Polyak (1964), USSR Comp. Math. and Math. Phys. 4(5), 1-17. Convention: PyTorch and Optax
    keep the learning rate outside, Polyak, Keras and MXNet inside; dampening is PyTorch's.

    Examples
    --------
    >>> import numpy as np
    >>> rule = Momentum(lr=0.1, momentum=0.9)
    >>> w, state = np.array([1.0]), rule.init(np.array([1.0]))
    >>> for _ in range(3):
    ...     w, state = rule.step(w, w, state)
    >>> w
    array([0.486])
    """

    lr = hyper(0.01, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    momentum = hyper(0.9, at_least=0, below=1, symbol=r"\beta", alias="beta")
    dampening = hyper(None, at_least=0, at_most=1, symbol=r"\delta")
    lr_inside = option(False)
    slots = ("v",)
    direction = "g"

    def update(self, w, g, s, t):
        if self.dampening is not None:
            g = np.where(t > 1, 1 - self.dampening, 1.0) * g
        if self.lr_inside:
            v = self.momentum * s.v + self.lr * g
            return Update(w - v, v=v)
        v = self.momentum * s.v + g
        return Update(w - self.lr * v, v=v)


def sgd(values):
    """What other libraries call SGD: gradient descent, momentum or Nesterov's, by the values given."""
    values = dict(values)
    if values.pop("nesterov", False):
        if values.get("dampening") == 0:
            del values["dampening"]
        return "nesterov", {"form": "frameworks", **values}
    momentum = values.get("momentum", values.get("beta", 0))
    if isinstance(momentum, (int, float)) and momentum == 0:
        unused = ("momentum", "beta", "dampening")
        return "gradient_descent", {name: value for name, value in values.items() if name not in unused}
    return "momentum", values


alias("sgd", sgd)
alias("heavy_ball", "momentum")
