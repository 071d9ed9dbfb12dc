"""A mark where each cell of a notebook begins, from which slides and sheets are made: ``<!-- cell 3 -->``."""

from docutils import nodes


def cell_of(node):
    """The number of the cell that a node comes from, or None: MyST-NB gives each a range of line numbers."""
    if "cell_index" in node.attributes:
        return node["cell_index"]
    line = node.line or (node.children[0].line if isinstance(node, nodes.section) else None)
    return line // 10_000 - 1 if line and line >= 10_000 else None


def mark(app, doctree, docname):
    """Put the marks into a page that was a notebook."""
    if app.builder.format != "html" or not str(app.env.doc2path(docname)).endswith(".ipynb"):
        return
    last = None

    def walk(parent):
        nonlocal last
        for node in list(parent.children):
            cell = cell_of(node) if isinstance(node, nodes.Element) else None
            if cell is not None and cell != last:
                last = cell
                sign = nodes.raw("", f"<!-- cell {cell} -->\n", format="html")
                if isinstance(node, nodes.section):
                    node.insert(0, sign)
                else:
                    parent.insert(parent.index(node), sign)
            if isinstance(node, nodes.section):
                walk(node)

    walk(doctree)


def setup(app):
    """Connect it."""
    app.connect("doctree-resolved", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
