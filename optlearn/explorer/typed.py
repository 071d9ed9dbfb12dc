"""Rules typed as text: what a notebook behind a page needs, to run what was typed there.

What a reader may write is told in `rule`. The page reads the same (``js/model/lines.js``), and says more of what is
wrong.
"""

from __future__ import annotations

import ast
import copy
import functools
import keyword
import operator
import re

import numpy as np

from optlearn import rules
from optlearn.declare import InvalidArgument, hyper
from optlearn.optimizer import Optimizer
from optlearn.state import ASKED, Update
from optlearn.surfaces.typed import functions
from optlearn.symbolic.derive import factor
from optlearn.symbolic.mathml import LETTERS
from optlearn.symbolic.names import GREEK
from optlearn.symbolic.operations import ZERO
from optlearn.symbolic.program import SEEN, Program

LONGEST, DEEPEST = 2000, 30
GIVEN = ("w", "g", "t")
_SIGNS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
          ast.Pow: operator.pow}
_COMPARE = {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
            ast.NotEq: operator.ne}
_OTHERS = {"where": np.where, "clip": np.clip, "sum": np.sum,
           "norm": lambda x: np.sqrt(np.sum(x * x))}
# lambda is a word of Python.
_FROM_GREEK = {**{LETTERS[name]: name for name in GREEK}, "ε": "epsilon", "φ": "phi", "λ": "lam"}
# Numbers as they are called on paper.
_ON_PAPER = {"lr": ("eta",), "eps": ("epsilon",), "beta1": ("beta_1",), "beta2": ("beta_2",), "weight_decay": ("lam",)}
_WORD = rf"[A-Za-z{''.join(_FROM_GREEK)}][\w{''.join(_FROM_GREEK)}]*"
_TOKEN = re.compile(rf"\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|((?:np\.|numpy\.)?{_WORD})"
                    r"|(\*\*|[<>=!]=|[-+*/^(),<>=]))", re.ASCII)


@functools.cache
def numbers():
    """How the library declares numbers, by name: for one who types a rule with such a number."""
    first = ("Momentum", "Adam", "RMSProp", "AdaGrad", "AdamW")
    found = {}
    for name in (*first, *rules.__all__):
        for number, declared in vars(rules)[name].hypers().items():
            for word in (number, declared.alias, *_ON_PAPER.get(number, ())):
                if word and not declared.integer and word not in found:
                    found[word] = copy.copy(declared)
                    found[word].name = word
    return found


@functools.cache
def reserved():
    """Names that no line may set, and names that no number may have."""
    lines = {*keyword.kwlist, *functions(), *ASKED, *_OTHERS, "self", "np", "numpy", "grad", "pi"}
    return sorted(lines), sorted({name for name in dir(Optimizer) if name[0] != "_"} | {"label", "symbols", "draws"})


def declared(name, value):
    """The declaration of a number that a line gives a value: as the library has it, if its range has the value."""
    known = numbers().get(name)
    value = known.default if value is None and known else value
    if value is None:
        raise InvalidArgument(f"the typed rule cannot be read: {name} has no value; write a line {name} = 0.1")
    if known and not known._outside(value):
        return hyper(value, above=known.above, at_least=known.at_least, below=known.below, at_most=known.at_most,
                     symbol=known._symbol, low=known._low, high=known._high)
    low, high = (value / 100, value * 100) if value > 0 else (-10 * (abs(value) or 0.1), 10 * (abs(value) or 0.1))
    return hyper(value, low=low, high=high)


@functools.lru_cache(maxsize=256)
def rule(text):
    """The class of the rule that lines are, whose numbers have the values that the lines give.

    Parameters
    ----------
    text : str
        A line is ``name = formula``. There are w, its gradient g and the step number t = 1, 2, ...; a name that is read
        before a line sets it is kept from step to step and begins at 0, or at the value of an earlier line that is made
        of numbers alone; a name that no line sets is a number, with the value of a line ``beta = 0.9`` or the
        library's. A line ``g = grad(point)`` takes the gradient elsewhere. ``# name`` in front names the rule.

    Returns
    -------
    type of Optimizer
        The same one for the same text.

    Raises
    ------
    InvalidArgument
        For what is no such line.
    """
    try:
        made = _Reader(text).rule()
    except RecursionError:
        raise InvalidArgument("the typed rule cannot be read: it is nested too deeply") from None
    # Its lines are all that tells it from others.
    made.identity = text
    return made


def is_text(key):
    """Whether the key of a rule is its lines."""
    return re.search(r"^\s*w\s*=[^=]", key, re.MULTILINE) is not None


