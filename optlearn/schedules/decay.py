"""Schedules that fall from a first value, at once, in stairs or along a curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optlearn.declare import hyper, option
from optlearn.schedules.base import Schedule, increasing

if TYPE_CHECKING:
    from collections.abc import Sequence


class Constant(Schedule):
    """Always the same value.

    Examples
    --------
    >>> Constant(start=0.5).series(3).tolist()
    [0.5, 0.5, 0.5]
    """

    start = hyper(0.1, at_least=0, symbol=r"\eta_0", alias="lr")
    points = (((), "start"),)

    def value(self, k):
        return self.start


class Exponential(Schedule):
    """Multiply by `gamma` every `every` steps: smoothly, or with ``staircase=True`` all at once.

    With ``every=steps_per_epoch`` the decay is `gamma` an epoch. MXNet.jl's ``Exp(eta0, gamma)`` decays every
    step; numpy-ml's scheduler has `every` under the name `stage_length`.

    Examples
    --------
    >>> Exponential(start=1.0, gamma=0.5).series(4).tolist()
    [1.0, 0.5, 0.25, 0.125]
    >>> Exponential(start=1.0, gamma=0.5, steps_per_epoch=2, staircase=True).series(4).tolist()
    [1.0, 1.0, 0.5, 0.5]
    """

    start = hyper(0.1, at_least=0, symbol=r"\eta_0", alias="lr")
    gamma = hyper(0.9, above=0, at_most=1, symbol=r"\gamma")
    every = hyper(1, at_least=1, integer=True, symbol="E", alias="steps_per_epoch")
    points = (((), "start"),)
    staircase = option(False)

    def value(self, k):
        return self.start * self.gamma ** (np.floor(k / self.every) if self.staircase else k / self.every)


class Halving(Schedule):
    """Half the value every `every` steps.

    Examples
    --------
    >>> Halving(start=0.8, every=2).series(5).tolist()
    [0.8, 0.8, 0.4, 0.4, 0.2]
    """

    start = hyper(0.1, at_least=0, symbol=r"\eta_0", alias="lr")
    every = hyper(10, at_least=1, integer=True, symbol="E", alias="steps_per_epoch")
    points = (((), "start"),)

    def value(self, k):
        return self.start * 0.5 ** np.floor(k / self.every)


class Step(Schedule):
    """Multiply by `gamma` every `every` steps, all at once.

    Examples
    --------
    >>> Step(start=1.0, gamma=0.5, every=2).series(5).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    start = hyper(0.1, at_least=0, symbol=r"\eta_0", alias="lr")
    gamma = hyper(0.1, above=0, at_most=1, symbol=r"\gamma")
    every = hyper(30, at_least=1, integer=True, symbol="E", alias="steps_per_epoch")
    points = (((), "start"),)

    def value(self, k):
        return self.start * self.gamma ** np.floor(k / self.every)


class MultiStep(Schedule):
    """Multiply by `gamma` at each of the step indices `milestones`.

    Parameters
    ----------
    milestones : sequence of int
        Step indices, increasing, at least 1.

    Examples
    --------
    >>> MultiStep(start=1.0, gamma=0.5, milestones=(2, 3)).series(5).tolist()
    [1.0, 1.0, 0.5, 0.25, 0.25]
    """

    start = hyper(0.1, at_least=0, symbol=r"\eta_0", alias="lr")
    gamma = hyper(0.1, above=0, at_most=1, symbol=r"\gamma")
    points = (((), "start"),)
    milestones: Sequence[int]
    parts = {"milestones": increasing("milestones", 1)}

    def value(self, k):
        passed = 0
        for count, milestone in enumerate(self.milestones, 1):
            passed = np.where(k >= milestone, count, passed)
        return self.start * self.gamma ** passed


class Inverse(Schedule):
    """``start * (1 + gamma * k) ** -p``: MXNet.jl's ``Inv(eta0, gamma, p)``; with p = 1, Robbins and Monro's.

    Source: H. Robbins, S. Monro (1951), Annals of Mathematical Statistics 22, 400-407.

    Examples
    --------
    >>> Inverse(start=1.0, gamma=1.0, p=1.0).series(4).round(3).tolist()
    [1.0, 0.5, 0.333, 0.25]
    """

    start = hyper(0.1, at_least=0, symbol=r"\eta_0", alias="lr")
    gamma = hyper(0.9, at_least=0, symbol=r"\gamma")
    p = hyper(0.5, at_least=0, symbol="p")
    points = (((), "start"),)

    def value(self, k):
        return self.start * (1 + self.gamma * k) ** -self.p


