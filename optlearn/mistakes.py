"""Mistakes that are often made in an update rule: a right rule in, its mistaken forms out, each with the words for it.

A mistake is made on the recorded lines of the right rule, so `optlearn.check` can run it and see whether it is the one
that a reader made.
"""

import itertools

import numpy as np

from optlearn import gradients
from optlearn.declare import InvalidArgument
from optlearn.optimizer import Optimizer, Update

# What stands in front of the form that an option names.
OPTIONS = {"lr_inside": "the learning rate stands on the other side of the buffer: ",
           "eps_inside": "epsilon stands in the other place: ",
           "eps_hat": "epsilon stands on the other side of the bias correction: "}
MISSING = "the decay is missing"
# Numbers that are written into rules in place of a hyperparameter.
USUAL = {"eps": (*(10.0**-k for k in range(3, 17)), 0.0), "lr": (1.0, 0.1, 0.01, 1e-3, 1e-4),
         "beta1": (0.0, 0.5, 0.8, 0.9, 0.95, 0.99), "beta2": (0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999),
         "momentum": (0.0, 0.5, 0.8, 0.9, 0.95, 0.99), "rho": (0.9, 0.95, 0.99)}


def mistakes(rule, matched=()):
    """Pairs of words and a rule in which the mistake is made.

    Parameters
    ----------
    rule : Optimizer
        The right rule.
    matched : iterable of str
        Hyperparameters whose values cannot be mistaken, as both rules have the same.
    """
    forms = list(_forms(rule))
    yield from forms
    yield from _on(rule, matched)
    if "weight_decay" not in matched:
        forms += [pair for pair in _decay_mistakes(rule) if pair[0] == MISSING]
    for words, form in forms:
        for more, variant in _on(form, matched):
            yield f"{more}; and {words.rpartition(': ')[2]}", variant


def _forms(rule):
    """The rule with another choice for one of its options."""
    for name, declared in rule.options().items():
        for choice in declared.choices:
            if choice != rule.__dict__[name]:
                missing = name == "bias_correction" and choice is False
                said = "the bias correction is missing: " if missing else OPTIONS.get(name, "")
                yield f"{said}it is {rule.name} with {name}={choice!r}", rule.replace(**{name: choice})


def _on(rule, matched):
    yield "the step has the wrong sign", _Changed(rule, gradient=-1.0)
    yield "the number of the step is one too large: the first step is t = 1", _Changed(rule, shift=1)
    yield "the number of the step is one too small: the first step is t = 1", _Changed(rule, shift=-1)
    yield from _probe_mistakes(rule)
    yield from _decay_mistakes(rule)
    yield from _number_mistakes(rule, matched)
    try:
        from optlearn.symbolic.trace import trace

        program = trace(rule)
    except TypeError:  # It has no recorded lines
        return
    if program.shape is None:  # the lines of a rule on matrices hold for one shape
        yield from _Lines(rule, program).mistakes()


def _probe_mistakes(rule):
    if type(rule).probe is not Optimizer.probe:
        yield "the gradient is taken at the parameters, not ahead of them", _Changed(rule, ahead=lambda w, p: w)
        yield "the point of the gradient lies on the wrong side", _Changed(rule, ahead=lambda w, p: 2 * w - p)
        if "lr" in rule.hypers():
            yield ("the point of the gradient lies ahead without the learning rate",
                   _Changed(rule, ahead=lambda w, p: w + (p - w) / rule.lr))


def _decay_mistakes(rule):
    """Decay of the parameters where it belongs to the gradient, and the other way round."""
    if "weight_decay" in rule.hypers() and isinstance(rule.weight_decay, float) and rule.weight_decay:
        without = rule.replace(weight_decay=0.0)
        yield MISSING, without
        coupled = (*rule.gradient, gradients.Decay(weight_decay=rule.weight_decay))
        yield ("the decay is added to the gradient; here it acts on the parameters",
               without.replace(gradient=coupled))
    decays = [part for part in rule.gradient if isinstance(part, gradients.Decay)]
    if decays:
        without = rule.replace(gradient=tuple(part for part in rule.gradient if part not in decays))
        decay = sum(part.weight_decay for part in decays)
        yield MISSING, without
        words = "the decay acts on the parameters; here it is added to the gradient"
        if "lr" in rule.hypers():
            yield words, _Changed(without, kept=lambda now: 1 - now.lr * decay)
        yield words + ", and is not multiplied by the learning rate", _Changed(without, kept=lambda now: 1 - decay)


