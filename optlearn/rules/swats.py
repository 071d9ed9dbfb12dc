"""SWATS."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper, option

__all__ = ["SWATS"]


class SWATS(Optimizer):
    """SWATS: starts as Adam, learns from its steps a learning rate for SGD, and switches to it by itself.

    ::

        d = lr * sqrt(1 - beta2**t) / (1 - beta1**t) * m / (sqrt(v) + eps)       # Adam's step
        gamma = <d, d> / <d, g>                    # the rate of SGD whose step, projected on d, is d
        L = beta2 * L + (1 - beta2) * gamma;  rate = L / (1 - beta2**t)
        w = w - d
        from the step after the one in which |rate - gamma| < eps on:
        u = beta1 * u + g;  w = w - (1 - beta1) * rate * u

    m and v are Adam's averages. Each array of parameters switches for itself; its state `switched_at` is the
    step that switched, 0 before. With ``criterion="relative"`` the switch needs ``rate > 0`` and ``|rate -
    gamma| <= 1e-8 + eps * |gamma|``. `switch_eps` stands in place of `eps` in the criterion. With
    ``eps_hat=False`` Adam's epsilon is added after the correction. On small problems the switch may never
    come with the default eps.

    Source: N. S. Keskar, R. Socher (2017), arXiv:1712.07628, Algorithm 1. Convention: pytorch_optimizer's
    (relative); the paper and ensmallen have ``criterion="absolute"``, ensmallen also ``eps_hat=False``.

    Examples
    --------
    >>> import optlearn
    >>> path = optlearn.run("quadratic", SWATS(lr=0.1, eps=0.1), steps=100)
    >>> int(path["switched_at"][-1])
    2
    """

    name = "swats"
    lr = hyper(1e-3, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    beta1 = hyper(0.9, at_least=0, below=1, symbol=r"\beta_1")
    beta2 = hyper(0.999, at_least=0, below=1, symbol=r"\beta_2")
    eps = hyper(1e-6, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    switch_eps = hyper(None, at_least=0, symbol=r"\epsilon_s", low=1e-10, high=1.0)
    criterion = option("relative", choices=("relative", "absolute"))
    eps_hat = option(True)
    slots = ("m", "v", "L", "rate", "u", "switched_at")
    symbols = {"L": r"\lambda", "rate": r"\Lambda", "switched_at": "T", "lr_hat": r"\hat{\eta}"}

    def start(self, w):
        return {"m": 0 * w, "v": 0 * w, "L": 0.0, "rate": 0.0, "u": 0 * w, "switched_at": 0.0}

    def update(self, w, g, s, t):
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        root = (1 - self.beta2**t) ** 0.5
        lr_hat = self.lr * root / (1 - self.beta1**t)
        d = lr_hat * m / (np.sqrt(v) + (self.eps if self.eps_hat else root * self.eps))
        slope = np.sum(d * g)
        gamma = np.sum(d * d) / slope
        adam = s.switched_at < 1
        learns = adam & (np.abs(slope) > 0)
        L = np.where(learns, self.beta2 * s.L + (1 - self.beta2) * gamma, s.L)
        rate = np.where(adam, L / (1 - self.beta2**t), s.rate)
        tolerance = self.eps if self.switch_eps is None else self.switch_eps
        if self.criterion == "relative":
            near = (np.abs(rate - gamma) <= 1e-8 + tolerance * np.abs(gamma)) & (rate > 0)
        else:
            near = np.abs(rate - gamma) < tolerance
        switched_at = np.where(learns & near & (t > 1), t, s.switched_at)
        u = np.where(adam, 0.0, self.beta1 * s.u + g)
        w = w - np.where(adam, d, (1 - self.beta1) * rate * u)
        return Update(w, m=m, v=v, lr_hat=lr_hat, d=d, gamma=gamma, L=L, rate=rate, u=u,
                      switched_at=switched_at)