class InverseSquareRoot(Schedule):
    """``start / sqrt(1 + k / shift)``; with ``shift=1``, ``start / sqrt(t)`` in step t, as in regret bounds.

    Examples
    --------
    >>> InverseSquareRoot(start=1.0).series(4).round(3).tolist()
    [1.0, 0.707, 0.577, 0.5]
    """

    start = hyper(0.1, at_least=0, symbol=r"\eta_0", alias="lr")
    shift = hyper(1.0, above=0, symbol="s")
    points = (((), "start"),)

    def value(self, k):
        return self.start / np.sqrt(1 + k / self.shift)


class Polynomial(Schedule):
    """From `start` to `end` in `steps` steps along a power (1: a straight line); then it stays at `end`.

    Examples
    --------
    >>> Polynomial(start=1.0, steps=4).series(6).tolist()
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """

    start = hyper(0.1, at_least=0, symbol=r"\eta_0", alias="lr")
    end = hyper(0.0, at_least=0, symbol=r"\eta_{\mathrm{end}}")
    power = hyper(1.0, above=0, symbol="p")
    steps = hyper(100, at_least=1, integer=True, symbol="T")
    points = (((), "start"), (("steps",), "end"))

    def value(self, k):
        return self.end + (self.start - self.end) * (1 - np.minimum(k, self.steps) / self.steps) ** self.power


class Cosine(Schedule):
    """From `start` to `end` in `steps` steps along half a period of the cosine. Then it stays at `end`.

    Source: I. Loshchilov, F. Hutter (2017), arXiv:1608.03983, without restarts.

    Examples
    --------
    >>> Cosine(start=1.0, steps=4).series(5).round(3).tolist()
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    start = hyper(0.1, at_least=0, symbol=r"\eta_0", alias="lr")
    end = hyper(0.0, at_least=0, symbol=r"\eta_{\mathrm{end}}")
    steps = hyper(100, at_least=1, integer=True, symbol="T")
    points = (((), "start"), (("steps",), "end"))

    def value(self, k):
        turn = np.pi * np.minimum(k, self.steps) / self.steps
        return self.end + 0.5 * (self.start - self.end) * (1 + np.cos(turn))


class WarmupStableDecay(Schedule):
    """A straight rise for `warmup` steps to `peak`, `stable` steps there, then `decay` steps to `end`, where it stays.

    Step index k < warmup has ``peak * (k + 1) / warmup``, as `Warmup` has. The decay is a straight line, half a
    period of the cosine, or ``shape="sqrt"``: ``peak + (end - peak) * sqrt(u)``, u from 0 to 1, steep at first.

    Source: S. Hu and others (2024), arXiv:2404.06395; the decay with the root: A. Hägele and others (2024),
    arXiv:2405.18392.

    Examples
    --------
    >>> WarmupStableDecay(peak=1.0, warmup=2, stable=2, decay=4).series(10).tolist()
    [0.5, 1.0, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """

    peak = hyper(0.1, at_least=0, symbol=r"\eta_{\mathrm{peak}}")
    end = hyper(0.0, at_least=0, symbol=r"\eta_{\mathrm{end}}")
    warmup = hyper(10, at_least=1, integer=True, symbol="W")
    stable = hyper(60, at_least=0, integer=True, symbol="S")
    decay = hyper(30, at_least=1, integer=True, symbol="D")
    shape = option("linear", choices=("linear", "cosine", "sqrt"))

    symbols = {"part": "u_k"}
    points = ((("warmup",), "peak"), (("warmup", "stable"), "peak"), (("warmup", "stable", "decay"), "end"))

    def lines(self, k):
        part = np.minimum(np.maximum(k - self.warmup - self.stable, 0), self.decay) / self.decay
        done = {"linear": lambda: part, "cosine": lambda: 0.5 * (1 - np.cos(np.pi * part)),
                "sqrt": lambda: np.sqrt(part)}[self.shape]()
        after = self.peak + (self.end - self.peak) * done
        return {"part": part, "value": np.where(k < self.warmup, self.peak * (k + 1) / self.warmup, after)}


class Noam(Schedule):
    """The Transformer's schedule: a straight rise for `warmup` steps, then one over the root of the step.

    ``scale / sqrt(d_model) * min(1 / sqrt(t), t / warmup**1.5)`` with t = k + 1, so that the first step has a
    learning rate. The peak, in step t = `warmup`, is ``scale / sqrt(d_model * warmup)``.

    Source: A. Vaswani and others (2017), arXiv:1706.03762, section 5.3.

    Examples
    --------
    >>> f"{Noam(d_model=512, warmup=4000)(3999):.4g}"
    '0.0006988'
    """

    d_model = hyper(512, at_least=1, integer=True, symbol="d")
    warmup = hyper(4000, at_least=1, integer=True, symbol="W")
    scale = hyper(1.0, above=0, symbol="c")

    def value(self, k):
        t = k + 1
        return self.scale / np.sqrt(self.d_model) * np.minimum(1 / np.sqrt(t), t / self.warmup ** 1.5)
