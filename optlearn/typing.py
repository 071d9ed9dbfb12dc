"""Names for kinds of arguments, as signatures have them: for checkers of types, and for readers who annotate.

A rule of a reader's own, annotated::

    from optlearn import Optimizer, Update, hyper
    from optlearn.typing import Array, Slots

    class Averaged(Optimizer):
        lr = hyper(0.1, above=0)
        slots = ("m",)

        def update(self, w: Array, g: Array, s: Slots, t: int) -> Update:
            m = 0.9 * s.m + 0.1 * g
            return Update(w - self.lr * m, m=m)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from optlearn.state import Slots

if TYPE_CHECKING:
    import os

    import numpy as np
    import numpy.typing as npt

    from optlearn.gradients import Transform
    from optlearn.optimizer import Optimizer
    from optlearn.problems import Batch, Data
    from optlearn.surfaces import Surface

__all__ = ["Array", "ArrayLike", "DataLike", "Examples", "Floats", "Grid", "Number", "Params", "PathLike", "Rng",
           "RuleLike", "Schedule", "Slots", "SurfaceLike", "Transforms", "Value"]

Array: TypeAlias = "npt.NDArray[Any]"
Floats: TypeAlias = "npt.NDArray[np.float64]"
ArrayLike: TypeAlias = "npt.ArrayLike"

# One number; a function of the step index 0, 1, 2, ...; what a hyperparameter of a rule may be: an array is a sweep.
Number: TypeAlias = "float | np.floating[Any] | np.integer[Any]"
Schedule: TypeAlias = "Callable[[int], Number | Array]"
Value: TypeAlias = "Number | Sequence[Number] | Array | Schedule"

# A rule, its class, its name or its configuration; a surface, its class, its name or a function of x and y or of an
# array; values to try, by hyperparameter; what is done to a gradient.
RuleLike: TypeAlias = "Optimizer | type[Optimizer] | str | Mapping[str, Any]"
SurfaceLike: TypeAlias = "Surface | type[Surface] | str | Callable[..., Any]"
Grid: TypeAlias = "Mapping[str, Sequence[Any] | Array]"
Transforms: TypeAlias = "Transform | Sequence[Transform]"

# A seed or a generator; where a file is; data or the name of a set; a batch, or x and y.
Rng: TypeAlias = "int | np.random.RandomState | np.random.Generator"
PathLike: TypeAlias = "str | os.PathLike[str]"
DataLike: TypeAlias = "Data | str | tuple[ArrayLike, ...]"
Examples: TypeAlias = "Batch | tuple[Array, Array]"

# Parameters: an array, or nested dicts, lists and tuples of arrays. What comes out has the kind of what came in.
Params = TypeVar("Params")
