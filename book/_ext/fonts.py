"""The faces of the site, served by itself: a serif for text, STIX Two for formulas, cut to the signs they set."""

import hashlib
import html
import importlib.util
import logging
import os
import re
import shutil
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

from fontTools import subset

# The one that takes longest is begun first, as they are cut side by side.
FACES = {
    "math": ("ziamath", "fonts/STIXTwoMath-Regular.ttf"),
    "text": ("font_source_serif_pro", "files/SourceSerifPro-Regular.otf"),
    "text-italic": ("font_source_serif_pro", "files/SourceSerifPro-It.otf"),
    "text-bold": ("font_source_serif_pro", "files/SourceSerifPro-Semibold.otf"),
}
ALWAYS = {chr(code) for code in range(0x20, 0x7F)}
# Explorers make their formulas when the page is open, also of what readers type.
ALWAYS_MATH = ALWAYS | set("αβγδεζηθικλμνξπρσςτυφχψωϵϑϕΓΔΘΛΞΠΣΦΨΩ∂∇∈∑∏∫√−∗∞≈≠≤≥≪≫⊤⋅⋯⊙∘‖→←ℓˆˉ˜˙")
# First and last letter, and where their italic forms begin.
ITALICS = ((0x41, 0x5A, 0x1D434), (0x61, 0x7A, 0x1D44E), (0x391, 0x3A9, 0x1D6E2), (0x3B1, 0x3C9, 0x1D6FC))
MATH = re.compile(r"<math\b.*?</math>", re.S)
HIDDEN = re.compile(r"<(script|style)\b.*?</\1>", re.S)
TAG = re.compile(r"<[^>]+>")


def signs(pages):
    """The signs in formulas and those in the other text of pages."""
    inside, outside = set(), set()
    for page in pages:
        text = HIDDEN.sub("", page)
        inside.update(html.unescape(TAG.sub("", "".join(MATH.findall(text)))))
        outside.update(html.unescape(TAG.sub("", MATH.sub("", text))))
    return inside, outside


def written(script):
    """The signs in a script, those that stand there by their numbers too."""
    text = html.unescape(re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), script))
    return set(text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore"))


def italic(sign):
    """The sign that a browser draws for a letter that stands alone in a formula."""
    code = ord(sign)
    for first, last, there in ITALICS:
        if first <= code <= last:
            return "ℎ" if sign == "h" else chr(there + code - first)
    return {"∂": "\U0001d715", "ϵ": "\U0001d716", "ϑ": "\U0001d717", "ϕ": "\U0001d719"}.get(sign, sign)


def home(package):
    return Path(importlib.util.find_spec(package).origin).parent


def cut(face, wanted, target):
    """Write a face with nothing but the wanted signs, as WOFF2."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    package, name = FACES[face]
    options = subset.Options()
    options.flavor, options.hinting, options.notdef_outline = "woff2", False, True
    # ssty are the small forms of a formula's indices.
    options.layout_features = ["ssty", "dtls"] if face == "math" else ["kern", "liga", "mark"]
    font = subset.load_font(home(package) / name, options)
    # Copyright, licence and its address.
    terms = "\n".join(filter(None, (font["name"].getDebugName(number) for number in (0, 13, 14))))
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[ord(sign) for sign in wanted])
    subsetter.subset(font)
    # The Open Font License reserves the names for the whole faces.
    for number in (1, 3, 4, 6):
        font["name"].setName(f"optlearn-{face}", number, 3, 1, 0x409)
    subset.save_font(font, target, options)
    return terms


def write(app, error):
    """Cut the faces to the signs of the pages, when these are written."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    folder = out / "_static" / "fonts"
    math, text = signs(path.read_text(encoding="utf-8") for path in sorted(out.rglob("*.html")))
    math |= ALWAYS_MATH.union(*(written(path.read_text(encoding="utf-8"))
                                for path in out.glob("_static/explorer*.js")))
    wanted = dict.fromkeys(FACES, ALWAYS | text) | {"math": math | {italic(sign) for sign in math}}
    # Signs hardly change from build to build.
    key = repr((sorted((face, sorted(chars)) for face, chars in wanted.items()), Path(__file__).read_text("utf-8"),
                version("fonttools")))
    kept = out.parent / "fonts" / hashlib.sha256(key.encode()).hexdigest()[:16]
    if not (kept / "licences.txt").exists():
        kept.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(os.cpu_count()) as cores:
            terms = cores.map(cut, wanted, wanted.values(), [kept / f"{face}.woff2" for face in wanted])
            text = "".join(f"{face}.woff2\n{words}\n\n" for face, words in zip(wanted, terms, strict=True))
        (kept / "licences.txt").write_text(text, encoding="utf-8")
    shutil.copytree(kept, folder, dirs_exist_ok=True)


def setup(app):
    app.connect("build-finished", write, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
