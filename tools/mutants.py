"""Change one term of a rule at a time and see whether a claim of its chapter notices.

    python tools/mutants.py [NOTEBOOK ...]        default: all chapters that teach a rule

The recorded lines of a rule are a graph, so a change is the replacement of one node by another: a summand is left
out, a factor becomes 1, a root is missing, an exponent or a constant is another one, a minimum becomes a maximum, a
sign turns, an old slot stands where the new one belongs. The class of the rule is patched with the changed lines,
and the statements on which the chapter's claims depend run again, in a process of their own. Changes that change no
number are left out. Listed are the mutants that no claim notices, and the claims that no mutant breaks.

A rule that takes matrices has a graph for each shape; a change is made in all of them where it reads the same.
"""

import ast
import concurrent.futures
import contextlib
import functools
import io
import multiprocessing
import os
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import slices

import optlearn
from optlearn import claims, gradients, plots
from optlearn.optimizer import Optimizer, Update
from optlearn.registry import _registry
from optlearn.symbolic import program
from optlearn.symbolic import trace as tracing
from optlearn.symbolic.concrete import Loop
from optlearn.symbolic.graph import EVALUATE
from optlearn.symbolic.trace import NotTraceable, apply, as_node, symbol, trace, walk

ROOT = Path(__file__).parent.parent
BOOK = ROOT / "book"
# Chapters whose rules are not simply those of their name.
TAUGHT = {
    "adam": ("Adam", "AdamEpsHat"), "averaging": ("averaged(gradient_descent)", "lookahead(gradient_descent)"),
    "conditioning": ("GradientDescent",),
    "gradients": ("Rescale", "Clip", "ClipNorm", "ClipGlobalNorm", "Decay"),
    "generalisation_gap": ("Adam",), "lars": ("LARS", "LAMB"), "signum": ("SignSGD", "Signum"),
    "local_gains": ("LocalGains", "DeltaBarDelta", "Rprop"), "muon": ("Muon", "Shampoo"),
    "schedules": ("GradientDescent",),
    "stochastic_gradient_descent": ("GradientDescent",),
}
LOOKS = {"items", "keys", "values"}  # Methods that change nothing.
SECONDS = (0.5, 2, 8, float("inf"))  # For the claims that are asked; each next round only about what was let pass.
KINDS = ("lines", "start", "probe", "answer")  # Of what is recorded of a rule.
SEEDS = 200  # For what is said to change no step.
PATIENCE = 90  # Seconds of processor time for one mutant: another process beside it shortens none.


# The statements of a chapter


class Statement:
    """A top-level statement: its code, and the names that it binds, reads and may change."""

    def __init__(self, node, text, cell):
        self.node, self.cell, self.seconds = node, cell, 0.0
        self.code = compile(ast.Module([node], []), f"cell {cell}", "exec")
        inside = list(ast.walk(node))
        self.binds = _bound(node)
        self.reads = slices.read(text)
        if isinstance(node, ast.For):
            self.reads -= slices.names_in(node.target) - slices.names_in(node.iter)
        self.changes = {_root(n.func.value) for n in inside
                        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr not in LOOKS}
        self.changes |= {_root(n) for n in inside if isinstance(n, (ast.Subscript, ast.Attribute))
                         and isinstance(n.ctx, ast.Store)}
        self.changes |= slices.through(node)
        # A generator is used up wherever it is handed on.
        self.changes |= {name for name in self.reads if "rng" in name}
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
            self.changes = set()
        self.claims = any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "claim"
                          for n in inside)


