"""One PDF of the book, ``_build/optlearn.pdf``: python tools/pdf.py

An installed Chromium prints all articles of the built book as one page, so that every reference inside it is a link.
Its page numbers are then known: contents are printed with them and put before it, and the bookmarks are made anew,
parts, chapters, sections.
"""

import html
import itertools
import posixpath
import re
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import unquote

import yaml
from bs4 import BeautifulSoup
from pages import SITE, browser
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Link
from pypdf.generic import ArrayObject, DictionaryObject, Fit, NameObject, NullObject, NumberObject

TARGET = Path("_build", "optlearn.pdf")
# Sheets that are of no use on paper are the browser's burden only.
PAGE = """<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{title}</title>{styles}
<style>{style}</style></head><body><main class="bd-content">{body}</main></body></html>"""
STYLE = """
html { font-size: 15px; } body { background: #fff; margin: 0; }
.bd-article { break-before: page; font-size: 10.5pt; line-height: 1.42; }
.bd-article:first-child { break-before: auto; }
.bd-article a { color: #14506b !important; }
.bd-article a.external::after { content: none !important; }
.bd-article figure, .bd-article .cell { max-width: 100%; }
.bd-article pre { white-space: pre-wrap !important; }
.bd-article :is(pre, .highlight, .cell_input) { break-inside: avoid; }
.bd-article :is(figure, .cell_output) img { max-height: 78mm !important; }
.bd-article :is(h2, h3) { margin-top: 1.1em; }
.optlearn-explorer::before { display: none !important; }
main :not(#none) { box-shadow: none !important; text-shadow: none !important; }
.optlearn-claims-filter, button, .sd-tab-set > label { display: none !important; }
.optlearn-quiz details summary::before { display: none !important; }
.admonition-title::after { content: none !important; }
"""
CONTENTS = """
@page { size: A4; margin: 22mm 24mm; }
body { font: 10.5pt/1.4 "optlearn text", Georgia, serif; color: #222; margin: 0; }
h1 { font-size: 26pt; margin: 70mm 0 2mm; line-height: 1.15; } .by { color: #555; break-after: page; }
h2 { font-size: 16pt; } h3 { font-size: 10.5pt; margin: 4mm 0 .5mm; break-after: avoid; }
a { color: inherit; text-decoration: none; display: flex; gap: 2mm; }
a i { flex: 1; border-bottom: 1px dotted #999; transform: translateY(-1.2mm); }
"""
FOOTER = ('<div style="width:100%;text-align:center;font:8pt serif;color:#555">'
          '<span class="pageNumber"></span></div>')
HERE = "https://contents.invalid/"


def parts():
    """The book's parts and their pages, in order: ``[(caption, [docname, ...]), ...]``."""
    toc = yaml.safe_load(Path("_toc.yml").read_text(encoding="utf-8"))

    def names(pages):
        for page in pages:
            yield page["file"]
            yield from names(page.get("sections", ()))

    first, *rest = toc["parts"]
    return [(first["caption"], [toc["root"], *names(first["chapters"])]),
            *((part["caption"], list(names(part["chapters"]))) for part in rest)]


def mark(name):
    """What stands before each anchor of a page."""
    return name.replace("/", "-") + "--"


