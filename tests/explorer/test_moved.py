"""Another surface, chosen or typed in the page."""

import numpy as np

from optlearn import Adam, GradientDescent, explore, run, surfaces

from .conftest import settle

GRID = [float(f"{10 ** (k / 6 - 5):.2g}") for k in range(37)]
RATES = "apps[0].store.get('racers').map((racer) => racer.h[0])"


def race(**more):
    return explore("quadratic", [GradientDescent(lr=0.3), Adam(lr=0.1)], start=(-2, 1), steps=60, **more)


def test_on_another_surface_rates_are_tuned_for_it_which_is_said_and_undone(show):
    made = race()
    page, problems = show(made)
    page.locator(".olx-place summary").click()
    page.get_by_label("Surface", exact=True).select_option("himmelblau")
    page.wait_for_function(f"String({RATES}) !== '0.3,0.1'")
    settle(page)
    found = page.evaluate(RATES)
    # The best of the grid, by NumPy.
    surface = surfaces.get("himmelblau")
    for i, rule in enumerate(made.optimizers):
        ends = {lr: run(surface, rule.replace(lr=lr), surface.start, 60).loss[-1] for lr in GRID}
        assert ends[found[i]] <= min(z for z in ends.values() if np.isfinite(z)) * (1 + 1e-9)
    said = page.locator(".olx-fair")
    assert "tuned for Himmelblau" in said.inner_text() and f"Adam {found[1]:g}" in said.inner_text()
    page.get_by_role("button", name="Undo").click()
    settle(page)
    assert page.evaluate(RATES) == [0.3, 0.1]
    assert said.is_hidden()
    # What the reader changes is the reader's.
    page.get_by_label("Surface", exact=True).select_option("beale")
    page.wait_for_function(f"String({RATES}) !== '0.3,0.1'")
    page.evaluate("apps[0].setHyper(1, 0, 0.05)")
    settle(page)
    assert said.is_hidden()
    assert not problems
