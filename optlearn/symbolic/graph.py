"""The graph of operations that the lines of a rule or of a surface are recorded as.

Symbols take the place of arrays and numbers; NumPy hands every operation on them to `Node` (NEP 13 for ufuncs,
NEP 18 for functions). Equal operations on equal operands are one node, so a quantity that a rule names is found
again wherever it is used, and the order of operations is the order in which they were written: NumPy,
JavaScript and machine code then compute the same floating-point numbers.

Which operations there are, stands in `operations.py`. What has no recorded form is refused while it is recorded,
also where the lines would swallow the refusal: a recording that went another way than the numbers go is worse than
none.
"""

import contextlib
import math
import numbers
import threading
import weakref

import numpy as np

from optlearn.explain import place_now, said_at
from optlearn.symbolic import shapes

# Filled by `operations`: what NumPy's ufuncs, NumPy's functions and the methods of arrays are recorded as; NumPy's
# function of an operation; and the shape of what is not made element by element, from those of its operands.
UFUNCS, FUNCTIONS, METHODS, EVALUATE, SHAPES = {}, {}, {}, {}, {}
REDUCTIONS = {"sum", "prod", "amax", "amin", "count"}
ARITHMETIC = {"add", "sub", "mul", "div", "pow", "mod", "floordiv"}
BOOLEAN = {"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "isnan", "isfinite"}

_nodes = weakref.WeakValueDictionary()
_here = threading.local()


class NotTraceable(TypeError):
    """Raised where a rule computes something that has no equation, page or kernel form; the message says what."""


class _NoSuchAttribute(NotTraceable, AttributeError):
    """Lets ``getattr(array, name, default)`` go on; the recording is refused at its end."""


class Recording:
    """What is noted while lines are recorded.

    Attributes
    ----------
    refused : NotTraceable or None
        The first thing that has no recorded form.
    vectors_only : bool
        Whether the lines mean what was recorded for arrays of one axis only, as ``g @ g`` does.
    inside : bool
        Whether the reader's lines are running.
    concrete : bool
        Whether arrays are recorded with their shapes.
    depth : int
        How many loops are being recorded, one in the other.
    """

    def __init__(self):
        self.refused, self.vectors_only, self.inside, self.concrete, self.depth = None, False, True, False, 0


@contextlib.contextmanager
def recording():
    """Record: what has no form is refused at the end, even if the lines went on after it."""
    before, mine = getattr(_here, "recording", None), Recording()
    _here.recording = mine
    try:
        yield mine
    except Exception:
        if mine.refused is None:
            raise
        raise mine.refused from None
    finally:
        _here.recording = before
    if mine.refused is not None:
        raise mine.refused


def refuse(sentence, kind=NotTraceable):
    """Raise, and remember that something was refused, and in which line."""
    now = getattr(_here, "recording", None)
    if now is None:
        raise kind(sentence)
    error = kind(sentence + (said_at(place_now()) if now.inside else ""))
    if now.refused is None:
        now.refused = error
    raise error


def now_recorded():
    """The `Recording` that is going on, or None."""
    return getattr(_here, "recording", None)


def note_vectors_only():
    """The lines that are recorded mean this for arrays of one axis only."""
    now = getattr(_here, "recording", None)
    if now is not None:
        now.vectors_only = True


BRANCH = "a branch on a computed value cannot be traced; write np.where(condition, a, b)"
SHAPELESS = ("is known for arrays of one shape only; a rule that needs it says takes_matrices = True in its class, and "
             "is recorded for each shape")
NUMBER = "a computed value has no number while it is traced; use NumPy's functions, not math's"
SINGLE = "single coordinates of an array cannot be traced; write the rule for whole arrays"


def _refusing(sentence):
    return lambda self, *args, **keywords: refuse(sentence)


def _number(kind, sentence=NUMBER):
    """A conversion to a number of Python: of lengths and what is made of them; of anything else it is refused."""
    def convert(self):
        value = known(self)
        return refuse(sentence) if value is None else kind(value)
    return convert


def known(node):
    """The value of a number that is made of the lengths of axes and of constants; None of any other."""
    if node.op == "number":
        return node.args[0]
    if node.vector or node.op == "symbol" or node.op in REDUCTIONS:
        return None
    values = [known(a) for a in node.args]
    return None if None in values else EVALUATE[node.op](*values, **dict(node.detail))


class Node:
    """An operation and its operands.

    Parameters
    ----------
    op : str
        ``"symbol"``, ``"number"`` or the name of an operation.
    args : tuple
        Operands; of a symbol its name, of a number its value.
    shape : tuple of int or None
        ``()`` of a number, which is computed once a step; of an array its shape, or None where it may have any.
    detail : tuple of (str, object)
        What else tells the operation: the axis of a sum, the turns of a loop.

    Attributes
    ----------
    vector : bool
        Whether the quantity is an array: it has one value a coordinate.
    """

    __slots__ = ("op", "args", "extents", "vector", "detail", "__weakref__")
    __array_priority__ = 1000

    def __new__(cls, op, args, shape, detail=()):
        key = (op, tuple(id(a) if isinstance(a, Node) else _literal(a) for a in args), shape, detail)
        found = _nodes.get(key)
        if found is None:
            found = object.__new__(cls)
            found.op, found.args, found.extents, found.detail = op, args, shape, detail
            found.vector = shape != ()
            _nodes[key] = found
        return found

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        if method == "__call__" and not keywords and _beside(*inputs):
            return _each(ufunc, inputs)
        if method != "__call__" or keywords or ufunc not in UFUNCS:
            name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
            what = f"numpy.{name} with {', '.join(keywords)}=" if keywords and method == "__call__" else f"numpy.{name}"
            refuse(f"{what} cannot be traced; known are " + ", ".join(sorted({u.__name__ for u in UFUNCS})))
        return UFUNCS[ufunc](*inputs)

    def __array_function__(self, function, types, args, keywords):
        known = FUNCTIONS.get(function)
        if known is None:
            refuse(f"numpy.{function.__name__} cannot be traced; known are "
                   + ", ".join(sorted(f.__name__ for f in FUNCTIONS)))
        try:
            return known(*args, **keywords)
        except NotTraceable:
            raise
        except TypeError:
            refuse(f"numpy.{function.__name__} cannot be traced with these arguments")

    def __getattr__(self, name):
        if name.startswith("__"):  # protocols that Python and NumPy ask for
            raise AttributeError(name)
        if name in METHODS:
            return METHODS[name](self)
        refuse(f".{name} of an array or of the step number cannot be traced; known are "
               + ", ".join("." + known for known in sorted(METHODS) if hasattr(np.ndarray, known)), _NoSuchAttribute)

    def __hash__(self):
        if getattr(_here, "recording", None) is not None:
            refuse("a computed value cannot be looked up in a dictionary or a set while it is traced; "
                   "write np.where(condition, a, b)")
        return id(self)

    def __repr__(self):
        if getattr(_here, "recording", None) is not None:
            refuse("the text of a computed value cannot be traced; it has no digits yet")
        return describe(self)

    def __len__(self):
        if not self.vector:  # NumPy asks, while it makes an array of single numbers
            raise TypeError("a single number has no length")
        if self.extents:
            return self.extents[0]
        refuse("len(...) and np.array(...) of an array cannot be traced; write .size, or the array itself")

    __bool__ = _number(bool, BRANCH)
    __float__, __int__, __index__ = _number(float), _number(int), _number(int)
    __complex__ = __round__ = _refusing(NUMBER)
    __iter__ = __getitem__ = __setitem__ = _refusing(SINGLE)
    __contains__ = _refusing(BRANCH)
    __format__ = _refusing("the text of a computed value cannot be traced; it has no digits yet")
    __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = __xor__ = __rxor__ = _refusing(
        "<<, >> and ^ cannot be traced; write a product, a power or np.where")
    __divmod__ = __rdivmod__ = _refusing("divmod cannot be traced; write // and %")

    def __add__(self, other): return binary("add", self, other)
    def __radd__(self, other): return binary("add", other, self)
    def __sub__(self, other): return binary("sub", self, other)
    def __rsub__(self, other): return binary("sub", other, self)
    def __mul__(self, other): return binary("mul", self, other)
    def __rmul__(self, other): return binary("mul", other, self)
    def __truediv__(self, other): return binary("div", self, other)
    def __rtruediv__(self, other): return binary("div", other, self)
    def __floordiv__(self, other): return binary("floordiv", self, other)
    def __rfloordiv__(self, other): return binary("floordiv", other, self)
    def __pow__(self, other): return binary("pow", self, other)
    def __rpow__(self, other): return binary("pow", other, self)
    def __mod__(self, other): return binary("mod", self, other)
    def __rmod__(self, other): return binary("mod", other, self)
    def __matmul__(self, other): return UFUNCS[np.matmul](self, other)
    def __rmatmul__(self, other): return UFUNCS[np.matmul](other, self)
    def __neg__(self): return UFUNCS[np.negative](self)
    def __pos__(self): return self
    def __abs__(self): return apply("abs", self)
    def __floor__(self): return apply("floor", self)
    def __ceil__(self): return apply("ceil", self)
    def __trunc__(self): return apply("trunc", self)
    def __eq__(self, other): return binary("eq", self, other)
    def __ne__(self, other): return binary("ne", self, other)
    def __lt__(self, other): return binary("lt", self, other)
    def __le__(self, other): return binary("le", self, other)
    def __gt__(self, other): return binary("gt", self, other)
    def __ge__(self, other): return binary("ge", self, other)
    def __and__(self, other): return bitwise("and", self, other)
    def __rand__(self, other): return bitwise("and", other, self)
    def __or__(self, other): return bitwise("or", self, other)
    def __ror__(self, other): return bitwise("or", other, self)
    def __invert__(self): return bitwise("not", self)


def _literal(value):
    """What tells constants apart: 1 from 1.0 and from True, and 0.0 from -0.0."""
    return type(value), value, math.copysign(1.0, value) if isinstance(value, float) else 1.0


def _each(ufunc, inputs):
    """A ufunc on arrays whose entries are recorded one by one, as ``np.array([x, y]) * x`` in a surface."""
    arrays = []
    for x in inputs:
        if isinstance(x, Node):
            if x.vector:
                refuse("an array that was made beside the rule's own cannot be traced; rules compute with numbers and "
                       "the arrays they are given")
            x, node = np.empty((), dtype=object), x
            x[()] = node
        arrays.append(np.asarray(x, dtype=object))
    return ufunc(*arrays)


def describe(node):
    """A node in words."""
    if node.op in ("symbol", "number"):
        return str(node.args[0])
    return f"{node.op}({', '.join(map(describe, node.args))})"


def symbol(name, vector=False, shape=None):
    """The symbol `name`; with ``vector=True`` one that has a value a coordinate: of any shape, or of one."""
    return Node("symbol", (name,), shape if vector else ())


def number(value):
    """A constant."""
    return Node("number", (value,), ())


def _beside(*values):
    """Whether one of the values is an array that is no symbol, and is not taken as a constant."""
    arrays = [x for x in values if isinstance(x, np.ndarray) and x.ndim]
    now = now_recorded()
    return bool(arrays) and (now is None or not now.concrete or any(x.dtype.kind not in "fiub" for x in arrays))


def as_node(value):
    """`value` as a node: itself, or a constant."""
    if isinstance(value, Node):
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
        if isinstance(value, Node):
            return value
    if isinstance(value, (bool, np.bool_)):
        return number(bool(value))
    if isinstance(value, numbers.Integral):
        return number(int(value) if abs(value) <= 2**53 else float(value))
    if isinstance(value, numbers.Real):
        return number(float(value))
    now = now_recorded()
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub" and now is not None and now.concrete:
        data = tuple(value.astype(float).ravel().tolist())
        return Node("array", (), value.shape, (("data", data), ("shape", value.shape)))
    what = f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
    refuse(f"{what} cannot be traced; rules compute with numbers and the arrays they are given")


def apply(op, *args, **detail):
    """The node of an operation."""
    args = tuple(as_node(a) for a in args)
    if op in SHAPES:
        return Node(op, args, _shape(SHAPES[op], op, args, **detail), tuple(detail.items()))
    return Node(op, args, _shape(shapes.broadcast, op, args))


def _shape(rule, op, args, **detail):
    """The shape that a rule of shapes gives; a refusal where the operands do not fit."""
    try:
        return rule(*(a.extents for a in args), **detail)
    except ValueError:
        refuse(f"{op} of arrays of the shapes {' and '.join(str(a.extents) for a in args)} cannot be traced: they do "
               "not fit together")


def is_boolean(node):
    """Whether a quantity is True or False in NumPy."""
    if node.op in BOOLEAN:
        return True
    if node.op == "number":
        return isinstance(node.args[0], bool)
    if node.op in ("where", "fill"):
        return all(is_boolean(a) for a in (node.args[1:] if node.op == "where" else node.args[:1]))
    return False


def binary(op, a, b):
    """An operator of two operands, of which the other may be an array of recorded entries."""
    if a.__class__ is not Node or b.__class__ is not Node:
        if _beside(a, b):
            return NotImplemented
        a, b = as_node(a), as_node(b)
    if op in ARITHMETIC and is_boolean(a) and is_boolean(b):
        refuse("arithmetic of two conditions cannot be traced (in NumPy True + True is True); "
               "write np.where(condition, 1.0, 0.0)")
    one, other = a.extents, b.extents
    return Node(op, (a, b), other if one == () else one if other == () or one == other else
                _shape(shapes.broadcast, op, (a, b)))


def logical(op, *args):
    """Numbers as conditions are those that are not zero."""
    return apply(op, *(a if is_boolean(a) else apply("ne", a, 0) for a in map(as_node, args)))


def bitwise(op, *args):
    """&, | and ~ of conditions; of numbers they would work on bits."""
    args = [as_node(a) for a in args]
    if not all(map(is_boolean, args)):
        refuse("&, | and ~ of numbers work on their bits, which cannot be traced; compare first, as in "
               "(g > 0) & (w > 0)")
    return apply(op, *args)


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
