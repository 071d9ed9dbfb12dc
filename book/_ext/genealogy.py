"""A drawing of which rule becomes which other one: its arrows are the checked claims of the page.

    ```{genealogy}
    schedule_free .
    averaged      gradient_descent
    ```

The body says where each rule stands. An output of the page such as
``<div class="optlearn-edge" data-edge="adam rmsprop values">``, around a claim, draws an arrow and leads to the claim.
"""

import html
import re
import textwrap

from docutils import nodes
from docutils.parsers.rst import Directive
from reference import TAUGHT_IN

WIDTH, HEIGHT, GAP, RISE, MARK = 112, 42, 30, 62, 10
EDGE = re.compile(r'<div class="optlearn-edge" data-edge="(\S+) (\S+) (\S+)">.*?id="(claim-\w+)"><p>(.*?):', re.S)
KINDS = {"values": "by values of its numbers", "limit": "in a limit",
         "case": "on some problems, or with another schedule"}
SIGNS = {r"\beta": "β", r"\eta": "η", r"\epsilon": "ε", r"\rho": "ρ", r"\alpha": "α", r"\lambda": "λ", r"\mu": "μ",
         r"\kappa": "κ", r"\phi": "φ", r"\Delta": "Δ", r"\tau": "τ", r"\to": "→", r"\infty": "∞", r"\le": "≤",
         r"\gamma": "γ", r"\max": "max", r"\min": "min", r"\sqrt": "√", "_1": "₁", "_2": "₂", "_t": "ₜ"}
WRAPPERS = {"averaged": ("Averaged", "averaging"), "lookahead": ("Lookahead", "averaging"), "sam": ("SAM", "sam")}


class Drawing(nodes.General, nodes.Element):
    """Where the drawing goes."""


class Genealogy(Directive):
    has_content = True

    def run(self):
        return [Drawing(grid=[line.split() for line in self.content])]


def edges(doctree):
    """The checked edges of a page: rule, what it becomes, kind, anchor, and the claim in plain words."""
    found = [edge for raw in doctree.findall(nodes.raw) for edge in EDGE.findall(raw.astext())]
    return [(*edge[:4], plain(edge[4])) for edge in found]


def plain(text):
    """A claim without tags and formulas."""
    text = html.unescape(re.sub(r"<[^>]+>|\\\(|\\\)", "", text))
    for sign, letter in SIGNS.items():
        text = text.replace(sign, letter)
    return re.sub(r"[{}\\]", "", text)


def who(name, chapters):
    """Title of a rule and the page that teaches it, or else that of the reference."""
    if name in WRAPPERS:
        title, chapter = WRAPPERS[name]
        return title, chapters.get(chapter, "book/reference/wrappers")
    import optlearn
    from optlearn.explorer.payload import label_of

    return label_of(optlearn.get(name)), chapters.get(TAUGHT_IN.get(name, name), "book/reference/rules")


def ports(spot, found):
    """Where each arrow begins and ends: those on one side of a box stand apart, in the order of their other ends."""
    sides = {}
    for k, (one, other, *_) in enumerate(found):
        (x, y), (u, v) = spot[one], spot[other]
        for end, at, to in ((0, one, (u, v)), (1, other, (x, y))):
            down, right = to[1] - spot[at][1], to[0] - spot[at][0]
            side = ("left" if right < 0 else "right") if not down else ("bottom" if down > 0 else "top")
            sides.setdefault((at, side), []).append((right / (abs(down) or 1), k, end))
    place = {}
    for (name, side), lines in sides.items():
        x, y = spot[name]
        for n, (_, k, end) in enumerate(sorted(lines)):
            share = (n + 1) / (len(lines) + 1) - 0.5
            place[k, end] = {"top": (x + 0.9 * WIDTH * share, y), "bottom": (x + 0.9 * WIDTH * share, y + HEIGHT),
                             "left": (x - WIDTH / 2, y + HEIGHT / 2), "right": (x + WIDTH / 2, y + HEIGHT / 2)}[side]
    return place


def mark(kind, x, y):
    """The outline of an arrow's number: its form says the kind."""
    if kind == "values":
        return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{MARK}"/>'
    if kind == "limit":
        return f'<rect x="{x - MARK:.0f}" y="{y - MARK:.0f}" width="{2 * MARK}" height="{2 * MARK}"/>'
    r = MARK + 4
    return f'<path d="M{x:.0f} {y - r:.0f}l{r} {r}l-{r} {r}l-{r} -{r}z"/>'


