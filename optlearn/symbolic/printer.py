"""LaTeX of recorded expressions."""

import math
import re
from fractions import Fraction

import numpy as np

from optlearn.symbolic.graph import BOOLEAN, REDUCTIONS
from optlearn.symbolic.names import name_symbol
from optlearn.symbolic.operations import TABLE

COMPARISONS = {op for op in BOOLEAN if TABLE[op].evaluate.nin == 2}
FUNCTIONS = tuple(row.tex for op, row in TABLE.items() if row.tex and op not in BOOLEAN and op not in REDUCTIONS)
CONSTANTS = {math.pi: r"\pi", 2 * math.pi: r"2\pi", math.e: "e", math.pi / 180: r"\frac{\pi}{180}",
             math.sqrt(2): r"\sqrt{2}", 2**-52: "2^{-52}"}
SUM, BY_ENTRIES, PRODUCT, NEGATION, POWER, ATOM = 1, 1.5, 2, 2, 4, 5


def number_tex(value):
    """LaTeX of a constant."""
    if isinstance(value, bool):
        return rf"\text{{{value}}}"
    if value in CONSTANTS:
        return CONSTANTS[value]
    if math.isinf(value) or math.isnan(value):
        return r"\infty" if value > 0 else r"-\infty" if value < 0 else r"\mathrm{nan}"
    text = f"{value:.6g}"
    if "e" in text:
        digits, power = text.split("e")
        return (r"10^{%d}" if digits == "1" else digits + r" \cdot 10^{%d}") % int(power)
    return text


