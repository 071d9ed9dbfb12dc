"""Schedules: hyperparameters that change from step to step.

A schedule is a function of the step index k = 0, 1, 2, ...: the first step has index 0, step t has index t -
1. Any hyperparameter of any rule may be one, or any other function of the index::

    Adam(lr=Cosine(start=0.1, steps=1000))
    Momentum(lr=Warmup(Step(start=0.1, every=30).per_epoch(50), steps=100), momentum=SutskeverMomentum())
    GradientDescent(lr=lambda k: 0.5 / (k + 1))

Most are formulas in `k`, from which the equation and the page's JavaScript are made. `Plateau` and `King`
look at the loss; their state is plain data apart from the schedule, which `train` and `run` keep, feed and
save.
"""

import math
import numbers
import operator
import re
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from optlearn.declare import Declared, InvalidArgument, hyper, near, option

__all__ = ["Constant", "Cosine", "Cyclical", "Exponential", "FromTraining", "Halving", "Inverse",
           "InverseSquareRoot", "Join", "King", "MultiStep", "NadamMomentum", "Noam", "OneCycle", "PerEpoch",
           "Place", "Plateau", "Polynomial", "Scaled", "Schedule", "Step", "SutskeverMomentum",
           "WarmRestarts", "Warmup", "get", "names", "steps_without_decrease"]

_registry = {}


class Place(NamedTuple):
    """The place in a training; counts start at 0, `batch` within the epoch, `iteration` over all epochs."""

    batch_size: int
    epoch: int
    batch: int
    iteration: int


