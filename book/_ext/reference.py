"""Directives that list the rules of the library, from what they declare and what is measured of them, and where the
book teaches them."""

import json
import posixpath
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from folds import closed
from sphinx import addnodes
from sphinx_external_toc.parsing import parse_toc_yaml

import optlearn

# A page of the reference with more entries than this shows the first sentence of each, and the rest by a click.
MANY = 15
# Rules that another's chapter teaches, and chapters whose failure is told in another.
TAUGHT_IN = {"adam_eps_hat": "adam", "rprop": "local_gains", "delta_bar_delta": "local_gains", "sign_sgd": "signum",
             "lamb": "lars", "shampoo": "muon"}
FAILS_IN = {"momentum": "heavy_ball"}
FAILURE = re.compile(r"^## (Where it (?:fails|is not better)[^\n]*)$(.*?)(?=^## |\Z)", re.M | re.S)
ASKED = {"loss": "loss", "gradient": "second gradient", "hessian": "Hessian",
         "hessian_diagonal": "diagonal of the Hessian"}


class Rules(Directive):
    """``{rules}``: a row a rule: name, year and source, state for each parameter, kind of weight decay, chapter."""

    def run(self):
        pages = Pages(self.state.document.settings.env)
        rows = []
        for name in optlearn.names():
            rule = optlearn.get(name)
            author, year = source(rule)
            # What depends on the shape, as Adafactor's rows and columns, has no number.
            state = ", ".join(rule.slots) or "none"
            rows.append([pages.rule(rule), nodes.literal("", name), nodes.Text(year), nodes.Text(author),
                         nodes.Text(state), nodes.Text(decay(rule)), pages.taught(name)])
        heads = ["rule", "name", "year", "source", "state for each parameter", "weight decay", "taught in"]
        return [_table([nodes.Text(head) for head in heads], rows)]


class Methods(Directive):
    """``{methods}``: a row a rule: year, state, cost, what leaves its path as it is, what it asks, where it fails."""

    def run(self):
        import invariances

        pages = Pages(self.state.document.settings.env)
        rows = []
        for name in sorted(optlearn.names(), key=lambda name: (source(optlearn.get(name))[1], name)):
            rule = optlearn.get(name)
            found = dict.fromkeys(invariances.CHANGES, "random") if rule.draws else invariances.measured(rule)
            rows.append([pages.rule(rule), nodes.Text(source(rule)[1]), nodes.Text(f"{invariances.kept(rule):.2g}"),
                         nodes.Text(str(rule.gradients_per_step)), *map(nodes.Text, found.values()),
                         nodes.Text(needs(rule)), pages.taught(name), pages.fails(name)])
        heads = ["rule", "year", "state for each weight", "gradients a step", *invariances.CHANGES, "asks for",
                 "taught in", "where it fails"]
        return [_table([nodes.Text(head) for head in heads], rows, "optlearn-methods")]


def decay(rule):
    """What `weight_decay` means to it."""
    numbers = type(rule).hypers()
    kind = "its own" if "weight_decay" in numbers else "penalty"
    return kind + " or decoupled" * ("decoupled_weight_decay" in numbers)


def source(rule):
    """Author and year of a rule, from its docstring."""
    found = re.search(r"Source: (.*?)\((\d{4})\)", type(rule).__doc__, re.S)
    return " ".join(found[1].split()).rstrip(", "), found[2]


def needs(rule):
    """What a rule asks for besides a gradient, in words."""
    asked = [ASKED[kind] for kind in rule.needs if kind in ASKED]
    return ", ".join(asked + ["shapes"] * rule.takes_matrices + ["random draws"] * bool(rule.draws)) or "–"