def _number_mistakes(rule, matched):
    held = {name: rule.__dict__[name] for name in rule.hypers() if isinstance(rule.__dict__[name], float)}
    for a, b in itertools.combinations(held, 2):
        if held[a] != held[b]:
            yield from _replaced(rule, f"{a} and {b} are swapped", {a: held[b], b: held[a]})
    for name, declared in rule.hypers().items():
        if name in held and declared.below == 1:
            yield from _replaced(rule, f"{name} and 1 - {name} are swapped", {name: 1 - held[name]})
    for name in set(held) - set(matched):
        for value in USUAL.get(name, ()):
            if value != held[name]:
                yield from _replaced(rule, f"it is {rule.name} with {name}={value:g}, not {held[name]:g}",
                                     {name: value})


def _replaced(rule, words, values):
    try:
        yield words, rule.replace(**values)
    except InvalidArgument:  # Outside its range: nobody computes with that
        return


class _Lines:
    """Mistakes in single lines of a rule."""

    def __init__(self, rule, program):
        from optlearn.symbolic.trace import apply, as_node, walk

        self.rule, self.program, self.apply, self.number = rule, program, apply, as_node
        self.nodes = walk(program.lines.values())
        self.old = {slot: program.symbols["s." + slot] for slot in program.slots}
        self.new = {slot: program.lines[slot] for slot in program.slots}

    def mistakes(self):
        """Pairs of words and a rule."""
        yield from self._corrections()
        yield from self._epsilons()
        yield from self._averages()
        yield from self._squares()
        yield from self._uses()
        yield from self._slips()

    def _with(self, changes, but=None, kept=None):
        """The rule with nodes changed: by node, a function of the node as it has become.

        The line of the slot `but` stays as it is; `kept` says what is kept as the next state instead.
        """
        become = self._become(changes)
        lines = {name: node if name == but else become(node) for name, node in self.program.lines.items()}
        return _Rewritten(self.rule, {**lines, **(kept or {})})

    def _in(self, slot, changes, outside=None):
        """The rule with nodes changed in the line of one slot, and others outside of it."""
        made = self._become(changes)(self.new[slot])
        return self._with({**(outside or {}), self.new[slot]: lambda n: made})

    def _become(self, changes):
        from optlearn.symbolic.trace import Node

        made = {}

        def become(node):
            if node not in made:
                args = tuple(become(a) if isinstance(a, Node) else a for a in node.args)
                same = all(a is b for a, b in zip(args, node.args, strict=True))
                now = node if same else self.apply(node.op, *args)
                made[node] = self.number(changes[node](now)) if node in changes else now
            return made[node]

        return become

    def _is_one_less(self, node, inside):
        """Whether it is 1 - inside."""
        return node.op == "sub" and node.args[0].op == "number" and node.args[0].args[0] == 1 \
            and node.args[1] is inside

    def _powers(self):
        """By hyperparameter: its power t, if there is one."""
        t = self.program.symbols["t"]
        return {n.args[0].args[0]: n for n in self.nodes
                if n.op == "pow" and n.args[1] is t and n.args[0].op == "symbol"}

    def _corrections(self):
        powers = self._powers()
        factors = {name: n for name, power in powers.items() for n in self.nodes if self._is_one_less(n, power)}
        yield from self._each_and_all(factors, lambda n: 1.0, "the bias correction is missing",
                                      "the bias correction 1 - {0}**t is missing")
        yield from self._each_and_all(powers, lambda n: n.args[0], "the power t is missing in 1 - beta**t",
                                      "the power t is missing in 1 - {0}**t")
        for shift, words in ((1, "large"), (-1, "small")):
            yield from self._each_and_all(powers, lambda n, k=shift: n.args[0] ** (n.args[1] + k), "",
                                          "in {0}**t the number of the step is one too " + words)
        stored = {slot: n for slot, new in self.new.items() for n in self.nodes
                  if n.op == "div" and n.args[0] is new and _has(factors.values(), n.args[1])}
        for chosen in (list(stored), *([slot] for slot in stored)):
            if chosen:
                yield (f"the corrected {' and '.join(chosen)} is kept as the state",
                       self._with({}, kept={slot: stored[slot] for slot in chosen}))

    def _each_and_all(self, found, change, all_words, words):
        if len(found) > 1 and all_words:
            yield all_words, self._with(dict.fromkeys(found.values(), change))
        for name, node in found.items():
            yield words.format(name), self._with({node: change})

    def _epsilons(self):
        eps = self.program.symbols.get("eps")
        w = self.program.lines["w"]
        for node in self.nodes:
            if node.op == "add" and node.args[1] is eps and node.args[0].op == "sqrt":
                yield ("epsilon stands inside the root",
                       self._with({node: lambda n: np.sqrt(n.args[0].args[0] + n.args[1])}))
                yield "epsilon is missing", self._with({node: lambda n: n.args[0]})
                inside = node.args[0].args[0]
                if inside.op == "div":
                    yield ("epsilon is added before the bias correction",
                           self._with({node: lambda n: n.args[0] + n.args[1] / np.sqrt(n.args[0].args[0].args[1])}))
                yield ("epsilon is added to the parameters: brackets are missing around the sum with the root",
                       self._with({node: lambda n: n.args[0], w: lambda n: n + eps}))
            if node.op == "sqrt" and node.args[0].op == "add" and node.args[0].args[1] is eps:
                yield ("epsilon stands outside the root",
                       self._with({node: lambda n: np.sqrt(n.args[0].args[0]) + n.args[0].args[1]}))
                yield "epsilon is missing", self._with({node: lambda n: np.sqrt(n.args[0].args[0])})
        roots = [node for node in self.nodes if node.op == "sqrt"]
        for node in roots:
            yield "the root is missing", self._with({node: lambda n: n.args[0]})
            if node.args[0].op == "div":
                yield ("the division by the bias correction stands outside the root",
                       self._with({node: lambda n: np.sqrt(n.args[0].args[0]) / n.args[0].args[1]}))
        if len(roots) > 1:
            yield "the roots are missing", self._with(dict.fromkeys(roots, lambda n: n.args[0]))
        # A constant that adds up in the state, and one that is added when it is used.
        for slot, new in self.new.items():
            if new.op == "add" and new.args[1].op == "symbol" and not new.args[1].vector:
                constant = new.args[1]
                for node in self.nodes:
                    if node.op == "sqrt":
                        yield (f"{constant.args[0]} is added under the root, not to {slot}",
                               self._with({new: lambda n: n.args[0], node: lambda n, c=constant: np.sqrt(
                                   n.args[0] + c)}))

    def _averages(self):
        lr, g = self.program.symbols.get("lr"), self.program.lines.get("g", self.program.symbols["g"])
        for slot, new in self.new.items():
            for name in self.program.declarations:
                symbol = self.program.symbols[name]
                for node in self.nodes:
                    if self._is_one_less(node, symbol):
                        yield f"the factor 1 - {name} is missing in {slot}", self._in(slot, {node: lambda n: 1.0})
                        # Both, so that the average alone is meant and not the correction.
                        yield (f"{name} and 1 - {name} are swapped in {slot}",
                               self._in(slot, {node: lambda n: n.args[1],
                                         **self._factor_of(new, symbol, lambda n: 1 - n)}))
                if new.op == "add" and new.args[0].op == "mul" and new.args[0].args[0] is symbol \
                        and not any(self._is_one_less(n, symbol) for n in self._below(new)):
                    yield (f"an extra factor 1 - {name} stands before the gradient in {slot}",
                           self._in(slot, {new: lambda n: n.args[0] + (1 - n.args[0].args[0]) * n.args[1]}))
            if lr is not None and _has(self._below(new), g) and not _has(self._below(new), lr):
                yield (f"the learning rate stands inside {slot}",
                       self._in(slot, {g: lambda n: lr * n}, {lr: lambda n: 1.0}))

    def _factor_of(self, new, symbol, change):
        """A change of a symbol where it multiplies, by the products of a line in which it does."""
        return {n: lambda p: self.apply("mul", *(change(a) if a is symbol else a for a in p.args))
                for n in self._below(new) if n.op == "mul" and _has(n.args, symbol)}

    def _below(self, node):
        from optlearn.symbolic.trace import walk

        return walk([node])

    def _squares(self):
        lr, g = self.program.symbols.get("lr"), self.program.lines.get("g", self.program.symbols["g"])
        for slot, new in self.new.items():
            for node in self._below(new):
                base = self._squared(node)
                if base is None:
                    continue
                what = "g" if base is g else "what is averaged"
                changes = {
                    f"the square is missing in {slot}": lambda n: n.args[0],
                    f"the absolute value stands for the square in {slot}": lambda n: abs(n.args[0]),
                    f"the sum over all coordinates is taken in {slot}, where each has its own": lambda n: np.sum(n),
                    f"the mean over all coordinates is taken in {slot}, where each has its own": lambda n: np.mean(n)}
                if lr is not None and base is not g:
                    changes[f"the learning rate stands inside the average {slot}"] = \
                        lambda n: (lr * n.args[0]) ** 2
                for words, change in changes.items():
                    yield words, self._in(slot, {node: change})
                for other, line in self.new.items():
                    if other == slot or _has(self._below(line), new):
                        continue
                    for old, m in (("", line), ("old ", self.old[other])):
                        yield (f"in {slot} the {old}{other} is squared where {what} belongs",
                               self._in(slot, {node: lambda n, m=m: m**2}))
                        yield (f"in {slot} g - {old}{other} is squared where {what} belongs",
                               self._in(slot, {node: lambda n, m=m: (g - m) ** 2}))

    def _squared(self, node):
        """What a node is the square of."""
        if node.op == "square" or (node.op == "pow" and node.args[1].op == "number" and node.args[1].args[0] == 2) \
                or (node.op == "mul" and node.args[0] is node.args[1]):
            return node.args[0]
        return None

    def _uses(self):
        g = self.program.lines.get("g", self.program.symbols["g"])
        for slot, new in self.new.items():
            if self.old[slot] is new:
                continue
            others = [name for name in self.program.lines if name not in (slot, "g")]
            yield (f"the old {slot} is used where the new one belongs",
                   self._with({new: lambda n, old=self.old[slot]: old}, but=slot))
            yield (f"the new {slot} is used where the old one belongs",
                   self._with({self.old[slot]: lambda n, new=new: new}, but=slot))
            for other in self.program.slots:
                if other != slot and _has(self._below(self.new[other]), new):
                    yield (f"the old {slot} is used in {other} where the new one belongs",
                           self._in(other, {new: lambda n, old=self.old[slot]: old}))
            if new.vector and others:
                yield f"g is used where {slot} belongs", self._with({new: lambda n: g}, but=slot)
                yield f"g is kept as {slot}", self._with({}, kept={slot: g})
        if self.program.slots:
            yield ("the state is not kept from step to step",
                   self._with({self.old[slot]: lambda n, start=self.program.start[slot]: start for slot in self.old}))

    def _slips(self):
        """One operation, operand or number in place of another."""
        numbers = [self.program.symbols[name] for name in self.program.declarations]
        for node in self.nodes:
            changes = []
            if node.op in EXCHANGED:
                changes += [lambda n: self.apply(EXCHANGED[n.op], *n.args)]
            if node.op in (*EXCHANGED, "pow", "max", "min"):
                changes += [lambda n: n.args[0], lambda n: n.args[1]]
            elif len(node.args) == 1 and node.op not in ("symbol", "number"):
                changes += [lambda n: n.args[0]]
            elif _has(numbers, node):
                changes += [lambda n, other=other: other for other in numbers if other is not node]
            for change in changes:
                yield (f"{self._text(self.number(change(node)))} stands where {self._text(node)} belongs",
                       self._with({node: change}))

    def _text(self, node, inside=0):
        """A quantity as a reader would write it; the new state has its name."""
        named = next((slot for slot, new in self.new.items() if new is node), None) if inside else None
        if named or node.op == "symbol":
            return named or node.args[0]
        if node.op == "number":
            return f"{node.args[0]:g}"
        if node.op not in SIGNS:
            return f"{node.op}({', '.join(self._text(a, 1) for a in node.args)})"
        sign, level = SIGNS[node.op]
        # What stands on the right binds more closely, as in a - (b - c); a power does so on the left.
        left, right = (self._text(a, level + ((i == 1) != (node.op == "pow"))) for i, a in enumerate(node.args))
        text = f"{left}{sign}{right}"
        return f"({text})" if level < inside else text


