"""Equations from recorded lines: LaTeX, and from that the MathML of `mathml`."""

from optlearn.symbolic.graph import walk
from optlearn.symbolic.mathml import mathml_row
from optlearn.symbolic.names import indexed, name_symbol
from optlearn.symbolic.printer import Printer
from optlearn.symbolic.program import ANSWER, PROBE, SEEN, asked_walk
from optlearn.symbolic.trace import trace

# Operations on matrices as such; and the shape of the matrix for which an equation is printed.
PRODUCTS, MATRIX = {"matmul", "sympower", "repeat"}, (2, 3)


def lines(rule, tags=False, shape=None):
    """The displayed lines of a rule.

    Parameters
    ----------
    rule : Optimizer
    tags : bool
        Whether symbols carry the names by which a page finds them.
    shape : tuple of int, optional
        Of the parameters, for a rule that takes matrices; default: a matrix.

    Returns
    -------
    list of (str, str, str)
        Name, left-hand side and right-hand side in LaTeX.
    """
    program = trace(rule, MATRIX if shape is None else shape)
    own = {**{n: d.symbol for n, d in program.declarations.items()}, **rule.symbols}

    def named(name, index):
        return indexed(own[name], index) if name in own else name_symbol(name, index)

    before, now = "t-1", "t"
    symbols, names = {}, {}

    def register(node, text, name):
        symbols[node] = text
        names[node] = name

    for name, node in program.symbols.items():
        if name.startswith("s."):
            bare = name[2:]
            register(node, named(bare, now if bare in program.draws else before), name)
        elif name in program.declarations:
            register(node, own[name], name)
    w, raw = program.symbols["w"], program.symbols["g"]
    register(w, named("w", before), "w.old")
    register(program.symbols["t"], "t", "t")
    raw_symbol = named("g", now) if SEEN not in program.lines else named("g_raw", now)
    register(raw, raw_symbol, "g.raw" if SEEN in program.lines else "g")
    shown = []
    at = symbols[w]
    if program.probe is not w:
        at = named("w_tilde", now)
        shown.append((PROBE, at, program.probe))
    shown.append(("g.raw" if SEEN in program.lines else "g", raw_symbol, rf"\nabla f({at})"))
    fixed = {program.symbols[name] for name in program.parameters}
    named_nodes = {node: name for name, node in program.lines.items()}
    asked = {one.symbol: one for one in program.asked}
    own_line = {one.symbol: one for one in program.asked if one.kind == "gradient" and one.symbol not in named_nodes}
    for name, node in _as_read(program.lines):
        for one in [n for n in asked_walk([node], program.asked) if n in own_line]:
            del own_line[one]
            primes = r"\prime" * (1 + sum(name.startswith(ANSWER) for name, *_ in shown))
            below = now if asked[one].seen is one else rf"{{\mathrm{{raw}},{now}}}"
            shown.append((one.args[0], rf"g^{{{primes}}}_{below}", one))
        constant = all(n.op != "symbol" or n in fixed for n in walk([node]))
        bare = "g" if name == SEEN else name
        shown.append((bare, named(bare, "" if constant else now), node))
    # A slot that keeps the last gradient may have the gradient's symbol; g = g is no line to show. Nor is one of a
    # number that stays as it is.
    kept = {name for name in program.slots if program.lines[name] is program.symbols["s." + name]
            and not program.lines[name].vector}
    shown = [(name, left, node) for name, left, node in shown
             if isinstance(node, str) or symbols.get(node) != left and name not in kept]
    for i, (name, left, node) in enumerate(shown):
        # The new parameters have a symbol for the lines after theirs.
        if not isinstance(node, str) and name != PROBE and node not in symbols and (name != "w" or i < len(shown) - 1):
            register(node, left, name)
    nodes = walk(program.lines.values())
    printer = Printer(symbols, names if tags else None, program.shape, any(n.op in PRODUCTS for n in nodes))

    def answer(one):
        """What is asked for, written out."""
        given = "" if one.node is None else Printer(
            {program.probe: at, **symbols}, printer.tags, printer.shape, printer.matrices).tex(one.node)
        if one.kind == "gradient":
            return rf"\nabla f\left({given}\right)"
        if one.kind == "loss":
            return f"f({at})"
        return (rf"\nabla^2 f({at}) \, {given}" if one.kind == "hessian" else
                rf"\operatorname{{diag}} \nabla^2 f({at})")

    for one in program.asked:
        # What has no line of its own stands where it is used.
        if one.symbol not in symbols:
            text = answer(one)
            symbols[one.symbol] = text if one.kind == "loss" else rf"\left({text}\right)"
    result = []

    def told(name, left, right):
        result.append((name, rf"\data{{{name}}}{{{left}}}" if tags else left, right))

    for name, left, node in shown:
        if not isinstance(node, str) and node in asked and symbols.get(node) == left:
            told(name, left, answer(asked[node]))
            continue
        # A second name for a quantity is shown as equal to the first.
        define = not isinstance(node, str) and symbols.get(node) in (None, left)
        own = symbols.get(node)
        for inside in [] if isinstance(node, str) else walk([node], stop=[n for n in symbols if n is not node]):
            if inside.op == "repeat" and (inside is node or inside not in symbols):
                for line in _recursion(inside, printer, name):
                    told(*line)
        looped = define and symbols.get(node) != own
        right = node if isinstance(node, str) else printer.tex(node, define=define and not looped)
        if looped and own is not None:
            symbols[node] = own
        told(name, left, right)
    return result


