"""Single views as living figures."""

import numpy as np
import pytest
from audit import audit

import optlearn
from optlearn import Adam, AMSGrad, GradientDescent, Momentum, Nesterov, explorer, surfaces
from optlearn.explorer import stills
from optlearn.explorer.views import VIEWS
from optlearn.schedules import Cosine, WarmupStableDecay

from .conftest import rest, settle

RAVINE = surfaces.get("quadratic", kappa=20)
SHOWN = {"modes": ".olx-panel-modes canvas", "map": ".olx-panel-map canvas", "noise": ".olx-panel-noise input",
         "tuning": ".olx-panel-fair button", "step": ".olx-picture", "memory": ".olx-history canvas",
         "race": ".olx-picture", "schedule": ".olx-panel-schedule .olx-handle", "kernel": ".olx-panel-kernel svg rect",
         "correction": ".olx-plot svg", "bound": ".olx-plot svg", "floor": ".olx-panel-floor .olx-plot svg",
         "relief": ".olx-relief canvas", "tiles": ".olx-tile canvas"}
RISING = WarmupStableDecay(peak=0.02, warmup=5, stable=20, decay=10)


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_stands_alone_and_lives(show, name):
    made = explorer.view(name, RAVINE, [Momentum(lr=RISING if name == "schedule" else 0.02), Adam(lr=0.1)],
                         start=(-2.5, 1), steps=40, step=7)
    page, problems = show(made, viewport={"width": 320, "height": 800})
    ends = "apps[0].runs.map((_, i) => apps[0].point(i, 40))"
    for width, key in ((320, "ArrowRight"), (900, "ArrowLeft")):
        page.set_viewport_size({"width": width, "height": 800})
        rest(page)
        assert page.locator(SHOWN[name]).first.is_visible()
        for part in (".olx-tabs", ".olx-place", ".olx-presets", ".olx-add"):
            assert page.locator(part).first.is_hidden()
        before = page.evaluate(ends)
        page.locator(".olx-card .olx-slider input[type=range]:enabled").first.focus()
        page.keyboard.press(key)
        rest(page)
        assert page.evaluate(ends) != before
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not audit(page, ".olx")
    assert not problems


def test_a_view_that_is_not_there_is_named():
    with pytest.raises(optlearn.InvalidArgument, match="mods.*modes"):
        explorer.view("mods", RAVINE)
    with pytest.raises(optlearn.InvalidArgument, match="quadratic"):
        explorer.view("modes", "rosenbrock")
    for name in ("schedule", "correction", "bound"):
        with pytest.raises(optlearn.InvalidArgument, match="needs a racer"):
            explorer.view(name, RAVINE, [Momentum(lr=0.1)])


def figure(page):
    """What the open view shows, as numbers."""
    settle(page)
    return page.evaluate("JSON.parse(JSON.stringify(apps[0].figure, (_, x) => x instanceof Float64Array ? [...x] : x))")


def test_the_kernel_of_momentum_is_geometric_and_its_gradients_make_the_step(show):
    rule = Momentum(lr=0.03, momentum=0.7)
    made = explorer.view("kernel", RAVINE, [rule], start=(-2.5, 1), steps=40, step=9)
    page, problems = show(made)
    rest(page)
    found, run = figure(page), made.trajectories[0]
    np.testing.assert_allclose(found["weights"], -0.03 * 0.7 ** np.arange(9)[:, None] * [1, 1], rtol=1e-12)
    np.testing.assert_allclose(found["sum"], run.w[9] - run.w[8], rtol=1e-12)
    assert not problems


def test_a_step_that_is_no_sum_shows_what_is_one(show):
    page, problems = show(explorer.view("kernel", RAVINE, [Adam(lr=0.1, beta1=0.8)], start=(-2.5, 1), steps=40, step=5))
    rest(page)
    found = figure(page)
    assert found["name"] == "m"
    np.testing.assert_allclose(found["weights"], 0.2 * 0.8 ** np.arange(5)[:, None] * [1, 1], rtol=1e-12)
    assert "no such sum" in page.locator(".olx-panel-kernel .olx-note").inner_text()
    assert not problems