def _bound(node):
    """The names that a statement binds in its own scope."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(a.asname or a.name).partition(".")[0] for a in node.names}
    names, stack = set(), [node]
    while stack:
        n = stack.pop()
        if isinstance(n, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            continue
        if n is not node and isinstance(n, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
            names |= _bound(n)
            continue
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store):
            names.add(n.id)
        stack.extend(ast.iter_child_nodes(n))
    return names


def _root(node):
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def statements(path):
    """All top-level statements of a notebook, in order."""
    return [Statement(node, text, k) for k, cell in enumerate(nbformat.read(path, as_version=4).cells)
            if "raises-exception" not in cell.metadata.get("tags", ()) for node, text in slices.statements([cell])]


def heading(path):
    """The title of a chapter."""
    first = nbformat.read(path, as_version=4).cells[0].source
    return first.partition("\n")[0].removeprefix("# ")


def needed(all_statements, goal):
    """The statements on which `goal` depends, and itself, in order."""
    at = all_statements.index(goal)
    before = all_statements[:at]
    imported = {name for s in before if isinstance(s.node, (ast.Import, ast.ImportFrom)) for name in s.binds}
    # What a function reads is read where it is called.
    functions = {s.node.name: s.reads for s in before if isinstance(s.node, (ast.FunctionDef, ast.ClassDef))}
    kept, names = [goal], set()

    def read(more):
        for name in more - names:
            names.add(name)
            read(functions.get(name, set()))

    read(goal.reads)
    for s in reversed(before):
        if s.binds & names or (s.changes - imported) & names:
            kept.append(s)
            if isinstance(s.node, ast.Assign) and not s.binds & s.reads:
                names.difference_update(s.binds)
            read(s.reads)
    return kept[::-1]


# A rule with changed lines


_OPERATORS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}


def compiled(nodes, inputs):
    """A function of the values of `inputs` that gives those of `nodes`."""
    names, lines, known = {node: f"x{i}" for i, node in enumerate(inputs)}, [], {}
    for node in walk(nodes, stop=inputs):
        if node in names:
            continue
        if node.op == "symbol":
            raise KeyError(node.args[0])
        if node.op == "number":
            names[node] = f"({node.args[0]!r})" if np.isfinite(node.args[0]) else f"float('{node.args[0]}')"
            continue
        names[node] = f"v{len(names)}"
        args = [names[a] for a in node.args]
        if node.op in _OPERATORS:
            lines.append(f"{names[node]} = {args[0]} {_OPERATORS[node.op]} {args[1]}")
        else:
            detail = dict(node.detail)
            known[f"f{len(known)}"] = functools.partial(EVALUATE[node.op], **detail) if detail else EVALUATE[node.op]
            lines.append(f"{names[node]} = f{len(known) - 1}({', '.join(args)})")
    given = ", ".join(names[node] for node in inputs)
    body = "\n    ".join([*lines, f"return ({''.join(names[node] + ', ' for node in nodes)})"])
    exec(f"def lines({given}):\n    {body}", known)
    return known["lines"]


def replaced(nodes, swaps):
    """The nodes with every occurrence of some nodes replaced by others."""
    new = {}
    for node in walk(nodes):
        if node in swaps:
            new[node] = swaps[node]
        elif node.op in ("symbol", "number"):
            new[node] = node
        elif node.op == "repeat":
            first, loop = new[node.args[0]], turned(dict(node.detail)["loop"], swaps)
            if first.extents != node.extents:
                raise NotTraceable("what a loop begins with has another shape than what it makes")
            new[node] = apply("repeat", first, *loop.outer, loop=loop)
        else:
            args = tuple(new[a] for a in node.args)
            same = all(a is b for a, b in zip(args, node.args))
            if node.detail and any(len(a.extents or ()) != len(b.extents or ()) for a, b in zip(args, node.args)):
                raise NotTraceable("an axis is none of what stands in the place of an array")
            new[node] = node if same else apply(node.op, *args, **dict(node.detail))
    return [new[node] for node in nodes]


def turned(loop, swaps):
    """The loop with nodes replaced in its body."""
    made = replaced([loop.result, *loop.named.values()], swaps)
    return Loop(loop.symbol, made[0], dict(zip(loop.named, made[1:])), loop.times)


class Mutant:
    """One change of a class: where it stands in words, what is replaced by what, and in which lines."""

    def __init__(self, form, place, only=None, spared=None):
        self.cls, self.place, self.only, self.spared = form.cls, place, only, spared
        self.form, self.swaps, self.of_shapes = form.form, {}, {}

    def __repr__(self):
        return f"{self.cls.__name__}({self.form}): {self.place}"

    def swap(self, form, swaps):
        """Replace nodes: in all forms that have them, or in the lines for parameters of one shape."""
        (self.swaps if form.shape is None else self.of_shapes.setdefault(form, {})).update(swaps)

    def change(self, form, kind):
        """Lines of a form by name with the change made; `kind` is one of `KINDS`."""
        lines = getattr(form, kind)
        if self.only not in (None, kind):
            return lines
        names = [name for name in lines if name != self.spared]
        swaps = self.swaps if form.shape is None else self.of_shapes.get(form, {})
        return {**lines, **dict(zip(names, replaced([lines[name] for name in names], swaps)))}


class Recorded:
    """The lines of one form of a rule or of a transform of gradients."""

    def __init__(self, instance, shape=None):
        self.cls, self.shape = type(instance), shape
        self.hypers = list(program.recorded_numbers(instance))
        other = {n: instance.__dict__[n] for n, d in instance.options().items() if instance.__dict__[n] != d.default}
        fixed = program.fixed_numbers(instance) if isinstance(instance, Optimizer) else {}
        other.update({n: value for n, value in fixed.items() if value != instance.hypers()[n].default})
        given = [n for n in self.hypers if instance.hypers()[n].default is None]
        self.form = ", ".join([*(f"{n}={value!r}" for n, value in other.items()), *given])
        if isinstance(instance, Optimizer):
            made = trace(instance.bound({"gradient": ()}), shape)
            self.symbols = {n: made.symbols[n] for n in ("w", "g", "t")}
            self.state = {n: made.symbols["s." + n] for n in (*made.slots, *made.draws)}
            self.lines, self.start = dict(made.lines), dict(made.start)
            self.probe, self.answer = {"probe": made.probe}, {"answer": made.answer}
        else:
            self.symbols, self.state = {"w": symbol("w", True), "g": symbol("g", True)}, {}
            bound = instance.bound({n: symbol(n) for n in self.hypers})
            self.lines = {"g": as_node(ORIGINAL[self.cls]["__call__"](bound, *self.symbols.values()))}
            self.start, self.probe, self.answer = {}, {}, {}
        self.numbers = {n: symbol(n) for n in self.hypers}
        self.made = {}

    def function(self, kind, mutant):
        """The changed lines of a kind as a function of all that they may be made of."""
        key = kind, mutant
        if key not in self.made:
            lines = mutant.change(self, kind) if mutant else getattr(self, kind)
            given = [*self.symbols.values(), *self.state.values(), *self.numbers.values()]
            if kind == "start":
                given = [self.symbols["w"], *self.numbers.values()]
            self.made[key] = tuple(lines), compiled(list(lines.values()), given)
        return self.made[key]


ORIGINAL, RECORDED, USED = {}, {}, {}


def recorded(instance, w=None):
    """The recorded lines of the form that an object has, for parameters of the shape of `w` if it takes matrices."""
    shape = np.shape(w) if getattr(instance, "takes_matrices", False) else None
    key = (*program.form(instance), shape)
    if key not in RECORDED:
        put(type(instance), ORIGINAL[type(instance)])
        try:
            RECORDED[key] = Recorded(instance, shape)
        finally:
            patch(type(instance), *PATCHED[type(instance)])
    USED[key] = RECORDED[key]
    return RECORDED[key]


PATCHED = {}


def _recorded_first(rule, shape, make=tracing.Program):
    """Record changed lines: those they are made of cannot be recorded and compiled on the way."""
    cls = type(rule)
    if cls in ORIGINAL and vars(cls)["update"] is not ORIGINAL[cls]["update"]:
        form = recorded(rule, np.zeros(shape or ()))
        for kind in KINDS:
            form.function(kind, *PATCHED[cls])
    return make(rule, shape)


tracing.Program = _recorded_first


def put(cls, functions):
    """Give a class other methods; what was recorded of it is forgotten."""
    for name, function in functions.items():
        setattr(cls, name, function)
    if "_readings" in vars(cls):
        del cls._readings


def patch(cls, mutant=None):
    """Let a class compute the recorded lines, changed as the mutant says."""
    names = tuple(ORIGINAL[cls])
    PATCHED[cls] = (mutant,)

    def update(self, w, g, s, t):
        form = recorded(self, w)
        names, function = form.function("lines", mutant)
        values = function(w, g, t, *(s.__dict__[n] for n in form.state), *(self.__dict__[n] for n in form.hypers))
        made = dict(zip(names, values))
        return Update(made.pop("w"), **made)

    def start(self, w):
        form = recorded(self, w)
        names, function = form.function("start", mutant)
        return dict(zip(names, function(w, *(self.__dict__[n] for n in form.hypers))))

    def look(kind):
        def method(self, w, s, t):
            form = recorded(self, w)
            function = form.function(kind, mutant)[1]
            return function(w, w, t, *(s.__dict__[n] for n in form.state), *(self.__dict__[n] for n in form.hypers))[0]
        return method

    def call(self, w, g):
        form = recorded(self)
        return form.function("lines", mutant)[1](w, g, *(self.__dict__[n] for n in form.hypers))[0]

    new = {"update": update, "start": start, "probe": look("probe"), "answer": look("answer"), "__call__": call}
    put(cls, {name: new[name] for name in names if ORIGINAL[cls][name] is not getattr(Optimizer, name, None)
              or name in ("update", "start")})


# Changes


def text(node, names=None, outer=0):
    """A node as a formula; nodes that have a name are shown by it."""
    names = names or {}
    if node in names:
        return names[node]
    if node.op in ("symbol", "number"):
        return str(node.args[0]).rpartition(".")[2] if str(node.args[0]).startswith("@") else str(node.args[0])
    detail = dict(node.detail)
    if node.op == "extent":
        return ("rows", "columns", "depth", "more")[min(detail["axis"], 3)]
    if node.op == "matmul":
        return " @ ".join(text(a, names, 3) for a in node.args)
    if node.op == "repeat":
        return f"repeat({text(node.args[0], names)})"
    if node.op == "neg":
        return "-" + text(node.args[0], names, 3)
    if node.op in _OPERATORS:
        level = {"add": 1, "sub": 1, "mul": 2, "div": 2, "pow": 4}[node.op]
        left = text(node.args[0], names, level + (node.op == "pow"))
        right = text(node.args[1], names, level + (node.op in ("sub", "div")))
        blank = " " if level == 1 else ""
        inner = f"{left}{blank}{_OPERATORS[node.op]}{blank}{right}"
        return f"({inner})" if level < outer else inner
    over = f"over {detail['axis']}: " if "axis" in detail else ""
    return f"{node.op}({over}{', '.join(text(a, names) for a in node.args)})"


def changes(node):
    """Pairs of words and the node that stands in its place."""
    op, args = node.op, node.args
    if op == "add":
        yield from (("without a summand", args[0]), ("without a summand", args[1]))
    elif op == "sub":
        yield "without what is taken off", args[0]
        if args[0].op == "number":
            yield "only what is taken off", args[1]
        else:
            yield "sign turned", apply("add", *args)
    elif op == "mul":
        yield "without a factor", args[0]
        if args[0] is not args[1]:
            yield "without a factor", args[1]
    elif op == "div":
        yield "without the divisor", args[0]
    elif op == "pow":
        yield "without the exponent", args[0]
    elif op in ("sqrt", "abs", "neg", "floor", "sign"):
        yield f"without {op}", args[0]
    elif op in ("min", "max"):
        yield from (("the other extreme", apply("max" if op == "min" else "min", *args)),
                    (f"without {op}", args[0]), (f"without {op}", args[1]))
    elif op == "where":
        yield from (("always the first case", args[1]), ("always the second case", args[2]))
    elif op == "matmul":
        yield from (("without a factor", args[0]), ("without a factor", args[1]))
    elif op in ("transpose", "sympower"):
        yield f"without {op}", args[0]
        if op == "sympower":
            yield "another power", apply(op, args[0], 1.5 * args[1], *args[2:])
    elif op == "repeat":
        loop = dict(node.detail)["loop"]
        for turns in (loop.times - 1, loop.times + 1):
            other = Loop(loop.symbol, loop.result, loop.named, turns)
            yield f"{turns} turns", apply(op, args[0], *other.outer, loop=other)
    elif op == "sum" and len(node.args[0].extents or ()) == 2 and node.detail:
        detail = dict(node.detail)
        yield "over the other axis", apply(op, *args, **{**detail, "axis": (1 - detail["axis"][0],)})
    elif op in ("lt", "le", "gt", "ge"):
        other = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}[op]
        yield "compared the other way", apply(other, *args)
    if op in ("add", "sub", "mul", "div", "lt", "le", "gt", "ge", "max", "min", "where"):
        for i, a in enumerate(args):
            if a.op == "number" and not isinstance(a.args[0], bool) and a.args[0] not in (0, 1):
                value = a.args[0]
                moved = value + 1 if isinstance(value, int) else 1.1 * value
                yield f"{value:g} becomes {moved:g}", apply(op, *args[:i], moved, *args[i + 1:])


def _inside(lines):
    """The nodes of some lines, with the name of the line to which they belong; and the names of nodes."""
    names, inside = {}, {}
    for name, top in lines.items():
        names.setdefault(top, name)
    for name, top in lines.items():
        stop = [other for other in names if other is not top and names[other] != name]
        for node in walk([top], stop=stop):
            if not any(node is other for other in stop):
                inside.setdefault(node, name)
                if node.op == "repeat":
                    loop = dict(node.detail)["loop"]
                    names.update({inner: word for word, inner in loop.named.items()})
                    inside.update({inner: f"{name}, each turn" for inner in loop.nodes if inner not in inside})
    return inside, names


def fits(form, kind, swaps):
    """Whether lines with nodes replaced still make arrays of the shapes that they have to have."""
    if form.shape is None:
        return True
    lines = getattr(form, kind)
    try:
        made = dict(zip(lines, replaced(list(lines.values()), swaps)))
    except NotTraceable:
        return False
    kept = lines if kind != "lines" else ("w", *form.start)
    return all(made[name].extents == lines[name].extents for name in kept)


def mutants(forms):
    """All changes of the lines of some forms of one class."""
    found, t = {}, symbol("t")
    for form in forms:
        w = form.symbols["w"]

        def add(key, place, swaps, kind, spared=None, form=form):
            # For parameters of another shape: the same change if it reads the same.
            key = key if form.shape is None else (form.form, place)
            if fits(form, kind, swaps):
                found.setdefault(key, Mutant(form, place, kind, spared)).swap(form, swaps)

        for kind in KINDS:
            lines = getattr(form, kind)
            if lines.get(kind) is w:
                continue
            inside, names = _inside(lines)
            for node, name in inside.items():
                if kind == "start" and node.op == "mul" and node.args[0].op == "number" and node.args[0].args[0] == 0:
                    continue
                around = {n: m for n, m in names.items() if n is not node}
                try:
                    changed = list(changes(node))
                except NotTraceable:
                    continue
                for words, new in changed:
                    where = name if kind == "lines" else kind
                    place = f"{where}: {text(node, around)} -> {text(new, around)} ({words})"
                    add((kind, id(node), id(new)), place, {node: new}, kind)
            if kind == "start":
                for name, top in lines.items():
                    if text(top) not in ("0*w", "0", "0.0"):
                        add((kind, name), f"start: {name} = 0", {top: 0.0 * (w if form.shape is None else top)}, kind)
            if lines and kind in ("probe", "answer"):
                words = {"probe": "gradient at the parameters", "answer": "what is trained is what is reported"}[kind]
                add(kind, words, {lines[kind]: w}, kind)
        for slot in form.start:
            new, old = form.lines[slot], form.state[slot]
            add(("old", slot, id(new)), f"the old {slot} where the new one belongs", {new: old}, "lines", slot)
        if any(node is t for node in walk(form.lines.values())):
            for shift in (1, -1):
                add(("t", shift), f"t {shift:+d} in place of t", {t: t + shift}, "lines")
    return list(found.values())


def _sample(form, rng, generic):
    """The numbers of this form as they usually are, or others."""
    values = {}
    for name in form.hypers:
        d = form.cls.hypers()[name]
        values[name] = d.default if d.default is not None and not generic else None
        small, large = rng.uniform(0.1, 0.7) * 10 ** -rng.uniform(0, generic), rng.uniform(1, 2)
        for candidate in (values[name], small, 0.9 * (d.default or 1), large, 2):
            if candidate is not None and not d._outside(candidate) and (not d.integer or candidate == int(candidate)):
                values[name] = candidate
                break
    return values


def changes_nothing(mutant, forms, steps=False):
    """Whether a mutant makes the same numbers as the rule, or the same `steps`, on random gradients of many sizes."""
    touched = [form for form in forms if form.shape is None or form in mutant.of_shapes]
    small = [form for form in touched if np.prod(form.shape or (6,)) <= 64]
    # A step may hang on a rare event: more is tried before it is said that none changes.
    return all(_same(_made(form, None, seed, steps), _made.__wrapped__(form, mutant, seed, steps), steps)
               for seed in range(SEEDS if steps else 4) for form in small or touched)


def _same(a, b, steps):
    # Steps by another way round: its rounding is carried on from step to step.
    rtol = 1e-9 if steps else 1e-12
    return a.shape == b.shape and np.allclose(a, b, rtol=rtol, atol=1e-300, equal_nan=True)


@functools.cache
def _made(form, mutant, seed, steps):
    """What a form of a rule makes in forty steps, all numbers or only the steps."""
    shape = (6,) if form.shape is None else form.shape
    rng = np.random.RandomState(seed)
    values = list(_sample(form, rng, seed % 2 * (1 + seed % 3)).values())
    size = 10.0 ** rng.uniform(-3, 2, (1, *shape))
    gradients = rng.standard_normal((40, *shape)) * size
    gradients[5::7] = 0.0
    gradients[30:] = np.abs(gradients[30:])
    if seed > 3:
        gradients *= rng.uniform(0.5, 1.1) ** np.arange(40).reshape(-1, *[1] * len(shape))
    w, out = rng.standard_normal(shape), []
    with np.errstate(all="ignore"):
        try:
            s = dict(zip(*_call(form, "start", mutant, w, *values))) if form.start else {}
            for t, g in enumerate(gradients, 1):
                if steps and seed % 4 == 3:  # Numbers may follow schedules.
                    values = list(_sample(form, np.random.RandomState(40 * seed + t), 1).values())
                state = [s.get(n, np.ones(shape)) for n in form.state]
                given = [w, g, t] if "t" in form.symbols else [w, g]
                if form.probe:
                    out.append(_call(form, "probe", mutant, *given, *state, *values)[1][0])
                names, made = _call(form, "lines", mutant, *given, *state, *values)
                s = dict(zip(names, made))
                out += [s["w"]] if steps and "w" in s else made
                w = s.get("w", w)
                if form.answer:
                    state = [s.get(n, np.ones(shape)) for n in form.state]
                    out.append(_call(form, "answer", mutant, w, g, t, *state, *values)[1][0])
        except ZeroDivisionError:
            out.append(np.inf)
    return np.concatenate([np.ravel(x) for x in out])


def _call(form, kind, mutant, *values):
    names, function = form.function(kind, mutant)
    return names, list(function(*values))


# Running claims


def attempt(chosen, change=None, first=False):
    """Run statements after a change, if `first` until one claim breaks; the claims that held and those that did not."""
    outcome, inside = {}, {"__name__": "__main__"}
    plain, now = ORIGINAL_CLAIM, []

    def claim(statement, **how):
        SAID.setdefault(id(now[-1]), {})[statement] = None
        try:
            made = plain(statement, **how)
        except Exception:
            outcome[statement] = False
            return claims.Claim(statement, how.get("predicted"), how.get("measured"), "", 4)
        outcome[statement] = outcome.get(statement, True)
        return made

    claims.claim = claim
    if change is not None:
        change()
    broken, errors = set(), []
    for s in chosen:
        if first and not all(outcome.values()):
            break
        now.append(s)
        begin = time.process_time()
        if s.reads & broken:
            broken |= s.binds
            if s.claims:
                outcome.update(dict.fromkeys(SAID.get(id(s), [_words(s)]), False))
            continue
        try:
            silence = contextlib.redirect_stdout(io.StringIO())
            with warnings.catch_warnings(), np.errstate(all="ignore"), silence:
                warnings.simplefilter("ignore")
                exec(s.code, inside)
        except Timeout:
            raise
        except Exception as error:
            broken |= s.binds
            errors.append((s, error))
            if s.claims:
                outcome.update(dict.fromkeys(SAID.get(id(s), [_words(s)]), False))
        s.seconds = time.process_time() - begin
    return outcome, errors


def _words(s):
    """The words of a claim whose statement could not be run: those of its first string."""
    for n in ast.walk(s.node):
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "claim":
            if isinstance(n.args[0], ast.Constant):
                return n.args[0].value
            return f"claim of cell {s.cell}"
    return ""


ORIGINAL_CLAIM, SAID = claims.claim, {}


class Timeout(BaseException):
    pass


def _alarm(*_):
    raise Timeout


def ask(job):
    """In a process of its own: which claims a mutant breaks."""
    which, mutant, patience, first = job
    signal.signal(signal.SIGPROF, _alarm)
    signal.setitimer(signal.ITIMER_PROF, patience)
    try:
        change = (lambda: patch(MUTANTS[mutant].cls, MUTANTS[mutant])) if isinstance(mutant, int) else WRECKS[mutant]
        outcome, _ = attempt([STATEMENTS[i] for i in which], change, first)
        return mutant, [words for words, held in outcome.items() if not held], ""
    except Timeout:
        return mutant, [], "took too long"
    except BaseException:
        return mutant, [], traceback.format_exc(limit=3)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


STATEMENTS, MUTANTS = [], []


def _wreck(change):
    """Change every rule of the library, whatever it computes."""
    def wreck():
        for cls in {*_registry.values(), *ORIGINAL}:
            if "update" in vars(cls):
                def update(self, w, g, s, t, old=cls.update):
                    return change(lambda g: old(self, w, g, s, t), w, g)
                put(cls, {"update": update})
    return wreck


# A claim that survives even these says nothing about any rule.
WRECKS = {"every step half as long again": _wreck(lambda go, w, g: Update(w + 1.5 * (go(g).w - w), **go(g).named)),
          "every gradient turned round": _wreck(lambda go, w, g: go(-g)),
          "every gradient cubed": _wreck(lambda go, w, g: go(g * g * g))}


def quiet():
    """Nothing is drawn."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.show = lambda *a, **k: plt.close("all")
    plots.style = lambda *a, **k: None
    plots.paths = lambda *a, **k: None
    optlearn.explore = lambda *a, **k: None


