"""The public API for checkers of types and for help(): what it says is what the classes declare."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parent.parent


def tool(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_stubs_say_what_the_classes_declare():
    stubs = tool("stubs")
    for package in stubs.TARGETS:
        path = ROOT / "optlearn" / package / "__init__.pyi"
        assert path.read_text(encoding="utf-8") == stubs.stub(package), f"{path.name} of {package} is old: make stubs"
