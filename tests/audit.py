"""What axe finds on a page. Of texts that are drawn alike, one that passes stands for all, here and on later pages."""

import json
from pathlib import Path

import axe_playwright_python

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
SAY = """found => found.map(({ id, nodes }) => `${id}, ${nodes.length} times: `
  + nodes[0].target.join().replace('[data-asked=""]', "") + " " + nodes[0].failureSummary.replace(/\\s+/g, " "))"""
# Contrast takes axe longer than all other rules, element by element. Alike are texts of one colour, size and weight
# over the same backgrounds; a box out of the flow may stand over others, and is like those of its kind alone. Other
# rules run with the first of them: axe finds out anew in each run where everything stands.
LOOK = f"""async ([scope, known, without]) => {{
  const looks = new Map(), grounds = new Map(), passed = new Set(JSON.parse(known)), ours = [], violations = [];
  const ground = box => {{
    if (!box) return "";
    if (!grounds.has(box)) {{
      const s = getComputedStyle(box);
      const own = [s.backgroundColor, s.backgroundImage, s.opacity, s.filter, s.mixBlendMode].join();
      const moved = /absolute|fixed|sticky/.test(s.position) || s.transform !== "none" || s.translate !== "none"
        || s.position === "relative" && [s.top, s.left, s.right, s.bottom].some(side => !/^(auto|0px)$/.test(side))
        || [s.marginTop, s.marginBottom].some(side => side.startsWith("-"));
      grounds.set(box, ground(box.parentElement) + (own === "rgba(0, 0, 0, 0),none,1,none,normal" ? "" : "|" + own)
        + (moved ? `#${{box.localName}}.${{box.getAttribute("class")}}` : ""));
    }}
    return grounds.get(box);
  }};
  for (const box of document.querySelector(scope).querySelectorAll("*")) {{
    const writes = box.matches("select, textarea, input:not([type=range], [type=checkbox], [type=radio])")
      || [...box.childNodes].some(one => one.nodeType === Node.TEXT_NODE && one.data.trim());
    if (!writes || !box.checkVisibility({{ opacityProperty: true, visibilityProperty: true }})) continue;
    // Axe finds no fault with a single letter, nor with what stands above the page, as the link that skips to the text.
    if (box.textContent.trim().length === 1 || box.getBoundingClientRect().bottom + scrollY <= 0) continue;
    const s = getComputedStyle(box);
    const look = [s.color, s.fontSize, s.fontWeight, s.textShadow, s.webkitTextStroke, ground(box)].join(";");
    if (!passed.has(look)) looks.set(look, [...(looks.get(look) ?? []), box]);
  }}
  axe.configure({{ rules: [{{ id: "color-contrast", selector: "[data-asked]" }},
    // Links in a text differ in more than colour; their contrast, too, would need to know where everything stands.
    {{ id: "link-in-text-block", any: ["link-in-text-block-style"] }}] }});
  const elements = (found, kind) => found.filter(({{ id }}) => id === "color-contrast")
    .flatMap(rule => rule[kind].map(one => one.node.element));
  let right, wrong;
  axe.addReporter("both", (found, options, done) => {{
    [right, wrong] = ["passes", "violations"].map(kind => new Set(elements(found, kind)));
    axe.getReporter("v1")(found, options, done);
  }});
  let rules = without ? {{ rules: Object.fromEntries(without.map(id => [id, {{ enabled: false }}])) }} : null;
  // All of those of which the first one tells nothing.
  for (const some of [alike => alike.slice(0, 1), alike => alike.slice(1)]) {{
    const asked = [...looks.values()].flatMap(some);
    if (!asked.length && !rules) break;
    asked.forEach(box => {{ box.dataset.asked = ""; }});
    const found = await axe.run(scope, {{
      preload: false, reporter: "both", resultTypes: ["violations"], ...(rules ?? {{ runOnly: ["color-contrast"] }}),
    }});
    rules = null;
    asked.forEach(box => {{ delete box.dataset.asked; }});
    violations.push(...found.violations);
    for (const [look, alike] of looks) {{
      const told = some(alike);
      if (told.some(box => wrong.has(box))) looks.delete(look);
      else if (told.some(box => right.has(box))) ours.push(look), looks.delete(look);
    }}
  }}
  return JSON.stringify([({SAY})(violations), ours]);
}}"""
passed = set()


def audit(page, scope="html", without=()):
    """What axe finds within a part of a page, `without` some of its rules."""
    page.evaluate(AXE)
    return look(page, scope, list(without))


def contrast(page, scope="html"):
    """Texts that do not stand out from what is behind them, after `audit` in another light."""
    return look(page, scope, None)


def look(page, scope, without):
    """What one of the two finds; of contrast, what no page before had."""
    found, looks = json.loads(page.evaluate(LOOK, [scope, json.dumps(list(passed)), without]))
    passed.update(looks)
    return found
