# Made by tools/stubs.py from what the classes declare; make stubs writes it again.

from typing import Literal

from optlearn.typing import RuleLike, Transforms, Value
from optlearn.wrappers.accumulate import Accumulate as _Accumulate
from optlearn.wrappers.averaged import Averaged as _Averaged
from optlearn.wrappers.base import Wrapper as Wrapper
from optlearn.wrappers.cautious import Cautious as _Cautious
from optlearn.wrappers.error_feedback import ErrorFeedback as _ErrorFeedback
from optlearn.wrappers.lookahead import Lookahead as _Lookahead
from optlearn.wrappers.maximize import Maximize as _Maximize
from optlearn.wrappers.sam import SAM as _SAM

__all__ = ["Accumulate", "Averaged", "Cautious", "ErrorFeedback", "Lookahead", "Maximize", "SAM", "Wrapper"]

class Accumulate(_Accumulate):
    def __init__(self, rule: RuleLike, *, every: Value = 4, gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None, **values: Value | str | None) -> None: ...

class Averaged(_Averaged):
    def __init__(self, rule: RuleLike, *, kind: Literal['ema', 'mean'] = 'ema', average_decay: Value = 0.999,
                 average_start: Value | None = None, average_every: Value | None = None, gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None, **values: Value | str | None) -> None: ...

class Cautious(_Cautious):
    def __init__(self, rule: RuleLike, *, scale: Literal['mean', 'sum', 'none'] = 'mean', gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None, **values: Value | str | None) -> None: ...

class ErrorFeedback(_ErrorFeedback):
    def __init__(self, rule: RuleLike, *, gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None, weight_decay: Value | None = None,
                 **values: Value | str | None) -> None: ...

class Lookahead(_Lookahead):
    def __init__(self, rule: RuleLike, *, sync_period: Value = 5, slow_step_size: Value = 0.5,
                 gradient: Transforms = (), rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None, **values: Value | str | None) -> None: ...

class Maximize(_Maximize):
    def __init__(self, rule: RuleLike, *, gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None, weight_decay: Value | None = None,
                 **values: Value | str | None) -> None: ...

class SAM(_SAM):
    def __init__(self, rule: RuleLike, *, rho: Value = 0.05, adaptive: bool = False, gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None, **values: Value | str | None) -> None: ...
