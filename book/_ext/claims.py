"""A directive that lists every claim of the book's notebooks, with links to the cells that measure them."""

import json
import posixpath
import re
from html import unescape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx_external_toc.parsing import parse_toc_yaml

CLAIM = re.compile(r'<div class="optlearn-claim" id="([^"]+)"><p>(.*?)</p><p>(.*?)</p></div>', re.S)


def claims_of(notebook):
    """Title of a notebook, and anchor, statement and numbers of its claims."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    heading = next(line for cell in cells for line in "".join(cell["source"]).splitlines() if line.startswith("# "))
    outputs = (output for cell in cells for output in cell.get("outputs", []))
    html = ("".join(output.get("data", {}).get("text/html", "")) for output in outputs)
    return heading[2:], [tuple(map(unescape, found)) for text in html for found in CLAIM.findall(text)]


class Claims(Directive):
    """``{claims}``: a section a chapter, an item a claim."""

    def run(self):
        env = self.state.document.settings.env
        here = posixpath.dirname(env.docname)
        result, count = [], 0
        for name in parse_toc_yaml(Path(env.srcdir, "_toc.yml")):
            notebook = Path(env.srcdir, name.removesuffix(".ipynb") + ".ipynb")
            if not notebook.exists():
                continue
            env.note_dependency(str(notebook))
            title, claims = claims_of(notebook)
            if not claims:
                continue
            count += len(claims)
            page = posixpath.relpath(name.removesuffix(".ipynb"), here) + ".html"
            section = nodes.section(ids=[nodes.make_id("claims-" + title)])
            section += nodes.title(text=title)
            items = nodes.bullet_list()
            for anchor, statement, numbers in claims:
                link = nodes.reference("", statement, refuri=f"{page}#{anchor}", internal=True)
                items += nodes.list_item("", nodes.paragraph("", "", link), nodes.paragraph(text=numbers))
            section += items
            result.append(section)
        return [nodes.paragraph(text=f"{count} claims in {len(result)} chapters."), *result]


def setup(app):
    """Register the directive."""
    app.add_directive("claims", Claims)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