def _as_read(lines):
    """The recorded lines, with that of the new parameters before those that are made of it."""
    w = lines["w"]
    others = [(name, node) for name, node in lines.items() if name != "w"]
    first = next((i for i, (_, node) in enumerate(others) if any(n is w for n in walk([node]))), len(others))
    if any(node is w for _, node in others):  # it is known by that name
        first = len(others)
    return [*others[:first], ("w", w), *others[first:]]


def _recursion(node, printer, name):
    """The lines of a loop: what it begins with, what a turn names, and the turn. Gives the loop its symbol."""
    loop = dict(node.detail)["loop"]
    level, letter = loop.symbol.args[0][1:].split(".")
    base, k = name_symbol(letter), "kl"[min(int(level), 1)]
    printer.symbols[loop.symbol] = indexed(base, k)
    named = {}
    for key, quantity in loop.named.items():
        named[key] = printer.symbols[quantity] = indexed(name_symbol(key), k)
    result = [(f"{name}.first", indexed(base, "0"), printer.tex(node.args[0]))]
    for inner in loop.nodes:
        if inner.op == "repeat":
            result += _recursion(inner, printer, f"{name}.{level}")
    result += [(f"{name}.{key}", named[key], printer.tex(loop.named[key], define=True)) for key in named]
    last = str(loop.times - 1)
    turns = f"{k} = 0" + (rf", \dots, {last}" if loop.times > 1 else "")
    result.append((f"{name}.next", indexed(base, f"{k}+1"), rf"{printer.tex(loop.result)}, \quad {turns}"))
    printer.symbols[node] = indexed(base, str(loop.times))
    return result


def beginnings(rule):
    """The lines of what a rule's state is before the first step, where that is not zero.

    Parameters
    ----------
    rule : Optimizer

    Returns
    -------
    list of (str, str)
        Left-hand and right-hand side in LaTeX.
    """
    program = trace(rule, MATRIX)
    own = {**{n: d.symbol for n, d in program.declarations.items()}, **rule.symbols}
    symbols = {program.symbols[name]: own[name] for name in program.declarations}
    symbols[program.symbols["w"]] = name_symbol("w", "0")
    printer = Printer(symbols, None, program.shape, program.shape is not None)
    result = []
    for name, node in program.start.items():
        for inside in walk([node]):
            # An array of one number is written as 0 * w + number.
            if inside.op == "add" and _is_zero(inside.args[0]):
                symbols[inside] = printer.tex(inside.args[1])
        if not _is_zero(node):
            left = indexed(own[name], "0") if name in own else name_symbol(name, "0")
            result.append((left, printer.tex(node)))
    # That a number given is the one begun with says the table of numbers.
    return [(left, right) for left, right in result if left != right]


def _is_zero(node):
    return node.op == "number" and node.args[0] == 0 or node.op == "mul" and any(map(_is_zero, node.args))


def equation(rule, kind="latex"):
    """The update of a rule as one aligned equation, in LaTeX or MathML; what does not begin at zero is said last."""
    if kind == "latex":
        rows = [*((left, right) for _, left, right in lines(rule)), *beginnings(rule)]
        return "\\begin{aligned}\n" + " \\\\\n".join(rf"{left} &= {right}" for left, right in rows) + "\n\\end{aligned}"
    if kind == "mathml":
        rows = [*((left, right) for _, left, right in lines(rule, tags=True)), *beginnings(rule)]
        rows = "".join(f"<mtr><mtd>{mathml_row(left)}</mtd><mtd>{mathml_row('= ' + right)}</mtd></mtr>"
                       for left, right in rows)
        return f'<math display="block"><mtable columnalign="right left">{rows}</mtable></math>'
    from optlearn.declare import InvalidArgument

    raise InvalidArgument(f"kind = {kind!r} is not allowed; it must be 'latex' or 'mathml'")
