"""Rules and surfaces as machine code, by Numba: long runs, sweeps of many runs, and steps on large arrays.

The kernels are straight-line code from the recorded lines. They work on blocks of lanes (a lane is one run, or
one element of an array) that stay in the processor's nearest cache. What is the same in all lanes, such as
``1 - beta1**t``, is computed once a step, before the loop over the lanes.
"""

import functools

import numpy as np

from optlearn import gradients, optional, tree
from optlearn.declare import InvalidArgument
from optlearn.optimizer import in_threads
from optlearn.symbolic.emit import Emitter, stages
from optlearn.symbolic.graph import REDUCTIONS, apply, number, symbol, walk
from optlearn.symbolic.operations import TABLE
from optlearn.symbolic.trace import PROBE as AT
from optlearn.symbolic.trace import SEEN, evaluate, parameter_values, trace

# Quantities lie in rows of WIDTH numbers, of which LANES are used: rows whose distance is a power of two would
# compete for the same places of the cache.
LANES, WIDTH = 256, 280
W, PROBE, G, FREE = 0, 2, 4, 6

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


def _row(row, array="R"):
    return f"{array}[{row * WIDTH} + i]"


@functools.cache
def _build(source, *types):
    """Machine code of a kernel as a function that other machine code is handed; compiled once."""
    functions = {"np": np}
    exec(source, functions)
    signature = numba().types.void(*types)
    return _kernel_type()(numba().cfunc(signature, error_model="numpy")(functions["kernel"]), signature)


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
def _types():
    t = numba().types
    line = t.Array(t.float64, 1, "C")
    return t.int64, t.float64, line, t.Array(t.int64, 2, "A")


class RuleKernels:
    """The kernels of a rule on a plane: `start`, `probe` and `step` change a block of runs in place.

    Parameters
    ----------
    program : Program
    swept : tuple of str
        Parameters that have a value of their own in each run.
    """

    def __init__(self, program, swept):
        self.rows, end = {"w": (W, 2), AT: (PROBE, 2), "g": (G, 2)}, FREE
        vectors = {**{name: node.vector for name, node in program.start.items()}, **dict.fromkeys(program.draws, True)}
        for name, node in program.lines.items():
            if name not in ("w", SEEN):
                vectors.setdefault(name, node.vector)
        for name, vector in vectors.items():
            self.rows[name] = (end, 1 + vector)
            end += 1 + vector
        self.height = end
        self.program, self.swept = program, swept
        self.uniform = [name for name in program.parameters if name not in swept]
        self.same = self._same_in_all_runs()
        self.start = self._kernel(program.start)
        self.probe = self._kernel({AT: program.probe})
        self.step = self._kernel({name: node for name, node in program.lines.items() if name != SEEN})

    def _kernel(self, named):
        program = self.program
        uniform = {program.symbols[name]: f"h[{k}]" for k, name in enumerate(self.uniform)}
        uniform[program.symbols["t"]] = "t"
        lanes = {program.symbols[name]: _row(k, "H") for k, name in enumerate(self.swept)}
        parts = coordinates([*named.values(), *program.symbols.values()], 2)
        for name, node in program.symbols.items():
            place = self.rows.get(name.removeprefix("s."))
            if place is not None and node not in uniform and node not in lanes:
                lanes.update({part: _row(place[0] + c) for c, part in enumerate(parts[node])})
        outputs = [(_row(self.rows[name][0] + c), part) for name, node in named.items()
                   for c, part in enumerate(parts[node] * (1 + (self.rows[name][1] > len(parts[node]))))]
        integer, real, line, _ = _types()
        return _build(kernel_source("R, n, t, h, H", uniform, lanes, outputs), line, integer, real, line, line)

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
    """The kernel of a surface's gradient: from the point in rows `at` (W or PROBE) to the gradient in rows G."""
    graph = surface.graph()
    uniform = {s: f"p[{k}]" for k, s in enumerate(s for s in graph.parameters if s.args[0] not in swept)}
    lanes = {s: _row(k, "P") for k, s in enumerate(s for s in graph.parameters if s.args[0] in swept)}
    lanes.update({graph.x: _row(at), graph.y: _row(at + 1)})
    lanes.update({s: f"D[{len(graph.sample)} * rows[k, i] + {c}]" for c, s in enumerate(graph.sample)})
    outputs = [(_row(G + c), node) for c, node in enumerate(graph.gradient)]
    source = kernel_source("R, n, p, P, D, rows", uniform, lanes, outputs, "rows.shape[0]" if graph.sample else None)
    integer, _, line, rows = _types()
    return _build(source, line, integer, line, line, line, rows)


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
                            R[(PROBE + k) * WIDTH + i] = record[max(0, t - 1 - delay), W + k, lo + i]
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
    gradient = _of_surface(surface, surface_swept, PROBE if moved else W)
    draws_at = kernels.rows[program.draws[0]][0] if program.draws else 0

    def part(first, last):
        return drive(first, last, origin, steps, h, H, p[0], P[0], data, rows, draws, draws_at, noise, delay,
                     kernels.height, moved, kernels.start, kernels.probe, gradient, kernels.step, w.ndim == 1, record)

    # A thread for a few blocks would take longer to start than to work.
    shares = [(k, min(k + 8 * LANES, lanes)) for k in range(0, lanes, 8 * LANES)]
    return kernels, record, max(in_threads(lambda mine: part(mine[0][0], mine[-1][1]), shares), default=0)


