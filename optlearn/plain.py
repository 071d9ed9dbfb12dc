"""Rules, schedules and transforms as plain data: numbers, text, lists and dictionaries."""

import numpy as np

from optlearn import gradients
from optlearn.declare import Declared, InvalidArgument, near

# The key that says what a dictionary stands for.
SCHEDULE, TRANSFORM = "schedule", "transform"


def plain(name, value):
    """The value of an argument as plain data.

    Raises
    ------
    InvalidArgument
        For a function, which has no form as data.
    """
    if isinstance(value, Declared):
        kind, own = (TRANSFORM, type(value).__name__) if isinstance(value, gradients.Transform) else \
            (SCHEDULE, value.name)
        return {kind: own, **{key: plain(key, inner) for key, inner in value.values.items()}}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(name, inner) for inner in value]
    if callable(value):
        function = getattr(value, "__name__", type(value).__name__)
        raise InvalidArgument(f"{name} is the function {function}, which is not plain data; it must be a number or a "
                              "Schedule, such as Cosine(start=0.1, steps=100)")
    return value


def made(value):
    """What plain data stands for; text that reads as a number is one, since YAML takes 1e-3 for text."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    if isinstance(value, list):
        return [made(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "name" in value:
        from optlearn.optimizer import get

        return get(**value)
    values = {key: made(inner) for key, inner in value.items() if key not in (SCHEDULE, TRANSFORM)}
    if SCHEDULE in value:
        from optlearn import schedules

        return schedules.get(value[SCHEDULE], **values)
    if TRANSFORM in value:
        return transform(value[TRANSFORM])(**values)
    raise InvalidArgument(f"{value!r} is not allowed; a dictionary must say what it is by {SCHEDULE!r} or "
                          f"{TRANSFORM!r}")


def transform(name):
    """The class of a transform by its name; the library's goes before a reader's."""
    known, found = {}, [gradients.Transform]
    for cls in found:
        found += cls.__subclasses__()
    for cls in found[1:]:
        if cls.__module__ == gradients.__name__ or known.get(cls.__name__, cls).__module__ != gradients.__name__:
            known[cls.__name__] = cls
    if name not in known:
        raise InvalidArgument(f"transform = {name!r} is not known{near(name, known)}")
    return known[name]