class Pages:
    """Links from the page that is being read to those of rules and chapters."""

    def __init__(self, env):
        for path in Path(optlearn.rules.__file__).parent.glob("*.py"):
            env.note_dependency(str(path))
        self.here, self.root = posixpath.dirname(env.docname), Path(env.srcdir)
        self.chapters = {posixpath.basename(name).removesuffix(".ipynb"): name.removesuffix(".ipynb")
                         for name in parse_toc_yaml(self.root / "_toc.yml")}

    def link(self, text, page, anchor=""):
        """A link to a page of the book; `text` may hold formulas."""
        parts = [nodes.math("", part[1:-1]) if part.startswith("$") else nodes.Text(part)
                 for part in re.split(r"(\$[^$]+\$)", text) if part]
        return nodes.reference("", "", *parts, refuri=f"{posixpath.relpath(page, self.here)}.html{anchor}",
                               internal=True)

    def rule(self, rule):
        """To the documentation of a rule."""
        name = type(rule).__name__
        return self.link(name, "book/reference/rules", f"#optlearn.rules.{name}")

    def taught(self, name):
        """To the chapter that teaches a rule, if there is one."""
        chapter = self.chapters.get(TAUGHT_IN.get(name, name))
        return self.link(posixpath.basename(chapter).replace("_", " "), chapter) if chapter else nodes.Text("")

    def fails(self, name):
        """To the place of a chapter where a rule fails, in the first words that are said there."""
        chapter = self.chapters.get(FAILS_IN.get(name, TAUGHT_IN.get(name, name)))
        found = failure(self.root / f"{chapter}.ipynb") if chapter else None
        return self.link(found[0], chapter, found[1]) if found else nodes.Text("")


def failure(notebook):
    """The first words of a chapter's section on where its method fails, and the anchor; None without such a section."""
    if not notebook.is_file():
        return None
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    said = FAILURE.search("\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"))
    if said is None:
        return None
    bold = re.search(r"\*\*(.+?)\*\*", said[2])
    words = bold[1] if bold else said[1].partition(": ")[2]
    anchor = nodes.make_id(said[1])
    return (words.rstrip(".,:") or "where it fails"), f"#{anchor}"


def _table(head, rows, *classes):
    table, group = nodes.table(classes=["optlearn-rules", *classes]), nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *map(_row, rows))
    table += group
    return table


def _row(cells):
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def fold(app, doctree, docname):
    """Put all but the first sentence of an entry in a box that opens by a click, where there are many."""
    entries = [part for desc in doctree.findall(addnodes.desc) for part in desc.findall(addnodes.desc_content)
               if part.parent is desc and not isinstance(desc.parent, addnodes.desc_content)]
    if app.builder.format != "html" or len(entries) <= MANY:
        return
    for entry in entries:
        if rest := entry.children[1:]:
            entry[:] = [entry[0], *closed(held_by(rest), rest)]


def held_by(parts):
    """The headings of what an entry says, in words: "Update, parameters, source"."""
    found = []
    for part in parts:
        if isinstance(part, nodes.field_list):
            found += [field[0].astext() for field in part]
        elif isinstance(part, nodes.rubric):
            found.append(part.astext())
        elif isinstance(part, addnodes.desc):
            found.append("methods")
    found = list(dict.fromkeys(word.lower() for word in found))
    return ", ".join(found).capitalize() or "More"


def each_alone(app, what, name, thing, options, lines):
    """Give each of several attributes of one line ("lr, loss : array") an entry; Napoleon takes them for one name."""
    if "Attributes" not in lines:
        return
    begin = lines.index("Attributes") + 2
    end = next((k - 1 for k in range(begin + 1, len(lines)) if lines[k] and set(lines[k]) == {"-"}), len(lines))
    made = []
    for entry in re.split(r"\n(?=\w)", "\n".join(lines[begin:end])):
        names, rest = re.match(r"([\w, ]*\w)?(.*)", entry, re.S).groups(default="")
        made += [line for one in names.split(", ") for line in (one + rest).split("\n")]
    lines[begin:end] = made


def setup(app):
    """Register the directives."""
    app.connect("autodoc-process-docstring", each_alone, priority=400)      # Napoleon's is 500
    app.add_directive("rules", Rules)
    app.add_directive("methods", Methods)
    app.connect("doctree-resolved", fold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
