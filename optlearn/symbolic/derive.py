"""Derivatives of recorded expressions."""

from optlearn.symbolic.trace import apply, number, walk

ZERO, ONE = number(0), number(1)


def add(a, b):
    """Sum without zeros."""
    return b if a is ZERO else a if b is ZERO else apply("add", a, b)


def sub(a, b):
    """Difference without zeros."""
    if a is ZERO and b.op == "neg":
        return b.args[0]
    return a if b is ZERO else apply("neg", b) if a is ZERO else apply("sub", a, b)


def mul(a, b):
    """Product without zeros and ones."""
    if a is ZERO or b is ZERO:
        return ZERO
    if a.op == "number" and b.op == "number":
        return number(a.args[0] * b.args[0])
    return b if a is ONE else a if b is ONE else apply("mul", a, b)


def _power(d, node, a, b):
    if b.op == "number":
        n = b.args[0]
        inner = a if n == 2 else ONE if n == 1 else apply("pow", a, number(n - 1))
        return mul(mul(number(n), inner), d[a])
    grown = mul(mul(b, apply("pow", a, sub(b, ONE))), d[a])
    return add(grown, mul(mul(node, apply("log", a)), d[b])) if d[b] is not ZERO else grown


def _where(condition, a, b):
    return ZERO if a is ZERO and b is ZERO else apply("where", condition, a, b)


# Each rule gets the derivatives so far, the node and its operands. The derivatives of min, max, abs and where
# are those of the branch taken; a sum over the coordinates counts as a constant.
RULES = {
    "add": lambda d, n, a, b: add(d[a], d[b]),
    "sub": lambda d, n, a, b: sub(d[a], d[b]),
    "mul": lambda d, n, a, b: add(mul(d[a], b), mul(a, d[b])),
    "div": lambda d, n, a, b: sub(ZERO if d[a] is ZERO else apply("div", d[a], b),
                                  ZERO if d[b] is ZERO else mul(apply("div", n, b), d[b])),
    "pow": _power,
    "neg": lambda d, n, a: sub(ZERO, d[a]),
    "sqrt": lambda d, n, a: ZERO if d[a] is ZERO else apply("div", d[a], mul(number(2), n)),
    "exp": lambda d, n, a: mul(n, d[a]),
    "log": lambda d, n, a: ZERO if d[a] is ZERO else apply("div", d[a], a),
    "sin": lambda d, n, a: mul(apply("cos", a), d[a]),
    "cos": lambda d, n, a: sub(ZERO, mul(apply("sin", a), d[a])),
    "tan": lambda d, n, a: mul(add(ONE, mul(n, n)), d[a]),
    "tanh": lambda d, n, a: mul(sub(ONE, mul(n, n)), d[a]),
    "abs": lambda d, n, a: ZERO if d[a] is ZERO else mul(apply("sign", a), d[a]),
    "min": lambda d, n, a, b: _where(apply("le", a, b), d[a], d[b]),
    "max": lambda d, n, a, b: _where(apply("ge", a, b), d[a], d[b]),
    "where": lambda d, n, c, a, b: _where(c, d[a], d[b]),
    "mod": lambda d, n, a, b: sub(d[a], mul(apply("floor", apply("div", a, b)), d[b])),
}


def derivative(node, wrt, rules=RULES):
    """Derivative of a recorded expression with respect to one of the nodes it is made of.

    Parameters
    ----------
    node, wrt : Node
        The expression, and what it is derived by: a symbol, or an inner node that is then held to be free.
    rules : dict
        The rule of each operation; what an operation without one makes counts as a constant.

    Returns
    -------
    Node

    Examples
    --------
    >>> from optlearn.symbolic.trace import symbol
    >>> x = symbol("x")
    >>> derivative(3 * x**2, x)
    mul(3, mul(2, x))
    """
    d = {wrt: ONE}
    for n in walk([node], stop=[wrt]):
        if n is not wrt:
            d[n] = rules[n.op](d, n, *n.args) if n.op in rules else ZERO
    return d[node]


# Paths on which a quantity enters in the first power; elsewhere it is part of the scale and held fixed.
LINEAR = {
    "add": RULES["add"], "sub": RULES["sub"], "neg": RULES["neg"], "where": RULES["where"],
    "mul": lambda d, n, a, b: ZERO if d[a] is not ZERO and d[b] is not ZERO else RULES["mul"](d, n, a, b),
    "div": lambda d, n, a, b: ZERO if d[a] is ZERO else apply("div", d[a], b),
}


def factor(node, wrt):
    """What a quantity is multiplied by where it enters an expression in the first power.

    Where it enters through a square, a root or a size, as in an average of squared gradients, it is part of the
    factor.

    Examples
    --------
    >>> from optlearn.symbolic.trace import symbol
    >>> g, v = symbol("g"), symbol("v")
    >>> factor(3 * g / (v + g**2), g)
    div(3, add(v, pow(g, 2)))
    """
    return derivative(node, wrt, LINEAR)
