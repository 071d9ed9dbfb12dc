"""What readers ran into, once each."""

import re

import pytest

from optlearn import Adam, GradientDescent, Momentum, Nesterov, explore, surfaces

from .conftest import rest, settle

RAVINE = surfaces.get("quadratic", kappa=10, angle=20)


def race(**more):
    return explore(RAVINE, [Momentum(lr=0.02), Nesterov(lr=0.02), Adam(lr=0.1)], start=(-2, 1.5), steps=60, **more)


def link(page, **changes):
    return page.evaluate("""(changes) => {
        const { store } = apps[0];
        const before = store.snapshot();
        store.set({ ...changes, panel: "share" });
        store.flush();
        const value = apps[0].el.querySelector(".olx-panel-share input").value.split("#")[1];
        store.set(before);
        return value;
    }""", changes)


def test_a_reload_and_back_bring_the_settings_again(show):
    page, problems = show(race())
    page.evaluate("apps[0].store.set({ start: [1, 1], step: 7 })")
    page.wait_for_function("history.state?.optlearn?.['explorer-1']")
    page.reload()
    page.wait_for_function("window.apps?.length")
    assert page.evaluate("[apps[0].store.get('start'), apps[0].store.get('step')]") == [[1, 1], 7]
    page.goto("about:blank")
    page.go_back()
    page.wait_for_function("window.apps?.length")
    assert page.evaluate("apps[0].store.get('start')") == [1, 1]
    assert not problems


def test_a_changed_address_changes_the_open_page(show):
    page, problems = show(race())
    text = link(page, start=[0.5, -1], step=3)
    page.evaluate("(text) => { location.hash = text; }", text)
    page.wait_for_function("apps[0].store.get('step') === 3")
    assert page.evaluate("apps[0].store.get('start')") == [0.5, -1]
    assert not problems


@pytest.mark.parametrize("change", [("(10,20)", "(-20,20)"), ("(0.02,0.9)", "(-5,0.9)"), ("'step'", "'undefined'")])
def test_a_link_with_a_number_that_is_not_allowed_is_refused_with_words(show, tmp_path, change):
    page, _ = show(race(), path=tmp_path / "page.html")
    text = link(page)
    assert change[0] in text
    page, problems = show(race(), path=tmp_path / "page.html", fragment="#" + text.replace(*change))
    assert page.evaluate("apps[0].store.get('params')") == [10, 20]
    assert "cannot be read" in page.locator(".olx-top [role=alert]").inner_text()
    assert not problems


def test_a_link_lands_on_its_explorer(show, tmp_path):
    explorers = [race() for _ in range(3)]
    page, _ = show(*explorers, path=tmp_path / "page.html")
    text = link(page).replace("explorer-1", "explorer-3")
    page, problems = show(*explorers, path=tmp_path / "page.html", fragment="#" + text)
    settle(page)
    top = page.locator(".optlearn-explorer").nth(2).bounding_box()["y"]
    assert 0 <= top < 100
    assert not problems


def test_arrow_keys_say_the_ends_of_the_new_run(show):
    page, problems = show(race())
    page.locator(".olx-handle").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.olx [role=status]').textContent")
    said = page.locator(".olx [role=status]").inner_text()
    assert said == page.evaluate("apps[0].summary()")
    assert not problems


def test_what_is_said_later_is_true_of_the_racers_of_then(show):
    page, problems = show(race())
    page.evaluate("""() => {
        window.requestAnimationFrame = () => 1;    // what is said is due before the next frame
        apps[0].say(apps[0].summary);
        apps[0].store.set({ racers: apps[0].store.get("racers").slice(0, 2), selected: 0 });
    }""")
    page.wait_for_function("document.querySelector('.olx-only-read').textContent")
    said = page.locator(".olx-only-read").first.text_content()
    assert ("Momentum" in said, "Adam" in said) == (True, False)
    assert not problems


def test_the_first_tap_after_a_drag_counts(show):
    page, problems = show(race(), has_touch=True, viewport={"width": 390, "height": 800})
    handle = page.locator(".olx-handle").bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    finger = page.context.new_cdp_session(page)
    for kind, at in (("touchStart", [x, y]), ("touchMove", [x + 40, y + 40]), ("touchEnd", None)):
        points = [{"x": at[0], "y": at[1]}] if at else []
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    settle(page)
    before = page.evaluate("apps[0].store.get('start')")
    box = page.locator(".olx-picture").bounding_box()
    page.touchscreen.tap(box["x"] + 0.75 * box["width"], box["y"] + 0.3 * box["height"])
    settle(page)
    assert page.evaluate("apps[0].store.get('start')") != before
    assert not problems


def test_focus_stays_at_an_option(show):
    page, problems = show(race(focus="Adam"))
    page.get_by_label("bias correction").focus()
    page.keyboard.press("Space")
    settle(page)
    assert page.evaluate("document.activeElement.dataset.option") == "bias_correction"
    assert not problems


def test_sliders_have_a_track_in_forced_colours(show):
    page, problems = show(race(), forced_colors="active")
    rules = page.evaluate("""[...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
        .filter((rule) => rule.conditionText?.includes("forced-colors")).map((rule) => rule.cssText).join()""")
    assert re.search(r"slider-runnable-track\s*{[^}]*border", rules)
    assert not problems


def test_a_resized_canvas_is_drawn_in_the_same_frame(show):
    page, problems = show(race(), viewport={"width": 1000, "height": 900})
    blank = page.evaluate("""() => new Promise((done) => {
        const holder = document.querySelector(".olx-picture");
        const seen = [];
        // After the explorer's own observer, before the paint.
        new ResizeObserver(() => {
            const canvas = holder.querySelector("canvas");
            seen.push(canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[3] === 0);
            if (seen.length === 2) done(seen);
        }).observe(holder);
        setTimeout(() => (document.querySelector("main").style.width = "700px"), 100);
    })""")
    assert blank == [False, False]
    assert not problems


