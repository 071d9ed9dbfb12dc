"""The recorded lines of a rule."""

import functools
from typing import NamedTuple

import numpy as np

from optlearn.asking import SAID, Asking, Oracle
from optlearn.explain import place, said_at
from optlearn.gradients import norm
from optlearn.state import Update
from optlearn.symbolic.derive import factor
from optlearn.symbolic.graph import (
    REDUCTIONS,
    Node,
    NotTraceable,
    as_node,
    recording,
    refuse,
    symbol,
    walk,
)
from optlearn.symbolic.operations import TABLE, ZERO, sub

# Names under which machinery keeps its own quantities beside those of a rule; none can be a name in Python.
SEEN, PROBE, RATE, REPORTED = "@seen", "@probe", "@rate", "@reported"
# What is answered, and about what, with its kind and number behind it.
ANSWER, ABOUT = "@answer_", "@about_"
TAKEN = ("w", "g", "t")


class Asked(NamedTuple):
    """A question that the lines of a rule ask of the function: its kind, the symbol of the answer, what is given, and
    what the lines get, which of a gradient is the transformed one."""

    kind: str
    symbol: Node
    node: Node | None
    seen: Node


class _Recorded(Oracle):
    """Whoever asks gets a symbol; equal questions get the same."""

    def __init__(self, transforms, shape):
        self.transforms, self.shape, self.asked = transforms, shape, []

    def ask(self, kind, given=None):
        node = None if given is None else as_node(given)
        if kind in ("sum", "norm"):
            return np.sum(node) if kind == "sum" else norm(node)
        for known in self.asked:
            if known.kind == kind and known.node is node:
                return known.seen
        if node is not None and not node.vector:
            refuse(f"{SAID[kind]} of a number cannot be traced; it must be given an array like the parameters")
        answer = seen = symbol(f"{ANSWER}{kind}{len(self.asked) + 1}", kind != "loss", self.shape)
        if kind == "gradient":
            for transform in self.transforms:
                seen = as_node(transform(node, seen))
        self.asked.append(Asked(kind, answer, node, seen))
        return seen


def evaluate(nodes, known):
    """The values of nodes, given those of the symbols (or other nodes) that they are made of."""
    values = dict(known)
    for n in walk(nodes, stop=list(known)):
        if n not in values:
            values[n] = np.float64(n.args[0]) if n.op == "number" else \
                TABLE[n.op].evaluate(*(values[a] for a in n.args), **dict(n.detail))
    return [values[n] for n in nodes]