class Schedule(Declared):
    """A function of the step index 0, 1, 2, ...

    A subclass declares its numbers with `hyper` and writes one method, ``value(self, k)``, in NumPy. That
    registers it by name and gives it its equation, its plot and its form on a page. One that looks at the
    loss overrides `begin`, `feed` and `at` instead.

    Attributes
    ----------
    symbol : str
        LaTeX of what is scheduled, for the equation.
    parts : dict of str to function
        Arguments that are not numbers, each with the function that checks it.
    symbols : dict of str to str
        LaTeX of the quantities that `lines` names.

    Examples
    --------
    >>> class Sawtooth(Schedule):
    ...     high = hyper(1.0, above=0, symbol=r"\\eta_0")
    ...     period = hyper(4, at_least=1, integer=True, symbol="P")
    ...     def value(self, k):
    ...         return self.high * (1 - k % self.period / self.period)
    >>> Sawtooth().series(6).tolist()
    [1.0, 0.75, 0.5, 0.25, 1.0, 0.75]
    >>> Sawtooth().equation()
    '\\\\eta_k = \\\\eta_0 \\\\, \\\\left(1 - \\\\frac{k \\\\bmod P}{P}\\\\right)'
    """

    symbol = r"\eta"
    parts = {}
    symbols = {}

    def __init_subclass__(cls, **keywords):
        super().__init_subclass__(**keywords)
        cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
        _registry[cls.name] = cls

    def __init__(self, **values):
        missing = [name for name in self.parts if name not in values]
        if missing:
            raise InvalidArgument(f"{type(self).__name__} needs the argument {missing[0]!r}")
        parts = {name: check(values.pop(name)) for name, check in self.parts.items()}
        super().__init__(**values)
        for name, declaration in self.hypers().items():
            value = self.__dict__[name]
            if value is not None and not isinstance(value, numbers.Real):
                raise InvalidArgument(f"{name} = {value!r} is not allowed in a schedule; it must be "
                                      f"{declaration.range}")
        self.__dict__.update(parts)

    def value(self, k):
        """The value at index `k`, in traceable NumPy."""
        if type(self).lines is Schedule.lines:
            raise TypeError(f"{type(self).__name__} has no method value(self, k)")
        *_, last = self.lines(k).values()
        return last

    def lines(self, k):
        """The value with the quantities on the way to it, by name, for a formula too long for one line."""
        return {"value": self.value(k)}

    @property
    def values(self):
        """All arguments as a dictionary; ``get(schedule.name, **schedule.values)`` is the same schedule."""
        return {**{name: self.__dict__[name] for name in self.parts}, **super().values}

    # Numbers

    @property
    def driven(self):
        """Whether it looks at more than the step index, such as the loss, and has to be fed."""
        return any(part.driven for part in self._inner())

    def _inner(self):
        held = [self.__dict__[name] for name in self.parts]
        return [part for value in held for part in (value if isinstance(value, tuple) else (value,))
                if isinstance(part, Schedule)]

    def __call__(self, k):
        """The value at step index `k` as a Python float.

        A NumPy number would turn float32 parameters into float64.
        """
        k = _index(k)
        if self.driven:
            if k > 0:
                raise InvalidArgument(
                    f"{type(self).__name__} depends on more than the step index: train() feeds it the loss "
                    "and the place in the training; by hand: state = schedule.begin(), "
                    "state = schedule.feed(state, loss), schedule.at(state, k)")
            return self.at(self.begin(), 0)
        return float(self.value(k))

    def series(self, steps):
        """The values of the first `steps` steps as an array."""
        return np.array([self(k) for k in range(_index(steps, "steps"))])

    # What loss-driven schedules override

    def begin(self):
        """The state before the first step: plain data."""
        return {name: self.__dict__[name].begin() for name in self.parts
                if isinstance(self.__dict__[name], Schedule) and self.__dict__[name].driven}

    def feed(self, state, loss, kind="step"):
        """The state after the loss of a minibatch (``kind="step"``) or an epoch (``"train"``, ``"test"``)."""
        return {name: self.__dict__[name].feed(inner, loss, kind) for name, inner in state.items()}

    def at(self, state, k, place=None):
        """The value at index `k`, given the state, and the place in the training if there is one."""
        return self(k)

    @property
    def needs(self):
        """The kinds of loss that it looks at."""
        return {kind for part in self._inner() for kind in part.needs}

    # Composition

    def per_epoch(self, steps_per_epoch=None):
        """This schedule as a function of the epoch instead of the step; see `PerEpoch`."""
        return PerEpoch(self, steps_per_epoch=steps_per_epoch)

    def __mul__(self, factor):
        return Scaled(self, factor=factor)

    __rmul__ = __mul__

    # What a schedule shows of itself

    def graph(self):
        """The formula as a recorded expression, and the symbol of the step index in it."""
        from optlearn.symbolic.trace import NotTraceable, as_node, symbol

        if self.driven:
            raise NotTraceable(f"{type(self).__name__} cannot be traced: it depends on the loss or the place "
                               "in the training, not on the step index alone")
        k = symbol("k")
        return as_node(self.value(k)), k

    def equation(self, kind="latex"):
        """The formula, in LaTeX or MathML; composed schedules show their numbers, others their symbols."""
        from optlearn.symbolic.printing import Printer, mathml_row
        from optlearn.symbolic.trace import as_node, symbol

        if kind not in ("latex", "mathml"):
            raise InvalidArgument(f"kind = {kind!r} is not allowed; it must be 'latex' or 'mathml'")
        _, k = self.graph()
        schedule, tex = self, {}
        if not self._inner():
            shown = {name: d.symbol for name, d in self.hypers().items() if self.__dict__[name] is not None}
            schedule = self.bound({name: symbol(name) for name in shown})
            tex = {symbol(name): text for name, text in shown.items()}
        rows = []
        *steps, (_, value) = ((name, _tidy(as_node(node))) for name, node in schedule.lines(k).items())
        for name, node in [*steps, ("", value)]:
            left = self.symbols.get(name, name) if name else f"{self.symbol}_k"
            rows.append((left, Printer(tex).tex(node)))
            if name and node not in tex:
                tex[node] = left
        if kind == "mathml":
            rows = "".join(f"<mtr><mtd>{mathml_row(left)}</mtd><mtd>{mathml_row('= ' + right)}</mtd></mtr>"
                           for left, right in rows)
            return f'<math display="block"><mtable columnalign="right left">{rows}</mtable></math>'
        if len(rows) == 1:
            return " = ".join(rows[0])
        return "\\begin{aligned}\n" + " \\\\\n".join(f"{x} &= {y}" for x, y in rows) + "\n\\end{aligned}"

    def _repr_latex_(self):
        return None if self.driven else "$$" + self.equation() + "$$"

    def plot(self, steps, ax=None, label=None, **line):
        """Draw the first `steps` values.

        Parameters
        ----------
        steps : int
        ax : matplotlib.axes.Axes, optional
        label : str, optional
            Name in a legend; default: the name of the schedule.
        **line
            Passed to ``ax.plot``.

        Returns
        -------
        matplotlib.axes.Axes
        """
        import matplotlib.pyplot as plt

        values = self.series(steps)
        ax = ax or plt.gca()
        # A value holds for its whole step: a schedule is a staircase, not a curve.
        ax.step(np.arange(steps), values, where="post", label=label or type(self).__name__, **line)
        ax.set(xlabel="step index $k$", ylabel=f"${self.symbol}_k$")
        return ax


