"""Problems with data: least squares, logistic and softmax regression, a network with one hidden layer.

A problem has parameters, a loss and its gradient on a batch of examples::

    problem = Softmax("digits")
    params = problem.init(rng=0)                        # a dict of arrays
    problem.loss(params), problem.gradient(params)      # on all training examples
    problem.loss(params, problem.batch([0, 1, 2]))      # on some
    problem.accuracy(params, problem.test)

The data are scikit-learn's bundled sets, loaded where they are first used, or arrays of your own.
"""

import numbers
from typing import NamedTuple

import numpy as np

from optlearn import optional, surfaces, tree
from optlearn.declare import Declared, InvalidArgument, hyper, near, option

__all__ = ["INITIALISATIONS", "MLP", "Batch", "Data", "LeastSquares", "Logistic", "Problem", "Softmax",
           "SparseLogistic", "default", "generator", "he_normal", "he_uniform", "line", "load", "normal",
           "sparse", "split", "stratified", "uniform", "xavier_normal", "xavier_uniform"]


def generator(rng):
    """A random generator: `rng` itself, or the ``RandomState`` of a seed, whose stream NumPy keeps fixed."""
    if isinstance(rng, (np.random.RandomState, np.random.Generator)):
        return rng
    if isinstance(rng, numbers.Integral) and not isinstance(rng, bool) and 0 <= rng < 2**32:
        return np.random.RandomState(int(rng))
    raise InvalidArgument(f"rng = {rng!r} is not allowed; it must be a seed (a whole number with 0 <= rng < "
                          "2**32), a numpy.random.RandomState or a numpy.random.Generator")


# Data


class Batch(NamedTuple):
    """Examples: a row of `x` and an entry of `y` for each."""

    x: np.ndarray
    y: np.ndarray


class Data:
    """Training and test examples.

    Parameters
    ----------
    x, y : array (n, d), (n,)
        Training examples. Whole numbers 0, 1, ... in `y` are classes, floats are targets of a regression.
    x_test, y_test : array, optional
        Test examples.
    name : str

    Attributes
    ----------
    train, test : Batch or None
    classes : int or None
        Number of classes.
    """

    def __init__(self, x, y, x_test=None, y_test=None, name="data"):
        self.name = name
        self.train = _batch(x, y, "x", "y")
        self.test = None if x_test is None else _batch(x_test, y_test, "x_test", "y_test")
        if self.test and self.test.x.shape[1] != self.features:
            raise InvalidArgument(f"x_test has {self.test.x.shape[1]} features; it must have those of x, "
                                  f"{self.features}")
        is_class = self.train.y.dtype.kind in "iu"
        highest = max(batch.y.max() for batch in (self.train, self.test) if batch)
        self.classes = int(highest) + 1 if is_class else None

    @property
    def features(self):
        """Number of columns of `x`."""
        return self.train.x.shape[1]

    def __repr__(self):
        kind = f"{self.classes} classes" if self.classes else "regression"
        test = len(self.test.y) if self.test else 0
        return f"Data({self.name}: {len(self.train.y)} training and {test} test examples, " \
               f"{self.features} features, {kind})"


def _batch(x, y, x_name, y_name):
    x, y = np.array(x), np.array(y)
    if x.dtype.kind in "iu":
        x = x.astype(float)
    tree.computable(x, x_name)
    if x.ndim != 2 or len(x) == 0:
        raise InvalidArgument(f"{x_name} has shape {x.shape}; it must be (examples, features), not empty")
    if y.shape != x.shape[:1]:
        raise InvalidArgument(f"{y_name} has shape {y.shape}; it must be {x.shape[:1]}, an entry for each "
                              f"row of {x_name}")
    if not np.isfinite(x).all() or not (y.dtype.kind in "iuf" and np.isfinite(y).all()):
        raise InvalidArgument(f"{x_name} and {y_name} must hold finite numbers")
    if y.dtype.kind in "iu" and y.min() < 0:
        raise InvalidArgument(f"{y_name} contains {y.min()}; classes must be 0, 1, 2, ...")
    y = y.astype(x.dtype) if y.dtype.kind == "f" else y
    x.setflags(write=False)
    y.setflags(write=False)
    return Batch(x, y)


