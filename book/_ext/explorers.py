"""What all explorers share, once for the site: five files in ``_static``, on pages that have an explorer."""

import hashlib
from pathlib import Path

from optlearn.explorer import bundle, explorer, page


def write(app):
    """Put the files where pages look for them; their names get a mark of what is in them."""
    app.optlearn_files = None
    if app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static")
    folder.mkdir(parents=True, exist_ok=True)
    later = {"explorer-views.js": page.views(), "explorer-stages.js": bundle.stages(),
             "explorer-typing.js": page.typing()}
    files = {"explorer.js": bundle.site(explorer.common(), "".join(later.values())), **later,
             "explorer.css": bundle.style()}
    app.optlearn_files = hashlib.sha256("".join(files.values()).encode()).hexdigest()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def changed(app, env):
    """Have every page written when the files changed: their names there have a mark of what is in them."""
    before, env.optlearn_files = getattr(env, "optlearn_files", None), app.optlearn_files
    return sorted(env.found_docs) if before not in (None, env.optlearn_files) else []


def add(app, pagename, templatename, context, doctree):
    """Ask for them on a page that has an explorer."""
    if 'class="optlearn-explorer"' in context.get("body", ""):
        app.add_css_file("explorer.css")
        app.add_js_file("explorer.js", loading_method="defer")


def setup(app):
    """Connect it all."""
    app.connect("builder-inited", write)
    app.connect("env-updated", changed)
    app.connect("html-page-context", add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
