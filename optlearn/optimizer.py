"""The contract of an update rule: `Optimizer`, `Update`, `State` and the registry."""

import functools
import inspect
import math
import numbers
import os
import re

import numpy as np

from optlearn import gradients, tree
from optlearn.declare import Declared, InvalidArgument, Lesson, hyper, near, option
from optlearn.explain import check_class, complete, explain
from optlearn.gradients import norm

__all__ = ["InvalidArgument", "Optimizer", "State", "Update", "get", "hyper", "names", "norm", "option"]

# Rules by name. A name is one rule's: that of the library keeps its own, and a reader's class of the same name gets
# another one, so that nothing that finds rules by name can mistake them.
_registry = {}
_aliases = {}
_versions = {}


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
        object.__setattr__(self, "__dict__", values)

    def __setattr__(self, name, value):
        raise Lesson("the state that came in does not change; the next state is what update returns: "
                     f"Update(new_w, {name}=...)")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        known = vars(self)
        close = near(name, known) if known else ""
        raise Lesson(f"the state has no {name!r}" + (close if "did you mean" in close else
                     f"; what is kept from step to step is named in the class: slots = ({name!r},)"))

    def __getitem__(self, name):
        raise Lesson(f"the state has attributes; write s.{name}")


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
        what `gradient` holds; `replace` changes the one that is there. A rule with a decay of its own declares
        `weight_decay` itself.
    **values : float, array or callable
        Hyperparameters: a number, an array (a sweep) or a function of the step index 0, 1, 2, ... (a schedule).

    Attributes
    ----------
    name : str
        The name by which `get` finds it, made from that of the class. A reader's class of the name of a library rule
        gets ``own_`` before it.
    identity : str
        The name, with a number if there were classes of that name before: no two classes have the same.
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

    name = identity = "optimizer"
    slots = ()
    draws = ()
    symbols = {}
    direction = None
    traceable = True
    why_not_traceable = ""
    scale_free = None
    takes_matrices = False
    _value_kind = "float, array or schedule"
    _reserved = ("w", "g", "s", "t", "gradient", "scheduled")

    def __init_subclass__(cls, register=True, **keywords):
        super().__init_subclass__(**keywords)
        library = _of_library(cls)
        if not library:
            check_class(cls, Optimizer)
        name = _key(vars(cls).get("name") or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__))
        if not library and (name in _aliases or (name in _registry and _of_library(_registry[name]))):
            name = f"own_{name}"
        _versions[name] = 1 if library else _versions.get(name, 0) + 1
        cls.name, cls.identity = name, name if _versions[name] == 1 else f"{name}.{_versions[name]}"
        if register:
            _registry[cls.name] = cls

    def __init__(self, *given, gradient=(), **values):
        before = [transform(**{name: value}) for name, transform in self._short().items()
                  if (value := values.pop(name, None)) is not None]
        super().__init__(*given, **values)
        gradient = (gradient,) if isinstance(gradient, gradients.Transform) else tuple(gradient)
        for transform in gradient:
            if not isinstance(transform, gradients.Transform):
                raise InvalidArgument(f"gradient contains {transform!r}; it must hold optlearn.gradients.Transform "
                                      "objects such as ClipNorm(clip_norm=1.0)")
        self.__dict__["gradient"] = (*before, *gradient)
        parts = (self, *self.gradient)
        self.__dict__["scheduled"] = any(callable(part.__dict__[n]) for part in parts for n in part.hypers())

    @classmethod
    def _short(cls):
        """The arguments that stand for a transform of the gradient, with its class."""
        return {name: kind for name, kind in gradients.BY_HYPERPARAMETER.items() if name not in cls._declared}

    @classmethod
    def _arguments(cls):
        return {**super()._arguments(), "gradient": (), **dict.fromkeys(cls._short())}

    # What a rule may override

    def start(self, w):
        """The first state for parameters `w`, by name of slot; zeros where a rule does not say."""
        return {name: 0 * w for name in self.slots}

    def probe(self, w, s, t):
        """The point at which step `t` takes the gradient; the parameters where a rule does not say."""
        return w

    def answer(self, w, s, t):
        """What is reported and evaluated after step `t`, from what is trained; the same where a rule does not say."""
        return w

    def update(self, w, g, s, t):
        """One step: parameters, gradient, state and step number 1, 2, ... in; an `Update` out. Pure."""
        own = [name for name in dir(type(self)) if not hasattr(Optimizer, name) and callable(getattr(type(self), name))]
        close = near("update", own) if own else ""
        raise InvalidArgument(f"{type(self).__name__} has no method update(self, w, g, s, t)"
                              + (close if "did you mean" in close else ""))

    # What every rule gets

    @property
    def values(self):
        """Hyperparameters and choices as a dictionary; ``get(rule.name, **rule.values)`` is the same rule."""
        held = super().values
        return {**held, "gradient": self.gradient} if self.gradient else held

    def replace(self, **changes):
        """A copy with some values changed.

        Parameters
        ----------
        **changes
            Arguments of the class. `rescale_grad`, `clip_gradient` and `weight_decay` change the transform of the
            gradient that is there, add one where none is, and with None take it away.

        Returns
        -------
        Optimizer

        Examples
        --------
        >>> from optlearn import GradientDescent
        >>> GradientDescent(weight_decay=0.1).replace(weight_decay=0.2)
        GradientDescent(lr=0.1, gradient=(Decay(weight_decay=0.2),))
        """
        if "gradient" in changes:
            return super().replace(**changes)
        transforms, short = list(self.gradient), self._short()
        order = list(short.values())
        for name in [name for name in short if name in changes]:
            value, kind = changes.pop(name), short[name]
            found = [i for i, transform in enumerate(transforms) if type(transform) is kind]
            if len(found) > 1:
                raise InvalidArgument(f"{name} = {value!r} is not allowed: {len(found)} transforms of the gradient "
                                      "have a number of that name; replace gradient itself")
            if found:
                at, = found
                transforms[at:at + 1] = [] if value is None else [transforms[at].replace(**{name: value})]
            elif value is not None:
                # Where the constructor puts it.
                earlier = order[:order.index(kind)]
                at = next((i for i, one in enumerate(transforms) if type(one) not in earlier), len(transforms))
                transforms.insert(at, kind(**{name: value}))
        return super().replace(**changes, gradient=tuple(transforms))

    def config(self):
        """The rule as plain data that JSON and YAML can hold; ``get(**rule.config())`` is the same rule.

        Schedules and transforms of the gradient are dictionaries in it. A function of your own is not plain data: write
        it as a `Schedule`.

        Returns
        -------
        dict

        Examples
        --------
        >>> from optlearn import Momentum
        >>> Momentum(lr=0.1, weight_decay=0.01).config()["gradient"]
        [{'transform': 'Decay', 'weight_decay': 0.01}]
        >>> get(**Momentum(lr=0.1).config())
        Momentum(lr=0.1, momentum=0.9, dampening=None, lr_inside=False)
        """
        from optlearn import plain

        return {"name": self.name, **{name: plain.plain(name, value) for name, value in self.values.items()}}

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
        tree.separate(leaves, "params")
        arrays = [tree.computable(w, "params" + path) for path, w in leaves]
        try:
            rule = self.at(1)
            slots = [_held(first_state(rule, guest(w)), w, fresh=False) for w in arrays]
        except Exception as error:
            explain(error, self)
            raise
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
            If structures, shapes or kinds do not fit, a gradient is not finite or makes parameters or state that are
            not, or the lines of the rule are wrong.

        Notes
        -----
        While the rule runs, parameters, gradients and state are views that cannot be written to.

        A model of PyTorch takes the steps through views of its memory::

            params = [p.detach().numpy() for p in model.parameters()]
            state = rule.init(params)
            ...                                                     # loss.backward()
            new, state = rule.step(params, [p.grad.numpy() for p in model.parameters()], state)
            for p, value in zip(params, new):
                p[...] = value                                      # the model has it
        """
        if nonfinite not in ("refuse", "propagate"):
            raise InvalidArgument(f"nonfinite = {nonfinite!r} is not allowed; it must be 'refuse' or 'propagate'")
        leaves, gradient_leaves = tree.flatten(params, "params"), tree.flatten(grads, "grads")
        new, slots = [], []
        # A quotient that np.where passes over may be 0/0; what counts is the result, which is looked at.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            self._check_step(leaves, gradient_leaves, state, nonfinite, rng)
            t, look = state.t + 1, nonfinite == "refuse"
            try:
                rule = self.at(t)
                ws = guests(*(np.asarray(w) for _, w in leaves))
                gs = gradients.prepare(rule.gradient, ws, guests(*(np.asarray(g) for _, g in gradient_leaves)))
            except Exception as error:
                explain(error, self)
                raise
            for i, (w, g, old) in enumerate(zip(ws, gs, state.slots, strict=True)):
                s = {**old, **{name: rng.standard_normal(w.shape).astype(w.dtype) for name in self.draws}}
                s = dict(zip(s, guests(*s.values()), strict=True))
                blocks = w.nbytes > BLOCK and _separable(rule)
                made, kept, finite = (_blockwise if blocks else _whole)(rule, w, guest(g), s, t, look)
                if not finite:
                    self._refuse_step(state.paths[i], w, old, made, kept, t)
                new.append(made)
                slots.append(kept)
        return tree.unflatten(params, new), State(self.name, t, state.paths, slots)

    def solution(self, params, state):
        """The parameters to report, evaluate and keep, where a rule trains others.

        Parameters
        ----------
        params : array or nested dict, list, tuple of arrays
            What is trained: what the last step made.
        state : State
            The state after that step.

        Returns
        -------
        params
            Before the first step, and for a rule without `answer`, what came in.

        Examples
        --------
        >>> from optlearn import GradientDescent
        >>> from optlearn.wrappers import Averaged
        >>> rule = Averaged(GradientDescent(lr=1.0), kind="mean")
        >>> w, state = np.array([4.0]), rule.init(np.array([4.0]))
        >>> for _ in range(3):
        ...     w, state = rule.step(w, np.array([1.0]), state)
        >>> w, rule.solution(w, state)
        (array([1.]), array([2.]))
        """
        leaves = tree.flatten(params, "params")
        self._check_state([path for path, _ in leaves], state)
        if type(self).answer is Optimizer.answer or state.t == 0:
            return params
        made = []
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            try:
                rule = self.at(state.t)
                for (path, w), slots in zip(leaves, state.slots, strict=True):
                    w = tree.computable(w, "params" + path)
                    s = Slots(dict(zip(slots, guests(*slots.values()), strict=True)))
                    made.append(_as_given(rule.answer(guest(w), s, state.t), w, self))
            except Exception as error:
                explain(error, self)
                raise
        return tree.unflatten(params, made)

    def _check_state(self, paths, state):
        """Raise unless a state is one of this rule, for parameters of that structure."""
        if not isinstance(state, State):
            raise InvalidArgument(f"state = {type(state).__name__} is not allowed; it must be the State that "
                                  f"{self.name}.init(params) gives")
        if state.rule != self.name:
            raise InvalidArgument(f"state belongs to {state.rule!r}, not to {self.name!r}; "
                                  "it must come from init of the same rule")
        if list(state.paths) != paths:
            raise InvalidArgument(f"state belongs to parameters of the structure {list(state.paths)}; "
                                  f"params has {paths}")

    def _refuse_step(self, path, w, old, made, kept, t):
        """Raise if a step made values that are not finite from values that are."""
        if not _finite(w):
            raise InvalidArgument(f"params{path} has values that are not finite; parameters must be finite "
                                  "(nonfinite='propagate' lets it through)")
        for name, value in kept.items():
            # What was infinite before may stay so.
            if not _finite(value) and _finite(old.get(name, 0.0)):
                raise InvalidArgument(
                    f"grads{path} makes step {t} of {self.name} give the slot {name!r} values that are not finite; "
                    f"{w.dtype} ends at {np.finfo(w.dtype).max:.2g}: scale or clip the gradient, such as by "
                    "gradient=[ClipNorm(clip_norm=1.0)] (nonfinite='propagate' lets it through)")
        if not _finite(made):
            raise InvalidArgument(f"grads{path} and these hyperparameters make step {t} of {self.name} give "
                                  f"params{path} that are not finite; lr must be smaller, or eps above 0 where "
                                  "0 is divided by 0 (nonfinite='propagate' lets it through)")

    def _check_step(self, leaves, gradient_leaves, state, nonfinite, rng):
        paths = [path for path, _ in leaves]
        self._check_state(paths, state)
        tree.separate(leaves, "params")
        if [path for path, _ in gradient_leaves] != paths:
            raise InvalidArgument(f"grads has the structure {[p for p, _ in gradient_leaves]}; it must be that of "
                                  f"params, {paths}")
        for (path, w), (_, g), slots in zip(leaves, gradient_leaves, state.slots, strict=True):
            tree.computable(w, "params" + path)
            tree.computable(g, "grads" + path)
            if list(slots) != list(self.slots) and set(slots) != set(self.slots):
                raise InvalidArgument(f"state has the slots {', '.join(slots) or 'none'}; this {self.name} has "
                                      f"{', '.join(self.slots) or 'none'}: it must come from init of the same rule")
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
        """The source of `update` (and of `start`, `probe` and `answer` where the rule has them)."""
        own = [getattr(type(self), name) for name in ("start", "probe", "update", "answer")
               if getattr(type(self), name) is not getattr(Optimizer, name)]
        return "\n".join(inspect.cleandoc("\n" + inspect.getsource(method)) for method in own)

    def _repr_latex_(self):
        return "$$" + self.equation() + "$$"

    def _repr_html_(self):
        from optlearn.symbolic.printing import card

        return card(self)


# Temporary arrays of this many bytes stay in the cache of a core.
BLOCK = 2**18


def guest(value):
    """An array as a rule gets it: a view that cannot be written to. Numbers are as they are."""
    if isinstance(value, np.ndarray):
        value = value.view()
        value.setflags(write=False)
    return value


def guests(*values):
    """The values with arrays as read-only views, for the methods of a rule: arrays are its guests.

    Examples
    --------
    >>> w, lr = guests(np.ones(2), 0.1)
    >>> w.flags.writeable, lr
    (False, 0.1)
    """
    return [guest(value) for value in values]


def first_state(rule, w):
    """What ``rule.start(w)`` gives, with all slots and no others."""
    first = rule.start(w)
    if not isinstance(first, dict) or set(first) != set(rule.slots):
        what = f"the slots {', '.join(map(repr, first)) or 'none'}" if isinstance(first, dict) else \
            f"a {type(first).__name__}"
        raise InvalidArgument(f"{type(rule).__name__}.start gives {what}; it must give a dictionary with "
                              + (", ".join(map(repr, rule.slots)) or "nothing") + ", the slots of its class")
    return first


def _whole(rule, w, g, s, t, look):
    """New parameters and slots of one array, and whether they are finite, if one is to look."""
    made = None
    try:
        made = rule.update(w, g, Slots(s), t)
        named = made.named
        slots = {name: named[name] for name in rule.slots}
        if made.w is None:
            complete(rule, made)
    except Exception as error:
        explain(error, rule, made)
        raise
    new = _as_given(made.w, w, rule)
    slots = _held(slots, w, new, rule=rule)
    return new, slots, not look or (_finite(new) and all(map(_finite, slots.values())))


def _blockwise(rule, w, g, s, t, look):
    """The same, block by block: large arrays pass through memory once, and through all cores at the same time."""
    # Once glibc has seen a large piece of memory come and go, it keeps the smaller ones that are freed. Otherwise it
    # hands those of each block back to the system, which has to zero them again for the next.
    np.empty(2**24, dtype=np.uint8)
    new, flat_w, flat_g = np.empty_like(w, order="C"), *guests(w.reshape(-1), g.reshape(-1))
    flat_s = {name: guest(np.reshape(value, -1)) if np.ndim(value) else value for name, value in s.items()}
    slots = {name: np.empty_like(new) if np.ndim(s[name]) else s[name] for name in rule.slots}

    def work(parts):
        fine = True
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for part in parts:
                here = {name: value[part] if np.ndim(value) else value for name, value in flat_s.items()}
                new.reshape(-1)[part], kept, finite = _whole(rule, flat_w[part], flat_g[part], here, t, look)
                fine = fine and finite
                for name, value in kept.items():
                    if np.ndim(value):
                        slots[name].reshape(-1)[part] = value
                    else:
                        slots[name] = value
        return fine

    return new, slots, all(in_threads(work, list(_blocks(w))))


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
    from optlearn.symbolic.trace import trace

    try:
        return trace(rule).separable and not any(isinstance(value, np.ndarray) for part in (rule, *rule.gradient)
                                                 for value in part.values.values())
    # Whatever a reader's lines raise while they are recorded: the step itself needs no record.
    except Exception:
        return False


def _finite(array):
    """Whether all numbers of an array, or a number, are finite."""
    if not isinstance(array, np.ndarray):
        return bool(np.isfinite(array))
    flat = np.asarray(array).reshape(-1)
    if array.nbytes <= BLOCK // 8:
        # The sum of squares is not finite where a number is not, and hardly otherwise; it takes a third of the time.
        return math.isfinite(flat.dot(flat)) or bool(np.isfinite(flat).all())
    blocks = list(_blocks(flat))

    def work(parts):
        return all(np.isfinite(flat[part]).all() for part in parts)

    # Threads for a few blocks would take longer to wake than to work.
    return all(in_threads(work, blocks)) if len(blocks) > 32 else work(blocks)


def _held(slots, w, *taken, rule=None, fresh=True):
    """Slots as they are kept: arrays of the parameters' dtype, or single numbers; none in the memory of another."""
    arrays, held, taken = w.ndim == 0, {}, list(taken)
    for name, value in slots.items():
        if arrays or np.ndim(value):
            value = _as_given(value, w, rule, name, fresh and not any(value is other for other in taken))
            taken.append(value)
        elif isinstance(value, np.ndarray):
            value = value[()]
        elif not isinstance(value, (numbers.Number, np.bool_)):
            raise InvalidArgument(f"a step made the slot {name!r} a {type(value).__name__}; it must be an array or a "
                                  "number")
        held[name] = value
    return held


