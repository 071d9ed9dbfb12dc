"""RAdam."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper, option

__all__ = ["RAdam"]


class RAdam(Optimizer):
    """RAdam: Adam that scales its steps by how far the average of squares can be trusted, if at all.

    ::

        m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t)
        rho_inf = 2 / (1 - beta2) - 1
        rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)          # squared gradients in the average
        R = sqrt((rho - 4) (rho - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho))
        w = w - lr * R * sqrt(1 - beta2**t) * m_hat / (sqrt(v) + eps) if rho > threshold else w - lr * m_hat

    With ``eps_hat=False`` the divisor is ``sqrt(v / (1 - beta2**t)) + eps``. `decoupled_weight_decay` shrinks
    w by ``1 - lr * decoupled_weight_decay`` first. At ``beta2=0.999`` the steps are rectified from the sixth
    on.

    Source: L. Liu et al. (2020), arXiv:1908.03265. Convention: PyTorch's; Optax has ``eps_hat=False``.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = RAdam(lr=0.1), np.array([1.0])
    >>> w, state = rule.step(w, np.array([3.0]), rule.init(w))
    >>> w                                       # the first steps are momentum's
    array([0.7])
    """

    name = "radam"
    lr = hyper(1e-3, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    beta1 = hyper(0.9, at_least=0, below=1, symbol=r"\beta_1")
    beta2 = hyper(0.999, at_least=0, below=1, symbol=r"\beta_2")
    eps = hyper(1e-8, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    threshold = hyper(5.0, at_least=4, symbol=r"\rho_0", low=4, high=10)
    decoupled_weight_decay = hyper(None, at_least=0, symbol=r"\lambda'", low=1e-4, high=1.0)
    eps_hat = option(True)
    slots = ("m", "v")
    direction = "m_hat"
    symbols = {"rho_inf": r"\rho_\infty", "R": "r"}

    def update(self, w, g, s, t):
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t)
        rho_inf = 2 / (1 - self.beta2) - 1
        rho = rho_inf - 2 * t * self.beta2**t / (1 - self.beta2**t)
        # np.divide, as for beta2 = 0.6 and 1/3 the quotient is one by zero (and not used).
        R = np.where(rho > self.threshold, np.sqrt(np.divide((rho - 4) * (rho - 2) * rho_inf,
                                                             (rho_inf - 4) * (rho_inf - 2) * rho)), 0.0)
        if self.eps_hat:
            rectified = R * (1 - self.beta2**t) ** 0.5 * m_hat / (np.sqrt(v) + self.eps)
        else:
            rectified = R * m_hat / (np.sqrt(v / (1 - self.beta2**t)) + self.eps)
        if self.decoupled_weight_decay is not None:
            w = (1 - self.lr * self.decoupled_weight_decay) * w
        d = np.where(R > 0, rectified, m_hat)
        return Update(w - self.lr * d, m=m, v=v, m_hat=m_hat, rho_inf=rho_inf, rho=rho, R=R, d=d)
