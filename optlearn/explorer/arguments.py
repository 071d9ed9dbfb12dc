"""What an explorer is given: the checks of every argument, and the form in which the page takes it."""

import math
import numbers
import re

import numpy as np

from optlearn import optimizer
from optlearn.declare import InvalidArgument, near
from optlearn.explorer import payload, steepness
from optlearn.needs import of_a_bowl
from optlearn.optimizer import Optimizer
from optlearn.symbolic.trace import NotTraceable

MOST_RACERS = 8
MOST_STEPS = 2000
MOST_DELAY = 32
FAIRNESS = ("", "same", "tuned")
SLICE = "; of a function of more numbers optlearn.function(f).slice(at, d1, d2) is the surface along two directions"
STAGES = ("step", "gradient", "memory", "lookahead", "correction", "preconditioner")
PANELS = ("", "map", "tiles", "modes", "noise", "fair", "share", "schedule", "kernel", "correction", "floor", "bound")


def racers(given):
    if isinstance(given, (Optimizer, str)) or (isinstance(given, type) and issubclass(given, Optimizer)):
        given = [given]
    try:
        given = list(given)
    except TypeError:
        raise InvalidArgument(
            f"optimizers = {given!r} is not allowed; it must be an Optimizer or a list of them") from None
    if not 1 <= len(given) <= MOST_RACERS:
        raise InvalidArgument(f"optimizers has {len(given)} entries; it must have 1 to {MOST_RACERS}")
    found = []
    for one in given:
        if isinstance(one, str):
            one = optimizer.get(one)
        elif isinstance(one, type) and issubclass(one, Optimizer):
            one = one()
        if not isinstance(one, Optimizer):
            raise InvalidArgument(f"optimizers contains {one!r}; it must hold Optimizer objects or names of rules")
        for part in (one, *one.gradient):
            no_sweeps("optimizers", part)
        # A step in which the contract says what is wrong with a rule that cannot make one.
        w = np.ones(2)
        one.step(w, w, one.init(w), rng=np.random.RandomState(0), nonfinite="propagate", **of_a_bowl(w))
        try:
            payload.rule_payload(one)
        except NotTraceable as reason:
            raise InvalidArgument(f"{one.name} cannot be shown in the explorer: {reason}") from reason
        found.append(one)
    return found


def place(surface):
    """The surface, if a page can draw it."""
    no_sweeps("surface", surface)
    try:
        payload.surface_payload(surface)
    except InvalidArgument:
        raise
    except Exception as reason:  # Whatever a reader's function raises
        more = SLICE if surface.of_array else ""
        raise InvalidArgument(f"surface = {surface.name} cannot be shown in the explorer: {reason}{more}") from reason
    return surface


def no_sweeps(argument, part):
    for name in part.hypers():
        if isinstance(part.__dict__[name], np.ndarray):
            raise InvalidArgument(f"{argument} contains {name} = an array (a sweep); the explorer needs single numbers")


def start(value):
    try:
        point = [float(x) for x in value]
    except (TypeError, ValueError):
        point = []
    if len(point) != 2 or not all(map(math.isfinite, point)):
        raise InvalidArgument(f"start = {value!r} is not allowed; it must be two finite numbers"
                              + SLICE * (len(point) > 2))
    return point


def whole(name, value, low, high, why=""):
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
        raise InvalidArgument(
            f"{name} = {value!r} is not allowed; it must be a whole number with {low} <= {name} <= {high}{why}")
    return int(value)


def real(name, value, low, high=math.inf):
    """A finite number in a range."""
    if not isinstance(value, numbers.Real) or isinstance(value, (bool, np.bool_)) or not low <= value <= high \
            or math.isinf(value):
        allowed = f"{low} <= {name}" + (f" <= {high}" if math.isfinite(high) else "")
        raise InvalidArgument(f"{name} = {value!r} is not allowed; it must be a finite number with {allowed}")
    return float(value)


def samples(surface):
    return 0 if surface.samples is None else len(surface.samples)


def batch(value, samples):
    """The size of a batch; 0 where a gradient takes all there is."""
    if value is None or (value == 0 and not isinstance(value, bool)):
        return 0
    if not samples:
        raise InvalidArgument(f"batch = {value!r} is not allowed: the surface has no samples")
    return whole("batch", value, 1, samples)


def one_of(name, value, known):
    if value not in known:
        raise InvalidArgument(f"{name} = {value!r} is not known{near(value, [word for word in known if word])}")
    return value


def words(name, value):
    if not isinstance(value, str):
        raise InvalidArgument(f"{name} = {value!r} is not allowed; it must be text")
    return value


def sentences(name, value):
    if isinstance(value, str) or not all(isinstance(line, str) for line in value):
        raise InvalidArgument(f"{name} = {value!r} is not allowed; it must be a list of sentences")
    return list(value)


# What can be set, by name: from a value and the state that it is set in, the value as the page takes it.
CHECKS = {
    "start": lambda value, at: start(value),
    "steps": lambda value, at: whole("steps", value, max(1, at["step"]), MOST_STEPS,
                                      f"; step {at['step']} is shown" if at["step"] > 1 else ""),
    "step": lambda value, at: whole("step", value, 0, at["steps"]),
    "seed": lambda value, at: whole("seed", value, 0, 2**32 - 1),
    "noise": lambda value, at: real("noise", value, 0),
    "batch": lambda value, at: batch(value, at["samples"]),
    "delay": lambda value, at: whole("delay", value, 0, MOST_DELAY),
    "selected": lambda value, at: whole("selected", value, 0, len(at["racers"]) - 1),
    "speed": lambda value, at: real("speed", value, 0.1, 150),
    "target": lambda value, at: real("target", value, 0),
    "band": lambda value, at: bool(value),
    "relief": lambda value, at: bool(value),
    "playing": lambda value, at: bool(value),
    "fair": lambda value, at: one_of("fair", value, FAIRNESS),
    "panel": lambda value, at: one_of("panel", value, PANELS),
    "prompt": lambda value, at: words("prompt", value),
    "tries": lambda value, at: sentences("tries", value),
}


def focus(focus, racers):
    """The selected racer and the stage that `focus` names; None for what it does not name."""
    names = [re.sub(r"[^a-z0-9]", "", payload.label_of(rule).lower()) for rule in racers]
    selected, stage = None, None
    for word in () if focus is None else focus if isinstance(focus, (tuple, list)) else (focus,):
        plain = re.sub(r"[^a-z0-9]", "", str(word).lower())
        if isinstance(word, (int, np.integer)) and not isinstance(word, bool):
            selected = whole("focus", word, 0, len(racers) - 1)
        elif isinstance(word, str) and word in STAGES:
            stage = word
        elif isinstance(word, str) and plain in names:
            selected = names.index(plain)
        else:
            raise InvalidArgument(f"focus = {focus!r} is not known{near(word, [*STAGES, *names])}")
    return selected, stage


def telling(stage, racers):
    """The racer for which a stage says most."""
    has = {"lookahead": lambda r: type(r).probe is not Optimizer.probe, "memory": lambda r: bool(r.slots),
           "correction": steepness.corrects,
           "preconditioner": lambda r: len(payload.rate_size(r)) == 2}.get(stage, lambda r: False)
    return next((i for i, rule in enumerate(racers) if has(rule)), len(racers) - 1)
