"""What is published: the wheel and the source distribution, built and used where only NumPy is installed."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Of what is installed beside it, the package finds NumPy alone.
ALONE = """
import importlib.metadata, sys
sys.path.insert(0, sys.argv[1])
for name in importlib.metadata.packages_distributions():
    if name not in ("numpy", "optlearn"):
        sys.modules[name] = None
import numpy, optlearn
assert optlearn.__file__.startswith(sys.argv[1])
explorer = optlearn.explore("rosenbrock", ["adam", "momentum"])
explorer.save(sys.argv[2] + "/race.html")
optlearn.explorer.matrices().save(sys.argv[2] + "/stage.html")
assert "window.optlearnExplorer" in explorer._repr_mimebundle_()[0]["text/html"]
assert optlearn.Adam().equation()
"""


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A folder with both, the wheel made from the source distribution as an installer makes it."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("dist")

    def build(kind, source):
        subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)], cwd=source,
                       check=True, capture_output=True)

    build("sdist", ROOT)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    build("wheel", next(path for path in folder.iterdir() if path.is_dir()))
    return folder


@pytest.fixture(scope="session")
def pages(built, tmp_path_factory):
    """A folder with pages that the wheel wrote, alone with NumPy."""
    folder = tmp_path_factory.mktemp("alone")
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        archive.extractall(folder / "site")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "OPTLEARN"))}
    done = subprocess.run([sys.executable, "-c", ALONE, str(folder / "site"), str(folder)], cwd=folder, env=environment,
                          capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return folder


def test_the_wheel_has_the_whole_library_and_nothing_else(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    tracked = {path.relative_to(ROOT).as_posix() for path in (ROOT / "optlearn").rglob("*")
               if path.is_file() and "__pycache__" not in path.parts}
    assert names == tracked
    assert sum(path.stat().st_size for path in built.glob("*.whl")) < 1_000_000


@pytest.mark.parametrize("name", ["race", "stage"])
def test_it_explores_with_numpy_alone(name, pages, visit):
    page, problems = visit((pages / f"{name}.html").as_uri())
    page.wait_for_function("[...document.querySelectorAll('.optlearn-explorer')].every((one) => one.explorer)")
    assert page.locator("canvas, svg").first.is_visible()
    assert not problems
