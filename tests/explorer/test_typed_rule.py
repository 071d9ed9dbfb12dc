"""Rules that are typed in the page."""

import numpy as np

from optlearn import Adam, Momentum, explore, run, surfaces
from optlearn.explorer import payload, typed
from optlearn.symbolic.trace import parameter_values

from .conftest import settle


def race(*rules, **more):
    return explore(surfaces.get("quadratic", kappa=10, angle=20), list(rules) or [Momentum(lr=0.02), Adam(lr=0.1)],
                   start=(-2, 1.5), **{"steps": 60, **more})


def opened(page, text=None):
    """Opens the editor, types a text if there is one, and races it."""
    page.get_by_role("button", name="Change the rule").click()
    field = page.get_by_label("Lines of a rule")
    field.wait_for()
    if text is not None:
        field.fill(text)
        field.press("Control+Enter")
        settle(page)
    return field


def test_typed_in_the_lines_of_the_library_are_its_rules(show):
    """Digit for digit, with what the step goes along, and as many as the syntax can say."""
    lines = {key: typed.lines_of(payload.rule_of(key)) for key in payload.catalogue()["rules"]}
    said = {key: payload.rule_of(key) for key, text in lines.items() if text}
    assert len(said) > 35 and {"adam", "nadam", "nesterov", "rprop", "rmsprop;centered=True", "radam"} <= set(said)
    page, problems = show(race())
    opened(page)
    for key, rule in said.items():
        values = dict(zip(payload.parameter_names(rule), parameter_values(rule), strict=True))
        text = "".join(f"{name} = {value!r}\n" for name, value in values.items()) + lines[key]
        made = page.evaluate("""(text) => {
            const { store } = apps[0];
            store.set({ racers: [{ rule: text, h: [] }], selected: 0 });
            const rule = apps[0].rule(0);
            store.set({ racers: [{ rule: text, h: rule.hypers.map((one) => one.default) }] });
            store.flush();
            const run = apps[0].runs[0];
            return { path: Array.from(run.loss, (_, t) => apps[0].point(0, t)), direction: rule.direction };
        }""", text)
        with np.errstate(all="ignore"):
            expected = run(surfaces.get("quadratic", kappa=10, angle=20), rule, (-2, 1.5), 60).w
        np.testing.assert_allclose(made["path"], expected, rtol=1e-12, err_msg=key)
        assert made["direction"] == rule.direction, key
    assert not problems