def test_sliding_a_value_moves_nothing_and_keeps_names_apart(show):
    racers = [GradientDescent(lr=lr) for lr in (0.0032, 0.00321, 0.1)]
    page, problems = show(explore("quadratic", racers), viewport={"width": 1000, "height": 900})
    names = page.evaluate("apps[0].runs.map((_, i) => apps[0].label(i))")
    assert len(set(names)) == 3
    assert names[0] != names[1]
    places = set()
    for lr in (0.1234, 0.123, 0.12, 0.1, 0.2, 0.25):
        page.evaluate("(lr) => apps[0].setHyper(2, 0, lr)", lr)
        settle(page)
        box = page.locator(".olx-card").bounding_box()
        places.add((box["x"], box["y"]))
    assert len(places) == 1
    assert not problems


def test_nothing_plays_on_out_of_sight(show):
    page, problems = show(race(), viewport={"width": 1000, "height": 700})
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<div style=height:5000px></div>')")
    page.evaluate("apps[0].store.set({ steps: 2000, step: 0, playing: true })")
    page.wait_for_function("apps[0].store.get('step') > 1")
    page.evaluate("scrollTo(0, 5000)")
    # While it plays, every frame is drawn, and it never rests.
    rest(page)
    step = page.evaluate("apps[0].store.get('step')")
    assert page.evaluate("apps[0].store.get('playing')")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_function("(step) => apps[0].store.get('step') > step", arg=step)
    assert not problems


def test_targets_for_fingers_are_44_pixels(show):
    page, problems = show(race(speed=0.5), has_touch=True, viewport={"width": 390, "height": 800})
    small = page.evaluate("""[...document.querySelectorAll('.olx :is(button, select, input, summary)')].filter(el => {
        const box = el.getBoundingClientRect();
        return box.width && (box.height < 44 || box.width < 44) && !el.closest('label');
    }).map(el => el.outerHTML.slice(0, 80))""")
    assert not small
    assert not problems


def test_the_long_name_of_a_number_is_not_cut(show):
    page, problems = show(explore("quadratic", ["adagrad"]), viewport={"width": 1000, "height": 900})
    cut = page.evaluate("""[...document.querySelectorAll(".olx-slider-name")].filter((name) =>
        getComputedStyle(name).overflow !== "visible" || name.scrollWidth > name.clientWidth + 1).map(String)""")
    assert not cut
    assert not problems


def test_first_steps_are_shown_one_by_one(show):
    page, problems = show(race(), reduced_motion="reduce")
    page.evaluate("apps[0].applyPreset('correction')")
    assert page.evaluate("apps[0].store.get('speed')") <= 1
    assert not problems


def test_prose_drives_the_explorer_and_back_undoes(show):
    page, problems = show(race())
    page.evaluate("""document.querySelector("main").insertAdjacentHTML("beforeend",
        "<p><a href='explorer:step=3,racer=2,focus=lookahead,speed=0.25,momentum=0.97,kappa=15'>step 3</a> " +
        "<a href='explorer:step=7'>step 7</a> <a href='explorer:step=7,momentum=3'>wrong</a></p>")""")
    read = """[apps[0].store.get('step'), apps[0].store.get('selected'), apps[0].store.get('focus'),
        apps[0].store.get('racers')[1].h[1], apps[0].store.get('params')[0], apps[0].store.get('speed')]"""
    first = page.evaluate(read)
    page.get_by_text("step 3").click()
    driven = [3, 1, "lookahead", 0.97, 15, 0.25]
    assert page.evaluate(read) == driven
    page.get_by_text("step 7").click()
    assert page.evaluate(read) == [7, *driven[1:]]
    page.get_by_text("wrong").click()
    assert page.evaluate(read) == [7, *driven[1:]]
    page.evaluate("history.back()")
    page.wait_for_function("apps[0].store.get('step') === 3")
    assert page.evaluate(read) == driven
    page.evaluate("history.back()")
    page.wait_for_function(f"apps[0].store.get('step') === {first[0]}")
    assert page.evaluate(read) == first
    assert not problems


def test_keys_for_a_room(show):
    page, problems = show(race(focus=("Nesterov", "lookahead"), step=3), viewport={"width": 1000, "height": 800})
    read = "[apps[0].store.get('step'), apps[0].stage()]"
    page.locator(".olx").focus()
    for stage in ("gradient", "memory", "step"):
        page.keyboard.press("PageDown")
        assert page.evaluate(read) == [3, stage]
    page.keyboard.press("PageDown")
    assert page.evaluate(read) == [4, "lookahead"]
    page.keyboard.press("PageUp")
    assert page.evaluate(read) == [3, "step"]
    page.keyboard.press("1")
    assert page.evaluate("apps[0].store.get('selected')") == 0
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement?.classList.contains('olx')")
    settle(page)
    # All of the screen, in large type, and the keys of a presenter's remote go on stepping.
    assert page.evaluate("parseFloat(getComputedStyle(document.fullscreenElement).fontSize)") >= 19
    before = page.evaluate(read)
    page.keyboard.press("PageDown")
    assert page.evaluate(read) > before
    page.keyboard.press("f")
    page.wait_for_function("!document.fullscreenElement")
    # Typing is typing.
    field = page.get_by_label("Step shown", exact=True)
    field.focus()
    page.keyboard.press("w")
    assert not page.evaluate("apps[0].store.get('_whole')")
    assert not problems
