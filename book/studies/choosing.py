"""Which method? Every rule of the library on problems of every kind, by one protocol.

A run costs a number of gradients that is the same for every rule: one that takes two a step makes half the steps. One
number is tuned, the learning rate (of the rule that has none, its largest step), once at a constant rate and once
where it falls on a straight line to zero: three rates, a factor 10 apart, around the rule's default; while the best
lies at the edge of those tried, the next half decade is tried as well. Two seeds find the rate, eight others measure
it. Decay of the weights and other penalties are off, as the loss is compared; all other numbers stand at the library's
defaults.

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
BUDGET = {"bowl": (300, None), "banana": (300, None), "diabetes": (300, 32), "rare features": (300, 64),
          "rare classes": (300, 128), "digits network": (300, 64), "transformer": (100, 8)}
# Those that the library had when the study was made, without SGLD: it draws samples, and its noise is its purpose.
RULES = ("adabelief adadelta adafactor adagrad adam adam_eps_hat adamax adamw amsgrad dcasgd delta_bar_delta "
         "extragradient ftml ftrl gradient_descent lamb lars lion local_gains momentum momo muon nadam nesterov polyak "
         "radam rmsprop rprop schedule_free shampoo sign_sgd signum sophia swats").split()
SCHEDULES = ("constant", "linear")
SEARCH, SEEDS = (8, 9), range(8)
# Rates that are tried at most: a rule that gets better and better with larger ones does not search for ever.
MOST = 13
# Parts of the budget after which the loss is measured.
MARKS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1)
# Sophia uses the Hessian in one of ten steps; ours asks for it in all, which it is not charged.
PRICE = {"sophia": 1 + 2 / 10}


class Measured:
    """A problem whose loss is measured at the marks of the study instead of after each epoch."""

    def evaluate(self, params, batch=None):
        return 0.0

    def accuracy(self, params, batch=None):
        return 0.0


class Estimated(Measured):
    """The diagonal of the Hessian is estimated from one product, as in Sophia's paper: u (H u), u of random signs."""

    def hessian_diagonal(self, params, batch=None):
        signs = {name: np.sign(self.signs.uniform(-1, 1, np.shape(w))) for name, w in params.items()}
        product = self.hessian_product(params, signs, batch)
        return {name: signs[name] * product[name] for name in params}


class LeastSquares(Measured, problems.LeastSquares):
    """Linear regression."""


class SparseLogistic(Measured, problems.SparseLogistic):
    """Rare features."""


class ImbalancedSoftmax(Measured, problems.ImbalancedSoftmax):
    """Rare classes."""


class MLP(Estimated, problems.MLP):
    """A network of one hidden layer."""


class Transformer(Estimated, problems.Transformer):
    """A decoder of one layer."""


@functools.cache
def text():
    """The windows of a part of the book's prose."""
    return problems.characters(PROSE.read_text("ascii")[:4000], length=16)


@functools.cache
def made(problem, seed):
    """The problem; data that are drawn are drawn anew for each seed."""
    return {"diabetes": lambda: LeastSquares(problems.load("diabetes", seed=seed)),
            "rare features": lambda: SparseLogistic(problems.sparse(n=1000, features=100, seed=seed)),
            "rare classes": lambda: ImbalancedSoftmax(problems.imbalanced(n=1000, classes=40, seed=seed)),
            "digits network": lambda: MLP(problems.load("digits", seed=seed), hidden=16),
            "transformer": lambda: Transformer(text(), width=16)}[problem]()


def tuned(rule):
    """The name of the number that is tuned."""
    return "lr" if "lr" in get(rule).hypers() else "max_lr"


def first(rule):
    """Three exponents around the default; a rate is 10 to the half of its exponent."""
    usual = getattr(get(rule), tuned(rule)) or 1.0
    middle = round(2 * np.log10(usual))
    return [middle - 2, middle, middle + 2]


