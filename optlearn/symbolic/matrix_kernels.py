"""Machine code of rules that are recorded for one shape: their steps in blocks of runs, and whole runs on matrices."""

from optlearn.symbolic.kernels import WIDTH, row
from optlearn.symbolic.loops import Loops, place
from optlearn.symbolic.operations import SPECIAL


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
