"""The film of a step: what moves lies between points of the record, and ends on them."""

import json

import numpy as np
import pytest

from optlearn import SGLD, AdaDelta, AdaGrad, Adam, AdaMax, Momentum, NAdam, Nesterov, RMSProp, explore, run, surfaces
from optlearn.explorer import figure, steepness, stills
from optlearn.optimizer import Optimizer, Update, hyper

from .conftest import rest, settle

RAVINE = surfaces.get("quadratic", kappa=20, angle=10)
RACERS = [Momentum(lr=0.04, momentum=0.85), Nesterov(lr=0.04, momentum=0.85), AdaGrad(lr=0.5), RMSProp(lr=0.1),
          Adam(lr=0.1)]
STAGES = {
    "Momentum": ["gradient", "memory", "step"],
    "Nesterov": ["lookahead", "gradient", "memory", "step"],
    "AdaGrad": ["gradient", "memory", "preconditioner", "step"],
    "RMSProp": ["gradient", "memory", "preconditioner", "step"],
    "Adam": ["gradient", "memory", "correction", "preconditioner", "step"],
}


def film(**more):
    return explore(RAVINE, RACERS, start=(-2.5, 1.0), steps=40, step=3, speed=0.25, **more)


# Every sixth is drawn, too: what moves is computed, and to draw it takes twenty times as long.
FRAMES = """([selected, count]) => {
    const [app] = apps;
    app.store.set({ selected });
    return JSON.stringify(Array.from({ length: count }, (_, k) => {
        app.store.set({ _phase: (k + 0.5) / count });
        if (k % 6 === 0) app.store.flush();
        const spots = app.runs.map((_, i) => app.spot(i));
        return { stage: app.stage(), scene: app.scene(), spots, it: app.anatomy() };
    }));
}"""


def filmed(page, selected, count=240):
    """What is seen of a step of a racer. As text: Playwright reads numbers one at a time."""
    return json.loads(page.evaluate(FRAMES, [selected, count]))


def off(points, a, b):
    """How far points are from the nearest of the segments from `a` to `b`."""
    points, a, b = np.atleast_2d(points)[:, None], np.atleast_2d(a), np.atleast_2d(b)
    along = b - a
    share = np.clip(np.sum((points - a) * along, -1) / np.maximum(np.sum(along**2, -1), 1e-300), 0, 1)
    return np.linalg.norm(points - a - share[..., None] * along, axis=-1).min(axis=-1)


@pytest.mark.parametrize("i", range(len(RACERS)))
def test_all_that_moves_lies_between_points_of_the_record(show, i):
    page, problems = show(film())
    frames = filmed(page, i)
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
    frames = filmed(page, 1)
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


def test_the_still_figure_shows_the_losses_of_a_race_that_starts_at_the_minimum():
    shown = explore("quadratic", SGLD(lr=0.05), start=(0.0, 0.0), steps=100)
    low, high = stills.picture(shown, lambda sheet: sheet.axes[1].get_ylim())
    loss = shown.trajectories[0].loss[1:]
    assert low < loss.min() and loss.max() < high


class Fading(Optimizer, register=False):
    """A reader's rule: divides by the root of a fading sum of squares, along a blend of gradients."""

    lr = hyper(0.1, above=0)
    slots = ("a", "b")
    direction = "a"

    def update(self, w, g, s, t):
        a = 0.75 * s.a + 0.25 * g
        b = 0.5 * s.b + g**2
        return Update(w - self.lr * a / (np.sqrt(b) + 1e-8), a=a, b=b)


# What is remembered of squares, and of gradients.
KEPT = {"AdaGrad": ("h", None), "RMSProp": ("v", None), "Adam": ("v", "m"), "Fading": ("b", "a")}
KEEPS = {"AdaGrad": (1, None), "RMSProp": (0.9, None), "Adam": (0.999, 0.9), "Fading": (0.5, 0.75)}
MEMORY = {
    "Momentum": "Go on with 0.85 of the last step, then add the slope",
    "Nesterov": "Plain momentum takes the slope here and overshoots: loss {:.3g}, not {:.3g}",
    "AdaGrad": "Add up squared slopes: how steep it has been along x and y",
    "RMSProp": "Old squared slopes fade (× 0.9), the new one comes in",
    "Adam": "Blend: 0.9 of the old average, 0.1 of the new slope",
    "Fading": "Blend: 0.75 of the old average, 0.25 of the new slope",
}
MORE = [*RACERS[:3], RMSProp(lr=0.1, rho=0.9), RACERS[4], Fading(lr=0.1)]