def stratified(labels, rng):
    """A random order of examples in which every stretch has nearly the class proportions of the whole.

    Each class is shuffled and spread evenly over the unit interval; the order is that of the positions.

    Parameters
    ----------
    labels : array (n,) of int
    rng : numpy.random.RandomState or numpy.random.Generator

    Returns
    -------
    array (n,) of int

    Examples
    --------
    >>> labels = np.array([0] * 6 + [1] * 2)
    >>> order = stratified(labels, np.random.RandomState(0))
    >>> labels[order].reshape(2, 4).mean(axis=1)
    array([0.25, 0.25])
    """
    labels = np.asarray(labels)
    position = np.empty(len(labels))
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        position[members] = (np.arange(len(members)) + 0.5) / len(members)
    shuffled = rng.permutation(len(labels))  # equal positions fall in random order
    return shuffled[np.argsort(position[shuffled], kind="stable")]


def split(x, y, test=0.25, seed=0, normalise=True, dtype=np.float64, name="data"):
    """Split examples into a training and a test set, and normalise them by the training set.

    Parameters
    ----------
    x, y : array
    test : float
        Part of the examples that is held out; classes keep their proportions.
    seed : int
    normalise : bool
        Whether each column of `x`, and the target of a regression, is brought to mean 0 and standard
        deviation 1 over the training set. A constant column becomes 0.
    dtype : dtype
        float32 or float64.
    name : str

    Returns
    -------
    Data
    """
    if not (isinstance(test, numbers.Real) and 0 < test < 1):
        raise InvalidArgument(f"test = {test!r} is not allowed; it must be a number with 0 < test < 1")
    rng = generator(seed)
    x, y = np.asarray(x, np.float64), np.asarray(y)
    is_class = y.dtype.kind in "iu"
    order = stratified(y, rng) if is_class else rng.permutation(len(y))
    held, kept = np.split(order, [round(test * len(y))])
    if normalise:
        x = _standard(x, kept)
        y = y if is_class else _standard(y[:, None].astype(float), kept)[:, 0]
    x = x.astype(dtype)
    return Data(x[kept], y[kept], x[held], y[held], name)


def _standard(x, training):
    mean, deviation = x[training].mean(axis=0), x[training].std(axis=0)
    return (x - mean) / np.where(deviation > 0, deviation, 1.0)


SETS = ("breast_cancer", "diabetes", "digits", "iris", "wine")


def load(name, test=0.25, seed=0, normalise=True, dtype=np.float64):
    """One of scikit-learn's bundled sets, split and normalised.

    Parameters
    ----------
    name : {"breast_cancer", "diabetes", "digits", "iris", "wine"}
        Two, none (a regression), ten, three and three classes.
    test, seed, normalise, dtype
        See `split`.

    Returns
    -------
    Data

    Examples
    --------
    >>> load("digits")
    Data(digits: 1348 training and 449 test examples, 64 features, 10 classes)
    """
    if name not in SETS:
        raise InvalidArgument(f"name = {name!r} is not allowed{near(name, SETS)}")
    datasets = optional.load("sklearn.datasets", "the data sets", "scikit-learn")
    # scikit-learn scales diabetes by itself; the raw columns leave that to `normalise`.
    more = {"scaled": False} if name == "diabetes" else {}
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True, **more)
    return split(x, y, test, seed, normalise, dtype, name)


def line(n=100, noise=0.1, seed=0, slope=2.0, intercept=1.0):
    """Points on y = slope x + intercept with normal noise, x uniform on [-1, 1]."""
    rng = generator(seed)
    x = rng.uniform(-1, 1, n)
    return Data(x[:, None], slope * x + intercept + noise * rng.standard_normal(n), name="line")


def sparse(n=2000, features=200, informative=20, seed=0, test=0.25):
    """Two classes told by few of many features, most of which are rare.

    Feature j is 1 with probability ``0.5 / (j + 1)``, at least 0.01, else 0, as words in texts are. The
    classes are drawn from a logistic model whose weights are zero for all but `informative` features.

    Returns
    -------
    Data
    """
    rng = generator(seed)
    rate = np.maximum(0.5 / np.arange(1, features + 1), 0.01)
    x = (rng.uniform(size=(n, features)) < rate).astype(float)
    weights = np.zeros(features)
    weights[rng.permutation(features)[:informative]] = 4 * rng.standard_normal(informative)
    y = (rng.uniform(size=n) < _sigmoid(x @ weights)).astype(int)
    return split(x, y, test, seed, normalise=False, name="sparse")


