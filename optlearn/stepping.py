"""A step on the arrays of nested parameters: whole, or block by block through all cores; and what is looked at."""

import math
import numbers

import numpy as np

from optlearn import tree
from optlearn.asking import Asking, answer_all
from optlearn.declare import InvalidArgument
from optlearn.explain import complete, explain
from optlearn.machine import in_threads, keep_memory
from optlearn.registry import of_library
from optlearn.state import Slots, State, guest, guests

# Temporary arrays of this many bytes stay in the cache of a core.
BLOCK = 2**18


def seen_state(rule, w, old, rng):
    """The state as a rule gets it: slots and draws that it can read but not change."""
    s = {**old, **{name: rng.standard_normal(w.shape).astype(w.dtype) for name in rule.draws}} if rule.draws else old
    return {name: guest(value) for name, value in s.items()}


def answered(rule, ws, gs, states, t, look, rng, answers):
    """For each array new parameters and slots, and whether they are finite, where the lines ask for more."""
    arrays = [(w, guest(g), seen_state(rule, w, old, rng)) for w, g, old in zip(ws, gs, states, strict=True)]
    return answer_all(rule, arrays, lambda one, oracle: whole(rule, *one, t, look, oracle), answers)


def whole(rule, w, g, s, t, look, oracle=None):
    """New parameters and slots of one array, and whether they are finite, if one is to look."""
    made = None
    try:
        made = rule.update(w, g, Slots(s) if oracle is None else Asking(s, oracle), t)
        named = made.named
        slots = {name: named[name] for name in rule.slots}
        if rule.takes_matrices:
            _keep_shapes(slots, s)
        if made.w is None:
            complete(rule, made)
    except Exception as error:
        explain(error, rule, made)
        raise
    # A reader's lines may keep what they return, as a buffer that they write to again.
    fresh = of_library(type(rule))
    new = as_given(made.w, w, rule, fresh=fresh)
    slots = held(slots, w, new, rule=rule, fresh=fresh)
    return new, slots, not look or (_finite(new) and all(map(_finite, slots.values())))


def _keep_shapes(slots, before):
    """Raise where the slots of a rule on matrices change their shapes."""
    for name, value in slots.items():
        if np.shape(value) != np.shape(before[name]):
            raise InvalidArgument(f"a step made the slot {name!r} of shape {np.shape(value)} from one of shape "
                                  f"{np.shape(before[name])}; update must keep the shape that start gives it")


def blockwise(rule, w, g, s, t, look):
    """The same, block by block: large arrays pass through memory once, and through all cores at the same time."""
    keep_memory()
    new = np.empty_like(w, order="C")
    flat_w, flat_g = guests(w.reshape(-1), g.reshape(-1))
    flat_s = {name: guest(np.reshape(value, -1)) if np.ndim(value) else value for name, value in s.items()}
    slots = {name: np.empty_like(new) if np.ndim(s[name]) else s[name] for name in rule.slots}

    def work(parts):
        fine = True
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for part in parts:
                here = {name: value[part] if np.ndim(value) else value for name, value in flat_s.items()}
                new.reshape(-1)[part], kept, finite = whole(rule, flat_w[part], flat_g[part], here, t, look)
                fine = fine and finite
                for name, value in kept.items():
                    if np.ndim(value):
                        slots[name].reshape(-1)[part] = value
                    else:
                        slots[name] = value
        return fine

    return new, slots, all(in_threads(work, list(_blocks(w))))


def _blocks(array):
    """Slices of the flat array."""
    length = BLOCK // array.itemsize
    return (slice(start, min(start + length, array.size)) for start in range(0, array.size, length))


def separable(rule):
    """Whether a coordinate of a step depends on that coordinate alone, as the recorded lines of the rule tell."""
    from optlearn.symbolic.trace import trace

    if rule.takes_matrices:
        return False
    try:
        return trace(rule).separable and not any(isinstance(value, np.ndarray) for part in (rule, *rule.gradient)
                                                 for value in part.values.values())
    # Whatever a reader's lines raise while they are recorded: the step itself needs no record.
    except Exception:
        return False


def _finite(array):
    """Whether all numbers of an array, or a number, are finite."""
    if not isinstance(array, np.ndarray):
        return math.isfinite(array) if isinstance(array, float) else bool(np.isfinite(array))
    if array.size <= tree.SMALL:
        return tree.finite(array)
    flat = np.asarray(array).reshape(-1)
    blocks = list(_blocks(flat))

    def work(parts):
        return all(np.isfinite(flat[part]).all() for part in parts)

    # Threads for a few blocks would take longer to wake than to work.
    return all(in_threads(work, blocks)) if len(blocks) > 32 else work(blocks)


def held(slots, w, *taken, rule=None, fresh=True):
    """Slots as they are kept: arrays of the parameters' dtype, or single numbers; none in the memory of another."""
    arrays, kept, taken = w.ndim == 0, {}, set(map(id, taken))
    for name, value in slots.items():
        if arrays or np.ndim(value):
            value = as_given(value, w, rule, name, fresh and id(value) not in taken)
            taken.add(id(value))
        elif isinstance(value, np.ndarray):
            value = value[()]
        elif not isinstance(value, (numbers.Number, np.bool_)):
            raise InvalidArgument(f"a step made the slot {name!r} a {type(value).__name__}; it must be an array or a "
                                  "number")
        kept[name] = value
    return kept


