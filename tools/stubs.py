"""Write what checkers of types cannot see: ``__init__.pyi`` of the library and of five packages in it.

A checker does not see that ``lr = hyper(0.1)`` makes an argument `lr`, nor what is loaded where it is first used. In a
stub a class stands under its name with the arguments that it declares; all else it has from the class itself.

    python tools/stubs.py            # writes them
"""

import importlib
import inspect
import re
import textwrap
from pathlib import Path

import optlearn
from optlearn.declare import Declared, hyper
from optlearn.optimizer import Optimizer
from optlearn.surfaces import Surface
from optlearn.wrappers import Wrapper

ROOT = Path(__file__).parent.parent
TARGETS = ("", "problems", "rules", "schedules", "surfaces", "wrappers")
# Where the names are from that annotations use.
HOME = {"collections.abc": ("Callable", "Iterable", "Sequence"), "typing": ("Any", "Literal"),
        "optlearn.typing": ("Array", "DataLike", "Number", "RuleLike", "Transforms", "Value")}


def stub(package):
    """The text of the stub of a package."""
    module = importlib.import_module(f"optlearn.{package}".rstrip("."))
    names = sorted({*module.__all__, "__version__", "plots"} if not package else module.__all__)
    imports, classes = [], []
    for name in names:
        if name == "__version__":
            classes.append("__version__: str")
            continue
        home = _home(module, name)
        found = None if home == "optlearn" else getattr(module, name)
        made = _class(name, found) if package and isinstance(found, type) and issubclass(found, Declared) else None
        # Some have another name where they are made.
        there = found.__name__ if inspect.isfunction(found) else name
        imports.append(f"from {home} import {there} as {'_' * bool(made)}{name}")
        if made:
            classes.append(made)
    body = "\n\n".join(classes)
    for home, names in HOME.items():
        if used := [name for name in names if re.search(rf"\b{name}\b", body)]:
            imports.append(f"from {home} import {', '.join(used)}")
    listed = textwrap.fill(", ".join(f'"{name}"' for name in sorted(module.__all__)), 119,
                           initial_indent="__all__ = [", subsequent_indent=" " * 11) + "]"
    standard = sorted(line for line in imports if " optlearn" not in line)
    own = sorted(line for line in imports if " optlearn" in line)
    head = "# Made by tools/stubs.py from what the classes declare; make stubs writes it again."
    return "\n\n".join(filter(None, [head, "\n".join(standard), "\n".join(own), listed, body])) + "\n"


def _home(module, name):
    """The module that a name of a package is from."""
    if module is optlearn and (optlearn._LAZY.get(name, "") is None or inspect.ismodule(vars(optlearn).get(name))):
        return "optlearn"
    home = getattr(getattr(module, name), "__module__", "")
    if home.startswith(module.__name__):
        # A package with a stub says more of a class than the file that it stands in.
        package = ".".join(home.split(".")[:2])
        return package if module is optlearn and package.partition(".")[2] in TARGETS else home
    text = Path(module.__file__).read_text(encoding="utf-8")
    return next(home for home, names in re.findall(r"^from (\S+) import ([^()\n]+|\([^)]*\))$", text, re.M)
                if re.search(rf"\b{name}\b", names))


def _class(name, cls):
    """A class with its arguments; None for one that readers derive theirs from."""
    if any(base.__module__ == cls.__module__ for base in (Optimizer, Surface, Wrapper)) or not cls._arguments() \
            and cls.__init__ is Declared.__init__ or name in ("Problem", "Schedule"):
        return None
    arguments = []
    own = inspect.signature(cls.__init__).parameters
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in arguments:
            arguments.append("*")
        arguments.append(_argument(cls, parameter, own))
        if alias := getattr(cls._declared.get(parameter.name), "alias", None):
            arguments.append(f"{alias}: {_kind(cls, parameter.name)} = ...")
    if issubclass(cls, Wrapper):
        arguments.append("**values: Value | str | None")
    lines = ["    def __init__(self,"]
    for argument in [f"{one}," for one in arguments[:-1]] + [f"{arguments[-1]}) -> None: ..."]:
        if len(lines[-1]) + 1 + len(argument) > 120:
            lines.append(" " * 16)
        lines[-1] += f" {argument}"
    return f"class {name}(_{name}):\n" + "\n".join(lines)


def _argument(cls, parameter, own):
    name, default = parameter.name, parameter.default
    kind = _kind(cls, name) or own[name].annotation
    if default is parameter.empty or (name == "rule" and issubclass(cls, Wrapper)):
        return f"{name}: {kind.removesuffix(' | None')}"
    return f"{name}: {kind} = {default!r}"


def _kind(cls, name):
    """The type of a declared argument; none for those of its own that a class writes into its ``__init__``."""
    declared = cls._declared.get(name)
    if isinstance(declared, hyper):
        kind = "Value" if issubclass(cls, Optimizer) else "Number | Array" if issubclass(cls, Surface) else \
            "int" if declared.integer else "float"
        return kind + " | None" * (declared.default is None)
    if declared is not None:
        return "bool" if declared.choices == (True, False) else f"Literal[{', '.join(map(repr, declared.choices))}]"
    if issubclass(cls, Optimizer) and name != "rule":
        return "Transforms" if name == "gradient" else "Value | None"
    # A part of a schedule that has no place in its `__init__` is annotated in its class.
    return None if name in inspect.signature(cls.__init__).parameters else cls.__annotations__[name]


if __name__ == "__main__":
    for package in TARGETS:
        path = ROOT / "optlearn" / package / "__init__.pyi"
        path.write_text(stub(package), encoding="utf-8")
        print(path.relative_to(ROOT))
