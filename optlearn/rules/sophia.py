"""Sophia."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper, option

__all__ = ["Sophia"]


class Sophia(Optimizer):
    """Sophia: momentum divided by an average of the curvature of each coordinate, and clipped.

    ::

        m = beta1 * m + (1 - beta1) * g;  m_hat = m / (1 - beta1**t)           # bias_correction=False: m_hat = m
        u = m_hat / max(gamma * h, eps), clipped to +-clip_threshold
        w = w - lr * (u + weight_decay * w)
        in steps 1, 1 + update_interval, ...:
            h = beta2 * h + (1 - beta2) * diagonal of the Hessian at the w before the step

    Where h is zero or negative the step is one of `clip_threshold` against the sign of m. Here the diagonal is exact;
    the paper estimates it from one product with the Hessian, or from labels drawn from the model. It is asked for in
    every step, also where it is not used: a step costs three gradients.

    Source: H. Liu, Z. Li, D. Hall, P. Liang, T. Ma (2024), arXiv:2305.14342. Convention: ``optax.contrib.sophia``;
    the authors' code has no bias correction, and divides by ``rho * batch_size * h + 1e-15``.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = Sophia(lr=1.0, beta1=0.0, beta2=0.0, gamma=1.0, update_interval=1, weight_decay=0), np.array([2.0])
    >>> state = rule.init(w)
    >>> for _ in range(2):                                                        # on 4 w**2 / 2
    ...     w, state = rule.step(w, 4 * w, state, hessian_diagonal=np.array([4.0]))
    ...     print(w)
    [1.]
    [0.]
    """

    lr = hyper(1e-4, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    beta1 = hyper(0.965, at_least=0, below=1, symbol=r"\beta_1")
    beta2 = hyper(0.99, at_least=0, below=1, symbol=r"\beta_2")
    eps = hyper(1e-8, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    gamma = hyper(0.01, above=0, symbol=r"\gamma", low=1e-3, high=10.0)
    clip_threshold = hyper(1.0, above=0, symbol=r"\rho", low=1e-2, high=10.0)
    update_interval = hyper(10, at_least=1, integer=True, symbol="k", low=1, high=50)
    weight_decay = hyper(1e-4, at_least=0, symbol=r"\lambda", low=1e-4, high=1.0)
    bias_correction = option(True)
    slots = ("m", "h")

    def update(self, w, g, s, t):
        m = self.beta1 * s.m + (1 - self.beta1) * g
        m_hat = m / (1 - self.beta1**t) if self.bias_correction else m
        u = np.clip(m_hat / np.maximum(self.gamma * s.h, self.eps), -self.clip_threshold, self.clip_threshold)
        curvature = s.hessian_diagonal()
        h = np.where((t - 1) % self.update_interval < 1, self.beta2 * s.h + (1 - self.beta2) * curvature, s.h)
        named = {"m_hat": m_hat} if self.bias_correction else {}
        return Update(w - self.lr * (u + self.weight_decay * w), m=m, h=h, u=u, **named)
