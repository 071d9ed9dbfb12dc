"""What a minibatch answers a rule that asks for more than a gradient, and what the answers cost."""

import numpy as np

from optlearn import tree
from optlearn.needs import COST
from optlearn.problems import Problem


def differs(problem, kind):
    """Whether a problem answers about its Hessian by differences of gradients."""
    name = "hessian_product" if kind == "hessian" else kind
    return getattr(type(problem), name) is getattr(Problem, name)


class BatchAnswers:
    """The loss, further gradients and the Hessian of one minibatch.

    Parameters
    ----------
    problem : Problem
    gradient : callable
        Gradient at parameters, on this batch.
    point : params
        Where the gradient of the step was taken.
    batch : Batch
    loss : float
        The loss there.

    Attributes
    ----------
    given : dict
        What `Optimizer.step` takes.
    gradients : int
        Gradients that were taken, with that of the step: a product with the Hessian counts as two, its diagonal as two
        where there is a formula, else as two a parameter.
    """

    def __init__(self, problem, gradient, point, batch, loss):
        self.problem, self.at, self.point, self.batch, self.gradients = problem, gradient, point, batch, 1
        self.given = {"loss": loss, "gradient": self._gradient, "hessian": self._hessian,
                      "hessian_diagonal": self._diagonal}

    def _gradient(self, point):
        self.gradients += COST["gradient"]
        return self.at(point)

    def _hessian(self, v):
        self.gradients += COST["hessian"]
        return self.problem.hessian_product(self.point, v, self.batch)

    def _diagonal(self):
        times = sum(np.size(w) for _, w in tree.flatten(self.point, "params")) if \
            differs(self.problem, "hessian_diagonal") else 1
        self.gradients += COST["hessian_diagonal"] * times
        return self.problem.hessian_diagonal(self.point, self.batch)
