"""Verify a new recording: it and the lines themselves, run on the same random states, make the same numbers.

What recording cannot see (a meaning that depends on the shape, randomness, a clock, an alias that is changed in place)
shows here. The library's own classes are verified by its tests.
"""

import numpy as np

from optlearn.asking import Alone, Answers, Asking
from optlearn.declare import of_library
from optlearn.explain import place, said_at
from optlearn.symbolic.graph import NotTraceable
from optlearn.symbolic.program import SEEN, evaluate, recorded_numbers

TOLERANCE = 1e-8
STEPS = (1, 2, 3, 10, 1000)


def verify(rule, program):
    """Compare the recorded lines of a rule with the lines.

    Raises
    ------
    NotTraceable
        Naming the first quantity, step and value that part.
    """
    if all(map(of_library, (rule, *rule.gradient))):
        return
    rng = np.random.RandomState(0)
    for variant in range(3):
        bound, values = _bound(rule, program, rng, variant)
        for shape in ((3,), (2, 3)) if program.shape is None else (program.shape,):
            if len(shape) > 1 and program.vectors_only:
                continue
            try:
                _compare(bound, program, values, shape, rng)
            except _Parted as parted:
                if len(shape) > 1 and program.shape is None:
                    # What was recorded holds for arrays of one axis.
                    program.vectors_only, program.separable = True, False
                    continue
                raise NotTraceable(f"{rule.name} cannot be traced: {parted}") from None


class _Parted(Exception):
    pass


def _bound(rule, program, rng, variant):
    """The rule with numbers: its own, then others in their ranges; and those numbers by the program's names."""
    names, parts = iter(program.parameters), []
    values = {}
    for part in (rule, *rule.gradient):
        held, symbols = {}, recorded_numbers(part)
        for name, declaration in part.hypers().items():
            given = part.__dict__[name]
            if name not in symbols:
                continue
            if callable(given) or np.ndim(given):
                given = declaration.default if declaration.default is not None else declaration.bounds[0]
            if variant:
                given = _near(declaration, given, rng)
            held[name] = values[next(names)] = given
        parts.append(part.bound(held))
    return parts[0].bound({"gradient": tuple(parts[1:]), "scheduled": False}), values


def _near(declaration, value, rng):
    low, high = declaration.bounds
    if declaration.integer:
        return int(rng.randint(int(low), int(high) + 1))
    other = value * rng.uniform(0.5, 1.5) if value else rng.uniform(low, high)
    lowest = declaration.above if declaration.above is not None else declaration.at_least
    highest = declaration.below if declaration.below is not None else declaration.at_most
    if lowest is not None and other < lowest or highest is not None and other >= highest:
        other = low + (high - low) * rng.uniform(0.2, 0.8)
    return float(other)


def _guest(array):
    """A copy that lines can read but not change."""
    copy = np.array(array)
    copy.setflags(write=False)
    return copy


def _compare(rule, program, values, shape, rng):
    known = {program.symbols[name]: value for name, value in values.items()}
    w, like = rng.standard_normal(shape), shape if program.shape is None else None
    with np.errstate(all="ignore"):
        s = _run(rule, "start", rule.start, _guest(w))
        recorded = evaluate(list(program.start.values()), {**known, program.symbols["w"]: w})
        for name, found in zip(program.start, recorded, strict=True):
            _same(f"{name} before step 1", s[name], found, like)
        for t in STEPS:
            g = rng.standard_normal(shape) * 10.0 ** rng.randint(-2, 2)
            g.flat[rng.randint(g.size)] = 0.0
            held = {name: _guest(value) if np.ndim(value) else value for name, value in s.items()}
            held.update({name: rng.standard_normal(shape) for name in program.draws})
            known.update({program.symbols["s." + name]: value for name, value in held.items()})
            known.update({program.symbols["w"]: w, program.symbols["g"]: g, program.symbols["t"]: float(t)})
            view = type(rule).state_view(dict(held))
            at = _run(rule, "probe", rule.probe, _guest(w), view, t)
            _same(f"the point of the gradient in step {t}", at, evaluate([program.probe], known)[0], like)
            reported = _run(rule, "answer", rule.answer, _guest(w), view, t)
            _same(f"the answer after step {t}", reported, evaluate([program.answer], known)[0], like)
            seen = _run(rule, "prepared", rule.prepared, _guest(w), _guest(g))
            if rule.needs:
                function = _Function(rule, w, rng)
                view = Asking(dict(held), Alone(function))
                for one in program.asked:
                    known[one.symbol] = function.raw(one.kind, None if one.node is None else
                                                     evaluate([one.node], known)[0])
            update = _run(rule, "update", rule.update, _guest(w), _guest(seen), view, t)
            lines = {**update.named, "w": update.w, SEEN: seen}
            for name, found in zip(program.lines, evaluate(list(program.lines.values()), known), strict=True):
                _same(f"{'the gradient' if name == SEEN else name} in step {t}", lines[name], found, like)
            w = np.asarray(update.w, float)
            s = {name: update.named[name] for name in program.slots}
            if not all(np.isfinite(x).all() for x in (w, *s.values())):
                w, s = rng.standard_normal(shape), rule.start(_guest(rng.standard_normal(shape)))


