"""A site that needs nobody: explorers in their static form, icons of its own, no script that calls another host."""

import base64
import functools
import hashlib
import io
import json
import os
import re
import shutil
import struct
from pathlib import Path

from PIL import Image
from pybtex import plugin
from sphinx.errors import ExtensionError
from sphinx.search.en import SearchEnglish

from optlearn.explorer.figure import fewer_colours

# On a first visit the theme has no mode, says so as an error, and starts light where the system is dark.
# What scrolls is out of reach of the keyboard in some browsers; it is looked at when it is laid out, which is when it
# comes near. The list of chapters stays as it was scrolled, which need not be where the page is in it. Stills are shown
# where the explorers' script does not come.
SCRIPT = """{
  const root = document.documentElement.dataset;
  root.mode ||= "auto";
  root.theme ||= matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  addEventListener("load", () => {
    const near = new IntersectionObserver((entries) => {
      for (const { target: box, isIntersecting } of entries)
        if (isIntersecting && (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight))
          box.tabIndex = 0;
    }, { rootMargin: "1000000px" });
    const scrolls = "div.math, pre, .cell_output > .output, .pst-scrollable-table-container";
    for (const box of document.querySelectorAll(scrolls)) near.observe(box);
    const list = document.querySelector(".bd-sidebar-primary");
    const [here] = [...(list?.querySelectorAll("a.current, li.current > a") ?? [])].slice(-1);
    if (here) {
      const [link, all] = [here, list].map((box) => box.getBoundingClientRect());
      if (link.top < all.top || link.bottom > all.bottom) list.scrollTop += link.top - all.top - all.height / 3;
    }
    if (!window.optlearnExplorer?.mount)
      for (const still of document.querySelectorAll(".optlearn-explorer > noscript"))
        still.outerHTML = still.textContent;
  });
}"""


def allow_parallel(app, env, docnames):
    """Say of two extensions that pages may be read in parallel, as they do not say it themselves."""
    # Chapters are numbered when all have been read, and theorems are kept, and merged, outside the domain.
    app.extensions["sphinx_multitoc_numbering"].parallel_read_safe = True
    type(env.get_domain("prf")).merge_domaindata = lambda self, docnames, otherdata: None


def own_nodes(app, doctree):
    """Have what reST in Markdown made belong to its page: the document of its own that it was read into holds the whole
    environment, which would be written and read with every such page."""
    for node in doctree.findall():
        node.document = doctree


def keep_answers():
    """Stem a word once a build, and look for a style of references once, not once a page."""
    SearchEnglish.stem = functools.cache(SearchEnglish.stem)
    plugin._load_entry_point = functools.cache(plugin._load_entry_point)


def refuse_tracebacks(app, pagename, templatename, context, doctree):
    """Let no page pass that shows a failure which did not end its cell, such as that of an output's display."""
    if 'class="output traceback' in context.get("body", ""):
        raise ExtensionError(f"an output of {pagename} is a traceback")


def mend_roles(app, pagename, templatename, context, doctree):
    """Give an entry of the bibliography a role that is not deprecated."""
    context["body"] = context.get("body", "").replace('role="doc-biblioentry"', 'role="listitem"')


# The theme's icons, 700 kB of them, for which chapters.css has its own drawings and signs.
ICON_FILES = re.compile(r'<(?:script|link)[^>]*fontawesome[^>]*>(?:</script>)?\s*')
ICON_RULES = re.compile(r'@font-face\{[^}]*Font Awesome[^}]*\}|(?:\.fa-[\w-]+:before,?)+\{content:"[^"]*"\}')
# The theme looks for the same at once, and again after every change of the page, and has all of it laid out for that.
SCAN = re.compile(r"\w+\.tabIndex=\w+\.scrollWidth>\w+\.clientWidth\|\|\w+\.scrollHeight>\w+\.clientHeight\?0:-1")
# A text for those who do not see may have a ">".
FIGURE = re.compile(r'<img ((?:(?!loading=)[\w-]+="[^"]*" )*)src="((?:\.\./)*_images/[^"]+\.png)"')
# Where its room is kept (chapters.css), nobody who will see the explorer needs its still.
STILL = re.compile(r'(<div class="optlearn-explorer"(?: data-stage="\w+")? data-waiting>'
                   r'<script\b(?:(?!</script>).)*</script>)(<img (?:[\w-]+="[^"]*" ?)*/?>)', re.S)
