"""The contract of an update rule: `Optimizer`, and what a file with a rule needs."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Never, Self

import numpy as np

from optlearn import asking, gradients, needs, stepping, tree
from optlearn.declare import Declared, InvalidArgument, hyper, near, option
from optlearn.explain import check_class, explain
from optlearn.gradients import norm
from optlearn.registry import alias, enter, get, names, of_library
from optlearn.state import Slots, State, Update, first_state, guest, guests

if TYPE_CHECKING:
    from collections.abc import Callable

    from optlearn.typing import Params, RuleLike, Transforms, Value

__all__ = ["InvalidArgument", "Optimizer", "State", "Update", "alias", "as_rule", "get", "hyper", "names", "norm",
           "option"]

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
    needs : tuple of str
        What its lines ask of the state besides slots and draws, found in them: ``"loss"``, ``"gradient"``,
        ``"hessian"``, ``"hessian_diagonal"``, ``"sum"``, ``"norm"``.
    takes_matrices : bool
        Whether rows and columns of an array mean something to it; then it cannot make many runs as one array.

    Raises
    ------
    InvalidArgument
        For an unknown name, or a value outside its range.

    Examples
    --------
    >>> class Halved(Optimizer, register=False):
    ...     lr = hyper(0.1, above=0, symbol=r"\\eta")
    ...     def update(self, w: Any, g: Any, s: Any, t: Any) -> Update:
    ...         return Update(w - 0.5 * self.lr * g)
    >>> rule = Halved(lr=0.2)
    >>> w, state = rule.step(np.array([1.0]), np.array([1.0]), rule.init(np.array([1.0])))
    >>> w
    array([0.9])
    """

    name: str = "optimizer"
    identity: str = "optimizer"
    gradient: tuple[gradients.Transform, ...]
    scheduled: bool
    slots: tuple[str, ...] = ()
    draws: tuple[str, ...] = ()
    symbols: dict[str, str] = {}
    direction: str | None = None
    traceable = True
    why_not_traceable = ""
    scale_free: dict[str, float] | None = None
    takes_matrices = False
    needs: Any = needs.Needs()
    _value_kind = "float, array or schedule"
    _reserved: ClassVar[tuple[str, ...]] = ("w", "g", "s", "t", "gradient", "scheduled")

    def __init_subclass__(cls, register: bool = True, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if not of_library(cls):
            check_class(cls, Optimizer)
        enter(cls, register)

    def __init__(self, *given: Never, gradient: Transforms = (), **values: Value | str | None) -> None:
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

    def start(self, w: Any) -> dict[str, Any]:
        """The first state for parameters `w`, by name of slot; zeros where a rule does not say."""
        return {name: 0 * w for name in self.slots}

    def probe(self, w: Any, s: Any, t: Any) -> Any:
        """The point at which step `t` takes the gradient; the parameters where a rule does not say."""
        return w

    def answer(self, w: Any, s: Any, t: Any) -> Any:
        """What is reported and evaluated after step `t`, from what is trained; the same where a rule does not say."""
        return w

    def update(self, w: Any, g: Any, s: Any, t: Any) -> Update:
        """One step: parameters, gradient, state and step number 1, 2, ... in; an `Update` out. Pure."""
        own = [name for name in dir(type(self)) if not hasattr(Optimizer, name) and callable(getattr(type(self), name))]
        close = near("update", own) if own else ""
        raise InvalidArgument(f"{type(self).__name__} has no method update(self, w, g, s, t)"
                              + (close if "did you mean" in close else ""))

    # What every rule gets

    @property
    def values(self) -> dict[str, Any]:
        """Hyperparameters and choices as a dictionary; ``get(rule.name, **rule.values)`` is the same rule."""
        held = super().values
        return {**held, "gradient": self.gradient} if self.gradient else held

    def replace(self, **changes: Any) -> Self:
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

    def config(self) -> dict[str, Any]:
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

    def at(self, t: int) -> Self:
        """The rule with the values that its schedules have in step `t`."""
        if not self.scheduled:
            return self
        gradient = tuple(transform.at(t) for transform in self.gradient)
        return self.bound({**gradients.values_at(self, t), "gradient": gradient})

    @property
    def gradients_per_step(self) -> int:
        """Gradients that a step takes in all; a product with the Hessian, or its diagonal, counts as two."""
        return 1 + needs.gradients_of(needs.asked(self))

    def prepared(self, w: Any, g: Any) -> Any:
        """The gradient as the rule sees it."""
        for transform in self.gradient:
            g = transform(w, g)
        return g

    @staticmethod
    def state_view(values: dict[str, Any]) -> Slots:
        """Slots and draws as attributes, the form in which `update` receives them."""
        return Slots(values)

    def init(self, params: Params) -> State:
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
            slots = [stepping.held(first_state(rule, guest(w)), w, rule=rule, fresh=False) for w in arrays]
        except Exception as error:
            explain(error, self)
            raise
        return State(self.name, 0, [path for path, _ in leaves], slots)

    def step(self, params: Params, grads: Any, state: State, *, loss: float | None = None,
             gradient: Callable[[Any], Any] | None = None, hessian: Callable[[Any], Any] | None = None,
             hessian_diagonal: Any = None, rng: np.random.RandomState | np.random.Generator | None = None,
             nonfinite: Literal["refuse", "propagate"] = "refuse") -> tuple[Params, State]:
        """One step.

        Parameters
        ----------
        params, grads : array or nested dict, list, tuple of arrays
            Parameters and their gradients, of the same structure and shapes.
        state : State
            From `init` or from the step before.
        loss : float, optional
            The loss where the gradient was taken, for a rule that reads ``s.loss``.
        gradient : callable, optional
            A function of parameters that gives their gradient, on the batch of `grads`, for a rule that asks for
            ``s.gradient(point)``.
        hessian : callable, optional
            A function of arrays `v` like the parameters that gives the product of the Hessian, where the gradient was
            taken, with them, for a rule that asks for ``s.hessian(v)``.
        hessian_diagonal : arrays like the parameters or callable, optional
            The diagonal of that Hessian, or a function without arguments that gives it; default: by `hessian`, one
            product a parameter.
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
            not, the lines of the rule are wrong, or the rule asks for what is not given.

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
        asks = self.needs
        leaves, gradient_leaves = tree.flatten(params, "params"), tree.flatten(grads, "grads")
        new, slots = [], []
        # A quotient that np.where passes over may be 0/0; what counts is the result, which is looked at.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            stepping.check_step(self, leaves, gradient_leaves, state, nonfinite, rng)
            if asks:
                given = {"loss": loss, "gradient": gradient, "hessian": hessian, "hessian_diagonal": hessian_diagonal}
                needs.check_given(self, given)
            t, look = state.t + 1, nonfinite == "refuse"
            try:
                rule = self.at(t)
                ws = guests(*(np.asarray(w) for _, w in leaves))
                # The function that gives a further gradient may write it where it wrote this one.
                gs = [(np.array if asks else np.asarray)(g) for _, g in gradient_leaves]
                gs = gradients.prepare(rule.gradient, ws, guests(*gs))
            except Exception as error:
                explain(error, self)
                raise
            if asks:
                made_of = stepping.answered(rule, ws, gs, state.slots, t, look, rng,
                                            asking.Given(rule, params, ws, given))
            for i, (w, g, old) in enumerate(zip(ws, gs, state.slots, strict=True)):
                if asks:
                    made, kept, finite = made_of[i]
                else:
                    s = stepping.seen_state(rule, w, old, rng)
                    blocks = w.nbytes > stepping.BLOCK and stepping.separable(rule)
                    step = stepping.blockwise if blocks else stepping.whole
                    made, kept, finite = step(rule, w, guest(g), s, t, look)
                if not finite:
                    stepping.refuse_step(self, state.paths[i], w, old, made, kept, t)
                new.append(made)
                slots.append(kept)
        return tree.unflatten(params, new), State(self.name, t, state.paths, slots)

    def solution(self, params: Params, state: State) -> Params:
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
        stepping.check_state(self, [path for path, _ in leaves], state)
        if type(self).answer is Optimizer.answer or state.t == 0:
            return params
        made = []
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            try:
                rule = self.at(state.t)
                for (path, w), slots in zip(leaves, state.slots, strict=True):
                    w = tree.computable(w, "params" + path)
                    s = Slots({name: guest(value) for name, value in slots.items()})
                    made.append(stepping.as_given(rule.answer(guest(w), s, state.t), w, self))
            except Exception as error:
                explain(error, self)
                raise
        return tree.unflatten(params, made)

    # What a rule shows of itself

    def equation(self, kind: Literal["latex", "mathml"] = "latex") -> str:
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

    def source(self) -> str:
        """The source of `update` (and of `start`, `probe` and `answer` where the rule has them)."""
        own = [getattr(type(self), name) for name in ("start", "probe", "update", "answer")
               if getattr(type(self), name) is not getattr(Optimizer, name)]
        return "\n".join(inspect.cleandoc("\n" + inspect.getsource(method)) for method in own)

    def _repr_latex_(self):
        return "$$" + self.equation() + "$$"

    def _repr_html_(self):
        from optlearn.symbolic.card import card

        return card(self)


def as_rule(rule: RuleLike) -> Optimizer:
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
