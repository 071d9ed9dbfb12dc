# Made by tools/stubs.py from what the classes declare; make stubs writes it again.

from typing import Literal

from optlearn.rules.adabelief import AdaBelief as _AdaBelief
from optlearn.rules.adadelta import AdaDelta as _AdaDelta
from optlearn.rules.adafactor import Adafactor as _Adafactor
from optlearn.rules.adagrad import AdaGrad as _AdaGrad
from optlearn.rules.adam import Adam as _Adam
from optlearn.rules.adam_eps_hat import AdamEpsHat as _AdamEpsHat
from optlearn.rules.adamax import AdaMax as _AdaMax
from optlearn.rules.adamw import AdamW as _AdamW
from optlearn.rules.amsgrad import AMSGrad as _AMSGrad
from optlearn.rules.dcasgd import DCASGD as _DCASGD
from optlearn.rules.delta_bar_delta import DeltaBarDelta as _DeltaBarDelta
from optlearn.rules.extragradient import Extragradient as _Extragradient
from optlearn.rules.ftml import FTML as _FTML
from optlearn.rules.ftrl import FTRL as _FTRL
from optlearn.rules.gradient_descent import GradientDescent as _GradientDescent
from optlearn.rules.lamb import LAMB as _LAMB
from optlearn.rules.lars import LARS as _LARS
from optlearn.rules.lion import Lion as _Lion
from optlearn.rules.local_gains import LocalGains as _LocalGains
from optlearn.rules.momentum import Momentum as _Momentum
from optlearn.rules.momo import MoMo as _MoMo
from optlearn.rules.muon import Muon as _Muon
from optlearn.rules.nadam import NAdam as _NAdam
from optlearn.rules.nesterov import Nesterov as _Nesterov
from optlearn.rules.polyak import Polyak as _Polyak
from optlearn.rules.radam import RAdam as _RAdam
from optlearn.rules.rmsprop import RMSProp as _RMSProp
from optlearn.rules.rprop import Rprop as _Rprop
from optlearn.rules.schedule_free import ScheduleFree as _ScheduleFree
from optlearn.rules.sgld import SGLD as _SGLD
from optlearn.rules.shampoo import Shampoo as _Shampoo
from optlearn.rules.sign_sgd import SignSGD as _SignSGD
from optlearn.rules.signum import Signum as _Signum
from optlearn.rules.sophia import Sophia as _Sophia
from optlearn.rules.swats import SWATS as _SWATS
from optlearn.typing import Transforms, Value

__all__ = ["AMSGrad", "AdaBelief", "AdaDelta", "AdaGrad", "AdaMax", "Adafactor", "Adam", "AdamEpsHat", "AdamW",
           "DCASGD", "DeltaBarDelta", "Extragradient", "FTML", "FTRL", "GradientDescent", "LAMB", "LARS", "Lion",
           "LocalGains", "MoMo", "Momentum", "Muon", "NAdam", "Nesterov", "Polyak", "RAdam", "RMSProp", "Rprop",
           "SGLD", "SWATS", "ScheduleFree", "Shampoo", "SignSGD", "Signum", "Sophia"]

class AMSGrad(_AMSGrad):
    def __init__(self, *, lr: Value = 0.001, beta1: Value = 0.9, beta2: Value = 0.999, eps: Value = 1e-08,
                 decoupled_weight_decay: Value | None = None, maximum: Literal['raw', 'corrected'] = 'raw',
                 bias_correction: bool = True, eps_hat: bool = False, gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None) -> None: ...

class AdaBelief(_AdaBelief):
    def __init__(self, *, lr: Value = 0.001, beta1: Value = 0.9, beta2: Value = 0.999, eps: Value = 1e-08,
                 eps_root: Value | None = None, weight_decay: Value | None = None, eps_hat: bool = False,
                 gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None) -> None: ...

class AdaDelta(_AdaDelta):
    def __init__(self, *, lr: Value = 1.0, rho: Value = 0.9, eps: Value = 1e-06,
                 decoupled_weight_decay: Value | None = None, gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None) -> None: ...

class AdaGrad(_AdaGrad):
    def __init__(self, *, lr: Value = 0.01, lr_decay: Value | None = None, eps: Value = 1e-10,
                 initial_accumulator: Value = 0.0, decoupled_weight_decay: Value | None = None,
                 eps_inside: bool = False, gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None, weight_decay: Value | None = None) -> None: ...

class AdaMax(_AdaMax):
    def __init__(self, *, lr: Value = 0.002, beta1: Value = 0.9, beta2: Value = 0.999, eps: Value = 1e-08,
                 eps_inside: bool = True, gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None, weight_decay: Value | None = None) -> None: ...

