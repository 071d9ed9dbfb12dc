"""Delta-bar-delta."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper

__all__ = ["DeltaBarDelta"]


class DeltaBarDelta(Optimizer):
    """Delta-bar-delta: a learning rate for each coordinate, raised by adding, lowered by multiplying.

    ::

        e = e + kappa      where g * g_bar > 0     # the gradient agrees with its average
        e = (1 - phi) * e  where g * g_bar < 0
        w = w - e * g
        g_bar = theta * g_bar + (1 - theta) * g

    The rates e start at `lr`; `lr_min` is a floor for them.

    Source: R. A. Jacobs (1988), Neural Networks 1, 295-307. Convention: the paper's; ensmallen has a floor of
    1e-8.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = DeltaBarDelta(lr=0.1, kappa=0.05, phi=0.5), np.array([1.0])
    >>> state = rule.init(w)
    >>> for g in (1.0, 1.0, -3.0):
    ...     w, state = rule.step(w, np.array([g]), state)
    ...     print(state["e"])
    [0.1]
    [0.15]
    [0.075]
    """

    label = "Delta-bar-delta"
    lr = hyper(0.1, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    kappa = hyper(0.02, at_least=0, symbol=r"\kappa", low=1e-4, high=1.0)
    phi = hyper(0.2, at_least=0, below=1, symbol=r"\phi")
    theta = hyper(0.5, at_least=0, below=1, symbol=r"\theta")
    lr_min = hyper(None, at_least=0, symbol=r"\eta_{\mathrm{min}}", low=1e-8, high=1.0)
    slots = ("e", "g_bar")
    direction = "g"

    def start(self, w):
        return {"e": 0 * w + self.lr, "g_bar": 0 * w}

    def update(self, w, g, s, t):
        agree = g * s.g_bar
        e = np.where(agree > 0, s.e + self.kappa, np.where(agree < 0, (1 - self.phi) * s.e, s.e))
        if self.lr_min is not None:
            e = np.maximum(e, self.lr_min)
        g_bar = self.theta * s.g_bar + (1 - self.theta) * g
        return Update(w - e * g, e=e, g_bar=g_bar)
