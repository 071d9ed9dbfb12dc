"""Why anyone uses Adam: four methods on power-law classes, on rare tokens, and on a small transformer.

Every method takes the same number of steps, with a constant learning rate from a grid of steps of a factor sqrt(10).
Two seeds find the rate; while the best lies at the edge, the grid grows. Then the best rate is run on eight seeds.
"""

import numpy as np

from optlearn import get, problems

READS = ("optlearn.problems.data", "optlearn.problems.linear", "optlearn.problems.tokens",
         "optlearn.problems.transformer")

# Steps, and examples a step (None: all, so that no noise is in play).
LENGTHS = {"classes": (200, None), "tokens": (800, 256), "transformer": (400, 16)}
RULES = {"gradient_descent": {}, "momentum": {"momentum": 0.9}, "signum": {"momentum": 0.9}, "adam": {}}
SEARCH, SEEDS = (0, 1), range(8)


def problem_of(problem, seed):
    """The data are drawn anew for each seed; the text of the transformer is always the same."""
    return {"classes": lambda: problems.ImbalancedSoftmax(problems.imbalanced(seed=seed)),
            "tokens": lambda: problems.Bigram(problems.bigrams(seed=seed)),
            "transformer": problems.Transformer}[problem]()


def rate(exponent):
    """Rates are 10 to the half of a whole number."""
    return 10 ** (exponent / 2)


def measure(problem, rule, exponent, seed):
    """Loss after training: on the training set, on the held-out part, and for frequent and rare classes."""
    on, (steps, size) = problem_of(problem, seed), LENGTHS[problem]
    rng = np.random.RandomState(seed)
    params, optimizer = on.init(rng), get(rule, lr=rate(exponent), **RULES[rule])
    state = optimizer.init(params)
    with np.errstate(all="ignore"):
        for _ in range(steps):
            batch = None if size is None else on.batch(rng.randint(len(on.train.y), size=size))
            params, state = optimizer.step(params, on.gradient(params, batch), state, nonfinite="propagate")
            if not all(np.isfinite(w).all() for w in params.values()):
                return dict.fromkeys(("train", "test", "frequent", "rare"), np.nan)
        # Half of the examples belong to classes up to this one.
        counts = np.bincount(on.train.y, minlength=on.classes)
        order = np.argsort(-counts, kind="stable")
        frequent = order[:np.searchsorted(np.cumsum(counts[order]), len(on.train.y) / 2) + 1]
        often = np.isin(on.train.y, frequent)
        return {"train": on.loss(params), "test": on.loss(params, on.test),
                "frequent": on.loss(params, on.batch(often)), "rare": on.loss(params, on.batch(~often))}


def best(results, problem, rule, seeds):
    """The exponent of the lowest mean training loss among those run on these seeds, and all such exponents."""
    losses = {}
    for row in results:
        cell = row["cell"]
        if (cell["problem"], cell["rule"]) == (problem, rule) and cell["seed"] in seeds:
            loss = row["found"]["train"]
            losses.setdefault(cell["exponent"], []).append(np.inf if loss is None else loss)
    whole = {e: np.mean(values) for e, values in losses.items() if len(values) == len(seeds)}
    return (min(whole, key=whole.get) if whole else None), sorted(whole)


def cells(results):
    """What is still to be run."""
    wanted = []
    for problem in LENGTHS:
        for rule in RULES:
            where = {"problem": problem, "rule": rule}
            found, tried = best(results, problem, rule, SEARCH)
            first = (-6, -4, -2) if rule in ("adam", "signum") else (-2, 0, 2)
            if found is None:
                exponents, seeds = first, SEARCH
            elif not {found - 1, found + 1} <= set(tried):
                exponents, seeds = (found - 1, found + 1), SEARCH
            else:
                exponents, seeds = (found,), SEEDS
            wanted += [{**where, "exponent": e, "seed": s} for e in exponents for s in seeds]
    done = [row["cell"] for row in results]
    return [cell for cell in wanted if cell not in done]


def summary(results):
    """A row a problem and method: best rate, and quartiles over the seeds of what was measured."""
    rows = []
    for problem in LENGTHS:
        for rule in RULES:
            exponent, _ = best(results, problem, rule, SEARCH)
            found = [row["found"] for row in results
                     if (row["cell"]["problem"], row["cell"]["rule"], row["cell"]["exponent"])
                     == (problem, rule, exponent)]
            quartiles = {name: tuple(float(q) for q in np.quantile([f[name] for f in found], (0.25, 0.5, 0.75)))
                         for name in found[0]}
            rows.append({"problem": problem, "rule": rule, "lr": rate(exponent), **quartiles})
    return rows
