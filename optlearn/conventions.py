"""The forms and defaults of PyTorch, Keras, Optax and MXNet, under the names those libraries use.

One name often means different arithmetic: where epsilon stands, whether the learning rate is inside the
momentum buffer, which maximum AMSGrad keeps. ``optlearn.get("adam", convention="keras")`` is the rule as
Keras computes it, with Keras's defaults; hyperparameters may be given by Keras's names or by ours. The table
below holds only what differs from a rule's own defaults, each checked against a run of the library.

"torch" is PyTorch 2.13, "keras" Keras 3.15, "optax" Optax 0.2.8, "mxnet" MXNet 1.9 and "pytorch_optimizer"
version 4.1. One thing of MXNet 1.9 is left out: its Nesterov momentum is wrong with weight decay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn import gradients
from optlearn.declare import InvalidArgument, near
from optlearn.registry import get, resolve

if TYPE_CHECKING:
    from optlearn.typing import RuleLike

__all__ = ["arguments", "translate"]

FORMS = {
    "torch": {
        "gradient_descent": {"lr": 1e-3},
        "momentum": {"lr": 1e-3},
        "nesterov": {"lr": 1e-3, "form": "frameworks"},
        "adagrad": {}, "rmsprop": {}, "adadelta": {}, "adam": {}, "adamw": {}, "amsgrad": {}, "adamax": {},
        "nadam": {}, "radam": {}, "rprop": {}, "adafactor": {"min_dim": 1}, "muon": {},
    },
    "keras": {
        "gradient_descent": {"lr": 0.01},
        "momentum": {"lr": 0.01, "lr_inside": True},
        "nesterov": {"lr": 0.01, "lr_inside": True, "form": "frameworks"},
        "adagrad": {"lr": 1e-3, "eps": 1e-7, "eps_inside": True, "initial_accumulator": 0.1},
        "rmsprop": {"lr": 1e-3, "rho": 0.9, "eps": 1e-7, "eps_inside": True, "lr_inside": True},
        "adadelta": {"lr": 1e-3, "rho": 0.95, "eps": 1e-7},
        "adam_eps_hat": {"eps": 1e-7},
        "adamw": {"eps": 1e-7, "eps_hat": True, "weight_decay": 0.004},
        "amsgrad": {"eps": 1e-7, "eps_hat": True},
        "adamax": {"lr": 1e-3, "eps": 1e-7, "eps_inside": False},
        "nadam": {"lr": 1e-3, "eps": 1e-7, "momentum_decay": 1.0},
        "lion": {"lr": 1e-3, "weight_decay": 0.0},
        "lamb": {"eps": 1e-7},
        "ftrl": {"lr": 1e-3, "l1": 0.0, "l2": 0.0, "beta": 0.0, "initial_accumulator": 0.1,
                 "start_at": "origin"},
        "adafactor": {"lr": 1e-3, "form": "keras", "min_dim": 1}, "muon": {"form": "keras", "weight_decay": 0.004},
    },
    "optax": {
        "gradient_descent": {},
        "momentum": {},
        "nesterov": {"form": "frameworks"},
        "adagrad": {"eps": 1e-7, "eps_inside": True, "initial_accumulator": 0.1},
        "rmsprop": {"rho": 0.9, "eps_inside": True, "lr_inside": True},
        "adadelta": {}, "adam": {}, "adamax": {}, "sign_sgd": {}, "signum": {}, "lion": {}, "lamb": {},
        "adamw": {"weight_decay": 1e-4},
        "amsgrad": {"maximum": "corrected"},
        "nadam": {"schedule": False},
        "radam": {"eps_hat": False},
        "adabelief": {"eps": 1e-16, "eps_root": 1e-16},
        "lars": {"momentum": 0.9, "eps": 0.0, "denominator": "joint"},
        "adafactor": {"form": "optax", "min_dim": 128}, "muon": {"form": "optax", "weight_decay": 0.0},
        "schedule_free": {}, "polyak": {"max_lr": 1.0}, "sophia": {},
    },
    "mxnet": {
        "gradient_descent": {"lr": 0.01},
        "momentum": {"lr": 0.01, "lr_inside": True},
        "nesterov": {"lr": 0.01, "lr_inside": True, "form": "frameworks"},
        "adagrad": {"eps": 1e-7, "eps_inside": True},
        "rmsprop": {"lr": 1e-3, "rho": 0.9, "eps_inside": True, "lr_inside": True},
        "adadelta": {"eps": 1e-5}, "adam_eps_hat": {}, "ftml": {"lr": 0.01}, "sgld": {"lr": 0.01},
        "signum": {}, "sign_sgd": {}, "lamb": {},
        "adamax": {"eps": 0.0},
        "nadam": {"lr": 1e-3},
        "lars": {"lr": 0.01, "eps": 0.0, "momentum_correction": True},
        "dcasgd": {"lr": 0.01, "decay_in_square": False},
        "ftrl": {"start_at": "origin"},
    },
    "pytorch_optimizer": {
        "swats": {}, "adabelief": {"eps": 1e-16}, "lion": {"weight_decay": 0.0},
        "ftrl": {"lr": 1e-3, "l1": 0.0, "beta": 0.0, "start_at": "origin"},
        "schedule_free": {"lr": 1.0}, "shampoo": {}, "muon": {"lr": 0.02, "weight_decay": 0.0},
    },
}

# Other names of the libraries.
CALLED = {"pytorch": "torch", "tf": "keras", "tensorflow": "keras", "jax": "optax", "flax": "optax"}

# Our name, or the names of the members of a pair; a value that is no pair then keeps its name.
BETAS = {"betas": ("beta1", "beta2")}
ARGUMENTS = {
    "torch": {**BETAS, "alpha": "rho", "initial_accumulator_value": "initial_accumulator",
              "decoupled_weight_decay": "decouple", "d": "clip_threshold",
              "eps": ("eps1", "eps2"), "etas": ("eta_minus", "eta_plus"), "step_sizes": ("step_min", "step_max")},
    "keras": {"learning_rate": "lr", "beta_1": "beta1", "beta_2": "beta2", "epsilon": "eps",
              "initial_accumulator_value": "initial_accumulator", "clipvalue": "clip_gradient",
              "l1_regularization_strength": "l1", "l2_regularization_strength": "l2",
              "l2_shrinkage_regularization_strength": "l2_shrinkage",
              "epsilon_1": "eps1", "epsilon_2": "eps2", "rms_rate": "rms"},
    "optax": {"learning_rate": "lr", "b1": "beta1", "b2": "beta2", "decay": "rho", "beta": "momentum",
              "initial_accumulator_value": "initial_accumulator", "initial_scale": "initial_accumulator",
              "eps_in_sqrt": "eps_inside", "trust_coefficient": "eta", "clipping_threshold": "clip_threshold",
              "decay_rate": "decay_power", "min_dim_size_to_factor": "min_dim", "max_learning_rate": "max_lr",
              "consistent_rms": "rms"},
    "mxnet": {"learning_rate": "lr", "wd": "weight_decay", "wd_lh": "decoupled_weight_decay",
              "epsilon": "eps", "gamma1": "rho", "gamma2": "momentum", "lamda": "lam", "lamda1": "l1",
              "schedule_decay": "momentum_decay"},
    "pytorch_optimizer": {**BETAS, "lambda_1": "l1", "lambda_2": "weight_decay"},
}
# Arguments that are the negative of ours.
NEGATED = {"beta2_decay": "decay_power", "beta_2_decay": "decay_power"}
CLIPS = {"clipnorm": gradients.ClipNorm, "global_clipnorm": gradients.ClipGlobalNorm}

# Arguments that our rules do not have, with the value that they stand for: given so, they say nothing new.
GIVEN = {
    "torch": {"maximize": False},
    "keras": {"relative_step": True, "learning_rate_power": -0.5},
    "optax": {"nesterov": False, "eps_root": 0.0, "factored": True, "multiply_by_parameter_scale": True},
    "mxnet": {},
    "pytorch_optimizer": {"maximize": False, "rectify": False, "ams_bound": False, "fixed_decay": False,
                          "nesterov": False, "lr_power": -0.5},
}

# What PyTorch calls the sizes of Muon's steps.
SCALES = {"original": {}, "match_rms_adamw": {"rms": 0.2}}

# The class or function of a library for each of our rules, with the arguments that make it that rule; then the
# arguments that it takes.
ADAM = "learning_rate beta_1 beta_2 epsilon"
OPTAX_ADAM = "learning_rate b1 b2 eps eps_root"
CALLS = {
    "torch": {
        "gradient_descent": ("SGD", {}, "lr weight_decay"),
        "momentum": ("SGD", {}, "lr momentum dampening weight_decay"),
        "nesterov": ("SGD", {"nesterov": True}, "lr momentum weight_decay"),
        "adagrad": ("Adagrad", {}, "lr lr_decay eps initial_accumulator_value weight_decay"),
        "rmsprop": ("RMSprop", {}, "lr alpha eps momentum centered weight_decay"),
        "adadelta": ("Adadelta", {}, "lr rho eps weight_decay"),
        "adam": ("Adam", {}, "lr betas eps weight_decay"),
        "adamw": ("AdamW", {}, "lr betas eps weight_decay"),
        "amsgrad": ("Adam", {"amsgrad": True}, "lr betas eps weight_decay decoupled_weight_decay"),
        "adamax": ("Adamax", {}, "lr betas eps weight_decay"),
        "nadam": ("NAdam", {}, "lr betas eps momentum_decay weight_decay decoupled_weight_decay"),
        "radam": ("RAdam", {}, "lr betas eps weight_decay decoupled_weight_decay"),
        "rprop": ("Rprop", {}, "lr etas step_sizes"),
        "adafactor": ("Adafactor", {}, "lr beta2_decay eps d weight_decay"),
        "muon": ("Muon", {}, "lr momentum nesterov ns_steps weight_decay"),
    },
    "keras": {
        "gradient_descent": ("SGD", {}, "learning_rate"),
        "momentum": ("SGD", {}, "learning_rate momentum"),
        "nesterov": ("SGD", {"nesterov": True}, "learning_rate momentum"),
        "adagrad": ("Adagrad", {}, "learning_rate initial_accumulator_value epsilon weight_decay"),
        "rmsprop": ("RMSprop", {}, "learning_rate rho momentum epsilon centered"),
        "adadelta": ("Adadelta", {}, "learning_rate rho epsilon weight_decay"),
        "adam_eps_hat": ("Adam", {}, ADAM),
        "adamw": ("AdamW", {}, ADAM + " weight_decay"),
        "amsgrad": ("Adam", {"amsgrad": True}, ADAM + " weight_decay"),
        "adamax": ("Adamax", {}, ADAM),
        "nadam": ("Nadam", {}, ADAM + " weight_decay"),
        "lion": ("Lion", {}, "learning_rate beta_1 beta_2 weight_decay"),
        "lamb": ("Lamb", {}, ADAM + " weight_decay"),
        "ftrl": ("Ftrl", {}, "learning_rate initial_accumulator_value l1_regularization_strength "
                             "l2_regularization_strength l2_shrinkage_regularization_strength beta"),
        "adafactor": ("Adafactor", {}, "learning_rate beta_2_decay epsilon_1 epsilon_2 clip_threshold weight_decay"),
        "muon": ("Muon", {}, "learning_rate momentum nesterov ns_steps rms_rate weight_decay"),
    },
    "optax": {
        "gradient_descent": ("sgd", {}, "learning_rate"),
        "momentum": ("sgd", {}, "learning_rate momentum"),
        "nesterov": ("sgd", {"nesterov": True}, "learning_rate momentum"),
        "adagrad": ("adagrad", {}, "learning_rate initial_accumulator_value eps"),
        "rmsprop": ("rmsprop", {}, "learning_rate decay eps initial_scale eps_in_sqrt centered momentum "
                                   "bias_correction"),
        "adadelta": ("adadelta", {}, "learning_rate rho eps weight_decay"),
        "adam": ("adam", {}, OPTAX_ADAM),
        "adamw": ("adamw", {}, OPTAX_ADAM + " weight_decay"),
        "amsgrad": ("amsgrad", {}, "learning_rate b1 b2 eps"),
        "adamax": ("adamax", {}, "learning_rate b1 b2 eps"),
        "nadam": ("nadam", {}, "learning_rate b1 b2 eps"),
        "radam": ("radam", {}, "learning_rate b1 b2 eps threshold"),
        "adabelief": ("adabelief", {}, OPTAX_ADAM),
        "lars": ("lars", {}, "learning_rate weight_decay trust_coefficient eps momentum"),
        "lamb": ("lamb", {}, OPTAX_ADAM + " weight_decay"),
        "lion": ("lion", {}, "learning_rate b1 b2 weight_decay"),
        "sign_sgd": ("sign_sgd", {}, "learning_rate"),
        "signum": ("signum", {}, "learning_rate beta"),
        "adafactor": ("adafactor", {}, "learning_rate min_dim_size_to_factor decay_rate clipping_threshold eps"),
        "muon": ("muon", {}, "learning_rate beta nesterov ns_steps consistent_rms weight_decay"),
        "schedule_free": ("schedule_free_sgd", {}, "learning_rate b1 weight_decay"),
        "polyak": ("polyak_sgd", {}, "max_learning_rate f_min eps variant"),
        "sophia": ("sophia", {}, "learning_rate b1 b2 eps gamma clip_threshold update_interval weight_decay"),
    },
}

# What a library calls by a name that means another rule here.
RULES = {"keras": {"adam": "adam_eps_hat"}, "mxnet": {"adam": "adam_eps_hat"}, "optax": {"nadamw": "nadam"}}

# Rules in which the library's weight decay shrinks the parameters, and ours has another name for that.
DECOUPLED = {"keras": {"adagrad", "adadelta", "amsgrad", "nadam", "lamb"}, "mxnet": {"adagrad", "adadelta"},
             "optax": {"nadam"}}


def translate(convention: str, name: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The rule and the values that a library's name and arguments stand for.

    Parameters
    ----------
    convention : {"torch", "keras", "optax", "mxnet", "pytorch_optimizer"}
    name : str
        The library's name of the rule, such as ``"RMSprop"``, or ours.
    values : dict
        Arguments by the library's names or by ours.

    Returns
    -------
    name : str
    values : dict

    Raises
    ------
    InvalidArgument
        For a library or a rule that is not known, and for a weight decay that we do not have in that form.

    Examples
    --------
    >>> translate("keras", "SGD", {"learning_rate": 0.1, "momentum": 0.9})
    ('momentum', {'lr': 0.1, 'lr_inside': True, 'momentum': 0.9})
    """
    if convention not in FORMS:
        _refuse(convention, FORMS)
    values = _renamed(convention, values)
    decouple, key = values.pop("decouple", False), str(name).lower()
    chosen = _rule(convention, key, values, decouple)
    if key in ("adamw", "nadamw") and chosen != "adamw" and "adamw" in FORMS[convention]:
        # A flag made another rule of it, with the same decay.
        decouple = True
        if "decoupled_weight_decay" not in values:
            values.setdefault("weight_decay", get("adamw", convention=convention).weight_decay)
    rule, values = resolve(chosen, values)
    known = type(get(rule))._declared
    values = {n: v for n, v in values.items() if n in known or not _is(v, GIVEN[convention].get(n))}
    forms = FORMS[convention]
    if rule not in forms:
        raise InvalidArgument(f"name = {name!r} is not a rule that optlearn has in the form of {convention}"
                              + near(rule, forms))
    decays = values.get("weight_decay") is not None
    if decays and (rule in DECOUPLED.get(convention, ()) or (decouple and rule != "adamw")):
        values["decoupled_weight_decay"] = values.pop("weight_decay")
    elif decays and convention == "keras" and rule not in ("adamw", "lion", "adafactor", "muon"):
        raise InvalidArgument(f"weight_decay = {values['weight_decay']!r} is not allowed for {rule} in the "
                              "form of keras; it must be left out: Keras shrinks the parameters, this rule "
                              "changes the gradient")
    return rule, {**forms[rule], **values}


