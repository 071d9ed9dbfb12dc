"""What a rule asks for, known before it runs: from its code, and from a rehearsal."""

import dis
import types

import numpy as np

from optlearn.asking import OF_FUNCTION, Alone, Answers, Asking
from optlearn.declare import InvalidArgument
from optlearn.state import ASKED, first_state, guest

# What an answer costs, in gradients: a product with the Hessian is a gradient of a gradient, or the difference of two.
COST = {"gradient": 1, "hessian": 2, "hessian_diagonal": 2}

WHY = {"loss": "it reads s.loss: loss=..., the loss where the gradient was taken",
       "gradient": "it asks for a gradient at a point of its own: gradient=f, a function of parameters that gives it",
       "hessian": "it asks for products with the Hessian: hessian=f, a function of v that gives H v, where the "
                  "gradient was taken",
       "hessian_diagonal": "it asks for the diagonal of the Hessian: hessian_diagonal=..., arrays like the parameters, "
                           "or a function without arguments that gives them; or hessian=f, of which it takes a "
                           "product for each parameter"}


def check_given(rule, given):
    """Raise unless what is given answers all that a step of the rule asks for."""
    loss = given["loss"]
    if loss is not None and (np.ndim(loss) or np.asarray(loss).dtype.kind not in "fiu"):
        raise InvalidArgument(f"loss = {loss!r} is not allowed; it must be a number, the loss where the gradient was "
                              "taken")
    for name in ("gradient", "hessian"):
        if given[name] is not None and not callable(given[name]):
            raise InvalidArgument(f"{name} = {type(given[name]).__name__} is not allowed; it must be a function")
    missing = [kind for kind in rule.needs if kind in OF_FUNCTION and given[kind] is None
               and not (kind == "hessian_diagonal" and given["hessian"] is not None)]
    if missing:
        really = [kind for kind in asked(rule) if kind in missing]
        if really:
            raise InvalidArgument(f"{rule.name} needs more than a gradient for its step; {WHY[really[0]]}")


class Needs:
    """Of a class: what its lines may ask for, found in their code when it is first wanted."""

    def __get__(self, instance, owner):
        code = getattr(owner.update, "__code__", None)
        found = vars(owner).get("_needs")
        if found is None or found[0] is not code:
            found = owner._needs = code, _asked_in(owner)
        return found[1]


def _asked_in(cls):
    """The names in `ASKED` that the methods of a class read of their state, slots and draws apart."""
    code = cls.update.__code__
    state = code.co_varnames[3] if code.co_argcount > 3 else "s"
    own = {*(cls.slots if isinstance(cls.slots, tuple) else ()), *cls.draws}
    found = set()
    for base in cls.__mro__:
        if not base.__module__.startswith(("optlearn.optimizer", "optlearn.declare", "builtins")):
            for value in vars(base).values():
                if isinstance(value, types.FunctionType):
                    found |= _reads(value.__code__, state)
    return tuple(name for name in ASKED if name in found - own)


def _reads(code, state):
    """The names in `ASKED` that code reads as attributes of the variable `state`, also inside its functions."""
    found, before = set(), None
    if not set(ASKED).isdisjoint(code.co_names):
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_ATTR", "LOAD_METHOD") and step.argval in ASKED and before is not None:
                read = before.argval if isinstance(before.argval, tuple) else (before.argval,)
                if read[-1] == state:
                    found.add(step.argval)
            before = step
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _reads(constant, state)
    return found


class _Counted(Answers):
    """Answers about no particular function, for a rehearsal."""

    def __init__(self, w):
        super().__init__()
        self.w = w

    def _loss(self):
        return [2.0]

    def _gradient(self, points):
        return [0.9 * np.asarray(points[0]) + 0.1]

    def _hessian(self, vs):
        return [1.5 * np.asarray(vs[0])]

    def _hessian_diagonal(self):
        return [np.full_like(self.w, 1.5)]


def of_a_bowl(w):
    """What `Optimizer.step` takes beside the gradient ``w`` of ``|w|**2 / 2``, for a try."""
    return {"loss": 0.5 * float(np.sum(w * w)), "gradient": lambda point: point, "hessian": lambda v: v,
            "hessian_diagonal": np.ones_like(w)}


def asked(rule):
    """What a step of a rule asks of the function besides its gradient, in order: found by a rehearsal."""
    if not rule.needs:
        return ()
    w = np.array([[0.3, -0.7], [1.1, 0.4]])
    answers = _Counted(w)
    with np.errstate(all="ignore"):
        now = rule.at(1)
        now = now.bound({name: now.__dict__[name].flat[0] for name in now.hypers()
                         if isinstance(now.__dict__[name], np.ndarray)})
        s = {**first_state(now, guest(w)), **{name: np.ones_like(w) for name in rule.draws}}
        now.update(guest(w), guest(0.8 * w + 0.2), Asking(s, Alone(answers)), 1)
    return tuple(kind for kind, *_ in answers.made)


def gradients_of(kinds, parameters=1):
    """What answers of these kinds cost, in gradients; of the diagonal by differences, with that many parameters."""
    return sum(COST.get(kind, 0) * (parameters if kind == "hessian_diagonal" else 1) for kind in kinds)