class Program:
    """The recorded lines of a rule.

    Attributes
    ----------
    parameters : list of str
        Hyperparameters, in the order of the rule's declarations, then those of its gradient transformations.
    declarations : dict of str to `hyper`
        Their declarations.
    slots, draws : tuple of str
        State and random draws, by name.
    start, lines : dict of str to Node
        The first state; the named quantities of a step in the order in which they depend on each other, with
        the gradient that the rule sees as ``"g"`` if it was transformed, and the new parameters as ``"w"`` last.
    probe : Node
        The point at which the gradient is taken.
    answer : Node
        What is reported after step t, from the parameters and the state after it.
    asked : list of Asked
        What the lines ask for besides the gradient, in order: each may be given what depends on those before.
    separable : bool
        Whether each coordinate of a step depends on that coordinate alone: there are no sums over all.
    rate : Node or None
        Minus the factor of the rule's `direction` in the new parameters: the learning rate that each coordinate
        effectively has.
    shape : tuple of int or None
        The shape of the parameters for which the lines were recorded; None if they hold for any.

    Parameters
    ----------
    rule : Optimizer
    shape : tuple of int, optional
        For a rule that takes matrices.
    """

    def __init__(self, rule, shape=None):
        self.rule, self.slots, self.draws, self.shape = rule, tuple(rule.slots), tuple(rule.draws), shape
        if not rule.traceable:
            raise NotTraceable(f"{rule.name} cannot be traced: {rule.why_not_traceable}")
        self.declarations = recorded_numbers(rule)
        transforms = []
        for transform in rule.gradient:
            renamed = {}
            for name, declaration in recorded_numbers(transform).items():
                key = name
                while key in self.declarations:
                    key += "_"
                self.declarations[key], renamed[name] = declaration, symbol(key)
            transforms.append(transform.bound(renamed))
        self.parameters = list(self.declarations)
        symbolic = rule.bound({name: symbol(name) for name in recorded_numbers(rule)})
        w, raw, t = symbol("w", True, shape), symbol("g", True, shape), symbol("t")
        with recording() as noted:
            noted.inside, noted.concrete = False, shape is not None
            start = _recorded(noted, rule, "start", symbolic.start, w)
            if not isinstance(start, dict) or set(start) != set(self.slots):
                refuse(f"{rule.name}.start must give one value a slot, {sorted(self.slots)}; it gives "
                       f"{sorted(start) if isinstance(start, dict) else type(start).__name__}")
            self.start = {name: as_node(start[name]) for name in self.slots}
            state = {name: symbol("s." + name, node.vector, node.extents) for name, node in self.start.items()}
            state.update({name: symbol("s." + name, True, shape) for name in self.draws})
            s = type(rule).state_view(dict(state))
            self.probe = as_node(_recorded(noted, rule, "probe", symbolic.probe, w, s, t))
            self.answer = as_node(_recorded(noted, rule, "answer", symbolic.answer, w, s, t))
            g = raw
            for transform in transforms:
                g = as_node(_recorded(noted, transform, "__call__", transform, w, g))
            oracle = _Recorded(transforms, shape)
            if rule.needs:
                s = Asking(dict(state), oracle)
            update = _recorded(noted, rule, "update", symbolic.update, w, g, s, t)
            named, new = _named(rule, update)
        self.asked = oracle.asked
        self.vectors_only = noted.vectors_only
        for name in self.slots:
            if named[name].vector and not state[name].vector:
                raise NotTraceable(f"{rule.name}.start gives {name} one number, but update makes it an array")
        named["w"] = new
        if shape is not None:
            self._check_shapes(named, state)
        self.lines = {SEEN: g} if g is not raw else {}
        self.lines.update(_ordered(named, self.asked))
        self.symbols = {"w": w, "g": raw, "t": t, **{"s." + n: x for n, x in state.items()},
                        **{p: symbol(p) for p in self.parameters},
                        **{one.symbol.args[0]: one.symbol for one in self.asked}}
        self.separable = shape is None and not self.asked and not any(
            n.op in REDUCTIONS for n in walk(self.lines.values()))
        direction = rule.direction
        self.rate = None
        if direction is not None:
            target = g if direction == "g" else named[direction]
            self.rate = sub(ZERO, factor(named["w"], target))

    def _check_shapes(self, named, state):
        """Raise where a step makes other shapes than it began with, or a loop's own quantity left the loop."""
        for name, before in {**{slot: state[slot].extents for slot in self.slots}, "w": self.shape}.items():
            if named[name].extents != before:
                raise NotTraceable(f"{self.rule.name}.update makes {name} of shape {named[name].extents}; it must keep "
                                   f"the shape {before} that it has before the step")
        answers = {one.symbol: one for one in self.asked}
        for n in walk([*named.values(), self.probe, self.answer]):
            if n.op == "symbol" and n.args[0].startswith("@") and n not in answers:
                raise NotTraceable(f"{self.rule.name} cannot be traced: what a turn of repeat computes is used outside "
                                   "of it; the body must return it")

    @property
    def reports(self):
        """Whether the rule reports another point than it trains."""
        return self.answer is not self.symbols["w"]

    @functools.cached_property
    def answered(self):
        """`answer` as a NumPy function of parameters, step number, the values of `parameters` and slots."""
        from optlearn.symbolic.arrays import function

        inputs = ("w", "t", *self.parameters, *("s." + name for name in self.slots))
        if self.shape is not None:
            return lambda *given: evaluate([self.answer], {self.symbols[name]: value for name, value
                                                           in zip(inputs, given, strict=True)})
        return function([self.answer], {self.symbols[name]: f"a{i}" for i, name in enumerate(inputs)})

    @functools.cached_property
    def functions(self):
        """`start`, `probe` and `step` as NumPy functions of arrays with coordinates as the first axis.

        They take the parameters w, then the step number, the values of `parameters`, slots and draws in their order;
        `step` the gradient before all these and the answers after them, `start` nothing but w and the values.
        """
        from optlearn.symbolic.arrays import function

        inputs = ("w", "t", *self.parameters, *("s." + name for name in (*self.slots, *self.draws)))
        names = {self.symbols[name]: f"a{i}" for i, name in enumerate(inputs)}
        first = {self.symbols[name]: f"a{i}" for i, name in enumerate(("w", *self.parameters))}
        lines = [node for name, node in self.lines.items() if name != SEEN]
        return (function(list(self.start.values()), first), function([self.probe], names),
                function(lines, {self.symbols["g"]: "g", **names, **self._answers(len(self.asked))}))

    def _answers(self, count):
        return {one.symbol: f"q{i}" for i, one in enumerate(self.asked[:count])}

    @functools.cached_property
    def _questions(self):
        """What is given with each question, as a NumPy function of what `step` takes before it."""
        from optlearn.symbolic.arrays import function

        inputs = ("w", "t", *self.parameters, *("s." + name for name in (*self.slots, *self.draws)))
        names = {self.symbols["g"]: "g", **{self.symbols[name]: f"a{i}" for i, name in enumerate(inputs)}}
        return [None if one.node is None else function([one.node], {**names, **self._answers(i)})
                for i, one in enumerate(self.asked)]

    def answered_by(self, raw, *given):
        """The answers to all that a step asks for, from ``raw(kind, given)`` and what `step` is given before them."""
        told = []
        for one, question in zip(self.asked, self._questions, strict=True):
            told.append(raw(one.kind, None if question is None else question(*given, *told)[0]))
        return told


