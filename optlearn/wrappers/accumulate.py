"""Gradients of several batches for one step."""

import numpy as np

from optlearn.asking import OF_FUNCTION, SAID
from optlearn.declare import InvalidArgument
from optlearn.optimizer import Update, hyper
from optlearn.wrappers.base import Wrapper

__all__ = ["Accumulate"]


class Accumulate(Wrapper):
    """Accumulation: the rule takes one step for `every` gradients, with their mean.

    ::

        total = total + g
        every `every` gradients:  w = step of the rule with total / every;  total = 0
        else:                     w and the state of the rule stay

    The parameters stay between the steps, so that the mean is the gradient of the joined batches, if those have one
    size. The rule counts its own steps; schedules count gradients.

    Source: ``optax.MultiSteps``. Clipping among the transforms of the gradient would clip each gradient in place of the
    mean and is refused.

    Examples
    --------
    >>> import numpy as np
    >>> from optlearn import GradientDescent
    >>> rule, w = Accumulate(GradientDescent(lr=1.0), every=2), np.array([4.0])
    >>> state = rule.init(w)
    >>> for g in (1.0, 3.0):
    ...     w, state = rule.step(w, np.array([g]), state)
    ...     print(w)
    [4.]
    [2.]
    """

    every = hyper(4, at_least=1, integer=True, symbol="k", low=1, high=50)
    slots = ("total",)
    symbols = {"total": "G", "mean": r"\bar{g}"}

    def _check_rule(self):
        asks = [name for name in self.wraps.needs if name in OF_FUNCTION]
        if asks:
            raise InvalidArgument(f"rule = {self.rule!r} is not allowed in Accumulate: it asks for {SAID[asks[0]]}, "
                                  "which would be that of the last batch only; wrap the other way round")
        self.refuse_transforms("Clip", "ClipNorm", "ClipGlobalNorm", why="it would clip each gradient, not their mean")

    def update(self, w, g, s, t):
        total = s.total + g
        mean = total / self.every
        made = self.inner(w, mean, s, (t - 1) // self.every + 1)
        full = t % self.every < 1
        named = {name: value for name, value in made.named.items() if name not in self.slots}
        for name in self.slots[:-1]:
            new = made.named[name]
            named |= {f"{name}_new": new, name: np.where(full, new, getattr(s, name))}
        return Update(np.where(full, made.w, w), **named, mean=mean, total=np.where(full, 0.0, total))
