"""The best of a grid of hyperparameters, on equal terms."""

from __future__ import annotations

import functools
import itertools
import numbers
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from optlearn import problems
from optlearn.declare import InvalidArgument, near
from optlearn.optimizer import as_rule
from optlearn.optional import data_frame
from optlearn.starting import whole
from optlearn.training import together
from optlearn.training.loop import train
from optlearn.training.records import EPOCH_RECORDS
from optlearn.trajectory import run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas

    from optlearn.optimizer import Optimizer
    from optlearn.typing import Floats, Grid, RuleLike, SurfaceLike


class Tuning:
    """What `tune` found.

    Attributes
    ----------
    optimizer : Optimizer
        The rule with the best values.
    values : dict
        Those values.
    score : float
        Their measure, the mean over the seeds; infinite if all runs diverged.
    trials : list of (dict, float)
        All values that were tried, with their measures.
    runs : array (trials, seeds)
        The measure of every run; infinite where it diverged.
    budget : str
        How many runs of which length it had.
    at_edge : list of str
        Hyperparameters whose best value is the smallest or largest of its grid: the grid should be wider there.
    result : Trajectory or History
        A run with the best values; where seeds were trained side by side it is made when it is first asked for.
    """

    def __init__(self, optimizer: Optimizer, values: dict[str, Any], score: float,
                 trials: list[tuple[dict[str, Any], float]], budget: str, at_edge: list[str], result: Any,
                 runs: Floats) -> None:
        self.optimizer, self.values, self.score, self.trials, self.runs = optimizer, values, score, trials, runs
        self.budget, self.at_edge, self._result = budget, at_edge, result

    @functools.cached_property
    def result(self) -> Any:
        """A run with the best values."""
        return self._result() if callable(self._result) else self._result

    def table(self) -> dict[str, list[Any]]:
        """The trials as columns: a hyperparameter each, and the score."""
        columns = {name: [values[name] for values, _ in self.trials] for name in self.values}
        return {**columns, "score": [score for _, score in self.trials]}

    def to_pandas(self) -> pandas.DataFrame:
        """The trials as a ``pandas.DataFrame``; see `table`."""
        return data_frame(self.table())

    def __repr__(self) -> str:
        chosen = ", ".join(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
                           for name, value in self.values.items())
        edge = f", at the edge of the grid: {', '.join(self.at_edge)}" if self.at_edge else ""
        edge = ", every run diverged" if self.score == np.inf else edge
        return f"Tuning({self.optimizer.name}: {chosen}, score {self.score:.4g}, {self.budget}{edge})"


@overload
def tune(on: problems.Problem | Sequence[problems.Problem] | SurfaceLike, rule: RuleLike, grid: Grid, *,
         steps: int | None = ..., epochs: int | None = ..., measure: str | Callable[[Any], float] | None = ...,
         seeds: Sequence[int] = ..., **how: Any) -> Tuning: ...


@overload
def tune(on: problems.Problem | Sequence[problems.Problem] | SurfaceLike, rule: Sequence[RuleLike],
         grid: Grid | Sequence[Grid], *, steps: int | None = ..., epochs: int | None = ...,
         measure: str | Callable[[Any], float] | None = ..., seeds: Sequence[int] = ...,
         **how: Any) -> list[Tuning]: ...


