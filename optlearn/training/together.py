"""Trainings that differ in seed or data alone, step by step together: each as it would be alone, only sooner."""

import functools
import numbers
import time

import numpy as np

from optlearn import gradients, problems, stepping, tree
from optlearn.groups import Groups
from optlearn.problems import passes
from optlearn.registry import of_library
from optlearn.schedules import Driver
from optlearn.state import State
from optlearn.training.arguments import checked_settings
from optlearn.training.loop import Training, ahead
from optlearn.training.records import History

SETTINGS = ("batch_size", "stratified", "shuffle", "drop_last")


def possible(of, optimizer, seeds, how):
    """Whether these trainings, one a problem and seed, can go together: every number of an update is made of that
    number alone."""
    return (len(seeds) > 1 and all(isinstance(seed, numbers.Integral) for seed in seeds) and set(how) <= {*SETTINGS}
            and all(map(passes.stacks, of)) and len({_form(problem) for problem in of}) == 1
            and not isinstance(optimizer, Groups) and _is_library(optimizer)
            and not (optimizer.draws or optimizer.needs or Driver(optimizer).schedules)
            and stepping.separable(optimizer.at(1).replace(gradient=())))


def _form(problem):
    """What is the same of problems that differ in their numbers alone."""
    x, y = problem.train
    values = {name: value for name, value in problem.values.items() if name != "data"}
    return type(problem), repr(values), problem.classes, x.shape, x.dtype, y.dtype


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


def train_all(of, optimizer, epochs, seeds, how, hasty=False):
    """The histories of trainings that can go together, one a problem and seed; of hasty ones records of epochs hold
    the last."""
    settings = checked_settings(of[0], {name: value for name, value in how.items() if value is not None})
    make = functools.partial(Hasty, epochs) if hasty else Training
    trainings = [make(problem, optimizer, settings, problems.generator(seed), None)
                 for problem, seed in zip(of, seeds, strict=True)]
    one_by_one = not stepping.separable(optimizer.at(1))
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
        params, state = _step(running, params, state, one_by_one)


def _stack(trainings):
    """Parameters and states of trainings as one, along a new first axis."""
    leaves = [[w for _, w in tree.flatten(training.params, "params")] for training in trainings]
    params = tree.unflatten(trainings[0].params, [np.stack(ws) for ws in zip(*leaves, strict=True)])
    states = [training.state for training in trainings]
    # Of a single parameter slots are arrays too; else a slot without a shape is one number for all.
    slots = [{name: np.stack([one[name] for one in ones]) if isinstance(ones[0][name], np.ndarray) else ones[0][name]
              for name in ones[0]} for ones in zip(*(state.slots for state in states), strict=True)]
    return params, State(states[0].rule, states[0].t, states[0].paths, slots)


def _next_batch(trainings):
    """The examples of the step that comes, of each training."""
    problem = trainings[0].problem
    if all(training.problem is problem for training in trainings):
        return problem.batch(np.stack([training.next_rows() for training in trainings]))
    return passes.stacked([training.next_batch() for training in trainings])


def _prepared(rule, params, grads):
    """What the rule's transforms make of the gradient of each training, for those that look at more than a number."""
    ws, gs = ([array for _, array in tree.flatten(nested, "step")] for nested in (params, grads))
    made = [gradients.prepare(rule.gradient, [w[k, ...] for w in ws], [g[k, ...] for g in gs])
            for k in range(len(gs[0]))]
    return tree.unflatten(params, [np.stack(parts) for parts in zip(*made, strict=True)])


def _step(trainings, params, state, one_by_one):
    """A step of all; those whose step is not finite end before it."""
    begin = time.perf_counter()
    rule = trainings[0].optimizer.at(state.t + 1)
    batch = _next_batch(trainings)
    with np.errstate(all="ignore"):
        losses, grads = passes.losses_and_gradients(trainings[0].problem, ahead(rule, params, state), batch)
        raw = grads
        if one_by_one:
            grads, rule = _prepared(rule, params, grads), rule.replace(gradient=())
        new, after = rule.step(params, grads, state, nonfinite="propagate")
        fine = np.isfinite(losses)
        for nested in (raw, new, after.slots):
            for _, array in tree.flatten(nested, "step"):
                if np.ndim(array):
                    fine &= np.isfinite(array).reshape(len(fine), -1).all(axis=1)
    share = (time.perf_counter() - begin) / len(trainings)
    # Between epochs nobody looks at the parameters of one, unless the others go on without it; of hasty ones, before
    # the end.
    first = trainings[0]
    last = first.batch + 1 == first.steps_per_epoch
    due = not fine.all() or (last and (not isinstance(first, Hasty) or first.epoch + 1 == first.epochs))
    for k, training in enumerate(trainings):
        if due:
            training.params, training.state = _one(k, *((new, after) if fine[k] else (params, state)))
        if fine[k]:
            training.advance(rule, float(losses[k]), 1, share, training.params, training.state)
        else:
            training.diverged = training.iteration + 1
    return new, after


def _one(k, params, state):
    """Parameters and state of one training."""
    slots = [{name: value[k, ...] if np.ndim(value) else value for name, value in one.items()} for one in state.slots]
    return (tree.unflatten(params, [w[k, ...] for _, w in tree.flatten(params, "params")]),
            State(state.rule, state.t, state.paths, slots))
