"""An explorer in a shadow root, where some frontends put outputs: it has style and keys, and keeps the focus."""

import json

import pytest

from optlearn import Adam, Momentum, explore, surfaces
from optlearn.explorer import bundle

pytest.importorskip("anywidget")

# A model such as the frontend of a notebook gives, and a view of it in a shadow root; `app` is what lives there.
SHADOW = """async ([esm, state, reply]) => {
    const held = { ...state }, listeners = {};
    const model = {
        get: (key) => held[key],
        set(key, value) {
            held[key] = value;
            for (const act of listeners["change:" + key] || []) act();
        },
        on: (event, act) => (listeners[event] ||= []).push(act),
        off: (event, act) => (listeners[event] = (listeners[event] || []).filter((one) => one !== act)),
        save_changes() {},
        send: ({ want }) => setTimeout(() => (listeners["msg:custom"] || []).forEach((act) =>
            act(want === "all" ? reply : { ...reply, script: undefined, style: undefined }))),
    };
    const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
    const { render } = (await import(url)).default;
    window.roots = [];
    for (let k = 0; k < 2; k++) {
        const host = document.createElement("div");
        document.querySelector("main").append(host);
        const root = host.attachShadow({ mode: "open" });
        const el = document.createElement("div");
        root.append(el);
        const close = await render({ model, el });
        roots.push({ root, el, close });
    }
    window.app = roots[0].el.explorer;
    // The other is closed: its style is its own.
    roots[1].styled = getComputedStyle(roots[1].root.querySelector(".olx-main")).display;
    roots[1].close();
}"""


@pytest.fixture
def page(visit, tmp_path):
    from optlearn.explorer.widget import BOOTSTRAP

    shown = explore(surfaces.get("quadratic", kappa=10), [Momentum(lr=0.05), Adam(lr=0.1)], steps=30, step=5)
    widget = shown.widget
    reply = {"kind": "optlearn", "data": widget._data(), "script": bundle.script(), "style": bundle.style()}
    file = tmp_path / "shadow.html"
    file.write_text('<!doctype html><html lang="en"><title>Shadow</title><body><main></main></body></html>')
    page, problems = visit(file.as_uri())
    page.evaluate(SHADOW, json.loads(json.dumps([BOOTSTRAP, {**shown.state, "version": widget.version}, reply])))
    yield page
    assert not problems
    # What was imported stays with the page.
    page.close()


def test_in_a_shadow_root_it_has_its_style_and_colours(page):
    assert page.evaluate("getComputedStyle(roots[0].root.querySelector('.olx-main')).display") == "grid"
    assert page.evaluate("roots[1].styled") == "grid"
    assert page.evaluate("app.theme.paper && app.theme.racers.every(Boolean)")
    assert not page.evaluate("document.head.querySelector('style')"), "nothing of it is left in the page around"
    box = page.locator(".olx-picture canvas").first.bounding_box()
    assert box["width"] > 200


def test_in_a_shadow_root_keys_work_and_the_focus_stays(page):
    state = "app.store.snapshot()"
    handle = page.locator(".olx-handle")
    before = page.evaluate(state)["start"]
    handle.focus()
    handle.press("ArrowRight")
    assert page.evaluate(state)["start"][0] > before[0]
    # Along the row of racers by arrow keys.
    chips = page.locator(".olx-chip")
    chips.first.focus()
    chips.first.press("ArrowRight")
    assert page.evaluate("roots[0].root.activeElement === roots[0].root.querySelectorAll('.olx-chip')[1]")
    chips.nth(1).press("Enter")
    assert page.evaluate(state)["selected"] == 1
    # What is being typed is left alone while the picture changes.
    field = page.get_by_label("lr, typed")
    field.fill("0.0")
    page.evaluate("app.store.set({ step: 6 }); app.store.flush()")
    assert field.input_value() == "0.0"
    field.press("End")
    field.press_sequentially("2")
    field.press("Enter")
    assert page.evaluate(state)["racers"][1]["h"][0] == 0.02
    # A choice of another form keeps the focus.
    choice = page.get_by_label("bias correction")
    choice.focus()
    choice.press("Space")
    page.wait_for_function("app.store.get('racers')[1].rule !== 'adam'")
    assert page.evaluate("roots[0].root.activeElement?.dataset.option") == "bias_correction"
    page.evaluate("roots[0].close()")
    assert page.evaluate("roots[0].root.querySelector('.olx')") is None
