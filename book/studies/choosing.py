"""Which method? Every rule of the library on problems of every kind, by one protocol.

A run costs a number of gradients that is the same for every rule: one that takes two a step makes half the steps. One
number is tuned, the learning rate (of the rule that has none, its largest step): three rates, a factor 10 apart, around
the rule's default; while the best lies at the edge of those tried, the next half decade is tried as well. Two seeds
find the rate, eight measure it. All other numbers stand at the library's defaults.

Sizes are small, so that the whole takes minutes: `BUDGET` and the numbers of `made` are what a larger run changes.
"""

import functools

import numpy as np

import optlearn
from optlearn import get, problems, run, train
from optlearn.problems.transformer import PROSE

READS = ("optlearn.problems.data", "optlearn.problems.linear", "optlearn.problems.network",
         "optlearn.problems.tokens", "optlearn.problems.transformer", "optlearn.surfaces.functions")

# Gradients, and examples in each.
BUDGET = {"bowl": (200, None), "banana": (300, None), "diabetes": (300, 32), "rare features": (300, 64),
          "rare classes": (300, 128), "digits network": (300, 64), "transformer": (100, 8)}
# SGLD draws samples: its noise is its purpose.
RULES = [name for name in optlearn.names() if name != "sgld"]
SEARCH, SEEDS = (0, 1), range(8)
# Rates that are tried at most: a rule that gets better and better with larger ones does not search for ever.
MOST = 13


def fits(problem, rule):
    """Sophia asks for the diagonal of the Hessian, which without a formula costs two gradients a parameter."""
    return rule != "sophia" or problem not in ("digits network", "transformer")


@functools.cache
def made(problem, seed):
    """The problem; data that are drawn are drawn anew for each seed."""
    return {"diabetes": lambda: problems.LeastSquares(problems.load("diabetes", seed=seed)),
            "rare features": lambda: problems.SparseLogistic(problems.sparse(n=1000, features=100, seed=seed)),
            "rare classes": lambda: problems.ImbalancedSoftmax(problems.imbalanced(n=1000, classes=40, seed=seed)),
            "digits network": lambda: problems.MLP(problems.load("digits", seed=seed), hidden=16),
            "transformer": lambda: problems.Transformer(
                problems.characters(PROSE.read_text("ascii")[:6000], length=16), width=16)}[problem]()


def tuned(rule):
    """The name of the number that is tuned."""
    return "lr" if "lr" in get(rule).hypers() else "max_lr"


def first(rule):
    """Three exponents around the default; a rate is 10 to the half of its exponent."""
    usual = getattr(get(rule), tuned(rule)) or 1.0
    middle = round(2 * np.log10(usual))
    return [middle - 2, middle, middle + 2]


def measure(problem, rule, exponent, seed):
    """Loss at the end, on the training examples and on those held out."""
    made_rule = get(rule, **{tuned(rule): 10 ** (exponent / 2)})
    gradients, size = BUDGET[problem]
    steps = max(1, gradients // max(1, made_rule.gradients_per_step))
    rng = np.random.RandomState(seed)
    with np.errstate(all="ignore"):
        if size is None:
            surface = optlearn.surfaces.Quadratic(kappa=100) if problem == "bowl" else optlearn.surfaces.Rosenbrock()
            start = np.asarray(surface.start) + 0.2 * rng.standard_normal(2)
            path = run(surface, made_rule, start=start, steps=steps, rng=rng)
            loss = path.answer_loss[-1] if path.diverged is None else np.nan
            return {"train": loss, "test": loss}
        on = made(problem, seed)
        history = train(on, made_rule, epochs=steps, batch_size=size, rng=rng,
                        callbacks=lambda training: training.iteration == steps)
        if history.diverged is not None:
            return {"train": np.nan, "test": np.nan}
        return {"train": on.loss(history.answer), "test": on.loss(history.answer, on.test)}


def table(results):
    """Losses by problem and rule, exponent and seed; infinite where a run diverged."""
    found = {}
    for row in results:
        problem, rule, exponent, seed = (row["cell"][name] for name in ("problem", "rule", "exponent", "seed"))
        loss = row["found"]["train"]
        found.setdefault((problem, rule), {}).setdefault(exponent, {})[seed] = np.inf if loss is None else loss
    return found


def best(tried):
    """The exponent whose mean over the seeds of the search is lowest; the smaller of two that are equal."""
    means = {e: np.mean([seeds[s] for s in SEARCH]) for e, seeds in sorted(tried.items())
             if set(SEARCH) <= set(seeds)}
    return min(means, key=means.get), sorted(means)


def cells(results):
    """What is still to be run."""
    known, wanted = table(results), []
    for problem in BUDGET:
        for rule in (rule for rule in RULES if fits(problem, rule)):
            tried = known.get((problem, rule))
            if not tried:
                exponents, seeds = first(rule), SEARCH
            else:
                found, whole = best(tried)
                beside = {found - 1, found + 1}
                if beside <= set(whole) or len(whole) >= MOST:
                    exponents, seeds = [found], SEEDS
                else:
                    exponents, seeds = sorted(beside), SEARCH
            wanted += [{"problem": problem, "rule": rule, "exponent": int(e), "seed": s}
                       for e in exponents for s in seeds]
    done = {tuple(row["cell"].values()) for row in results}
    return [cell for cell in wanted if tuple(cell.values()) not in done]


def summary(results):
    """A row a problem and rule: best rate, rates tried, quartiles of the losses over the eight seeds."""
    heldout = {tuple(row["cell"].values()): row["found"]["test"] for row in results}
    rows = []
    for (problem, rule), tried in table(results).items():
        found, whole = best(tried)
        test = [heldout[problem, rule, found, s] for s in SEEDS]
        rows.append({"problem": problem, "rule": rule, "lr": 10 ** (found / 2), "tried": len(whole),
                     "inside": {found - 1, found + 1} <= set(whole),
                     "train": [float(np.sort([tried[found][s] for s in SEEDS])[i]) for i in (2, 4, 6)],
                     "test": [float(np.sort([np.inf if x is None else x for x in test])[i]) for i in (2, 4, 6)]})
    return rows
