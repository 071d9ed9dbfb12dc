"""Models that are linear in their parameters: least squares, logistic and softmax regression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn import surfaces
from optlearn.declare import InvalidArgument, hyper
from optlearn.problems.base import Problem
from optlearn.problems.data import generator, line, sigmoid, sparse

if TYPE_CHECKING:
    from optlearn.surfaces import Surface
    from optlearn.typing import Array, DataLike, Examples, Floats, Rng


def _product(x, curvature, v, l2):
    """The Hessian of a mean over examples times `v`; of the outcome of each example its curvature is given."""
    u = curvature * (x @ v["w"] + v["b"]) / len(x)
    return {"w": x.T @ u + l2 * v["w"], "b": np.sum(u)}


def _diagonal(x, curvature, l2):
    return {"w": (x**2).T @ curvature / len(x) + x.dtype.type(l2), "b": np.mean(curvature)}


class LeastSquares(Problem):
    """Linear regression: half the mean squared error, ``mean((x @ w + b - y)**2) / 2 + l2 / 2 * |w|^2``.

    Without data it is the fit of a line to 100 points of y = 2 x + 1 with noise of 0.1; parameters start at
    0.

    Parameters
    ----------
    data : Data, str or tuple of arrays, optional
        See `Problem`; default: `line`.

    Examples
    --------
    >>> problem = LeastSquares()
    >>> best = problem.solution()
    >>> best["w"].round(2), best["b"].round(2)
    (array([2.]), np.float64(1.02))
    """

    kind = "regression"
    l2 = hyper(0.0, at_least=0, symbol=r"\lambda")

    def __init__(self, data: DataLike | None = None, **values: Any) -> None:
        super().__init__(line() if data is None else data, **values)

    def init(self, rng: Rng = 0) -> dict[str, Array]:
        generator(rng)
        dtype = self.train.x.dtype
        return {"w": np.zeros(self.data.features, dtype), "b": np.zeros((), dtype)}

    def predict(self, params: dict[str, Array], x: Array) -> Array:
        return x @ params["w"] + params["b"]

    def loss_and_gradient(self, params: dict[str, Array], batch: Examples | None = None) -> tuple[float,
                          dict[str, Array]]:
        x, y = batch or self.train
        error = self.predict(params, x) - y
        loss = 0.5 * np.mean(error**2) + 0.5 * self.l2 * np.sum(params["w"] ** 2)
        return float(loss), {"w": x.T @ error / len(y) + self.l2 * params["w"], "b": np.mean(error)}

    def hessian_product(self, params: dict[str, Array], v: dict[str, Array], batch: Examples | None = None) -> dict[str,
                        Array]:
        x, _ = batch or self.train
        return _product(x, np.ones(len(x), x.dtype), v, self.l2)

    def hessian_diagonal(self, params: dict[str, Array], batch: Examples | None = None) -> dict[str, Array]:
        x, _ = batch or self.train
        return _diagonal(x, np.ones(len(x), x.dtype), self.l2)

    def hessian(self) -> Floats:
        """The matrix of second derivatives, in the order w, b; its eigenvalues bound the learning rate."""
        x = np.column_stack([self.train.x, np.ones(len(self.train.y))])
        return x.T @ x / len(x) + self.l2 * np.diag([1.0] * self.data.features + [0.0])

    def solution(self) -> dict[str, Array]:
        """The parameters of the smallest loss."""
        x = np.column_stack([self.train.x, np.ones(len(self.train.y))])
        best = np.linalg.lstsq(self.hessian(), x.T @ self.train.y / len(x), rcond=None)[0]
        best = best.astype(self.train.x.dtype)
        return {"w": best[:-1], "b": best[-1]}

    def surface(self) -> Surface:
        """The loss of a line as a surface over slope and intercept."""
        if self.data.features != 1:
            raise InvalidArgument(f"data {self.data.name!r} has {self.data.features} features; "
                                  "a surface needs 1")
        x, y = self.train.x[:, 0].astype(float), self.train.y.astype(float)
        xx, mx, my, xy, yy = (float(np.mean(v)) for v in (x * x, x, y, x * y, y * y))
        xx += self.l2
        best = self.solution()
        minimum = float(best["w"][0]), float(best["b"])

        def line_fit(x, y):
            return 0.5 * (xx * x**2 + 2 * mx * x * y + y**2 - 2 * xy * x - 2 * my * y + yy)

        size = max(abs(value) for value in minimum) + 1
        domain = (minimum[0] - size, minimum[0] + size, minimum[1] - size, minimum[1] + size)
        return surfaces.of(line_fit, start=(0.0, 0.0), minima=(minimum,), domain=domain)


class Logistic(Problem):
    """Logistic regression for two classes: ``mean(log(1 + exp(-s z))) + l2 / 2 |w|^2``, s = 2 y - 1.

    Here ``z = x @ w + b``.

    Parameters
    ----------
    data : Data, str or tuple of arrays
        See `Problem`.

    Examples
    --------
    >>> problem = Logistic("breast_cancer")
    >>> round(problem.loss(problem.init()), 4)          # log 2: every class has probability 1/2
    0.6931
    """

    kind = "two classes"
    l2 = hyper(0.0, at_least=0, symbol=r"\lambda")

    def init(self, rng: Rng = 0) -> dict[str, Array]:
        generator(rng)
        dtype = self.train.x.dtype
        return {"w": np.zeros(self.data.features, dtype), "b": np.zeros((), dtype)}

    def predict(self, params: dict[str, Array], x: Array) -> Array:
        return (x @ params["w"] + params["b"] > 0).astype(int)

    def loss_and_gradient(self, params: dict[str, Array], batch: Examples | None = None) -> tuple[float,
                          dict[str, Array]]:
        x, y = batch or self.train
        z = x @ params["w"] + params["b"]
        loss = np.mean(np.logaddexp(0, np.where(y == 1, -z, z))) + 0.5 * self.l2 * np.sum(params["w"] ** 2)
        error = (sigmoid(z) - y).astype(x.dtype)
        return float(loss), {"w": x.T @ error / len(y) + self.l2 * params["w"], "b": np.mean(error)}

    def _curvature(self, params, x):
        p = sigmoid(x @ params["w"] + params["b"])
        return (p * (1 - p)).astype(x.dtype)

    def hessian_product(self, params: dict[str, Array], v: dict[str, Array], batch: Examples | None = None) -> dict[str,
                        Array]:
        x, _ = batch or self.train
        return _product(x, self._curvature(params, x), v, self.l2)

    def hessian_diagonal(self, params: dict[str, Array], batch: Examples | None = None) -> dict[str, Array]:
        x, _ = batch or self.train
        return _diagonal(x, self._curvature(params, x), self.l2)


class SparseLogistic(Logistic):
    """Logistic regression on mostly rare features, the case for AdaGrad and FTRL; see `sparse`.

    Parameters
    ----------
    data : Data, str or tuple of arrays, optional
        See `Problem`; default: `sparse`.

    Examples
    --------
    >>> SparseLogistic().data
    Data(sparse: 1500 training and 500 test examples, 200 features, 2 classes)
    """

    def __init__(self, data: DataLike | None = None, **values: Any) -> None:
        super().__init__(sparse() if data is None else data, **values)


def cross_entropy(z: Array, y: Array) -> tuple[Any, Array]:
    """Mean of -log softmax(z)[y] and its derivative by z."""
    rows = np.arange(len(y))
    z = z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    total = e.sum(axis=1, keepdims=True)
    loss = np.mean(np.log(total[:, 0]) - z[rows, y])
    dz = e / total
    dz[rows, y] -= 1
    return loss, dz / len(y)


class Softmax(Problem):
    """Softmax regression: the mean of ``-log softmax(x @ W + b)[y]``, plus ``l2 / 2 * |W|^2``.

    Parameters
    ----------
    data : Data, str or tuple of arrays
        See `Problem`.

    Examples
    --------
    >>> problem = Softmax("digits")
    >>> round(problem.loss(problem.init()), 4)          # log 10
    2.3026
    """

    kind = "classes"
    l2 = hyper(0.0, at_least=0, symbol=r"\lambda")

    def init(self, rng: Rng = 0) -> dict[str, Array]:
        generator(rng)
        dtype = self.train.x.dtype
        return {"W": np.zeros((self.data.features, self.classes), dtype), "b": np.zeros(self.classes, dtype)}

    def predict(self, params: dict[str, Array], x: Array) -> Array:
        return np.argmax(x @ params["W"] + params["b"], axis=1)

    def loss_and_gradient(self, params: dict[str, Array], batch: Examples | None = None) -> tuple[float,
                          dict[str, Array]]:
        x, y = batch or self.train
        loss, dz = cross_entropy(x @ params["W"] + params["b"], y)
        return (float(loss + 0.5 * self.l2 * np.sum(params["W"] ** 2)),
                {"W": x.T @ dz + self.l2 * params["W"], "b": dz.sum(axis=0)})

    def _probabilities(self, params, x):
        z = x @ params["W"] + params["b"]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def hessian_product(self, params: dict[str, Array], v: dict[str, Array], batch: Examples | None = None) -> dict[str,
                        Array]:
        x, _ = batch or self.train
        p, dz = self._probabilities(params, x), x @ v["W"] + v["b"]
        u = p * (dz - np.sum(p * dz, axis=1, keepdims=True)) / len(x)
        return {"W": x.T @ u + self.l2 * v["W"], "b": u.sum(axis=0)}

    def hessian_diagonal(self, params: dict[str, Array], batch: Examples | None = None) -> dict[str, Array]:
        x, _ = batch or self.train
        p = self._probabilities(params, x)
        u = p * (1 - p) / len(x)
        return {"W": (x**2).T @ u + x.dtype.type(self.l2), "b": u.sum(axis=0)}