def _has(nodes, node):
    # By identity: two nodes that are compared make a node.
    return any(one is node for one in nodes)


# An operation, and the one that is written in its place.
EXCHANGED = {"add": "sub", "sub": "add", "mul": "div", "div": "mul"}
# How operations are written, and how closely they bind.
SIGNS = {"add": (" + ", 1), "sub": (" - ", 1), "mul": (" * ", 2), "div": (" / ", 2), "pow": ("**", 3)}


class _Of:
    """A rule that differs from another in what its methods say."""

    def __init__(self, rule):
        self.rule = rule

    def __getattr__(self, name):
        return getattr(self.rule, name)

    def at(self, t):
        """The rule with the values of its schedules in step t."""
        return self.on(self.rule.at(t))

    def bound(self, values):
        """The rule with these values."""
        return self.on(self.rule.bound(values))


class _Changed(_Of):
    """A rule with a gradient of the wrong sign or place, a wrong number of the step, or a decay of the parameters."""

    def __init__(self, rule, gradient=1.0, shift=0, ahead=None, kept=None):
        super().__init__(rule)
        self.how = {"gradient": gradient, "shift": shift, "ahead": ahead, "kept": kept}

    def on(self, rule):
        """The same mistake, made on the rule with other values."""
        return _Changed(rule, **self.how)

    def probe(self, w, s, t):
        """Where the gradient is taken."""
        at, ahead = self.rule.probe(w, s, t + self.how["shift"]), self.how["ahead"]
        return ahead(w, at) if ahead else at

    def update(self, w, g, s, t):
        """One step."""
        kept, factor = self.how["kept"], self.how["gradient"]
        w = kept(self.rule) * w if kept else w
        return self.rule.update(w, factor * g if factor != 1 else g, s, t + self.how["shift"])


class _Rewritten(_Of):
    """A rule that computes other lines than those recorded."""

    def __init__(self, rule, lines):
        super().__init__(rule)
        self.lines = lines

    def on(self, rule):
        """The same lines with other values."""
        return _Rewritten(rule, self.lines)

    def prepared(self, w, g):
        """The gradient: its transformations are part of the lines."""
        return g

    def update(self, w, g, s, t):
        """One step."""
        from optlearn.symbolic.trace import evaluate, parameter_values, trace

        program = trace(self.rule)
        values = {program.symbols[name]: value
                  for name, value in zip(program.parameters, parameter_values(self.rule), strict=True)}
        values |= {program.symbols["w"]: w, program.symbols["g"]: g, program.symbols["t"]: t}
        values |= {program.symbols["s." + name]: value for name, value in vars(s).items()}
        named = dict(zip(self.lines, evaluate(list(self.lines.values()), values), strict=True))
        return Update(named.pop("w"), **named)