def _fits(shape, whole):
    """Whether a slot's shape is that of the parameters, or one along some axes, as row means are."""
    return len(shape) == len(whole) and all(n in (1, m) for n, m in zip(shape, whole, strict=True))


def _as_given(value, w, rule, slot=None, fresh=True):
    """What a step made, as an array of the parameters' dtype in memory of its own."""
    array = np.asarray(value)
    if array.shape != w.shape and not (slot and _fits(array.shape, w.shape)):
        what = f"the slot {slot!r}" if slot else "parameters"
        swept = rule is not None and any(isinstance(v, np.ndarray) for v in rule.values.values())
        raise InvalidArgument(
            f"a step made an array of shape {array.shape} from parameters of shape {w.shape}; "
            + ("a hyperparameter that is an array (a sweep) must fit the shape of the parameters" if swept else
               f"update must make {what} of the shape of the parameters"))
    if array.dtype != w.dtype:
        if array.dtype.kind not in "fiub":
            raise InvalidArgument(f"a step made {f'the slot {slot!r}' if slot else 'parameters'} of dtype "
                                  f"{array.dtype} from parameters of dtype {w.dtype}; update must make real numbers")
        return array.astype(w.dtype)
    # A view belongs to somebody: guests are views that cannot be written to.
    return array if fresh and array.base is None and array.flags.writeable else array.copy()


