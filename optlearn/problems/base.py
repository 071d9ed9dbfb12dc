"""The contract of a problem."""

import numpy as np

from optlearn.declare import Declared, InvalidArgument
from optlearn.problems.data import Batch, Data, load


class Problem(Declared):
    """A loss over examples, to be minimised in parameters.

    A subclass writes `init`, `loss_and_gradient` and `predict`.

    Parameters
    ----------
    data : Data, str or tuple of arrays
        The examples, the name of a set (see `load`), or ``(x, y)`` or ``(x, y, x_test, y_test)``.
    **values
        Its numbers and choices.

    Attributes
    ----------
    train, test : Batch or None
    """

    kind = None  # "classes", "two classes" or "regression": what y has to be

    def __init__(self, data, **values):
        super().__init__(**values)
        if isinstance(data, str):
            data = load(data)
        elif isinstance(data, tuple):
            data = Data(*data)
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
    def values(self):
        """All arguments as a dictionary."""
        return {"data": self.data, **super().values}

    @property
    def train(self):
        """The training examples."""
        return self.data.train

    @property
    def test(self):
        """The test examples, or None."""
        return self.data.test

    @property
    def classes(self):
        """Number of classes, or None for a regression."""
        return self.data.classes

    def batch(self, indices):
        """Some of the training examples."""
        return Batch(self.train.x[indices], self.train.y[indices])

    def init(self, rng=0):
        """Parameters to start from: a dict of arrays of the data's dtype.

        Parameters
        ----------
        rng : int, numpy.random.RandomState or numpy.random.Generator
        """
        raise TypeError(f"{type(self).__name__} has no method init(self, rng)")

    def loss_and_gradient(self, params, batch=None):
        """Loss and gradient on a batch; without one, on all training examples."""
        raise TypeError(f"{type(self).__name__} has no method loss_and_gradient(self, params, batch)")

    def loss(self, params, batch=None):
        """The loss on a batch; without one, on all training examples."""
        return self.loss_and_gradient(params, batch)[0]

    def gradient(self, params, batch=None):
        """The gradient, in the structure of the parameters."""
        return self.loss_and_gradient(params, batch)[1]

    def predict(self, params, x):
        """Predicted targets, or classes, for rows of `x`."""
        raise TypeError(f"{type(self).__name__} has no method predict(self, params, x)")

    def evaluate(self, params, batch=None):
        """The loss of the finished model: that of `loss`, unless a layer works differently in training."""
        return self.loss(params, batch)

    def accuracy(self, params, batch=None):
        """The part of the examples that is classified correctly; None for a regression."""
        if self.classes is None:
            return None
        x, y = batch or self.train
        return float(np.mean(self.predict(params, x) == y))

    def __repr__(self):
        inside = "".join(f", {name}={value!r}" for name, value in super().values.items())
        return f"{type(self).__name__}({self.data.name!r}{inside})"

    def __eq__(self, other):
        return type(self) is type(other) and self.data is other.data and super().values == \
            {name: other.__dict__[name] for name in other._declared}

    def __hash__(self):
        return hash((type(self), id(self.data), repr(self)))