def several(jobs, cores):
    """`ask` about all jobs, each in a fresh copy of this process."""
    if not jobs:
        return []
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(cores, context, max_tasks_per_child=None) as pool:
        return list(pool.map(_alone, jobs, chunksize=1))


def _alone(job):
    """`ask` in a child, so that what a mutant leaves behind dies with it."""
    receive, send = multiprocessing.Pipe(False)
    pid = os.fork()
    if pid == 0:
        try:
            send.send(ask(job))
        finally:
            os._exit(0)
    send.close()
    try:
        return receive.recv()
    except EOFError:
        return job[1], [], "died"
    finally:
        os.waitpid(pid, 0)


def taught(stem):
    """The classes whose lines a chapter has to pin down."""
    names = TAUGHT.get(stem)
    if names is None:
        return [type(optlearn.get(stem))]
    return [type(optlearn.get(name)) if "(" in name else getattr(optlearn, name, None) or getattr(gradients, name)
            for name in names]


def chapter(path, cores):
    """Ask all mutants of one chapter; what came of it."""
    stem, begin = path.stem, time.perf_counter()
    classes = taught(stem)
    RECORDED.clear()
    USED.clear()
    _made.cache_clear()
    for cls in classes:
        # One class may have another's method: all are remembered before any is patched.
        names = ("start", "probe", "answer", "update") if issubclass(cls, Optimizer) else ("__call__",)
        ORIGINAL.setdefault(cls, {name: getattr(cls, name) for name in names})
    for cls in classes:
        patch(cls)
    every = statements(path)
    goals = [s for s in every if s.claims]
    behind = [needed(every, goal) for goal in goals]
    wanted = {id(s) for one in behind for s in one}
    os.chdir(path.parent)
    chosen = [s for s in every if id(s) in wanted]
    outcome, errors = attempt(chosen)
    if errors or not all(outcome.values()):
        # A name was reached in a way that the slice does not see: run all but drawings' own statements.
        chosen, behind = every, [every[:every.index(goal) + 1] for goal in goals]
        outcome, errors = attempt(chosen)
        if errors or not all(outcome.values()):
            raise SystemExit(f"{stem}: its claims do not hold unchanged: {errors or outcome}")
    for cls in classes:
        if not any(form.cls is cls for form in USED.values()):
            recorded(cls(), np.zeros((3, 4)))
    STATEMENTS[:] = every
    place = {id(s): i for i, s in enumerate(every)}
    rounds, asked = [], set()
    by_cost = sorted(behind, key=lambda one: sum(s.seconds for s in one))
    for seconds in SECONDS:
        while by_cost:
            more = asked | {place[id(s)] for s in by_cost[0]}
            if asked and sum(every[i].seconds for i in more) > seconds:
                break
            asked = more
            by_cost.pop(0)
        if asked not in rounds:
            rounds.append(asked)
    MUTANTS.clear()
    equal = 0

    def of(cls):
        return [form for form in USED.values() if form.cls is cls]

    for cls in classes:
        for mutant in mutants(of(cls)):
            if changes_nothing(mutant, of(cls)):
                equal += 1
            else:
                MUTANTS.append(mutant)
    broken, killed, troubles, silent = {}, {}, [], []

    def note(results):
        for i, failed, trouble in results:
            for words in failed:
                broken.setdefault(words, []).append(i)
            if isinstance(i, int) and (failed or trouble == "took too long"):
                killed.setdefault(i, failed)
            elif trouble:
                troubles.append((MUTANTS[i] if isinstance(i, int) else i, trouble))

    for asked in rounds:
        last = asked is rounds[-1]
        left = [i for i in range(len(MUTANTS)) if i not in killed]
        if last:
            silent += [MUTANTS[i] for i in left if changes_nothing(MUTANTS[i], of(MUTANTS[i].cls), steps=True)]
            left = [i for i in left if MUTANTS[i] not in silent]
        note(several([(sorted(asked), i, (1 + 3 * last) * PATIENCE, last and len(rounds) > 1) for i in left], cores))
    survivors = [m for i, m in enumerate(MUTANTS) if i not in killed and m not in silent]
    goal_of = {words: goal for goal in goals for words in SAID.get(id(goal), ())}
    for _ in range(2):
        idle = [words for words in outcome if words not in broken]
        # Claims about other rules, and dear ones, which were asked only until one of them broke.
        again = sorted({place[id(s)] for words in idle for s in behind[goals.index(goal_of[words])]})
        if again and not _:
            note(several([(again, wreck, 4 * PATIENCE, False) for wreck in WRECKS], cores))
    late = sum(not failed for failed in killed.values())
    return Report(stem, heading(path), [c.__name__ for c in classes], len(MUTANTS), late, survivors, silent,
                  len(outcome), idle, troubles, equal, time.perf_counter() - begin)


