"""The explorer: optimizers race on a surface; a widget in a notebook, a page of its own without a kernel."""

import json
import math
import os
import re

import numpy as np

from optlearn import optimizer as optimizers_module
from optlearn import schedules, surfaces, trajectory
from optlearn.declare import InvalidArgument, near
from optlearn.explorer import bundle, figure, payload, presets
from optlearn.optimizer import Optimizer
from optlearn.symbolic.trace import parameter_values

MOST_RACERS = 8
MOST_STEPS = 2000
FAIRNESS = ("", "same", "tuned")
STAGES = ("step", "gradient", "memory", "lookahead", "preconditioner")
# Steps a second of a film of the step.
FILM = 0.25
STATE = ("surface", "params", "start", "steps", "racers", "seed", "noise", "batch", "step", "selected", "focus",
         "speed", "playing", "panel", "preset", "fair", "band", "map", "prompt", "tries")


def explore(surface=None, optimizers=None, *, start=None, steps=None, step=None, focus=None, preset=None, seed=None,
            noise=None, batch=None, band=False, fair="", panel="", prompt="", try_=(), playing=False, speed=None):
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
    focus : {"step", "gradient", "memory", "lookahead", "preconditioner"}, name or number of a racer, optional
        What the view inside a step shows first. A racer's name or number (from 0) selects it; a pair gives both.
    preset : str, optional
        Name of a preset to begin with, see `optlearn.explorer.presets.PRESETS`; the other arguments change it.
    seed : int, optional
        Default 0. Seed of noise and random rules: the same draws for every racer.
    noise : float, optional
        Standard deviation of normal noise added to each coordinate of the gradient; default 0.
    batch : int, optional
        On a surface with samples: how many of them, drawn with replacement, each gradient is the mean over.
    band : bool
        Whether a band of 32 runs with the seeds from `seed` on is drawn around each racer's run.
    fair : {"", "same", "tuned"}
        Learning rates: each racer's own, the same for all, or each tuned by the page on one grid.
    panel : str
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

    Returns
    -------
    Explorer
        In a notebook it displays itself. With the environment variable ``OPTLEARN_STATIC=1`` it displays as HTML
        that needs no kernel.

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
    """
    base = presets.get(preset) if preset is not None else None
    place = surfaces.get(surface if surface is not None else base.surface if base else "rosenbrock")
    _no_sweeps("surface", place)
    if optimizers is None:
        optimizers = base.racers if base else [optimizers_module.get("gradient_descent", lr=0.001),
                                               optimizers_module.get("momentum", lr=0.001),
                                               optimizers_module.get("adam", lr=0.1)]
    racers = _racers(optimizers)
    if start is None:
        start = base.start if base and surface is None and base.start is not None else place.start
    start = _start(start)
    steps = _whole("steps", steps if steps is not None else base.steps if base else 120, 1, MOST_STEPS)
    step = _whole("step", step if step is not None else min(base.step if base else 10, steps), 0, steps)
    seed = _whole("seed", seed if seed is not None else base.seed if base else 0, 0, 2**32 - 1)
    noise = noise if noise is not None else base.noise if base else 0.0
    if batch is None and base and surface is None:
        batch = base.batch
    if not isinstance(noise, (int, float)) or isinstance(noise, bool) or not 0 <= noise < math.inf:
        raise InvalidArgument(f"noise = {noise!r} is not allowed; it must be a finite number with 0 <= noise")
    if batch is not None and place.samples is None:
        raise InvalidArgument(f"batch = {batch!r} is not allowed: {place.name} has no samples")
    batch = 0 if batch is None else _whole("batch", batch, 1, len(place.samples))
    if fair not in FAIRNESS:
        raise InvalidArgument(f"fair = {fair!r} is not known{near(fair, FAIRNESS)}")
    if speed is None:
        speed = base.speed if base and focus is None else FILM if _names_stage(focus) else 15
    if isinstance(speed, bool) or not isinstance(speed, (int, float)) or not 0.1 <= speed <= 150:
        raise InvalidArgument(f"speed = {speed!r} is not allowed; it must be a number with 0.1 <= speed <= 150")
    selected, stage = _focus(focus if focus is not None else base.focus if base else None, racers)
    if isinstance(try_, str):
        raise InvalidArgument(f"try_ = {try_!r} is not allowed; it must be a list of sentences")
    return Explorer(place, racers, dict(
        start=start, steps=steps, step=step, seed=seed, noise=float(noise), batch=batch, selected=selected, focus=stage,
        speed=float(speed), playing=bool(playing), panel=str(panel), preset=preset or "", fair=fair, band=bool(band),
        map={}, prompt=str(prompt),
        tries=[str(line) for line in try_]))


class Explorer:
    """A race of optimizers on a surface that displays itself; made by `explore`.

    Attributes
    ----------
    state : dict
        All that can be changed, as plain data.
    surface : Surface
        The surface as it is set now.
    optimizers : list of Optimizer
        The racers as they are set now.
    start, steps, step, seed, noise, batch, selected, focus
        The like-named arguments of `explore`. Setting them changes what is shown.
    trajectories : list of Trajectory
        The runs that are drawn, computed by NumPy.
    widget : ipywidgets.DOMWidget
        The live widget; its traits have the names of `state` and can be observed and linked.
    """

    def __init__(self, surface, racers, values):
        # Set before anything else: attribute access goes by way of these.
        self.__dict__["_surfaces"] = {surface.name: surface}
        self.__dict__["_rules"] = {payload.rule_key(rule): rule for rule in racers}
        self.__dict__["_widget"] = None
        self.__dict__["_state"] = {
            "surface": surface.name, "params": [float(surface.__dict__[name]) for name in surface.hypers()], **values,
            "racers": [_racer(rule) for rule in racers]}
        for rule in racers:
            payload.rule_payload(rule)

    # State

    @property
    def state(self):
        """All that can be changed, as plain data."""
        source = self._state if self._widget is None else {name: getattr(self._widget, name) for name in STATE}
        return json.loads(json.dumps({name: source[name] for name in STATE}))

    def __getattr__(self, name):
        if name in ("start", "steps", "step", "seed", "noise", "batch", "selected", "focus", "playing", "panel",
                    "speed"):
            value = self.state[name]
            return tuple(value) if name == "start" else value
        raise AttributeError(f"Explorer has no attribute {name!r}{near(name, STATE)}")

    def __setattr__(self, name, value):
        samples = self.surface.samples
        checks = {"start": _start, "steps": lambda v: _whole("steps", v, 1, MOST_STEPS),
                  "step": lambda v: _whole("step", v, 0, self.state["steps"]),
                  "seed": lambda v: _whole("seed", v, 0, 2**32 - 1), "noise": float,
                  "batch": lambda v: _whole("batch", v, 0, 0 if samples is None else len(samples)),
                  "selected": lambda v: _whole("selected", v, 0, len(self.state["racers"]) - 1),
                  "focus": lambda v: _stage(v), "playing": bool, "panel": str, "speed": float}
        if name == "optimizers":
            racers = _racers(value)
            self._rules.update({payload.rule_key(rule): rule for rule in racers})
            name, value = "racers", [_racer(rule) for rule in racers]
        elif name in checks:
            value = checks[name](value)
        else:
            raise AttributeError(f"{name!r} of an Explorer cannot be set{near(name, [*checks, 'optimizers'])}")
        if self._widget is None:
            self._state[name] = value
        else:
            setattr(self._widget, name, value)

    @property
    def surface(self):
        """The surface as it is set now."""
        state = self.state
        found = self._surfaces.get(state["surface"]) or surfaces.get(state["surface"])
        return found.replace(**dict(zip(found.hypers(), state["params"], strict=True))) if state["params"] else found

    @property
    def optimizers(self):
        """The racers as they are set now."""
        return [self._optimizer(racer) for racer in self.state["racers"]]

    def _optimizer(self, racer):
        rule = self._rules.get(racer["rule"]) or payload.rule_of(racer["rule"])
        kept = set(racer.get("schedules", ()))
        made = payload.with_values(rule, racer["h"], kept)
        if racer.get("past"):
            # The page went on with other numbers from some steps on.
            until, before = zip(*racer["past"], strict=True)
            names = payload.parameter_names(rule)
            series = {name: [*(h[k] for h in before), racer["h"][k]]
                      for k, name in enumerate(names) if name not in kept}
            made = payload.with_schedules(made, {
                name: schedules.Join([schedules.Constant(start=x) for x in values], at=list(until))
                for name, values in series.items() if len(set(values)) > 1})
        return made

    @property
    def trajectories(self):
        """The runs that are drawn, computed by NumPy."""
        state = self.state
        surface = self.surface
        batch = state["batch"] if surface.samples is not None and state["batch"] else None
        needs = state["noise"] > 0 or batch
        return [trajectory.run(surface, rule, state["start"], state["steps"], noise=state["noise"], batch=batch,
                               rng=state["seed"] if needs or rule.draws else None) for rule in self.optimizers]

    # Display

    @property
    def widget(self):
        """The live widget; its traits have the names of `state` and can be observed and linked."""
        if self._widget is None:
            from optlearn.explorer.widget import ExplorerWidget

            self.__dict__["_widget"] = ExplorerWidget(self._state, self.data)
        return self._widget

    def data(self):
        """Rules, surfaces and presets for the page: those of the library, and the reader's own."""
        found = payload.catalogue()
        own = self._own()
        return {"rules": {**found["rules"], **own["rules"]}, "surfaces": {**found["surfaces"], **own["surfaces"]},
                "presets": presets.catalogue()}

    def _own(self):
        known = payload.catalogue()
        rules = {data["key"]: data for key, rule in self._rules.items() if key not in known["rules"]
                 for data in payload.with_variants(rule)}
        places = {}
        for key, surface in self._surfaces.items():
            data = payload.surface_payload(surface)
            if known["surfaces"].get(key) != data:
                places[key] = data
        return {"rules": rules, "surfaces": places}

    def html(self, complete=True):
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
        own = _json({"state": self.state, **self._own()})
        picture = self.figure()
        alt = _escape(self.alt())
        shared = ""
        if complete:
            shared = (f'<style>{bundle.style()}</style><script type="application/json" class="optlearn-shared">'
                      f'{_json(_shared())}</script>'
                      f'<script type="text/plain" class="optlearn-views">{_inside_script(bundle.views())}</script>'
                      f'<script>{_inside_script(bundle.core())}</script>')
        return (f'{shared}<div class="optlearn-explorer" data-waiting><script type="application/json" '
                f'class="optlearn-state">{own}</script><img alt="{alt}" src="data:image/png;base64,'
                f'{picture}" style="max-width:100%"></div>'
                "<script>window.optlearnExplorer&&window.optlearnExplorer.mount&&optlearnExplorer.mount()</script>")

    def figure(self):
        """The view as a PNG, in base64: what is shown where nothing can run."""
        return figure.picture(self.surface, self.trajectories, self.labels(), self.state)

    def alt(self):
        """The view in words."""
        return " ".join(repr(self).replace("Explorer: ", "Race of optimizers on ").split())

    def labels(self):
        """Names of the racers; two of one rule are told apart by what differs."""
        rules = self.optimizers
        names = [payload.label_of(rule) for rule in rules]
        result = []
        for rule, name in zip(rules, names, strict=True):
            alike = [other for other, n in zip(rules, names, strict=True) if n == name]
            differing = [key for key in rule.values if key != "gradient"
                         and len({repr(other.values.get(key)) for other in alike}) > 1]
            result.append(name if not differing else f"{name} {differing[0]}={_short(rule.values[differing[0]])}")
        return result

    def __repr__(self):
        state = self.state
        x, y = (_short(v) for v in state["start"])
        lines = [f"Explorer: {self.surface.label}, start ({x}, {y}), {state['steps']} steps"
                 + (f", noise {_short(state['noise'])}, seed {state['seed']}" if state["noise"] else "")]
        names = self.labels()
        wide = max(map(len, names))
        numbers = [", ".join(_settings(rule)) for rule in self.optimizers]
        for name, values, run in zip(names, numbers, self.trajectories, strict=True):
            end = f"loss {run.loss[0]:.3g} -> {run.loss[-1]:.3g}"
            if run.diverged is not None:
                end = f"diverged at step {run.diverged}"
            lines.append(f"  {name:<{wide}}  {values:<46}  {end}")
        return "\n".join(lines)

    def _repr_mimebundle_(self, include=None, exclude=None):
        """HTML in a built page; otherwise widget, with a figure and a text for where no widget can be shown."""
        if os.environ.get("OPTLEARN_STATIC") == "1":
            return {"text/html": self.html(complete=_first_of_page()), "text/plain": repr(self)}
        data = {"text/plain": repr(self), "image/png": self.figure()}
        try:
            view, _ = _split(self.widget._repr_mimebundle_())
        except ImportError:
            view = {}
        kind = "application/vnd.jupyter.widget-view+json"
        if kind in view:
            data[kind] = view[kind]
        return data, {"image/png": {"alt": self.alt()}}

    def close(self):
        """Free the live widget."""
        if self._widget is not None:
            self._widget.close()


