"""Trainings that differ in the seed alone, step by step together: each as it would be alone, only sooner."""

import functools
import numbers
import time

import numpy as np

from optlearn import problems, stepping, tree
from optlearn.groups import Groups
from optlearn.problems import passes
from optlearn.registry import of_library
from optlearn.schedules import Driver
from optlearn.state import State
from optlearn.training.arguments import checked_settings
from optlearn.training.loop import Training, ahead
from optlearn.training.records import History

SETTINGS = ("batch_size", "stratified", "shuffle", "drop_last")


def possible(problem, optimizer, seeds, how):
    """Whether these trainings can go together: every number of a step is made of that number alone."""
    return (len(seeds) > 1 and all(isinstance(seed, numbers.Integral) for seed in seeds) and set(how) <= {*SETTINGS}
            and passes.stacks(problem) and not isinstance(optimizer, Groups) and _is_library(optimizer)
            and not (optimizer.draws or optimizer.needs or Driver(optimizer).schedules)
            and stepping.separable(optimizer.at(1)))


def _is_library(rule):
    """Whether nothing in it is a reader's, whose lines may look at shapes."""
    inner = getattr(rule, "rule", None)
    return of_library(type(rule)) and (inner is None or _is_library(inner)) and all(
        type(transform).__module__ == "optlearn.gradients" for transform in rule.gradient)


class Hasty(Training):
    """A training that is evaluated at its end alone."""

    def __init__(self, epochs, *given):
        self.epochs = epochs
        super().__init__(*given)

    def evaluate(self):
        if self.epoch == self.epochs:
            super().evaluate()


def train_all(problem, optimizer, epochs, seeds, how, hasty=False):
    """The histories of trainings that can go together, one a seed; of hasty ones records of epochs hold the last."""
    settings = checked_settings(problem, {name: value for name, value in how.items() if value is not None})
    make = functools.partial(Hasty, epochs) if hasty else Training
    trainings = [make(problem, optimizer, settings, problems.generator(seed), None) for seed in seeds]
    for training in trainings:
        training.begin(None, None)
    reasons, running = {}, trainings
    while True:
        reasons |= {training: reason for training in running if (reason := training.ended(epochs))}
        going = [training for training in running if training not in reasons]
        if not going:
            return [History(training, reasons[training]) for training in trainings]
        if len(going) < len(running) or not going[0].iteration:
            params, state = _stack(going)
        running = going
        params, state = _step(running, params, state)


def _stack(trainings):
    """Parameters and states of trainings as one, along a new first axis."""
    leaves = [[w for _, w in tree.flatten(training.params, "params")] for training in trainings]
    params = tree.unflatten(trainings[0].params, [np.stack(ws) for ws in zip(*leaves, strict=True)])
    states = [training.state for training in trainings]
    # Of a single parameter slots are arrays too; else a slot without a shape is one number for all.
    slots = [{name: np.stack([one[name] for one in ones]) if isinstance(ones[0][name], np.ndarray) else ones[0][name]
              for name in ones[0]} for ones in zip(*(state.slots for state in states), strict=True)]
    return params, State(states[0].rule, states[0].t, states[0].paths, slots)


def _step(trainings, params, state):
    """A step of all; those whose step is not finite end before it."""
    begin = time.perf_counter()
    rule = trainings[0].optimizer.at(state.t + 1)
    batch = passes.stacked([training.next_batch() for training in trainings])
    with np.errstate(all="ignore"):
        losses, grads = passes.losses_and_gradients(trainings[0].problem, ahead(rule, params, state), batch)
        new, after = rule.step(params, grads, state, nonfinite="propagate")
        fine = np.isfinite(losses)
        for nested in (grads, new, after.slots):
            for _, array in tree.flatten(nested, "step"):
                if np.ndim(array):
                    fine &= np.isfinite(array).reshape(len(fine), -1).all(axis=1)
    arrays = [w for _, w in tree.flatten(new, "params")]
    share = (time.perf_counter() - begin) / len(trainings)
    for k, training in enumerate(trainings):
        if fine[k]:
            slots = [{name: value[k, ...] if np.ndim(value) else value for name, value in one.items()}
                     for one in after.slots]
            training.advance(rule, float(losses[k]), 1, share,
                             tree.unflatten(new, [w[k, ...] for w in arrays]),
                             State(after.rule, after.t, after.paths, slots))
        else:
            training.diverged = training.iteration + 1
    return new, after
