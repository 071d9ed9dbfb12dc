"""AdamW."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper, option

__all__ = ["AdamW"]


class AdamW(Optimizer):
    """AdamW: Adam with decay of the parameters themselves, which the gradient's scaling does not touch.

    ::

        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        w = (1 - lr * weight_decay) * w - lr * m_hat / (sqrt(v_hat) + eps)

    With ``decay_times_lr=False`` the factor is ``1 - weight_decay``: with a schedule for `weight_decay` that
    is the paper's form, in which the base learning rate does not multiply the decay. With ``eps_hat=True``
    epsilon is added before the correction, as in `AdamEpsHat`. With `eps_root` the root is ``sqrt(v_hat +
    eps_root)``. Give a decay to `Adam` to see the other way: there it is added to the gradient.

    Source: I. Loshchilov, F. Hutter (2019), arXiv:1711.05101, Algorithm 2. Convention: PyTorch's (decay 0.01)
    and Optax's (decay 1e-4). Keras has ``eps_hat=True`` (decay 0.004).

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = AdamW(lr=0.1, weight_decay=0.5), np.array([2.0])
    >>> w, state = rule.step(w, np.array([0.0]), rule.init(w))
    >>> w                                       # no gradient: only the decay acts
    array([1.9])
    """

    name = "adamw"
    lr = hyper(1e-3, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    beta1 = hyper(0.9, at_least=0, below=1, symbol=r"\beta_1")
    beta2 = hyper(0.999, at_least=0, below=1, symbol=r"\beta_2")
    eps = hyper(1e-8, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    eps_root = hyper(None, at_least=0, symbol=r"\epsilon_r", low=1e-10, high=1.0)
    weight_decay = hyper(0.01, at_least=0, symbol=r"\lambda", low=1e-4, high=1.0)
    decay_times_lr = option(True)
    eps_hat = option(False)
    scale_free = {"eps": 0.0}
    slots = ("m", "v")
    direction = "m_hat"

    def update(self, w, g, s, t):
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        m_hat, v_hat = m / (1 - self.beta1**t), v / (1 - self.beta2**t)
        root = np.sqrt(v_hat if self.eps_root is None else v_hat + self.eps_root)
        eps = self.eps / (1 - self.beta2**t) ** 0.5 if self.eps_hat else self.eps
        kept = 1 - self.lr * self.weight_decay if self.decay_times_lr else 1 - self.weight_decay
        return Update(kept * w - self.lr * m_hat / (root + eps), m=m, v=v, m_hat=m_hat, v_hat=v_hat)
