# Made by tools/stubs.py from what the classes declare; make stubs writes it again.

from optlearn.surfaces.base import Graph as Graph
from optlearn.surfaces.base import Surface as Surface
from optlearn.surfaces.functions import Ackley as Ackley
from optlearn.surfaces.functions import Beale as Beale
from optlearn.surfaces.functions import Cliff as Cliff
from optlearn.surfaces.functions import Himmelblau as Himmelblau
from optlearn.surfaces.functions import LeastSquares as _LeastSquares
from optlearn.surfaces.functions import Quadratic as _Quadratic
from optlearn.surfaces.functions import Rastrigin as _Rastrigin
from optlearn.surfaces.functions import Rosenbrock as _Rosenbrock
from optlearn.surfaces.functions import Saddle as Saddle
from optlearn.surfaces.functions import SixHumpCamel as SixHumpCamel
from optlearn.surfaces.functions import StyblinskiTang as StyblinskiTang
from optlearn.surfaces.functions import TwoWells as TwoWells
from optlearn.surfaces.making import get as get
from optlearn.surfaces.making import names as names
from optlearn.surfaces.making import of as of
from optlearn.surfaces.typed import typed as typed
from optlearn.typing import Array, Number

__all__ = ["Ackley", "Beale", "Cliff", "Graph", "Himmelblau", "LeastSquares", "Quadratic", "Rastrigin", "Rosenbrock",
           "Saddle", "SixHumpCamel", "StyblinskiTang", "Surface", "TwoWells", "get", "names", "of", "typed"]

class LeastSquares(_LeastSquares):
    def __init__(self, *, shift: Number | Array = 1.0) -> None: ...

class Quadratic(_Quadratic):
    def __init__(self, *, kappa: Number | Array = 10.0, angle: Number | Array = 0.0) -> None: ...

class Rastrigin(_Rastrigin):
    def __init__(self, *, amplitude: Number | Array = 10.0) -> None: ...

class Rosenbrock(_Rosenbrock):
    def __init__(self, *, b: Number | Array = 100.0) -> None: ...
