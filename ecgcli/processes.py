"""Processes that share the records of a training or an evaluation between them.

It knows how such processes are begun; the workers of a batch run, which have to outlive broken
records, are another matter (`batch.workers`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""What tells the numeric libraries how many threads to begin when they load."""


@contextmanager
def processes(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Give processes of one thread each.

    With threads of their own they wait for each other: two processes that measure recordings on two
    cores take five times as long.
    """
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        # Not forked: a library that was loaded before has made its threads already.
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            yield pool
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
