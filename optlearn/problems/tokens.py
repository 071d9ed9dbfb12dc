"""Classes and tokens whose frequencies follow a power law."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn.declare import InvalidArgument, hyper
from optlearn.problems.base import Problem
from optlearn.problems.data import Data, generator, split
from optlearn.problems.linear import Softmax, cross_entropy

if TYPE_CHECKING:
    from optlearn.typing import Array, DataLike, Examples, Rng


def imbalanced(n: int = 3000, classes: int = 100, features: int = 20, noise: float = 1.5, seed: Rng = 0,
               test: float = 0.25) -> Data:
    """Classes k = 1, 2, ... of frequency proportional to 1/k, each a normal cloud around a random centre.

    Every class has at least four examples.

    Parameters
    ----------
    n : int
        Examples in all, about.
    classes, features : int
    noise : float
        Standard deviation within a class; that of the centres is 1, in each coordinate.
    seed : int
    test : float
        Part that is held out.

    Returns
    -------
    Data

    Examples
    --------
    >>> data = imbalanced()
    >>> counts = np.bincount(data.train.y)
    >>> counts[:4], counts[-1]
    (array([434, 217, 145, 109]), np.int64(4))
    """
    rng = generator(seed)
    share = 1 / np.arange(1, classes + 1)
    counts = np.maximum(np.round(n * share / share.sum()), 4).astype(int)
    y = np.repeat(np.arange(classes), counts)
    x = rng.standard_normal((classes, features))[y] + noise * rng.standard_normal((len(y), features))
    return split(x, y, test, seed, normalise=False, name="imbalanced")


class ImbalancedSoftmax(Softmax):
    """Softmax regression on classes of frequency 1/k: many rare classes, which gradient descent learns last.

    The gradient by the weights of a class is about as large as the class is frequent, so that with one rate for all a
    class that is a hundred times as rare is learnt a hundred times as slowly; see `imbalanced`.

    Source: F. Kunstner, A. Milligan, R. Yadav, M. Schmidt, A. Bietti (2024), arXiv:2402.19449.

    Parameters
    ----------
    data : Data, str or tuple of arrays, optional
        See `Problem`; default: `imbalanced`.

    Examples
    --------
    >>> problem = ImbalancedSoftmax()
    >>> round(problem.loss(problem.init()), 4)          # log 100
    4.6052
    """

    def __init__(self, data: DataLike | None = None, **values: Any) -> None:
        super().__init__(imbalanced() if data is None else data, **values)


def bigrams(n: int = 20000, vocabulary: int = 200, seed: Rng = 0, test: float = 0.25) -> Data:
    """Pairs of a token and the one after it, from a random chain whose tokens have frequency 1/k.

    After a token comes, with probability 1/2 each, a successor of its own or a token of the common distribution
    p(k) proportional to 1/k.

    Parameters
    ----------
    n : int
        Pairs.
    vocabulary : int
    seed : int
    test : float
        Part of the pairs that is held out.

    Returns
    -------
    Data
        `x` has one column, the token; `y` is the next one.

    Examples
    --------
    >>> bigrams()
    Data(bigrams: 15000 training and 5000 test examples, 1 features, 200 classes)
    """
    rng = generator(seed)
    share = 1 / np.arange(1, vocabulary + 1)
    share /= share.sum()
    successor = rng.permutation(vocabulary)
    x = rng.choice(vocabulary, size=n, p=share)
    y = np.where(rng.uniform(size=n) < 0.5, successor[x], rng.choice(vocabulary, size=n, p=share))
    y[:vocabulary] = np.arange(vocabulary)  # every token is a class, however small the sample
    order, held = rng.permutation(n), round(test * n)
    # The first pairs stay in the training set, so that it has every class.
    order = np.concatenate([order[order >= vocabulary], np.arange(vocabulary)])
    return Data(x[order[held:], None], y[order[held:]], x[order[:held], None], y[order[:held]], "bigrams")


class Bigram(Problem):
    """The next token from the present one, through an embedding: ``softmax(E[x] @ W + b)[y]``.

    A row of `E` has a gradient only where its token occurs in the batch, and tokens have power-law frequencies
    (see `bigrams`): most rows are moved rarely.

    Parameters
    ----------
    data : Data, str or tuple of arrays, optional
        See `Problem`; default: `bigrams`.

    Examples
    --------
    >>> problem = Bigram()
    >>> {name: array.shape for name, array in problem.init(rng=0).items()}
    {'E': (200, 16), 'W': (16, 200), 'b': (200,)}
    """

    kind = "classes"
    width = hyper(16, at_least=1, integer=True, symbol="d")

    def __init__(self, data: DataLike | None = None, **values: Any) -> None:
        super().__init__(bigrams() if data is None else data, **values)
        whole = all(np.array_equal(part.x, np.floor(part.x)) and part.x.min() >= 0 and part.x.max() < self.classes
                    for part in (self.train, self.test) if part)
        if self.data.features != 1 or not whole:
            raise InvalidArgument(f"data {self.data.name!r} does not hold tokens; x must be one column of whole "
                                  f"numbers from 0 to {self.classes - 1}, of which y is the next")

    def init(self, rng: Rng = 0) -> dict[str, Array]:
        rng, dtype = generator(rng), self.train.x.dtype
        rows = self.classes, self.width
        return {"E": rng.standard_normal(rows).astype(dtype),
                "W": (rng.standard_normal(rows[::-1]) / np.sqrt(self.width)).astype(dtype),
                "b": np.zeros(self.classes, dtype)}

    def predict(self, params: dict[str, Array], x: Array) -> Array:
        return np.argmax(params["E"][x[:, 0].astype(int)] @ params["W"] + params["b"], axis=1)

    def loss_and_gradient(self, params: dict[str, Array], batch: Examples | None = None) -> tuple[float,
                          dict[str, Array]]:
        x, y = batch or self.train
        tokens = x[:, 0].astype(int)
        e = params["E"][tokens]
        loss, dz = cross_entropy(e @ params["W"] + params["b"], y)
        dE = np.zeros_like(params["E"])
        np.add.at(dE, tokens, dz @ params["W"].T)
        return float(loss), {"E": dE, "W": e.T @ dz, "b": dz.sum(axis=0)}
