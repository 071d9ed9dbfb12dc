"""The table of operations: what NumPy calls each, its text in every language, its derivative, its LaTeX.

A new operation is one row of `TABLE`. Below it stand NumPy's other names for what the rows can express.
"""

from dataclasses import dataclass

import numpy as np

from optlearn.matrices import sympower
from optlearn.symbolic import shapes
from optlearn.symbolic.concrete import axes, dtype, extent, outer, repeat, reshape, shape, transpose
from optlearn.symbolic.graph import (
    EVALUATE,
    FUNCTIONS,
    METHODS,
    SHAPELESS,
    SHAPES,
    UFUNCS,
    Node,
    apply,
    as_node,
    binary,
    bitwise,
    is_boolean,
    logical,
    note_vectors_only,
    now_recorded,
    number,
    refuse,
    walk,
)

ZERO, ONE = number(0), number(1)


@dataclass(frozen=True)
class Operation:
    """One row of the table.

    Attributes
    ----------
    evaluate : callable
        NumPy's function of the operands.
    numpy, kernel, javascript : str
        Texts with a place ``{}`` an operand: for arrays of NumPy, for single numbers in a kernel, for a page. Of a
        reduction: over the first axis, and for the page how a value is taken in.
    derivative : callable or None
        Of the derivatives so far, the node and its operands; None where the value changes by jumps only.
    tex : str
        LaTeX of the name where it is printed as a function or a sign.
    start, fold : float, str
        Of a reduction: the value over nothing, and the operation that takes in a further value.
    shape : callable or None
        Of what is not made element by element: the shape of the result, from those of the operands (`shapes`).
        `loops.Loops` writes it for pages and kernels.
    """

    evaluate: object
    numpy: str
    kernel: str
    javascript: str
    derivative: object = None
    tex: str = ""
    start: float | None = None
    fold: str = ""
    shape: object = None


# Sums and products without zeros and ones, for derivatives.


def add(a, b):
    """Sum without zeros."""
    return b if a is ZERO else a if b is ZERO else apply("add", a, b)


def sub(a, b):
    """Difference without zeros."""
    return a if b is ZERO else negative(b) if a is ZERO else apply("sub", a, b)


def negative(a):
    """The same with the other sign, which goes into a number if there is one in front: that rounds nothing.

    Examples
    --------
    >>> from optlearn.symbolic.graph import symbol
    >>> negative(2 * symbol("x"))
    mul(-2, x)
    """
    if a.op == "neg":
        return a.args[0]
    if a.op == "number":
        return number(-a.args[0])
    if a.op == "mul" and a.args[0].op == "number":
        return mul(number(-a.args[0].args[0]), a.args[1])
    return apply("neg", a)


def mul(a, b):
    """Product without zeros and ones."""
    if a is ZERO or b is ZERO:
        return ZERO
    if a.op == "number" and b.op == "number":
        return number(a.args[0] * b.args[0])
    if b.op == "number" and b.args[0] == -1:
        return negative(a)
    return b if a is ONE else a if b is ONE else apply("mul", a, b)


def div(a, b):
    """Quotient without zeros."""
    return ZERO if a is ZERO else apply("div", a, b)


def chain(a, d):
    """Product ``a d`` of the chain rule: zero where `a` is, even if `d` overflows as in exp(-exp(x))."""
    product = mul(a, d)
    if product is not ZERO and a.op != "number" and any(n.op in ("exp", "expm1", "sinh", "cosh") for n in walk([d])):
        return apply("where", apply("eq", a, 0), ZERO, product)
    return product


def _power(d, node, a, b):
    if b.op == "number":
        n = b.args[0]
        inner = a if n == 2 else ONE if n == 1 else apply("pow", a, number(n - 1))
        return ZERO if n == 0 else chain(mul(number(n), inner), d[a])
    grown = chain(mul(b, apply("pow", a, sub(b, ONE))), d[a])
    return add(grown, mul(mul(node, apply("log", a)), d[b])) if d[b] is not ZERO else grown


def _where(condition, a, b):
    return ZERO if a is ZERO and b is ZERO else apply("where", condition, a, b)


def _underived(d, n, *operands):
    refuse(f"{n.op} has no derivative here; write the formula of single numbers")


def _size(a, b):
    return apply("add", apply("mul", a, a), apply("mul", b, b))


