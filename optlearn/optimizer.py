"""The contract of an update rule: `Optimizer`, `Update`, `State` and the registry."""

import functools
import inspect
import os
import re

import numpy as np

from optlearn import gradients, tree
from optlearn.declare import Declared, InvalidArgument, hyper, near, option

__all__ = ["InvalidArgument", "Optimizer", "State", "Update", "get", "hyper", "names", "option"]

_registry = {}
_aliases = {}


class Update:
    """What one step made: the new parameters `w`, and the quantities that the rule names.

    The named quantities that are slots of the rule are its next state; the others are internals, which
    trajectories record, equations show and animations draw.

    Parameters
    ----------
    w : array
        New parameters.
    **named : array or float
        Named quantities.
    """

    __slots__ = ("w", "named")

    def __init__(self, w, **named):
        self.w = w
        self.named = named


class Slots:
    """The state of one array of parameters: its slots as attributes."""

    def __init__(self, values):
        self.__dict__ = values


class State:
    """The state of an optimizer: the number of steps taken and the slots of every array of parameters.

    Attributes
    ----------
    rule : str
        Name of the rule it belongs to.
    t : int
        Steps taken.
    paths : tuple of str
        Place of each array in the nested parameters, such as ``"['layer1'][0]"``.
    slots : tuple of dict
        The slots of each array, by name.
    """

    def __init__(self, rule, t, paths, slots):
        self.rule, self.t, self.paths, self.slots = rule, t, tuple(paths), tuple(slots)

    def __getitem__(self, name):
        """The slot `name` of the only array, or of all arrays as a list."""
        if not self.slots or name not in self.slots[0]:
            known = self.slots[0] if self.slots else ()
            raise InvalidArgument(f"the state of {self.rule} has no slot {name!r}{near(name, known)}")
        values = [slots[name] for slots in self.slots]
        return values[0] if self.paths == ("",) else values

    def __repr__(self):
        slots = ", ".join(self.slots[0]) if self.slots else ""
        return f"State({self.rule}, t={self.t}, {len(self.paths)} array(s), slots: {slots or 'none'})"


