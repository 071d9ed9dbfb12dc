"""A constant learning rate with and without an average, and a falling one: softmax regression on the digits.

Every run has 4 epochs of minibatches of 8, 676 steps, at a learning rate from a grid of factors of 2. Two seeds find
the rate; while the best lies at the edge, the grid grows. Then the best is run on eight seeds. All losses are those of
the point that a method reports.
"""

import functools

import numpy as np

from optlearn import GradientDescent, problems, schedules, train
from optlearn.rules import ScheduleFree
from optlearn.wrappers import Averaged, Lookahead

READS = ("optlearn.problems.data", "optlearn.problems.linear")

EPOCHS, BATCH, STEPS = 4, 8, 676
SEARCH, SEEDS = (0, 1), range(8)
METHODS = {
    "constant rate": lambda lr: GradientDescent(lr=lr),
    "rate falls to 0": lambda lr: GradientDescent(lr=schedules.Polynomial(start=lr, steps=STEPS)),
    "mean of all": lambda lr: Averaged(GradientDescent(lr=lr), kind="mean"),
    "mean of the second half": lambda lr: Averaged(GradientDescent(lr=lr), kind="mean", average_start=STEPS // 2),
    "moving average, 0.99": lambda lr: Averaged(GradientDescent(lr=lr), average_decay=0.99),
    "Lookahead": lambda lr: Lookahead(GradientDescent(lr=lr)),
    "Schedule-Free": lambda lr: ScheduleFree(lr=lr),
}


@functools.cache
def problem():
    return problems.Softmax("digits", l2=1e-3)


@functools.cache
def least():
    """The smallest training loss."""
    from scipy.optimize import minimize

    params = problem().init(rng=0)
    shapes = {name: value.shape for name, value in params.items()}

    def split(x):
        parts = np.split(x, np.cumsum([np.prod(shape) for shape in shapes.values()])[:-1].astype(int))
        return {name: part.reshape(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}

    def both(x):
        grads = problem().gradient(split(x))
        return problem().loss(split(x)), np.concatenate([grads[name].ravel() for name in shapes])

    x = np.concatenate([value.ravel() for value in params.values()])
    return float(minimize(both, x, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "gtol": 1e-9}).fun)


def measure(method, rate, seed):
    """Training loss above the least in the middle and at the end, and what the held-out digits say."""
    with np.errstate(all="ignore"):
        history = train(problem(), METHODS[method](2.0**rate), epochs=EPOCHS, batch_size=BATCH, rng=seed)
    return {"half": history.train_loss[-3] - least(), "train": history.train_loss[-1] - least(),
            "test": history.test_loss[-1], "accuracy": history.test_accuracy[-1]}


def best(results, method, seeds):
    """The exponent of the lowest mean loss among those run on these seeds, and all such exponents."""
    losses = {}
    for row in results:
        cell, loss = row["cell"], row["found"]["train"]
        if cell["method"] == method and cell["seed"] in seeds:
            losses.setdefault(cell["rate"], []).append(np.inf if loss is None else loss)
    whole = {rate: np.mean(values) for rate, values in losses.items() if len(values) == len(seeds)}
    return (min(whole, key=whole.get) if whole else None), set(whole)


def cells(results):
    """What is still to be run."""
    wanted = []
    for method in METHODS:
        rate, tried = best(results, method, SEARCH)
        if rate is None:
            rates, seeds = [-2], SEARCH
        else:
            rates, seeds = sorted({rate - 1, rate + 1} - tried), SEARCH
            if not rates:
                rates, seeds = [rate], SEEDS
        wanted += [{"method": method, "rate": r, "seed": s} for r in rates for s in seeds]
    done = [row["cell"] for row in results]
    return [cell for cell in wanted if cell not in done]


def summary(results):
    """A row a method: the best rate, and quartiles over the seeds of what was measured."""
    rows = []
    for method in METHODS:
        rate, _ = best(results, method, SEARCH)
        found = [row["found"] for row in results if row["cell"]["method"] == method and row["cell"]["rate"] == rate]
        rows.append({"method": method, "lr": 2.0**rate, **{
            name: tuple(float(q) for q in np.quantile([f[name] for f in found], (0.25, 0.5, 0.75)))
            for name in found[0]}})
    return rows