def _of(name):
    """The texts of a function whose name is NumPy's and JavaScript's: one, or two with a blank between."""
    here, _, there = name.partition(" ")
    return f"np.{here}({{}})", f"np.{here}({{}})", f"Math.{there or here}({{}})"


def _sign(text, javascript=None):
    return text, text, javascript or text


# In JavaScript % has the sign of the dividend, in NumPy that of the divisor.
_MOD = "((a, b) => {{ const m = a % b; return m && (m < 0) !== (b < 0) ? m + b : m; }})({}, {})"
_FLOORDIV = ("((a, b) => {{ const m = a % b, q = (a - m) / b - (m && (m < 0) !== (b < 0) ? 1 : 0), f = Math.floor(q); "
             "return !b ? a / b : q !== 0 ? (q - f > 0.5 ? f + 1 : f) : 0 * Math.sign(a / b); }})({}, {})")
_LOGADDEXP = ("((a, b) => a === b ? a + Math.LN2 : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))))"
              "({}, {})")

TABLE = {
    "add": Operation(np.add, *_sign("({} + {})"), lambda d, n, a, b: add(d[a], d[b])),
    "sub": Operation(np.subtract, *_sign("({} - {})"), lambda d, n, a, b: sub(d[a], d[b])),
    "mul": Operation(np.multiply, *_sign("({} * {})"), lambda d, n, a, b: add(chain(b, d[a]), chain(a, d[b]))),
    "div": Operation(np.true_divide, *_sign("({} / {})"),
                     lambda d, n, a, b: sub(div(d[a], b), ZERO if d[b] is ZERO else chain(apply("div", n, b), d[b]))),
    "pow": Operation(np.power, *_sign("({} ** {})", "Math.pow({}, {})"), _power),
    "mod": Operation(np.remainder, *_sign("({} % {})", _MOD),
                     lambda d, n, a, b: sub(d[a], mul(apply("floor", apply("div", a, b)), d[b]))),
    "floordiv": Operation(np.floor_divide, *_sign("({} // {})", _FLOORDIV)),
    "min": Operation(np.minimum, *_sign("np.minimum({}, {})", "Math.min({}, {})"),
                     lambda d, n, a, b: _where(apply("le", a, b), d[a], d[b]), r"\min"),
    "max": Operation(np.maximum, *_sign("np.maximum({}, {})", "Math.max({}, {})"),
                     lambda d, n, a, b: _where(apply("ge", a, b), d[a], d[b]), r"\max"),
    "arctan2": Operation(np.arctan2, *_sign("np.arctan2({}, {})", "Math.atan2({}, {})"),
                         lambda d, n, a, b: sub(div(mul(b, d[a]), _size(a, b)), div(mul(a, d[b]), _size(a, b))),
                         r"\operatorname{atan2}"),
    "hypot": Operation(np.hypot, *_sign("np.hypot({}, {})", "Math.hypot({}, {})"),
                       lambda d, n, a, b: add(mul(apply("div", a, n), d[a]), mul(apply("div", b, n), d[b])),
                       r"\operatorname{hypot}"),
    "logaddexp": Operation(np.logaddexp, *_sign("np.logaddexp({}, {})", _LOGADDEXP),
                           lambda d, n, a, b: add(mul(apply("exp", a - n), d[a]), mul(apply("exp", b - n), d[b])),
                           r"\operatorname{logaddexp}"),
    "neg": Operation(np.negative, *_sign("(-{})"), lambda d, n, a: sub(ZERO, d[a])),
    "sqrt": Operation(np.sqrt, *_of("sqrt"), lambda d, n, a: div(d[a], mul(number(2), n))),
    "cbrt": Operation(np.cbrt, *_of("cbrt"), lambda d, n, a: div(d[a], 3 * (n * n)), r"\operatorname{cbrt}"),
    "exp": Operation(np.exp, *_of("exp"), lambda d, n, a: chain(n, d[a]), r"\exp"),
    "expm1": Operation(np.expm1, *_of("expm1"), lambda d, n, a: chain(apply("exp", a), d[a]), r"\operatorname{expm1}"),
    "log": Operation(np.log, *_of("log"), lambda d, n, a: div(d[a], a), r"\log"),
    "log1p": Operation(np.log1p, *_of("log1p"), lambda d, n, a: div(d[a], 1 + a), r"\operatorname{log1p}"),
    "log2": Operation(np.log2, *_of("log2"), lambda d, n, a: div(d[a], a * float(np.log(2))), r"\log_2"),
    "log10": Operation(np.log10, *_of("log10"), lambda d, n, a: div(d[a], a * float(np.log(10))), r"\log_{10}"),
    "sin": Operation(np.sin, *_of("sin"), lambda d, n, a: chain(apply("cos", a), d[a]), r"\sin"),
    "cos": Operation(np.cos, *_of("cos"), lambda d, n, a: sub(ZERO, chain(apply("sin", a), d[a])), r"\cos"),
    "tan": Operation(np.tan, *_of("tan"), lambda d, n, a: chain(add(ONE, mul(n, n)), d[a]), r"\tan"),
    "arcsin": Operation(np.arcsin, *_of("arcsin asin"), lambda d, n, a: div(d[a], np.sqrt(1 - a * a)), r"\arcsin"),
    "arccos": Operation(np.arccos, *_of("arccos acos"), lambda d, n, a: sub(ZERO, div(d[a], np.sqrt(1 - a * a))),
                        r"\arccos"),
    "arctan": Operation(np.arctan, *_of("arctan atan"), lambda d, n, a: div(d[a], 1 + a * a), r"\arctan"),
    "sinh": Operation(np.sinh, *_of("sinh"), lambda d, n, a: chain(apply("cosh", a), d[a]), r"\sinh"),
    "cosh": Operation(np.cosh, *_of("cosh"), lambda d, n, a: chain(apply("sinh", a), d[a]), r"\cosh"),
    "tanh": Operation(np.tanh, *_of("tanh"), lambda d, n, a: chain(sub(ONE, mul(n, n)), d[a]), r"\tanh"),
    "arcsinh": Operation(np.arcsinh, *_of("arcsinh asinh"), lambda d, n, a: div(d[a], np.sqrt(1 + a * a)),
                         r"\operatorname{arsinh}"),
    "abs": Operation(np.absolute, *_of("abs"), lambda d, n, a: mul(apply("sign", a), d[a])),
    "sign": Operation(np.sign, *_of("sign"), None, r"\operatorname{sign}"),
    "floor": Operation(np.floor, *_of("floor")),
    "ceil": Operation(np.ceil, *_of("ceil")),
    "trunc": Operation(np.trunc, *_of("trunc"), None, r"\operatorname{trunc}"),
    "lt": Operation(np.less, *_sign("({} < {})"), None, "<"),
    "le": Operation(np.less_equal, *_sign("({} <= {})"), None, r"\le"),
    "gt": Operation(np.greater, *_sign("({} > {})"), None, ">"),
    "ge": Operation(np.greater_equal, *_sign("({} >= {})"), None, r"\ge"),
    "eq": Operation(np.equal, *_sign("({} == {})"), None, "="),
    "ne": Operation(np.not_equal, *_sign("({} != {})"), None, r"\ne"),
    "and": Operation(np.logical_and, "np.logical_and({}, {})", "(bool({}) & bool({}))", "({} && {})", None,
                     r"\text{ and }"),
    "or": Operation(np.logical_or, "np.logical_or({}, {})", "(bool({}) | bool({}))", "({} || {})", None,
                    r"\text{ or }"),
    "not": Operation(np.logical_not, "np.logical_not({})", "(not {})", "(!{})"),
    "isnan": Operation(np.isnan, *_sign("np.isnan({})", "Number.isNaN({})"), None, r"\operatorname{isnan}"),
    "isfinite": Operation(np.isfinite, *_sign("np.isfinite({})", "Number.isFinite({})"), None,
                          r"\operatorname{isfinite}"),
    "where": Operation(np.where, "np.where({}, {}, {})", "({1} if {0} else {2})", "({0} ? {1} : {2})",
                       lambda d, n, c, a, b: _where(c, d[a], d[b])),
    # One number in the shape of an array.
    "fill": Operation(lambda value, like: np.full(np.shape(like), value), "np.full(np.shape({1}), {0})", "{0}", "{0}",
                      lambda d, n, value, like: d[value]),
    "sum": Operation(np.sum, "np.sum({}, 0)", "total({}, n)", "{} += {};", start=-0.0, fold="add", shape=shapes.over),
    "prod": Operation(np.prod, "np.prod({}, 0)", "{}.prod()", "{} *= {};", None, r"\textstyle\prod_i", 1, "mul",
                      shapes.over),
    "amax": Operation(np.max, "np.max({}, 0)", "{}.max()", "{0} = Math.max({0}, {1});", None, r"\max_i", -np.inf,
                      "max", shapes.over),
    "amin": Operation(np.min, "np.min({}, 0)", "{}.min()", "{0} = Math.min({0}, {1});", None, r"\min_i", np.inf,
                      "min", shapes.over),
    "count": Operation(np.size, "len({})", "n", "{0} += 1;", None, "d", 0, "add", shapes.over),
    # What is recorded for arrays of one shape.
    "matmul": Operation(np.matmul, "", "", "", _underived, shape=shapes.product),
    "transpose": Operation(np.transpose, "", "", "", _underived, shape=shapes.turned),
    "reshape": Operation(np.reshape, "", "", "", _underived, shape=shapes.reshaped),
    "sympower": Operation(sympower, "", "", "", _underived, shape=shapes.square),
    "repeat": Operation(lambda *operands, loop: loop.run(*operands), "", "", "", _underived,
                        shape=lambda first, *others, loop: loop.result.extents),
    "array": Operation(lambda data, shape: np.reshape(data, shape), "", "", "", _underived,
                       shape=lambda data, shape: shape),
    # The length of an axis.
    "extent": Operation(lambda n, axis: n, *_sign("{}"), shape=lambda n, axis: ()),
}
EVALUATE.update({op: row.evaluate for op, row in TABLE.items()})
SHAPES.update({op: row.shape for op, row in TABLE.items() if row.shape})

