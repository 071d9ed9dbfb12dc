"""What a delay costs a network, and what compensation brings back: a network with one hidden layer on the digits.

Every run has 4 epochs of minibatches of 32 at a constant learning rate from a grid of factors of 2. Two seeds find the
rate, with compensation the rate and its strength together; while the best lies at the edge, the grid grows. Then the
best is run on eight seeds. The strength has a grid of factors of sqrt(10) with a lowest value, as no strength at all is
the plain method.
"""

import functools

import numpy as np

from optlearn import GradientDescent, Optimizer, Update, hyper, problems, train

READS = ("optlearn.problems.data", "optlearn.problems.network")

# Delays at which each method is run.
DELAYS = {"plain": (0, 1, 2, 4, 8, 16, 32), "compensated": (4, 16), "adaptive": (4, 16)}
WEAKEST = -4
SEARCH, SEEDS = (0, 1), range(8)


@functools.cache
def compensated(tau, adaptive):
    """The compensation of the paper for a delay that is known: the parameters of the last `tau` steps are kept."""

    class Compensated(Optimizer, register=False):
        """Gradient descent with compensation; `adaptive` divides the strength by the root of a mean square."""

        lr = hyper(0.1, above=0)
        lam = hyper(0.04, at_least=0)
        slots = (*(f"w{k}" for k in range(1, tau + 1)), *(("v",) if adaptive else ()))

        def start(self, w):
            return {name: 0 * w if name == "v" else w for name in self.slots}

        def update(self, w, g, s, t):
            kept = [w, *(getattr(s, f"w{k}") for k in range(1, tau + 1))]
            lam, more = self.lam, {}
            if adaptive:
                more = {"v": 0.95 * s.v + 0.05 * g**2}
                lam = self.lam / np.sqrt(more["v"] + 1e-7)
            d = g + lam * g**2 * (w - kept[-1])
            return Update(w - self.lr * d, **{f"w{k + 1}": kept[k] for k in range(tau)}, **more)

    return Compensated


@functools.cache
def problem():
    return problems.MLP("digits")


def measure(rule, tau, rate, strength, seed):
    """Loss and accuracy after 4 epochs with the learning rate ``2**rate`` and the strength ``10**(strength / 2)``."""
    optimizer = GradientDescent(lr=2.0**rate) if rule == "plain" else \
        compensated(tau, rule == "adaptive")(lr=2.0**rate, lam=10 ** (strength / 2))
    with np.errstate(all="ignore"):
        history = train(problem(), optimizer, epochs=4, rng=seed, delay=tau)
    return {"train": history.train_loss[-1], "test": history.test_loss[-1], "accuracy": history.test_accuracy[-1]}


def best(results, rule, tau, seeds):
    """The exponents of the lowest mean training loss among those run on these seeds, and all such exponents."""
    losses = {}
    for row in results:
        cell, loss = row["cell"], row["found"]["train"]
        if (cell["rule"], cell["tau"]) == (rule, tau) and cell["seed"] in seeds:
            losses.setdefault((cell["rate"], cell["strength"]), []).append(np.inf if loss is None else loss)
    whole = {key: np.mean(values) for key, values in losses.items() if len(values) == len(seeds)}
    return (min(whole, key=whole.get) if whole else None), set(whole)


def cells(results):
    """What is still to be run."""
    wanted = []
    for rule, delays in DELAYS.items():
        for tau in delays:
            found, tried = best(results, rule, tau, SEARCH)
            if found is None:
                points, seeds = [(-2, 0)], SEARCH
            else:
                (rate, strength), points, seeds = found, [], SEARCH
                beside = {(rate + 1, strength), (rate - 1, strength)}
                if rule != "plain":
                    beside |= {(rate, strength + 1), (rate, max(WEAKEST, strength - 1))}
                points = sorted(beside - tried)
                if not points:
                    points, seeds = [found], SEEDS
            wanted += [{"rule": rule, "tau": tau, "rate": r, "strength": k, "seed": s} for r, k in points
                       for s in seeds]
    done = [row["cell"] for row in results]
    return [cell for cell in wanted if cell not in done]


def summary(results):
    """A row a method and delay: the best numbers, and quartiles over the seeds of what was measured."""
    rows = []
    for rule, delays in DELAYS.items():
        for tau in delays:
            (rate, strength), _ = best(results, rule, tau, SEARCH)
            found = [row["found"] for row in results
                     if all(row["cell"][name] == value for name, value in
                            (("rule", rule), ("tau", tau), ("rate", rate), ("strength", strength)))]
            quartiles = {name: tuple(float(q) for q in np.quantile([f[name] for f in found], (0.25, 0.5, 0.75)))
                         for name in found[0]}
            rows.append({"rule": rule, "tau": tau, "lr": 2.0**rate, "lam": 10 ** (strength / 2), **quartiles})
    return rows
