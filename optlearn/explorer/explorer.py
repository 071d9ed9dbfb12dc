"""The explorer: optimizers race on a surface; a widget in a notebook, a page of its own without a kernel."""

from __future__ import annotations

import functools
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from optlearn import surfaces
from optlearn.declare import InvalidArgument, near
from optlearn.explorer import arguments, page, payload, presets, racers, saving, stills, words
from optlearn.symbolic.trace import parameter_values

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from optlearn.optimizer import Optimizer
    from optlearn.trajectory import Trajectory
    from optlearn.typing import PathLike, RuleLike, SurfaceLike

AS_WIDGET = ("model_id", "traits", "observe", "unobserve")
STATE = ("surface", "params", "start", "steps", "racers", "seed", "noise", "batch", "delay", "step", "selected",
         "focus", "speed", "playing", "panel", "preset", "fair", "band", "map", "prompt", "tries", "only",
         "target", "relief")


def explore(surface: SurfaceLike | None = None, optimizers: RuleLike | Sequence[RuleLike] | None = None, *,
            start: Sequence[float] | None = None, steps: int | None = None, step: int | None = None,
            focus: str | int | tuple[str | int, str] | None = None, preset: str | presets.Preset | None = None,
            seed: int | None = None, noise: float | None = None, batch: int | None = None,
            delay: int | None = None, band: bool = False, fair: str = "", panel: str = "", prompt: str = "",
            try_: Sequence[str] = (), playing: bool = False, speed: float | None = None,
            target: float | None = None, relief: bool = False) -> Explorer:
    """Race optimizers on a surface, and look inside their steps.

    Parameters
    ----------
    surface : Surface, str or callable, optional
        What to minimise: a surface, its name, or a function ``f(x, y)``. Default: that of the preset, or Rosenbrock.
    optimizers : Optimizer, str or list of these, optional
        The racers, at most 8; hyperparameters are numbers or schedules. Default: those of the preset, or gradient
        descent, momentum and Adam.
    start : (float, float), optional
        Where all racers start; default: the surface's own start.
    steps : int, optional
        Number of steps, 1 to 2000; default 120.
    step : int, optional
        The step shown first.
    focus : {"step", "gradient", "memory", "lookahead", "correction", "preconditioner"}, name or number, optional
        What the view inside a step shows first. A racer's name or number (from 0) selects it; a pair gives both.
    preset : str or optlearn.explorer.presets.Preset, optional
        A preset to begin with, or its name, see `optlearn.explorer.presets.PRESETS`; the other arguments change it.
    seed : int, optional
        Default 0. Seed of noise and random rules: the same draws for every racer.
    noise : float, optional
        Standard deviation of normal noise added to each coordinate of the gradient; default 0.
    batch : int, optional
        On a surface with samples: how many of them, drawn with replacement, each gradient is the mean over.
    delay : int, optional
        The gradient of a step is taken at the parameters of `delay` steps before, 0 to 32; default 0.
    band : bool
        Whether a band of 32 runs with the seeds from `seed` on is drawn around each racer's run.
    fair : {"", "same", "tuned"}
        Learning rates: each racer's own, the same for all, or each tuned by the page on one grid.
    panel : {"", "map", "tiles", "modes", "noise", "fair", "share"}
        The panel that is open at first.
    prompt : str
        The sentence above the picture.
    try_ : list of str
        Things to try, listed below the picture.
    playing : bool
        Whether it starts by itself (not where the reader's system asks for less motion).
    speed : float, optional
        Steps a second, 0.1 to 150. Up to 1 the picture is near the step of the selected racer, and play shows it as a
        film: look ahead, gradient, memory, scaling, step. Default: 0.25 where `focus` names a part of the step, else
        that of the preset or 15.
    target : float, optional
        A loss above the lowest known one, marked in the loss curves with the step at which each racer first reaches
        it; 0 for none. Default: that of the preset, or 0.001.
    relief : bool
        Whether the surface is shown as a relief that can be turned, with the paths on it.

    Returns
    -------
    Explorer
        In a notebook it displays itself; in a script it says how to see it. With the environment variable
        ``OPTLEARN_STATIC=1`` it displays as HTML that needs no kernel.

    Raises
    ------
    optlearn.InvalidArgument
        For an argument outside its range; the message names it, its value and what is allowed.

    Examples
    --------
    >>> from optlearn import Adam, Momentum, explore
    >>> explore("rosenbrock", [Momentum(lr=0.0005), Adam(lr=0.1)], start=(-1.5, 2), steps=100)
    Explorer: Rosenbrock, start (-1.5, 2), 100 steps
      Momentum  lr=0.0005, momentum=0.9                         loss 12.5 -> 4.46
      Adam      lr=0.1, beta1=0.9, beta2=0.999, eps=1e-08       loss 12.5 -> 4.52
    .open() shows it in a browser; .save("race.html") keeps it, as .gif, .mp4, .png and .svg do
    """
    base = presets.get(preset) if preset is not None else presets.DEFAULT
    place = arguments.place(surfaces.get(base.surface if surface is None else surface))
    rules = arguments.racers(base.racers if optimizers is None else optimizers)
    if start is None:
        start = base.start if surface is None and base.start is not None else place.start
    if batch is None and surface is None:
        batch = base.batch
    at = {"step": 0, "racers": rules, "samples": arguments.samples(place)}
    at["steps"] = arguments.CHECKS["steps"](base.steps if steps is None else steps, at)
    given = {"start": start, "step": min(base.step, at["steps"]) if step is None else step,
             "seed": base.seed if seed is None else seed, "noise": base.noise if noise is None else noise,
             "batch": batch, "delay": base.delay if delay is None else delay, "band": band, "fair": fair,
             "panel": panel, "prompt": prompt, "playing": playing, "speed": speed,
             "target": base.target if target is None else target, "relief": relief}
    selected, stage = arguments.focus(base.focus if focus is None else focus, rules)
    if speed is None:
        film = stage not in (None, "step")
        given["speed"] = base.speed if focus is None else presets.FILM if film else presets.DEFAULT.speed
    values = {name: arguments.CHECKS[name](value, at) for name, value in given.items()}
    if selected is None:
        selected = arguments.telling(stage, rules)
    return Explorer(place, rules, {
        "steps": at["steps"], **values, "selected": selected, "focus": stage or "step", "map": {},
        "preset": next((name for name, known in presets.PRESETS.items() if known is base), ""),
        "tries": arguments.sentences("try_", try_), "only": ""})


