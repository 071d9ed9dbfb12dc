"""The surfaces of the library, and one with data."""

import numpy as np

from optlearn.declare import hyper
from optlearn.surfaces.base import Surface


class Quadratic(Surface):
    """A rotated bowl with curvatures 1 and kappa; its smaller curvature lies along the angle.

    ``f = (u**2 + kappa * v**2) / 2`` with ``u = c x + s y``, ``v = c y - s x``.

    Examples
    --------
    >>> Quadratic(kappa=4.0).hessian(np.array([1.0, 1.0]))
    array([[1., 0.],
           [0., 4.]])
    """

    kappa = hyper(10.0, at_least=1, symbol=r"\kappa", low=1, high=1000)
    angle = hyper(0.0, symbol=r"\varphi", low=0.0, high=180.0)
    start = (-2.5, 1.5)
    minima = ((0.0, 0.0),)
    quadratic = True

    def f(self, x, y):
        turn = self.angle * (np.pi / 180)
        u = np.cos(turn) * x + np.sin(turn) * y
        v = np.cos(turn) * y - np.sin(turn) * x
        return 0.5 * (u**2 + self.kappa * v**2)


class Rosenbrock(Surface):
    """Rosenbrock's curved valley (H. H. Rosenbrock 1960, The Computer Journal 3, 175-184).

    Examples
    --------
    >>> Rosenbrock().gradient(np.array([0.0, 1.0]))
    array([ -2., 200.])
    """

    b = hyper(100.0, above=0, symbol="b", low=1, high=1000)
    domain = (-2.0, 2.0, -1.0, 3.0)
    start = (-1.5, 2.0)
    minima = ((1.0, 1.0),)

    def f(self, x, y):
        return (1 - x)**2 + self.b * (y - x**2)**2


class Himmelblau(Surface):
    """Four equal minima (D. M. Himmelblau 1972, Applied Nonlinear Programming).

    Examples
    --------
    >>> float(Himmelblau()(np.array([3.0, 2.0])))
    0.0
    """

    domain = (-5.0, 5.0, -5.0, 5.0)
    start = (-0.5, -1.0)
    minima = ((3.0, 2.0), (-2.805118086952745, 3.131312518250573), (-3.779310253377747, -3.283185991286170),
              (3.584428340330492, -1.848126526964404))

    def f(self, x, y):
        return (x**2 + y - 11)**2 + (x + y**2 - 7)**2


class Rastrigin(Surface):
    """A bowl with waves: many local minima (L. A. Rastrigin 1974).

    Examples
    --------
    >>> float(Rastrigin()(np.array([0.0, 0.0])))
    0.0
    """

    amplitude = hyper(10.0, at_least=0, symbol="A", low=0.0, high=10.0)
    domain = (-5.0, 5.0, -5.0, 5.0)
    start = (-3.3, 2.6)
    minima = ((0.0, 0.0),)

    def f(self, x, y):
        turn = 2 * np.pi
        return (2 * self.amplitude + (x**2 - self.amplitude * np.cos(turn * x))
                + (y**2 - self.amplitude * np.cos(turn * y)))


class Saddle(Surface):
    """A saddle between two minima: ``f = x**4 / 4 - x**2 / 2 + y**2 / 2``.

    Examples
    --------
    >>> np.linalg.eigvalsh(Saddle().hessian(np.array([0.0, 0.0])))
    array([-1.,  1.])
    """

    domain = (-2.0, 2.0, -2.0, 2.0)
    start = (0.02, 1.5)
    minima = ((-1.0, 0.0), (1.0, 0.0))

    def f(self, x, y):
        return 0.25 * x**4 - 0.5 * x**2 + 0.5 * y**2


class Beale(Surface):
    """Flat wings and a sharp bend (E. M. L. Beale 1958).

    Examples
    --------
    >>> float(Beale()(np.array([3.0, 0.5])))
    0.0
    """

    domain = (-4.5, 4.5, -4.5, 4.5)
    start = (1.0, 1.5)
    minima = ((3.0, 0.5),)

    def f(self, x, y):
        return (1.5 - x + x * y)**2 + (2.25 - x + x * y**2)**2 + (2.625 - x + x * y**3)**2


class Ackley(Surface):
    """A nearly flat, rippled plain with one deep hole (D. H. Ackley 1987).

    Examples
    --------
    >>> round(float(Ackley()(np.array([0.0, 0.0]))), 6)
    0.0
    """

    domain = (-4.0, 4.0, -4.0, 4.0)
    start = (-2.6, 2.2)
    minima = ((0.0, 0.0),)

    def f(self, x, y):
        # The root has no derivative at the minimum itself; 1e-16 under it gives the derivative zero there and
        # changes the value by 2e-9 at most.
        hole = -20 * np.exp(-0.2 * np.sqrt(0.5 * (x**2 + y**2) + 1e-16))
        ripple = -np.exp(0.5 * (np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)))
        return hole + ripple + np.e + 20