def _refuse(convention, known):
    meant = CALLED.get(str(convention).lower())
    raise InvalidArgument(f"convention = {convention!r} is not allowed; it must be one of "
                          + ", ".join(map(repr, known)) + (f"; did you mean {meant!r}?" if meant in known else ""))


def arguments(convention: str, rule: RuleLike) -> tuple[str, dict[str, Any]]:
    """The class of a library and its arguments that are this rule: the way back from `translate`.

    Parameters
    ----------
    convention : {"torch", "keras", "optax"}
    rule : Optimizer, class or name

    Returns
    -------
    name : str
        Of the class in ``torch.optim`` or ``keras.optimizers``, or of the function in ``optax`` (Muon's is in
        ``optax.contrib``).
    values : dict
        Its arguments. ``get(name, convention=convention, **values)`` is the rule.

    Raises
    ------
    InvalidArgument
        If the library does not have the rule in this form; the message says what has no counterpart.

    Examples
    --------
    >>> from optlearn import Momentum
    >>> arguments("torch", Momentum(lr=0.1, weight_decay=0.01))
    ('SGD', {'lr': 0.1, 'momentum': 0.9, 'weight_decay': 0.01})
    >>> arguments("torch", Momentum(lr_inside=True))
    Traceback (most recent call last):
    optlearn.declare.InvalidArgument: lr_inside = True of momentum has no counterpart in torch, which has False
    """
    from optlearn.optimizer import as_rule

    if convention not in CALLS:
        _refuse(convention, CALLS)
    rule = as_rule(rule)
    known = CALLS[convention]
    if rule.name not in known:
        other = RULES.get(convention, {}).get(rule.name)
        raise InvalidArgument(f"{rule.name} has no counterpart in {convention}"
                              + (f"; what it calls {rule.name} is {other}" if other else near(rule.name, known)))
    name, fixed, takes = known[rule.name]
    values, takes = {**fixed}, takes.split()
    own = rule.values
    for theirs in takes:
        ours = ARGUMENTS[convention].get(theirs, NEGATED.get(theirs, theirs))
        if isinstance(ours, tuple) and ours[0] not in own:
            ours = theirs
        value = tuple(own[one] for one in ours) if isinstance(ours, tuple) else own.get(ours)
        if value is not None and theirs not in ("weight_decay", "decoupled_weight_decay"):
            values[theirs] = -value if theirs in NEGATED else value
    if convention == "optax" and rule.name == "nadam" and rule.decoupled_weight_decay is not None:
        name, takes = "nadamw", [*takes, "weight_decay"]
    if convention == "optax" and rule.name == "schedule_free" and rule.form == "adamw":
        name, takes = "schedule_free_adamw", [*takes, "b2", "eps"]
        values |= {"b2": rule.beta2, "eps": rule.eps}
    if convention == "torch" and rule.name == "muon" and {"rms": rule.rms} in SCALES.values():
        values["adjust_lr_fn"] = "match_rms_adamw"
    _decays(convention, rule, values, takes)
    for transform in rule.gradient:
        for theirs, kind in {**CLIPS, "clipvalue": gradients.Clip}.items():
            if convention == "keras" and type(transform) is kind:
                values[theirs], = transform.values.values()
    for theirs, value in values.items():
        if callable(value) and (convention, theirs) != ("optax", "learning_rate") or isinstance(value, np.ndarray):
            raise InvalidArgument(f"{theirs} = {value!r} of {rule.name} is no number, which {convention} needs")
    again = get(name, convention=convention, **values)
    if again != rule:
        then = {"gradient": (), **again.values}
        lost = next((n for n, v in {"gradient": (), **own}.items() if not _is(then.get(n), v)), None)
        has = f", which has {then[lost]!r}" if lost in again.values else ""
        value = rule.gradient if lost == "gradient" else own.get(lost)
        raise InvalidArgument(f"{lost} = {value!r} of {rule.name} has no counterpart in {convention}{has}")
    return name, values


