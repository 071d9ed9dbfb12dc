"""What the README tells readers to type is what CI runs."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
README, MAKEFILE, CI, REQUIREMENTS, PROJECT = (
    (ROOT / name).read_text(encoding="utf-8")
    for name in ("README.md", "Makefile", ".ci/run", "requirements.txt", "pyproject.toml"))
BLOCKS = "\n".join(re.findall(r"```\w*\n(.*?)```", README, re.S))
COMMANDS = re.findall(r"^(make \w+|python -m pip .*)", BLOCKS, re.M)


def test_ci_runs_the_two_commands_of_the_readme():
    for command in ("make book", "make test"):
        assert command in COMMANDS
        assert re.search(rf"^{command}$", CI, re.M)


def test_every_command_of_the_readme_exists():
    targets = set(re.findall(r"^(\w+):", MAKEFILE, re.M))
    assert {command.split()[1] for command in COMMANDS if command.startswith("make")} <= targets
    by_hand = next(command for command in COMMANDS if command.startswith("python"))
    assert by_hand == "python -m pip install -r requirements.txt && jupyter-book build ."
    assert "pip install -q -r requirements.txt" in MAKEFILE


def test_every_requirement_has_both_bounds_and_is_known():
    lines = [line.split("#")[0].strip() for line in REQUIREMENTS.splitlines() if line and line[0].isalpha()]
    assert lines == [line for line in lines if re.fullmatch(r"[\w-]+>=[\w.]+,<[\w.]+", line)]
    pinned = {re.split(">=", line)[0] for line in lines}
    extras = dict(re.findall(r"^(book|fast|test) = \[(.*)\]", PROJECT, re.M))
    assert set(re.findall(r'"([\w-]+)', ",".join(extras.values()))) <= pinned
