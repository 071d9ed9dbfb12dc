"""Check a reader's rule against one of the library, step by step, and name the mistake where it is a known one."""

import itertools

import numpy as np

from optlearn import optimizer as rules
from optlearn.declare import InvalidArgument
from optlearn.optimizer import Optimizer, Slots
from optlearn.trajectory import run, whole

# Three coordinates on very different scales, a sign change in each step for one of them, and an exact zero.
SCALES = np.array([1.0, 1e-3, 30.0])


class Check:
    """What a check found; true if the rules agree.

    Attributes
    ----------
    same : bool
    where : str
        The first test in which they part, in words.
    step, coordinate : int or None
        Where they first part.
    mine, expected : float or None
        The parameter there.
    hint : str
        The mistake, where it is a known one; else empty.
    """

    def __init__(self, name, other, same, tests, where="", step=None, coordinate=None, mine=None, expected=None,
                 hint=""):
        self.name, self.other, self.same, self.tests, self.where = name, other, same, tests, where
        self.step, self.coordinate, self.mine, self.expected, self.hint = step, coordinate, mine, expected, hint

    def __bool__(self):
        return self.same

    def __repr__(self):
        if self.same:
            return f"{self.name} agrees with {self.other}: {', '.join(self.tests)}"
        found = (f"{self.name} parts from {self.other} {self.where}, at step {self.step} in coordinate "
                 f"{self.coordinate}: {self.mine:.6g} instead of {self.expected:.6g}")
        return found + (f"\nhint: {self.hint}" if self.hint else "")

    def raise_if_different(self):
        """Raise an AssertionError with the finding if the rules part."""
        if not self.same:
            raise AssertionError(repr(self))


def check(mine, against, *, steps=20, seed=0, tolerance=1e-9):
    """Run a rule beside another and say at which step, in which coordinate and by how much they first part.

    Both get the same gradients; if they agree there, both run on a surface, where it matters at which point a
    rule takes its gradient, and then with a learning rate that falls, where it matters whether it stands inside
    a buffer. Where they part, mistakes that are often made are tried on the other rule until one explains it.

    Parameters
    ----------
    mine : Optimizer or subclass
        The rule to check.
    against : str, Optimizer, subclass or dict
        The rule that it should be. A name or a class gets the hyperparameters of `mine` that it also has. A
        dictionary with `w0`, `grads` and `w` is a recorded run: start, gradients, and parameters after each step.
    steps : int
        Number of steps, at least 1. What shows only later, such as a schedule's end, needs more of them.
    seed : int
        Of the gradients.
    tolerance : float
        Largest difference, relative to the size of the steps, that counts as rounding.

    Returns
    -------
    Check

    Raises
    ------
    InvalidArgument
        If an argument is no rule.

    Examples
    --------
    >>> import optlearn
    >>> class Mine(optlearn.Optimizer, register=False):
    ...     lr = optlearn.hyper(0.1, above=0)
    ...     beta1 = optlearn.hyper(0.9, at_least=0, below=1)
    ...     beta2 = optlearn.hyper(0.999, at_least=0, below=1)
    ...     slots = ("m", "v")
    ...     def update(self, w, g, s, t):
    ...         m = self.beta1 * s.m + (1 - self.beta1) * g
    ...         v = self.beta2 * s.v + (1 - self.beta2) * g**2
    ...         return optlearn.Update(w - self.lr * m / (np.sqrt(v) + 1e-8), m=m, v=v)
    >>> check(Mine, against="adam")
    Mine parts from adam on fixed gradients, at step 1 in coordinate 0: 0.683772 instead of 0.9
    hint: the bias correction is missing: it is adam with bias_correction=False
    """
    mine = _rule("mine", mine)
    if whole("steps", steps) < 1:
        raise InvalidArgument(f"steps = {steps!r} is not allowed; it must be a whole number with 1 <= steps")
    name = type(mine).__name__
    if isinstance(against, dict):
        return _against_record(mine, name, against, tolerance)
    other = _other(mine, against)
    gradients = np.random.RandomState(seed).standard_normal((steps, 3)) * SCALES
    gradients[1::2, 0] = -gradients[::2, 0][:len(gradients[1::2])]
    if steps > 3:
        gradients[3, 2] = 0.0
    start = np.ones(3)
    tests = []
    ways = [("on fixed gradients", lambda rule: follow(rule, start, gradients)),
            ("on a surface", lambda rule: _on_surface(rule, steps))]
    if all("lr" in rule.hypers() and not callable(rule.lr) for rule in (mine, other)):
        ways.append(("with a learning rate that falls by half", lambda rule: _falling(rule, start, gradients)))
    for where, path in ways:
        found, expected = path(mine), path(other)
        place = first_difference(found, expected, tolerance)
        if place:
            hint = _hint(mine, other, path, found, tolerance, where)
            return Check(name, other.name, False, tests, where, *place, hint)
        tests.append(where)
    return Check(name, other.name, True, tests)


