"""Does a network that SGD trained predict better than one that Adam trained? Few digits, rate and decay tuned for each.

Momentum and Adam are tried with a penalty and with decoupled decay. Besides losses and accuracies each training
measures the sharpness at its end: the eigenvalue of largest size of the training loss's Hessian, by power iteration.
"""

import numpy as np

from optlearn import Adam, AdamW, Momentum, problems, train

READS = ("optlearn.problems.base", "optlearn.problems.data", "optlearn.problems.network", "optlearn.training.loop")

EPOCHS, BATCH, SEEDS = 30, 22, range(8)
RULES = {"momentum": Momentum(), "adam": Adam(), "adamw": AdamW(), "adam, large eps": Adam(eps=0.1)}
RATES = {"momentum": (0.003, 0.01, 0.03, 0.1), "adam": (0.001, 0.003, 0.01, 0.03),
         "adamw": (0.001, 0.003, 0.01, 0.03), "adam, large eps": (0.03, 0.1, 0.3, 1.0)}
DECAYS = {"momentum": (0.0, 0.001, 0.003, 0.01), "adam": (0.0, 0.001, 0.003, 0.01), "adamw": (0.0, 0.1, 0.3, 1.0),
          "adam, large eps": (0.0, 0.001, 0.003, 0.01)}


def few_digits():
    """A tenth of the digits to train on, 600 others to test on."""
    digits = problems.load("digits", test=0.9)
    return problems.MLP(problems.Data(*digits.train, digits.test.x[:600], digits.test.y[:600], name="few digits"))


def sharpness(problem, params, steps=60):
    """The eigenvalue of largest size of the Hessian of the training loss, by power iteration."""
    rng = np.random.RandomState(0)
    v = {name: rng.standard_normal(array.shape) for name, array in params.items()}
    size = 0.0
    for _ in range(steps):
        length = np.sqrt(sum(np.sum(array**2) for array in v.values()))
        v = {name: array / length for name, array in v.items()}
        image = problem.hessian_product(params, v)
        size, v = sum(np.sum(v[name] * image[name]) for name in v), image
    return float(size)


def measure(rule, lr, decay, seed):
    """Training and test loss, test accuracy and sharpness at the end of a training."""
    problem = few_digits()
    history = train(problem, RULES[rule].replace(lr=lr, weight_decay=decay), epochs=EPOCHS, batch_size=BATCH, rng=seed)
    return {"train": history.train_loss[-1], "test": history.test_loss[-1], "accuracy": history.test_accuracy[-1],
            "sharpness": sharpness(problem, history.params)}


def cells(results):
    """What is still to be run: the grids, widened while the best of a rule lies at an edge."""
    done, wanted = [row["cell"] for row in results], []
    for rule in RULES:
        rates, decays = set(RATES[rule]), set(DECAYS[rule])
        for row in results:
            if row["cell"]["rule"] == rule:
                rates.add(row["cell"]["lr"])
                decays.add(row["cell"]["decay"])
        if not results:
            found = None
        else:
            found = best(results, rule)
        if found:
            lr, decay = found
            factor = 10**0.5
            if lr == max(rates):
                rates.add(float(f"{lr * factor:.1g}"))
            if lr == min(rates):
                rates.add(float(f"{lr / factor:.1g}"))
            if decay == max(decays):
                decays.add(float(f"{decay * factor:.1g}"))
        wanted += [{"rule": rule, "lr": lr, "decay": decay, "seed": seed} for lr in sorted(rates)
                   for decay in sorted(decays) for seed in SEEDS]
    return [cell for cell in wanted if cell not in done]


def of(results, rule, lr, decay, name):
    """A number for each seed."""
    return [row["found"][name] for row in results
            if (row["cell"]["rule"], row["cell"]["lr"], row["cell"]["decay"]) == (rule, lr, decay)]


def best(results, rule, decays=None):
    """Rate and decay with the lowest mean test loss."""
    tried = {(row["cell"]["lr"], row["cell"]["decay"]) for row in results if row["cell"]["rule"] == rule}
    tried = [cell for cell in sorted(tried) if decays is None or cell[1] in decays]

    def score(cell):
        losses = of(results, rule, *cell, "test")
        return np.inf if None in losses else np.mean(losses)
    return min(tried, key=score)
