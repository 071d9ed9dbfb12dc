"""Data, text and code as they stand in the HTML of a page."""

import functools
import json
import sys

from optlearn.explorer import bundle, payload

MORE = "window.optlearnExplorer.rest"


def shared(offered):
    """What all explorers of a page share, with the presets that are offered and the rules that these race.

    The other rules come when one is asked for, see `views`; until then their names do (`more`).
    """
    known = payload.catalogue()
    first = raced(offered)
    more = {key: rule["label"] for key, rule in known["rules"].items() if key not in first and key == rule["name"]}
    return {**_tables(rules={key: known["rules"][key] for key in first}, surfaces=known["surfaces"],
                      presets=offered), "more": more}


def raced(offered):
    """The keys of the rules that presets race."""
    return sorted({racer["rule"] for preset in offered.values() for racer in preset["state"]["racers"]})


def brought(state, own, offered):
    """What an explorer's own data has: what no other explorer of the page brings."""
    known, first = payload.catalogue()["rules"], raced(offered)
    needed = [racer["rule"] for racer in state["racers"] if racer["rule"] in known and racer["rule"] not in first]
    return {**own, "rules": {**{key: known[key] for key in needed}, **own["rules"]}}


@functools.cache
def views():
    """The script of what is loaded when first needed: the views beyond the picture, and all rules."""
    return f'{MORE}={as_json(_tables(rules=payload.catalogue()["rules"]))};\n{bundle.views()}'


@functools.cache
def typing():
    """The script of what is loaded when a surface or a rule is typed: what reads them, and what they may be made of."""
    return f"window.optlearnExplorer.grammar={as_json(payload.grammar())};\n{bundle.typing()}"


def _tables(**found):
    """Rules, surfaces and presets by column, as what is alike compresses best side by side."""
    return {kind: {"names": list(rows), "columns": {key: [row.get(key) for row in rows.values()]
                                                    for key in sorted({key for row in rows.values() for key in row})}}
            for kind, rows in found.items()}


def once(common):
    """What a page needs once: style, code, and the data that its explorers have in common."""
    return (f'<style>{bundle.style()}</style><script type="application/json" class="optlearn-shared">'
            f'{common}</script>'
            f'<script type="text/plain" class="optlearn-views">{inside_script(views())}</script>'
            f'<script type="text/plain" class="optlearn-typing">{inside_script(typing())}</script>'
            f'<script>{inside_script(bundle.core())}</script>')


def element(data, only, draw, alt):
    """One explorer, with a still figure until it lives; without Matplotlib, with what the figure would show."""
    alone = f' data-only="{only}"' if only else ""
    picture = still(draw)
    shown = f"<noscript><p>{escape(alt)}</p></noscript>" if picture is None else (
        f'<img alt="{escape(alt)}" src="data:image/png;base64,{picture}" style="max-width:100%">')
    return (f'<div class="optlearn-explorer"{alone} data-waiting><script type="application/json" '
            f'class="optlearn-state">{as_json(data)}</script>{shown}</div>'
            "<script>window.optlearnExplorer&&window.optlearnExplorer.mount&&optlearnExplorer.mount()</script>")


def as_json(value):
    """Data as text that may stand in a script element."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("</", "<\\/").replace("<!", "\\u003c!")


def escape(text):
    """Text that may stand in an attribute."""
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def inside_script(text):
    """Code that may stand in a script element; what would end it is refused."""
    if "</script" in text or "<!--" in text:
        raise bundle.BundleError("the module contains text that would end its script element")
    return text


def in_notebook():
    """Whether what is the value of a cell is displayed by itself."""
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return hasattr(shell, "kernel")


_shown: list[bool] = []


def first_of_page():
    """Whether this is the first explorer that this process displays: one kernel runs one page."""
    _shown.append(True)
    return len(_shown) == 1


def split(bundle_):
    """Data and metadata of what `_repr_mimebundle_` gave."""
    return bundle_ if isinstance(bundle_, tuple) else (bundle_, {})


def still(draw):
    """What `draw` draws, or None without Matplotlib."""
    try:
        return draw()
    except ModuleNotFoundError as missing:
        if missing.name != "matplotlib":
            raise
        return None


def live(make, html, text, draw, alt):
    """What a notebook shows: the widget that `make` makes, with a figure and a text for where none can be shown.

    Without anywidget it is the page's own form, as `html` gives it, which differs in that Python hears nothing of it.
    """
    data = {"text/plain": text, "image/png": still(draw)}
    try:
        view, _ = split(make()._repr_mimebundle_())
    except ModuleNotFoundError:
        view = {"text/html": html()}
    for kind in ("application/vnd.jupyter.widget-view+json", "text/html"):
        if kind in view:
            data[kind] = view[kind]
    if data["image/png"] is None:
        del data["image/png"]
        return data, {}
    return data, {"image/png": {"alt": alt}}
