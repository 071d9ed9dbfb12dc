"""NAdam."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper, option

__all__ = ["NAdam"]


class NAdam(Optimizer):
    """NAdam: Adam whose momentum looks one step ahead, as Nesterov's does.

    ::

        mu, mu_next = beta1 * (1 - 0.96**(t * momentum_decay) / 2), the same for t + 1
        P = P * mu                                 # from P = 1
        m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g**2
        m_bar = mu_next * m / (1 - P * mu_next) + (1 - mu) * g / (1 - P)
        w = w - lr * m_bar / (sqrt(v / (1 - beta2**t)) + eps)

    With ``schedule=False`` mu is beta1 in every step and P is ``beta1**t``. `decoupled_weight_decay` shrinks
    w by ``1 - lr * decoupled_weight_decay`` first.

    Source: T. Dozat (2016), ICLR workshop. Convention: PyTorch's (lr 0.002) and MXNet's (lr 0.001), with P
    kept for each array. Keras has momentum_decay 1, with which mu rises 250 times faster; Optax has
    ``schedule=False``.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = NAdam(lr=0.1), np.array([1.0])
    >>> w, state = rule.step(w, np.array([1.0]), rule.init(w))
    >>> round(state["P"], 4)                    # about beta1 / 2
    0.4501
    """

    name = "nadam"
    lr = hyper(2e-3, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    beta1 = hyper(0.9, at_least=0, below=1, symbol=r"\beta_1")
    beta2 = hyper(0.999, at_least=0, below=1, symbol=r"\beta_2")
    eps = hyper(1e-8, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    momentum_decay = hyper(0.004, at_least=0, symbol=r"\psi", low=1e-3, high=1.0)
    decoupled_weight_decay = hyper(None, at_least=0, symbol=r"\lambda'", low=1e-4, high=1.0)
    schedule = option(True)
    scale_free = {"eps": 0.0}
    direction = "m_bar"
    symbols = {"mu_next": r"\mu^{+}"}

    @property
    def slots(self):
        """m and v; with the schedule also the product P of all mu."""
        return ("m", "v", "P") if self.schedule else ("m", "v")

    def start(self, w):
        return {"m": 0 * w, "v": 0 * w, **({"P": 1.0} if self.schedule else {})}

    def update(self, w, g, s, t):
        named = {}
        if self.schedule:
            mu = self.beta1 * (1 - 0.96 ** (t * self.momentum_decay) / 2)
            mu_next = self.beta1 * (1 - 0.96 ** ((t + 1) * self.momentum_decay) / 2)
            P = s.P * mu
            now, after = 1 - P, 1 - P * mu_next
            named = {"mu": mu, "mu_next": mu_next, "P": P}
        else:
            mu = mu_next = self.beta1
            now, after = 1 - self.beta1**t, 1 - self.beta1 ** (t + 1)
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        m_bar = mu_next * m / after + (1 - mu) * g / now
        v_hat = v / (1 - self.beta2**t)
        if self.decoupled_weight_decay is not None:
            w = (1 - self.lr * self.decoupled_weight_decay) * w
        new = w - self.lr * m_bar / (np.sqrt(v_hat) + self.eps)
        return Update(new, **named, m=m, v=v, m_bar=m_bar, v_hat=v_hat)
