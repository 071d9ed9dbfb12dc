"""The panels of the explorer: what they compute is what NumPy and theory say, and all of it works by keyboard."""

import math

import numpy as np
import pytest

import optlearn
from optlearn import SGLD, Adam, GradientDescent, Momentum, Nesterov, explore, run, surfaces

from .conftest import rest

RAVINE = surfaces.get("quadratic", kappa=40, angle=20)
LINE = surfaces.get("least squares", shift=1.5)


@pytest.fixture
def show(show):
    """A function that shows an explorer and gives its page, on which `app` is the explorer."""
    def open_page(explorer, **settings):
        page, page.problems = show(explorer, **settings)
        page.evaluate("window.app = apps[0]")
        return page
    return open_page


def answer(page, kind, act, last="() => true"):
    """What the worker answers to the next job of a kind, asked for by doing `act`."""
    return page.evaluate("""([kind, act, last]) => new Promise((resolve, reject) => {
        setTimeout(() => reject(Error("no answer from the worker")), 60000);
        if (!app.workshop) {
            // The views come when one is opened.
            app.store.set({ panel: "share" });
            app.store.flush();
            app.store.set({ panel: "" });
        }
        const { ask } = app.workshop;
        const known = {};
        app.workshop.ask = (what, job, hear) => ask(what, job, part => {
            hear(part);
            if (what !== kind) return;
            for (const [name, value] of Object.entries(part))
              known[name] = ArrayBuffer.isView(value) ? Array.from(value) : value;
            if (eval(last)(part)) resolve({ job, ...known });
        });
        eval(act);
    })""", [kind, act, last])


def points(page, i):
    return np.array(page.evaluate("i => Array.from({ length: app.runs[i].last + 1 }, (_, t) => app.point(i, t))", i))


@pytest.mark.parametrize("seed", [0, 12345, 2**32 - 1])
def test_the_page_draws_what_numpy_draws(show, seed):
    page = show(explore(LINE, GradientDescent(lr=0.1), steps=300, seed=seed, noise=1.0, batch=2))
    drawn = np.array(page.evaluate("Array.from(app.tape(0))")).reshape(300, 4)
    rng = np.random.RandomState(seed)
    for row in drawn:
        np.testing.assert_array_equal(row[:2], np.floor(rng.random(2) * 20))
        np.testing.assert_allclose(row[2:], rng.standard_normal(2), rtol=4e-16)


@pytest.mark.parametrize("place, more", [
    (RAVINE, {"noise": 0.5}), (LINE, {"batch": 3}), (LINE, {"batch": 1, "noise": 0.2})])
def test_noisy_runs_are_those_of_numpy(show, place, more):
    explorer = explore(place, [Momentum(lr=0.02), Adam(lr=0.1), SGLD(lr=0.01)], seed=11, steps=80, **more)
    page = show(explorer)
    for i, trajectory in enumerate(explorer.trajectories):
        np.testing.assert_allclose(points(page, i), trajectory.w, rtol=1e-12, atol=1e-12)


def test_a_map_holds_the_results_of_runs(show):
    page = show(explore(RAVINE, Momentum(lr=0.02, beta=0.8), steps=60))
    found = answer(page, "map", "app.store.set({ panel: 'map' })", "part => part.done")
    values = np.array(found["values"], dtype=float).reshape(128, 128)
    unit = (np.arange(128) + 0.5) / 128
    rates, betas = 1e-4 * np.exp(unit * math.log(1e4)), 1 - 10 ** (-4 * unit)
    rng = np.random.RandomState(0)
    j, i = rng.randint(128, size=(2, 400))
    runs = run(RAVINE, Momentum(lr=rates[i], beta=betas[j]), steps=60)
    np.testing.assert_allclose(values[j, i], runs.loss[-1], rtol=1e-9)
    # The border and the fastest point that theory gives for momentum on a quadratic.
    border = np.array(found["border"])
    limits = 2 * (1 + 1 - 10 ** (-4 * border[:, 1])) / 40
    np.testing.assert_allclose(1e-4 * np.exp(border[:, 0] * math.log(1e4)), limits, rtol=1e-4)
    root = math.sqrt(40)
    best = found["best"]
    assert best["rho"] == pytest.approx((root - 1) / (root + 1), rel=1e-4)
    assert 1e-4 * math.exp(best["u"] * math.log(1e4)) == pytest.approx((2 / (1 + root))**2, rel=1e-3)
    assert 1 - 10 ** (-4 * best["v"]) == pytest.approx(((root - 1) / (root + 1))**2, rel=1e-3)


def test_a_map_is_used_by_keyboard_and_is_idle_when_done(show):
    page = show(explore(RAVINE, [GradientDescent(lr=0.01), Momentum(lr=0.02)], steps=60, focus="momentum"))
    tab = page.locator("[data-panel=map]")
    tab.focus()
    tab.press("Enter")
    page.wait_for_selector("[data-panel=map][aria-expanded=true]")
    page.wait_for_function("document.querySelector('.olx-panel-map .olx-note').textContent.includes('limit')")
    assert "lr = 0.095" in page.locator(".olx-panel-map .olx-note").inner_text()
    rest(page)
    page.evaluate("app.workshop.ask = (kind, job) => { if (job) window.asked = kind; }")
    canvas = page.locator(".olx-panel-map canvas")
    canvas.focus()
    for key in ("ArrowLeft", "Shift+ArrowDown", "Enter"):
        canvas.press(key)
    rest(page)
    lr, beta = page.evaluate("app.store.get('racers')[1].h")
    assert lr < 0.02 and beta < 0.9
    page.wait_for_function("(said) => document.querySelector('[role=status]').textContent.includes(said)",
                           arg=f"lr {lr:.4g}".rstrip("0"))
    # The other racer is as it was, and the map need not be made again.
    assert page.evaluate("app.store.get('racers')[0].h") == [0.01]
    assert page.evaluate("window.asked") is None
    assert page.problems == []


