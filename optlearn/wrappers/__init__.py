"""Rules around any rule: ``Lookahead(Adam(lr=0.1))``, by name ``"lookahead(adam)"``.

A wrapper has the numbers and the state of both, and equation, page and kernel where the rule inside has them.
Each has a file of its own.
"""

import importlib
import pkgutil

from optlearn.wrappers.base import Wrapper

__all__ = ["Wrapper"]
for _found in pkgutil.iter_modules(__path__):
    if _found.name != "base":
        _module = importlib.import_module(f"{__name__}.{_found.name}")
        for _name in _module.__all__:
            globals()[_name] = getattr(_module, _name)
            __all__.append(_name)
