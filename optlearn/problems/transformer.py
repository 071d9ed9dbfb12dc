"""A small transformer on the characters of the book's own prose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn.declare import InvalidArgument, hyper, option
from optlearn.problems.base import Problem
from optlearn.problems.data import Data, generator
from optlearn.problems.linear import cross_entropy

if TYPE_CHECKING:
    from optlearn.typing import Array, DataLike, Examples, Rng

PROSE = Path(__file__).parent / "prose.txt"


def characters(text: str | None = None, length: int = 32, test: float = 0.1) -> Data:
    """Windows of a text: `length` characters each, and the character after them.

    Every character of the text is the one to predict just once: windows do not overlap, and the model predicts within
    a window too.

    Parameters
    ----------
    text : str, optional
        Default: a snapshot of this book's prose, in lower case, CC BY 4.0.
    length : int
        Characters of a window.
    test : float
        The last part of the text that is held out.

    Returns
    -------
    Data
        `x` holds the numbers of `length` characters in alphabetical order, `y` that of the next.

    Examples
    --------
    >>> data = characters("abracadabra", length=2, test=0.2)
    >>> data.train.x[0], data.train.y[0]               # a, b, and then r
    (array([0., 1.]), np.int64(4))
    """
    text = PROSE.read_text("ascii") if text is None else text
    if not (isinstance(test, (int, float)) and 0 < test < 1):
        raise InvalidArgument(f"test = {test!r} is not allowed; it must be a number with 0 < test < 1")
    alphabet, codes = np.unique(list(text), return_inverse=True)
    windows = (len(codes) - 1) // length
    kept = windows - max(1, round(test * windows))
    if kept < 1:
        raise InvalidArgument(f"text has {len(text)} characters; it must have at least {2 * length + 1}, for a window "
                              "to train on and one to test")
    x, y = codes[:windows * length].reshape(windows, length), codes[length::length][:windows]
    data = Data(x[:kept], y[:kept], x[kept:], y[kept:], "characters")
    data.classes = len(alphabet)
    return data


def _normalised(x):
    """Rows of mean 0 and variance 1, and one over their deviation."""
    centred = x - x.mean(axis=-1, keepdims=True)
    inverse = 1 / np.sqrt(np.mean(centred * centred, axis=-1, keepdims=True) + x.dtype.type(1e-5))
    return centred * inverse, inverse


def _normalised_back(dn, n, inverse):
    # Mean and deviation depend on all of a row: their part is taken off.
    return inverse * (dn - dn.mean(axis=-1, keepdims=True) - n * np.mean(dn * n, axis=-1, keepdims=True))


def _gelu(x):
    """About x times the normal distribution function, and its derivative; arXiv:1606.08415."""
    c = x.dtype.type(np.sqrt(2 / np.pi))
    square = x * x
    t = np.tanh(c * x * (1 + 0.044715 * square))
    return 0.5 * x * (1 + t), 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c * (1 + 0.134145 * square)


class Transformer(Problem):
    """A decoder of one or more layers that predicts the next character: causal attention and a network, normalised.

    ::

        h = E[x] + P
        in each layer:
            h = h + attention(norm(h)) @ O
            h = h + gelu(norm(h) @ U + c) @ D + d
        loss = mean of -log softmax(norm(h) @ V) at the next character, over all places

    Each `norm` subtracts mean and divides by deviation over a place, then multiplies by a gain and adds a shift.
    With ``tied=True`` V is the transpose of E. Without data it reads a snapshot of this book (see `characters`).

    Source: A. Vaswani and others (2017), arXiv:1706.03762; norms stand before each part as in R. Xiong and others
    (2020), arXiv:2002.04745.

    Parameters
    ----------
    data : Data, str or tuple of arrays, optional
        See `Problem`; default: `characters`.

    Examples
    --------
    >>> problem = Transformer(width=16)
    >>> params = problem.init(rng=0)
    >>> sum(array.size for array in params.values()), round(problem.loss(params, problem.batch([0, 1])), 1)
    (4944, 3.6)
    """

    kind = "classes"
    width = hyper(32, at_least=1, integer=True, symbol="d")
    heads = hyper(2, at_least=1, integer=True, symbol="H")
    layers = hyper(1, at_least=1, integer=True, symbol="L")
    tied = option(False)

    def __init__(self, data: DataLike | None = None, **values: Any) -> None:
        super().__init__(characters() if data is None else data, **values)
        if self.width % self.heads:
            raise InvalidArgument(f"width = {self.width!r} is not allowed; it must be a multiple of heads = "
                                  f"{self.heads}")
        for part in (self.train, self.test):
            if part and not (np.array_equal(part.x, np.floor(part.x)) and 0 <= part.x.min()
                             and part.x.max() < self.classes):
                raise InvalidArgument(f"data {self.data.name!r} does not hold tokens; x must hold whole numbers from 0 "
                                      f"to {self.classes - 1}, as `characters` gives them")

    def init(self, rng: Rng = 0) -> dict[str, Array]:
        rng, d, dtype = generator(rng), self.width, self.train.x.dtype

        def matrix(n, m, scale=1.0):
            return scale * rng.standard_normal((n, m)) / np.sqrt(n)

        # What is added to h starts smaller the more layers add to it.
        into = 1 / np.sqrt(2 * self.layers)
        params = {"E": 0.1 * rng.standard_normal((self.classes, d)),
                  "P": 0.1 * rng.standard_normal((self.data.features, d))}
        for k in range(1, self.layers + 1):
            params |= {f"gain{k}a": np.ones(d), f"shift{k}a": np.zeros(d), f"Q{k}": matrix(d, d), f"K{k}": matrix(d, d),
                       f"V{k}": matrix(d, d), f"O{k}": matrix(d, d, into),
                       f"gain{k}b": np.ones(d), f"shift{k}b": np.zeros(d), f"U{k}": matrix(d, 4 * d),
                       f"c{k}": np.zeros(4 * d), f"D{k}": matrix(4 * d, d, into), f"d{k}": np.zeros(d)}
        params |= {"gain": np.ones(d), "shift": np.zeros(d)}
        if not self.tied:
            params["V"] = 0.1 * matrix(d, self.classes)
        return {name: array.astype(dtype) for name, array in params.items()}

    def _split(self, x):
        """Heads apart: (examples, heads, places, width / heads)."""
        n, places, d = x.shape
        return x.reshape(n, places, self.heads, d // self.heads).transpose(0, 2, 1, 3)

    def _joined(self, x):
        n, _, places, _ = x.shape
        return x.transpose(0, 2, 1, 3).reshape(n, places, self.width)

    def _forward(self, p, tokens):
        """Values at the last norm, and what each layer keeps for the way back."""
        kept, places = [], tokens.shape[1]
        h = p["E"][tokens] + p["P"][:places]
        scale = h.dtype.type(1 / np.sqrt(self.width // self.heads))
        hidden = np.triu(np.full((places, places), -np.inf, h.dtype), 1)
        for k in range(1, self.layers + 1):
            n1, i1 = _normalised(h)
            a = n1 * p[f"gain{k}a"] + p[f"shift{k}a"]
            q, key, v = (self._split(a @ p[f"{name}{k}"]) for name in "QKV")
            s = scale * (q @ key.swapaxes(2, 3)) + hidden
            s = np.exp(s - s.max(axis=-1, keepdims=True))
            s /= s.sum(axis=-1, keepdims=True)
            mixed = self._joined(s @ v)
            h = h + mixed @ p[f"O{k}"]
            n2, i2 = _normalised(h)
            b = n2 * p[f"gain{k}b"] + p[f"shift{k}b"]
            u, slope = _gelu(b @ p[f"U{k}"] + p[f"c{k}"])
            h = h + u @ p[f"D{k}"] + p[f"d{k}"]
            kept.append((n1, i1, a, q, key, v, s, mixed, n2, i2, b, u, slope))
        n, i = _normalised(h)
        return n, i, n * p["gain"] + p["shift"], kept, scale

    def _head(self, p):
        return p["E"].T if self.tied else p["V"]

    def _targets(self, x, y):
        return np.column_stack([x[:, 1:], y]).astype(int)

    def predict(self, params: dict[str, Array], x: Array) -> Array:
        last = self._forward(params, x.astype(int))[2][:, -1]
        return np.argmax(last @ self._head(params), axis=1)

    def loss(self, params: dict[str, Array], batch: Examples | None = None) -> float:
        x, y = batch or self.train
        total = 0.0
        # In pieces: attention over all windows at once would not stay in any cache.
        for k in range(0, len(y), 64):
            f = self._forward(params, x[k:k + 64].astype(int))[2]
            targets = self._targets(x[k:k + 64], y[k:k + 64]).ravel()
            total += cross_entropy(f.reshape(-1, self.width) @ self._head(params), targets)[0] * len(targets)
        return float(total / (len(y) * x.shape[1]))

    def loss_and_gradient(self, params: dict[str, Array], batch: Examples | None = None) -> tuple[float,
                          dict[str, Array]]:
        x, y = batch or self.train
        p, tokens, d = params, x.astype(int), self.width
        n, i, f, kept, scale = self._forward(p, tokens)
        flat = f.reshape(-1, d)
        loss, dz = cross_entropy(flat @ self._head(p), self._targets(x, y).ravel())
        grads = {name: np.zeros_like(p[name]) for name in ("E", "P")}

        def product(name, left, back):
            """The gradient of a matrix, and the way back through it."""
            grads[name] = left.reshape(-1, left.shape[-1]).T @ back.reshape(-1, back.shape[-1])
            return back @ p[name].T

        def norm(name, back, n, inverse):
            grads[f"gain{name}"] = np.sum(back * n, axis=(0, 1))
            grads[f"shift{name}"] = np.sum(back, axis=(0, 1))
            return _normalised_back(back * p[f"gain{name}"], n, inverse)

        if self.tied:
            grads["E"] += dz.T @ flat
        else:
            grads["V"] = flat.T @ dz
        dh = norm("", (dz @ self._head(p).T).reshape(f.shape), n, i)
        for k in range(self.layers, 0, -1):
            n1, i1, a, q, key, v, s, mixed, n2, i2, b, u, slope = kept[k - 1]
            grads[f"d{k}"] = dh.sum(axis=(0, 1))
            du = product(f"D{k}", u, dh) * slope
            grads[f"c{k}"] = du.sum(axis=(0, 1))
            dh = dh + norm(f"{k}b", product(f"U{k}", b, du), n2, i2)
            dm = self._split(product(f"O{k}", mixed, dh))
            ds = dm @ v.swapaxes(2, 3)
            ds = scale * s * (ds - np.sum(ds * s, axis=-1, keepdims=True))
            back = {"Q": ds @ key, "K": ds.swapaxes(2, 3) @ q, "V": s.swapaxes(2, 3) @ dm}
            da = sum(product(f"{name}{k}", a, self._joined(g)) for name, g in back.items())
            dh = dh + norm(f"{k}a", da, n1, i1)
        np.add.at(grads["E"], tokens, dh)
        grads["P"][:tokens.shape[1]] = dh.sum(axis=0)
        return float(loss), {name: grads[name] for name in p}
