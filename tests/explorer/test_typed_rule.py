"""Rules that are typed in the page."""

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from optlearn import Adam, InvalidArgument, Momentum, explore, run, surfaces
from optlearn.explorer import bundle, payload, typed
from optlearn.explorer.lines import lines_of
from optlearn.symbolic.trace import parameter_values

from .conftest import settle

PLACE = surfaces.get("quadratic", kappa=10, angle=20)
# Races typed rules alone, with the numbers of their lines.
RACED = """(texts) => texts.map((text) => {
    const { store } = apps[0];
    store.set({ racers: [{ rule: text, h: [] }], selected: 0 });
    const rule = apps[0].rule(0);
    store.set({ racers: [{ rule: text, h: rule.hypers.map((one) => one.default) }] });
    store.flush();
    const run = apps[0].runs[0];
    return { path: Array.from({ length: run.last + 1 }, (_, t) => apps[0].point(0, t)), direction: rule.direction };
})"""
SCALED = "lr = 0.05\nv = beta * v + (1 - beta) * g**2\nw = w - lr * g / (np.sqrt(v) + eps)"


def race(*rules, **more):
    return explore(PLACE, list(rules) or [Momentum(lr=0.02), Adam(lr=0.1)], start=(-2, 1.5), **{"steps": 60, **more})


def field_of(page):
    field = page.get_by_label("Lines of a rule")
    field.wait_for()
    return field


def type_in(page, text):
    field = field_of(page)
    field.fill(text)
    field.press("Control+Enter")
    settle(page)


def names(page):
    return page.evaluate("apps[0].store.get('racers').map((_, i) => apps[0].label(i))")


def paths(page):
    return page.evaluate("apps[0].runs.map((run, i) => Array.from(run.loss, (_, t) => apps[0].point(i, t)))")


def stages(page):
    return page.evaluate("apps[0].anatomy().stages.map((stage) => stage.id)")


def test_typed_in_the_lines_of_the_library_are_its_rules(show):
    """As many as the syntax can say, and with what the step goes along."""
    lines = {key: lines_of(payload.rule_of(key)) for key in payload.catalogue()["rules"]}
    rules = {key: payload.rule_of(key) for key, text in lines.items() if text}
    assert len(rules) > 35
    assert {"adam", "nadam", "nesterov", "rprop", "rmsprop;centered=True", "radam"} <= set(rules)
    page, problems = show(race())
    page.get_by_role("button", name="Change the rule").click()
    field_of(page)
    texts = []
    for key, rule in rules.items():
        values = zip(payload.parameter_names(rule), parameter_values(rule), strict=True)
        texts.append("".join(f"{name} = {value!r}\n" for name, value in values) + lines[key])
    for text, made, (key, rule) in zip(texts, page.evaluate(RACED, texts), rules.items(), strict=True):
        expected = run(PLACE, rule, (-2, 1.5), 60).w
        np.testing.assert_allclose(made["path"], expected, rtol=1e-12, err_msg=key)
        np.testing.assert_array_equal(run(PLACE, typed.rule(text)(), (-2, 1.5), 60).w, expected, err_msg=key)
        assert made["direction"] == typed.rule(text).direction == rule.direction, key
    assert not problems


def lines_by_chance(draw):
    """A rule of a few random lines that does not run away."""
    def formula(names, depth):
        kind = draw.randint(9) if depth else 0
        a, b = (formula(names, depth - 1) for _ in range(2)) if kind else ("", "")
        return [names[draw.randint(len(names))], f"{a} + {b}", f"{a} - ({b})", f"({a}) * ({b})", f"-({a})**2",
                f"({a}) / (1 + ({b})^2)", f"tanh({a})", f"np.where({a} < {b}, {b}, {a} - 1)",
                f"clip({a}, -1, norm({b}) / (1 + t))"][kind]

    known = ["w", "g", "t", "c", "p", "q", "beta1", "1.5", "0.3"]
    look = f"g = grad(w - 0.01 * tanh({formula(['w', 't', 'p', 'c'], 2)}))\n" if draw.randint(2) else ""
    again = f"p = beta p + {formula(known, 1)} / 9\n" if draw.randint(2) else ""
    return (f"# By chance\np = 0.5\nq = 2 beta\nc = {draw.randint(1, 9)}e-1\n{look}"
            f"p = beta1 * p + tanh({formula(known, 3)})\n{again}q = 0.5 q + tanh(t/c)\n"
            f"w = w - 0.02 * tanh({formula(known, 3)}) - c g / (90 + norm(g))")


