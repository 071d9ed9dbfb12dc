"""Run optimizers on a surface."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from optlearn import functions, surfaces
from optlearn.asking import Alone, Asking, OnSurface, is_own
from optlearn.declare import InvalidArgument
from optlearn.explain import complete, explain
from optlearn.gradients import check_steady, prepare
from optlearn.optimizer import as_rule
from optlearn.record import Recording, Trajectory, lane
from optlearn.starting import start_point, whole
from optlearn.state import Slots, Update, first_state, guest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from optlearn.typing import ArrayLike, Floats, Rng, RuleLike, SurfaceLike


@overload
def run(surface: SurfaceLike, optimizer: RuleLike, start: ArrayLike | None = ..., steps: int = ..., *,
        rng: Rng | None = ..., noise: float = ..., batch: int | None = ..., delay: int = ..., compiled: bool = ...,
        gradient: Callable[[Any], Any] | None = ..., keep: int = ...) -> Trajectory: ...


@overload
def run(surface: SurfaceLike, optimizer: Sequence[RuleLike], start: ArrayLike | None = ..., steps: int = ..., *,
        rng: Rng | None = ..., noise: float = ..., batch: int | None = ..., delay: int = ..., compiled: bool = ...,
        gradient: Callable[[Any], Any] | None = ..., keep: int = ...) -> list[Trajectory]: ...


def run(surface: SurfaceLike, optimizer: RuleLike | Sequence[RuleLike], start: ArrayLike | None = None,
        steps: int = 100, *, rng: Rng | None = None, noise: float = 0.0, batch: int | None = None, delay: int = 0,
        compiled: bool = False, gradient: Callable[[Any], Any] | None = None,
        keep: int = 1) -> Trajectory | list[Trajectory]:
    """Run one or several optimizers on a surface, or on a function of an array.

    Parameters
    ----------
    surface : Surface, Function, str or callable
        What to minimise: a surface, its name, or a function ``f(x, y)``; or a function ``f(w)`` of one array of any
        shape, see `optlearn.function`.
    optimizer : Optimizer, subclass, str or list of such
        The rule, or its name. Hyperparameters that are arrays of shape (N,) make N runs at once.
    start : array (2,) or (2, N), optional
        Where to start; default: the surface's own start. Of a function ``f(w)`` one array, as it takes.
    steps : int
        Number of steps, at least 0.
    rng : int, numpy.random.RandomState or numpy.random.Generator, optional
        Source of noise and draws. A number is the seed of a ``RandomState``, whose stream NumPy keeps fixed for
        ever and which the explorer's page has too.
    noise : float
        Standard deviation of normal noise added to each coordinate of the gradient. Further gradients of a step get
        the same noise, and the same samples, as they get the same minibatch in a training.
    batch : int, optional
        On a surface with samples: how many of them, drawn with replacement, each gradient is the mean over; default:
        all samples, none drawn. A step draws in this order: what the rule draws, samples, noise.
    delay : int
        The gradient of a step, and its loss and Hessian, are taken at the parameters of `delay` steps before; a
        further gradient that a rule asks for, at the point that it asks about.
    compiled : bool
        Whether to run as machine code (needs numba): the same numbers to rounding, a hundred times as fast.
    gradient : callable, optional
        ``gradient(w)`` of a function ``f(w)``; default: derived from its lines. It is compared with central
        differences at the start.
    keep : int
        Of a function ``f(w)``: keep parameters, gradients and state of every so many steps, and the last parameters.

    Returns
    -------
    Trajectory or list of Trajectory
        A list where `optimizer` is one. Each rule of a list gets the same draws.

    Raises
    ------
    InvalidArgument
        For a start of the wrong shape, a negative number of steps, noise without `rng` or a batch without samples.

    Examples
    --------
    >>> from optlearn import Adam, run
    >>> run("rosenbrock", Adam(lr=0.1), steps=50)
    Trajectory(adam on rosenbrock, 50 steps, ends at (-1.31395, 1.74977))
    """
    if isinstance(optimizer, (list, tuple)):
        seeded = rng if rng is None or isinstance(rng, (int, np.integer)) else int(rng.randint(2**31 - 1)) \
            if hasattr(rng, "randint") else int(rng.integers(2**31 - 1))
        return [run(surface, one, start, steps, rng=seeded, noise=noise, batch=batch, delay=delay, compiled=compiled,
                    gradient=gradient, keep=keep) for one in optimizer]
    optimizer = as_rule(optimizer)
    if compiled:
        from optlearn.symbolic import native

        if rng is batch is gradient is None and isinstance(surface, (str, surfaces.Surface)):
            surface = surfaces.get(surface)
            known = native.again(surface, optimizer, start, steps, noise, delay, keep)
            if known is not None:
                return Trajectory(*known)
    surface, w, steps, delay, chance = _checked(surface, optimizer, start, steps, rng, noise, batch, delay, gradient)
    if keep != 1 or compiled:
        _check_kind(surface, keep, compiled)
    first = optimizer.at(1)
    if compiled:
        rows, named = native.run(surface, optimizer, w, steps, chance, delay)
        kept = np.arange(len(rows[0]))
    else:
        begun, taken = _begun(surface, optimizer, w, steps, chance, delay)
        rows, named, kept = Recording(optimizer, w, begun, steps, keep).of(taken)
    check_steady(first, optimizer.at(1))
    made = int(kept[-1])
    return Trajectory(surface, optimizer, rows, named, made + 1 if made < steps else None, kept)


def sweep(surface: SurfaceLike, optimizer: RuleLike, start: ArrayLike | None = None, steps: int = 100, *,
          rng: Rng | None = None, noise: float = 0.0, batch: int | None = None, path: bool = False,
          compiled: bool = False) -> Floats:
    """Where runs end: `run` for many runs at once, of which only the parameters are kept.

    Parameters
    ----------
    surface : Surface, str or callable
    optimizer : Optimizer, subclass or str
    start : array (2,) or (2, N), optional
        The starts or the hyperparameters are arrays, one value a run.
    steps : int
    rng : int, numpy.random.RandomState or numpy.random.Generator, optional
    noise : float
    batch : int, optional
        All of these as for `run`.
    path : bool
        Whether to keep the parameters of every step.
    compiled : bool
        As for `run`.

    Returns
    -------
    array (2, N), or with `path` (steps + 1, 2, N)
        Coordinates first; of a function of an array its shape in place of the 2. A run that diverges ends at values
        that are not finite.

    Examples
    --------
    >>> from optlearn import GradientDescent, sweep
    >>> rates = np.array([0.01, 0.1, 0.15])
    >>> sweep("quadratic", GradientDescent(lr=rates), start=(1.0, 1.0), steps=10).round(4)
    array([[0.9044, 0.3487, 0.1969],
           [0.3487, 0.    , 0.001 ]])
    """
    optimizer = as_rule(optimizer)
    surface, w, steps, _, chance = _checked(surface, optimizer, start, steps, rng, noise, batch, 0)
    w = w if w.ndim > len(surface.point_shape) else w[..., None]
    if compiled:
        _check_kind(surface, 1, compiled)
        from optlearn.symbolic import native

        return native.sweep(surface, optimizer, w, steps, chance, path)
    _, taken = _begun(surface, optimizer, w, steps, chance)
    if path:
        return np.array([w, *(new for new, *_ in taken)])
    for new, *_ in taken:
        w = new
    return w


def _check_kind(surface, keep, compiled):
    """Refuse what only surfaces, or only functions of an array, can do."""
    whole("keep", keep, 1)
    if isinstance(surface, functions.Function):
        if compiled:
            raise InvalidArgument(f"compiled = {compiled!r} is not allowed for {surface.name}, a function of an array: "
                                  "NumPy runs its lines; machine code is made of surfaces")
    elif keep != 1:
        raise InvalidArgument(f"keep = {keep!r} is not allowed for a surface, of which every point is kept")


def _checked(surface, optimizer, start, steps, rng, noise, batch, delay, gradient=None):
    """The arguments of a run in the form in which the engines take them."""
    surface = functions.get(surface, start, gradient)
    steps, delay = whole("steps", steps), whole("delay", delay)
    w = start_point(surface, optimizer, start)
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and 0 <= rng < 2**32:
        rng = np.random.RandomState(rng)
    if rng is not None and not hasattr(rng, "standard_normal"):
        raise InvalidArgument(f"rng = {rng!r} is not allowed; it must be a seed, a whole number with 0 <= rng < 2**32, "
                              "or a numpy.random.RandomState or Generator")
    if not (np.ndim(noise) == 0 and np.isreal(noise) and 0 <= noise < np.inf):
        raise InvalidArgument(f"noise = {noise!r} is not allowed; it must be a finite number with 0 <= noise")
    batch = 0 if batch is None else whole("batch", batch)
    if batch and surface.samples is None:
        raise InvalidArgument(f"batch = {batch} is not allowed: {surface.name} has no samples")
    random = bool(noise or batch or optimizer.draws)
    if rng is None and random:
        raise InvalidArgument("rng = None is not allowed for a random run; it must be a seed or a random generator")

    def chance(shape):
        """What one step draws, in this order: for the rule by name, rows of samples, noise of the gradient."""
        draws = {name: rng.standard_normal(shape) for name in optimizer.draws}
        rows = (rng.random(size=(batch, *shape[1:])) * len(surface.samples)).astype(int) if batch else None
        return draws, rows, noise * rng.standard_normal(shape) if noise else None

    return surface, w, steps, delay, chance if random else None


def _begun(surface, optimizer, w, steps, chance, delay=0):
    """A run: the state before its first step, and its steps.

    A step is parameters, point of the gradient, gradient and named quantities; a single run ends before one that is
    not finite. Many runs at once are the recorded lines on arrays with an axis of runs; where lines cannot be
    recorded, or a schedule follows the loss of each run, they are made one beside the other.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if w.ndim == len(surface.point_shape):
            first = _start(optimizer, w)
            return first, _single(surface, optimizer, w, steps, chance, delay, first)
        if _driver(optimizer) is None and surface.exact and not isinstance(surface, functions.Function):
            from optlearn.symbolic.trace import NotTraceable, parameter_values, trace

            try:
                program = trace(optimizer)
            except NotTraceable:
                pass
            else:
                values = program.functions[0](w, *parameter_values(optimizer.at(1)))
                first = dict(zip(program.slots, values, strict=True))
                return first, _together(surface, optimizer, program, w, steps, chance, delay, first)
        lanes = [(lane(surface, i), lane(optimizer, i), w[..., i].copy()) for i in range(w.shape[-1])]
        starts = [_start(rule, point) for _, rule, point in lanes]
        first = {name: np.stack([start[name] for start in starts], -1) for name in optimizer.slots}
        return first, _beside(lanes, starts, w.shape, steps, chance, delay)


