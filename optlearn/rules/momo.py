"""MoMo."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper, option

__all__ = ["MoMo"]


class MoMo(Optimizer):
    r"""MoMo: Polyak's step for momentum, with a model of the loss that averages the tangents of the past steps.

    ::

        f = beta * f + (1 - beta) * loss                   # in the first step the averages are the values themselves
        d = beta * d + (1 - beta) * g
        k = beta * k + (1 - beta) * <g, w>                 # < , > and |.| over all arrays together
        gap = (1 + lr * weight_decay) * (f - lower_bound - k) + <d, w>
        rate = min(lr, max(gap, 0) / |d|**2)
        w = (w - rate * d) / (1 + lr * weight_decay)

    With ``bias_correction=True`` the averages start at zero; with ``c = 1 - beta**t`` then ``c * lower_bound`` stands
    for `lower_bound`, and ``lr / c`` for the largest rate.

    With beta = 0 it is Polyak's step with `lower_bound` for the smallest loss and at most `lr` (SPS+).

    Source: F. Schaipp, R. Ohana, M. Eickenberg, A. Defazio, R. M. Gower (2024), arXiv:2305.07583, Algorithm 1.
    Convention: the authors' momo-opt 0.1; Optax 0.2.8 agrees but for the weight decay, which divides w alone there.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = MoMo(lr=10.0), np.array([3.0])                                  # |w| is 3
    >>> rule.step(w, np.sign(w), rule.init(w), loss=3.0)[0]
    array([0.])
    """

    name = "momo"
    lr = hyper(1.0, above=0, symbol=r"\eta", low=1e-3, high=10.0)
    beta = hyper(0.9, at_least=0, below=1, symbol=r"\beta")
    lower_bound = hyper(0.0, symbol=r"f_{\min}", low=-1.0, high=1.0)
    weight_decay = hyper(0.0, at_least=0, symbol=r"\lambda", low=1e-4, high=1.0)
    bias_correction = option(False)
    slots = ("f", "d", "k")
    symbols = {"f": r"\bar{f}", "k": r"\gamma", "gap": r"\Delta", "rate": r"\tau", "beta_now": r"\beta"}

    def start(self, w):
        return {"f": 0.0, "d": 0 * w, "k": 0.0}

    def update(self, w, g, s, t):
        beta = self.beta if self.bias_correction else np.where(t > 1, self.beta, 0.0)
        named = {} if self.bias_correction else {"beta_now": beta}
        f = beta * s.f + (1 - beta) * s.loss
        d = beta * s.d + (1 - beta) * g
        k = beta * s.k + (1 - beta) * s.sum(g * w)
        most, bound = self.lr, self.lower_bound
        if self.bias_correction:
            most, bound = most / (1 - self.beta**t), (1 - self.beta**t) * bound
        shrink = 1 + self.lr * self.weight_decay
        gap = shrink * (f - bound - k) + s.sum(d * w)
        square = s.norm(d)**2
        rate = np.where(square > 0, np.minimum(most, np.maximum(gap, 0.0) / square), 0.0)
        return Update((w - rate * d) / shrink, f=f, d=d, k=k, gap=gap, rate=rate, **named)
