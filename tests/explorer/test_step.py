"""The inside of a step: what is drawn equals what NumPy records, for every rule."""

import numpy as np

from optlearn import explore, run, surfaces
from optlearn.explorer import payload
from optlearn.symbolic.trace import parameter_values

STEPS, AT = 12, (1, 2, 7)
RULES = sorted(payload.catalogue()["rules"])

# For each rule: the inside of a few steps, the bars, and the rows of the record.
READ = """([rules, steps, at]) => {
  const [app] = apps;
  const out = {};
  for (const [rule, h] of rules) {
    app.store.set({ racers: [{ rule, h }], selected: 0, steps, playing: false });
    out[rule] = at.map((step) => {
      app.store.set({ step, focus: "preconditioner" });
      app.store.flush();
      const it = app.anatomy();
      const bars = [...app.el.querySelectorAll(".olx-bar-fill")].map((el) => parseFloat(el.style.width));
      const shown = !app.el.querySelector(".olx-bars").hidden;
      const { layout } = app.runs[0];
      const named = {};
      for (const [name, [offset, size]] of Object.entries(layout)) {
        named[name] = [...app.runs[0].rows.subarray(step * app.runs[0].stride + offset).subarray(0, size)];
      }
      return { it, bars: shown ? bars : null, named, last: app.runs[0].last };
    });
  }
  return out;
}"""


def value(kept, name, t):
    """A named quantity of step t: states begin before the first step, internals with it."""
    series = kept[name]
    return series[t] if len(series) == len(kept.w) else series[t - 1]


def close(a, b, scale):
    return np.allclose(a, b, rtol=1e-9, atol=1e-12 * scale)


def test_arrows_ellipses_and_bars_equal_the_recorded_state(show):
    name, start = surfaces.get("quadratic", kappa=4, angle=30), (-1.2, 1.6)
    rules = {key: payload.rule_of(key) for key in RULES}
    values = {key: [float(v) for v in parameter_values(rule)] for key, rule in rules.items()}
    page, problems = show(explore(name, ["gradient_descent"], start=start, steps=STEPS))
    # Rules that no preset races come when one is asked for.
    page.get_by_label("Add a racer").select_option("sophia")
    page.wait_for_function("apps[0].data.rules.sophia && apps[0].runs.length === 2")
    read = page.evaluate(READ, [list(values.items()), STEPS, list(AT)])
    assert not problems
    with_ellipse, looking_ahead = 0, 0
    for key, rule in rules.items():
        kept = run(name, payload.with_values(rule, values[key]), start, STEPS, rng=0 if rule.draws else None)
        for t, found in zip(AT, read[key], strict=True):
            it, arrows = found["it"], found["it"]["arrows"]
            before, after, g = kept.w[t - 1], kept.w[t], kept.g[t - 1]
            scale = max(1, np.abs(after).max())
            assert close(arrows["step"]["from"], before, scale), key
            assert close(arrows["step"]["to"], after, scale), key
            # The gradient's arrow begins where the gradient was taken, and points exactly against it.
            assert close(arrows["gradient"]["from"], kept.probe[t - 1], scale), key
            assert close(
                np.subtract(arrows["gradient"]["to"], arrows["gradient"]["from"]), -it["scale"] * g, scale
            ), key
            # Memory and gradient span the parallelogram of the step.
            sides = np.subtract(arrows["memory"]["to"], before) + np.subtract(arrows["push"]["to"], before)
            assert close(sides, after - before, scale), key
            if "look" in arrows:
                looking_ahead += 1
                assert close(arrows["look"]["to"], kept.probe[t - 1], scale), key
            for quantity, shown in found["named"].items():
                if quantity in kept.named:
                    mine = value(kept, quantity, t)
                    # Powers of matrices with eigenvalues far apart lose digits; Jacobi and LAPACK lose others.
                    size = 1000 if key == "shampoo" else 1
                    assert close(shown, np.ravel(mine), size * max(1, np.abs(mine).max())), (key, quantity)
            if it["ellipse"]:
                with_ellipse += 1
                direction = g if rule.direction == "g" else value(kept, rule.direction, t)
                rate = np.array(found["named"]["@rate"])
                assert close(it["ellipse"]["center"], before, scale), key
                assert close(it["ellipse"]["radii"], np.abs(rate) * np.linalg.norm(direction), scale), key
                assert close(arrows["scaled"]["to"], before - rate * direction, scale), key
                assert np.allclose(found["bars"], 100 * np.abs(rate) / np.abs(rate).max(), atol=1e-3), key
                if key == "adam":
                    assert close(rate, rule.lr / (np.sqrt(kept["v_hat"][t - 1]) + rule.eps), 1)
                    assert close(arrows["scaled"]["to"], after, scale)
    assert with_ellipse > 30
    assert looking_ahead >= 2


def test_a_gradient_that_changes_nothing_is_drawn_as_long_as_the_step(show):
    """Where the sign of the memory wins, a zero gradient would give the same step."""
    page, problems = show(explore("quadratic", ["lion"], start=(-2.4, 1.8), steps=10, step=6))
    it = page.evaluate("apps[0].anatomy()")
    assert it["push"] == [0, 0]
    arrow, step = (np.subtract(it["arrows"][name]["to"], it["arrows"][name]["from"]) for name in ("gradient", "step"))
    assert np.isclose(np.hypot(*arrow), np.hypot(*step))
    assert not problems


def test_a_stage_shows_its_line_of_a_long_equation(show):
    page, problems = show(explore("quadratic", ["nadam"], step=6))
    for stage in ("memory", "step"):
        page.click(f"[data-id={stage}]")
        page.wait_for_function("""() => {
          const box = apps[0].el.querySelector(".olx-equation").getBoundingClientRect();
          const line = apps[0].el.querySelector(".olx-on").getBoundingClientRect();
          return line.top >= box.top && line.bottom <= box.bottom + 1;
        }""", timeout=3000)
    assert not problems


def test_quantities_over_time_have_the_letters_of_the_equation(show):
    page, problems = show(explore("quadratic", ["adadelta", "rprop", "local_gains"], step=6))
    page.evaluate("""() => {
      window.texts = [];
      const fill = CanvasRenderingContext2D.prototype.fillText;
      CanvasRenderingContext2D.prototype.fillText = function (...all) { texts.push(all[0]); fill.apply(this, all); };
      for (const selected of [0, 1, 2]) {
        apps[0].store.set({ selected, focus: "memory" });
        apps[0].store.flush();
      }
    }""")
    texts = {text.removesuffix(" (log)") for text in page.evaluate("texts")}
    assert {"E[g²]", "E[d²]", "Δ", "γ"} <= texts
    assert not problems
