"""Consecutive cells with the same ``"fold": "Title"`` in their metadata stand in one box that opens by a click.

Hidden code that shows nothing opens with the hidden code that follows it. In JupyterLab they are cells like all others.
"""

import html
import json
import re

from cells import cell_of
from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.errors import ExtensionError

OPEN = '<details class="optlearn-fold"><summary>{}</summary>'


def fold(app, doctree, docname):
    """Put the boxes round what the cells made."""
    path = str(app.env.doc2path(docname))
    if app.builder.format != "html" or not path.endswith(".ipynb"):
        return
    with open(path, encoding="utf-8") as file:
        # The questions of a chapter are a cell that is not in its file.
        titles = {k: cell["metadata"].get("fold") for k, cell in enumerate(json.load(file)["cells"])}

    def walk(parent):
        current, at, last = None, 0, None
        for node in [*parent.children, None]:
            cell = cell_of(node) if isinstance(node, nodes.Element) else None
            last = last if cell is None else cell
            title = None if node is None else titles.get(last)
            if title != current:
                at = len(parent.children) if node is None else parent.index(node)
                signs = ["</details>"] if current else []
                signs += [OPEN.format(_set(title))] if title else []
                parent[at:at] = [nodes.raw("", sign, format="html") for sign in signs]
                current = title
            if isinstance(node, nodes.section) and not title:
                walk(node)
            elif isinstance(node, nodes.section):
                inside = {cell_of(part) for part in node.findall(nodes.Element)} - {None}
                if any(titles.get(k) != title for k in inside):
                    raise ExtensionError(f'{docname}: a section begins in the fold "{title}" and does not end in it')

    walk(doctree)


def together(app, doctree, docname):
    """One line opens the code of hidden cells one after the other of which only the last may show something."""
    def walk(parent):
        silent = None
        for node in list(parent.children):
            if isinstance(node, nodes.raw) and node.astext().startswith("<!-- cell"):
                continue
            if isinstance(node, nodes.section):
                walk(node)
            hidden = next(iter(node.children), None) if "tag_hide-input" in node.get("classes", ()) else None
            if not isinstance(hidden, HideCodeCellNode):
                silent = None
                continue
            if silent:
                hidden[0:0] = silent[0].children
                parent.remove(silent)
            silent = node if len(node) == 1 else None

    walk(doctree)


def closed(words, parts):
    """Nodes in a box of the lists and the reference, which a click on the words opens."""
    return [nodes.raw("", f'<details class="optlearn-entry"><summary>{words}</summary>', format="html"), *parts,
            nodes.raw("", "</details>", format="html")]


def _set(title):
    # As in the statements of claims, what stands between dollars is a formula.
    return re.sub(r"\$([^$]+)\$", r'<span class="math notranslate nohighlight">\\(\1\\)</span>',
                  html.escape(title, quote=False))


def setup(app):
    """Connect it: folds before the cells are marked, the others after."""
    app.connect("doctree-resolved", fold, priority=400)
    app.connect("doctree-resolved", together, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
