"""A directive that lists the rules of the library, from their declarations, and where the book teaches them."""

import posixpath
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx_external_toc.parsing import parse_toc_yaml

# Rules that another's chapter teaches.
TAUGHT_IN = {"adam_eps_hat": "adam", "rprop": "local_gains", "delta_bar_delta": "local_gains", "sign_sgd": "signum",
             "lamb": "lars"}


class Rules(Directive):
    """``{rules}``: a row a rule: name, year and source, state for each parameter, chapter."""

    def run(self):
        import optlearn

        env = self.state.document.settings.env
        for path in Path(optlearn.rules.__file__).parent.glob("*.py"):
            env.note_dependency(str(path))
        here = posixpath.dirname(env.docname)
        chapters = {posixpath.basename(name).removesuffix(".ipynb"): name.removesuffix(".ipynb")
                    for name in parse_toc_yaml(Path(env.srcdir, "_toc.yml"))}
        rows = []
        for name in optlearn.names():
            rule = optlearn.get(name)
            cls = type(rule)
            source = re.search(r"Source: (.*?)\((\d{4})\)", cls.__doc__, re.S)
            chapter = chapters.get(TAUGHT_IN.get(name, name))
            link = nodes.reference("", cls.__name__, refuri=f"{posixpath.relpath('book/reference/rules', here)}.html"
                                                            f"#optlearn.rules.{cls.__name__}", internal=True)
            taught = nodes.reference("", posixpath.basename(chapter).replace("_", " "), internal=True,
                                     refuri=posixpath.relpath(chapter, here) + ".html") if chapter else nodes.Text("")
            # What depends on the shape, as Adafactor's rows and columns, has no number.
            state = ", ".join(rule.slots) or "none"
            rows.append([link, nodes.literal("", name), nodes.Text(source[2]),
                         nodes.Text(" ".join(source[1].split()).rstrip(", ")), nodes.Text(state),
                         nodes.Text(str(rule.gradients_per_step)), taught])
        heads = ["rule", "name", "year", "source", "state for each parameter", "gradients a step", "taught in"]
        return [_table([nodes.Text(head) for head in heads], rows)]


def _table(head, rows):
    table, group = nodes.table(classes=["optlearn-rules"]), nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *map(_row, rows))
    table += group
    return table


def _row(cells):
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def setup(app):
    """Register the directive."""
    app.add_directive("rules", Rules)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