def _start(optimizer, w):
    """The state before the first step of a run."""
    try:
        return {name: _own(x) for name, x in first_state(optimizer.at(1), guest(w)).items()}
    except Exception as error:
        explain(error, optimizer)
        raise


def _single(surface, optimizer, w, steps, chance, delay, first, ends=True):
    """One run of the lines as they are written."""
    rule = optimizer.at(1)
    driver = _driver(optimizer)
    view = _own(w)
    rows = noise = None
    stale = [view] * (delay + 1)
    # A reader's lines get arrays that they can read but not change, and what they make is kept as `step` keeps it: in
    # memory of its own. Those of the library are tested to change and to hold none.
    guarded = is_own(optimizer)
    pair = w.shape == (2,)
    answers = OnSurface(surface, guarded) if optimizer.needs else None
    oracle, slots = Alone(answers), optimizer.slots
    s = Slots(first) if answers is None else Asking(first, oracle)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        update = Update(w, **first)
        try:
            for t in range(1, steps + 1):
                if optimizer.scheduled:
                    rule = (driver.at(t - 1) if driver else optimizer).at(t)
                if chance is not None:
                    draws, rows, noise = chance(w.shape)
                    if draws:
                        drawn = {**s.__dict__, **draws}
                        s = Slots(drawn) if answers is None else Asking(drawn, oracle)
                if delay == 0:
                    at = rule.probe(view, s, t)
                else:
                    stale = [*stale[1:], view]
                    at = stale[0]
                g = surface.gradient(at, rows)
                if noise is not None:
                    g = g + noise
                if guarded:
                    g.setflags(write=False)
                if t == 1:
                    seen, = prepare(rule.gradient, [view], [g])
                else:
                    seen = rule.prepared(view, g) if rule.gradient else g
                if answers is not None:
                    answers.begin(rule, at, rows, noise)
                update = rule.update(view, seen, s, t)
                view, named = update.w, update.named
                if answers is not None:
                    answers.end(rule, t)
                if t == 1:
                    complete(rule, update)
                if guarded:
                    view, named = _own(view), {name: _own(x) for name, x in named.items()}
                if pair:
                    x, y = view.tolist()
                    finite = isfinite(x) and isfinite(y)
                elif view.shape != w.shape:
                    raise ValueError
                else:
                    finite = np.isfinite(view).all()
                if not finite and ends:
                    return
                if driver:
                    driver.feed_all(surface(at))
                yield view, at, g, named
                # What is named like a question is no answer to it.
                s = Slots(named) if answers is None else Asking({name: named[name] for name in slots}, oracle)
        except Exception as error:
            explain(error, optimizer, update)
            made = update.w
            if not isinstance(error, InvalidArgument) and not (
                    isinstance(made, np.ndarray) and made.shape == w.shape and made.dtype.kind in "fiub"):
                what = f"parameters of shape {np.shape(made)} and dtype {made.dtype}" if hasattr(made, "dtype") else \
                    f"a {type(made).__name__} of parameters"
                raise InvalidArgument(f"{type(optimizer).__name__}.update made {what}; it must make an array of shape "
                                      f"{w.shape} of real numbers") from error
            raise


