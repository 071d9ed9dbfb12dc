"""The contract of a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn import tree
from optlearn.asking import difference
from optlearn.declare import Declared, InvalidArgument
from optlearn.problems.data import Batch, Data, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optlearn.typing import Array, DataLike, Examples, Rng


class Problem(Declared):
    """A loss over examples, to be minimised in parameters.

    A subclass writes `init`, `loss_and_gradient` and `predict`. It may write `hessian_product` and `hessian_diagonal`,
    for rules that ask for them; without those they are central differences of gradients.

    Parameters
    ----------
    data : Data, str or tuple of arrays
        The examples, the name of a set (see `load`), or ``(x, y)`` or ``(x, y, x_test, y_test)``.
    **values
        Its numbers and choices.

    Attributes
    ----------
    train, test : Batch or None

    Examples
    --------
    >>> class Mean(Problem):
    ...     def init(self, rng=0):
    ...         return np.zeros(())
    ...     def loss_and_gradient(self, params, batch=None):
    ...         _, y = batch or self.train
    ...         return float(np.mean((params - y) ** 2) / 2), np.mean(params - y)
    >>> import optlearn
    >>> problem = Mean((np.zeros((2, 1)), np.array([1.0, 2.0])))
    >>> optlearn.train(problem, "gradient_descent", epochs=100).params.round(3)
    np.float64(1.5)
    """

    data: Data
    kind: str | None = None  # "classes", "two classes" or "regression": what y has to be

    def __init__(self, data: DataLike, **values: Any) -> None:
        super().__init__(**values)
        if isinstance(data, str):
            data = load(data)
        elif isinstance(data, tuple):
            data = Data(*map(np.asarray, data))
        elif not isinstance(data, Data):
            raise InvalidArgument(f"data = {type(data).__name__} is not allowed; it must be Data, the name "
                                  "of a set or a tuple of arrays (x, y)")
        fits = {"classes": data.classes is not None, "two classes": data.classes == 2,
                "regression": data.classes is None, None: True}
        if not fits[self.kind]:
            has = f"{data.classes} classes" if data.classes else "no classes"
            floats = "" if data.classes or data.train.y.dtype.kind != "f" or (data.train.y % 1).any() else \
                "; y holds whole numbers as floats: y.astype(int) makes them classes"
            raise InvalidArgument(f"data {data.name!r} has {has}; {type(self).__name__} needs {self.kind}{floats}")
        self.__dict__["data"] = data

    @property
    def values(self) -> dict[str, Any]:
        """All arguments as a dictionary."""
        return {"data": self.data, **super().values}

    @property
    def train(self) -> Batch:
        """The training examples."""
        return self.data.train

    @property
    def test(self) -> Batch | None:
        """The test examples, or None."""
        return self.data.test

    @property
    def classes(self) -> int | None:
        """Number of classes, or None for a regression."""
        return self.data.classes

    def batch(self, indices: Sequence[int] | Array) -> Batch:
        """Some of the training examples."""
        return Batch(self.train.x[indices], self.train.y[indices])

    def init(self, rng: Rng = 0) -> Any:
        """Parameters to start from: a dict of arrays of the data's dtype.

        Parameters
        ----------
        rng : int, numpy.random.RandomState or numpy.random.Generator
        """
        raise TypeError(f"{type(self).__name__} has no method init(self, rng)")

    def loss_and_gradient(self, params: Any, batch: Examples | None = None) -> tuple[float, Any]:
        """Loss and gradient on a batch; without one, on all training examples."""
        raise TypeError(f"{type(self).__name__} has no method loss_and_gradient(self, params, batch)")

    def loss(self, params: Any, batch: Examples | None = None) -> float:
        """The loss on a batch; without one, on all training examples."""
        return self.loss_and_gradient(params, batch)[0]

    def gradient(self, params: Any, batch: Examples | None = None) -> Any:
        """The gradient, in the structure of the parameters."""
        return self.loss_and_gradient(params, batch)[1]

    def hessian_product(self, params: Any, v: Any, batch: Examples | None = None) -> Any:
        """The product of the Hessian at `params`, on a batch, with arrays `v` like the parameters.

        Here the central difference of two gradients, ``(gradient(params + h v) - gradient(params - h v)) / (2 h)``,
        with a relative error of about 1e-10 in float64 and 1e-4 in float32 where the gradient is smooth. Least squares,
        logistic and softmax regression have the exact product.
        """
        leaves = [np.asarray(w) for _, w in tree.flatten(params, "params")]
        along = [np.asarray(x) for _, x in tree.flatten(v, "v")]

        def gradient(arrays):
            return [g for _, g in tree.flatten(self.gradient(tree.unflatten(params, arrays), batch), "gradient")]

        return tree.unflatten(params, difference(gradient, leaves, along))

    def hessian_diagonal(self, params: Any, batch: Examples | None = None) -> Any:
        """The diagonal of the Hessian at `params`, on a batch, as arrays like the parameters.

        Here one product (`hessian_product`) for each single parameter: two gradients for each. Least squares, logistic
        and softmax regression have a formula.
        """
        leaves = [np.asarray(w) for _, w in tree.flatten(params, "params")]
        found = [np.empty_like(w) for w in leaves]
        for k, w in enumerate(leaves):
            for place in np.ndindex(w.shape):
                unit = [np.zeros_like(x) for x in leaves]
                unit[k][place] = 1
                product = tree.flatten(self.hessian_product(params, tree.unflatten(params, unit), batch), "product")
                found[k][place] = np.asarray(product[k][1])[place]
        return tree.unflatten(params, found)

    def predict(self, params: Any, x: Array) -> Array:
        """Predicted targets, or classes, for rows of `x`."""
        raise TypeError(f"{type(self).__name__} has no method predict(self, params, x)")

    def evaluate(self, params: Any, batch: Examples | None = None) -> float:
        """The loss of the finished model: that of `loss`, unless a layer works differently in training."""
        return self.loss(params, batch)

    def accuracy(self, params: Any, batch: Examples | None = None) -> float | None:
        """The part of the examples that is classified correctly; None for a regression."""
        if self.classes is None:
            return None
        x, y = batch or self.train
        return float(np.mean(self.predict(params, x) == y))

    def __repr__(self) -> str:
        inside = "".join(f", {name}={value!r}" for name, value in super().values.items())
        return f"{type(self).__name__}({self.data.name!r}{inside})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.data is other.data and super().values == \
            {name: other.__dict__[name] for name in other._declared}

    def __hash__(self) -> int:
        return hash((type(self), id(self.data), repr(self)))
