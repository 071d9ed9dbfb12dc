"""Views as still figures, for print, diffs and readers without JavaScript: what the page shows, of NumPy's runs."""

import numpy as np

from optlearn.explorer import figure
from optlearn.look import LIGHT
from optlearn.needs import of_a_bowl
from optlearn.trajectory import run as run_on

# As many as the page has.
CLOUD, MOST_BARS = 256, 40


def picture(explorer, write=None):
    """The still figure of an explorer, or of its single view; see `figure.picture`."""
    draw = DRAWN.get(explorer.state["only"])
    if draw is None:
        return figure.picture(explorer.surface, explorer.trajectories, explorer.labels(), explorer.state, write)
    return figure.sheet(lambda sheet: draw(sheet, explorer), write)


def _selected(explorer):
    i = explorer.state["selected"]
    return i, explorer.trajectories[i], max(1, min(explorer.state["step"], explorer.trajectories[i].steps))


def _line(i):
    from optlearn.plots import line

    return line(i)


def _schedule(sheet, explorer):
    curve, loss = sheet.subplots(1, 2)
    i, _, _ = _selected(explorer)
    names = explorer.state["racers"][i].get("schedules", {})
    name = "lr" if "lr" in names else next(iter(names), "lr")
    for k, (run, label) in enumerate(zip(explorer.trajectories, explorer.labels(), strict=True)):
        value = run.optimizer.__dict__.get(name)
        if value is not None:
            steps = range(explorer.state["steps"])
            curve.step(steps, [value(t) if callable(value) else value for t in steps], where="post", **_line(k))
        loss.semilogy(run.answer_loss, label=label, **_line(k))
    curve.set(xlabel="step index $k$", ylabel=name, ylim=(0, None))
    loss.set(xlabel="step", ylabel="loss")
    loss.legend(frameon=False, fontsize=8)


def memory(rule, run, t):
    """What is a weighted sum of the gradients up to a step: its name, and the weights, the newest first; or None."""
    def replayed(gradients, name):
        w, state = run.w[0], rule.init(run.w[0])
        for g in gradients:
            before = w
            w, state = rule.step(w, g, state, nonfinite="propagate", **of_a_bowl(w))
        return w - before if name == "step" else np.asarray(state[name])

    given = run.g[:t]
    for name in ("step", *(slot for slot in rule.slots if np.shape(run[slot])[1:] == (2,))):
        rest = replayed(np.zeros_like(given), name)
        whole, double = (replayed(size * given, name) - rest for size in (1, 2))
        if not np.allclose(double, 2 * whole, rtol=1e-8, atol=1e-8 * np.abs(whole).max()):
            continue
        weights = [replayed(np.eye(t)[t - 1 - age][:, None] * np.ones(2), name) - rest
                   for age in range(min(t, MOST_BARS))]
        return name, np.array(weights)
    return None


def _kernel(sheet, explorer):
    i, run, t = _selected(explorer)
    found = None if run.optimizer.needs or run.optimizer.draws else memory(run.optimizer, run, t)
    if found is None:
        sheet.text(0.5, 0.5, "Nothing of this rule is a weighted sum of gradients.", ha="center")
        return
    name, weights = found
    parts = weights * run.g[:t][::-1][:len(weights)]
    bars, sums, chain = sheet.subplots(1, 3)
    ages = np.arange(len(weights))
    bars.bar(ages, -weights[:, 0] if name == "step" else weights[:, 0], color=LIGHT["accent"])
    bars.set(xlabel="steps ago", title=f"weight in {'the step' if name == 'step' else name}")
    for d, axis in enumerate("xy"):
        sums.bar(ages + 0.4 * d - 0.2, parts[:, d], 0.4, color=LIGHT[("memory", "gradient")[d]], label=f"in {axis}")
    sums.axhline(0, color=LIGHT["muted"], linewidth=0.8)
    sums.set(xlabel="steps ago", title="weighted gradients")
    sums.legend(frameon=False, fontsize=8)
    points = np.concatenate([np.zeros((1, 2)), np.cumsum(parts[::-1], axis=0)])
    chain.plot(*points.T, color=LIGHT["gradient"], marker=".")
    chain.annotate("", points[-1], points[0], arrowprops={"arrowstyle": "-|>", "color": LIGHT["step"], "linewidth": 2,
                                                          "shrinkA": 0, "shrinkB": 0})
    chain.set(title=f"tip to tail, step {t}")
    chain.set_aspect("equal", adjustable="datalim")


