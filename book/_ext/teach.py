"""What a lecturer wants to see of all chapters at once, read from the chapters themselves.

``{goals}`` lists what each teaches and how long it takes; ``{syllabus} 90`` makes a table of lectures of 90 minutes, a
line each, ``descent/gradient_descent everything, momentum/momentum essentials``, and refuses one that is too long;
``{bank}`` lists the questions.
"""

import re

from docutils import nodes
from folds import closed
from quiz import Tag
from sphinx import addnodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

MINUTES = re.compile(r"(Essentials|Everything)\W[^\d.]{0,30}?(two times )?(\d+) minutes")


def minutes(text):
    """How long a chapter says it takes: ``{"essentials": 25, "everything": 75}``."""
    return {route.lower(): int(number) * (2 if twice else 1)
            for route, twice, number in MINUTES.findall(" ".join(text.split()))}


class Asked(nodes.General, nodes.Element):
    """Stands in the page until every chapter is read: what is to be shown, and the lines of a syllabus."""


class Teach(SphinxDirective):
    """All three directives."""

    has_content = True
    optional_arguments = 1

    def run(self):
        """Keep what was asked for."""
        return [Asked(kind=self.name, lines=list(self.content), limit=int((self.arguments or [0])[0]))]


def plain(paragraph, skip):
    """The text of a paragraph behind its first words, with references as words."""
    copy = paragraph.deepcopy()
    del copy[:skip]
    for reference in list(copy.findall(addnodes.pending_xref)):
        reference.replace_self(nodes.inline("", reference.astext()))
    return copy.children


def read(app, doctree):
    """Keep what a chapter says of itself."""
    found = {"ask": [], "questions": []}
    for strong in doctree.findall(nodes.strong):
        words, paragraph = strong.astext(), strong.parent
        if not isinstance(paragraph, nodes.paragraph) or not paragraph.astext().startswith(words):
            continue
        behind = paragraph.index(strong) + 1
        if words == "You will be able to":
            found["goals"] = plain(paragraph, behind)
        elif words == "Two routes.":
            found["minutes"] = minutes(paragraph.astext())
        elif words == "To ask the room.":
            found["ask"] = plain(paragraph, behind)
    for tag in doctree.findall(Tag):
        if tag["open"] == '<summary class="question">':
            found["questions"].append(plain(tag, 0))
    found["asks"] = next(doctree.findall(Asked), None) is not None
    if "goals" in found or found["asks"]:
        held(app.env)[app.env.docname] = found


def held(env):
    """What the chapters say, by page."""
    if not hasattr(env, "optlearn_teach"):
        env.optlearn_teach = {}
    return env.optlearn_teach


def merge(app, env, docnames, other):
    """Take what another process has read."""
    held(env).update(getattr(other, "optlearn_teach", {}))


def outdated(app, env):
    """Pages that show what chapters say are written again with each build."""
    return [name for name, found in held(env).items() if found["asks"]]


def forget(app, env, docname):
    """A page is read again."""
    held(env).pop(docname, None)


def resolve(app, doctree, docname):
    """Put it in its place."""
    known = held(app.env)

    def link(name):
        reference = nodes.reference("", app.env.titles[name].astext(), internal=True,
                                    refuri=app.builder.get_relative_uri(docname, name))
        return reference

    for asked in list(doctree.findall(Asked)):
        made = {"goals": goals, "syllabus": syllabus, "bank": bank}[asked["kind"]](app, known, link, asked)
        asked.replace_self(made)


def chapters(app, known):
    """The chapters in the order of the book."""
    return [name for name in app.env.toctree_includes.get(app.config.root_doc, [])
            if "goals" in known.get(name, ())]


def listed(items):
    """A list of items, each a list of inline nodes."""
    return nodes.bullet_list("", *(nodes.list_item("", nodes.paragraph("", "", *item)) for item in items))


def goals(app, known, link, asked):
    """What each chapter teaches."""
    items = []
    for name in chapters(app, known):
        times = known[name]["minutes"]
        when = f" ({times['essentials']} or {times['everything']} minutes): "
        items.append([link(name), nodes.Text(when), *(child.deepcopy() for child in known[name]["goals"])])
    return listed(items)


def bank(app, known, link, asked):
    """The questions of each chapter."""
    items = []
    for name in chapters(app, known):
        given = known[name]
        # The first is open, the five have their answers on the page.
        inner = [nodes.paragraph("", "", nodes.strong("", "", link(name)), *(c.deepcopy() for c in given["ask"]))]
        if given["questions"]:
            inner += closed("The five with answers", [nodes.enumerated_list("", *(
                nodes.list_item("", nodes.paragraph("", "", *(child.deepcopy() for child in question)))
                for question in given["questions"]))])
        items.append(nodes.list_item("", *inner))
    return nodes.bullet_list("", *items)


def plan(line):
    """The chapters of a line of a syllabus, each with its route."""
    return [tuple(part.split()) for part in line.split(",")]


def syllabus(app, known, link, asked):
    """A table of lectures whose minutes are those of the chapters."""
    rows = [[[nodes.Text(words)] for words in ("Lecture", "Chapters, with minutes", "Together", "For questions")]]
    for number, line in enumerate(filter(None, asked["lines"]), 1):
        parts, total = [], 0
        for page, route in plan(line):
            name = f"book/{page}"
            if "goals" not in known.get(name, ()):
                raise ExtensionError(f"lecture {number}: {page} is no chapter")
            total += (time := known[name]["minutes"][route])
            parts += [*([nodes.Text("; ")] if parts else []), link(name), nodes.Text(f", {route} {time}")]
        if total > asked["limit"]:
            raise ExtensionError(f"lecture {number} takes {total} minutes of {asked['limit']}")
        numbers = [[nodes.Text(str(value))] for value in (number, total, asked["limit"] - total)]
        rows.append([numbers[0], parts, *numbers[1:]])
    group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in (8, 60, 12, 12)), cols=4)
    made = [nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in row)) for row in rows]
    group += [nodes.thead("", made[0]), nodes.tbody("", *made[1:])]
    return nodes.table("", group, classes=["table"])


def setup(app):
    """Connect it."""
    app.add_node(Asked)
    for name in ("goals", "syllabus", "bank"):
        app.add_directive(name, Teach)
    app.connect("doctree-read", read)
    app.connect("env-merge-info", merge)
    app.connect("env-purge-doc", forget)
    app.connect("env-updated", outdated)
    app.connect("doctree-resolved", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": 2}