# Initialisations: a weight matrix that maps fan_in inputs to fan_out outputs


def uniform(rng, fan_in, fan_out, scale=1.0):
    """U(-scale, scale), whatever the size of the layer."""
    return rng.uniform(-scale, scale, (fan_in, fan_out))


def normal(rng, fan_in, fan_out, scale=1.0):
    """N(0, scale^2), whatever the size of the layer."""
    return scale * rng.standard_normal((fan_in, fan_out))


def default(rng, fan_in, fan_out, scale=1.0):
    """U(-1, 1) / sqrt(fan_in), PyTorch's default for weights and biases: variance 1 / (3 fan_in)."""
    return uniform(rng, fan_in, fan_out, scale / np.sqrt(fan_in))


def xavier_uniform(rng, fan_in, fan_out, scale=1.0):
    """Uniform with variance 2 / (fan_in + fan_out): on average signals keep their size both ways.

    Source: X. Glorot, Y. Bengio (2010), AISTATS.
    """
    return uniform(rng, fan_in, fan_out, scale * np.sqrt(6 / (fan_in + fan_out)))


def xavier_normal(rng, fan_in, fan_out, scale=1.0):
    """Normal with variance 2 / (fan_in + fan_out); see `xavier_uniform`."""
    return normal(rng, fan_in, fan_out, scale * np.sqrt(2 / (fan_in + fan_out)))


def he_uniform(rng, fan_in, fan_out, scale=1.0):
    """Uniform with variance 2 / fan_in, which makes up for the half of a signal that ReLU cuts off.

    Source: K. He and others (2015), arXiv:1502.01852.
    """
    return uniform(rng, fan_in, fan_out, scale * np.sqrt(6 / fan_in))


def he_normal(rng, fan_in, fan_out, scale=1.0):
    """Normal with variance 2 / fan_in; see `he_uniform`."""
    return normal(rng, fan_in, fan_out, scale * np.sqrt(2 / fan_in))


INITIALISATIONS = {"uniform": uniform, "normal": normal, "default": default, "xavier_normal": xavier_normal,
                   "xavier_uniform": xavier_uniform, "he_normal": he_normal, "he_uniform": he_uniform}


# Problems


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
            raise InvalidArgument(f"data {data.name!r} has {has}; {type(self).__name__} needs {self.kind}")
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


class LeastSquares(Problem):
    """Linear regression: half the mean squared error, ``mean((x @ w + b - y)**2) / 2 + l2 / 2 * |w|^2``.

    Without data it is the fit of a line to 100 points of y = 2 x + 1 with noise of 0.1; parameters start at
    0.

    Examples
    --------
    >>> problem = LeastSquares()
    >>> best = problem.solution()
    >>> best["w"].round(2), best["b"].round(2)
    (array([2.]), np.float64(1.02))
    """

    kind = "regression"
    l2 = hyper(0.0, at_least=0, symbol=r"\lambda")

    def __init__(self, data=None, **values):
        super().__init__(line() if data is None else data, **values)

    def init(self, rng=0):
        generator(rng)
        dtype = self.train.x.dtype
        return {"w": np.zeros(self.data.features, dtype), "b": np.zeros((), dtype)}

    def predict(self, params, x):
        return x @ params["w"] + params["b"]

    def loss_and_gradient(self, params, batch=None):
        x, y = batch or self.train
        error = self.predict(params, x) - y
        loss = 0.5 * np.mean(error**2) + 0.5 * self.l2 * np.sum(params["w"] ** 2)
        return float(loss), {"w": x.T @ error / len(y) + self.l2 * params["w"], "b": np.mean(error)}

    def hessian(self):
        """The matrix of second derivatives, in the order w, b; its eigenvalues bound the learning rate."""
        x = np.column_stack([self.train.x, np.ones(len(self.train.y))])
        return x.T @ x / len(x) + self.l2 * np.diag([1.0] * self.data.features + [0.0])

    def solution(self):
        """The parameters of the smallest loss."""
        x = np.column_stack([self.train.x, np.ones(len(self.train.y))])
        best = np.linalg.lstsq(self.hessian(), x.T @ self.train.y / len(x), rcond=None)[0]
        best = best.astype(self.train.x.dtype)
        return {"w": best[:-1], "b": best[-1]}

    def surface(self):
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


