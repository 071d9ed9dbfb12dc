"""The module that a page gets: small, and the same program as its sources."""

import gzip

import pytest

from optlearn.explorer import bundle, explorer, shorten

MOST = 60_000


def test_a_page_gets_at_most_60_kilobytes():
    """Module, style, rules, surfaces and presets together, as a server would send them."""
    shared = explorer.common()
    text = bundle.style() + bundle.core() + shared
    assert len(gzip.compress(text.encode(), 9)) <= MOST


SAMPLE = """
const size = 3;
function area(shape, { width, height = size } = {}) {
  const [aa, ab, ac] = [1, 2, 3];
  const parts = [shape.width, ...shape.parts, ...[aa, ab, ac].slice(3)];
  for (const [index, part] of parts.entries()) if (index && part > width) return { part, width: part * height };
  const helper = { width() { return width; }, get height() { return height; } };
  return { width: helper.width(), text: `${parts.map((part) => `${part}:`).join("")} height`, height };
}
function twice(number) { return 2 * number; }
const made = new Function([twice].map(String).join("\\n") + "\\ntwice(1); return twice(3);")();
const wide = area({ width: 1, parts: [2, 5] }, { width: 4 });
const result = JSON.stringify([wide, area({ width: 1, parts: [2] }, { width: 7 }), made]);
"""


def test_short_names_do_not_change_what_a_program_does():
    mini_racer = pytest.importorskip("py_mini_racer")
    outcomes = []
    (short,), _ = shorten.with_short_names(shorten.without_spaces(SAMPLE))
    for text in (SAMPLE, short):
        # The name of the result is renamed as well: it is what the last statement declares.
        name = text.strip().rsplit("const ", 1)[1].split("=")[0].strip()
        outcomes.append(mini_racer.MiniRacer().eval(f"{text};{name}"))
    assert outcomes[0] == '[{"part":5,"width":15},{"width":7,"text":"1:2: height","height":3},6]'
    assert outcomes[1] == outcomes[0]
    assert "helper" not in short


def test_a_widget_tells_its_version_before_the_script_is_made(monkeypatch):
    version = bundle.version()
    monkeypatch.setattr(bundle, "_parts", lambda: pytest.fail("the script was made, which takes half a second"))
    assert bundle.version.__wrapped__() == version
