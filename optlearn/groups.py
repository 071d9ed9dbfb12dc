"""Another rule, or other numbers, for some of the arrays of nested parameters."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from optlearn import gradients, tree
from optlearn.declare import InvalidArgument
from optlearn.optimizer import Optimizer, State, as_rule
from optlearn.state import Update, guest
from optlearn.stepping import check_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from optlearn.typing import Array, Params, RuleLike, Transforms

__all__ = ["Groups"]


class Groups(Optimizer, register=False):
    """Rules for groups of arrays, usable wherever a rule is: `init`, `step`, `optlearn.train`, checkpoints.

    Each array belongs to the first group that it fits, and else to `default`.

    Parameters
    ----------
    groups : dict
        The rule of each group. A key is a pattern of places, such as ``"W*"`` or ``"encoder.*.bias"`` (the place of
        ``params["encoder"][0]["bias"]`` is ``encoder.0.bias``), or a function of place and array that says whether
        the array belongs to it; it must not look at the values, which change.
    default : Optimizer, str, class or dict, optional
        The rule of all other arrays. Without it every array must fit a group.
    gradient, rescale_grad, clip_gradient, weight_decay : optional
        What is done to the gradients of all arrays before the groups see them, as for every rule.

    Attributes
    ----------
    rules : tuple of Optimizer
        The rules, in the order written, the default last.

    Raises
    ------
    InvalidArgument
        For a key or rule that is none, a schedule that follows the loss; and by `init`, for a group without an array,
        or an array without a group.

    Notes
    -----
    A transform of the gradient that looks at all arrays (`ClipGlobalNorm`) looks at those of its group where a rule
    has it, at all where `gradient` of the groups has it. A checkpoint keeps the groups if all keys are patterns.

    Examples
    --------
    >>> from optlearn import AdamW
    >>> rule = Groups({"b*": AdamW(lr=0.1, weight_decay=0.0)}, default=AdamW(lr=0.1, weight_decay=0.5))
    >>> params = {"W": np.ones((2, 2)), "b": np.ones(2)}
    >>> zero = {"W": np.zeros((2, 2)), "b": np.zeros(2)}
    >>> params, state = rule.step(params, zero, rule.init(params))
    >>> params["W"][0], params["b"]
    (array([0.95, 0.95]), array([1., 1.]))
    """

    keys: tuple[str | Callable[[str, Array], bool], ...]
    rules: tuple[Optimizer, ...]
    has_default: bool
    name = "groups"
    traceable = False
    why_not_traceable = "it is several rules; each of its `rules` has an equation of its own"

    def __init__(self, groups: Mapping[Any, RuleLike], default: RuleLike | None = None, *, gradient: Transforms = (),
                 **values: Any) -> None:
        super().__init__(gradient=gradient, **values)
        from optlearn.schedules import Driver

        if not isinstance(groups, dict):
            try:
                groups = dict(groups)
            except (TypeError, ValueError):
                raise InvalidArgument(f"groups = {groups!r} is not allowed; it must be a dictionary of rules, such as "
                                      "{'b*': Adam(lr=0.1)}") from None
        for key in groups:
            if not (isinstance(key, str) or callable(key)):
                raise InvalidArgument(f"groups has the key {key!r}; it must be a pattern of places such as 'b*', or a "
                                      "function of place and array")
        rules = [as_rule(rule) for rule in groups.values()] + ([] if default is None else [as_rule(default)])
        for rule in rules:
            if isinstance(rule, Groups):
                raise InvalidArgument("groups contains Groups; write all groups in one")
            if Driver(rule).schedules:
                raise InvalidArgument(f"{rule!r} has a schedule that follows the training, which is not allowed in a "
                                      "group; it must be a schedule of the step")
        self.__dict__.update(keys=tuple(groups), rules=tuple(rules), has_default=default is not None)

    @property
    def values(self) -> dict[str, Any]:
        """Groups, default and transforms of the gradient."""
        return {"groups": tuple(zip(self.keys, self.rules, strict=False)),
                "default": self.rules[-1] if self.has_default else None,
                **({"gradient": self.gradient} if self.gradient else {})}

    def config(self) -> dict[str, Any]:
        held = super().config() if any(callable(key) for key in self.keys) else {"name": self.name}
        return {**held, "groups": [[key, rule.config()] for key, rule in self.values["groups"]],
                "default": self.rules[-1].config() if self.has_default else None}

    def __repr__(self) -> str:
        inside = ", ".join(f"{getattr(key, '__name__', None) or repr(key)}: {rule!r}"
                           for key, rule in zip(self.keys, self.rules, strict=False))
        rest = [f"default={self.rules[-1]!r}"] if self.has_default else []
        rest += [f"gradient={self.gradient!r}"] if self.gradient else []
        return f"Groups({', '.join(['{' + inside + '}', *rest])})"

    def parts(self, leaves: list[tuple[str, Any]]) -> list[tuple[Optimizer, list[int]]]:
        """For each rule with arrays: the rule, and which of the arrays of the flattened parameters are its."""
        found: list[list[int]] = [[] for _ in self.rules]
        for i, (path, w) in enumerate(leaves):
            place, w = _place(path), guest(np.asarray(w))
            group = next((k for k, key in enumerate(self.keys)
                          if (key(place, w) if callable(key) else fnmatch.fnmatchcase(place, key))), None)
            if group is None and not self.has_default:
                raise InvalidArgument(f"params{path} ({place!r}) fits no group of {', '.join(map(_word, self.keys))}; "
                                      "groups must have one for it, or a default")
            found[len(self.keys) if group is None else group].append(i)
        for key, arrays in zip(self.keys, found, strict=False):
            if not arrays:
                places = ", ".join(repr(_place(path)) for path, _ in leaves[:8])
                raise InvalidArgument(f"groups has {_word(key)}, which no array fits; the arrays are {places}"
                                      + ", ..." * (len(leaves) > 8))
        return [(rule, arrays) for rule, arrays in zip(self.rules, found, strict=True) if arrays]

    def _each(self, leaves, make):
        """What `make` gives for the arrays of each rule, in the order of the arrays."""
        made = [None] * len(leaves)
        for rule, arrays in self.parts(leaves):
            try:
                values = make(rule, arrays)
            except InvalidArgument as error:
                # Within a group an array has another place.
                paths = [leaves[i][0] for i in arrays]
                raise InvalidArgument(_in_whole(str(error), paths)) from error
            for i, value in zip(arrays, values, strict=True):
                made[i] = value
        return made

    def init(self, params: Params) -> State:
        leaves = tree.flatten(params, "params")
        tree.separate(leaves, "params")
        slots = self._each(leaves, lambda rule, own: rule.init([leaves[i][1] for i in own]).slots)
        return State(self.name, 0, [path for path, _ in leaves], slots)

    def step(self, params: Params, grads: Any, state: State, *, loss: float | None = None,
             gradient: Callable[[Any], Any] | None = None, hessian: Callable[[Any], Any] | None = None,
             hessian_diagonal: Any = None, rng: np.random.RandomState | np.random.Generator | None = None,
             nonfinite: Literal["refuse", "propagate"] = "refuse") -> tuple[Params, State]:
        leaves, gradient_leaves = tree.flatten(params, "params"), tree.flatten(grads, "grads")
        paths = [path for path, _ in leaves]
        check_state(self, paths, state)
        if [path for path, _ in gradient_leaves] != paths:
            raise InvalidArgument(f"grads has the structure {[p for p, _ in gradient_leaves]}; it must be that of "
                                  f"params, {paths}")
        tree.separate(leaves, "params")
        gs = [g for _, g in gradient_leaves]
        transforms = [transform.at(state.t + 1) for transform in self.gradient]
        if transforms:
            gs = gradients.prepare(transforms, [guest(np.asarray(w)) for _, w in leaves],
                                   [guest(np.asarray(g)) for g in gs])

        given = {"loss": loss, "gradient": gradient, "hessian": hessian, "hessian_diagonal": hessian_diagonal}

        def one(rule, own):
            rest = [w for _, w in leaves]
            answers = _within(given, params, rest, own, transforms) if rule.needs else {}
            new, kept = rule.step([leaves[i][1] for i in own], [gs[i] for i in own], _of(rule, state, own), rng=rng,
                                  nonfinite=nonfinite, **answers)
            return zip(new, kept.slots, strict=True)

        made = self._each(leaves, one)
        return tree.unflatten(params, [w for w, _ in made]), State(self.name, state.t + 1, paths, [s for _, s in made])

    def solution(self, params: Params, state: State) -> Params:
        leaves = tree.flatten(params, "params")
        check_state(self, [path for path, _ in leaves], state)
        return tree.unflatten(params, self._each(leaves, lambda rule, own: rule.solution(
            [leaves[i][1] for i in own], _of(rule, state, own))))

    def points(self, params: Params, state: State, ahead: Callable[[Optimizer, list[Any], State], list[Any]]) -> Params:
        """Where the next step takes the gradient: what `ahead` gives for each rule."""
        leaves = tree.flatten(params, "params")
        return tree.unflatten(params, self._each(leaves, lambda rule, own: ahead(
            rule.at(state.t + 1), [leaves[i][1] for i in own], _of(rule, state, own))))

    def answer(self, w: Any, s: Any, t: Any) -> Any:
        raise self._no_single()

    def start(self, w: Any) -> dict[str, Any]:
        raise self._no_single()

    def update(self, w: Any, g: Any, s: Any, t: Any) -> Update:
        raise self._no_single()

    def _no_single(self):
        return InvalidArgument("Groups are for parameters of several arrays (init, step, train); a surface has one "
                               "point: run one of its rules")

    @property
    def draws(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.draws))

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.needs))

    @property
    def gradients_per_step(self) -> int:
        return 1 + sum(rule.gradients_per_step - 1 for rule in self.rules)


def _within(given, params, leaves, own, transforms):
    """What is given for all arrays, for a rule that has some of them: the others stay where they are."""
    def whole(arrays, others):
        held = dict(zip(own, arrays, strict=True))
        return tree.unflatten(params, [held.get(i, other) for i, other in enumerate(others)])

    def part(made, what):
        found = [x for _, x in tree.flatten(made, what)]
        if len(found) != len(leaves):
            raise InvalidArgument(f"{what} gives {len(found)} arrays; params has {len(leaves)}")
        return found

    def gradient(points):
        made = part(given["gradient"](whole(points, leaves)), "gradient")
        if transforms:
            at = [np.asarray(w) for _, w in tree.flatten(whole(points, leaves), "params")]
            made = gradients.prepare(transforms, at, [np.asarray(g) for g in made])
        return [made[i] for i in own]

    def hessian(v):
        made = part(given["hessian"](whole(v, [np.zeros_like(w) for w in leaves])), "hessian")
        return [made[i] for i in own]

    def diagonal():
        made = given["hessian_diagonal"]
        made = part(made() if callable(made) else made, "hessian_diagonal")
        return [made[i] for i in own]

    own_answers = {"gradient": gradient, "hessian": hessian, "hessian_diagonal": diagonal}
    return {"loss": given["loss"], **{name: answer for name, answer in own_answers.items() if given[name] is not None}}


def _of(rule, state, own):
    """The part of a state that belongs to one rule."""
    return State(rule.name, state.t, [f"[{k}]" for k in range(len(own))], [state.slots[i] for i in own])


def _in_whole(said, paths):
    """A sentence about arrays of a group with their places in the whole."""
    return re.sub(r"(params|grads)\[(\d+)\]", lambda found: found[1] + paths[int(found[2])], said)


def _place(path):
    """``encoder.0.bias`` for ``['encoder'][0]['bias']``."""
    return ".".join(quoted or plain for quoted, plain in re.findall(r"\[(?:'([^']*)'|([^\]]*))\]", path))


def _word(key):
    return repr(key) if isinstance(key, str) else f"the group {getattr(key, '__name__', key)}"
