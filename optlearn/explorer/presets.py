"""Presets that a teacher can name: a surface, racers and a start, with one line on what to see."""

import functools
from dataclasses import dataclass, field

from optlearn import optimizer, surfaces
from optlearn.declare import InvalidArgument, near
from optlearn.explorer import payload


@dataclass(frozen=True)
class Preset:
    """A named state of the explorer.

    Parameters
    ----------
    title, comment : str
        Its name for people, and one line on what to see.
    place : tuple
        Name of the surface and its parameters.
    rules : tuple of (str, dict)
        Names of the racers with their hyperparameters and choices.
    start : (float, float), optional
    steps, step : int
    focus : str or tuple, optional
        See `optlearn.explorer.explore`.
    """

    title: str
    comment: str
    place: tuple
    rules: tuple
    start: tuple = None
    steps: int = 120
    step: int = 10
    focus: object = None
    more: dict = field(default_factory=dict)

    @property
    def surface(self):
        """The surface."""
        return surfaces.get(self.place[0], **(self.place[1] if len(self.place) > 1 else {}))

    @property
    def racers(self):
        """The racers."""
        return [optimizer.get(name, **values) for name, values in self.rules]


PRESETS = {
    "ravine": Preset(
        "Ravine", "Gradient descent crawls or zigzags in the narrow valley; momentum builds up speed along it.",
        ("quadratic", {"kappa": 40, "angle": 20}),
        (("gradient_descent", {"lr": 0.045}), ("momentum", {"lr": 0.02, "momentum": 0.8}),
         ("nesterov", {"lr": 0.02, "momentum": 0.8})), (-2.5, 1.9), 100, 12, "memory"),
    "lookahead": Preset(
        "Look ahead", "Nesterov takes the gradient where the momentum leads, so it brakes before momentum does.",
        ("quadratic", {"kappa": 20, "angle": 30}),
        (("momentum", {"lr": 0.03, "momentum": 0.9}), ("nesterov", {"lr": 0.03, "momentum": 0.9})), (-2.4, 1.8), 80, 6,
        ("nesterov", "lookahead")),
    "banana": Preset(
        "Rosenbrock's valley", "All find the valley at once; along its floor the methods part.",
        ("rosenbrock",), (("gradient_descent", {"lr": 0.001}), ("momentum", {"lr": 0.001}), ("adam", {"lr": 0.1})),
        (-1.5, 2.0), 150, 10, "step"),
}


def get(name):
    """The preset of that name.

    Raises
    ------
    optlearn.InvalidArgument
        For an unknown name, with the near ones.
    """
    if name not in PRESETS:
        raise InvalidArgument(f"preset = {name!r} is not known{near(name, PRESETS)}")
    return PRESETS[name]


@functools.cache
def catalogue():
    """The presets as the page gets them."""
    from optlearn.explorer.explorer import explore

    found = {}
    for name, preset in PRESETS.items():
        state = explore(preset=name).state
        kept = {key: state[key] for key in ("surface", "params", "start", "steps", "racers", "step", "selected", "focus",
                                            "seed", "noise")}
        found[name] = {"title": preset.title, "comment": preset.comment, "state": kept, **preset.more}
    return found
