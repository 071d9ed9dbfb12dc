"""RMSProp: plain, centered, with momentum."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, alias, hyper, option

__all__ = ["RMSProp"]


class RMSProp(Optimizer):
    """RMSProp: the gradient divided by the root of a moving average of its squares.

    ::

        v = rho * v + (1 - rho) * g**2
        w = w - lr * g / (sqrt(v) + eps)

    With ``centered=True`` the mean is taken off, ``m = rho * m + (1 - rho) * g``, and ``v - m**2`` (at least
    0) stands under the root. With `momentum` the steps go into a buffer, ``b = momentum * b + g / (...)``,
    ``w = w - lr * b``. With ``eps_inside=True`` the root is ``sqrt(v + eps)``; with ``lr_inside=True`` the
    buffer takes ``lr * g / (...)``. With ``bias_correction=True`` v and m are divided by ``1 - rho**t``;
    `initial_accumulator` is the first v.

    Source: T. Tieleman, G. Hinton (2012), Neural networks for machine learning, lecture 6.5; centered: A. Graves
    (2013), arXiv:1308.0850. Convention: PyTorch's (with rho 0.99). Keras, Optax and MXNet 1.9 put epsilon
    inside the root and the learning rate inside the buffer, and have rho 0.9.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = RMSProp(lr=0.1, rho=0.75), np.array([1.0])
    >>> w, state = rule.step(w, np.array([5.0]), rule.init(w))
    >>> w.round(6)                              # the first step is lr / sqrt(1 - rho)
    array([0.8])
    """

    lr = hyper(0.01, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    rho = hyper(0.99, at_least=0, below=1, symbol=r"\rho")
    eps = hyper(1e-8, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    momentum = hyper(None, at_least=0, below=1, symbol=r"\beta")
    initial_accumulator = hyper(0.0, at_least=0, symbol="v_0", low=1e-3, high=1.0)
    centered = option(False)
    eps_inside = option(False)
    lr_inside = option(False)
    bias_correction = option(False)
    scale_free = {"eps": 0.0}
    direction = "g"
    symbols = {"variance": r"\sigma^2"}

    @property
    def slots(self):
        """v; m if centered; b with momentum."""
        return ("v", *("m" * self.centered), *("b" * (self.momentum is not None)))

    def start(self, w):
        return {name: 0 * w + self.initial_accumulator if name == "v" else 0 * w for name in self.slots}

    def update(self, w, g, s, t):
        named = {"v": self.rho * s.v + (1 - self.rho) * g**2}
        correction = 1 - self.rho**t
        square = named["v"] / correction if self.bias_correction else named["v"]
        if self.centered:
            named["m"] = m = self.rho * s.m + (1 - self.rho) * g
            mean = m / correction if self.bias_correction else m
            # Rounding can make a variance of nearly zero negative.
            named["variance"] = square = np.maximum(square - mean**2, 0)
        root = np.sqrt(square + self.eps) if self.eps_inside else np.sqrt(square) + self.eps
        if self.momentum is None:
            return Update(w - self.lr * g / root, **named)
        if self.lr_inside:
            b = self.momentum * s.b + self.lr * g / root
            return Update(w - b, b=b, **named)
        b = self.momentum * s.b + g / root
        return Update(w - self.lr * b, b=b, **named)


alias("rmsprop_centered", "rmsprop", centered=True)
