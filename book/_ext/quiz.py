"""Questions at the end of a chapter: a file ``nesterov.quiz`` beside ``nesterov.ipynb`` becomes its last section.

    ? A question, on one line.
    - An answer that is wrong.
      The reason, on the next, indented.
    + The answer that is right.
      Its reason.

Text is that of the chapter (formulas, roles, emphasis). Questions and answers are folded parts, which need no script;
on paper they are open.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

HEADING = "## Five questions"


def read(text):
    """The questions of a file: ``[(question, [(whether right, answer, reason), ...]), ...]``."""
    questions = []
    for number, line in enumerate(text.splitlines(), 1):
        sign, words = line[:2], line[2:].strip()
        if sign == "? ":
            questions.append((words, []))
        elif sign in ("+ ", "- ") and questions:
            questions[-1][1].append([sign == "+ ", words, ""])
        elif sign == "  " and questions and questions[-1][1] and not questions[-1][1][-1][2]:
            questions[-1][1][-1][2] = words
        elif line.strip():
            raise ValueError(f'line {number} is no question ("? "), answer ("- ", "+ ") or reason ("  "): {line[:60]}')
    return questions


def beside(source):
    """The file with the questions of a chapter."""
    return Path(source).with_suffix(".quiz")


class Tag(nodes.General, nodes.TextElement):
    """An element of HTML around other nodes: ``open`` and ``close`` are its two texts."""


class Quiz(SphinxDirective):
    """``{quiz}``: the questions of the page's file, or of the file that is named."""

    optional_arguments = 1

    def run(self):
        """Make a folded part of each question, and in it one of each answer."""
        path = beside(self.env.doc2path(self.env.docname))
        if self.arguments:
            path = path.with_name(self.arguments[0])
        self.env.note_dependency(str(path))
        return [self._question(*question) for question in read(path.read_text(encoding="utf-8"))]

    def _question(self, question, answers):
        parts = [self._tag('<summary class="question">', question, "</summary>")]
        for right, answer, reason in answers:
            word = "Right." if right else "No."
            parts.append(self._tag(f'<details class="{"right" if right else "wrong"}">', [
                self._tag("<summary>", answer, "</summary>"),
                self._tag(f'<p><strong>{word}</strong> ', reason, "</p>")], "</details>"))
        return self._tag('<details class="optlearn-quiz">', parts, "</details>\n")

    def _tag(self, opening, inner, closing):
        tag = Tag("", open=opening, close=closing)
        tag += self.state.inline_text(inner, self.lineno)[0] if isinstance(inner, str) else inner
        return tag


def append(app, docname, source):
    """Add the section to a chapter that has a file of questions."""
    path = Path(app.env.doc2path(docname))
    if path.suffix != ".ipynb" or not beside(path).exists():
        return
    notebook = json.loads(source[0])
    notebook["cells"].append({"cell_type": "markdown", "id": "quiz", "source": f"{HEADING}\n\n```{{quiz}}\n```",
                              "metadata": {"slideshow": {"slide_type": "skip"}}})
    source[0] = json.dumps(notebook)


def outdated(app, env, added, changed, removed):
    """Pages whose questions came or went since they were read."""
    having = {name for name in env.found_docs if beside(env.doc2path(name)).exists()}
    before, env.optlearn_quizzes = getattr(env, "optlearn_quizzes", having), having
    return having ^ before


def setup(app):
    """Connect it."""
    app.add_node(Tag, html=(lambda self, node: self.body.append(node["open"]),
                            lambda self, node: self.body.append(node["close"])))
    app.add_directive("quiz", Quiz)
    app.connect("source-read", append)
    app.connect("env-get-outdated", outdated)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": 1}