class Optimizer(Declared):
    """An update rule.

    A subclass declares its numbers with `hyper`, its choices with `option`, the names of its state in `slots`,
    and writes one pure method, `update`. That registers it by name and gives it numbers (`step`,
    `optlearn.run`), its equation, a page (`optlearn.explore`) and a compiled kernel.

    Parameters
    ----------
    gradient : sequence of optlearn.gradients.Transform, optional
        What is done to a gradient before the rule sees it, in the order written.
    rescale_grad, clip_gradient, weight_decay : float, optional
        Short for ``gradient=[Rescale(rescale_grad), Clip(clip_gradient), Decay(weight_decay)]``, put before
        what `gradient` holds. A rule with a decay of its own declares `weight_decay` itself.
    **values : float, array or callable
        Hyperparameters: a number, an array (a sweep) or a function of the step index 0, 1, 2, ... (a schedule).

    Attributes
    ----------
    slots : tuple of str
        Names of the state that is kept from step to step for each array of parameters.
    draws : tuple of str
        Names of standard normal arrays that a run supplies as attributes of the state.
    direction : str or None
        The named quantity (or ``"g"``) whose coordinates the rule scales, if it does.
    symbols : dict
        LaTeX of named quantities whose symbol their name does not tell.
    traceable : bool
        Whether the rule has equation, page and kernel; if not, `why_not_traceable` says why.
    scale_free : dict or None
        Values with which gradients multiplied by a positive number give the same steps; None if there are none.
    takes_matrices : bool
        Whether rows and columns of an array mean something to it; then it cannot make many runs as one array.

    Raises
    ------
    InvalidArgument
        For an unknown name, or a value outside its range.

    Examples
    --------
    >>> class Halved(Optimizer):
    ...     lr = hyper(0.1, above=0, symbol=r"\\eta")
    ...     def update(self, w, g, s, t):
    ...         return Update(w - 0.5 * self.lr * g)
    >>> rule = get("halved", lr=0.2)
    >>> w, state = rule.step(np.array([1.0]), np.array([1.0]), rule.init(np.array([1.0])))
    >>> w
    array([0.9])
    """

    slots = ()
    draws = ()
    symbols = {}
    direction = None
    traceable = True
    why_not_traceable = ""
    scale_free = None
    takes_matrices = False

    def __init_subclass__(cls, register=True, **keywords):
        super().__init_subclass__(**keywords)
        if "name" not in vars(cls):
            cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
        _describe(cls)
        if register:
            _registry[cls.name] = cls

    def __init__(self, *, gradient=(), **values):
        before = []
        for name, transform in gradients.BY_HYPERPARAMETER.items():
            if name in values and name not in self._declared:
                before.append(transform(**{name: values.pop(name)}))
        super().__init__(**values)
        for transform in (*before, *gradient):
            if not isinstance(transform, gradients.Transform):
                raise InvalidArgument(f"gradient contains {transform!r}; it must hold optlearn.gradients.Transform "
                                      "objects such as ClipNorm(clip_norm=1.0)")
        self.__dict__["gradient"] = (*before, *gradient)
        parts = (self, *self.gradient)
        self.__dict__["scheduled"] = any(callable(part.__dict__[n]) for part in parts for n in part.hypers())

    # What a rule may override

    def start(self, w):
        """The first state for parameters `w`, by name of slot; zeros where a rule does not say."""
        return {name: 0 * w for name in self.slots}

    def probe(self, w, s, t):
        """The point at which step `t` takes the gradient; the parameters where a rule does not say."""
        return w

    def update(self, w, g, s, t):
        """One step: parameters, gradient, state and step number 1, 2, ... in; an `Update` out. Pure."""
        raise TypeError(f"{type(self).__name__} has no method update(self, w, g, s, t)")

    # What every rule gets

    @property
    def values(self):
        """Hyperparameters and choices as a dictionary; ``get(rule.name, **rule.values)`` is the same rule."""
        held = super().values
        return {**held, "gradient": self.gradient} if self.gradient else held

    def at(self, t):
        """The rule with the values that its schedules have in step `t`."""
        if not self.scheduled:
            return self
        gradient = tuple(transform.at(t) for transform in self.gradient)
        return self.bound({**gradients.values_at(self, t), "gradient": gradient})

    def prepared(self, w, g):
        """The gradient as the rule sees it."""
        for transform in self.gradient:
            g = transform(w, g)
        return g

    @staticmethod
    def state_view(values):
        """Slots and draws as attributes, the form in which `update` receives them."""
        return Slots(values)

    def init(self, params):
        """The state before the first step.

        Parameters
        ----------
        params : array or nested dict, list, tuple of arrays
            Parameters of float32 or float64.

        Returns
        -------
        State
        """
        leaves = tree.flatten(params, "params")
        rule = self.at(1)
        slots = [_held(rule.start(tree.computable(w, "params" + path)), w) for path, w in leaves]
        return State(self.name, 0, [path for path, _ in leaves], slots)

    def step(self, params, grads, state, *, rng=None, nonfinite="refuse"):
        """One step.

        Parameters
        ----------
        params, grads : array or nested dict, list, tuple of arrays
            Parameters and their gradients, of the same structure and shapes.
        state : State
            From `init` or from the step before.
        rng : numpy.random.Generator or RandomState, optional
            Source of the draws of a random rule such as SGLD.
        nonfinite : {"refuse", "propagate"}
            Whether a gradient with NaN or infinite values is an error, or a step that gives such parameters.

        Returns
        -------
        params, state
            New objects; nothing that came in is changed.

        Raises
        ------
        InvalidArgument
            If structures, shapes or kinds do not fit, or a gradient is not finite.
        """
        if nonfinite not in ("refuse", "propagate"):
            raise InvalidArgument(f"nonfinite = {nonfinite!r} is not allowed; it must be 'refuse' or 'propagate'")
        leaves, gradient_leaves = tree.flatten(params, "params"), tree.flatten(grads, "grads")
        self._check_step(leaves, gradient_leaves, state, nonfinite, rng)
        t = state.t + 1
        rule = self.at(t)
        views = [tree.computable(w, "params" + path) for path, w in leaves]
        grads = gradients.prepare(rule.gradient, views, [np.asarray(g) for _, g in gradient_leaves])
        new, slots = [], []
        for w, g, old in zip(views, grads, state.slots, strict=True):
            s = {**old, **{name: rng.standard_normal(w.shape).astype(w.dtype) for name in self.draws}}
            # A quotient that np.where passes over may be 0/0; what counts is the result, looked at below.
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                made, kept = (_blockwise if w.nbytes > BLOCK and _separable(rule) else _whole)(rule, w, g, s, t)
                new.append(made)
                slots.append(kept)
            if nonfinite == "refuse" and not _finite(new[-1]):
                path = state.paths[len(new) - 1]
                raise InvalidArgument(f"grads{path} and these hyperparameters make step {t} of {self.name} give "
                                      f"params{path} that are not finite; lr must be smaller, or eps above 0 where "
                                      "0 is divided by 0 (nonfinite='propagate' lets it through)")
        return tree.unflatten(params, new), State(self.name, t, state.paths, slots)

    def _check_step(self, leaves, gradient_leaves, state, nonfinite, rng):
        if not isinstance(state, State):
            raise InvalidArgument(f"state = {type(state).__name__} is not allowed; it must be the State that "
                                  f"{self.name}.init(params) gives")
        if state.rule != self.name:
            raise InvalidArgument(f"state belongs to {state.rule!r}, not to {self.name!r}; "
                                  "it must come from init of the same rule")
        paths = [path for path, _ in leaves]
        if [path for path, _ in gradient_leaves] != paths:
            raise InvalidArgument(f"grads has the structure {[p for p, _ in gradient_leaves]}; it must be that of "
                                  f"params, {paths}")
        if list(state.paths) != paths:
            raise InvalidArgument(f"state belongs to parameters of the structure {list(state.paths)}; "
                                  f"params has {paths}")
        for (path, w), (_, g), slots in zip(leaves, gradient_leaves, state.slots, strict=True):
            tree.computable(g, "grads" + path)
            if np.shape(g) != np.shape(w):
                raise InvalidArgument(f"grads{path} has shape {np.shape(g)}; it must be that of params{path}, "
                                      f"{np.shape(w)}")
            for name, value in slots.items():
                if np.ndim(value) and not _fits(np.shape(value), np.shape(w)):
                    raise InvalidArgument(f"state slot {name!r} of params{path} has shape {np.shape(value)}; "
                                          f"the parameters have {np.shape(w)}")
            if nonfinite == "refuse" and not _finite(g):
                raise InvalidArgument(f"grads{path} has values that are not finite; a gradient must be finite "
                                      "(nonfinite='propagate' lets it through)")
        if self.draws and rng is None:
            raise InvalidArgument(f"rng = None is not allowed for {self.name}; it must be a random generator")

    # What a rule shows of itself

    def equation(self, kind="latex"):
        """The update as an equation, made from the lines of the rule.

        Parameters
        ----------
        kind : {"latex", "mathml"}
            Form of the equation.

        Returns
        -------
        str
        """
        from optlearn.symbolic.printing import equation

        return equation(self, kind)

    def source(self):
        """The source of `update` (and of `probe` and `start` where the rule has them)."""
        own = [getattr(type(self), name) for name in ("start", "probe", "update")
               if getattr(type(self), name) is not getattr(Optimizer, name)]
        return "\n".join(inspect.cleandoc("\n" + inspect.getsource(method)) for method in own)

    def _repr_latex_(self):
        return "$$" + self.equation() + "$$"

    def _repr_html_(self):
        from optlearn.symbolic.printing import card

        return card(self)


