"""The engines that have to agree: NumPy's run, the page's JavaScript and the compiled kernel."""

import itertools
import json

import numpy as np
import pytest

import optlearn
from optlearn import run, surfaces
from optlearn.symbolic import fused, kernels, native
from optlearn.symbolic.javascript import rule_code, surface_code
from optlearn.symbolic.trace import parameter_values, trace

STEPS, SEED = 100, 7

# Learning rates at which plain gradient steps are stable: about half of one over the largest curvature on the way.
GENTLE = {"quadratic": 0.05, "rosenbrock": 5e-4, "himmelblau": 4e-3, "rastrigin": 1e-3, "saddle": 0.05,
          "beale": 2e-3, "ackley": 0.004, "leastsquares": 0.05, "styblinskitang": 8e-3, "sixhumpcamel": 5e-3,
          "twowells": 0.05, "cliff": 3e-3}
# Rules whose steps grow with the gradient get those; the others move by about lr whatever the gradient.
PROPORTIONAL = {"gradient_descent", "momentum", "nesterov", "dcasgd", "delta_bar_delta", "local_gains", "sgld",
                "schedule_free", "extragradient", "momo", "polyak"}
BOUNDED = 0.013
# Where a rule's own scale asks for another value than its default.
VALUES = {
    "ftrl": {"lr": 0.1, "l2": 0.01, "l2_shrinkage": 0.01},
    "lamb": {"lr": 0.001, "norm_min": 0.1, "norm_max": 3.0},
    "lars": {"lr": 1.0, "eta": 0.001, "clip_gradient": 5.0},
    "local_gains": {"gain_min": 0.1, "gain_max": 2.0, "momentum": 0.5},
    "delta_bar_delta": {"kappa": 1e-6, "lr_min": 1e-6},
    "rmsprop": {"initial_accumulator": 0.1, "momentum": 0.5},
    "adadelta": {"lr": 1.0},
    "dcasgd": {"momentum": 0.5, "lam": 0.001},
    # Near a minimum their steps of one length turn at every rounding.
    "muon": {"lr": 0.002},
    "adafactor": {"lr": 0.002},
    # Below the lowest point of every surface; the steps are then as long as lr allows.
    "polyak": {"f_min": -100.0}, "momo": {"lower_bound": -100.0},
    # A power is as exact as the condition of the matrix lets it be.
    "shampoo": {"lr": 0.02, "matrix_eps": 1.0},
}


def forms(name):
    """Every form of a rule: all its choices, and its optional numbers all left out or all given."""
    choices, optional = _declared(name)
    for chosen in itertools.product(*choices.values()):
        for given in (False, True)[:1 + bool(optional)]:
            yield _form(name, chosen, given)


def few_forms(name):
    """As few forms of a rule as have each of its choices, and its optional numbers left out and given."""
    choices, optional = _declared(name)
    for k in range(max([1 + bool(optional), *map(len, choices.values())])):
        yield _form(name, [values[k % len(values)] for values in choices.values()], k % 2 and bool(optional))


def _declared(name):
    """The choices of a rule, by option, and the names of its optional numbers."""
    default = optlearn.get(name)
    return ({key: option.choices for key, option in default.options().items()},
            [key for key, declaration in default.hypers().items() if declaration.default is None])


def _form(name, chosen, given):
    choices, optional = _declared(name)
    own = VALUES.get(name, {})
    return optlearn.get(name).replace(**{key: value for key, value in own.items() if key not in optional},
                                      **dict(zip(choices, chosen, strict=True)),
                                      **{key: own.get(key, 0.01) for key in optional if given})


def stable(rule, surface):
    """The rule at a learning rate that is stable on a surface."""
    if "lr" in VALUES.get(rule.name, {}):
        return rule
    return rule.replace(lr=GENTLE[surface.name] if rule.name in PROPORTIONAL else BOUNDED)


def record(rule, surface, steps=STEPS, **keywords):
    """All that a run holds, by name."""
    trajectory = run(surface, rule, steps=steps, rng=SEED, **keywords)
    return {"w": trajectory.w, "probe": trajectory.probe, "g": trajectory.g, "loss": trajectory.loss,
            **trajectory.named}


