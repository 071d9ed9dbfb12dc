"""What readers write, for checkers of types: it is checked and not run.

`assert_type` says what a checker must find, and each ``type: ignore`` what it must refuse: one that refuses nothing is
an error itself.
"""

from typing import Any, assert_type

import numpy as np

import optlearn
from optlearn import (
    Adam,
    AdamW,
    GradientDescent,
    Groups,
    Momentum,
    Muon,
    Optimizer,
    State,
    Surface,
    Trajectory,
    Update,
    hyper,
    option,
)
from optlearn.checkpoint import Checkpoint
from optlearn.gradients import ClipGlobalNorm, Transform
from optlearn.problems import MLP, Batch, Problem, Softmax
from optlearn.schedules import Cosine, Schedule, Warmup
from optlearn.training import EarlyStop, History, Training, Tuning
from optlearn.typing import Array, Examples, Floats, Rng, Slots
from optlearn.wrappers import Averaged, Lookahead, Wrapper

# The README

runs = optlearn.run("rosenbrock", [Momentum(lr=0.001), Adam(lr=0.1)], start=(-1.5, 2.0), steps=200)
assert_type(runs, list[Trajectory])
assert_type(runs[0].loss, Floats)
assert_type(Adam().equation(), str)
explorer = optlearn.explore("rosenbrock", [Momentum(lr=0.001), Adam(lr=0.1)], start=(-1.5, 2.0))
assert_type(explorer.trajectories, list[Trajectory])


class Mean(Optimizer):
    lr = hyper(0.1, above=0, symbol=r"\eta")
    beta = hyper(0.9, at_least=0, below=1, symbol=r"\beta")
    nesterov = option(False)
    slots = ("m",)

    def update(self, w, g, s, t):
        m = self.beta * s.m + (1 - self.beta) * g
        return Update(w - self.lr * m, m=m)


optlearn.explore("himmelblau", [Mean(lr=0.02)])
path = optlearn.run("himmelblau", Mean(lr=0.02, nesterov=True), compiled=True)
assert_type(path, Trajectory)
assert_type(path["m"], Floats)
assert_type(path.diverged, int | None)
optlearn.check(Mean(), against="adam").raise_if_different()
Mean.lr.range
Mean(0.02)  # type: ignore[arg-type]
Mean(lr={})  # type: ignore[arg-type]

# Steps of parameters of every shape: what comes out has the kind of what came in

rule = Mean(lr=lambda k: 0.1 / (k + 1))
w = np.ones(3)
state = rule.init(w)
assert_type(state, State)
new, state = rule.step(w, np.ones(3), state, rng=np.random.RandomState(0))
new.sum()
layers = {"W": np.ones((2, 2)), "b": np.ones(2)}
moved, held = rule.step(layers, layers, rule.init(layers))
moved["W"].sum()
rule.step(w, w, state, nonfinite="ignore")  # type: ignore[arg-type]

# Hyperparameters: a number, a sweep, a schedule; choices; what is done to the gradient

Adam(lr=0.1, beta1=np.float32(0.9), bias_correction=False)
Adam(lr=[0.1, 0.2], beta1=np.array([0.8, 0.9]))
Adam(lr=Cosine(start=0.1, steps=100), weight_decay=0.01, gradient=ClipGlobalNorm(clip_norm=1.0))
Adam(lr=Warmup(Cosine(start=0.1), steps=10), gradient=[ClipGlobalNorm(clip_norm=lambda k: 1.0)])
AdamW(lr=0.1).replace(lr=0.2).weight_decay
optlearn.get("sgd", convention="torch", lr=0.1, momentum=0.9)
Adam(learning=1)  # type: ignore[call-arg]
Adam(lr="large")  # type: ignore[arg-type]
Adam(lr=Cosine)  # type: ignore[arg-type]
Adam(lr=lambda k: "large")  # type: ignore[arg-type, return-value]
Adam(bias_correction="no")  # type: ignore[arg-type]
Adam(0.1)  # type: ignore[call-arg]
optlearn.AMSGrad(maximum="largest")  # type: ignore[arg-type]
Cosine(start=0.1, steps=0.5)  # type: ignore[arg-type]
Cosine(0.1)  # type: ignore[call-arg]
optlearn.run(3, Adam())  # type: ignore[call-overload]
optlearn.surfaces.Quadratic(curvature=3.0)  # type: ignore[call-arg]
optlearn.Adaam  # type: ignore[attr-defined]

