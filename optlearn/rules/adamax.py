"""AdaMax."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper, option

__all__ = ["AdaMax"]


class AdaMax(Optimizer):
    """AdaMax: Adam with a decaying maximum of the gradient in place of the average of its squares.

    ::

        m = beta1 * m + (1 - beta1) * g
        u = max(beta2 * u, |g| + eps)
        m_hat = m / (1 - beta1**t)
        w = w - lr * m_hat / u

    With ``eps_inside=False``: ``u = max(beta2 * u, |g|)`` and ``w = w - lr * m_hat / (u + eps)``.

    Source: D. P. Kingma, J. Ba (2015), arXiv:1412.6980, Algorithm 2 (without epsilon). Convention: PyTorch's
    and Optax's; Keras and MXNet 2 have ``eps_inside=False``, MXNet 1.9 has no epsilon.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = AdaMax(lr=0.1, eps=0), np.array([1.0, 1.0])
    >>> w, state = rule.step(w, np.array([1e-6, 1e6]), rule.init(w))
    >>> w
    array([0.9, 0.9])
    """

    name = "adamax"
    lr = hyper(2e-3, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    beta1 = hyper(0.9, at_least=0, below=1, symbol=r"\beta_1")
    beta2 = hyper(0.999, at_least=0, below=1, symbol=r"\beta_2")
    eps = hyper(1e-8, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    eps_inside = option(True)
    scale_free = {"eps": 0.0}
    slots = ("m", "u")
    direction = "m_hat"

    def update(self, w, g, s, t):
        m = self.beta1 * s.m + (1 - self.beta1) * g
        u = np.maximum(self.beta2 * s.u, np.abs(g) + self.eps if self.eps_inside else np.abs(g))
        m_hat = m / (1 - self.beta1**t)
        return Update(w - self.lr * m_hat / (u if self.eps_inside else u + self.eps), m=m, u=u, m_hat=m_hat)
