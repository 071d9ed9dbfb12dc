"""A rule and a surface as one compiled loop: single runs in which nothing is drawn and nothing comes late."""

import weakref

from optlearn.symbolic.emit import Emitter
from optlearn.symbolic.graph import walk
from optlearn.symbolic.kernels import compiled, coordinates, layout
from optlearn.symbolic.program import PROBE, SEEN


def fused(program, graph, scheduled):
    """The compiled loop of a rule on a surface.

    Parameters
    ----------
    program : Program
    graph : optlearn.surfaces.Graph
    scheduled : bool
        Whether the rule's numbers change from step to step.

    Returns
    -------
    kernel : callable
        ``kernel(steps, x, y, h, p, record)``: with the start, the rule's numbers (of each step, or of all) and the
        surface's. It fills the record and gives the step that was not finite, or 0.
    rows, height
        As `layout` gives them: what stands where in a row of the record.
    """
    # Kept with the graph and for as long as the recording of the rule: both go when their lines change.
    kept = graph.__dict__.setdefault("fused", weakref.WeakKeyDictionary()).setdefault(program, {})
    if scheduled not in kept:
        rows, height = layout(program)
        kept[scheduled] = compiled(_source(program, graph, rows, scheduled)), rows, height
    return kept[scheduled]


def _source(program, graph, rows, scheduled):
    """What does not change from step to step is computed before the loop, and the state stays in registers."""
    h = {program.symbols[name]: f"h{k}" for k, name in enumerate(program.parameters)}
    lines = {name: node for name, node in program.lines.items() if name != SEEN}
    parts = coordinates([*program.start.values(), program.probe, *lines.values(), *program.symbols.values(),
                         *(one.node for one in program.asked if one.node is not None)], 2)
    state = {}
    for name in ("w", *program.slots):
        symbol = program.symbols["w" if name == "w" else "s." + name]
        state.update({part: f"r{rows[name][0] + c}" for c, part in enumerate(parts[symbol])})

    def writes(named, text):
        return [f"now[{rows[name][0] + c}] = {text[part]}" for name, node in named.items()
                for c, part in enumerate(parts[node] * (1 + (rows[name][1] > len(parts[node]))))]

    def reads(wanted):
        return [f"{name} = now[{name[1:]}]" for name in wanted.values()]

    numbers = [f"h{k} = values[{k}]" for k in range(len(program.parameters))]
    before = [f"p{k} = p[{k}]" for k in range(len(graph.parameters))]
    before += ["values = h[0]", *numbers, "now = record[0]", "now[0] = r0 = x", "now[1] = r1 = y"]
    first = Emitter("kernel", {**h, **state}, "a")
    before += _statements(first, [part for node in program.start.values() for part in parts[node]])
    before += writes(program.start, first.text) + reads(state)

    step = Emitter("kernel", {**h, **state, program.symbols["t"]: "t"}, "x")
    slope = Emitter("kernel", {s: f"p{k}" for k, s in enumerate(graph.parameters)}, "c")
    wanted = [part for node in lines.values() for part in parts[node]]
    if not scheduled:
        before += _statements(step, _constant(wanted, h))
    before += _statements(slope, _constant(graph.gradient, slope.text))
    loop = ["t = float(k)", "now = record[k]"]
    if scheduled:
        loop += ["values = h[k - 1]", *numbers]
    # Powers of the step number wait for nothing: put first, the processor works on them during the step before.
    loop += _statements(step, _constant(wanted, {*h, program.symbols["t"]}))
    probe = parts[program.probe]
    loop += _statements(step, probe)

    def ask(nodes, at, prefix):
        """The values of nodes of the surface at a point, in texts."""
        here = Emitter("kernel", {**fixed, graph.x: at[0], graph.y: at[1]}, prefix)
        loop.extend(_statements(here, nodes))
        return [here.text[node] for node in nodes]

    fixed, at = dict(slope.text), [step.text[part] for part in probe]
    slopes = ask(graph.gradient, at, "y")
    step.text.update(zip(parts[program.symbols["g"]], slopes, strict=True))
    for k, one in enumerate(program.asked):
        given = parts[one.node] if one.node is not None else []
        loop += _statements(step, given)
        given = [step.text[part] for part in given]
        if one.kind == "gradient":
            answers = ask(graph.gradient, given, f"z{k}_")
        elif one.kind == "loss":
            answers = ask([graph.f], at, f"z{k}_")
        else:
            xx, xy, yy = ask(graph.hessian, at, f"z{k}_")
            answers = [xx, yy] if one.kind == "hessian_diagonal" else [
                f"({xx} * {given[0]} + {xy} * {given[1]})", f"({xy} * {given[0]} + {yy} * {given[1]})"]
        step.text.update(zip(parts[one.symbol], answers, strict=True))
    loop += _statements(step, wanted)
    loop += [f"now[{rows['g'][0] + c}] = {text}" for c, text in enumerate(slopes)]
    if program.probe is not program.symbols["w"]:
        loop += writes({PROBE: program.probe}, step.text)
    loop += writes(lines, step.text) + reads(state)
    loop += ["if not (np.isfinite(r0) and np.isfinite(r1)):", "    return k"]
    return "\n    ".join(["def kernel(steps, x, y, h, p, record):", *before, "for k in range(1, steps + 1):",
                          *("    " + line for line in loop), "return 0"]) + "\n"


def _statements(emitter, nodes):
    return [f"{name} = {text}" for name, text in emitter.statements(nodes)]


def _constant(nodes, fixed):
    """What `nodes` are made of that depends on nothing but the symbols in `fixed`."""
    same = set()
    for n in walk(nodes):
        if n.op == "number" or n in fixed or (n.op != "symbol" and all(a in same for a in n.args)):
            same.add(n)
    return [n for n in walk(nodes) if n in same and n not in fixed]
