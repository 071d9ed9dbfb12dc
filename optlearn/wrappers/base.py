"""The contract of a wrapper: a rule made of another rule."""

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING, Any, Self

from optlearn.asking import like
from optlearn.declare import InvalidArgument, hyper, near
from optlearn.optimizer import Optimizer, Update, as_rule, get
from optlearn.state import first_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optlearn.typing import RuleLike

__all__ = ["Wrapper"]

_known: dict[str, type[Wrapper]] = {}


class Wrapper(Optimizer, register=False):
    """A rule around any other rule.

    A subclass declares its own numbers, choices and slots as a rule does, and calls the rule inside with
    `inner`. The composition is a rule like every other: it has the numbers and slots of both, an equation, a page
    and a kernel where the rule inside has them, and it can be wrapped again.

    Parameters
    ----------
    rule : Optimizer, str, class or dict
        The rule inside. What is done to its gradient is done to the gradient of the composition.
    **values
        Numbers and choices of the wrapper, and of the rule.

    Attributes
    ----------
    name : str
        ``"lookahead(adam)"``; by this name `optlearn.get` makes it.
    rule : Optimizer
        The rule inside, with its present values.

    Notes
    -----
    A name that the wrapper and the rule both have is the wrapper's; the rule's then has the name of the rule before it:
    `rmsprop_rho`.

    Examples
    --------
    >>> import numpy as np
    >>> from optlearn import Adam, get
    >>> class Halved(Wrapper):
    ...     part = hyper(0.5, above=0, at_most=1)
    ...     def update(self, w, g, s, t):
    ...         made = self.inner(w, g, s, t)
    ...         return self.joined(made, w + self.part * (made.w - w))
    >>> rule = Halved(Adam(lr=0.1))
    >>> rule
    Halved(Adam(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-08, eps_root=None, bias_correction=True), part=0.5)
    >>> rule.replace(lr=0.2).lr, get("halved(adam)", lr=0.1) == rule
    (0.2, True)
    """

    # Of a composition: the class of the rule inside and that of the wrapper, the names that differ, what is its own.
    wraps: Any = None
    wrapper: Any = None
    names: dict[str, str]
    own: tuple[str, ...]
    own_slots: tuple[str, ...]

    def __init_subclass__(cls, wraps: type[Optimizer] | None = None, **keywords: Any) -> None:
        super().__init_subclass__(register=False, **keywords)
        if wraps is None:
            _known[cls.name] = cls
            cls.wrapper = cls

    def __new__(cls, rule: RuleLike | None = None, **values: Any) -> Self:
        if cls.wraps is None:
            if rule is None:
                raise InvalidArgument(f"{cls.__name__} needs the rule that it wraps; write {cls.__name__}(Adam(lr=0.1)"
                                      ", ...)")
            cls = _composed(cls, type(as_rule(rule)))  # type: ignore[arg-type]
        return object.__new__(cls)

    def __init__(self, rule: RuleLike | None = None, **values: Any) -> None:
        if rule is not None:
            values = {**{self.names.get(name, name): value for name, value in as_rule(rule).values.items()}, **values}
        super().__init__(**values)
        self._check_rule()

    def _check_rule(self):
        """Raise if a wrapper cannot wrap this rule."""

    # What a wrapper calls

    @property
    def rule(self) -> Optimizer:
        """The rule inside, with its present values; what is done to the gradient stays with the composition."""
        found = self.__dict__.get("_rule")
        if found is None:
            held = {name: self.__dict__[self.names.get(name, name)] for name in self.wraps._declared}
            found = object.__new__(self.wraps)
            found.__dict__.update(held, gradient=(), scheduled=any(callable(value) for value in held.values()))
            self.__dict__["_rule"] = found
        return found

    def inner(self, w: Any, g: Any, s: Any, t: Any) -> Update:
        """What a step of the rule inside makes, as an `Update` with the names of the composition."""
        made = self.rule.update(w, g, self._inside(s), t)
        if self.names and isinstance(made, Update):
            return Update(made.w, **{self.names.get(name, name): value for name, value in made.named.items()})
        return made

    def joined(self, made: Update, w: Any, **named: Any) -> Update:
        """The `Update` of a composed step: new parameters, what the rule inside named, and what the wrapper names."""
        before = type(self).wraps.name.partition("(")[0]
        return Update(w, **{f"{before}_{name}" if name in named else name: value
                            for name, value in made.named.items()}, **named)

    def _inside(self, s):
        """The state as the rule inside knows it."""
        if not self.names:
            return s
        held = vars(s)
        return like(s, {**held, **{name: held[new] for name, new in self.names.items() if new in held}})

    def refuse_transforms(self, *kinds: str, why: str) -> None:
        """Raise if the gradient of the rule goes through a transform of one of these kinds."""
        for transform in self.gradient:
            if type(transform).__name__ in kinds:
                raise InvalidArgument(f"gradient contains {transform!r}, which is not allowed in "
                                      f"{self.wrapper.__name__}: {why}")

    # What a wrapper may override

    def start(self, w: Any) -> dict[str, Any]:
        first = first_state(self.rule, w)
        return {**{name: 0 * w for name in self.own_slots},
                **{self.names.get(name, name): value for name, value in first.items()}}

    def probe(self, w: Any, s: Any, t: Any) -> Any:
        return self.rule.probe(w, self._inside(s), t)

    def answer(self, w: Any, s: Any, t: Any) -> Any:
        return self.rule.answer(w, self._inside(s), t)

    # What a composition is

    def bound(self, values: Mapping[str, Any]) -> Self:
        copy = super().bound(values)
        copy.__dict__.pop("_rule", None)
        return copy

    def source(self) -> str:
        """The source of the wrapper's methods, and of those of the rule inside."""
        return super().source() + "\n\n# The rule inside\n" + self.rule.source()

    def __repr__(self) -> str:
        own = [f"{name}={value!r}" for name, value in self.values.items() if name in self.own or name == "gradient"]
        return f"{self.wrapper.__name__}({', '.join([repr(self.rule), *own])})"

    def __reduce__(self):
        own = {name: value for name, value in self.values.items() if name in self.own or name == "gradient"}
        return functools.partial(self.wrapper, **own), (self.rule,)


