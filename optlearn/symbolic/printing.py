"""Equations from recorded lines: LaTeX, and MathML for pages that have no MathJax at hand."""

import html
import math
import re

from optlearn.symbolic.graph import BOOLEAN, REDUCTIONS, walk
from optlearn.symbolic.names import ACCENTS, indexed, name_symbol
from optlearn.symbolic.operations import TABLE
from optlearn.symbolic.program import PROBE, SEEN
from optlearn.symbolic.trace import trace

COMPARISONS = {op for op in BOOLEAN if TABLE[op].evaluate.nin == 2}
FUNCTIONS = tuple(row.tex for op, row in TABLE.items() if row.tex and op not in BOOLEAN and op not in REDUCTIONS)
CONSTANTS = {math.pi: r"\pi", 2 * math.pi: r"2\pi", math.e: "e", math.pi / 180: r"\frac{\pi}{180}",
             math.sqrt(2): r"\sqrt{2}"}
SUM, PRODUCT, NEGATION, POWER, ATOM = 1, 2, 2, 4, 5


def number_tex(value):
    """LaTeX of a constant."""
    if isinstance(value, bool):
        return rf"\text{{{value}}}"
    if value in CONSTANTS:
        return CONSTANTS[value]
    if math.isinf(value) or math.isnan(value):
        return r"\infty" if value > 0 else r"-\infty" if value < 0 else r"\mathrm{nan}"
    text = f"{value:.6g}"
    if "e" in text:
        digits, power = text.split("e")
        return (r"10^{%d}" if digits == "1" else digits + r" \cdot 10^{%d}") % int(power)
    return text


