"""Slides and sheets made of the built book, in a browser: two decks stand for all."""

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parent.parent
SITE = ROOT / "_build" / "html"

# All of the slide's last state; what explorers do with their frame is their own.
TOO_LARGE = """() => [...document.querySelectorAll(".slides section:not(.stack)")].flatMap((slide, k) => {
  const { h, v } = Reveal.getIndices(slide);
  Reveal.slide(h, v, 99);
  const box = slide.querySelector(".bd-article");
  const wide = [...box.querySelectorAll("*")].filter(part => !part.closest("math, details:not([open])")
    && part.getBoundingClientRect().right > 1281);
  return [...(box.scrollHeight > 720 ? [box] : []), ...wide.slice(0, 1)]
    .map(part => `slide ${k + 1} (${box.innerText.slice(0, 40)}): ${part.outerHTML.slice(0, 80)}`);
})"""
SMALL = """() => [...document.querySelectorAll(".slides p, .slides li")].filter(part => !part.closest("figure"))
  .filter(part => parseFloat(getComputedStyle(part).fontSize) * part.currentCSSZoom < 14)
  .map(part => "small: " + part.textContent.slice(0, 60))"""


def smallest():
    """The two chapters with the least on their pages."""
    pages = [path for path in SITE.glob("book/*/*.html") if "<!-- cell" in path.read_text(encoding="utf-8")
             and '"slide_type"' in (ROOT / path.relative_to(SITE)).with_suffix(".ipynb").read_text(encoding="utf-8")]
    pages.sort(key=lambda path: path.stat().st_size)
    return [str(path.relative_to(SITE).with_suffix("")) for path in pages[:2]]


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A folder with a copy of the built book: what is made of pages is written beside them."""
    folder = tmp_path_factory.mktemp("teaching")
    shutil.copytree(SITE, folder / "_build" / "html")
    (folder / "book").symlink_to(ROOT / "book", target_is_directory=True)
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="session")
def site(serve, home):
    """Address of the copy."""
    return serve(home / "_build" / "html")


def make(tool, home, *names):
    subprocess.run([sys.executable, ROOT / "tools" / tool, *names], cwd=home, check=True, capture_output=True)


@pytest.fixture(scope="session", params=smallest())
def deck(request, home):
    """The address, within the site, of a deck that was just made."""
    pytest.importorskip("sphinx_revealjs")
    make("slides.py", home, request.param)
    return request.param + "-slides.html"


def test_slides_fit_and_stand_alone(deck, site, visit):
    page, problems = visit(site + deck, viewport={"width": 1280, "height": 720})
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.locator(".slides section").count() > 10
    problems += page.evaluate(TOO_LARGE) + page.evaluate(SMALL)
    problems += page.evaluate("""[...document.querySelectorAll('.slides [href^="#"]')]
      .map(link => "leads to what a deck does not have: " + link.outerHTML)""")
    assert not problems, "\n".join(problems)
    notes = page.locator(".slides aside.notes").all_text_contents()
    assert sum("To ask the room" in note for note in notes) == 1, "the two questions are in the notes"
    assert re.match(r"\d+ minutes for everything, \d+ for the essentials", notes[0])
    assert re.match(r"Minute \d+ of \d+\.", notes[-1])


def test_explorers_of_slides_are_alive(deck, site, visit):
    page, problems = visit(site + deck, viewport={"width": 1280, "height": 720})
    page.wait_for_selector("html[data-ready]", state="attached")
    page.evaluate("Reveal.slide(Reveal.getIndices(document.querySelector('.has-live')).h)")
    frame = page.frame_locator(".present iframe.live")
    # In a room it is read from afar, and what is below the slide's edge can be reached.
    assert frame.locator(".olx").evaluate("one => parseFloat(getComputedStyle(one).fontSize)") >= 19
    assert frame.locator("body").evaluate("body => getComputedStyle(body).overflowY") == "auto"
    page.keyboard.press("d")
    assert frame.locator(".olx.olx-dark").count() == 1
    frame.get_by_label("Start point").press("ArrowRight")
    before = page.evaluate("Reveal.getIndices().h")
    # What a presenter's remote sends goes on, wherever the pointer was last.
    frame.get_by_label("Start point").press("PageDown")
    page.wait_for_function(f"Reveal.getIndices().h > {before}")
    assert not problems


def test_a_page_offers_its_slides_once(deck, site, visit):
    page, _ = visit(site + deck.replace("-slides", ""))
    assert page.locator(f'a[href="{Path(deck).name}"]').count() == 1


def test_sheets_have_every_exercise_and_solutions_apart(deck, home, browser):
    name = deck.removesuffix("-slides.html")
    make("sheets.py", home, name)
    page = (SITE / name).with_suffix(".html").read_text(encoding="utf-8")
    exercises = len(re.findall(r'<div class="exercise ', page))
    plain, solved = (home / "_build" / "sheets" / f"{Path(name).name}{ending}" for ending in ("", "-solutions"))
    for path, answers in ((plain, 0), (solved, exercises)):
        cells = nbformat.read(f"{path}.ipynb", 4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        assert len(re.findall(r"^### \d+\.", text, re.M)) == exercises > 0
        assert text.count("**Solution.**") == answers
        assert not re.search(r"\{[\w:]+\}`|```\{", text), "a role or a directive that JupyterLab shows as it stands"
    assert Path(f"{solved}.pdf").stat().st_size > Path(f"{plain}.pdf").stat().st_size > 10_000


def test_paper_has_the_article_alone_with_folded_parts_open(site, visit):
    page, problems = visit(site + "book/momentum/momentum.html")
    page.emulate_media(media="print")
    folded = ".bd-article details:not(.hide, .optlearn-explorer *)"
    closed = page.locator(folded + ":not([open])").count()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(folded + ":not([open])").count() == 0 < page.locator(folded).count()
    assert not page.locator(".bd-sidebar-primary, .prev-next-footer, .bd-header-article").first.is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(folded + ":not([open])").count() == closed
    assert not problems
    page.close()


def test_one_pdf_has_contents_bookmarks_and_links(tmp_path, browser):
    pypdf = pytest.importorskip("pypdf")
    pages = smallest()
    (tmp_path / "_build").mkdir()
    (tmp_path / "_build" / "html").symlink_to(SITE, target_is_directory=True)
    shutil.copy(ROOT / "_config.yml", tmp_path)
    parts = "".join(f"  - caption: Part {k}\n    chapters:\n      - file: {page}\n" for k, page in enumerate(pages))
    (tmp_path / "_toc.yml").write_text(f"root: book/references\nparts:\n{parts}", encoding="utf-8")
    make("pdf.py", tmp_path)
    book = pypdf.PdfReader(tmp_path / "_build" / "optlearn.pdf")

    def titles(outline):
        return [title for item in outline
                for title in (titles(item) if isinstance(item, list) else [(item.title, item)])]

    marks = titles(book.outline)
    words = [word for word, _ in marks]
    assert words[:2] == ["Contents", "Part 0"] and "Part 1" in words and "References" in words
    assert not any(len(word) > 8 and word[: len(word) // 2] == word[len(word) // 2 :] for word in words)
    # A bookmark and a line of the contents lead to the page that begins with the title.
    for page in pages:
        title = BeautifulSoup((SITE / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
        title = title.select_one("article h1").get_text(" ", strip=True).rstrip("# ")
        at = book.get_destination_page_number(dict(marks)[title])
        assert "".join(title.split()) in "".join(book.pages[at].extract_text().split())
        assert at in [book.get_page_number(note.get_object()["/Dest"][0].get_object())
                      for note in book.pages[1]["/Annots"]]
    # Tags say what is a heading, and formulas and figures in words; those that say nothing are left out.
    kinds = Counter()

    def count(element):
        element = element.get_object()
        kinds[element.get("/S"), "/Alt" in element] += 1
        for kid in element["/K"]:
            if "/S" in getattr(kid.get_object(), "keys", tuple)():
                count(kid)

    count(book.root_object["/StructTreeRoot"])
    assert book.root_object["/MarkInfo"]["/Marked"] and kinds["/H2", False] and kinds["/Figure", True] > 20
    assert not kinds["/NonStruct", False]
    assert book.page_labels[at] == str(at - book.page_labels.index("1") + 1)
    inside = [note.get_object() for page in book.pages for note in page.get("/Annots", ())]
    inside = [note["/Dest"] for note in inside if isinstance(note.get("/Dest"), str)]
    assert {str(name).lstrip("/") for name in inside} <= {name.lstrip("/") for name in book.named_destinations}
