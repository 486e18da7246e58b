"""Recordings through a pool of workers, what became of each in the order in which they come.

It knows the order and how far the workers may run ahead of it, so that memory does not grow with
the number of recordings; it does not know what is done to one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ecgcli.batch.outcome import Outcome
from ecgcli.batch.stopping import Stopping
from ecgcli.batch.workers import Job, Pool
from ecgcli.records.find import Source

AHEAD = 16  # records per worker that may be done or in hand behind one that is not
WAIT_S = 0.5


@dataclass(slots=True, eq=False)
class _Place:
    """A recording's place in the line."""

    job: Job
    outcome: Outcome | None


def in_order(
    met: Iterator[tuple[Source, Outcome | None] | None],
    pool: Pool,
    jobs: int,
    stopping: Stopping,
) -> Iterator[tuple[Source, Outcome]]:
    """Yield every recording with what became of it, in the order of `met`.

    A worker that dies takes one recording with it, which is tried once more with nothing else in
    hand. After a signal nothing new is begun; what is in hand is finished and yielded.

    Args:
        met: Recordings; with an outcome where that is known already. `None` is nothing at all, and
            leaves time to look after the workers.
        pool: The workers, for as long as this lasts.
        jobs: Number of workers.
        stopping: Says whether a signal came.
    """
    line: deque[_Place] = deque()
    waiting: deque[_Place] = deque()
    again: deque[_Place] = deque()
    walking = True
    while True:
        stopped = stopping.signal is not None
        if stopped:
            waiting.clear()
            again.clear()
        while walking and not stopped and len(line) < AHEAD * jobs:
            try:
                one = next(met)
            except StopIteration:
                walking = False
                break
            if one is None:
                break
            place = _Place(Job(one[0], None), one[1])
            line.append(place)
            if place.outcome is None:
                waiting.append(place)
        _feed(pool, waiting, again)
        while line and line[0].outcome is not None:
            done = line.popleft()
            assert done.outcome is not None
            yield done.job.source, done.outcome
        if not pool.in_hand and (stopped or not (walking or line)):
            return
        idle = walking and not stopped and len(line) < AHEAD * jobs
        for finished in pool.wait(0 if idle else WAIT_S):
            place = next(each for each in line if each.job is finished.job)
            if finished.crashed and not finished.job.alone:
                place.job = replace(finished.job, alone=True)
                again.append(place)
            else:
                place.outcome = finished.outcome


def _feed(pool: Pool, waiting: deque[_Place], again: deque[_Place]) -> None:
    """Give every free worker a record; one that is tried again goes alone, before the others."""
    if pool.alone:
        return
    if again:
        if not pool.in_hand and pool.has_room():
            pool.give(again.popleft().job)
        return
    while waiting and pool.has_room():
        pool.give(waiting.popleft().job)
