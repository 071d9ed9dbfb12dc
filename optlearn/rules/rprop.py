"""Rprop."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper

__all__ = ["Rprop"]


class Rprop(Optimizer):
    """Rprop: a step for each coordinate, longer while its gradient keeps the sign, shorter when not.

    ::

        q = g * g_old
        step = clip(step * (eta_plus if q > 0, eta_minus if q < 0, else 1), step_min, step_max)
        g = 0 where q < 0
        w = w - step * sign(g);  g_old = g

    Only the sign of the gradient counts. After a change of sign the coordinate rests for one step, and the
    step after that keeps its length. The first step is `lr`.

    Source: M. Riedmiller, H. Braun (1993), IEEE ICNN; this form, iRprop-: C. Igel, M. Huesken (2000), NC.
    Convention: PyTorch's. Rprop+ also takes the last step back where the sign changed.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = Rprop(lr=0.1), np.array([1.0])
    >>> state = rule.init(w)
    >>> for g in (3.0, 1.0, -1.0):
    ...     w, state = rule.step(w, np.array([g]), state)
    ...     print(w, state["step"])
    [0.9] [0.1]
    [0.78] [0.12]
    [0.78] [0.06]
    """

    lr = hyper(0.01, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    eta_minus = hyper(0.5, above=0, below=1, symbol=r"\eta_-", low=0.1)
    eta_plus = hyper(1.2, above=1, symbol=r"\eta_+", low=1.01, high=2.0)
    step_min = hyper(1e-6, at_least=0, symbol=r"\Delta_{\mathrm{min}}", low=1e-6, high=1.0)
    step_max = hyper(50.0, above=0, symbol=r"\Delta_{\mathrm{max}}", low=1e-2, high=100.0)
    scale_free = {}
    slots = ("g_old", "step")
    symbols = {"step": r"\Delta", "factor": r"\chi", "g_old": "g'"}

    def start(self, w):
        return {"g_old": 0 * w, "step": 0 * w + self.lr}

    def update(self, w, g, s, t):
        q = g * s.g_old
        factor = np.where(q > 0, self.eta_plus, np.where(q < 0, self.eta_minus, 1.0))
        step = np.clip(factor * s.step, self.step_min, self.step_max)
        g_old = np.where(q < 0, 0.0, g)
        return Update(w - step * np.sign(g_old), g_old=g_old, step=step, q=q, factor=factor)