def test_lines_by_chance_run_as_in_python_and_as_the_class_that_the_page_gives(show):
    texts = [lines_by_chance(np.random.RandomState(seed)) for seed in range(30)]
    page, problems = show(race(steps=25))
    page.get_by_role("button", name="Change the rule").click()
    field_of(page)
    made = page.evaluate(RACED, texts)
    classes = page.evaluate("""(texts) => {
        const field = document.querySelector(".olx-typing textarea");
        const code = document.querySelector(".olx-typing details:last-child");
        const python = code.querySelector("textarea");
        code.open = true;
        return texts.map((text) => {
            field.value = text;
            field.dispatchEvent(new Event("input"));
            return python.value;
        });
    }""", texts)
    for text, one, source in zip(texts, made, classes, strict=True):
        room = {"__name__": "reader"}
        exec(source, room)
        for rule in (typed.rule(text)(), room["ByChance"]()):
            expected = run(PLACE, rule, (-2, 1.5), 25).w
            np.testing.assert_allclose(one["path"], expected, rtol=1e-9, atol=1e-12, err_msg=text)
        assert room["ByChance"].direction == one["direction"]
    assert not problems


def test_a_reader_changes_one_line_and_can_go_back(show, tmp_path):
    made = race()
    page, problems = show(made, path=tmp_path / "page.html")
    page.locator(".olx-chip").nth(1).click()
    settle(page)
    before, film = paths(page), stages(page)
    # By keyboard alone.
    page.get_by_role("button", name="Change the rule").focus()
    page.keyboard.press("Enter")
    lines = field_of(page).input_value()
    assert lines.startswith("# Adam, changed\nlr = 0.1\nbeta1 = 0.9\n")
    assert "v_hat = v / (1 - beta2**t)" in lines
    type_in(page, lines.replace("v / (1 - beta2**t)", "max(v, 0.5)"))
    assert names(page) == ["Momentum", "Adam", "Adam, changed"]
    after = paths(page)
    assert after[:2] == before
    assert after[2] != before[1]
    assert stages(page) == film
    assert "max" in page.locator(".olx-equation").inner_text()
    # What is raced again takes its place; its numbers slide.
    type_in(page, field_of(page).input_value().replace("0.5)", "0.25)"))
    assert names(page) == ["Momentum", "Adam", "Adam, changed"]
    changed = paths(page)[2]
    assert changed != after[2]
    page.locator(".olx-card .olx-slider input[type=text]").first.fill("0.3")
    settle(page)
    page.keyboard.press("Escape")
    page.evaluate("apps[0].store.set({ panel: 'share' })")
    link = page.locator(".olx-panel-share input").input_value().split("#")[1]
    slid = paths(page)[2]
    assert slid != changed
    assert len(link) < 1000
    room = {"__name__": "reader"}
    exec(page.locator(".olx-panel-share textarea").input_value().replace("explore(\n", "made = explore(\n"), room)
    np.testing.assert_allclose(room["made"].trajectories[2].w, slid, rtol=1e-12)
    page.evaluate("history.back()")
    page.wait_for_function("(path) => String(apps[0].point(2, 9)) === path", arg=",".join(map(repr, after[2][9])))
    page.evaluate("history.back()")
    page.wait_for_function("apps[0].store.get('racers').length === 2")
    settle(page)
    assert paths(page) == before
    # The link alone brings it, to be changed on.
    page, more = show(made, path=tmp_path / "page.html", fragment="#" + link)
    assert paths(page)[2] == slid
    page.get_by_role("button", name="Change the rule").click()
    assert field_of(page).input_value().startswith("# Adam, changed\nlr = 0.3\nbeta1 = 0.9\n")
    page.get_by_role("button", name="Remove").click()
    settle(page)
    assert names(page) == ["Momentum", "Adam"]
    assert not problems + more


