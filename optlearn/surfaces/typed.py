"""Surfaces typed as text, such as ``x**2 + sin(3*y)``: read from Python's syntax tree, never executed as Python.

What is no formula of x and y is refused, with a caret under the place.
"""

from __future__ import annotations

import ast
import functools
import math
import re
from typing import TYPE_CHECKING

import numpy as np

from optlearn.declare import InvalidArgument, near
from optlearn.surfaces.base import Surface

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optlearn.surfaces.base import Surface

LONGEST, DEEPEST = 500, 30
CONSTANTS = {"pi": math.pi, "e": math.e}
_SIGNS = {ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.true_divide, ast.Pow: np.power}
_WIDE = (-3.0, 3.0, -3.0, 3.0)
# What people write, and what it is called here.
_OTHERWISE = {"ln": "log", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh",
              "sgn": "sign", "pow": "**", "X": "x", "Y": "y", "exp10": "10**", "E": "e"}


@functools.cache
def functions():
    """What may be called: the elementwise operations of the table, under its names and NumPy's."""
    from optlearn.symbolic.graph import ARITHMETIC, BOOLEAN
    from optlearn.symbolic.operations import TABLE

    found = {op: row.evaluate for op, row in TABLE.items()
             if isinstance(row.evaluate, np.ufunc) and row.evaluate.signature is None
             and op not in ARITHMETIC | BOOLEAN | {"neg"}}
    return {**found, **{ufunc.__name__: ufunc for ufunc in found.values()}}


@functools.cache
def functions_by_name():
    """The names of what may be called, and the operations of the table that they stand for."""
    from optlearn.symbolic.operations import TABLE

    return {name: next(op for op, row in TABLE.items() if row.evaluate is ufunc) for name, ufunc in functions().items()}


def typed(text: str, domain: Sequence[float] | None = None, start: Sequence[float] | None = None,
          minima: Sequence[Sequence[float]] = ()) -> Surface:
    """A surface from a formula of x and y.

    Parameters
    ----------
    text : str
        Numbers, x, y, pi, e, the signs + - * / ** and brackets, and the functions of one value that NumPy and the
        library know (sin, exp, log, sqrt, abs, tanh, ...), with maximum, minimum, hypot, arctan2 and logaddexp.
    domain : tuple of float, optional
        x from, x to, y from, y to. Default: -3 to 3, or the half or quarter of it where the formula has values.
    start : tuple of float, optional
        A point to start from; default: one in the domain where there is a value and a gradient.
    minima : tuple of (float, float)
        Known minimisers.

    Returns
    -------
    Surface
        The same one for the same text. Its gradient is derived from the formula.

    Raises
    ------
    InvalidArgument
        For anything else, with a caret under the place; for more than 500 signs, or a nesting of more than 30.

    Examples
    --------
    >>> bowl = typed("x**2 + sin(3*y)")
    >>> bowl.equation()
    'f(x, y) = x^{2} + \\\\sin\\\\left(3 \\\\, y\\\\right)'
    >>> bowl.gradient(np.array([1.0, 0.0]))
    array([2., 3.])
    >>> typed("x^2 + y^2")
    Traceback (most recent call last):
    optlearn.declare.InvalidArgument: surface = 'x^2 + y^2' cannot be read; a power is written **
        x^2 + y^2
         ^
    """
    return _made(text.strip(), *(None if value is None else _tuples(value) for value in (domain, start, minima)))