def _fits(shape, whole, rule):
    """Whether a slot's shape is that of the parameters, or one along some axes, as row means are.

    To a rule that takes matrices a slot may be any array whose sides are those of the parameters, or 1.
    """
    if rule is not None and rule.takes_matrices:
        sides = {1, *whole, math.prod(whole[1:])}
        return all(n in sides for n in shape)
    return len(shape) == len(whole) and all(n in (1, m) for n, m in zip(shape, whole, strict=True))


def as_given(value, w, rule, slot=None, fresh=True):
    """What a step made, as an array of the parameters' dtype in memory of its own."""
    if isinstance(value, (list, tuple)):
        what = f"the slot {slot!r}" if slot else "parameters"
        raise InvalidArgument(f"a step made {what} a {type(value).__name__}; update must make an array, such as "
                              "np.array(...)")
    array = np.asarray(value)
    if array.shape != w.shape and not (slot and _fits(array.shape, w.shape, rule)):
        what = f"the slot {slot!r}" if slot else "parameters"
        swept = rule is not None and any(isinstance(v, np.ndarray) for v in rule.values.values())
        raise InvalidArgument(
            f"a step made an array of shape {array.shape} from parameters of shape {w.shape}; "
            + ("a hyperparameter that is an array (a sweep) must fit the shape of the parameters" if swept else
               f"update must make {what} of the shape of the parameters"))
    if array.dtype != w.dtype:
        if array.dtype.kind not in "fiub":
            raise InvalidArgument(f"a step made {f'the slot {slot!r}' if slot else 'parameters'} of dtype "
                                  f"{array.dtype} from parameters of dtype {w.dtype}; update must make real numbers")
        return array.astype(w.dtype)
    # A view belongs to somebody: guests are views that cannot be written to.
    return array if fresh and array.base is None and array.flags.writeable else array.copy()


def check_state(rule, paths, state):
    """Raise unless a state is one of this rule, for parameters of that structure."""
    if not isinstance(state, State):
        raise InvalidArgument(f"state = {type(state).__name__} is not allowed; it must be the State that "
                              f"{rule.name}.init(params) gives")
    if state.rule != rule.name:
        raise InvalidArgument(f"state belongs to {state.rule!r}, not to {rule.name!r}; "
                              "it must come from init of the same rule")
    if list(state.paths) != paths:
        raise InvalidArgument(f"state belongs to parameters of the structure {list(state.paths)}; "
                              f"params has {paths}")


def refuse_step(rule, path, w, old, made, kept, t):
    """Raise if a step made values that are not finite from values that are."""
    if not _finite(w):
        raise InvalidArgument(f"params{path} has values that are not finite; parameters must be finite "
                              "(nonfinite='propagate' lets it through)")
    for name, value in kept.items():
        # What was infinite before may stay so.
        if not _finite(value) and _finite(old.get(name, 0.0)):
            raise InvalidArgument(
                f"grads{path} makes step {t} of {rule.name} give the slot {name!r} values that are not finite; "
                f"{w.dtype} ends at {np.finfo(w.dtype).max:.2g}: scale or clip the gradient, such as by "
                "gradient=[ClipNorm(clip_norm=1.0)] (nonfinite='propagate' lets it through)")
    if not _finite(made):
        raise InvalidArgument(f"grads{path} and these hyperparameters make step {t} of {rule.name} give "
                              f"params{path} that are not finite; lr must be smaller, or eps above 0 where "
                              "0 is divided by 0 (nonfinite='propagate' lets it through)")


def check_step(rule, leaves, gradient_leaves, state, nonfinite, rng):
    """Raise unless parameters, gradients and state fit together and a step may be made."""
    paths = [path for path, _ in leaves]
    check_state(rule, paths, state)
    tree.separate(leaves, "params")
    if [path for path, _ in gradient_leaves] != paths:
        raise InvalidArgument(f"grads has the structure {[p for p, _ in gradient_leaves]}; it must be that of "
                              f"params, {paths}")
    for (path, w), (_, g), slots in zip(leaves, gradient_leaves, state.slots, strict=True):
        w, g = tree.computable(w, "params" + path), tree.computable(g, "grads" + path)
        if list(slots) != list(rule.slots) and set(slots) != set(rule.slots):
            raise InvalidArgument(f"state has the slots {', '.join(slots) or 'none'}; this {rule.name} has "
                                  f"{', '.join(rule.slots) or 'none'}: it must come from init of the same rule")
        if g.shape != w.shape:
            raise InvalidArgument(f"grads{path} has shape {g.shape}; it must be that of params{path}, {w.shape}")
        for name, value in slots.items():
            shape = np.shape(value)
            if shape and shape != w.shape and not _fits(shape, w.shape, rule):
                raise InvalidArgument(f"state slot {name!r} of params{path} has shape {shape}; "
                                      f"the parameters have {w.shape}")
        if nonfinite == "refuse" and not _finite(g):
            raise InvalidArgument(f"grads{path} has values that are not finite; a gradient must be finite "
                                  "(nonfinite='propagate' lets it through)")
    if rule.draws and rng is None:
        raise InvalidArgument(f"rng = None is not allowed for {rule.name}; it must be a random generator")
