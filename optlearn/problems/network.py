"""A network with one hidden layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optlearn.declare import hyper, option
from optlearn.problems.base import Problem
from optlearn.problems.data import generator
from optlearn.problems.initialisations import INITIALISATIONS
from optlearn.problems.linear import cross_entropy

if TYPE_CHECKING:
    from optlearn.typing import Array, Examples, Rng


class MLP(Problem):
    """A network with one hidden layer for classes: ``softmax(act(x @ W1 + b1) @ W2 + b2)``.

    With ``batch_norm=True`` the input of the activation is normalised over the batch, then scaled by `gamma`
    and shifted by `beta`, which makes `b1` superfluous. `evaluate`, `predict` and `accuracy` normalise by
    mean and variance over the whole training set, as the paper does for inference (frameworks use running
    averages).

    `initialisation` draws the weights (see `INITIALISATIONS`); biases start at 0, with ``"default"`` they are
    drawn too.

    Source of batch normalisation: S. Ioffe, C. Szegedy (2015), arXiv:1502.03167.

    Parameters
    ----------
    data : Data, str or tuple of arrays
        See `Problem`.

    Examples
    --------
    >>> problem = MLP("digits", hidden=16, activation="relu", initialisation="he_normal")
    >>> {name: array.shape for name, array in problem.init(rng=0).items()}
    {'W1': (64, 16), 'b1': (16,), 'W2': (16, 10), 'b2': (10,)}
    """

    kind = "classes"
    hidden = hyper(32, at_least=1, integer=True, symbol="h")
    l2 = hyper(0.0, at_least=0, symbol=r"\lambda")
    scale = hyper(1.0, at_least=0, symbol="c")
    activation = option("tanh", choices=("tanh", "relu"))
    initialisation = option("default", choices=tuple(INITIALISATIONS))
    batch_norm = option(False)
    epsilon = 1e-5  # added to the variance, as PyTorch and the paper's authors do

    def init(self, rng: Rng = 0) -> dict[str, Array]:
        rng, draw = generator(rng), INITIALISATIONS[self.initialisation]
        params = {}
        for layer, (n, m) in enumerate([(self.data.features, self.hidden), (self.hidden, self.classes)], 1):
            params[f"W{layer}"] = draw(rng, n, m, self.scale)
            if layer == 1 and self.batch_norm:
                params |= {"gamma": np.ones(m), "beta": np.zeros(m)}
            elif self.initialisation == "default":
                params[f"b{layer}"] = self.scale / np.sqrt(n) * rng.uniform(-1, 1, m)
            else:
                params[f"b{layer}"] = np.zeros(m)
        return {name: array.astype(self.train.x.dtype) for name, array in params.items()}

    def _hidden(self, params, x, population=False):
        """Hidden values, and for batch normalisation the normalised inputs and one over their deviation."""
        h = x @ params["W1"]
        normalised = inverse = None
        if self.batch_norm:
            over = self.train.x @ params["W1"] if population else h
            inverse = 1 / np.sqrt(over.var(axis=0) + x.dtype.type(self.epsilon))
            normalised = (h - over.mean(axis=0)) * inverse
            h = params["gamma"] * normalised + params["beta"]
        else:
            h = h + params["b1"]
        return (np.tanh(h) if self.activation == "tanh" else np.maximum(h, 0)), normalised, inverse

    def _logits(self, params, x):
        return self._hidden(params, x, population=True)[0] @ params["W2"] + params["b2"]

    def _penalty(self, params):
        return 0.5 * self.l2 * sum(np.sum(params[name] ** 2) for name in ("W1", "W2"))

    def predict(self, params: dict[str, Array], x: Array) -> Array:
        return np.argmax(self._logits(params, x), axis=1)

    def evaluate(self, params: dict[str, Array], batch: Examples | None = None) -> float:
        x, y = batch or self.train
        return float(cross_entropy(self._logits(params, x), y)[0] + self._penalty(params))

    def loss_and_gradient(self, params: dict[str, Array], batch: Examples | None = None) -> tuple[float,
                          dict[str, Array]]:
        x, y = batch or self.train
        a, normalised, inverse = self._hidden(params, x)
        loss, dz = cross_entropy(a @ params["W2"] + params["b2"], y)
        grads = {"W2": a.T @ dz + self.l2 * params["W2"], "b2": dz.sum(axis=0)}
        dh = dz @ params["W2"].T * (1 - a**2 if self.activation == "tanh" else a > 0)
        if self.batch_norm:
            grads |= {"gamma": (dh * normalised).sum(axis=0), "beta": dh.sum(axis=0)}
            dn = dh * params["gamma"]
            # Mean and deviation of the batch depend on every example: their part is taken off.
            dh = inverse * (dn - dn.mean(axis=0) - normalised * (dn * normalised).mean(axis=0))
        else:
            grads["b1"] = dh.sum(axis=0)
        grads["W1"] = x.T @ dh + self.l2 * params["W1"]
        return float(loss + self._penalty(params)), {name: grads[name] for name in params}
