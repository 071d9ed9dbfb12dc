"""Schedules: hyperparameters that change from step to step.

A schedule is a function of the step index k = 0, 1, 2, ...: the first step has index 0, step t has index t -
1. Any hyperparameter of any rule may be one, or any other function of the index::

    Adam(lr=Cosine(start=0.1, steps=1000))
    Momentum(lr=Warmup(Step(start=0.1, every=30).per_epoch(50), steps=100), momentum=SutskeverMomentum())
    GradientDescent(lr=lambda k: 0.5 / (k + 1))

Most are formulas in `k`, from which the equation and the page's JavaScript are made. `Plateau` and `King`
look at the loss; their state is plain data apart from the schedule, which `train` and `run` keep, feed and
save.

Where they live: `base` holds what every schedule is, `formula` what one shows of itself, `decay`, `cyclic` and
`momentum` the formulas, `composed` schedules made of schedules, `driven` those that look at the training and what
feeds them. All stand on `base` alone.
"""

from optlearn.schedules.base import Place, Schedule, get, names
from optlearn.schedules.composed import Join, PerEpoch, Scaled, Warmup
from optlearn.schedules.cyclic import Cyclical, OneCycle, WarmRestarts
from optlearn.schedules.decay import (
    Constant,
    Cosine,
    Exponential,
    Halving,
    Inverse,
    InverseSquareRoot,
    MultiStep,
    Noam,
    Polynomial,
    Step,
    WarmupStableDecay,
)
from optlearn.schedules.driven import Driver, FromTraining, King, Plateau, steps_without_decrease
from optlearn.schedules.momentum import NadamMomentum, SutskeverMomentum

__all__ = ["Constant", "Cosine", "Cyclical", "Driver", "Exponential", "FromTraining", "Halving", "Inverse",
           "InverseSquareRoot", "Join", "King", "MultiStep", "NadamMomentum", "Noam", "OneCycle", "PerEpoch",
           "Place", "Plateau", "Polynomial", "Scaled", "Schedule", "Step", "SutskeverMomentum", "WarmRestarts",
           "Warmup", "WarmupStableDecay", "get", "names", "steps_without_decrease"]
