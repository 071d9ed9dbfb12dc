"""check() finds the first difference, and names the mistakes that it knows."""

import json
from pathlib import Path

import numpy as np
import pytest

import optlearn
from optlearn import InvalidArgument, Optimizer, Update, hyper
from optlearn.checking import check
from optlearn.mistakes import mistakes


def rule_of(lines, slots, start=None, ahead=None, **numbers):
    """A reader's rule from the lines of its update."""
    names = "\n        ".join(f"{name} = self.{name}" for name in numbers)
    body = f"def update(self, w, g, s, t):\n        {names}\n        " + "\n        ".join(lines)
    made = {"np": np, "Update": Update}
    exec(body.replace("\n        \n", "\n"), made)
    methods = {"update": made["update"]}
    if ahead:
        exec(f"def probe(self, w, s, t):\n        {names}\n        return {ahead}", made)
        methods["probe"] = made["probe"]
    declared = {name: hyper(value, at_least=0, below=1) for name, value in numbers.items()}
    return type(Optimizer)("Mine", (Optimizer,), {**declared, **methods, "slots": slots}, register=False)()


def changed(lines, *changes):
    """Lines with some texts replaced, each of which must be there."""
    text = "\n".join(lines)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text.split("\n")


ADAM = ["m = beta1 * s.m + (1 - beta1) * g", "v = beta2 * s.v + (1 - beta2) * g**2",
        "step = m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)", "return Update(w - lr * step, m=m, v=v)"]
