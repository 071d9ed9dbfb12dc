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
