"""Stages beside the plane: the numbers of NumPy, by mouse, keys, links and prose; a figure where nothing runs."""

import numpy as np
import pytest

import optlearn
from optlearn import Adafactor, Adam, GradientDescent, Momentum, Muon, Shampoo
from optlearn.explorer import bundle, matrices, network, networks, newton_schulz
from optlearn.problems import AssociativeMemory

from .conftest import settle

APP = "document.querySelectorAll('.optlearn-explorer')[{}].explorer"


def state(page, k=0):
    return page.evaluate(f"{APP.format(k)}.store.snapshot()")


def test_the_page_learns_the_pairs_as_the_library_does(show):
    problem = AssociativeMemory(pairs=4, exponent=1.0, seed=3)
    rules = [GradientDescent(lr=1.5), Adam(lr=0.1), Muon(lr=0.05, ns_steps=3), Shampoo(lr=0.3)]
    page, problems = show(matrices(rules, problem, steps=20, step=20))
    said = page.evaluate(f"{APP.format(0)}.summary()")
    for rule in rules:
        params = problem.init()
        state_ = rule.init(params)
        for _ in range(20):
            params, state_ = rule.step(params, problem.gradient(params), state_)
        worst = problem.errors(params).max()
        found = said.split(f"{optlearn.explorer.payload.label_of(rule)}: largest error ")[1].split(";")[0].rstrip(".")
        found = found.replace("⁻", "-").translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")).replace("·10", "e")
        assert float(found) == pytest.approx(worst, rel=0.06)
    assert not problems


def test_the_page_trains_the_network_as_the_library_does(show):
    problem = optlearn.problems.MLP(networks.moons(24), hidden=4)
    rules = [GradientDescent(lr=0.8), Adam(lr=0.1)]
    rules.append(Momentum(lr=0.3))
    page, problems = show(network(rules, problem, steps=40, step=40))
    found = page.evaluate(f"{APP.format(0)}.figure")
    begin = problem.init()
    start = np.concatenate([part.ravel() for part in begin.values()])
    runs = [networks.train_flat(rule, problem, begin, start, 40) for rule in rules]
    for (_, losses), page_losses in zip(runs, found["losses"], strict=True):
        np.testing.assert_allclose(page_losses, losses, rtol=1e-8)
    center, axes = networks.plane([path for path, _ in runs])
    np.testing.assert_allclose(found["held"], [networks.share(path, center, axes) for path, _ in runs], rtol=1e-6)
    assert f"holds {100 * found['held'][0]:.1f} %" in page.locator(".olx-readout").inner_text()
    page.locator(".olx-slider input[type=range]").first.focus()
    page.keyboard.press("ArrowLeft")
    page.locator(".olx-stage").focus()
    page.keyboard.press("ArrowLeft")
    settle(page)
    assert state(page)["step"] == 39
    assert page.evaluate(f"{APP.format(0)}.figure.losses[0][40]") != found["losses"][0][40]
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert not problems


@pytest.mark.parametrize("stage", [matrices(steps=30, step=20, selected=1), network(steps=30, step=20, selected=1)])
def test_by_time_racers_stand_where_the_time_of_the_selected_one_brings_them(show, stage):
    page, problems = show(stage)
    by_steps = page.evaluate(f"{APP.format(0)}.summary()")
    page.get_by_role("button", name="by time").click()
    settle(page)
    medians = [cost[1] for cost in page.evaluate(f"{APP.format(0)}.race.costs")]
    assert min(medians) > 0 and "in this browser" in page.locator(".olx-stage").inner_text()
    said = page.evaluate(f"{APP.format(0)}.summary()").split(";")
    for cost, one in zip(medians, said, strict=True):
        if cost != medians[1]:
            assert f"(step {min(400, int(20 * medians[1] / cost + 1e-9))})" in one
    page.locator(".olx-chip").first.click()
    settle(page)
    assert state(page)["selected"] == 0 and "Step 20. Gradient descent: " in page.evaluate(f"{APP.format(0)}.summary()")
    page.get_by_role("button", name="by steps").click()
    settle(page)
    assert page.evaluate(f"{APP.format(0)}.summary()") == by_steps
    assert not problems


