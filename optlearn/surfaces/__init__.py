"""Functions of two variables to optimize on. Each is written once; gradient and Hessian are derived from that.

`base` holds what every surface is and the registry, `functions` the library's surfaces, `making` what finds or makes
one from what a reader gives, `typed` what reads a formula. They stand on `declare`, and
on the recording of lines where a derivative is asked for.
"""

from optlearn.surfaces.base import Graph, Surface
from optlearn.surfaces.functions import (
    Ackley,
    Beale,
    Cliff,
    Himmelblau,
    LeastSquares,
    Quadratic,
    Rastrigin,
    Rosenbrock,
    Saddle,
    SixHumpCamel,
    StyblinskiTang,
    TwoWells,
)
from optlearn.surfaces.making import get, names, of
from optlearn.surfaces.typed import typed

__all__ = ["Ackley", "Beale", "Cliff", "Graph", "Himmelblau", "LeastSquares", "Quadratic", "Rastrigin", "Rosenbrock",
           "Saddle", "SixHumpCamel", "StyblinskiTang", "Surface", "TwoWells", "get", "names", "of",
           "typed"]
