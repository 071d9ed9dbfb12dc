# Made by tools/stubs.py from what the classes declare; make stubs writes it again.

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from optlearn.schedules.base import Place as Place
from optlearn.schedules.base import Schedule as Schedule
from optlearn.schedules.base import get as get
from optlearn.schedules.base import names as names
from optlearn.schedules.composed import Join as _Join
from optlearn.schedules.composed import PerEpoch as _PerEpoch
from optlearn.schedules.composed import Scaled as _Scaled
from optlearn.schedules.composed import Warmup as _Warmup
from optlearn.schedules.cyclic import Cyclical as _Cyclical
from optlearn.schedules.cyclic import OneCycle as _OneCycle
from optlearn.schedules.cyclic import WarmRestarts as _WarmRestarts
from optlearn.schedules.decay import Constant as _Constant
from optlearn.schedules.decay import Cosine as _Cosine
from optlearn.schedules.decay import Exponential as _Exponential
from optlearn.schedules.decay import Halving as _Halving
from optlearn.schedules.decay import Inverse as _Inverse
from optlearn.schedules.decay import InverseSquareRoot as _InverseSquareRoot
from optlearn.schedules.decay import MultiStep as _MultiStep
from optlearn.schedules.decay import Noam as _Noam
from optlearn.schedules.decay import Polynomial as _Polynomial
from optlearn.schedules.decay import Step as _Step
from optlearn.schedules.decay import WarmupStableDecay as _WarmupStableDecay
from optlearn.schedules.driven import Driver as Driver
from optlearn.schedules.driven import FromTraining as _FromTraining
from optlearn.schedules.driven import King as _King
from optlearn.schedules.driven import Plateau as _Plateau
from optlearn.schedules.driven import steps_without_decrease as steps_without_decrease
from optlearn.schedules.momentum import NadamMomentum as _NadamMomentum
from optlearn.schedules.momentum import SutskeverMomentum as _SutskeverMomentum

__all__ = ["Constant", "Cosine", "Cyclical", "Driver", "Exponential", "FromTraining", "Halving", "Inverse",
           "InverseSquareRoot", "Join", "King", "MultiStep", "NadamMomentum", "Noam", "OneCycle", "PerEpoch", "Place",
           "Plateau", "Polynomial", "Scaled", "Schedule", "Step", "SutskeverMomentum", "WarmRestarts", "Warmup",
           "WarmupStableDecay", "get", "names", "steps_without_decrease"]

class Constant(_Constant):
    def __init__(self, *, start: float = 0.1, lr: float = ...) -> None: ...

class Cosine(_Cosine):
    def __init__(self, *, start: float = 0.1, lr: float = ..., end: float = 0.0, steps: int = 100) -> None: ...

class Cyclical(_Cyclical):
    def __init__(self, *, low: float = 0.01, high: float = 0.1, half: int = 50, gamma: float = 0.999,
                 variant: Literal['triangular', 'triangular2', 'exp_range'] = 'triangular') -> None: ...

class Exponential(_Exponential):
    def __init__(self, *, start: float = 0.1, lr: float = ..., gamma: float = 0.9, every: int = 1,
                 steps_per_epoch: int = ..., staircase: bool = False) -> None: ...

class FromTraining(_FromTraining):
    def __init__(self, function: Callable[[Place], Any]) -> None: ...

class Halving(_Halving):
    def __init__(self, *, start: float = 0.1, lr: float = ..., every: int = 10, steps_per_epoch: int = ...) -> None: ...

class Inverse(_Inverse):
    def __init__(self, *, start: float = 0.1, lr: float = ..., gamma: float = 0.9, p: float = 0.5) -> None: ...

class InverseSquareRoot(_InverseSquareRoot):
    def __init__(self, *, start: float = 0.1, lr: float = ..., shift: float = 1.0) -> None: ...

class Join(_Join):
    def __init__(self, schedules: Iterable[Schedule], at: Iterable[int] | None = None) -> None: ...

class King(_King):
    def __init__(self, *, start: float = 0.01, lr: float = ..., patience: int = 1000, factor: float = 0.1,
                 confidence: float = 0.51, discard: float = 0.1, forget: bool = True,
                 watch: Literal['step', 'train', 'test'] = 'step') -> None: ...

class MultiStep(_MultiStep):
    def __init__(self, *, milestones: Sequence[int], start: float = 0.1, lr: float = ...,
                 gamma: float = 0.1) -> None: ...

class NadamMomentum(_NadamMomentum):
    def __init__(self, *, mu0: float = 0.99, delta: float = 0.004, gamma: float = 0.5, alpha: float = 0.96) -> None: ...

class Noam(_Noam):
    def __init__(self, *, d_model: int = 512, warmup: int = 4000, scale: float = 1.0) -> None: ...

class OneCycle(_OneCycle):
    def __init__(self, *, peak: float = 0.1, start: float | None = None, end: float | None = None, steps: int = 100,
                 rise: float = 0.3, shape: Literal['cosine', 'linear'] = 'cosine') -> None: ...

class PerEpoch(_PerEpoch):
    def __init__(self, of: Schedule, *, steps_per_epoch: int | None = None) -> None: ...

class Plateau(_Plateau):
    def __init__(self, *, start: float = 0.1, lr: float = ..., factor: float = 0.1, patience: int = 10,
                 threshold: float = 0.0001, cooldown: int = 0, lowest: float = 0.0,
                 watch: Literal['train', 'test', 'step'] = 'train') -> None: ...

class Polynomial(_Polynomial):
    def __init__(self, *, start: float = 0.1, lr: float = ..., end: float = 0.0, power: float = 1.0,
                 steps: int = 100) -> None: ...

class Scaled(_Scaled):
    def __init__(self, of: Schedule, *, factor: float = 1.0) -> None: ...

class Step(_Step):
    def __init__(self, *, start: float = 0.1, lr: float = ..., gamma: float = 0.1, every: int = 30,
                 steps_per_epoch: int = ...) -> None: ...

class SutskeverMomentum(_SutskeverMomentum):
    def __init__(self, *, highest: float = 0.99, every: int = 250) -> None: ...

class WarmRestarts(_WarmRestarts):
    def __init__(self, *, start: float = 0.1, lr: float = ..., end: float = 0.0, steps: int = 10,
                 factor: int = 1) -> None: ...

class Warmup(_Warmup):
    def __init__(self, then: Schedule, *, steps: int = 100, start: float = 0.0) -> None: ...

class WarmupStableDecay(_WarmupStableDecay):
    def __init__(self, *, peak: float = 0.1, end: float = 0.0, warmup: int = 10, stable: int = 60, decay: int = 30,
                 shape: Literal['linear', 'cosine', 'sqrt'] = 'linear') -> None: ...
