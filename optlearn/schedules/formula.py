"""What a schedule shows of itself: the recorded formula, and the equation and the page's code made from it."""

import json
import math
from types import SimpleNamespace

import numpy as np

from optlearn.declare import Declared, InvalidArgument, real, unsteady
from optlearn.explain import explain
from optlearn.symbolic.graph import NotTraceable, apply, as_node, recording, symbol, walk
from optlearn.symbolic.javascript import schedule_code
from optlearn.symbolic.mathml import mathml_row
from optlearn.symbolic.printer import Printer
from optlearn.symbolic.trace import evaluate

# Indices far out at which a recorded formula is compared besides all of the first ones.
FAR = np.unique(np.geomspace(200, 1e6, 40).astype(int))


def graph(schedule, steps=200):
    """The formula of a schedule as a recorded expression, and the symbol of the step index in it.

    Parameters
    ----------
    schedule : Schedule or callable
    steps : int
        All step indices below it, and some of those up to a million, must have the value that the formula gives.
        What the library defines alone is not compared here; its tests do that.

    Raises
    ------
    NotTraceable
        If it has no formula, or is not the one that was recorded.
    """
    if getattr(schedule, "driven", False):
        raise NotTraceable(f"{type(schedule).__name__} cannot be traced: it depends on the loss or the place "
                           "in the training, not on the step index alone")
    k = symbol("k")
    try:
        with recording():
            node = as_node((schedule.value if isinstance(schedule, Declared) else schedule)(k))
    except NotTraceable:
        raise
    except Exception as error:
        raise NotTraceable(f"{_name(schedule)} cannot be traced: with the symbol k for the step index it raises "
                           f"{type(error).__name__}: {error}") from None
    if not _known(schedule):
        _verify(schedule, node, k, steps)
    return node, k


def _name(schedule):
    return getattr(schedule, "__name__", type(schedule).__name__)


def _known(schedule):
    """Whether all of it is the library's own."""
    return type(schedule).__module__.startswith("optlearn.") and all(map(_known, schedule._inner()))


def _verify(schedule, node, k, steps):
    """Compare a function of the step index with what was recorded of it."""
    indices = np.union1d(np.arange(steps), FAR)
    with np.errstate(all="ignore"):
        values = np.array([_value(schedule, i) for i in indices.tolist()])
        formula = np.broadcast_to(np.asarray(evaluate([node], {k: indices.astype(float)})[0], float), values.shape)
        # Where what is small is the difference of what is large, as at the end of a cosine, digits are lost.
        largest = np.max(np.abs(values), initial=0, where=np.isfinite(values) & (indices < steps))
        same = np.abs(values - formula) <= 1e-12 * np.abs(values) + 1e-15 * largest
        same |= (values == formula) | np.isnan(values)
    if not same.all():
        i = int(np.argmin(same))
        raise NotTraceable(f"{_name(schedule)} cannot be traced: at step index {indices[i]} it gives "
                           f"{values[i].item()!r}, the formula recorded of it {formula[i].item()!r}; write a choice "
                           "as np.where(condition, a, b), and let it depend on the index alone")


def _value(schedule, k):
    """The value at an index; NaN far out where it has none, such as beyond the end of a list."""
    try:
        return float(schedule(k))
    except Exception:
        return math.nan


def page_code(schedule, steps):
    """The JavaScript of a schedule, a function of the step index 0, ..., `steps` - 1: its formula, or its values.

    Parameters
    ----------
    schedule : Schedule or callable
    steps : int

    Raises
    ------
    NotTraceable
        If it depends on more than the step index.
    """
    try:
        formula = graph(schedule, steps)
    except NotTraceable:
        if getattr(schedule, "driven", False):
            raise
        return f"((v) => (k) => v[k])({json.dumps(_table(schedule, steps))})"
    return schedule_code(SimpleNamespace(graph=lambda: formula))


def page_form(schedule):
    """The JavaScript of one of the library's schedules as a function of the index and of its numbers.

    Parameters
    ----------
    schedule : Schedule

    Returns
    -------
    dict or None
        ``code``, a function of k and h; ``h``, the numbers; ``numbers``, their paths and declarations; ``points``,
        those of `Schedule.points` with the places of the numbers in h. None for what has no such form.
    """
    if not isinstance(schedule, Declared) or not hasattr(schedule, "_inner") or not _known(schedule) \
            or schedule.driven:
        return None
    named = numbers(schedule)
    names = {path: symbol(f"h{i}") for i, (path, _, _) in enumerate(named)}
    k = symbol("k")
    try:
        used = set(walk([_bound(schedule, names, k)]))
        # A number that is not asked for here may have decided what is: it stays as it is.
        names = {path: name for path, name in names.items() if name in used}
        node = _bound(schedule, names, k)
    except Exception:  # Its lines ask for the numbers themselves
        return None
    free = [(path, declared, value) for path, declared, value in named if path in names]
    code = schedule_code(SimpleNamespace(graph=lambda: (node, k)),
                         {names[path]: f"h[{i}]" for i, (path, _, _) in enumerate(free)})
    return {"code": code, "h": [float(value) for _, _, value in free],
            "numbers": [(path, declared) for path, declared, _ in free],
            "points": _points(schedule, {path: i for i, (path, _, _) in enumerate(free)})}


