"""What a run on a surface leaves behind: all that it did, and what its rule reports."""

from __future__ import annotations

import functools
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from optlearn.declare import InvalidArgument
from optlearn.needs import asked, gradients_of
from optlearn.optimizer import Optimizer
from optlearn.optional import data_frame
from optlearn.state import Slots, guest
from optlearn.surfaces import Surface

MOST_COLUMNS = 100

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optlearn.explorer.animation import Animation
    from optlearn.typing import Array, Floats


class Trajectory:
    """A recorded run.

    Attributes
    ----------
    surface : Surface or Function
    optimizer : Optimizer
    w : array (steps + 1, 2) or (steps + 1, 2, N)
        Parameters: ``w[0]`` is the start, ``w[t]`` what step t made. Of a function of an array the shape of that
        stands in place of the 2.
    answer : array like `w`
        What the rule reports after each step, where it trains other parameters (`Optimizer.solution`); else `w`.
    loss, answer_loss : array (steps + 1,) or (steps + 1, N)
        Value of the surface at `w` and at `answer`.
    g, probe : array (steps, 2) or (steps, 2, N)
        Gradient of step t + 1 and the point where it was taken.
    steps : int
        Steps made; fewer than asked for if the run diverged.
    kept : array
        The numbers of the steps after which there is a row in `w`; 0, 1, ..., `steps`, unless the run was told to
        keep fewer.
    gradients : array of int
        Gradients taken until after each kept step: one a step for most rules (`Optimizer.gradients_per_step`).
    diverged : int or None
        The step that was not finite, if one was.
    reason : str
        Why the run ended.
    """

    def __init__(self, surface: Any, optimizer: Optimizer, rows: list[Floats], named: dict[str, Floats],
                 diverged: int | None, kept: Array | None = None) -> None:
        self.surface, self.optimizer = surface, optimizer
        self.w, self.probe, self.g = rows
        self.steps = len(self.w) - 1 if kept is None else int(kept[-1])
        self.named, self.diverged = named, diverged
        if kept is not None:
            self.kept = kept

    @functools.cached_property
    def kept(self) -> Array:
        """The steps of the rows, where all are kept."""
        return np.arange(len(self.w))

    @property
    def single(self) -> bool:
        """Whether this is one run, not several at once."""
        return self.w.ndim == 1 + len(self.surface.point_shape)

    @functools.cached_property
    def reason(self) -> str:
        """Why the run ended, and from when on a part of the state is not finite."""
        reason = f"{self.steps} steps" if self.diverged is None else f"diverged at step {self.diverged}"
        for name in self.optimizer.slots if self.single else ():
            values = self.named[name]
            lost = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
            if len(lost) and lost[0] > 0:
                reason += f", {name} is not finite from step {self.kept[lost[0]]} on"
        return reason

    @functools.cached_property
    def loss(self) -> Floats:
        """Value of the surface at `w`, computed when first asked for."""
        return self._values(self.w)

    @functools.cached_property
    def gradients(self) -> Array:
        """Gradients taken until after each step, computed when first asked for."""
        by_differences = not hasattr(self.surface, "hessian")
        kinds = asked(self.optimizer)
        return self.kept * (1 + gradients_of(kinds, np.prod(self.surface.point_shape, dtype=int) if by_differences
                                             else 1))

    @functools.cached_property
    def answer(self) -> Floats:
        """What the rule reports after each step, computed when first asked for."""
        rule = self.optimizer
        return self.w if type(rule).answer is Optimizer.answer else _answers(self)

    @functools.cached_property
    def answer_loss(self) -> Floats:
        """Value of the surface at `answer`, computed when first asked for."""
        return self.loss if self.answer is self.w else self._values(self.answer)

    def _values(self, w):
        with np.errstate(over="ignore", invalid="ignore"):
            return self.surface.along(w)

    def __getitem__(self, name: str) -> Floats:
        """State (steps + 1 values, the first before step 1) or internals (a value a step) by name."""
        if name not in self.named:
            raise InvalidArgument(f"this run has no quantity {name!r}; it has {', '.join(self.named) or 'none'}")
        return self.named[name]

    def __repr__(self) -> str:
        end = f", {self.surface.ends(self)}" if self.single else f", {self.w.shape[-1]} runs"
        if len(self.gradients) > 1 and self.gradients[1] > self.kept[1]:
            end += f", {self.gradients[1] // self.kept[1]} gradients a step"
        if not hasattr(self.surface, "hessian") and {"hessian", "hessian_diagonal"} & {*self.optimizer.needs}:
            end += ", Hessian by differences of gradients"
        return f"Trajectory({self.optimizer.name} on {self.surface.name}, {self.reason}{end}{self.surface.note})"

    def table(self, by: Literal["step", "gradients"] = "step") -> dict[str, Array]:
        """The run as columns, a row for each point kept.

        Parameters
        ----------
        by : {"step", "gradients"}
            With "gradients" the first column is ``"gradients"``, those taken so far, by which rules that take several a
            step are compared.

        Returns
        -------
        dict of str to array
            ``"step"``; of several runs at once ``"run"`` and the hyperparameters in which they differ; ``"loss"`` and,
            of a rule that reports other parameters, ``"answer_loss"``; the coordinates, if they are at most 100; and,
            where every step was kept, as ``"g_x"`` the gradient of the step that led there (of the start: NaN).

        Examples
        --------
        >>> from optlearn import GradientDescent, run
        >>> for name, column in run("x**2 + y**2", GradientDescent(lr=0.5), (1.0, 2.0), steps=1).table().items():
        ...     print(name, column)
        step [0 1]
        loss [5. 0.]
        x [1. 0.]
        y [2. 0.]
        g_x [nan  2.]
        g_y [nan  4.]
        """
        if by not in ("step", "gradients"):
            raise InvalidArgument(f"by = {by!r} is not allowed; it must be 'step' or 'gradients'")
        many, rows = 1 if self.single else self.w.shape[-1], len(self.w)
        columns = {"gradients": np.tile(self.gradients, many)} if by == "gradients" else {}
        columns["step"] = np.tile(self.kept, many)
        if not self.single:
            columns["run"] = np.repeat(np.arange(many), rows)
            for part in (self.surface, self.optimizer, *self.optimizer.gradient):
                for name in part.hypers():
                    if isinstance(part.__dict__[name], np.ndarray):
                        columns[name] = np.repeat(part.__dict__[name], rows)

        def column(values):
            """Values a row, or a row and a run: one run after the other."""
            return np.array(values.reshape(rows, many).T.ravel())

        columns["loss"] = column(self.loss)
        if self.answer is not self.w:
            columns["answer_loss"] = column(self.answer_loss)
        shape = self.surface.point_shape
        if np.prod(shape) <= MOST_COLUMNS:
            places = list(np.ndindex(shape))
            named = ("x", "y") if isinstance(self.surface, Surface) else \
                ["w" + (f"[{', '.join(map(str, place))}]" if place else "") for place in places]
            columns.update({name: column(self.w[:, *place]) for name, place in zip(named, places, strict=True)})
            if rows == self.steps + 1:
                g = np.concatenate([np.full((1, *self.w.shape[1:]), np.nan), self.g])
                columns.update({"g_" + name: column(g[:, *place]) for name, place in zip(named, places, strict=True)})
        return columns

    def to_pandas(self, by: Literal["step", "gradients"] = "step") -> Any:
        """The run as a ``pandas.DataFrame``; see `table`."""
        return data_frame(self.table(by))

    def animate(self, *others: Trajectory, labels: Sequence[str] | None = None) -> Animation:
        """The run as an animation, alone or beside others.

        Parameters
        ----------
        *others : Trajectory
            Further runs on the same surface.
        labels : list of str, optional
            Default: the names of the rules.

        Returns
        -------
        optlearn.explorer.animation.Animation
            A notebook displays it; ``.save("run.html")``, ``.gif`` or ``.mp4`` keeps it.

        Examples
        --------
        >>> from optlearn import run
        >>> run("quadratic", "adam", steps=20).animate()
        Animation(Adam on Quadratic, 20 steps)
        """
        from optlearn.explorer.animation import Animation

        return Animation([self, *others], labels)

    def lane(self, i: int) -> Trajectory:
        """One of several runs."""
        named = {name: values[..., i] if values.ndim > 1 else values for name, values in self.named.items()}
        rows = [values[..., i] for values in (self.w, self.probe, self.g)]
        return Trajectory(lane(self.surface, i), lane(self.optimizer, i), rows, named, self.diverged, self.kept)


