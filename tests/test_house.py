"""The house: who imports whom, read from the source; CONTRIBUTING.md draws it."""

import ast
import functools
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "optlearn"
MOST_LINES = 450

# From the ground up. What stands on a floor may import from it and from those below it.
FLOORS = [
    {"look", "machine", "optional", "symbolic.names"},
    {"declare"},
    {"state", "tree", "explain"},
    {"asking", "gradients", "needs", "registry", "stepping", "typing"},
    {"matrices", "optimizer"},
    {"rules", "wrappers", "conventions", "groups"},
    {"symbolic"},
    {"schedules", "surfaces"},
    {"functions", "plain", "problems", "record", "starting"},
    {"trajectory"},
    {"checkpoint", "mistakes"},
    {"training"},
    {"checking", "claims", "explorer", "plots", "studies"},
    {""},
]

# Doors: what a room below fetches from above when it is asked for, inside a function, and why it may.
DOORS = {
    ("optimizer", "symbolic"): "a rule shows its equation",
    ("stepping", "symbolic"): "whether a large array may be stepped block by block is told by the recorded lines",
    ("optimizer", "plain"): "a rule tells its configuration",
    ("registry", "plain"): "a rule is made from plain data",
    ("registry", "conventions"): "a rule is asked for in the form of a library",
    ("registry", "groups"): "a rule is asked for as groups",
    ("groups", "schedules"): "a schedule that follows the loss is refused",
    ("registry", "wrappers"): "a rule is asked for in a wrapper",
    ("record", "explorer"): "a run is shown as an animation",
}

MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix("__init__").rstrip("."): path
           for path in sorted(ROOT.rglob("*.py"))}


def room(module):
    """The room in which a module is: a file of the ground floor, or a folder."""
    return module if any(module in floor for floor in FLOORS) else module.partition(".")[0]


FLOOR = {name: height for height, names in enumerate(FLOORS) for name in names}


@functools.cache
def imports():
    """Every import of a module of the library by another: who, whom, and whether inside a function."""
    found = []

    def visit(node, module, inside):
        for child in ast.iter_child_nodes(node):
            names = []
            if isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING":
                continue
            if isinstance(child, ast.Import):
                names = [alias.name for alias in child.names]
            elif isinstance(child, ast.ImportFrom):
                names = [f"{child.module}.{alias.name}" for alias in child.names]
            for name in names:
                if name.partition(".")[0] == "optlearn":
                    name = name.partition(".")[2]
                    while name not in MODULES:
                        name = name.rpartition(".")[0]
                    if name != module:
                        found.append((module, name, inside))
            visit(child, module, inside or isinstance(child, (ast.FunctionDef, ast.Lambda)))

    for module, path in MODULES.items():
        visit(ast.parse(path.read_text(encoding="utf-8")), module, False)
    return found


def test_every_module_has_a_floor():
    assert {room(module) for module in MODULES} == set(FLOOR)


def test_no_arrow_runs_up():
    up = {(room(a), room(b), inside) for a, b, inside in imports() if FLOOR[room(a)] < FLOOR[room(b)]}
    assert not [(a, b) for a, b, inside in up if not inside]
    assert {(a, b) for a, b, _ in up} == set(DOORS)


@pytest.mark.parametrize("lazy", [False, True], ids=["loaded", "asked for"])
def test_no_circle(lazy):
    """Not among what is loaded, nor, the doors apart, among what is asked for."""
    arrows = {module: set() for module in MODULES}
    for a, b, inside in imports():
        if not inside or (lazy and (room(a), room(b)) not in DOORS):
            arrows[a].add(b)
    done = set()

    def follow(module, path):
        assert module not in path, " -> ".join([*path[path.index(module):], module])
        if module not in done:
            for other in sorted(arrows[module]):
                follow(other, [*path, module])
            done.add(module)

    for module in arrows:
        follow(module, [])


def test_no_file_is_too_long():
    assert not {module: lines for module, path in MODULES.items()
                if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES}


def test_the_page_has_floors_too():
    """Its folders import from those before them, and what stands beside the folders joins them."""
    from optlearn.explorer import bundle

    floor = {"model": 0, "view": 1, "panels": 2, "stages": 2, "": 3}
    for path in (bundle.HERE / "js").rglob("*.js"):
        name = path.relative_to(bundle.HERE / "js").as_posix()
        above = [other for _, other in bundle.imports(name) if floor[folder(other)] > floor[folder(name)]]
        assert not above, name
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES, name


def folder(name):
    return name.rpartition("/")[0]


def test_every_folder_says_what_lives_there():
    for module, path in MODULES.items():
        if path.name == "__init__.py":
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), module
