"""Random rules, surfaces and schedules as a reader might write them: as text, from a seed."""

import random

import numpy as np

import optlearn

SLOTS = ["m", "v", "rate", "probe", "step", "x", "h", "R", "n", "g_seen", "u0", "x1", "i", "total", "seen"]
HYPERS = ["beta", "rho", "k", "x", "y", "a0", "R", "h", "n", "p", "u0", "decay"]
NUMBERS = ["0.5", "2", "-1.0", "1e-8", "3", "0.1", "-0.5", "0.0", "1", "np.pi", "10"]
UNARY = ["np.sqrt(np.abs({}))", "np.exp(-np.abs({}))", "np.tanh({})", "np.sin({})", "np.cos({})", "np.arctan({})",
         "np.abs({})", "abs({})", "-{}", "np.sign({})", "np.log1p(np.abs({}))", "np.expm1(-np.abs({}))",
         "np.square({})", "np.cbrt({})", "np.floor({})", "np.ceil({})", "np.sinh(np.tanh({}))", "np.cosh(np.tanh({}))",
         "np.log2(np.abs({}) + 1)", "np.log10(np.abs({}) + 1)", "np.reciprocal(np.abs({}) + 0.5)", "{}**2", "{}**3",
         "np.zeros_like({}) + 0.2", "np.copy({})", "np.trunc({})", "np.clip({}, -1, 1)", "np.nan_to_num({})",
         "np.arcsinh({})", "np.round({}, 3)"]
REDUCED = ["{}.sum()", "{}.mean()", "{}.max()", "{}.min()", "np.linalg.norm({})", "np.linalg.norm({}, 1)",
           "np.linalg.norm({}, 2)", "np.sum({})", "np.mean({})", "np.max(np.abs({}))", "np.prod(np.tanh({}))",
           "np.var({})", "np.std({})", "{}.size", "np.size({})", "len({})", "{}.shape[0]", "np.sum({}, axis=0)",
           "np.sum({}, axis=-1)", "np.vdot({}, {})", "np.dot({}, {})", "({} @ {})", "np.median({})", "{}.ndim",
           "np.mean({}, axis=-1, keepdims=True)", "np.argmax({})", "{}.ravel()[0]"]
BINARY = ["({} + {})", "({} - {})", "({} * {})", "({} / (np.abs({}) + 0.3))", "np.minimum({}, {})",
          "np.maximum({}, {})", "np.hypot({}, {})", "np.arctan2({}, np.abs({}) + 0.2)", "np.logaddexp({}, {})",
          "({} % (np.abs({}) + 0.5))",
          "({} // (np.abs({}) + 0.5))", "np.abs({})**np.tanh({})", "np.fmax({}, {})"]
COMPARED = ["{} > {}", "{} <= {}", "({0} > {1}) & ({1} < 1)", "({0} < {1}) | ({1} > 2)", "~({} > {})", "{} == {}",
            "np.logical_and({}, {})", "{} != {}", "np.isfinite({} + {})"]
CHOICES = ["t == 1", "t == 4", "t != 2", "t in (1, 3)", "t % 2 == 0", "t > 3", "t > 500", "isinstance(t, int)",
           "t in {1: 0, 2: 0}", "not t % 3", "np.any(g > 0)", "g.sum() > 0", "t & 1", "str(t) == '2'", "t is None",
           "type(g) is np.ndarray", "self.{hyper} > 0.4", "self.{hyper} == 0.5", "self.flag", "bool(t - 1)"]


