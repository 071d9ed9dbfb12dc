"""What Muon costs and gains by steps and by time, and how large attention scores get under it.

The first part races Adam, Muon and Shampoo on a network with 128 hidden units, digits, in small and in large batches:
60 steps whose rate falls in a line. Its first value comes from a grid of steps of a factor 2: four seeds find it, and
while the best lies at the edge, the grid grows. The best is run on eight seeds. Muon and Shampoo have the two matrices,
Adam the biases.

Then one cell a batch size: the racers take turns, a step each, and the processor's seconds for their steps are kept,
together with those for the gradient in them. They do not count what else the machine does. Other machines have other
seconds; these cells are not run again.

The last part trains a small transformer at a constant learning rate that is too large for comfort, with and without a
clip of the attention scores.
"""

import time

import numpy as np

from optlearn import Adam, Groups, Muon, Shampoo, problems

READS = ("optlearn.problems.data", "optlearn.problems.linear", "optlearn.problems.network",
         "optlearn.problems.transformer", "optlearn.problems.initialisations")

STEPS, EVERY, SIZES, HIDDEN = 60, 4, (32, 512), 128
BIASES = 2.0**-5
RULES = {"adam": lambda peak: Adam(lr=falling(peak)),
         "muon": lambda peak: beside(Muon(lr=falling(peak), weight_decay=0.0)),
         "shampoo": lambda peak: beside(Shampoo(lr=falling(peak)))}
FIRST = {"adam": -4, "muon": -3, "shampoo": -1}
SEARCH, SEEDS = range(4), range(8)
TURNS = 400
LIMIT, LONG, SHOWN = 10.0, 200, (0, 50, 100, 150, 199)
TRAINED = {"adam": lambda: Adam(lr=0.03),
           "muon": lambda: Groups({"[QKVOUD]1": Muon(lr=0.1, weight_decay=0.0)}, default=Adam(lr=0.01))}


def falling(peak):
    """From the peak in a line to a sixtieth of it."""
    return lambda k: peak * max(1 / STEPS, 1 - k / STEPS)


def beside(rule):
    """A rule for the matrices, and Adam for the biases."""
    return Groups({"W*": rule}, default=Adam(lr=falling(BIASES)))


def network():
    """The network of the race."""
    return problems.MLP("digits", hidden=HIDDEN)


def race(size, rule, exponent, seed):
    """The loss of all training examples every few steps."""
    on, rng = network(), np.random.RandomState(seed)
    params, optimizer = on.init(rng), RULES[rule](2.0**exponent)
    state, found = optimizer.init(params), {}
    with np.errstate(all="ignore"):
        for k in range(STEPS + 1):
            if k % EVERY == 0:
                found[str(k)] = on.evaluate(params)
            if k == STEPS:
                return found
            batch = on.batch(rng.randint(len(on.train.y), size=size))
            params, state = optimizer.step(params, on.gradient(params, batch), state, nonfinite="propagate")


