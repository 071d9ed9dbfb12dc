"""Equations: LaTeX of what rules are made of, and MathML that is well-formed."""

from xml.etree import ElementTree

import numpy as np
import pytest
from engines import TRACEABLE, forms

import optlearn
from optlearn import surfaces
from optlearn.symbolic.names import name_symbol
from optlearn.symbolic.printer import Printer, number_tex
from optlearn.symbolic.printing import lines, mathml_row
from optlearn.symbolic.trace import symbol

x, y, k, t = symbol("x", True), symbol("y", True), symbol("k"), symbol("t")

CONSTRUCTS = {
    r"x + y - k": x + y - k,
    r"x - \left(y - k\right)": x - (y - k),
    r"x - \left(y + k\right)": x - (y + k),
    r"k \, x \, y": k * x * y,
    r"\left(1 - k\right) \, x": (1 - k) * x,
    r"\frac{x + y}{1 + k}": (x + y) / (1 + k),
    r"k \, \frac{x}{y}": k * x / y,
    r"-\frac{x}{y}": -x / y,
    r"x^2": x * x,
    r"x^{2}": x**2,
    r"\left(x + y\right)^{3}": (x + y)**3,
    r"k^{t}": k**t,
    r"\sqrt{x + k}": np.sqrt(x + k),
    r"\sqrt{k}": k**0.5,
    r"\lvert x \rvert": abs(x),
    r"\lVert x \rVert": np.linalg.norm(x),
    r"\lVert x \rVert_1": np.linalg.norm(x, ord=1),
    r"\langle x, y \rangle": np.sum(x * y),
    r"\exp\left(-x\right)": np.exp(-x),
    r"\operatorname{sign}\left(x\right)": np.sign(x),
    r"\max\left(x, k\right)": np.maximum(x, k),
    r"\lfloor x \rfloor": np.floor(x),
    r"t \bmod 4": t % 4,
    r"\begin{cases} x & \text{if } x > 0 \\ y & \text{otherwise} \end{cases}": np.where(x > 0, x, y),
    r"\begin{cases} x & \text{if } x > 0 \text{ and } y \le k \\ 0 & \text{otherwise} \end{cases}":
        np.where((x > 0) & (y <= k), x, 0),
    r"x \, \left(-0.5\right)": x * -0.5,
}


@pytest.mark.parametrize("tex", CONSTRUCTS)
def test_latex_of_constructs(tex):
    assert Printer({}).tex(CONSTRUCTS[tex]) == tex
    ElementTree.fromstring(mathml_row(tex))


@pytest.mark.parametrize(("value", "tex"), [(1, "1"), (0.5, "0.5"), (1e-8, "10^{-8}"), (2e-8, r"2 \cdot 10^{-8}"),
                                            (np.pi, r"\pi"), (np.e, "e"), (-3.0, "-3")])
def test_numbers(value, tex):
    assert number_tex(value) == tex


@pytest.mark.parametrize(("name", "tex"), [
    ("m", "m_t"), ("m_hat", r"\hat{m}_t"), ("beta1", r"\beta_{1,t}"), ("v_max", r"v_{\mathrm{max},t}"),
    ("step", r"\mathrm{step}_t"), ("g_bar", r"\bar{g}_t")])
def test_names_and_their_index(name, tex):
    assert name_symbol(name, "t") == tex


def test_the_equation_of_adam():
    assert optlearn.Adam().equation() == r"""\begin{aligned}
g_t &= \nabla f(w_{t-1}) \\
m_t &= \beta_1 \, m_{t-1} + \left(1 - \beta_1\right) \, g_t \\
v_t &= \beta_2 \, v_{t-1} + \left(1 - \beta_2\right) \, g_t^{2} \\
\hat{m}_t &= \frac{m_t}{1 - \beta_1^{t}} \\
\hat{v}_t &= \frac{v_t}{1 - \beta_2^{t}} \\
w_t &= w_{t-1} - \eta \, \frac{\hat{m}_t}{\sqrt{\hat{v}_t} + \epsilon}
\end{aligned}"""


def test_the_equation_of_nesterov_shows_where_the_gradient_is_taken():
    text = optlearn.Nesterov().equation()
    assert r"g_t &= \nabla f(\tilde{w}_t)" in text
    assert text.index(r"\tilde{w}_t &=") < text.index(r"\nabla")


@pytest.mark.parametrize("name", TRACEABLE)
def test_every_form_has_balanced_latex_and_well_formed_mathml(name):
    for rule in forms(name):
        text = rule.equation()
        assert text.count("{") == text.count("}")
        assert text.count(r"\left(") == text.count(r"\right)")
        assert "None" not in text and "Node" not in text
        root = ElementTree.fromstring(rule.equation("mathml"))
        assert root.tag == "math"
        # The page finds each named quantity by its name.
        found = {element.get("data-name") for element in root.iter()} - {None}
        assert {line for line, _, _ in lines(rule)} <= found
        assert not [element for element in root.iter() if (element.text or "").strip().startswith("\\")]


@pytest.mark.parametrize("name", surfaces.names())
def test_every_surface_has_an_equation(name):
    surface = surfaces.get(name)
    assert surface.equation().startswith("f(x, y) = ")
    ElementTree.fromstring(surface.equation("mathml"))


def test_an_unknown_kind_is_refused():
    with pytest.raises(optlearn.InvalidArgument, match="'latex' or 'mathml'"):
        optlearn.Adam().equation("html")


def test_brackets_grow_where_latex_lets_them():
    plain, growing = mathml_row(r"f(x) = \frac{1}{2}"), mathml_row(r"\left(\frac{1}{2}\right)")
    assert plain.count('stretchy="false"') == 2 and "stretchy" not in growing


def test_an_equation_says_what_does_not_begin_at_zero():
    last = {name: optlearn.get(name).equation().splitlines()[-2].removesuffix(r" \\") for name in
            ("rprop", "local_gains", "delta_bar_delta", "nadam", "adagrad", "momentum")}
    assert last == {"rprop": r"\Delta_0 &= \eta", "local_gains": r"\gamma_0 &= 1", "delta_bar_delta": r"e_0 &= \eta",
                    "nadam": "P_0 &= 1", "adagrad": r"w_t &= w_{t-1} - \eta \, \frac{g_t}{\sqrt{h_t} + \epsilon}",
                    "momentum": r"w_t &= w_{t-1} - \eta \, v_t"}
