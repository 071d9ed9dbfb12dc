"""The explorer: optimizers race on a surface, in a notebook and on a page without a kernel."""

from optlearn.explorer.explorer import Explorer, explore
from optlearn.explorer.views import view

__all__ = ["Explorer", "explore", "view"]
