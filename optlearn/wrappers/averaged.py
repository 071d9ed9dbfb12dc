"""Averages of the parameters."""

import numpy as np

from optlearn.optimizer import hyper, option
from optlearn.wrappers.base import Wrapper

__all__ = ["Averaged"]


class Averaged(Wrapper):
    """Average of the parameters that a rule makes: what is reported is the average, what is trained stays as it is.

    ::

        w = step of the rule
        n = t                                          # parameters averaged so far
        average = average + (w - average) / n                                  # kind="mean"
        average = average_decay * average + (1 - average_decay) * w            # kind="ema", w itself at n = 1

    With `average_start` the average begins with the parameters of that step, and is the parameters before it; with
    `average_every` it takes those of every so many steps: stochastic weight averaging.

    Source: B. T. Polyak, A. B. Juditsky (1992), SIAM J. Control Optim. 30, 838-855 (mean); P. Izmailov et al. (2018),
    arXiv:1803.05407 (SWA). Convention: torch.optim.swa_utils.AveragedModel; its decay of 0.999 is the default.

    Examples
    --------
    >>> from optlearn import GradientDescent, run
    >>> path = run("quadratic", Averaged(GradientDescent(lr=0.1), kind="mean"), steps=100, rng=0, noise=4.0)
    >>> bool(path.answer_loss[-1] < 0.1 * path.loss[50:].mean())
    True
    """

    kind = option("ema", choices=("ema", "mean"))
    average_decay = hyper(0.999, at_least=0, below=1, symbol=r"\delta")
    average_start = hyper(None, at_least=1, integer=True, symbol=r"t_0", low=1, high=100)
    average_every = hyper(None, at_least=1, integer=True, symbol="k", low=1, high=50)
    slots = ("average",)
    symbols = {"average": r"\bar{w}"}

    def start(self, w):
        return {**super().start(w), "average": w}

    def answer(self, w, s, t):
        return s.average if self.average_start is None else np.where(t < self.average_start, w, s.average)

    def update(self, w, g, s, t):
        made = self.inner(w, g, s, t)
        first = 1 if self.average_start is None else self.average_start
        n = t if self.average_start is None else np.maximum(t - first + 1, 1)
        if self.average_every is not None:
            n = (n - 1) // self.average_every + 1
        if self.kind == "mean":
            average = s.average + (made.w - s.average) / n
        else:
            average = np.where(n > 1, self.average_decay * s.average + (1 - self.average_decay) * made.w, made.w)
        if self.average_every is not None:
            average = np.where((t - first) % self.average_every < 1, average, s.average)
        return self.joined(made, made.w, average=average)
