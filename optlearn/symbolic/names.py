"""LaTeX of names as rules write them."""

import re

GREEK = ("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi "
         "psi omega").split()
ACCENTS = ("hat", "bar", "tilde")


def name_symbol(name, index=""):
    """LaTeX of a name as rules write it: ``m_hat`` is \\hat{m}, ``beta1`` is \\beta_1, with a time index."""
    base, *rest = name.split("_")
    digits = re.fullmatch(r"([A-Za-z]+?)(\d+)", base)
    if digits:
        base, rest = digits[1], [digits[2], *rest]
    if base in GREEK:
        tex = "\\" + base
    else:
        tex = base if len(base) == 1 else rf"\mathrm{{{base}}}"
    below = []
    for part in rest:
        if part in ACCENTS:
            tex = rf"\{part}{{{tex}}}"
        else:
            below.append(part if len(part) == 1 or part.isdigit() else rf"\mathrm{{{part}}}")
    return indexed(tex, ",".join([*below, index] if index else below))


def indexed(tex, index):
    """A symbol with an index; one that has an index already gets the second behind a comma."""
    if not index:
        return tex
    has = re.fullmatch(r"(.*)_(?:\{(.*)\}|(.))", tex)
    if has and not tex.endswith("}}"):
        tex, index = has[1], f"{has[2] or has[3]},{index}"
    return f"{tex}_{{{index}}}" if len(index) > 1 else f"{tex}_{index}"
