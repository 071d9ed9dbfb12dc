"""Find a learning rate by one run in which it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn import problems
from optlearn.declare import InvalidArgument
from optlearn.optimizer import as_rule
from optlearn.optional import data_frame
from optlearn.starting import whole
from optlearn.training.loop import train
from optlearn.trajectory import run

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

    from optlearn.typing import Floats, Rng, RuleLike, SurfaceLike


class LearningRates:
    """What `lr_finder` saw.

    Attributes
    ----------
    lr, loss, smoothed : array (steps,)
        Learning rate of each step, the loss before it, and the smoothed loss.
    suggestion : float or None
        The rate at which the smoothed loss fell fastest, per decade of the rate; None if it did not fall.
    lowest : float
        The rate at which the smoothed loss was lowest.
    reason : str
        Why the run ended.
    """

    def __init__(self, who: str, lr: Floats, loss: Floats, smoothed: Floats, reason: str) -> None:
        self.who, self.lr, self.loss, self.smoothed, self.reason = who, lr, loss, smoothed, reason
        # The first tenth is the noise of few losses.
        begin, end = len(lr) // 10, int(np.argmin(smoothed)) + 1
        self.lowest, self.suggestion = float(lr[end - 1]), None
        if end - begin > 1:
            slope = np.gradient(smoothed[begin:end], np.log10(lr[begin:end]))
            self.suggestion = float(lr[begin + np.argmin(slope)])

    def table(self) -> dict[str, Floats]:
        """The run as columns: learning rate, loss and smoothed loss of each step."""
        return {"lr": self.lr, "loss": self.loss, "smoothed": self.smoothed}

    def to_pandas(self) -> pandas.DataFrame:
        """The run as a ``pandas.DataFrame``; see `table`."""
        return data_frame(self.table())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw loss and smoothed loss over the learning rate, with the suggestion.

        Returns
        -------
        matplotlib.axes.Axes
        """
        import matplotlib.pyplot as plt

        ax = ax or plt.gca()
        ax.semilogx(self.lr, self.loss, lw=0.8, alpha=0.5, label="loss")
        ax.semilogx(self.lr, self.smoothed, label="smoothed")
        if self.suggestion is not None:
            ax.axvline(self.suggestion, ls="--", lw=1, color="0.4", label=f"{self.suggestion:.2g}")
        ax.set(xlabel="learning rate", ylabel="loss")
        ax.legend()
        return ax

    def __repr__(self) -> str:
        found = "the loss does not fall" if self.suggestion is None else \
            f"falls fastest at {self.suggestion:.3g}, lowest at {self.lowest:.3g}"
        still = ", still falling at the largest rate" if self.lowest == self.lr[-1] and "end" in self.reason else ""
        return f"LearningRates({self.who}: {found}{still}; {self.reason})"