def arrow(k, edge, begin, end):
    """One arrow with its number, which leads to the claim."""
    _, _, kind, anchor, words = edge
    (x, y), (u, v) = begin, end
    if abs(y - v) < 1:
        line, middle = f"M{x:.0f} {y:.0f}H{u:.0f}", ((x + u) / 2, y)
    else:
        bend = 0.55 * RISE * (1 if v > y else -1)
        line = f"M{x:.0f} {y:.0f}C{x:.0f} {y + bend:.0f} {u:.0f} {v - bend:.0f} {u:.0f} {v:.0f}"
        # Nearer to where it begins, as many end at one box.
        s = 0.36
        a, b, c, d = (1 - s) ** 3, 3 * s * (1 - s) ** 2, 3 * s * s * (1 - s), s**3
        middle = ((a + b) * x + (c + d) * u, a * y + b * (y + bend) + c * (v - bend) + d * v)
    middle = (middle[0], middle[1] - MARK - 6) if abs(y - v) < 1 else middle
    return (f'<path class="{kind}" d="{line}" marker-end="url(#optlearn-head)"/>',
            f'<a class="edge" href="#{anchor}"><title>{k}. {html.escape(words)}</title>{mark(kind, *middle)}'
            f'<text x="{middle[0]:.0f}" y="{middle[1] + 4:.0f}">{k}</text></a>')


def box(x, y, title, address):
    """One rule, which leads to its chapter."""
    lines = textwrap.wrap(title, 13)
    first = y + HEIGHT / 2 + 5 - 8 * (len(lines) - 1)
    text = "".join(f'<tspan x="{x:.0f}" y="{first + 16 * i:.0f}">{html.escape(line)}</tspan>'
                   for i, line in enumerate(lines))
    return (f'<a href="{html.escape(address)}"><rect x="{x - WIDTH / 2:.0f}" y="{y}" width="{WIDTH}" height="{HEIGHT}" '
            f'rx="6"/><text>{text}</text></a>')


def drawing(grid, found, titles, address):
    """The genealogy as SVG with links."""
    spot = {name: (column * (WIDTH + GAP) + WIDTH / 2, row * (HEIGHT + RISE) + 4)
            for row, names in enumerate(grid) for column, name in enumerate(names) if name != "."}
    strays = {name for edge in found for name in edge[:2]} ^ set(spot)
    if strays:
        raise ValueError(f"genealogy: {', '.join(sorted(strays))}: every rule of the grid has an edge, and none else")
    place = ports(spot, found)
    arrows = [arrow(k + 1, edge, place[k, 0], place[k, 1]) for k, edge in enumerate(found)]
    boxes = [box(*spot[name], titles[name], address[name]) for name in spot]
    wide, high = max(map(len, grid)) * (WIDTH + GAP) - GAP, len(grid) * (HEIGHT + RISE) - RISE + 8
    head = ('<defs><marker id="optlearn-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>')
    keys = "".join(f'<li><svg viewBox="0 0 74 30" width="74" height="30" aria-hidden="true"><path class="{kind}" '
                   f'd="M2 15H70"/><g class="edge">{mark(kind, 34, 15)}</g></svg> {words}</li>'
                   for kind, words in KINDS.items())
    return (f'<div class="optlearn-needs optlearn-genealogy" tabindex="0" role="group" aria-label="Which rule becomes '
            f'which other one"><svg viewBox="-2 0 {wide + 4} {high}" style="min-width:{0.66 * wide:.0f}px">{head}'
            f'{"".join(line for line, _ in arrows)}{"".join(boxes)}'
            f'{"".join(number for _, number in arrows)}</svg></div>'
            f'<ul class="optlearn-kinds">{keys}</ul>')


def known_in(node, env):
    """Title and page of each rule of a drawing."""
    chapters = {name.rpartition("/")[2]: name for name in env.found_docs}
    return {name: who(name, chapters) for names in node["grid"] for name in names if name != "."}


def read(app, doctree):
    """The page speaks of all chapters to which its drawing leads."""
    for node in doctree.findall(Drawing):
        app.env.optlearn_links[app.env.docname] += [page for _, page in known_in(node, app.env).values()]


def resolve(app, doctree, docname):
    """Put the drawing in its place."""
    for node in list(doctree.findall(Drawing)):
        known = known_in(node, app.env)
        address = {name: app.builder.get_relative_uri(docname, page) for name, (_, page) in known.items()}
        titles = {name: title for name, (title, _) in known.items()}
        node.replace_self(nodes.raw("", drawing(node["grid"], edges(doctree), titles, address), format="html"))


def setup(app):
    """Connect it."""
    app.add_node(Drawing)
    app.add_directive("genealogy", Genealogy)
    # After needs.py, which keeps of what a page speaks.
    app.connect("doctree-read", read, priority=600)
    app.connect("doctree-resolved", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
