"""AdamW with a constant rate, with one that falls to zero, and Schedule-Free AdamW: a small network on the digits.

Every run has 8 epochs of minibatches of 32, 344 steps, at a learning rate from a grid of factors of 2; all begin with
the same warm-up of 20 steps. Two seeds find the rate; while the best lies at the edge, the grid grows. Then the best is
run on eight seeds. All losses are those of the point that a method reports; "y" is the loss of the point that
Schedule-Free trains.
"""

import functools

import numpy as np

from optlearn import AdamW, problems, schedules, train
from optlearn.rules import ScheduleFree

READS = ("optlearn.problems.data", "optlearn.problems.network")

EPOCHS, STEPS, WARM = 8, 344, 20
SEARCH, SEEDS = (0, 1), range(8)
METHODS = {
    "AdamW, constant": lambda lr: AdamW(lr=schedules.Warmup(schedules.Constant(start=lr), steps=WARM)),
    "AdamW, falls to 0": lambda lr: AdamW(
        lr=schedules.Warmup(schedules.Polynomial(start=lr, steps=STEPS - WARM), steps=WARM)),
    "Schedule-Free AdamW": lambda lr: ScheduleFree(lr=lr, form="adamw", warmup_steps=WARM, weight_decay=0.01),
}


@functools.cache
def problem():
    return problems.MLP("digits")


def measure(method, rate, seed):
    """Training loss after 2, 4 and 8 epochs, and what the held-out digits say at the end."""
    with np.errstate(all="ignore"):
        history = train(problem(), METHODS[method](2.0**rate), epochs=EPOCHS, batch_size=32, rng=seed)
    quarter, half, end = (history.train_loss[k] for k in (-7, -5, -1))
    return {"quarter": quarter, "half": half, "train": end, "y": problem().evaluate(history.params, problem().train),
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
            rates, seeds = [-6], SEARCH
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