@pytest.fixture
def frames_of(show):
    """A function that films a step of each racer."""

    def record(racers, count=240, **more):
        page, problems = show(explore(RAVINE, racers, start=(-2.5, 1.0), steps=40, step=3, speed=0.25), **more)
        found = [filmed(page, i, count) for i in range(len(racers))]
        assert not problems
        return found

    return record


def test_captions_say_what_the_rule_keeps(frames_of):
    for racer, frames in zip(MORE, frames_of(MORE, count=1), strict=True):
        stages = {stage["id"]: stage for stage in frames[0]["it"]["stages"]}
        name = type(racer).__name__
        it = frames[0]["it"]
        losses = [RAVINE(np.array(it[end])) for end in ("ghost", "to")] if name == "Nesterov" else []
        assert stages["memory"]["short"] == MEMORY[name].format(*losses)
        if name in KEPT:
            assert stages["preconditioner"]["short"] == "Own rates: far along x, short along y, where it was steep"
            assert stages["preconditioner"]["parts"] == ["With one rate: the same reach in every direction"]
        assert ("correction" in stages) == (name == "Adam")


def test_bars_and_averages_lie_between_values_of_the_record(frames_of):
    racers = [racer for racer in MORE if type(racer).__name__ in KEPT]
    for racer, frames in zip(racers, frames_of(racers), strict=True):
        name = type(racer).__name__
        (squares, average), (keep, blend) = KEPT[name], KEEPS[name]
        kept = run(RAVINE, racer, (-2.5, 1.0), 40)
        old, now = kept.named[squares][2:4]
        bars = [frame["scene"]["gauge"] for frame in frames]
        sums = {key: [bar[key] for bar in bars] for key in ("old", "kept", "now")}
        np.testing.assert_allclose(sums["old"], np.tile(np.sqrt(old), (len(bars), 1)), rtol=1e-9)
        np.testing.assert_allclose(bars[-1]["kept"], np.sqrt(keep * old), rtol=1e-9)
        np.testing.assert_allclose(bars[-1]["now"], np.sqrt(now), rtol=1e-9)
        # First the old fades, then the new comes in; neither turns back.
        assert (np.diff(sums["kept"], axis=0) <= 1e-12).all()
        assert (np.diff(np.subtract(sums["now"], sums["kept"]), axis=0) >= -1e-12).all()
        along = {None: kept.g, "m": kept.named.get("m_hat"), "a": kept.named.get("a", kept.w)[1:]}[average]
        rates = np.array([(kept.w[t - 1] - kept.w[t]) / along[t - 1] for t in (2, 3)])
        shown = np.array([bar["rate"] for bar in bars if bar["rate"]])
        assert len(shown) > 50
        assert (shown >= rates.min(axis=0) * (1 - 1e-9)).all()
        assert (shown <= rates.max(axis=0) * (1 + 1e-9)).all()
        np.testing.assert_allclose(shown[-1], rates[1], rtol=1e-9)
        if average:
            it = frames[0]["it"]
            even = np.sqrt(rates[1].prod())
            m_old, m_now = kept.named[average][2:4]
            parts = (("old", m_old), ("kept", blend * m_old), ("blend", m_now), ("part", (1 - blend) * kept.g[2]))
            for key, m in parts:
                np.testing.assert_allclose(it["arrows"][key]["to"], kept.w[2] - even * m, rtol=1e-9)