def _own(value):
    """A number, or an array of real numbers as floats in memory of its own that cannot be written to."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        value = value.copy() if value.dtype == np.float64 else value.astype(np.float64)
        value.setflags(write=False)
    return value


def _together(surface, optimizer, program, w, steps, chance, delay, state):
    """Many runs as one run of the recorded lines."""
    from optlearn.symbolic.program import SEEN, parameter_values

    _, probe, step = program.functions
    moved = program.probe is not program.symbols["w"]
    names = [name for name in program.lines if name != SEEN]
    answers, told = OnSurface(surface), []
    view, stale, values = w, [w] * (delay + 1), parameter_values(optimizer.at(1))
    rows, noise, draws = None, None, {}
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for t in range(1, steps + 1):
            if optimizer.scheduled:
                values = parameter_values(optimizer.at(t))
            if chance is not None:
                draws, rows, noise = chance(w.shape)
            given = (view, t, *values, *(state[name] for name in program.slots),
                     *(draws[name] for name in program.draws))
            if delay:
                stale = [*stale[1:], view]
                at = stale[0]
            else:
                at = probe(*given)[0] if moved else view
            g = surface.gradient(at, rows)
            if noise is not None:
                g = g + noise
            if program.asked:
                answers.begin(optimizer, at, rows, noise)
                told = program.answered_by(answers.raw, g, *given)
            state = dict(zip(names, step(g, *given, *told), strict=True))
            view = state.pop("w")
            yield view, at, g, state


def _beside(lanes, starts, shape, steps, chance, delay):
    """Many runs, each a run of the lines as they are written, one beside the other with the same draws."""
    drawn = []

    def share(i):
        """What the step draws for run `i`: the first run to ask draws for all."""
        taken = iter(range(steps))

        def mine(_):
            t = next(taken)
            if t == len(drawn):
                drawn.append(chance(shape))
            draws, rows, noise = drawn[t]
            return ({name: x[..., i] for name, x in draws.items()}, None if rows is None else rows[:, i],
                    None if noise is None else noise[..., i])

        return mine

    runs = [_single(surface, rule, w, steps, chance and share(i), delay, starts[i], ends=False)
            for i, (surface, rule, w) in enumerate(lanes)]
    for each in zip(*runs, strict=True):
        view, at, g, named = zip(*each, strict=True)
        yield (*(np.stack(x, -1) for x in (view, at, g)),
               {name: np.stack([values[name] for values in named], -1) for name in named[0]})


def _driver(optimizer):
    """What feeds the schedules that look at the loss, if the optimizer has such."""
    if not optimizer.scheduled:
        return None
    from optlearn.schedules import Driver

    driver = Driver(optimizer)
    return driver if driver.schedules else None
