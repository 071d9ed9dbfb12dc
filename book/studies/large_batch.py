"""How far the batch can grow at equal epochs: four methods on a network with batch normalisation, on digits.

Every run sees the training set ten times, in batches of one size; the learning rate rises for a tenth of the steps and
then falls to zero along half a cosine. Tuned are the largest rate, in steps of a factor 2, and a second number, five
values each: four seeds find them; while the best rate lies at the edge, its grid grows. The best is run on eight seeds.
"""

import numpy as np

from optlearn import LAMB, LARS, Adam, Groups, Momentum, problems

READS = ("optlearn.problems.data", "optlearn.problems.network", "optlearn.problems.initialisations")

EPOCHS, SIZES = 10, (16, 64, 256, 1348)
# The second number and its values, and an exponent to begin with.
RULES = {"momentum": ("momentum", (0.5, 0.8, 0.9, 0.95, 0.98), -4), "lars": ("eta", (0.003, 0.01, 0.03, 0.1, 0.3), -2),
         "adam": ("beta2", (0.5, 0.8, 0.9, 0.99, 0.999), -6), "lamb": ("beta2", (0.5, 0.8, 0.9, 0.99, 0.999), -5)}
SEARCH, SEEDS = range(4), range(8)


def rule_of(rule, second, rate):
    """Ratios are for the matrices; biases, scales and shifts take the steps of the rule without them."""
    if rule == "momentum":
        return Momentum(lr=rate, momentum=second)
    if rule == "adam":
        return Adam(lr=rate, beta2=second)
    if rule == "lars":
        return Groups({"W*": LARS(lr=rate, eta=second, momentum=0.9, momentum_correction=True)},
                      default=Momentum(lr=rate, momentum=0.9))
    return Groups({"W*": LAMB(lr=rate, beta2=second)}, default=Adam(lr=rate, beta2=second))


def schedule(peak, steps):
    """Up to the peak in a tenth of the steps, then down along half a cosine."""
    warm = max(1, round(0.1 * steps))

    def rate(k):
        return peak * min((k + 1) / warm, 0.5 + 0.5 * np.cos(np.pi * max(0, k + 1 - warm) / (steps + 1 - warm)))

    return rate


def measure(size, rule, second, exponent, seed):
    """Loss and accuracy after training: on the training set, and on the held-out part."""
    on, rng = problems.MLP("digits", batch_norm=True), np.random.RandomState(seed)
    params, n = on.init(rng), len(on.train.y)
    per_epoch = n // size
    optimizer = rule_of(rule, second, schedule(2.0**exponent, EPOCHS * per_epoch))
    state = optimizer.init(params)
    with np.errstate(all="ignore"):
        for _ in range(EPOCHS):
            order = rng.permutation(n)
            for k in range(per_epoch):
                grads = on.gradient(params, on.batch(order[k * size:(k + 1) * size]))
                params, state = optimizer.step(params, grads, state, nonfinite="propagate")
                if not all(np.isfinite(w).all() for w in params.values()):
                    return dict.fromkeys(("train", "test", "accuracy"), np.nan)
        return {"train": on.evaluate(params), "test": on.evaluate(params, on.test),
                "accuracy": on.accuracy(params, on.test)}


def losses(results, size, rule, seeds):
    """Mean training loss by second number and exponent, of those run on all these seeds."""
    found = {}
    for row in results:
        cell = row["cell"]
        if (cell["size"], cell["rule"]) == (size, rule) and cell["seed"] in seeds:
            loss = row["found"]["train"]
            found.setdefault((cell["second"], cell["exponent"]), []).append(np.inf if loss is None else loss)
    return {key: np.mean(values) for key, values in found.items() if len(values) == len(seeds)}


def cells(results):
    """What is still to be run."""
    wanted = []
    for size in SIZES:
        for rule, (_, seconds, first) in RULES.items():
            where = {"size": size, "rule": rule}
            found, settled = losses(results, size, rule, SEARCH), True
            for second in seconds:
                mine = {e: loss for (s, e), loss in found.items() if s == second}
                best = min(mine, key=mine.get) if mine else first
                missing = {best - 1, best, best + 1} - set(mine)
                settled &= not missing
                wanted += [{**where, "second": second, "exponent": e, "seed": s} for e in sorted(missing)
                           for s in SEARCH]
            if settled:
                second, exponent = min(found, key=found.get)
                wanted += [{**where, "second": second, "exponent": exponent, "seed": s} for s in SEEDS]
    done = [row["cell"] for row in results]
    return [cell for cell in wanted if cell not in done]


def summary(results):
    """A row a size and method: the best numbers, and quartiles over eight seeds of what was measured."""
    rows = []
    for size in SIZES:
        for rule in RULES:
            found = losses(results, size, rule, SEARCH)
            second, exponent = min(found, key=found.get)
            cell = {"size": size, "rule": rule, "second": second, "exponent": exponent}
            held = [row["found"] for row in results if {**cell, "seed": row["cell"]["seed"]} == row["cell"]]
            rows.append({**cell, "lr": 2.0**exponent,
                         **{name: tuple(float(q) for q in np.quantile([f[name] for f in held], (0.25, 0.5, 0.75)))
                            for name in held[0]}})
    return rows
