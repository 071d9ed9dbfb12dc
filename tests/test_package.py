"""What is published: the wheel and the source distribution, built and used where only NumPy is installed."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import address  # noqa: E402
import release  # noqa: E402

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WORKFLOWS = {path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
             for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}


def listed(name):
    """The requirements in a file, by name."""
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines())
    found = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {canonicalize_name(one.name): one for one in found}

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


def test_every_requirement_has_both_bounds_and_a_version_within():
    bounds, lock = listed("requirements.txt"), listed("constraints/book.txt")
    for name, one in bounds.items():
        assert re.fullmatch(r"<[\w.]+,>=[\w.]+", str(one.specifier)), one
        assert name in lock and str(lock[name].specifier)[2:] in one.specifier, f"{one}: make lock"
    groups = [name for group in ("site", "test") for name in PROJECT["dependency-groups"][group]]
    extras = [name for extra in PROJECT["project"]["optional-dependencies"].values() for name in extra]
    named = {canonicalize_name(Requirement(text).name)
             for text in [*groups, *extras, *PROJECT["project"]["dependencies"]]}
    # The kernel and its shell come with JupyterLab; they have bounds for the sake of their outputs. So does what checks
    # notebooks, for the sake of its start.
    assert named == set(bounds) - {"ipykernel", "ipython", "jsonschema"}


def test_the_floor_is_what_the_package_admits():
    extras = [text for extra in PROJECT["project"]["optional-dependencies"].values() for text in extra]
    admitted = {canonicalize_name((one := Requirement(text)).name): str(one.specifier)
                for text in [*PROJECT["project"]["dependencies"], *extras]}
    lowest = listed("constraints/floor.txt")
    assert admitted == {name: str(lowest[name].specifier).replace("==", ">=") for name in admitted}


def test_every_file_says_one_version():
    assert set(release.versions().values()) == {PROJECT["project"]["version"]}


def test_an_address_is_written_everywhere_and_taken_out_again():
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in address.FILES}
    repository, site = "https://github.com/Some/optlearn", "https://some.github.io/optlearn/"
    assert address.pages(repository) == site
    told = address.written(texts, repository, site)
    config = yaml.safe_load(told["_config.yml"])
    assert (config["repository"]["url"], config["html"]["baseurl"]) == (repository, site)
    assert tomllib.loads(told["pyproject.toml"])["project"]["urls"]["Repository"] == repository
    citation = yaml.safe_load(told["CITATION.cff"])
    assert (citation["repository-code"], citation["url"]) == (repository, site)
    assert f"<{repository}/security/advisories/new>" in told["SECURITY.md"]
    assert f"git clone {repository} optlearn && cd optlearn\npython3 -m venv" in told["README.md"]
    assert "://" not in address.written(told, "", "")["SECURITY.md"]
    assert address.written(told, "", "") == address.written(texts, "", "")
    # The files say one thing now, whatever it is.
    now = yaml.safe_load(texts["_config.yml"])
    assert address.written(texts, now["repository"]["url"], now["html"]["baseurl"]) == texts


def test_workflows_test_every_python_and_run_what_exists():
    pythons = [one.rpartition(" ")[2] for one in PROJECT["project"]["classifiers"] if "Python :: 3." in one]
    assert WORKFLOWS["tests.yml"]["jobs"]["library"]["strategy"]["matrix"]["python"] == pythons
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    runs = [step["run"] for flow in WORKFLOWS.values() for job in flow["jobs"].values() for step in job["steps"]
            if "run" in step]
    made = [name for run in runs for names in re.findall(r"^make (.*)$", run, re.M) for name in names.split()]
    assert made and set(made) <= set(targets)
    files = [name for run in runs for name in re.findall(r"(?:tools|\.ci)/[\w.]+|constraints/[\w.]+", run)]
    assert files and all((ROOT / name).is_file() for name in files)
