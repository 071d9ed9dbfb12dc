"""What a site has for a public host: a policy that keeps it to itself, words for search and cards, 404, sitemap.

The address of the repository and that of the site stand in ``_config.yml``, where ``make address`` puts them. Without
them no page offers to open elsewhere, and there is no sitemap, which would need them.
"""

import html
import posixpath
import re
import textwrap
from pathlib import Path
from urllib.parse import quote, urlsplit

from docutils import nodes

# Nothing is fetched from elsewhere. Explorers compile rules that were sent as text, and start workers from them.
POLICY = ("default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; worker-src 'self' blob:; "
          "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
          "frame-src 'self' blob: data:; object-src 'none'; base-uri 'self'; form-action 'self'")
NOT_FOUND = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Not found: optlearn</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<style>:root{{color-scheme:light dark}}body{{font:1.2rem/1.6 serif;max-width:34rem;margin:20vh auto;padding:0 1rem}}
</style></head><body><main><h1>This page is not here</h1>
<p>It may have moved: <a href="{home}">begin at the front</a>, or <a href="{home}search.html">search the book</a>.</p>
</main></body></html>
"""
SITEMAP = """<?xml version="1.0" encoding="utf-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
{rows}
</urlset>
"""
CARD = "_static/card.png"
# Where a notebook opens, from the repository's address, branch and path; {quoted} is for a query.
PLACES = {
    "Binder": ("https://mybinder.org/v2/gh/{owner}/{branch}?urlpath=lab/tree/{path}", "Run in the browser, on Binder"),
    "Colab": ("https://colab.research.google.com/github/{owner}/blob/colab/{path}", "Run in the browser, on Colab"),
}


def words(doctree, title):
    """What a page is about: its first sentences, before any formula."""
    first = next((p for p in doctree.findall(nodes.paragraph) if isinstance(p.parent, nodes.section)), None)
    text = ""
    for part in first.children if first else ():
        if isinstance(part, nodes.math):
            text = text[:text.rfind(". ") + 1]
            break
        text += part.astext()
    text = textwrap.shorten(text, 200, placeholder=" ...")
    return text if len(text) > 40 else title


def head(app, pagename, templatename, context, doctree):
    """The policy, and the words that search engines and cards show."""
    base = app.config.html_baseurl.rstrip("/")
    title = re.sub("<[^>]+>", "", context.get("title", "")) or app.config.html_title
    about = words(doctree, app.config.html_title) if doctree else app.config.html_title
    tags = {"og:type": "article", "og:title": html.unescape(title), "og:site_name": app.config.html_title,
            "og:description": about}
    if base:
        tags |= {"og:url": f"{base}/{pagename}.html", "og:image": f"{base}/{CARD}", "og:image:width": "1200",
                 "og:image:height": "630", "og:image:alt": "Three optimizers race down a surface"}
    rows = [f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            f'<meta name="description" content="{html.escape(about)}">',
            '<meta name="twitter:card" content="summary_large_image">',
            *(f'<meta property="{name}" content="{html.escape(value)}">' for name, value in tags.items())]
    # Those of the theme and of MyST stay.
    context["metatags"] = "\n".join([*rows, context.get("metatags", "")])


def repository(app):
    """The parts of the repository's address: host, owner and name; or nothing."""
    address = urlsplit(app.config.html_theme_options.get("repository_url") or "")
    return (address.netloc, address.path.strip("/")) if address.netloc else None


def offers(app, pagename):
    """Where a page that is a notebook can be opened, as name, address and words."""
    known = repository(app)
    if not known or known[0] != "github.com" or not (Path(app.srcdir) / f"{pagename}.ipynb").exists():
        return []
    branch = app.config.html_theme_options.get("repository_branch") or "main"
    return [(name, address.format(owner=known[1], branch=branch, path=quote(f"{pagename}.ipynb")), text)
            for name, (address, text) in PLACES.items()]


def buttons(app, pagename, templatename, context, doctree):
    """Put them into the menu of downloads."""
    for group in context.get("header_buttons", ()):
        if group.get("label") == "download-buttons":
            group["buttons"] += [{"type": "link", "url": address, "text": name, "tooltip": text,
                                  "icon": "fas fa-rocket", "label": f"launch-{name.lower()}"}
                                 for name, address, text in offers(app, pagename)]


def files(app, error):
    """The files at the root of the site."""
    if error or app.builder.format != "html":
        return
    site, base = Path(app.outdir), app.config.html_baseurl.rstrip("/")
    (site / ".nojekyll").touch()
    home = posixpath.join(urlsplit(base).path or "/", "")
    (site / "404.html").write_text(NOT_FOUND.format(home=home), encoding="utf-8")
    if base:
        rows = "\n".join(f"<url><loc>{base}/{name}.html</loc></url>" for name in sorted(app.env.found_docs))
        (site / "sitemap.xml").write_text(SITEMAP.format(rows=rows), encoding="utf-8")


def setup(app):
    """Connect it; the theme's own buttons come first."""
    app.connect("html-page-context", head, priority=800)
    app.connect("html-page-context", buttons, priority=900)
    app.connect("build-finished", files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
