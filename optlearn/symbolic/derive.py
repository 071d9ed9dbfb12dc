"""Derivatives of recorded expressions."""

from optlearn.symbolic.graph import REDUCTIONS, refuse, walk
from optlearn.symbolic.operations import ONE, TABLE, ZERO, div, mul

# What changes by jumps only has the derivative zero wherever it has one.
_STEPS = {op for op, row in TABLE.items() if row.derivative is None and op not in REDUCTIONS}


def derivative(node, wrt):
    """Derivative of a recorded expression with respect to one of the symbols it is made of.

    The derivatives of min, max, abs and where are those of the branch taken.

    Parameters
    ----------
    node, wrt : Node
        The expression, and the symbol that it is derived by.

    Returns
    -------
    Node

    Raises
    ------
    NotTraceable
        If an operation that depends on the symbol has no derivative here.

    Examples
    --------
    >>> from optlearn.symbolic.graph import symbol
    >>> x = symbol("x")
    >>> derivative(3 * x**2, x)
    mul(3, mul(2, x))
    """
    d = {wrt: ONE}
    for n in walk([node], stop=[wrt]):
        if n is wrt:
            continue
        if n.op in ("symbol", "number") or n.op in _STEPS or all(d[a] is ZERO for a in n.args):
            d[n] = ZERO
        elif TABLE[n.op].derivative is None:
            refuse(f"{n.op} over an array has no derivative here; write the formula of single numbers")
        else:
            d[n] = TABLE[n.op].derivative(d, n, *n.args)
    return d[node]


# Paths on which a quantity enters in the first power; elsewhere it is part of the scale and held fixed.
_LINEAR = {
    **{op: TABLE[op].derivative for op in ("add", "sub", "neg", "where")},
    "mul": lambda d, n, a, b: ZERO if d[a] is not ZERO and d[b] is not ZERO else
    mul(d[a], b) if d[b] is ZERO else mul(a, d[b]),
    "div": lambda d, n, a, b: div(d[a], b),
}


def factor(node, wrt):
    """What a quantity is multiplied by where it enters an expression in the first power.

    Where it enters through a square, a root or a size, as in an average of squared gradients, it is part of the
    factor.

    Examples
    --------
    >>> from optlearn.symbolic.graph import symbol
    >>> g, v = symbol("g"), symbol("v")
    >>> factor(3 * g / (v + g**2), g)
    div(3, add(v, pow(g, 2)))
    """
    d = {wrt: ONE}
    for n in walk([node], stop=[wrt]):
        if n is not wrt:
            d[n] = _LINEAR[n.op](d, n, *n.args) if n.op in _LINEAR else ZERO
    return d[node]
