"""MathML from the LaTeX that `printing` writes, for pages that have no MathJax at hand."""

import html
import re

from optlearn.symbolic.names import ACCENTS

LETTERS = {"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "zeta": "ζ", "eta": "η", "theta": "θ",
           "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ",
           "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "ϕ", "chi": "χ", "psi": "ψ", "omega": "ω", "Pi": "Π",
           "Delta": "Δ", "Lambda": "Λ", "Sigma": "Σ", "Omega": "Ω", "Phi": "Φ", "Theta": "Θ", "Gamma": "Γ",
           "varphi": "φ", "ell": "ℓ",
           "infty": "∞", "varepsilon": "ε"}
SIGNS = {"le": "≤", "ge": "≥", "ne": "≠", "cdot": "·", "nabla": "∇", "lVert": "‖", "rVert": "‖", "lvert": "|",
         "rvert": "|", "lceil": "⌈", "rceil": "⌉", "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋",
         "times": "×", "prime": "′", "odot": "⊙", "prod": "∏", "top": "⊤", "dots": "…"}
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
    if name in (",", " ", ":", "quad"):
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
