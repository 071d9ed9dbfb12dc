"""Steps of a rule on large arrays as machine code, in place."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from optlearn import gradients, tree
from optlearn.declare import InvalidArgument
from optlearn.machine import in_threads
from optlearn.stepping import check_step
from optlearn.symbolic.emit import Emitter, stages
from optlearn.symbolic.graph import apply, walk
from optlearn.symbolic.kernels import numba
from optlearn.symbolic.operations import TABLE
from optlearn.symbolic.trace import NotTraceable, evaluate, parameter_values, trace

if TYPE_CHECKING:
    from optlearn.optimizer import Optimizer

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
        Or: sums over all elements of `nodes`, to give back for each block of elements. With targets, their plain sums
        are given back.
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
        # Sums of what was just written tell whether it is finite: it is still in the cache.
        body += [f"    sums[at // {ELEMENTS}, {k}] = total({part[n]}, n)" for k, n in enumerate(targets)]
        arguments = ", ".join(["first", "last", "h", "sums", *(f"a{k}" for k in range(len(symbols)))])
        functions = {"np": np, "total": _total()}
        exec("\n    ".join([f"def kernel({arguments}):", *body]) + "\n", functions)
        self.kernel = numba().njit(nogil=True, error_model="numpy")(functions["kernel"])
        self.count = len(sums) + len(targets)

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
        """Change `w` and `slots` in place; give back whether sums over them are finite."""
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
            sums = self.last(uniform(self.last), inputs)
        slots.update(zip(self.numbers, numbers, strict=True))
        return bool(np.isfinite(sums).all() and np.isfinite(numbers).all())


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

    def __init__(self, rule: Optimizer, params: Any) -> None:
        if rule.takes_matrices:
            raise NotTraceable(f"{rule.name} has no Stepper: rows and columns of an array mean something to it; use "
                               "its step")
        if trace(rule).asked or rule.needs and len(tree.flatten(params, "params")) > 1:
            raise InvalidArgument(f"rule = {rule.name} is not allowed for a Stepper: it asks for more than the "
                                  "gradient of one array; rule.step answers it")
        numba()
        self.rule, self.state = rule, rule.init(params)

    def step(self, params: Any, grads: Any, *, rng: np.random.RandomState | np.random.Generator | None = None,
             nonfinite: Literal["refuse", "propagate"] = "refuse") -> None:
        """Change the parameters and the state by one step.

        Parameters
        ----------
        params, grads : array or nested dict, list, tuple of arrays
            Parameters, which must be contiguous and writeable, and their gradients.
        rng : numpy.random.Generator or RandomState, optional
            Source of the draws of a random rule.
        nonfinite : {"refuse", "propagate"}
            Whether a gradient with NaN or infinite values is an error, found before anything is changed, and a step
            that makes such parameters or state, found when it is made.

        Raises
        ------
        InvalidArgument
            If structures, shapes or kinds do not fit, or a gradient is not finite; also after a step that made
            parameters or state that are not finite.
        """
        leaves, gradient_leaves = tree.flatten(params, "params"), tree.flatten(grads, "grads")
        with np.errstate(over="ignore", invalid="ignore"):
            check_step(self.rule, leaves, gradient_leaves, self.state, nonfinite, rng)
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
        unsure = []
        for (path, _), w, g, slots in zip(leaves, arrays, grads, self.state.slots, strict=True):
            draws = {name: rng.standard_normal(w.shape).astype(w.dtype).reshape(-1) for name in program.draws}
            held = {name: np.ascontiguousarray(x).reshape(-1) if name in step.arrays else x
                    for name, x in slots.items()}
            if not step(values, t, w.reshape(-1), np.ascontiguousarray(g).reshape(-1), held, draws):
                unsure.append((path, w, slots))
            slots.update({name: np.reshape(x, w.shape) if name in step.arrays else x for name, x in held.items()})
        self.state.t = t
        for path, w, slots in unsure if nonfinite == "refuse" else ():
            for what, array in (*((f"the slot {name!r} of", x) for name, x in slots.items()), ("", w)):
                if not np.isfinite(array).all():
                    raise InvalidArgument(
                        f"step {t} of {rule.name} made values that are not finite: {what + ' ' if what else ''}params"
                        f"{path}; parameters and state have been changed by it. {w.dtype} ends at "
                        f"{np.finfo(w.dtype).max:.2g}: start anew with a smaller lr or a clipped gradient, such as "
                        "gradient=[ClipNorm(clip_norm=1.0)] (nonfinite='propagate' lets it through)")
