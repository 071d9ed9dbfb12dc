"""Rules and surfaces as JavaScript that a page runs with no kernel and no server."""

import json
import math

from optlearn.symbolic.emit import Emitter, stages
from optlearn.symbolic.graph import REDUCTIONS, as_node, walk
from optlearn.symbolic.jacobi import JAVASCRIPT
from optlearn.symbolic.loops import Loops, place, within
from optlearn.symbolic.operations import SPECIAL, TABLE
from optlearn.symbolic.program import ABOUT, ANSWER, PROBE, RATE, REPORTED, SEEN
from optlearn.symbolic.shapes import length
from optlearn.symbolic.trace import trace


def layout(program, size=2):
    """Where each recorded quantity of a step lies in a row: name to (offset, size); and the length of a row."""
    sizes = {"w": size, PROBE: size, "g": size}
    if program.rate is not None:
        sizes[RATE] = length(program.rate.extents, size)
    for name in program.slots:
        sizes[name] = length(program.start[name].extents, size)
    for name in program.draws:
        sizes[name] = size
    for name, node in program.lines.items():
        if name not in ("w", SEEN):
            sizes.setdefault(name, length(node.extents, size))
    for one in program.asked:
        if one.node is not None:
            sizes[_about(one)] = size
        sizes[one.symbol.args[0]] = length(one.symbol.extents, size)
    # The gradient that the rule sees is kept beside the one that the surface gave.
    if SEEN in program.lines:
        sizes[SEEN] = size
    if program.reports:
        sizes[REPORTED] = size
    offsets, end = {}, 0
    for name, n in sizes.items():
        offsets[name] = (end, n)
        end += n
    return offsets, end


def _about(one):
    return one.symbol.args[0].replace(ANSWER, ABOUT)


class _Rule:
    def __init__(self, program, size):
        self.program, self.size = program, size
        self.offsets, self.stride = layout(program, size)
        self.count = 0

    def method(self, name, arguments, outputs, row, read):
        """A method that writes the nodes `outputs` into a row."""
        program = self.program
        text = {program.symbols[p]: f"h[{i}]" for i, p in enumerate(program.parameters)}
        text[program.symbols["t"]] = "t"
        vectors = {}
        for key, symbol in program.symbols.items():
            place = read(key)
            if place is None:
                continue
            if symbol.vector:
                vectors[symbol] = f"R[{place} + i]"
            else:
                text[symbol] = f"R[{place}]"
        roots = list(outputs.values())
        body, scalars = [], Emitter("javascript", text, "s")
        order = stages(roots)
        for stage in order:
            body += self._scalar_part(scalars, [a for n in stage for a in n.args])
            for i, reduction in enumerate(stage):
                scalars.text[reduction] = f"{reduction.op}{len(body)}_{i}"
                start = repr(TABLE[reduction.op].start)
                body.append(f"let {scalars.text[reduction]} = {SPECIAL['javascript'].get(start, start)};")
            loop = Emitter("javascript", {**scalars.text, **vectors}, "x")
            lines = [f"const {n} = {e};" for n, e in loop.statements([a for n in stage for a in n.args])]
            for reduction in stage:
                total, value = scalars.text[reduction], loop.text[reduction.args[0]]
                lines.append(TABLE[reduction.op].javascript.format(total, value))
            body += self._loop(lines)
        body += self._scalar_part(scalars, roots)
        loop = Emitter("javascript", {**scalars.text, **vectors}, "x")
        inside = {n: node for n, node in outputs.items() if self.offsets[n][1] > 1}
        lines = [f"const {n} = {e};" for n, e in loop.statements(inside.values())]
        lines += [f"R[{row} + {self.offsets[n][0]} + i] = {loop.text[node]};" for n, node in inside.items()]
        body += self._loop(lines) if inside else []
        for n, node in outputs.items():
            if n not in inside:
                body += self._scalar_part(scalars, [node])
                body.append(f"R[{row} + {self.offsets[n][0]}] = {scalars.text[node]};")
        return f"{name}({arguments}) {{ {' '.join(body)} }}"

    @staticmethod
    def around(methods):
        """The object of the methods."""
        return f"({methods})"

    def _loop(self, lines):
        return [f"for (let i = 0; i < {self.size}; i++) {{ {' '.join(lines)} }}"]

    @staticmethod
    def _scalar_part(scalars, roots):
        """Everything below `roots` that does not depend on the coordinate, once."""
        ready = scalars.text
        needed = [n for n in walk(roots, stop=list(ready)) if not n.vector and n not in ready]
        # A scalar that waits for a sum of a later stage is not ready yet.
        usable = set()
        for n in needed:
            if n.op in ("number",) or (n.op not in REDUCTIONS and n.op != "symbol"
                                       and all(a in ready or a in usable for a in n.args)):
                usable.add(n)
        return [f"const {n} = {e};" for n, e in scalars.statements([n for n in needed if n in usable])]


