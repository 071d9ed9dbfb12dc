"""What less state costs: seven ways to keep the second moments, on a small network, digits.

Every run sees the training set eight times in batches of 64; the learning rate rises for a tenth of the steps and then
falls to zero along half a cosine. Its largest value comes from a grid of steps of a factor 2: four seeds find it, and
while the best lies at the edge, the grid grows. The best is run on eight seeds.

Adam-mini, GaLore and the 8-bit states are written out here, for the two weight matrices; biases always have Adam.
"""

import numpy as np

from optlearn import Adafactor, Adam, Groups, Optimizer, RMSProp, Update, hyper, option, problems

READS = ("optlearn.problems.data", "optlearn.problems.network", "optlearn.problems.initialisations")

EPOCHS, SIZE = 8, 64
SEARCH, SEEDS = range(4), range(8)


class AdamMini(Optimizer, register=False):
    """Adam with one second moment for all weights that lead to a hidden or output unit."""

    lr = hyper(0.01, above=0, symbol=r"\eta")
    slots = ("m", "v")
    takes_matrices = True

    def start(self, w):
        return {"m": 0 * w, "v": 0 * np.max(w, axis=0, keepdims=True)}

    def update(self, w, g, s, t):
        m = 0.9 * s.m + 0.1 * g
        v = 0.999 * s.v + 0.001 * np.mean(g**2, axis=0, keepdims=True)
        return Update(w - self.lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m=m, v=v)


class GaLore(Optimizer, register=False):
    """Adam on the gradient in the space of its leading singular vectors, found anew every `gap` steps.

    Slots have the sides of the parameters here, so what lies beyond the rank is kept as zeros.
    """

    lr = hyper(0.01, above=0, symbol=r"\eta")
    rank = hyper(8, at_least=1, integer=True, symbol="r")
    gap = hyper(20, at_least=1, integer=True, symbol="T")
    slots = ("P", "m", "v")
    takes_matrices = True
    traceable = False
    why_not_traceable = "a singular value decomposition has no recorded form"

    def start(self, w):
        return {"P": np.zeros((min(w.shape), min(w.shape))), "m": 0 * w, "v": 0 * w}

    def update(self, w, g, s, t):
        tall, P = g.shape[0] >= g.shape[1], s.P
        if (t - 1) % self.gap == 0:
            a, _, b = np.linalg.svd(g, full_matrices=False)
            P = (b.T if tall else a) * (np.arange(min(g.shape)) < self.rank)
        low = g @ P if tall else P.T @ g
        m, v = 0.9 * s.m + 0.1 * low, 0.999 * s.v + 0.001 * low**2
        step = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return Update(w - self.lr * (step @ P.T if tall else P @ step), P=P, m=m, v=v)


def grid(kind):
    """The 256 numbers that a byte can stand for: evenly spaced, or evenly in the logarithm over seven decades."""
    if kind == "linear":
        return np.linspace(-1, 1, 255)
    sizes = np.logspace(-7, 0, 127)
    return np.concatenate([-sizes[::-1], [0.0], sizes])


def bytes_of(x, numbers, block):
    """What is left of an array that is kept in bytes: each block is divided by its largest entry."""
    flat = np.concatenate([x.ravel(), np.zeros(-x.size % block)]).reshape(-1, block)
    scale = np.maximum(np.abs(flat).max(axis=1, keepdims=True), 1e-300)
    near = np.clip(np.searchsorted(numbers, flat / scale), 1, len(numbers) - 1)
    lower, upper = numbers[near - 1], numbers[near]
    kept = np.where(flat / scale - lower < upper - flat / scale, lower, upper) * scale
    return kept.ravel()[:x.size].reshape(x.shape)


class AdamOfBytes(Optimizer, register=False):
    """Adam whose moments are rounded to 8 bits after every step."""

    lr = hyper(0.01, above=0, symbol=r"\eta")
    kind = option("logarithmic", choices=("logarithmic", "linear"))
    slots = ("m", "v")
    traceable = False
    why_not_traceable = "rounding to a table has no recorded form"

    def update(self, w, g, s, t):
        m, v = 0.9 * s.m + 0.1 * g, 0.999 * s.v + 0.001 * g**2
        new = w - self.lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        numbers = grid(self.kind)
        return Update(new, m=bytes_of(m, numbers, 256), v=bytes_of(v, numbers, 256))


