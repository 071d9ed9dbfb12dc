"""What exercise sheets ask a student to run, run as it stands, tells right from wrong, and gives no answer away."""

import json
import sys
from pathlib import Path

import matplotlib
import pytest

pytest.importorskip("bs4")
ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import pages  # noqa: E402
import sheets  # noqa: E402
from slices import behind, needs, statements  # noqa: E402

# Mistakes that somebody may make: what of the solution is written otherwise.
WRONG = {
    "adabelief": [("(g - m) ** 2", "g ** 2"), ("root + self.eps", "root"), ("self.beta2 * s.s", "0.999 * s.s")],
    "adam": [("np.sqrt(1 - self.beta2**t)", "(1 - self.beta2**t)"), ("(g * g - s.v)", "(g - s.v)"),
             ("(1 - self.beta1) * (g - s.m)", "0.1 * (g - s.m)")],
    "adamax": [("(1 / self.p)", "self.p"), (" / (1 - decay**t)", ""), ("np.abs(g) ** self.p", "np.abs(g) ** 2")],
    "adamw": [("self.multiplier * self.weight_decay * w", "self.weight_decay * w"), ("w - v - ", "w - self.lr * v - ")],
    "amsgrad": [("self.lr / t**0.5", "self.lr"), ("(g * g - s.v) / t", "(g * g - s.v) / (t + 1)")],
    "nadam": [("(1 - self.beta1) * g / now", "(1 - self.beta1) * g / after"),
              ("after if self.exact", "1 - self.beta1**t if self.exact"),
              ("m_bar = self.beta1", "m_bar = m / (1 - self.beta1**t) if self.exact else self.beta1"),
              ("(t + 1)", "t")],
    "radam": [("0 * w if self.skip", "m_hat if self.skip"), ("n >= 5", "n >= 4"),
              ("0 * w if self.skip", "np.where(t < 3, 0 * w, m_hat) if self.skip"),
              ("np.where(n >= 5, rectified, early)", "np.where(n >= 5, 0 * w if self.skip else rectified, early)")],
    "adadelta": [("D=self.rho * s.D + (1 - self.rho) * d**2", "D=self.rho * s.D + (1 - self.rho) * (self.lr * d)**2"),
                 ("s.D + self.eps", "s.D")],
    "adagrad": [(" + 0.1", ""), ("np.sqrt(h + self.eps)", "(np.sqrt(h) + self.eps)")],
    "local_gains": [("g_bar=0.5 * s.g_bar + 0.5 * g", "g_bar=g"), ("w - e * g", "w - s.e * g")],
    "rmsprop": [(" / (1 - self.rho**t)", ""), ("1 - self.rho**t", "1 - self.rho**(t + 1)")],
    "averaging": [("2 / (t + 1)", "1 / t"), ("return s.average", "return w")],
    "schedule_free": [("self.keep * s.x + (1 - self.keep) * z", "self.keep * s.x + (1 - self.keep) * s.z"),
                      ("self.mix * x + (1 - self.mix) * z", "self.mix * z + (1 - self.mix) * x"),
                      ("return s.x", "return w")],
    "conditioning": [("ratio = 0.25", "ratio = 0.5"), ("np.array([1.0, self.ratio])", "np.array([self.ratio, 1.0])")],
    "gradient_descent": [("/ np.linalg.norm(g)", "/ np.linalg.norm(g)**2"), ("np.linalg.norm(g)", "np.abs(g)")],
    "gradients": [("np.minimum(1.0, ", "np.maximum(1.0, "), ("np.maximum(np.linalg.norm(w), 1e-3)", "1.0")],
    "schedules": [("0.5 ** np.floor(k / self.period)", "0.5 ** (k / self.period)"),
                  ("1 - k % self.period", "1 - (k + 1) % self.period"), ("self.start * 0.5", "0.1 * 0.5")],
    "stochastic_gradient_descent": [("return s.z", "return w"), ("(z - w) / t", "(z - w) / (t + 1)"),
                                    ("s.z - self.lr * g", "self.lr * g")],
    "generalisation_gap": [("X * M @ X.T", "X @ X.T"), ("return M * ", "return ")],
    "swats": [("lr=0.1 * rate", "lr=rate"), ("steps=when", "steps=when - 1"), ("momentum=0.9", "momentum=0.0"),
              ("return np.concatenate([first, rest[1:]])",
               "return run(place, SWATS(lr=0.3, beta2=0.99, switch_eps=0.1), start=(2.5, 1.5), steps=60).w"),
              ("steps=when)", "steps=2)"), ("0.1 * rate", "0.1 * 0.02")],
    "dcasgd": [("g**2 * (w - s.w_old)", "g * (w - s.w_old)"), ("(w - s.w_old)", "(s.w_old - w)"),
               ("w_old=w", "w_old=s.w_old")],
    "lars": [("0.9 * self.lr / s.rate * s.v", "0.9 * s.v / s.rate"), ("self.lr / s.rate * s.v", "s.v"),
             ("rate=self.lr + 0 * w", "rate=s.rate")],
    "signum": [("np.mean(np.abs(p)) * ", ""), ("self.keep * (p - sent)", "0 * p")],
    "muon": [("self.momentum * s.b + (1 - self.momentum) * g", "(1 - self.momentum) * s.b + self.momentum * g"),
             (", 5)", ", 4)"), ("-4.7750", "4.7750")],
    "momentum": [("self.momentum * (w - s.before)", "self.momentum * (s.before - w)"), ("before=w", "before=s.before"),
                 ("""w}

    def update(self, w, g, s, t):
        return Update(w - self.lr * g + self.momentum * (w - s.before), before=w)""", """0 * w}

    def update(self, w, g, s, t):
        v = self.momentum * s.before + g
        return Update(w - self.lr * v, before=v)""")],
    "nesterov": [("(scaled - s.last)", "scaled"), ("last=scaled", "last=g")],
    "ftml": [(" / (1 - 0.6**t)", ""), ("np.sqrt(v / (1 - 0.999**t))", "np.sqrt(v)")],
    "ftrl": [("self.l1 * t", "self.l1"), (" / self.lr * w", " * w")],
    "sgld": [("(w**2 - new**2) / 2 + ", ""),
             ("log_q(w, new, lr) - log_q(new, w, lr)", "log_q(new, w, lr) - log_q(w, new, lr)")],
    "choosing": [("10 - place", "9 - place"), ("np.maximum(10 - place, 0)", "(10 - place)")],
    "conventions": [("np.sqrt(1 - self.beta2**t)", "1"), ("self.beta2**t", "self.beta2**(t + 1)")],
    "counterexamples": [("p=0.01", "p=0.25"), ("(0.25 + 1 - p) / p", "1 / p")],
    "genealogy": [("self.lr * c**0.5", "self.lr"), ("c * g**2", "g**2")],
    "tuning": [("// 3", "// 2"), ("steps *= 3", "steps *= 2"), ("np.argsort(loss_of", "np.argsort(-loss_of")],
    "your_own": [("self.rho * s.v + ", ""), ("np.sqrt(v) + self.eps", "np.sqrt(v + self.eps)")],
    "adafactor": [("np.mean(R)", "np.sum(R)"), ("t**-0.8", "t**-0.5"),
                  ("np.mean(g**2, axis=0, keepdims=True)", "np.mean(g**2)")],
    "lion": [("c * w >= 0", "c * w < 0"), ("0.9 * s.m + 0.1 * g", "0.99 * s.m + 0.01 * g"),
             ("m=0.99 * s.m + 0.01 * g", "m=c"), ("0.9 * s.m + 0.1 * g", "g"), ("0.99 * s.m", "s.m")],
}