# Schedules, surfaces, transforms of a reader's own


class Sawtooth(Schedule):
    high = hyper(1.0, above=0)
    period = hyper(4, at_least=1, integer=True)

    def value(self, k):
        return self.high * (1 - k % self.period / self.period)


assert_type(Sawtooth(high=2.0)(3), float)
assert_type((0.5 * Sawtooth()).series(6), Floats)
Momentum(lr=Sawtooth().per_epoch(10))


class Bowl(Surface):
    steep = hyper(3.0, above=0)
    minima = ((0.0, 0.0),)
    domain = (-2, 2, -2, 2)

    def f(self, x, y):
        return x**2 + self.steep * y**2


assert_type(Bowl(steep=2.0).gradient(np.array([1.0, 2.0])), Floats)
ends = optlearn.sweep(Bowl(), GradientDescent(lr=np.logspace(-3, 0, 9)), start=(1.0, 1.0))
assert_type(ends, Floats)
optlearn.run(lambda x, y: x**2 + 3 * y**2, "adam", start=[1, 1], rng=0, noise=0.1)


class Sign(Transform):
    def __call__(self, w, g):
        return np.sign(g)


# A wrapper of one's own, and those of the library


class Halved(Wrapper):
    part = hyper(0.5, above=0, at_most=1)

    def update(self, w: Any, g: Any, s: Slots, t: int) -> Update:
        made = self.inner(w, g, s, t)
        return self.joined(made, w + self.part * (made.w - w))


optlearn.run("beale", Lookahead(Halved(Adam(lr=0.1), part=0.3), sync_period=6), steps=50)
mean = Averaged(Adam(lr=0.1), kind="mean", gradient=Sign())
assert_type(mean.rule, Optimizer)
assert_type(optlearn.run("beale", mean).answer, Floats)
Averaged(Adam(), kind="median")  # type: ignore[arg-type]
Lookahead()  # type: ignore[call-arg]

# Problems, groups, training


class Line(Problem):
    def init(self, rng: Rng = 0) -> Array:
        return np.zeros(2)

    def loss_and_gradient(self, params: Array, batch: Examples | None = None) -> tuple[float, Array]:
        x, y = batch or self.train
        error = x[:, 0] * params[0] + params[1] - y
        return float(np.mean(error**2)), np.array([np.mean(2 * error * x[:, 0]), np.mean(2 * error)])


problem = MLP("digits", hidden=16, activation="relu")
groups = Groups({"W*": Muon(lr=0.02), lambda place, array: array.ndim < 1: "sgd"}, default=AdamW(lr=0.003))
history = optlearn.train(problem, groups, epochs=3, batch_size=64, early_stop=EarlyStop(patience=2))
assert_type(history, History)
assert_type(history.test_accuracy, Floats)
history.to_pandas("step").plot()


def stops(training: Training) -> bool:
    return training.records["loss"][-1] < 0.1


optlearn.train(Line((np.ones((3, 1)), np.ones(3))), "adam", callbacks=stops, resume="run.ckpt")
assert_type(problem.batch([0, 1]), Batch)
assert_type(optlearn.tune("rosenbrock", "adam", {"lr": [0.01, 0.1]}), Tuning)
assert_type(optlearn.tune(Softmax("iris"), ["adam", Momentum], {"lr": [0.01, 0.1]}, epochs=2), list[Tuning])
optlearn.lr_finder(Softmax("iris"), Momentum).plot().set(title="a rate")
held_there = optlearn.checkpoint.load("run.ckpt", optimizer=Adam)
assert_type(held_there, Checkpoint)
assert_type(optlearn.claim("a half squared", predicted=0.25, measured=0.5**2, rtol=1e-12).numbers, str)
optlearn.train("rosenbrock", Adam())  # type: ignore[arg-type]
MLP("digits", activation="gelu")  # type: ignore[arg-type]