def ready(rule, schedule, exponent, gradients):
    """The rule with its rate, without penalties, and the steps that the gradients allow."""
    steps = int(gradients / PRICE.get(rule, max(1, get(rule).gradients_per_step)))
    rate = 10 ** (exponent / 2)
    values = {name: 0.0 for name in ("weight_decay", "l1") if getattr(get(rule), name, None)}
    values[tuned(rule)] = rate if schedule == "constant" else lambda k: rate * (1 - k / steps)
    return get(rule, **values), steps


def losses(problem, rule, schedule, exponent, seed):
    """Loss at the marks, on the training examples, and at the end on those held out; infinite where it diverged."""
    gradients, size = BUDGET[problem]
    optimizer, steps = ready(rule, schedule, exponent, gradients)
    marks = {round(part * gradients): max(1, round(part * steps)) for part in MARKS}
    rng, found = np.random.RandomState(seed), dict.fromkeys(marks, np.inf)
    with np.errstate(all="ignore"):
        if size is None:
            surface = optlearn.surfaces.Quadratic(kappa=100) if problem == "bowl" else optlearn.surfaces.Rosenbrock()
            start = np.asarray(surface.start) + 0.2 * rng.standard_normal(2)
            loss = run(surface, optimizer, start=start, steps=steps, rng=rng).answer_loss
            return found | {mark: loss[step] for mark, step in marks.items() if step < len(loss)}
        on = made(problem, seed)
        on.__dict__["signs"] = np.random.RandomState(seed)

        def look(training):
            for mark, step in marks.items():
                if training.iteration == step and (seed not in SEARCH or step == steps):
                    found[mark] = on.loss(training.answer)
            return training.iteration == steps

        history = train(on, optimizer, epochs=steps, batch_size=size, rng=rng, callbacks=look)
        return found | {"test": on.loss(history.answer, on.test) if history.diverged is None else np.inf}


def measure(problem, rule, schedule, exponent, seed):
    """For the search the mean loss at the end; else all losses, to six digits."""
    how = problem, rule, schedule, exponent
    if seed == "search":
        return {"mean": np.mean([losses(*how, one)[BUDGET[problem][0]] for one in SEARCH])}
    return {str(name): float(f"{loss:.6g}") for name, loss in losses(*how, seed).items()}


def table(results):
    """Numbers by problem, rule and schedule, exponent and seed."""
    found = {}
    for row in results:
        problem, rule, schedule, exponent, seed = row["cell"].values()
        found.setdefault((problem, rule, schedule), {}).setdefault(exponent, {})[seed] = {
            name: np.inf if loss is None else loss for name, loss in row["found"].items()}
    return found


def best(tried):
    """The exponent whose mean in the search is lowest, the smallest of several that are equal; and all that were tried.
    """
    means = {e: seeds["search"]["mean"] for e, seeds in sorted(tried.items()) if "search" in seeds}
    return min(means, key=means.get), sorted(means)


def cells(results):
    """What is still to be run."""
    known, wanted = table(results), []
    for problem in BUDGET:
        for rule in RULES:
            for schedule in SCHEDULES:
                tried = known.get((problem, rule, schedule))
                if not tried:
                    exponents, seeds = first(rule), ["search"]
                else:
                    found, whole = best(tried)
                    beside = {found - 1, found + 1}
                    more = not beside <= set(whole) and len(whole) < MOST
                    exponents, seeds = (sorted(beside), ["search"]) if more else ([found], SEEDS)
                wanted += [{"problem": problem, "rule": rule, "schedule": schedule, "exponent": int(e), "seed": s}
                           for e in exponents for s in seeds]
    done = {tuple(row["cell"].values()) for row in results}
    return [cell for cell in wanted if tuple(cell.values()) not in done]


def summary(results):
    """A row a problem, rule and schedule: best rate, rates tried, and the losses of each of the eight seeds."""
    rows = []
    for (problem, rule, schedule), tried in table(results).items():
        found, whole = best(tried)
        seeds = [tried[found][s] for s in SEEDS]
        rows.append({"problem": problem, "rule": rule, "schedule": schedule, "lr": 10 ** (found / 2),
                     "tried": {e: tried[e]["search"]["mean"] for e in whole},
                     "inside": {found - 1, found + 1} <= set(whole),
                     **{name: [seed[name] for seed in seeds] for name in seeds[0]}})
    return rows