def test_corrected_and_uncorrected_are_those_of_the_library(show):
    slope = surfaces.of(lambda x, y: 3 * x + 0.01 * y)
    rules = [Adam(lr=1.0, eps=0.0), Adam(lr=1.0, eps=0.0, bias_correction=False)]
    page, problems = show(explorer.view("correction", slope, rules[0], start=(0, 0), steps=300, step=12))
    rest(page)
    found = figure(page)
    runs = optlearn.run(slope, rules, start=(0.0, 0.0), steps=300)
    for name in ("m", "v", "m_hat", "v_hat"):
        np.testing.assert_allclose(found[name], runs[0][name][-300:, 0], rtol=1e-12)
    # The gradient is the same everywhere, so the memory of both runs is.
    for name, run in zip(("corrected", "bare"), runs, strict=True):
        np.testing.assert_allclose(found[name], np.abs(np.diff(run.w[:, 0])), rtol=1e-9)
    page.locator(".olx-panel-correction button", has_text="y").click()
    np.testing.assert_allclose(figure(page)["v"], runs[0]["v"][-300:, 1], rtol=1e-12)
    assert not problems


def test_the_bound_is_that_of_the_theorem_and_holds(show):
    rules = [Adam(lr=0.1, beta1=0.8, beta2=0.95), AMSGrad(lr=0.1, beta2=0.9, maximum="corrected")]
    page, problems = show(explorer.view("bound", "cliff", rules, start=(3.5, 1.5), steps=200, focus=0))
    rest(page)
    found, t = figure(page), np.arange(1, 201)
    gamma = 0.8**2 / 0.95
    bound = 0.2 / (1 - 0.8**t) * np.sqrt((1 - 0.95**t) / 0.05 * (1 - gamma**t) / (1 - gamma))
    np.testing.assert_allclose(found["bound"], bound, rtol=1e-12)
    assert np.all(np.array(found["all"][0]["lengths"]) <= bound * (1 + 1e-12))
    said = page.locator(".olx-panel-bound .olx-note").inner_text()
    assert "AMSGrad never rises" in said and "Adam rises" in said
    assert not problems


@pytest.mark.parametrize("rule", [GradientDescent(lr=0.3), Momentum(lr=0.05), GradientDescent(lr=Cosine(start=0.4))])
def test_the_cloud_is_where_the_linear_map_of_the_step_says(show, rule):
    bowl = surfaces.get("quadratic", kappa=4)
    made = explorer.view("floor", bowl, [rule], start=(-2.5, 1.5), steps=60, step=60, noise=0.8)
    page, problems = show(made)
    rest(page)
    found = figure(page)
    # Measured anew by NumPy, with other draws.
    ends = optlearn.run(bowl, rule, start=np.repeat([[-2.5], [1.5]], 20000, axis=1), steps=60, noise=0.8, rng=5).w[-1]
    np.testing.assert_allclose(found["predicted"], ends.var(axis=1), rtol=0.04)
    np.testing.assert_allclose(found["measured"], found["predicted"], rtol=0.3)
    if rule == GradientDescent(lr=0.3):  # eta sigma^2 / (h (2 - eta h))
        np.testing.assert_allclose(found["limits"], [0.192 / 1.7, 0.192 / (4 * 0.8)], rtol=1e-12)
    assert not problems


def test_a_point_of_a_schedule_is_dragged_and_the_racer_follows(show):
    schedule = WarmupStableDecay(peak=0.04, warmup=10, stable=10, decay=10, shape="cosine")
    made = explorer.view("schedule", RAVINE, [GradientDescent(lr=0.02), GradientDescent(lr=schedule)], start=(-2.5, 1),
                         steps=40)
    page, problems = show(made)
    rest(page)
    point = page.locator(".olx-panel-schedule .olx-handle").nth(1)
    box = point.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 40, steps=4)
    page.mouse.up()
    point.focus()
    page.keyboard.press("ArrowRight")
    found = figure(page)
    peak, end, warmup, stable, decay = found["h"]
    assert peak < 0.04 and warmup == decay == 10 and stable > 11 and end == 0
    # What can be copied makes the run that is drawn.
    called = page.locator(".olx-panel-schedule code").inner_text()
    assert called == f"lr={found['label']}"
    made_of = eval(called.removeprefix("lr="), {"WarmupStableDecay": WarmupStableDecay})
    run = optlearn.run(RAVINE, GradientDescent(lr=made_of), start=(-2.5, 1), steps=40)
    np.testing.assert_allclose(page.evaluate("apps[0].point(1, 40)"), run.w[-1], rtol=1e-9)
    # Python reads it back, and a link carries it.
    made._state["racers"] = page.evaluate("apps[0].store.get('racers')")
    assert made.optimizers[1].lr == made_of
    page.evaluate("""document.body.insertAdjacentHTML("beforeend", '<a id="go" href="explorer:stable=25">go</a>')""")
    page.click("#go")
    assert figure(page)["h"] == [peak, end, 10, 25, 10]
    page.go_back()
    assert figure(page)["h"] == found["h"]
    assert not problems


