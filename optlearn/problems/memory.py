"""A matrix that remembers: pairs of a key and a value, some of them seen far more often than others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn.declare import hyper
from optlearn.problems.base import Problem
from optlearn.problems.data import Data, generator

if TYPE_CHECKING:
    from optlearn.typing import Array, Examples, Rng


class AssociativeMemory(Problem):
    """A matrix that is to turn keys into values: ``sum_i p_i |W k_i - v_i|^2 / 2``.

    Keys k_i and values v_i are two orthonormal bases, drawn by `seed`; pair i = 1, 2, ... has the frequency p_i
    proportional to ``i**-exponent``. In these bases the gradient is diagonal, with the singular values
    ``p_i |v_i - W k_i|``: gradient descent learns a pair the more slowly the rarer it is. W starts at 0.

    Source: S. Wang et al. (2025), arXiv:2509.26030, in a simple form.

    Attributes
    ----------
    keys, targets : array (pairs, pairs)
        A key, a value in each row.
    frequencies : array (pairs,)

    Examples
    --------
    >>> problem = AssociativeMemory()
    >>> params = problem.init()
    >>> problem.frequencies.round(3)
    array([0.655, 0.164, 0.073, 0.041, 0.026, 0.018, 0.013, 0.01 ])
    >>> problem.errors(params).round(3)
    array([1., 1., 1., 1., 1., 1., 1., 1.])
    >>> np.linalg.svd(problem.gradient(params)["W"], compute_uv=False).round(3)
    array([0.655, 0.164, 0.073, 0.041, 0.026, 0.018, 0.013, 0.01 ])
    """

    pairs = hyper(8, at_least=1, integer=True, symbol="n")
    exponent = hyper(2.0, at_least=0, symbol=r"\alpha")
    seed = hyper(0, at_least=0, integer=True, symbol="s")
    keys: Array
    targets: Array
    frequencies: Array

    def __init__(self, **values: Any) -> None:
        pairs = values.get("pairs", 8)
        numbers = np.arange(pairs if isinstance(pairs, int) and pairs > 0 else 1)
        super().__init__(Data(numbers[:, None], numbers, name="associative memory"), **values)
        rng = generator(self.seed)
        bases = [np.linalg.qr(rng.standard_normal((self.pairs, self.pairs)))[0] for _ in range(2)]
        share = np.arange(1.0, self.pairs + 1) ** -self.exponent
        self.__dict__.update(keys=bases[0], targets=bases[1], frequencies=share / share.sum())

    @property
    def values(self) -> dict[str, Any]:
        """All arguments as a dictionary."""
        return {name: value for name, value in super().values.items() if name != "data"}

    def init(self, rng: Rng = 0) -> dict[str, Array]:
        generator(rng)
        return {"W": np.zeros((self.pairs, self.pairs))}

    def errors(self, params: dict[str, Array]) -> Array:
        """How far the answer to each key is from its value: ``|W k_i - v_i|``.

        Parameters
        ----------
        params : dict of str to array

        Returns
        -------
        array (pairs,)
        """
        return np.linalg.norm(self.keys @ params["W"].T - self.targets, axis=1)

    def predict(self, params: dict[str, Array], x: Array) -> Array:
        return np.argmax(self.keys[x[:, 0].astype(int)] @ params["W"].T @ self.targets.T, axis=1)

    def loss_and_gradient(self, params: dict[str, Array], batch: Examples | None = None) -> tuple[float,
                          dict[str, Array]]:
        rows = (batch or self.train)[1]
        off = self.keys[rows] @ params["W"].T - self.targets[rows]
        # Pairs are drawn alike, so a batch weighs each as the sum over all does.
        weight = self.frequencies[rows, None] * (self.pairs / len(rows))
        return float(np.sum(weight * off**2) / 2), {"W": (weight * off).T @ self.keys[rows]}

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"AssociativeMemory({inside})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))