def _describe(cls):
    """Put the declared numbers and choices into the docstring, so they are stated once."""
    if not cls._declared or not cls.__doc__ or "\n    Parameters\n" in cls.__doc__:
        return
    lines = ["    Parameters", "    ----------"]
    for name, d in cls._declared.items():
        kind = "float, array or schedule" if isinstance(d, hyper) else "choice"
        default = f"{d.default:g}" if isinstance(d, hyper) and d.default is not None else repr(d.default)
        symbol = f"; symbol {d.symbol}." if isinstance(d, hyper) else "."
        lines += [f"    {name} : {kind}, default {default}", f"        {d.range[0].upper() + d.range[1:]}{symbol}"]
    table = "\n".join(lines) + "\n"
    body = cls.__doc__.rstrip() + "\n"
    at = re.search(r"\n    (Returns|Raises|See Also|Notes|References|Examples)\n    -", body)
    cls.__doc__ = body[:at.start()] + "\n" + table + body[at.start():] if at else body + "\n" + table + "\n    "


# Temporary arrays of this many bytes stay in the cache of a core.
BLOCK = 2**18


def _whole(rule, w, g, s, t):
    """New parameters and slots of one array."""
    update = rule.update(w, g, Slots(s), t)
    return _as_given(update.w, w), _held({name: update.named[name] for name in rule.slots}, w, g)


def _blockwise(rule, w, g, s, t):
    """The same, block by block: large arrays pass through memory once, and through all cores at the same time."""
    # Once glibc has seen a large piece of memory come and go, it keeps the smaller ones that are freed. Otherwise it
    # hands those of each block back to the system, which has to zero them again for the next.
    np.empty(2**24, dtype=np.uint8)
    new, flat_w, flat_g = np.empty_like(w, order="C"), w.reshape(-1), g.reshape(-1)
    flat_s = {name: np.reshape(value, -1) if np.ndim(value) else value for name, value in s.items()}
    slots = {name: np.empty_like(new) if np.ndim(s[name]) else s[name] for name in rule.slots}

    def work(parts):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for part in parts:
                here = {name: value[part] if np.ndim(value) else value for name, value in flat_s.items()}
                new.reshape(-1)[part], kept = _whole(rule, flat_w[part], flat_g[part], here, t)
                for name, value in kept.items():
                    if np.ndim(value):
                        slots[name].reshape(-1)[part] = value
                    else:
                        slots[name] = value

    in_threads(work, list(_blocks(w)))
    return new, slots


