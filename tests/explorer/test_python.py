"""The explorer from Python: what is set is checked, what is shown can be changed, and all of it can be saved."""

import json
import re
import sys

import numpy as np
import pytest

import optlearn
from optlearn import Adam, GradientDescent, InvalidArgument, Momentum, Optimizer, Update, explore, hyper, surfaces
from optlearn.explorer import payload, presets
from optlearn.explorer.presets import Preset
from optlearn.schedules import Cosine
from optlearn.wrappers import Averaged


def bowl(x, y):
    return x**2 + 3 * y**2


def descent(factor):
    """A reader's class; all of them are called Mine."""

    class Mine(Optimizer, register=False):
        lr = hyper(0.1, above=0)

        def update(self, w, g, s, t):
            return Update(w - factor * self.lr * g)

    return Mine()


def drawn(explorer):
    """The runs that the page makes of the explorer's data, as it stands."""
    mini_racer = pytest.importorskip("py_mini_racer")
    from optlearn.explorer import bundle

    state, data = json.loads(json.dumps([explorer.state, explorer.data()]))
    code = "\n".join(bundle.source(name) for name in ("model/integrator.js", "model/random.js"))
    code = "\n".join(line for line in code.split("\n") if not line.startswith("import ")).replace("export ", "")
    engine = mini_racer.MiniRacer()
    engine.eval(code + "\nvar made = (state, data) => JSON.stringify(state.racers.map((racer) => {"
                "const rule = data.rules[racer.rule], surface = compile(data.surfaces[state.surface].code);"
                "const schedules = Object.entries(racer.schedules || {}).map(([name, schedule]) => ({"
                "index: rule.hypers.findIndex((d) => d.name === name),"
                "values: Array.from({ length: state.steps }, (_, k) => compile(schedule.code)(k)) }));"
                "const run = integrate(compile(rule.code), rule, racer.h, surface, state.params, state.start, "
                "state.steps, { schedules }); const o = rule.layout.w[0]; return Array.from({ length: run.last + 1 }, "
                "(_, t) => [run.rows[t * run.stride + o], run.rows[t * run.stride + o + 1]]); }));")
    return [np.array(path) for path in json.loads(engine.eval(f"made({json.dumps(state)}, {json.dumps(data)})"))]


def same(explorer):
    """Whether the page draws what Python says."""
    for path, run in zip(drawn(explorer), explorer.trajectories, strict=True):
        np.testing.assert_allclose(path, run.w, rtol=1e-12)
    return True


WRONG = {"noise": [np.nan, -1, np.inf, "1", True], "speed": [np.nan, 0, 151], "steps": [0, 5, 2001, 1.5],
         "step": [-1, 121, 1.0], "start": [(1,), (1, np.nan), 3, "ab"], "seed": [-1, 2**32], "panel": ["pannel", None],
         "preset": ["ravne", 3], "focus": ["nesterof", 9, 1.5], "fair": ["sme"], "selected": [3], "batch": [4],
         "delay": [-1, 33, 1.5, True],
         "tries": ["one"], "prompt": [3], "surface": ["rosenbrok", 3],
         "optimizers": [[], 9 * ["adam"], [3], ["adamm"], 3, Adam(lr=[0.1, 0.2])]}


@pytest.mark.parametrize("name", WRONG)
def test_a_setter_refuses_what_explore_refuses_and_changes_nothing(name):
    explorer = explore("rosenbrock", ["momentum", "adam"])
    before = explorer.state
    for value in WRONG[name]:
        with pytest.raises(InvalidArgument, match=f"{name}|surface|name"):
            setattr(explorer, name, value)
        if name != "selected" and (name, value) != ("steps", 5):
            with pytest.raises(InvalidArgument):
                explore(**{"surface": "rosenbrock", {"tries": "try_"}.get(name, name): value})
        assert explorer.state == before
    with pytest.raises(AttributeError, match="did you mean 'noise'"):
        explorer.noisy = 1


