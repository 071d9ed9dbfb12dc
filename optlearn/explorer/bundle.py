"""One JavaScript module from the modules in ``js/``, and the style sheet: joined here, so that nobody needs Node."""

import functools
import hashlib
import re
from pathlib import Path

from optlearn.explorer import shorten

HERE = Path(__file__).parent
ENTRY = "main.js"

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([a-z_]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|let|function|class)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default \w+;\n", re.MULTILINE)


class BundleError(Exception):
    """The modules do not fit together; the message names the file."""


def modules():
    """The names of the modules, each after those it imports."""
    order, open_files = [], []

    def visit(name):
        if name in order:
            return
        if name in open_files:
            raise BundleError(f"{name} imports itself by way of {' -> '.join(open_files)}")
        open_files.append(name)
        for match in _IMPORT.finditer(source(name)):
            visit(match[2])
        open_files.remove(name)
        order.append(name)

    visit(ENTRY)
    return order


def source(name):
    """The text of a module."""
    path = HERE / "js" / name
    if not path.is_file():
        raise BundleError(f"there is no module js/{name}")
    return path.read_text(encoding="utf-8")


@functools.cache
def script(static=False):
    """All modules as one.

    Parameters
    ----------
    static : bool
        Whether to leave out the default export, for a script element of a page.

    Returns
    -------
    str
    """
    names = modules()
    exported = {name: set(re.findall(r"^export (?:const|let|function|class) (\w+)", source(name), re.MULTILINE))
                for name in names}
    parts, seen = [], {}
    for name in names:
        text = source(name)
        for wanted, other in _IMPORT.findall(text):
            missing = {word.strip() for word in wanted.split(",") if word.strip()} - exported[other]
            if missing:
                raise BundleError(f"js/{other} does not export {', '.join(sorted(missing))}, which js/{name} imports")
        for top in re.findall(r"^(?:export )?(?:const|let|function|class) (\w+)", text, re.MULTILINE):
            if top in seen:
                raise BundleError(f"js/{name} and js/{seen[top]} both define {top}; top-level names must differ")
            seen[top] = name
        text = _EXPORT.sub("", _IMPORT.sub("", text))
        if static or name != ENTRY:
            text = _DEFAULT.sub("", text)
        parts.append(_without_comments(text))
    try:
        return shorten.with_short_names(shorten.without_spaces("".join(parts)))
    except shorten.Unreadable as reason:
        raise BundleError(str(reason)) from reason


@functools.cache
def style():
    """The style sheet, without comments and indentation."""
    text = (HERE / "explorer.css").read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"\s*([{};])\s*", r"\1", re.sub(r"\n\s*", "\n", text)).strip() + "\n"


@functools.cache
def version():
    """A short name of this state of script and style."""
    return hashlib.sha256((script() + style()).encode()).hexdigest()[:12]


def _without_comments(text):
    """Comments on lines of their own and indentation left out. Templates that span lines are not used."""
    text = re.sub(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"