class Late(Optimizer, register=False):
    """A reader's rule: only its squares are corrected, and it names half of its average, which is no correction."""

    lr = hyper(0.1, above=0)
    slots = ("a", "b")
    direction = "a"

    def update(self, w, g, s, t):
        a = 0.5 * s.a + 0.5 * g
        b = 0.9 * s.b + 0.1 * g**2
        half = 0.5 * a
        whole = b / (1 - 0.9**t)
        return Update(w - self.lr * a / (np.sqrt(whole) + 1e-8), a=a, b=b, half=half, whole=whole)


def test_averages_that_began_at_zero_grow_by_the_factor_of_the_record(frames_of):
    """What slopes have filled, the arrow of the average and the bars of squares end where the record has them."""
    corrections = {"Adam": {"m": 0.9, "v": 0.999}, "Late": {"b": 0.9}}
    for racer, frames in zip((RACERS[4], Late()), frames_of([RACERS[4], Late()]), strict=True):
        decays = corrections[type(racer).__name__]
        part = {name: 1 - decay**3 for name, decay in decays.items()}
        kept = run(RAVINE, racer, (-2.5, 1.0), 40)
        stage = next(stage for stage in frames[0]["it"]["stages"] if stage["id"] == "correction")
        assert all(f"{100 * (1 - share):.3g}% of {name}" in stage["parts"][0] for name, share in part.items())
        grown = ", ".join(f"{name} × {1 / share:.3g}" for name, share in part.items())
        assert stage["parts"][1] == f"So what is there is scaled up: {grown}"
        scenes = [frame["scene"] for frame in frames if frame["stage"] == "correction"]
        # It takes three times as long as a stage of one part.
        others = [frame for frame in frames if frame["stage"] == "gradient"]
        assert len(scenes) == pytest.approx(3 * len(others), abs=3)
        assert [scene["part"] for scene in scenes] == sorted(scene["part"] for scene in scenes)
        assert {scene["part"] for scene in scenes} == {0, 1, 2}
        filled = np.array([[bar["part"] for bar in scene["gauge"]["filled"]] for scene in scenes])
        assert [bar["name"] for bar in scenes[0]["gauge"]["filled"]] == list(part)
        np.testing.assert_allclose(filled[0], list(part.values()), rtol=1e-9)
        assert (np.diff(filled, axis=0) >= 0).all()
        assert (filled[-1] == 1).all()
        squares, corrected = ("v", "v_hat") if "v" in part else ("b", "whole")
        gauges = [scene["gauge"] for scene in scenes]
        np.testing.assert_allclose(gauges[0]["now"], np.sqrt(kept.named[squares][3]), rtol=1e-9)
        ends = np.multiply(gauges[-1]["now"], gauges[-1]["factor"])
        np.testing.assert_allclose(ends, np.sqrt(kept.named[corrected][2]), rtol=1e-9)
        assert (np.diff([gauge["factor"] for gauge in gauges]) >= 0).all()
        if "m" in part:
            even = np.sqrt(frames[0]["it"]["rate"][0] * frames[0]["it"]["rate"][1])
            tips = [stroke["to"] for scene in (scenes[0], scenes[-1]) for stroke in scene["strokes"]
                    if stroke["name"] == "blend"]
            averages = [kept.named["m"][3], kept.named["m_hat"][2]]
            np.testing.assert_allclose(tips, kept.w[2] - even * np.array(averages), rtol=1e-9)


def test_the_step_without_a_correction_is_the_one_that_the_rule_makes_without(frames_of):
    """From the same averages; where the clock of a rule means more than its correction, there is none."""
    adam, nadam = Adam(lr=0.1), NAdam(lr=0.1)
    ours, others = frames_of([adam, nadam])
    kept = run(RAVINE, adam, (-2.5, 1.0), 40)
    plain = Adam(lr=0.1, bias_correction=False)
    state = plain.state_view({name: kept.named[name][2] for name in ("m", "v")})
    w = plain.update(kept.w[2], kept.g[2], state, 3).w
    it = ours[0]["it"]
    np.testing.assert_allclose(it["arrows"]["without"]["to"], w, rtol=1e-6)
    times = np.linalg.norm(w - kept.w[2]) / np.linalg.norm(kept.w[3] - kept.w[2])
    assert it["without"] == pytest.approx(times, rel=1e-6)
    (stage,) = (stage for stage in it["stages"] if stage["id"] == "correction")
    assert stage["short"] == f"Without that, {times:.2g} times as far: too small a v divides"
    last = [frame["scene"] for frame in ours if frame["stage"] == "correction"][-1]
    assert {"step", "without"} < {stroke["name"] for stroke in last["strokes"]}
    assert "without" not in others[0]["it"]["arrows"]


