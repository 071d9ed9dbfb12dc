"""Adam."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper, option

__all__ = ["Adam"]


class Adam(Optimizer):
    """Adam: momentum divided by the root of an average of squared gradients, both corrected for their start.

    ::

        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        w = w - lr * m_hat / (sqrt(v_hat) + eps)

    With ``bias_correction=False``: ``m_hat, v_hat = m, v``. With `eps_root` the root is ``sqrt(v_hat +
    eps_root)``.

    Source: D. P. Kingma, J. Ba (2015), arXiv:1412.6980, Algorithm 1. Convention: PyTorch's and Optax's. Keras
    and MXNet use the form at the end of the paper's section 2, in which epsilon is added before the
    correction: see `AdamEpsHat`.

    Examples
    --------
    >>> import numpy as np
    >>> rule = Adam(lr=0.1, eps=0)
    >>> w, state = rule.step(np.array([1.0, 1.0]), np.array([1e-6, 1e6]), rule.init(np.array([1.0, 1.0])))
    >>> w                                   # the first step is lr in every coordinate
    array([0.9, 0.9])
    """

    lr = hyper(1e-3, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    beta1 = hyper(0.9, at_least=0, below=1, symbol=r"\beta_1")
    beta2 = hyper(0.999, at_least=0, below=1, symbol=r"\beta_2")
    eps = hyper(1e-8, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    eps_root = hyper(None, at_least=0, symbol=r"\epsilon_r", low=1e-10, high=1.0)
    bias_correction = option(True)
    scale_free = {"eps": 0.0}
    slots = ("m", "v")
    direction = "m_hat"

    def update(self, w, g, s, t):
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t) if self.bias_correction else m
        v_hat = v / (1 - self.beta2**t) if self.bias_correction else v
        root = np.sqrt(v_hat if self.eps_root is None else v_hat + self.eps_root)
        return Update(w - self.lr * m_hat / (root + self.eps), m=m, v=v, m_hat=m_hat, v_hat=v_hat)
