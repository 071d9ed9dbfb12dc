"""What a run on a surface leaves behind: all that it did, and what its rule reports."""

import functools

import numpy as np

from optlearn.declare import InvalidArgument
from optlearn.optimizer import Optimizer
from optlearn.state import Slots, guest


class Trajectory:
    """A recorded run.

    Attributes
    ----------
    surface : Surface
    optimizer : Optimizer
    w : array (steps + 1, 2) or (steps + 1, 2, N)
        Parameters: ``w[0]`` is the start, ``w[t]`` what step t made.
    answer : array like `w`
        What the rule reports after each step, where it trains other parameters (`Optimizer.solution`); else `w`.
    loss, answer_loss : array (steps + 1,) or (steps + 1, N)
        Value of the surface at `w` and at `answer`.
    g, probe : array (steps, 2) or (steps, 2, N)
        Gradient of step t + 1 and the point where it was taken.
    steps : int
        Steps kept; fewer than asked for if the run diverged.
    gradients : array (steps + 1,) of int
        Gradients taken until after each step: one a step for most rules (`Optimizer.gradients_per_step`).
    diverged : int or None
        The step that was not finite, if one was.
    reason : str
        Why the run ended.
    """

    def __init__(self, surface, optimizer, rows, named, diverged):
        self.surface, self.optimizer = surface, optimizer
        self.w, self.probe, self.g = rows
        self.steps = len(self.g)
        self.named, self.diverged = named, diverged

    @functools.cached_property
    def reason(self):
        """Why the run ended, and from when on a part of the state is not finite."""
        reason = f"{self.steps} steps" if self.diverged is None else f"diverged at step {self.diverged}"
        for name in self.optimizer.slots if self.w.ndim == 2 else ():
            values = self.named[name]
            lost = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
            if len(lost) and lost[0] > 0:
                reason += f", {name} is not finite from step {lost[0]} on"
        return reason

    @functools.cached_property
    def loss(self):
        """Value of the surface at `w`, computed when first asked for."""
        return self._values(self.w)

    @functools.cached_property
    def gradients(self):
        """Gradients taken until after each step, computed when first asked for."""
        return np.arange(self.steps + 1) * self.optimizer.gradients_per_step

    @functools.cached_property
    def answer(self):
        """What the rule reports after each step, computed when first asked for."""
        rule = self.optimizer
        return self.w if type(rule).answer is Optimizer.answer else _answers(rule, self.w, self.named)

    @functools.cached_property
    def answer_loss(self):
        """Value of the surface at `answer`, computed when first asked for."""
        return self.loss if self.answer is self.w else self._values(self.answer)

    def _values(self, w):
        with np.errstate(over="ignore", invalid="ignore"):
            return np.broadcast_to(self.surface(np.moveaxis(w, 0, 1)), w[:, 0].shape)

    def __getitem__(self, name):
        """State (steps + 1 values, the first before step 1) or internals (a value a step) by name."""
        if name not in self.named:
            raise InvalidArgument(f"this run has no quantity {name!r}; it has {', '.join(self.named) or 'none'}")
        return self.named[name]

    def __repr__(self):
        end = ", ".join(f"{x:.6g}" for x in self.w[-1].ravel()[:2])
        many = f", {self.w[0].size // 2} runs" if self.w[0].ndim > 1 else f", ends at ({end})"
        each = self.optimizer.gradients_per_step
        how = f", {each} gradients a step" * (each > 1) + ", gradients by finite differences" * (not self.surface.exact)
        return f"Trajectory({self.optimizer.name} on {self.surface.name}, {self.reason}{many}{how})"


def _answers(optimizer, w, named):
    """What a rule reports after each step of a run, or of several."""
    from optlearn.symbolic.trace import NotTraceable, parameter_values, trace

    made = [w[0]]
    try:
        program = trace(optimizer)
    except NotTraceable:
        program = None
        if w.ndim > 2:
            lanes = [_answers(lane(optimizer, i), w[..., i], {name: x[..., i] for name, x in named.items()})
                     for i in range(w.shape[2])]
            return np.stack(lanes, -1)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for t in range(1, len(w)):
            rule, held = optimizer.at(t), {name: named[name][t] for name in optimizer.slots}
            made.append(rule.answer(guest(w[t]), Slots(held), t) if program is None else
                        program.answered(w[t], t, *parameter_values(rule), *held.values())[0])
    return np.array(made)


def lane(declared, i):
    """A rule, transform or surface with the values of run `i`."""
    def one(value):
        if isinstance(value, np.ndarray):
            return value[i].item()  # a single run has Python's numbers
        if callable(value) and not getattr(value, "driven", False):
            return lambda k: x[i].item() if np.ndim(x := value(k)) else x
        return value

    values = {name: one(declared.__dict__[name]) for name in declared.hypers()}
    if isinstance(declared, Optimizer):
        values["gradient"] = tuple(lane(transform, i) for transform in declared.gradient)
    return declared.bound(values)
