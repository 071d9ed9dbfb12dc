"""What is done to a gradient before a rule sees it: rescale, clip, decay, in the order written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from optlearn.declare import Declared, InvalidArgument, hyper, unsteady
from optlearn.explain import explain

if TYPE_CHECKING:
    from optlearn.typing import Value

__all__ = ["Clip", "ClipGlobalNorm", "ClipNorm", "Decay", "Rescale", "Transform", "norm", "normgrad"]


def values_at(declared, t):
    """What the schedules among an object's hyperparameters give in step t = 1, 2, ... (index t - 1)."""
    found = {}
    for name, declaration in declared.hypers().items():
        schedule = declared.__dict__[name]
        if callable(schedule):
            try:
                value = schedule(t - 1)
            except Exception as error:
                explain(error, schedule)
                raise
            found[name] = declaration.check_scheduled(value, t - 1)
    return found


def check_steady(before, after):
    """Raise if two resolutions of one optimizer for one step differ: a schedule then counts its own calls."""
    for first, again in zip((before, *before.gradient), (after, *after.gradient), strict=True):
        for name in first.hypers():
            a, b = first.__dict__[name], again.__dict__[name]
            if a is not b and np.ndim(a) == 0 and a != b:
                raise unsteady(name, 0, a, b)


class Transform(Declared):
    """A function of parameters and gradient that gives another gradient.

    Attributes
    ----------
    whole : bool
        Whether it looks at all arrays of nested parameters together, as a global norm does.

    Examples
    --------
    >>> class Sign(Transform):
    ...     def __call__(self, w, g):
    ...         return np.sign(g)
    >>> Sign()(np.zeros(2), np.array([3.0, -0.1]))
    array([ 1., -1.])
    """

    whole = False
    _value_kind = "float, array or schedule"

    def __call__(self, w: Any, g: Any) -> Any:
        """The changed gradient."""
        raise TypeError(f"{type(self).__name__} has no method __call__(self, w, g)")

    def at(self, t: int) -> Self:
        """The transform with the values that its schedules have in step `t`."""
        return self.bound(values_at(self, t))


class Rescale(Transform):
    """Multiply the gradient, often by one over the batch size: ``g = rescale_grad * g``.

    Examples
    --------
    >>> Rescale(rescale_grad=0.5)(np.zeros(2), np.array([3.0, -4.0]))
    array([ 1.5, -2. ])
    """

    rescale_grad = hyper(1.0, symbol="c", low=0.0, high=2.0)

    def __call__(self, w: Any, g: Any) -> Any:
        return self.rescale_grad * g


class Clip(Transform):
    """Clip each coordinate of the gradient: ``g = min(max(g, -clip_gradient), clip_gradient)``.

    Examples
    --------
    >>> Clip(clip_gradient=1.0)(np.zeros(2), np.array([3.0, -0.5]))
    array([ 1. , -0.5])
    """

    clip_gradient = hyper(1.0, above=0, symbol="c")

    def __call__(self, w: Any, g: Any) -> Any:
        return np.minimum(np.maximum(g, -self.clip_gradient), self.clip_gradient)


class ClipNorm(Transform):
    """Shorten the gradient of each array to the length `clip_norm` if it is longer.

    Source: Pascanu, Mikolov, Bengio (2013), arXiv:1211.5063.

    Examples
    --------
    >>> ClipNorm(clip_norm=1.0)(np.zeros(2), np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """

    clip_norm = hyper(1.0, above=0, symbol="c")

    def __call__(self, w: Any, g: Any) -> Any:
        # In units of the largest coordinate (or of the bound) no square overflows.
        unit = np.maximum(np.max(np.abs(g)), self.clip_norm)
        scaled = g / unit
        length = np.linalg.norm(scaled)
        with np.errstate(invalid="ignore"):       # 0/0 of a gradient of zeros, which stays as it is
            return np.where(unit * length > self.clip_norm, self.clip_norm * (scaled / length), g)