class Writer:
    """Text of a random rule."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        one = self.random.choice
        self.slots = self.random.sample(SLOTS, self.random.choice([1, 1, 2]))
        self.hyper = one([name for name in HYPERS if name not in self.slots] if one([True, False]) else HYPERS)
        self.wild = one([0.0, 0.1, 0.35])
        self.known = ["g", "w", *(f"s.{name}" for name in self.slots)]

    def plain(self):
        return self.random.choice([*self.known, *self.known, "self.lr", f"self.{self.hyper}", "t",
                                   *self.random.sample(NUMBERS, 2)])

    def expression(self, depth):
        one = self.random.choice
        if depth == 0 or self.random.random() < 0.15:
            return self.plain()
        kind = self.random.random()
        if kind < 0.42:
            return one(BINARY).format(self.expression(depth - 1), self.expression(depth - 1))
        if kind < 0.7:
            return one(UNARY).format(f"({self.expression(depth - 1)})")
        if kind < 0.8:
            condition = one(COMPARED).format(self.expression(depth - 1), self.expression(depth - 1))
            return f"np.where({condition}, {self.expression(depth - 1)}, {self.expression(depth - 1)})"
        if kind < 0.8 + self.wild:
            a = one([name for name in self.known])
            if one([True, True, False]):
                return one(REDUCED).format(a, a)
            return f"({a} if {self.choice()} else {one(['g', '0.5', 'w'])})"
        return one(REDUCED[:6]).format(one(self.known))

    def choice(self):
        """A condition that a branch is taken on."""
        return self.random.choice(CHOICES).replace("{hyper}", self.hyper)

    def statement(self, name):
        """Lines that make the next value of a slot, in one of the forms in use."""
        value, old = self.expression(2), f"s.{name}"
        decay = self.random.choice(["0.9", f"self.{self.hyper}"])
        form = self.random.random()
        if form < 0.55:
            return [f"{name} = {decay} * {old} + 0.1 * ({value})"]
        if form < 0.7:
            return [f"{name} = {decay} * {old}", f"{name} += 0.1 * ({value})"]
        if form < 0.75:
            return [f"{name} = {old}", f"{name} *= {decay}", f"{name} = {name} + 0.1 * ({value})"]
        if form < 0.8:
            return [f"{name} = {old}.copy()", f"{name} *= {decay}", f"{name} += 0.1 * ({value})"]
        if form < 0.87:
            return [f"if {self.choice()}:", f"    {name} = g * 1.0", "else:",
                    f"    {name} = {decay} * {old} + 0.1 * ({value})"]
        if form < 0.92:
            return ["try:", f"    {name} = {old} * (1.0 if t == 1 else {decay})", "except TypeError:",
                    f"    {name} = {decay} * {old} + 0.1 * g"]
        if form < 0.96:
            return [f"{name} = {decay} * {old} + 0.1 * ({value})", f"other = {name}", "other *= 1.5"]
        return [f"{name} = np.where({old} == 0, g, {decay} * {old})"]

    def rule(self):
        lines = [line for name in self.slots for line in self.statement(name)]
        self.known += self.slots
        lines.append(f"direction = {self.expression(3)}")
        if self.random.random() < 0.1:
            lines.append(self.random.choice(["w -= self.lr * g", "g *= 0.5", "direction = direction + C",
                                             "direction = direction * np.array([1.0, 2.0])"]))
        named = ", ".join(f"{name}={name}" for name in self.slots)
        body = "\n".join("        " + line for line in lines)
        start = ""
        if self.random.random() < 0.25:
            first = self.random.choice(["np.ones_like(w)", "0.1 + 0 * w", "np.zeros_like(w)", "np.full_like(w, 0.3)"])
            start = ("    def start(self, w):\n        return {" + ", ".join(f"'{n}': {first}" for n in self.slots)
                     + "}\n")
        return (f"class Mine(Optimizer, register=False):\n    lr = hyper(0.05, above=0)\n"
                f"    {self.hyper} = hyper(0.5, at_least=0, below=1)\n    flag = option(True)\n"
                f"    slots = {tuple(self.slots)!r}\n{start}"
                f"    def update(self, w, g, s, t):\n{body}\n"
                f"        return Update(w - self.lr * np.tanh(direction), {named})\n")

    def surface(self):
        self.known = ["x", "y"]
        self.hyper = "lr"

        def inner(depth):
            text = self.expression(depth)
            return text.replace("self.lr", "0.7").replace(" t ", " 2 ")

        forms = [f"{inner(3)} + 0.1 * (x**2 + y**2)", "np.linalg.norm([x, y])", "np.sum(np.array([x, y])**2)",
                 "np.array([x, y]) @ A @ np.array([x, y])", "x**2 if x > y else y**2 + x",
                 "np.log(1 + np.exp(x)) + y**2", "1 / (1 + np.exp(-x)) + y**2", "np.logaddexp(0, x) + np.hypot(x, y)"]
        return self.random.choice(forms[:1] * 12 + forms[1:])


def made(text, name="Mine"):
    """What a text defines."""
    space = {"np": np, "C": 0.3, "A": np.array([[2.0, 0.5], [0.5, 1.0]]),
             **{key: getattr(optlearn, key) for key in ("Optimizer", "Update", "hyper", "option")}}
    exec(text, space)
    return space[name]