# What the weight matrices get, and an exponent of the rate to begin with. With eps2 = 1 Adafactor's steps are not
# relative to weights smaller than one; with the rate below every 1/sqrt(t) they follow the schedule.
RULES = {"adam": (lambda lr: Adam(lr=lr), -6), "rmsprop": (lambda lr: RMSProp(lr=lr, rho=0.99), -6),
         "adafactor": (lambda lr: Adafactor(lr=lr, eps2=1.0), -6),
         "adafactor relative": (lambda lr: Adafactor(lr=lr), -3),
         "adam-mini": (lambda lr: AdamMini(lr=lr), -6), "galore 4": (lambda lr: GaLore(lr=lr, rank=4), -5),
         "galore 16": (lambda lr: GaLore(lr=lr, rank=16), -5), "8 bits": (lambda lr: AdamOfBytes(lr=lr), -6),
         "8 bits, linear": (lambda lr: AdamOfBytes(lr=lr, kind="linear"), -8)}


def schedule(peak, steps):
    """Up to the peak in a tenth of the steps, then down along half a cosine."""
    warm = max(1, round(0.1 * steps))

    def rate(k):
        return peak * min((k + 1) / warm, 0.5 + 0.5 * np.cos(np.pi * max(0, k + 1 - warm) / (steps + 1 - warm)))

    return rate


def measure(rule, exponent, seed):
    """Loss and accuracy after training."""
    on, rng = problems.MLP("digits"), np.random.RandomState(seed)
    params, n = on.init(rng), len(on.train.y)
    per_epoch = n // SIZE
    rates = schedule(2.0**exponent, EPOCHS * per_epoch)
    optimizer = Groups({"W*": RULES[rule][0](rates)}, default=Adam(lr=schedule(2.0**-6, EPOCHS * per_epoch)))
    state = optimizer.init(params)
    with np.errstate(all="ignore"):
        for _ in range(EPOCHS):
            order = rng.permutation(n)
            for k in range(per_epoch):
                grads = on.gradient(params, on.batch(order[k * SIZE:(k + 1) * SIZE]))
                params, state = optimizer.step(params, grads, state, nonfinite="propagate")
                if not all(np.isfinite(w).all() for w in params.values()):
                    return dict.fromkeys(("train", "test", "accuracy"), np.nan)
        return {"train": on.evaluate(params), "test": on.evaluate(params, on.test),
                "accuracy": on.accuracy(params, on.test)}


def best(results, rule, seeds):
    """The exponent of the lowest median training loss among those run on these seeds, and all such exponents."""
    losses = {}
    for row in results:
        if row["cell"]["rule"] == rule and row["cell"]["seed"] in seeds:
            loss = row["found"]["train"]
            losses.setdefault(row["cell"]["exponent"], []).append(np.inf if loss is None else loss)
    whole = {e: np.median(values) for e, values in losses.items() if len(values) == len(seeds)}
    return (min(whole, key=whole.get) if whole else None), sorted(whole)


def cells(results):
    """What is still to be run."""
    wanted = []
    for rule, (_, first) in RULES.items():
        found, tried = best(results, rule, SEARCH)
        if found is None:
            exponents, seeds = (first - 1, first, first + 1), SEARCH
        elif not {found - 1, found + 1} <= set(tried):
            exponents, seeds = (found - 1, found + 1), SEARCH
        else:
            exponents, seeds = (found,), SEEDS
        wanted += [{"rule": rule, "exponent": e, "seed": s} for e in exponents for s in seeds]
    done = [row["cell"] for row in results]
    return [cell for cell in wanted if cell not in done]


def numbers_kept(rule, shape=(64, 32)):
    """How many numbers the state of one weight matrix holds; a byte counts as a quarter."""
    made = RULES[rule][0](0.01)
    if rule.startswith("galore"):
        return made.rank * (min(shape) + 2 * max(shape))
    count = sum(np.size(made.init(np.zeros(shape))[name]) for name in made.slots)
    return count / 4 if rule.startswith("8 bits") else count


def summary(results):
    """A row a method: numbers kept, best rate, quartiles of the training loss and the test accuracy."""
    rows = []
    for rule in RULES:
        exponent, _ = best(results, rule, SEARCH)
        found = [row["found"] for row in results if row["cell"]["rule"] == rule
                 and row["cell"]["exponent"] == exponent]
        quartiles = {name: tuple(float(q) for q in np.quantile([f[name] for f in found], (0.25, 0.5, 0.75)))
                     for name in ("train", "accuracy")}
        rows.append({"rule": rule, "exponent": exponent, "kept": numbers_kept(rule), **quartiles})
    return rows
