"""Central differences: gradients where there are no others, and what others are checked against."""

import numpy as np

from optlearn.declare import InvalidArgument

MOST = 10_000    # variables: each costs two values
CHECKED = 30     # coordinates of which a given gradient is checked


def _rounding(f, w):
    """The relative rounding of values: float32's where they, as those of other libraries may be, are float32."""
    values = [f(w), f(1.001 * w + 1e-3)]
    single = all(np.float64(np.float32(value)) == value for value in values)
    return float(np.finfo(np.float32 if single else np.float64).eps)


def _slope(f, w, way, h):
    """The slope along a direction."""
    return (float(f(w + h * way)) - float(f(w - h * way))) / (2 * h)


def _coordinate(w, i):
    way = np.zeros(w.shape)
    way.flat[i] = 1.0
    return way, max(1.0, abs(w.flat[i]))


def gradient(f, w, wider=1.0):
    """The gradient by central differences, two values a variable."""
    if w.size > MOST:
        raise InvalidArgument(f"{f.name} has {w.size} variables and no gradient of its own ({f.why}); finite "
                              f"differences are made of {MOST} at most: give gradient=")
    h, made = wider * _rounding(f, w) ** (1 / 3), np.empty(w.shape)
    for i in range(w.size):
        way, size = _coordinate(w, i)
        made.flat[i] = _slope(f, w, way, h * size)
    return made


def error(f, w):
    """How far the differences at a point may be from the derivatives: they and those of twice the step."""
    with np.errstate(all="ignore"):
        return float(np.max(np.abs(gradient(f, w, 2.0) - gradient(f, w))))


def agrees(f, slopes, w):
    """Whether a gradient is the slope of the values, along a direction, there or close by (there may be a kink)."""
    rng = np.random.RandomState(0)
    with np.errstate(all="ignore"):
        for k in range(3):
            at = w if k == 0 else w + 1e-3 * max(1.0, np.max(np.abs(w))) * rng.standard_normal(w.shape)
            way, g = rng.standard_normal(w.shape), slopes(at)
            if _near(f, at, way, float(np.sum(g * way)), float(np.linalg.norm(g)))[0]:
                return True
    return False


def _near(f, w, way, said, size):
    """Whether a slope is that of the values, and the difference that is nearest to it."""
    eps, value = _rounding(f, w), abs(float(f(w)))
    base, best = eps ** (1 / 3) * max(1.0, float(np.max(np.abs(w)))), np.inf
    for h in (base, base / 30, 30 * base):  # for values that bend more, or are rougher, than usual
        slope = _slope(f, w, way, h)
        if abs(slope - said) <= (1e-5 if eps < 1e-10 else 1e-3) * max(size, abs(slope)) + 10 * eps * value / h:
            return True, slope
        best = slope if not abs(best - said) <= abs(slope - said) else best
    return False, best


def compare(f, w):
    """Compare a given gradient with differences at a point.

    Raises
    ------
    InvalidArgument
        Naming the coordinate in which they part most, and both numbers.
    """
    if not np.isfinite(f(w)):
        return
    g = f.gradient(w)
    rng = np.random.RandomState(0)
    size, worst = float(np.max(np.abs(g))), (0.0, None)
    some = range(w.size) if w.size <= CHECKED else rng.choice(w.size, CHECKED, replace=False)
    with np.errstate(all="ignore"):
        for i in some:
            near, slope = _near(f, w, _coordinate(w, i)[0], float(g.flat[i]), size)
            if not near and abs(slope - g.flat[i]) > worst[0]:
                worst = abs(slope - g.flat[i]), i, float(g.flat[i]), slope
        way = rng.standard_normal(w.shape)
        along = _near(f, w, way, float(np.sum(g * way)), float(np.linalg.norm(g)))
    if worst[1] is not None:
        where = ", ".join(str(int(k)) for k in np.unravel_index(worst[1], w.shape))
        raise InvalidArgument(f"gradient of {f.name} is {worst[2]:.6g} at w[{where}] of the start, where the values "
                              f"have the slope {worst[3]:.6g}; check=False of optlearn.function takes it as it is")
    if not along[0]:
        raise InvalidArgument(f"gradient of {f.name} gives the slope {float(np.sum(g * way)):.6g} along a random "
                              f"direction at the start, where the values have {along[1]:.6g}; check=False of "
                              "optlearn.function takes it as it is")
