"""Train a problem in epochs and minibatches."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from optlearn import problems, tree
from optlearn.declare import InvalidArgument, of_library, unsteady
from optlearn.explain import explain
from optlearn.groups import Groups
from optlearn.optimizer import Optimizer, as_rule
from optlearn.problems import passes
from optlearn.schedules import Driver, Place
from optlearn.state import guest
from optlearn.training.arguments import checked_callbacks, checked_early_stop, checked_settings, first_parameters
from optlearn.training.batches import BatchAnswers
from optlearn.training.records import EPOCH_RECORDS, History, copied, own
from optlearn.trajectory import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from optlearn.checkpoint import Checkpoint
    from optlearn.state import State
    from optlearn.training.records import EarlyStop
    from optlearn.typing import Params, PathLike, Rng, RuleLike


class Training:
    """A training between two steps: what callbacks see and checkpoints hold.

    Attributes
    ----------
    problem, optimizer
    params, state
        Parameters and state of the optimizer; every step makes new ones.
    answer
        The parameters that are evaluated: what the optimizer reports.
    batch_size : int
    epoch, batch, iteration : int
        What is done so far: epochs, batches of the running epoch, steps in all. Before a step they are its
        place, counted from 0, in which form schedules see them (`place`).
    steps_per_epoch : int
    records : dict of str to list
        ``"loss"``, the minibatch loss of every step; ``"gradients"`` and ``"seconds"``, how many were taken up to it;
        and the values at the end of every epoch.
    hyper : dict of str to list
        The values that scheduled hyperparameters had in every step.
    diverged : int or None
    """

    def __init__(self, problem: problems.Problem, optimizer: Optimizer, settings: dict[str, Any], rng: Any,
                 early_stop: EarlyStop | None) -> None:
        self.problem, self.optimizer, self.rng, self.early_stop = problem, optimizer, rng, early_stop
        self.settings, self.batch_size, self.delay = settings, settings["batch_size"], settings["delay"]
        n = len(problem.train.y)
        self.steps_per_epoch = n // self.batch_size if settings["drop_last"] else -(-n // self.batch_size)
        self.driver = Driver(optimizer)
        self.epoch = self.batch = self.iteration = 0
        nothing: Any = None
        self.order = self.params = self.state = self.best_epoch = self.best_params = self.diverged = nothing
        self.stale: list[Any] = []
        self.records: dict[str, list[Any]] = {name: [] for name in ("loss", "gradients", "seconds", *EPOCH_RECORDS)}
        self.hyper: dict[str, list[float]] = {
            name: [] for name in optimizer.hypers() if callable(optimizer.__dict__[name])}

    @property
    def place(self) -> Place:
        """The counts in the form that schedules see."""
        return Place(self.batch_size, self.epoch, self.batch, self.iteration)

    def begin(self, params: Any, state: State | None) -> None:
        """Take the first parameters and evaluate them."""
        kind = type(self.problem).__name__
        if params is None:
            params = self.problem.init(self.rng)
            first_parameters(self.driver.at(0, self.place), params, f"{kind}.init gives params that do not do: ")
        else:
            first_parameters(self.driver.at(0, self.place), params)
            self._check_fit(params)
            params = own(params)
        self.params = params
        self.state = self.driver.at(0, self.place).init(params) if state is None else state
        self.stale = [self.params]
        if not of_library(self.problem):
            with np.errstate(all="ignore"):
                self._loss_and_gradient(self.params, self.problem.batch(np.arange(self.batch_size)))
        self.evaluate()

    def _check_fit(self, params):
        """Raise if given parameters are not of the structure and shapes of those that the problem makes."""
        if type(self.problem).init is problems.Problem.init:
            return
        wanted = {path: np.shape(w) for path, w in tree.flatten(self.problem.init(problems.generator(0)), "params")}
        found = {path: np.shape(w) for path, w in tree.flatten(params, "params")}
        if found != wanted:
            raise InvalidArgument(f"params has arrays of the shapes {found}; {type(self.problem).__name__} needs "
                                  f"{wanted}")

    @property
    def answer(self) -> Any:
        """The parameters that the rule reports: those that are trained, or others (`Optimizer.solution`)."""
        if type(self.optimizer).answer is Optimizer.answer or self.state.t == 0:
            return self.params
        return self.driver.at(self.state.t - 1, self.place).solution(self.params, self.state)

    def evaluate(self) -> None:
        """Record losses and accuracies of the answer after the finished epoch, and tell loss-driven schedules."""
        answer = self.answer
        for part in ("train", "test"):
            batch = getattr(self.problem, part)
            if batch is not None:
                with np.errstate(all="ignore"):
                    loss, accuracy = passes.scores(self.problem, answer, batch)
                    loss = self._loss(loss, "evaluate")
                    self.records[part + "_loss"].append(loss)
                    if self.problem.classes is not None:
                        self.records[part + "_accuracy"].append(accuracy)
                if self.epoch > 0:
                    self.driver.feed(loss, part)
        if self.early_stop:
            values = self.records[self.early_stop.watch]
            if self.early_stop.best(values) == len(values) - 1:
                self.best_epoch, self.best_params = len(values) - 1, own(answer)
        self._check_schedules()

    def _check_schedules(self):
        """Raise if a schedule has another value for the first step than it had then."""
        for name, values in self.hyper.items():
            schedule = self.optimizer.__dict__[name]
            if values and not getattr(schedule, "driven", False):
                again = self.optimizer.hypers()[name].check_scheduled(schedule(0), 0)
                if again != values[0]:
                    raise unsteady(name, 0, values[0], again)

    def step(self) -> bool:
        """One step; False if it was not finite, which leaves everything as it was."""
        begin = time.perf_counter()
        batch = self.next_batch()
        rule = self.driver.at(self.state.t, self.place).at(self.state.t + 1)
        point = self.stale[0] if self.delay else ahead(rule, self.params, self.state)
        with np.errstate(all="ignore"):
            loss, grads = self._loss_and_gradient(point, batch)
            params, answers = None, BatchAnswers(
                self.problem, lambda there: self._loss_and_gradient(there, batch)[1], point, batch, loss)
            if np.isfinite(loss) and tree.finite(grads):
                params, state = self._stepped(rule, grads, answers.given if rule.needs else {})
            fine = params is not None and tree.finite(params) and tree.finite(state.slots)
        if not fine:
            self.diverged = self.iteration + 1
            return False
        self.advance(rule, loss, answers.gradients, time.perf_counter() - begin, params, state)
        return True

    def next_batch(self) -> problems.Batch:
        """The examples of the step that comes."""
        return self.problem.batch(self.next_rows())

    def next_rows(self) -> Any:
        """Which they are; the first of an epoch puts them in order."""
        if self.batch == 0 and self.settings["stratified"]:
            self.order = problems.stratified(self.problem.train.y, self.rng)
        elif self.batch == 0:
            n = len(self.problem.train.y)
            self.order = self.rng.permutation(n) if self.settings["shuffle"] else np.arange(n)
        k = self.batch * self.batch_size
        return self.order[k:k + self.batch_size]

    def advance(self, rule: Optimizer, loss: float, gradients: int, seconds: float, params: Any, state: State) -> None:
        """Record a step that was made, and evaluate after the last of an epoch."""
        self.params, self.state = params, state
        self.stale = [*self.stale, params][-self.delay - 1:]
        self.records["loss"].append(loss)
        self.records["gradients"].append(gradients + (self.records["gradients"] or [0])[-1])
        self.records["seconds"].append(seconds + (self.records["seconds"] or [0.0])[-1])
        for name, values in self.hyper.items():
            values.append(rule.__dict__[name])
        self.driver.feed(loss, "step")
        self.iteration += 1
        self.batch += 1
        if self.batch == self.steps_per_epoch:
            self.epoch, self.batch = self.epoch + 1, 0
            self.evaluate()

    def _loss_and_gradient(self, point, batch):
        kind = type(self.problem).__name__
        if not of_library(self.problem):
            point = tree.unflatten(point, [guest(np.asarray(array)) for _, array in tree.flatten(point, "params")])
        try:
            made = self.problem.loss_and_gradient(point, batch)
        except Exception as error:
            explain(error, self.problem)
            raise
        if not (isinstance(made, tuple) and len(made) == 2):
            raise InvalidArgument(f"{kind}.loss_and_gradient gives a {type(made).__name__}; it must end with return "
                                  "loss, gradient")
        loss = self._loss(made[0], "loss_and_gradient")
        if self.iteration == 0 and np.isnan(loss):
            raise InvalidArgument(f"{kind}.loss_and_gradient gives the loss nan at the first parameters; it must be a "
                                  "number there (0/0, the logarithm of a negative number and infinity minus infinity "
                                  "are none)")
        return loss, made[1]

    def _loss(self, loss, method):
        """The loss as a float."""
        if np.ndim(loss) or np.asarray(loss).dtype.kind not in "fiu":
            what = f"an array of the shape {np.shape(loss)}, such as one for each example; " if np.ndim(loss) else \
                f"{loss!r}; "
            raise InvalidArgument(f"{type(self.problem).__name__}.{method} gives as loss {what}it must be one number, "
                                  "such as the mean over the examples")
        return float(loss)

    def _stepped(self, rule, grads, answers):
        try:
            return rule.step(self.params, grads, self.state, rng=self.rng, nonfinite="propagate", **answers)
        except InvalidArgument as error:
            if str(error).startswith("grads"):
                raise InvalidArgument(f"{type(self.problem).__name__}.loss_and_gradient gives a gradient that does not "
                                      f"fit: {error}") from None
            raise

    def ended(self, epochs: int) -> str | None:
        """Why the training is over, or None."""
        if self.diverged is not None:
            return f"diverged at step {self.diverged}"
        if self.early_stop and self.batch == 0:
            values = self.records[self.early_stop.watch]
            waited = len(values) - 1 - self.early_stop.best(values)
            if waited >= self.early_stop.patience:
                return f"no better {self.early_stop.watch} for {waited} epochs"
        return f"{self.epoch} epochs" if self.epoch >= epochs else None

    # Saving

    KEPT = ("settings", "epoch", "batch", "iteration", "order", "stale", "records", "hyper", "best_epoch",
            "best_params", "diverged")

    def checkpoint(self) -> Checkpoint:
        """All that is needed to go on exactly, as a `Checkpoint`."""
        from optlearn import checkpoint

        kept = {name: copied(getattr(self, name)) for name in self.KEPT}
        kept |= {"schedules": dict(self.driver.states), "examples": len(self.problem.train.y)}
        return checkpoint.Checkpoint(self.params, self.state, self.optimizer, kept,
                                     checkpoint.copy_generator(self.rng))

    def save(self, path: PathLike) -> None:
        """Write a checkpoint; ``train(problem, optimizer, resume=path)`` goes on from it."""
        self.checkpoint().save(path)

    def restore(self, saved: Checkpoint) -> None:
        """Take over what a checkpoint holds."""
        if saved.training is None or saved.state is None or saved.rng is None:
            raise InvalidArgument("resume was not saved by a training; it must come from Training.save or "
                                  "History.save")
        kept = dict(saved.training)
        if kept.pop("examples") != len(self.problem.train.y):
            raise InvalidArgument(f"resume belongs to {saved.training['examples']} training examples; the "
                                  f"problem has {len(self.problem.train.y)}")
        self.driver = Driver(self.optimizer, kept.pop("schedules"))
        for name, value in kept.items():
            setattr(self, name, copied(value))
        # Before they were counted, gradients were one a step; what the steps took, nobody knows.
        self.records.setdefault("gradients", list(range(1, self.iteration + 1)))
        self.records.setdefault("seconds", [float("nan")] * self.iteration)
        self.state = saved.state
        # A file holds plain tuples; the problem's own parameters may be namedtuples.
        like = self.problem.init(problems.generator(0))
        self.params, self.best_params, *self.stale = (
            _in_classes_of(like, params) for params in (saved.params, self.best_params, *self.stale))
        if self.early_stop is None:
            self.best_epoch = self.best_params = None
        else:
            values = self.records[self.early_stop.watch]
            best = self.early_stop.best(values)
            if best != self.best_epoch:
                # It was not watched then. The parameters of that epoch are gone, unless they are the present ones.
                here = self.batch == 0 and best == len(values) - 1
                self.best_epoch, self.best_params = (best, own(self.answer)) if here else (None, None)


def _in_classes_of(like, params):
    from optlearn.checkpoint import in_classes_of

    if params is None or [p for p, _ in tree.flatten(like, "params")] != [p for p, _ in tree.flatten(params, "params")]:
        return params
    return in_classes_of(like, params)


def ahead(rule: Optimizer, params: Params, state: State) -> Params:
    """The point at which the next step takes the gradient: the parameters, or where the rule looks ahead.

    Parameters
    ----------
    rule : Optimizer
        With its values for the next step: ``optimizer.at(state.t + 1)``.
    params : array or nested dict, list, tuple of arrays
    state : State

    Returns
    -------
    params

    Examples
    --------
    >>> from optlearn import Nesterov
    >>> rule, w = Nesterov(lr=1.0, momentum=0.5), np.array([0.0])
    >>> w, state = rule.step(w, np.array([2.0]), rule.init(w))
    >>> w, ahead(rule.at(2), w, state)
    (array([-2.]), array([-3.]))
    """
    if isinstance(rule, Groups):
        return rule.points(params, state, ahead)
    if type(rule).probe is Optimizer.probe:
        return params
    points = []
    for (_, w), slots in zip(tree.flatten(params, "params"), state.slots, strict=True):
        w = np.asarray(w)
        points.append(np.asarray(rule.probe(w, rule.state_view(dict(slots)), state.t + 1), w.dtype))
    return tree.unflatten(params, points)


def train(problem: problems.Problem, optimizer: RuleLike | None = None, *, epochs: int = 10,
          batch_size: int | Literal["full"] | None = None, rng: Rng = 0, stratified: bool | None = None,
          shuffle: bool | None = None, drop_last: bool | None = None, delay: int | None = None,
          callbacks: Callable[[Training], Any] | Sequence[Callable[[Training], Any]] = (), progress: bool = False,
          early_stop: EarlyStop | int | None = None, params: Any = None, state: State | None = None,
          resume: PathLike | Checkpoint | None = None) -> History:
    """Train a problem in epochs and minibatches.

    Parameters
    ----------
    problem : Problem
        See `optlearn.problems`.
    optimizer : Optimizer, str, class or dict
        The rule, its name, its class or its configuration. Its schedules see the step index; those driven by the
        loss, the epoch or the place in the training are fed (see `optlearn.schedules`).
    epochs : int
        Passes over the training examples, in all: also when resuming. 0 only evaluates the first parameters.
    batch_size : int or "full"
        Default 32, or all examples where there are fewer. The last batch of an epoch is smaller if the numbers do
        not divide; `drop_last` leaves it out.
    rng : int, numpy.random.RandomState or numpy.random.Generator
        Source of the first parameters, of the order of the examples and of a rule's draws, in this order. The
        same seed gives the same run, bit by bit. A generator is used up as far as the run needs it.
    stratified : bool
        Whether every batch has nearly the class proportions of the training set.
    shuffle : bool
        Default True: a new order of the examples in every epoch.
    drop_last : bool
        Whether to leave out the last batch of an epoch where it is smaller.
    delay : int
        The gradient of a step, and its loss and Hessian, are taken at the parameters of `delay` steps before; a
        further gradient that a rule asks for, at the point that it asks about.
    callbacks : sequence of function
        Called with the `Training` after every step; one that returns True ends the training.
    progress : bool
        Whether to show a progress bar.
    early_stop : EarlyStop or int, optional
        A number is the patience, in epochs without a better test loss.
    params, state : optional
        Parameters and state to start from, instead of the problem's and the rule's own.
    resume : str, path or Checkpoint, optional
        Go on exactly where a saved training stopped, also in the middle of an epoch. Settings that are given
        must be those of the saved training; the optimizer may be left out. Callbacks and early stopping are
        not saved: give them again.

    Returns
    -------
    History

    Raises
    ------
    InvalidArgument
        Before the first step, for arguments out of range or that do not fit together.

    Examples
    --------
    >>> from optlearn import Adam
    >>> from optlearn.problems import Softmax
    >>> history = train(Softmax("iris"), Adam(lr=0.1), epochs=3)
    >>> history.steps, len(history.train_loss)
    (12, 4)
    >>> history.reason, bool(history.train_loss[3] < history.train_loss[0])
    ('3 epochs', True)
    """
    if not isinstance(problem, problems.Problem):
        raise InvalidArgument(f"problem = {problem!r} is not allowed; it must be an optlearn Problem such as "
                              "optlearn.problems.Softmax('iris'); a surface is for optlearn.run")
    given = {"batch_size": batch_size, "stratified": stratified, "shuffle": shuffle, "drop_last": drop_last,
             "delay": delay}
    given = {name: value for name, value in given.items() if value is not None}
    saved = None
    if optimizer is not None:
        optimizer = as_rule(optimizer)
    if resume is not None:
        from optlearn import checkpoint

        if params is not None or state is not None:
            raise InvalidArgument("with resume, params and state come from the checkpoint; leave them out")
        saved = checkpoint.opened(resume, optimizer)
        optimizer = optimizer or saved.optimizer
    if optimizer is None:
        raise InvalidArgument("optimizer = None is not allowed; it must be an Optimizer such as Adam(lr=0.1), or the "
                              "name of one")
    epochs = whole("epochs", epochs)
    settings = checked_settings(problem, given)
    if saved is not None and saved.training is not None:
        for name in given:
            if settings[name] != saved.training["settings"][name]:
                raise InvalidArgument(f"{name} = {given[name]!r} is not allowed; the saved training has "
                                      f"{saved.training['settings'][name]!r}")
        settings = saved.training["settings"]
    early_stop = checked_early_stop(problem, early_stop)
    callbacks = checked_callbacks(callbacks)
    training = Training(problem, optimizer, settings, problems.generator(rng) if saved is None else saved.rng,
                        early_stop)
    if "test" in training.driver.needs and problem.test is None:
        raise InvalidArgument(f"a schedule of {optimizer.name} watches the test loss, but data "
                              f"{problem.data.name!r} has no test examples")
    if saved is not None:
        training.restore(saved)
    else:
        training.begin(params, state)
    reason = None
    bar = _bar(training, epochs) if progress else None
    while reason is None and (reason := training.ended(epochs)) is None:
        if training.step():
            if bar is not None:
                bar.update()
                bar.set_postfix(loss=f"{training.records['loss'][-1]:.4g}", refresh=False)
            # All callbacks are called, also when one of them ends the training.
            if any([callback(training) is True for callback in callbacks]):  # noqa: C419
                reason = f"ended by a callback after step {training.iteration}"
    if bar is not None:
        bar.close()
    return History(training, reason)


def _bar(training, epochs):
    from tqdm.auto import tqdm

    return tqdm(total=epochs * training.steps_per_epoch, initial=training.iteration, unit="step",
                desc=training.optimizer.name)