def _key(name):
    return str(name).lower().replace("-", "_").replace(" ", "_")


def _of_library(cls):
    return cls.__module__.startswith(("optlearn.rules.", "optlearn.wrappers.", "optlearn.groups"))


def get(name, *, convention=None, **values):
    """The rule of that name.

    Parameters
    ----------
    name : str
        Name of a rule, such as ``"adam"``, or an alias, such as ``"sgd"``. See `names`. ``"lookahead(adam)"`` is a
        wrapper around a rule; see `optlearn.wrappers`.
    convention : {"torch", "keras", "optax", "mxnet"}, optional
        The library whose form and defaults the rule shall have; `name` and `values` may then be that library's.
    **values
        Its hyperparameters and choices, also as plain data: numbers as text, schedules and transforms of the
        gradient as dictionaries, as `Optimizer.config` gives them.

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
    from optlearn import plain

    values = {key: plain.made(value) for key, value in values.items()}
    if convention is not None:
        from optlearn import conventions

        name, values = conventions.translate(convention, name, values)
    if "(" in str(name):
        from optlearn.wrappers.base import wrapped

        return wrapped(_key(name), values)
    if name == "groups":
        from optlearn.groups import Groups

        return Groups(**values)
    key, values = resolve(name, values)
    return _registry[key](**values)


def as_rule(rule):
    """The rule that an Optimizer, a class of such, a name or a configuration stands for.

    Examples
    --------
    >>> as_rule("adam") == as_rule({"name": "adam"}) == as_rule(get("adam"))
    True
    """
    if isinstance(rule, Optimizer):
        return rule
    if isinstance(rule, type) and issubclass(rule, Optimizer):
        return rule()
    if isinstance(rule, str):
        return get(rule)
    if isinstance(rule, dict) and "name" in rule:
        return get(**rule)
    raise InvalidArgument(f"optimizer = {rule!r} is not allowed; it must be an Optimizer such as Adam(lr=0.1), or the "
                          "name of one")


def resolve(name, values):
    """The registered name and the values that a name or alias and values stand for."""
    key = _key(name)
    if key in _aliases and key not in _registry:
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
