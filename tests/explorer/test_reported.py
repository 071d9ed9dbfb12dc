"""The point that a rule reports beside the one that it trains: what the page draws is what NumPy records."""

import numpy as np

from optlearn import Adam, GradientDescent, explore, surfaces
from optlearn.rules import ScheduleFree
from optlearn.wrappers import Averaged, Lookahead

BOWL = surfaces.get("quadratic", kappa=5, angle=20)
RACERS = [Averaged(GradientDescent(lr=0.15), kind="mean", average_start=10), Averaged(Adam(lr=0.1), average_decay=0.9),
          Lookahead(GradientDescent(lr=0.1), sync_period=5), ScheduleFree(lr=0.1, warmup_steps=7), Adam(lr=0.1)]


def test_the_page_reports_what_numpy_reports(show):
    explorer = explore(BOWL, RACERS, start=(-1.2, 1.6), steps=60, noise=1.0, seed=4)
    page, problems = show(explorer)
    for i, kept in enumerate(explorer.trajectories):
        loss, trained = page.evaluate("i => [[...apps[0].runs[i].loss], apps[0].runs[i].trained]", i)
        np.testing.assert_allclose(loss, kept.answer_loss, rtol=1e-10)
        if kept.answer is kept.w:
            assert trained is None and page.evaluate("i => apps[0].reported(i, 60)", i) is None
            continue
        drawn = page.evaluate("i => Array.from({length: 61}, (_, t) => apps[0].reported(i, t))", i)
        np.testing.assert_allclose(drawn, kept.answer, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(trained, kept.loss, rtol=1e-10)
    assert not problems


def test_the_hollow_mark_stands_at_the_point_reported(show):
    page, problems = show(explore(BOWL, RACERS[:1], start=(-1.2, 1.6), steps=60, step=40, noise=3.0, seed=4))
    # Of both marks: the colour within, against the racer's.
    inside = page.evaluate("""() => {
        const [app] = apps, canvas = app.el.querySelector(".olx-picture canvas"), map = app.picture.map();
        const c = canvas.getContext("2d"), ratio = canvas.width / map.width;
        return [app.reported(0, 40), app.point(0, 40)].map(([x, y]) => "#" + [...c.getImageData(
            Math.round(map.x(x) * ratio), Math.round(map.y(y) * ratio), 1, 1).data].slice(0, 3)
            .map((v) => v.toString(16).padStart(2, "0")).join(""));
    }""")
    paper, own = page.evaluate("[apps[0].theme.paper, apps[0].theme.racers[0]]")
    assert inside == [paper, own]
    assert "Reported is" in page.locator(".olx-caption").inner_text()
    assert "at the point reported" in page.locator(".olx-loss canvas").get_attribute("aria-valuetext")
    page.evaluate("apps[0].store.set({ speed: 1 })")
    assert not problems


def test_the_text_and_the_picture_without_javascript_say_which_loss():
    text = repr(explore(BOWL, RACERS[2:], steps=20))
    assert text.count("at the point reported") == 2
