"""What a rule divides its steps by, found from its lines and a run: how steep it has been, and the rates.

The page finds the same in ``js/model/recall.js``.
"""

from typing import NamedTuple

import numpy as np

from optlearn.symbolic.program import evaluate
from optlearn.symbolic.trace import NotTraceable, parameter_values, trace
from optlearn.trajectory import run as run_on


class Steepness(NamedTuple):
    """A memory of steepness in one step, with a number for each of two coordinates."""

    name: str
    # The part of the old that stays, or None if it is not a part; whether the rates are divided by the root.
    keep: float | None
    root: bool
    # Before the step, what of that stays, and after it; what it is multiplied by before it is used.
    old: np.ndarray
    kept: np.ndarray
    now: np.ndarray
    factor: float


def multiple(a, b):
    """How often b is a, or None if it is not a multiple."""
    with np.errstate(all="ignore"):
        k = (a @ b) / (a @ a)
        return k if np.isfinite(k) and np.allclose(b, k * a, rtol=0, atol=1e-9 * np.linalg.norm(b)) else None


def corrects(rule):
    """Whether a rule makes up for averages that began at zero: it names one that is scaled up in the first steps."""
    if rule.draws or rule.needs or rule.takes_matrices:
        return False
    with np.errstate(all="ignore"):
        kept = run_on("quadratic", rule, (0.7, -1.9), 2)
    pairs = [(kept.named[slot], kept.named[name][-1]) for slot in rule.slots for name in kept.named
             if name not in rule.slots and kept.named[slot].shape[1:] == kept.named[name].shape[1:] == (2,)]
    return any((multiple(memory[-1], other) or 0) > 1 and not memory[0].any() for memory, other in pairs)


def bars(run, t):
    """The steepness that step t of a run divides by, or None, and the rates; None if both coordinates have one rate."""
    try:
        program = trace(run.optimizer)
    except NotTraceable:
        return None
    if program.rate is None or not program.rate.vector or program.asked or program.draws:
        return None
    held = {"w": run.w[t - 1], "g": run.g[t - 1], "t": float(t),
            **{"s." + name: run.named[name][t - 1] for name in program.slots},
            **dict(zip(program.parameters, parameter_values(run.optimizer.at(t)), strict=True))}

    def made(*names, **other):
        known = {program.symbols[name]: value for name, value in {**held, **other}.items()}
        return evaluate([program.rate if name == "rate" else program.lines[name] for name in names], known)

    with np.errstate(all="ignore"):
        rate = np.broadcast_to(made("rate")[0], 2)
        found = [one for name in program.slots if np.shape(run.named[name][t]) == (2,)
                 for one in [_memory(name, run, t, made, rate)] if one]
    told = [one for one in found if any(_fits(one, rate, power) for power in (0.5, 1))] or found
    return (told[0] if told else None), rate


def _fits(one, rate, power):
    with np.errstate(all="ignore"):
        even = rate * one.now**power
        return abs(even[0] / even[1] - 1) < 0.02


def _memory(name, run, t, made, rate):
    """The steepness that a slot keeps, or None if more of it does not make every rate smaller."""
    old, now = run.named[name][t - 1], run.named[name][t]
    unit = np.maximum(abs(old), abs(now))
    unit = np.where(unit > 0, unit, 1.0)
    (none, _), (one, _), (two, less) = (made(name, "rate", **{"s." + name: k * unit}) for k in range(3))
    if (now < 0).any() or not (less < rate).all():
        return None
    parts = (one - none) / unit
    linear = np.allclose([two - one, one - none], parts[0] * unit, rtol=0, atol=1e-9 * unit)
    keep = float(parts[0]) if linear and -1e-9 < parts[0] < 1 + 1e-9 else None
    kept = old if keep is None else keep * old
    g = run.g[t - 1]
    squared = keep is not None and np.allclose(made(name, g=2 * g)[0] - kept, 4 * (now - kept), rtol=0,
                                               atol=1e-9 * unit)
    factor = 1.0
    for other in run.named:
        if other not in run.optimizer.slots and np.shape(run.named[other][t - 1]) == (2,):
            k, also = multiple(now, made(other)[0]), multiple(*made(name, other, g=g * (2, 3) + (1, -1)))
            if k is not None and also is not None and np.isclose(k, also, rtol=1e-9):
                factor = float(k)
                break
    found = Steepness(name, keep, squared, old, kept, now, factor)
    return found._replace(root=squared or bool(_fits(found, rate, 0.5)))
