"""Whether everything says the version of a tag: python tools/release.py v0.1.0"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Where the version stands.
PLACES = {"pyproject.toml": r'^version = "(.*)"', "optlearn/__init__.py": r'^__version__ = "(.*)"',
          "CITATION.cff": r"^version: (.*)", "CHANGELOG.md": r"^## (\d+\.\d+\.\d+)"}


def versions():
    """The version in each file; in the changelog, the newest."""
    return {name: re.search(pattern, (ROOT / name).read_text(encoding="utf-8"), re.M)[1]
            for name, pattern in PLACES.items()}


def main(tag):
    """Complain about the first that differs."""
    for name, version in versions().items():
        if f"v{version}" != tag:
            raise SystemExit(f"the tag is {tag}, and {name} says {version}")
    print(tag)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