class Unbuilt(pages.Chapter):
    """A chapter of which only the notebook is read."""

    def __init__(self, source):
        self.source, self.cells = source, json.loads(source.read_text(encoding="utf-8"))["cells"]


CHAPTERS = {source.stem: Unbuilt(source) for source in sorted((ROOT / "book").rglob("*.ipynb"))}
ASKED = {name: exercise for name, chapter in CHAPTERS.items() for exercise in sheets.exercises(chapter)
         if exercise[1].startswith("Implement")}


def test_what_a_loop_changes_through_its_variable_belongs_to_what_it_runs_over():
    code = "draws = make()\nfor g in draws[:2]:\n    g *= 0.5\nfor g in draws:\n    print(g)\nwidth = 3"
    assert len(behind({"draws"}, statements([{"cell_type": "code", "source": code}]))) == 2


@pytest.mark.parametrize("name", ASKED)
def test_a_check_passes_the_solution_and_tells_what_is_wrong(name, monkeypatch):
    monkeypatch.chdir(CHAPTERS[name].source.parent)
    matplotlib.use("agg")
    chapter, exercise = CHAPTERS[name], ASKED[name]
    *_, given, _, code = exercise
    check = sheets.check(exercise)
    assert check, "a cell of the solution with the tag check tells right from wrong"
    # The rest is on the sheet.
    solution = list(statements(cell for cell in code if not sheets.is_check(cell)))
    outside = list(statements(cell for cell in chapter.cells if cell not in given + code))
    names = needs(statements(cell for cell in code if sheets.is_check(cell)))
    made = behind(names, [*outside, *statements(given), *solution])
    answer = "\n".join(text for text in made if text in dict(solution).values())
    sheet = "\n".join(["import optlearn", sheets.imports(chapter), *(text for text in made if text not in answer)])

    def run(text):
        made = {}
        exec(sheet, made)
        exec(text, made)
        exec(check, made)

    run(answer)
    for right, wrong in WRONG[name]:
        assert right in answer, right
        with pytest.raises(AssertionError, match=r"\w+ \w+ \w+"):
            run(answer.replace(right, wrong))


def test_hints_come_along_wherever_they_stand():
    for source, chapter in CHAPTERS.items():
        text = "\n".join("".join(cell["source"]) for cell in chapter.cells)
        hints = sum(exercise[2].count("{admonition} Hint") for exercise in sheets.exercises(chapter))
        assert hints == text.count("{admonition} Hint"), source