class Adafactor(_Adafactor):
    def __init__(self, *, lr: Value = 0.01, decay_power: Value = 0.8, eps1: Value | None = None, eps2: Value = 0.001,
                 clip_threshold: Value = 1.0, weight_decay: Value | None = None, min_dim: Value = 2,
                 form: Literal['torch', 'keras', 'optax'] = 'torch', gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None) -> None: ...

class Adam(_Adam):
    def __init__(self, *, lr: Value = 0.001, beta1: Value = 0.9, beta2: Value = 0.999, eps: Value = 1e-08,
                 eps_root: Value | None = None, bias_correction: bool = True, gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None) -> None: ...

class AdamEpsHat(_AdamEpsHat):
    def __init__(self, *, lr: Value = 0.001, beta1: Value = 0.9, beta2: Value = 0.999, eps: Value = 1e-08,
                 gradient: Transforms = (), rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None) -> None: ...

class AdamW(_AdamW):
    def __init__(self, *, lr: Value = 0.001, beta1: Value = 0.9, beta2: Value = 0.999, eps: Value = 1e-08,
                 eps_root: Value | None = None, weight_decay: Value = 0.01, decay_times_lr: bool = True,
                 eps_hat: bool = False, gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None) -> None: ...

class DCASGD(_DCASGD):
    def __init__(self, *, lr: Value = 0.1, lam: Value = 0.04, lamda: Value = ..., momentum: Value = 0.0,
                 weight_decay: Value | None = None, decay_in_square: bool = True, gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None) -> None: ...

class DeltaBarDelta(_DeltaBarDelta):
    def __init__(self, *, lr: Value = 0.1, kappa: Value = 0.02, phi: Value = 0.2, theta: Value = 0.5,
                 lr_min: Value | None = None, gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None, weight_decay: Value | None = None) -> None: ...

class Extragradient(_Extragradient):
    def __init__(self, *, lr: Value = 0.1, gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None, weight_decay: Value | None = None) -> None: ...

class FTML(_FTML):
    def __init__(self, *, lr: Value = 0.0025, beta1: Value = 0.6, beta2: Value = 0.999, eps: Value = 1e-08,
                 gradient: Transforms = (), rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None) -> None: ...

class FTRL(_FTRL):
    def __init__(self, *, lr: Value = 0.1, l1: Value = 0.01, weight_decay: Value = 0.0, l2: Value | None = None,
                 l2_shrinkage: Value | None = None, beta: Value = 1.0, initial_accumulator: Value = 0.0,
                 start_at: Literal['parameters', 'origin'] = 'parameters', gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None) -> None: ...

class GradientDescent(_GradientDescent):
    def __init__(self, *, lr: Value = 0.1, gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None, weight_decay: Value | None = None) -> None: ...

class LAMB(_LAMB):
    def __init__(self, *, lr: Value = 0.001, beta1: Value = 0.9, beta2: Value = 0.999, eps: Value = 1e-06,
                 eps_root: Value | None = None, weight_decay: Value = 0.0, decoupled_weight_decay: Value | None = None,
                 norm_min: Value | None = None, lower_bound: Value | None = ..., norm_max: Value | None = None,
                 upper_bound: Value | None = ..., bias_correction: bool = True, gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None) -> None: ...

class LARS(_LARS):
    def __init__(self, *, lr: Value = 0.1, eta: Value = 0.001, trust_coefficient: Value = ..., momentum: Value = 0.0,
                 weight_decay: Value = 0.0, eps: Value = 1e-08, clip_gradient: Value | None = None,
                 denominator: Literal['sum', 'joint', 'gradient'] = 'sum', momentum_correction: bool = False,
                 gradient: Transforms = (), rescale_grad: Value | None = None) -> None: ...

class Lion(_Lion):
    def __init__(self, *, lr: Value = 0.0001, beta1: Value = 0.9, beta2: Value = 0.99, weight_decay: Value = 0.001,
                 gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None) -> None: ...

class LocalGains(_LocalGains):
    def __init__(self, *, lr: Value = 0.01, beta: Value = 0.05, gain_min: Value | None = None,
                 gain_max: Value | None = None, momentum: Value | None = None, gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None) -> None: ...

class MoMo(_MoMo):
    def __init__(self, *, lr: Value = 1.0, beta: Value = 0.9, lower_bound: Value = 0.0, weight_decay: Value = 0.0,
                 bias_correction: bool = False, gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None) -> None: ...

