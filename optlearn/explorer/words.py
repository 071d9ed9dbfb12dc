"""An explorer in words: the names of its racers, their numbers, and how they end."""

from optlearn.explorer import payload


def labels(rules):
    """Names of the racers; two of one rule are told apart by what differs."""
    names = [payload.label_of(rule) for rule in rules]
    result = []
    for rule, name in zip(rules, names, strict=True):
        alike = [other for other, n in zip(rules, names, strict=True) if n == name]
        differing = [key for key in rule.values if key != "gradient"
                     and len({repr(other.values.get(key)) for other in alike}) > 1]
        result.append(name if not differing else f"{name} {differing[0]}={_short(rule.values[differing[0]])}")
    return result


def text(explorer):
    """An explorer in a few lines: surface, racers, how each ends."""
    state = explorer.state
    x, y = (_short(v) for v in state["start"])
    lines = [f"Explorer: {explorer.surface.label}, start ({x}, {y}), {state['steps']} steps"
             + (f", noise {_short(state['noise'])}, seed {state['seed']}" if state["noise"] else "")
             + (f", delay {state['delay']}" if state["delay"] else "")]
    names = labels(explorer.optimizers)
    wide = max(map(len, names))
    numbers = [", ".join(_settings(rule)) for rule in explorer.optimizers]
    for name, values, run in zip(names, numbers, explorer.trajectories, strict=True):
        end = f"loss {run.answer_loss[0]:.3g} -> {run.answer_loss[-1]:.3g}"
        end += " at the point reported" if run.answer is not run.w else ""
        if run.diverged is not None:
            end = f"diverged at step {run.diverged}"
        lines.append(f"  {name:<{wide}}  {values:<46}  {end}")
    return "\n".join(lines)


def _settings(rule):
    """The numbers of a rule and the choices that differ from the default, as text."""
    shown = [f"{name}={_short(rule.__dict__[name])}" for name in rule.hypers() if rule.__dict__[name] is not None]
    shown += [f"{name}={rule.__dict__[name]}" for name, d in rule.options().items() if rule.__dict__[name] != d.default]
    return shown + [repr(transform) for transform in rule.gradient]


def _short(value):
    return f"{value:.6g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else \
        getattr(value, "__name__", type(value).__name__) if callable(value) else str(value)
