"""Initialisations: a weight matrix that maps fan_in inputs to fan_out outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from optlearn.typing import Floats


def uniform(rng: np.random.RandomState | np.random.Generator, fan_in: int, fan_out: int, scale: float = 1.0) -> Floats:
    """U(-scale, scale), whatever the size of the layer.

    Parameters
    ----------
    rng : numpy.random.RandomState or numpy.random.Generator
    fan_in, fan_out : int
        Rows and columns of the matrix, at least 1.
    scale : float
        Factor of all weights.

    Returns
    -------
    array (fan_in, fan_out)

    Examples
    --------
    >>> uniform(np.random.RandomState(0), 200, 100).std().round(2)
    np.float64(0.58)
    """
    return rng.uniform(-scale, scale, (fan_in, fan_out))


def normal(rng: np.random.RandomState | np.random.Generator, fan_in: int, fan_out: int, scale: float = 1.0) -> Floats:
    """N(0, scale^2), whatever the size of the layer.

    Parameters
    ----------
    rng : numpy.random.RandomState or numpy.random.Generator
    fan_in, fan_out : int
        Rows and columns of the matrix, at least 1.
    scale : float
        Factor of all weights.

    Returns
    -------
    array (fan_in, fan_out)

    Examples
    --------
    >>> normal(np.random.RandomState(0), 200, 100).std().round(2)
    np.float64(0.99)
    """
    return scale * rng.standard_normal((fan_in, fan_out))


def default(rng: np.random.RandomState | np.random.Generator, fan_in: int, fan_out: int, scale: float = 1.0) -> Floats:
    """U(-1, 1) / sqrt(fan_in), PyTorch's default for weights and biases: variance 1 / (3 fan_in).

    Parameters
    ----------
    rng : numpy.random.RandomState or numpy.random.Generator
    fan_in, fan_out : int
        Rows and columns of the matrix, at least 1.
    scale : float
        Factor of all weights.

    Returns
    -------
    array (fan_in, fan_out)

    Examples
    --------
    >>> default(np.random.RandomState(0), 200, 100).std().round(2)
    np.float64(0.04)
    """
    return uniform(rng, fan_in, fan_out, scale / np.sqrt(fan_in))


def xavier_uniform(rng: np.random.RandomState | np.random.Generator, fan_in: int, fan_out: int,
                   scale: float = 1.0) -> Floats:
    """Uniform with variance 2 / (fan_in + fan_out): on average signals keep their size both ways.

    Source: X. Glorot, Y. Bengio (2010), AISTATS.

    Parameters
    ----------
    rng : numpy.random.RandomState or numpy.random.Generator
    fan_in, fan_out : int
        Rows and columns of the matrix, at least 1.
    scale : float
        Factor of all weights.

    Returns
    -------
    array (fan_in, fan_out)

    Examples
    --------
    >>> xavier_uniform(np.random.RandomState(0), 200, 100).std().round(2)
    np.float64(0.08)
    """
    return uniform(rng, fan_in, fan_out, scale * np.sqrt(6 / (fan_in + fan_out)))


def xavier_normal(rng: np.random.RandomState | np.random.Generator, fan_in: int, fan_out: int,
                  scale: float = 1.0) -> Floats:
    """Normal with variance 2 / (fan_in + fan_out); see `xavier_uniform`.

    Parameters
    ----------
    rng : numpy.random.RandomState or numpy.random.Generator
    fan_in, fan_out : int
        Rows and columns of the matrix, at least 1.
    scale : float
        Factor of all weights.

    Returns
    -------
    array (fan_in, fan_out)

    Examples
    --------
    >>> xavier_normal(np.random.RandomState(0), 200, 100).std().round(2)
    np.float64(0.08)
    """
    return normal(rng, fan_in, fan_out, scale * np.sqrt(2 / (fan_in + fan_out)))


def he_uniform(rng: np.random.RandomState | np.random.Generator, fan_in: int, fan_out: int,
               scale: float = 1.0) -> Floats:
    """Uniform with variance 2 / fan_in, which makes up for the half of a signal that ReLU cuts off.

    Source: K. He and others (2015), arXiv:1502.01852.

    Parameters
    ----------
    rng : numpy.random.RandomState or numpy.random.Generator
    fan_in, fan_out : int
        Rows and columns of the matrix, at least 1.
    scale : float
        Factor of all weights.

    Returns
    -------
    array (fan_in, fan_out)

    Examples
    --------
    >>> he_uniform(np.random.RandomState(0), 200, 100).std().round(2)
    np.float64(0.1)
    """
    return uniform(rng, fan_in, fan_out, scale * np.sqrt(6 / fan_in))


def he_normal(rng: np.random.RandomState | np.random.Generator, fan_in: int, fan_out: int,
              scale: float = 1.0) -> Floats:
    """Normal with variance 2 / fan_in; see `he_uniform`.

    Parameters
    ----------
    rng : numpy.random.RandomState or numpy.random.Generator
    fan_in, fan_out : int
        Rows and columns of the matrix, at least 1.
    scale : float
        Factor of all weights.

    Returns
    -------
    array (fan_in, fan_out)

    Examples
    --------
    >>> he_normal(np.random.RandomState(0), 200, 100).std().round(2)
    np.float64(0.1)
    """
    return normal(rng, fan_in, fan_out, scale * np.sqrt(2 / fan_in))


INITIALISATIONS = {"uniform": uniform, "normal": normal, "default": default, "xavier_normal": xavier_normal,
                   "xavier_uniform": xavier_uniform, "he_normal": he_normal, "he_uniform": he_uniform}