class _MatrixRule:
    """A rule that is recorded for one shape: its loops share an array that they work in."""

    def __init__(self, program, size):
        self.program = program
        self.offsets, self.stride = layout(program, size)
        self.loops = Loops("javascript")

    def method(self, name, arguments, outputs, row, read):
        """A method that writes the nodes `outputs` into a row."""
        program, loops = self.program, self.loops
        loops.text = {program.symbols[p]: f"h[{i}]" for i, p in enumerate(program.parameters)}
        loops.text[program.symbols["t"]] = "t"
        loops.place = {}
        for key, symbol in program.symbols.items():
            at = read(key)
            if at is not None and symbol.vector:
                loops.place[symbol] = place(within("R", at), symbol.extents)
            elif at is not None:
                loops.text[symbol] = f"R[{at}]"
        targets = {n: place(within("R", row, self.offsets[n][0]), node.extents) for n, node in outputs.items()}
        body = loops.statements(list(outputs.values()), {node: targets[n] for n, node in outputs.items()})
        body += loops.stores(targets, outputs)
        return f"{name}({arguments}) {{ {' '.join(loops.lines(body))} }}"

    def around(self, methods):
        """The object of the methods, with what they share."""
        constants = "".join(f"const {name} = {json.dumps(list(values))}; "
                            for name, values in self.loops.constants.items())
        helper = " ".join(line.strip() for line in JAVASCRIPT.splitlines()) if self.loops.calls else ""
        room = f"const B = new Float64Array({self.loops.size});"
        return f"(() => {{ {helper}{constants}{room} return {methods}; }})()"


def rule_code(rule, shape=(2,)):
    """The JavaScript of a rule: an object with `start`, `probe` and `step` that work on rows of one array.

    A rule that asks for more than a gradient also has `ask`, to be called between gradient and step: it puts the
    answers of a surface into the row, of gradients with `u` and `v` added, the noise of the step. A rule that reports
    another point than it trains has `report`, which puts that point of row `a` into row `b`.

    Parameters
    ----------
    rule : Optimizer
    shape : tuple of int
        The shape of the parameters, which lie in a row in the order of C.

    Returns
    -------
    code : str
        A JavaScript expression.
    offsets : dict of str to (int, int)
        Offset and size of each quantity in a row.
    stride : int
        Length of a row.
    """
    program = trace(rule, shape)
    maker = (_Rule if program.shape is None else _MatrixRule)(program, math.prod(shape))
    at = {name: place[0] for name, place in maker.offsets.items()}

    def first(key):
        return f"o + {at['w']}" if key == "w" else None

    def read(key):
        if key == "w":
            return f"a + {at['w']}"
        if key == "g":
            return f"b + {at['g']}"
        if key.startswith(ANSWER):
            return f"b + {at[key]}"
        if key.startswith("s."):
            bare = key[2:]
            return f"{'b' if bare in program.draws else 'a'} + {at[bare]}"
        return None

    def answer(one):
        """The call that puts an answer of the surface into the row."""
        to = f"b + {at[one.symbol.args[0]]}"
        x, y = (f"R[b + {at[PROBE]}{' + 1' * c}]" for c in range(2))
        about = [f"R[b + {at[_about(one)]}{' + 1' * c}]" for c in range(2)] if one.node is not None else ()
        if one.kind == "loss":
            return f"R[{to}] = S.f({x}, {y}, p, rows, at, size);"
        if one.kind == "gradient":
            return (f"S.gradient({', '.join(about)}, p, R, {to}, rows, at, size); R[{to}] += u; R[{to} + 1] += v;")
        call = f"{{ const H = [0, 0, 0]; S.hessian({x}, {y}, p, H, 0, rows, at, size); "
        values = ("H[0]", "H[2]") if one.kind == "hessian_diagonal" else \
            (f"H[0] * {about[0]} + H[1] * {about[1]}", f"H[1] * {about[0]} + H[2] * {about[1]}")
        return call + f"R[{to}] = {values[0]}; R[{to} + 1] = {values[1]}; }}"

    outputs = dict(program.lines)
    if program.rate is not None:
        outputs[RATE] = as_node(program.rate)
    methods = [maker.method("start", "R, o, h", program.start, "o", first),
               maker.method("probe", "R, a, b, t, h", {PROBE: program.probe}, "b", read),
               maker.method("step", "R, a, b, t, h", outputs, "b", read)]
    if program.reports:
        methods.append(maker.method("report", "R, a, b, t, h", {REPORTED: program.answer}, "b", read))
    asks = []
    for k, one in enumerate(program.asked):
        if one.node is not None:
            methods.append(maker.method(f"about{k}", "R, a, b, t, h", {_about(one): one.node}, "b", read))
            asks.append(f"this.about{k}(R, a, b, t, h);")
        asks.append(answer(one))
    if asks:
        methods.append(f"ask(R, a, b, t, h, S, p, u, v, rows, at, size) {{ {' '.join(asks)} }}")
    return maker.around("{ " + ", ".join(methods) + " }"), maker.offsets, maker.stride


