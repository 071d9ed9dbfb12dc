"""Run a study and keep its results beside it.

    python tools/study.py NAME ...

All cores are used. What is done is kept after every minute or so: a run that was stopped goes on where it was, unless
what it computes has changed.
"""

import concurrent.futures
import json
import os
import sys
import time
from pathlib import Path

from optlearn.studies import Study, measured

STUDIES = Path(__file__).parent.parent / "book" / "studies"


def run(script):
    """Compute what is missing."""
    study = Study(script)
    if study.kept.is_file():
        kept = json.loads(study.kept.read_text())
        study.results = kept["results"] if kept["hash"] == study.hash else []
    begin = saved = time.perf_counter()
    with concurrent.futures.ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        while True:
            done = [row["cell"] for row in study.results]
            jobs = {pool.submit(cell_of, script, cell): cell for cell in study.module.cells(study.results)
                    if cell not in done}
            if not jobs:
                break
            for job in concurrent.futures.as_completed(jobs):
                study.results.append({"cell": jobs[job], "found": job.result()})
                if time.perf_counter() - saved > 30:
                    saved = time.perf_counter()
                    write(study)
            print(f"{script.stem}: {len(study.results)} runs, {time.perf_counter() - begin:.0f} s", flush=True)
    write(study)


def cell_of(script, cell):
    """One cell, in a process of the pool."""
    return measured(Study(script).module, cell)


def write(study):
    """Keep the results: a line a run, in an order that does not depend on which was done first."""
    rows = sorted(json.dumps(row) for row in study.results)
    text = f'{{"hash": "{study.hash}", "results": [\n' + ",\n".join(rows) + "\n]}\n"
    part = study.kept.with_suffix(".part")
    part.write_text(text)
    part.replace(study.kept)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        run(STUDIES / f"{name}.py")
