"""Style sheets of the themes, cut to the classes that pages and scripts name: a site needs a third of them."""

import hashlib
import re
from pathlib import Path

CLASSES = re.compile(r'\bclass="([^"]*)"')
SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script>", re.S)
WORD = re.compile(r"[\w-]+")
COMMENT = re.compile(r"/\*.*?\*/\s*", re.S)
TOKEN = re.compile(r'[^{};"\']+|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[{};]', re.S)
# What these hold are rules, of which each is looked at; what others hold stays as it is.
NESTING = re.compile(r"@(?:media|supports|container|layer)\b")
# A selector has several forms in these, of which one is enough.
CHOICE = re.compile(r":(?:not|is|where|has|matches|-\w+-any)\((?:[^()]|\([^()]*\))*\)")
NAME = re.compile(r"\.(-?[A-Za-z_](?:[\w-]|\\.)*)")
# Bootstrap puts these together from parts.
MADE = "bs-"


def named(pages, scripts):
    """The classes of elements of pages, and every word of scripts, also of those in pages."""
    found = set()
    for page in pages:
        found.update(*(text.split() for text in CLASSES.findall(page)))
        found.update(*(WORD.findall(text) for text in SCRIPT.findall(page)))
    for script in scripts:
        found.update(WORD.findall(script))
    return found


def cut(text, known):
    """A style sheet without the selectors that name a class which is not known; words of a licence stay in front."""
    kept = "".join(comment for comment in COMMENT.findall(text) if comment.startswith("/*!"))
    return kept + _rules(iter(TOKEN.findall(COMMENT.sub("", text))), known)


def _rules(tokens, known):
    """The rules up to the end of a block."""
    out, before = [], ""
    for token in tokens:
        if token == "{":
            head, before = before.strip(), ""
            body = _rules(tokens, known) if NESTING.match(head) else _block(tokens)
            if not head.startswith("@"):
                head = ",".join(one for one in _selectors(head) if _used(one, known))
            if head and body:
                out.append(f"{head}{{{body}}}")
        elif token == "}":
            break
        elif token == ";":
            out.append(f"{before.strip()};")
            before = ""
        else:
            before += token
    return "".join(out)


def _block(tokens):
    """What stands in a block, blocks in it included."""
    out, depth = [], 1
    for token in tokens:
        depth += (token == "{") - (token == "}")
        if not depth:
            break
        out.append(token)
    return "".join(out).strip()


def _selectors(head):
    """The selectors of a list, at the commas that stand in no bracket."""
    return re.split(r",\s*(?![^()]*(?:\([^()]*\)[^()]*)*\))", head)


def _used(selector, known):
    names = NAME.findall(CHOICE.sub("", selector))
    return all(name in known or name.startswith(MADE) or "\\" in name for name in names)


def write(app, error):
    """Cut the style sheets that are not the site's own; their addresses get a mark of what is left."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    pages = {path: path.read_text(encoding="utf-8") for path in out.rglob("*.html")}
    known = named(pages.values(), (path.read_text(encoding="utf-8") for path in out.glob("_static/**/*.js")))
    marks = {}
    for path in sorted(out.glob("_static/**/*.css")):
        if path.name not in (*app.config.html_css_files, "explorer.css"):
            text = cut(path.read_text(encoding="utf-8"), known)
            path.write_text(text, encoding="utf-8")
            marks[path.relative_to(out).as_posix()] = hashlib.sha256(text.encode()).hexdigest()[:8]
    link = re.compile(rf'({"|".join(map(re.escape, marks))})(?:\?\w+=\w+)?(?=")')
    for path, text in pages.items():
        new = link.sub(lambda m: f"{m[1]}?v={marks[m[1]]}", text)
        if new != text:
            path.write_text(new, encoding="utf-8")


def setup(app):
    """Connect it; all pages are written by then."""
    app.connect("build-finished", write, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
