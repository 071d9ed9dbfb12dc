"""All benchmarks, each in a process of its own. They write their sections of benchmarks/RESULTS.md."""

import subprocess
import sys
from pathlib import Path

for name in ("library", "explorer"):
    print(f"{name}:", flush=True)
    subprocess.run([sys.executable, Path(__file__).parent / f"{name}.py"], check=True)
