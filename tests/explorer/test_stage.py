"""The stage: what stands beside the picture, and what can be read off it."""

import numpy as np
import pytest
from PIL import Image

from optlearn import Momentum, Nesterov, explore, run, surfaces

from .conftest import rest, settle

RAVINE = surfaces.get("quadratic", kappa=20)
RACERS = [Momentum(lr=0.04, momentum=0.85), Nesterov(lr=0.04, momentum=0.85)]


def stage():
    return explore(RAVINE, RACERS, start=(-2.5, 1), steps=80, step=3, focus="lookahead")


def test_where_there_is_room_the_map_stands_beside_the_picture(show):
    page, problems = show(stage(), viewport={"width": 1340, "height": 1080})
    canvas = page.locator(".olx-map canvas")
    canvas.wait_for()
    rest(page)
    picture, beside = page.locator(".olx-left").bounding_box(), canvas.bounding_box()
    assert beside["x"] > picture["x"] + picture["width"]
    assert beside["y"] + beside["height"] < picture["y"] + picture["height"]
    # Pointing shows the run and changes nothing; a click takes it.
    before = page.evaluate("apps[0].store.get('racers')[1].h")
    page.mouse.move(beside["x"] + 0.5 * beside["width"], beside["y"] + 0.5 * beside["height"])
    page.wait_for_function("apps[0].previewed")
    assert page.evaluate("apps[0].store.get('racers')[1].h") == before
    seen = page.evaluate("[...apps[0].previewed.rows.slice(-apps[0].previewed.stride)]")
    page.mouse.down()
    page.mouse.up()
    settle(page)
    lr, momentum = page.evaluate("apps[0].store.get('racers')[1].h")
    assert [lr, momentum] != before
    end = run(RAVINE, Nesterov(lr=lr, momentum=momentum), (-2.5, 1), 80).w[-1]
    at = page.evaluate("apps[0].runs[1].layout.w[0]")
    np.testing.assert_allclose(seen[at:at + 2], end, rtol=1e-12)
    page.mouse.move(5, 5)
    page.wait_for_function("!apps[0].previewed")
    page.get_by_role("button", name="Map", exact=True).click()
    settle(page)
    assert page.locator(".olx-panel").is_hidden()
    assert not problems


@pytest.mark.parametrize("size", [(1366, 768), (820, 1180), (390, 844)])
def test_where_there_is_none_it_waits_to_be_opened(show, size):
    page, _ = show(stage(), viewport=dict(zip(("width", "height"), size, strict=True)))
    rest(page)
    assert page.evaluate("apps[0].workshop") is None


def test_what_a_racer_reaches_is_said_with_the_step(show):
    page, problems = show(stage(), viewport={"width": 1200, "height": 800})
    runs = stage().trajectories
    steps = [int(np.argmax(trajectory.loss <= 1e-3)) for trajectory in runs]
    said = page.locator(".olx-reached")
    assert said.inner_text() == f"Reaches 0.001: Momentum at step {steps[0]}, Nesterov {steps[1]}."
    page.get_by_label("Loss to reach").fill("1e-30")
    page.keyboard.press("Enter")
    settle(page)
    assert said.inner_text() == "Not in 80 steps: Momentum, Nesterov."
    assert page.evaluate("apps[0].store.snapshot().target") == 1e-30
    assert not problems
    assert explore(RAVINE, RACERS, target=0.5).target == 0.5


def test_a_map_over_the_start_knows_where_runs_end(show):
    rule = Momentum(lr=0.01, momentum=0.8)
    made = explore("himmelblau", rule, steps=60, panel="map")
    page, problems = show(made)
    page.get_by_role("button", name="Over the start").click()
    found = page.evaluate("""() => new Promise((done) => {
        const { ask } = apps[0].workshop;
        apps[0].workshop.ask = (kind, job, hear) => ask(kind, job, (part) => {
            hear(part);
            if (part.done) done([...part.ends]);
        });
        apps[0].store.set({ steps: 59 });
    })""")
    x0, x1, y0, y1 = page.evaluate("apps[0].view()")
    ends = np.array(found).reshape(128, 128, 2)
    for j, i in ((5, 100), (64, 64), (120, 3)):
        start = (x0 + (i + 0.5) / 128 * (x1 - x0), y0 + (j + 0.5) / 128 * (y1 - y0))
        np.testing.assert_allclose(ends[j, i], run("himmelblau", rule, start, 59).w[-1], rtol=1e-8)
    assert not problems