def _tuples(value):
    """Points and domains in a form that can be looked up."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return tuple(map(_tuples, value)) if isinstance(value, (list, tuple)) else value


@functools.lru_cache(maxsize=256)
def _made(text, domain, start, minima):
    formula = Reader(text).formula()

    def f(self, x, y):
        from optlearn.symbolic.graph import Node, as_node

        if isinstance(x, Node):
            return formula(x, y, as_node)
        return formula(np.asarray(x, float)[()], np.asarray(y, float)[()], np.float64)

    body = {"f": f, "__doc__": f"``{text}``", "name": text, "label": text, "__module__": __name__,
            "minima": minima, **({} if domain is None else {"domain": domain}), **({} if start is None else
                                                                                 {"start": start})}
    made = type("Typed", (Surface,), body, register=False)()
    if domain is None:
        type(made).domain = _domain(made)
    if start is None:
        type(made).start = _start(made, text)
    return made


def _values(surface, domain):
    """A grid of points in a domain, coordinates first, and where there are a value and a gradient."""
    x0, x1, y0, y1 = domain
    # None of the points is a corner or the middle, where formulas have their poles.
    x, y = (np.linspace(a, b, 42)[1:-1] for a, b in ((x0, x1), (y0, y1)))
    points = np.array(np.meshgrid(x, y))
    with np.errstate(all="ignore"):
        good = np.isfinite(np.broadcast_to(surface(points), x.shape * 2)) \
            & np.isfinite(surface.gradient(points)).all(axis=0)
    return points, good


def _domain(surface):
    """The usual domain, or the half or quarter of it in which the formula has values."""
    for sides in ((0, 0), (1, 0), (0, 1), (1, 1), (-1, 0), (0, -1), (-1, -1), (1, -1), (-1, 1)):
        domain = tuple(end for side in sides for end in ((-3.0, 3.0), (0.0, 3.0), (-3.0, 0.0))[side])
        if np.mean(_values(surface, domain)[1]) > 0.6:
            return domain
    return _WIDE


def _start(surface, text):
    """The usual place in the domain, or the nearest to it that has a value and a gradient."""
    x0, x1, y0, y1 = surface.domain
    usual = np.array([x0 + (x1 - x0) / 4, y0 + (y1 - y0) * 5 / 6])
    with np.errstate(all="ignore"):
        if np.isfinite(surface(usual)) and np.isfinite(surface.gradient(usual)).all():
            return tuple(usual.tolist())
    points, good = _values(surface, surface.domain)
    if not good.any():
        raise InvalidArgument(f"surface = {text!r} has no finite value and gradient in the domain {surface.domain}; "
                              "give another domain=")
    near_by = points[:, good]
    return tuple(near_by[:, np.argmin(np.hypot(*(near_by - usual[:, None])))].tolist())


class Reader:
    """Reads a text as a formula.

    Parameters
    ----------
    text : str
    """

    def __init__(self, text):
        self.text = text

    def refuse(self, why, at=None):
        """Raise, with a caret under the sign number `at`."""
        caret = "" if at is None or len(self.text) > 100 else f"\n    {self.text}\n    {' ' * at}^"
        shown = repr(self.text if len(self.text) <= 100 else self.text[:97] + "...")
        where = f" (sign {at + 1})" if at is not None and not caret else ""
        raise InvalidArgument(f"surface = {shown} cannot be read; {why}{where}{caret}")

    def formula(self):
        """The formula as a function of x, y and of what makes constants."""
        if len(self.text) > LONGEST:
            self.refuse(f"it has {len(self.text)} signs, and may have {LONGEST}")
        if "\n" in self.text or "\r" in self.text:
            self.refuse("it must be one line")
        try:
            tree = ast.parse(self.text, mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            self.refuse(*self._syntax(error))
        made, _ = self._read(tree, 1)
        return made

    def _syntax(self, error):
        """What is wrong with a text that is no Python, and where."""
        at = getattr(error, "offset", None)
        # An end that came too early has no place.
        at = max(0, min(at - 1, len(self.text))) if at else len(self.text) if isinstance(error, SyntaxError) else None
        sign = self.text[at:at + 1] if at is not None else ""
        if not self.text:
            return ("it is empty", None)
        if "=" in self.text:
            return ("write only what stands right of the =", self.text.index("="))
        if sign in ("²", "³") or any(power in self.text for power in "²³"):
            return ("a power is written **", min(self.text.index(p) for p in "²³" if p in self.text))
        if "decimal literal" in str(error):
            # The place is that of the digit.
            return ("a product is written with *: 2*x", at)
        word = re.search(r"[\w.]+$|\)$", self.text[:at].rstrip()) \
            if sign.isalnum() or sign == "(" and "closed" not in str(error) else None
        if word:
            return ((f"brackets stand around what a function takes: {word[0]}(...)" if word[0] in functions() else
                     "a product is written with *"), at)
        if isinstance(error, SyntaxError):
            return (f"it is no formula: {error.msg}", at)
        return ("it is nested too deeply", None)

    def _at(self, node):
        """The place of a node; Python counts bytes."""
        return len(self.text.encode()[:node.col_offset].decode())

    def _end(self, node):
        return len(self.text.encode()[:node.end_col_offset].decode())

    def _read(self, node, depth):
        """A function of x, y and of what makes constants; and the value, of what has neither x nor y in it."""
        if depth > DEEPEST:
            self.refuse("it is nested too deeply", self._at(node))
        if isinstance(node, ast.Constant):
            return self._constant(node, node.value)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.UAdd, ast.USub)):
            inner, value = self._read(node.operand, depth + 1)
            if isinstance(node.op, ast.UAdd):
                return inner, value
            if isinstance(node.operand, ast.Constant):
                return self._constant(node, -node.operand.value)
            return self._applied(node, np.negative, [(inner, value)])
        if isinstance(node, ast.BinOp):
            # A long sum or product is no deep one.
            return self._applied(node, self._sign(node),
                                 [self._read(node.left, depth), self._read(node.right, depth + 1)])
        if isinstance(node, ast.Call):
            ufunc = self._called(node)
            return self._applied(node, ufunc, [self._read(a, depth + 1) for a in node.args])
        self.refuse(self._unknown(node), self._at(node))

    def _unknown(self, node):
        if isinstance(node, ast.Compare):
            return "a comparison is no value; write maximum(a, b), minimum(a, b) or abs(a)"
        if isinstance(node, ast.Attribute):
            return f"write {node.attr} alone, without anything before the dot"
        if isinstance(node, ast.Subscript):
            return "there are no entries: x and y are single numbers"
        if isinstance(node, (ast.Tuple, ast.List)):
            return "it must be one value, with points in its numbers: 0.5"
        if isinstance(node, ast.IfExp):
            return "there are no branches; write maximum(a, b), minimum(a, b) or abs(a)"
        return "only numbers, x, y, pi, e, + - * / **, brackets and functions are read"

    def _constant(self, node, value):
        if isinstance(value, (bool, complex, str, bytes)) or value is None or value is ...:
            self.refuse("only real numbers are read", self._at(node))
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.refuse("the number is too large", self._at(node))
        return lambda x, y, constant: constant(number), number

    def _name(self, node):
        if node.id in ("x", "y"):
            return (lambda x, y, constant: x) if node.id == "x" else (lambda x, y, constant: y), None
        if node.id in CONSTANTS:
            return self._constant(node, CONSTANTS[node.id])
        if node.id in functions():
            self.refuse(f"{node.id} is a function: {node.id}(x)", self._at(node))
        known = ["x", "y", *CONSTANTS]
        instead = _OTHERWISE.get(node.id)
        self.refuse(f"{node.id} is not known" + (f"; write {instead}" if instead else near(node.id, known)),
                    self._at(node))

    def _sign(self, node):
        ufunc = _SIGNS.get(type(node.op))
        if ufunc is None:
            if isinstance(node.op, ast.BitXor):
                self.refuse("a power is written **", self.text.index("^"))
            after = self.text[self._end(node.left):]
            self.refuse("of signs there are + - * / and **", len(self.text) - len(after.lstrip(" )")))
        return ufunc

    def _called(self, node):
        if not isinstance(node.func, ast.Name):
            if isinstance(node.func, ast.Attribute):
                self.refuse(self._unknown(node.func), self._at(node.func))
            self.refuse("a product is written with *: 2*(x + 1)", self._end(node.func))
        name = node.func.id
        if name in ("x", "y", *CONSTANTS):
            self.refuse(f"{name} is no function; a product is written with *: {name}*(...)", self._end(node.func))
        ufunc = functions().get(name)
        if ufunc is None:
            instead = _OTHERWISE.get(name)
            self.refuse(f"{name} is not known" + (f"; write {instead}" if instead else near(name, sorted(functions()))),
                        self._at(node))
        if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            self.refuse(f"{name} takes values only: {name}({', '.join('xy'[:ufunc.nin])})", self._end(node.func))
        if len(node.args) != ufunc.nin:
            self.refuse(f"{name} takes {ufunc.nin} value{'s' if ufunc.nin > 1 else ''}, and is given {len(node.args)}",
                        self._at(node))
        return ufunc

    def _applied(self, node, ufunc, parts):
        """An operation; one of constants must have a finite value."""
        made, values = [part for part, _ in parts], [value for _, value in parts]
        if None not in values:
            with np.errstate(all="ignore"):
                value = float(ufunc(*map(np.float64, values)))
            if not math.isfinite(value):
                self.refuse(f"{self.text[self._at(node):self._end(node)]} is not a finite number", self._at(node))
        else:
            value = None
        if len(made) == 1:
            only, = made
            return lambda x, y, constant: ufunc(only(x, y, constant)), value
        left, right = made
        return lambda x, y, constant: ufunc(left(x, y, constant), right(x, y, constant)), value
