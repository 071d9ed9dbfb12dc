"""Adafactor."""

from __future__ import annotations

from typing import Any

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper, option

__all__ = ["Adafactor"]


class Adafactor(Optimizer):
    """Adafactor: RMSProp that keeps only the means of a matrix's rows and columns, and scales its steps.

    ::

        c = t**-decay_power
        R = (1 - c) * R + c * mean of each row of g**2;  C likewise for each column
        u = g / sqrt(R * C / mean(R));  u = u / max(1, rms(u) / clip_threshold)
        w = w - max(eps2, rms(w)) * min(lr, 1 / sqrt(t)) * u

    For vectors one array ``(1 - c) * V + c * g**2`` stands in place of the outer product. `eps1` is a floor
    for the divisor (left out: the machine epsilon of the dtype). Matrices with a side below `min_dim` count
    as vectors. Of more than two axes, rows and columns are the last two (Optax: the longest two). rms is the
    root of the mean square; `weight_decay` shrinks w by ``1 - lr * weight_decay``.

    Source: N. Shazeer, M. Stern (2018), arXiv:1804.04235. Convention: ``form="torch"`` is PyTorch's. Keras
    and Optax add eps1 = 1e-30 to ``g**2`` instead; Optax takes lr for ``min(lr, 1 / sqrt(t))``, and a
    `min_dim` of 128.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = Adafactor(), np.ones((3, 4))
    >>> state = rule.init(w)
    >>> state["R"].shape, state["C"].shape
    ((3, 1), (1, 4))
    """

    lr = hyper(0.01, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    decay_power = hyper(0.8, at_least=0, symbol=r"\tau", low=0, high=1)
    eps1 = hyper(None, above=0, symbol=r"\epsilon_1", low=1e-30, high=1e-3)
    eps2 = hyper(1e-3, at_least=0, symbol=r"\epsilon_2", low=1e-6, high=1.0)
    clip_threshold = hyper(1.0, above=0, symbol=r"\delta", low=0.1, high=10)
    weight_decay = hyper(None, at_least=0, symbol=r"\lambda", low=1e-4, high=1.0)
    min_dim = hyper(2, at_least=1, integer=True, symbol="n", high=128)
    form = option("torch", choices=("torch", "keras", "optax"))
    scale_free = {}
    symbols = {"scale": "s"}
    slots = ("R", "C")
    takes_matrices = True

    def start(self, w):
        axes = self.axes(w)
        if axes is None:
            return {"R": 0 * w, "C": 1.0}
        return {"R": 0 * np.max(w, axis=axes[1], keepdims=True), "C": 0 * np.max(w, axis=axes[0], keepdims=True)}

    def axes(self, w: Any) -> Any:
        """The two axes, rows and columns, over which means are kept; None for an array that is kept whole."""
        if w.ndim < 2:
            return None
        longest = np.argsort(w.shape, kind="stable")[-2:].tolist()
        rows, columns = longest if self.form == "optax" else (w.ndim - 2, w.ndim - 1)
        return (rows, columns) if min(w.shape[rows], w.shape[columns]) >= self.min_dim else None

    def update(self, w, g, s, t):
        c = t**-self.decay_power
        square, axes, named = g**2, self.axes(w), {}
        if self.form != "torch":
            square = square + (1e-30 if self.eps1 is None else self.eps1)
        if axes:
            rows, columns = axes
            R = (1 - c) * s.R + c * np.mean(square, axis=columns, keepdims=True)
            C = (1 - c) * s.C + c * np.mean(square, axis=rows, keepdims=True)
            V = named["V"] = R * C / self.floored(np.mean(R, axis=rows, keepdims=True), w)
        else:
            R, C = (1 - c) * s.R + c * square, s.C
            V = R
        u = g / self.floored(np.sqrt(V), w)
        r = rms(u)
        u_hat = u / np.maximum(1.0, r / self.clip_threshold)
        length = rms(w)
        if self.weight_decay is not None:
            w = (1 - self.lr * self.weight_decay) * w
            length = rms(w) if self.form == "keras" else length
        # The length has the dtype of w, and hands it on; two numbers of Python would make a float64.
        scale = np.maximum(self.eps2, length)
        alpha = self.lr * scale if self.form == "optax" else np.minimum(self.lr * scale, scale / t**0.5)
        return Update(w - alpha * u_hat, c=c, R=R, C=C, u=u, r=r, u_hat=u_hat, scale=scale, alpha=alpha, **named)

    def floored(self, x: Any, w: Any) -> Any:
        """A divisor that is kept away from zero; where eps1 is added to the squares, it is so already."""
        if self.form != "torch":
            return x
        return np.maximum(x, np.finfo(w.dtype).eps if self.eps1 is None else self.eps1)


def rms(x):
    """Root of the mean square of an array; 0 of an empty one."""
    return np.linalg.norm(x) / max(x.size, 1) ** 0.5
