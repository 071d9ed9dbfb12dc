"""Links, Python code and exports give back what was shown."""

import csv
import io

import numpy as np
import pytest

from optlearn import Adam, Momentum, Nesterov, explore, run, schedules
from optlearn.explorer import presets

from .conftest import settle

KEPT = (
    "surface",
    "params",
    "start",
    "steps",
    "racers",
    "seed",
    "noise",
    "batch",
    "delay",
    "step",
    "selected",
    "focus",
    "panel",
    "fair",
    "band",
    "map",
)
EIGHT = [Adam(lr=0.123456, beta1=0.912345, beta2=0.98765, eps=1.2345e-7) for _ in range(8)]


def kept(state):
    return {key: state[key] for key in KEPT}


def snapshot(page, k=0):
    return page.evaluate("(k) => apps[k].store.snapshot()", k)


def fragment(page, k=0):
    page.evaluate("(k) => apps[k].store.set({ panel: 'share' })", k)
    settle(page)
    return page.evaluate("(k) => apps[k].el.querySelector('.olx-panel-share input').value", k).split("#", 1)[1]


def test_a_link_restores_the_whole_state_of_its_explorer_alone(show, tmp_path):
    first = explore("quadratic", [Momentum(lr=0.02), Nesterov(lr=0.02)], start=(-2, 1.5))
    second = explore("himmelblau", [Adam(lr=lambda t: 0.1 / (1 + t))], noise=0.3, seed=5)
    page, _ = show(first, second, path=tmp_path / "two.html")
    page.evaluate("""apps[1].store.set({ start: [1.25, -2.5], step: 33, steps: 90, seed: 7, noise: 0.5 });
        apps[1].addRacer("rmsprop;centered=True"); apps[1].store.set({ selected: 0, map: { x: "steps", y: "eps" } })""")
    wanted = snapshot(page, 1)
    text = fragment(page, 1)
    assert text.startswith("explorer-2=")
    assert "%22" not in text
    page, problems = show(first, second, path=tmp_path / "two.html", fragment="#" + text)
    assert kept(snapshot(page, 1)) == {**kept(wanted), "panel": "share"}
    assert kept(snapshot(page, 0)) == kept(first.state)
    assert not problems


def test_links_stay_under_a_kilobyte(show):
    page, _ = show(explore("quadratic", EIGHT, start=(-1.23456, 2.34567), steps=500, noise=0.123, seed=4294967295))
    assert len(fragment(page)) < 1000


@pytest.mark.parametrize(
    "bad",
    [
        "explorer-1=",
        "explorer-1='nowhere'",
        "explorer-1=alert(1)",
        "explorer-1=%E0%A4%A",
        "explorer-1='quadratic',(10,0),(1e999,0),120,(('adam',(1,2,3,4),0,-1)),0,0,0,1,0,'step',1,'','','',false",
    ],
)
def test_a_link_that_is_wrong_changes_nothing(show, bad):
    explorer = explore("quadratic", [Momentum(lr=0.02)])
    page, problems = show(explorer, fragment="#" + bad)
    assert kept(snapshot(page)) == kept(explorer.state)
    assert not problems


def test_a_link_with_a_preset_that_is_no_more_keeps_the_rest(show, tmp_path):
    explorer = explore(preset="ravine")
    page, _ = show(explorer, path=tmp_path / "page.html")
    text = fragment(page).replace("'ravine'", "'gone'").replace("(-2.5,1.9)", "(1.5,1)")
    page, problems = show(explorer, path=tmp_path / "page.html", fragment="#" + text)
    assert snapshot(page)["start"] == [1.5, 1]
    assert not problems


def test_a_typed_surface_goes_into_the_page_its_link_and_its_code(show, tmp_path):
    text = "x**2 + 3*y**2 - (sin(3*x)/2 + 1/4)*exp(-y)"
    explorer = explore(text, [Momentum(lr=0.02)], steps=40)
    page, _ = show(explorer, path=tmp_path / "page.html")
    page.evaluate("apps[0].store.set({ start: [1.25, -2.5] })")
    link = fragment(page)
    page, problems = show(explorer, path=tmp_path / "page.html", fragment="#" + link)
    assert kept(snapshot(page)) == {**kept(explorer.state), "start": [1.25, -2.5], "panel": "share"}
    loss = page.evaluate("[...apps[0].runs[0].loss.slice(0, 41)]")
    np.testing.assert_allclose(loss, run(text, Momentum(lr=0.02), (1.25, -2.5), steps=40).loss, rtol=1e-12)
    made = made_by(python(page))
    assert made.surface.name == text
    assert made.start == (1.25, -2.5)
    assert not problems