class Printer:
    """Print nodes as LaTeX.

    Parameters
    ----------
    symbols : dict of Node to str
        LaTeX of the nodes that have a name.
    tags : dict of Node to str, optional
        Names by which a page finds a symbol again, put around it as ``\\data{name}{...}``.
    """

    def __init__(self, symbols, tags=None):
        self.symbols, self.tags = symbols, tags or {}

    def tex(self, node, define=False):
        """LaTeX of a node; with `define` the right-hand side of the node's own line."""
        return self._print(node, 0, define)

    def _print(self, node, outer, define=False):
        if node in self.symbols and not define:
            text = self.symbols[node]
            return rf"\data{{{self.tags[node]}}}{{{text}}}" if node in self.tags else text
        if node.op == "number":
            text = number_tex(node.args[0])
            return rf"\left({text}\right)" if outer > SUM and (text.startswith("-") or "cdot" in text) else text
        if node.op == "symbol":
            return name_symbol(node.args[0])
        text, inner = getattr(self, "_" + node.op, self._function)(node)
        return rf"\left({text}\right)" if inner < outer else text

    def _add(self, node):
        left, right = (self._print(a, SUM) for a in node.args)
        return f"{left} {right.replace('-', '- ', 1)}" if right.startswith("-") else f"{left} + {right}", SUM

    def _sub(self, node):
        a, b = node.args
        return f"{self._print(a, SUM)} - {self._print(b, PRODUCT)}", SUM

    def _neg(self, node):
        return f"-{self._print(node.args[0], PRODUCT)}", SUM

    def _unscaled(self, node):
        """Of a length taken in another unit, ``norm(x / u)``: x / u and u, or None."""
        square = node.args[0].args[0] if node.op == "sqrt" and node.args[0].op == "sum" else None
        if square is None or square.op != "mul" or square.args[0] is not square.args[1]:
            return None
        inner = square.args[0]
        return (inner, inner.args[1]) if inner.op == "div" and not inner.args[1].vector else None

    def _mul(self, node):
        a, b = node.args
        scaled = self._unscaled(b)
        if scaled and scaled[1] is a:
            return rf"\lVert {self._print(scaled[0].args[0], 0)} \rVert", ATOM
        if a is b and a not in self.symbols:
            return rf"{self._print(a, POWER + 1)}^2", POWER
        if a.op == "neg" and a not in self.symbols:
            return "-" + self._times(a.args[0], b), SUM
        return self._times(a, b), PRODUCT

    def _times(self, a, b):
        left, right = self._print(a, SUM if a.op == "number" else PRODUCT), self._print(b, PRODUCT)
        digits = right[:1].isdigit() or (right.startswith("10^"))
        named = left.endswith("}") and left.startswith(FUNCTIONS)
        return left + (r" \cdot " if digits or named else r" \, ") + right

    def _div(self, node):
        a, b = node.args
        scaled = self._unscaled(b)
        if scaled and scaled[0] is a:
            x = self._print(a.args[0], 0)
            return rf"\frac{{{x}}}{{\lVert {x} \rVert}}", PRODUCT + 1
        if a.op == "neg" and a not in self.symbols:
            return rf"-\frac{{{self._print(a.args[0], 0)}}}{{{self._print(b, 0)}}}", SUM
        # A long quotient reads better as a factor before it: eta * m / d as eta (m / d).
        if a.op == "mul" and a not in self.symbols and self._is_scalar(a.args[0]) and \
                (a.args[0].op == "symbol" or a.args[0] in self.symbols):
            factor, top, bottom = self._print(a.args[0], PRODUCT), self._print(a.args[1], 0), self._print(b, 0)
            return rf"{factor} \, \frac{{{top}}}{{{bottom}}}", PRODUCT
        return rf"\frac{{{self._print(a, 0)}}}{{{self._print(b, 0)}}}", PRODUCT + 1

    @staticmethod
    def _is_scalar(node):
        return not node.vector

    def _pow(self, node):
        a, b = node.args
        if b.op == "number" and b.args[0] == 0.5:
            return rf"\sqrt{{{self._print(a, 0)}}}", ATOM
        base = self._print(a, POWER + 1)
        if a in self.symbols and "^" in base:
            base = rf"\left({base}\right)"
        elif a in self.symbols and (parts := re.fullmatch(r"(.*)(_(?:\{[^{}]*\}|.))", base)) and a not in self.tags:
            return rf"{parts[1]}{parts[2]}^{{{self._print(b, 0)}}}", POWER
        return rf"{base}^{{{self._print(b, 0)}}}", POWER

    def _sqrt(self, node):
        inner = node.args[0]
        if inner.op == "sum" and inner not in self.symbols:
            square = inner.args[0]
            if square.op == "mul" and square.args[0] is square.args[1]:
                return rf"\lVert {self._print(square.args[0], 0)} \rVert", ATOM
        return rf"\sqrt{{{self._print(inner, 0)}}}", ATOM

    def _abs(self, node):
        return rf"\lvert {self._print(node.args[0], 0)} \rvert", ATOM

    def _sum(self, node):
        product = node.args[0]
        if product.op == "abs" and product not in self.symbols:
            return rf"\lVert {self._print(product.args[0], 0)} \rVert_1", ATOM
        if product.op == "mul" and product not in self.symbols:
            a, b = product.args
            if a.vector and b.vector:
                return rf"\langle {self._print(a, 0)}, {self._print(b, 0)} \rangle", ATOM
        return rf"\textstyle\sum_i {self._print(product, PRODUCT)}", SUM

    def _count(self, node):
        return "d", ATOM

    def _over(self, node):
        return f"{TABLE[node.op].tex} {self._print(node.args[0], PRODUCT)}", PRODUCT

    _amax = _amin = _prod = _over

    def _fill(self, node):
        return self._print(node.args[0], 0), ATOM

    def _floor(self, node):
        return rf"\lfloor {self._print(node.args[0], 0)} \rfloor", ATOM

    def _ceil(self, node):
        return rf"\lceil {self._print(node.args[0], 0)} \rceil", ATOM

    def _floordiv(self, node):
        a, b = node.args
        return rf"\lfloor {self._print(a, PRODUCT)} / {self._print(b, PRODUCT + 1)} \rfloor", ATOM

    def _cbrt(self, node):
        return rf"\sqrt[3]{{{self._print(node.args[0], 0)}}}", ATOM

    def _mod(self, node):
        a, b = node.args
        return rf"{self._print(a, PRODUCT)} \bmod {self._print(b, PRODUCT)}", SUM

    def _not(self, node):
        return rf"\text{{not }} {self._print(node.args[0], ATOM)}", SUM

    def _where(self, node):
        rows, last = [], node
        while last.op == "where" and (last is node or last not in self.symbols):
            condition, a, last = last.args
            rows.append(rf"{self._print(a, 0)} & \text{{if }} {self._print(condition, 0)} \\ ")
        return (rf"\begin{{cases}} {''.join(rows)}{self._print(last, 0)} & \text{{otherwise}} \end{{cases}}"), ATOM

    def _function(self, node):
        if node.op in COMPARISONS:
            # Comparisons joined by "and" need no parentheses, nor does a chain of "and".
            outer = SUM if node.op not in ("and", "or") else 0
            a, b = (self._print(x, SUM if x.op in ("and", "or") and x.op != node.op else outer) for x in node.args)
            return f"{a} {TABLE[node.op].tex} {b}", 0
        inside = ", ".join(self._print(a, 0) for a in node.args)
        return rf"{TABLE[node.op].tex}\left({inside}\right)", ATOM


