"""Muon."""

import numpy as np

from optlearn.matrices import repeat, sides
from optlearn.optimizer import Optimizer, Update, hyper, norm, option

__all__ = ["Muon"]

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class Muon(Optimizer):
    """Muon: momentum whose matrix gets singular values near 1 and keeps its singular vectors.

    ::

        b = momentum * b + (1 - momentum) * g
        u = (1 - momentum) * g + momentum * b                      # Nesterov
        step = orthogonalized(u)                                   # Newton-Schulz, ns_steps times
        w = (1 - lr * weight_decay) * w - lr * sqrt(max(1, rows / columns)) * step

    With ``nesterov=False`` u is b. With ``form="optax"`` the two parts of u are divided by ``1 - momentum**t``
    and ``1 - momentum**(t + 1)``, and the factor has columns / rows; with ``form="keras"`` b is a sum. With
    `rms` (in Keras 0.2 if it is not given) the factor is ``rms * sqrt(max(rows, columns))``: about the root
    mean square of the step's entries, as Adam's is about 0.2. A vector counts as a matrix of one column: its
    direction. Singular values do not go to 1 but to a band around it, about 0.7 to 1.1; those that are tiny beside
    the norm have not got there in five steps.

    Source: K. Jordan (2024), https://kellerjordan.github.io/posts/muon/. Convention: PyTorch's, which
    computes the Newton-Schulz steps in bfloat16; ours are in the dtype of w.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.RandomState(0).standard_normal((32, 64))
    >>> values = np.linalg.svd(orthogonalized(X), compute_uv=False)
    >>> bool(values.min() > 0.5), bool(values.max() < 1.2)
    (True, True)
    """

    lr = hyper(1e-3, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    momentum = hyper(0.95, at_least=0, below=1, symbol=r"\beta")
    weight_decay = hyper(0.1, at_least=0, symbol=r"\lambda", low=1e-4, high=1.0)
    ns_steps = hyper(5, at_least=1, at_most=100, integer=True, symbol="K", high=10)
    rms = hyper(None, above=0, symbol=r"\rho", low=0.01, high=1.0, alias="consistent_rms")
    nesterov = option(True)
    form = option("torch", choices=("torch", "keras", "optax"))
    scale_free = {}
    slots = ("b",)
    symbols = {"step": "O"}
    takes_matrices = True

    def update(self, w, g, s, t):
        beta = self.momentum
        rows, cols = sides(w)
        b = beta * s.b + g if self.form == "keras" else beta * s.b + (1 - beta) * g
        rms = 0.2 if self.form == "keras" and self.rms is None else self.rms
        if self.form == "keras":
            u = g + beta * b if self.nesterov else b
        elif self.form == "optax":
            u = (beta * b / (1 - beta ** (t + 1)) + (1 - beta) * g / (1 - beta**t) if self.nesterov
                 else b / (1 - beta**t))
        else:
            u = (1 - beta) * g + beta * b if self.nesterov else b
        if rms is not None:
            factor = rms * np.maximum(rows, cols) ** 0.5
        elif self.form == "optax":
            factor = np.maximum(1, cols / max(rows, 1)) ** 0.5
        else:
            factor = np.maximum(1, rows / max(cols, 1)) ** 0.5
        step = orthogonalized(u.reshape(rows, cols), self.ns_steps, self.form).reshape(w.shape)
        return Update((1 - self.lr * self.weight_decay) * w - self.lr * factor * step, b=b, u=u, step=step)


def orthogonalized(X, steps=5, form="torch"):
    """A matrix of the same singular vectors with singular values near 1, by Newton-Schulz steps."""
    if X.shape[0] > X.shape[1]:
        return orthogonalized(X.T, steps, form).T
    size = norm(X)
    X = X / {"torch": np.maximum(size, 1e-7), "keras": size + 1e-7, "optax": size + 1e-8}[form]
    a, b, c = COEFFICIENTS

    def newton_schulz(X):
        A = X @ X.T
        return Update(a * X + (b * A + c * A @ A) @ X, A=A)

    return repeat(newton_schulz, X, steps)
