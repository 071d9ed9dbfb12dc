"""Ascent in place of descent."""

from optlearn.asking import turned
from optlearn.wrappers.base import Wrapper

__all__ = ["Maximize"]


class Maximize(Wrapper):
    """Maximise: the rule gets the gradient with the opposite sign.

    ::

        w = step of the rule with -g

    Source: ``maximize=True`` of torch.optim. A weight decay among the transforms of the gradient comes before the sign
    turns and would drive away from zero; it is refused: a decay of the rule itself shrinks as ever.

    Examples
    --------
    >>> import numpy as np
    >>> from optlearn import GradientDescent
    >>> rule, w = Maximize(GradientDescent(lr=0.5)), np.array([1.0])
    >>> rule.step(w, np.array([1.0]), rule.init(w))[0]
    array([1.5])
    """

    def _check_rule(self):
        self.refuse_transforms("Decay", why="it would drive the parameters away from zero")

    def update(self, w, g, s, t):
        return self.inner(w, -g, turned(s), t)
