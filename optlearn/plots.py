"""The figures of the book, in one style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from optlearn import look, optional, surfaces
from optlearn.declare import InvalidArgument
from optlearn.trajectory import Trajectory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from optlearn.typing import ArrayLike, Floats, SurfaceLike

mpl = optional.load("matplotlib", "figures")
plt = optional.load("matplotlib.pyplot", "figures")

COLOURS = look.RACERS
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (8, 2)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
STYLE = {
    "figure.figsize": (6.4, 3.6), "figure.dpi": 100, "savefig.dpi": 100, "figure.constrained_layout.use": True,
    "figure.facecolor": "white", "axes.facecolor": "white", "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.alpha": 0.25, "grid.linewidth": 0.6, "axes.axisbelow": True, "lines.linewidth": 1.7,
    "grid.color": look.LIGHT["faint"], "legend.frameon": False, "text.color": look.LIGHT["ink"],
    "axes.labelcolor": look.LIGHT["ink"],
    "axes.edgecolor": look.LIGHT["faint"], "xtick.color": look.LIGHT["muted"], "ytick.color": look.LIGHT["muted"],
    "font.size": 10.5, "axes.titlesize": 11, "axes.labelsize": 10.5,
    "axes.prop_cycle": mpl.cycler(color=COLOURS) + mpl.cycler(linestyle=DASHES),
}
SHADES = mpl.colors.LinearSegmentedColormap.from_list("optlearn", look.LAND)


def style() -> None:
    """Use the book's style for all figures that follow.

    Examples
    --------
    >>> style()
    >>> mpl.rcParams["axes.grid"]
    True
    """
    mpl.rcParams.update(STYLE)


def line(i: int) -> dict[str, Any]:
    """Colour and dashes of the i-th line.

    Parameters
    ----------
    i : int

    Returns
    -------
    dict
        Keywords for ``ax.plot``.

    Examples
    --------
    >>> line(1)
    {'color': '#c8500a', 'linestyle': '--'}
    """
    return {"color": COLOURS[i % len(COLOURS)], "linestyle": DASHES[i % len(DASHES)]}


def label(trajectory: Trajectory) -> str:
    """The name of a run for a legend: the rule with its learning rate.

    Parameters
    ----------
    trajectory : Trajectory

    Returns
    -------
    str

    Examples
    --------
    >>> from optlearn import Adam, run
    >>> label(run("quadratic", Adam(lr=0.1), steps=1))
    'Adam, lr 0.1'
    """
    rule = trajectory.optimizer
    lr = rule.values.get("lr")
    name = type(rule).__name__
    return f"{name}, lr {lr:g}" if isinstance(lr, float) else name


def _as_list(trajectories):
    runs = [trajectories] if isinstance(trajectories, Trajectory) else list(trajectories)
    if not runs or not all(isinstance(run, Trajectory) for run in runs):
        raise InvalidArgument("trajectories must be a Trajectory, or a list of at least one, as run() gives")
    return runs


def levels(values: ArrayLike, n: int = 18) -> Floats:
    """Heights for contour lines, dense near the lowest value.

    Parameters
    ----------
    values : array
    n : int
        Number of lines.

    Returns
    -------
    array (n,)

    Examples
    --------
    >>> levels([0.0, 8.0], n=2)
    array([1., 8.])
    """
    low, high = float(np.min(values)), float(np.max(values))
    return low + (high - low) * np.linspace(0, 1, n + 1)[1:] ** 3


def contour(surface: SurfaceLike, ax: Axes | None = None, domain: Sequence[float] | None = None, n: int = 161) -> Axes:
    """Level lines of a surface.

    Parameters
    ----------
    surface : Surface, str or callable
    ax : matplotlib.axes.Axes, optional
    domain : tuple of float, optional
        x from, x to, y from, y to; default: the surface's own.
    n : int
        Points of the grid in each direction.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> contour("quadratic", mpl.figure.Figure().subplots()).get_xlabel()
    '$x$'
    """
    surface = surfaces.get(surface)
    ax = ax or plt.gca()
    x0, x1, y0, y1 = domain or surface.domain
    x, y = np.linspace(x0, x1, n), np.linspace(y0, y1, n)
    z = np.ma.masked_invalid(surface(np.array(np.meshgrid(x, y))))
    if np.ma.ptp(z) > 0:
        heights = levels(z)
        ax.contourf(x, y, z, levels=[float(z.min()), *heights], cmap=SHADES, extend="max")
        ax.contour(x, y, z, levels=heights, colors=look.LIGHT["contour"], linewidths=0.5, alpha=0.7)
    for minimum in surface.minima:
        if x0 <= minimum[0] <= x1 and y0 <= minimum[1] <= y1:
            ax.plot(*minimum, marker="*", color="#333333", markersize=9, linestyle="none")
    # Equal scales, so that gradients stand at right angles to the level lines.
    ax.set(xlim=(x0, x1), ylim=(y0, y1), xlabel="$x$", ylabel="$y$", aspect="equal")
    ax.grid(False)
    return ax


def paths(trajectories: Trajectory | Sequence[Trajectory], ax: Axes | None = None, labels: Sequence[str] | None = None,
          domain: Sequence[float] | None = None, every: int = 1) -> Axes:
    """Level lines with the paths of one or several runs.

    Parameters
    ----------
    trajectories : Trajectory or list of Trajectory
        Runs on one surface.
    ax : matplotlib.axes.Axes, optional
    labels : list of str, optional
        Names in the legend; default: rule and learning rate.
    domain : tuple of float, optional
        x from, x to, y from, y to.
    every : int
        Mark every so many steps.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from optlearn import Adam, run
    >>> ax = paths(run("quadratic", Adam(lr=0.1)), mpl.figure.Figure().subplots())
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['Adam, lr 0.1']
    """
    runs = _as_list(trajectories)
    ax = contour(runs[0].surface, ax, domain)
    for i, run in enumerate(runs):
        name = labels[i] if labels else label(run)
        if run.diverged is not None:
            name += f" (diverged at step {run.diverged})"
        ax.plot(*run.w.T, label=name, marker=MARKERS[i % len(MARKERS)], markersize=3.2, markevery=every, **line(i))
    ax.plot(*runs[0].w[0], marker="o", color="black", markersize=6, linestyle="none")
    ax.legend(loc="best", fontsize=9, frameon=True, framealpha=0.85, edgecolor="none")
    return ax


def losses(trajectories: Trajectory | Sequence[Trajectory], ax: Axes | None = None, labels: Sequence[str] | None = None,
           above: float | None = None, log: bool = True, by: Literal["step", "gradients"] = "step") -> Axes:
    """Loss against step, or against the gradients that the steps took, on a logarithmic scale.

    Parameters
    ----------
    trajectories : Trajectory or list of Trajectory
    ax : matplotlib.axes.Axes, optional
    labels : list of str, optional
    above : float, optional
        Subtracted from the loss, such as its smallest possible value.
    log : bool
        Whether the loss axis is logarithmic.
    by : {"step", "gradients"}
        What the loss stands against. Rules that take several gradients a step are compared by gradients.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from optlearn import Adam, run
    >>> losses(run("quadratic", Adam(lr=0.1)), mpl.figure.Figure().subplots()).get_yscale()
    'log'
    """
    if by not in ("step", "gradients"):
        raise InvalidArgument(f"by = {by!r} is not allowed; it must be 'step' or 'gradients'")
    runs = _as_list(trajectories)
    ax = ax or plt.gca()
    for i, run in enumerate(runs):
        x = run.gradients if by == "gradients" else np.arange(run.steps + 1)
        ax.plot(x, run.loss - (above or 0.0), label=labels[i] if labels else label(run), **line(i))
    if log:
        ax.set_yscale("log")
    ax.set(xlabel="gradients" if by == "gradients" else "step $t$",
           ylabel="loss" if above is None else "loss above the minimum")
    ax.legend(loc="best", fontsize=9)
    return ax


def sweep_map(x: ArrayLike, y: ArrayLike, values: ArrayLike, ax: Axes | None = None,
              xlabel: str = r"learning rate $\eta$", ylabel: str = r"momentum $\beta$", label: str | None = None,
              vmin: float | None = None, vmax: float | None = None, log: bool = True) -> Axes:
    """A value over two hyperparameters as a map.

    Parameters
    ----------
    x, y : array (n,), (m,)
        Values of the hyperparameters.
    values : array (m, n)
        What was measured; NaN where the run diverged (drawn hatched).
    ax : matplotlib.axes.Axes, optional
    xlabel, ylabel, label : str, optional
        Of the axes and of the colours.
    vmin, vmax : float, optional
        Range of the colours.
    log : bool
        Whether the x axis is logarithmic.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> sweep_map([0.1, 1.0], [0.0, 0.9], np.ones((2, 2)), mpl.figure.Figure().subplots()).get_xscale()
    'log'
    """
    ax = ax or plt.gca()
    ax.set_facecolor("#e7d9d2")
    mesh = ax.pcolormesh(x, y, np.ma.masked_invalid(values), cmap="viridis_r", vmin=vmin, vmax=vmax,
                         shading="nearest", rasterized=True)
    ax.figure.colorbar(mesh, ax=ax, label=label)
    if log:
        ax.set_xscale("log")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(False)
    return ax