def _rule(argument, rule):
    if isinstance(rule, type) and issubclass(rule, Optimizer):
        rule = rule()
    if not isinstance(rule, Optimizer):
        raise InvalidArgument(f"{argument} = {rule!r} is not allowed; it must be an Optimizer or a subclass of it")
    return rule


def _other(mine, against):
    if isinstance(against, Optimizer):
        return against
    if isinstance(against, str):
        plain = rules.get(against)
    else:
        plain = _rule("against", against)
    return plain.replace(**{n: v for n, v in mine.values.items() if n in plain._declared and n in mine.hypers()})


def follow(rule, w, gradients, lr=None):
    """The parameters after each step of a rule that is given its gradients."""
    s, path = dict(rule.at(1).start(w)), []
    for t, g in enumerate(gradients, 1):
        now = rule.at(t)
        if lr is not None:
            now = now.bound({"lr": now.lr * lr[t - 1]})
        draws = {name: np.ones_like(w) for name in rule.draws}
        with np.errstate(all="ignore"):
            update = now.update(w, now.prepared(w, g), Slots({**s, **draws}), t)
        w, s = update.w, {slot: update.named[slot] for slot in rule.slots}
        path.append(w)
    return np.array(path)


def _on_surface(rule, steps):
    return run("quadratic", rule, start=(-1.0, 0.7), steps=steps, rng=0).w[1:]