def test_the_panels_are_those_of_the_page():
    from optlearn.explorer import arguments, bundle

    page = "".join(path.read_text(encoding="utf-8") for path in (bundle.HERE / "js" / "panels").glob("*.js"))
    assert set(re.findall(r'^  id: "(\w+)",$', page, re.MULTILINE)) == set(arguments.PANELS) - {""}


def test_what_is_set_is_read_back():
    explorer = explore("leastsquares", ["momentum", "nesterov"])
    for name, value in {"noise": 2, "speed": 0.5, "steps": 200, "step": 150, "start": (1, 2.5), "seed": 7, "batch": 4,
                        "fair": "same", "panel": "noise", "selected": 1, "tries": ["one"], "prompt": "a", "band": True,
                        "focus": "memory"}.items():
        setattr(explorer, name, value)
        assert getattr(explorer, name) == value
    explorer.focus = "momentum", "step"
    assert (explorer.selected, explorer.focus) == (0, "step")
    kept = ("noise", "steps", "step", "start", "seed", "fair", "panel", "batch")
    again = explore("leastsquares", explorer.optimizers, **{name: getattr(explorer, name) for name in kept})
    assert all(np.array_equal(a.w, b.w) for a, b in zip(explorer.trajectories, again.trajectories, strict=True))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("function", "start"), [
    (lambda x, y: np.log(x) + y**2, (-1, 0)), (lambda x, y: 1 / (x**2 + y**2), (0, 0)), (lambda x, y: 1.0, (0, 0)),
    (lambda x, y: np.sqrt(-1 - x**2) + 0 * y, (0, 0))])
def test_a_surface_without_a_curve_is_shown_without_one(function, start):
    explorer = explore(function, ["adam"], start=start)
    assert "Adam" in repr(explorer)
    assert 'class="optlearn-explorer"' in explorer.html()


def test_every_kind_of_race_has_a_still_figure():
    noisy = {"noise": 0.5, "seed": 1, "steps": 30}
    races = [
        explore("quadratic", Adam(lr=0.1), delay=3, step=9, speed=15, steps=30),
        explore("quadratic", optlearn.Nesterov(lr=0.02), step=4, speed=0.5, steps=30),
        explore("quadratic", Momentum(lr=0.02), delay=2, step=4, speed=0.5, steps=30),
        explore("quadratic", [optlearn.SGLD(lr=0.01), Averaged(Adam(lr=0.1), average_decay=0.9)], step=9, **noisy),
        explore("rosenbrock", [GradientDescent(lr=0.1), Momentum(lr=Cosine(start=0.001))], step=2, speed=1, steps=30)]
    assert len({race.figure() for race in races}) == len(races)


@pytest.mark.parametrize(("surface", "words"), [
    (lambda: surfaces.of(bowl, domain=(-1, 1)), "domain"), (lambda: surfaces.of(bowl, minima=(0.0, 0.0)), "minima"),
    (lambda: "rosenbrok", "did you mean 'rosenbrock'"), (lambda: lambda x, y, z: x, "argument"),
    (lambda: surfaces.of(lambda x, y: x if x > 0 else y), "np.where")])
def test_a_surface_that_cannot_be_drawn_is_refused(surface, words):
    with pytest.raises(InvalidArgument, match=words):
        explore(surface(), ["adam"])


def test_rules_that_cannot_be_drawn_are_refused_and_break_nothing_else():
    class Branching(Optimizer):
        def update(self, w, g, s, t):
            return Update(w - 0.1 * g if t < 2 else w - 0.2 * g)

    class Nothing(Optimizer):
        def update(self, w, g, s, t):
            w - 0.1 * g

    try:
        for rule in (Branching, Nothing):
            with pytest.raises(InvalidArgument):
                explore("quadratic", [rule])
        payload.catalogue.cache_clear()
        assert same(explore("quadratic", ["adam"], steps=5))
    finally:
        for name in [name for name, rule in optlearn.registry._registry.items() if rule in (Branching, Nothing)]:
            del optlearn.registry._registry[name]


@pytest.mark.parametrize("schedule", [
    lambda k: 0.1 if k % 10 == 0 else 0.01, lambda k: 0.1 if k in (3, 5) else 0.01])
