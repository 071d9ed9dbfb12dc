"""Problems with data: least squares, logistic and softmax regression, a network with one hidden layer.

A problem has parameters, a loss and its gradient on a batch of examples::

    problem = Softmax("digits")
    params = problem.init(rng=0)                        # a dict of arrays
    problem.loss(params), problem.gradient(params)      # on all training examples
    problem.loss(params, problem.batch([0, 1, 2]))      # on some
    problem.accuracy(params, problem.test)

The data are scikit-learn's bundled sets, loaded where they are first used, or arrays of your own.
"""

from optlearn.problems.base import Problem
from optlearn.problems.data import SETS, Batch, Data, generator, line, load, sparse, split, stratified
from optlearn.problems.initialisations import (
    INITIALISATIONS,
    default,
    he_normal,
    he_uniform,
    normal,
    uniform,
    xavier_normal,
    xavier_uniform,
)
from optlearn.problems.linear import LeastSquares, Logistic, Softmax, SparseLogistic
from optlearn.problems.network import MLP

__all__ = ["INITIALISATIONS", "MLP", "SETS", "Batch", "Data", "LeastSquares", "Logistic", "Problem",
           "Softmax", "SparseLogistic", "default", "generator", "he_normal", "he_uniform", "line", "load", "normal",
           "sparse", "split", "stratified", "uniform", "xavier_normal", "xavier_uniform"]