def tune(on: problems.Problem | Sequence[problems.Problem] | SurfaceLike, rule: RuleLike | Sequence[RuleLike],
         grid: Grid | Sequence[Grid], *, steps: int | None = None, epochs: int | None = None,
         measure: str | Callable[[Any], float] | None = None, seeds: Sequence[int] = (0,),
         **how: Any) -> Tuning | list[Tuning]:
    """The best of a grid of hyperparameters, for one rule or, with the same budget each, for several.

    Seeds of a linear model or a network are trained side by side, each as it would be alone, where an update has no
    sum over the parameters: several times as fast.

    Parameters
    ----------
    on : Problem, list of Problem, Surface, str or callable
        A problem is trained for `epochs`, a surface is run for `steps`. A list holds a problem for each seed, such as
        one with other data.
    rule : Optimizer, str, class or dict, or list of them
        With a list, every rule gets the same number of runs of the same length.
    grid : dict of str to sequence, or list of dict
        Values to try, by hyperparameter; all combinations are tried. One grid for all rules, or a grid for
        each; then the grids must have equally many combinations.
    steps, epochs : int
        Length of a run; default 100 steps, 10 epochs.
    measure : str or function, optional
        What is to be small: a function of the `Trajectory` or `History`, or the name of a record, whose last
        value counts; accuracies are to be large. Default: the loss on a surface, ``"train_loss"`` on a
        problem.
    seeds : sequence of int
        Each combination is run once a seed; the mean of the measures counts.
    **how
        Other arguments of `run` or `train`, such as `start`, `noise` or `batch_size`.

    Returns
    -------
    Tuning, or list of Tuning where `rule` is a list

    Examples
    --------
    >>> tune("rosenbrock", "adam", {"lr": [0.01, 0.1, 1.0, 10.0]}, steps=100)
    Tuning(adam: lr=1, score 0.2859, 4 runs of 100 steps)
    """
    if isinstance(rule, (list, tuple)):
        grids = list(grid) if isinstance(grid, (list, tuple)) else [grid] * len(rule)
        if len(grids) != len(rule):
            raise InvalidArgument(f"grid holds {len(grids)} grids for {len(rule)} rules; one each is needed")
        sizes = [len(_combinations(one)) for one in grids]
        if len(set(sizes)) > 1:
            raise InvalidArgument(f"the grids have {sizes} combinations; every rule must get the same budget")
        return [tune(on, one, own, steps=steps, epochs=epochs, measure=measure, seeds=seeds, **how)
                for one, own in zip(rule, grids, strict=True)]
    several = isinstance(on, (list, tuple))
    trained = all(isinstance(one, problems.Problem) for one in on) if several else isinstance(on, problems.Problem)
    if several and not (trained and len(on) == len(seeds)):
        raise InvalidArgument(f"on = {on!r} is not allowed; a list must hold a problem for each of the {len(seeds)} "
                              "seeds")
    if (epochs if not trained else steps) is not None:
        raise InvalidArgument("a problem is tuned with epochs, a surface with steps")
    seeds, combinations = tuple(seeds), _combinations(grid)
    if not seeds:
        raise InvalidArgument("seeds = () is not allowed; it must hold at least one seed")
    score = _measure(measure, "train_loss" if trained else "loss")
    length = whole("epochs", 10 if epochs is None else epochs) if trained else \
        whole("steps", 100 if steps is None else steps)
    rule = as_rule(rule)
    candidates = [rule.replace(**values) for values in combinations]
    of: list[Any] = list(on) if isinstance(on, (list, tuple)) else [on] * len(seeds)

    def go(optimizer, one, seed):
        if trained:
            return train(one, optimizer, epochs=length, rng=seed, **how)
        return run(one, optimizer, steps=length, rng=seed, **how)

    trials: list[tuple[dict[str, Any], float]] = []
    measures: list[list[float]] = []
    best: Any = None
    for values, candidate in zip(combinations, candidates, strict=True):
        side_by_side = trained and together.possible(of, candidate, seeds, how)
        # Of a named record the last value counts, so that nothing else needs to be evaluated.
        hasty = side_by_side and not callable(measure)
        if side_by_side:
            results = together.train_all(of, candidate, length, seeds, how, hasty)
        else:
            results = [go(candidate, *one) for one in zip(of, seeds, strict=True)]
        measures.append([_number(score(r)) if r.diverged is None else np.inf for r in results])
        mean = float(np.mean(measures[-1]))
        mean = np.inf if np.isnan(mean) else mean
        trials.append((values, mean))
        if best is None or mean < best[1]:
            best = len(trials) - 1, mean, results[0], hasty
    chosen = combinations[best[0]]
    at_edge = [name for name, values in grid.items() if _at_edge(chosen[name], values)]
    times = f" x {len(seeds)} seeds" if len(seeds) > 1 else ""
    budget = f"{len(combinations)} runs{times} of {length} {'epochs' if trained else 'steps'}"
    winner, result = candidates[best[0]], best[2]
    if best[3]:
        # Of a hasty run the end alone is known.
        result = functools.partial(train, of[0], winner, epochs=length, rng=seeds[0], **how)
    return Tuning(winner, chosen, best[1], trials, budget, at_edge, result, np.array(measures))


def _at_edge(value, values):
    """Whether it is the smallest or largest of several numbers; choices that are no numbers have no edge."""
    sizes = {float(v) for v in values if _is_number(v)}
    return len(sizes) > 1 and _is_number(value) and value in (min(sizes), max(sizes))


def _count(values):
    return len(values) if isinstance(values, (list, tuple)) or getattr(values, "ndim", 0) == 1 else 0


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))


def _combinations(grid):
    if not isinstance(grid, dict) or not all(map(_count, grid.values())):
        raise InvalidArgument(f"grid = {grid!r} is not allowed; it must be a dict from hyperparameters to "
                              "sequences of values")
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def _number(score):
    if np.ndim(score):
        raise InvalidArgument(f"measure gives an array of the shape {np.shape(score)}; it must give one number")
    return float(score)


def _measure(measure, usual):
    measure, known = usual if measure is None else measure, ("loss", *EPOCH_RECORDS)
    if callable(measure):
        return measure
    if measure not in known:
        raise InvalidArgument(f"measure = {measure!r} is not allowed{near(measure, known)}")
    sign = -1.0 if measure.endswith("accuracy") else 1.0

    def last(result):
        values = getattr(result, measure, ())
        if len(values) == 0:
            raise InvalidArgument(f"measure = {measure!r} is not allowed; this run has no such record")
        return sign * float(values[-1])

    return last