def test_two_racers_of_one_rule_have_two_names(show):
    page, problems = show(matrices([Adafactor(), Adafactor(min_dim=100), Adafactor(lr=0.5)], steps=3))
    names = page.locator(".olx-chip").all_inner_texts()
    assert len(set(names)) == 3 and names[1] == "Adafactor, min dim=100"
    assert all(f"{name}: largest error" in page.evaluate(f"{APP.format(0)}.summary()") for name in names)
    page, _ = show(network([Adam(lr=0.1), Adam(lr=0.2)], steps=3, step=3))
    assert page.locator(".olx-chip").all_inner_texts() == ["Adam η = 0.1", "Adam η = 0.2"]
    assert not problems


def test_keys_links_and_prose_set_it_and_back_undoes(show):
    page, problems = show(matrices(steps=30, step=5), newton_schulz())
    page.locator(".olx-stage").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("3")
    settle(page)
    assert (state(page)["step"], state(page)["selected"]) == (6, 2)
    assert "Muon, step 6" in page.locator(".olx-readout").first.inner_text()
    page.evaluate("""() => {
        document.body.insertAdjacentHTML("beforeend", '<a id="go" href="explorer:step=30,racer=2,lr=0.2">go</a>' +
            '<a id="turn" href="explorer:on=2,a=1.5,b=-0.5,c=0">turn</a><a id="bad" href="explorer:step=31">no</a>');
    }""")
    for link, after in (("#go", (30, 1)), ("#bad", (30, 1))):
        page.click(link)
        settle(page)
        assert (state(page)["step"], state(page)["selected"]) == after
    assert state(page)["racers"][1]["h"][0] == 0.2
    page.click("#turn")
    settle(page)
    assert "[0.0758, 1]" in page.locator(".olx-readout").nth(1).inner_text()
    page.go_back()
    settle(page)
    assert state(page, 1)["params"][0] == 3.4445
    assert not problems


def test_a_step_is_dragged_into_another_shape(show):
    page, problems = show(newton_schulz())
    box = page.locator(".olx-handle").nth(2).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"], box["y"] - 30, steps=4)
    page.mouse.up()
    settle(page)
    a, b, c, _ = state(page)["params"]
    assert a + b + c > 0.72  # It was 0.701
    for s in (0.3, 0.65):  # The two other handles stay
        before = 3.4445 * s - 4.775 * s**3 + 2.0315 * s**5
        assert a * s + b * s**3 + c * s**5 == pytest.approx(before, abs=1e-3)
    assert not problems


def test_only_pages_with_a_stage_have_its_code():
    assert "Newton-Schulz" in bundle.stages() and "Newton-Schulz" not in bundle.core() + bundle.views()
    assert "Newton-Schulz" not in optlearn.explore("quadratic", "adam").html()


def test_it_is_a_figure_and_a_sentence_where_nothing_runs(monkeypatch, tmp_path):
    monkeypatch.delenv("OPTLEARN_STATIC")
    stage = matrices([Muon(lr=0.02)], step=3)
    data, about = stage._repr_mimebundle_()
    assert data["text/plain"].startswith("Matrix explorer: 8 pairs, 60 steps\n  Muon")
    assert "Muon" in about["image/png"]["alt"]
    assert stage.save(tmp_path / "m.svg").stat().st_size > 1000
    assert "to [0.682, 1.13]" in repr(newton_schulz())


@pytest.mark.parametrize(("call", "says"), [
    (lambda: matrices(steps=0), "steps = 0 is not allowed; it must be a whole number from 1 to 400"),
    (lambda: matrices(step=61), "step = 61"), (lambda: matrices(selected=4), "selected = 4"),
    (lambda: matrices(problem=AssociativeMemory(pairs=17)), "at most 16 pairs"),
    (lambda: matrices(Adam(lr=lambda k: 0.1)), "fixed numbers"),
    (lambda: network(problem=optlearn.problems.MLP("digits", hidden=4)), "samples in the plane in two classes"),
    (lambda: network(Adam(lr=lambda k: 0.1)), "fixed numbers"), (lambda: network(step=101), "step = 101"),
    (lambda: newton_schulz((1.0, 2.0)), "three finite numbers"),
    (lambda: newton_schulz((1, np.nan, 0)), "three finite numbers"),
    (lambda: newton_schulz(turns=13), "turns = 13"),
    (lambda: newton_schulz().save("x.gif"), "must end with .html, .png or .svg")])
def test_bad_arguments(call, says):
    with pytest.raises(optlearn.InvalidArgument, match=says):
        call()
