"""Test what changed since the last commit (or in it, if nothing did since), as far as half a minute goes.

    python tools/quick.py

A test file is run if it, or something that it uses by name, changed; then those that use what imports that. Doctests
of changed modules come first, notebooks that changed are run and compared. What was left out is said at the end.
"""

import ast
import importlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# For the tests themselves; choosing and collecting them, of so many files at most, takes up to ten more.
SECONDS = 18
FILES = 20
# What no import shows: which tests look at a file, and what is left to make test.
OTHERWISE = {"optlearn/rules/": ["tests/rules/test_equations.py", "tests/rules/test_properties.py"],
             "optlearn/explorer/js/": ["tests/explorer/test_bundle.py", "tests/explorer/test_stage.py"],
             "README.md": ["tests/test_readme.py"], "Makefile": ["tests/test_readme.py"],
             "pyproject.toml": ["tests/test_readme.py"], "requirements.txt": ["tests/test_readme.py"],
             "_toc.yml": ["tests/test_notebooks.py"], "book/_ext/": ["tests/test_build.py"],
             "book/": ["tests/test_quizzes.py", "tests/test_copies.py"]}
ALWAYS = ["tests/test_house.py"]
LEFT = "types (make lint), the built pages (make pages) and all that was not named here (make test)"


def changed():
    """The files that changed, as paths from the root."""
    def git(*words):
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")

    files = git("diff", "--name-only", "HEAD") + git("ls-files", "--others", "--exclude-standard")
    files = [name for name in files if name]
    return files or [name for name in git("diff", "--name-only", "HEAD~1") if name]


def used(path):
    """The modules of the library that a file names: those it imports, and those in which its names are defined."""
    found = set()

    def name_of(base, name):
        home = getattr(getattr(importlib.import_module(base), name, None), "__module__", None) or base
        found.update({home, f"{base}.{name}"})

    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "optlearn":
            found.add(node.module)
            for alias in node.names:
                name_of(node.module, alias.name)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "optlearn":
            name_of("optlearn", node.attr)
    return found


def module(name):
    """The module of a file, or nothing."""
    path = Path(name)
    if path.suffix == ".py" and path.parts[0] == "optlearn":
        return ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    return ""


def chosen(files):
    """What pytest is to be given, the nearest first."""
    modules = set(filter(None, map(module, files)))
    library = {module(path.relative_to(ROOT).as_posix()): used(path) for path in (ROOT / "optlearn").rglob("*.py")}
    tests = {path.relative_to(ROOT).as_posix(): used(path) for path in sorted((ROOT / "tests").rglob("test_*.py"))}
    near = {name for name, uses in library.items() if uses & modules}
    stems = {f"test_{Path(name).stem}.py" for name in files}
    order = [*ALWAYS, *(name for name in files if module(name) and (ROOT / name).exists()),
             *(name for name in files if name in tests), *(name for name in tests if Path(name).name in stems)]
    for start, names in OTHERWISE.items():
        order += names if any(name.startswith(start) for name in files) else []
    notebooks = [name for name in files if name.endswith(".ipynb")]
    order += ["tests/test_notebooks.py", *notebooks] if notebooks else []
    for level in (modules, near - modules - {"optlearn"}):
        # A browser takes its time.
        order += sorted((name for name, uses in tests.items() if uses & level),
                        key=lambda name: ("/explorer/" in name, len(tests[name])))
    return [name for name in dict.fromkeys(order) if (ROOT / name).exists()
            and name not in ("tests/test_pages.py", "tests/test_teaching.py")]


class Budget:
    """Ends the run when the time is over, and remembers what it left out."""

    def __init__(self):
        self.end, self.left = 0.0, {}

    def pytest_collection_finish(self, session):
        self.end = time.monotonic() + SECONDS

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item, nextitem):
        if time.monotonic() < self.end:
            return None
        name = item.location[0]
        self.left[name] = self.left.get(name, 0) + 1
        # True: it was seen to.
        return True


def main():
    """Choose, test, and say what was left out."""
    files = changed()
    written = [name for name in files if name.endswith((".py", ".ipynb")) and (ROOT / name).exists()]
    code = written and subprocess.run([sys.executable, "-m", "ruff", "check", "-q", *written], cwd=ROOT,
                                      check=False).returncode
    names, budget = chosen(files), Budget()
    names, later = names[:FILES], names[FILES:]
    notebooks = any(name.endswith(".ipynb") for name in names)
    flags = ["--nbval", "--nbval-current-env"] if notebooks else ["-p", "no:nbval"]
    print(f"{len(files)} files changed: {', '.join(files[:6])}{', ...' if len(files) > 6 else ''}")
    code = pytest.main(["-q", "-p", "no:xdist", "--no-header", "-r", "f", *flags, *names], plugins=[budget]) or code
    if budget.left:
        print(f"Left out after {SECONDS} s: " + ", ".join(f"{name} ({count})" for name, count in budget.left.items()))
    if later:
        print(f"Farther away, and not opened: {', '.join(later)}.")
    print(f"Left out: {LEFT}.")
    return code


if __name__ == "__main__":
    sys.exit(main())