def lines(rule, tags=False):
    """The displayed lines of a rule.

    Parameters
    ----------
    rule : Optimizer
    tags : bool
        Whether symbols carry the names by which a page finds them.

    Returns
    -------
    list of (str, str, str)
        Name, left-hand side and right-hand side in LaTeX.
    """
    program = trace(rule)
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
    for name, node in program.lines.items():
        constant = all(n.op != "symbol" or n in fixed for n in walk([node]))
        bare = "g" if name == SEEN else name
        shown.append((bare, named(bare, "" if constant else now), node))
    # A slot that keeps the last gradient may have the gradient's symbol; g = g is no line to show.
    shown = [(name, left, node) for name, left, node in shown if isinstance(node, str) or symbols.get(node) != left]
    for name, left, node in shown:
        if not isinstance(node, str) and name not in ("w", PROBE) and node not in symbols:
            register(node, left, name)
    printer = Printer(symbols, names if tags else None)
    result = []
    for name, left, node in shown:
        # A second name for a quantity is shown as equal to the first.
        right = node if isinstance(node, str) else printer.tex(node, define=symbols.get(node) in (None, left))
        result.append((name, rf"\data{{{name}}}{{{left}}}" if tags else left, right))
    return result


def equation(rule, kind="latex"):
    """The update of a rule as one aligned equation, in LaTeX or MathML."""
    if kind == "latex":
        rows = (rf"{left} &= {right}" for _, left, right in lines(rule))
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"
    if kind == "mathml":
        rows = "".join(f"<mtr><mtd>{mathml_row(left)}</mtd><mtd>{mathml_row('= ' + right)}</mtd></mtr>"
                       for _, left, right in lines(rule, tags=True))
        return f'<math display="block"><mtable columnalign="right left">{rows}</mtable></math>'
    from optlearn.declare import InvalidArgument

    raise InvalidArgument(f"kind = {kind!r} is not allowed; it must be 'latex' or 'mathml'")


def card(rule):
    """Update, hyperparameters and source of a rule as HTML."""
    from optlearn.symbolic.graph import NotTraceable

    try:
        # The class lets MathJax find the formula in a built page as well as in a notebook.
        update = rf'<div class="math notranslate nohighlight">\[{html.escape(equation(rule), quote=False)}\]</div>'
    except NotTraceable as reason:
        update = f"<p>{html.escape(str(reason))}</p>"
    rows = ""
    for name, d in rule.hypers().items():
        value = rule.__dict__[name]
        shown = "left out" if value is None else html.escape(str(value))
        rows += (rf'<tr><th scope="row">\({d.symbol}\)</th><td><code>{name}</code></td><td>{shown}</td>'
                 f"<td>{html.escape(d.range)}</td></tr>")
    for name, d in rule.options().items():
        rows += (f'<tr><td></td><th scope="row"><code>{name}</code></th><td>{html.escape(repr(rule.__dict__[name]))}'
                 f"</td><td>{html.escape(d.range)}</td></tr>")
    for transform in rule.gradient:
        shown = html.escape(repr(transform))
        rows += f'<tr><td></td><th scope="row">gradient</th><td colspan="2"><code>{shown}</code></td></tr>'
    table = (f'<table class="math optlearn-hyper"><thead><tr><th>symbol</th><th>name</th><th>value</th><th>allowed</th>'
             f"</tr></thead><tbody>{rows}</tbody></table>") if rows else ""
    source = html.escape(rule.source())
    return (f'<div class="optlearn-rule"><p><strong>{type(rule).__name__}</strong></p>{update}{table}'
            f"<details><summary>Source</summary><pre><code>{source}</code></pre></details></div>")


LETTERS = {"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "zeta": "ζ", "eta": "η", "theta": "θ",
           "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ",
           "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "ϕ", "chi": "χ", "psi": "ψ", "omega": "ω", "Pi": "Π",
           "Delta": "Δ", "Lambda": "Λ", "Sigma": "Σ", "Omega": "Ω", "Phi": "Φ", "Theta": "Θ", "Gamma": "Γ",
           "varphi": "φ", "ell": "ℓ",
           "infty": "∞", "varepsilon": "ε"}
SIGNS = {"le": "≤", "ge": "≥", "ne": "≠", "cdot": "·", "nabla": "∇", "lVert": "‖", "rVert": "‖", "lvert": "|",
         "rvert": "|", "lceil": "⌈", "rceil": "⌉", "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋",
         "times": "×", "odot": "⊙", "prod": "∏"}