@functools.cache
def _composed(wrapper, inside):
    """The class of a wrapper around the rules of a class."""
    taken = {*wrapper._declared, *_slots(wrapper), *wrapper.draws}
    before = inside.name.partition("(")[0]
    theirs = [*inside._declared, *_slots(inside), *inside.draws]
    # Names of both, by the rule's name; slots that depend on the choices of a rule are looked at for all choices.
    names = {name: f"{before}_{name}" for name in theirs if name in taken}
    body = {names.get(name, name): _renamed(declared, name, names, taken, before)
            for name, declared in inside._declared.items()}
    body |= {
        "name": f"{wrapper.name}({inside.name})", "wrapper": wrapper, "wraps": inside, "names": names,
        "own": tuple(wrapper._declared), "own_slots": tuple(wrapper.slots),
        "slots": property(lambda self: (*(names.get(name, name) for name in self.rule.slots), *self.own_slots)),
        "draws": tuple(names.get(name, name) for name in inside.draws) + tuple(wrapper.draws),
        "symbols": {**{names.get(name, name): tex for name, tex in inside.symbols.items()}, **wrapper.symbols},
        "direction": names.get(inside.direction, inside.direction),
        "traceable": inside.traceable and wrapper.traceable,
        "why_not_traceable": inside.why_not_traceable or wrapper.why_not_traceable,
        "needs": tuple(dict.fromkeys((*wrapper.needs, *inside.needs))),
        "takes_matrices": inside.takes_matrices or wrapper.takes_matrices,
        "__doc__": wrapper.__doc__, "__qualname__": f"{wrapper.__name__}({inside.__name__})",
        # Where lines of a reader's stand, verification and guests look at both.
        "__module__": next((cls.__module__ for cls in (inside, wrapper) if not cls.__module__.startswith("optlearn.")),
                           wrapper.__module__)}
    for method in ("probe", "answer"):
        if getattr(wrapper, method) is getattr(Wrapper, method) and \
                getattr(inside, method) is getattr(Optimizer, method):
            body[method] = getattr(Optimizer, method)
    return type(wrapper)(f"{wrapper.__name__}({inside.__name__})", (wrapper,), body, wraps=inside)


def _slots(cls):
    """The slots of a class; where they depend on choices, those of each form with one choice changed."""
    if isinstance(cls.slots, tuple):
        return cls.slots
    return tuple(dict.fromkeys(name for rule in _forms(cls) for name in rule.slots))


def _forms(cls):
    base = cls() if cls.__dict__.get("wraps") is None else cls(cls.wraps())
    yield base
    for name, declared in base.options().items():
        for choice in declared.choices:
            try:
                yield base.replace(**{name: choice})
            except InvalidArgument:
                continue


def _renamed(declared, name, names, taken, before):
    """A declaration as the composition has it."""
    if name not in names and getattr(declared, "alias", None) not in taken:
        return declared
    other = copy.copy(declared)
    if isinstance(declared, hyper):
        from optlearn.symbolic.names import indexed

        other.alias = None
        other._symbol = indexed(declared.symbol, rf"\mathrm{{{before}}}") if name in names else declared.symbol
    return other


def wrapped(name, values):
    """The composition that a name such as ``"lookahead(adam)"`` stands for."""
    outside, _, inside = name.partition("(")
    if outside not in _known or not inside.endswith(")"):
        raise InvalidArgument(f"name = {name!r} is not a wrapper around a rule, such as 'lookahead(adam)'"
                              + near(outside, _known))
    return _known[outside](get(inside[:-1]), **values)
