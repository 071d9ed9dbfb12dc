"""optlearn: gradient-based optimizers, each written once.

From the lines of an update rule come its numbers (`run`, `Optimizer.step`), its equation
(`Optimizer.equation`), its animation (`explore`) and its compiled kernel.
"""

import importlib

from optlearn import functions, gradients, surfaces
from optlearn.declare import InvalidArgument
from optlearn.functions import function
from optlearn.matrices import repeat, sympower
from optlearn.optimizer import Optimizer, State, Update, get, hyper, names, norm, option
from optlearn.rules import *  # noqa: F403
from optlearn.rules import __all__ as _rules
from optlearn.surfaces import Surface
from optlearn.surfaces import get as surface
from optlearn.trajectory import Trajectory, run, sweep

__version__ = "0.1.0"

# What needs more than NumPy is loaded where it is first used, so that importing stays quick.
_LAZY = {"Stepper": "optlearn.symbolic.stepper", "check": "optlearn.checking", "claim": "optlearn.claims",
         "explore": "optlearn.explorer", "lr_finder": "optlearn.training",
         "train": "optlearn.training", "tune": "optlearn.training",
         "Groups": "optlearn.groups", "checkpoint": None, "plots": None, "problems": None, "schedules": None,
         "studies": None, "wrappers": None}

__all__ = ["InvalidArgument", "Optimizer", "State", "Surface", "Trajectory", "Update", "function", "functions", "get",
           "gradients", "hyper", "names", "norm", "option", "repeat", "run", "surface", "surfaces", "sweep", "sympower",
           *_rules]
# Importing everything must not need more than NumPy: plots are asked for by name.
__all__ += [name for name in _LAZY if name != "plots"]


def __getattr__(name):
    if name not in _LAZY:
        raise AttributeError(f"module 'optlearn' has no attribute {name!r}")
    module = importlib.import_module(_LAZY[name] or f"optlearn.{name}")
    return getattr(module, name) if _LAZY[name] else module


def __dir__():
    return sorted([*globals(), *_LAZY])
