"""What is recorded from a rule, and what is refused with a clear sentence."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

import optlearn
from optlearn import Optimizer, Update, hyper
from optlearn.symbolic.trace import NotTraceable, evaluate, trace

TRACEABLE = [name for name in optlearn.names() if optlearn.get(name).traceable]


def rule(update):
    """A rule with this update, kept out of the registry."""
    members = {"lr": hyper(0.1, above=0), "slots": ("m",), "update": update}
    return type("Mine", (Optimizer,), members, register=False)()


@pytest.mark.parametrize(("update", "sentence"), [
    (lambda self, w, g, s, t: Update(w - g if g > 0 else w, m=s.m), "np.where"),
    (lambda self, w, g, s, t: Update(w - np.linalg.svd(g)[0], m=s.m), "numpy.svd cannot be traced"),
    (lambda self, w, g, s, t: Update(w - np.sort(g), m=s.m), "numpy.sort cannot be traced"),
    (lambda self, w, g, s, t: Update(w - g[0], m=s.m), "single coordinates"),
    (lambda self, w, g, s, t: Update(w - float(g), m=s.m), "NumPy's functions"),
    (lambda self, w, g, s, t: Update(w - g), "must name its next state"),
    (lambda self, w, g, s, t: Update(w - np.sum(g, axis=1), m=s.m), "one axis")])
def test_what_cannot_be_recorded_says_why(update, sentence):
    with pytest.raises(NotTraceable, match=sentence):
        trace(rule(update))


def test_untraceable_rules_say_so_wherever_a_trace_is_asked_for():
    class Turned(Optimizer, register=False):
        traceable = False
        why_not_traceable = "its eigenvectors are those of a routine"

        def update(self, w, g, s, t):
            return Update(w - np.linalg.qr(np.outer(g, g))[0] @ g)

    untraceable = Turned()
    for ask in (trace, lambda r: r.equation(), lambda r: r.equation("mathml"),
                lambda r: optlearn.run("quadratic", r, compiled=True), lambda r: optlearn.explore("quadratic", [r])):
        with pytest.raises((NotTraceable, optlearn.InvalidArgument), match="turned cannot be traced: its eigenvectors"):
            ask(untraceable)
    assert "cannot be traced" in untraceable._repr_html_()


@pytest.mark.parametrize("name", TRACEABLE)
def test_mathml_is_well_formed_and_as_long_as_the_latex(name):
    shown = optlearn.get(name)
    root = ET.fromstring(shown.equation("mathml").replace("&#160;", " "))
    assert len(root.findall("./mtable/mtr")) == shown.equation().count("&=")


@pytest.mark.parametrize("name", ["adam", "adamax", "adagrad", "rmsprop", "adadelta", "adabelief", "gradient_descent"])
def test_rate_times_direction_is_the_step(name):
    """The ellipse that the explorer draws is the rule's own scaling."""
    shown = optlearn.get(name, lr=0.1)
    program = trace(shown)
    path = optlearn.run("quadratic", shown, start=(-1.0, 0.5), steps=5)
    last = {s: path[s][4] for s in program.slots}
    values = {program.symbols["s." + s]: x for s, x in last.items()}
    values |= {program.symbols[p]: shown.__dict__[p] for p in program.parameters}
    values |= {program.symbols["g"]: path.g[4], program.symbols["t"]: 5, program.symbols["w"]: path.w[4]}
    direction = path.g[4] if shown.direction == "g" else path[shown.direction][4]
    np.testing.assert_allclose(evaluate([program.rate], values)[0] * direction, path.w[4] - path.w[5], rtol=1e-9)


def test_equal_operations_are_one_quantity_and_the_order_is_kept():
    doubled = rule(lambda self, w, g, s, t: Update(w - self.lr * (g + s.m), m=g + s.m))
    *_, m, w, _ = doubled.equation().splitlines()
    assert (m, w) == (r"m_t &= g_t + m_{t-1} \\", r"w_t &= w_{t-1} - \eta \, m_t")
