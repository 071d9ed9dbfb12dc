"""NumPy functions from recorded expressions, so that NumPy, page and kernel compute in the same order."""

import re
from collections import Counter

import numpy as np

from optlearn.symbolic.emit import Emitter


def function(nodes, names):
    """A NumPy function that gives the values of nodes, as a tuple.

    Parameters
    ----------
    nodes : list of Node
    names : dict of Node to str
        The arguments, in order: the symbols that the nodes are made of. Coordinates are the first axis of those that
        are vectors; reductions run over it.
    """
    emitter = Emitter("numpy", names)
    statements, results = _nested(emitter.statements(nodes), ", ".join(emitter.text[n] for n in nodes))
    body = "".join(f"    {name} = {text}\n" for name, text in statements)
    space = {"np": np}
    exec(f"def recorded({', '.join(names.values())}):\n{body}    return ({results}{',' if nodes else ''})", space)
    return space["recorded"]


def _nested(statements, results):
    """Statements in which what is used once stands where it is used: NumPy then reuses its memory at once."""
    uses = Counter(re.findall(r"\bx\d+\b", " ".join([results, *(text for _, text in statements)])))
    once, kept = {}, []
    for name, text in statements:
        text = re.sub(r"\bx\d+\b", lambda found: once.get(found[0], found[0]), text)
        if uses[name] == 1 and text.count("(") < 100:  # Python reads 200 brackets in one another
            once[name] = text
        else:
            kept.append((name, text))
    return kept, re.sub(r"\bx\d+\b", lambda found: once.get(found[0], found[0]), results)
