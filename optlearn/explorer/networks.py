"""A stage on which racers train a small network in the page, on the plane in which their paths spread most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn import problems
from optlearn.declare import InvalidArgument
from optlearn.explorer import payload, racers, words
from optlearn.explorer.stages import Stage, racing
from optlearn.rules import Adam, GradientDescent, Momentum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optlearn.typing import Array, RuleLike

MOST_NUMBERS, MOST_SAMPLES = 200, 300


def moons(n: int = 60, noise: float = 0.15, seed: int = 0) -> tuple[Array, Array]:
    """Two half circles that grip each other: points of the plane and their classes."""
    rng = np.random.default_rng(seed)
    turn = np.pi * rng.random(n)
    y = np.arange(n) % 2
    x = np.where(y[:, None] == 0, np.stack([np.cos(turn), np.sin(turn)], 1),
                 np.stack([1 - np.cos(turn), 0.5 - np.sin(turn)], 1))
    return x + noise * rng.standard_normal((n, 2)), y


def network(optimizers: RuleLike | Sequence[RuleLike] | None = None, problem: problems.MLP | None = None, *,
            steps: int = 100, step: int = 100, selected: int = 0, rng: int = 0) -> Stage:
    """Train a small network in the page: the paths on the plane in which they spread most, and what it has learnt.

    The plane goes through the mean of all points of all runs, along their two principal directions. Of each run it is
    said which share of the squared distances from that mean the plane holds. All numbers of the network are one array
    to the rules. Each takes one gradient a step; the page races them by steps or by time, as `matrices` does.

    Parameters
    ----------
    optimizers : Optimizer, str or list of these, optional
        The racers, at most 8, without schedules; default: gradient descent, momentum and Adam.
    problem : optlearn.problems.MLP, optional
        Of samples in the plane in two classes, with tanh, without penalty and batch normalisation; at most 200 numbers.
        Default: six hidden units on 60 points of two moons.
    steps : int
        1 to 400; each takes the gradient of all samples.
    step : int
        The step that is shown first.
    selected : int
        The racer that is shown first.
    rng : int
        Seed of the weights at the start.

    Returns
    -------
    Stage

    Raises
    ------
    optlearn.InvalidArgument
        For an argument outside its range, or a rule that no page can run.

    Examples
    --------
    >>> from optlearn import Adam
    >>> from optlearn.explorer import network
    >>> network(Adam(lr=0.1), steps=100)
    Network of 32 numbers, 60 samples, 100 steps
      Adam  loss 0.763 -> 0.00767, the plane holds 97.6 % of the path
    """
    if optimizers is None:
        optimizers = [GradientDescent(lr=1.0), Momentum(lr=0.3, momentum=0.9), Adam(lr=0.1)]
    problem = problems.MLP(moons(), hidden=6) if problem is None else problem
    if not isinstance(problem, problems.MLP) or problem.train.x.shape[1] != 2 or problem.classes != 2 \
            or problem.activation != "tanh" or problem.batch_norm or problem.l2 or len(problem.train.y) > MOST_SAMPLES:
        raise InvalidArgument(f"problem = {problem!r} is not allowed; it must be an MLP with tanh, without l2 and "
                              f"batch_norm, of at most {MOST_SAMPLES} samples in the plane in two classes")
    begin = problem.init(rng)
    start = np.concatenate([part.ravel() for part in begin.values()]).astype(float)
    if len(start) > MOST_NUMBERS:
        raise InvalidArgument(f"problem has {len(start)} numbers; a page trains at most {MOST_NUMBERS}")
    rules = racing(optimizers, steps, step, selected, "here")
    runs = [train_flat(rule, problem, begin, start, steps) for rule in rules]
    center, axes = plane([path for path, _ in runs])
    held = [share(path, center, axes) for path, _ in runs]
    labels = words.labels(rules)
    taken = [racers.racer(rule) for rule in rules]
    own = {one["rule"]: payload.rule_payload(rule, start.shape) for one, rule in zip(taken, rules, strict=True)}
    width = max(map(len, labels))
    said = [f"Network of {len(start)} numbers, {len(problem.train.y)} samples, {steps} steps"]
    said += [f"  {label:{width}s}  loss {loss[0]:.3g} -> {loss[-1]:.3g}, the plane holds {100 * part:.3g} % of the path"
             for label, (_, loss), part in zip(labels, runs, held, strict=True)]

    def draw(figure):
        land, curves = figure.subplots(1, 2, width_ratios=(1.2, 1))
        _draw(land, curves, problem, begin, runs, labels, center, axes, step)

    given = {"x": problem.train.x.tolist(), "y": problem.train.y.tolist(), "hidden": int(problem.hidden), "classes": 2,
             "start": start.tolist()}
    return Stage("network", {"params": [], "racers": taken, "steps": steps, "step": step, "selected": selected,
                             "speed": 15.0, "playing": False}, own, given, draw, "\n".join(said))


def _shaped(flat: Array, like: dict[str, Array]) -> dict[str, Array]:
    ends = np.cumsum([part.size for part in like.values()])
    return {name: part.reshape(like[name].shape) for name, part in zip(like, np.split(flat, ends[:-1]), strict=True)}


def train_flat(rule: Any, problem: problems.MLP, begin: dict[str, Array], start: Array,
               steps: int) -> tuple[Array, Array]:
    """All points of a training and its losses; a run that diverges ends."""
    w, state = start, rule.init(start)
    path, losses = [w], [problem.evaluate(begin)]
    with np.errstate(all="ignore"):
        for _ in range(steps):
            _, grads = problem.loss_and_gradient(_shaped(w, begin))
            w, state = rule.step(w, np.concatenate([part.ravel() for part in grads.values()]), state)
            loss = problem.evaluate(_shaped(w, begin))
            if not loss < 1e6:
                break
            path.append(w)
            losses.append(loss)
    return np.array(path), np.array(losses)


def plane(paths: Sequence[Array]) -> tuple[Array, Array]:
    """The mean of all points, and the two directions in which they spread most."""
    points = np.concatenate(paths)
    center = points.mean(axis=0)
    return center, np.linalg.svd(points - center, full_matrices=False)[2][:2]


def share(path: Array, center: Array, axes: Array) -> float:
    """The share of a path's squared distances from the mean that the plane holds."""
    off = path - center
    return float(np.sum((off @ axes.T) ** 2) / max(np.sum(off**2), 1e-300))