_shown = []


def _first_of_page():
    """Whether this is the first explorer that this process displays: one kernel runs one page."""
    _shown.append(True)
    return len(_shown) == 1


def _split(bundle_):
    return bundle_ if isinstance(bundle_, tuple) else (bundle_, {})


def _racers(given):
    if isinstance(given, (Optimizer, str)) or (isinstance(given, type) and issubclass(given, Optimizer)):
        given = [given]
    try:
        given = list(given)
    except TypeError:
        raise InvalidArgument(
            f"optimizers = {given!r} is not allowed; it must be an Optimizer or a list of them") from None
    if not 1 <= len(given) <= MOST_RACERS:
        raise InvalidArgument(f"optimizers has {len(given)} entries; it must have 1 to {MOST_RACERS}")
    found = []
    for one in given:
        if isinstance(one, str):
            one = optimizers_module.get(one)
        elif isinstance(one, type) and issubclass(one, Optimizer):
            one = one()
        if not isinstance(one, Optimizer):
            raise InvalidArgument(f"optimizers contains {one!r}; it must hold Optimizer objects or names of rules")
        for part in (one, *one.gradient):
            _no_sweeps("optimizers", part)
        found.append(one)
    return found


def _no_sweeps(argument, part):
    for name in part.hypers():
        if isinstance(part.__dict__[name], np.ndarray):
            raise InvalidArgument(f"{argument} contains {name} = an array (a sweep); the explorer needs single numbers")


