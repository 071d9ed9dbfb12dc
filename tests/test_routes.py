"""Ways through the book: routes on the index, what a chapter needs and where it leads, who becomes whom."""

import doctest
import functools
import json
import posixpath
import re
import sys
from pathlib import Path

import pytest
import yaml
from sphinx_external_toc.parsing import parse_toc_yaml

import optlearn

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import genealogy  # noqa: E402
import needs  # noqa: E402
import reference  # noqa: E402

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [page["file"] for part in TOC["parts"] if part.get("numbered") for page in part["chapters"]]
DOC = re.compile(r"\{doc\}`(?:[^`<]*<)?([^`<>]+)>?`")


@functools.cache
def markdown(name, code=False):
    """The text of a page, without its code or with it."""
    path = ROOT / f"{name}.ipynb"
    if not path.exists():
        return path.with_suffix(".md").read_text(encoding="utf-8")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if code or cell["cell_type"] == "markdown"]
    return "\n\n".join(texts) + "\n"


def linked(text, page):
    """The pages to which a text of a page links."""
    return [posixpath.normpath(posixpath.join(posixpath.dirname(page), name)) for name in DOC.findall(text)]


def needed(name):
    """The chapters in the first sentence of the line on what a chapter needs."""
    line = re.search(r"^\*\*Needs\*\*(.*?)(?:\.\s|\.$)", markdown(name), re.M | re.S)
    assert line, f"{name} does not say what it needs"
    return linked(line[1], name)


SECTION = re.search(r"^## Routes\n(.*?)^## ", markdown("book/index"), re.M | re.S)[1]
ROUTES = {title: linked(body, "book/index") for title, body in
          re.findall(r"^:::\{admonition\} (.*?)\n(.*?)^:::$", SECTION, re.M | re.S)}
APART = linked(SECTION.rpartition(":::")[2], "book/index")


def test_every_chapter_is_on_a_route_or_said_to_be_on_none():
    on_one = set().union(*ROUTES.values())
    assert on_one | set(APART) == set(CHAPTERS)
    assert not on_one & set(APART)


@pytest.mark.parametrize("title", ROUTES)
def test_a_route_never_runs_ahead(title):
    """No chapter twice, and none before one that it needs."""
    route = ROUTES[title]
    assert len(route) == len(set(route)) > 5
    for k, name in enumerate(route):
        assert not set(needed(name)) & set(route[k:]), name


@pytest.mark.parametrize(("title", "count"), [("Six lectures", 6), ("Fourteen lectures", 14)])
def test_lectures_are_those_of_the_course(title, count):
    """The index and the page for lecturers, which has the minutes, list the same."""
    course = re.search(rf"^## {title} .*?^```\{{syllabus\}} \d+\n(.*?)^```", markdown("book/teach/lecturing"),
                       re.M | re.S)[1]
    body = SECTION.partition(f"{{admonition}} {title}\n")[2].partition(":::")[0]
    lectures = re.findall(r"^\d+\. (.*)$", body, re.M)
    assert len(lectures) == count
    assert [DOC.findall(line) for line in lectures] == [[part.split()[0] for part in line.split(", ")]
                                                        for line in course.splitlines()]


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_says_what_it_needs_and_where_it_leads(name):
    assert set(needed(name)) <= set(CHAPTERS) - {name}
    if (ROOT / f"{name}.ipynb").exists():
        onward = re.search(r"^\*\*(?:Next|Back):\*\*(.*)", markdown(name), re.M | re.S)
        assert onward, f"{name} ends without a word on what comes next"
        assert set(linked(onward[1], name)) & set(CHAPTERS)


def test_every_chapter_returns_somewhere():
    """What its page says of itself is made of what the others say: those that need it, or that speak of it."""
    pages = [name for name in CHAPTERS if (ROOT / f"{name}.ipynb").exists()]
    spoken = {name: linked(re.sub(r"^\*\*(?:Needs|Next|Back)\b.*", "", markdown(name), flags=re.M), name)
              for name in pages}
    by_name = {posixpath.basename(name): name for name in pages}
    drawn = re.search(r"^```\{genealogy\}\n(.*?)^```", markdown("book/practice/genealogy"), re.M | re.S)[1].split()
    spoken["book/practice/genealogy"] += [genealogy.who(name, by_name)[1] for name in drawn if name != "."]
    said = {name: needed(name) for name in pages}
    assert not [name for name in pages if not needs.returns(name, said, spoken)]
    # A chapter does not return in what has to be read before it.
    assert not [name for name in pages if set(needs.returns(name, said, spoken)) & set(said[name])]
    assert needs.returns("book/momentum/nesterov", said, spoken) == [
        name for name in pages if "book/momentum/nesterov" in said[name]]


