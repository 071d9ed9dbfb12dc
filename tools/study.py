"""Run a study and keep its results beside it.

    python tools/study.py NAME ...
    python tools/study.py --sample 12 NAME

All cores are used, one process each; `run` takes any other executor of the kind of `concurrent.futures`, such as
``Client(...).get_executor()`` of dask.distributed, whose workers must be able to import this file and read that of the
study. What is done is kept every half minute, and when the run is stopped; it goes on where it was, unless what it
computes has changed. Only a process that is killed outright (kill -9) loses its last half minute.

Where a module that it reads has changed in what cannot touch the numbers, `--sample` runs that many cells again, spread
over the results; if all are what was kept, to twelve digits, the results count as the present script's, and say how
many were run again, and of which hash.
"""

import argparse
import concurrent.futures
import contextlib
import functools
import json
import os
import signal
import sys
import time
from pathlib import Path

from optlearn.studies import Study, measured

STUDIES = Path(__file__).parent.parent / "book" / "studies"


def run(script, executor=None):
    """Compute what is missing, in an executor that is left open, or in a pool of processes."""
    study = Study(script)
    if study.kept.is_file():
        kept = json.loads(study.kept.read_text())
        study.results = kept["results"] if kept["hash"] == study.hash else []
    begin = saved = time.perf_counter()
    with processes() if executor is None else contextlib.nullcontext(executor) as pool:
        while True:
            done = [row["cell"] for row in study.results]
            jobs = {pool.submit(cell_of, script, cell): cell for cell in study.module.cells(study.results)
                    if cell not in done}
            if not jobs:
                break
            try:
                for job in concurrent.futures.as_completed(jobs):
                    study.results.append({"cell": jobs[job], "found": job.result()})
                    if time.perf_counter() - saved > 30:
                        saved = time.perf_counter()
                        write(study)
            finally:
                for job in jobs:
                    job.cancel()
                write(study)
            print(f"{script.stem}: {len(study.results)} runs, {time.perf_counter() - begin:.0f} s", flush=True)


def sample(script, count):
    """Run some cells again, and keep all results if these are as they were."""
    study = Study(script)
    kept = json.loads(study.kept.read_text())
    study.results = kept["results"]
    cells = [row["cell"] for row in study.results]
    chosen = cells[::max(1, len(cells) // count)]
    with processes() as pool:
        for cell, found in zip(chosen, pool.map(cell_of, [script] * len(chosen), chosen), strict=True):
            study.compare(cell, found, 1e-12)
    write(study, {"sampled": [*kept.get("sampled", []), {"hash": kept["hash"], "again": len(chosen)}]})
    print(f"{script.stem}: {len(chosen)} of {len(cells)} runs were made again and are as they were")


def processes():
    """A pool with a process a core."""
    return concurrent.futures.ProcessPoolExecutor(len(os.sched_getaffinity(0)))


@functools.cache
def module_of(script, text):
    """The module of a script; in a process that stays, of another text another one."""
    return Study(script).module


def cell_of(script, cell):
    """One cell, in a process of the pool."""
    return measured(module_of(script, Path(script).read_text()), cell)


def write(study, more=None):
    """Keep the results: a line a run, in an order that does not depend on which was done first."""
    rows = sorted(json.dumps(row) for row in study.results)
    head = json.dumps({"hash": study.hash, **(more or {})})[:-1]
    text = head + ', "results": [\n' + ",\n".join(rows) + "\n]}\n"
    part = study.kept.with_suffix(".part")
    part.write_text(text)
    part.replace(study.kept)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped; what was done is kept"))
    parser = argparse.ArgumentParser(description="Run a study and keep its results.")
    parser.add_argument("names", nargs="+")
    parser.add_argument("--sample", type=int, metavar="COUNT", help="only run this many cells again")
    asked = parser.parse_args()
    for name in asked.names:
        path = STUDIES / f"{name}.py"
        sample(path, asked.sample) if asked.sample else run(path)