def _decays(convention, rule, values, takes):
    """Put the weight decay of a rule among a library's arguments, in the form that it has there."""
    added = [transform.weight_decay for transform in rule.gradient if type(transform) is gradients.Decay]
    decoupled = rule.values.get("decoupled_weight_decay")
    value = rule.values.get("weight_decay", added[0] if added else None)
    if decoupled is not None or rule.name in DECOUPLED.get(convention, ()):
        value = decoupled
    if "weight_decay" in takes and value is not None:
        values["weight_decay"] = value
    if decoupled is not None and "decoupled_weight_decay" in takes:
        values["decoupled_weight_decay"] = True


def _is(value, other):
    return type(value) is type(other) and value == other


def _renamed(convention, values):
    """The values by our names, without those that are None."""
    renamed = {}
    clips = [name for name in (*CLIPS, "clipvalue") if convention == "keras" and values.get(name) is not None]
    if len(clips) > 1:
        raise InvalidArgument(f"{clips[0]} = {values[clips[0]]!r} is not allowed beside {clips[1]}; Keras takes one of "
                              "clipnorm, global_clipnorm and clipvalue")
    for name, value in values.items():
        ours = ARGUMENTS[convention].get(name, name)
        if value is None:
            continue
        if name in NEGATED:
            renamed[NEGATED[name]] = -value
        elif name in CLIPS and convention == "keras":
            renamed["gradient"] = (CLIPS[name](clip_norm=value), *renamed.get("gradient", ()))
        elif isinstance(ours, str):
            renamed[ours] = value
        elif isinstance(value, (tuple, list)):
            if len(value) != len(ours):
                raise InvalidArgument(f"{name} = {value!r} is not allowed; it must be a pair of {' and '.join(ours)}")
            renamed.update(zip(ours, value, strict=True))
        else:
            renamed[name] = value
    return {name: value for name, value in renamed.items() if value is not None}