def _tidy(node):
    """The expression without zeros added and without factors and exponents of one, as one would write it."""
    from optlearn.symbolic.trace import apply, walk

    tidy = {}
    for n in walk([node]):
        args = [tidy[a] for a in n.args] if n.op not in ("symbol", "number") else []
        numbers = [a.args[0] if a.op == "number" else None for a in args]
        if n.op == "add" and 0 in numbers:
            tidy[n] = args[1 - numbers.index(0)]
        elif n.op == "mul" and 1 in numbers:
            tidy[n] = args[1 - numbers.index(1)]
        elif (n.op in ("div", "pow") and numbers[1] == 1) or (n.op == "sub" and numbers[1] == 0):
            tidy[n] = args[0]
        else:
            tidy[n] = apply(n.op, *args) if args else n
    return tidy[node]


def _index(k, name="k"):
    try:
        index = -1 if isinstance(k, (bool, np.bool_)) else operator.index(k)
    except TypeError:
        index = -1
    if index < 0:
        raise InvalidArgument(f"{name} = {k!r} is not allowed; it must be a whole number with 0 <= {name}")
    return index


# Functions of the step index


class Constant(Schedule):
    """Always the same value."""

    start = hyper(0.1, at_least=0, symbol=r"\eta_0", alias="lr")

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

    def value(self, k):
        return self.start * 0.5 ** np.floor(k / self.every)


class Step(Schedule):
    """Multiply by `gamma` every `every` steps, all at once."""

    start = hyper(0.1, at_least=0, symbol=r"\eta_0", alias="lr")
    gamma = hyper(0.1, above=0, at_most=1, symbol=r"\gamma")
    every = hyper(30, at_least=1, integer=True, symbol="E", alias="steps_per_epoch")

    def value(self, k):
        return self.start * self.gamma ** np.floor(k / self.every)


def _increasing(what, least):
    def check(values):
        try:
            found = tuple(_index(k, what) for k in values)
        except TypeError:
            found = ()
        if not found or list(found) != sorted(set(found)) or found[0] < least:
            raise InvalidArgument(f"{what} = {values!r} is not allowed; it must be increasing whole numbers, "
                                  f"each at least {least}")
        return found

    return check


class MultiStep(Schedule):
    """Multiply by `gamma` at each of the step indices `milestones`.

    Examples
    --------
    >>> MultiStep(start=1.0, gamma=0.5, milestones=(2, 3)).series(5).tolist()
    [1.0, 1.0, 0.5, 0.25, 0.25]
    """

    start = hyper(0.1, at_least=0, symbol=r"\eta_0", alias="lr")
    gamma = hyper(0.1, above=0, at_most=1, symbol=r"\gamma")
    parts = {"milestones": _increasing("milestones", 1)}

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

    def value(self, k):
        turn = np.pi * np.minimum(k, self.steps) / self.steps
        return self.end + 0.5 * (self.start - self.end) * (1 + np.cos(turn))


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

    def __init__(self, **values):
        super().__init__(**values)
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

    Source: L. N. Smith, N. Topin (2018), arXiv:1708.07120; there the legs are straight (``shape="linear"``).
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

    def __init__(self, **values):
        super().__init__(**values)
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


# Momentum schedules


