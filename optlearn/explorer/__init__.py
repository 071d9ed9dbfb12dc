"""The explorer: optimizers race on a surface, in a notebook and on a page without a kernel.

`explorer` is what a reader holds, `views` single views of it, `stages` and `networks` what is shown
beside the plane. `arguments` checks what it is given, `racers` runs them,
`presets` are states with a name, `payload` makes what the page gets, `page` puts it into HTML, `bundle` and `shorten`
join the JavaScript of `js`; `widget`, `figure`, `saving` and `words` show it elsewhere. It stands on everything but
training, and only `plots` may be asked for beside it.
"""

from optlearn.explorer.explorer import Explorer, explore
from optlearn.explorer.networks import network
from optlearn.explorer.stages import Stage, matrices, newton_schulz
from optlearn.explorer.views import view

__all__ = ["Explorer", "Stage", "explore", "matrices", "network", "newton_schulz", "view"]
