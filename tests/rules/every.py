"""Every rule of the library, and every choice of its options."""

import numpy as np

import optlearn
from optlearn import tree
from optlearn.symbolic.graph import REDUCTIONS, walk
from optlearn.symbolic.trace import trace

CLASSES = {
    cls.name: cls
    for cls in (getattr(optlearn.rules, name) for name in optlearn.rules.__all__)
    if isinstance(cls, type) and issubclass(cls, optlearn.Optimizer)
}
NAMES = sorted(CLASSES)


def variants():
    """Each rule as it is by default, then with one option changed or one left-out number given."""
    for name in NAMES:
        cls = CLASSES[name]
        yield name, cls()
        for option, declared in cls.options().items():
            for choice in declared.choices:
                if choice != declared.default:
                    yield f"{name}-{option}-{choice}", cls(**{option: choice})
        for hyper, declared in cls.hypers().items():
            if declared.default is None:
                value = 0.5 * sum(declared.bounds) if declared.below is not None else 0.05
                yield f"{name}-{hyper}", cls(**{hyper: value})
    yield "rmsprop-centered-momentum", optlearn.RMSProp(centered=True, momentum=0.5)


VARIANTS = dict(variants())


def joins_coordinates(rule):
    """Whether a step of one coordinate depends on the others."""
    if not rule.traceable or rule.takes_matrices:
        return True
    program = trace(rule)
    return bool({"loss", "sum", "norm"} & {*rule.needs}) or any(
        node.op in REDUCTIONS for node in walk(program.lines.values()))


class Draws:
    """A source of given numbers, for rules that draw."""

    def __init__(self, numbers):
        self.numbers = numbers

    def standard_normal(self, shape):
        return np.broadcast_to(self.numbers, shape).copy()


def answers(params, grads):
    """What a rule may ask for, of the bowl that has these gradients, as `step` takes it."""
    def each(make, *nested):
        arrays = [[np.asarray(x) for _, x in tree.flatten(one, "nested")] for one in nested]
        return tree.unflatten(params, [np.asarray(make(*xs)) for xs in zip(*arrays, strict=True)])

    return {"loss": 1.0 + float(sum(np.sum(np.abs(w)) for _, w in tree.flatten(params, "params"))),
            "gradient": lambda point: each(lambda w, g, x: g + (x - w) / 2, params, grads, point),
            "hessian": lambda v: each(lambda x: x / 2, v),
            "hessian_diagonal": each(lambda w: np.full_like(w, 0.5), params)}


def take(rule, w, grads, rng=None, **keywords):
    """The path of a rule that gets the gradients `grads`, and its last state."""
    state, path = rule.init(w), []
    for g in grads:
        w, state = rule.step(w, np.asarray(g), state, rng=rng, **answers(w, np.asarray(g)), **keywords)
        path.append(w)
    return np.array(path), state