class NadamMomentum(Schedule):
    """NAdam's momentum schedule: ``mu0 * (1 - gamma * alpha ** (delta * t))`` in step t = k + 1.

    It rises from about ``mu0 * (1 - gamma)`` to `mu0`. In MXNet.jl it is ``NadamScheduler(mu0, delta, gamma,
    alpha)``.

    Source: T. Dozat (2016), Incorporating Nesterov momentum into Adam, ICLR workshop.

    Examples
    --------
    >>> round(NadamMomentum()(0), 6)                # 0.99 (1 - 0.5 * 0.96^0.004)
    0.495081
    """

    symbol = r"\mu"
    mu0 = hyper(0.99, at_least=0, below=1, symbol=r"\mu_0")
    delta = hyper(0.004, at_least=0, symbol=r"\delta")
    gamma = hyper(0.5, at_least=0, at_most=1, symbol=r"\gamma")
    alpha = hyper(0.96, above=0, at_most=1, symbol=r"\alpha")

    def value(self, k):
        return self.mu0 * (1 - self.gamma * self.alpha ** (self.delta * (k + 1)))


class SutskeverMomentum(Schedule):
    """Sutskever's momentum schedule: ``min(1 - 0.5 / (floor(t / every) + 1), highest)`` in step t = k + 1.

    0.5 for the first steps, then 0.75, 0.833, ... at most `highest`. The paper writes the same as
    ``1 - 2**(-1 - log2(floor(t / 250) + 1))``.

    Source: I. Sutskever, J. Martens, G. Dahl, G. Hinton (2013), ICML, section 3.

    Examples
    --------
    >>> schedule = SutskeverMomentum(highest=0.9)
    >>> [schedule(k) for k in (0, 248, 249, 10_000)]
    [0.5, 0.5, 0.75, 0.9]
    """

    symbol = r"\mu"
    highest = hyper(0.99, at_least=0, below=1, symbol=r"\mu_{\mathrm{max}}")
    every = hyper(250, at_least=1, integer=True, symbol="E")

    def value(self, k):
        return np.minimum(1 - 0.5 / (np.floor((k + 1) / self.every) + 1), self.highest)


# Schedules made of schedules


def _schedule(what):
    def check(value):
        if not isinstance(value, Schedule):
            raise InvalidArgument(f"{what} = {value!r} is not allowed; it must be a Schedule")
        return value

    return check


class Warmup(Schedule):
    """A straight rise for `steps` steps before another schedule, which then begins at its own index 0.

    Step index k < steps has ``start + (target - start) * (k + 1) / steps``, where the target is the first
    value of the other schedule: the first step already moves, the last one of the rise has the target.

    Source: P. Goyal and others (2017), arXiv:1706.02677.

    Examples
    --------
    >>> Warmup(Exponential(start=1.0, gamma=0.5), steps=4).series(7).tolist()
    [0.25, 0.5, 0.75, 1.0, 1.0, 0.5, 0.25]
    """

    parts = {"then": _schedule("then")}
    steps = hyper(100, at_least=1, integer=True, symbol="W")
    start = hyper(0.0, at_least=0, symbol=r"\eta_{\mathrm{start}}")

    def __init__(self, then, **values):
        super().__init__(then=then, **values)

    @property
    def symbol(self):
        return self.then.symbol

    def _rise(self, k):
        return self.start + (self.then(0) - self.start) * (k + 1) / self.steps

    def value(self, k):
        return np.where(k < self.steps, self._rise(k), self.then.value(np.maximum(k - self.steps, 0)))

    def at(self, state, k, place=None):
        if k < self.steps:
            return float(self._rise(k))
        return self.then.at(state.get("then", {}), k - self.steps, place)


def _schedules(values):
    try:
        found = tuple(values)
    except TypeError:
        found = ()
    if not found or not all(isinstance(s, Schedule) and not s.driven for s in found):
        raise InvalidArgument(f"schedules = {values!r} is not allowed; it must be a sequence of schedules of "
                              "the step index alone")
    return found


class Join(Schedule):
    """One schedule after the other: the next takes over at each index of `at`, beginning at its own index 0.

    Examples
    --------
    >>> Join([Constant(start=1.0), Polynomial(start=1.0, steps=2)], at=[2]).series(5).tolist()
    [1.0, 1.0, 1.0, 0.5, 0.0]
    """

    parts = {"schedules": _schedules, "at_indices": _increasing("at", 1)}

    def __init__(self, schedules, at=None, **values):
        super().__init__(schedules=schedules, at_indices=values.pop("at_indices", at) or (), **values)
        if len(self.at_indices) != len(self.schedules) - 1:
            raise InvalidArgument(f"at = {at!r} is not allowed; {len(self.schedules)} schedules need "
                                  f"{len(self.schedules) - 1} indices")

    @property
    def symbol(self):
        return self.schedules[0].symbol

    def value(self, k):
        result = self.schedules[0].value(k)
        for begin, schedule in zip(self.at_indices, self.schedules[1:], strict=True):
            result = np.where(k >= begin, schedule.value(np.maximum(k - begin, 0)), result)
        return result


