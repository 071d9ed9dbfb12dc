"""Gradients that come late, and clouds of draws: what the page draws is what NumPy records."""

import numpy as np
import pytest

from optlearn import DCASGD, SGLD, Adam, GradientDescent, Momentum, Nesterov, explore, run, surfaces

from .conftest import settle

BOWL = surfaces.get("quadratic", kappa=5, angle=20)
RACERS = [GradientDescent(lr=0.08), Momentum(lr=0.01, momentum=0.8), Nesterov(lr=0.02, momentum=0.5), Adam(lr=0.1),
          DCASGD(lr=0.05, lam=0.3)]


@pytest.mark.parametrize(("delay", "noise"), [(1, 0.0), (3, 0.5), (32, 0.0)])
def test_every_racer_steps_with_the_gradient_of_before(show, delay, noise):
    explorer = explore(BOWL, RACERS, start=(-1.2, 1.6), steps=60, delay=delay, noise=noise, seed=4)
    page, problems = show(explorer)
    for i, (racer, kept) in enumerate(zip(RACERS, explorer.trajectories, strict=True)):
        np.testing.assert_array_equal(
            kept.w, run(BOWL, racer, (-1.2, 1.6), 60, delay=delay, noise=noise, rng=4 if noise else None).w)
        drawn = page.evaluate("i => Array.from({length: 61}, (_, t) => apps[0].point(i, t))", i)
        np.testing.assert_allclose(drawn, kept.w, rtol=1e-10, atol=1e-12)
        for t in (1, 2, 7, 40):
            page.evaluate("([i, step]) => { apps[0].store.set({ step, selected: i }); apps[0].store.flush(); }", [i, t])
            mark, it = page.evaluate("i => [apps[0].stale(i), apps[0].anatomy()]", i)
            np.testing.assert_allclose(mark["taken"], kept.probe[t - 1], rtol=1e-10)
            np.testing.assert_allclose(mark["used"], kept.w[t - 1], rtol=1e-10)
            np.testing.assert_allclose(it["arrows"]["gradient"]["from"], kept.probe[t - 1], rtol=1e-10)
            assert it["stages"][0]["title"] == "Old point"
        assert f"∇f(wt−{1 + delay})" in page.locator(".olx-equation").text_content()
    assert not problems


@pytest.mark.parametrize("rule", [GradientDescent(lr=0.05), Momentum(lr=0.02, momentum=0.5)])
def test_modes_and_map_know_the_delay(show, rule):
    """The rate of the steeper mode is the largest root of z^(tau + 1) (z - b) ... written out for both rules."""
    delay = 4
    page, problems = show(explore("quadratic", rule, start=(1, 1), steps=400, delay=delay, panel="modes"))
    page.wait_for_selector(".olx-panel-modes td")
    beta = getattr(rule, "momentum", 0.0)
    for k, curvature in enumerate((1.0, 10.0)):
        # w_t = (1 + beta) w_(t-1) - beta w_(t-2) - lr h w_(t-1-delay)
        polynomial = np.zeros(delay + 3)
        polynomial[:3] = 1, -1 - beta, beta
        polynomial[delay + 1] -= rule.lr * -curvature
        rate = np.abs(np.roots(polynomial)).max()
        shown = page.locator(".olx-panel-modes tbody tr").nth(k).locator("td").nth(1).inner_text()
        assert float(shown) == pytest.approx(rate, rel=1e-3)
    assert not problems


def test_the_control_the_link_and_the_code_carry_the_delay(show, tmp_path):
    explorer = explore(BOWL, RACERS[:2], steps=60, panel="noise")
    page, problems = show(explorer, path=tmp_path / "page.html")
    field = page.locator(".olx-panel-noise .olx-slider").last.locator("input[type=text]")
    field.fill("3")
    settle(page)
    assert page.evaluate("apps[0].store.get('delay')") == 3
    assert "Ring: the point where it was taken" in page.locator(".olx-panel-noise").inner_text()
    page.evaluate("apps[0].store.set({ delay: 7, panel: 'share' })")
    settle(page)
    assert "delay=7" in page.evaluate("apps[0].el.querySelector('textarea').value")
    text = page.evaluate("apps[0].el.querySelector('.olx-panel-share input').value").split("#", 1)[1]
    page, _ = show(explorer, path=tmp_path / "page.html", fragment="#" + text)
    assert page.evaluate("apps[0].store.get('delay')") == 7
    page, more = show(explorer, path=tmp_path / "page.html", fragment="#" + text.rsplit(",7", 1)[0] + ",33")
    assert page.evaluate("apps[0].store.get('delay')") == 0
    assert not problems + more


def test_draws_fill_a_cloud(show):
    """Of a sampler the points are drawn, all up to the step shown, without the lines between them."""
    page, problems = show(explore("quadratic", SGLD(lr=0.05), start=(0.0, 0.0), steps=400, step=10))
    inked = """() => {
        const [app] = apps;
        app.store.flush();
        const canvas = app.el.querySelector(".olx-picture canvas"), map = app.picture.map();
        const c = canvas.getContext("2d"), ratio = canvas.width / map.width;
        const of = (x, y) => [...c.getImageData(Math.round(map.x(x) * ratio), Math.round(map.y(y) * ratio), 1, 1).data];
        const at = (t) => of(...app.point(0, t));
        const half = (t) => { const [a, b] = [app.point(0, t), app.point(0, t + 1)];
            return of((a[0] + b[0]) / 2, (a[1] + b[1]) / 2); };
        return [Array.from({ length: 400 }, (_, t) => at(t)), Array.from({ length: 399 }, (_, t) => half(t))];
    }"""
    early = page.evaluate(inked)
    page.evaluate("apps[0].store.set({ step: 400 })")
    late = page.evaluate(inked)
    changed = [np.abs(np.subtract(a, b)).sum(axis=1) > 30 for a, b in zip(early, late, strict=True)]
    assert changed[0][20:].mean() > 0.95
    assert changed[1][20:].mean() < 0.7
    assert not problems
