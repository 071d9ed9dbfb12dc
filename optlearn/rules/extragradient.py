"""The extragradient method."""

from optlearn.optimizer import Optimizer, Update, hyper

__all__ = ["Extragradient"]


class Extragradient(Optimizer):
    """Extragradient: a trial step, and the step from where it began with the gradient from where it led.

    ::

        trial = w - lr * g
        h = gradient at trial
        w = w - lr * h

    A step takes two gradients. Where two players descend in one field, as on x * y, gradient descent moves away from
    the balance and this method towards it.

    Source: G. M. Korpelevich (1976), Ekonomika i Matematicheskie Metody 12, 747-756. Convention: one rate for both
    steps.

    Examples
    --------
    >>> import numpy as np
    >>> field = lambda point: np.array([point[1], -point[0]])                     # x descends on x * y, y climbs
    >>> rule, w = Extragradient(lr=0.5), np.array([1.0, 0.0])
    >>> rule.step(w, field(w), rule.init(w), gradient=field)[0]
    array([0.75, 0.5 ])
    """

    lr = hyper(0.1, above=0, symbol=r"\eta", low=1e-3, high=1.0)
    symbols = {"trial": r"\tilde{w}"}
    direction = "h"

    def update(self, w, g, s, t):
        trial = w - self.lr * g
        h = s.gradient(trial)
        return Update(w - self.lr * h, trial=trial, h=h)
