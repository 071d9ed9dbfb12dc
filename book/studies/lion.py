"""What Lion needs of batch and decay: beside Signum and Adam on a small network, digits.

Every run of the first part sees the training set twelve times, in batches of one size; the learning rate rises for a
tenth of the steps and then falls to zero along half a cosine. Its largest value comes from a grid of steps of a factor
2: four seeds find it, and while the best lies at the edge, the grid grows. The best is run on eight seeds.

In the second part the same network learns 200 digits, of which a fifth have a random label, in 40 rounds with batches
of 32. All pairs of a learning rate and a decay are run on eight seeds.
"""

import numpy as np

from optlearn import Adam, AdamW, Lion, Signum, problems

READS = ("optlearn.problems.data", "optlearn.problems.network", "optlearn.problems.initialisations")

EPOCHS, SIZES = 12, (8, 64, 512)
RULES = {"adam": lambda lr, wd: AdamW(lr=lr, weight_decay=wd) if wd else Adam(lr=lr),
         "signum .9": lambda lr, wd: Signum(lr=lr, momentum=0.9),
         "signum .99": lambda lr, wd: Signum(lr=lr, momentum=0.99),
         "lion": lambda lr, wd: Lion(lr=lr, weight_decay=wd)}
FIRST = {"adam": -6, "signum .9": -8, "signum .99": -9, "lion": -9}
SEARCH, SEEDS = range(4), range(8)
FEW, ROUNDS, WRONG = 200, 40, 0.2
DECAYED = {"adam": (range(-9, -4), range(-4, 4)), "lion": (range(-10, -5), range(-1, 7))}


def schedule(peak, steps):
    """Up to the peak in a tenth of the steps, then down along half a cosine."""
    warm = max(1, round(0.1 * steps))

    def rate(k):
        return peak * min((k + 1) / warm, 0.5 + 0.5 * np.cos(np.pi * max(0, k + 1 - warm) / (steps + 1 - warm)))

    return rate


def few(seed):
    """A few digits, some with a label that is drawn anew, and the test set."""
    digits, rng = problems.load("digits"), np.random.RandomState(1000 + seed)
    rows = rng.permutation(len(digits.train.y))[:FEW]
    y = digits.train.y[rows].copy()
    wrong = rng.permutation(FEW)[:round(WRONG * FEW)]
    y[wrong] = rng.randint(10, size=len(wrong))
    return problems.Data(digits.train.x[rows], y, digits.test.x, digits.test.y, name="few digits")


def measure(part, size, rule, exponent, decay, seed):
    """Loss and accuracy after training, and the largest weight."""
    on = problems.MLP("digits" if part == "batch" else few(seed))
    rounds, rng = EPOCHS if part == "batch" else ROUNDS, np.random.RandomState(seed)
    params, n = on.init(rng), len(on.train.y)
    per_epoch = n // size
    optimizer = RULES[rule](schedule(2.0**exponent, rounds * per_epoch), 0.0 if decay is None else 2.0**decay)
    state = optimizer.init(params)
    with np.errstate(all="ignore"):
        for _ in range(rounds):
            order = rng.permutation(n)
            for k in range(per_epoch):
                grads = on.gradient(params, on.batch(order[k * size:(k + 1) * size]))
                params, state = optimizer.step(params, grads, state, nonfinite="propagate")
                if not all(np.isfinite(w).all() for w in params.values()):
                    return dict.fromkeys(("train", "test", "accuracy", "largest"), np.nan)
        return {"train": on.evaluate(params), "test": on.evaluate(params, on.test),
                "accuracy": on.accuracy(params, on.test), "largest": max(np.abs(w).max() for w in params.values())}


def best(results, size, rule, seeds):
    """The exponent of the lowest median training loss among those run on these seeds, and all such exponents."""
    losses = {}
    for row in results:
        cell = row["cell"]
        if (cell["part"], cell["size"], cell["rule"]) == ("batch", size, rule) and cell["seed"] in seeds:
            loss = row["found"]["train"]
            losses.setdefault(cell["exponent"], []).append(np.inf if loss is None else loss)
    whole = {e: np.median(values) for e, values in losses.items() if len(values) == len(seeds)}
    return (min(whole, key=whole.get) if whole else None), sorted(whole)


def cells(results):
    """What is still to be run."""
    wanted = [{"part": "decay", "size": 32, "rule": rule, "exponent": e, "decay": d, "seed": s}
              for rule, (exponents, decays) in DECAYED.items() for e in exponents for d in (None, *decays)
              for s in SEEDS]
    for size in SIZES:
        for rule in RULES:
            found, tried = best(results, size, rule, SEARCH)
            if found is None:
                exponents, seeds = (FIRST[rule] - 1, FIRST[rule], FIRST[rule] + 1), SEARCH
            elif not {found - 1, found + 1} <= set(tried):
                exponents, seeds = (found - 1, found + 1), SEARCH
            else:
                exponents, seeds = (found,), SEEDS
            wanted += [{"part": "batch", "size": size, "rule": rule, "exponent": e, "decay": None, "seed": s}
                       for e in exponents for s in seeds]
    done = [row["cell"] for row in results]
    return [cell for cell in wanted if cell not in done]


def quartiles(rows, name):
    """Quartiles over the seeds of what was measured."""
    values = [np.inf if row["found"][name] is None else row["found"][name] for row in rows]
    return tuple(float(q) for q in np.quantile(values, (0.25, 0.5, 0.75)))


def batches(results):
    """A row a batch size and method: the best rate, quartiles of training loss and of test accuracy."""
    rows = []
    for size in SIZES:
        for rule in RULES:
            exponent, _ = best(results, size, rule, SEARCH)
            mine = [row for row in results if row["cell"]["part"] == "batch" and row["cell"]["size"] == size
                    and row["cell"]["rule"] == rule and row["cell"]["exponent"] == exponent]
            rows.append({"size": size, "rule": rule, "exponent": exponent, "train": quartiles(mine, "train"),
                         "accuracy": quartiles(mine, "accuracy")})
    return rows


def decays(results, rule, name="test"):
    """The median of a number for every rate (rows) and decay (columns, the first of them none)."""
    exponents, powers = DECAYED[rule]
    table = np.full((len(exponents), 1 + len(powers)), np.nan)
    for i, e in enumerate(exponents):
        for j, d in enumerate((None, *powers)):
            table[i, j] = quartiles([row for row in results if row["cell"]["part"] == "decay"
                                     and row["cell"]["rule"] == rule and row["cell"]["exponent"] == e
                                     and row["cell"]["decay"] == d], name)[1]
    return table
