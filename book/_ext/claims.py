"""A directive that lists every claim of the book, as this build measured it, with links to the cells."""

import posixpath
import re
from html import unescape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from folds import closed
from sphinx_external_toc.parsing import parse_toc_yaml

CLAIM = re.compile(r'<div class="optlearn-claim" id="([^"]+)"><p>(.*?)</p><p>(.*?)</p></div>', re.S)


class claims_here(nodes.General, nodes.Element):
    """Stands in the page until every chapter is read."""


class Claims(Directive):
    """``{claims}``: a field to filter by, a section a chapter, in it, folded, a list for each of its sections."""

    def run(self):
        return [claims_here()]


def collect(app, doctree):
    """Keep the claims that a chapter's run made: its title, and section, anchor, statement and numbers of each."""
    found = []
    for raw in doctree.findall(nodes.raw):
        for anchor, statement, numbers in CLAIM.findall(raw.astext()):
            found.append((_heading(raw), anchor, statement, unescape(numbers)))
    title = next(doctree.findall(nodes.title), None)
    if found and title is not None:
        held(app.env)[app.env.docname] = title.astext(), found


def _heading(node):
    """The title of the section, below that of the page, in which a node stands."""
    sections = []
    while node is not None:
        if isinstance(node, nodes.section):
            sections.append(node)
        node = node.parent
    inner = sections[-2] if len(sections) > 1 else sections[-1]
    return inner.next_node(nodes.title).astext()


def held(env):
    """Claims by page."""
    if not hasattr(env, "optlearn_claims"):
        env.optlearn_claims = {}
    return env.optlearn_claims


def forget(app, env, docname):
    """A page is read again."""
    held(env).pop(docname, None)


def merge(app, env, docnames, other):
    """Take over what another process read."""
    held(env).update({name: held(other)[name] for name in docnames if name in held(other)})


def fill(app, doctree, docname):
    """Write the list where it belongs."""
    for place in list(doctree.findall(claims_here)):
        known = held(app.env)
        pages = [name for name in (p.removesuffix(".ipynb").removesuffix(".md")
                                   for p in parse_toc_yaml(Path(app.srcdir, "_toc.yml"))) if name in known]
        count = sum(len(known[name][1]) for name in pages)
        words = f"{count} claims in {len(pages)} chapters, as this build measured them."
        field = ('<p class="optlearn-filter"><label>Show those with <input type="search" id="claim-filter" '
                 'autocomplete="off"></label> <output id="claim-count" for="claim-filter"></output></p>')
        result = [nodes.paragraph(text=words), nodes.raw("", field, format="html")]
        for name in pages:
            title, claims = known[name]
            link = posixpath.relpath(name, posixpath.dirname(docname)) + ".html"
            section = nodes.section(ids=[nodes.make_id("claims-" + title)], classes=["optlearn-claims"])
            section += nodes.title(text=title)
            words = f"{len(claims)} claims" if len(claims) > 1 else "1 claim"
            heading, items, parts = None, None, []
            for where, anchor, statement, numbers in claims:
                if where != heading:
                    heading, items = where, nodes.bullet_list()
                    parts += [nodes.paragraph("", "", nodes.strong(text=where)), items]
                # The statement is the box's own HTML: its formulas are set as they are there.
                entry = nodes.raw("", f'<p><a class="reference internal" href="{link}#{anchor}">{statement}</a></p>',
                                  format="html")
                items += nodes.list_item("", entry, nodes.paragraph(text=numbers))
            section += closed(words, parts)
            result.append(section)
        place.replace_self(result)


def setup(app):
    """Register the directive and what gathers its contents."""
    app.add_node(claims_here)
    app.add_directive("claims", Claims)
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": 1}
