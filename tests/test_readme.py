"""What the README tells readers to type is what CI runs."""

import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

ROOT = Path(__file__).parent.parent
README, MAKEFILE, CI = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "Makefile", ".ci/run"))
BLOCKS = "\n".join(re.findall(r"```\w*\n(.*?)```", README, re.S))
COMMANDS = re.findall(r"^(make \w+|python -m pip .*|\.venv/bin/python .*)", BLOCKS, re.M)


def test_ci_runs_the_two_commands_of_the_readme():
    for command in ("make book", "make test"):
        assert command in COMMANDS
        assert re.search(rf"^{command}$", CI, re.M)


def test_the_explorer_of_the_readme_opens(monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    command = next(command for command in COMMANDS if "optlearn.explore" in command)
    exec(re.search(r'-c "(.*)"$', command)[1], {})
    assert "window.optlearnExplorer" in Path(url2pathname(urlsplit(opened[0]).path)).read_text(encoding="utf-8")


def test_every_command_of_the_readme_exists():
    targets = set(re.findall(r"^(\w+):", MAKEFILE, re.M))
    assert {command.split()[1] for command in COMMANDS if command.startswith("make")} <= targets
    by_hand = next(command for command in COMMANDS if command.startswith("python "))
    assert by_hand == "python -m pip install -r requirements.txt && jupyter-book build ."
    assert "pip install -q -r requirements.txt" in MAKEFILE
