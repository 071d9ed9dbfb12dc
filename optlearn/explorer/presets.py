"""Presets that a teacher can name: a surface, racers and a start, with one line on what to see."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from optlearn import optimizer, surfaces
from optlearn.declare import InvalidArgument, near

if TYPE_CHECKING:
    from optlearn.optimizer import Optimizer
    from optlearn.surfaces import Surface

# Steps a second of a film of the step.
FILM = 0.25


@dataclass(frozen=True)
class Question:
    """Predict, then reveal: the race is hidden until the reader has chosen an answer.

    Parameters
    ----------
    text : str
    answers : tuple of str
        Two to four.
    right : int
        Which of them is right.
    why : str
        What is shown then.
    """

    text: str
    answers: tuple[str, ...]
    right: int
    why: str


@dataclass(frozen=True)
class Preset:
    """A named state of the explorer.

    Parameters
    ----------
    title, comment : str
        Its name for people, and one line on what to see.
    place : tuple, Surface or callable
        Name of the surface and its parameters, or the surface itself.
    rules : tuple of (str, dict) or Optimizer
        Names of the racers with their hyperparameters and choices, or the racers themselves.
    start : (float, float), optional
    steps, step : int
    focus : str or tuple, optional
        See `optlearn.explorer.explore`.
    seed, noise, batch, delay
        See `optlearn.explorer.explore`.
    question : Question, optional
        What to ask before the race is shown.
    speed : float
        Steps a second; up to 1 it is a film of the step.
    target : float
        The loss above the lowest that racers are to reach; 0 for none.
    """

    title: str
    comment: str
    place: Any
    rules: tuple[Any, ...]
    start: tuple[float, float] | None = None
    steps: int = 120
    step: int = 10
    focus: object = None
    seed: int = 0
    noise: float = 0.0
    batch: int | None = None
    delay: int = 0
    question: object = None
    speed: float = 15
    target: float = 1e-3

    @property
    def surface(self) -> Surface:
        """The surface."""
        if isinstance(self.place, tuple):
            return surfaces.get(self.place[0], **(self.place[1] if len(self.place) > 1 else {}))
        return surfaces.get(self.place)

    @property
    def racers(self) -> list[Optimizer]:
        """The racers."""
        return [optimizer.get(rule[0], **rule[1]) if isinstance(rule, tuple) else rule for rule in self.rules]


PRESETS = {
    "banana": Preset(
        "Rosenbrock's valley",
        "All find the valley at once; along its floor the methods part.",
        ("rosenbrock",),
        (("gradient_descent", {"lr": 0.001}), ("momentum", {"lr": 0.001}), ("adam", {"lr": 0.1})),
        (-1.5, 2.0),
        150,
        10,
        "step",
    ),
    "ravine": Preset(
        "Ravine",
        "Gradient descent zigzags across the narrow valley; momentum builds up speed along it.",
        ("quadratic", {"kappa": 40, "angle": 20}),
        (
            ("gradient_descent", {"lr": 0.045}),
            ("momentum", {"lr": 0.02, "momentum": 0.8}),
            ("nesterov", {"lr": 0.02, "momentum": 0.8}),
        ),
        (-2.5, 1.9),
        100,
        12,
        "memory",
    ),
    "lookahead": Preset(
        "Look ahead",
        "Nesterov takes the gradient where the momentum leads, so it brakes before momentum does.",
        ("quadratic", {"kappa": 20, "angle": 30}),
        (("momentum", {"lr": 0.03, "momentum": 0.9}), ("nesterov", {"lr": 0.03, "momentum": 0.9})),
        (-2.4, 1.8),
        80,
        3,
        ("nesterov", "lookahead"),
        speed=0.25,
    ),
    "rates": Preset(
        "Four learning rates",
        "Too small crawls, larger is faster, larger still bounces; above 2/κ = 0.2 nothing holds it.",
        ("quadratic",),
        tuple(("gradient_descent", {"lr": lr}) for lr in (0.02, 0.1, 0.18, 0.205)),
        (-2.5, 0.8),
        60,
        4,
        "gradient",
        question=Question(
            "The steepest curvature is 10. Which learning rate is best after 60 steps?",
            ("0.02", "0.1", "0.18", "0.205"),
            2,
            "0.18: it bounces across, but gains most along the flat direction. 0.205 is beyond the border 2/10.",
        ),
    ),
    "damping": Preset(
        "How much momentum?",
        "One learning rate, four values of β: too little crawls, too much swings for long.",
        ("quadratic", {"kappa": 20}),
        tuple(("momentum", {"lr": 0.1, "momentum": b}) for b in (0.3, 0.6, 0.9, 0.97)),
        (-2.5, 1.0),
        80,
        12,
        "memory",
        question=Question(
            "Four balls differ in momentum only: 0.3, 0.6, 0.9 and 0.97. Which loses 99.9 % of its height first?",
            ("0.3", "0.6", "0.9", "0.97"),
            1,
            "0.6, after 9 steps. 0.3 takes 17, 0.9 takes 43 and 0.97 takes 54: they overshoot and swing back.",
        ),
    ),
    "correction": Preset(
        "Adam's first steps",
        "Without its correction for the start, Adam's first steps are longer than its learning rate.",
        ("quadratic", {"kappa": 4, "angle": 20}),
        (("adam", {"lr": 0.1}), ("adam", {"lr": 0.1, "bias_correction": False})),
        (-2.2, 1.6),
        60,
        1,
        "preconditioner",
        question=Question(
            "Both averages of Adam start at zero. What does the first step become without the correction for that?",
            ("shorter", "equally long", "longer"),
            2,
            "About 3 times as long: m is a tenth of g, but the root of v is only a thirtieth of |g|.",
        ),
        speed=0.25,
    ),
    "aligned": Preset(
        "Ravine along the axes",
        "A rate for each coordinate turns the ravine into a round bowl: the adaptive rules win easily.",
        ("quadratic", {"kappa": 50}),
        (("gradient_descent", {"lr": 0.035}), ("adagrad", {"lr": 1.0}), ("rmsprop", {"lr": 0.05})),
        (-2.5, 1.9),
        100,
        8,
        ("adagrad", "preconditioner"),
    ),
    "turned": Preset(
        "The ravine, turned",
        "The same ravine at 45 degrees: rates along x and y cannot follow it, and the lead is gone.",
        ("quadratic", {"kappa": 50, "angle": 45}),
        (("gradient_descent", {"lr": 0.035}), ("adagrad", {"lr": 1.0}), ("rmsprop", {"lr": 0.05})),
        (-2.5, 1.9),
        100,
        8,
        ("adagrad", "preconditioner"),
        question=Question(
            "AdaGrad and RMSProp won in a ravine along the axes. Who ends lowest when it is turned by 45 degrees?",
            ("gradient descent", "AdaGrad", "RMSProp"),
            0,
            "Gradient descent, which feels no turn. A rate for x and one for y cannot stretch a diagonal.",
        ),
    ),
    "saddle": Preset(
        "Past the saddle",
        "Gradient descent crawls by the saddle, where the gradient vanishes; momentum rolls past, Adam keeps away.",
        ("saddle",),
        (("gradient_descent", {"lr": 0.05}), ("momentum", {"lr": 0.05}), ("adam", {"lr": 0.05})),
        (0.02, 1.5),
        100,
        30,
        "gradient",
    ),
    "ridge": Preset(
        "Stuck on the ridge",
        "Exactly on the ridge the gradient has no part to either side. Drag the dot by a hair.",
        ("saddle",),
        (("gradient_descent", {"lr": 0.05}), ("momentum", {"lr": 0.05}), ("adam", {"lr": 0.05})),
        (0.0, 1.5),
        100,
        40,
        "gradient",
        question=Question(
            "The start lies exactly on the ridge between two minima. Who reaches a minimum within 100 steps?",
            ("only momentum", "momentum and Adam", "all of them", "nobody"),
            3,
            "Nobody: across the ridge the gradient is exactly 0, and 0 times anything is 0. A little noise would do.",
        ),
    ),
    "valleys": Preset(
        "One start, three valleys",
        "The same start and three different minima: who wins the race depends on where it goes.",
        ("himmelblau",),
        (("gradient_descent", {"lr": 0.01}), ("momentum", {"lr": 0.01}), ("adam", {"lr": 0.1})),
        (0.0, -3.0),
        120,
        8,
        "step",
    ),
    "wells": Preset(
        "Two wells",
        "The shallow well keeps gradient descent; a heavy ball rolls through it and on into the deep one.",
        ("twowells",),
        (("gradient_descent", {"lr": 0.1}), ("momentum", {"lr": 0.1, "momentum": 0.95}), ("adam", {"lr": 0.1})),
        (2.6, -0.6),
        300,
        20,
        ("momentum", "memory"),
    ),
    "traps": Preset(
        "A hundred traps",
        "Every method ends in the nearest dip: speed does not help where the map is full of holes.",
        ("rastrigin",),
        (("gradient_descent", {"lr": 0.002}), ("momentum", {"lr": 0.002, "momentum": 0.95}), ("adam", {"lr": 0.3})),
        (-3.3, 2.6),
        120,
        12,
        "step",
    ),
    "cliff": Preset(
        "Off the cliff",
        "The wall throws momentum across the valley; Adam remembers the wall for long and creeps.",
        ("cliff",),
        (("gradient_descent", {"lr": 0.5}), ("momentum", {"lr": 0.5}), ("adam", {"lr": 0.1})),
        (3.5, 1.5),
        100,
        18,
        ("momentum", "memory"),
    ),
    "flight": Preset(
        "Diverged",
        "A learning rate three times as large, and the path leaves the picture for good.",
        ("rosenbrock",),
        tuple(("gradient_descent", {"lr": lr}) for lr in (0.001, 0.002, 0.003)),
        (-1.5, 2.0),
        60,
        3,
        "gradient",
    ),
    "signs": Preset(
        "Steps of one length",
        "Only the sign of the gradient counts: fast far away, but never at rest at the minimum.",
        ("quadratic",),
        (("sign_sgd", {"lr": 0.1}), ("lion", {"lr": 0.1}), ("adam", {"lr": 0.1})),
        (-2.47, 1.52),
        100,
        40,
        ("sign_sgd", "step"),
    ),
    "noise": Preset(
        "Noise",
        "With a noisy gradient a large rate is fast and never calm, a small one slow and quiet.",
        ("quadratic", {"kappa": 4}),
        (("gradient_descent", {"lr": 0.2}), ("gradient_descent", {"lr": 0.02}), ("momentum", {"lr": 0.02})),
        (-2.5, 1.5),
        150,
        60,
        "gradient",
        seed=3,
        noise=2.0,
    ),
    "data": Preset(
        "A line through data",
        "Inputs far from zero make a ravine of the simplest fit; watch the lines turn as the racers move.",
        ("leastsquares", {"shift": 3}),
        (("gradient_descent", {"lr": 0.1}), ("momentum", {"lr": 0.05}), ("adam", {"lr": 0.1})),
        None,
        120,
        12,
        "gradient",
    ),
}


LIBRARY = dict(PRESETS)
# Where nothing is asked for.
DEFAULT = Preset("", "", ("rosenbrock",), (("gradient_descent", {"lr": 0.001}), ("momentum", {"lr": 0.001}),
                                           ("adam", {"lr": 0.1})))
# What a preset sets; the rest of the state stays as it is.
KEPT = ("surface", "params", "start", "steps", "racers", "step", "selected", "focus", "seed", "noise", "batch",
        "delay", "speed", "target")


def get(name: str | Preset) -> Preset:
    """The preset of that name, or the preset itself.

    Raises
    ------
    optlearn.InvalidArgument
        For an unknown name, with the near ones.
    """
    if isinstance(name, Preset):
        return name
    if not isinstance(name, str) or name not in PRESETS:
        raise InvalidArgument(f"preset = {name!r} is not known{near(name, PRESETS)}")
    return PRESETS[name]


def as_data(preset, state):
    """A preset as the page gets it, from the state of an explorer that is set to it."""
    found = {"title": preset.title, "comment": preset.comment, "state": {key: state[key] for key in KEPT}}
    if preset.question:
        found["question"] = asdict(preset.question)
    return found
