"""Local gains."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper

__all__ = ["LocalGains"]


class LocalGains(Optimizer):
    """Local gains: one learning rate for all, times a gain for each coordinate.

    ::

        gain = gain + beta        where g * g_old > 0      # the gradient kept its sign
        gain = (1 - beta) * gain  where g * g_old < 0
        w = w - lr * gain * g;  g_old = g

    Gains start at 1; where one of the two gradients is zero they stay. `gain_min` and `gain_max` keep them in
    a range. With `momentum` the steps go into a buffer: ``v = momentum * v + lr * gain * g``, ``w = w - v``.

    Source: G. Hinton (2012), Neural networks for machine learning, lecture 6d (beta 0.05; range 0.1 to 10 or
    0.01 to 100). Convention: the lecture's; it lowers the gain also where a gradient is zero. The gains of
    t-SNE compare the gradient with the velocity instead, and those of `DeltaBarDelta` with an average.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = LocalGains(lr=0.1, beta=0.05), np.array([1.0])
    >>> state = rule.init(w)
    >>> for g in (1.0, 2.0, -1.0):
    ...     w, state = rule.step(w, np.array([g]), state)
    ...     print(state["gain"])
    [1.]
    [1.05]
    [0.9975]
    """

    lr = hyper(0.01, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    beta = hyper(0.05, at_least=0, below=1, symbol=r"\beta")
    gain_min = hyper(None, above=0, symbol=r"\gamma_{\mathrm{min}}", low=0.01, high=1.0)
    gain_max = hyper(None, above=0, symbol=r"\gamma_{\mathrm{max}}", low=1.0, high=100.0)
    momentum = hyper(None, at_least=0, below=1, symbol=r"\mu")
    direction = "g"
    symbols = {"gain": r"\gamma", "g_old": "g"}

    @property
    def slots(self):
        """The gains and the last gradient; with momentum also the velocity."""
        return ("gain", "g_old") if self.momentum is None else ("gain", "g_old", "v")

    def start(self, w):
        return {name: 0 * w + 1.0 if name == "gain" else 0 * w for name in self.slots}

    def update(self, w, g, s, t):
        q = g * s.g_old
        gain = np.where(q > 0, s.gain + self.beta, np.where(q < 0, (1 - self.beta) * s.gain, s.gain))
        if self.gain_min is not None:
            gain = np.maximum(gain, self.gain_min)
        if self.gain_max is not None:
            gain = np.minimum(gain, self.gain_max)
        step = self.lr * gain * g
        if self.momentum is None:
            return Update(w - step, gain=gain, g_old=g)
        v = self.momentum * s.v + step
        return Update(w - v, gain=gain, g_old=g, v=v)
