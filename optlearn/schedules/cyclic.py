"""Schedules that rise and fall: restarts, triangles, one cycle."""

import numpy as np

from optlearn.declare import InvalidArgument, hyper, option
from optlearn.schedules.base import Schedule


class WarmRestarts(Schedule):
    """SGDR: cosine decay that starts again after `steps` steps, each `factor` times as long as the last.

    Source: I. Loshchilov, F. Hutter (2017), arXiv:1608.03983 (there eta_max, eta_min, T_0, T_mult).

    Examples
    --------
    >>> WarmRestarts(start=1.0, steps=2, factor=2).series(8).round(3).tolist()
    [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0, 0.962]
    """

    start = hyper(0.1, at_least=0, symbol=r"\eta_0", alias="lr")
    end = hyper(0.0, at_least=0, symbol=r"\eta_{\mathrm{end}}")
    steps = hyper(10, at_least=1, integer=True, symbol="T_0")
    factor = hyper(1, at_least=1, integer=True, symbol="c", high=4)
    symbols = {"cycle": "i", "length": "T_i", "part": "u_k"}

    def __init__(self, *given, **values):
        super().__init__(*given, **values)
        self.__dict__["grows"] = self.factor != 1

    def lines(self, k):
        if self.grows:
            # Cycle i begins at T0 (c^i - 1) / (c - 1), a whole number: half a step later the floor of the
            # logarithm cannot fall on the wrong side of it by rounding.
            longer = self.factor - 1
            cycle = np.floor(np.log(1 + longer * (k + 0.5) / self.steps) / np.log(self.factor))
            length = self.steps * self.factor ** cycle
            part = (k - (length - self.steps) / longer) / length
            named = {"cycle": cycle, "length": length, "part": part}
        else:
            part = (k % self.steps) / self.steps
            named = {"part": part}
        return {**named, "value": self.end + 0.5 * (self.start - self.end) * (1 + np.cos(np.pi * part))}


class Cyclical(Schedule):
    """Triangular cycles between `low` and `high`: `half` steps up, `half` steps down.

    ``variant="triangular2"`` halves the height of the triangle after every cycle, ``"exp_range"`` multiplies
    it by `gamma` every step.

    Source: L. N. Smith (2017), arXiv:1506.01186.

    Examples
    --------
    >>> Cyclical(low=0.0, high=1.0, half=2, variant="triangular2").series(8).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.25, 0.5, 0.25]
    """

    low = hyper(0.01, at_least=0, symbol=r"\eta_{\mathrm{low}}")
    high = hyper(0.1, at_least=0, symbol=r"\eta_{\mathrm{high}}")
    half = hyper(50, at_least=1, integer=True, symbol="H")
    gamma = hyper(0.999, above=0, at_most=1, symbol=r"\gamma")
    variant = option("triangular", choices=("triangular", "triangular2", "exp_range"))

    symbols = {"cycle": "i", "part": "u_k"}

    def lines(self, k):
        cycle = np.floor(k / (2 * self.half))
        part = 1 - np.abs(k / self.half - 2 * cycle - 1)
        height = self.high - self.low
        if self.variant == "triangular2":
            height = height * 0.5 ** cycle
        elif self.variant == "exp_range":
            height = height * self.gamma ** k
        return {"cycle": cycle, "part": part, "value": self.low + height * part}


class OneCycle(Schedule):
    """One cycle: from `start` up to `peak` in the part `rise` of all steps, then down to `end` in the last.

    Without `start` it is ``peak / 25``, without `end` it is ``start / 10_000``. For the momentum that mirrors
    the learning rate, put `peak` below `start`: ``OneCycle(start=0.95, peak=0.85, end=0.95, steps=steps)``.

    Source: L. N. Smith, N. Topin (2019), arXiv:1708.07120; there the legs are straight (``shape="linear"``).
    The indices at which the legs end, the divisors 25 and 10 000 and the cosine legs are PyTorch's.

    Examples
    --------
    >>> schedule = OneCycle(start=0.0, peak=1.0, end=0.0, steps=10, rise=0.5, shape="linear")
    >>> schedule.series(10).round(3).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0]
    """

    peak = hyper(0.1, at_least=0, symbol=r"\eta_{\mathrm{peak}}")
    start = hyper(None, at_least=0, symbol=r"\eta_0")
    end = hyper(None, at_least=0, symbol=r"\eta_{\mathrm{end}}")
    steps = hyper(100, at_least=2, integer=True, symbol="T")
    rise = hyper(0.3, above=0, below=1, symbol="r")
    shape = option("cosine", choices=("cosine", "linear"))

    symbols = {"top": r"k_{\mathrm{peak}}", "up": "u_k", "down": "d_k"}

    def __init__(self, *given, **values):
        super().__init__(*given, **values)
        if not self.rise * self.steps > 1:
            raise InvalidArgument(f"rise = {self.rise!r} is not allowed; it must be above 1 / {self.steps}, "
                                  "one over the number of steps")

    def lines(self, k):
        start = self.peak / 25 if self.start is None else self.start
        end = start / 1e4 if self.end is None else self.end
        top = self.rise * self.steps - 1
        up = k / top
        down = np.minimum((k - top) / (self.steps - 1 - top), 1)
        if self.shape == "cosine":
            up, down = (0.5 * (1 - np.cos(np.pi * x)) for x in (up, down))
        value = np.where(k < top, start + (self.peak - start) * up, self.peak + (end - self.peak) * down)
        return {"top": top, "up": up, "down": down, "value": value}