def _racer(rule):
    h, schedules = [], {}
    names = payload.parameter_names(rule)
    for name, value in zip(names, parameter_values(rule), strict=True):
        if callable(value):
            schedules[name] = payload.schedule_payload(name, value)
            value = float(value(0))
        h.append(float(value))
    return {"rule": payload.rule_key(rule), "h": h, **({"schedules": schedules} if schedules else {})}


def _start(value):
    try:
        point = [float(x) for x in value]
    except (TypeError, ValueError):
        point = []
    if len(point) != 2 or not all(map(math.isfinite, point)):
        raise InvalidArgument(f"start = {value!r} is not allowed; it must be two finite numbers")
    return point


def _whole(name, value, low, high):
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
        raise InvalidArgument(
            f"{name} = {value!r} is not allowed; it must be a whole number with {low} <= {name} <= {high}")
    return int(value)


def _stage(value):
    if value not in STAGES:
        raise InvalidArgument(f"focus = {value!r} is not known{near(value, STAGES)}")
    return value


def _names_stage(focus):
    words = (focus,) if isinstance(focus, (str, int)) else focus or ()
    return any(word in STAGES and word != "step" for word in words)


def _focus(focus, racers):
    """The selected racer and the stage, from what `focus` names."""
    names = [re.sub(r"[^a-z0-9]", "", payload.label_of(rule).lower()) for rule in racers]
    selected, stage = None, None
    for word in () if focus is None else (focus,) if isinstance(focus, (str, int)) else tuple(focus):
        plain = re.sub(r"[^a-z0-9]", "", str(word).lower())
        if isinstance(word, int) and not isinstance(word, bool):
            selected = _whole("focus", word, 0, len(racers) - 1)
        elif word in STAGES:
            stage = word
        elif plain in names:
            selected = names.index(plain)
        else:
            raise InvalidArgument(f"focus = {focus!r} is not known{near(word, [*STAGES, *names])}")
    if selected is None:
        # The racer for which the stage says most.
        has = {"lookahead": lambda r: type(r).probe is not Optimizer.probe, "memory": lambda r: bool(r.slots),
               "preconditioner": lambda r: len(payload.rate_size(r)) == 2}.get(stage, lambda r: False)
        selected = next((i for i, rule in enumerate(racers) if has(rule)), len(racers) - 1)
    return selected, stage or "step"


def _settings(rule):
    """The numbers of a rule and the choices that differ from the default, as text."""
    shown = [f"{name}={_short(rule.__dict__[name])}" for name in rule.hypers() if rule.__dict__[name] is not None]
    shown += [f"{name}={rule.__dict__[name]}" for name, d in rule.options().items() if rule.__dict__[name] != d.default]
    return shown + [repr(transform) for transform in rule.gradient]


def _short(value):
    return f"{value:.6g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else \
        getattr(value, "__name__", type(value).__name__) if callable(value) else str(value)


def _shared():
    """What all explorers of a page share. Rules by column, as what is alike compresses best side by side."""
    found = {**payload.catalogue(), "presets": presets.catalogue()}
    return {kind: {"names": list(rows), "columns": {key: [row.get(key) for row in rows.values()]
                                                    for key in sorted({key for row in rows.values() for key in row})}}
            for kind, rows in found.items()}


def _json(value):
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("</", "<\\/").replace("<!", "\\u003c!")


def _escape(text):
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def _inside_script(text):
    if "</script" in text or "<!--" in text:
        raise bundle.BundleError("the module contains text that would end its script element")
    return text