def test_what_looking_ahead_is_worth_is_said_of_every_step(show):
    """Where plain momentum would end lower, or as low, that is said too."""
    page, problems = show(film(focus=("Nesterov", "lookahead")))
    told = {"overshoots": 0, "instead": 0, "little difference": 0, "lower": 0}
    for step in range(2, 40):
        page.evaluate("(step) => { apps[0].store.set({ step }); apps[0].store.flush(); }", step)
        it = page.evaluate("apps[0].anatomy()")
        plain, own = (RAVINE(np.array(it[end])) for end in ("ghost", "to"))
        said = next(stage["short"] for stage in it["stages"] if stage["id"] == "memory")
        against = np.dot(it["memory"], it["push"]) < 0
        word = "little difference" if abs(plain - own) < 0.05 * own else "lower" if plain < own else \
            "overshoots" if against else "instead"
        assert word in said, step
        told[word] += 1
    assert sum(count > 0 for count in told.values()) >= 3
    assert not problems


def test_a_rate_that_grows_is_told_from_its_least(show):
    racer = RMSProp(lr=0.1, rho=0.9)
    page, problems = show(explore(RAVINE, [racer], start=(-2.5, 1.0), steps=40, step=12, speed=0.25))
    it = page.evaluate("apps[0].anatomy()")
    kept = run(RAVINE, racer, (-2.5, 1.0), 40)
    rates = np.abs(np.diff(kept.w, axis=0) / kept.g[:40])[:12]
    for d, least in enumerate(it["least"]):
        assert least["at"] == 1 + rates[:, d].argmin()
        assert least["rate"] == pytest.approx(rates[:, d].min(), rel=1e-9)
    grown = 100 * (rates[-1] / rates.min(axis=0) - 1)
    said = it["stages"][-1]["short"]
    assert any(f"grown by {grown[d]:.2g}% since step {it['least'][d]['at']}" in said for d in range(2))
    assert not problems


def test_what_has_no_start_to_make_up_for_has_no_correction(frames_of):
    """A correction that began elsewhere than at zero, or that has no averages, is none."""
    rules = [RMSProp(lr=0.1), Adam(lr=0.1, bias_correction=False), RACERS[2], RACERS[0]]
    for frames in frames_of(rules):
        assert "correction" not in [stage["id"] for stage in frames[0]["it"]["stages"]]


def test_the_still_figure_has_the_bars_of_the_film(frames_of):
    """Python and page find the same memory of steepness, and bars are as long as its root and the rates."""
    racers = [*(racer for racer in MORE if type(racer).__name__ in KEPT), AdaMax(lr=0.1), AdaDelta()]
    for racer, frames in zip(racers, frames_of(racers), strict=True):
        kept = run(RAVINE, racer, (-2.5, 1.0), 40)
        it = frames[0]["it"]
        steep, rate = steepness.bars(kept, 3)
        np.testing.assert_allclose(rate, it["rate"], rtol=1e-9)
        for name in ("name", "keep", "root", "old", "kept", "now", "factor"):
            mine, its = getattr(steep, name), it["gauge"][name]
            assert mine == its if isinstance(its, str | bool | None) else mine == pytest.approx(its, rel=1e-9), name
        shown = explore(RAVINE, racer, start=(-2.5, 1.0), steps=40, step=3, focus="preconditioner")
        (bars,) = stills.picture(shown, lambda sheet: sheet.axes[0].child_axes)
        ends = {}
        for patch in bars.patches:
            row = round(-(patch.get_y() + patch.get_height() / 2))
            if not patch.get_alpha() or patch.get_alpha() == 1:
                ends[row] = patch.get_x() + patch.get_width()
        size = np.sqrt(steep.now) if steep.root else steep.now
        for rows, values in (((1, 2), size), ((4, 5), rate)):
            assert ends[rows[0]] / ends[rows[1]] == pytest.approx(values[0] / values[1], rel=1e-6)
    plain = explore(RAVINE, RACERS[1], start=(-2.5, 1.0), steps=40, step=3, focus="lookahead")
    assert not stills.picture(plain, lambda sheet: sheet.axes[0].child_axes)