def test_what_is_said_of_another_point_is_true_of_it(show):
    """Only Nesterov's is where the memory leads, and only his own step differs from plain momentum's."""
    page, problems = show(race(step=3))
    page.get_by_role("button", name="Change the rule").click()
    said = []
    for point in ("w - lr * beta * m", "w + lr * beta * m"):
        type_in(page, f"lr = 0.02\ng = grad({point})\nm = beta * m + g\nw = w - lr * m")
        said.append(page.evaluate("apps[0].anatomy().stages.map(({ short, text }) => short + text).join()"))
    assert "where the memory alone would lead" in said[0]
    assert "memory alone would lead" not in said[1]
    assert "lain momentum" in said[0]
    assert "lain momentum" not in said[1]
    assert not problems


def test_a_notebook_runs_what_was_typed_in_its_page(show, tmp_path):
    made = race()
    made._state["racers"].append({"rule": "# Mine\n" + SCALED, "h": [0.05, 0.9, 1e-8]})
    assert made.labels()[2] == "Mine"
    page, problems = show(made, path=tmp_path / "page.html")
    assert names(page)[2] == "Mine"
    np.testing.assert_allclose(paths(page)[2], made.trajectories[2].w, rtol=1e-12)
    page.evaluate("apps[0].store.set({ selected: 2 })")
    page.get_by_role("button", name="Change the rule").click()
    assert field_of(page).input_value() == "# Mine\nlr = 0.05\nbeta = 0.9\neps = 1e-8\n" + SCALED.partition("\n")[2]
    made.optimizers = made.optimizers[2:]
    assert [str(type(rule).label) for rule in made.optimizers] == ["Mine"]
    assert not problems


# The text, and a part of what is said.
REFUSED = {
    "": "Line 1: there is no line", "m = g": "no line sets w", "w": "Line 1, sign 1: a line is written name = formula",
    "w = w - lr *": "sign 13: it ends too early", "w =": "right of the =", "w = w - lr * (g": "a bracket is not closed",
    "m = beta * m + g\nw = w - step_ * m": "Line 2, sign 9: step_ has no value", "2 w = g": "name = formula",
    "w = w - lr * grad(w)": "grad stands alone", "g = grad(g)\nw = w - g": "not there yet",
    "v = g\ng = grad(w)\nw = w - g": "Line 1, sign 5: the gradient is not there",
    "lambda = 0.1\nw = w - lambda * g": "lambda means something else", "t = 2\nw = w - t * g": "t counts",
    "sqrt = 2\nw = w - g": "sqrt means something else", "w = w - sqr(g)": "sqr", "w = w - lr * sqrt g": "sqrt(x)",
    "w = w - g / lr m": "with *", "w = w - g³": "**", "w = w - g[0]": "[ is not known", "w = w.T - g": ". is not known",
    "w = w - 'a'": "' is not known", "w = w - where(g, 1, 2)": "a comparison first", "w = w > 0": "> is not expected",
    "m = beta m + g\nw = w - lr * n": "n has no value",
    "momentun = 0.9\nm = momentum_ * m + g\nw = w - m": "Is momentun meant?", "w = w - clip(g, 1)": "takes 3 values",
    "w = w - alert(1)": "alert", "w = w - constructor * g": "constructor has no value",
    "w = w - lr * __proto__": "_ is not known", "w = w - update * g": "no number may be called update",
    "w = w - lr g; alert": "Line 2", "w = w - lr * g = 2": "= is not expected", "w = w - 1e999 * g": "too large",
    "w = w - " + "(" * 40 + "g" + ")" * 40: "nested too deeply", "w = w - " + "g * " * 300 + "g": "operations",
    "w = w" + " " * 3000 + "- g": "2000", "w = w - g\n" + "m = g\n" * 50: "40",
}


