"""Runs on a surface as machine code: one run, or a sweep of many in blocks."""

import functools
from collections.abc import Mapping
from math import isfinite

import numpy as np

from optlearn.declare import InvalidArgument
from optlearn.machine import in_threads, keep_memory
from optlearn.symbolic.fused import fused
from optlearn.symbolic.graph import walk
from optlearn.symbolic.kernels import (
    AT,
    LANES,
    WIDTH,
    G,
    W,
    build,
    coordinates,
    kernel_source,
    kinds,
    layout,
    numba,
    row,
)
from optlearn.symbolic.matrix_kernels import matrix_kernel
from optlearn.symbolic.program import PROBE, SEEN, parameter_values
from optlearn.symbolic.readings import readings
from optlearn.symbolic.trace import trace


class RuleKernels:
    """The kernels of a rule on a plane: `start`, `probe` and `step` change a block of runs in place.

    Parameters
    ----------
    program : Program
    swept : tuple of str
        Parameters that have a value of their own in each run.
    """

    def __init__(self, program, swept):
        self.rows, self.height = layout(program)
        self.program, self.swept = program, swept
        self.uniform = [name for name in program.parameters if name not in swept]
        self.same = self._same_in_all_runs()
        self.start = self._kernel(program.start)
        self.probe = self._kernel({PROBE: program.probe})
        self.step = self._kernel({name: node for name, node in program.lines.items() if name != SEEN})

    def _kernel(self, named):
        program = self.program
        integer, real, line, _ = kinds()
        if program.shape is not None:
            return build(matrix_kernel(program, named, self.rows, self.uniform, self.swept), line, integer, real, line,
                         line)
        uniform = {program.symbols[name]: f"h[{k}]" for k, name in enumerate(self.uniform)}
        uniform[program.symbols["t"]] = "t"
        lanes = {program.symbols[name]: row(k, "H") for k, name in enumerate(self.swept)}
        parts = coordinates([*named.values(), *program.symbols.values()], 2)
        for name, node in program.symbols.items():
            place = self.rows.get(name.removeprefix("s."))
            if place is not None and node not in uniform and node not in lanes:
                lanes.update({part: row(place[0] + c) for c, part in enumerate(parts[node])})
        outputs = [(row(self.rows[name][0] + c), part) for name, node in named.items()
                   for c, part in enumerate(parts[node] * (1 + (self.rows[name][1] > len(parts[node]))))]
        return build(kernel_source("R, n, t, h, H", uniform, lanes, outputs), line, integer, real, line, line)

    def _same_in_all_runs(self):
        """The named numbers that do not depend on the run, as the readable rule keeps them."""
        program, own = self.program, {self.program.symbols[name] for name in self.swept}
        same = {name for name, (_, size) in self.rows.items() if size == 1}
        while True:
            differ = own | {program.symbols["s." + name] for name in program.slots if name not in same}
            differ |= {node for name, node in program.symbols.items() if node.vector}
            varying = set()
            for n in walk([*program.start.values(), *program.lines.values()]):
                if n in differ or (n.op not in ("symbol", "number", "count") and any(a in varying for a in n.args)):
                    varying.add(n)
            fewer = {name for name in same if program.lines[name] not in varying
                     and program.start.get(name) not in varying}
            if fewer == same:
                return same
            same = fewer


def gradient_kernel(surface, swept, at):
    """The kernel of a surface's gradient: from the point in rows `at` (W or AT) to the gradient in rows G."""
    graph = surface.graph()
    uniform = {s: f"p[{k}]" for k, s in enumerate(s for s in graph.parameters if s.args[0] not in swept)}
    lanes = {s: row(k, "P") for k, s in enumerate(s for s in graph.parameters if s.args[0] in swept)}
    lanes.update({graph.x: row(at), graph.y: row(at + 1)})
    lanes.update({s: f"D[{len(graph.sample)} * rows[k, i] + {c}]" for c, s in enumerate(graph.sample)})
    outputs = [(row(G + c), node) for c, node in enumerate(graph.gradient)]
    source = kernel_source("R, n, p, P, D, rows", uniform, lanes, outputs, "rows.shape[0]" if graph.sample else None)
    integer, _, line, rows = kinds()
    return build(source, line, integer, line, line, line, rows)


