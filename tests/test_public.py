"""The public API for checkers of types, for help() and for the reference: what it says is what there is."""

import importlib
import importlib.util
import inspect
import re
from pathlib import Path

import pytest
from numpydoc.validate import validate

from optlearn.declare import Declared

ROOT = Path(__file__).parent.parent
MODULES = ("optlearn", "optlearn.checkpoint", "optlearn.conventions", "optlearn.explorer", "optlearn.functions",
           "optlearn.gradients", "optlearn.matrices", "optlearn.plots", "optlearn.problems", "optlearn.schedules",
           "optlearn.studies", "optlearn.surfaces", "optlearn.training", "optlearn.wrappers")
# numpydoc's checks of a function: it has a docstring, with a summary that is a sentence, says of every parameter what
# it is, in order, says what comes out, and has an example. Of a class the arguments are made of what it declares.
# Not asked for: See Also, an extended summary, a description of what its name and kind tell.
OF_FUNCTION = {"GL08", "SS01", "SS03", "PR01", "PR02", "PR03", "PR04", "RT01", "YD01", "EX01"}
OF_CLASS = {"GL08", "SS01", "SS03", "PR03"}
# What is changed for all that follows has nothing to return.
NOTHING = {"optlearn.plots.style"}


def public():
    """The public functions and classes, by the name under which they are first offered."""
    found = {}
    for module in map(importlib.import_module, MODULES):
        own = [name for name, value in vars(module).items()
               if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__]
        for name in getattr(module, "__all__", own):
            thing = getattr(module, name)
            if (isinstance(thing, type) or inspect.isfunction(thing)) and thing not in found.values():
                found[f"{module.__name__}.{name}"] = thing
    return found


PUBLIC = public()


def methods(cls):
    """The public methods and properties that a class has of its own, as functions."""
    for name, value in vars(cls).items():
        made = value.fget if isinstance(value, property) else getattr(value, "func", getattr(value, "__func__", value))
        if inspect.isfunction(made) and not name.startswith("_") and made.__name__ == name:
            yield name, made


def tool(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_stubs_say_what_the_classes_declare():
    stubs = tool("stubs")
    for package in stubs.TARGETS:
        path = ROOT / "optlearn" / package / "__init__.pyi"
        assert path.read_text(encoding="utf-8") == stubs.stub(package), f"optlearn/{package}: run make stubs"


def _bare(function):
    """Parameters without annotation, and "return" if what comes out has none."""
    signature = inspect.signature(function)
    found = [name for name, parameter in signature.parameters.items() if parameter.annotation is parameter.empty]
    return [name for name in found if name != "self"] + ["return"] * (signature.return_annotation is signature.empty)


def test_every_public_signature_is_annotated():
    """The lines of rules, schedules, surfaces and problems apart: their methods are annotated where they come from."""
    bare = {}
    for name, thing in PUBLIC.items():
        functions = [("", thing)] if inspect.isfunction(thing) else methods(thing)
        if isinstance(thing, type):
            functions = [*functions, *[("__init__", thing.__init__)] * ("__init__" in vars(thing))]
        for method, function in functions:
            inherited = isinstance(thing, type) and any(method in vars(base) for base in thing.__mro__[1:])
            if not (inherited and issubclass(thing, Declared)) and (missing := _bare(function)):
                bare[f"{name}.{method}".rstrip(".")] = missing
    assert not bare


@pytest.mark.parametrize("name", PUBLIC)
def test_every_docstring_says_what_is_asked_for(name):
    thing = PUBLIC[name]
    asked = (OF_CLASS if isinstance(thing, type) else OF_FUNCTION) - ({"RT01"} if name in NOTHING else set())
    asked |= {"EX01"} if isinstance(thing, type) and issubclass(thing, Declared) else set()
    found = validate(f"{thing.__module__}.{thing.__qualname__}")["errors"]
    assert not [error for error in found if error[0] in asked]
    for method, _ in methods(thing) if isinstance(thing, type) else ():
        assert inspect.getdoc(getattr(thing, method)), f"{name}.{method} has no docstring"


def test_the_reference_has_every_public_object():
    pages = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "book" / "reference").glob("*.md"))
    alone = set(re.findall(r"auto(?:class|function):: ([\w.]+)", pages))
    whole = {module: members.split(", ") if members else None for module, members in
             re.findall(r"automodule:: ([\w.]+)\n   :members:(?: ([\w, ]+))?", pages)}
    missing = []
    for name, thing in PUBLIC.items():
        module, _, last = name.rpartition(".")
        above = thing.__module__.split(".")
        homes = {module, *(".".join(above[:k]) for k in range(1, len(above) + 1))}
        shown = alone | {f"{home}.{name}" for home in homes & set(whole) for name in whole[home] or [last]}
        if not any(f"{home}.{own}" in shown for home in homes for own in (last, thing.__name__)):
            missing.append(name)
    assert not missing


def test_help_shows_signatures():
    """No public object shows ``*args, **kwargs`` alone."""
    for name, thing in PUBLIC.items():
        if not (isinstance(thing, type) and issubclass(thing, Exception)):
            assert str(inspect.signature(thing)) not in ("(*args, **kwargs)", "(*given, **values)"), name