def test_a_rule_that_is_not_linear_has_a_map_without_border(show):
    page = show(explore(RAVINE, Adam(lr=0.1), steps=30))
    found = answer(page, "map", "app.store.set({ panel: 'map' })", "part => part.done")
    assert found["border"] is None
    assert found["job"]["axes"][1]["index"] == 1


@pytest.mark.parametrize("rule, linear", [(GradientDescent(lr=0.04), True), (Momentum(lr=0.02, beta=0.8), True),
                                          (Nesterov(lr=0.02, beta=0.8), True), (Adam(lr=0.1), False)])
def test_modes_have_the_roots_of_theory(show, rule, linear):
    page = show(explore(RAVINE, rule, steps=400, panel="modes"))
    rows = page.locator(".olx-panel-modes tbody tr").all_inner_texts()
    for text, curvature in zip(rows, (1, 40), strict=True):
        name, _, predicted, measured = text.replace("−", "-").split("\t")
        assert f"curvature {curvature}" in name
        if not linear:
            assert predicted == "none"
            continue
        lr, beta = rule.lr, getattr(rule, "momentum", 0)
        a = lr * curvature
        # w and its change: heavy ball, and Nesterov's with the gradient at the point ahead.
        drag = beta * (1 - a) if isinstance(rule, Nesterov) else beta
        rate = max(abs(np.linalg.eigvals([[1 - a, drag], [-a, drag]])))
        assert float(predicted) == pytest.approx(rate, abs=2e-4)
        assert float(measured) == pytest.approx(rate, rel=1e-2)


def test_modes_are_offered_for_quadratics_alone(show):
    page = show(explore("rosenbrock", panel="modes"))
    assert page.locator("[data-panel=modes]").is_hidden() and page.locator(".olx-panel").is_hidden()


def test_a_band_is_the_quantiles_of_32_runs(show):
    rules = [Momentum(lr=0.02), SGLD(lr=0.01)]
    page = show(explore(LINE, rules, seed=3, steps=40, batch=2))
    found = answer(page, "band", "app.store.set({ band: true })")
    for rule, band in zip(rules, found["bands"], strict=True):
        losses = np.sort([run(LINE, rule, steps=40, rng=3 + k, batch=2).loss for k in range(32)], axis=0)
        np.testing.assert_allclose(band["quantiles"], losses[[3, 16, 28]], rtol=1e-9)


def test_tuning_gives_every_racer_the_best_of_one_grid_and_says_so(show):
    rules = [GradientDescent(lr=0.3), Adam(lr=0.001)]
    page = show(explore("rosenbrock", rules, steps=50))
    found = answer(page, "tune", "app.store.set({ fair: 'tuned' })")
    grid = np.array(found["job"]["grid"])
    assert len(grid) == 37 and np.ptp(np.diff(np.log10(grid))) < 0.03
    page.wait_for_function("!app.store.get('racers').some((racer) => [0.3, 0.001].includes(racer.h[0]))")
    line = page.locator(".olx-fair")
    for i, rule in enumerate(rules):
        with np.errstate(all="ignore"):
            losses = run("rosenbrock", rule.replace(lr=grid), steps=50).loss[-1]
        best = grid[np.argmin(np.where(np.isfinite(losses), losses, np.inf))]
        assert page.evaluate("i => app.store.get('racers')[i].h[0]", i) == best
        assert f"{best:g}" in line.inner_text()
    # A value moved by hand ends it.
    page.evaluate("app.setRates([0.001, NaN])")
    page.wait_for_function("app.store.get('fair') === ''")
    assert line.is_hidden()


def test_with_noise_a_learning_rate_is_judged_by_many_seeds(show):
    rule = Momentum(lr=0.02)
    page = show(explore("quadratic", [rule], start=(-2.5, 1.5), steps=60, noise=2.0, seed=3))
    found = answer(page, "tune", "app.store.set({ fair: 'tuned' })")
    for lr in (0.01, 0.1):
        k = int(np.argmin(np.abs(np.array(found["job"]["grid"]) - lr)))
        tried = rule.replace(lr=found["job"]["grid"][k])
        losses = [run("quadratic", tried, (-2.5, 1.5), 60, rng=seed, noise=2.0).loss[-1] for seed in range(3, 19)]
        assert found["losses"][0][k] == pytest.approx(np.mean(losses), rel=1e-9)
    assert "mean loss of 16 seeds" in page.locator(".olx-fair").inner_text()


def test_one_learning_rate_for_all_follows_any_slider(show):
    page = show(explore("rosenbrock", [GradientDescent(lr=0.001), Momentum(lr=0.002), Adam(lr=0.1)], panel="fair"))
    page.get_by_role("button", name="Same for all").press("Enter")
    page.wait_for_function("app.rates().every((rate) => rate === 0.1)")
    field = page.locator(".olx-card .olx-slider .olx-field").first
    field.fill("0.0005")
    page.wait_for_function("app.rates().every((rate) => rate === 0.0005)")
    assert page.locator(".olx-fair").inner_text().count("0") >= 3
    assert page.problems == []


def test_the_library_offers_all_of_this_to_python():
    explorer = explore("least squares", Adam(lr=0.1), batch=4, band=True, fair="tuned")
    assert (explorer.state["batch"], explorer.state["band"], explorer.state["fair"]) == (4, True, "tuned")
    with pytest.raises(optlearn.InvalidArgument, match="no samples"):
        explore("rosenbrock", batch=4)
    with pytest.raises(optlearn.InvalidArgument, match="fair"):
        explore("rosenbrock", fair="equal")
