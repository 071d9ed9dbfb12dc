# Made by tools/stubs.py from what the classes declare; make stubs writes it again.

from typing import Literal

from optlearn.problems.base import Problem as Problem
from optlearn.problems.data import Batch as Batch
from optlearn.problems.data import Data as Data
from optlearn.problems.data import SETS as SETS
from optlearn.problems.data import generator as generator
from optlearn.problems.data import line as line
from optlearn.problems.data import load as load
from optlearn.problems.data import sparse as sparse
from optlearn.problems.data import split as split
from optlearn.problems.data import stratified as stratified
from optlearn.problems.initialisations import INITIALISATIONS as INITIALISATIONS
from optlearn.problems.initialisations import default as default
from optlearn.problems.initialisations import he_normal as he_normal
from optlearn.problems.initialisations import he_uniform as he_uniform
from optlearn.problems.initialisations import normal as normal
from optlearn.problems.initialisations import uniform as uniform
from optlearn.problems.initialisations import xavier_normal as xavier_normal
from optlearn.problems.initialisations import xavier_uniform as xavier_uniform
from optlearn.problems.linear import LeastSquares as _LeastSquares
from optlearn.problems.linear import Logistic as _Logistic
from optlearn.problems.linear import Softmax as _Softmax
from optlearn.problems.linear import SparseLogistic as _SparseLogistic
from optlearn.problems.memory import AssociativeMemory as _AssociativeMemory
from optlearn.problems.network import MLP as _MLP
from optlearn.problems.tokens import Bigram as _Bigram
from optlearn.problems.tokens import ImbalancedSoftmax as _ImbalancedSoftmax
from optlearn.problems.tokens import bigrams as bigrams
from optlearn.problems.tokens import imbalanced as imbalanced
from optlearn.problems.transformer import Transformer as _Transformer
from optlearn.problems.transformer import characters as characters
from optlearn.typing import DataLike

__all__ = ["AssociativeMemory", "Batch", "Bigram", "Data", "INITIALISATIONS", "ImbalancedSoftmax", "LeastSquares",
           "Logistic", "MLP", "Problem", "SETS", "Softmax", "SparseLogistic", "Transformer", "bigrams", "characters",
           "default", "generator", "he_normal", "he_uniform", "imbalanced", "line", "load", "normal", "sparse",
           "split", "stratified", "uniform", "xavier_normal", "xavier_uniform"]

class AssociativeMemory(_AssociativeMemory):
    def __init__(self, *, pairs: int = 8, exponent: float = 2.0, seed: int = 0) -> None: ...

class Bigram(_Bigram):
    def __init__(self, data: DataLike | None = None, *, width: int = 16) -> None: ...

class ImbalancedSoftmax(_ImbalancedSoftmax):
    def __init__(self, data: DataLike | None = None, *, l2: float = 0.0) -> None: ...

class LeastSquares(_LeastSquares):
    def __init__(self, data: DataLike | None = None, *, l2: float = 0.0) -> None: ...

class Logistic(_Logistic):
    def __init__(self, data: DataLike, *, l2: float = 0.0) -> None: ...

class MLP(_MLP):
    def __init__(self, data: DataLike, *, hidden: int = 32, l2: float = 0.0, scale: float = 1.0,
                 activation: Literal['tanh', 'relu'] = 'tanh',
                 initialisation: Literal['uniform', 'normal', 'default', 'xavier_normal', 'xavier_uniform', 'he_normal', 'he_uniform'] = 'default',
                 batch_norm: bool = False) -> None: ...

class Softmax(_Softmax):
    def __init__(self, data: DataLike, *, l2: float = 0.0) -> None: ...

class SparseLogistic(_SparseLogistic):
    def __init__(self, data: DataLike | None = None, *, l2: float = 0.0) -> None: ...

class Transformer(_Transformer):
    def __init__(self, data: DataLike | None = None, *, width: int = 32, heads: int = 2, layers: int = 1,
                 tied: bool = False) -> None: ...