def _drive(first, last, origin, steps, h, H, p, P, D, rows, draws, draws_at, noise, delay, height,
           moved, start, probe, gradient, step, single, record):
    """Steps of the runs `first` to `last`, block by block.

    `moved` says that the gradient is taken at the probe, not at the parameters. `record` gets, of every step or
    (if it has one row) of the last one, as many rows as it has. The values of h, H and `rows` in step t are the
    t-th, or the only ones. A single run stops where it is not finite.
    """
    R = np.zeros(height * WIDTH)
    swept = np.zeros(max(1, H.shape[1]) * WIDTH)
    parameters = np.zeros(max(1, P.shape[0]) * WIDTH)
    for lo in range(first, last, LANES):
        n = min(LANES, last - lo)
        for k in range(P.shape[0]):
            for i in range(n):
                parameters[k * WIDTH + i] = P[k, lo + i]
        for k in range(2):
            for i in range(n):
                R[(W + k) * WIDTH + i] = origin[k, lo + i]
        for t in range(steps + 1):
            if t <= 1 or H.shape[0] > 1:
                now = max(0, min(t, H.shape[0]) - 1)
                for k in range(H.shape[1]):
                    for i in range(n):
                        swept[k * WIDTH + i] = H[now, k, lo + i]
            now = max(0, min(t, h.shape[0]) - 1)
            if t == 0:
                start(R, n, 1.0, h[now], swept)
            else:
                for k in range(draws.shape[1]):
                    for i in range(n):
                        R[(draws_at + k) * WIDTH + i] = draws[t - 1, k, lo + i]
                if delay:
                    for k in range(2):
                        for i in range(n):
                            R[(AT + k) * WIDTH + i] = record[max(0, t - 1 - delay), W + k, lo + i]
                elif moved:
                    probe(R, n, float(t), h[now], swept)
                gradient(R, n, p, parameters, D, rows[min(t, rows.shape[0]) - 1][:, lo:lo + n])
                if noise.shape[0]:
                    for k in range(2):
                        for i in range(n):
                            R[(G + k) * WIDTH + i] += noise[t - 1, k, lo + i]
                step(R, n, float(t), h[now], swept)
                if single and not (np.isfinite(R[W * WIDTH]) and np.isfinite(R[(W + 1) * WIDTH])):
                    return t
            if record.shape[0] > 1 or t == steps:
                for k in range(record.shape[1]):
                    for i in range(n):
                        record[min(t, record.shape[0] - 1), k, lo + i] = R[k * WIDTH + i]
    return 0


@functools.cache
def _driver():
    return numba().njit(nogil=True, error_model="numpy")(_drive)


_rules = {}


def rule_kernels(program, swept=()):
    """The kernels of a recorded rule, compiled once."""
    key = (program, swept)
    if key not in _rules:
        _rules[key] = RuleKernels(program, swept)
    return _rules[key]


def _of_surface(surface, *form):
    # Kept with the graph, so that it goes when the surface goes or changes.
    kernels = surface.graph().__dict__.setdefault("kernels", {})
    if form not in kernels:
        kernels[form] = gradient_kernel(surface, *form)
    return kernels[form]


def _tables(values, lanes):
    """Numbers as the driver takes them.

    Parameters
    ----------
    values : list of dict
        Of every step, or one for all: the values by name.
    lanes : int
        Number of runs.

    Returns
    -------
    uniform : array (steps or 1, k)
    swept : array (steps or 1, j, lanes)
    names : tuple of str
        Those that are swept.
    """
    swept = tuple(name for name in values[0] if any(np.ndim(step[name]) for step in values))
    uniform = [[step[name] for name in values[0] if name not in swept] for step in values]
    each = [[np.broadcast_to(step[name], lanes) for name in swept] for step in values]
    return (np.array(uniform, dtype=float).reshape(len(values), -1),
            np.array(each, dtype=float).reshape(len(values), len(swept), lanes), swept)