def _falling(rule, start, gradients):
    factors = np.where(np.arange(len(gradients)) < len(gradients) // 2, 1.0, 0.5)
    return follow(rule, start, gradients, factors)


def first_difference(found, expected, tolerance):
    """Step, coordinate and the two values where two paths first part; None where they do not."""
    n = min(len(found), len(expected))
    size = max(np.nanmax(np.abs(np.diff(expected, axis=0)), initial=0.0), np.nanmax(np.abs(expected[0])), 1e-300)
    with np.errstate(invalid="ignore"):
        apart = ~(np.abs(found[:n] - expected[:n]) <= tolerance * size)
    apart &= ~(np.isnan(found[:n]) & np.isnan(expected[:n]))
    if apart.any():
        t, i = np.unravel_index(np.argmax(apart.reshape(n, -1)), (n, apart[0].size))
        return int(t) + 1, int(i), float(found[t].ravel()[i]), float(expected[t].ravel()[i])
    if len(found) != len(expected):
        return n + 1, 0, float("nan"), float("nan")
    return None


def _against_record(mine, name, record, tolerance):
    missing = {"w0", "grads", "w"} - set(record)
    if missing:
        raise InvalidArgument(f"against has no {missing.pop()!r}; a recorded run holds w0, grads and w")
    found = follow(mine, np.array(record["w0"], float), np.array(record["grads"], float))
    expected = np.array(record["w"], float)
    place = first_difference(found, expected, max(tolerance, record.get("tolerance", 0.0)))
    other = str(record.get("id", "the recorded run"))
    return Check(name, other, place is None, ["on its gradients"], "on its gradients", *(place or ()))


# Mistakes that are often made


def _hint(mine, other, path, found, tolerance, where):
    """The first mistake that, made on the other rule, gives the path that was found."""
    for words, variant in _mistakes(mine, other, where):
        try:
            if first_difference(path(variant), found, tolerance) is None:
                return words
        except Exception:  # A mistake may make a rule that cannot run at all
            continue
    return ""


def _mistakes(mine, other, where):
    """Pairs of words and a rule in which the mistake is made."""
    own = {name: other.__dict__[name] for name in other.options()}
    for choice in itertools.product(*(d.choices for d in other.options().values())):
        changed = {n: c for n, c in zip(own, choice, strict=True) if c != own[n]}
        if len(changed) == 1:
            said = ", ".join(f"{n}={c!r}" for n, c in changed.items())
            yield _said(next(iter(changed)), changed) + f"it is {other.name} with {said}", other.replace(**changed)
    yield "the step has the wrong sign", _Changed(other, gradient=-1.0)
    yield "the number of the step is one too large: the first step is t = 1", _Changed(other, shift=1)
    yield "the number of the step is one too small: the first step is t = 1", _Changed(other, shift=-1)
    if other.traceable:
        yield from _graph_mistakes(other)
    for name in rules.names():
        readers_own = name == mine.name and not type(mine).__module__.startswith("optlearn.rules")
        if name != other.name and not readers_own:
            try:
                yield f"it is {name}", _other(mine, name)
            except InvalidArgument:
                continue


def _said(option, changed):
    return {"bias_correction": "the bias correction is missing: " if changed.get("bias_correction") is False else "",
            "lr_inside": "the learning rate stands on the other side of the buffer: ",
            "eps_inside": "epsilon stands on the other side of the root: ",
            "eps_hat": "epsilon stands on the other side of the bias correction: "}.get(option, "")


def _graph_mistakes(rule):
    from optlearn.symbolic.trace import apply, symbol, trace, walk

    program = trace(rule)
    nodes = walk(program.lines.values())
    for name in program.declarations:
        for kept in nodes:
            if kept.op == "sub" and kept.args[1] is symbol(name) and kept.args[0].op == "number":
                yield f"the factor 1 - {name} is missing", _Rewritten(rule, {kept: apply("div", kept, kept)})
    for node in nodes:
        if node.op == "add" and node.args[0].op == "sqrt" and node.args[1] is symbol("eps"):
            root, eps = node.args
            inside = apply("sqrt", apply("add", root.args[0], eps))
            yield "epsilon stands inside the root", _Rewritten(rule, {node: inside})
            yield "epsilon is missing", _Rewritten(rule, {node: root})
        if node.op == "sqrt":
            yield "the root is missing", _Rewritten(rule, {node: node.args[0]})
    for slot in program.slots:
        new, old = program.lines[slot], program.symbols["s." + slot]
        yield f"the old {slot} is used where the new one belongs", _Rewritten(rule, {new: old}, keep=slot)
    yield ("the state is not kept from step to step",
           _Rewritten(rule, {program.symbols["s." + slot]: program.start[slot] for slot in program.slots}))


class _Changed:
    """A rule with a gradient of the wrong sign or a wrong number of the step."""

    def __init__(self, rule, gradient=1.0, shift=0):
        self.rule, self.gradient_factor, self.shift = rule, gradient, shift

    def __getattr__(self, name):
        return getattr(self.rule, name)

    def at(self, t):
        return _Changed(self.rule.at(t), self.gradient_factor, self.shift)

    def bound(self, values):
        return _Changed(self.rule.bound(values), self.gradient_factor, self.shift)

    def update(self, w, g, s, t):
        return self.rule.update(w, self.gradient_factor * g, s, t + self.shift)


class _Rewritten:
    """A rule whose recorded lines are computed with some quantities replaced by others."""

    def __init__(self, rule, replaced, keep=None):
        self.rule, self.replaced, self.keep = rule, replaced, keep

    def __getattr__(self, name):
        return getattr(self.rule, name)

    def at(self, t):
        return _Rewritten(self.rule.at(t), self.replaced, self.keep)

    def bound(self, values):
        return _Rewritten(self.rule.bound(values), self.replaced, self.keep)

    def prepared(self, w, g):
        return g

    def update(self, w, g, s, t):
        from optlearn.symbolic.trace import evaluate, trace

        program = trace(self.rule)
        values = {program.symbols[n]: self.rule.__dict__[n] for n in program.declarations if n in self.rule.__dict__}
        values |= {program.symbols["w"]: w, program.symbols["g"]: g, program.symbols["t"]: t}
        values |= {program.symbols["s." + n]: x for n, x in vars(s).items()}
        changed = {**values, **{node: evaluate([new], values)[0] for node, new in self.replaced.items()}}
        # The state itself is kept as it should be; what is wrong is where it is used.
        named = {name: evaluate([node], values if name == self.keep else changed)[0]
                 for name, node in program.lines.items()}
        return rules.Update(named.pop("w"), **named)