def test_the_page_has_the_schedule_or_it_is_refused(schedule):
    try:
        explorer = explore("quadratic", [GradientDescent(lr=schedule)])
    except InvalidArgument as reason:
        assert "lr is a schedule" in str(reason)
    else:
        assert same(explorer)


def test_racers_of_one_name_and_of_one_form_are_told_apart():
    pair = [descent(1.0), descent(0.5)]
    explorer = explore("quadratic", pair, start=(1.0, 1.0), steps=1)
    assert [run.w[-1].tolist() for run in explorer.trajectories] == [[0.9, 0.0], [0.95, 0.5]]
    assert same(explorer)
    fast, slow = GradientDescent(lr=lambda k: 0.1 / (1 + k)), GradientDescent(lr=lambda k: 0.05 / (1 + k))
    falling = explore("quadratic", [fast, slow], start=(1.0, 1.0), steps=2)
    assert not np.array_equal(*(run.w for run in falling.trajectories))
    assert same(falling)
    places = explore(bowl, pair, steps=5)
    places.surface = lambda x, y: x**2 + 9 * y**2
    assert same(places)
    assert len(places.data()["surfaces"]) == len(payload.catalogue()["surfaces"]) + 2


def test_a_readers_class_of_a_librarys_name_is_another_rule():
    class Adam(Optimizer, register=False):
        lr = hyper(0.1, above=0)

        def update(self, w, g, s, t):
            return Update(w - self.lr * g)

    class Quadratic(optlearn.Surface, register=False):
        def f(self, x, y):
            return x**2 + y**2

    explorer = explore(Quadratic(), [Adam(), optlearn.Adam(lr=0.1)], start=(1.0, 1.0), steps=3)
    assert explorer.state["racers"][1]["rule"] == "adam" != explorer.state["racers"][0]["rule"]
    np.testing.assert_allclose(explorer.trajectories[0].w[1], (0.8, 0.8))
    assert same(explorer)
    explorer.preset = "ravine"
    assert explorer.surface.kappa == 40
    assert same(explorer)


def test_a_form_that_the_page_chose_is_known():
    explorer = explore("quadratic", [Adam(lr=0.1, weight_decay=0.1)], steps=5)
    key = next(key for key in explorer.data()["rules"] if "bias_correction=False" in key and "Decay" in key)
    added = {"rule": "lion", "h": [0.1, 0.9, 0.99, 0.0]}
    explorer._change({"racers": [{**explorer.state["racers"][0], "rule": key}, added]})
    rule = explorer.optimizers[0]
    assert not rule.bias_correction and len(rule.gradient) == 1
    assert same(explorer)


PRESET = Preset("At the edge", "It swings for ever.", bowl, (GradientDescent(lr=0.3), descent(1.0)), (1.0, 0.5), 9)


def test_a_shown_explorer_takes_rules_surfaces_and_presets():
    pytest.importorskip("anywidget")
    explorer = explore("quadratic", [Momentum(lr=0.05)], steps=20)
    sent = []
    widget = explorer.widget
    widget.send = sent.append
    explorer.step = 12
    assert not sent
    explorer.optimizers = [descent(1.0), Adam(lr=0.1), descent(0.5)]
    rules = {racer["rule"] for racer in widget.racers}
    assert rules <= set(sent[-1]["data"]["rules"]) | {"adam"}
    assert same(explorer)
    explorer.surface = bowl
    assert widget.surface in sent[-1]["data"]["surfaces"]
    assert same(explorer)
    explorer.add_preset("edge", PRESET)
    assert sent[-1]["data"]["presets"]["edge"]["title"] == "At the edge"
    explorer.preset = "edge"
    assert (widget.steps, widget.preset, explorer.start) == (9, "edge", (1.0, 0.5))
    assert same(explorer)
    count = len(sent)
    explorer.optimizers = [Adam(lr=0.2)]
    assert len(sent) == count
    assert '"edge"' in explorer.html()
    assert repr(explorer)


