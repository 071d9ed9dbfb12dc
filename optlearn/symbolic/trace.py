"""Record the lines of a rule or of a surface as a graph of operations.

Symbols take the place of arrays and numbers; NumPy hands every operation on them to `Node` (NEP 13 for ufuncs,
NEP 18 for functions). Equal operations on equal operands are one node, so a quantity that a rule names is found
again wherever it is used, and the order of operations is the order in which they were written: NumPy,
JavaScript and machine code then compute the same floating-point numbers.
"""

import numbers
import weakref

import numpy as np

BINARY = {"add", "sub", "mul", "div", "pow", "min", "max", "mod", "lt", "le", "gt", "ge", "eq", "ne", "and", "or"}
UNARY = {"neg", "sqrt", "exp", "log", "sin", "cos", "tan", "tanh", "abs", "sign", "floor", "not"}
REDUCTIONS = {"sum", "count", "amax"}

_UFUNCS = {
    np.add: "add", np.subtract: "sub", np.multiply: "mul", np.true_divide: "div", np.power: "pow",
    np.float_power: "pow", np.minimum: "min", np.maximum: "max", np.fmin: "min", np.fmax: "max",
    np.remainder: "mod", np.less: "lt", np.less_equal: "le", np.greater: "gt", np.greater_equal: "ge",
    np.equal: "eq", np.not_equal: "ne", np.logical_and: "and", np.logical_or: "or", np.bitwise_and: "and",
    np.bitwise_or: "or", np.negative: "neg", np.sqrt: "sqrt", np.exp: "exp", np.log: "log", np.sin: "sin",
    np.cos: "cos", np.tan: "tan", np.tanh: "tanh", np.absolute: "abs", np.fabs: "abs", np.sign: "sign",
    np.floor: "floor", np.logical_not: "not", np.invert: "not",
}

_nodes = weakref.WeakValueDictionary()


class NotTraceable(TypeError):
    """Raised where a rule computes something that has no equation, page or kernel form; the message says what."""


class Node:
    """An operation and its operands.

    Parameters
    ----------
    op : str
        ``"symbol"``, ``"number"`` or the name of an operation.
    args : tuple
        Operands; of a symbol its name, of a number its value.
    vector : bool
        Whether the quantity has one value a coordinate. Others are computed once a step.
    """

    __slots__ = ("op", "args", "vector", "__weakref__")
    __array_priority__ = 1000

    def __new__(cls, op, args, vector):
        key = (op, tuple(id(a) if isinstance(a, Node) else (type(a), a) for a in args), vector)
        found = _nodes.get(key)
        if found is None:
            found = object.__new__(cls)
            found.op, found.args, found.vector = op, args, vector
            _nodes[key] = found
        return found

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        if ufunc is np.square and method == "__call__":
            return inputs[0] ** 2
        if method != "__call__" or keywords or ufunc not in _UFUNCS:
            what = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
            raise NotTraceable(f"numpy.{what} cannot be traced; known are "
                               + ", ".join(sorted({u.__name__ for u in _UFUNCS})))
        return apply(_UFUNCS[ufunc], *inputs)

    def __array_function__(self, function, types, args, keywords):
        known = _FUNCTIONS.get(function)
        if known is None:
            raise NotTraceable(f"numpy.{function.__name__} cannot be traced; known are "
                               + ", ".join(sorted(f.__name__ for f in _FUNCTIONS)))
        return known(*args, **keywords)

    def __bool__(self):
        raise NotTraceable("a branch on a computed value cannot be traced; write np.where(condition, a, b)")

    def __float__(self):
        raise NotTraceable("a computed value has no number while it is traced; use NumPy's functions, not math's")

    __int__ = __index__ = __float__

    def __iter__(self):
        raise NotTraceable("single coordinates of an array cannot be traced; write the rule for whole arrays")

    def __getitem__(self, item):
        self.__iter__()

    def __repr__(self):
        if self.op in ("symbol", "number"):
            return str(self.args[0])
        return f"{self.op}({', '.join(map(repr, self.args))})"

    def __add__(self, other): return apply("add", self, other)
    def __radd__(self, other): return apply("add", other, self)
    def __sub__(self, other): return apply("sub", self, other)
    def __rsub__(self, other): return apply("sub", other, self)
    def __mul__(self, other): return apply("mul", self, other)
    def __rmul__(self, other): return apply("mul", other, self)
    def __truediv__(self, other): return apply("div", self, other)
    def __rtruediv__(self, other): return apply("div", other, self)
    def __pow__(self, other): return apply("pow", self, other)
    def __rpow__(self, other): return apply("pow", other, self)
    def __mod__(self, other): return apply("mod", self, other)
    def __rmod__(self, other): return apply("mod", other, self)
    def __neg__(self): return apply("neg", self)
    def __pos__(self): return self
    def __abs__(self): return apply("abs", self)
    def __lt__(self, other): return apply("lt", self, other)
    def __le__(self, other): return apply("le", self, other)
    def __gt__(self, other): return apply("gt", self, other)
    def __ge__(self, other): return apply("ge", self, other)
    def __and__(self, other): return apply("and", self, other)
    def __or__(self, other): return apply("or", self, other)
    def __invert__(self): return apply("not", self)