def _rule(convention, key, values, decouple):
    """Our name of a library's rule; a flag that makes it another rule is taken out of the values."""
    if values.pop("amsgrad", False):
        return "amsgrad"
    if convention == "optax" and key in ("adam", "adamw") and values.pop("nesterov", False):
        return "nadam"
    if convention == "optax" and key == "adafactor" and "eps" in values:
        values["eps1"] = values.pop("eps")
    if key == "adam" and (decouple or (convention == "keras" and "weight_decay" in values)):
        return "adamw"
    if convention == "torch" and key == "muon" and values.get("adjust_lr_fn") in SCALES:
        values |= SCALES[values.pop("adjust_lr_fn")]
    # The momentum of these is 0 where it is not given, also where it would be Nesterov's.
    if key == "sgd" and not {"momentum", "beta"} & {*values}:
        values.pop("nesterov", None)
    if convention == "mxnet" and key == "nag":
        values.setdefault("momentum", 0.0)
    if convention == "mxnet" and key == "rmsprop":
        # It has a momentum only when centered, and then by default.
        if values.get("centered"):
            values.setdefault("momentum", 0.9)
        else:
            values.pop("momentum", None)
    if convention == "mxnet" and key == "signum" and values.get("momentum") == 0:
        del values["momentum"]
        return "sign_sgd"
    return RULES.get(convention, {}).get(key, key)
