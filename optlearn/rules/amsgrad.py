"""AMSGrad."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, alias, hyper, option

__all__ = ["AMSGrad"]


class AMSGrad(Optimizer):
    """AMSGrad: Adam whose average of squared gradients never falls.

    ::

        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        v_max = max(v_max, v)
        m_hat, v_hat = m / (1 - beta1**t), v_max / (1 - beta2**t)
        w = w - lr * m_hat / (sqrt(v_hat) + eps)

    With ``maximum="corrected"`` the maximum is taken of the corrected average: ``v_max = max(v_max, v / (1 -
    beta2**t))``, ``v_hat = v_max``. With ``eps_hat=True`` epsilon is added before the correction, as in
    `AdamEpsHat`. With ``bias_correction=False``: ``m_hat, v_hat = m, v_max``, the paper's form.
    `decoupled_weight_decay` shrinks w by ``1 - lr * decoupled_weight_decay`` first, as in `AdamW`.

    Source: S. J. Reddi, S. Kale, S. Kumar (2018), arXiv:1904.09237, Algorithm 2. Convention: PyTorch's. Optax
    takes the maximum of the corrected average, which is large and noisy in the first steps and may keep them
    small for long; Keras takes the raw one and has ``eps_hat=True``.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = AMSGrad(beta2=0.5), np.array([1.0])
    >>> state = rule.init(w)
    >>> for g in (2.0, 0.0):
    ...     w, state = rule.step(w, np.array([g]), state)
    >>> state["v"], state["v_max"]
    (array([1.]), array([2.]))
    """

    lr = hyper(1e-3, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    beta1 = hyper(0.9, at_least=0, below=1, symbol=r"\beta_1")
    beta2 = hyper(0.999, at_least=0, below=1, symbol=r"\beta_2")
    eps = hyper(1e-8, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    decoupled_weight_decay = hyper(None, at_least=0, symbol=r"\lambda'", low=1e-4, high=1.0)
    maximum = option("raw", choices=("raw", "corrected"))
    bias_correction = option(True)
    eps_hat = option(False)
    scale_free = {"eps": 0.0}
    slots = ("m", "v", "v_max")
    direction = "m_hat"

    def update(self, w, g, s, t):
        c1, c2 = (1 - self.beta1**t, 1 - self.beta2**t) if self.bias_correction else (1, 1)
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        m_hat = m / c1
        if self.maximum == "corrected":
            v_hat = v_max = np.maximum(s.v_max, v / c2)
        else:
            v_max = np.maximum(s.v_max, v)
            v_hat = v_max / c2
        if self.decoupled_weight_decay is not None:
            w = (1 - self.lr * self.decoupled_weight_decay) * w
        root = np.sqrt(v_hat) + (self.eps / c2**0.5 if self.eps_hat else self.eps)
        return Update(w - self.lr * m_hat / root, m=m, v=v, v_max=v_max, m_hat=m_hat, v_hat=v_hat)


alias("ams_grad", "amsgrad")
