"""AdaBelief."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper, option

__all__ = ["AdaBelief"]


class AdaBelief(Optimizer):
    """AdaBelief: Adam that divides by how far the gradient is from what momentum foretold.

    ::

        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * (g - m)**2 + eps_root        # with the new m
        m_hat, s_hat = m / (1 - beta1**t), s / (1 - beta2**t)
        w = (1 - lr * weight_decay) * w - lr * m_hat / (sqrt(s_hat) + eps)

    `eps_root` is added in every step and so adds up to ``eps_root / (1 - beta2)``; left out, it is `eps`.
    With ``eps_hat=True`` epsilon is added before the correction, as in `AdamEpsHat`.

    Source: J. Zhuang et al. (2020), arXiv:2010.07468. Convention: the paper's, with decoupled decay; Optax
    has no decay and both epsilons 1e-16, MXNet 2 adds the decay to the gradient and has ``eps_hat=True``.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = AdaBelief(lr=0.1, eps=0), np.array([1.0])
    >>> w, state = rule.step(w, np.array([3.0]), rule.init(w))
    >>> w.round(6)                              # s_hat = (g - 0.1 g)^2: a step of lr / 0.9
    array([0.888889])
    """

    name = "adabelief"
    lr = hyper(1e-3, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    beta1 = hyper(0.9, at_least=0, below=1, symbol=r"\beta_1")
    beta2 = hyper(0.999, at_least=0, below=1, symbol=r"\beta_2")
    eps = hyper(1e-8, at_least=0, symbol=r"\epsilon", low=1e-16, high=1.0)
    eps_root = hyper(None, at_least=0, symbol=r"\epsilon_r", low=1e-16, high=1.0)
    weight_decay = hyper(None, at_least=0, symbol=r"\lambda", low=1e-4, high=1.0)
    eps_hat = option(False)
    scale_free = {"eps": 0.0, "eps_root": 0.0}
    slots = ("m", "s")
    direction = "m_hat"

    def update(self, w, g, s, t):
        m = self.beta1 * s.m + (1 - self.beta1) * g
        eps_root = self.eps if self.eps_root is None else self.eps_root
        belief = self.beta2 * s.s + (1 - self.beta2) * (g - m) ** 2 + eps_root
        m_hat, s_hat = m / (1 - self.beta1**t), belief / (1 - self.beta2**t)
        eps = self.eps / (1 - self.beta2**t) ** 0.5 if self.eps_hat else self.eps
        if self.weight_decay is not None:
            w = (1 - self.lr * self.weight_decay) * w
        return Update(w - self.lr * m_hat / (np.sqrt(s_hat) + eps), m=m, s=belief, m_hat=m_hat, s_hat=s_hat)
