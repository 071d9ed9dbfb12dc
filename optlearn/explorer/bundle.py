"""One JavaScript module from the modules in ``js/``, and the style sheet: joined here, so that nobody needs Node."""

import functools
import hashlib
import posixpath
import re
from pathlib import Path

from optlearn import look
from optlearn.explorer import shorten

HERE = Path(__file__).parent
# What every page with an explorer gets, what is loaded when a view beyond the picture is opened, what is loaded where a
# page has a stage that is not the plane, and what reads surfaces and rules that a reader types.
CORE, VIEWS, STAGES, TYPING = "main.js", "views.js", "stages.js", "typing.js"

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[./a-z_0-9]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|let|function|class)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default \w+;\n", re.MULTILINE)


class BundleError(Exception):
    """The modules do not fit together; the message names the file."""


def modules(entry=CORE):
    """The names of the modules that an entry needs, each after those it imports."""
    order, open_files = [], []

    def visit(name):
        if name in order:
            return
        if name in open_files:
            raise BundleError(f"{name} imports itself by way of {' -> '.join(open_files)}")
        open_files.append(name)
        for _, other in imports(name):
            visit(other)
        open_files.remove(name)
        order.append(name)

    visit(entry)
    return order


def imports(name):
    """What a module takes from others: the names, as they are written, and the module they come from."""
    here = posixpath.dirname(name)
    return [(taken, posixpath.normpath(posixpath.join(here, other))) for taken, other in _IMPORT.findall(source(name))]


def source(name):
    """The text of a module."""
    path = HERE / "js" / name
    if not path.is_file():
        raise BundleError(f"there is no module js/{name}")
    return path.read_text(encoding="utf-8")


@functools.cache
def _parts():
    """The texts of core, views, stages and typing, with short names, and the names that those take from the core."""
    core = modules()
    later = [[name for name in modules(entry) if name not in core] for entry in (VIEWS, STAGES, TYPING)]
    # What two of the others need stands in the core, before it begins.
    core = [*dict.fromkeys(name for part in later for name in part if sum(name in other for other in later) > 1), *core]
    parts = [core, *([name for name in part if name not in core] for part in later)]
    every = [name for part in parts for name in part]
    exported = {name: set(re.findall(r"^export (?:const|let|function|class) (\w+)", source(name), re.MULTILINE))
                for name in every}
    texts, seen, taken = {}, {}, set()
    for name in every:
        text = source(name)
        for wanted, other in imports(name):
            words = {word.strip() for word in wanted.split(",") if word.strip()}
            missing = words - exported[other]
            if missing:
                raise BundleError(f"js/{other} does not export {', '.join(sorted(missing))}, which js/{name} imports")
            if name not in core and other in core:
                taken |= words
        for top in re.findall(r"^(?:export )?(?:const|let|function|class) (\w+)", text, re.MULTILINE):
            if top in seen:
                raise BundleError(f"js/{name} and js/{seen[top]} both define {top}; top-level names must differ")
            seen[top] = name
        texts[name] = _without_comments(_DEFAULT.sub("", _EXPORT.sub("", _IMPORT.sub("", text))))
    try:
        short, names = shorten.with_short_names(
            *(shorten.without_spaces("".join(texts[name] for name in part)) for part in parts))
    except shorten.Unreadable as reason:
        raise BundleError(str(reason)) from reason
    return short, sorted(names.get(word, word) for word in taken), names


@functools.cache
def script():
    """All modules as one, for a live notebook."""
    (core, views, _, typing), _, names = _parts()
    return f"{core}\n{views}\n{typing}\nexport default {names['explorer']};\n"


@functools.cache
def stages_script():
    """Core and stages as one module, for a live notebook."""
    (core, _, stages, _), _, names = _parts()
    return f"{core}\n{stages}\nexport default {names['stages']};\n"


@functools.cache
def core():
    """What a page needs at once, as a classic script: it works from a disk as well."""
    (text, *_), names, _ = _parts()
    return f'(()=>{{"use strict";{text}\nwindow.optlearnExplorer.parts=[{",".join(names)}];}})();\n'


@functools.cache
def site(data, later):
    """Core and data as one file that the pages of a site share; what is loaded later stands beside it.

    Parameters
    ----------
    data : str
        What all explorers share, as JSON.
    later : str
        The scripts that stand beside it, of which the file bears a mark, so that all are fetched anew together.
    """
    mark = hashlib.sha256(later.encode()).hexdigest()[:12]
    return f"/* views {mark} */(window.optlearnExplorer||={{}}).data={data};\n{core()}"


@functools.cache
def views():
    """What a page needs when a view beyond the picture is opened, as a classic script."""
    (_, text, _, _), names, _ = _parts()
    return _on_core(text, names)


@functools.cache
def stages():
    """What a page needs that has a stage beside the plane, as a classic script."""
    (_, _, text, _), names, _ = _parts()
    return _on_core(text, names)


@functools.cache
def typing():
    """What a page needs that a reader types a surface or a rule in, as a classic script."""
    (_, _, _, text), names, _ = _parts()
    return _on_core(text, names)


def _on_core(text, names):
    return f'(()=>{{"use strict";const [{",".join(names)}]=window.optlearnExplorer.parts;{text}}})();\n'


@functools.cache
def style():
    """The style sheet with the book's colours, without comments and indentation."""
    text = "".join(f"{which}{{{''.join(f'--olx-{name}:{value};' for name, value in colours.items())}}}\n"
                   for which, colours in ((".olx", look.LIGHT), (".olx.olx-dark", look.DARK)))
    text += (HERE / "explorer.css").read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"\s*([{};])\s*", r"\1", re.sub(r"\n\s*", "\n", text)).strip() + "\n"


@functools.cache
def version():
    """A short name of this state of script and style, by what they are made of: few who ask for it need the script."""
    made_of = [*sorted(HERE.glob("js/**/*.js")), HERE / "bundle.py", HERE / "shorten.py"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in made_of) + style().encode()).hexdigest()[:12]


def _without_comments(text):
    """Comments on lines of their own and indentation left out. Templates that span lines are not used."""
    text = re.sub(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"