class StyblinskiTang(Surface):
    """Four wells of different depth (M. A. Styblinski, T.-S. Tang 1990, Neural Networks 3, 467-483).

    Examples
    --------
    >>> round(float(StyblinskiTang()(np.array(StyblinskiTang.minima[0]))), 3)
    -78.332
    """

    domain = (-5.0, 5.0, -5.0, 5.0)
    start = (0.6, 4.2)
    minima = ((-2.903534027771177, -2.903534027771177),)

    @property
    def label(self):
        return "Styblinski-Tang"

    def f(self, x, y):
        return 0.5 * (x**4 - 16 * x**2 + 5 * x + (y**4 - 16 * y**2 + 5 * y))


class SixHumpCamel(Surface):
    """Six minima, two of them global (L. C. W. Dixon, G. P. Szego 1978).

    Examples
    --------
    >>> round(float(SixHumpCamel()(np.array(SixHumpCamel.minima[0]))), 4)
    -1.0316
    """

    domain = (-2.0, 2.0, -1.2, 1.2)
    start = (-1.7, 1.0)
    minima = ((0.08984201368301331, -0.7126564032704135), (-0.08984201368301331, 0.7126564032704135))

    @property
    def label(self):
        return "Six-hump camel"

    def f(self, x, y):
        return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (4 * y**2 - 4) * y**2


class TwoWells(Surface):
    """A sharp deep well and a wide shallow one.

    Examples
    --------
    >>> TwoWells()(np.array([[-1.0, 1.0], [0.0, 0.0]])).round(3)                # sharp, wide
    array([-1.285, -0.95 ])
    """

    domain = (-3.0, 3.0, -3.0, 3.0)
    start = (-2.6, 1.8)

    @property
    def label(self):
        return "Two wells"

    def f(self, x, y):
        sharp = np.exp(-4 * ((x + 1)**2 + y**2))
        wide = np.exp(-0.5 * ((x - 1)**2 + y**2))
        return 0.05 * (x**2 + y**2) - 1.2 * sharp - wide


class Cliff(Surface):
    """A plateau, then a steep wall with a valley at its foot.

    Examples
    --------
    >>> Cliff()(np.array([[3.0, -2.0], [0.0, 0.0]])).round(3)                   # plateau, valley
    array([12.5,  0. ])
    """

    domain = (-4.0, 4.0, -4.0, 4.0)
    start = (3.5, 1.5)

    @property
    def label(self):
        return "Plateau with a cliff"

    def f(self, x, y):
        return 5 * (1 + np.tanh(4 * (x - 0.5))) + 0.1 * (x + 2)**2 + 0.2 * y**2


# Body weight (pounds) and waist (inches) of twenty men in a fitness club: A. C. Linnerud's data, as in scikit-learn.
_LINNERUD = np.array([
    (191, 36), (189, 37), (193, 38), (162, 35), (189, 35), (182, 36), (211, 38), (167, 34), (176, 31), (154, 33),
    (169, 34), (166, 33), (154, 34), (247, 46), (193, 36), (202, 37), (176, 37), (157, 32), (156, 33), (138, 33)])


class LeastSquares(Surface):
    """A line through data: waist against weight of twenty men, each in standard deviations from its mean.

    ``f`` is half the mean square of ``x (u + c) + y - v`` with weight u, waist v, slope x and intercept y. The shift
    c says how far from zero the weights lie: at 0, centred, the bowl is round; far off it is a ravine.

    Examples
    --------
    >>> np.linalg.eigvalsh(LeastSquares(shift=0.0).hessian(np.array([0.0, 0.0]))).round(2)
    array([1., 1.])
    """

    shift = hyper(1.0, symbol="c", low=-5.0, high=5.0)
    samples = ((_LINNERUD - _LINNERUD.mean(axis=0)) / _LINNERUD.std(axis=0)).round(3)
    sample_symbols, sample_names = ("u_i", "v_i"), ("weight", "waist")
    domain = (-3.0, 3.0, -3.0, 3.0)
    start = (-1.8, 2.0)
    minima = (tuple(np.linalg.lstsq(np.stack([samples[:, 0] + 1, np.ones(20)], axis=1), samples[:, 1])[0]
                    .round(12).tolist()),)
    quadratic = True

    @property
    def label(self):
        return "Line through data"

    def predict(self, x, y, u):
        """The waist of the line at a weight."""
        return x * (u + self.shift) + y

    def loss(self, x, y, u, v):
        return 0.5 * (self.predict(x, y, u) - v)**2
