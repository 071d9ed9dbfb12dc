"""Formulas as MathML, made when the book is built: pages need no MathJax, and none of the time it takes.

MathJax itself reads the TeX, in the V8 of mini-racer and in a process of its own; what it writes is brought into the
part of MathML that browsers draw, MathML Core.
"""

import html
import importlib.util
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sphinx.errors import ExtensionError

BOX = re.compile(r'(<(span|div) class="math\b[^"]*"[^>]*>)(.*?)(</\2>)', re.S)
# Formulas in outputs of HTML stand without a box; code and scripts are passed over.
LOOSE = re.compile(r"<(script|style|pre|code|textarea)\b.*?</\1>|\\\((?:.+?)\\\)|\\\[(?:.+?)\\\]", re.S)
NUMBER = re.compile(r'\s*<span class="eqno">.*?</span>', re.S)
MATHJAX_SCRIPTS = re.compile(r"<script[^>]*(?:/mathjax/[^>]*>|>\s*window\.MathJax[^<]*)</script>\s*")
PARTS = ("startup.js", "core.js", "adaptors/liteDOM.js", "input/tex-full.js")
WORK = """
const { TeX } = MathJax._.input.tex_ts, { mathjax } = MathJax._.mathjax;
MathJax._.handlers.html_ts.RegisterHTMLHandler(MathJax._.adaptors.liteAdaptor.liteAdaptor());
const page = mathjax.document("", { InputJax: new TeX({ packages: ["base", "ams", "newcommand", "configmacros"],
  formatError: (jax, error) => { throw error; } }) });
const visitor = new MathJax._.core.MmlTree.SerializedMmlVisitor.SerializedMmlVisitor();
const end = MathJax._.core.MathItem.STATE.CONVERT;
const convert = (list) => JSON.stringify(list.map(([tex, display]) => {
  try {
    return visitor.visitTree(page.convert(tex, { display, end }));
  } catch (error) {
    return "error: " + error.message;
  }
}));
"""
# Letters that MathML Core knows by their code points only: first capital, first small letter, and exceptions.
LETTERS = {
    "bold": (0x1D400, 0x1D41A, {}),
    "bold-italic": (0x1D468, 0x1D482, {}),
    "double-struck": (0x1D538, 0x1D552, dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True))),
    "script": (0x1D49C, 0x1D4B6, dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True))),
    "fraktur": (0x1D504, 0x1D51E, dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True))),
    "sans-serif": (0x1D5A0, 0x1D5BA, {}),
    "monospace": (0x1D670, 0x1D68A, {}),
}
GREEK = {"bold": (0x1D6A8, 0x1D6C2), "bold-italic": (0x1D71C, 0x1D736)}


def styled(variant, text):
    """Text in the letters of a variant."""
    variant = variant.removeprefix("-tex-").replace("calligraphic", "script")
    capital, small, exceptions = LETTERS.get(variant, (None, None, {}))
    if capital is None:
        return text
    out = []
    for sign in text:
        if sign in exceptions:
            sign = exceptions[sign]
        elif "A" <= sign <= "Z":
            sign = chr(capital + ord(sign) - ord("A"))
        elif "a" <= sign <= "z":
            sign = chr(small + ord(sign) - ord("a"))
        elif "α" <= sign <= "ω" and variant in GREEK:
            sign = chr(GREEK[variant][1] + ord(sign) - ord("α"))
        elif sign.isdigit() and variant == "bold":
            sign = chr(0x1D7CE + int(sign))
        out.append(sign)
    return "".join(out)


