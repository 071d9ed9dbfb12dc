"""Machine code from recorded expressions, by Numba: the sources of kernels, and how they are compiled.

Kernels are straight-line code from the recorded lines. They work on blocks of lanes (a lane is one run, or one element
of an array) that stay in the processor's nearest cache. What is the same in all lanes, such as ``1 - beta1**t``, is
computed once a step, before the loop over the lanes.
"""

import functools

import numpy as np

from optlearn import optional
from optlearn.symbolic import jacobi
from optlearn.symbolic.emit import Emitter
from optlearn.symbolic.graph import REDUCTIONS, apply, number, symbol, walk
from optlearn.symbolic.operations import TABLE
from optlearn.symbolic.program import PROBE, SEEN
from optlearn.symbolic.shapes import length

# Quantities lie in rows of WIDTH numbers, of which LANES are used: rows whose distance is a power of two would
# compete for the same places of the cache.
LANES, WIDTH = 256, 280
# The first rows: parameters, the point of the gradient, the gradient.
W, AT, G, FREE = 0, 2, 4, 6


def numba():
    """The module numba."""
    return optional.load("numba", "compiled kernels")


def coordinates(roots, size):
    """Expressions of whole arrays as expressions of their coordinates.

    Returns
    -------
    dict of Node to list of Node
        One expression a coordinate of a vector, one for another quantity; sums over all coordinates become sums of
        their terms, in order. The symbol of coordinate 0 of ``w`` is ``w.0``.
    """
    parts = {}
    for n in walk(roots):
        if n.op == "symbol":
            parts[n] = [symbol(f"{n.args[0]}.{c}") for c in range(size)] if n.vector else [n]
        elif n.op == "number":
            parts[n] = [n]
        elif n.op == "count":
            parts[n] = [number(size)]
        elif n.op in REDUCTIONS:
            parts[n] = [functools.reduce(functools.partial(apply, TABLE[n.op].fold), parts[n.args[0]])]
        else:
            parts[n] = [apply(n.op, *(parts[a][c if a.vector else 0] for a in n.args))
                        for c in range(size if n.vector else 1)]
    return parts


def kernel_source(arguments, uniform, lanes, outputs, mean_over=None):
    """The source of a function that computes something for each of ``n`` lanes.

    Parameters
    ----------
    arguments : str
    uniform, lanes : dict of Node to str
        Where to find what is the same for all lanes, and what is not (at lane ``i``).
    outputs : list of (str, Node)
        Where to put what.
    mean_over : str, optional
        Take the mean over that many values of ``k`` (in each lane).
    """
    roots = [node for _, node in outputs]
    order, varying = walk(roots), set()
    for n in order:
        if n in lanes or (n.op not in ("symbol", "number") and any(a in varying for a in n.args)):
            varying.add(n)
    read = {n: f"u{k}" for k, n in enumerate(n for n in order if n in uniform)}
    loaded = {n: f"v{k}" for k, n in enumerate(n for n in order if n in lanes)}
    once = Emitter("kernel", read, "s")
    body = [f"{name} = {uniform[n]}" for n, name in read.items()]
    body += [f"{name} = {text}" for name, text in once.statements([n for n in order if n not in varying])]
    inside = Emitter("kernel", {**once.text, **loaded}, "x")
    # Everything is read before anything is written: a row may be read and written.
    lines = [f"{name} = {lanes[n]}" for n, name in loaded.items()]
    lines += [f"{name} = {text}" for name, text in inside.statements(roots)]
    lines += [f"{place} {'+=' if mean_over else '='} {inside.text[node]}" for place, node in outputs]
    loop = ["for i in range(n):", *("    " + line for line in lines or ["pass"])]
    if mean_over:
        body += ["for i in range(n):", *(f"    {place} = 0.0" for place, _ in outputs)]
        loop = [f"for k in range({mean_over}):", *("    " + line for line in loop),
                "for i in range(n):", *(f"    {place} /= {mean_over}" for place, _ in outputs)]
    return "\n    ".join([f"def kernel({arguments}):", *body, *loop]) + "\n"


def layout(program):
    """The row at which each quantity begins and how many rows it has, by name; and the number of rows."""
    rows, end = {"w": (W, 2), PROBE: (AT, 2), "g": (G, 2)}, FREE
    sizes = {**{name: length(node.extents, 2) for name, node in program.start.items()},
             **dict.fromkeys(program.draws, 2)}
    for name, node in program.lines.items():
        if name not in ("w", SEEN):
            sizes.setdefault(name, length(node.extents, 2))
    for name, size in sizes.items():
        rows[name] = (end, size)
        end += size
    return rows, end


def row(at, array="R"):
    """Where row `at` of a block of lanes is, at lane ``i``."""
    return f"{array}[{at * WIDTH} + i]"


def functions(source):
    """What the text of a kernel reads, with the kernel."""
    found = {"np": np}
    if "sympower(" in source:
        found["sympower"] = jacobi.kernel()
    exec(source, found)
    return found


@functools.cache
def build(source, *types):
    """Machine code of a kernel as a function that other machine code is handed; compiled once."""
    built = functions(source)
    signature = numba().types.void(*types)
    return _kernel_type()(numba().cfunc(signature, error_model="numpy")(built["kernel"]), signature)


@functools.cache
def compiled(source):
    """Machine code of a loop as `fused` writes it, to be called from Python; compiled once."""
    built, types = functions(source), numba().types
    table = types.Array(types.float64, 2, "C")
    signature = types.int64(types.int64, types.float64, types.float64, table, types.Array(types.float64, 1, "C"), table)
    return numba().njit(signature, nogil=True, error_model="numpy")(built["kernel"])


@functools.cache
def _kernel_type():
    types = numba().types

    class Kernel(types.WrapperAddressProtocol):
        """A compiled function that carries its type; Numba would else work it out anew in every call."""

        def __init__(self, function, signature):
            self.function, self._signature = function, signature
            self._numba_type_ = types.FunctionType(signature)

        def __wrapper_address__(self):
            return self.function.address

        def signature(self):
            return self._signature

    return Kernel


@functools.cache
def kinds():
    """The types of what kernels are given: whole numbers, real ones, lines of these, tables of whole numbers."""
    t = numba().types
    line = t.Array(t.float64, 1, "C")
    return t.int64, t.float64, line, t.Array(t.int64, 2, "A")
