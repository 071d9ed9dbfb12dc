"""The cautious mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn.optimizer import option
from optlearn.wrappers.base import Wrapper

if TYPE_CHECKING:
    from optlearn.state import Update

__all__ = ["Cautious"]


class Cautious(Wrapper):
    """Cautious: only the coordinates move in which the step of the rule goes against the gradient.

    ::

        u = w - step of the rule without its weight decay
        mask = 1 where u * g > 0, else 0;  mask = mask / max(mean(mask), 0.001)
        w = w - mask * u, and the rule's weight decay as it was

    With ``scale="sum"`` the mask is multiplied by ``size / (sum(mask) + 1)``, with ``scale="none"`` it stays.

    Source: K. Liang, L. Chen, B. Liu, Q. Liu (2024), arXiv:2411.16085, Algorithm 1. Convention: timm and the authors'
    AdamW (mean); ``scale="sum"`` is the authors' Lion.

    Examples
    --------
    >>> import numpy as np
    >>> from optlearn import Momentum
    >>> rule, w = Cautious(Momentum(lr=0.1, momentum=0.9), scale="none"), np.array([1.0, 1.0])
    >>> w, state = rule.step(w, np.array([1.0, 1.0]), rule.init(w))
    >>> rule.step(w, np.array([0.1, -0.1]), state)[0]         # the second turned round: momentum goes uphill
    array([0.8, 0.9])
    """

    scale = option("mean", choices=("mean", "sum", "none"))
    symbols = {"mask": r"\chi"}

    def update(self, w, g, s, t):
        made = self.inner(w, g, s, t)
        decays = "weight_decay" in self.wraps.hypers()
        u = w - (self.without_decay(w, g, s, t) if decays else made).w
        mask = np.where(u * g > 0, 1.0, 0.0)
        factor = mask
        if self.scale == "mean":
            factor = mask / np.maximum(np.mean(mask), 1e-3)
        elif self.scale == "sum":
            factor = mask * (np.size(mask) / (np.sum(mask) + 1))
        return self.joined(made, made.w + (1 - factor) * u if decays else w - factor * u, u=u, mask=mask)

    def without_decay(self, w: Any, g: Any, s: Any, t: Any) -> Update:
        """The step of the rule with a weight decay of 0."""
        return self.bound({self.names.get("weight_decay", "weight_decay"): 0.0}).inner(w, g, s, t)