def core(mathml):
    """MathML as browsers draw it: alignment as style, letters as code points, nothing else of MathJax."""
    mathml = re.sub(r">\s+<", "><", mathml.strip())
    mathml = re.sub(r' (?:data-mjx-[\w-]+|xmlns)="[^"]*"', "", mathml)
    mathml = re.sub(r'<(mi|mn|mo) mathvariant="(?!normal)([^"]+)">([^<]*)</\1>',
                    lambda m: f"<{m[1]}>{styled(m[2], html.unescape(m[3]))}</{m[1]}>", mathml)
    # A sign after a bracket, a comma or a relation belongs to what follows; a named function keeps off its argument.
    mathml = re.sub(r'(<mo[^>]*>(?:[(\[{,=|]|&#x2208;|&#x226[45];|&lt;|&gt;)</mo>)<mo>(&#x2212;|\+|&#xB1;)</mo>',
                    r'\1<mo form="prefix">\2</mo>', mathml)
    mathml = re.sub(r"<mo>&#x2061;</mo>(?=<m(?:i|n|sub|sup|frac|sqrt)\b)", '<mspace width="0.167em"></mspace>', mathml)
    # A bar is a bracket; browsers take one between two signs for an operation.
    mathml = re.sub(r'<mo((?: fence="false")? stretchy="false")>(\||&#x2016;)</mo>',
                    r'<mo\1 lspace="0" rspace="0">\2</mo>', mathml)
    out, tables = [], []
    for token in re.split(r"(<[^>]+>)", mathml):
        if token.startswith("<mtable"):
            align = re.search(r'columnalign="([^"]*)"', token)
            spacing = re.search(r'columnspacing="([^"]*)"', token)
            tables.append([(align[1] if align else "center").split(), (spacing[1] if spacing else "1em").split(), -1])
            token = "<mtable displaystyle=\"true\">" if 'displaystyle="true"' in token else "<mtable>"
        elif token == "</mtable>":
            tables.pop()
        elif token.startswith("<mtr"):
            tables[-1][2] = -1
        elif token.startswith("<mtd") and tables:
            align, spacing, k = tables[-1]
            tables[-1][2] = k = k + 1
            gap = spacing[min(k - 1, len(spacing) - 1)] if k else "0"
            token = (f'<mtd style="text-align:{align[min(k, len(align) - 1)]};padding:.15em 0'
                     f'{"" if gap in ("0", "0em") else " .15em " + gap}">')
        out.append(token)
        if token.startswith("<msqrt"):
            # A root of a low letter hangs below the line without it.
            out.append('<mspace width="0" height=".62em" depth=".14em"></mspace>')
    return "".join(out)


def tex_of(inner):
    """The formula in a box, without its delimiters and number: TeX, whether it is displayed, and the number's HTML."""
    number = NUMBER.match(inner)
    rest = inner[number.end():] if number else inner
    tex = html.unescape(rest).strip()
    for left, right, display in (("\\(", "\\)", False), ("\\[", "\\]", True), ("$$", "$$", True)):
        if tex.startswith(left) and tex.endswith(right):
            return tex[len(left):-len(right)].strip(), display, number[0] if number else ""
    return tex, True, number[0] if number else ""


def convert(formulas):
    """MathML of formulas, each (TeX, whether displayed); by a process for each core."""
    count = min(os.cpu_count(), -(-len(formulas) // 500))
    with ThreadPoolExecutor(count or 1) as threads:
        made = {key: text for part in threads.map(_converted, (formulas[k::count] for k in range(count)))
                for key, text in part.items()}
    wrong = [f"{tex!r}: {text}" for (tex, _), text in made.items() if text.startswith("error: ")]
    if wrong:
        raise ExtensionError("formulas that MathJax cannot read: " + "; ".join(wrong))
    return {key: core(text) for key, text in made.items()}


def _converted(formulas):
    """What MathJax makes of formulas, in one process."""
    done = subprocess.run([sys.executable, __file__], input=json.dumps(formulas), capture_output=True, text=True,
                          timeout=300, check=False)
    if done.returncode:
        raise ExtensionError(f"formulas could not be converted: {done.stderr[-2000:]}")
    return dict(zip(map(tuple, formulas), json.loads(done.stdout), strict=True))


def replace_formulas(pages):
    """Write the MathML into the pages, given as paths."""
    texts = {path: path.read_text(encoding="utf-8") for path in pages}
    wanted = {}
    for text in texts.values():
        wanted.update({tex_of(m[3])[:2]: None for m in BOX.finditer(text) if "<math" not in m[3]})
        wanted.update({tex_of(m[0])[:2]: None for m in LOOSE.finditer(BOX.sub("", text)) if not m[1]})
    made = convert(list(wanted))

    def mathml(match):
        if "<math" in match[3]:
            return match[0]
        tex, display, number = tex_of(match[3])
        return match[1] + number + made[tex, display] + match[4]

    def loose(match):
        return match[0] if match[1] else made[tex_of(match[0])[:2]]

    for path, text in texts.items():
        new = LOOSE.sub(loose, MATHJAX_SCRIPTS.sub("", BOX.sub(mathml, text)))
        if new != text:
            path.write_text(new, encoding="utf-8")


def finish(app, error):
    """Replace the formulas of all pages."""
    if not error and app.builder.format == "html":
        replace_formulas(sorted(Path(app.outdir).rglob("*.html")))


def setup(app):
    """Connect it."""
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def main():
    """Convert the formulas on the standard input."""
    from py_mini_racer import MiniRacer

    package = Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
    engine = MiniRacer()
    engine.eval("var MathJax = {loader: {load: []}, startup: {typeset: false}}; var window = globalThis;"
                "var console = {log() {}, error() {}, warn() {}}; var setTimeout = (act) => act();")
    for part in PARTS:
        engine.eval((package / part).read_text(encoding="utf-8") + ";0")
    engine.eval(WORK)
    sys.stdout.write(engine.eval(f"convert({json.dumps(json.load(sys.stdin))})"))
    sys.stdout.flush()
    # The engine's threads would keep the process.
    os._exit(0)


if __name__ == "__main__":
    main()
