"""What of a notebook's code some of it rests on: the statements that made its names, and what those are made of."""

import ast
import symtable


def statements(cells):
    """The statements of code cells in order: each as a node and as it was written."""
    for cell in cells:
        if cell["cell_type"] == "code":
            lines = ["" if line.startswith(("%", "!")) else line for line in "".join(cell["source"]).split("\n")]
            for node in ast.parse("\n".join(lines)).body:
                first = min([node, *getattr(node, "decorator_list", ())], key=lambda part: part.lineno)
                yield node, "\n".join(lines[first.lineno - 1:node.end_lineno])


def names_in(node):
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _stored(node):
    return [part for part in ast.walk(node) if isinstance(getattr(part, "ctx", None), ast.Store)]


def read(text):
    """The names that a statement reads, but for those that its functions and comprehensions bind for themselves."""
    def walk(table, top):
        for name in table.get_symbols():
            if name.is_referenced() and (top or name.is_global()):
                yield name.get_name()
        for inner in table.get_children():
            yield from walk(inner, False)

    return set(walk(symtable.symtable(text, "cell", "exec"), True))


def uses(node, text):
    """The names from outside that a statement uses; what a loop sets, it hardly had before."""
    loop = isinstance(node, ast.For | ast.With)
    own = {part.id for part in _stored(node) if isinstance(part, ast.Name) and loop}
    return read(text) - own


def through(node):
    """The names whose items a loop changes: `draws`, in ``for g in draws: g *= 2``."""
    found = set()
    for loop in ast.walk(node):
        if isinstance(loop, ast.For):
            changed = [part.target if isinstance(part, ast.AugAssign) else part.value
                       for line in loop.body for part in ast.walk(line) if isinstance(part, ast.AugAssign)
                       or isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Store)]
            if names_in(loop.target) & {part.id for part in changed if isinstance(part, ast.Name)}:
                found |= names_in(loop.iter)
    return found


def makes(node):
    """The names that a statement makes anew, and all those that it makes or changes."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}, {node.name}
    parts = list(ast.walk(node))
    # A comprehension's variables are its own, and a loop's are hardly used behind it.
    own = {name for part in parts if isinstance(part, ast.comprehension | ast.For) for name in names_in(part.target)}
    names = {part.id for part in _stored(node) if isinstance(part, ast.Name)} - own
    # w[0] = ..., rows.append(...)
    methods = [part.value.func for part in parts if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call)
               and isinstance(part.value.func, ast.Attribute)]
    changed = {part.value.id for part in _stored(node) + methods if isinstance(getattr(part, "value", None), ast.Name)}
    return names if isinstance(node, ast.Assign) else set(), names | changed | through(node)


def needs(given):
    """The names that some statements use and do not make themselves."""
    names, made = set(), set()
    for node, text in given:
        names |= uses(node, text) - made
        made |= makes(node)[0]
    return names


def behind(names, before):
    """Those of some statements that make these names, and what they are made of, as written and in order."""
    before, found = list(before), []
    imported = {alias.asname or alias.name.partition(".")[0] for node, _ in before
                if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
    names = set(names) - imported
    for node, text in reversed(before):
        anew, touched = makes(node)
        if touched & names:
            names = (names - anew | uses(node, text)) - imported
            found.append(text)
    return found[::-1]
