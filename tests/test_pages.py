"""The built book in a browser: every page stands alone, fits a phone and can be used by everybody."""

import gzip
import json
import re
from pathlib import Path

import pytest
from audit import audit, contrast

ROOT = Path(__file__).parent.parent
SITE = ROOT / "_build" / "html"
PAGES = sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html")
               if path.parts[len(SITE.parts)] not in ("_static", "index.html")
               and not path.stem.endswith(("-slides", "-sheet")))
WITH_FORMULAS = "book/notation.html"

FORMULAS = """() => [...document.querySelectorAll(".math")].filter(box => !box.querySelector("math"))
  .concat([...document.querySelectorAll("merror")]).map(box => "not set: " + box.textContent)
  .concat([...document.querySelectorAll("div.math")].filter(box => {
    const [all, own] = [box, box.querySelector("math")].map(x => x.getBoundingClientRect());
    return own.width < all.width && Math.abs(own.left + own.right - all.left - all.right) > 0.2 * all.width;
  }).map(box => "not in the middle: " + box.textContent))
  .concat([...document.querySelectorAll("div.math")]
    .filter(box => box.scrollWidth > box.clientWidth && box.tabIndex)
    .map(box => "scrolls, but not by keyboard: " + box.textContent))"""
WIDGETS = """() => [...document.querySelectorAll('script[type^="application/vnd.jupyter"]')]
  .map(script => "needs a kernel: " + script.type)"""