def lr_finder(on: problems.Problem | SurfaceLike, rule: RuleLike = "gradient_descent", *, low: float = 1e-6,
              high: float = 10.0, steps: int = 100, smooth: float = 0.9, rng: Rng = 0, **how: Any) -> LearningRates:
    """Run a rule once while its learning rate grows, and see where the loss falls and where it rises again.

    ::

        lr_k = low * (high / low) ** (k / (steps - 1)),   k = 0, 1, ..., steps - 1
        a = smooth * a + (1 - smooth) * loss;   smoothed = a / (1 - smooth ** (k + 1))

    The run ends early where a step is not finite, or where the smoothed loss has risen above the first one by three
    times the first one's size (or by three times what it had fallen). The suggestion is the rate at which the
    smoothed loss falls fastest per decade, after the first tenth of the run and before its lowest value; others take
    a tenth of the rate at the lowest.

    What it can say: the order of magnitude at which this rule begins to move from this start, and the one at which
    it breaks down, for the price of one short run. What it cannot: which rate is best. Every rate gets one step, from
    where the smaller ones have led; smoothing (by about ``1 / (1 - smooth)`` steps) and the memory of a rule show an
    effect late, at a rate that is too large; the beginning says nothing about the end, which is why good rates are
    often smaller, or about a schedule. Another seed gives another answer: try some. To choose, `tune` around it.

    Source: L. N. Smith (2017), arXiv:1506.01186, section 3.3, whose rate grows linearly; growing by a factor, the
    smoothing and the steepest point are fastai's.

    Parameters
    ----------
    on : Problem, Surface, str or callable
    rule : Optimizer, str, class or dict
        With a hyperparameter `lr`, whose value is of no account.
    low, high : float
        First and last learning rate.
    steps : int
        At least 10.
    smooth : float
        0 <= smooth < 1; 0 does not smooth, which suits a loss without noise.
    rng : int or random generator
        As for `train` and `run`.
    **how
        Other arguments of `train` or `run`, such as `batch_size` or `start`.

    Returns
    -------
    LearningRates

    Examples
    --------
    >>> from optlearn.problems import Softmax
    >>> lr_finder(Softmax("iris"), "momentum")
    LearningRates(momentum on iris: falls fastest at 0.0394, lowest at 8.5; 100 steps to the end)
    """
    low, high = (_positive(name, value) for name, value in (("low", low), ("high", high)))
    if not low < high:
        raise InvalidArgument(f"high = {high!r} is not allowed; it must be above low = {low!r}")
    steps = whole("steps", steps)
    if steps < 10:
        raise InvalidArgument(f"steps = {steps!r} is not allowed; it must be at least 10")
    if not (np.isscalar(smooth) and np.isreal(smooth) and 0 <= smooth < 1):
        raise InvalidArgument(f"smooth = {smooth!r} is not allowed; it must be a number with 0 <= smooth < 1")
    rule = as_rule(rule)
    if "lr" not in rule.hypers():
        raise InvalidArgument(f"rule = {rule!r} is not allowed; it must have a hyperparameter lr")
    rule = rule.replace(lr=lambda k: low * (high / low) ** (k / (steps - 1)))
    smoothed: list[float] = []

    def rises(loss):
        """Take in a loss; whether it is time to stop."""
        kept = smoothed[-1] * (1 - smooth ** len(smoothed)) if smoothed else 0.0
        smoothed.append((smooth * kept + (1 - smooth) * loss) / (1 - smooth ** (len(smoothed) + 1)))
        return _high(smoothed)

    if isinstance(on, problems.Problem):
        loss = train(on, rule, epochs=steps, rng=rng, callbacks=lambda training: rises(
            training.records["loss"][-1]) or training.iteration == steps, **how).loss
        who = f"{rule.name} on {on.data.name}"
    else:
        path = run(on, rule, steps=steps, rng=rng, **how)
        # The loss may be infinite where the parameters are not.
        loss = path.loss[:steps][np.logical_and.accumulate(np.isfinite(path.loss[:steps]))]
        loss = loss[:next((k for k, value in enumerate(loss, 1) if rises(float(value))), len(loss))]
        who = f"{rule.name} on {path.surface.name}"
    taken = len(loss)
    if taken < 2:
        raise InvalidArgument(f"low = {low!r} is not allowed here: the run diverges at once; it must be smaller")
    lr = low * (high / low) ** (np.arange(taken) / (steps - 1))
    reason = f"{steps} steps to the end" if taken == steps else \
        f"rises at {lr[-1]:.3g}" if _high(smoothed) else f"not finite at {lr[-1]:.3g}"
    return LearningRates(who, lr, np.asarray(loss), np.array(smoothed), reason)


def _high(smoothed):
    """Whether the last value lies far above the first."""
    first = smoothed[0]
    return smoothed[-1] > first + 3 * max(abs(first), first - min(smoothed))


def _positive(name, value):
    if not (np.isscalar(value) and np.isreal(value) and 0 < value < np.inf):
        raise InvalidArgument(f"{name} = {value!r} is not allowed; it must be a finite number with 0 < {name}")
    return float(value)
