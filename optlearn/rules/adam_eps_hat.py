"""Adam with epsilon added before the correction."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, alias, hyper

__all__ = ["AdamEpsHat"]


class AdamEpsHat(Optimizer):
    """Adam in the form in which Keras and MXNet compute it: the correction is put into the learning rate.

    ::

        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        lr_hat = lr * sqrt(1 - beta2**t) / (1 - beta1**t)
        w = w - lr_hat * m / (sqrt(v) + eps)

    It is `Adam` with an epsilon of ``eps / sqrt(1 - beta2**t)``: in the first step, at ``beta2=0.999``, 31.6
    times as large.

    Source: D. P. Kingma, J. Ba (2015), arXiv:1412.6980, end of section 2 ("epsilon hat"). Convention: Keras's
    (eps 1e-7) and MXNet's (eps 1e-8). PyTorch and Optax use Algorithm 1: `Adam`.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = AdamEpsHat(lr=0.1, eps=1e-3), np.array([1.0])
    >>> w, state = rule.step(w, np.array([0.01]), rule.init(w))
    >>> w.round(4)                                # Adam with the same eps goes to 0.9091
    array([0.976])
    """

    label = "Adam, ε-hat form"
    lr = hyper(1e-3, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    beta1 = hyper(0.9, at_least=0, below=1, symbol=r"\beta_1")
    beta2 = hyper(0.999, at_least=0, below=1, symbol=r"\beta_2")
    eps = hyper(1e-8, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    scale_free = {"eps": 0.0}
    slots = ("m", "v")
    direction = "m"
    symbols = {"lr_hat": r"\hat{\eta}"}

    def update(self, w, g, s, t):
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        lr_hat = self.lr * (1 - self.beta2**t) ** 0.5 / (1 - self.beta1**t)
        return Update(w - lr_hat * m / (np.sqrt(v) + self.eps), m=m, v=v, lr_hat=lr_hat)


alias("adam_epsilon_hat", "adam_eps_hat")