# Constants that a language writes in its own way.
SPECIAL = {"numpy": {"inf": "np.inf", "-inf": "(-np.inf)", "nan": "np.nan"},
           "kernel": {"inf": "np.inf", "-inf": "(-np.inf)", "nan": "np.nan"},
           "javascript": {"inf": "Infinity", "-inf": "(-Infinity)", "nan": "NaN", "True": "true", "False": "false"}}


# What else NumPy calls them, and what can be said with them.


def _recorded(op):
    def record(*args):
        if op in ("and", "or", "not"):
            return logical(op, *args)
        if op == "neg" and is_boolean(as_node(args[0])):
            refuse("minus a condition cannot be traced (NumPy refuses it too); write np.where(condition, -1.0, 0.0)")
        return binary(op, *args) if len(args) == 2 else apply(op, *args)
    return record


def _dot(a, b):
    a, b = as_node(a), as_node(b)
    if not (a.vector and b.vector):
        return apply("mul", a, b)
    if a.extents:
        return apply("matmul", a, b)
    note_vectors_only()
    return apply("sum", apply("mul", a, b))


def _matmul(a, b):
    now = now_recorded()
    if (now is None or not now.concrete) and not all(isinstance(x, Node) and x.vector for x in (a, b)):
        refuse("@ with a number or an array made beside the rule's own cannot be traced; write a product and np.sum")
    a, b = as_node(a), as_node(b)
    if not (a.vector and b.vector):
        refuse("@ with a number cannot be traced (NumPy refuses it too); write *")
    return _dot(a, b)