class Printer:
    """Print nodes as LaTeX.

    Parameters
    ----------
    symbols : dict of Node to str
        LaTeX of the nodes that have a name.
    tags : dict of Node to str, optional
        Names by which a page finds a symbol again, put around it as ``\\data{name}{...}``.
    shape : tuple of int, optional
        The shape of the parameters, where the lines were recorded for one.
    matrices : bool
        Whether matrices are multiplied as such; products of their entries then have a sign of their own.
    """

    def __init__(self, symbols, tags=None, shape=None, matrices=False):
        self.symbols, self.tags, self.shape, self.matrices = symbols, tags or {}, shape, matrices

    def tex(self, node, define=False):
        """LaTeX of a node; with `define` the right-hand side of the node's own line."""
        return self._print(node, 0, define)

    def _print(self, node, outer, define=False):
        if node in self.symbols and not define:
            text = self.symbols[node]
            return rf"\data{{{self.tags[node]}}}{{{text}}}" if node in self.tags else text
        if node.op == "number":
            text = number_tex(node.args[0])
            return rf"\left({text}\right)" if outer > SUM and (text.startswith("-") or "cdot" in text) else text
        if node.op == "symbol":
            return name_symbol(node.args[0])
        if node.op == "reshape":
            return self._print(node.args[0], outer)
        text, inner = getattr(self, "_" + node.op, self._function)(node)
        return rf"\left({text}\right)" if inner < outer else text

    def _add(self, node):
        left, right = (self._print(a, SUM) for a in node.args)
        return f"{left} {right.replace('-', '- ', 1)}" if right.startswith("-") else f"{left} + {right}", SUM

    def _sub(self, node):
        a, b = node.args
        return f"{self._print(a, SUM)} - {self._print(b, BY_ENTRIES)}", SUM

    def _neg(self, node):
        return f"-{self._print(node.args[0], PRODUCT)}", SUM

    def _unscaled(self, node):
        """Of a length taken in another unit, ``norm(x / u)``: x / u and u, or None."""
        square = node.args[0].args[0] if node.op == "sqrt" and _over_all(node.args[0]) else None
        if square is None or square.op != "mul" or square.args[0] is not square.args[1]:
            return None
        inner = square.args[0]
        return (inner, inner.args[1]) if inner.op == "div" and not inner.args[1].vector else None

    def _mul(self, node):
        a, b = node.args
        scaled = self._unscaled(b)
        if scaled and scaled[1] is a:
            return self._length(scaled[0].args[0]), ATOM
        if a is b and a not in self.symbols:
            return rf"{self._print(a, POWER + 1)}^{self._by_entries(a, '2', '2')}", POWER
        if a.op == "neg" and a not in self.symbols:
            return "-" + self._times(a.args[0], b), SUM
        return self._times(a, b), BY_ENTRIES if self._of_entries(node) else PRODUCT

    def _of_entries(self, node):
        """Whether it is written with the sign of a product of entries."""
        if not self.matrices or node.op != "mul" or not node.vector or node in self.symbols:
            return False
        a, b = node.args
        return a.vector and b.vector and not _is_outer(a, b) or self._of_entries(a) or self._of_entries(b)

    def _times(self, a, b):
        level = BY_ENTRIES if self.matrices else PRODUCT
        left, right = self._print(a, SUM if a.op == "number" else level), self._print(b, level)
        digits = right[:1].isdigit() or (right.startswith("10^"))
        named = left.endswith("}") and left.startswith(FUNCTIONS)
        if self.matrices and a.vector and b.vector and not _is_outer(a, b):
            return rf"{left} \odot {right}"
        return left + (r" \cdot " if digits or named else r" \, ") + right

    def _div(self, node):
        a, b = node.args
        scaled = self._unscaled(b)
        if scaled and scaled[0] is a:
            x = a.args[0]
            return rf"\frac{{{self._print(x, 0)}}}{{{self._length(x)}}}", PRODUCT + 1
        if b.op == "number" and b.args[0] == 1 and a.op == "extent":
            return self._print(a, 0), ATOM
        if a.op == "sum" and self.shape is not None and b.op in ("extent", "mul") and a not in self.symbols:
            return rf"\frac{{1}}{{{self._print(b, 0)}}} {self._sum(a)[0]}", PRODUCT
        if a.op == "neg" and a not in self.symbols:
            return rf"-\frac{{{self._print(a.args[0], 0)}}}{{{self._print(b, 0)}}}", SUM
        # A long quotient reads better as a factor before it: eta * m / d as eta (m / d).
        if a.op == "mul" and a not in self.symbols and self._is_scalar(a.args[0]) and \
                (a.args[0].op == "symbol" or a.args[0] in self.symbols):
            factor, top, bottom = self._print(a.args[0], PRODUCT), self._print(a.args[1], 0), self._print(b, 0)
            return rf"{factor} \, \frac{{{top}}}{{{bottom}}}", PRODUCT
        return rf"\frac{{{self._print(a, 0)}}}{{{self._print(b, 0)}}}", PRODUCT + 1

    @staticmethod
    def _is_scalar(node):
        return not node.vector

    def _pow(self, node):
        a, b = node.args
        if b.op == "number" and b.args[0] == 0.5:
            return rf"\sqrt{{{self._print(a, 0)}}}", ATOM
        base = self._print(a, POWER + 1)
        if self.matrices and a.vector:
            return rf"{base}^{self._by_entries(a, f'{{{self._print(b, 0)}}}', self._print(b, 0))}", POWER
        if a in self.symbols and "^" in base:
            base = rf"\left({base}\right)"
        elif a in self.symbols and (parts := re.fullmatch(r"(.*)(_(?:\{[^{}]*\}|.))", base)) and a not in self.tags:
            return rf"{parts[1]}{parts[2]}^{{{self._print(b, 0)}}}", POWER
        return rf"{base}^{{{self._print(b, 0)}}}", POWER

    def _sqrt(self, node):
        inner = node.args[0]
        if _over_all(inner) and inner not in self.symbols:
            square = inner.args[0]
            if square.op == "mul" and square.args[0] is square.args[1]:
                return self._length(square.args[0]), ATOM
        if inner.op == "matmul" and inner.args[0] is inner.args[1] and not inner.vector:
            return self._length(inner.args[0]), ATOM
        return rf"\sqrt{{{self._print(inner, 0)}}}", ATOM

    def _abs(self, node):
        return rf"\lvert {self._print(node.args[0], 0)} \rvert", ATOM

    def _length(self, x):
        """The length of a vector; of a matrix the root of the sum of all squares."""
        matrix = x.extents is not None and len(x.extents) > 1 and min(x.extents) > 1
        return rf"\lVert {self._print(x, 0)} \rVert" + ("_F" if matrix else "")

    def _by_entries(self, node, exponent, power):
        """An exponent that means the entries, where products of matrices are written without a sign."""
        return rf"{{\odot {power}}}" if self.matrices and node.vector else exponent

    def _letters(self, node, letters="ijlpqrs"):
        """The indices that a sum runs over."""
        if node.args[0].extents is None:
            return "i"
        over = dict(node.detail).get("axis", tuple(range(len(node.args[0].extents))))
        text = ",".join(letters[axis] for axis in over)
        return f"{{{text}}}" if len(text) > 1 else text

    def _sum(self, node):
        product = node.args[0]
        if node.detail:
            return rf"\textstyle\sum_{self._letters(node)} {self._print(product, PRODUCT)}", SUM
        if product.op == "abs" and product not in self.symbols:
            return rf"\lVert {self._print(product.args[0], 0)} \rVert_1", ATOM
        if product.op == "mul" and product not in self.symbols:
            a, b = product.args
            if a.vector and b.vector:
                return rf"\langle {self._print(a, 0)}, {self._print(b, 0)} \rangle", ATOM
        return rf"\textstyle\sum_{self._letters(node)} {self._print(product, PRODUCT)}", SUM

    def _count(self, node):
        return "d", ATOM

    def _over(self, node):
        sign = TABLE[node.op].tex.removesuffix("i") + self._letters(node)
        return f"{sign} {self._print(node.args[0], PRODUCT)}", PRODUCT

    _amax = _amin = _prod = _over

    def _extent(self, node):
        (length,), axis, ndim = node.args[0].args, dict(node.detail)["axis"], len(self.shape)
        if length not in self.shape:
            return str(length), ATOM
        if axis >= ndim or self.shape[axis] != length:
            axis = self.shape.index(length)
        return ("d" if ndim == 1 else "mn"[axis] if ndim == 2 else f"n_{axis + 1}"), ATOM

    def _matmul(self, node):
        a, b = node.args
        if not node.vector:
            return rf"\langle {self._print(a, 0)}, {self._print(b, 0)} \rangle", ATOM
        left = rf"{self._print(a, POWER + 1)}^\top" if len(a.extents) == 1 else self._print(a, PRODUCT)
        return rf"{left} \, {self._print(b, PRODUCT)}", PRODUCT

    def _transpose(self, node):
        base = self._print(node.args[0], POWER + 1)
        return rf"\left({base}\right)^\top" if "^" in base[-4:] else rf"{base}^\top", POWER

    def _sympower(self, node):
        S, p, floor = node.args
        power = self._print(p, 0)
        if p.op == "number" and (part := Fraction(p.args[0]).limit_denominator(64)) == p.args[0]:
            power = str(part)
        if floor.op == "number" and floor.args[0] == 0:
            return rf"{self._print(S, POWER + 1)}^{{{power}}}", POWER
        return rf"\max\left({self._print(S, 0)}, {self._print(floor, PRODUCT)} \, I\right)^{{{power}}}", POWER

    def _array(self, node):
        value = TABLE["array"].evaluate(**dict(node.detail))
        same = value.ravel()[:1].item() if value.size else 0.0
        if value.ndim == 2 and value.shape[0] == value.shape[1] and (value == same * np.eye(len(value))).all():
            return ("I", ATOM) if same == 1 else (rf"{number_tex(same)} \, I", PRODUCT)
        return (number_tex(same) if (value == same).all() else r"\mathrm{const}"), ATOM

    def _fill(self, node):
        return self._print(node.args[0], 0), ATOM

    def _floor(self, node):
        return rf"\lfloor {self._print(node.args[0], 0)} \rfloor", ATOM

    def _ceil(self, node):
        return rf"\lceil {self._print(node.args[0], 0)} \rceil", ATOM

    def _floordiv(self, node):
        a, b = node.args
        return rf"\lfloor {self._print(a, PRODUCT)} / {self._print(b, PRODUCT + 1)} \rfloor", ATOM

    def _cbrt(self, node):
        return rf"\sqrt[3]{{{self._print(node.args[0], 0)}}}", ATOM

    def _mod(self, node):
        a, b = node.args
        return rf"{self._print(a, PRODUCT)} \bmod {self._print(b, PRODUCT)}", SUM

    def _not(self, node):
        return rf"\text{{not }} {self._print(node.args[0], ATOM)}", SUM

    def _where(self, node):
        rows, last = [], node
        while last.op == "where" and (last is node or last not in self.symbols):
            condition, a, last = last.args
            rows.append(rf"{self._print(a, 0)} & \text{{if }} {self._print(condition, 0)} \\ ")
        return (rf"\begin{{cases}} {''.join(rows)}{self._print(last, 0)} & \text{{otherwise}} \end{{cases}}"), ATOM

    def _function(self, node):
        if node.op in COMPARISONS:
            # Comparisons joined by "and" need no parentheses, nor does a chain of "and".
            outer = SUM if node.op not in ("and", "or") else 0
            a, b = (self._print(x, SUM if x.op in ("and", "or") and x.op != node.op else outer) for x in node.args)
            return f"{a} {TABLE[node.op].tex} {b}", 0
        inside = ", ".join(self._print(a, 0) for a in node.args)
        return rf"{TABLE[node.op].tex}\left({inside}\right)", ATOM


def _over_all(node):
    """Whether it is the sum of all entries."""
    return node.op == "sum" and not node.detail


def _is_outer(a, b):
    """Whether it is a column times a row: the product of entries is that of matrices."""
    return a.extents[1:] == (1,) and len(b.extents) == 2 and b.extents[0] == 1
