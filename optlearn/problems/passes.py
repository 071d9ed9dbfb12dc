"""The same numbers in fewer passes: loss and accuracy of a model at once, gradients of several models at once."""

import numpy as np

from optlearn.problems.data import Batch, sigmoid
from optlearn.problems.linear import LeastSquares, Logistic, Softmax
from optlearn.problems.network import MLP


def scores(problem, params, batch):
    """Loss and accuracy of the finished model, as `evaluate` and `accuracy` give them."""
    if type(problem) is MLP:
        z, penalty = problem._logits(params, batch.x), problem._penalty(params)
    elif type(problem) is Softmax:
        z, penalty = batch.x @ params["W"] + params["b"], 0.5 * problem.l2 * np.sum(params["W"] ** 2)
    else:
        return problem.evaluate(params, batch), problem.accuracy(params, batch)
    # As `cross_entropy` has it, without the derivative.
    right = np.argmax(z, axis=1) == batch.y
    z = z - z.max(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), batch.y])
    return float(loss + penalty), float(np.mean(right))


def stacks(problem):
    """Whether `losses_and_gradients` knows the problem."""
    return type(problem) in (LeastSquares, Logistic, Softmax, MLP)


def losses_and_gradients(problem, params, batch):
    """What ``loss_and_gradient`` gives for several models: along the first axis of all arrays, each on its own batch.

    Parameters
    ----------
    problem : LeastSquares, Logistic, Softmax or MLP
    params : dict of str to array (models, ...)
    batch : Batch
        Of arrays (models, examples, features) and (models, examples).

    Returns
    -------
    array (models,), dict of str to array (models, ...)
    """
    x, y = batch
    if type(problem) in (LeastSquares, Logistic):
        z = (x @ params["w"][:, :, None])[:, :, 0] + params["b"][:, None]
        if type(problem) is LeastSquares:
            error = z - y
            losses = 0.5 * np.mean(error**2, axis=1)
        else:
            error = (sigmoid(z) - y).astype(x.dtype)
            losses = np.mean(np.logaddexp(0, np.where(y == 1, -z, z)), axis=1)
        grads = {"w": (x.mT @ error[:, :, None])[:, :, 0] / y.shape[1] + problem.l2 * params["w"],
                 "b": np.mean(error, axis=1)}
        return losses + 0.5 * problem.l2 * _squares(params["w"]), grads
    if type(problem) is Softmax:
        losses, dz = _cross_entropies(x @ params["W"] + params["b"][:, None], y)
        grads = {"W": x.mT @ dz + problem.l2 * params["W"], "b": dz.sum(axis=1)}
        return losses + 0.5 * problem.l2 * _squares(params["W"]), grads
    h = x @ params["W1"]
    if problem.batch_norm:
        inverse = 1 / np.sqrt(h.var(axis=1, keepdims=True) + x.dtype.type(problem.epsilon))
        normalised = (h - h.mean(axis=1, keepdims=True)) * inverse
        h = params["gamma"][:, None] * normalised + params["beta"][:, None]
    else:
        h = h + params["b1"][:, None]
    a = np.tanh(h) if problem.activation == "tanh" else np.maximum(h, 0)
    losses, dz = _cross_entropies(a @ params["W2"] + params["b2"][:, None], y)
    dh = dz @ params["W2"].mT * (1 - a**2 if problem.activation == "tanh" else a > 0)
    grads = {"W2": a.mT @ dz + problem.l2 * params["W2"], "b2": dz.sum(axis=1)}
    if problem.batch_norm:
        grads |= {"gamma": (dh * normalised).sum(axis=1), "beta": dh.sum(axis=1)}
        dn = dh * params["gamma"][:, None]
        dh = dn - dn.mean(axis=1, keepdims=True) - normalised * (dn * normalised).mean(axis=1, keepdims=True)
        dh = inverse * dh
    else:
        grads["b1"] = dh.sum(axis=1)
    grads["W1"] = x.mT @ dh + problem.l2 * params["W1"]
    penalty = 0.5 * problem.l2 * (_squares(params["W1"]) + _squares(params["W2"]))
    return losses + penalty, {name: grads[name] for name in params}


def _cross_entropies(z, y):
    """What `cross_entropy` gives, for several models."""
    models, rows = np.ogrid[:y.shape[0], :y.shape[1]]
    z = z - z.max(axis=2, keepdims=True)
    e = np.exp(z)
    total = e.sum(axis=2, keepdims=True)
    losses = np.mean(np.log(total[:, :, 0]) - z[models, rows, y], axis=1)
    dz = e / total
    dz[models, rows, y] -= 1
    return losses, dz / y.shape[1]


def _squares(w):
    return np.sum(w.reshape(len(w), -1) ** 2, axis=1)


def stacked(batches):
    """Batches of one size as one, for `losses_and_gradients`."""
    return Batch(np.stack([batch.x for batch in batches]), np.stack([batch.y for batch in batches]))
