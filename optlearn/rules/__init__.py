"""The update rules, one file each. They know the contract in `optlearn.optimizer` and nothing else."""

import importlib
import pkgutil

__all__ = []
for _found in pkgutil.iter_modules(__path__):
    _module = importlib.import_module(f"{__name__}.{_found.name}")
    for _name in _module.__all__:
        globals()[_name] = getattr(_module, _name)
        __all__.append(_name)
