"""Schedules of the momentum."""

import numpy as np

from optlearn.declare import hyper
from optlearn.schedules.base import Schedule


class NadamMomentum(Schedule):
    """NAdam's momentum schedule: ``mu0 * (1 - gamma * alpha ** (delta * t))`` in step t = k + 1.

    It rises from about ``mu0 * (1 - gamma)`` to `mu0`. In MXNet.jl it is ``NadamScheduler(mu0, delta, gamma,
    alpha)``.

    Source: T. Dozat (2016), Incorporating Nesterov momentum into Adam, ICLR workshop.

    Examples
    --------
    >>> round(NadamMomentum()(0), 6)                # 0.99 (1 - 0.5 * 0.96^0.004)
    0.495081
    """

    symbol = r"\mu"
    mu0 = hyper(0.99, at_least=0, below=1, symbol=r"\mu_0")
    delta = hyper(0.004, at_least=0, symbol=r"\delta")
    gamma = hyper(0.5, at_least=0, at_most=1, symbol=r"\gamma")
    alpha = hyper(0.96, above=0, at_most=1, symbol=r"\alpha")

    def value(self, k):
        return self.mu0 * (1 - self.gamma * self.alpha ** (self.delta * (k + 1)))


class SutskeverMomentum(Schedule):
    """Sutskever's momentum schedule: ``min(1 - 0.5 / (floor(t / every) + 1), highest)`` in step t = k + 1.

    0.5 for the first steps, then 0.75, 0.833, ... at most `highest`. The paper writes the same as
    ``1 - 2**(-1 - log2(floor(t / 250) + 1))``.

    Source: I. Sutskever, J. Martens, G. Dahl, G. Hinton (2013), ICML, section 3.

    Examples
    --------
    >>> schedule = SutskeverMomentum(highest=0.9)
    >>> [schedule(k) for k in (0, 248, 249, 10_000)]
    [0.5, 0.5, 0.75, 0.9]
    """

    symbol = r"\mu"
    highest = hyper(0.99, at_least=0, below=1, symbol=r"\mu_{\mathrm{max}}")
    every = hyper(250, at_least=1, integer=True, symbol="E")

    def value(self, k):
        return np.minimum(1 - 0.5 / (np.floor((k + 1) / self.every) + 1), self.highest)