def run(surface, rule, w, steps, chance, delay):
    """What `optlearn.trajectory.run` records, made by kernels."""
    kernels, record, diverged = _execute(surface, rule, w, steps, chance, delay, lambda k: (True, k.height))
    record = record[:diverged] if diverged else record

    def part(name):
        row, size = kernels.rows[name]
        values = record[:, row:row + size].reshape(len(record), *([size] if size > 1 else []), *w.shape[1:])
        return values[..., 0] if name in kernels.same and w.ndim > 1 else values

    named = {name: part(name) if name in rule.slots else part(name)[1:]
             for name in kernels.rows if name not in ("w", AT, "g", *rule.draws)}
    probe = part(AT)[1:] if _moved(kernels.program, delay) else part("w")[:-1]
    return [part("w"), probe, part("g")[1:]], named


def sweep(surface, rule, w, steps, chance, path):
    """What `optlearn.trajectory.sweep` returns, made by kernels."""
    _, record, _ = _execute(surface, rule, w, steps, chance, 0, lambda k: (path, 2))
    return record if path else record[0]


# Steps on large arrays, in place.
ELEMENTS, ROW = 512, 536


class ArrayKernel:
    """Machine code for expressions of whole arrays, element by element.

    What is the same for all elements comes in an array of the arrays' own dtype: NumPy, too, rounds Python's
    numbers to the dtype of the array that they meet.

    Parameters
    ----------
    nodes : list of Node
        What to compute.
    symbols : list of Node
        The arrays that it may be computed from.
    targets : list of Node
        Those of them that the results overwrite.
    sums : list of Node
        Or: sums over all elements of `nodes`, to give back for each block of elements.
    """

    def __init__(self, nodes, symbols, targets=(), sums=()):
        nodes = _by_reciprocals(nodes)
        inside = {n: None for n in walk(nodes) if n.vector}
        wanted = [*(a for n in inside if n.op != "symbol" for a in n.args), *nodes]
        self.uniform = list(dict.fromkeys(n for n in wanted if not n.vector))
        part = {n: f"b{k}" for k, n in enumerate(symbols)}
        loaded = {n: f"v{k}" for k, n in enumerate(symbols) if n in inside}
        emitter = Emitter("kernel", {**{n: f"u{k}" for k, n in enumerate(self.uniform)}, **loaded}, "x")
        lines = [f"{name} = {part[n]}[i]" for n, name in loaded.items()]
        lines += [f"{name} = {expression}" for name, expression in emitter.statements(nodes)]
        # The compiler has to make sure that no two arrays overlap, and gives up if that takes many comparisons;
        # then the results go to a block that stays in the cache, and from there to the arrays, one by one.
        used = len({*loaded, *targets})
        direct = targets and used * (used - 1) // 2 <= 8
        rows = [f"R[{ROW * k} + i]" for k in range(len(nodes))]
        places = [f"{part[n]}[i]" for n in targets] if direct else rows
        lines += [f"{place} = {emitter.text[n]}" for place, n in zip(places, nodes, strict=True)]
        loops = [lines]
        if targets and not direct:
            loops += [[f"{part[n]}[i] = {row}"] for n, row in zip(targets, rows, strict=True)]
        body = [f"u{k} = h[{k}]" for k in range(len(self.uniform))]
        body += [f"R = np.empty({ROW * len(nodes)}, h.dtype)", f"for at in range(first, last, {ELEMENTS}):",
                 f"    n = min({ELEMENTS}, last - at)", *(f"    b{k} = a{k}[at:at + n]" for k in range(len(symbols)))]
        body += [f"    {line}" for loop in loops for line in ("for i in range(n):", *("    " + x for x in loop))]
        for k, n in enumerate(sums):
            what = TABLE[n.op].kernel.format(f"R[{ROW * k}:{ROW * k} + n]")
            body.append(f"    sums[at // {ELEMENTS}, {k}] = {what}")
        arguments = ", ".join(["first", "last", "h", "sums", *(f"a{k}" for k in range(len(symbols)))])
        functions = {"np": np, "total": _total()}
        exec("\n    ".join([f"def kernel({arguments}):", *body]) + "\n", functions)
        self.kernel = numba().njit(nogil=True, error_model="numpy")(functions["kernel"])
        self.count = len(sums)

    def __call__(self, uniform, arrays):
        """Change the flat arrays; the sums of each block of elements."""
        size = arrays[0].size
        sums = np.zeros((-(-size // ELEMENTS), self.count))
        self.kernel(0, 0, uniform, sums, *arrays)             # compiles, if it is the first time
        in_threads(lambda mine: self.kernel(mine[0], min(mine[-1] + 64 * ELEMENTS, size), uniform, sums, *arrays),
                   list(range(0, size, 64 * ELEMENTS)))
        return sums


def _by_reciprocals(nodes):
    """The same expressions with one division by a number for all elements, not one in each: to rounding the same."""
    new = {}
    for n in walk(nodes):
        if not n.vector or n.op == "symbol":
            new[n] = n
        elif n.op == "div" and not n.args[1].vector:
            new[n] = apply("mul", new[n.args[0]], apply("div", 1.0, n.args[1]))
        else:
            new[n] = apply(n.op, *(new[a] for a in n.args))
    return [new[n] for n in nodes]


@functools.cache
def _total():
    # The order of a sum's terms is free: this lets the processor add several at a time.
    @numba().njit(nogil=True, fastmath={"reassoc", "nsz"})
    def total(R, n):
        result = 0.0
        for i in range(n):
            result += R[i]
        return result
    return total


class ArrayStep:
    """A step of a recorded rule on flat arrays: sums over all coordinates in stages, then the new arrays."""

    def __init__(self, program):
        self.program = program
        self.arrays = [name for name in program.slots if program.symbols["s." + name].vector]
        self.numbers = [name for name in program.slots if name not in self.arrays]
        self.inputs = [program.symbols[name] for name in
                       ("w", "g", *("s." + name for name in (*self.arrays, *program.draws)))]
        results = [program.lines[name] for name in ("w", *self.arrays)]
        self.sums = [(sums, ArrayKernel([n.args[0] for n in sums], self.inputs, sums=sums))
                     for sums in stages([*results, *(program.lines[name] for name in self.numbers)])]
        self.last = ArrayKernel(results, self.inputs, [program.symbols[name] for name in
                                                       ("w", *("s." + name for name in self.arrays))])

    def __call__(self, values, t, w, g, slots, draws):
        """Change `w` and `slots` in place."""
        program, dtype = self.program, w.dtype
        known = {program.symbols["t"]: t}
        known.update({program.symbols[name]: value for name, value in values.items()})
        known.update({program.symbols["s." + name]: slots[name] for name in self.numbers})
        inputs = [w, g, *(slots[name] for name in self.arrays), *(draws[name] for name in program.draws)]

        def uniform(kernel):
            return np.array(evaluate(kernel.uniform, known), dtype=dtype)

        with np.errstate(all="ignore"):
            for sums, kernel in self.sums:
                for n, each in zip(sums, kernel(uniform(kernel), inputs).T, strict=True):
                    row = TABLE[n.op]
                    known[n] = TABLE[row.fold].evaluate.reduce(each, initial=row.start)
            numbers = evaluate([program.lines[name] for name in self.numbers], known)
            self.last(uniform(self.last), inputs)
        slots.update(zip(self.numbers, numbers, strict=True))


@functools.cache
def _array_step(program):
    return ArrayStep(program)


class Stepper:
    """Steps of a rule on large arrays as machine code, in place.

    `Optimizer.step` gives new arrays; this changes the given ones, and its own state.

    Parameters
    ----------
    rule : Optimizer
    params : array or nested dict, list, tuple of arrays
        Parameters of float32 or float64.

    Attributes
    ----------
    state : State
        The state, of the kind that ``rule.init`` gives.

    Examples
    --------
    >>> import optlearn
    >>> w = np.ones(3, dtype=np.float32)
    >>> stepper = Stepper(optlearn.Momentum(lr=0.1, momentum=0.9), w)
    >>> for _ in range(2):
    ...     stepper.step(w, np.array([1, 2, 3], dtype=np.float32))
    >>> w.round(2)
    array([0.71, 0.42, 0.13], dtype=float32)
    """

    def __init__(self, rule, params):
        trace(rule)
        numba()
        self.rule, self.state = rule, rule.init(params)

    def step(self, params, grads, *, rng=None, nonfinite="refuse"):
        """Change the parameters and the state by one step.

        Parameters
        ----------
        params, grads : array or nested dict, list, tuple of arrays
            Parameters, which must be contiguous and writeable, and their gradients.
        rng : numpy.random.Generator or RandomState, optional
            Source of the draws of a random rule.
        nonfinite : {"refuse", "propagate"}
            Whether a gradient with NaN or infinite values is an error, found before anything is changed.

        Raises
        ------
        InvalidArgument
            If structures, shapes or kinds do not fit, or a gradient is not finite.
        """
        leaves, gradient_leaves = tree.flatten(params, "params"), tree.flatten(grads, "grads")
        with np.errstate(over="ignore", invalid="ignore"):
            self.rule._check_step(leaves, gradient_leaves, self.state, nonfinite, rng)
        for path, w in leaves:
            tree.computable(w, "params" + path)
            if not (isinstance(w, np.ndarray) and w.flags.c_contiguous and w.flags.writeable):
                raise InvalidArgument(f"params{path} cannot be changed in place; it must be a contiguous, "
                                      "writeable array")
        t = self.state.t + 1
        rule = self.rule.at(t)
        arrays = [w for _, w in leaves]
        grads = [np.asarray(g, dtype=w.dtype) for (_, g), w in zip(gradient_leaves, arrays, strict=True)]
        # Arrays change one after the other: a gradient that lies in one of them would change before its turn.
        grads = [g.copy() if any(np.may_share_memory(g, w) for w in arrays) else g for g in grads]
        if len(arrays) > 1 and any(transform.whole for transform in rule.gradient):
            grads = gradients.prepare(rule.gradient, arrays, grads)
            rule = rule.bound({"gradient": ()})
        program = trace(rule)
        values = dict(zip(program.parameters, parameter_values(rule), strict=True))
        if any(np.ndim(value) for value in values.values()):
            raise InvalidArgument("a hyperparameter that is an array (a sweep) is not allowed here; it must be a "
                                  "number")
        for path, w in leaves:
            if program.vectors_only and w.ndim != 1:
                raise InvalidArgument(f"params{path} has shape {w.shape}; {rule.name} is recorded for arrays of one "
                                      "axis (it multiplies with @ or sums over an axis); use its step")
        step = _array_step(program)
        for w, g, slots in zip(arrays, grads, self.state.slots, strict=True):
            draws = {name: rng.standard_normal(w.shape).astype(w.dtype).reshape(-1) for name in program.draws}
            held = {name: np.ascontiguousarray(x).reshape(-1) if name in step.arrays else x
                    for name, x in slots.items()}
            step(values, t, w.reshape(-1), np.ascontiguousarray(g).reshape(-1), held, draws)
            slots.update({name: np.reshape(x, w.shape) if name in step.arrays else x for name, x in held.items()})
        self.state.t = t
