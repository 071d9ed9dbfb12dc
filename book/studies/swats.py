"""SWATS on few digits: rate and width of the criterion tuned; when it switches, and to which rate of SGD.

The problem, batches, epochs and seeds are those of the study `generalisation`, which has momentum and Adam.
"""

import numpy as np

from optlearn import SWATS, problems, train

READS = ("optlearn.problems.base", "optlearn.problems.data", "optlearn.problems.network", "optlearn.training.loop",
         "optlearn.rules.swats")

EPOCHS, BATCH, SEEDS = 30, 22, range(8)
RATES, WIDTHS = (0.003, 0.01, 0.03), (0.003, 0.01, 0.03, 0.1)


def measure(lr, width, seed):
    """Losses and accuracy at the end; for each array the step of its switch (0: none) and its rate."""
    digits = problems.load("digits", test=0.9)
    problem = problems.MLP(problems.Data(*digits.train, digits.test.x[:600], digits.test.y[:600], name="few digits"))
    history = train(problem, SWATS(lr=lr, switch_eps=width), epochs=EPOCHS, batch_size=BATCH, rng=seed)
    found = {"train": history.train_loss[-1], "test": history.test_loss[-1], "accuracy": history.test_accuracy[-1]}
    for i, name in enumerate(history.params):
        found[f"step {name}"] = float(history.state["switched_at"][i])
        found[f"rate {name}"] = float(history.state["rate"][i])
    return found


def cells(results):
    """What is still to be run: the grid, widened while the best lies at an edge."""
    done = [row["cell"] for row in results]
    rates, widths = ({*first, *(cell[name] for cell in done)} for first, name in ((RATES, "lr"), (WIDTHS, "width")))
    if results:
        lr, width = best(results)
        for values, chosen in ((rates, lr), (widths, width)):
            if chosen in (min(values), max(values)):
                values.add(float(f"{chosen * 10 ** (0.5 if chosen == max(values) else -0.5):.1g}"))
    wanted = [{"lr": lr, "width": width, "seed": seed} for lr in sorted(rates) for width in sorted(widths)
              for seed in SEEDS]
    return [cell for cell in wanted if cell not in done]


def of(results, lr, width, name):
    """A number for each seed."""
    return [row["found"][name] for row in results if (row["cell"]["lr"], row["cell"]["width"]) == (lr, width)]


def best(results):
    """Rate and width with the lowest mean test loss."""
    tried = sorted({(row["cell"]["lr"], row["cell"]["width"]) for row in results})

    def score(cell):
        losses = of(results, *cell, "test")
        return np.inf if None in losses else np.mean(losses)
    return min(tried, key=score)