def _moved(program, delay):
    """Whether the gradient is taken elsewhere than at the parameters."""
    return bool(delay) or program.probe is not program.symbols["w"]


def _execute(surface, rule, w, steps, chance, delay, keep):
    """Run, and keep ``keep(kernels)`` rows of every step, or of the last one.

    Returns
    -------
    kernels : RuleKernels
    record : array (steps + 1 or 1, rows, N)
    diverged : int
        The step of a single run that was not finite, or 0.
    """
    program, lanes = trace(rule), w[0].size
    if program.asked:
        raise InvalidArgument(f"compiled = True is not allowed here for {rule.name}: it asks for more than a gradient "
                              "in its step, which only a single run without chance or delay has as machine code")
    times = range(1, max(steps, 1) + 1) if rule.scheduled else (1,)
    values = [dict(zip(program.parameters, parameter_values(rule.at(t)), strict=True)) for t in times]
    h, H, swept = _tables(values, lanes)
    p, P, surface_swept = _tables([{name: surface.__dict__[name] for name in surface.hypers()}], lanes)
    kernels = rule_kernels(program, swept)
    drawn = [chance(w.shape) for _ in range(steps)] if chance is not None else []
    draws = np.array([[x[name] for name in program.draws] for x, _, _ in drawn]).reshape(
        len(drawn), 2 * len(program.draws), lanes)
    noise = np.array([x for _, _, x in drawn if x is not None]).reshape(-1, 2, lanes)
    data, rows = np.zeros(0), np.zeros((1, 0, lanes), dtype=np.int64)
    if surface.samples is not None:
        data = np.ascontiguousarray(surface.samples, dtype=float).ravel()
        taken = [x for _, x, _ in drawn] if drawn and drawn[0][1] is not None else [np.arange(len(surface.samples))]
        rows = np.array([np.broadcast_to(x.reshape(len(x), -1), (len(x), lanes)) for x in taken], dtype=np.int64)
    every, height = keep(kernels)
    record = np.empty((steps + 1 if every else 1, height, lanes))
    drive, origin = _driver(), np.ascontiguousarray(w.reshape(2, lanes))
    moved = _moved(program, delay)
    gradient = _of_surface(surface, surface_swept, AT if moved else W)
    draws_at = kernels.rows[program.draws[0]][0] if program.draws else 0

    def part(first, last):
        return drive(first, last, origin, steps, h, H, p[0], P[0], data, rows, draws, draws_at, noise, delay,
                     kernels.height, moved, kernels.start, kernels.probe, gradient, kernels.step, w.ndim == 1, record)

    # A thread for a few blocks would take longer to start than to work.
    shares = [(k, min(k + 8 * LANES, lanes)) for k in range(0, lanes, 8 * LANES)]
    return kernels, record, max(in_threads(lambda mine: part(mine[0][0], mine[-1][1]), shares), default=0)


def run(surface, rule, w, steps, chance, delay):
    """What `optlearn.trajectory.run` records, made by kernels."""
    program = trace(rule)
    if w.ndim == 1 and chance is None and not delay and surface.samples is None and program.shape is None:
        return Ready.of(surface, rule)(*w.tolist(), steps)
    kernels, record, diverged = _execute(surface, rule, w, steps, chance, delay, lambda k: (True, k.height))
    record, same = (record, kernels.same) if w.ndim > 1 else (record[..., 0], ())
    return _parts(record, diverged, kernels.rows, program, _moved(program, delay), same)


def _parts(record, diverged, rows, program, moved, same=()):
    """Parameters, probes and gradients; and the named quantities."""
    record = record[:diverged] if diverged else record
    at, g, w = rows[PROBE][0], rows["g"][0], record[:, W:W + 2]
    return [w, record[1:, at:at + 2] if moved else w[:-1], record[1:, g:g + 2]], Named(record, rows, program, same)


