"""Stages beside the plane: a memory that is a matrix, and the polynomial that Muon applies to singular values."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn import problems
from optlearn.declare import InvalidArgument
from optlearn.explorer import animation, arguments, bundle, explorer, page, payload, racers, words
from optlearn.explorer.figure import sheet
from optlearn.rules import Adam, GradientDescent, Muon, Shampoo
from optlearn.rules.muon import COEFFICIENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from optlearn.optimizer import Optimizer
    from optlearn.typing import Array, PathLike, RuleLike

__all__ = ["Stage", "matrices", "newton_schulz"]

# The range of the explorer's slider; what lies outside can be computed, not shown.
MOST_PAIRS, MOST_EXPONENT, MOST_STEPS, MOST_TURNS = 16, 3.0, 400, 12


class Stage:
    """A living figure: a widget in a notebook, a page of its own without a kernel, a still figure in print.

    Made by `matrices`, `newton_schulz` and `network`.

    Attributes
    ----------
    state : dict
        What it shows first, as plain data.
    """

    def __init__(self, kind: str, state: dict[str, Any], rules: dict[str, Any], given: dict[str, Any],
                 draw: Callable[[Any], None], said: str) -> None:
        self.kind, self.state, self._rules, self._given = kind, state, rules, given
        self._draw, self._said = draw, said

    def html(self, complete: bool = True) -> str:
        """The stage as HTML that needs no kernel and no network.

        Parameters
        ----------
        complete : bool
            Whether the module and the style sheet are included. A page needs them once.

        Returns
        -------
        str
        """
        own = {"state": self.state, "rules": self._rules, "given": self._given}
        text = page.element(own, "", self.figure, self._said).replace(
            'class="optlearn-explorer"', f'class="optlearn-explorer" data-stage="{self.kind}"')
        if not complete:
            return text
        held = f'<script type="text/plain" class="optlearn-stages">{page.inside_script(bundle.stages())}</script>'
        return held + page.once(explorer.common()) + text

    def save(self, path: PathLike) -> Path:
        """Write the stage to a file.

        Parameters
        ----------
        path : str or path
            ``.html``: a page that stands alone; ``.png`` or ``.svg``: the still figure.

        Returns
        -------
        pathlib.Path
        """
        path = Path(path)
        if path.suffix == ".html":
            dark = "@media(prefers-color-scheme:dark){body{background:#14171c;color:#e6e9ee}}"
            path.write_text(animation.page("Optimizers on matrices", self.html(), dark), encoding="utf-8")
        elif path.suffix in (".png", ".svg"):
            self._picture(lambda figure: figure.savefig(path, dpi=200))
        else:
            raise InvalidArgument(f"path = {str(path)!r} must end with .html, .png or .svg")
        return path

    def figure(self) -> str:
        """The still figure, a PNG in base64."""
        return self._picture()

    def _picture(self, write=None):
        return sheet(self._draw, write, size=(7.4, 3.3))

    def __repr__(self) -> str:
        return self._said

    def _repr_mimebundle_(self, include=None, exclude=None):
        static = os.environ.get("OPTLEARN_STATIC")
        if static:
            return {"text/html": self.html(complete=static != "site"), "text/plain": repr(self)}
        return page.live(self._widget, self.html, repr(self), self.figure, self._said)

    def _widget(self):
        from optlearn.explorer.widget import StageWidget

        return StageWidget(self.kind, self.state, self._rules, self._given)


def matrices(optimizers: RuleLike | Sequence[RuleLike] | None = None,
             problem: problems.AssociativeMemory | None = None, *, steps: int = 60, step: int = 0,
             selected: int = 0) -> Stage:
    """Race optimizers on a matrix: the error of every pair of an associative memory, and the singular values of a step.

    Each takes one gradient a step. The page races them by steps or by time: what a step takes is then measured in the
    browser, and the others stand where they are at that time.

    Parameters
    ----------
    optimizers : Optimizer, str or list of these, optional
        The racers, at most 8, without schedules; default: gradient descent, Adam, Muon with a momentum of 0.5 and
        Shampoo, each at about the best rate for the worst pair after 60 steps.
    problem : optlearn.problems.AssociativeMemory, optional
        At most 16 pairs. Default: eight, of frequencies proportional to ``i**-2``.
    steps : int
        1 to 400.
    step : int
        The step that is shown first.
    selected : int
        The racer whose step and equation are shown first.

    Returns
    -------
    Stage

    Raises
    ------
    optlearn.InvalidArgument
        For an argument outside its range, or a rule that no page can run.

    Examples
    --------
    >>> from optlearn import Muon
    >>> from optlearn.explorer import matrices
    >>> matrices([Muon(lr=0.02, weight_decay=0.0)], steps=60)
    Matrix explorer: 8 pairs, 60 steps
      Muon  errors after step 60: 0.007 to 0.201
    """
    if optimizers is None:
        optimizers = [GradientDescent(lr=2.9), Adam(lr=0.16), Muon(lr=0.025, momentum=0.5, weight_decay=0.0),
                      Shampoo(lr=0.31)]
    problem = problems.AssociativeMemory() if problem is None else problem
    if not isinstance(problem, problems.AssociativeMemory) or problem.pairs > MOST_PAIRS \
            or problem.exponent > MOST_EXPONENT:
        raise InvalidArgument(f"problem = {problem!r} is not allowed; it must be an AssociativeMemory of at most "
                              f"{MOST_PAIRS} pairs, of an exponent of at most {MOST_EXPONENT:g}")
    rules = racing(optimizers, steps, step, selected, "on a matrix here")
    shape = (problem.pairs, problem.pairs)
    errors = [_errors(rule, problem, steps) for rule in rules]
    labels = words.labels(rules)
    taken = [racers.racer(rule) for rule in rules]
    own = {one["rule"]: payload.rule_payload(rule, shape) for one, rule in zip(taken, rules, strict=True)}
    said = [f"Matrix explorer: {problem.pairs} pairs, {steps} steps"]
    width = max(map(len, labels))
    said += [f"  {label:{width}s}  errors after step {len(row) - 1}: {row[-1].min():.3f} to {row[-1].max():.3f}"
             for label, row in zip(labels, errors, strict=True)]

    def draw(figure):
        bars, curves = figure.subplots(1, 2, width_ratios=(1.35, 1))
        _draw(bars, curves, problem, labels, errors, step)

    return Stage("memory", {"params": [float(problem.exponent)], "racers": taken, "steps": steps, "step": step,
                            "selected": selected, "speed": 10.0, "playing": False},
                 own, {"keys": problem.keys.tolist(), "targets": problem.targets.tolist()}, draw, "\n".join(said))


def racing(optimizers: RuleLike | Sequence[RuleLike], steps: int, step: int, selected: int,
           where: str) -> list[Optimizer]:
    """The racers of a stage, if they can race there, and the numbers that go with them are allowed."""
    rules = arguments.racers(optimizers)
    for name, value, low, high in (("steps", steps, 1, MOST_STEPS), ("step", step, 0, steps),
                                   ("selected", selected, 0, len(rules) - 1)):
        if not isinstance(value, int) or not low <= value <= high:
            raise InvalidArgument(f"{name} = {value!r} is not allowed; it must be a whole number from {low} to {high}")
    for rule in rules:
        if rule.scheduled or rule.needs or rule.draws:
            raise InvalidArgument(f"{rule.name} cannot race {where}; rules need fixed numbers, no draws, and no more "
                                  "than one gradient a step")
    return rules


def _errors(rule: Any, problem: problems.AssociativeMemory, steps: int) -> Array:
    """The error of each pair after each step; a run that diverges ends."""
    params = problem.init()
    state, found = rule.init(params), [problem.errors(params)]
    with np.errstate(all="ignore"):
        for _ in range(steps):
            params, state = rule.step(params, problem.gradient(params), state)
            now = problem.errors(params)
            if not (now < 1e6).all():
                break
            found.append(now)
    return np.array(found)


def _draw(bars, curves, problem, labels, errors, step):
    from optlearn.plots import COLOURS, DASHES

    width = 0.8 / len(labels)
    for i, (label, row) in enumerate(zip(labels, errors, strict=True)):
        now = row[min(step, len(row) - 1)]
        bars.bar(np.arange(problem.pairs) + (i + 0.5) * width - 0.4, np.minimum(now, 1.15), width * 0.9,
                 color=COLOURS[i % len(COLOURS)], label=label)
        curves.semilogy(np.maximum(row.max(axis=1), 1e-3), color=COLOURS[i % len(COLOURS)],
                        linestyle=DASHES[i % len(DASHES)], linewidth=1.5)
    bars.set(ylim=(0, 1.18), xlabel="frequency of the pair", ylabel=f"error after step {step}",
             xticks=range(problem.pairs), xticklabels=[f"{p:.2g}" for p in problem.frequencies])
    bars.tick_params(axis="x", labelsize=7)
    bars.legend(frameon=False, fontsize=7, ncols=2, loc="upper left")
    curves.axvline(step, color="#1c2430", linewidth=0.8)
    curves.set(xlabel="step", ylabel="largest error", ylim=(1e-3, 1.6))
    curves.grid(alpha=0.25, linewidth=0.5)


def newton_schulz(coefficients: Sequence[float] = COEFFICIENTS, turns: int = 5) -> Stage:
    """The polynomial that Newton-Schulz steps apply to every singular value, with coefficients that can be dragged.

    One step is ``s -> a s + b s**3 + c s**5``.

    Parameters
    ----------
    coefficients : (float, float, float)
        a, b and c; default: Muon's.
    turns : int
        Number of steps, 1 to 12.

    Returns
    -------
    Stage

    Raises
    ------
    optlearn.InvalidArgument
        For an argument outside its range.

    Examples
    --------
    >>> from optlearn.explorer import newton_schulz
    >>> newton_schulz((1.5, -0.5, 0.0))
    Newton-Schulz: 5 steps of 1.5 s + -0.5 s^3 + 0 s^5 take singular values of [0.01, 1] to [0.0758, 1]
    """
    numbers = tuple(float(x) for x in coefficients)
    if len(numbers) != 3 or not all(map(math.isfinite, numbers)):
        raise InvalidArgument(f"coefficients = {coefficients!r} is not allowed; it must be three finite numbers")
    if not isinstance(turns, int) or not 1 <= turns <= MOST_TURNS:
        raise InvalidArgument(f"turns = {turns!r} is not allowed; it must be a whole number from 1 to {MOST_TURNS}")
    a, b, c = numbers
    s = np.linspace(0, 1, 1001)

    def once(s: Array) -> Array:
        return a * s + b * s**3 + c * s**5

    after = s
    with np.errstate(all="ignore"):
        for _ in range(turns):
            after = once(after)
    ends = after[s >= 0.01]

    def draw(figure):
        from optlearn.plots import COLOURS

        ax = figure.subplots()
        ax.axhspan(ends.min(), ends.max(), color=COLOURS[0], alpha=0.12)
        ax.plot(s, s, ":", color="#777777", label="unchanged")
        ax.plot(s, once(s), "--", color=COLOURS[1], label="one step")
        ax.plot(s, after, color=COLOURS[0], label=f"{turns} steps")
        ax.set(xlim=(0, 1), ylim=(-0.1, 1.6), xlabel="singular value before", ylabel="after")
        ax.legend(frameon=False, loc="upper left")

    return Stage("newton", {"params": [*numbers, turns], "racers": [], "steps": 1, "step": 0, "selected": 0,
                            "playing": False}, {}, {}, draw,
                 f"Newton-Schulz: {turns} steps of {a:g} s + {b:g} s^3 + {c:g} s^5 take singular values of [0.01, 1] "
                 f"to [{ends.min():.3g}, {ends.max():.3g}]")

