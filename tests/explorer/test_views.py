"""Single views as living figures."""

import pytest

import optlearn
from optlearn import Adam, Momentum, explorer, surfaces
from optlearn.explorer.views import VIEWS

from .conftest import rest

RAVINE = surfaces.get("quadratic", kappa=20)
SHOWN = {"modes": ".olx-panel-modes canvas", "map": ".olx-panel-map canvas", "noise": ".olx-panel-noise input",
         "tuning": ".olx-panel-fair button", "step": ".olx-picture", "memory": ".olx-history canvas",
         "race": ".olx-picture"}


@pytest.mark.parametrize("width", [900, 360])
@pytest.mark.parametrize("name", VIEWS)
def test_a_view_stands_alone_and_lives(show, name, width):
    made = explorer.view(name, RAVINE, [Momentum(lr=0.02), Adam(lr=0.1)], start=(-2.5, 1), steps=40)
    page, problems = show(made, viewport={"width": width, "height": 800})
    rest(page)
    assert page.locator(SHOWN[name]).first.is_visible()
    for part in (".olx-tabs", ".olx-place", ".olx-presets", ".olx-add"):
        assert page.locator(part).first.is_hidden()
    ends = "apps[0].runs.map((_, i) => apps[0].point(i, 40))"
    before = page.evaluate(ends)
    page.locator(".olx-card .olx-slider input[type=range]").first.focus()
    page.keyboard.press("ArrowRight")
    rest(page)
    assert page.evaluate(ends) != before
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not problems


def test_a_view_that_is_not_there_is_named():
    with pytest.raises(optlearn.InvalidArgument, match="mods.*modes"):
        explorer.view("mods", RAVINE)
    with pytest.raises(optlearn.InvalidArgument, match="quadratic"):
        explorer.view("modes", "rosenbrock")