def _bound(schedule, names, k):
    """The formula with symbols for the numbers that have a name."""
    with recording():
        return as_node(with_blanks(schedule, names).value(k))


def numbers(schedule):
    """Paths, declarations and values of the numbers of a schedule and of those that it is made of."""
    own = [((name,), declared, schedule.__dict__[name]) for name, declared in schedule.hypers().items()
           if schedule.__dict__[name] is not None]
    return own + [((name, *path), declared, value) for name, part in _parts(schedule)
                  for path, declared, value in numbers(part)]


def with_numbers(schedule, values):
    """The schedule with other numbers: those that `page_form` names, by path."""
    all_of = iter([values.get(path, value) for path, _, value in numbers(schedule)])
    return _rebuilt(schedule, all_of, lambda one, changed: one.replace(
        **{name: int(value) if (d := one.hypers().get(name)) and d.integer else value
           for name, value in changed.items()}))


def with_blanks(schedule, blanks):
    """The schedule with something else in place of some numbers, to be shown."""
    held = iter([blanks.get(path, value) for path, _, value in numbers(schedule)])
    return _rebuilt(schedule, held, lambda one, changed: one.bound(changed))


def _parts(schedule):
    """The schedules inside one, each with its name."""
    held = [(name, schedule.__dict__[name]) for name in schedule.parts]
    return [(name if value is part else f"{name}.{i}", part) for name, value in held
            for i, part in enumerate(value if isinstance(value, tuple) else (value,)) if hasattr(part, "_inner")]


def _rebuilt(schedule, values, make):
    changed = {name: next(values) for name in schedule.hypers() if schedule.__dict__[name] is not None}
    for name in schedule.parts:
        value = schedule.__dict__[name]
        parts = value if isinstance(value, tuple) else (value,)
        if all(hasattr(part, "_inner") for part in parts):
            made = tuple(_rebuilt(part, values, make) for part in parts)
            changed[name] = made if isinstance(value, tuple) else made[0]
    return make(schedule, changed)


def _points(schedule, places, path=(), before=()):
    found = [{"at": [*before, *(places[*path, name] for name in at)], "value": value and places[*path, value]}
             for at, value in schedule.points]
    # What follows a rise begins after it.
    for name, part in _parts(schedule) if found else ():
        found += _points(part, places, (*path, name), tuple(found[-1]["at"]))
    return found


def _table(schedule, steps):
    try:
        values, again = ([real(schedule(k), f"{_name(schedule)} at step index {k}") for k in range(steps)]
                         for _ in range(2))
    except Exception as error:
        explain(error, schedule)
        raise
    for k, (first, second) in enumerate(zip(values, again, strict=True)):
        if not math.isfinite(first):
            raise InvalidArgument(f"{_name(schedule)} gives {first!r} at step index {k}; it must be a finite number")
        if first != second:
            raise unsteady(_name(schedule), k, first, second)
    return values


def equation(schedule, kind="latex"):
    """The formula, in LaTeX or MathML; composed schedules show their numbers, others their symbols."""
    if kind not in ("latex", "mathml"):
        raise InvalidArgument(f"kind = {kind!r} is not allowed; it must be 'latex' or 'mathml'")
    _, k = schedule.graph()
    symbolic, tex = schedule, {}
    if not schedule._inner():
        shown = {name: d.symbol for name, d in schedule.hypers().items() if schedule.__dict__[name] is not None}
        symbolic = schedule.bound({name: symbol(name) for name in shown})
        tex = {symbol(name): text for name, text in shown.items()}
    rows = []
    *steps, (_, value) = ((name, _tidy(as_node(node))) for name, node in symbolic.lines(k).items())
    for name, node in [*steps, ("", value)]:
        left = schedule.symbols.get(name, name) if name else f"{schedule.symbol}_k"
        rows.append((left, Printer(tex).tex(node)))
        if name and node not in tex:
            tex[node] = left
    if kind == "mathml":
        rows = "".join(f"<mtr><mtd>{mathml_row(left)}</mtd><mtd>{mathml_row('= ' + right)}</mtd></mtr>"
                       for left, right in rows)
        return f'<math display="block"><mtable columnalign="right left">{rows}</mtable></math>'
    if len(rows) == 1:
        return " = ".join(rows[0])
    return "\\begin{aligned}\n" + " \\\\\n".join(f"{x} &= {y}" for x, y in rows) + "\n\\end{aligned}"


def _tidy(node):
    """The expression without zeros added and without factors and exponents of one, as one would write it."""
    tidy = {}
    for n in walk([node]):
        args = [tidy[a] for a in n.args] if n.op not in ("symbol", "number") else []
        numbers = [a.args[0] if a.op == "number" else None for a in args]
        if n.op == "add" and 0 in numbers:
            tidy[n] = args[1 - numbers.index(0)]
        elif n.op == "mul" and 1 in numbers:
            tidy[n] = args[1 - numbers.index(1)]
        elif (n.op in ("div", "pow") and numbers[1] == 1) or (n.op == "sub" and numbers[1] == 0):
            tidy[n] = args[0]
        else:
            tidy[n] = apply(n.op, *args) if args else n
    return tidy[node]
