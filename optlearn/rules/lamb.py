"""LAMB."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper, option

__all__ = ["LAMB"]


class LAMB(Optimizer):
    """LAMB: AdamW whose step has, in each array, the length of the parameters times the learning rate.

    ::

        m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        u = m_hat / (sqrt(v_hat) + eps) + weight_decay * w
        r = |w| / |u|                              # lengths of the whole array; 1 if w or u is zero
        w = w - lr * r * u

    `norm_min` and `norm_max` keep the length of w in a range. With ``bias_correction=False``: ``m_hat, v_hat
    = m, v``. With `eps_root` the root is ``sqrt(v_hat + eps_root)``. `decoupled_weight_decay` shrinks w by
    ``1 - lr * decoupled_weight_decay`` first.

    Source: Y. You et al. (2020), arXiv:1904.00962. Convention: the paper's, MXNet's and Optax's; the decay of
    Keras is the decoupled one.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = LAMB(lr=0.1), np.array([3.0, 4.0])
    >>> new, state = rule.step(w, np.array([1.0, -1e6]), rule.init(w))
    >>> np.linalg.norm(w - new).round(6)        # a tenth of the length 5
    np.float64(0.5)
    """

    name = "lamb"
    lr = hyper(1e-3, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    beta1 = hyper(0.9, at_least=0, below=1, symbol=r"\beta_1")
    beta2 = hyper(0.999, at_least=0, below=1, symbol=r"\beta_2")
    eps = hyper(1e-6, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    eps_root = hyper(None, at_least=0, symbol=r"\epsilon_r", low=1e-10, high=1.0)
    weight_decay = hyper(0.0, at_least=0, symbol=r"\lambda", low=1e-4, high=1.0)
    decoupled_weight_decay = hyper(None, at_least=0, symbol=r"\lambda'", low=1e-4, high=1.0)
    norm_min = hyper(None, at_least=0, symbol=r"\phi_{\mathrm{min}}", low=1e-3, high=1.0, alias="lower_bound")
    norm_max = hyper(None, above=0, symbol=r"\phi_{\mathrm{max}}", low=1e-2, high=10.0, alias="upper_bound")
    bias_correction = option(True)
    scale_free = {"eps": 0.0}
    slots = ("m", "v")
    direction = "u"

    def update(self, w, g, s, t):
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t) if self.bias_correction else m
        v_hat = v / (1 - self.beta2**t) if self.bias_correction else v
        if self.decoupled_weight_decay is not None:
            w = (1 - self.lr * self.decoupled_weight_decay) * w
        root = np.sqrt(v_hat if self.eps_root is None else v_hat + self.eps_root)
        u = m_hat / (root + self.eps) + self.weight_decay * w
        w_norm, u_norm = np.linalg.norm(w), np.linalg.norm(u)
        if self.norm_min is not None:
            w_norm = np.maximum(w_norm, self.norm_min)
        if self.norm_max is not None:
            w_norm = np.minimum(w_norm, self.norm_max)
        r = np.where((w_norm > 0) & (u_norm > 0), w_norm / u_norm, 1.0)
        return Update(w - self.lr * r * u, m=m, v=v, m_hat=m_hat, v_hat=v_hat, u=u, r=r)
