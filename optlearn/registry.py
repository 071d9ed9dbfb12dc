"""Rules by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from optlearn.declare import InvalidArgument, near

if TYPE_CHECKING:
    from collections.abc import Callable

    from optlearn.optimizer import Optimizer

# A name is one rule's: that of the library keeps its own, and a reader's class of the same name gets
# another one, so that nothing that finds rules by name can mistake them.
_registry: dict[str, type[Optimizer]] = {}
_aliases: dict[str, tuple[Any, dict[str, Any]]] = {}
_versions: dict[str, int] = {}


def key_of(name):
    """A name in the form in which rules are known."""
    return str(name).lower().replace("-", "_").replace(" ", "_")


def of_library(cls):
    """Whether a class is the library's own."""
    return cls.__module__.startswith(("optlearn.rules.", "optlearn.wrappers.", "optlearn.groups"))


def enter(cls, register):
    """Give a class its name and its identity, and let `get` find it if it is to be registered."""
    library = of_library(cls)
    name = key_of(vars(cls).get("name") or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__))
    if not library and (name in _aliases or (name in _registry and of_library(_registry[name]))):
        name = f"own_{name}"
    _versions[name] = 1 if library else _versions.get(name, 0) + 1
    cls.name, cls.identity = name, name if _versions[name] == 1 else f"{name}.{_versions[name]}"
    if register:
        _registry[cls.name] = cls


def get(name: str, *, convention: str | None = None, **values: Any) -> Optimizer:
    """The rule of that name.

    Parameters
    ----------
    name : str
        Name of a rule, such as ``"adam"``, or an alias, such as ``"sgd"``. See `names`. ``"lookahead(adam)"`` is a
        wrapper around a rule; see `optlearn.wrappers`.
    convention : {"torch", "keras", "optax", "mxnet", "pytorch_optimizer"}, optional
        The library whose form and defaults the rule shall have; `name` and `values` may then be that library's.
    **values
        Its hyperparameters and choices, also as plain data: numbers as text, schedules and transforms of the
        gradient as dictionaries, as `Optimizer.config` gives them.

    Returns
    -------
    Optimizer

    Raises
    ------
    InvalidArgument
        For an unknown name, with the near ones; for unknown or disallowed values.

    Examples
    --------
    >>> get("gradient_descent", lr=0.5)
    GradientDescent(lr=0.5)
    >>> get("SGD", convention="keras", learning_rate=0.5, momentum=0.9)
    Momentum(lr=0.5, momentum=0.9, dampening=None, lr_inside=True)
    """
    from optlearn import plain

    values = {key: plain.made(value) for key, value in values.items()}
    if convention is not None:
        from optlearn import conventions

        name, values = conventions.translate(convention, name, values)
    if "(" in str(name):
        from optlearn.wrappers.base import wrapped

        return wrapped(key_of(name), values)
    if name == "groups":
        from optlearn.groups import Groups

        return Groups(**values)
    key, values = resolve(name, values)
    return _registry[key](**values)


def resolve(name, values):
    """The registered name and the values that a name or alias and values stand for."""
    key = key_of(name)
    if key in _aliases and key not in _registry:
        key, fixed = _aliases[key]
        key, values = key(values) if callable(key) else (key, {**fixed, **values})
    if key not in _registry:
        raise InvalidArgument(f"name = {name!r} is not a known rule{near(key, [*_registry, *_aliases])}")
    return key, values


def alias(name: str, rule: str | Callable[..., tuple[str, dict[str, Any]]], **values: Any) -> None:
    """Let `get` find a rule by another name, with values fixed unless they are given.

    `rule` may also be a function of the given values that chooses: values in, name and values out.
    """
    _aliases[name] = (rule, values)


def names() -> list[str]:
    """The names of all rules.

    Returns
    -------
    list of str

    Examples
    --------
    >>> "adam" in names()
    True
    """
    return sorted(_registry)