WORDS = {"exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "arcsin", "arccos", "arctan", "min", "max", "bmod"}
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?(?:e-?\d+)?|[A-Za-z]|[^\sA-Za-z\d]")


def mathml_row(tex):
    """MathML of the LaTeX that `Printer` writes, as one element: an ``mrow`` if it has several parts."""
    tokens = _TOKEN.findall(tex.replace(r"\textstyle", ""))
    row, rest = _row(tokens, 0, ())
    if rest != len(tokens):
        raise ValueError(f"cannot read {tex!r}")
    return row


def _row(tokens, i, ends):
    parts = []
    while i < len(tokens) and tokens[i] not in ends:
        atom, i = _atom(tokens, i)
        below = above = None
        while i < len(tokens) and tokens[i] in "_^":
            script, j = _atom(tokens, i + 1)
            below, above = (script, above) if tokens[i] == "_" else (below, script)
            i = j
        if below and above:
            atom = f"<msubsup>{atom}{below}{above}</msubsup>"
        elif below or above:
            tag = "msub" if below else "msup"
            atom = f"<{tag}>{atom}{below or above}</{tag}>"
        parts.append(atom)
    return parts[0] if len(parts) == 1 else "<mrow>" + "".join(parts) + "</mrow>", i


def _group(tokens, i):
    row, i = _row(tokens, i + 1, ("}",))
    return row, i + 1


def _words(tokens, i):
    end = tokens.index("}", i)
    return "".join(tokens[i + 1:end]), end + 1


def _atom(tokens, i):
    token = tokens[i]
    if token == "{":
        return _group(tokens, i)
    if token[0] != "\\":
        if token[0].isdigit():
            return f"<mn>{token}</mn>", i + 1
        if token in "()":
            # As in LaTeX, only those of \left and \right grow.
            return f'<mo stretchy="false">{token}</mo>', i + 1
        return (f"<mi>{token}</mi>" if token.isalpha() else f"<mo>{html.escape(token)}</mo>"), i + 1
    name = token[1:]
    if name in LETTERS:
        return f"<mi>{LETTERS[name]}</mi>", i + 1
    if name in SIGNS:
        stretchy = ' stretchy="false"' if name[0] in "lr" and name != "le" else ""
        return f"<mo{stretchy}>{SIGNS[name]}</mo>", i + 1
    if name in WORDS:
        return f"<mi>{'mod' if name == 'bmod' else name}</mi><mspace width='.17em'/>", i + 1
    if name in (",", " ", ":"):
        return '<mspace width=".17em"/>', i + 1
    if name == "frac":
        top, i = _group(tokens, i + 1)
        bottom, i = _group(tokens, i)
        return f"<mfrac>{top}{bottom}</mfrac>", i
    if name == "sqrt" and tokens[i + 1] == "[":
        inside, end = _group(tokens, i + 4)
        return f"<mroot>{inside}<mn>{tokens[i + 2]}</mn></mroot>", end
    if name == "sqrt":
        inside, i = _group(tokens, i + 1)
        return f"<msqrt>{inside}</msqrt>", i
    if name in ACCENTS:
        inside, i = _atom(tokens, i + 1)
        mark = {"hat": "^", "bar": "¯", "tilde": "~"}[name]
        return f'<mover accent="true">{inside}<mo stretchy="false">{mark}</mo></mover>', i
    if name in ("mathrm", "operatorname", "text"):
        words, i = _words(tokens, i + 1)
        if name == "text":
            return f"<mtext>&#160;{words}&#160;</mtext>", i
        return f'<mi mathvariant="normal">{words}</mi>', i
    if name == "data":
        tag, i = _words(tokens, i + 1)
        inside, i = _group(tokens, i)
        named = re.match(r"<\w+(?= |>)(?! data-name)", inside)
        if named:
            return f'{named[0]} data-name="{tag}"{inside[named.end():]}', i
        return f'<mrow data-name="{tag}">{inside}</mrow>', i
    if name == "left":
        inside, i = _row(tokens, i + 2, (r"\right",))
        return f"<mrow><mo>(</mo>{inside}<mo>)</mo></mrow>", i + 2
    if name == "sum":
        return "<mo>∑</mo>", i + 1
    if name == "begin":
        _, i = _words(tokens, i + 1)
        rows = []
        while tokens[i] != r"\end":
            value, i = _row(tokens, i, ("&",))
            condition, i = _row(tokens, i + 1, (r"\\", r"\end"))
            rows.append(f"<mtr><mtd>{value}</mtd><mtd>{condition}</mtd></mtr>")
            i += tokens[i] == r"\\"
        _, i = _words(tokens, i + 1)
        return f'<mrow><mo>{{</mo><mtable columnalign="left">{"".join(rows)}</mtable></mrow>', i
    raise ValueError(f"cannot write {token} as MathML")
