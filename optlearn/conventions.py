"""The forms and defaults of PyTorch, Keras, Optax and MXNet, under the names those libraries use.

One name often means different arithmetic: where epsilon stands, whether the learning rate is inside the
momentum buffer, which maximum AMSGrad keeps. ``optlearn.get("adam", convention="keras")`` is the rule as
Keras computes it, with Keras's defaults; hyperparameters may be given by Keras's names or by ours. The table
below holds only what differs from a rule's own defaults, each checked against a run of the library.

"torch" is PyTorch 2.13, "keras" Keras 3.15, "optax" Optax 0.2.8, "mxnet" MXNet 1.9 and "pytorch_optimizer"
version 4.1. Two things of MXNet 1.9 are left out: its Nesterov momentum is wrong with weight decay, and LARS
rescales its momentum when the learning rate changes.
"""

from optlearn import gradients
from optlearn.declare import InvalidArgument, near

__all__ = ["translate"]

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
        "lars": {"lr": 0.01, "eps": 0.0},
        "dcasgd": {"lr": 0.01, "decay_in_square": False},
        "ftrl": {"start_at": "origin"},
    },
    "pytorch_optimizer": {
        "swats": {}, "adabelief": {"eps": 1e-16}, "lion": {"weight_decay": 0.0},
        "ftrl": {"lr": 1e-3, "l1": 0.0, "beta": 0.0, "start_at": "origin"},
    },
}

# A name, the names of the members of a pair, or a function from the library's value to ours.
BETAS = {"betas": ("beta1", "beta2")}
ARGUMENTS = {
    "torch": {**BETAS, "alpha": "rho", "initial_accumulator_value": "initial_accumulator",
              "decoupled_weight_decay": "decouple", "d": "clip_threshold",
              "beta2_decay": lambda power: {"decay_power": -power},
              "eps": lambda eps: {"eps1": eps[0], "eps2": eps[1]} if isinstance(eps, tuple) else {"eps": eps},
              "etas": ("eta_minus", "eta_plus"), "step_sizes": ("step_min", "step_max")},
    "keras": {"learning_rate": "lr", "beta_1": "beta1", "beta_2": "beta2", "epsilon": "eps",
              "initial_accumulator_value": "initial_accumulator", "clipvalue": "clip_gradient",
              "l1_regularization_strength": "l1", "l2_regularization_strength": "l2",
              "l2_shrinkage_regularization_strength": "l2_shrinkage",
              "epsilon_1": "eps1", "epsilon_2": "eps2",
              "beta_2_decay": lambda power: {"decay_power": -power}},
    "optax": {"learning_rate": "lr", "b1": "beta1", "b2": "beta2", "decay": "rho", "beta": "momentum",
              "initial_accumulator_value": "initial_accumulator", "initial_scale": "initial_accumulator",
              "eps_in_sqrt": "eps_inside", "trust_coefficient": "eta", "clipping_threshold": "clip_threshold",
              "decay_rate": "decay_power", "min_dim_size_to_factor": "min_dim"},
    "mxnet": {"learning_rate": "lr", "wd": "weight_decay", "wd_lh": "decoupled_weight_decay",
              "epsilon": "eps", "gamma1": "rho", "gamma2": "momentum", "lamda": "lam", "lamda1": "l1",
              "schedule_decay": "momentum_decay"},
    "pytorch_optimizer": {**BETAS, "lambda_1": "l1", "lambda_2": "weight_decay"},
}
CLIPS = {"clipnorm": gradients.ClipNorm, "global_clipnorm": gradients.ClipGlobalNorm}

# Arguments that our rules do not have, with the value that they stand for: given so, they say nothing new.
GIVEN = {
    "torch": {"maximize": False},
    "keras": {"relative_step": True, "learning_rate_power": -0.5},
    "optax": {"nesterov": False, "eps_root": 0.0, "factored": True, "multiply_by_parameter_scale": True},
    "mxnet": {"momentum_correction": False},
    "pytorch_optimizer": {"maximize": False, "rectify": False, "ams_bound": False, "fixed_decay": False,
                          "nesterov": False, "lr_power": -0.5},
}

# What a library calls by a name that means another rule here.
RULES = {"keras": {"adam": "adam_eps_hat"}, "mxnet": {"adam": "adam_eps_hat"}, "optax": {"nadamw": "nadam"}}

# Rules in which the library's weight decay shrinks the parameters, and ours has another name for that.
DECOUPLED = {"keras": {"adagrad", "adadelta", "amsgrad", "nadam", "lamb"}, "mxnet": {"adagrad", "adadelta"},
             "optax": {"nadam"}}


def translate(convention, name, values):
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
    from optlearn.optimizer import get, resolve

    if convention not in FORMS:
        raise InvalidArgument(f"convention = {convention!r} is not allowed; it must be one of "
                              + ", ".join(repr(known) for known in FORMS))
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


def _is(value, other):
    return type(value) is type(other) and value == other


def _renamed(convention, values):
    """The values by our names, without those that are None."""
    renamed = {}
    for name, value in values.items():
        ours = ARGUMENTS[convention].get(name, name)
        if callable(ours) and value is not None:
            renamed.update(ours(value))
        elif isinstance(ours, tuple) and value is not None:
            renamed.update(zip(ours, value, strict=True))
        elif name in CLIPS and value is not None:
            renamed["gradient"] = (CLIPS[name](clip_norm=value), *renamed.get("gradient", ()))
        elif value is not None:
            renamed[ours] = value
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
