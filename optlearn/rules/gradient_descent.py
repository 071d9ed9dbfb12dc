"""Gradient descent."""

from optlearn.optimizer import Optimizer, Update, alias, hyper

__all__ = ["GradientDescent"]


class GradientDescent(Optimizer):
    """Gradient descent: a step against the gradient.

    ::

        w = w - lr * g

    Source: A. Cauchy (1847), Comptes Rendus 25, 536-538. Convention: PyTorch, Keras, Optax and MXNet agree.

    Examples
    --------
    >>> import numpy as np
    >>> rule = GradientDescent(lr=0.5)
    >>> w = np.array([2.0, -4.0])
    >>> w, state = rule.step(w, w, rule.init(w))   # the gradient of |w|^2 / 2 is w
    >>> w
    array([ 1., -2.])
    """

    lr = hyper(0.1, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    direction = "g"

    def update(self, w, g, s, t):
        return Update(w - self.lr * g)


alias("gd", "gradient_descent")