class Momentum(_Momentum):
    def __init__(self, *, lr: Value = 0.01, momentum: Value = 0.9, beta: Value = ..., dampening: Value | None = None,
                 lr_inside: bool = False, gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None, weight_decay: Value | None = None) -> None: ...

class Muon(_Muon):
    def __init__(self, *, lr: Value = 0.001, momentum: Value = 0.95, weight_decay: Value = 0.1, ns_steps: Value = 5,
                 rms: Value | None = None, consistent_rms: Value | None = ..., nesterov: bool = True,
                 form: Literal['torch', 'keras', 'optax'] = 'torch', gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None) -> None: ...

class NAdam(_NAdam):
    def __init__(self, *, lr: Value = 0.002, beta1: Value = 0.9, beta2: Value = 0.999, eps: Value = 1e-08,
                 momentum_decay: Value = 0.004, decoupled_weight_decay: Value | None = None, schedule: bool = True,
                 gradient: Transforms = (), rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None) -> None: ...

class Nesterov(_Nesterov):
    def __init__(self, *, lr: Value = 0.01, momentum: Value = 0.9, beta: Value = ...,
                 form: Literal['lookahead', 'frameworks'] = 'lookahead', lr_inside: bool = False,
                 gradient: Transforms = (), rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None) -> None: ...

class Polyak(_Polyak):
    def __init__(self, *, f_min: Value = 0.0, max_lr: Value | None = None, lr: Value | None = ..., eps: Value = 0.0,
                 variant: Literal['sps', 'sps+'] = 'sps', gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None, weight_decay: Value | None = None) -> None: ...

class RAdam(_RAdam):
    def __init__(self, *, lr: Value = 0.001, beta1: Value = 0.9, beta2: Value = 0.999, eps: Value = 1e-08,
                 threshold: Value = 5.0, decoupled_weight_decay: Value | None = None, eps_hat: bool = True,
                 gradient: Transforms = (), rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None) -> None: ...

class RMSProp(_RMSProp):
    def __init__(self, *, lr: Value = 0.01, rho: Value = 0.99, eps: Value = 1e-08, momentum: Value | None = None,
                 initial_accumulator: Value = 0.0, centered: bool = False, eps_inside: bool = False,
                 lr_inside: bool = False, bias_correction: bool = False, gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None) -> None: ...

class Rprop(_Rprop):
    def __init__(self, *, lr: Value = 0.01, eta_minus: Value = 0.5, eta_plus: Value = 1.2, step_min: Value = 1e-06,
                 step_max: Value = 50.0, gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None, weight_decay: Value | None = None) -> None: ...

class SGLD(_SGLD):
    def __init__(self, *, lr: Value = 0.1, gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None, weight_decay: Value | None = None) -> None: ...

class SWATS(_SWATS):
    def __init__(self, *, lr: Value = 0.001, beta1: Value = 0.9, beta2: Value = 0.999, eps: Value = 1e-06,
                 switch_eps: Value | None = None, criterion: Literal['relative', 'absolute'] = 'relative',
                 eps_hat: bool = True, gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None, weight_decay: Value | None = None) -> None: ...

class ScheduleFree(_ScheduleFree):
    def __init__(self, *, lr: Value = 0.01, beta1: Value = 0.9, momentum: Value = ..., beta2: Value = 0.999,
                 eps: Value = 1e-08, weight_decay: Value = 0.0, warmup_steps: Value | None = None,
                 weight_lr_power: Value = 2.0, weight_step_power: Value = 0.0, form: Literal['sgd', 'adamw'] = 'sgd',
                 gradient: Transforms = (), rescale_grad: Value | None = None,
                 clip_gradient: Value | None = None) -> None: ...

class Shampoo(_Shampoo):
    def __init__(self, *, lr: Value = 0.001, matrix_eps: Value = 1e-06, gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None) -> None: ...

class SignSGD(_SignSGD):
    def __init__(self, *, lr: Value = 0.01, weight_decay: Value | None = None, gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None) -> None: ...

class Signum(_Signum):
    def __init__(self, *, lr: Value = 0.01, momentum: Value = 0.9, beta: Value = ...,
                 decoupled_weight_decay: Value | None = None, gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None,
                 weight_decay: Value | None = None) -> None: ...

class Sophia(_Sophia):
    def __init__(self, *, lr: Value = 0.0001, beta1: Value = 0.965, beta2: Value = 0.99, eps: Value = 1e-08,
                 gamma: Value = 0.01, clip_threshold: Value = 1.0, update_interval: Value = 10,
                 weight_decay: Value = 0.0001, bias_correction: bool = True, gradient: Transforms = (),
                 rescale_grad: Value | None = None, clip_gradient: Value | None = None) -> None: ...
