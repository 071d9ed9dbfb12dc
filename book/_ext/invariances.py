"""What leaves the path of a rule as it is: measured, by running the rule on one function in two sets of variables."""

import numpy as np

SIDE, STEPS = 4, 8
# Largest distance of two paths, as a part of the way: the same but for rounding, the same but for an epsilon.
SAME, NEARLY = 1e-8, 1e-3


class Bowl:
    """A smooth convex function of a 4 x 4 matrix without symmetries, of which variables and values can be changed.

    ``f(x) = factor * sum_k p_k log cosh(a_k . M x - b_k)``, where x is the matrix as one vector.
    """

    def __init__(self, factor=1.0, M=None):
        rng, n = np.random.RandomState(0), SIDE**2
        self.A, self.b, self.p = rng.standard_normal((3 * n, n)), rng.standard_normal(3 * n), rng.uniform(0.1, 1, 3 * n)
        # Not far from the minimum, where rules that look at the loss have something to see.
        self.w = 1.5 * rng.standard_normal(n)
        self.factor, self.M = factor, np.eye(n) if M is None else M

    def start(self):
        """The point that is `w` in the old variables."""
        return np.linalg.solve(self.M, self.w).reshape(SIDE, SIDE)

    def _inner(self, x):
        return self.A @ (self.M @ x.ravel()) - self.b

    def loss(self, x):
        """The value at x."""
        z = self._inner(x)
        return float(self.factor * np.sum(self.p * (np.logaddexp(z, -z) - np.log(2))))

    def gradient(self, x):
        """The gradient at x."""
        return self.factor * (self.M.T @ (self.A.T @ (self.p * np.tanh(self._inner(x))))).reshape(x.shape)

    def diagonal(self, x):
        """The diagonal of the Hessian at x."""
        inner = self.A @ self.M
        return self.factor * (inner**2).T.dot(self.p * (1 - np.tanh(self._inner(x)) ** 2)).reshape(x.shape)

    def path(self, rule):
        """Where a rule is after each step, in the old variables."""
        x, found = self.start(), []
        state = rule.init(x)
        for _ in range(STEPS):
            given = {"loss": self.loss(x), "gradient": self.gradient, "hessian_diagonal": self.diagonal(x)}
            x, state = rule.step(x, self.gradient(x), state, **given)
            found.append(self.M @ x.ravel())
        return np.array(found)


def _turn(n, seed):
    """An orthogonal matrix."""
    return np.linalg.qr(np.random.RandomState(seed).standard_normal((n, n)))[0]


# What is changed, in the words of the table's head.
CHANGES = {"loss times 100": lambda: Bowl(factor=100.0),
           "weights times 10": lambda: Bowl(M=np.eye(SIDE**2) / 10),
           "coordinates turned": lambda: Bowl(M=_turn(SIDE**2, 1)),
           "sides turned": lambda: Bowl(M=np.kron(_turn(SIDE, 2), _turn(SIDE, 3)))}


def apart(rule, words):
    """How far the path after a change is from the path before it, as a part of the way."""
    plain, other = Bowl().path(rule), CHANGES[words]().path(rule)
    return float(np.abs(other - plain).max() / np.abs(plain - Bowl().w).max())


def measured(rule):
    """By the words of a change: "yes" if the rule makes the same path after it, "nearly" or "no"."""
    found = {words: apart(rule, words) for words in CHANGES}
    return {words: "yes" if gap <= SAME else "nearly" if gap <= NEARLY else "no" for words, gap in found.items()}


def kept(rule, shape=(64, 32)):
    """Numbers in the state of a rule for each number of a matrix of that shape; single numbers do not count."""
    state = rule.init(np.zeros(shape))
    return sum(np.size(state[name]) for name in rule.slots if np.ndim(state[name])) / np.prod(shape)
