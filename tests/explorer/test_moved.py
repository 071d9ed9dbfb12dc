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


FORMULAS = [
    "x**2 + 3*y**2 - sin(3*x)*exp(-y)", "-x**2*y + 2**-x - 3/(1 + y**2)", "maximum(x, y)**2 + abs(x - 1)/4 + 1e-2*x*y",
    "hypot(x, 2*y) + logaddexp(x, -y) + arctan2(y, x + 5)", "sqrt(4 + x)*log(y + 5) + cbrt(x)*cosh(y) - tanh(x*y)",
    "(x + y)**3/(e + x**2) - pi*cos(x)**2 + (x**2)**(y/4)", "log1p(x**2) + expm1(-y**2) + arctan(x*y) - 2*-x",
    "min(x, 3)*floor(y) + sign(x)*arcsinh(y) + tan(x/4) + arcsin(y/9)", "exp(-exp(4*x)) + y**2",
    "+x*x**2*y - (x - (y - 2))",
]


def typing(page, text):
    page.locator(".olx-place").evaluate("(box) => { box.open = true; }")
    field = page.get_by_label("A formula of x and y")
    field.fill(text)
    field.press("Enter")
    page.wait_for_function("""(text) => apps[0].surface.key === text || document.querySelector(
        ".olx-place > .olx-wrong").textContent""", arg=text)
    settle(page)


def test_typed_formulas_have_the_values_gradients_and_curvatures_of_the_library(show):
    page, problems = show(race())
    points = np.random.RandomState(0).uniform(-3, 3, (20, 2)).tolist() + [[1.5, 1.5]]
    for text in FORMULAS:
        typing(page, text)
        found = page.evaluate("""(points) => points.map(([x, y]) => {
            const [out, { f, gradient, hessian }] = [new Float64Array(5), apps[0].surfaceCode];
            gradient(x, y, [], out, 0);
            hessian(x, y, [], out, 2);
            return [f(x, y, []), ...out].map((z) => (Number.isFinite(z) ? z : null));
        })""", points)
        surface = surfaces.typed(text)
        assert (page.evaluate("apps[0].surface.domain"), page.evaluate("apps[0].surface.start")) == (
            list(surface.domain), list(surface.start)), text
        for point, row in zip(np.array(points), found, strict=True):
            with np.errstate(all="ignore"):
                (a, b), (_, c) = surface.hessian(point)
                expected = [surface(point), *surface.gradient(point), a, b, c]
            row = np.array([np.nan if z is None else z for z in row])
            finite = np.isfinite(expected) & np.isfinite(row)
            assert finite[:3].all() or not np.isfinite(expected[:3]).all(), (text, point)
            np.testing.assert_allclose(row[finite], np.array(expected)[finite], rtol=1e-9, atol=1e-12, err_msg=text)
    assert not problems


def test_a_formula_that_cannot_be_read_says_where_and_changes_nothing(show):
    page, problems = show(race())
    for text, said in {"x^2 + y": "sign 2: a power is written **", "2x + y": "sign 2: a product is written with *",
                       "sinn(x)": "sinn is not known", "x + (y": "a bracket is not closed",
                       "sin(x, y)": "takes 1 value",
                       "f = x": "right of the =", "x + constructor(y)": "constructor is not known", "x +": "too early",
                       "log(-1 - x**2)": "no finite value", "(" * 40 + "x" + ")" * 40: "nested too deeply",
                       "x; alert(1)": "; is not known", "x y": "a product"}.items():
        typing(page, text)
        assert said in page.locator(".olx-place > .olx-wrong").inner_text(), text
        assert page.evaluate("apps[0].surface.key") == "quadratic"
    assert not problems


def test_a_typed_surface_goes_into_the_link_the_code_and_back_to_python(show, tmp_path):
    made, text = race(), "x**2 + sin(3*y) + y**2/4"
    page, problems = show(made, path=tmp_path / "page.html")
    typing(page, text)
    page.evaluate("apps[0].store.set({ panel: 'share' })")
    page.wait_for_function(f"String({RATES}) !== '0.3,0.1'")
    settle(page)
    loss = page.evaluate("[...apps[0].runs[1].loss]")
    rates = page.evaluate(RATES)
    link = page.locator(".olx-panel-share input").input_value().split("#")[1]
    assert f'surfaces.typed("{text}"' in page.locator(".olx-panel-share textarea").input_value()
    page, more = show(made, path=tmp_path / "page.html", fragment="#" + link)
    assert page.evaluate("[apps[0].surface.key, [...apps[0].runs[1].loss]]") == [text, loss]
    start = page.evaluate("apps[0].store.get('start')")
    np.testing.assert_allclose(run(text, Adam(lr=rates[1]), start, 60).loss, loss, rtol=1e-9)
    # A formula in a link is read, never run.
    page, worse = show(made, path=tmp_path / "page.html", fragment="#" + link.replace("sin", "alert"))
    assert page.evaluate("apps[0].surface.key") == "quadratic"
    # What a notebook's page hands on.
    made._state.update(surface=text, params=[], start=start)
    assert made.surface.name == text
    page, again = show(made, path=tmp_path / "page.html")
    assert page.evaluate("apps[0].surface.key") == text
    assert not problems + more + worse + again
