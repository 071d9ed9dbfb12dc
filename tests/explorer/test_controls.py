"""The explorer by mouse, finger and keyboard, in light and dark, on small screens, at rest."""

import numpy as np
import pytest
from audit import audit
from matplotlib.figure import Figure

from optlearn import Adam, GradientDescent, Momentum, Nesterov, explore, plots, schedules, surfaces

from .conftest import rest, settle

WIDTHS = (320, 360, 768)


def race(**more):
    return explore(
        surfaces.get("quadratic", kappa=10, angle=20),
        [Momentum(lr=0.02), Nesterov(lr=0.02), Adam(lr=0.1)],
        start=(-2, 1.5),
        steps=60,
        **more,
    )


def state(page, key):
    return page.evaluate("(key) => apps[0].store.get(key)", key)


def ends(page):
    return page.evaluate("apps[0].runs.map((run, i) => apps[0].point(i, run.last))")


def pixels(page, selector):
    """The canvas of a part, as text that changes with any pixel."""
    settle(page)
    return page.locator(f"{selector} canvas").first.evaluate("(canvas) => canvas.toDataURL()")


def test_dragging_the_dot_moves_all_runs(show):
    page, problems = show(race(), viewport={"width": 1000, "height": 900})
    before, picture = ends(page), pixels(page, ".olx-picture")
    box = page.locator(".olx-handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(5):
        page.mouse.move(x + 20 * k, y + 10 * k)
        settle(page)
        assert page.evaluate("apps[0].point(0, 0)") == state(page, "start")
    page.mouse.up()
    assert state(page, "start") != [-2, 1.5]
    assert all(a != b for a, b in zip(before, ends(page), strict=True))
    assert pixels(page, ".olx-picture") != picture
    assert not problems


def test_a_move_of_the_dot_leaves_the_page_around_alone(show):
    """Text that changes in the frame of a move costs style and layout of a chapter; it follows when the dot rests."""
    page, problems = show(race(target=1e-3), viewport={"width": 1000, "height": 900})
    texts = "[...document.querySelectorAll('.olx-caption, .olx-value, .olx-start input')]" \
        ".map((el) => el.value || el.textContent)"
    before = page.evaluate(texts)
    moved = page.evaluate("""() => {
        const { el, store } = apps[0];
        store.set({ _held: true });
        store.flush();
        const watch = new MutationObserver(() => {});
        watch.observe(el, { subtree: true, attributes: true, childList: true, characterData: true });
        store.set({ start: [-1, 2.5] });
        store.flush();
        const records = watch.takeRecords();
        return [...new Set(records.map(({ target, attributeName }) => `${target.className} ${attributeName}`))];
    }""")
    assert moved == ["olx-handle style"]
    assert page.evaluate("apps[0].point(0, 0)") == [-1, 2.5]
    page.wait_for_function("apps[0].el.querySelector('.olx-start input').value === '-1'")
    late = page.evaluate(texts)
    assert all(now != then for now, then in zip(late, before, strict=True))
    page.evaluate("apps[0].store.set({ _held: false })")
    settle(page)
    assert page.evaluate(texts) == late
    # Let go, it is all there in the frame that does.
    page.evaluate("apps[0].store.set({ _held: true, start: [-1.5, 2] }); apps[0].store.flush()")
    page.evaluate("apps[0].store.set({ _held: false }); apps[0].store.flush()")
    assert page.locator(".olx-start input").first.input_value() == "-1.5"
    assert not problems


def test_the_time_line_leaves_out_only_what_lies_on_it(show):
    """With a smooth loss, and with one that goes up and down."""
    racers = [GradientDescent(lr=0.001), Momentum(lr=0.001, momentum=0.97)]
    page, problems = show(explore("rosenbrock", racers, start=(-1.5, 2), steps=500))
    found = page.evaluate("""() => {
        const { store, timeline, timelays } = apps[0];
        const paths = [];
        let maps;
        timelays.push((c, xOf, yOf) => { maps = [xOf, yOf]; });
        const c = timeline.sharp.context;
        c.beginPath = () => { paths.push([]); CanvasRenderingContext2D.prototype.beginPath.call(c); };
        for (const name of ["moveTo", "lineTo"]) c[name] = function (x, y) {
            paths[paths.length - 1].push([x, y]);
            CanvasRenderingContext2D.prototype[name].call(c, x, y);
        };
        store.set({ start: [-1.4, 2] });
        store.flush();
        const [xOf, yOf] = maps;
        const within = (y) => Math.min(timeline.sharp.size.height, y);
        const ends = (path, x, y) => path.length && path[path.length - 1][0] === x && path[path.length - 1][1] === y;
        return apps[0].runs.map(({ loss, last }) => ({
            points: Array.from(loss.subarray(0, last + 1), (z, t) => [xOf(t), within(yOf(z))]),
            drawn: paths.find((path) => ends(path, xOf(last), within(yOf(loss[last])))),
        }));
    }""")
    assert all(2 <= len(one["drawn"]) < 100 for one in found)
    for one in found:
        points, drawn = np.array(one["points"]), np.array(one["drawn"])
        assert len(points) == 501
        assert np.abs(np.interp(points[:, 0], *drawn.T) - points[:, 1]).max() < 0.25
        # Corners are points of the record.
        assert {tuple(p) for p in drawn} <= {tuple(p) for p in points}
    assert not problems


def test_a_finger_taps_and_drags(show, browser):
    page, problems = show(race(), has_touch=True, viewport={"width": 390, "height": 800})
    box = page.locator(".olx-picture").bounding_box()
    page.touchscreen.tap(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    settle(page)
    tapped = state(page, "start")
    assert tapped[0] > 0
    assert tapped[1] > 0
    # A drag of the dot moves the start, not the page.
    handle = page.locator(".olx-handle").bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    finger = page.context.new_cdp_session(page)
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for k in range(1, 6):
        finger.send(
            "Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x - 20 * k, "y": y + 12 * k}]}
        )
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    settle(page)
    moved = state(page, "start")
    assert moved[0] < tapped[0]
    assert moved[1] < tapped[1]
    assert page.evaluate("scrollY") == 0
    small = page.evaluate("""[...document.querySelectorAll('.olx :is(button, select, input, summary)')].filter(el => {
        const box = el.getBoundingClientRect();
        return box.width && (box.height < 24 || box.width < 24) && !el.closest('label');
    }).map(el => el.outerHTML.slice(0, 80))""")
    assert not small
    assert not problems


def test_sliders_and_typed_values_redraw(show):
    page, problems = show(race())
    for i in range(3):
        page.evaluate("(i) => apps[0].store.set({ selected: i })", i)
        settle(page)
        for k in range(page.locator(".olx-card .olx-slider").count()):
            row = page.locator(".olx-card .olx-slider").nth(k)
            number = state(page, "racers")[i]["h"][k]
            end = ends(page)[i]
            row.locator("input[type=range]").focus()
            for _ in range(12):
                page.keyboard.press("ArrowLeft")
            settle(page)
            assert state(page, "racers")[i]["h"][k] < number
            assert ends(page)[i] != end
            field = row.locator("input[type=text]")
            field.fill(str(number))
            settle(page)
            assert state(page, "racers")[i]["h"][k] == number
            assert ends(page)[i] == pytest.approx(end, rel=1e-12)
            field.fill("-1")
            settle(page)
            assert "must be" in row.locator("[role=alert]").inner_text()
            assert state(page, "racers")[i]["h"][k] == number
            field.fill(str(number))
    assert not problems


def test_a_wrong_number_is_marked_and_named(show):
    page, problems = show(race())
    before = state(page, "steps")
    field = page.get_by_label("Number of steps")
    field.fill("2.5")
    field.press("Enter")
    assert field.get_attribute("aria-invalid") == "true"
    assert "whole number" in page.locator(".olx-number", has=field).locator("[role=alert]").inner_text()
    assert state(page, "steps") == before
    field.blur()
    assert field.input_value() == str(before)
    field = page.locator("input[aria-label='Step shown']")
    field.fill(str(before + 1))
    field.press("Enter")
    assert field.get_attribute("aria-invalid") == "true"
    assert state(page, "step") <= before
    assert not problems


def test_time_runs_back_and_forth(show):
    page, problems = show(race(step=10))
    page.get_by_role("button", name="One step back").click()
    assert state(page, "step") == 9
    page.get_by_role("button", name="One step forward").click()
    page.get_by_role("button", name="One step forward").click()
    assert state(page, "step") == 11
    box = page.locator(".olx-loss").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 12, box["y"] + 60, steps=4)
    page.mouse.up()
    assert state(page, "step") >= 59
    page.locator(".olx-loss canvas").focus()
    page.keyboard.press("Home")
    assert state(page, "step") == 0
    # Hover on the curve marks the point on the path.
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    assert page.evaluate("apps[0].store.get('_hover').t") in range(20, 40)
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("apps[0].store.get('step') > 2")
    page.get_by_role("button", name="Pause").click()
    assert state(page, "playing") is False
    assert not problems


def test_everything_by_keyboard(show):
    """Tab reaches every control, and each does its work."""
    page, problems = show(race(panel="noise"))
    total = page.evaluate("""[...document.querySelectorAll('.olx :is(button, select, input, summary, [tabindex])')]
        .filter(el => el.tabIndex >= 0 && el.checkVisibility({ visibilityProperty: true }) && !el.disabled).length""")
    reached, rings = set(), []
    page.keyboard.press("Tab")
    for _ in range(total + 5):
        found = page.evaluate("""() => {
            const el = document.activeElement;
            if (!el.closest('.olx')) return null;
            el.dataset.seen ||= String(++window.seen || (window.seen = 1));
            const style = getComputedStyle(el);
            const name = el.getAttribute('aria-label') || el.labels?.[0]?.textContent || el.textContent;
            return [el.dataset.seen, name.trim(), style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2];
        }""")
        if found is None:
            break
        reached.add(found[0])
        rings.append(found[1:])
        page.keyboard.press("Tab")
    assert len(reached) == total
    assert all(name and ring for name, ring in rings)

    page.locator(".olx-handle").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    assert state(page, "start") == pytest.approx([-1.94, 1.8], abs=0.02)
    page.locator(".olx-chips button[tabindex='0']").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert state(page, "selected") == 1
    page.keyboard.press("Enter")
    assert state(page, "racers")[1]["hidden"] is True
    page.get_by_label("Add a racer").select_option("gradient_descent")
    assert [racer["rule"] for racer in state(page, "racers")][3:] == ["gradient_descent"]
    page.get_by_role("button", name="Remove").press("Enter")
    assert len(state(page, "racers")) == 3
    page.locator(".olx-loss canvas").press("Space")
    assert state(page, "playing") is True
    page.locator(".olx-loss canvas").press("Space")
    page.wait_for_function("document.querySelector('.olx [role=status]').textContent.length > 20")
    assert not problems


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(show, scheme):
    page, problems = show(race(panel="map", try_=["Halve the learning rate."]), color_scheme=scheme)
    page.locator(".olx-place summary").click()
    settle(page)
    assert not audit(page, ".olx")
    assert page.evaluate("getComputedStyle(document.querySelector('.olx')).backgroundColor") == (
        "rgb(255, 255, 255)" if scheme == "light" else "rgb(18, 18, 18)"
    )
    assert not problems


@pytest.mark.parametrize("width", WIDTHS)
def test_no_width_needs_scrolling_sideways(show, width):
    page, problems = show(race(focus="preconditioner"), viewport={"width": width, "height": 700})
    page.locator(".olx-place summary").click()
    for panel in page.locator(".olx-tabs button:visible").all():
        panel.click()
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture = page.locator(".olx-picture").bounding_box()
    assert abs(picture["width"] - picture["height"]) < 1
    assert not problems


def test_nothing_is_drawn_at_rest(show):
    page, problems = show(race(panel="map"))
    rest(page)
    frames = page.evaluate("""async () => {
        let drawn = 0;
        for (const name of ['stroke', 'fill', 'clearRect', 'drawImage', 'fillText']) {
            const original = CanvasRenderingContext2D.prototype[name];
            CanvasRenderingContext2D.prototype[name] = function (...values) {
                drawn += 1;
                return original.apply(this, values);
            };
        }
        const before = apps[0].frames;
        await new Promise((done) => setTimeout(done, 1000));
        const idle = [apps[0].frames - before, drawn];
        apps[0].store.set({ step: 20 });
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        return { idle, busy: [apps[0].frames - before, drawn > 0] };
    }""")
    assert frames == {"idle": [0, 0], "busy": [1, True]}
    assert not problems


def test_it_starts_paused_for_those_who_ask_for_less_motion(show, tmp_path):
    page, _ = show(race(playing=True, step=1), reduced_motion="reduce", path=tmp_path / "still.html")
    assert (state(page, "playing"), state(page, "step")) == (False, 1)
    page, _ = show(race(playing=True, step=1), reduced_motion="no-preference", path=tmp_path / "moving.html")
    page.wait_for_function("apps[0].store.get('step') > 2")


def test_explorers_of_a_page_share_the_module_and_nothing_else(show):
    first, second = race(), race()
    assert len(second.html(complete=False)) - len(second.figure()) < 5000
    page, problems = show(first, second)
    page.evaluate("apps[0].store.set({ start: [1, 1], step: 5, selected: 0 })")
    settle(page)
    assert page.evaluate("apps.map((app) => [app.store.get('start'), app.store.get('step'), app.frames > 1])") == [
        [[1, 1], 5, True],
        [[-2, 1.5], 10, True],
    ]
    page.evaluate("apps[0].close()")
    assert page.locator(".olx").count() == 1
    assert not problems


def test_without_javascript_a_figure_stands_in_its_place(show, visit, tmp_path):
    explorer = race()
    show(explorer, path=tmp_path / "page.html", still=True)
    page, problems = visit((tmp_path / "page.html").as_uri(), java_script_enabled=False)
    figure = page.locator(".optlearn-explorer img")
    assert figure.get_attribute("alt").startswith("Race of optimizers on Quadratic, start (-2, 1.5)")
    assert figure.bounding_box()["width"] > 300
    assert not problems


@pytest.mark.filterwarnings("ignore:.*encountered in (log|divide):RuntimeWarning")
@pytest.mark.parametrize("surface", [lambda x, y: np.log(x) ** 2 + y**2, lambda x, y: 0 * x + 1], ids=["half", "flat"])
def test_a_surface_that_is_not_everywhere_a_number_is_shown(show, surface):
    plots.contour(surface, ax=Figure().subplots())
    page, problems = show(explore(surface, ["gradient_descent", "adam"], start=(1.5, 1), steps=20), still=True)
    assert "ends at" in page.locator(".olx-picture canvas").get_attribute("aria-label")
    assert not problems


def test_in_print_the_picture_stays_and_the_buttons_go(show):
    page, problems = show(race(), color_scheme="dark")
    page.emulate_media(media="print", color_scheme="light")
    assert page.locator(".olx-picture").is_visible()
    assert page.locator(".olx-equation").is_visible()
    for part in (".olx-transport", ".olx-tabs", ".olx-add", ".olx-presets"):
        assert page.locator(part).first.is_hidden()
    assert not problems
    page.close()


def test_a_preset_asks_before_it_shows(show):
    page, problems = show(race(), reduced_motion="reduce")
    page.locator(".olx-presets summary").click()
    page.get_by_role("button", name="How much momentum?").click()
    empty = pixels(page, ".olx-picture")
    assert page.locator(".olx-card").is_hidden()
    page.locator(".olx-quiz").get_by_role("button", name="0.97", exact=True).press("Enter")
    assert "No. 0.6, after 9 steps" in page.locator(".olx-quiz").inner_text()
    assert page.locator(".olx-card").is_visible()
    assert pixels(page, ".olx-picture") != empty
    assert state(page, "step") == 80
    assert not problems


def test_the_row_of_presets_shows_the_one_that_is_on(show):
    page, problems = show(explore(preset="data"), viewport={"width": 360, "height": 700})
    row, on = (page.locator(f".olx-gallery{part}").bounding_box() for part in ("", " [aria-pressed=true]"))
    assert row["x"] <= on["x"] and on["x"] + on["width"] <= row["x"] + row["width"] + 1
    assert page.evaluate("scrollY") == 0 and not problems


def test_a_change_is_handed_on_at_once(show):
    """What waits to be saved would be overwritten by the kernel's echo of the change before it."""
    page, problems = show(race())
    waiting = page.evaluate(
        """() => {
            const shared = window.optlearnExplorer;
            const held = apps[0].store.snapshot();
            const waiting = new Set();
            const model = {
                get: (key) => held[key],
                set: (key, value) => { held[key] = value; waiting.add(key); },
                on() {}, off() {},
                save_changes: () => waiting.clear(),
            };
            const el = document.body.appendChild(document.createElement("div"));
            shared.explorer.render({ model, el, data: shared });
            const seen = [];
            for (const change of [{ start: [0, 0] }, { step: 3 }, { start: [1, 0], selected: 0 }]) {
                apps[1].store.set(change);
                seen.push(waiting.size);
            }
            apps[1].store.setRacer(0, { hidden: true });
            return [...seen, waiting.size];
        }"""
    )
    assert waiting == [0, 0, 0, 0] and not problems


def test_a_schedule_names_the_racer_that_follows_it(show):
    racers = [GradientDescent(lr=0.2), GradientDescent(lr=schedules.Inverse(start=0.2, gamma=0.1, p=1.0))]
    page, problems = show(explore("quadratic", racers, steps=20))
    names = page.evaluate("[0, 1].map((i) => apps[0].label(i))")
    assert names == ["Gradient descent η = 0.2", "Gradient descent η = Inverse"] and not problems


def test_a_path_that_leaves_keeps_its_direction_and_its_words(show):
    """Far points come nearer in their direction; notes of racers that leave on one side stand apart."""
    racers = [GradientDescent(lr=lr) for lr in (0.1, 0.12)]
    page, problems = show(explore("rosenbrock", racers, start=(-1.5, 2), steps=40, step=40))
    drawn = page.evaluate("""() => {
        const [app] = apps, lines = [], notes = [];
        const { lineTo, fillText } = CanvasRenderingContext2D.prototype;
        Object.assign(CanvasRenderingContext2D.prototype, {
            lineTo(x, y) { lines.push([x, y]); lineTo.call(this, x, y); },
            fillText(text, x, y) { if (/outside/.test(text)) notes.push(y); fillText.call(this, text, x, y); },
        });
        app.store.set({ _size: {} });
        app.store.flush();
        const map = app.picture.map();
        const truth = app.runs.flatMap((run, i) => Array.from({ length: run.last }, (_, t) => {
            const [x, y] = app.point(i, t + 1);
            return Math.atan2(map.y(y), map.x(x));
        }));
        const far = lines.filter(([x, y]) => Math.max(Math.abs(x), Math.abs(y)) > 9e4);
        const pixels = [...app.el.querySelectorAll(".olx-loupe canvas")].map((canvas) =>
            [...canvas.getContext("2d").getImageData(4, 4, 1, 1).data]);
        return { far: far.map(([x, y]) => Math.atan2(y, x)), truth, notes, pixels };
    }""")
    assert drawn["far"]
    for angle in drawn["far"]:
        assert min(abs(angle - true) for true in drawn["truth"]) < 1e-9
    assert len(drawn["notes"]) == 2 and abs(drawn["notes"][0] - drawn["notes"][1]) >= 14
    # Where no value of the surface is finite, the glass is not black.
    assert all(min(pixel[:3]) > 200 for pixel in drawn["pixels"])
    assert not problems


def test_rules_that_no_preset_races_come_when_one_is_added(show):
    page, problems = show(explore("quadratic", [Adam(lr=0.1)], start=(-2, 1), steps=20))
    assert page.evaluate("!apps[0].data.rules.sophia")
    page.get_by_label("Add a racer").select_option("sophia")
    page.wait_for_function("apps[0].runs.length === 2 && apps[0].store.get('racers')[1].rule === 'sophia'")
    assert page.evaluate("Number.isFinite(apps[0].runs[1].loss[20])")
    assert not problems