class Scaled(Schedule):
    """Another schedule times a number; ``0.1 * schedule`` makes it.

    Examples
    --------
    >>> (0.5 * Halving(start=0.8, every=1)).series(3).tolist()
    [0.4, 0.2, 0.1]
    """

    parts = {"of": _schedule("of")}
    factor = hyper(1.0, at_least=0, symbol="c")

    def __init__(self, of, **values):
        super().__init__(of=of, **values)

    @property
    def symbol(self):
        return self.of.symbol

    def value(self, k):
        return self.factor * self.of.value(k)

    def at(self, state, k, place=None):
        return self.factor * self.of.at(state.get("of", {}), k, place)


class PerEpoch(Schedule):
    """Another schedule as a function of the epoch 0, 1, 2, ... instead of the step.

    With `steps_per_epoch` it is a function of the step index. Without, `train` tells it the epoch.

    Examples
    --------
    >>> PerEpoch(Exponential(start=1.0, gamma=0.5), steps_per_epoch=2).series(6).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    parts = {"of": _schedule("of")}
    steps_per_epoch = hyper(None, at_least=1, integer=True, symbol="E")

    def __init__(self, of, **values):
        super().__init__(of=of, **values)
        if of.driven:
            raise InvalidArgument(f"of = {of!r} is not allowed; it must depend on the step index alone")

    @property
    def symbol(self):
        return self.of.symbol

    @property
    def driven(self):
        return self.steps_per_epoch is None

    def value(self, k):
        return self.of.value(np.floor(k / self.steps_per_epoch))

    def at(self, state, k, place=None):
        if not self.driven or (place is None and k == 0):
            return self.of(k if self.driven else k // self.steps_per_epoch)
        return self.of(_place(self, place).epoch)


def _function(value):
    if not callable(value):
        raise InvalidArgument(f"function = {value!r} is not allowed; it must be a function of a Place")
    return value


def _place(schedule, place):
    if place is None:
        raise InvalidArgument(f"{type(schedule).__name__} depends on the place in the training, which only "
                              "train() knows; give steps_per_epoch, or a function of the step index")
    return place


class FromTraining(Schedule):
    """Your own function of the training state, a `Place`, which `train` supplies.

    Examples
    --------
    >>> FromTraining(lambda place: 0.1 / (1 + place.epoch))
    FromTraining(function=<lambda>)
    """

    parts = {"function": _function}
    driven = True

    def __init__(self, function, **values):
        super().__init__(function=function, **values)

    def at(self, state, k, place=None):
        if place is None and k == 0:
            place = Place(batch_size=1, epoch=0, batch=0, iteration=0)
        return float(self.function(_place(self, place)))


# Schedules that look at the loss


class Plateau(Schedule):
    """Multiply by `factor` when the loss has not improved for more than `patience` epochs (or steps).

    ::

        if loss < best - threshold * |best|:  best, bad = loss, 0
        else:                                 bad = bad + 1
        if bad > patience:                    value, bad = max(value * factor, lowest), 0

    After a reduction `cooldown` losses are not counted as bad. It watches the training loss at the end of
    each epoch, or with ``watch="test"`` the test loss, or with ``watch="step"`` the loss of every minibatch.

    Convention: PyTorch's ReduceLROnPlateau with a relative threshold, for losses above 0 (its ``best * (1 -
    threshold)`` takes a negative loss that grows a little for a better one). Keras reduces one epoch earlier
    (``bad >= patience``) and has an absolute threshold.

    Examples
    --------
    >>> schedule = Plateau(start=1.0, factor=0.5, patience=1, watch="step")
    >>> state = schedule.begin()
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     state = schedule.feed(state, loss)
    >>> schedule.at(state, 4)
    0.5
    >>> state
    {'value': 0.5, 'best': 2.0, 'bad': 0, 'rest': 0}
    """

    start = hyper(0.1, above=0, symbol=r"\eta_0", alias="lr")
    factor = hyper(0.1, above=0, below=1, symbol=r"\gamma")
    patience = hyper(10, at_least=0, integer=True, symbol="P")
    threshold = hyper(1e-4, at_least=0, below=1, symbol=r"\theta")
    cooldown = hyper(0, at_least=0, integer=True, symbol="C")
    lowest = hyper(0.0, at_least=0, symbol=r"\eta_{\mathrm{low}}")
    watch = option("train", choices=("train", "test", "step"))
    driven = True

    @property
    def needs(self):
        return {self.watch}

    def begin(self):
        return {"value": self.start, "best": None, "bad": 0, "rest": 0}

    def feed(self, state, loss, kind="step"):
        if kind != self.watch:
            return state
        value, best, bad, rest, loss = *state.values(), float(loss)
        if loss == loss and (best is None or loss < best - self.threshold * abs(best)):
            best, bad = loss, 0
        else:
            bad += 1
        if rest > 0:
            bad, rest = 0, rest - 1
        if bad > self.patience:
            # A value that would shrink below the lowest rises to it only if it was above.
            value, bad, rest = max(value * self.factor, min(self.lowest, value)), 0, self.cooldown
        return {"value": value, "best": best, "bad": bad, "rest": rest}

    def at(self, state, k, place=None):
        return state["value"]


class King(Schedule):
    """Multiply by `factor` when nothing speaks for a decrease of the loss over the last `patience` steps.

    The losses of the last steps are fitted by a line. If, for some number n > patience of last losses, the
    slope is negative with a probability below `confidence`, nothing speaks for a decrease during n steps.
    That has to hold for all losses and also without the highest tenth, so that a spike does not decide. See
    `steps_without_decrease`.

    Source: D. E. King (2018), Automatic learning rate scheduling that really works, blog.dlib.net; dlib.
    Convention: ``forget=True`` drops the losses seen so far when the value is reduced, so that the next
    reduction comes `patience` steps later at the earliest (dlib drops part of them); with ``forget=False``
    the value shrinks in every step until the loss decreases again, as in numpy-ml, whose factor is 0.99.

    Examples
    --------
    >>> schedule = King(start=1.0, patience=5)
    >>> state = schedule.begin()
    >>> for loss in (5.0, 4.0, 3.0, 2.0, 1.0, 1.1, 0.9, 1.1, 0.9, 1.1, 0.9):
    ...     state = schedule.feed(state, loss)
    >>> schedule.at(state, 11)
    0.1
    """

    start = hyper(0.01, above=0, symbol=r"\eta_0", alias="lr")
    patience = hyper(1000, at_least=2, integer=True, symbol="P")
    factor = hyper(0.1, above=0, below=1, symbol=r"\gamma")
    confidence = hyper(0.51, above=0.5, below=1, symbol="c")
    discard = hyper(0.1, at_least=0, below=1, symbol="q")
    forget = option(True)
    watch = option("step", choices=("step", "train", "test"))
    driven = True

    @property
    def needs(self):
        return {self.watch}

    def begin(self):
        return {"value": self.start, "losses": []}

    def feed(self, state, loss, kind="step"):
        if kind != self.watch:
            return state
        value = state["value"]
        losses = [*state["losses"], float(loss)][-math.ceil(1.1 * (self.patience + 1)):]
        if len(losses) > self.patience and all(
                steps_without_decrease(losses, self.confidence, discard) > self.patience
                for discard in (0.0, self.discard)):
            value, losses = value * self.factor, [] if self.forget else losses
        return {"value": value, "losses": losses}

    def at(self, state, k, place=None):
        return state["value"]


def steps_without_decrease(losses, confidence=0.51, discard=0.0):
    """For how many of the last steps nothing speaks for a decreasing loss.

    The least-squares slope of n points with normal errors of variance s^2 is normal with variance 12 s^2 /
    (n^3 - n). The largest n is returned for which the slope of the last n losses is negative with a
    probability below `confidence`.

    Parameters
    ----------
    losses : sequence of float
    confidence : float
    discard : float
        The part of the highest losses that is left out.

    Returns
    -------
    int

    Examples
    --------
    >>> steps_without_decrease([4.0, 3.0, 2.0, 1.0])
    0
    >>> steps_without_decrease([9.0, 5.0, 1.0, 1.0, 1.0, 1.0])
    4
    """
    y = np.asarray(losses, float)[::-1]
    kept = np.arange(len(y))
    if not np.isfinite(y).all():
        # A loss that is not finite is no sign of a decrease, and no line fits it.
        return len(y)
    if discard > 0:
        kept = kept[y <= np.quantile(y, 1 - discard)]
    if len(kept) < 3:
        return 0
    # From the newest loss backwards, x = 0, 1, 2, ...: the line through the first n points for every n at
    # once, from running sums. Losses are taken relative to the newest, so that a constant loss has an error
    # of exactly zero.
    y = y[kept] - y[kept[0]]
    n = np.arange(1, len(y) + 1)[2:]
    x = np.arange(len(y))
    sy, sxy, syy = np.cumsum(y)[2:], np.cumsum(x * y)[2:], np.cumsum(y * y)[2:]
    spread = (n.astype(float) ** 3 - n) / 12
    covariance = sxy - sy * (n - 1) / 2
    backward = covariance / spread
    total = np.maximum(syy - sy**2 / n, 0)
    rest = np.maximum(total - covariance * backward, 0)
    rest[rest <= 1e-14 * total] = 0
    error = np.sqrt(rest / (n - 2) / spread)
    # Seen backwards in time a decreasing loss rises. Without error the probability is 1, 0, or 1/2 for a flat
    # line.
    exact = np.where(backward == 0, 0.0, np.copysign(np.inf, backward))
    score = np.where(error > 0, backward / np.where(error > 0, error, 1), exact)
    below = score < NormalDist().inv_cdf(confidence)
    return int(kept[n[below].max() - 1]) + 1 if below.any() else 0


class Driver:
    """The schedules of an optimizer that have to be fed, each with its state.

    Parameters
    ----------
    optimizer : Optimizer
    states : dict, optional
        States of an earlier run, by place, such as ``"lr"`` or ``"gradient[0].clip_norm"``.
    """

    def __init__(self, optimizer, states=None):
        self.optimizer = optimizer
        self.schedules = {}
        owners = {"": optimizer, **{f"gradient[{i}].": g for i, g in enumerate(optimizer.gradient)}}
        for prefix, owner in owners.items():
            for name in owner.hypers():
                schedule = owner.__dict__[name]
                if isinstance(schedule, Schedule) and schedule.driven:
                    self.schedules[prefix + name] = schedule
        self.states = {place: schedule.begin() for place, schedule in self.schedules.items()}
        if states is not None:
            if set(states) != set(self.states):
                raise InvalidArgument(f"schedule states are given for {sorted(states)}; {optimizer.name} has "
                                      f"schedules with a state in {sorted(self.states)}")
            self.states = dict(states)
        self.needs = {kind for schedule in self.schedules.values() for kind in schedule.needs}

    def at(self, k, place=None):
        """The optimizer with the values that these schedules have at index `k`."""
        if not self.schedules:
            return self.optimizer
        own, inner = {}, {}
        for where, schedule in self.schedules.items():
            head, _, name = where.rpartition(".")
            owner = self.optimizer.gradient[int(head[9:-1])] if head else self.optimizer
            value = owner.hypers()[name].check_scheduled(schedule.at(self.states[where], k, place))
            (inner.setdefault(int(head[9:-1]), {}) if head else own)[name] = value
        gradient = tuple(g.bound(inner.get(i, {})) for i, g in enumerate(self.optimizer.gradient))
        return self.optimizer.bound({**own, "gradient": gradient})

    def feed(self, loss, kind="step"):
        """Tell the schedules a loss."""
        for where, schedule in self.schedules.items():
            self.states[where] = schedule.feed(self.states[where], float(loss), kind)


    def feed_all(self, loss):
        """Tell the schedules a loss, whatever kind they watch: on a surface there is only one."""
        for kind in self.needs:
            self.feed(loss, kind)


def get(name, **values):
    """The schedule of that name.

    Examples
    --------
    >>> get("cosine", start=1.0, steps=10)
    Cosine(start=1.0, end=0.0, steps=10)
    """
    key = str(name).lower().replace("-", "_").replace(" ", "_")
    if key not in _registry:
        raise InvalidArgument(f"name = {name!r} is not a known schedule{near(key, names())}")
    return _registry[key](**values)


def names():
    """The names of all schedules."""
    return sorted(_registry)