def test_a_correction_is_asked_for_of_the_racer_that_has_it():
    plain, late = Adam(lr=0.1, bias_correction=False), Late()
    assert explore(RAVINE, [plain, late, RACERS[0]], focus="correction").state["selected"] == 1


def test_the_memory_is_the_last_step_that_goes_on(frames_of):
    """With a schedule too: then the part that is kept is what the record says."""
    falling = Momentum(lr=lambda k: 0.04 / (1 + k), momentum=0.85)
    for racer, part in zip([*RACERS[:2], falling], (0.85, 0.85, 0.85 * 2 / 3), strict=True):
        (frames,) = frames_of([racer])
        w = run(RAVINE, racer, (-2.5, 1.0), 40).w
        it = frames[0]["it"]
        assert it["carry"] == pytest.approx(part)
        moving = [one for frame in frames for one in frame["scene"]["strokes"] if one.get("text") == "last step"]
        np.testing.assert_allclose(it["arrows"]["last"]["from"], w[1], rtol=1e-9)
        assert off(moving[0]["from"], w[1], w[2]) < 1e-12
        assert len(moving) > 8


def test_less_motion_shows_the_bars_at_rest(frames_of):
    (frames,) = frames_of(RACERS[4:], reduced_motion="reduce")
    for stage in ("memory", "preconditioner"):
        bars = [frame["scene"]["gauge"] for frame in frames if frame["stage"] == stage]
        assert all(bar == bars[0] for bar in bars)


def test_the_film_begins_with_the_first_stage_unless_another_is_chosen(show):
    page, problems = show(film(focus=("Adam", "preconditioner")))
    for chosen in (False, True):
        if chosen:
            page.click("[data-id=preconditioner]")
        # Read at once, however slow the machine is.
        first = page.evaluate("""() => {
            document.querySelector(".olx-play").click();
            const { stage } = apps[0].filming();
            document.querySelector(".olx-play").click();
            return stage;
        }""")
        assert first == ("preconditioner" if chosen else "gradient")
    assert not problems


def test_the_number_under_one_minus_rho_is_that_of_the_difference(show):
    page, problems = show(film(focus="Adam"))
    under = page.locator(".olx-equation .olx-set").all_text_contents()
    # Decay, the rest, and the powers of both decays; then the rate and epsilon.
    assert [float(text) for text in under[:4]] == [0.9, 0.1, 0.999, 0.001]
    assert [float(text) for text in under[4:6]] == pytest.approx([0.9**3, 0.999**3], abs=1e-3)
    assert not problems


def test_on_the_relief_arrows_lead_over_the_land_to_their_ends(show):
    page, problems = show(film(focus=("Momentum", "memory"), relief=True))
    page.wait_for_function("apps[0].relief")
    rest(page)
    drawn = page.evaluate("""() => {
        const [app] = apps, ends = [];
        const move = CanvasRenderingContext2D.prototype.moveTo;
        CanvasRenderingContext2D.prototype.moveTo = function (x, y) { ends.push([x, y]); move.call(this, x, y); };
        app.store.set({ _phase: 0.6 });
        app.store.flush();
        CanvasRenderingContext2D.prototype.moveTo = move;
        const tips = app.scene().strokes.map(({ from, to }) => [app.relief.at(from), app.relief.at(to)]);
        return { stage: app.stage(), ends, tips };
    }""")
    assert drawn["stage"] == "memory"
    long = [tip for foot, tip in drawn["tips"] if np.hypot(*np.subtract(tip[:2], foot[:2])) > 6]
    assert long
    for tip in long:
        assert np.abs(np.array(drawn["ends"]) - tip[:2]).max(axis=1).min() < 1e-6
    assert not problems
