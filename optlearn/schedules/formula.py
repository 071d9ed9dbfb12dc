"""What a schedule shows of itself: the recorded formula and the equation made from it."""

from optlearn.declare import InvalidArgument
from optlearn.symbolic.printing import Printer, mathml_row
from optlearn.symbolic.trace import NotTraceable, apply, as_node, symbol, walk


def graph(schedule):
    """The formula of a schedule as a recorded expression, and the symbol of the step index in it."""
    if schedule.driven:
        raise NotTraceable(f"{type(schedule).__name__} cannot be traced: it depends on the loss or the place "
                           "in the training, not on the step index alone")
    k = symbol("k")
    return as_node(schedule.value(k)), k


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