def _recorded(noted, part, method, call, *given):
    """What the lines make of symbols; whatever they raise is a refusal that names the line."""
    noted.inside = True
    try:
        return call(*given)
    except NotTraceable:
        raise
    except Exception as error:
        # A symbol is no array: what only arrays can do ends here, with the words of Python or NumPy.
        noted.inside = False
        refuse(f"{getattr(part, 'name', type(part).__name__)}.{method} cannot be traced: {type(error).__name__}: "
               f"{error}{said_at(place(error))}")
    finally:
        noted.inside = False


def _named(rule, update):
    """The named quantities of an update and the new parameters, as nodes."""
    if not isinstance(update, Update):
        what = "an array" if isinstance(update, Node) else type(update).__name__
        refuse(f"{rule.name}.update must return Update(new parameters, slot=...); it returns {what}")
    taken = [name for name in TAKEN if name in update.named]
    if taken:
        refuse(f"{rule.name}.update names a quantity {taken[0]}, which stands for another thing in every rule; "
               f"call it otherwise")
    named = {name: as_node(value) for name, value in update.named.items()}
    missing = set(rule.slots) - set(named)
    if missing:
        refuse(f"{rule.name}.update must name its next state {sorted(missing)} in Update(...)")
    return named, as_node(update.w)


def parameter_values(rule):
    """The values of a rule's numbers in the order of its program's `parameters`; schedules as they are."""
    return [part.__dict__[name] for part in (rule, *rule.gradient) for name in recorded_numbers(part)]


def recorded_numbers(declared):
    """The hyperparameters that are recorded as symbols: those that are not left out.

    Of rules that take matrices whole numbers, such as a number of turns, are recorded with their values.
    """
    fixed = fixed_numbers(declared)
    return {name: d for name, d in declared.hypers().items()
            if declared.__dict__[name] is not None and name not in fixed}


def fixed_numbers(declared):
    """The whole numbers that are recorded with their values, by name."""
    if not getattr(declared, "takes_matrices", False):
        return {}
    found = {name: declared.__dict__[name] for name, d in declared.hypers().items()
             if d.integer and declared.__dict__[name] is not None}
    for name, value in found.items():
        if callable(value) or np.ndim(value):
            kind = "schedule" if callable(value) else "sweep"
            raise NotTraceable(f"{declared.name} cannot be traced: {name} is a {kind}, but the whole numbers of a rule "
                               "that takes matrices are recorded with their values; it must be a number")
    return found


def form(declared):
    """What makes two objects record the same program: their class, choices, and which numbers are left out."""
    return (type(declared), tuple(declared.__dict__[name] for name in declared.options()),
            tuple(recorded_numbers(declared)), tuple(fixed_numbers(declared).items()))


def asked_walk(roots, asked):
    """`walk` through the answers as well: what is given with a question stands before what is made of its answer."""
    behind, order = {one.symbol: one.node for one in asked}, {}
    for n in walk(roots):
        node = behind.get(n)
        if node is not None and n not in order:
            order.update(dict.fromkeys(asked_walk([node], asked)))
        order.setdefault(n)
    return list(order)


def _ordered(named, asked):
    """The named quantities, each after those it is made of; the new parameters last."""
    last = named["w"]
    position = {id(node): i for i, node in enumerate(asked_walk([*named.values(), last], asked))}
    order = sorted((name for name in named if name != "w"), key=lambda name: position[id(named[name])])
    return {**{name: named[name] for name in order}, "w": last}
