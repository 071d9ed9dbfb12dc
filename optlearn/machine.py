"""The cores and the memory of the machine."""

import functools
import os

import numpy as np


@functools.cache
def _threads(cores, process):
    """Threads that wait for work: to start them takes longer than many a step. A forked process needs its own."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(cores)


def in_threads(work, parts):
    """Call ``work`` with shares of the parts in as many threads as there are cores; what it returned, as a list."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores == 1 or len(parts) < 2:
        return [work(parts)] if parts else []
    # More shares than cores: a core that also does something else then takes fewer.
    share = -(-len(parts) // (4 * cores))
    return list(_threads(cores, os.getpid()).map(work, [parts[i:i + share] for i in range(0, len(parts), share)]))


@functools.cache
def keep_memory():
    """Let freed memory stay with the process, to be used again at once.

    Once glibc has seen a large piece of memory come and go, it keeps the smaller ones that are freed. Otherwise it
    hands them back to the system, which has to zero them again for the next.
    """
    np.empty(2**24, dtype=np.uint8)