def test_every_rule_has_its_place_in_the_genealogy():
    """Where it stands, a checked arrow, and only arrows between rules that are drawn."""
    page = "book/practice/genealogy"
    grid = re.search(r"^```\{genealogy\}\n(.*?)^```", markdown(page), re.M | re.S)[1].split()
    drawn = [name for name in grid if name != "."]
    edges = re.findall(r'data-edge=\\"(\S+) (\S+) \w+\\"', (ROOT / f"{page}.ipynb").read_text(encoding="utf-8"))
    assert len(drawn) == len(set(drawn))
    assert set(optlearn.names()) <= set(drawn) == {name for edge in edges for name in edge}
    # As the page says, all lines end at two rules.
    assert {end for _, end in edges} - {begin for begin, _ in edges} == {"gradient_descent", "sign_sgd"}
    # Numbers in the text are those of the arrows.
    assert all(1 <= int(n) <= len(edges) for n in re.findall(r"\((\d+)[,)]", markdown(page)))


def test_the_drawing_is_made_of_the_checks():
    edge = ("adam", "rmsprop", "values", "claim-1", "Adam with β₁ = 0 is RMSProp")
    titles = {"adam": "Adam", "rmsprop": "RMSProp"}
    made = genealogy.drawing([["rmsprop"], ["adam"]], [edge], titles, {name: f"{name}.html" for name in titles})
    assert 'href="#claim-1"' in made
    assert 'href="adam.html"' in made
    with pytest.raises(ValueError, match="lion"):
        genealogy.drawing([["rmsprop", "lion"], ["adam", "."]], [edge], titles, {})
    assert genealogy.plain(r'with <span>\(\beta_1=\epsilon\)</span> &lt; 1') == "with β₁=ε < 1"


SOURCES = markdown("book/reference/sources")
ROWS = [row for row in re.findall(r"^\| (.*?) \| (.*?) \| (.*?) \|$", SOURCES, re.M) if row[0] != "what it has"]


@pytest.mark.parametrize(("what", "here", "taught"), ROWS, ids=[row[0] for row in ROWS])
def test_what_other_systems_have_is_here_and_taught(what, here, taught):
    """The second column is code that runs; the pages of the third speak of what it names."""
    pages = linked(taught, "book/reference/sources")
    assert pages
    assert set(pages) <= set(parse_toc_yaml(ROOT / "_toc.yml"))
    text = "\n".join(markdown(page, code=True) for page in pages)
    for code in re.findall(r"`([^`]+)`", here):
        made = eval(code, dict(vars(optlearn), **{name: getattr(optlearn, name) for name in optlearn.__all__}))
        assert made is not None
        for name in re.findall(r"\b(?:[A-Z]\w{3,}|[a-z_]+(?==))", code) if set(pages) & set(CHAPTERS) else ():
            assert name.lower().replace("_", "") in text.lower().replace("_", ""), f"{name} is not in {taught}"
    for title in re.findall(r"\*([^*]+)\*", taught):
        assert f"# {title}\n" in text, title


def test_every_rule_that_a_chapter_teaches_is_run_there():
    chapters = {posixpath.basename(name): name for name in CHAPTERS}
    for name in optlearn.names():
        chapter = chapters.get(reference.TAUGHT_IN.get(name, name))
        if chapter:
            made = rf"\b{type(optlearn.get(name)).__name__}\("
            assert re.search(made, markdown(chapter, code=True)), f"{name} in {chapter}"
    assert set(reference.TAUGHT_IN) <= set(optlearn.names())
    assert set(reference.TAUGHT_IN.values()) <= set(chapters)


def test_the_example_of_the_updater():
    assert doctest.testfile(str(ROOT / "book" / "reference" / "sources.md"), module_relative=False).failed == 0
