"""Lookahead."""

import numpy as np

from optlearn.optimizer import hyper
from optlearn.wrappers.base import Wrapper

__all__ = ["Lookahead"]


class Lookahead(Wrapper):
    """Lookahead: a slow point follows the fast steps of a rule, and takes them back to itself every few steps.

    ::

        fast = step of the rule from w
        every sync_period steps:  slow = slow + slow_step_size * (fast - slow);  w = slow
        else:                     w = fast

    What is reported is the slow point. The state of the rule goes on through the meeting.

    Source: M. R. Zhang, J. Lucas, G. Hinton, J. Ba (2019), arXiv:1907.08610, Algorithm 1. Convention: the authors' code
    and Optax (``reset_state=False``); the default of `slow_step_size` is 0.5 in the paper, 0.8 in the authors' code.

    Examples
    --------
    >>> import numpy as np
    >>> from optlearn import GradientDescent
    >>> rule, w = Lookahead(GradientDescent(lr=1.0), sync_period=2), np.array([4.0])
    >>> state = rule.init(w)
    >>> for _ in range(2):
    ...     w, state = rule.step(w, np.array([1.0]), state)
    ...     print(w, rule.solution(w, state))
    [3.] [4.]
    [3.] [3.]
    """

    sync_period = hyper(5, at_least=1, integer=True, symbol="k", low=1, high=50)
    slow_step_size = hyper(0.5, above=0, at_most=1, symbol=r"\alpha")
    slots = ("slow",)
    symbols = {"slow": r"\phi", "fast": r"\theta"}

    def start(self, w):
        return {**super().start(w), "slow": w}

    def answer(self, w, s, t):
        return s.slow

    def update(self, w, g, s, t):
        made = self.inner(w, g, s, t)
        fast, meets = made.w, t % self.sync_period < 1
        slow = np.where(meets, s.slow + self.slow_step_size * (fast - s.slow), s.slow)
        return self.joined(made, np.where(meets, slow, fast), fast=fast, slow=slow)