PAGE = """
(rule, surface, row, stride, steps, start, h, p, draws) => {
  const R = new Float64Array((steps + 1) * stride), loss = [];
  R.set(start, row.w[0]);
  rule.start(R, 0, h[0]);
  loss.push(surface.f(R[row.w[0]], R[row.w[0] + 1], p));
  for (let t = 1; t <= steps; t++) {
    const a = (t - 1) * stride, b = t * stride, now = h[Math.min(t, h.length) - 1];
    rule.probe(R, a, b, t, now);
    surface.gradient(R[b + row["@probe"][0]], R[b + row["@probe"][0] + 1], p, R, b + row.g[0]);
    for (const name in draws) R.set(draws[name][t - 1], b + row[name][0]);
    if (rule.ask) rule.ask(R, a, b, t, now, surface, p, 0, 0);
    rule.step(R, a, b, t, now);
    loss.push(surface.f(R[b + row.w[0]], R[b + row.w[0] + 1], p));
  }
  return JSON.stringify({R: Array.from(R), loss});
}
"""


class Page:
    """A JavaScript engine without a browser."""

    def __init__(self):
        self.context = pytest.importorskip("py_mini_racer").MiniRacer()
        self.context.eval(f"const run = {PAGE}, made = []")
        self.rules, self.made = {}, {}

    def _made(self, code):
        """What the page calls an object that it made once, for all runs."""
        if code not in self.made:
            self.made[code] = f"made[{len(self.made)}]"
            self.context.eval(f"made.push({code})")
        return self.made[code]

    def run(self, rule, surface, steps=STEPS, start=None):
        """What the page records, by name."""
        program = trace(rule)
        if program not in self.rules:
            self.rules[program] = rule_code(rule)
        code, row, stride = self.rules[program]
        h = [parameter_values(rule.at(t)) for t in range(1, steps + 1 if rule.scheduled else 2)]
        rng = np.random.RandomState(SEED)
        draws = {name: [] for name in rule.draws}
        for _ in range(steps):
            for name in draws:
                draws[name].append(rng.standard_normal(2).tolist())
        p = [surface.values[name] for name in surface.hypers()]
        begin = list(surface.start if start is None else start)
        arguments = ", ".join(json.dumps(x) for x in (row, stride, steps, begin, h, p, draws))
        made = f"{self._made(code)}, {self._made(surface_code(surface))}"
        out = json.loads(self.context.eval(f"run({made}, {arguments})"))
        rows = np.array(out["R"], dtype=float).reshape(steps + 1, stride)
        values = {name.lstrip("@"): rows[:, at] if size == 1 else rows[:, at:at + size]
                  for name, (at, size) in row.items()}
        kept = {name: x if name == "w" or name in rule.slots else x[1:] for name, x in values.items()}
        return {**kept, "loss": np.array(out["loss"], dtype=float)}


def apart(expected, found):
    """How far two records are apart: the name and the size of the largest difference, relative to the largest
    value that the quantity takes in the run."""
    worst = ("nothing", 0.0)
    for name, a in expected.items():
        a, b = np.asarray(a, dtype=float), np.asarray(found[name], dtype=float)
        b = b.reshape(a.shape) if a.ndim > b.ndim and a.size == b.size else b  # a row of the page's holds no shapes
        a, b = np.broadcast_arrays(a, b)
        finite = np.isfinite(a)
        if not np.array_equal(finite, np.isfinite(b)):
            return name, np.inf
        if finite.any():
            scale = np.abs(a[finite]).max()
            difference = np.abs(a[finite] - b[finite]).max()
            if difference > worst[1] * scale:
                worst = (name, difference / scale if scale else np.inf)
    return worst


ALL_SURFACES = [surfaces.get(name) for name in surfaces.names()]
TRACEABLE = [name for name in optlearn.names() if optlearn.get(name).traceable]


def interpreted(patched):
    """Lets Python run the texts of kernels, which Numba would take half a second each to compile."""
    def kernel(source):
        made = np.errstate(all="ignore")(kernels.functions(source)["kernel"])
        # With numbers of NumPy, as machine code has them: those of Python raise where a result is not finite.
        return lambda steps, x, y, *tables: made(steps, np.float64(x), np.float64(y), *tables)

    patched.setattr(fused, "compiled", kernel)
    patched.setattr(native, "build", lambda source, *types: kernels.functions(source)["kernel"])
    patched.setattr(native, "_driver", lambda: np.errstate(all="ignore")(native._drive))
    # What is kept for the next run.
    patched.setattr(native, "_rules", {})
    patched.setattr(native.Ready, "made", {})
    for surface in ALL_SURFACES:
        for kept in ("fused", "kernels"):
            patched.setitem(surface.graph().__dict__, kept, {})