def test_a_picture_is_saved_at_twice_the_resolution_and_a_race_as_a_video(show):
    page, problems = show(explore(RAVINE, RACERS, steps=20, step=20, panel="share", speed=60),
                          viewport={"width": 900, "height": 700})
    wide = page.locator(".olx-picture").bounding_box()["width"]
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the picture as PNG").click()
    assert abs(Image.open(saved.value.path()).width - 2 * wide) <= 2
    assert page.evaluate("document.querySelector('.olx-picture canvas').width") <= wide + 1
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the race").click()
    assert saved.value.suggested_filename.endswith((".webm", ".mp4")) and saved.value.path().stat().st_size > 5000
    assert page.evaluate("apps[0].store.get('step')") == 20
    assert not problems


def test_a_race_is_saved_as_an_animated_picture(show):
    page, problems = show(explore(RAVINE, RACERS, start=(-2.5, 1), steps=20, step=8, panel="share", speed=10),
                          viewport={"width": 900, "height": 700})
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save an animated picture").click()
    assert saved.value.suggested_filename == "optlearn-quadratic.gif"
    film = Image.open(saved.value.path())
    assert film.n_frames == 9 and film.info["loop"] == 0 and film.info["duration"] == 130
    # The last picture is the one on the screen, in 255 colours.
    film.seek(8)
    drawn = np.array(film.convert("RGB"), dtype=float)
    ratio = page.locator(".olx-picture").bounding_box()["width"] / drawn.shape[1]
    page.wait_for_function("apps[0].store.get('step') === 8")
    settle(page)
    points = [(30, 30), (200, 90), (250, 250)]
    seen = page.evaluate("""([points, ratio]) => points.map(([x, y]) => [...apps[0].picture.sharp.context
        .getImageData(Math.round(x * ratio), Math.round(y * ratio), 1, 1).data.slice(0, 3)])""", [points, ratio])
    for (x, y), colour in zip(points, seen, strict=True):
        assert np.abs(drawn[y, x] - colour).max() < 14
    racer = page.evaluate("[1, 3, 5].map((k) => parseInt(apps[0].theme.racers[1].slice(k, k + 2), 16))")
    assert (np.abs(drawn - racer).max(axis=2) < 40).sum() > 30
    assert not problems


def test_in_full_screen_the_address_has_the_state(show):
    page, problems = show(stage(), viewport={"width": 1000, "height": 800})
    page.evaluate("apps[0].store.set({ step: 5 })")
    page.wait_for_function("history.state?.optlearn")
    assert page.evaluate("location.hash") == ""
    page.locator(".olx").focus()
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("location.hash.startsWith('#explorer-1=')")
    assert page.evaluate("apps[0].store.get('step')") == 6
    address = page.evaluate("location.hash")
    page.goto("about:blank")
    page.go_back()
    page.wait_for_function("window.apps?.length")
    assert page.evaluate("[apps[0].store.get('step'), location.hash]") == [6, address]
    assert not problems


def test_tiles_show_each_racer_or_one_at_four_values(show):
    page, problems = show(explore(RAVINE, RACERS, start=(-2.5, 1), steps=10, step=10, focus=1, panel="tiles"))
    words = page.locator(".olx-tiles figcaption")
    words.nth(1).wait_for()
    assert words.count() == 2
    page.get_by_label("Tiles").select_option("momentum")
    settle(page)
    assert words.count() == 4
    # Numbers as people read them, to three digits.
    plain = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
    for text in words.all_inner_texts():
        momentum, loss = text.removeprefix("momentum ").translate(plain).replace("·10", "e").split(": ")
        trajectory = run(RAVINE, Nesterov(lr=0.04, momentum=float(momentum)), (-2.5, 1), 10)
        assert float(loss) == pytest.approx(trajectory.loss[-1], rel=0.1)
    assert not problems