class Report(NamedTuple):
    """What the mutants of one chapter came to."""

    stem: str
    title: str
    rules: list
    mutants: int
    late: int  # Noticed by taking too long.
    survivors: list
    silent: list  # Noticed by nothing, and no step is another one.
    claims: int
    idle: list
    troubles: list
    equal: int
    seconds: float

    @property
    def noticed(self):
        return self.mutants - len(self.survivors) - len(self.silent)

    def __str__(self):
        lines = [f"== {self.stem}: {self.mutants} mutants of {', '.join(self.rules)}, {self.noticed} noticed "
                 f"({self.late} by taking too long), {len(self.survivors)} not; {self.claims} claims, "
                 f"{len(self.idle)} broken by nothing ({self.equal} changes change no number; {self.seconds:.0f} s)"]
        lines += [f"  NOT NOTICED  {m!r}" for m in self.survivors]
        lines += [f"  changes what is remembered and no step  {m!r}" for m in self.silent]
        lines += [f"  BROKEN BY NOTHING  {words}" for words in self.idle]
        return "\n".join(lines + [f"  trouble  {m!r}: {trouble}" for m, trouble in self.troubles])


TABLE = ROOT / "benchmarks" / "MUTANTS.md"


def table(reports):
    """The reports of all chapters as a page of the repository."""
    total, claims, idle = (sum(of(r) for r in reports) for of in (
        lambda r: r.mutants, lambda r: r.claims, lambda r: len(r.idle)))
    rows = "\n".join(f"| {r.title} | {r.mutants} | {r.noticed} | {r.claims} |" for r in reports)

    def named(words, what):
        found = [f"- {r.title}: `{m!r}`".replace(")(", ") (") for r in reports for m in getattr(r, what)]
        return "\n".join([f"{words}: {len(found) or 'none'}.", "", *found]).strip()

    return f"""# Changes of the rules that the chapters' claims notice

Made by `make mutants` with optlearn {optlearn.__version__} and NumPy {np.__version__}.

<!-- the book shows what follows -->

One term of a rule's lines is changed at a time: a summand or factor is left out, a sign turned, an exponent, a constant
or an extreme is another one, an old slot stands for the new. Then the claims of the chapter that teaches the rule run.
In {len(reports)} chapters {total} such changes make other numbers. Of a change of "no step" only what is remembered is
another, and by it none of forty steps from {SEEDS} random beginnings. {idle} of {claims} claims are
broken neither by one of them nor by three changes of all rules at once (longer steps, gradients turned round, gradients
cubed): those are about a formula, a surface, a schedule or what does not depend on the rule.

{named("Not noticed", "survivors")}

{named("Of no step", "silent")}

<!-- up to here -->

| chapter | changes | noticed | claims |
| --- | ---: | ---: | ---: |
{rows}
"""


def main(names):
    """Report on the named chapters; or on all, and write the table."""
    quiet()
    paths = [Path(name).resolve() for name in names] or [
        path for path in sorted(BOOK.glob("*/[!.]*.ipynb")) if path.stem in {*TAUGHT, *optlearn.names()}]
    reports = []
    for path in paths:
        reports.append(chapter(path, len(os.sched_getaffinity(0))))
        print(reports[-1], flush=True)
    if not names:
        TABLE.write_text(table(reports))


if __name__ == "__main__":
    main(sys.argv[1:])
