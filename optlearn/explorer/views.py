"""Single views of the explorer as living figures: one panel, the numbers it depends on, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optlearn.declare import InvalidArgument, near
from optlearn.explorer.explorer import explore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optlearn.explorer.explorer import Explorer
    from optlearn.typing import RuleLike, SurfaceLike

# What each shows, and the arguments of `explore` that open it.
VIEWS: dict[str, tuple[str, dict[str, Any]]] = {
    "modes": ("error of each mode and the roots of the step, on a quadratic", {"panel": "modes"}),
    "map": ("the result over two numbers of a racer, with the border of stability on quadratics", {"panel": "map"}),
    "noise": ("the paths of 32 seeds as a cloud, with the size of the noise", {"panel": "noise", "band": True}),
    "tuning": ("loss against learning rate for every racer", {"panel": "fair"}),
    "step": ("the step of a racer as a film in the picture", {"speed": 0.25}),
    "memory": ("what a racer remembers over the steps, and its rates", {"focus": "memory"}),
    "race": ("the race and its time line", {}),
}


def view(name: str, surface: SurfaceLike | None = None, optimizers: RuleLike | Sequence[RuleLike] | None = None,
         **more: Any) -> Explorer:
    """One view of the explorer alone, living on a page and in a notebook; a still figure in print.

    Parameters
    ----------
    name : {"modes", "map", "noise", "tuning", "step", "memory", "race"}
        Error of each mode and roots; result over two numbers; cloud of noisy paths; loss against learning rate; the
        film of a step; what a racer remembers; picture and time line.
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
        For an unknown name, with the near ones; for "modes" on a surface that is not a quadratic.

    Examples
    --------
    >>> from optlearn import Momentum
    >>> from optlearn.explorer import view
    >>> view("modes", "quadratic", [Momentum(lr=0.1, momentum=0.8)], steps=40).panel
    'modes'
    """
    if name not in VIEWS:
        raise InvalidArgument(f"view = {name!r} is not known{near(name, VIEWS)}")
    made = explore(surface, optimizers, **{**VIEWS[name][1], **more})
    if name == "modes" and not made.surface.quadratic:
        raise InvalidArgument(f"view = 'modes' needs a quadratic; {made.surface.name} is none")
    made.only(name)
    return made
