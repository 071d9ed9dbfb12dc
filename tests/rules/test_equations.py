"""The displayed equation of every rule is the one on record; ``make equations`` records them anew."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from every import CLASSES, NAMES, VARIANTS

import optlearn
from optlearn.symbolic.trace import NotTraceable

RECORD = Path(__file__).with_name("equations.txt")
NOTATION = Path(__file__).parents[2] / "book" / "notation.md"
ANEW = "if this is as it should be: make equations, and look at what git diff shows"
SHOWN = [
    *NAMES,
    "rmsprop_centered",
    "rmsprop-momentum",
    "nesterov-form-frameworks",
    "momentum-lr_inside-True",
    "nadam-schedule-False",
    "amsgrad-maximum-corrected",
    "adamax-eps_inside-False",
    "radam-eps_hat-False",
    "swats-criterion-absolute",
    "lars-denominator-joint",
]


def rule(key):
    return VARIANTS[key] if key in VARIANTS else optlearn.get(key)


def shown():
    return {key: rule(key).equation() for key in SHOWN if rule(key).traceable}


def recorded():
    return dict(part.strip().split("\n", 1) for part in RECORD.read_text().split("\n\n") if part.strip())


def test_every_rule_is_on_record():
    assert list(recorded()) == list(shown()), ANEW


@pytest.mark.parametrize("key", shown())
def test_equation_is_the_recorded_one(key):
    assert rule(key).equation() == recorded().get(key, "nothing"), ANEW


@pytest.mark.parametrize("key", VARIANTS)
def test_every_variant_has_an_equation_or_says_why_not(key):
    if VARIANTS[key].traceable:
        latex = VARIANTS[key].equation()
        assert "w_t &=" in latex
        assert latex.count("{") == latex.count("}")
        ElementTree.fromstring(VARIANTS[key].equation("mathml").replace("&#160;", " "))
    else:
        with pytest.raises(NotTraceable, match=VARIANTS[key].why_not_traceable):
            VARIANTS[key].equation()


def test_every_letter_of_a_rule_is_in_the_table_of_notation():
    """In a row with its name in code."""
    def plain(latex):
        return re.sub(r"\\mathrm|[\\{}\s]", "", latex)

    rows = [(plain("".join(re.findall(r"\$([^$]+)\$", line))), set(re.findall("`([^`]+)`", line)))
            for line in NOTATION.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    missing = []
    for name, cls in CLASSES.items():
        letters = {key: declared.symbol or key for key, declared in cls.hypers().items()} | cls.symbols
        missing += [(name, key, symbol) for key, symbol in letters.items()
                    if not any(plain(symbol) in shown and key in code for shown, code in rows)]
    assert not missing


if __name__ == "__main__":
    RECORD.write_text("\n\n".join(f"{key}\n{latex}" for key, latex in shown().items()) + "\n")
