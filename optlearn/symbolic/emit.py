"""Straight-line code from recorded expressions: what NumPy functions, kernels and pages have in common."""

from optlearn.symbolic.graph import REDUCTIONS, walk
from optlearn.symbolic.operations import SPECIAL, TABLE


class Emitter:
    """Write nodes as statements in one language.

    Parameters
    ----------
    language : {"numpy", "kernel", "javascript"}
    names : dict of Node to str
        Text of the symbols.
    prefix : str
        Beginning of the names of intermediate results.
    """

    def __init__(self, language, names, prefix="x"):
        self.language, self.text, self.prefix, self.count = language, dict(names), prefix, 0

    def statements(self, nodes):
        """``(name, expression)`` pairs that compute `nodes` and what they need and have no text yet."""
        result = []
        for node in walk(nodes, stop=list(self.text)):
            if node in self.text:
                continue
            if node.op == "number":
                self.text[node] = self.number(node.args[0])
            elif node.op == "symbol":
                raise KeyError(f"no text for the symbol {node}")
            else:
                self.count += 1
                name = f"{self.prefix}{self.count}"
                result.append((name, self.operation(node)))
                self.text[node] = name
        return result

    def number(self, value):
        """Text of a constant."""
        if self.language == "kernel" and not isinstance(value, bool):
            value = float(value)  # x ** 3 would be multiplied out, where NumPy calls the power function
        text = repr(value)
        return SPECIAL[self.language].get(text) or (f"({text})" if text.startswith("-") else text)

    def operation(self, node):
        """Text of an operation on what has texts."""
        row, args = TABLE[node.op], [self.text[a] for a in node.args]
        if node.op == "pow" and node.args[1].op == "number":
            # NumPy squares by multiplying and takes roots for 0.5; the other languages have to do the same.
            exponent = node.args[1].args[0]
            if exponent == 2:
                return f"({args[0]} * {args[0]})"
            if exponent == 0.5:
                row, args = TABLE["sqrt"], args[:1]
        return getattr(row, self.language).format(*args)


def levels(roots):
    """How many sums over all coordinates lie below each node: a sum can be taken once its level is reached."""
    level = {}
    for node in walk(roots):
        inner = max((level[a] for a in node.args), default=0) if node.op not in ("symbol", "number") else 0
        level[node] = inner + (node.op in REDUCTIONS)
    return level


def stages(roots):
    """The sums below `roots` in the order in which they can be taken, as lists of sums that share one loop."""
    level = levels(roots)
    found = [node for node in level if node.op in REDUCTIONS]
    return [[n for n in found if level[n] == k] for k in range(1, max(map(level.get, found), default=0) + 1)]
