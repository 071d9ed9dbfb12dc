"""What a training records, and when it has seen enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from optlearn import tree
from optlearn.declare import Declared, InvalidArgument, hyper, option
from optlearn.optional import data_frame
from optlearn.training.batches import differs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas

    from optlearn.training.loop import Training
    from optlearn.typing import Array, Floats, PathLike

EPOCH_RECORDS = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")


class EarlyStop(Declared):
    """Stop when what is watched has not improved for `patience` epochs.

    An improvement is a change for the better by more than `min_delta`. The parameters of the best epoch are
    kept as ``history.best_params``.

    Examples
    --------
    >>> EarlyStop(patience=2, watch="train_loss").best([3.0, 2.0, 2.0, 2.5])
    1
    """

    patience = hyper(5, at_least=1, integer=True, symbol="P")
    min_delta = hyper(0.0, at_least=0, symbol=r"\delta")
    watch = option("test_loss", choices=EPOCH_RECORDS)

    def best(self, values: Sequence[float]) -> int:
        """The epoch of the last improvement, given the values of all epochs."""
        sign = -1.0 if self.watch.endswith("accuracy") else 1.0
        best = 0
        for epoch, value in enumerate(values):
            if sign * value < sign * values[best] - self.min_delta or values[best] != values[best] and value == value:
                best = epoch
        return best


def own(params):
    """A copy that nobody else can change."""
    return tree.unflatten(params, [np.array(array) for _, array in tree.flatten(params, "params")])


def copied(value):
    """The same nested data in lists and dicts of its own; arrays are never changed and can be shared."""
    if isinstance(value, dict):
        return {name: copied(inner) for name, inner in value.items()}
    return [copied(inner) for inner in value] if isinstance(value, list) else value


class History:
    """The record of a training.

    Attributes
    ----------
    loss : array (steps,)
        Loss of each minibatch, before its step.
    train_loss, test_loss, train_accuracy, test_accuracy : array (epochs + 1,)
        Before the first step, and at the end of every epoch; empty where there is no test set or no classes.
    hyper : dict of str to array (steps,)
        Values of scheduled hyperparameters.
    params, state
        At the end: the last finite ones if the training diverged.
    answer
        What the optimizer reports at the end, at which losses and accuracies of the epochs are taken; `params` itself
        for most rules.
    epochs, steps : int
    gradients : array (steps,) of int
        Gradients taken up to and in each step: one a step for most rules; a product with the Hessian counts as two, its
        diagonal as two where the problem has a formula for it, else as two a parameter.
    seconds : array (steps,)
        Seconds that the steps took up to and in each, their gradients included and evaluations left out, by the clock
        on the wall: two runs differ. Of seeds that are trained together, their share. Rules are compared in one
        process, in turns, several times.
    diverged : int or None
        The step that was not finite, if one was.
    reason : str
        Why the training ended.
    best_epoch, best_params
        With early stopping: the best epoch and its parameters; else None. None also if it was watched only after
        resuming, and the best epoch lies before that.
    """

    loss: Floats
    train_loss: Floats
    test_loss: Floats
    train_accuracy: Floats
    test_accuracy: Floats
    gradients: Array
    seconds: Floats

    def __init__(self, training: Training, reason: str) -> None:
        self.training, self.reason = training, reason
        for name, values in training.records.items():
            setattr(self, name, np.array(values, int if name == "gradients" else float))
        self.hyper = {name: np.array(values) for name, values in training.hyper.items()}
        self.params, self.state, self.diverged = training.params, training.state, training.diverged
        self.answer = training.answer
        self.epochs, self.steps = training.epoch, training.iteration
        self.best_epoch, self.best_params = training.best_epoch, training.best_params

    def save(self, path: PathLike) -> None:
        """Write a checkpoint, from which `train` can go on."""
        self.training.save(path)

    def table(self, by: Literal["epoch", "step", "gradients", "seconds"] = "epoch") -> dict[str, Array]:
        """The record as columns.

        Parameters
        ----------
        by : {"epoch", "step", "gradients", "seconds"}
            A row for the first parameters and each epoch, or a row for each step.

        Returns
        -------
        dict of str to array
            ``"epoch"`` and losses and accuracies; or ``"step"`` 1, 2, ..., its ``"epoch"`` 0, 1, ..., its ``"loss"``
            and the scheduled hyperparameters; or the same behind the ``"gradients"`` or the ``"seconds"`` taken, by
            which rules are compared that take several a step, or have dear steps.
        """
        if by == "epoch":
            kept = {name: getattr(self, name) for name in EPOCH_RECORDS if len(getattr(self, name))}
            return {"epoch": np.arange(len(self.train_loss)), **kept}
        if by not in ("step", "gradients", "seconds"):
            raise InvalidArgument(f"by = {by!r} is not allowed; it must be 'epoch' or 'step', 'gradients' or 'seconds'")
        steps, first = np.arange(self.steps), {} if by == "step" else {by: getattr(self, by)}
        return {**first, "step": steps + 1, "epoch": steps // self.training.steps_per_epoch, "loss": self.loss,
                **self.hyper}

    def to_pandas(self, by: Literal["epoch", "step", "gradients", "seconds"] = "epoch") -> pandas.DataFrame:
        """The record as a ``pandas.DataFrame``; see `table`."""
        return data_frame(self.table(by))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name.replace('_', ' ')} {getattr(self, name)[-1]:.4g}" for name in EPOCH_RECORDS
                          if len(getattr(self, name)))
        who = f"{self.training.optimizer.name} on {self.training.problem.data.name}"
        return f"History({who}: {self.reason}, {shown}{self._costs()})"

    def _costs(self):
        """What is said of steps that took more than a gradient."""
        training, said = self.training, ""
        if self.steps and self.gradients[-1] > self.steps:
            said = f", {self.gradients[-1]} gradients"
            if any(kind in training.optimizer.needs and differs(training.problem, kind)
                   for kind in ("hessian", "hessian_diagonal")):
                said += ", Hessian by differences of gradients"
        return said