class Recording:
    """Room for what a readable run makes, to be written a few steps at a time.

    Parameters
    ----------
    optimizer : Optimizer
    w : array
        The start.
    first : dict of str to array or float
        The state before the first step.
    steps : int
        How many there will be at most.
    keep : int
        Of so many steps one row is kept.
    """

    def __init__(self, optimizer, w, first, steps, keep):
        self.optimizer, self.first, self.keep = optimizer, first, keep
        self.many, self.n, self.kept = -(-steps // keep), 0, [0]
        self.w, self.probe, self.g = (np.empty((self.many + more, *w.shape)) for more in (1, 0, 0))
        self.w[0] = w
        self.named = {name: np.array([value]) for name, value in first.items()}
        # To write small rows together takes half as long as one by one.
        self.together = max(1, min(64, 2**12 // max(1, w.size)))

    def of(self, taken):
        """Take the steps, and write them.

        Returns
        -------
        rows : list of array
            Parameters, probes and gradients.
        named : dict of str to array
            What the rule named.
        kept : array
            The steps of the rows. Probe, gradient and internals of a row are those of the step after it.
        """
        taken, rows = taken if self.keep == 1 else self._thinned(taken), [None]
        while rows:
            rows = []
            try:
                rows.extend(islice(taken, self.together))
            finally:
                # Before an error goes on, too: it may come of a step that named other quantities than the first.
                if rows:
                    self._write(rows)
        n, empty = self.n, self.many - self.n
        named = {name: array[:len(array) - empty] if n else array for name, array in self.named.items()}
        kept = np.arange(n + 1) if self.keep == 1 else np.array(self.kept)
        return [self.w[:n + 1], self.probe[:n], self.g[:n]], named, kept

    def _thinned(self, taken):
        """Of every `keep` steps one row: where the first began and what it named, and what the last made."""
        for begun in (steps := enumerate(taken, 1)):
            last = deque(islice(steps, self.keep - 1), maxlen=1)
            t, (w, _, _, made) = last[0] if last else begun
            _, (_, at, g, named) = begun
            self.kept.append(t)
            alike = made.keys() == named.keys()
            yield w, at, g, {**named, **{name: made[name] for name in self.first}} if alike else made

    def _write(self, rows):
        news, ats, slopes, named = zip(*rows)
        if self.n == 0:
            self.named = {name: self._room(name, value) for name, value in named[0].items()}
            self.into = {name: array[len(array) - self.many:] for name, array in self.named.items()}
        here = slice(self.n, self.n + len(rows))
        self.w[1:][here], self.probe[here], self.g[here] = map(_joined, (news, ats, slopes))
        try:
            if set(map(len, named)) != {len(self.into)}:
                raise KeyError
            for name, array in self.into.items():
                array[here] = _joined([made[name] for made in named])
        except (KeyError, TypeError, ValueError):
            self._write_one_by_one(named)
        self.n += len(rows)

    def _room(self, name, value):
        """An array for a quantity's values in all steps, after its first one if it has one before the first step."""
        if np.asarray(value).dtype.kind not in "fiub":
            raise InvalidArgument(f"{type(self.optimizer).__name__}.update names {name} = {value!r}; a quantity must "
                                  "be an array or a number")
        if name not in self.first:
            return np.empty((self.many, *np.shape(value)))
        room = np.empty((self.many + 1, *np.broadcast_shapes(np.shape(self.first[name]), np.shape(value))))
        room[0] = self.first[name]
        return room

    def _write_one_by_one(self, named):
        """Write what differs in shape, such as a number among arrays; find the step that names what others do not."""
        for n, made in enumerate(named, self.n):
            for name in {**self.into, **made}:
                try:
                    self.into[name][n] = made[name]
                except (KeyError, TypeError, ValueError):
                    raise self._unlike(n + 1 if self.keep == 1 else self.kept[n + 1], name, made.get(name)) from None

    def _unlike(self, t, name, value):
        """The error of a step that names other quantities than step 1 did."""
        one = f"names {name} of shape {self.into[name].shape[1:]}" if name in self.into else f"names no {name}"
        other = "does not" if value is None else f"one of shape {value.shape}" if isinstance(value, np.ndarray) else \
            repr(value)
        return InvalidArgument(f"{type(self.optimizer).__name__}.update {one} in step 1, and {other} in step {t}; it "
                               "must name the same quantities, of the same shapes, in every step")


def _joined(values):
    """Values of several rows as what is written to these rows; a large one is not copied before."""
    return values if len(values) > 1 else values[0]


def _answers(run):
    """What a rule reports after each step of a run, or of several."""
    from optlearn.symbolic.trace import NotTraceable, parameter_values, trace

    optimizer, w, named = run.optimizer, run.w, run.named
    made = [w[0]]
    try:
        if w.ndim > 2 and run.surface.point_shape != (2,):
            raise NotTraceable  # recorded lines take an array of one axis, and one of runs
        program = trace(optimizer)
    except NotTraceable:
        program = None
        if not run.single:
            return np.stack([run.lane(i).answer for i in range(w.shape[-1])], -1)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for j, t in enumerate(run.kept.tolist()[1:], 1):
            rule, held = optimizer.at(t), {name: named[name][j] for name in optimizer.slots}
            made.append(rule.answer(guest(w[j]), Slots(held), t) if program is None else
                        program.answered(w[j], t, *parameter_values(rule), *held.values())[0])
    return np.array(made)


def lane(declared, i):
    """A rule, transform or surface with the values of run `i`."""
    def one(value):
        if isinstance(value, np.ndarray):
            return value[i].item()  # a single run has Python's numbers
        if callable(value) and not getattr(value, "driven", False):
            return lambda k: x[i].item() if np.ndim(x := value(k)) else x
        return value

    values = {name: one(declared.__dict__[name]) for name in declared.hypers()}
    if isinstance(declared, Optimizer):
        values["gradient"] = tuple(lane(transform, i) for transform in declared.gradient)
    return declared.bound(values)