class _Function(Answers):
    """A function that has no more to do with the arrays than a rule may use: of every step another."""

    def __init__(self, rule, w, rng):
        super().__init__()
        self.rule, self.size, self.shift = rule, rng.uniform(0.5, 2.0), rng.standard_normal(w.shape)
        self.value = rng.uniform(0.1, 3.0)

    def raw(self, kind, given):
        """What it answers before a gradient is transformed."""
        if kind == "loss":
            return self.value
        if kind == "hessian_diagonal":
            return self.size + self.shift**2
        return self.size * given + 0.1 * np.sum(given) + (self.shift if kind == "gradient" else 0.0)

    def _loss(self):
        return [self.raw("loss", None)]

    def _gradient(self, points):
        return [self.rule.prepared(points[0], self.raw("gradient", points[0]))]

    def _hessian(self, vs):
        return [self.raw("hessian", vs[0])]

    def _hessian_diagonal(self):
        return [self.raw("hessian_diagonal", None)]


def _run(rule, method, call, *given):
    try:
        return call(*given)
    except Exception as error:
        raise _Parted(f"{rule.name}.{method} raises {type(error).__name__}: {error}{said_at(place(error))}") from None


def _same(what, lines, found, shape):
    """Compare; arrays that are recorded for any shape may stand for larger ones that have the same in all rows."""
    try:
        lines, found = (np.asarray(x, dtype=float) for x in (lines, found))
        if shape is not None:
            lines, found = (np.broadcast_to(x, shape if x.ndim else ()) for x in (lines, found))
        elif lines.shape != found.shape:
            raise ValueError
    except (TypeError, ValueError):
        raise _Parted(f"{what} has the shape {np.shape(lines)} in NumPy, {np.shape(found)} as recorded") from None
    size = np.max(np.abs(lines), initial=0.0, where=np.isfinite(lines))
    near = np.abs(lines - found) <= TOLERANCE * np.abs(lines) + 1e-13 * size
    if not (near | (lines == found) | (np.isnan(lines) & np.isnan(found))).all():
        a, b = np.broadcast_arrays(lines, found)
        i = int(np.argmin(np.broadcast_to(near, a.shape)))
        raise _Parted(f"{what} is {float(a.flat[i])!r} in NumPy, {float(b.flat[i])!r} as recorded; look for an array "
                      "that is changed in place under another name, or a function that means another thing there")


def verify_surface(surface, graph):
    """Compare the recorded formula of a surface with its lines, and its gradient with a central difference.

    Raises
    ------
    NotTraceable
        Naming the point and the two values.
    """
    rng = np.random.RandomState(0)
    x0, x1, y0, y1 = surface.domain
    rows = surface.samples if surface.samples is not None else [()]
    parted = 0
    for i in range(8):
        x, y, row = np.float64(rng.uniform(x0, x1)), np.float64(rng.uniform(y0, y1)), rows[i % len(rows)]
        own = surface.bound({name: _near(d, surface.__dict__[name] if not np.ndim(surface.__dict__[name])
                                         else d.default, rng) for name, d in surface.hypers().items()})
        lines = own.loss if surface.samples is not None else own.f
        values = [own.__dict__[name] for name in own.hypers()]

        def near(a, b, tolerance):
            return a == b or (np.isnan(a) and np.isnan(b)) or abs(a - b) <= tolerance * max(abs(a), abs(b), 1e-6)

        with np.errstate(all="ignore"):
            found, expected = graph.value(x, y, *values, *row)[0], lines(x, y, *row)
            if np.ndim(expected) or not near(float(expected), float(found), TOLERANCE):
                raise NotTraceable(f"{surface.name} cannot be traced: at ({x:.6g}, {y:.6g}) it is {expected!r} in "
                                   f"NumPy, {float(found)!r} as recorded")
            h = 1e-6
            slopes = ((lines(x + h, y, *row) - lines(x - h, y, *row)) / (2 * h),
                      (lines(x, y + h, *row) - lines(x, y - h, *row)) / (2 * h))
            size = max(abs(float(expected)), *map(abs, slopes), 1.0)
            parted += any(np.isfinite(s) and not abs(s - g) <= 1e-3 * size
                          for s, g in zip(slopes, graph.slopes(x, y, *values, *row), strict=True))
    if parted > 4:  # at single points a kink may lie between the two
        raise NotTraceable(f"{surface.name} cannot be traced: its recorded gradient is not the slope of its values")
