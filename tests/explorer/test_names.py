"""Names of racers, however long, are told apart and stay in sight."""

import pytest

from optlearn import Adam, GradientDescent, explore, surfaces
from optlearn.schedules import Cosine, WarmupStableDecay

from .conftest import settle

RAMP = WarmupStableDecay(peak=0.02, warmup=5, stable=20, decay=10)
RACERS = [GradientDescent(lr=RAMP), GradientDescent(lr=Cosine(start=0.04)), Adam(lr=0.1, bias_correction=False),
          Adam(lr=0.1), Adam(lr=RAMP)]


def test_racers_of_several_forms_and_numbers_have_names_of_their_own(show):
    page, problems = show(explore("quadratic", RACERS, steps=40))
    names = page.evaluate("apps[0].runs.map((_, i) => apps[0].label(i))")
    assert names == ["Gradient descent η = WarmupStableDecay", "Gradient descent η = Cosine",
                     "Adam, no bias correction", "Adam η = 0.1", "Adam η = WarmupStableDecay"]
    assert not problems


@pytest.mark.parametrize("width", [1100, 700, 390, 320])
def test_long_names_are_neither_cut_nor_on_top_of_each_other(show, width):
    made = explore(surfaces.get("quadratic", kappa=20), RACERS[:4], start=(-2.5, 1), steps=40, step=20)
    page, problems = show(made, viewport={"width": width, "height": 900})
    # Of what is written beside the curves: right and upper ends.
    found = page.evaluate("""() => {
        const { fillText } = CanvasRenderingContext2D.prototype;
        const canvas = document.querySelector(".olx-loss canvas"), written = [];
        CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
            const right = x + (this.textAlign === "left" ? this.measureText(text).width : 0);
            if (this.canvas === canvas && /[A-Z]/.test(text)) written.push({ text, right, y });
            return fillText.apply(this, arguments);
        };
        apps[0].store.mark("theme");
        apps[0].store.flush();
        CanvasRenderingContext2D.prototype.fillText = fillText;
        return written;
    }""")
    loss = page.locator(".olx-loss").bounding_box()
    assert all(one["right"] <= loss["width"] and 0 < one["y"] < loss["height"] - 14 for one in found), found
    assert len({one["text"] for one in found}) == len(found) == (4 if loss["width"] >= 520 else 0)
    heights = sorted(one["y"] for one in found)
    assert all(b - a >= 10 for a, b in zip(heights, heights[1:], strict=False))
    settle(page)
    bar = page.locator(".olx-racers").bounding_box()
    for chip in page.locator(".olx-chip").all():
        box = chip.bounding_box()
        assert box["x"] + box["width"] <= bar["x"] + bar["width"] + 1
        assert chip.evaluate("(chip) => chip.scrollWidth <= chip.clientWidth")
    assert not problems


@pytest.mark.parametrize("width", [1100, 390])
def test_names_in_the_picture_of_a_step_lie_on_no_other(show, width):
    racers = [Adam(lr=0.1), Adam(lr=0.1, bias_correction=False)]
    made = explore(surfaces.get("quadratic", kappa=20), racers, start=(-1.0, 0.2), steps=40, step=2, speed=0.1,
                   focus=("Adam", "preconditioner"))
    page, problems = show(made, viewport={"width": width, "height": 900}, reduced_motion="reduce")
    page.evaluate("""() => {
        const { fillText } = CanvasRenderingContext2D.prototype;
        const canvas = document.querySelector(".olx-picture canvas");
        window.written = [];
        CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
            const { width } = this.measureText(text);
            const left = x - { left: 0, center: width / 2, right: width }[this.textAlign];
            if (this.canvas === canvas) written.push({ text, left, right: left + width, y });
            return fillText.apply(this, arguments);
        };
    }""")
    for step in range(2, 14):
        page.evaluate("(step) => { apps[0].store.set({ step, playing: false }); apps[0].store.flush(); }", step)
        settle(page)
        found = page.evaluate("""() => {
            written.length = 0;
            apps[0].store.mark("theme");
            apps[0].store.flush();
            return written;
        }""")
        names = [one for one in found if one["text"].startswith(("with o", "Adam"))]
        assert len(names) >= 2, found
        for name in names:
            for other in found:
                apart = other["right"] <= name["left"] or name["right"] <= other["left"]
                assert other is name or apart or abs(other["y"] - name["y"]) >= 10, (step, name, other)
    assert not problems