def _reduction(op):
    def reduce(x, axis=None, *, keepdims=False):
        x = as_node(x)
        if x.extents:
            over = axes(x, axis)
            if len(over) == len(x.extents) and not keepdims:
                return extent(x, over) if op == "count" else apply(op, x)
            return extent(x, over) if op == "count" else apply(op, x, axis=over, keepdims=bool(keepdims))
        if axis is not None:
            if axis not in (0, -1):
                refuse(f"np.{op} over axis {axis} cannot be traced; arrays are recorded with one axis. The axis "
                       + SHAPELESS)
            note_vectors_only()
        if not x.vector:
            return ONE if op == "count" else x
        return apply(op, x)
    return reduce


_sum, _count = _reduction("sum"), _reduction("count")


def _mean(x, axis=None, *, keepdims=False):
    return _sum(x, axis, keepdims=keepdims) / _count(x, axis)


def _variance(x, axis=None, *, ddof=0, keepdims=False):
    away = as_node(x) - _mean(x, axis, keepdims=bool(as_node(x).extents))
    return _sum(away * away, axis, keepdims=keepdims) / (_count(x, axis) - ddof if ddof else _count(x, axis))


def _norm(x, ord=None, axis=None, keepdims=False):
    x = as_node(x)
    if x.extents and len(x.extents) > 1:
        if ord not in (None, "fro") and axis is None or ord is not None and axis is not None:
            refuse("of a matrix only the Frobenius norm, and the 2-norm along an axis, can be traced")
        return apply("sqrt", _sum(apply("mul", x, x), axis, keepdims=keepdims))
    if axis not in (None, 0, -1) or ord not in (None, 1, 2, np.inf):
        refuse("only the 1-norm, the 2-norm and the largest size of all coordinates can be traced")
    if ord is not None or axis is not None:
        note_vectors_only()  # of a matrix these are other norms
    if not x.vector:
        return apply("abs", x)
    if ord in (None, 2):
        return apply("sqrt", apply("sum", apply("mul", x, x)))
    return apply("sum" if ord == 1 else "amax", apply("abs", x))


