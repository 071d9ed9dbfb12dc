"""Does the average over a posterior predict better than its best point? Linear classifiers on few examples, by SGLD.

The density is exp(-U/T), with U the sum of the losses of all training examples and of the prior, for several
temperatures T; T = 0 is the lowest point of U, found by gradient descent. Eight splits of the data each.
"""

import numpy as np

from optlearn import SGLD, GradientDescent, problems

READS = ("optlearn.problems.data", "optlearn.problems.linear")

# The share of the data that is held out.
SETS = {"wine": 0.7, "digits": 0.9}
TEMPERATURES = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
DECAYS = (0.1, 1.0)
STEPS, BURN, EVERY = 3000, 500, 10


def probabilities(params, x):
    z = x @ params["W"] + params["b"]
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def measure(data, decay, temperature, seed):
    """Loss and accuracy on the held-out examples of the mean of the predicted probabilities."""
    problem = problems.Softmax(problems.load(data, test=SETS[data], seed=seed))
    n, x, y = len(problem.train.y), problem.test.x, problem.test.y
    rule, params = GradientDescent(lr=0.02, rescale_grad=n, weight_decay=decay), problem.init(0)
    state = rule.init(params)
    for _ in range(STEPS):
        params, state = rule.step(params, problem.gradient(params), state)
    mean = probabilities(params, x)
    if temperature:
        # The drift is the same at every temperature; only the noise is not.
        rule = SGLD(lr=0.02 * temperature, rescale_grad=n / temperature, weight_decay=decay / temperature)
        state, rng, kept = rule.init(params), np.random.RandomState(seed), []
        for t in range(STEPS):
            params, state = rule.step(params, problem.gradient(params), state, rng=rng)
            if t >= BURN and t % EVERY == 0:
                kept.append(probabilities(params, x))
        mean = np.mean(kept, axis=0)
    return {"loss": -np.log(mean[np.arange(len(y)), y]).mean(), "accuracy": np.mean(mean.argmax(axis=1) == y)}


def cells(results):
    """What is still to be run of the grid."""
    done = [row["cell"] for row in results]
    grid = [{"data": data, "decay": decay, "temperature": temperature, "seed": seed} for data in SETS
            for decay in DECAYS for temperature in TEMPERATURES for seed in range(8)]
    return [cell for cell in grid if cell not in done]


def summary(results):
    """A row a data set, prior and temperature: quartiles of the losses over the splits."""
    rows = []
    for data in SETS:
        for decay in DECAYS:
            for temperature in TEMPERATURES:
                found = [row["found"] for row in results if [row["cell"][name] for name in
                         ("data", "decay", "temperature")] == [data, decay, temperature]]
                rows.append({"data": data, "decay": decay, "temperature": temperature,
                             **{name: tuple(float(q) for q in np.quantile([f[name] for f in found], (0.25, 0.5, 0.75)))
                                for name in ("loss", "accuracy")}})
    return rows
