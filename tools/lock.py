"""Write the exact versions that are installed here into constraints/book.txt: python tools/lock.py

Run it in an environment of requirements.txt alone, after `make test` passed there.
"""

import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parent.parent / "constraints" / "book.txt"
HEAD = """# Versions with which the book was last built and tested: `make env` installs, and `make lock` writes them.
# They are constraints: what a system or a Python does not need is not installed. requirements.txt has the ranges.
"""


def main():
    """Ask pip, and write."""
    frozen = subprocess.run([sys.executable, "-m", "pip", "freeze", "--exclude-editable"], capture_output=True,
                            text=True, check=True).stdout
    lines = sorted((line for line in frozen.splitlines() if "==" in line), key=str.lower)
    LOCK.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} versions in {LOCK.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
