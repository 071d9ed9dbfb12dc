"""Questions: five a chapter, one right answer each, a reason for every one. Courses: lectures that end in time."""

import re
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import quiz  # noqa: E402
import teach  # noqa: E402

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [page["file"] for part in TOC["parts"] if part.get("numbered") for page in part["chapters"]
            if (ROOT / page["file"]).with_suffix(".ipynb").exists()]


@pytest.mark.parametrize("name", CHAPTERS)
def test_five_questions(name):
    questions = quiz.read(quiz.beside(ROOT / f"{name}.ipynb").read_text(encoding="utf-8"))
    assert len(questions) == 5
    for question, answers in questions:
        assert question.rstrip("*)").endswith(("?", ".")), question
        assert 3 <= len(answers) <= 4, question
        assert sum(right for right, _, _ in answers) == 1, question
        assert len({answer for _, answer, _ in answers}) == len(answers), question
        for _, answer, reason in answers:
            assert len(reason) >= 16, f"{question} {answer}"
            assert len(re.findall(r"(?<!\\)\$", answer + reason)) % 2 == 0, answer
    places = [[right for right, _, _ in answers].index(True) for _, answers in questions]
    assert len(set(places)) > 1, "the right answer is always at the same place"
    longest = [max(answers, key=lambda one: len(one[1]))[0] for _, answers in questions]
    assert not all(longest), "the right answer is always the longest"


def test_a_line_that_is_neither_is_refused():
    with pytest.raises(ValueError, match="line 2"):
        quiz.read("? What?\nthat\n")


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_chapter_says_what_lecturers_need(name):
    first = "".join(nbformat.read(ROOT / f"{name}.ipynb", 4).cells[0].source)
    assert "**You will be able to**" in first and "**Needs**" in first
    times = teach.minutes(first.partition("**Two routes.**")[2])
    assert 5 <= times["essentials"] < times["everything"] <= 90, times


def test_lectures_end_in_time():
    text = (ROOT / "book" / "teach" / "lecturing.md").read_text(encoding="utf-8")
    courses = re.findall(r"^```\{syllabus\} (\d+)\n(.*?)^```", text, re.M | re.S)
    assert [len(lines.split("\n")) - 1 for _, lines in courses] == [6, 14]
    for limit, lines in courses:
        for line in lines.splitlines():
            times = []
            for page, route in teach.plan(line):
                first = nbformat.read(ROOT / "book" / f"{page}.ipynb", 4).cells[0].source
                times.append(teach.minutes(first.partition("**Two routes.**")[2])[route])
            assert 60 <= sum(times) <= int(limit), line


@pytest.fixture
def build(tmp_path):
    """Builds a book of one chapter with two questions, and of a page for lecturers; the folder of its pages."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    head = ("# Small\n\n**You will be able to** add $1+1$.\n\n**Two routes.** *Essentials, 10 minutes:* a. "
            "*Everything, 80 minutes.*\n\n**To ask the room.** Why?")
    cells = [nbformat.v4.new_markdown_cell(head)]
    (tmp_path / "book").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "book" / "small.ipynb")
    (tmp_path / "book" / "small.quiz").write_text(
        "? Is $1+1=2$?\n+ Yes.\n  As *you* know.\n- No.\n  It is.\n- Perhaps.\n  It is.\n", encoding="utf-8")
    (tmp_path / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})\nextensions = ['myst_nb', 'quiz', 'teach']\n"
        "myst_enable_extensions = ['dollarmath']\nnb_execution_mode = 'off'\n", encoding="utf-8")

    def run(course):
        (tmp_path / "index.md").write_text(
            "# Lectures\n\n```{toctree}\nbook/small\n```\n\n```{goals}\n```\n\n"
            f"```{{syllabus}} 90\n{course}\n```\n\n```{{bank}}\n```\n", encoding="utf-8")
        out = tmp_path / "out"
        with docutils_namespace():
            Sphinx(tmp_path, tmp_path, out, out, "html", status=None, warningiserror=True, freshenv=True).build()
        return out

    return run


@pytest.mark.filterwarnings("ignore")
def test_questions_and_courses_on_their_pages(build):
    out = build("small everything")
    page = (out / "book" / "small.html").read_text(encoding="utf-8")
    question, part = page[page.index('<details class="optlearn-quiz">'):].split("</summary>", 1)
    part = part[:part.index("</details>\n</section>")]
    assert part.count("<details") == 3 and part.count('class="right"') == 1 and "<script" not in part
    assert "<summary>Yes.</summary><p><strong>Right.</strong> As <em>you</em> know.</p>" in part
    assert '<summary class="question">' in question and 'class="math' in question
    index = " ".join((out / "index.html").read_text(encoding="utf-8").split())
    for words in ("(10 or 80 minutes)", "everything 80", "<p>10</p>", "Why?"):
        assert words in index


@pytest.mark.filterwarnings("ignore")
def test_a_lecture_that_is_too_long_is_refused(build):
    with pytest.raises(Exception, match="lecture 1 takes 160 minutes of 90"):
        build("small everything, small everything")