@pytest.mark.parametrize("name", stills.DRAWN)
def test_a_view_is_a_figure_of_its_own_where_nothing_runs(name, tmp_path):
    made = explorer.view(name, RAVINE, [Adam(lr=RISING, beta1=0.8)], start=(-2.5, 1), steps=30, step=6)
    assert made.figure() not in ("", explorer.view("race", RAVINE, made.optimizers, steps=30, step=6).figure())
    assert made.save(tmp_path / "view.svg").stat().st_size > 1000


def test_the_figure_of_a_kernel_has_the_weights_of_the_page():
    run = optlearn.run(RAVINE, Momentum(lr=0.03, momentum=0.7), start=(-2.5, 1), steps=9)
    name, weights = stills.memory(run.optimizer, run, 9)
    assert name == "step"
    np.testing.assert_allclose(weights[:, 0], -0.03 * 0.7 ** np.arange(9), rtol=1e-12)


@pytest.mark.parametrize("rule", [GradientDescent(lr=0.3), Nesterov(lr=0.05), GradientDescent(lr=Cosine(start=0.4))])
def test_the_figure_of_a_noise_floor_has_the_variances_of_the_page(show, rule):
    bowl = surfaces.get("quadratic", kappa=4)
    made = explorer.view("floor", bowl, [rule], start=(-2.5, 1.5), steps=60, step=60, noise=0.8, delay=1)
    page, problems = show(made)
    rest(page)
    drawn = [0.64 * stills.spread(rule, 60, curvature, delay=1)[-1] for curvature in (1.0, 4.0)]
    np.testing.assert_allclose(drawn, figure(page)["predicted"], rtol=1e-9)
    assert stills.spread(Adam(lr=0.1), 60, 1.0) is None
    assert not problems


def test_the_figure_of_a_bound_has_that_of_the_page(show):
    rules = [Adam(lr=0.1, beta1=0.8, beta2=0.95), Adam(lr=Cosine(start=0.4)), AMSGrad(lr=0.1)]
    page, problems = show(explorer.view("bound", "cliff", rules, start=(3.5, 1.5), steps=30, focus=0))
    rest(page)
    for i, rule in enumerate(rules):
        page.evaluate("(i) => apps[0].store.set({ selected: i })", i)
        np.testing.assert_allclose(stills.bound(rule, 30), figure(page)["bound"], rtol=1e-9)
    assert stills.bound(Momentum(lr=0.1), 30) is None
    assert not problems


@pytest.mark.parametrize("name", VIEWS)
def test_the_words_of_a_still_view_say_what_it_shows(name):
    made = explorer.view(name, RAVINE, [Momentum(lr=RISING if name == "schedule" else 0.02), Adam(lr=0.1)], steps=20)
    assert made.alt().lower().startswith(VIEWS[name].shows.lower() + ". ") and "; Adam" in made.alt()


def test_a_view_far_down_the_page_is_fetched_when_it_comes_near(show):
    made = explorer.view("kernel", RAVINE, [Momentum(lr=0.03)], start=(-2.5, 1), steps=40, step=9)
    page, problems = show(made, viewport={"width": 900, "height": 700})
    page.locator(".olx-panel-kernel svg").first.wait_for()
    # The same with a long way down to it.
    page.add_init_script("""new MutationObserver((_, watch) => {
        const title = document.querySelector("h1");
        if (title) title.style.height = "4000px", watch.disconnect();
    }).observe(document, { childList: true, subtree: true })""")
    page.goto(page.url)
    page.wait_for_function("window.apps?.length")
    page.wait_for_timeout(600)
    assert page.locator(".olx-panel-kernel").count() == 0
    page.evaluate("scrollTo(0, 3000)")
    page.locator(".olx-panel-kernel svg").first.wait_for()
    assert not problems
    # Its script would stay for the next test.
    page.close()
