"""The film of a step: what moves lies between points of the record, and ends on them."""

import numpy as np
import pytest

from optlearn import AdaGrad, Adam, Momentum, Nesterov, RMSProp, explore, run, surfaces
from optlearn.explorer import figure

from .conftest import rest, settle

RAVINE = surfaces.get("quadratic", kappa=20, angle=10)
RACERS = [Momentum(lr=0.04, momentum=0.85), Nesterov(lr=0.04, momentum=0.85), AdaGrad(lr=0.5), RMSProp(lr=0.1),
          Adam(lr=0.1)]
STAGES = {
    "Momentum": ["gradient", "memory", "step"],
    "Nesterov": ["lookahead", "gradient", "memory", "step"],
    "AdaGrad": ["gradient", "memory", "preconditioner", "step"],
    "RMSProp": ["gradient", "memory", "preconditioner", "step"],
    "Adam": ["gradient", "memory", "preconditioner", "step"],
}


def film(**more):
    return explore(RAVINE, RACERS, start=(-2.5, 1.0), steps=40, step=3, speed=0.25, **more)


FRAMES = """(selected) => {
    const [app] = apps;
    app.store.set({ selected });
    return Array.from({ length: 240 }, (_, k) => {
        app.store.set({ _phase: (k + 0.5) / 240 });
        app.store.flush();
        const scene = app.scene();
        return { stage: app.stage(), scene, spots: app.runs.map((_, i) => app.spot(i)), it: app.anatomy() };
    });
}"""


def off(points, a, b):
    """How far points are from the nearest of the segments from `a` to `b`."""
    points, a, b = np.atleast_2d(points)[:, None], np.atleast_2d(a), np.atleast_2d(b)
    along = b - a
    share = np.clip(np.sum((points - a) * along, -1) / np.maximum(np.sum(along**2, -1), 1e-300), 0, 1)
    return np.linalg.norm(points - a - share[..., None] * along, axis=-1).min(axis=-1)


@pytest.mark.parametrize("i", range(len(RACERS)))
def test_all_that_moves_lies_between_points_of_the_record(show, i):
    page, problems = show(film())
    frames = page.evaluate(FRAMES, i)
    seen = list(dict.fromkeys(frame["stage"] for frame in frames))
    assert seen == STAGES[type(RACERS[i]).__name__]
    kept = [run(RAVINE, racer, (-2.5, 1.0), 40).w for racer in RACERS]
    shares = []
    for frame in frames:
        arrows = frame["it"]["arrows"]
        ends = np.array([arrow[end] for arrow in arrows.values() for end in ("from", "to")])
        drawn = [stroke[end] for stroke in frame["scene"]["strokes"] for end in ("from", "to")]
        a, b = np.repeat(ends, len(ends), axis=0), np.tile(ends, (len(ends), 1))
        assert not drawn or off(drawn, a, b).max() < 1e-12, frame["stage"]
        for w, spot in zip(kept, frame["spots"], strict=True):
            assert off(spot, w[2], w[3]).max() < 1e-9
        shares.append(frame["scene"]["moved"])
    assert shares == sorted(shares)
    assert shares[0] == 0
    # Each arrow stands on its recorded ends when its stage is over.
    for stage in seen:
        last = [frame for frame in frames if frame["stage"] == stage][-1]
        for stroke in last["scene"]["strokes"]:
            recorded = [arrow["to"] for arrow in last["it"]["arrows"].values()]
            assert stroke["to"] in recorded, (stage, stroke["name"])
        if last["scene"]["ellipse"]:
            assert last["scene"]["ellipse"] == pytest.approx(last["it"]["ellipse"]["radii"], rel=1e-12)
    assert frames[-1]["spots"][i] == pytest.approx(kept[i][3].tolist(), rel=1e-9)
    assert not problems


def test_play_goes_through_the_stages_and_lights_their_lines(show):
    page, problems = show(film(focus=("Nesterov", "lookahead")))
    page.evaluate("""() => {
        const [app] = apps;
        window.passed = [];
        const read = () => {
            const on = app.el.querySelector(".olx-segments [aria-pressed=true]")?.dataset.id;
            const lit = [...app.el.querySelectorAll(".olx-line")].findIndex((line) => line.matches(".olx-on"));
            const step = app.el.querySelector(".olx-caption").textContent.match(/\\d+/)[0];
            const now = [step, on, lit].join();
            if (passed[passed.length - 1] !== now) passed.push(now);
            requestAnimationFrame(read);
        };
        read();
        app.store.set({ speed: 1 });
    }""")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("apps[0].store.get('step') > 4")
    page.get_by_role("button", name="Pause").click()
    seen = page.evaluate("passed")
    assert seen[:8] == [f"{step},{stage},{line}" for step in (3, 4)
                        for line, stage in enumerate(STAGES["Nesterov"])]
    # Paused, it stays where it is.
    before = page.evaluate("[apps[0].store.get('step'), apps[0].phase(), apps[0].stage()]")
    rest(page)
    assert page.evaluate("[apps[0].store.get('step'), apps[0].phase(), apps[0].stage()]") == before
    # A step is a whole step again.
    page.get_by_role("button", name="One step forward").click()
    assert page.evaluate("apps[0].phase()") == 1
    assert not problems


def test_with_less_motion_the_stages_stand_still(show):
    page, problems = show(film(), reduced_motion="reduce")
    frames = page.evaluate(FRAMES, 1)
    for stage in STAGES["Nesterov"]:
        scenes = [frame["scene"] for frame in frames if frame["stage"] == stage]
        assert all(scene == scenes[0] for scene in scenes)
    assert not problems


def test_the_camera_holds_the_step_and_goes_back(show):
    page, problems = show(film(focus=("Adam", "preconditioner")), viewport={"width": 1000, "height": 800})
    rest(page)
    inside = """() => {
        const { from, to } = apps[0].anatomy(), map = apps[0].picture.map();
        const within = (z, most) => z > 0 && z < most;
        return [from, to].every(([x, y]) => within(map.x(x), map.width) && within(map.y(y), map.height));
    }"""
    unit = "apps[0].picture.map().x(1) - apps[0].picture.map().x(0)"
    near = page.evaluate(unit)
    for step in (5, 20, 39):
        page.evaluate("(step) => apps[0].store.set({ step })", step)
        rest(page)
        assert page.evaluate(inside), step
    page.get_by_role("button", name="Whole picture").click()
    rest(page)
    home = page.evaluate(unit)
    assert home < near
    page.get_by_label("Speed").select_option("15")
    settle(page)
    assert page.evaluate(unit) == home
    assert page.get_by_role("button", name="Into the step").is_hidden()
    assert not problems


def test_the_still_figure_shows_the_same_step():
    """Where nothing can run, the figure has the lookahead too, on recorded points."""
    explorer = film(focus=("Nesterov", "lookahead"))
    kept = explorer.trajectories[1]
    drawn = {}

    class Plane:
        def annotate(self, text, tip, tail=None, **look):
            if not text:
                drawn[look["arrowprops"]["color"]] = (list(tail), list(tip))

    view = figure._step(Plane(), kept, explorer.state, (-3, 3, -3, 3))
    ends = [(kept.w[2], kept.w[3]), (kept.w[2], kept.probe[2]), (kept.probe[2], kept.w[3])]
    assert list(drawn.values()) == [(list(a), list(b)) for a, b in ends]
    assert view[1] - view[0] < 6