def test_what_is_no_rule_is_refused_with_its_place_and_changes_nothing(show):
    page, problems = show(race())
    page.get_by_role("button", name="Change the rule").click()
    field_of(page)
    said = page.evaluate("""(texts) => texts.map((text) => {
        const field = document.querySelector(".olx-typing textarea");
        field.value = text;
        field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true }));
        return document.querySelector(".olx-typing .olx-wrong").textContent;
    })""", list(REFUSED))
    for (text, part), told in zip(REFUSED.items(), said, strict=True):
        assert part in told, (text, told)
    assert names(page) == ["Momentum", "Adam"]
    for text in [text for text, part in REFUSED.items() if part not in ("nested too deeply", "operations", "40")]:
        with pytest.raises(InvalidArgument):
            typed.rule(text)
    assert not problems


# What grows with every line, or with every bracket, if it is written out.
LARGE = [
    "w = w - 0.001 * tanh(" + " + ".join(f"sin(g**1.{k}) * g**t" for k in range(38)) + ")",
    "w = w - " + "g * (" * 25 + "g" + ")" * 25, "w = w - " + "norm(" * 25 + "g" + ")" * 25,
    "w = w - " + "where(g < 0, " * 25 + "g" + ", g)" * 25,
    "m1 = g\n" + "".join(f"m{k + 1} = 2 m{k} + lr m{k}\n" for k in range(1, 37)) + "w = w - m37",
    "w = w * t + w * lr\n" * 39,
]


def test_no_text_can_hang_the_page(show):
    page, problems = show(race(steps=5))
    page.get_by_role("button", name="Change the rule").click()
    field_of(page)
    for text in LARGE:
        page.evaluate(RACED, [text])
        size = page.evaluate("apps[0].rule(0).code.length + JSON.stringify(apps[0].rule(0).lines).length")
        assert size < 40_000, text
        assert typed.rule(text)
    assert not problems


def test_a_link_cannot_bring_more_than_a_rule(show, tmp_path):
    made = race()
    page, problems = show(made, path=tmp_path / "page.html")
    page.get_by_role("button", name="Change the rule").click()
    type_in(page, "# <img src=x onerror=alert(1)>\nm = beta m + g\nw = w - lr m")
    page.evaluate("apps[0].store.set({ panel: 'share' })")
    link = page.locator(".olx-panel-share input").input_value().split("#")[1]
    assert page.locator(".olx img").count() == 0
    for good, bad in (("beta%20m", "alert%5Cu0028m%5Cu0029"), ("beta%20m", "window.m"), ("w%20=%20w", "w%20=%20__w")):
        assert good in link
        page, more = show(made, path=tmp_path / "page.html", fragment="#" + link.replace(good, bad))
        assert names(page) == ["Momentum", "Adam"]
        assert "cannot be read" in page.locator(".olx-wrong").first.inner_text()
        assert not more
    assert not problems


def test_everyone_can_type_a_rule(show):
    for scheme, width in (("dark", 1366), ("light", 320)):
        page, problems = show(race(), viewport={"width": width, "height": 800}, color_scheme=scheme)
        page.get_by_label("Add a racer").select_option(label="a rule that you type …")
        field_of(page)
        lines = field_of(page).input_value().replace("# Your rule", "# Heavy ball")
        type_in(page, lines.replace("m = beta * m", "m = bta * m"))
        assert "Is beta meant?" in page.locator(".olx-typing [role=alert]").inner_text()
        assert field_of(page).evaluate("(field) => field.value.slice(field.selectionStart).startsWith('bta')")
        page.get_by_text("As Python").click()
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert not found.response["violations"], found.generate_report()
        type_in(page, field_of(page).input_value().replace("bta", "beta"))
        assert names(page)[2] == "Heavy ball"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # Typed racers of one name are told apart.
        page.get_by_label("Add a racer").select_option(label="a rule that you type …")
        type_in(page, "# Heavy ball\nw = w - lr * g")
        assert names(page)[2:] == ["Heavy ball", "Heavy ball, 2"]
        page.keyboard.press("Escape")
        assert page.locator(".olx-typing").is_hidden()
        assert page.evaluate("document.activeElement.textContent") == "Change the rule"
        assert not problems


def test_it_waits_outside_of_what_a_page_loads_first():
    first = bundle.core() + bundle.views()
    assert not [word for word in ("What can be written", "nested too deeply") if word in first]
    assert "What can be written" in bundle.typing()