def _sigmoid(z):
    # Both branches are computed from exp of a negative number, which cannot overflow.
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + small), small / (1 + small))


class Logistic(Problem):
    """Logistic regression for two classes: ``mean(log(1 + exp(-s z))) + l2 / 2 |w|^2``, s = 2 y - 1.

    Here ``z = x @ w + b``.

    Examples
    --------
    >>> problem = Logistic("breast_cancer")
    >>> round(problem.loss(problem.init()), 4)          # log 2: every class has probability 1/2
    0.6931
    """

    kind = "two classes"
    l2 = hyper(0.0, at_least=0, symbol=r"\lambda")

    def init(self, rng=0):
        generator(rng)
        dtype = self.train.x.dtype
        return {"w": np.zeros(self.data.features, dtype), "b": np.zeros((), dtype)}

    def predict(self, params, x):
        return (x @ params["w"] + params["b"] > 0).astype(int)

    def loss_and_gradient(self, params, batch=None):
        x, y = batch or self.train
        z = x @ params["w"] + params["b"]
        loss = np.mean(np.logaddexp(0, np.where(y == 1, -z, z))) + 0.5 * self.l2 * np.sum(params["w"] ** 2)
        error = (_sigmoid(z) - y).astype(x.dtype)
        return float(loss), {"w": x.T @ error / len(y) + self.l2 * params["w"], "b": np.mean(error)}


class SparseLogistic(Logistic):
    """Logistic regression on mostly rare features, the case for AdaGrad and FTRL; see `sparse`."""

    def __init__(self, data=None, **values):
        super().__init__(sparse() if data is None else data, **values)


def _cross_entropy(z, y):
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

    Examples
    --------
    >>> problem = Softmax("digits")
    >>> round(problem.loss(problem.init()), 4)          # log 10
    2.3026
    """

    kind = "classes"
    l2 = hyper(0.0, at_least=0, symbol=r"\lambda")

    def init(self, rng=0):
        generator(rng)
        dtype = self.train.x.dtype
        return {"W": np.zeros((self.data.features, self.classes), dtype), "b": np.zeros(self.classes, dtype)}

    def predict(self, params, x):
        return np.argmax(x @ params["W"] + params["b"], axis=1)

    def loss_and_gradient(self, params, batch=None):
        x, y = batch or self.train
        loss, dz = _cross_entropy(x @ params["W"] + params["b"], y)
        return (float(loss + 0.5 * self.l2 * np.sum(params["W"] ** 2)),
                {"W": x.T @ dz + self.l2 * params["W"], "b": dz.sum(axis=0)})


class MLP(Problem):
    """A network with one hidden layer for classes: ``softmax(act(x @ W1 + b1) @ W2 + b2)``.

    With ``batch_norm=True`` the input of the activation is normalised over the batch, then scaled by `gamma`
    and shifted by `beta`, which makes `b1` superfluous. `evaluate`, `predict` and `accuracy` normalise by
    mean and variance over the whole training set, as the paper does for inference (frameworks use running
    averages).

    `initialisation` draws the weights (see `INITIALISATIONS`); biases start at 0, with ``"default"`` they are
    drawn too.

    Source of batch normalisation: S. Ioffe, C. Szegedy (2015), arXiv:1502.03167.

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

    def init(self, rng=0):
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

    def predict(self, params, x):
        return np.argmax(self._logits(params, x), axis=1)

    def evaluate(self, params, batch=None):
        x, y = batch or self.train
        return float(_cross_entropy(self._logits(params, x), y)[0] + self._penalty(params))

    def loss_and_gradient(self, params, batch=None):
        x, y = batch or self.train
        a, normalised, inverse = self._hidden(params, x)
        loss, dz = _cross_entropy(a @ params["W2"] + params["b2"], y)
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