def seconds(size):
    """Quartiles of the processor's seconds for a step and for the gradient in it; the racers take turns."""
    on, rng = network(), np.random.RandomState(0)
    runs = {rule: [make(2.0 ** FIRST[rule]), on.init(0), None] for rule, make in RULES.items()}
    taken = {name: [] for name in ("gradient", *RULES)}
    for _ in range(TURNS):
        batch = on.batch(rng.randint(len(on.train.y), size=size))
        for rule, run in runs.items():
            optimizer, params, state = run
            state = optimizer.init(params) if state is None else state
            begin = time.process_time()
            grads = on.gradient(params, batch)
            between = time.process_time()
            run[1:] = optimizer.step(params, grads, state)
            taken[rule].append(time.process_time() - begin)
            taken["gradient"].append(between - begin)
    return {f"{name} {part}": np.quantile(values[len(values) // 10:], part)
            for name, values in taken.items() for part in (0.25, 0.5, 0.75)}


def largest(problem, params, x):
    """The largest attention score of each head before the softmax, in a transformer of one layer."""
    h = params["E"][x] + params["P"]
    h = (h - h.mean(axis=-1, keepdims=True)) / np.sqrt(h.var(axis=-1, keepdims=True) + 1e-5)
    h = h * params["gain1a"] + params["shift1a"]
    q, k = (np.moveaxis((h @ params[name]).reshape(*x.shape, problem.heads, -1), 2, 1) for name in ("Q1", "K1"))
    scores = q @ k.swapaxes(2, 3) / np.sqrt(q.shape[-1])
    return np.where(np.tri(x.shape[1], dtype=bool), scores, -np.inf).max(axis=(0, 2, 3))


def attention(rule, clip, seed):
    """The largest attention score of the batch after some steps, and the losses at the end."""
    on, rng = problems.Transformer(width=16), np.random.RandomState(seed)
    params, optimizer = on.init(rng), TRAINED[rule]()
    state, found, losses = optimizer.init(params), {}, []
    for k in range(LONG):
        batch = on.batch(rng.randint(len(on.train.y), size=16))
        top = largest(on, params, batch.x.astype(int))
        if k in SHOWN:
            found[str(k)] = top.max()
        loss, grads = on.loss_and_gradient(params, batch)
        losses.append(loss)
        params, state = optimizer.step(params, grads, state)
        if clip:
            shrink = np.repeat(np.minimum(1, LIMIT / top) ** 0.5, on.width // on.heads).astype(params["Q1"].dtype)
            params = {**params, "Q1": params["Q1"] * shrink, "K1": params["K1"] * shrink}
    return {**found, "train": np.mean(losses[-20:]), "test": on.evaluate(params, on.test)}


def measure(part, **cell):
    """One run."""
    return {"race": race, "seconds": seconds, "attention": attention}[part](**cell)


def best(results, size, rule, seeds):
    """The exponent of the lowest median loss at the end among those run on these seeds, and all such exponents."""
    losses = {}
    for row in results:
        cell = row["cell"]
        if cell["part"] == "race" and (cell["size"], cell["rule"]) == (size, rule) and cell["seed"] in seeds:
            loss = row["found"][str(STEPS)]
            losses.setdefault(cell["exponent"], []).append(np.inf if loss is None else loss)
    whole = {e: np.median(values) for e, values in losses.items() if len(values) == len(seeds)}
    return (min(whole, key=whole.get) if whole else None), sorted(whole)


def cells(results):
    """What is still to be run; the cells of seconds last and one by one."""
    wanted = [{"part": "attention", "rule": rule, "clip": clip, "seed": s}
              for rule, clip in (("adam", False), ("muon", False), ("muon", True)) for s in SEEDS]
    for size in SIZES:
        for rule in RULES:
            found, tried = best(results, size, rule, SEARCH)
            if found is None:
                exponents, seeds = (FIRST[rule] - 1, FIRST[rule], FIRST[rule] + 1), SEARCH
            elif not {found - 1, found + 1} <= set(tried):
                exponents, seeds = (found - 1, found + 1), SEARCH
            else:
                exponents, seeds = (found,), SEEDS
            wanted += [{"part": "race", "size": size, "rule": rule, "exponent": e, "seed": s}
                       for e in exponents for s in seeds]
    done = [row["cell"] for row in results]
    left = [cell for cell in wanted if cell not in done]
    timed = [cell for size in SIZES if (cell := {"part": "seconds", "size": size}) not in done]
    return left or timed[:1]


def curves(results, size, rule):
    """The best rate's exponent, the steps, and quartiles of the loss there (three rows)."""
    exponent, _ = best(results, size, rule, SEARCH)
    steps = range(0, STEPS + 1, EVERY)
    rows = [[row["found"][str(k)] for k in steps] for row in results if row["cell"] == {
        "part": "race", "size": size, "rule": rule, "exponent": exponent, "seed": row["cell"].get("seed")}]
    return exponent, np.array(steps), np.quantile(np.array(rows, float), (0.25, 0.5, 0.75), axis=0)


def timed(results, size):
    """Quartiles of the seconds of a step, by rule; and of a gradient alone."""
    found = next(row["found"] for row in results if row["cell"] == {"part": "seconds", "size": size})
    return {name: tuple(found[f"{name} {part}"] for part in (0.25, 0.5, 0.75)) for name in ("gradient", *RULES)}


def scores(results, rule, clip, name):
    """Quartiles over the seeds of what the transformer's runs found under a name."""
    values = [row["found"][name] for row in results if row["cell"]["part"] == "attention"
              and (row["cell"]["rule"], row["cell"]["clip"]) == (rule, clip)]
    return tuple(np.quantile(values, (0.25, 0.5, 0.75)))