def symbol(name, vector=False):
    """The symbol `name`; with ``vector=True`` one that has a value a coordinate."""
    return Node("symbol", (name,), vector)


def number(value):
    """A constant."""
    return Node("number", (value,), False)


def as_node(value):
    """`value` as a node: itself, or a constant."""
    if isinstance(value, Node):
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, (bool, np.bool_)):
        return number(bool(value))
    if isinstance(value, numbers.Integral):
        return number(int(value))
    if isinstance(value, numbers.Real):
        return number(float(value))
    raise NotTraceable(f"{type(value).__name__} cannot be traced; rules compute with numbers and the arrays "
                       "they are given")


def apply(op, *args):
    """The node of an operation."""
    args = tuple(as_node(a) for a in args)
    return Node(op, args, op not in REDUCTIONS and any(a.vector for a in args))


def _reduction(op):
    def reduce(x, axis=None, keepdims=False):
        if axis is not None:
            raise NotTraceable(f"{op} over one axis cannot be traced; only sums over all coordinates can")
        return apply(op, x)
    return reduce


def _norm(x, ord=None, axis=None, keepdims=False):
    if axis is not None or ord not in (None, 2, 1):
        raise NotTraceable("only the 1-norm and the 2-norm of all coordinates can be traced")
    return apply("sum", apply("abs", x)) if ord == 1 else apply("sqrt", apply("sum", apply("mul", x, x)))


def _clip(x, low=None, high=None, min=None, max=None):
    low, high = min if low is None else low, max if high is None else high
    if low is not None:
        x = apply("max", x, low)
    return x if high is None else apply("min", x, high)


_FUNCTIONS = {
    np.where: lambda c, a, b: apply("where", c, a, b),
    np.clip: _clip,
    np.sum: _reduction("sum"),
    np.max: _reduction("amax"),
    np.mean: lambda x, axis=None: _reduction("sum")(x, axis) / apply("count", x),
    np.size: lambda x: apply("count", x),
    np.linalg.norm: _norm,
    np.vdot: lambda a, b: apply("sum", apply("mul", a, b)),
    np.zeros_like: lambda x: 0.0 * x,
    np.ones_like: lambda x: 0.0 * x + 1.0,
    np.full_like: lambda x, value: 0.0 * x + value,
    np.copy: lambda x: x,
}


def walk(roots, stop=()):
    """All nodes below `roots`, operands before what is made of them."""
    order, seen, stop = [], set(), {id(n) for n in stop}
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            if node.op not in ("symbol", "number") and id(node) not in stop:
                stack.extend((a, False) for a in reversed(node.args) if id(a) not in seen)
    return order


_OPERATIONS = {"where": np.where, "sum": np.sum, "amax": np.max, "count": np.size,
               **{op: ufunc for ufunc, op in reversed(_UFUNCS.items())}}