def _draw(land, curves, problem, begin, runs, labels, center, axes, step):
    from optlearn.plots import MARKERS, SHADES, line

    spots = [(path - center) @ axes.T for path, _ in runs]
    low, high = np.min([s.min(axis=0) for s in spots], axis=0), np.max([s.max(axis=0) for s in spots], axis=0)
    pad = 0.12 * max(high - low)
    u, v = (np.linspace(a - pad, b + pad, 50) for a, b in zip(low, high, strict=True))
    heights = np.array([[problem.evaluate(_shaped(center + a * axes[0] + b * axes[1], begin)) for a in u] for b in v])
    land.contourf(u, v, np.log(heights), 15, cmap=SHADES)
    for i, (spot, (_, loss), label) in enumerate(zip(spots, runs, labels, strict=True)):
        now = spot[min(step, len(spot) - 1)]
        land.plot(*spot.T, **line(i))
        land.plot(*now, marker=MARKERS[i % len(MARKERS)], color=line(i)["color"], markeredgecolor="white")
        curves.semilogy(loss, label=label, **line(i))
    land.set(aspect="equal", xlabel="first direction", ylabel="second direction")
    curves.axvline(step, color="#1c2430", linewidth=0.8)
    curves.set(xlabel="step", ylabel="loss")
    curves.legend(frameon=False, fontsize=8)
