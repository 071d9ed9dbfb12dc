"""Wrappers: rules around any rule, one file each."""

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