def evaluate(nodes, known):
    """The values of nodes, given those of the symbols (or other nodes) that they are made of."""
    values = dict(known)
    for n in walk(nodes, stop=list(known)):
        if n not in values:
            values[n] = np.float64(n.args[0]) if n.op == "number" else \
                _OPERATIONS[n.op](*(values[a] for a in n.args))
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
    separable : bool
        Whether each coordinate of a step depends on that coordinate alone: there are no sums over all.
    rate : Node or None
        Minus the factor of the rule's `direction` in the new parameters: the learning rate that each coordinate
        effectively has.
    """

    def __init__(self, rule):
        from optlearn.symbolic.derive import ZERO, factor, sub

        self.rule, self.slots, self.draws = rule, tuple(rule.slots), tuple(rule.draws)
        if not rule.traceable:
            raise NotTraceable(f"{rule.name} cannot be traced: {rule.why_not_traceable}")
        self.declarations = _given(rule)
        transforms = []
        for transform in rule.gradient:
            renamed = {}
            for name, declaration in _given(transform).items():
                key = name
                while key in self.declarations:
                    key += "_"
                self.declarations[key], renamed[name] = declaration, symbol(key)
            transforms.append(transform.bound(renamed))
        self.parameters = list(self.declarations)
        symbolic = rule.bound({name: symbol(name) for name in _given(rule)})
        w, raw, t = symbol("w", True), symbol("g", True), symbol("t")
        start = {name: as_node(value) for name, value in symbolic.start(w).items()}
        if set(start) != set(self.slots):
            raise NotTraceable(f"{rule.name}.start gives {sorted(start)}, but slots are {sorted(self.slots)}")
        self.start = {name: start[name] for name in self.slots}
        state = {name: symbol("s." + name, self.start[name].vector) for name in self.slots}
        state.update({name: symbol("s." + name, True) for name in self.draws})
        s = type(rule).state_view(state)
        self.probe = as_node(symbolic.probe(w, s, t))
        g = raw
        for transform in transforms:
            g = as_node(transform(w, g))
        update = symbolic.update(w, g, s, t)
        named = {name: as_node(value) for name, value in update.named.items()}
        missing = set(self.slots) - set(named)
        if missing:
            raise NotTraceable(f"{rule.name}.update must name its next state {sorted(missing)} in Update(...)")
        for name in self.slots:
            if named[name].vector and not state[name].vector:
                raise NotTraceable(f"{rule.name}.start gives {name} one number, but update makes it an array")
        named["w"] = as_node(update.w)
        self.lines = {"g": g} if g is not raw else {}
        self.lines.update(_ordered(named))
        self.symbols = {"w": w, "g": raw, "t": t, **{"s." + n: x for n, x in state.items()},
                        **{p: symbol(p) for p in self.parameters}}
        self.separable = not any(n.op in REDUCTIONS for n in walk(self.lines.values()))
        direction = rule.direction
        self.rate = None
        if direction is not None:
            target = g if direction == "g" else named[direction]
            self.rate = sub(ZERO, factor(named["w"], target))


def parameter_values(rule):
    """The values of a rule's numbers in the order of its program's `parameters`; schedules as they are."""
    return [part.__dict__[name] for part in (rule, *rule.gradient) for name in _given(part)]


def _given(declared):
    """The hyperparameters that take part: those that are not left out."""
    return {name: d for name, d in declared.hypers().items() if declared.__dict__[name] is not None}


def _form(declared):
    """What makes two objects record the same program: their class, choices, and which numbers are left out."""
    return (type(declared), tuple(declared.__dict__[name] for name in declared.options()), tuple(_given(declared)))


def _ordered(named):
    """The named quantities, each after those it is made of; the new parameters last."""
    last = named["w"]
    position = {id(node): i for i, node in enumerate(walk([*named.values(), last]))}
    order = sorted((name for name in named if name != "w"), key=lambda name: position[id(named[name])])
    return {**{name: named[name] for name in order}, "w": last}


_programs = {}


def trace(rule):
    """Record a rule.

    Parameters
    ----------
    rule : Optimizer
        Its choices (options, gradient transformations) are recorded as they are; its numbers become symbols.

    Returns
    -------
    Program

    Raises
    ------
    NotTraceable
        If the rule computes something that has no equation, page or kernel form.

    Examples
    --------
    >>> import optlearn
    >>> trace(optlearn.GradientDescent()).lines
    {'w': sub(w, mul(lr, g))}
    """
    key = (_form(rule), tuple(_form(transform) for transform in rule.gradient))
    if key not in _programs:
        _programs[key] = Program(rule)
    return _programs[key]