class _Reader:
    def __init__(self, text):
        self.lines, self.label, self.at = [], "", 0
        if len(text) > LONGEST:
            self.refuse(f"the text has {len(text)} signs, and may have {LONGEST}")
        for self.at, line in enumerate(text.split("\n"), 1):
            code, mark, comment = line.partition("#")
            if mark and not self.lines and not self.label:
                self.label = " ".join(comment.split())[:40]
            if code.strip():
                self.lines.append(self._line(code))

    def refuse(self, why):
        raise InvalidArgument(f"the typed rule cannot be read in line {self.at}: {why}")

    def _line(self, code):
        """A line: its place, the name that it sets, and the tree of its formula."""
        tokens, at = [], 0
        while at < len(code.rstrip()):
            found = _TOKEN.match(code, at)
            if not found:
                self.refuse(f"{code[at:].split()[0]!r} is not known")
            tokens.append(self._token(*found.groups()))
            at = found.end()
        if len(tokens) < 3 or not tokens[0][0].isalpha() or tokens[1] != "=":
            self.refuse("a line is name = formula")
        if tokens[0] in reserved()[0] or tokens[0] == "t":
            self.refuse(f"{tokens[0]} is another thing; call it otherwise")
        names = {"np", *functions(), *_OTHERS, "grad"}
        text = tokens[2]
        for before, token in zip(tokens[2:], tokens[3:], strict=False):
            ends, begins = before[-1].isalnum() or before[-1] in "_.)", token[0].isalpha() or token == "("
            text += (" * " if ends and begins and before not in names else " ") + token
        try:
            return self.at, tokens[0], ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            self.refuse(f"it is no formula: {getattr(error, 'msg', 'it is nested too deeply')}")

    @staticmethod
    def _token(number, word, sign):
        if word:
            return "".join(_FROM_GREEK.get(letter, letter) for letter in re.sub(r"^(np|numpy)\.", "", word))
        return number or ("**" if sign == "^" else sign)

    def rule(self):
        """The rule: numbers, slots and their starts, and one method that does what the lines say."""
        sets = [name for _, name, _ in self.lines]
        given, begins, body, found = {}, {}, [], {}
        for k, (at, name, tree) in enumerate(self.lines):
            self.at = at
            literal = self._literal(tree)
            if sets.count(name) == 1 and literal is not None and name not in GIVEN:
                given[name] = literal
            elif name not in sets[:k] and name in sets[k + 1:] and name not in GIVEN and self._alone(tree, sets, given):
                begins[name] = self._read(tree)
                found.update(dict.fromkeys(read for read in _names(tree) if not self._function(read)))
            else:
                body.append((at, name, tree))
        lines, seen, slots, moved = [], set(), [], None
        written = {name for _, name, _ in body}
        if "w" not in written:
            self.refuse("no line sets w")
        for at, name, tree in body:
            self.at = at
            names = _names(tree)
            asks = isinstance(tree, ast.Call) and getattr(tree.func, "id", "") == "grad"
            if asks and (name != "g" or moved or "g" in seen or len(tree.args) != 1):
                self.refuse("grad stands alone, once: g = grad(point)")
            for read in names:
                if read in GIVEN or read in seen or self._function(read):
                    continue
                if read not in written:
                    found[read] = None
                elif read not in slots:
                    slots.append(read)
            if asks:
                moved = len(lines), self._read(tree.args[0])
                if any("g" in reads for _, _, reads, _ in lines) or "g" in names:
                    self.refuse("the point of the gradient must be known before the gradient")
            else:
                lines.append((name, self._read(tree), names, _names(tree, summed=False)))
                seen.add(name)
        return self._made({name: given.get(name) for name in (*given, *(name for name in found if name not in given))},
                          slots, begins, moved, lines)

    @staticmethod
    def _literal(tree):
        try:
            value = ast.literal_eval(tree)
        except (ValueError, TypeError, SyntaxError):
            return None
        return float(value) if isinstance(value, (int, float)) else None

    def _alone(self, tree, sets, given):
        """Whether it is made of numbers alone."""
        return all(self._function(name) or name in given or (name not in sets and name not in GIVEN)
                   for name in _names(tree))

    @staticmethod
    def _function(name):
        return name in functions() or name in _OTHERS or name in ("grad", "pi")

    def _read(self, tree, depth=0):
        """A function of the values of names."""
        if depth > DEEPEST:
            self.refuse("it is nested too deeply")
        inner = functools.partial(self._read, depth=depth + 1)
        if isinstance(tree, ast.Constant) and isinstance(tree.value, (int, float)) and np.isfinite(tree.value):
            return lambda values, number=tree.value: number
        if isinstance(tree, ast.Name) and tree.id == "pi":
            return lambda values: np.pi
        if isinstance(tree, ast.Name) and not self._function(tree.id):
            return lambda values, name=tree.id: values[name]
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, (ast.UAdd, ast.USub)):
            if (number := self._literal(tree)) is not None:
                return lambda values: number
            return self._applied(operator.neg if isinstance(tree.op, ast.USub) else operator.pos, inner(tree.operand))
        if isinstance(tree, ast.BinOp) and type(tree.op) in _SIGNS:
            # A long sum or product is no deep one.
            return self._applied(_SIGNS[type(tree.op)], self._read(tree.left, depth), inner(tree.right))
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and not tree.keywords:
            name, args = tree.func.id, tree.args
            ufunc = functions().get(name)
            if ufunc is not None and len(args) == ufunc.nin:
                return self._applied(ufunc, *map(inner, args))
            if name in _OTHERS and len(args) == (1 if name in ("sum", "norm") else 3):
                parts = [self._compared(args[0], depth + 1) if name == "where" else inner(args[0]),
                         *map(inner, args[1:])]
                return self._applied(_OTHERS[name], *parts)
        self.refuse(f"{ast.unparse(tree)} is not known there")

    def _compared(self, tree, depth):
        if not isinstance(tree, ast.Compare) or len(tree.ops) != 1 or type(tree.ops[0]) not in _COMPARE:
            self.refuse("where takes a comparison first: where(g > 0, a, b)")
        return self._applied(_COMPARE[type(tree.ops[0])], self._read(tree.left, depth + 1),
                             self._read(tree.comparators[0], depth + 1))

    @staticmethod
    def _applied(operation, *parts):
        return lambda values: operation(*(part(values) for part in parts))

    def _made(self, given, slots, begins, moved, lines):
        vectors = _vectors(slots, lines)
        shown = [name for name in dict.fromkeys(name for name, *_ in lines) if name not in GIVEN]

        def known(self, w, s, t):
            return {"w": w, "t": t, **{name: getattr(self, name) for name in given},
                    **{name: getattr(s, name) for name in slots}}

        def start(self, w):
            values = {name: getattr(self, name) for name in given}
            first = {name: begins[name](values) for name in slots if name in begins}
            zero = {name: 0 * w if name in vectors else 0.0 for name in slots}
            return {name: zero[name] + first[name] if name in first else zero[name] for name in slots}

        def probe(self, w, s, t):
            values = known(self, w, s, t)
            for name, formula, *_ in lines[:moved[0]]:
                values[name] = formula(values)
            return moved[1](values)

        def update(self, w, g, s, t):
            values = {**known(self, w, s, t), "g": g}
            for name, formula, *_ in lines:
                values[name] = formula(values)
            return Update(values["w"], **{name: values[name] for name in shown})

        body = {"__doc__": self.label or "Typed.", "__module__": __name__, "label": self.label or "Your rule",
                "slots": tuple(slots), "start": start, "update": update, **({"probe": probe} if moved else {}),
                **{name: declared(name, value) for name, value in given.items()}}
        for name in given:
            if name in reserved()[1]:
                self.refuse(f"no number may be called {name}")
        cls = type("Typed", (Optimizer,), body, register=False)
        cls.direction = _direction(Program(cls()), shown)
        return cls


def _names(tree, summed=True):
    """The names in a formula, from left to right; also those of which there is but the sum."""
    if isinstance(tree, ast.Name):
        return [tree.id]
    if not summed and isinstance(tree, ast.Call) and tree.func.id in ("sum", "norm"):
        return []
    return [name for part in ast.iter_child_nodes(tree) for name in _names(part, summed)]


def _vectors(slots, lines):
    """The slots that have a value a coordinate."""
    vectors = {"w", "g"}
    while True:
        now = set(vectors)
        for name, *_, reads in lines:
            if now.intersection(reads):
                now.add(name)
        if now == vectors:
            return vectors.intersection(slots)
        vectors = now


def _direction(program, shown):
    """What the step goes along: the last quantity, linear in the gradient, that each coordinate scales on its own."""
    w = program.lines["w"]
    g = program.lines.get(SEEN, program.symbols["g"])
    if factor(w, program.symbols["w"]) is ZERO:
        return None
    first = {program.lines[name]: name for name in reversed(shown)}
    for node, name in first.items():
        if node is not g and factor(node, g) is not ZERO and factor(w, node).vector:
            return name
    return "g" if factor(w, g) is not ZERO else None
