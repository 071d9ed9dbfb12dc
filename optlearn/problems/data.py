"""Examples: their form, where they come from, and how they are split."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optlearn import optional, tree
from optlearn.declare import InvalidArgument, near

if TYPE_CHECKING:
    import numpy.typing as npt

    from optlearn.typing import ArrayLike, Rng


def generator(rng: Rng) -> np.random.RandomState | np.random.Generator:
    """A random generator: `rng` itself, or the ``RandomState`` of a seed, whose stream NumPy keeps fixed.

    Parameters
    ----------
    rng : int, numpy.random.RandomState or numpy.random.Generator
        A seed is a whole number with 0 <= rng < 2**32.

    Returns
    -------
    numpy.random.RandomState or numpy.random.Generator

    Examples
    --------
    >>> round(generator(0).uniform(), 4)
    0.5488
    """
    if isinstance(rng, (np.random.RandomState, np.random.Generator)):
        return rng
    if isinstance(rng, numbers.Integral) and not isinstance(rng, bool) and 0 <= rng < 2**32:
        return np.random.RandomState(int(rng))
    raise InvalidArgument(f"rng = {rng!r} is not allowed; it must be a seed (a whole number with 0 <= rng < "
                          "2**32), a numpy.random.RandomState or a numpy.random.Generator")


class Batch(NamedTuple):
    """Examples: a row of `x` and an entry of `y` for each."""

    x: np.ndarray
    y: np.ndarray


class Data:
    """Training and test examples.

    Parameters
    ----------
    x, y : array (n, d), (n,)
        Training examples. Whole numbers 0, 1, ... in `y`, or False and True, are classes; floats are targets of
        a regression.
    x_test, y_test : array, optional
        Test examples.
    name : str

    Attributes
    ----------
    train, test : Batch or None
    classes : int or None
        Number of classes.

    Examples
    --------
    >>> Data(np.zeros((4, 2)), [0, 1, 1, 0], name="four")
    Data(four: 4 training and 0 test examples, 2 features, 2 classes)
    """

    def __init__(self, x: ArrayLike, y: ArrayLike, x_test: ArrayLike | None = None, y_test: ArrayLike | None = None,
                 name: str = "data") -> None:
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
    def features(self) -> int:
        """Number of columns of `x`."""
        return self.train.x.shape[1]

    def __repr__(self) -> str:
        kind = f"{self.classes} classes" if self.classes else "regression"
        test = len(self.test.y) if self.test else 0
        return f"Data({self.name}: {len(self.train.y)} training and {test} test examples, " \
               f"{self.features} features, {kind})"


def _batch(x, y, x_name, y_name):
    x, y = np.array(x), np.array(y)
    if y.dtype.kind == "b":
        y = y.astype(int)
    if x.dtype.kind in "iu":
        x = x.astype(float)
    tree.computable(x, x_name)
    if x.ndim != 2 or len(x) == 0:
        raise InvalidArgument(f"{x_name} has shape {x.shape}; it must be (examples, features), not empty")
    if y.shape != x.shape[:1]:
        raise InvalidArgument(f"{y_name} has shape {y.shape}; it must be {x.shape[:1]}, an entry for each "
                              f"row of {x_name}")
    if y.dtype.kind not in "iuf":
        raise InvalidArgument(f"{y_name} contains {y.flat[0].item()!r}; classes must be whole numbers 0, 1, 2, ..., as "
                              f"numpy.unique({y_name}, return_inverse=True)[1] gives them")
    if not np.isfinite(x).all() or not np.isfinite(y).all():
        raise InvalidArgument(f"{x_name} and {y_name} must hold finite numbers")
    if y.dtype.kind in "iu" and y.min() < 0:
        raise InvalidArgument(f"{y_name} contains {y.min()}; classes must be 0, 1, 2, ...")
    y = y.astype(x.dtype) if y.dtype.kind == "f" else y
    x.setflags(write=False)
    y.setflags(write=False)
    return Batch(x, y)


def stratified(labels: ArrayLike, rng: np.random.RandomState | np.random.Generator) -> npt.NDArray[np.intp]:
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


def split(x: ArrayLike, y: ArrayLike, test: float = 0.25, seed: Rng = 0, normalise: bool = True,
          dtype: npt.DTypeLike = np.float64, name: str = "data") -> Data:
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

    Examples
    --------
    >>> split(np.arange(8.0)[:, None], np.arange(8) % 2)
    Data(data: 6 training and 2 test examples, 1 features, 2 classes)
    """
    if not (isinstance(test, numbers.Real) and 0 < test < 1):
        raise InvalidArgument(f"test = {test!r} is not allowed; it must be a number with 0 < test < 1")
    rng = generator(seed)
    x, y = np.asarray(x, np.float64), np.asarray(y)
    is_class = y.dtype.kind in "iub"
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


def load(name: str, test: float = 0.25, seed: Rng = 0, normalise: bool = True,
         dtype: npt.DTypeLike = np.float64) -> Data:
    """One of scikit-learn's bundled sets, split and normalised.

    Parameters
    ----------
    name : {"breast_cancer", "diabetes", "digits", "iris", "wine"}
        Two, none (a regression), ten, three and three classes.
    test : float
    seed : int
    normalise : bool
    dtype : dtype
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


def line(n: int = 100, noise: float = 0.1, seed: Rng = 0, slope: float = 2.0, intercept: float = 1.0) -> Data:
    """Points on y = slope x + intercept with normal noise, x uniform on [-1, 1].

    Parameters
    ----------
    n : int
        Points.
    noise : float
        Standard deviation of the noise.
    seed : int
    slope, intercept : float
        Of the line.

    Returns
    -------
    Data

    Examples
    --------
    >>> line(n=20)
    Data(line: 20 training and 0 test examples, 1 features, regression)
    """
    rng = generator(seed)
    x = rng.uniform(-1, 1, n)
    return Data(x[:, None], slope * x + intercept + noise * rng.standard_normal(n), name="line")


def sparse(n: int = 2000, features: int = 200, informative: int = 20, seed: Rng = 0, test: float = 0.25) -> Data:
    """Two classes told by few of many features, most of which are rare.

    Feature j is 1 with probability ``0.5 / (j + 1)``, at least 0.01, else 0, as words in texts are. The
    classes are drawn from a logistic model whose weights are zero for all but `informative` features.

    Parameters
    ----------
    n : int
        Examples in all.
    features, informative : int
    seed : int
    test : float
        Part that is held out.

    Returns
    -------
    Data

    Examples
    --------
    >>> sparse()
    Data(sparse: 1500 training and 500 test examples, 200 features, 2 classes)
    """
    rng = generator(seed)
    rate = np.maximum(0.5 / np.arange(1, features + 1), 0.01)
    x = (rng.uniform(size=(n, features)) < rate).astype(float)
    weights = np.zeros(features)
    weights[rng.permutation(features)[:informative]] = 4 * rng.standard_normal(informative)
    y = (rng.uniform(size=n) < sigmoid(x @ weights)).astype(int)
    return split(x, y, test, seed, normalise=False, name="sparse")


def sigmoid(z):
    # Both branches are computed from exp of a negative number, which cannot overflow.
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + small), small / (1 + small))
