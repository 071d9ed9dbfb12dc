"""The questions at the end of each chapter: five, with one right answer each, and a reason for every answer."""

import re
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import quiz  # noqa: E402

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