def python(page):
    return page.evaluate(
        """() => {
            apps[0].store.set({ panel: "share" });
            apps[0].store.flush();
            return apps[0].el.querySelector("textarea").value;
        }"""
    )


def made_by(code, **found):
    exec(code.replace("\n\nexplore", "\n\nmade = explore"), found)
    return found["made"]


def test_python_code_makes_the_same_explorer(show):
    page, _ = show(explore("quadratic", [Momentum(lr=0.02)], start=(-2, 1.5)))
    for preset in presets.PRESETS:
        page.evaluate("(key) => apps[0].applyPreset(key)", preset)
        page.evaluate("apps[0].store.set({ seed: 3, noise: 0.25, delay: 2, fair: '' })")
        assert kept(made_by(python(page)).state) == kept(snapshot(page)), preset
    page.evaluate("apps[0].addRacer('rmsprop;centered=True')")
    assert made_by(python(page)).state["racers"] == snapshot(page)["racers"]


def test_python_code_names_schedules_and_functions_of_the_reader(show):
    def egg_box(x, y):
        return (x**2 - 1)**2 + (y - 1)**2

    warm = schedules.Warmup(then=schedules.Exponential(start=0.1), steps=5)
    explorer = explore(egg_box, [Momentum(lr=warm), Momentum(lr=0.02)], steps=40)
    page, problems = show(explorer)
    assert page.evaluate("apps[0].label(0)") == "Momentum η = Warmup"
    made = made_by(python(page), egg_box=egg_box)
    assert made.state["racers"] == explorer.state["racers"]
    assert (made.trajectories[0].w == explorer.trajectories[0].w).all()
    assert not problems


def test_python_code_keeps_what_is_done_to_the_gradient(show):
    explorer = explore("quadratic", [Momentum(lr=0.02, clip_gradient=2.0)])
    page, _ = show(explorer)
    assert made_by(python(page)).state["racers"] == explorer.state["racers"]


def test_exports(show):
    explorer = explore("rosenbrock", [Momentum(lr=0.0005), Adam(lr=0.1)], steps=30, panel="share")
    page, problems = show(explorer)

    def saved(name):
        with page.expect_download() as got:
            page.get_by_role("button", name=name).click()
        return got.value.path().read_bytes(), got.value.suggested_filename

    png, name = saved("Save the picture as PNG")
    assert name == "optlearn-rosenbrock.png"
    assert png.startswith(b"\x89PNG")
    svg, _ = saved("Save the picture as SVG")
    assert (
        page.evaluate(
            "(text) => new DOMParser().parseFromString(text, 'image/svg+xml').querySelector('parsererror')",
            svg.decode(),
        )
        is None
    )
    assert svg.count(b"<path") >= 4
    table, _ = saved("Save all runs as CSV")
    rows = list(csv.DictReader(io.StringIO(table.decode())))
    adam = [row for row in rows if row["racer"] == "Adam"]
    mine = run("rosenbrock", Adam(lr=0.1), steps=30)
    assert [float(row["x"]) for row in adam] == pytest.approx(mine.w[:, 0].tolist(), rel=1e-12)
    assert [float(row["g_y"]) for row in adam[1:]] == pytest.approx(mine.g[:, 1].tolist(), rel=1e-9)
    assert not problems


def test_a_run_can_go_on_with_other_numbers(show):
    page, problems = show(explore("quadratic", [Momentum(lr=0.02)], start=(-2, 1.5), steps=40, step=15))
    field = page.locator(".olx-card .olx-slider input[type=text]").first
    before = page.evaluate("apps[0].point(0, 15)")
    page.get_by_label("Changes continue from step 15").check()
    field.fill("0.05")
    settle(page)
    assert page.evaluate("apps[0].point(0, 15)") == before
    assert "Until step 15: lr 0.02" in page.locator(".olx-card").inner_text()
    drawn = page.evaluate("apps[0].point(0, 40)")
    state = snapshot(page)
    twin = explore("quadratic", [Momentum(lr=0.02)], start=(-2, 1.5), steps=40)
    twin._state["racers"] = state["racers"]
    assert twin.trajectories[0].w[40] == pytest.approx(drawn, rel=1e-12)
    assert made_by(python(page)).trajectories[0].w[40] == pytest.approx(drawn, rel=1e-12)
    text = fragment(page)
    assert page.evaluate("(text) => text.includes('(15,(0.02,0.9))')", text)
    page.get_by_label("Changes continue from step 15").uncheck()
    field.fill("0.03")
    settle(page)
    assert page.evaluate("apps[0].point(0, 15)") != before
    assert not problems
