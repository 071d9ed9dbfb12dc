"""The arguments of a training, checked before it begins."""

import operator

import numpy as np

from optlearn import tree
from optlearn.declare import InvalidArgument
from optlearn.training.records import EarlyStop
from optlearn.trajectory import whole

SETTINGS = {"batch_size": 32, "stratified": False, "shuffle": True, "drop_last": False, "delay": 0}


def checked_settings(problem, given):
    settings = {**SETTINGS, **given}
    n = len(problem.train.y)
    size = settings["batch_size"]
    if size == "full":
        settings["batch_size"] = n
    else:
        try:
            size = -1 if isinstance(size, bool) else operator.index(size)
        except TypeError:
            size = -1
        if size < 1 or ("batch_size" in given and size > n):
            raise InvalidArgument(f"batch_size = {given['batch_size']!r} is not allowed; it must be a whole "
                                  f"number with 1 <= batch_size <= {n}, the number of training examples, or 'full'")
        settings["batch_size"] = min(size, n)
    settings["delay"] = whole("delay", settings["delay"])
    for name in ("stratified", "shuffle", "drop_last"):
        if not isinstance(settings[name], (bool, np.bool_)):
            raise InvalidArgument(f"{name} = {settings[name]!r} is not allowed; it must be True or False")
        settings[name] = bool(settings[name])
    if settings["stratified"] and (problem.classes is None or not settings["shuffle"]):
        raise InvalidArgument("stratified = True is not allowed here; it needs classes and shuffle=True")
    return settings


def checked_early_stop(problem, early_stop):
    if early_stop is None:
        return None
    if not isinstance(early_stop, EarlyStop):
        early_stop = EarlyStop(patience=early_stop)
    part, kind = early_stop.watch.split("_")
    if getattr(problem, part) is None or (kind == "accuracy" and problem.classes is None):
        raise InvalidArgument(f"early_stop watches {early_stop.watch}, which data {problem.data.name!r} does "
                              "not have")
    return early_stop


def checked_callbacks(callbacks):
    callbacks = (callbacks,) if callable(callbacks) or not np.iterable(callbacks) else tuple(callbacks)
    for callback in callbacks:
        if not callable(callback):
            raise InvalidArgument(f"callbacks contains {callback!r}; it must hold functions of a Training")
    return callbacks


def first_parameters(rule, params, says=""):
    """Raise unless a rule can begin from the parameters."""
    try:
        with np.errstate(all="ignore"):
            rule.init(params)
    except InvalidArgument as error:
        raise InvalidArgument(f"{says}{error}") from None
    for path, array in tree.flatten(params, "params"):
        if not np.isfinite(array).all():
            raise InvalidArgument(f"{says}params{path} has values that are not finite; a training must begin from "
                                  "numbers")
