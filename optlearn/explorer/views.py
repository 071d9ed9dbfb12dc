"""Single views of the explorer as living figures: one panel, the numbers it depends on, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from optlearn.declare import InvalidArgument, near
from optlearn.explorer.explorer import explore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from optlearn.explorer.explorer import Explorer
    from optlearn.typing import RuleLike, SurfaceLike


class View(NamedTuple):
    """What a view shows, the arguments of `explore` that open it, and what it needs."""

    shows: str
    opens: dict[str, Any]
    # Of a surface, or of a racer, which is selected then; with the words for what is needed.
    surface: tuple[Callable[[Any], bool], str] | None = None
    racer: tuple[Callable[[dict[str, Any], Any], bool], str] | None = None


_QUADRATIC = (lambda surface: surface.quadratic, "a quadratic")
_ADAPTIVE = (lambda racer, rule: {"m", "v"} <= set(rule.slots), "a racer that keeps averages m and v, such as Adam")
_SCHEDULED = (lambda racer, rule: any("form" in one for one in racer.get("schedules", {}).values()),
              "a racer with a schedule of the library")
_CORRECTED = (lambda racer, rule: _ADAPTIVE[0](racer, rule) and "bias_correction" in rule.options(),
              "a racer whose averages m and v are corrected, such as Adam")

VIEWS: dict[str, View] = {
    "modes": View("error of each mode and the roots of the step, on a quadratic", {"panel": "modes"}, _QUADRATIC),
    "map": View("the result over two numbers of a racer, with the border of stability on quadratics", {"panel": "map"}),
    "noise": View("the paths of 32 seeds as a cloud, with the size of the noise", {"panel": "noise", "band": True}),
    "tuning": View("loss against learning rate for every racer", {"panel": "fair"}),
    "step": View("the step of a racer as a film in the picture", {"speed": 0.25}),
    "memory": View("what a racer remembers over the steps, and its rates", {"focus": "memory"}),
    "race": View("the race and its time line", {}),
    "relief": View("the surface as a relief that is turned, with the paths on it", {
        "relief": True, "prompt": "Drag the land to turn it, and the dot to start elsewhere."}),
    "tiles": View("a small picture for every racer, or for four values of a number of one", {"panel": "tiles"}),
    "schedule": View("a schedule whose points are dragged, its formula and the call that makes it", {
        "panel": "schedule", "prompt": "Drag the points of the schedule: the racer runs with it at once."},
        racer=_SCHEDULED),
    "kernel": View("how much each past gradient counts in a step, and how they add up", {
        "panel": "kernel", "prompt": "Step through: which gradients add up, and which cancel?"}),
    "correction": View("averages of gradients and squares, with and without the correction of the start", {
        "panel": "correction", "prompt": "Drag along the steps, and change the numbers of the averages."},
        racer=_CORRECTED),
    "bound": View("the length of each step and the rate of each coordinate, with the bound on a step", {
        "panel": "bound", "prompt": "Drag along the steps: how long are they, and does a rate rise again?"},
        racer=_ADAPTIVE),
    "floor": View("256 noisy runs as a cloud, with the spread that theory predicts, on a quadratic", {
        "panel": "floor", "noise": 1.0, "prompt": "Play: 256 runs, and the ellipse that theory predicts for them."},
        _QUADRATIC),
}


def view(name: str, surface: SurfaceLike | None = None, optimizers: RuleLike | Sequence[RuleLike] | None = None,
         **more: Any) -> Explorer:
    """One view of the explorer alone, living on a page and in a notebook; a still figure in print.

    Parameters
    ----------
    name : str
        ``"modes"``: error of each mode and roots; ``"map"``: the result over two numbers; ``"noise"``: a cloud of noisy
        paths; ``"tuning"``: loss against learning rate; ``"step"``: the film of a step; ``"memory"``: what a racer
        remembers; ``"race"``: picture and time line; ``"relief"``: the surface as a relief that is turned;
        ``"tiles"``: a picture for every racer; ``"schedule"``: a schedule whose points are dragged;
        ``"kernel"``: how much each past gradient counts in a step; ``"correction"``: averages with and without the
        correction of their start; ``"bound"``: lengths of steps and rates, with the bound on a step; ``"floor"``: a
        cloud of runs beside the spread that theory predicts.
    surface : Surface, str or callable, optional
    optimizers : Optimizer, str or list of these, optional
        See `optlearn.explorer.explore`.
    **more
        Further arguments of `explore`, such as ``start``, ``steps``, ``noise`` or ``focus``.

    Returns
    -------
    Explorer

    Raises
    ------
    optlearn.InvalidArgument
        For an unknown name, with the near ones; for a surface, or racers, of which the view has nothing to show.

    Examples
    --------
    >>> from optlearn import Momentum
    >>> from optlearn.explorer import view
    >>> view("modes", "quadratic", [Momentum(lr=0.1, momentum=0.8)], steps=40).panel
    'modes'
    """
    if name not in VIEWS:
        raise InvalidArgument(f"view = {name!r} is not known{near(name, VIEWS)}")
    known = VIEWS[name]
    made = explore(surface, optimizers, **{**known.opens, **more})
    if known.surface and not known.surface[0](made.surface):
        raise InvalidArgument(f"view = {name!r} needs {known.surface[1]}; {made.surface.name} is none")
    if known.racer:
        telling = [i for i, pair in enumerate(zip(made.state["racers"], made.optimizers, strict=True))
                   if known.racer[0](*pair)]
        if not telling:
            raise InvalidArgument(f"view = {name!r} needs {known.racer[1]}")
        if made.state["selected"] not in telling:
            made.focus = telling[0]
    made.only(name, known.shows)
    return made
