"""Sharpness-aware minimisation."""

import numpy as np

from optlearn.optimizer import hyper, option
from optlearn.wrappers.base import Wrapper

__all__ = ["SAM"]


class SAM(Wrapper):
    r"""SAM: the rule steps with the gradient at the worst point, to first order, of a ball around the parameters.

    ::

        ascent = rho * g / |g|                                         # |.| over all arrays together
        ascent = rho * w**2 * g / | |w| g |                            # adaptive=True: ASAM
        g_ascent = gradient at w + ascent, of the same batch
        w = step of the rule from w with g_ascent

    A step takes two gradients. Where the rule takes its gradient ahead of the parameters, the ball is around that
    point.

    Source: P. Foret, A. Kleiner, H. Mobahi, B. Neyshabur (2021), arXiv:2010.01412, Algorithm 1; adaptive: J. Kwon,
    J. Kim, H. Park, I. K. Choi (2021), arXiv:2102.11600. Convention: a length below
    1e-12 counts as that, so that the ascent is 0 where the gradient is; Optax makes NaN there, and the PyTorch packages
    add 1e-12 to the length.

    Examples
    --------
    >>> import numpy as np
    >>> from optlearn import GradientDescent
    >>> rule, w = SAM(GradientDescent(lr=0.5), rho=0.1), np.array([3.0, 4.0])
    >>> rule.step(w, w, rule.init(w), gradient=lambda point: point)[0]          # of |w|^2 / 2
    array([1.47, 1.96])
    """

    rho = hyper(0.05, at_least=0, symbol=r"\rho", low=1e-3, high=1.0)
    adaptive = option(False)
    symbols = {"ascent": "e", "g_ascent": r"g^{\prime}"}

    def update(self, w, g, s, t):
        at = self.probe(w, s, t)
        direction, length = (at**2 * g, s.norm(np.abs(at) * g)) if self.adaptive else (g, s.norm(g))
        ascent = self.rho * (direction / np.maximum(length, 1e-12))
        g_ascent = s.gradient(at + ascent)
        made = self.inner(w, g_ascent, s, t)
        return self.joined(made, made.w, ascent=ascent, g_ascent=g_ascent)
