"""FTRL-Proximal."""

from __future__ import annotations

from typing import Any

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper, option

__all__ = ["FTRL"]


class FTRL(Optimizer):
    """FTRL-Proximal: minimises the sum of all past gradients and penalties anew in each step.

    ::

        n_new = n + g**2
        z = z + g - (sqrt(n_new) - sqrt(n)) / lr * w
        w = -sign(z) * max(|z| - l1, 0) / ((beta + sqrt(n_new)) / lr + weight_decay + 2 * l2)

    `l1` is the factor of an added ``|w|``, `weight_decay` that of ``w**2 / 2``, `l2` that of ``w**2``.
    `l2_shrinkage` adds ``2 * l2_shrinkage * w`` to the gradient in z alone. n starts at
    `initial_accumulator`.

    The new parameters are made of z alone. With ``start_at="parameters"`` z starts where it gives back the
    parameters; with ``start_at="origin"`` it starts at 0, and the first step jumps towards the origin.

    Source: H. B. McMahan et al. (2013), KDD, Algorithm 1. Convention: MXNet's and Keras's, which have
    ``start_at="origin"``; MXNet has `weight_decay` and n from 0, Keras `l2` and n from 0.1.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = FTRL(lr=0.1, l1=0.5), np.array([1.0, 0.1])
    >>> w, state = rule.step(w, np.array([1.0, 1.0]), rule.init(w))
    >>> w
    array([0.95, 0.05])
    """

    name = "ftrl"
    lr = hyper(0.1, above=0, divides=True, symbol=r"\eta", low=1e-3, high=10.0)
    l1 = hyper(0.01, at_least=0, symbol=r"\lambda_1", low=1e-4, high=1.0)
    weight_decay = hyper(0.0, at_least=0, symbol=r"\lambda_2", low=1e-4, high=1.0)
    l2 = hyper(None, at_least=0, symbol=r"\ell_2", low=1e-4, high=1.0)
    l2_shrinkage = hyper(None, at_least=0, symbol=r"\ell_s", low=1e-4, high=1.0)
    beta = hyper(1.0, at_least=0, symbol=r"\beta", low=1e-3, high=10.0)
    initial_accumulator = hyper(0.0, at_least=0, symbol="n_0", low=1e-3, high=1.0)
    start_at = option("parameters", choices=("parameters", "origin"))
    slots = ("z", "n")

    def penalty(self, root: Any) -> Any:
        """The curvature of what a step minimises."""
        curvature = (self.beta + root) / self.lr + self.weight_decay
        return curvature if self.l2 is None else curvature + 2 * self.l2

    def start(self, w):
        n = 0 * w + self.initial_accumulator
        z = -self.penalty(np.sqrt(n)) * w - self.l1 * np.sign(w) if self.start_at == "parameters" else 0 * w
        return {"z": z, "n": n}

    def update(self, w, g, s, t):
        n = s.n + g**2
        if self.l2_shrinkage is not None:
            g = g + 2 * self.l2_shrinkage * w
        sigma = (np.sqrt(n) - np.sqrt(s.n)) / self.lr
        z = s.z + g - sigma * w
        new = -np.sign(z) * np.maximum(np.abs(z) - self.l1, 0) / self.penalty(np.sqrt(n))
        return Update(new, z=z, n=n, sigma=sigma)
