"""Machine code of rules that are recorded for one shape: their steps in blocks of runs, and whole runs on matrices."""

import functools

import numpy as np

from optlearn.symbolic.graph import NotTraceable, as_node, recording, symbol
from optlearn.symbolic.javascript import layout
from optlearn.symbolic.kernels import WIDTH, functions, numba, row
from optlearn.symbolic.loops import Loops, place, within
from optlearn.symbolic.operations import SPECIAL
from optlearn.symbolic.program import PROBE, SEEN, parameter_values
from optlearn.symbolic.trace import trace


def matrix_kernel(program, named, rows, uniform, swept):
    """The source of a kernel that computes named quantities of a rule for each run of a block.

    Parameters
    ----------
    program : Program
    named : dict of str to Node
    rows : dict of str to (int, int)
        Where each quantity is, as `kernels.layout` tells.
    uniform, swept : list of str
        The parameters that all runs share, and those that each has for itself.
    """
    loops = Loops("kernel", {program.symbols[name]: f"h[{k}]" for k, name in enumerate(uniform)})
    loops.text.update({program.symbols[name]: row(k, "H") for k, name in enumerate(swept)})
    loops.text[program.symbols["t"]] = "t"
    for name, node in program.symbols.items():
        at = rows.get(name.removeprefix("s."))
        if at is not None and node.vector:
            loops.place[node] = place(_lane(at[0]), node.extents)
        elif at is not None and node not in loops.text:
            loops.text[node] = row(at[0])
    body = loops.statements(list(named.values()))
    body += loops.stores({name: place(_lane(rows[name][0]), node.extents) for name, node in named.items()}, named)
    return "\n    ".join(["def kernel(R, n, t, h, H):", *prelude(loops), *loops.lines([("i", "n", body)])]) + "\n"


def _lane(first):
    return lambda index: row(first) if index == "0" else f"R[({first} + {index}) * {WIDTH} + i]"


def prelude(loops):
    """What a kernel of loops works in and reads."""
    lines = [f"{name} = np.array([{', '.join(SPECIAL['kernel'].get(repr(x), repr(x)) for x in values)}])"
             for name, values in loops.constants.items()]
    return [*lines, f"B = np.empty({loops.size})"]


def run(rule, gradient, w, steps):
    """A run on an array of any shape as one compiled loop.

    Parameters
    ----------
    rule : Optimizer
    gradient : callable
        The gradient as a function of the array, in NumPy's words; arrays that it reads are constants.
    w : array
        Where to start.
    steps : int

    Returns
    -------
    rows : list of array
        Parameters (steps + 1 of them, fewer if one is not finite), points of the gradients, gradients.
    named : dict of str to array
        What the rule named, of every step; slots have their first value before.

    Raises
    ------
    NotTraceable
        If the gradient or the rule has no kernel form.

    Examples
    --------
    >>> import optlearn
    >>> (w, _, _), _ = run(optlearn.GradientDescent(lr=0.5), lambda W: W - np.eye(2), np.zeros((2, 2)), 2)
    >>> w[-1]
    array([[0.75, 0.  ],
           [0.  , 0.75]])
    """
    w = np.array(w, dtype=float)
    program = trace(rule, w.shape, own_shape=True)
    if program.draws or program.asked:
        what = "draws numbers" if program.draws else "asks for more than a gradient"
        raise NotTraceable(f"{rule.name} {what}, which a compiled run on an array does not offer")
    offsets, stride = layout(program, w.size)
    kernel = compiled(_source(program, _recorded(gradient, w.shape), offsets, stride, rule.scheduled))
    times = range(1, max(steps, 1) + 1) if rule.scheduled else (1,)
    h = np.array([parameter_values(rule.at(t)) for t in times], dtype=float).reshape(len(times), -1)
    record = np.zeros((steps + 1, stride))
    record[0, :w.size] = w.ravel()
    ended = kernel(steps, h, record)
    record = record[:ended] if ended else record

    def part(name, shape):
        first, size = offsets[name]
        return record[:, first:first + size].reshape(-1, *shape)

    shapes = {name: node.extents for name, node in program.lines.items() if name not in ("w", SEEN)}
    return [part("w", w.shape), part(PROBE, w.shape)[1:], part("g", w.shape)[1:]], \
        {name: part(name, shape)[name not in program.slots:] for name, shape in shapes.items()}


@functools.cache
def compiled(source):
    """Machine code of a run, compiled once."""
    table = numba().types.Array(numba().types.float64, 2, "C")
    signature = numba().types.int64(numba().types.int64, table, table)
    return numba().njit(signature, nogil=True, error_model="numpy")(functions(source)["kernel"])


def _recorded(gradient, shape):
    """The lines of a gradient, as a symbol and a node."""
    at = symbol("w", True, shape)
    with recording() as noted:
        noted.concrete = True
        node = as_node(gradient(at))
    if node.extents != shape:
        raise NotTraceable(f"the gradient has shape {node.extents} at an array of shape {shape}; it must have the same")
    return at, node


def _source(program, recorded, offsets, stride, scheduled):
    loops, end = Loops("kernel"), offsets["w"][1]
    at, slope = recorded

    def part(outputs, read, target):
        """Statements that put quantities into a row, from what stands in the rows that `read` names."""
        loops.text = {program.symbols[name]: f"h{k}" for k, name in enumerate(program.parameters)}
        loops.text[program.symbols["t"]] = "t"
        loops.place = {}
        for node, (line, name) in read.items():
            first = offsets[name][0]
            if node.vector:
                loops.place[node] = place(within("R", line, first), node.extents)
            else:
                loops.text[node] = f"R[{line} + {first}]"
        targets = {name: place(within("R", target, offsets[name][0]), node.extents) for name, node in outputs.items()}
        body = loops.statements(list(outputs.values()), {node: targets[name] for name, node in outputs.items()})
        return [*body, *loops.stores(targets, outputs)]

    symbols = program.symbols
    state = {symbols["w"]: ("a", "w"), **{symbols["s." + name]: ("a", name) for name in program.slots}}
    first = part(program.start, {symbols["w"]: ("a", "w")}, "a")
    turn = part({PROBE: program.probe}, state, "b")
    turn += part({"g": slope}, {at: ("b", PROBE)}, "b")
    turn += part(program.lines, {**state, symbols["g"]: ("b", "g")}, "b")
    numbers = [f"h{k} = v[{k}]" for k in range(len(program.parameters))]
    turn = ["t = float(k)", "a = (k - 1) * S", "b = k * S", *(["v = h[k - 1]", *numbers] if scheduled else []), *turn,
            ("j", end, ["if not np.isfinite(R[b + j]):", "    return k"])]
    body = [*prelude(loops), f"S = {stride}", "R = record.reshape(record.size)", "v = h[0]", *numbers, "a = 0",
            *loops.lines([*first, ("k", "1, steps + 1", turn)]), "return 0"]
    return "\n    ".join(["def kernel(steps, h, record):", *body]) + "\n"
