"""Views as still figures, for print, diffs and readers without JavaScript: what the page shows, of NumPy's runs."""

import numpy as np

from optlearn import surfaces
from optlearn.explorer import figure, payload
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


def bound(rule, steps):
    """The most that each step can be, in learning rates, whatever the gradients; None where the page knows none.

    By the inequality of Cauchy and Schwarz, from what each gradient adds to the averages m and v.
    """
    varies = any(callable(rule.__dict__[name]) for name in rule.hypers() if name != "lr")
    if not {"m", "v"} <= set(rule.slots) or varies or payload.rule_payload(rule)["direction"] != "m_hat":
        return None
    run = run_on(surfaces.of(lambda x, y: x + y), rule, (0.0, 0.0), steps)
    if not {"m_hat", "v_hat"} <= set(run.named):
        return None
    m, v, m_hat, v_hat = (run[name][-steps:, 0] for name in ("m", "v", "m_hat", "v_hat"))
    added = np.diff(m, prepend=0) ** 2 / np.diff(v, prepend=0)
    return m_hat / m / np.sqrt(v_hat / v) * np.sqrt(np.cumsum(added))


def _bound(sheet, explorer):
    lengths, rates = sheet.subplots(1, 2)
    i = explorer.state["selected"]
    most = bound(explorer.optimizers[i], explorer.state["steps"])
    if most is not None:
        lengths.plot(range(1, len(most) + 1), most, color=LIGHT["faint"], linewidth=4,
                     label=f"most that {explorer.labels()[i]} can")
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


def spread(rule, steps, curvature, delay=0):
    """The variance along a mode of a quadratic after every step, of unit noise in the gradient; None if not linear."""
    ends = []
    for size in (1.0, 2.0):
        # A column is a run from the minimum in which one gradient is off.
        w, probes, after = np.zeros(steps), [], np.zeros((steps + 1, steps))
        state = rule.init(w)
        with np.errstate(all="ignore"):
            for t in range(1, steps + 1):
                form = rule.at(t) if rule.scheduled else rule
                slots = rule.state_view({name: state[name] for name in rule.slots})
                probes.append(w if delay else form.probe(w, slots, t))
                g = curvature * probes[max(0, t - 1 - delay)]
                g[t - 1] += size
                w, state = rule.step(w, g, state, nonfinite="propagate", **of_a_bowl(w))
                after[t] = w
        ends.append(after)
    if not np.allclose(ends[1], 2 * ends[0], rtol=1e-8, atol=1e-12):
        return None
    return (ends[0] ** 2).sum(axis=1)


def _expected(explorer):
    """The mean loss that theory predicts for noisy runs of the selected racer, and the covariance after each step."""
    i, run, _ = _selected(explorer)
    state, surface = explorer.state, explorer.surface
    if run.optimizer.needs or run.optimizer.draws or state["batch"]:
        return None
    hessian = np.array([surface.gradient(np.array(e)) - surface.gradient(np.zeros(2)) for e in np.eye(2)])
    curvatures, modes = np.linalg.eigh(hessian)
    found = [spread(run.optimizer, state["steps"], curvature, state["delay"]) for curvature in curvatures]
    if any(one is None for one in found):
        return None
    variances = state["noise"] ** 2 * np.transpose(found)
    quiet = run_on(surface, run.optimizer, state["start"], state["steps"], delay=state["delay"])
    return quiet.loss + variances @ curvatures / 2, quiet.w, np.sqrt(variances), modes


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
    curve.semilogy(runs.loss.mean(axis=-1), label=f"{CLOUD} runs", **_line(i))
    predicted = _expected(explorer)
    if predicted is not None:
        losses, middles, sizes, modes = predicted
        curve.semilogy(losses, color=LIGHT["ink"], linestyle="--", linewidth=1.2, label="predicted")
        # Two standard deviations.
        angles = np.linspace(0, 2 * np.pi, 91)
        circle = 2 * sizes[t][:, None] * np.array([np.cos(angles), np.sin(angles)])
        plane.plot(*(middles[t][:, None] + modes @ circle), color=LIGHT["ink"], linestyle="--", linewidth=1.2)
    curve.axvline(t, color=LIGHT["ink"], linewidth=0.8)
    curve.set(xlabel="step", title="mean loss")
    curve.legend(frameon=False, fontsize=8)


def _relief(sheet, explorer):
    from matplotlib.colors import LightSource

    from optlearn.plots import SHADES

    surface, state = explorer.surface, explorer.state
    x0, x1, y0, y1 = surface.domain
    x, y = np.meshgrid(np.linspace(x0, x1, 90), np.linspace(y0, y1, 90))
    with np.errstate(all="ignore"):
        z = surface(np.array([x, y]))
    finite = z[np.isfinite(z)]
    low, high = finite.min(), finite.max()
    # As on the page: logarithmic where true heights would leave most of the land flat.
    by_log = np.median(finite) - low < 0.1 * (high - low)
    least = max(np.quantile(finite - low, 0.0015), (high - low) * 1e-7)

    def height(value):
        return np.log10(np.maximum(value - low, 0) + least) if by_log else value

    block = sheet.add_subplot(projection="3d", computed_zorder=False)
    heights = height(z)
    colours = LightSource(azdeg=315, altdeg=55).shade(np.ma.masked_invalid(heights), SHADES, blend_mode="soft")
    block.plot_surface(x, y, heights, facecolors=colours, rcount=90, ccount=90, linewidth=0, antialiased=False,
                       shade=False, zorder=1)
    for i, (run, label) in enumerate(zip(explorer.trajectories, explorer.labels(), strict=True)):
        w = run.w[:state["step"] + 1]
        w = np.where(((w >= (x0, y0)) & (w <= (x1, y1))).all(axis=1, keepdims=True), w, np.nan)
        lifted = height(surface(w.T)) + 0.01 * np.ptp(height(finite))
        block.plot(*w.T, lifted, label=label, zorder=3, **_line(i))
        block.plot(*w[-1:].T, lifted[-1:], marker="o", markersize=5, color=_line(i)["color"], zorder=4)
    block.set(xlabel="x", ylabel="y", title=f"{surface.label}, height: {'log f' if by_log else 'f'}")
    block.view_init(elev=42, azim=-62)
    block.set_box_aspect((1, 1, 0.6), zoom=1.1)
    block.legend(frameon=False, fontsize=8, loc="upper left")


def _tiles(sheet, explorer):
    from optlearn.plots import contour

    runs, t = explorer.trajectories, explorer.state["step"]
    for ax, i in zip(sheet.subplots(-(-len(runs) // 4), min(4, len(runs)), squeeze=False).flat, range(8), strict=False):
        if i >= len(runs):
            ax.axis("off")
            continue
        contour(explorer.surface, ax, n=81)
        k = min(t, runs[i].steps)
        ax.plot(*runs[i].w[:k + 1].T, **_line(i))
        ax.plot(*runs[i].w[k], "o", color=_line(i)["color"], markersize=5)
        ax.set_title(f"{explorer.labels()[i]}: {runs[i].loss[k]:.3g}", fontsize=8)
        ax.set(xlabel="", ylabel="")


DRAWN = {"schedule": _schedule, "kernel": _kernel, "correction": _correction, "bound": _bound, "floor": _floor,
         "relief": _relief, "tiles": _tiles}
