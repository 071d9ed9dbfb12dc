"""The surface as a relief."""

import gzip

import numpy as np
import pytest

from optlearn import Adam, Momentum, explore, explorer, surfaces
from optlearn.explorer import bundle

from .conftest import settle

BOWL = surfaces.get("quadratic", kappa=4, angle=30)


def relief(**more):
    return explore(BOWL, [Momentum(lr=0.05), Adam(lr=0.1)], start=(-2, 1.5), steps=40, step=40, relief=True, **more)


def raised(page):
    page.wait_for_function("apps[0].relief")
    settle(page)


def test_points_stand_where_heights_and_angles_say_and_are_found_there(show):
    page, problems = show(relief(), viewport={"width": 1000, "height": 800}, reduced_motion="reduce")
    raised(page)
    points = [(-2, 1.5), (0, 0), (1, 2), (-2.5, -2)]
    found = page.evaluate("""(points) => points.map((point) => {
        const [x, y] = apps[0].relief.at(point);
        return { at: [x, y], again: apps[0].relief.planeAt(x, y) };
    })""", points)
    pose = page.evaluate("apps[0].relief.pose()")
    turn, tilt, scale = pose["turn"], pose["tilt"], pose["scale"]
    top = max(BOWL(np.array([x, y])) for x in (-3, 3) for y in (-3, 3))
    for point, one in zip(points, found, strict=True):
        x, y = np.array(point) / 3
        up = 0.95 * (BOWL(np.array(point)) / top - 0.5)
        across, deep = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
        expected = (pose["width"] / 2 + scale * across,
                    pose["height"] / 2 - scale * (deep * np.sin(tilt) + up * np.cos(tilt)))
        np.testing.assert_allclose(one["at"], expected, atol=0.5)
        np.testing.assert_allclose(one["again"], point, atol=0.02)
    assert not problems


def test_it_is_turned_by_mouse_and_keys_and_rests(show):
    page, problems = show(relief(), viewport={"width": 1000, "height": 800})
    raised(page)
    layer = page.get_by_role("application", name="relief")
    box = layer.bounding_box()
    start = page.evaluate("apps[0].store.get('start')")
    before = page.evaluate("apps[0].relief.pose()")
    page.mouse.move(box["x"] + 300, box["y"] + 500)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 530, steps=3)
    page.mouse.up()
    after = page.evaluate("apps[0].relief.pose()")
    assert after["turn"] == pytest.approx(before["turn"] + 0.8)
    assert after["tilt"] == pytest.approx(before["tilt"] + 0.24)
    # Turning is not starting elsewhere, and no step of the race.
    assert page.evaluate("[apps[0].store.get('start'), apps[0].store.get('step')]") == [start, 40]
    layer.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    turned = page.evaluate("apps[0].relief.pose()")
    assert turned["turn"] < after["turn"] and turned["tilt"] < after["tilt"]
    page.keyboard.press("Home")
    settle(page)
    assert page.evaluate("apps[0].relief.pose().turn") == before["turn"]
    # A late frame may come of a font or a size; one that goes on drawing never is still for so long.
    page.wait_for_function("""() => {
        const { frames } = apps[0], now = performance.now();
        if (window.seen?.frames !== frames) window.seen = { frames, now };
        return now - seen.now > 400;
    }""")
    assert not problems


def test_the_dot_is_dragged_over_the_land(show):
    page, problems = show(relief(), viewport={"width": 1000, "height": 800}, reduced_motion="reduce")
    raised(page)
    handle = page.locator(".olx-handle").bounding_box()
    box = page.locator(".olx-relief").bounding_box()
    x, y = page.evaluate("apps[0].relief.at([1, -1])")[:2]
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
    page.mouse.up()
    settle(page)
    np.testing.assert_allclose(page.evaluate("apps[0].store.get('start')"), [1, -1], atol=0.05)
    assert page.evaluate("apps[0].point(0, 0)") == page.evaluate("apps[0].store.get('start')")
    handle = page.locator(".olx-handle").bounding_box()
    assert abs(handle["x"] + handle["width"] / 2 - box["x"] - x) < 3
    assert not problems


def test_a_path_behind_a_hill_is_pale(show):
    # A wall in front, for who looks from the side of low y; the run stays behind it.
    wall = surfaces.of(lambda x, y: 8 * np.exp(-4 * (y + 1) ** 2) + 0.1 * (x - 2) ** 2, domain=(-3, 3, -3, 3),
                       start=(-2, 0.2))
    page, problems = show(explore(wall, [Momentum(lr=0.05, momentum=0.8)], start=(-2, 0.2), steps=40, step=40,
                                  relief=True), viewport={"width": 1000, "height": 800}, reduced_motion="reduce")
    raised(page)
    ink = """() => {
        const { canvas, sharp } = apps[0].relief, { theme } = apps[0];
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const own = [1, 3, 5].map((k) => parseInt(theme.racers[0].slice(k, k + 2), 16));
        let count = 0;
        for (let k = 0; k < data.length; k += 4) count += own.every((x, d) => Math.abs(x - data[k + d]) < 8) ? 1 : 0;
        return count;
    }"""
    low = page.locator(".olx-relief")
    low.focus()
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    settle(page)
    hidden = page.evaluate(ink)
    for _ in range(16):
        page.keyboard.press("ArrowUp")
    settle(page)
    assert page.evaluate(ink) > 4 * max(hidden, 20)
    assert not problems


def test_the_button_a_link_and_prose_raise_it_and_it_is_saved(show, tmp_path):
    made = explore(BOWL, [Momentum(lr=0.05)], start=(-2, 1.5), steps=40)
    page, problems = show(made, path=tmp_path / "page.html", viewport={"width": 1000, "height": 800},
                          reduced_motion="reduce")
    page.get_by_role("button", name="3-D").click()
    raised(page)
    page.evaluate("apps[0].store.set({ panel: 'share' })")
    page.wait_for_selector(".olx-panel-share input")
    settle(page)
    link = page.locator(".olx-panel-share input").input_value().split("#")[1]
    assert "relief=True" in page.locator(".olx-panel-share textarea").input_value()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the picture as PNG").click()
    assert saved.value.path().stat().st_size > 20_000
    page.get_by_role("button", name="3-D").click()
    settle(page)
    assert page.locator(".olx-relief").is_hidden()
    page.evaluate("""document.body.insertAdjacentHTML(
        "beforeend", '<a id="go" href="explorer:relief,step=3">go</a>')""")
    page.click("#go")
    raised(page)
    page.evaluate("history.back()")
    page.wait_for_function("!apps[0].relief")
    page, more = show(made, path=tmp_path / "page.html", fragment="#" + link)
    raised(page)
    assert not problems + more


def test_it_waits_outside_of_what_a_page_loads_first():
    assert "olx-relief" not in bundle.core()
    assert "olx-relief" in bundle.views()
    assert len(gzip.compress(bundle.views().encode(), 9)) < 40_000


def test_where_nothing_runs_it_is_a_figure_in_words():
    made = explorer.view("relief", "himmelblau", [Adam(lr=0.1)], steps=30, step=30)
    assert made.relief
    assert made.figure() != explorer.view("race", "himmelblau", [Adam(lr=0.1)], steps=30, step=30).figure()
    assert made.alt().startswith("The surface as a relief") and "Adam" in made.alt()