class ClipGlobalNorm(ClipNorm):
    """Shorten the gradients of all arrays together to the length `clip_norm` if they are longer.

    Examples
    --------
    >>> from optlearn import GradientDescent
    >>> rule = GradientDescent(lr=1.0, gradient=ClipGlobalNorm(clip_norm=1.0))
    >>> params = {"W": np.zeros(1), "b": np.zeros(1)}
    >>> rule.step(params, {"W": np.array([3.0]), "b": np.array([4.0])}, rule.init(params))[0]
    {'W': array([-0.6]), 'b': array([-0.8])}
    """

    whole = True


class Decay(Transform):
    """Add weight decay as the gradient of an L2 penalty: ``g = g + weight_decay * w``.

    Examples
    --------
    >>> Decay(weight_decay=0.1)(np.array([2.0]), np.array([1.0]))
    array([1.2])
    """

    weight_decay = hyper(0.0, at_least=0, symbol=r"\lambda", low=1e-4, high=1.0)

    def __call__(self, w: Any, g: Any) -> Any:
        return g + self.weight_decay * w


def normgrad(rescale: Value = 1.0, clip: Value | None = None, decay: Value = 0.0) -> tuple[Transform, ...]:
    """MXNet.jl's ``normgrad`` as transforms: rescale a gradient, clip its coordinates, add the decay.

    In MXNet 1.9.1 AdaGrad and NAG keep this order; its Adam, Adamax and FTML add the decay before they clip.

    Parameters
    ----------
    rescale : float
        Factor, often one over the batch size.
    clip : float, optional
        Bound of a coordinate, after rescaling.
    decay : float
        Factor of the parameters, added last and so neither rescaled nor clipped.

    Returns
    -------
    tuple of Transform

    Examples
    --------
    >>> from optlearn import GradientDescent
    >>> rule = GradientDescent(lr=1.0, gradient=normgrad(rescale=0.5, clip=1.0, decay=0.1))
    >>> rule.prepared(np.array([1.0]), np.array([4.0]))
    array([1.1])
    """
    clipped = () if clip is None else (Clip(clip_gradient=clip),)
    return (Rescale(rescale_grad=rescale), *clipped, Decay(weight_decay=decay))


BY_HYPERPARAMETER = {"rescale_grad": Rescale, "clip_gradient": Clip, "weight_decay": Decay}


def norm(x: Any) -> Any:
    """Length of an array, right also where the square of a number overflows; traceable.

    Parameters
    ----------
    x : array or recorded array

    Returns
    -------
    float
        0 of an empty array.

    Examples
    --------
    >>> bool(np.isclose(norm(np.array([3e25, 4e25], dtype=np.float32)), 5e25))
    True
    """
    if isinstance(x, np.ndarray) and not x.size:
        return 0.0
    largest = np.max(np.abs(x))
    unit = np.where(largest > 0, largest, 1.0)
    return unit * np.linalg.norm(x / unit)


def prepare(transforms, params, grads):
    """Apply transforms to the gradients of several arrays."""
    for transform in transforms:
        if not transform.whole:
            grads = [_applied(transform, w, g) for w, g in zip(params, grads, strict=True)]
        elif len(grads) > 1:
            joined = _applied(transform, np.concatenate([np.ravel(w) for w in params]),
                              np.concatenate([np.ravel(g) for g in grads]))
            ends = np.cumsum([g.size for g in grads])[:-1]
            grads = [part.reshape(g.shape) for part, g in zip(np.split(joined, ends), grads, strict=True)]
        else:
            grads = [_applied(transform, params[0], grads[0])] if grads else grads
    return grads


def _applied(transform, w, g):
    if not g.size:
        return g
    made = np.asarray(transform(w, g))
    if made.shape != g.shape:
        raise InvalidArgument(f"{type(transform).__name__} made an array of shape {made.shape} from a gradient of "
                              f"shape {g.shape}; its __call__(self, w, g) must return the changed gradient")
    return made
