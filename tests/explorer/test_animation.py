"""Runs as animations: what is drawn is what was run."""

import shutil

import numpy as np
import pytest
from PIL import Image

from optlearn import Adam, InvalidArgument, Momentum, explore, get, run

RUNS = run("rosenbrock", [Adam(lr=0.1), Momentum(lr=0.0005)], steps=40)


def test_html_draws_the_points_of_the_runs(visit, tmp_path):
    page, problems = visit(RUNS[0].animate(RUNS[1]).save(tmp_path / "run.html").as_uri())
    x0, x1, y0, y1 = RUNS[0].surface.domain
    for t in (0, 17, 40):
        page.evaluate("(t) => { const s = document.querySelector('input'); s.value = t; s.oninput(); }", t)
        drawn = page.evaluate("""() => {
            const box = document.querySelector("rect");
            const [x, y, w, h] = ["x", "y", "width", "height"].map((name) => Number(box.getAttribute(name)));
            const number = (part, name) => Number(part.getAttribute(name));
            const marks = document.querySelectorAll("circle");
            const spot = (point) => [(point[0] - x) / w, 1 - (point[1] - y) / h];
            return [...document.querySelectorAll("polyline")].map((line, i) => ({
                points: line.getAttribute("points").trim().split(/\\s+/).map((one) => spot(one.split(",").map(Number))),
                mark: spot([number(marks[i], "cx"), number(marks[i], "cy")]),
            }));
        }""")
        for line, made in zip(drawn, RUNS, strict=True):
            where = (made.w[:t + 1] - [x0, y0]) / [x1 - x0, y1 - y0]
            np.testing.assert_allclose(line["points"], where, atol=0.002)
            np.testing.assert_allclose(line["mark"], where[-1], atol=0.002)
        assert page.inner_text("output") == f"step {t} of 40"
    page.click("button")
    page.wait_for_function("document.querySelector('output').textContent === 'step 3 of 40'")
    page.click("button")
    assert page.inner_text("button") == "Play"
    assert not problems


def test_two_of_a_page_do_not_meet(visit, tmp_path):
    path = tmp_path / "page.html"
    noisy = run("quadratic", get("sgld"), steps=20, rng=0)
    html = "".join(each.animate()._repr_html_() for each in (RUNS[0], noisy))
    path.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Two</title>{html}')
    page, problems = visit(path.as_uri())
    page.evaluate("() => { const s = document.querySelectorAll('input')[1]; s.value = 3; s.oninput(); }")
    assert page.evaluate("[...document.querySelectorAll('output')].map((said) => said.textContent)") == \
        ["step 40 of 40", "step 3 of 20"]
    assert page.evaluate("document.querySelectorAll('[id]').length === new Set([...document.querySelectorAll('[id]')]"
                         ".map((one) => one.id)).size")
    assert page.evaluate("document.querySelectorAll('polyline')[1].getAttribute('stroke')") == "none"
    assert not problems


def test_gif_and_mp4(tmp_path):
    shown = RUNS[0].animate()
    with Image.open(shown.save(tmp_path / "run.gif")) as picture:
        assert picture.n_frames == 41
    if shutil.which("ffmpeg"):
        assert shown.save(tmp_path / "run.mp4").stat().st_size
    else:
        with pytest.raises(InvalidArgument, match="needs ffmpeg"):
            shown.save(tmp_path / "run.mp4")


def test_the_page_of_a_race_escapes_its_names(tmp_path):
    path = explore("x**2 - 3*y", [Adam()], steps=3).save(tmp_path / "race.html")
    assert "<title>x**2 - 3*y: Adam</title>" in path.read_text(encoding="utf-8")
    shown = RUNS[0].animate(labels=["<b>&"])
    assert "<b>&" not in shown.html() and "&lt;b&gt;&amp;" in shown.html()


def test_a_function_of_two_numbers_and_a_run_without_steps():
    assert "steps" in repr(run(lambda w: w @ w, Adam(), (1.0, 2.0), steps=5).animate())
    assert "step 0 of 0" in run("saddle", Adam(), steps=0).animate().html()
    assert "diverged" not in run("quadratic", Momentum(lr=9.0), steps=400).animate().html().split("<script>")[1]


@pytest.mark.parametrize(("animate", "said"), [
    (lambda: run("saddle", Adam(lr=np.array([0.1, 0.2]))).animate(), "2 runs at once.*lane"),
    (lambda: run(lambda w: w @ w, Adam(), np.ones(3)).animate(), "slice"),
    (lambda: run(lambda w: w @ w, Adam(), np.ones(2), keep=5).animate(), "kept 21 of 101 points"),
    (lambda: RUNS[0].animate(labels=["a", "b"]), "2 entries for 1 runs"),
    (lambda: RUNS[0].animate().save("nowhere/run.gif"), "does not exist")])
def test_what_has_no_animation_says_so(animate, said):
    with pytest.raises(InvalidArgument, match=said):
        animate()