class Explorer:
    """A race of optimizers on a surface that displays itself; made by `explore`.

    Attributes
    ----------
    state : dict
        All that can be changed, as plain data.
    surface : Surface
        The surface as it is set now. Another one is shown from its own start.
    optimizers : list of Optimizer
        The racers as they are set now.
    start, steps, step, seed, noise, batch, delay, band, fair, panel, prompt, playing, preset, target, relief
        The like-named arguments of `explore`. Setting them changes what is shown, in a notebook at once; what
        `explore` would refuse is refused, and nothing is changed.
    focus : str
        The stage of a step that is shown; it is set as `explore` takes it.
    selected : int
        The racer that is selected.
    speed : float
        How fast it plays, in steps a second, 0.1 to 150.
    tries : list of str
        Things to try.
    trajectories : list of Trajectory
        The runs that are drawn, computed by NumPy.
    widget : ipywidgets.DOMWidget
        The live widget; its traits have the names of `state` and can be observed and linked.

    Examples
    --------
    >>> from optlearn import Adam, Momentum, explore
    >>> explorer = explore("quadratic", Momentum(lr=0.05), steps=50)
    >>> explorer.optimizers = [Momentum(lr=0.05), Adam(lr=0.1)]
    >>> explorer.noise = -1
    Traceback (most recent call last):
    optlearn.declare.InvalidArgument: noise = -1 is not allowed; it must be a finite number with 0 <= noise
    """

    def __init__(self, surface: surfaces.Surface, rules: Sequence[Optimizer], values: dict[str, Any]) -> None:
        self.__dict__.update(_surfaces={}, _rules={}, _schedules={}, _presets={}, _widget=None, _last=(None, None),
                             _shows="", _state={})
        self._state.update(values, **self._placed(surface), racers=[self._taken(rule) for rule in rules])
        self._runs(self._state)

    # State

    @property
    def state(self) -> dict[str, Any]:
        """All that can be changed, as plain data."""
        source = self._state if self._widget is None else {name: getattr(self._widget, name) for name in STATE}
        return json.loads(json.dumps({name: source[name] for name in STATE}))

    def __getattr__(self, name: str) -> Any:
        if name in arguments.CHECKS or name in ("focus", "preset"):
            value = self.state[name]
            return tuple(value) if name == "start" else value
        if name in AS_WIDGET:
            return getattr(self.widget, name)
        raise AttributeError(f"Explorer has no attribute {name!r}{near(name, STATE)}")

    def __setattr__(self, name: str, value: Any) -> None:
        state = self.state
        if name == "optimizers":
            taken = [self._taken(rule) for rule in arguments.racers(value)]
            changes = {"racers": taken, "selected": min(state["selected"], len(taken) - 1)}
        elif name == "surface":
            changes = self._placed(place := arguments.place(surfaces.get(value)))
            if changes["surface"] != state["surface"]:
                changes.update(start=arguments.start(place.start), batch=0, preset="")
        elif name == "preset":
            changes = {"preset": "", **self._preset(value)}
        elif name == "focus":
            named = zip(("selected", "focus"), arguments.focus(value, self.optimizers), strict=True)
            changes = {key: one for key, one in named if one is not None}
        elif name in arguments.CHECKS:
            changes = {name: arguments.CHECKS[name](value, {**state, "samples": arguments.samples(self.surface)})}
        else:
            raise AttributeError(f"{name!r} of an Explorer cannot be set"
                                 f"{near(name, [*arguments.CHECKS, 'focus', 'preset', 'optimizers', 'surface'])}")
        self._change(changes)

    def _change(self, changes):
        """Set parts of the state, if they can be drawn."""
        if not {"surface", "params", "steps", "racers"}.isdisjoint(changes):
            self._runs({**self.state, **changes})
        if self._widget is None:
            self._state.update(changes)
            return
        if not {"surface", "racers"}.isdisjoint(changes):
            self._widget.offer()
        with self._widget.hold_sync():
            for name, value in changes.items():
                setattr(self._widget, name, value)

    def _placed(self, surface):
        """The state that has a surface, which is known from then on."""
        key = payload.surface_key(surface)
        self._surfaces[key] = surface
        return {"surface": key, "params": [float(surface.__dict__[name]) for name in surface.hypers()]}

    def _taken(self, rule):
        """A racer as the page gets it; its rule is known from then on."""
        racer = racers.racer(rule)
        for name, value in zip(payload.parameter_names(rule), parameter_values(rule), strict=True):
            if callable(value):
                self._schedules[racer["schedules"][name]["code"]] = value
        self._rules[racer["rule"]] = rule
        return racer

    def _preset(self, name):
        """The state that a preset gives."""
        known = {**_offered(), **self._own()["presets"]}
        if name == "":
            return {}
        if not isinstance(name, str) or name not in known:
            raise InvalidArgument(f"preset = {name!r} is not known{near(name, known)}")
        return {**known[name]["state"], "preset": name, "prompt": "", "playing": False}

    def add_preset(self, name: str, preset: presets.Preset) -> None:
        """Offer a preset in this explorer, live at once.

        Parameters
        ----------
        name : str
        preset : optlearn.explorer.presets.Preset
            What it shows; its racers and its surface may be the reader's own.

        Examples
        --------
        >>> from optlearn import GradientDescent, explore
        >>> from optlearn.explorer.presets import Preset
        >>> explorer = explore("quadratic", "adam")
        >>> explorer.add_preset("edge", Preset("At the edge", "It swings for ever.", lambda x, y: x**2 + y**2,
        ...                                    (GradientDescent(lr=1.0),), (1.0, 0.5)))
        >>> explorer.preset = "edge"
        >>> explorer.trajectories[0].w[-1]
        array([1. , 0.5])
        """
        if not isinstance(name, str) or not name:
            raise InvalidArgument(f"name = {name!r} is not allowed; it must be a word")
        if not isinstance(preset, presets.Preset):
            raise InvalidArgument(f"preset = {preset!r} is not allowed; it must be an optlearn.explorer.presets.Preset")
        self._take_preset(name, preset)
        if self._widget is not None:
            self._widget.offer()

    def _take_preset(self, name, preset):
        other = explore(preset=preset)
        for known in ("_surfaces", "_rules", "_schedules"):
            for key, value in other.__dict__[known].items():
                self.__dict__[known].setdefault(key, value)
        self._presets[name] = preset, presets.as_data(preset, other.state)

    @property
    def surface(self) -> surfaces.Surface:
        """The surface as it is set now."""
        return self._surface_of(self.state)

    def _surface_of(self, state):
        found = self._surfaces.get(state["surface"]) or payload.library_surfaces().get(state["surface"])
        if found is None:  # Typed in the page
            found = self._surfaces[state["surface"]] = surfaces.get(state["surface"])
        return found.replace(**dict(zip(found.hypers(), state["params"], strict=True))) if state["params"] else found

    @property
    def optimizers(self) -> list[Optimizer]:
        """The racers as they are set now."""
        return [self._optimizer(racer) for racer in self.state["racers"]]

    def _optimizer(self, racer):
        return racers.rebuilt(racers.form(racer["rule"], self._rules), racer, self._schedules)

    @property
    def trajectories(self) -> list[Trajectory]:
        """The runs that are drawn, computed by NumPy."""
        return list(self._runs(self.state))

    def _runs(self, state):
        """The runs of a state; the last ones are kept, as text, figure and caption need the same."""
        key = json.dumps([state[name] for name in racers.RUN])
        if self._last[0] != key:
            runs = racers.race(self._surface_of(state), map(self._optimizer, state["racers"]), state)
            self.__dict__["_last"] = key, runs
        return self._last[1]

    # Display

    @property
    def widget(self) -> Any:
        """The live widget; its traits have the names of `state` and can be observed and linked."""
        if self._widget is None:
            from optlearn.explorer.widget import ExplorerWidget

            self.__dict__["_widget"] = ExplorerWidget(self._state, self.data, self._own)
        return self._widget

    @property  # type: ignore[misc]
    def __class__(self):
        # Boxes and links of ipywidgets take what counts as a widget, and ask it for what `AS_WIDGET` names.
        shown = sys.modules.get("ipywidgets")
        return shown.DOMWidget if shown else Explorer

    def data(self) -> dict[str, Any]:
        """Rules, surfaces and presets for the page: those of the library, and the reader's own."""
        known = {**payload.catalogue(), "presets": _offered()}
        own = self._own()
        return {**{kind: {**known[kind], **own[kind]} for kind in known}, "grammar": payload.grammar()}

    def _own(self):
        """Rules, surfaces and presets that are not the library's."""
        self._surface_of(self.state)  # What was typed in the page becomes the reader's.
        for name, preset in presets.PRESETS.items():
            if presets.LIBRARY.get(name) is not preset and self._presets.get(name, (None,))[0] is not preset:
                try:
                    self._take_preset(name, preset)
                except InvalidArgument:  # Said when it is asked for
                    continue
        return {**payload.own({**self._rules, **racers.typed_in(self.state)}, self._surfaces),
                "presets": {name: data for name, (_, data) in self._presets.items()}}

    def html(self, complete: bool = True) -> str:
        """The explorer as HTML that needs no kernel and no network.

        Parameters
        ----------
        complete : bool
            Whether the module, the style sheet and the library's rules and surfaces are included. A page needs them
            once, in its first explorer.

        Returns
        -------
        str
        """
        state = self.state
        data = {"state": state, **page.brought(state, self._own(), _offered())}
        own = page.element(data, state["only"], self.figure, self.alt())
        return page.once(common()) + own if complete else own

    def save(self, path: PathLike) -> Path:
        """Write the race to a file.

        Parameters
        ----------
        path : str or path
            Its ending says as what: ``.html`` a page that stands alone, works without a network and can do all that
            the explorer can; ``.gif`` or ``.mp4`` (needs ffmpeg) an animation; ``.png`` or ``.svg`` the view.

        Returns
        -------
        pathlib.Path

        Examples
        --------
        >>> from optlearn import explore
        >>> explore("quadratic", "adam").save("race.txt")
        Traceback (most recent call last):
        optlearn.declare.InvalidArgument: path = 'race.txt' must end with .html, .gif, .mp4, .png or .svg
        """
        return saving.save(self, path)

    def open(self) -> Path:
        """Show the explorer in a browser: for scripts and consoles.

        Returns
        -------
        pathlib.Path
            The page that was written for it, in the folder for temporary files.
        """
        return saving.open_page(self)

    def figure(self) -> str:
        """The view as a PNG, in base64: what is shown where nothing can run."""
        return stills.picture(self)

    def alt(self) -> str:
        """The view in words."""
        place, *ends = (" ".join(line.split()) for line in words.text(self).splitlines())
        what = f"{self._shows[0].upper()}{self._shows[1:]}. " if self._shows else ""
        return f"{what}{place.replace('Explorer:', 'Race of optimizers on')}: {'; '.join(ends)}"

    def labels(self) -> list[str]:
        """Names of the racers; two of one rule are told apart by what differs."""
        return words.labels(self.optimizers)

    def __repr__(self) -> str:
        if page.in_notebook():
            return words.text(self)
        return (words.text(self) + '\n.open() shows it in a browser; .save("race.html") keeps it, as .gif, .mp4, .png '
                'and .svg do')

    def _repr_mimebundle_(self, include=None, exclude=None):
        """HTML in a built page; otherwise widget, with a figure and a text for where no widget can be shown."""
        static = os.environ.get("OPTLEARN_STATIC")
        if static:
            # A site has the shared part in files of its own.
            return {"text/html": self.html(complete=static != "site" and page.first_of_page()),
                    "text/plain": words.text(self)}
        return page.live(lambda: self.widget, self.html, words.text(self), self.figure, self.alt())

    def only(self, name: str, shows: str = "") -> None:
        """Show one view alone, in words as well; `optlearn.explorer.view` does this before anything is displayed."""
        self._state["only"] = name
        self.__dict__["_shows"] = shows

    def close(self) -> None:
        """Free the live widget."""
        if self._widget is not None:
            self._widget.close()


def common():
    """What all explorers of a page share, as text for a script element."""
    return page.as_json(page.shared(_offered()))


@functools.cache
def _offered():
    """The library's presets as the page gets them."""
    return {name: presets.as_data(preset, explore(preset=preset).state) for name, preset in presets.LIBRARY.items()}