def _correction(sheet, explorer):
    _, run, t = _selected(explorer)
    steps = np.arange(1, run.steps + 1)
    averages, squares, lengths = sheet.subplots(1, 3)
    for ax, name, power in ((averages, "m", 1), (squares, "v", 2)):
        colour = LIGHT["memory" if name == "m" else "gradient"]
        ax.plot(steps, run.g[:run.steps, 0] ** power, ".", markersize=3, color=LIGHT["faint"],
                label="gradients" if power == 1 else "squares")
        ax.plot(steps, run[name][-run.steps:, 0], "--", color=colour, label=name)
        ax.plot(steps, run[f"{name}_hat"][-run.steps:, 0], color=colour, label=f"{name} corrected")
        ax.legend(frameon=False, fontsize=7)
    squares.set(yscale="log")
    rate = run.optimizer.lr
    rates = np.array([rate(k) for k in range(run.steps)]) if callable(rate) else rate
    for on, line in ((False, "--"), (True, "-")):
        form, made = run.optimizer.replace(bias_correction=on), []
        for k in range(run.steps):
            state = form.state_view({name: run[name][k] for name in form.slots})
            resolved = form.bound({name: value(k) for name, value in form.values.items()
                                   if callable(value) and name in form.hypers()})
            made.append(resolved.update(run.w[k], run.g[k], state, k + 1).w[0] - run.w[k, 0])
        lengths.plot(steps, np.abs(made) / rates, line, color=LIGHT["step"], label="with" if on else "without")
    lengths.legend(frameon=False, fontsize=7, title="correction")
    lengths.set(ylim=(0, None), title="step / learning rate")
    for ax in (averages, squares, lengths):
        ax.axvline(t, color=LIGHT["ink"], linewidth=0.8)
        ax.set(xscale="log", xlabel="step")


def _bound(sheet, explorer):
    lengths, rates = sheet.subplots(1, 2)
    for k, (run, label) in enumerate(zip(explorer.trajectories, explorer.labels(), strict=True)):
        lr = run.optimizer.lr
        rate = np.array([lr(i) for i in range(run.steps)]) if callable(lr) else lr
        lengths.plot(range(1, run.steps + 1), np.abs(np.diff(run.w[:, 0])) / rate, label=label, **_line(k))
        with np.errstate(all="ignore"):
            own = np.abs(np.diff(run.w[:, 0]) / run["m_hat"][-run.steps:, 0]) if "m_hat" in run.named else []
        rates.semilogy(range(1, len(own) + 1), own, label=label, **_line(k))
    lengths.set(xlabel="step", title="step in x / learning rate", ylim=(0, None))
    rates.set(xlabel="step", title="rate of x")
    for ax in (lengths, rates):
        ax.axvline(explorer.state["step"], color=LIGHT["ink"], linewidth=0.8)
    lengths.legend(frameon=False, fontsize=8)


def _floor(sheet, explorer):
    from optlearn.plots import contour

    plane, curve = sheet.subplots(1, 2)
    i, run, t = _selected(explorer)
    surface, state = explorer.surface, explorer.state
    starts = np.repeat(np.array(state["start"])[:, None], CLOUD, axis=1)
    with np.errstate(all="ignore"):
        runs = run_on(surface, run.optimizer, starts, state["steps"], noise=state["noise"], rng=state["seed"])
    contour(surface, plane)
    plane.plot(*runs.w[min(t, runs.steps)], ".", markersize=3, alpha=0.6, color=_line(i)["color"])
    plane.set(title=f"{CLOUD} runs after step {t}", xlabel="x", ylabel="y")
    curve.semilogy(runs.loss.mean(axis=-1), **_line(i))
    curve.axvline(t, color=LIGHT["ink"], linewidth=0.8)
    curve.set(xlabel="step", title="mean loss")


DRAWN = {"schedule": _schedule, "kernel": _kernel, "correction": _correction, "bound": _bound, "floor": _floor}