def article(name, known):
    """The article of a page with anchors and links as they are in the one page of all, and its style sheets."""
    page = BeautifulSoup((SITE / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
    body = page.select_one("article.bd-article")
    folder = posixpath.dirname(name)
    # Nothing lives on paper: of explorers there are the stills.
    for still in body.select(".optlearn-explorer > noscript"):
        still.unwrap()
    for part in body.select("a.headerlink, script, .optlearn-explorer > :not(img), iframe, .btn, input"):
        part.decompose()
    for part in body.select("details"):
        part["open"] = ""
    for node in body.select("[id]"):
        node["id"] = mark(name) + node["id"]
    for link in body.select("a[href]"):
        link["href"] = target(link["href"], name, folder, known)
        if not link["href"]:
            link.unwrap()
    for image in body.select("img[src]"):
        image.attrs.pop("loading", None)
        if not image["src"].startswith("data:"):
            image["src"] = posixpath.normpath(posixpath.join(folder, image["src"]))
    for sheet in page.head.select('link[rel="stylesheet"]'):
        sheet["href"] = posixpath.normpath(posixpath.join(folder, sheet["href"]))
    # A formula is one thing to who has the book read aloud; its letters apart would be half of the file.
    for formula in body.select("math"):
        formula["role"], formula["aria-label"] = "img", formula.get_text(" ", strip=True)
    body["id"] = mark(name)
    return body, list(map(str, page.head.select('link[rel="stylesheet"]')))


def target(href, name, folder, known):
    """Where a link leads in the one page: nowhere if it sets an explorer or leads to what is not printed."""
    path, _, anchor = href.partition("#")
    if ":" in path:
        return "" if path.startswith("explorer:") else href
    page = posixpath.normpath(posixpath.join(folder, unquote(path))).removesuffix(".html") if path else name
    return f"#{mark(page)}{anchor}" if page in known else ""


def whole(book):
    """The page of all pages, and the title of each."""
    known = {name for _, names in book for name in names}
    bodies, sheets, titles = [], {}, {}
    for name in (name for _, names in book for name in names):
        body, styles = article(name, known)
        sheets.update(dict.fromkeys(styles))
        titles[name] = body.select_one("h1").get_text(" ", strip=True)
        bodies.append(str(body))
    anchors = set(re.findall(r'id="([^"]+)"', "".join(bodies)))
    dead = sorted(set(re.findall(r'href="#([^"]+)"', "".join(bodies))) - anchors)
    if dead:
        raise SystemExit(f"links without a target: {', '.join(dead[:10])}")
    return PAGE.format(title="optlearn", styles="\n".join(sheets), style=STYLE, body="\n".join(bodies)), titles


def flat(outline, level=0):
    """The bookmarks of a PDF in order, each with its level."""
    for item in outline:
        if isinstance(item, list):
            yield from flat(item, level + 1)
        else:
            yield level, item


def contents(book, titles, starts):
    """Title and contents."""
    config = yaml.safe_load(Path("_config.yml").read_text(encoding="utf-8"))
    lines = [f"<h1>{html.escape(config['title'])}</h1><p class='by'>{html.escape(config['author'])}</p>"
             "<h2>Contents</h2>"]
    for caption, names in book:
        lines.append(f"<h3>{html.escape(caption)}</h3>")
        lines += [f'<a href="{HERE}{name}"><span>{html.escape(titles[name])}</span><i></i>'
                  f'<span>{starts[name] + 1}</span></a>' for name in names]
    fonts = '<link rel="stylesheet" href="_static/type.css">'
    return PAGE.format(title="Contents", styles=fonts, style=CONTENTS, body="\n".join(lines))


def fewer_tags(printed):
    """Leave out the tags that mean nothing, nine of ten; what they hold is held by the tag around them."""
    root = printed.root_object["/StructTreeRoot"]
    # Who holds a piece of a page, and who a link: by the numbers that pages and links have in the tree.
    numbers = {page.indirect_reference.idnum: page["/StructParents"] for page in printed.pages
               if "/StructParents" in page}
    pieces, links = {number: {} for number in numbers.values()}, {}

    def below(element, holder, page):
        """What the holder holds of an element, itself or one that means nothing."""
        page = element.raw_get("/Pg") if "/Pg" in element else page
        kids = element.get("/K", [])
        for kid in kids if isinstance(kids, ArrayObject) else [kids]:
            what = kid.get_object()
            if isinstance(what, NumberObject) or what.get("/Type") == "/MCR":
                number, there = (what, page) if isinstance(what, NumberObject) else (what["/MCID"], what.raw_get("/Pg"))
                pieces[numbers[there.idnum]][number] = holder
                yield DictionaryObject({NameObject("/Type"): NameObject("/MCR"), NameObject("/Pg"): there,
                                        NameObject("/MCID"): NumberObject(number)})
            elif what.get("/Type") == "/OBJR":
                links[what["/Obj"]["/StructParent"]] = holder
                yield kid
            elif what["/S"] == "/NonStruct":
                yield from below(what, holder, page)
            else:
                own = what.indirect_reference
                kids = list(below(what, own, page))
                pages = [kid.raw_get("/Pg") for kid in kids if "/MCID" in kid.get_object()]
                if pages:
                    # Pieces of this page need their number only.
                    what[NameObject("/Pg")] = pages[0]
                    kids = [kid["/MCID"] if "/MCID" in kid.get_object() and kid.raw_get("/Pg") == pages[0] else kid
                            for kid in kids]
                what[NameObject("/K")], what[NameObject("/P")] = ArrayObject(kids), holder
                yield own

    root[NameObject("/K")] = ArrayObject(below(root, root.indirect_reference, None))
    held = {number: ArrayObject(found.get(k, NullObject()) for k in range(max(found, default=-1) + 1))
            for number, found in pieces.items()} | links
    root[NameObject("/ParentTree")] = DictionaryObject({NameObject("/Nums"): ArrayObject(
        part for number in sorted(held) for part in (NumberObject(number), held[number]))})


def join(book, titles, body, front, starts, marks):
    """Put the two together, with links from the contents, bookmarks and page labels."""
    printed = PdfReader(body)
    printed.root_object.pop("/Outlines")
    fewer_tags(printed)
    writer = PdfWriter(clone_from=printed)
    ahead = PdfReader(front)
    shift = len(ahead.pages)
    for place, page in enumerate(ahead.pages):
        notes = [note.get_object() for note in page.get("/Annots", ())]
        links = [(note["/Rect"], note["/A"]["/URI"]) for note in notes if "/A" in note]
        page.pop("/Annots", None)
        writer.insert_page(page, place)
        for rect, address in links:
            name = str(address).removeprefix(HERE)
            writer.add_annotation(place, Link(rect=rect, target_page_index=starts[name] + shift, border=[0, 0, 0]))
    writer.set_page_label(0, shift - 1, style="/r")
    writer.set_page_label(shift, len(writer.pages) - 1, style="/D", start=1)
    writer.add_outline_item(title="Contents", page_number=1)
    under = iter(marks)
    for caption, names in book:
        part = writer.add_outline_item(title=caption, page_number=starts[names[0]] + shift, bold=True)
        for name in names:
            chapter = writer.add_outline_item(title=titles[name], page_number=starts[name] + shift, parent=part)
            for title, page, top in next(under):
                writer.add_outline_item(title=title, page_number=page + shift, parent=chapter, fit=Fit.xyz(top=top))
    writer.add_metadata({"/Title": "optlearn", "/Author": "The optlearn authors"})
    writer.page_mode = "/UseOutlines"
    writer.write(TARGET)
    return len(writer.pages)


def main():
    """Print the book and say what came out."""
    begun = time.monotonic()
    book = parts()
    page, titles = whole(book)
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        body, front = Path(folder, "body.pdf"), Path(folder, "front.pdf")

        def print_to(path, text, **options):
            # Beside the pages, so that figures and style sheets are found.
            source = SITE / "whole-sheet.html"
            source.write_text(text, encoding="utf-8")
            try:
                tab = chromium.new_page()
                tab.set_default_timeout(0)
                tab.goto(source.resolve().as_uri(), wait_until="load")
                tab.evaluate("document.fonts.ready")
                tab.pdf(path=path, prefer_css_page_size=True, print_background=True, **options)
                tab.close()
            finally:
                source.unlink()

        print_to(body, page, outline=True, tagged=True, display_header_footer=True, header_template="<span></span>",
                 footer_template=FOOTER)
        reader = PdfReader(body)
        found = [(level, str(item.title), reader.get_destination_page_number(item), float(item.top or 0))
                 for level, item in flat(reader.outline)]
        chapters = [place for place, (level, *_) in enumerate(found) if level == 0]
        names = [name for _, names in book for name in names]
        if len(chapters) != len(names):
            raise SystemExit(f"{len(names)} pages, but {len(chapters)} titles in the PDF")
        starts = {name: found[place][2] for name, place in zip(names, chapters, strict=True)}
        marks = [[(title, at, top) for level, title, at, top in found[one + 1:two] if level == 1]
                 for one, two in itertools.pairwise([*chapters, len(found)])]
        print_to(front, contents(book, titles, starts))
        count = join(book, titles, body, front, starts, marks)
    print(f"{TARGET}: {count} pages, {TARGET.stat().st_size / 1e6:.0f} MB, {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
