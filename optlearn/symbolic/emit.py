"""Straight-line code from recorded expressions: what JavaScript and Python kernels have in common."""

from optlearn.symbolic.trace import REDUCTIONS, walk

PYTHON = {
    "add": "({} + {})", "sub": "({} - {})", "mul": "({} * {})", "div": "({} / {})", "neg": "(-{})",
    "pow": "({} ** {})", "sqrt": "math.sqrt({})", "exp": "math.exp({})", "log": "math.log({})",
    "sin": "math.sin({})", "cos": "math.cos({})", "tan": "math.tan({})", "tanh": "math.tanh({})",
    "abs": "abs({})", "sign": "sign({})", "min": "minimum({}, {})", "max": "maximum({}, {})",
    "floor": "math.floor({})", "mod": "({} % {})", "lt": "({} < {})", "le": "({} <= {})", "gt": "({} > {})",
    "ge": "({} >= {})", "eq": "({} == {})", "ne": "({} != {})", "and": "({} and {})", "or": "({} or {})",
    "not": "(not {})", "where": "({1} if {0} else {2})",
}
NUMPY = {
    **PYTHON, "sqrt": "np.sqrt({})", "exp": "np.exp({})", "log": "np.log({})", "sin": "np.sin({})",
    "cos": "np.cos({})", "tan": "np.tan({})", "tanh": "np.tanh({})", "abs": "np.abs({})", "sign": "np.sign({})",
    "min": "np.minimum({}, {})", "max": "np.maximum({}, {})", "floor": "np.floor({})",
    "and": "np.logical_and({}, {})", "or": "np.logical_or({}, {})", "not": "np.logical_not({})",
    "where": "np.where({}, {}, {})",
}
JAVASCRIPT = {
    **PYTHON, "pow": "Math.pow({}, {})", "sqrt": "Math.sqrt({})", "exp": "Math.exp({})", "log": "Math.log({})",
    "sin": "Math.sin({})", "cos": "Math.cos({})", "tan": "Math.tan({})", "tanh": "Math.tanh({})",
    "abs": "Math.abs({})", "sign": "Math.sign({})", "min": "Math.min({}, {})", "max": "Math.max({}, {})",
    "floor": "Math.floor({})", "mod": "({0} - {1} * Math.floor({0} / {1}))", "eq": "({} === {})",
    "ne": "({} !== {})", "and": "({} && {})", "or": "({} || {})", "not": "(!{})", "where": "({0} ? {1} : {2})",
}


class Emitter:
    """Write nodes as statements in one language.

    Parameters
    ----------
    dialect : dict of str to str
        The text of each operation.
    names : dict of Node to str
        Text of the symbols.
    prefix : str
        Beginning of the names of intermediate results.
    """

    def __init__(self, dialect, names, prefix="x"):
        self.dialect, self.text, self.prefix, self.count = dialect, dict(names), prefix, 0

    def statements(self, nodes):
        """``(name, expression)`` pairs that compute `nodes` and what they need and have no text yet."""
        result = []
        for node in walk(nodes, stop=list(self.text)):
            if node in self.text:
                continue
            if node.op == "number":
                self.text[node] = self._number(node.args[0])
            elif node.op == "symbol":
                raise KeyError(f"no text for the symbol {node}")
            else:
                self.count += 1
                name = f"{self.prefix}{self.count}"
                result.append((name, self._operation(node)))
                self.text[node] = name
        return result

    def _number(self, value):
        if isinstance(value, bool):
            return str(value).lower() if self.dialect is JAVASCRIPT else str(value)
        return f"({value!r})" if value < 0 else repr(value)

    def _operation(self, node):
        args = [self.text[a] for a in node.args]
        if node.op == "pow" and node.args[1].op == "number":
            # NumPy squares by multiplying and takes roots for 0.5; the other languages have to do the same.
            exponent = node.args[1].args[0]
            if exponent == 2:
                return f"({args[0]} * {args[0]})"
            if exponent == 0.5:
                return self.dialect["sqrt"].format(args[0])
        return self.dialect[node.op].format(*args)


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
