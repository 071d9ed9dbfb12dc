"""Racers: from an optimizer to what the page takes, back again, and how they run."""

import numpy as np

from optlearn import schedules
from optlearn.explorer import payload, typed
from optlearn.explorer.arguments import MOST_STEPS
from optlearn.schedules.formula import page_form, with_numbers
from optlearn.symbolic.trace import parameter_values
from optlearn.trajectory import run

# What the runs depend on.
RUN = ("surface", "params", "start", "steps", "racers", "seed", "noise", "batch", "delay")


def racer(rule):
    """A rule and its numbers as the page takes them."""
    h, scheduled = [], {}
    names = payload.parameter_names(rule)
    for name, value in zip(names, parameter_values(rule), strict=True):
        if callable(value):
            scheduled[name] = payload.schedule_payload(name, value, MOST_STEPS)
            value = float(value(0))
        h.append(float(value))
    return {"rule": payload.rule_key(rule), "h": h, **({"schedules": scheduled} if scheduled else {})}


def rebuilt(rule, racer, known):
    """The racer as an optimizer: the rule with its numbers; schedules are among the known ones, by their code."""
    kept = racer.get("schedules", {})
    if kept:
        rule = payload.with_schedules(rule, {name: scheduled(data, known) for name, data in kept.items()})
    made = payload.with_values(rule, racer["h"], kept)
    if racer.get("past"):
        # The page went on with other numbers from some steps on.
        until, before = zip(*racer["past"], strict=True)
        names = payload.parameter_names(rule)
        series = {name: [*(h[k] for h in before), racer["h"][k]]
                  for k, name in enumerate(names) if name not in kept}
        made = payload.with_schedules(made, {
            name: schedules.Join([schedules.Constant(start=x) for x in values], at=list(until))
            for name, values in series.items() if len(set(values)) > 1})
    return made


def scheduled(data, known):
    """A schedule as the page has it now: a known one, with the numbers that it has there."""
    schedule = known[data["code"]]
    if "h" not in data:
        return schedule
    paths = [path for path, _ in page_form(schedule)["numbers"]]
    return with_numbers(schedule, dict(zip(paths, data["h"], strict=True)))


def typed_in(state):
    """The rules of a state that were typed in the page, by their lines."""
    return {key: typed.rule(key)() for key in (one["rule"] for one in state["racers"]) if typed.is_text(key)}


def race(surface, rules, state):
    """Their runs in a state."""
    batch = state["batch"] or None
    needs = state["noise"] > 0 or batch
    with np.errstate(all="ignore"):
        runs = [run(surface, rule, state["start"], state["steps"], noise=state["noise"], batch=batch,
                    delay=state["delay"], rng=state["seed"] if needs or rule.draws else None)
                for rule in rules]
        # Kept from now on; here nobody is warned of a division by zero.
        [run.answer_loss for run in runs]
    return runs


def form(key, rules):
    """The rule of a key: one of those given, a form of one, the lines of one, or the library's."""
    if key in rules:
        return rules[key]
    if typed.is_text(key):
        return typed.rule(key)()
    forms = (payload.forms(rule) for rule in rules.values())
    return next((found[key] for found in forms if key in found), None) or payload.rule_of(key)