INLINE = re.compile(r'(<img (?:[\w-]+="[^"]*" )*)src="data:image/png;base64,([^"]+)"')


def lighten(app, error):
    """Leave the theme's icons out; let figures load when near, in a room that is kept."""
    if error or app.builder.format != "html":
        return
    site = Path(app.outdir)
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        new = _lighter(text, site, path)
        if new != text:
            path.write_text(new, encoding="utf-8")
    for path in site.glob("_static/styles/*.css"):
        text = path.read_text(encoding="utf-8")
        path.write_text(ICON_RULES.sub("", text), encoding="utf-8")
    for path in site.glob("_static/scripts/pydata-sphinx-theme.js"):
        path.write_text(SCAN.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
    for path in site.glob("_static/scripts/fontawesome*"):
        path.unlink()
    shutil.rmtree(site / "_static" / "vendor" / "fontawesome", ignore_errors=True)


def with_palette(png):
    """A figure with a palette: a quarter of the bytes, for colours that differ by a few of 255."""
    image = Image.open(io.BytesIO(png))
    if image.mode == "P" or (image.mode == "RGBA" and image.getextrema()[3][0] < 255):
        return png
    lighter = fewer_colours(png, 256)
    return lighter if len(lighter) < len(png) else png


def with_palettes(app, name, source):
    """Give the figures of a notebook palettes while it is read, which several are at a time."""
    if Path(app.env.doc2path(name)).suffix != ".ipynb":
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "image/png" in data:
                png = base64.b64decode("".join(data["image/png"]))
                data["image/png"] = base64.b64encode(with_palette(png)).decode()
    source[0] = json.dumps(notebook)


def _lighter(text, site, page):
    text = text.replace('<summary><span class="toctree-toggle"',
                        '<summary aria-label="Pages of this part"><span class="toctree-toggle"')
    # The still of an explorer is for those without JavaScript: a file, not a part of every page.
    text = INLINE.sub(lambda m: f'{m[1]}src="{_as_file(site, page, m[2])}"', ICON_FILES.sub("", text))
    text = FIGURE.sub(lambda m: f'<img loading="lazy" {_size(page.parent / m[2])}{m[1]}src="{m[2]}"', text)
    return STILL.sub(r"\1<noscript>\2</noscript>", text)


def _as_file(site, page, text):
    data = base64.b64decode(text)
    path = site / "_images" / f"explorer-{hashlib.sha256(data).hexdigest()[:16]}.png"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return os.path.relpath(path, page.parent).replace(os.sep, "/")


def _size(path):
    # The size stands at a fixed place of a PNG.
    width, height = struct.unpack(">II", path.read_bytes()[16:24]) if path.exists() else (0, 0)
    return f'width="{width}" height="{height}" style="--ratio: {width / height:.3f}" ' if width else ""


def setup(app):
    """Connect it all; the variable is for `optlearn.explore` in the kernels, which inherit it."""
    os.environ["OPTLEARN_STATIC"] = "site"
    # A kernel for each core, and a core for each kernel: threads of one would only get in the way of the other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # jupyter-book has no -j. More processes than cores have shorter parts, and all wait for the last one.
    app.parallel = 4 * os.cpu_count()
    keep_answers()
    app.add_js_file(None, body=SCRIPT)
    app.connect("env-before-read-docs", allow_parallel)
    app.connect("doctree-read", own_nodes)
    # After executions.py, which puts in the outputs.
    app.connect("source-read", with_palettes, priority=600)
    app.connect("html-page-context", refuse_tracebacks)
    app.connect("html-page-context", mend_roles)
    app.connect("build-finished", lighten)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
