"""What is recorded for arrays of one shape: axes and their lengths, other arrangements of the numbers, loops."""

import functools
import inspect
import math
import operator

import numpy as np

from optlearn.state import Update
from optlearn.symbolic import shapes
from optlearn.symbolic.graph import EVALUATE, SHAPELESS, apply, as_node, now_recorded, number, refuse, symbol, walk


def of_one_shape(what):
    """Decorate a function of an array: it is refused for arrays of any shape."""
    def record(f):
        @functools.wraps(f)
        def known_shape(x, *args, **keywords):
            x = as_node(x)
            if x.extents is None:
                refuse(f"{what} {SHAPELESS}")
            return f(x, *args, **keywords)
        return known_shape
    return record


def axes(x, axis):
    """The axes of an array that are meant."""
    ndim = len(x.extents)
    try:
        return tuple(range(ndim)) if axis is None else shapes.axes(axis, ndim)
    except (TypeError, ValueError):
        refuse(f"axis = {axis!r} is none of an array of shape {x.extents}")


def extent(x, over):
    """How many numbers lie along axes."""
    lengths = [apply("extent", number(x.extents[i]), axis=i) for i in over]
    return functools.reduce(lambda a, b: apply("mul", a, b), lengths, *([] if lengths else [number(1)]))


@of_one_shape("the shape of an array")
def shape(x):
    """The lengths of the axes: numbers that lines can branch on, with letters in the equation."""
    return tuple(extent(x, (i,)) for i in range(len(x.extents)))


@of_one_shape("the dtype of an array")
def dtype(x):
    """Pages and kernels compute in float64."""
    return np.dtype(np.float64)


@of_one_shape("the transpose")
def transpose(x):
    """Rows as columns."""
    return apply("transpose", x) if len(x.extents) > 1 else x


@of_one_shape("reshape")
def reshape(x, *given, order="C", shape=None):
    """The same numbers in another shape."""
    given = (shape,) if shape is not None else given
    given = given[0] if len(given) == 1 and isinstance(given[0], (tuple, list)) else given
    if order != "C":
        refuse(f"reshape with order={order!r} cannot be traced")
    wanted = [operator.index(n) for n in given]
    if wanted.count(-1) == 1:
        wanted[wanted.index(-1)] = math.prod(x.extents) // max(1, -math.prod(wanted))
    return x if tuple(wanted) == x.extents else apply("reshape", x, shape=tuple(wanted))


def outer(a, b):
    """The products of all entries of two vectors."""
    return reshape(a, -1, 1) * reshape(b, 1, -1)


@of_one_shape("repeat")
def repeat(x, body, times):
    """The loop of `optlearn.matrices.repeat`, as one node."""
    now = now_recorded()
    name = next(iter(inspect.signature(body).parameters))
    inside = symbol(f"@{now.depth}.{name}", x.vector, x.extents)
    now.depth += 1
    try:
        made = body(inside)
    finally:
        now.depth -= 1
    named = {key: as_node(value) for key, value in made.named.items()} if isinstance(made, Update) else {}
    result = as_node(made.w if isinstance(made, Update) else made)
    if result.extents != x.extents:
        refuse(f"repeat: {body.__name__} makes an array of shape {result.extents} from one of {x.extents}; it must "
               "keep the shape")
    loop = Loop(inside, result, named, times)
    return apply("repeat", x, *loop.outer, loop=loop)


class Loop:
    """The body of a recorded loop.

    Attributes
    ----------
    symbol, result : Node
        What a turn gets, and what it makes of it.
    named : dict of str to Node
        What the body names, in the order in which it is computed.
    times : int
        Number of turns.
    nodes, outer : list of Node
        What changes from turn to turn, operands before what is made of them; and what is computed before the loop.
    """

    def __init__(self, inside, result, named, times):
        self.symbol, self.result, self.times = inside, result, times
        order = walk([*named.values(), result])
        place = {id(n): i for i, n in enumerate(order)}
        self.named = dict(sorted(named.items(), key=lambda item: place[id(item[1])]))
        self.nodes, changing, before = [], {id(inside)}, {}
        for n in order:
            if n.op not in ("symbol", "number") and any(id(a) in changing for a in n.args):
                changing.add(id(n))
                self.nodes.append(n)
        for n in (*(a for node in self.nodes for a in node.args), result, *named.values()):
            if id(n) not in changing:
                before[id(n)] = n
        self.outer = list(before.values())
        self._key = (id(inside), id(result), times, tuple((name, id(n)) for name, n in self.named.items()))

    def __eq__(self, other):
        return isinstance(other, Loop) and self._key == other._key

    def __hash__(self):
        return hash(self._key)

    def run(self, first, *outer):
        """What the turns make of a value."""
        values = {id(n): value for n, value in zip(self.outer, outer, strict=True)}
        for _ in range(self.times):
            values[id(self.symbol)] = first
            for n in self.nodes:
                values[id(n)] = EVALUATE[n.op](*(values[id(a)] for a in n.args), **dict(n.detail))
            first = values[id(self.result)]
        return first