def _clip(x, low=None, high=None, *, min=None, max=None):
    low, high = min if low is None else low, max if high is None else high
    if low is not None:
        x = apply("max", x, low)
    return x if high is None else apply("min", x, high)


def _choose(condition, a, b):
    condition = as_node(condition)
    return apply("where", condition if is_boolean(condition) else apply("ne", condition, 0), a, b)


def _full(x, value):
    x, value = as_node(x), as_node(value)
    return apply("fill", value, x) if x.vector and not value.vector else value


UFUNCS.update({row.evaluate: _recorded(op) for op, row in TABLE.items() if isinstance(row.evaluate, np.ufunc)})
UFUNCS.update({
    np.float_power: _recorded("pow"), np.fabs: _recorded("abs"), np.matmul: _matmul, np.vecdot: _dot,
    np.square: lambda a: as_node(a) ** 2, np.reciprocal: lambda a: 1.0 / as_node(a), np.positive: as_node,
    np.bitwise_and: lambda a, b: bitwise("and", a, b), np.bitwise_or: lambda a, b: bitwise("or", a, b),
    np.invert: lambda a: bitwise("not", a), np.deg2rad: lambda a: as_node(a) * (np.pi / 180),
    np.radians: lambda a: as_node(a) * (np.pi / 180),
})
FUNCTIONS.update({
    np.where: _choose, np.clip: _clip, np.sum: _sum, np.prod: _reduction("prod"), np.max: _reduction("amax"),
    np.min: _reduction("amin"), np.mean: _mean, np.var: _variance,
    np.std: lambda x, axis=None, **more: np.sqrt(_variance(x, axis, **more)),
    np.size: _count, np.linalg.norm: _norm, np.dot: _dot, np.inner: _dot,
    np.vdot: lambda a, b: _sum(as_node(a) * b),
    np.zeros_like: lambda x: _full(x, 0.0), np.ones_like: lambda x: _full(x, 1.0), np.full_like: _full,
    np.copy: as_node, np.shape: shape, np.ndim: lambda x: len(shape(x)), np.transpose: transpose, np.reshape: reshape,
    np.ravel: lambda x: reshape(x, -1), np.outer: outer,
})
# Methods and attributes of arrays; the elementwise ones serve arrays of recorded entries, as np.exp(np.array([x, y])).
METHODS.update({
    **{name: lambda x, f=f: lambda *args, **more: f(x, *args, **more) for name, f in {
        "sum": _sum, "prod": _reduction("prod"), "max": _reduction("amax"), "min": _reduction("amin"), "mean": _mean,
        "var": _variance, "std": FUNCTIONS[np.std], "dot": _dot, "clip": _clip, "copy": as_node,
        "reshape": reshape, "transpose": transpose, "ravel": FUNCTIONS[np.ravel], "flatten": FUNCTIONS[np.ravel],
        "repeated": repeat, "sympower": lambda S, p, floor: apply("sympower", S, p, floor)}.items()},
    "size": _count, "shape": shape, "ndim": FUNCTIONS[np.ndim], "T": transpose, "dtype": dtype,
})
METHODS.update({ufunc.__name__: lambda x, f=record: lambda: f(x) for ufunc, record in UFUNCS.items() if ufunc.nin == 1})