class Named(Mapping):
    """The named quantities of a record, each cut out when it is asked for: a short run takes less time than all."""

    def __init__(self, record, rows, program, same):
        self.record, self.rows, self.program, self.same = record, rows, program, same

    def __getitem__(self, name):
        program = self.program
        if name in ("w", PROBE, "g", *program.draws):
            raise KeyError(name)
        first, size = self.rows[name]
        values = self.record[:, first:first + size] if size > 1 else self.record[:, first]
        shape = program.lines[name].extents if name in program.lines else None
        if shape:
            values = values.reshape(-1, *shape, *values.shape[2:])
        elif name in self.same:
            values = values[..., 0]
        return values if name in program.slots else values[1:]

    def __iter__(self):
        return (name for name in self.rows if name in self)

    def __reduce__(self):
        return dict, (dict(self),)

    def __len__(self):
        return sum(1 for _ in self)


def again(surface, rule, start, steps, noise, delay, keep):
    """A single run of what was run before, which needs none of the checks: a call takes less than a hundred steps.

    Returns
    -------
    tuple or None
        What a `Trajectory` is made of; None where this is not such a run, or an argument may be wrong.
    """
    if (noise.__class__, delay.__class__, keep.__class__, steps.__class__) != (float, int, int, int) \
            or noise or delay or keep != 1 or steps < 0 or rule.scheduled:
        return None
    start = surface.start if start is None else start
    if start.__class__ is np.ndarray and start.dtype == np.float64 and start.ndim == 1:
        start = start.tolist()
    if start.__class__ not in (tuple, list) or len(start) != 2:
        return None
    x, y = start
    ready = Ready.known(surface, rule)
    if ready is None or not (x.__class__ is y.__class__ is float and isfinite(x) and isfinite(y)):
        return None
    rows, named = ready(x, y, steps)
    made = len(rows[0]) - 1
    return surface, rule, rows, named, made + 1 if made < steps else None


class Ready:
    """Single runs of a rule on a surface in one loop, with all made ready that is the same in each.

    Calling it with a start and a number of steps gives what `run` gives.
    """

    # The last ones, found by the objects that they hold: a call is shorter than to ask what these are equal to.
    made = {}

    @classmethod
    def known(cls, surface, rule):
        """That of these very objects if there is one and the lines are still the same, or None."""
        found = cls.made.get((id(surface), id(rule)))
        return found if found is not None and all([part.unchanged() for part in found.read]) else None

    @classmethod
    def of(cls, surface, rule):
        """That of these objects."""
        found = cls.known(surface, rule)
        if found is None:
            found = cls(surface, rule)
            if len(cls.made) > 32:
                cls.made.clear()
            cls.made[id(surface), id(rule)] = found
        return found

    def __init__(self, surface, rule):
        self.surface, self.rule, self.program = surface, rule, trace(rule)
        self.moved = _moved(self.program, 0)
        self.read = [readings(type(part)) for part in (surface, rule, *rule.gradient)]
        self.kernel, self.rows, self.height = fused(self.program, surface.graph(), rule.scheduled)
        self.p = np.array([surface.__dict__[name] for name in surface.hypers()], dtype=float)
        self.h = np.array([parameter_values(rule.at(1))], dtype=float)
        keep_memory()

    def __call__(self, x, y, steps):
        rule, h = self.rule, self.h
        if rule.scheduled:
            h = np.array([parameter_values(rule.at(t)) for t in range(1, max(steps, 1) + 1)], dtype=float)
        record = np.empty((steps + 1, self.height))
        return _parts(record, self.kernel(steps, x, y, h, self.p, record), self.rows, self.program, self.moved)


def sweep(surface, rule, w, steps, chance, path):
    """What `optlearn.trajectory.sweep` returns, made by kernels."""
    _, record, _ = _execute(surface, rule, w, steps, chance, 0, lambda k: (path, 2))
    return record if path else record[0]
