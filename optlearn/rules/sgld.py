"""SGLD."""

from optlearn.optimizer import Optimizer, Update, hyper

__all__ = ["SGLD"]


class SGLD(Optimizer):
    """SGLD: gradient descent with just so much noise that its points are draws from a distribution.

    ::

        w = w - lr / 2 * g + sqrt(lr) * xi         # xi: a standard normal number for each coordinate

    With g the gradient of a negative log density (that of a minibatch times the number of minibatches), the
    points come from the density as lr goes to 0. The noise comes from the `rng` given to the run or the step.

    Source: M. Welling, Y. W. Teh (2011), ICML. Convention: the paper's and MXNet's.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = SGLD(lr=0.01), np.array([1.0])
    >>> w, state = rule.step(w, np.array([2.0]), rule.init(w), rng=np.random.RandomState(0))
    >>> w.round(6)                              # 1 - 0.01 + 0.1 * 1.764052
    array([1.166405])
    """

    name = "sgld"
    lr = hyper(0.1, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    draws = ("xi",)
    direction = "g"

    def update(self, w, g, s, t):
        return Update(w - self.lr / 2 * g + self.lr**0.5 * s.xi)
