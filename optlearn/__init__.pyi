# Made by tools/stubs.py from what the classes declare; make stubs writes it again.

from optlearn import checkpoint as checkpoint
from optlearn import functions as functions
from optlearn import gradients as gradients
from optlearn import plots as plots
from optlearn import problems as problems
from optlearn import schedules as schedules
from optlearn import studies as studies
from optlearn import surfaces as surfaces
from optlearn import wrappers as wrappers
from optlearn.checking import check as check
from optlearn.claims import claim as claim
from optlearn.declare import InvalidArgument as InvalidArgument
from optlearn.declare import hyper as hyper
from optlearn.declare import option as option
from optlearn.explorer.explorer import explore as explore
from optlearn.functions.base import function as function
from optlearn.gradients import norm as norm
from optlearn.groups import Groups as Groups
from optlearn.matrices import repeat as repeat
from optlearn.matrices import sympower as sympower
from optlearn.optimizer import Optimizer as Optimizer
from optlearn.record import Trajectory as Trajectory
from optlearn.registry import get as get
from optlearn.registry import names as names
from optlearn.rules import AMSGrad as AMSGrad
from optlearn.rules import AdaBelief as AdaBelief
from optlearn.rules import AdaDelta as AdaDelta
from optlearn.rules import AdaGrad as AdaGrad
from optlearn.rules import AdaMax as AdaMax
from optlearn.rules import Adafactor as Adafactor
from optlearn.rules import Adam as Adam
from optlearn.rules import AdamEpsHat as AdamEpsHat
from optlearn.rules import AdamW as AdamW
from optlearn.rules import DCASGD as DCASGD
from optlearn.rules import DeltaBarDelta as DeltaBarDelta
from optlearn.rules import Extragradient as Extragradient
from optlearn.rules import FTML as FTML
from optlearn.rules import FTRL as FTRL
from optlearn.rules import GradientDescent as GradientDescent
from optlearn.rules import LAMB as LAMB
from optlearn.rules import LARS as LARS
from optlearn.rules import Lion as Lion
from optlearn.rules import LocalGains as LocalGains
from optlearn.rules import MoMo as MoMo
from optlearn.rules import Momentum as Momentum
from optlearn.rules import Muon as Muon
from optlearn.rules import NAdam as NAdam
from optlearn.rules import Nesterov as Nesterov
from optlearn.rules import Polyak as Polyak
from optlearn.rules import RAdam as RAdam
from optlearn.rules import RMSProp as RMSProp
from optlearn.rules import Rprop as Rprop
from optlearn.rules import SGLD as SGLD
from optlearn.rules import SWATS as SWATS
from optlearn.rules import ScheduleFree as ScheduleFree
from optlearn.rules import Shampoo as Shampoo
from optlearn.rules import SignSGD as SignSGD
from optlearn.rules import Signum as Signum
from optlearn.rules import Sophia as Sophia
from optlearn.state import State as State
from optlearn.state import Update as Update
from optlearn.surfaces import Surface as Surface
from optlearn.surfaces import get as surface
from optlearn.symbolic.stepper import Stepper as Stepper
from optlearn.training.finder import lr_finder as lr_finder
from optlearn.training.loop import train as train
from optlearn.training.tuning import tune as tune
from optlearn.trajectory import run as run
from optlearn.trajectory import sweep as sweep

__all__ = ["AMSGrad", "AdaBelief", "AdaDelta", "AdaGrad", "AdaMax", "Adafactor", "Adam", "AdamEpsHat", "AdamW",
           "DCASGD", "DeltaBarDelta", "Extragradient", "FTML", "FTRL", "GradientDescent", "Groups", "InvalidArgument",
           "LAMB", "LARS", "Lion", "LocalGains", "MoMo", "Momentum", "Muon", "NAdam", "Nesterov", "Optimizer",
           "Polyak", "RAdam", "RMSProp", "Rprop", "SGLD", "SWATS", "ScheduleFree", "Shampoo", "SignSGD", "Signum",
           "Sophia", "State", "Stepper", "Surface", "Trajectory", "Update", "check", "checkpoint", "claim", "explore",
           "function", "functions", "get", "gradients", "hyper", "lr_finder", "names", "norm", "option", "problems",
           "repeat", "run", "schedules", "studies", "surface", "surfaces", "sweep", "sympower", "train", "tune",
           "wrappers"]

__version__: str
