"""Problems with data: linear models, a network with one hidden layer, tokens with an embedding, a transformer;
a matrix that remembers pairs.

A problem has parameters, a loss and its gradient on a batch of examples::

    problem = Softmax("digits")
    params = problem.init(rng=0)                        # a dict of arrays
    problem.loss(params), problem.gradient(params)      # on all training examples
    problem.loss(params, problem.batch([0, 1, 2]))      # on some
    problem.accuracy(params, problem.test)

The data are scikit-learn's bundled sets, loaded where they are first used, drawn by a seed, a text, or arrays of
your own.
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
from optlearn.problems.memory import AssociativeMemory
from optlearn.problems.network import MLP
from optlearn.problems.tokens import Bigram, ImbalancedSoftmax, bigrams, imbalanced
from optlearn.problems.transformer import Transformer, characters

__all__ = ["INITIALISATIONS", "MLP", "SETS", "AssociativeMemory", "Batch", "Bigram", "Data", "ImbalancedSoftmax",
           "LeastSquares", "Logistic", "Problem", "Softmax", "SparseLogistic", "Transformer", "bigrams", "characters",
           "default", "generator", "he_normal", "he_uniform", "imbalanced", "line", "load", "normal", "sparse", "split",
           "stratified", "uniform", "xavier_normal", "xavier_uniform"]