@functools.cache
def _threads(cores, process):
    """Threads that wait for work: to start them takes longer than many a step. A forked process needs its own."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(cores)


def in_threads(work, parts):
    """Call ``work`` with shares of the parts in as many threads as there are cores; what it returned, as a list."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores == 1 or len(parts) < 2:
        return [work(parts)] if parts else []
    # More shares than cores: a core that also does something else then takes fewer.
    share = -(-len(parts) // (4 * cores))
    return list(_threads(cores, os.getpid()).map(work, [parts[i:i + share] for i in range(0, len(parts), share)]))


def _blocks(array):
    """Slices of the flat array."""
    length = BLOCK // array.itemsize
    return (slice(start, min(start + length, array.size)) for start in range(0, array.size, length))


def _separable(rule):
    """Whether a coordinate of a step depends on that coordinate alone, as the recorded lines of the rule tell."""
    from optlearn.symbolic.trace import NotTraceable, trace

    try:
        return trace(rule).separable and not any(isinstance(value, np.ndarray) for value in rule.values.values())
    except NotTraceable:
        return False


def _finite(array):
    """Whether all numbers of an array are finite."""
    flat = np.asarray(array).reshape(-1)
    blocks = list(_blocks(flat))

    def work(parts):
        return all(np.isfinite(flat[part]).all() for part in parts)

    # Threads for a few blocks would take longer to wake than to work.
    return all(in_threads(work, blocks)) if len(blocks) > 32 else work(blocks)


def guest(value):
    """An array as a rule gets it: a view that cannot be written to. Numbers are as they are."""
    if isinstance(value, np.ndarray):
        value = value.view()
        value.setflags(write=False)
    return value


def _held(slots, w, *given):
    """Slots as they are kept: arrays of the parameters' dtype, or single numbers."""
    arrays = np.shape(w) == () and np.size(w)
    return {name: _as_given(value, w, *given, slot=True) if arrays or np.ndim(value) else value
            for name, value in slots.items()}


def _fits(shape, whole):
    """Whether a slot's shape is that of the parameters, or one along some axes, as row means are."""
    return len(shape) == len(whole) and all(n in (1, m) for n, m in zip(shape, whole, strict=True))


def _as_given(value, w, *given, slot=False):
    array = np.asarray(value)
    if array.shape != w.shape and not (slot and _fits(array.shape, w.shape)):
        raise InvalidArgument(f"a step made an array of shape {array.shape} from parameters of shape {w.shape}; a "
                              "hyperparameter that is an array (a sweep) must fit the shape of the parameters")
    if array.dtype != w.dtype:
        array = array.astype(w.dtype)
    # A state that holds the caller's own array would change with it.
    return array.copy() if any(array is other for other in (w, *given)) else array


def get(name, *, convention=None, **values):
    """The rule of that name.

    Parameters
    ----------
    name : str
        Name of a rule, such as ``"adam"``, or an alias, such as ``"sgd"``. See `names`.
    convention : {"torch", "keras", "optax", "mxnet"}, optional
        The library whose form and defaults the rule shall have; `name` and `values` may then be that library's.
    **values
        Its hyperparameters and choices.

    Returns
    -------
    Optimizer

    Raises
    ------
    InvalidArgument
        For an unknown name, with the near ones; for unknown or disallowed values.

    Examples
    --------
    >>> get("gradient_descent", lr=0.5)
    GradientDescent(lr=0.5)
    >>> get("SGD", convention="keras", learning_rate=0.5, momentum=0.9)
    Momentum(lr=0.5, momentum=0.9, dampening=None, lr_inside=True)
    """
    if convention is not None:
        from optlearn import conventions

        name, values = conventions.translate(convention, name, values)
    key, values = resolve(name, values)
    return _registry[key](**values)


def resolve(name, values):
    """The registered name and the values that a name or alias and values stand for."""
    key = str(name).lower().replace("-", "_").replace(" ", "_")
    if key in _aliases:
        key, fixed = _aliases[key]
        key, values = key(values) if callable(key) else (key, {**fixed, **values})
    if key not in _registry:
        raise InvalidArgument(f"name = {name!r} is not a known rule{near(key, [*_registry, *_aliases])}")
    return key, values


def alias(name, rule, **values):
    """Let `get` find a rule by another name, with values fixed unless they are given.

    `rule` may also be a function of the given values that chooses: values in, name and values out.
    """
    _aliases[name] = (rule, values)


def names():
    """The names of all rules.

    Examples
    --------
    >>> "adam" in names()
    True
    """
    return sorted(_registry)
