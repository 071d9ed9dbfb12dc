"""A rule at a glance: update, hyperparameters and source as HTML."""

import html

from optlearn.symbolic.graph import NotTraceable
from optlearn.symbolic.printing import equation


def card(rule):
    """Update, hyperparameters and source of a rule as HTML."""
    try:
        # The class lets MathJax find the formula in a built page as well as in a notebook.
        update = rf'<div class="math notranslate nohighlight">\[{html.escape(equation(rule), quote=False)}\]</div>'
    except NotTraceable as reason:
        update = f"<p>{html.escape(str(reason))}</p>"
    rows = ""
    for name, d in rule.hypers().items():
        value = rule.__dict__[name]
        shown = "left out" if value is None else html.escape(str(value))
        rows += (rf'<tr><th scope="row">\({d.symbol}\)</th><td><code>{name}</code></td><td>{shown}</td>'
                 f"<td>{html.escape(d.range)}</td></tr>")
    for name, d in rule.options().items():
        rows += (f'<tr><td></td><th scope="row"><code>{name}</code></th><td>{html.escape(repr(rule.__dict__[name]))}'
                 f"</td><td>{html.escape(d.range)}</td></tr>")
    for transform in rule.gradient:
        shown = html.escape(repr(transform))
        rows += f'<tr><td></td><th scope="row">gradient</th><td colspan="2"><code>{shown}</code></td></tr>'
    if rule.needs and (each := rule.gradients_per_step) > 1:
        rows += f'<tr><td></td><th scope="row">cost</th><td colspan="2">{each} gradients a step</td></tr>'
    table = (f'<table class="math optlearn-hyper"><thead><tr><th>symbol</th><th>name</th><th>value</th><th>allowed</th>'
             f"</tr></thead><tbody>{rows}</tbody></table>") if rows else ""
    source = html.escape(rule.source())
    return (f'<div class="optlearn-rule"><p><strong>{type(rule).__name__}</strong></p>{update}{table}'
            f"<details><summary>Source</summary><pre><code>{source}</code></pre></details></div>")
