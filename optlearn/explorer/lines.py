"""The lines of a rule as text, as a reader of the page may type and change them (`typed` reads them)."""

import numpy as np

from optlearn.surfaces.typed import functions_by_name
from optlearn.symbolic.graph import NotTraceable, walk
from optlearn.symbolic.operations import TABLE
from optlearn.symbolic.program import SEEN
from optlearn.symbolic.trace import trace

# Operations besides those of formulas, by the sign or the name under which they are written.
COMPARED = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}


class _Unsayable(Exception):
    """There are no words for it."""


def lines_of(rule):
    """The lines of a rule as one may type them, without the values of its numbers.

    Returns
    -------
    str or None
        None if they hold what has no words there: a draw, a second gradient, matrices.
    """
    try:
        program = trace(rule)
        if program.draws or program.asked or program.reports or program.shape is not None:
            return None
        return "\n".join(_Writer(program).lines())
    except (_Unsayable, NotTraceable):
        return None


class _Writer:
    def __init__(self, program):
        self.program = program
        self.named = {node: name for name, node in program.symbols.items() if not name.startswith("s.")}
        self.old = {program.symbols["s." + slot]: slot for slot in program.slots}
        self.begins = {slot: text for slot in program.slots if (text := self._begin(program.start[slot])) is not None}

    def lines(self):
        """Starts that are not zero, the point of the gradient, and the lines in an order that can be read."""
        program, done = self.program, []
        if set(program.parameters) & (set(program.lines) | {"w", "g", "t"}):
            raise _Unsayable
        result = [f"{slot} = {text}" for slot, text in self.begins.items()]
        if program.probe is not program.symbols["w"]:
            self.named.update(self.old)
            result.append(f"g = grad({self.text(program.probe)})")
        due = dict(program.lines)
        if SEEN in due:
            result.append(f"g = {self.text(seen := due.pop(SEEN))}")
            self.named[seen] = "g"
        while due:
            name = next((name for name, node in due.items() if self._ready(name, node, due)), None)
            if name is None:
                raise _Unsayable
            node = due.pop(name)
            self.named.update({symbol: slot for symbol, slot in self.old.items() if slot not in done})
            for symbol, slot in self.old.items():
                if slot in done:
                    self.named.pop(symbol, None)
            result.append(f"{name} = {self.named[node] if node in self.named else self.text(node)}")
            done.append(name)
            if name == "w":
                self.named.pop(program.symbols["w"])
            self.named.setdefault(node, name)
        return result

    def _ready(self, name, node, due):
        """Whether a line may stand here: what it is made of stands above, and nobody below needs what it replaces."""
        others = [made for other, made in due.items() if other != name]
        if not self._reads(node, others).isdisjoint(made for made in others if made is not node
                                                    and made not in self.named):
            return False
        before = self.program.symbols.get("w" if name == "w" else "s." + name)
        return not any(before in self._reads(made, due.values()) for made in others)

    def _reads(self, node, named):
        """What stands in a line: the nodes down to those that have names."""
        return set(walk([node], stop=[n for n in (*named, *self.named) if n is not node]))

    def _begin(self, node):
        """What a slot begins with, if that has to be said."""
        if node.op == "mul" and any(a.op == "number" and a.args[0] == 0 for a in node.args):
            return None
        if node.op == "add" and node.args[0].op == "mul" and self._begin(node.args[0]) is None:
            node = node.args[1]
        if node.vector:
            raise _Unsayable
        return None if node.op == "number" and node.args[0] == 0 else self.text(node)

    def text(self, node, outer=0):
        """A node as text; `outer` says how closely its surroundings bind."""
        if node in self.named:
            return self.named[node]
        if node.op == "number":
            value = node.args[0]
            if isinstance(value, bool) or not np.isfinite(value):
                raise _Unsayable
            return f"({value!r})" if value < 0 and outer > 1 else repr(value)
        if node.op == "symbol":
            raise _Unsayable
        args = node.args
        if node.op == "mul" and args[0] is args[1]:
            return self._closed(f"{self.text(args[0], 5)}**2", 4, outer)
        for op, sign, level in (("add", " + ", 1), ("sub", " - ", 1), ("mul", " * ", 2), ("div", " / ", 2)):
            if node.op == op:
                return self._closed(f"{self.text(args[0], level)}{sign}{self.text(args[1], level + 1)}", level, outer)
        if node.op == "pow":
            return self._closed(f"{self.text(args[0], 5)}**{self.text(args[1], 5)}", 4, outer)
        if node.op == "neg":
            return self._closed(f"-{self.text(args[0], 4)}", 2.5, outer)
        if node.op == "where":
            condition, a, b = args
            sign = next((sign for sign, op in COMPARED.items() if op == condition.op), None)
            if sign is None or condition in self.named:
                raise _Unsayable
            compared = f"{self.text(condition.args[0])} {sign} {self.text(condition.args[1])}"
            return f"np.where({compared}, {self.text(a)}, {self.text(b)})"
        if node.op == "sum" and not node.detail:
            return f"np.sum({self.text(args[0])})"
        if node.op in functions_by_name().values():
            return f"{TABLE[node.op].numpy.partition('(')[0]}({', '.join(map(self.text, args))})"
        raise _Unsayable

    @staticmethod
    def _closed(text, level, outer):
        return f"({text})" if level < outer else text
