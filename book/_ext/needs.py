"""A map of the chapters: which needs which, read from the line "Needs" at the top of each, drawn with links.

    ```{needs}
    ```

Below that line each chapter says where it returns: in those that need it, or else in those that speak of it and that it
does not need itself.
"""

import html
import re
import textwrap
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx_external_toc.parsing import parse_toc_yaml

WIDTH, HEIGHT, GAP, RISE = 142, 42, 14, 46
END = re.compile(r"\.(\s|$)")


class Map(nodes.General, nodes.Element):
    """Where the map goes."""


class Returns(nodes.General, nodes.Element):
    """Where it says in which chapters a chapter returns."""


class Needs(Directive):
    def run(self):
        return [Map()]


def targets(env, children):
    """The pages to which nodes link."""
    return [env.relfn2path(str(link["reftarget"]), env.docname)[0].partition(".")[0]
            for node in children for link in node.findall(nodes.Element) if link.get("reftype") == "doc"]


def sentence(paragraph):
    """The nodes of the first sentence of a paragraph, without its first word."""
    for node in paragraph.children[1:]:
        if isinstance(node, nodes.Text) and END.search(node.astext()):
            return
        yield node


def read(app, doctree):
    """Keep what the chapter that was read says it needs, and of which it speaks."""
    env = app.env
    for name in ("optlearn_needs", "optlearn_links"):
        if not hasattr(env, name):
            setattr(env, name, {})
    for strong in doctree.findall(nodes.strong):
        paragraph = strong.parent
        if strong.astext() == "Needs" and isinstance(paragraph, nodes.paragraph):
            env.optlearn_needs[env.docname] = targets(env, sentence(paragraph))
            spoken = [part for part in doctree.findall(nodes.TextElement)
                      if not part.astext().startswith(("Needs", "Next", "Back"))]
            env.optlearn_links[env.docname] = targets(env, spoken)
            paragraph.parent.insert(paragraph.parent.index(paragraph) + 1, Returns())
            return


def merge(app, env, docnames, other):
    for name in ("optlearn_needs", "optlearn_links"):
        setattr(env, name, {**getattr(env, name, {}), **getattr(other, name, {})})


def returns(docname, needs, links):
    """The chapters in which a chapter returns."""
    found = [name for name, others in needs.items() if docname in others]
    # What needs nothing, as the glossary, speaks of everything.
    return found or [name for name, others in links.items()
                     if needs[name] and docname in others and name not in (docname, *needs[docname])]


def said(docname, env, address, order):
    """The line that says so."""
    found = sorted(returns(docname, env.optlearn_needs, env.optlearn_links), key=order.index)
    if not found:
        return []
    line = nodes.paragraph("", "", nodes.strong("", "Returns in"), nodes.Text(" "), classes=["optlearn-returns"])
    for name in found:
        line += nodes.reference("", env.titles[name].astext(), refuri=address(name), internal=True)
        line += nodes.Text("." if name == found[-1] else ", ")
    return line


def direct(needs):
    """The needs that do not follow from other needs."""
    above = {}

    def all_of(name):
        if name not in above:
            above[name] = set().union(*({other} | all_of(other) for other in needs[name]))
        return above[name]

    return {name: [other for other in others if not any(other in all_of(third) for third in others)]
            for name, others in needs.items() if all_of(name) is not None}


def layers(needs):
    """The chapters in rows, each below those it needs, ordered so that lines cross little."""
    depth = {}

    def of(name):
        if name not in depth:
            depth[name] = 1 + max((of(other) for other in needs[name]), default=-1)
        return depth[name]

    rows = [[name for name in needs if of(name) == level] for level in range(1 + max(map(of, needs)))]
    at = {name: place / max(len(row) - 1, 1) for row in rows for place, name in enumerate(row)}
    for _ in range(8):
        for row in rows:
            def pull(name):
                near = [at[other] for other in needs[name]] + [at[other] for other in needs if name in needs[other]]
                return sum(near) / len(near) if near else at[name]
            row.sort(key=pull)
            at.update({name: (place + 0.5) / len(row) for place, name in enumerate(row)})
    return rows


def drawing(needs, titles, address):
    """The map as SVG with links."""
    needs = direct(needs)
    rows = layers(needs)
    total = max(map(len, rows)) * (WIDTH + GAP) + GAP
    spot = {name: (total * (place + 0.5) / len(row), level * (HEIGHT + RISE) + 4)
            for level, row in enumerate(rows) for place, name in enumerate(row)}
    parts = []
    for name, others in needs.items():
        for other in others:
            (x, y), (u, v) = spot[name], spot[other]
            v += HEIGHT
            bend = RISE * 0.7
            parts.append(f'<path d="M{u:.0f} {v}C{u:.0f} {v + bend:.0f} {x:.0f} {y - bend:.0f} {x:.0f} {y}"/>')
    for name, (x, y) in spot.items():
        lines = textwrap.wrap(titles[name], 20)
        if len(lines) > 2:
            lines = textwrap.wrap(re.split("[:,]", titles[name])[0], 20)
        first = y + HEIGHT / 2 + 4.5 - 7.5 * (len(lines) - 1)
        text = "".join(f'<tspan x="{x:.0f}" y="{first + 15 * i:.1f}">{html.escape(line)}</tspan>'
                       for i, line in enumerate(lines))
        said = ", ".join(titles[other] for other in needs[name])
        parts.append(f'<a href="{html.escape(address(name))}"><title>{html.escape(titles[name])}'
                     f'{html.escape(" needs " + said) if said else ""}</title><rect x="{x - WIDTH / 2:.0f}" y="{y}" '
                     f'width="{WIDTH}" height="{HEIGHT}" rx="6"/><text>{text}</text></a>')
    high = len(rows) * (HEIGHT + RISE) - RISE + 8
    return (f'<div class="optlearn-needs" tabindex="0" role="group" aria-label="Map of the chapters">'
            f'<svg viewBox="0 0 {total} {high}" style="min-width:{total * 0.72:.0f}px">{"".join(parts)}</svg></div>')


def resolve(app, doctree, docname):
    """Put the map, and the line, in their places."""
    address = lambda name: app.builder.get_relative_uri(docname, name)  # noqa: E731
    for node in list(doctree.findall(Returns)):
        order = [re.sub(r"\.\w+$", "", name) for name in parse_toc_yaml(Path(app.srcdir, "_toc.yml"))]
        node.replace_self(said(docname, app.env, address, order))
    for node in list(doctree.findall(Map)):
        known = getattr(app.env, "optlearn_needs", {})
        needs = {name: [other for other in known[name] if other in known] for name in sorted(known)}
        titles = {name: app.env.titles[name].astext() for name in needs}
        node.replace_self(nodes.raw("", drawing(needs, titles, address), format="html") if needs else [])


def setup(app):
    app.add_node(Map)
    app.add_node(Returns)
    app.add_directive("needs", Needs)
    app.connect("doctree-read", read)
    app.connect("env-merge-info", merge)
    app.connect("doctree-resolved", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": 2}