NUMBERS = {"lr": 0.1, "beta1": 0.9, "beta2": 0.99, "eps": 1e-2}
# What is changed in Adam's lines, and the words of the hint.
MISTAKES = {
    "uncorrected": ([(" / (1 - beta1**t)", ""), ("v / (1 - beta2**t)", "v")], "bias correction is missing"),
    "only m corrected": ([("v / (1 - beta2**t)", "v")], "correction 1 - beta2**t is missing"),
    "only v corrected": ([(" / (1 - beta1**t)", "")], "correction 1 - beta1**t is missing"),
    "late": ([("**t", "**(t + 1)")], "one too large"),
    "early": ([("**t", "**(t - 1)")], "one too small"),
    "early for v": ([("beta2**t", "beta2**(t - 1)")], "in beta2**t the number of the step is one too small"),
    "no power": ([("beta1**t", "beta1"), ("beta2**t", "beta2")], "power t is missing"),
    "corrected state": ([("step = m / (1 - beta1**t)", "m = m / (1 - beta1**t); step = m")], "kept as the state"),
    "epsilon inside": ([("np.sqrt(v / (1 - beta2**t)) + eps", "np.sqrt(v / (1 - beta2**t) + eps)")], "inside the root"),
    "epsilon before": ([("np.sqrt(v / (1 - beta2**t)) + eps", "(np.sqrt(v) + eps) / np.sqrt(1 - beta2**t)")],
                       "it is adam_eps_hat: epsilon is added before the bias correction"),
    "no epsilon": ([(" + eps)", ")")], "epsilon is missing"),
    "epsilon outside the brackets": ([(" + eps)", ")"), ("w - lr * step", "w - lr * step + eps")],
                                     "epsilon is added to the parameters"),
    "factor of m": ([("(1 - beta1) * g", "g")], "factor 1 - beta1 is missing"),
    "factor of v": ([("(1 - beta2) * g", "g")], "factor 1 - beta2 is missing"),
    "no square": ([("g**2", "g")], "square is missing in v"),
    "absolute": ([("g**2", "np.abs(g)")], "absolute value stands for the square in v"),
    "summed": ([("g**2", "np.sum(g**2)")], "sum over all coordinates"),
    "no root": ([("np.sqrt(v / (1 - beta2**t))", "v / (1 - beta2**t)")], "root is missing"),
    "old m": ([("step = m", "step = s.m")], "old m is used"),
    "old v": ([("np.sqrt(v", "np.sqrt(s.v")], "old v is used"),
    "swapped": ([("beta1", "beta0"), ("beta2", "beta1"), ("beta0", "beta2")], "beta1 and beta2 are swapped"),
    "complement": ([("beta1 * s.m + (1 - beta1) * g", "(1 - beta1) * s.m + beta1 * g")],
                   "beta1 and 1 - beta1 are swapped"),
    "m for g": ([("g**2", "m**2")], "m is squared where g belongs"),
    "g - m for g": ([("g**2", "(g - m)**2")], "g - m is squared where g belongs"),
    "g for m": ([("step = m", "step = g")], "g is used where m belongs"),
    "sign": ([("w - lr", "w + lr")], "wrong sign"),
    "rate in the average": ([("(1 - beta1) * g", "(1 - beta1) * lr * g"), ("lr * step", "step")],
                            "learning rate stands inside m"),
    "correction outside": ([("np.sqrt(v / (1 - beta2**t))", "np.sqrt(v) / (1 - beta2**t)")], "outside the root"),
    "multiplied": ([("m / (1 - beta1**t)", "m * (1 - beta1**t)")],
                   "m * (1 - beta1**t) stands where m / (1 - beta1**t) belongs"),
    "plus": ([("/ (1 - beta1**t)", "/ (1 + beta1**t)")], "1 + beta1**t stands where 1 - beta1**t belongs"),
    "one beta": ([("beta2", "beta1")], "beta1 stands where beta2 belongs"),
    "no rate": ([("lr * step", "step")], "stands where lr * (m / (1 - beta1**t)) belongs"),
    "nothing kept": ([("beta1 * s.m + ", ""), ("beta2 * s.v + ", "")], "not kept"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_of_adam_are_named(mistake):
    changes, words = MISTAKES[mistake]
    found = check(rule_of(changed(ADAM, *changes), ("m", "v"), **NUMBERS), against="adam")
    assert not found
    assert words in found.hint
    with pytest.raises(AssertionError, match="parts from adam"):
        found.raise_if_different()


MOMENTUM = ["v = momentum * s.v + g", "return Update(w - lr * v, v=v)"]
AHEAD = {"lr": 0.05, "momentum": 0.9}
ADAGRAD = ["h = s.h + g**2", "return Update(w - lr * g / (np.sqrt(h) + eps), h=h)"]
ADAMW = changed(ADAM, ("w - lr", "w - lr * weight_decay * w - lr"))
BELIEF = [ADAM[0], "b = beta2 * s.b + (1 - beta2) * (g - m)**2 + eps_root", ADAM[2].replace("v", "b"),
          "return Update(w - lr * step, m=m, b=b)"]
STORED = {**NUMBERS, "eps_root": 1e-3}
LION = ["u = np.sign(beta1 * s.m + (1 - beta1) * g)", "return Update(w - lr * u, m=beta2 * s.m + (1 - beta2) * g)"]
BETAS = {"lr": 0.1, "beta1": 0.9, "beta2": 0.99}
DELTA = ["a = rho * s.a + (1 - rho) * g**2", "d = np.sqrt(s.d + eps) / np.sqrt(a + eps) * g",
         "return Update(w - lr * d, a=a, d=rho * s.d + (1 - rho) * d**2)"]


@pytest.mark.parametrize(("mine", "against", "words"), [
    (rule_of(changed(MOMENTUM, ("+ g", "+ lr * g"), ("lr * v", "v")), ("v",), **AHEAD), "momentum",
     "other side of the buffer"),
    (rule_of(changed(MOMENTUM, ("+ g", "+ (1 - momentum) * g")), ("v",), **AHEAD), "momentum",
     "extra factor 1 - momentum"),
    (rule_of(changed(MOMENTUM, ("+ g", "- g")), ("v",), **AHEAD), "momentum", "wrong sign"),
    (rule_of(changed(MOMENTUM, ("+ g", "- lr * g"), ("lr * v", "v")), ("v",), **AHEAD), "momentum", "wrong sign"),
    (rule_of(MOMENTUM, ("v",), **AHEAD), "nesterov", "gradient is taken at the parameters"),
    (rule_of(MOMENTUM, ("v",), ahead="w + lr * momentum * s.v", **AHEAD), "nesterov", "lies on the wrong side"),
    (rule_of(MOMENTUM, ("v",), ahead="w - momentum * s.v", **AHEAD), "nesterov", "without the learning rate"),
    (rule_of(MOMENTUM, ("v",), ahead="w - lr * momentum * s.v", **AHEAD), "momentum", "it is nesterov"),
    (rule_of(changed(ADAGRAD, ("np.sqrt(h)", "np.sqrt(s.h)")), ("h",), lr=0.1, eps=1e-3), "adagrad", "old h is used"),
    (rule_of(changed(ADAGRAD, ("g**2", "np.sum(g**2)")), ("h",), lr=0.1, eps=1e-3), "adagrad", "sum over all"),
    (rule_of(changed(DELTA, ("d**2", "(lr * d)**2")), ("a", "d"), lr=0.5, rho=0.9, eps=1e-6), "adadelta",
     "learning rate stands inside the average"),
    (rule_of(changed(ADAGRAD, ("(np.sqrt(h) + eps)", "np.sqrt(h) + eps")), ("h",), lr=0.1, eps=1e-3), "adagrad",
     "brackets are missing"),
    (rule_of(changed(BELIEF, (" + eps_root", ""), ("b / (1 - beta2**t)", "b / (1 - beta2**t) + eps_root")), ("m", "b"),
             **STORED), "adabelief", "eps_root is added under the root, not to s"),
    (rule_of(changed(BELIEF, ("(g - m)**2", "g**2")), ("m", "b"), **STORED), "adabelief", "g stands where g - m"),
    (rule_of(changed(LION, ("beta1", "beta0"), ("beta2", "beta1"), ("beta0", "beta2")), ("m",), **BETAS), "lion",
     "beta1 and beta2 are swapped; and the decay is missing"),
    (rule_of(["g = g + weight_decay * w", *ADAM], ("m", "v"), **NUMBERS, weight_decay=0.1), "adamw",
     "decay is added to the gradient"),
    (rule_of(ADAMW, ("m", "v"), **NUMBERS, weight_decay=0.1), "adam", "decay acts on the parameters"),
    (rule_of(ADAM, ("m", "v"), **NUMBERS, weight_decay=0.1), "adamw", "decay is missing"),
    (rule_of(changed(ADAMW, ("w - lr * weight_decay", "w - weight_decay")), ("m", "v"), **NUMBERS, weight_decay=0.1),
     "adamw", "decay_times_lr=False"),
    (rule_of(ADAMW, ("m", "v"), **NUMBERS, weight_decay=0.1), optlearn.Adam(**NUMBERS, weight_decay=0.1),
     "decay acts on the parameters"),
])
def test_mistakes_of_other_rules_are_named(mine, against, words):
    found = check(mine, against=against)
    assert not found
    assert words in found.hint


@pytest.mark.parametrize(("line", "words"), [
    ("return w - lr * g", "must end with return Update"), ("return Update(w)", "leaves out the slot 'v'"),
    ("return None if t == 7 else Update(w, v=g)", "returned nothing"), ("return Update(w - lr * s.u, v=g)", "no 'u'"),
    ("w -= lr * g; return Update(w, v=g)", "not changed in place"), ("return Update(w - rate * g, v=g)", "rate")])
def test_a_rule_that_cannot_make_its_steps_is_told_why(line, words):
    with pytest.raises(InvalidArgument, match=words):
        check(rule_of([line], ("v",), lr=0.1), against="momentum")


def test_two_mistakes_are_not_guessed_at():
    lines = changed(ADAM, ("g**2", "g"), (" / (1 - beta1**t)", ""))
    found = check(rule_of(lines, ("m", "v"), **NUMBERS), against="adam")
    assert not found
    assert found.hint == ""


@pytest.mark.parametrize("name", optlearn.rules.__all__)
def test_mistakes_can_be_made_on_every_rule(name):
    rule = vars(optlearn.rules)[name]()
    made = list(mistakes(rule))
    assert len(made) > (5 if rule.takes_matrices else 10)
    assert all(isinstance(words, str) and words for words, _ in made)


# Adam as it is also written.
WRITINGS = {
    "as in the book": ADAM,
    "differences": changed(ADAM, ("beta1 * s.m + (1 - beta1) * g", "s.m + (1 - beta1) * (g - s.m)"),
                           ("beta2 * s.v + (1 - beta2) * g**2", "s.v + (1 - beta2) * (g * g - s.v)")),
    "in the rate": changed(ADAM, ("step = m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)",
                                  "c = np.sqrt(1 - beta2**t); step = c / (1 - beta1**t) * m / (np.sqrt(v) + c * eps)")),
    "negative": changed(ADAM, ("beta1 * s.m + (1 - beta1) * g", "beta1 * s.m - (1 - beta1) * g"),
                        ("w - lr", "w + lr")),
    "other slots": ["a = beta1 * s.a + g", "b = beta2 * s.b + g * g",
                    "step = (1 - beta1) * a / (1 - beta1**t) / (np.sqrt((1 - beta2) * b / (1 - beta2**t)) + eps)",
                    "return Update(w - lr * step, a=a, b=b)"],
    "products kept": ["m = beta1 * s.m + (1 - beta1) * g", "v = beta2 * s.v + (1 - beta2) * g**2",
                      "p = 1 - (1 - s.p) * beta1",
                      "q = 1 - (1 - s.q) * beta2", "step = m / p / (np.sqrt(v / q) + eps)",
                      "return Update(w - lr * step, m=m, v=v, p=p, q=q)"],
}


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("lr", [0.1, 1e-7])
def test_a_right_rule_agrees_however_it_is_written(writing, lr):
    slots = {"other slots": ("a", "b"), "products kept": ("m", "v", "p", "q")}.get(writing, ("m", "v"))
    found = check(rule_of(WRITINGS[writing], slots, **{**NUMBERS, "lr": lr}), against="adam")
    assert found, found
    assert found.hint == ""
    assert repr(found) == ("Mine agrees with adam: on fixed gradients, on a surface, "
                           "with a learning rate that falls by half")


def test_learning_rate_inside_the_buffer_shows_when_the_rate_falls():
    found = check(optlearn.Momentum(lr=0.1, lr_inside=True), against=optlearn.Momentum(lr=0.1))
    assert found.where == "with a learning rate that falls by half"
    assert found.step == 11
    assert "other side of the buffer" in found.hint


def test_point_of_the_gradient_shows_on_the_surface():
    found = check(optlearn.Momentum(lr=0.05), against=optlearn.Nesterov(lr=0.05))
    assert found.where == "on a surface" and found.step == 2
    assert found.hint == "it is momentum: the gradient is taken at the parameters, not ahead of them"


def test_a_rule_without_a_learning_rate_can_be_checked():
    class Fixed(Optimizer, register=False):
        def update(self, w, g, s, t):
            return Update(w - 0.1 * g)

    assert check(Fixed, against=optlearn.GradientDescent(lr=0.1))


def hard_coded(numbers="", rate="0.01", title="Mine"):
    """A right Adam with numbers written into its lines."""
    lines = changed(ADAM, ("beta1", "0.9"), ("beta2", "0.999"), ("lr", rate), ("eps", numbers or "1e-8"))
    made = {"np": np, "Update": Update}
    exec("def update(self, w, g, s, t):\n    " + "\n    ".join(lines), made)
    return type(Optimizer)(title, (Optimizer,), {"update": made["update"], "slots": ("m", "v")}, register=False)


def test_a_difference_is_measured_in_steps_and_shown_with_the_digits_it_takes():
    wrong = rule_of(changed(ADAM, (" + eps", " + 1e-7")), ("m", "v"), lr=1e-7, beta1=0.9, beta2=0.999)
    found = check(wrong, against="adam")
    assert not found
    assert found.relative == pytest.approx(9e-8 / abs(np.random.RandomState(0).standard_normal()), rel=0.3)
    mine, other = repr(found).split(": ")[1].split(", a difference")[0].split(" instead of ")
    assert mine != other
    assert "of the step" in repr(found)
    assert "it is adam with eps=1e-07, not 1e-08" in found.hint


def test_values_that_the_other_rule_takes_by_itself_are_said():
    none = check(hard_coded(rate="1e-3"), against="adam")
    assert none
    assert "adam ran with lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08: Mine has no" in repr(none)
    found = check(hard_coded(rate="1e-2"), against="adam")
    assert not found
    assert "adam ran with lr=0.001, beta1" in repr(found)
    assert found.hint == "it is adam with lr=0.01, not 0.001"


def test_a_name_means_the_rule_of_the_library(monkeypatch):
    mine = hard_coded(rate="1e-2", title="Adam")
    monkeypatch.setitem(optlearn.registry._registry, "adam", mine)
    assert not check(mine, against="adam")
    assert check(optlearn.Adam(), against="adam")


def test_every_rule_agrees_with_itself():
    for name in optlearn.names():
        rule = optlearn.get(name)
        if not rule.takes_matrices:
            assert check(rule, against=name), name


def test_recorded_run():
    data = json.loads(Path(__file__).with_name("reference").joinpath("trajectories.json").read_text(encoding="utf-8"))
    case = next(case for case in data["cases"] if case["id"] == "gradient_descent/optax/gradients")
    record = {**case, "w0": data["inputs"][case["w0"]], "grads": data["inputs"][case["grads"]]}
    assert check(optlearn.get(case["name"], **case["hyper"]), against=record)
    wrong = check(optlearn.GradientDescent(lr=0.06), against=record)
    assert not wrong and wrong.step == 1


@pytest.mark.parametrize("arguments", [
    {"mine": 3, "against": "adam"}, {"mine": optlearn.Adam(), "against": "adamm"},
    {"mine": optlearn.Adam(), "against": 3}, {"mine": optlearn.Adam(), "against": {"w": []}},
    {"mine": optlearn.Adam(), "against": "adam", "steps": 0}])
def test_bad_arguments(arguments):
    with pytest.raises(InvalidArgument):
        check(**arguments)