IMAGES = """async () => {
  // Those that load when they come near, too.
  await Promise.all([...document.images].map(image => {
    image.loading = "eager";
    return image.decode().catch(() => null);
  }));
  return [...document.images].filter(image => !image.naturalWidth || !image.alt.trim()
                                                       || /\\.(png|svg|jpe?g)$/.test(image.alt))
  .map(image => "no alternative text, or not loaded: " + image.src.slice(0, 100));
}"""
OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("main *")].filter(box => box.getBoundingClientRect().right > width + 1)
    .slice(0, 3).map(box => `wider than ${width} px: ` + box.outerHTML.slice(0, 100));
}"""
# All is laid out, and looked at in the frame after.
WHOLE = """new Promise((done) => {
  document.documentElement.classList.add("optlearn-whole");
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)));
})"""
# In screens of a laptop, folded; longer ones are not read to their end.
LENGTH = """() => {
  const screens = document.querySelector("article.bd-article")?.getBoundingClientRect().height / 768;
  return screens > 22.5 ? [`${screens.toFixed(1)} screens long`] : [];
}"""
# Formulas, and all but the first of code, of paragraphs of a kind without links, of explorers of a kind and of the
# library's reference, are taken out: one is like the other, and the audit walks every glyph.
LIGHTEN = """() => {
  document.head.insertAdjacentHTML("beforeend", "<style>* {transition: none !important}</style>");
  // Of what is scrolled out of sight axe cannot tell the contrast.
  document.querySelector(".bd-sidebar-primary")?.scrollTo(0, 0);
  document.querySelectorAll(".math").forEach(box => box.replaceWith("x"));
  [...document.querySelectorAll(".highlight pre")].slice(1).forEach(box => box.replaceChildren());
  [...document.querySelectorAll("dl.py")].slice(5).forEach(box => box.remove());
  const kinds = new Set();
  for (const box of document.querySelectorAll("article p")) {
    const parts = [box, ...box.querySelectorAll("*")];
    // What has more than a class, as links, names and styles have, is looked at everywhere.
    const more = parts.some(({ attributes }) => [...attributes].some(({ name }) => name !== "class"));
    if (more || box.closest(".optlearn-explorer")) continue;
    const kind = [...new Set([...parts, box.parentElement].map(one => one.localName + one.className))].sort().join();
    if (kinds.has(kind)) box.replaceWith("x");
    kinds.add(kind);
  }
  for (const box of document.querySelectorAll(".optlearn-explorer")) {
    const kind = [box.dataset.only, box.dataset.stage].join();
    // Links still set what is not shown.
    if (kinds.has(kind)) box.style.display = "none";
    kinds.add(kind);
  }
}"""
LINKS = """() => [...document.querySelectorAll('a[href^="explorer:"]')].filter(link => {
  const before = history.state;
  link.click();
  return history.state === before;
}).map(link => "not understood: " + link.href)"""


@pytest.mark.parametrize("name", PAGES)
def test_page(name, site, visit):
    page, problems = visit(site + name, viewport={"width": 360, "height": 740}, color_scheme="light")
    page.wait_for_function("[...document.querySelectorAll('.optlearn-explorer')].every((one) => one.explorer)")
    page.evaluate(WHOLE)
    problems += page.evaluate(IMAGES) + page.evaluate(OVERFLOW)
    page.set_viewport_size({"width": 1366, "height": 768})
    page.evaluate(WHOLE)
    for check in (LENGTH, FORMULAS, WIDGETS):
        problems += page.evaluate(check)
    page.evaluate(LIGHTEN)
    # An empty corner is usual in a table.
    problems += audit(page, without=["empty-table-header"])
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    problems += [f"dark: {line}" for line in contrast(page)]
    problems += page.evaluate(LINKS)
    assert not problems, "\n".join(problems)


def test_front_door_leads_to_the_first_page():
    assert 'url=book/index.html"' in (SITE / "index.html").read_text(encoding="utf-8")


def test_the_map_has_every_chapter(site, visit):
    page, problems = visit(site + "book/index.html")
    shown = page.evaluate("[...document.querySelectorAll('.optlearn-needs a')]"
                          ".map(a => new URL(a.href.baseVal, document.baseURI).pathname)")
    chapters = {str(path.relative_to(SITE)) for path in SITE.glob("book/*/*.html")
                if path.parent.name not in ("reference", "teach") and not path.stem.endswith(("-slides", "-sheet"))}
    assert {path.partition("/book/")[2] for path in shown} == {name.removeprefix("book/") for name in chapters}
    assert not problems


def test_the_first_view_of_a_laptop_has_the_picture_with_play_and_time_line(site, visit):
    page, problems = visit(site + "book/index.html", viewport={"width": 1366, "height": 768})
    page.wait_for_function("document.querySelector('.optlearn-explorer')?.explorer")
    for part in (".olx-picture", ".olx-loss", ".olx-play", ".olx-transport > :last-child"):
        box = page.locator(f".optlearn-explorer {part}").first.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= 768, part
    assert page.locator(".optlearn-explorer .olx-picture").first.bounding_box()["width"] > 450
    # The explorer would cut the list of contents off; the theme shows its links even where what holds them is hidden.
    links = page.locator(".bd-sidebar-secondary a")
    assert links.count() and not any(link.is_visible() for link in links.all())
    assert not problems


def test_the_list_of_chapters_shows_where_one_is(site, visit):
    page, problems = visit(site + "book/descent/gradients.html", viewport={"width": 1366, "height": 768})
    for name in ("practice/genealogy", "index", "descent/gradients"):
        page.goto(f"{site}book/{name}.html")
        box = page.locator(".bd-sidebar-primary :is(a.current, li.current > a)").last.bounding_box()
        assert 0 <= box["y"] and box["y"] + box["height"] <= 768, name
    assert not problems


def test_search_finds_a_word(site, visit):
    page, problems = visit(site + "search.html?q=gradient")
    page.wait_for_selector("#search-results li a")
    assert not problems


def test_every_page_keeps_to_itself_and_says_what_it_is_about():
    """Browsers report as an error, and so `test_page` as a problem, what the policy does not allow."""
    for name in PAGES:
        if name != "404.html":
            text = (SITE / name).read_text(encoding="utf-8")
            policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
            assert policy and "default-src 'self'" in policy[1] and "http" not in policy[1], name
            # What comes before the policy is not bound by it.
            assert not re.search(r"<script|<link|<style", text[:policy.start()]), name
            assert re.search('name="description" content="[^"]{20,}"', text), name


@pytest.mark.parametrize("name", ["book/index.html", "book/matrices/muon.html"])
def test_explorers_work_from_disk(name, site, visit):
    page, problems = visit((SITE / name).as_uri(), viewport={"width": 1280, "height": 900})
    page.wait_for_function("[...document.querySelectorAll('.optlearn-explorer')].every((one) => one.explorer)")
    assert not problems


def test_pages_work_from_disk(site, visit):
    page, problems = visit((SITE / WITH_FORMULAS).as_uri())
    assert page.locator(".math math").count() > 10
    assert page.evaluate(FORMULAS) == []
    used = page.evaluate("document.fonts.ready.then(() => [...document.fonts].filter(f => f.status === 'loaded')"
                         ".map(f => f.family))")
    assert {"optlearn text", "optlearn math"} <= set(used)
    assert not problems


def test_the_text_faces_are_light():
    """Those of the text cost under 60 kB together; what they are licensed under stands beside them."""
    fonts = SITE / "_static" / "fonts"
    assert sum(path.stat().st_size for path in fonts.glob("text*.woff2")) < 60_000
    assert "Open Font License" in (fonts / "licences.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["book/index.html", "book/momentum/nesterov.html", "book/adam_family/adam.html"])
def test_the_first_page_is_light(name, site, browser):
    """Under 350 kB come before scrolling, text compressed, with all that other pages share."""
    with browser.new_context(viewport={"width": 1280, "height": 720}) as context:
        page = context.new_page()
        page.goto(site + name, wait_until="networkidle")
        page.evaluate("document.fonts.ready.then(() => null)")
        fetched = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    sizes = {}
    for address in {site + name, *fetched}:
        path = SITE / address.partition("?")[0].removeprefix(site)
        data = path.read_bytes()
        sizes[path.name] = len(data if path.suffix in (".png", ".woff2", ".ico") else gzip.compress(data))
    assert len(sizes) > 20 and "explorer.js" in sizes and "math.woff2" in sizes
    assert sum(sizes.values()) < 350_000, sorted(sizes.items(), key=lambda one: -one[1])[:8]


@pytest.mark.parametrize("how", ["no JavaScript", "no script of explorers"])
def test_an_explorer_that_does_not_come_is_a_still(how, site, browser):
    with browser.new_context(java_script_enabled=how != "no JavaScript") as context:
        page = context.new_page()
        page.route("**/explorer.js*", lambda route: route.abort())
        page.goto(site + "book/adam_family/adam.html", wait_until="load")
        stills = page.locator(".optlearn-explorer img")
        assert stills.count() == page.locator(".optlearn-explorer").count() > 1
        stills.first.scroll_into_view_if_needed()
        assert stills.first.bounding_box()["height"] > 200


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_first_visit_follows_the_system(scheme, site, visit):
    page, _ = visit(site + WITH_FORMULAS, color_scheme=scheme)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme


# A claim in a fold, a rule of the reference, one of its methods.
@pytest.mark.parametrize("place", ["adam_family/adam.html#FOLDED", "reference/rules.html#optlearn.rules.Lion",
                                   "reference/rules.html#optlearn.rules.Lion.update"])
def test_what_is_folded_opens_for_a_jump_to_it(place, site, visit):
    name, _, anchor = place.partition("#")
    page, problems = visit(site + "book/" + name, viewport={"width": 1280, "height": 900})
    if anchor == "FOLDED":
        anchor = page.locator("details.optlearn-fold:not([open]) .optlearn-claim").first.get_attribute("id")
    opened = """id => {
      const part = document.getElementById(id);
      return (part.closest("details") || part.parentElement.querySelector("details")).open;
    }"""
    assert not page.evaluate(opened, anchor)
    page.evaluate("anchor => { location.hash = anchor; }", anchor)
    page.wait_for_function("id => Math.abs(document.getElementById(id).getBoundingClientRect().top) < 300", arg=anchor)
    assert page.evaluate(opened, anchor) and not problems


def test_claims_that_are_looked_for_are_shown(site, visit):
    page, problems = visit(site + "book/claims.html", viewport={"width": 1280, "height": 900})
    items = page.locator(".optlearn-claims li")
    assert items.locator("visible=true").count() == 0 < items.count()
    page.fill("#claim-filter", "heavy ball")
    assert 0 < items.locator("visible=true").count() < 30
    page.fill("#claim-filter", "")
    assert items.locator("visible=true").count() == 0 and not problems


def test_folded_cells_stand_in_one_box():
    for path in sorted(ROOT.glob("book/*/[!.]*.ipynb")):
        folds = [cell["metadata"].get("fold") for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
        page = (SITE / path.relative_to(ROOT)).with_suffix(".html").read_text(encoding="utf-8")
        begins = sum(fold is not None and fold != before for before, fold in zip([None, *folds], folds, strict=False))
        assert page.count('<details class="optlearn-fold">') == begins, path.name


def test_one_line_opens_hidden_code_that_shows_nothing_with_the_code_after_it():
    two = re.compile(r'</details>\s*</div>\s*(<!-- cell \d+ -->\s*)*<div class="cell tag_hide-input')
    assert not [path.name for path in SITE.glob("book/*/*.html") if two.search(path.read_text(encoding="utf-8"))]


def test_addresses_of_sections_and_of_explorers_lead_there(site, visit):
    name = "book/adam_family/adam.html"
    page, problems = visit(site + name, viewport={"width": 1280, "height": 900})
    page.wait_for_function("[...document.querySelectorAll('.optlearn-explorer')].every((one) => one.explorer)")
    # A state that is not the first is kept with the page, in the form of a link.
    page.evaluate("document.querySelectorAll('.optlearn-explorer')[1].explorer.store.set({ step: 9 })")
    page.wait_for_function("history.state?.optlearn?.['explorer-2']")
    shared = "explorer-2=" + page.evaluate("history.state.optlearn['explorer-2']")
    for fragment, found in (("summary", "document.getElementById('summary')"),
                            (shared, "document.querySelectorAll('.optlearn-explorer')[1]")):
        page, more = visit(f"{site}{name}#{fragment}", viewport={"width": 1280, "height": 900})
        page.wait_for_function("[...document.querySelectorAll('.optlearn-explorer')].every((one) => one.explorer)")
        page.wait_for_timeout(800)
        assert 0 <= page.evaluate(f"{found}.getBoundingClientRect().top") < 200, fragment
        problems += more
    assert not problems


def test_figures_are_light():
    sizes = {path.name: path.stat().st_size for path in (SITE / "_images").glob("*.png")}
    assert max(sizes.values()) < 60_000, max(sizes, key=sizes.get)


def test_a_page_at_rest_stays_so_after_a_change(site, visit):
    """To read a width has what is out of sight laid out: nothing does, when an explorer has changed its part."""
    page, problems = visit(site + "book/adam_family/adam.html", viewport={"width": 1280, "height": 900})
    page.wait_for_function("[...document.querySelectorAll('.optlearn-explorer')].every((one) => one.explorer)")
    page.wait_for_timeout(500)
    page.evaluate("""() => {
        window.read = [];
        for (const name of ["scrollWidth", "scrollHeight"]) {
            const { get } = Object.getOwnPropertyDescriptor(Element.prototype, name);
            Object.defineProperty(Element.prototype, name, { get() {
                if (!this.closest(".olx")) read.push(this.className || this.tagName);
                return get.call(this);
            } });
        }
        const { store } = document.querySelector(".optlearn-explorer").explorer;
        store.set({ racers: store.get("racers").slice(1), selected: 0 });
    }""")
    page.wait_for_timeout(700)
    assert page.evaluate("read") == [] and not problems


def test_what_a_box_opens_keeps_to_the_box(site, visit):
    page, problems = visit(site + "book/adam_family/adam.html", viewport={"width": 1366, "height": 768})
    outside = page.evaluate("""() => {
      const folds = [...document.querySelectorAll("details.optlearn-fold")];
      folds.forEach(fold => { fold.open = true; });
      const right = box => box.getBoundingClientRect().right;
      const inside = folds.flatMap(fold => [...fold.querySelectorAll(".optlearn-explorer")].map(one => [one, fold]));
      return [inside.length, inside.filter(([one, fold]) => right(one) > right(fold)).length];
    }""")
    assert outside[0] >= 2 and not outside[1] and not problems