def test_a_preset_that_was_added_to_the_list_is_offered(monkeypatch):
    monkeypatch.setitem(presets.PRESETS, "edge", PRESET)
    monkeypatch.setitem(presets.PRESETS, "broken", Preset("", "", ("nowhere",), ()))
    assert "edge" in explore("quadratic", ["adam"]).data()["presets"]
    explorer = explore(preset="edge")
    assert explorer.preset == "edge"
    assert same(explorer)
    with pytest.raises(InvalidArgument, match="nowhere"):
        explore(preset="broken")


def test_files(tmp_path, monkeypatch):
    explorer = explore("quadratic", [Momentum(lr=0.05), Adam(lr=0.1)], steps=9)
    page = explorer.save(tmp_path / "race.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert '<meta charset="utf-8">' in page[:200]
    image = pytest.importorskip("PIL.Image")
    with image.open(explorer.save(tmp_path / "race.gif")) as film:
        assert film.n_frames == 10
        frames = [np.asarray(film.convert("RGB")) for k in (0, 9) if film.seek(k) is None]
    assert not np.array_equal(*frames)
    with image.open(explorer.save(str(tmp_path / "race.PNG"))) as picture:
        assert picture.size[0] > 1000
    assert "<svg" in explorer.save(tmp_path / "race.svg").read_text(encoding="utf-8")
    for wrong, words in (("race", "must end with .html, .gif"), ("no/race.png", "folder")):
        with pytest.raises(InvalidArgument, match=words):
            explorer.save(tmp_path / wrong)
    monkeypatch.setattr("webbrowser.open", lambda address: address.startswith("file://"))
    assert explorer.open().read_text(encoding="utf-8") == page


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for ffmpeg is a shell script")
def test_video(tmp_path, monkeypatch):
    explorer = explore("quadratic", ["adam"], steps=3)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidArgument, match="needs ffmpeg"):
        explorer.save(tmp_path / "race.mp4")
    # Writes what it is given to the file that it is told.
    stand_in = tmp_path / "ffmpeg"
    stand_in.write_text('#!/bin/sh\nfor last; do :; done\n[ "$1" = -version ] || /bin/cat > "$last"\n')
    stand_in.chmod(0o755)
    assert explorer.save(tmp_path / "race.mp4").stat().st_size == 4 * 740 * 390 * 4


def test_a_script_is_told_how_to_see_it():
    explorer = explore("quadratic", ["adam"])
    assert ".open()" in repr(explorer)
    assert ".open()" not in explorer.alt()
    assert ".open()" not in explorer._repr_mimebundle_()["text/plain"]


def test_boxes_and_links_of_widgets_take_an_explorer():
    widgets = pytest.importorskip("ipywidgets")
    explorer = explore("quadratic", ["adam"])
    box = widgets.VBox([explorer])
    assert box.get_state()["children"] == [f"IPY_MODEL_{explorer.widget.model_id}"]
    slider = widgets.IntSlider()
    assert widgets.jslink((slider, "value"), (explorer, "step")).target[0] is explorer
    assert isinstance(explorer, optlearn.explorer.Explorer)


def test_a_saved_page_stands_alone(visit, tmp_path):
    explorer = explore("himmelblau", [descent(1.0), Adam(lr=0.1)], steps=30)
    explorer.add_preset("edge", PRESET)
    page, problems = visit(explorer.save(tmp_path / "race.html").as_uri(), offline=True)
    page.wait_for_selector(".olx-picture canvas")
    assert page.evaluate("document.characterSet") == "UTF-8"
    assert page.title() == "Himmelblau: Mine, Adam"
    page.get_by_text("Presets", exact=True).click()
    page.locator(".olx-gallery button", has_text="At the edge").click()
    page.get_by_text("It swings for ever.").wait_for()
    assert not problems


@pytest.mark.parametrize(("function", "start"), [
    (lambda x, y: 1 / (x**2 + y**2), (0, 0)), (lambda x, y: 1.0, (0, 0)),
    (lambda x, y: np.sqrt(-1 - x**2) + 0 * y, (0, 0))])
def test_a_page_without_a_curve_says_nothing_wrong(show, function, start):
    page, problems = show(explore(function, ["adam", "momentum"], start=start))
    page.evaluate("apps[0].store.set({ step: 5 }), apps[0].store.flush()")
    assert not problems
