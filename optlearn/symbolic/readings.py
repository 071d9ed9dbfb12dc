"""What the lines of a class read besides their arguments: constants, globals, other functions.

A recording is as true as they are. Whoever keeps one asks before each use whether they are still the same.
"""

import dis
import types

import numpy as np

from optlearn.declare import hyper, option

# Modules whose contents nobody changes, and whose functions are not followed.
_FIXED = ("numpy", "math", "builtins", "optlearn", "functools", "itertools", "operator", "typing", "scipy")


def _is_fixed(module):
    return (module or "").partition(".")[0] in _FIXED


def readings(cls):
    """What a class reads now; the same object for as long as nothing of it changes."""
    found = cls.__dict__.get("_readings")
    if found is None or not found.unchanged():
        found = cls._readings = Readings(cls)
    return found


class Readings:
    """What a class read when this was made.

    Parameters
    ----------
    cls : type
        A class of rules, transforms or surfaces; classes of the library itself read nothing that changes.

    Attributes
    ----------
    kept : dict
        What was recorded of the class while it read this.
    """

    def __init__(self, cls):
        self.held, self.code, self.contents, self.functions, self.kept = [], [], [], [], {}
        for base in _bases(cls):
            if base is object or _is_fixed(base.__module__):
                continue
            for name, value in list(vars(base).items()):
                if (name.startswith("__") and name != "__init__") or isinstance(value, (hyper, option)) \
                        or name in ("_declared", "_hypers", "_aliases", "_readings"):
                    continue
                self._hold(lambda base=base, name=name: vars(base).get(name), value)

    def unchanged(self):
        """Whether everything is as it was."""
        if not self.held:
            return True
        try:
            return (all(function.__code__ is code for function, code in self.code)
                    and all(get() is value for get, value in self.held)
                    and all(_print(value) == before for value, before in self.contents))
        except (AttributeError, ValueError):
            return False

    def _hold(self, get, value, names=frozenset()):
        self.held.append((get, value))
        value = getattr(value, "__func__", getattr(value, "fget", value))
        if isinstance(value, types.FunctionType):
            self._follow(value)
        elif isinstance(value, (list, dict, set, np.ndarray)):
            self.contents.append((value, _print(value)))
        elif names and not _is_fixed(getattr(value, "__name__", None) or type(value).__module__):
            # A module, a class or an object that holds constants: those of its attributes that the code mentions.
            for name in names:
                inner = getattr(value, name, None)
                if isinstance(inner, types.MethodType):
                    self._follow(inner.__func__)
                elif inner is not None:
                    self._hold(lambda name=name: getattr(value, name, None), inner)

    def _follow(self, function):
        if any(known is function for known in self.functions) or _is_fixed(function.__module__):
            return
        self.functions.append(function)
        self.code.append((function, function.__code__))
        names = _names(function.__code__)
        self._hold(lambda: function.__defaults__, function.__defaults__)
        self._hold(lambda: function.__kwdefaults__, function.__kwdefaults__)
        for cell in function.__closure__ or ():
            self._hold(lambda cell=cell: cell.cell_contents, cell.cell_contents, names)
        for name in names & function.__globals__.keys():
            self._hold(lambda name=name: function.__globals__.get(name), function.__globals__[name], names)


def _bases(cls):
    """A class and its bases; of a rule around another also those of the one inside."""
    inside = getattr(cls, "wraps", None)
    return (*cls.__mro__, *(_bases(inside) if inside else ()))


def _names(code):
    """The global names and attributes that code mentions, also inside its functions."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _names(constant)
    return found


def _print(value):
    """What tells contents apart."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.shape, value.dtype.str, value.tobytes()
    return repr(value)


# What answers otherwise for a symbol than for the array or number in whose place it stands, and cannot be noticed.
_DODGES = {"isinstance", "type", "callable", "hasattr", "id", "isscalar", "iterable"}
# What answers otherwise each time.
_CHANCE = {"random", "time", "datetime", "secrets"}


def dodge(functions):
    """What functions ask that a recording could not follow, in words; or an empty text."""
    for function in functions:
        names = _names(function.__code__)
        asked = min(_DODGES & names, default="")
        if asked:
            return (f"{function.__name__} asks {asked}(...), which answers otherwise while it is recorded; "
                    "write an option, or np.where(condition, a, b)")
        if "random" in names and "np" in names or any(isinstance(function.__globals__.get(name), types.ModuleType)
                                                      for name in _CHANCE & names):
            return (f"{function.__name__} asks for chance or for the time, which answer otherwise in every step; "
                    "declare draws = (\"z\",) and read s.z")
        before = None
        for step in dis.get_instructions(function.__code__):
            if step.opname == "IS_OP" and not (before.opname == "LOAD_CONST" and before.argval is None):
                return (f"{function.__name__} asks what 'is' what, which answers otherwise while it is recorded; "
                        "write an option, or np.where(condition, a, b)")
            before = step
    return ""