def surface_code(surface):
    """The JavaScript of a surface: an object with `f`, `gradient` and `hessian`.

    Those of a surface with samples take the mean over the samples that stand in ``rows[at]`` to
    ``rows[at + size - 1]``, or over all if there are no `rows`.
    """
    graph = surface.graph()
    text = {graph.x: "x", graph.y: "y", **{symbol: f"p[{i}]" for i, symbol in enumerate(graph.parameters)}}
    if graph.sample:
        return _sampled(surface, graph, text)

    def method(head, nodes, write):
        emitter = Emitter("javascript", text, "s")
        body = [f"const {n} = {e};" for n, e in emitter.statements(nodes)]
        return f"{head} {{ {' '.join(body)} {write([emitter.text[n] for n in nodes])} }}"

    return "({ " + ", ".join([
        method("f(x, y, p)", [graph.f], lambda v: f"return {v[0]};"),
        method("gradient(x, y, p, out, o)", graph.gradient, _store),
        method("hessian(x, y, p, out, o)", graph.hessian, _store)]) + " })"


def _store(values):
    return " ".join(f"out[o + {i}] = {value};" for i, value in enumerate(values))


def _sampled(surface, graph, text):
    """Means over samples, added in the order in which NumPy adds them."""
    count, width = surface.samples.shape
    text = {**text, **{symbol: f"D[{width} * j + {i}]" for i, symbol in enumerate(graph.sample)}}

    def method(head, nodes, write):
        emitter = Emitter("javascript", text, "s")
        sums = [f"m{i}" for i in range(len(nodes))]
        body = [f"const {n} = {e};" for n, e in emitter.statements(nodes)]
        body += [f"{total} += {emitter.text[node]};" for total, node in zip(sums, nodes, strict=True)]
        return (f"{head} {{ let {', '.join(f'{total} = 0' for total in sums)}; const n = rows ? size : {count}; "
                f"for (let k = 0; k < n; k++) {{ const j = rows ? rows[at + k] : k; {' '.join(body)} }} "
                f"{write([f'{total} / n' for total in sums])} }}")

    predict = []
    if graph.predict is not None:
        emitter = Emitter("javascript", {**text, graph.sample[0]: "u"}, "s")
        body = [f"const {n} = {e};" for n, e in emitter.statements([graph.predict])]
        predict = [f"predict(x, y, p, u) {{ {' '.join(body)} return {emitter.text[graph.predict]}; }}"]
    return (f"(() => {{ const D = {json.dumps(surface.samples.ravel().tolist())}; return {{ " + ", ".join([
        *predict,
        method("f(x, y, p, rows, at, size)", [graph.f], lambda v: f"return {v[0]};"),
        method("gradient(x, y, p, out, o, rows, at, size)", graph.gradient, _store),
        method("hessian(x, y, p, out, o, rows, at, size)", graph.hessian, _store)]) + " }; })()")


def schedule_code(schedule, numbers=None):
    """The JavaScript of a schedule: a function of the step index, and of the numbers that have a text in `numbers`."""
    node, t = schedule.graph()
    emitter = Emitter("javascript", {t: "k", **(numbers or {})}, "s")
    body = [f"const {n} = {e};" for n, e in emitter.statements([node])]
    return f"(({'k, h' if numbers else 'k'}) => {{ {' '.join(body)} return {emitter.text[node]}; }})"


def as_json(value):
    """Compact JSON that can stand inside a script element."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
