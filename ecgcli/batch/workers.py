"""A supervised pool of worker processes, one record in hand each.

It knows processes: how they are started, watched, timed, replaced and stopped. It does not know
what is done to a record or where records come from. Unlike the pools of the standard library it
survives a worker that crashes, hangs or is killed, and can say which record it had in hand.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.context import ForkServerContext
from typing import TYPE_CHECKING, Any

from ecgcli.batch import worker
from ecgcli.batch.outcome import Failure, Outcome, Told
from ecgcli.batch.scratch import Scratch
from ecgcli.batch.settings import Settings
from ecgcli.errors import Category, EcgcliError
from ecgcli.processes import THREADS

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

PROCESS = "ecgcli.batch.pipeline:process"
"""What is done to a record, as "module:function"; tests put faulty ones in its place."""

PRELOAD = {
    PROCESS: ("ecgcli.batch.preload",),
    "ecgcli.batch.measuring:process": (
        "ecgcli.records.read",
        "ecgcli.signals.analyse",
        "scipy.signal",  # what rates other than 500 Hz need
        "scipy.interpolate",
    ),
    "ecgcli.batch.generating:process": ("ecgcli.batch.preload", "ecgcli.batch.generating"),
}
"""What is loaded before the first worker is forked, by what the workers do."""

START_S = 300.0  # importing everything on a machine that is busy with other things
JOIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Job:
    """A record to be processed.

    Attributes:
        source: What is handed to the worker.
        content_hash: SHA-256 of its files before they were read, `None` where they cannot be.
        known: Whether the journal has a row of it.
        keep: Reports of other formats that stay as they are if the content is still the same.
        alone: Whether it is its second and last try, with nothing else in hand.
        told: The answer that it waited for, where it did.
    """

    source: Any
    content_hash: str | None
    known: bool = False
    keep: dict[str, int] = field(default_factory=dict)
    alone: bool = False
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """A job that left the pool; `crashed` where it took its worker with it."""

    job: Job
    outcome: Outcome
    crashed: bool = False


class _Worker:
    """One process, its pipe and what it has in hand."""

    def __init__(
        self, context: ForkServerContext, settings: Settings, process: str, scratch: str
    ) -> None:
        self.pipe, theirs = context.Pipe()
        self.process: ForkServerProcess = context.Process(
            target=worker.work, args=(theirs, settings, process, scratch), daemon=True
        )
        self.process.start()
        theirs.close()
        self.ready = False
        self.job: Job | None = None
        self.deadline = time.monotonic() + START_S

    def give(self, job: Job, timeout_s: float) -> None:
        self.job = job
        self.deadline = time.monotonic() + timeout_s
        with suppress(OSError):  # it died between two records: its end is found out by `wait`
            self.pipe.send((job.source, job.told))

    def is_late(self, now: float) -> bool:
        return (self.job is not None or not self.ready) and now >= self.deadline

    def end(self, *, kill: bool) -> int | None:
        """End the process and return its exit code, `None` where even the kernel cannot yet."""
        if kill and self.process.exitcode is None:
            self.process.kill()
        self.pipe.close()
        self.process.join(JOIN_S)
        code = self.process.exitcode
        if code is not None:
            self.process.close()
        return code


class Pool:
    """So many workers, started as they are needed.

    Raises, from any method: the `EcgcliError` with which a worker stopped the run.
    """

    def __init__(self, settings: Settings, process: str = PROCESS) -> None:
        """Prepare a pool of `settings.jobs` workers that call `process`."""
        self._settings = settings
        self._process = process
        self._workers: list[_Worker] = []
        self._context: ForkServerContext | None = None
        self._stillborn = 0
        self._scratch: Scratch | None = None
        self.memory = 0  # the largest resident memory of a worker, bytes
        self.replaced = 0

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exception: object) -> None:
        for each in self._workers:
            each.end(kill=True)
        self._workers.clear()
        if self._scratch is not None:
            self._scratch.remove()
            self._scratch = None

    @property
    def in_hand(self) -> int:
        """How many records are being processed."""
        return sum(each.job is not None for each in self._workers)

    @property
    def alone(self) -> bool:
        """Whether a record is on its second try, with which nothing else is to be in hand."""
        return any(each.job is not None and each.job.alone for each in self._workers)

    def has_room(self) -> bool:
        """Say whether another job can be taken now; start workers where there are too few."""
        if any(each.ready and each.job is None for each in self._workers):
            return True
        if len(self._workers) < self._settings.jobs and all(e.ready for e in self._workers):
            self._start()
        return False

    def give(self, job: Job) -> None:
        """Hand a job to a free worker; ask `has_room` before."""
        free = next(each for each in self._workers if each.ready and each.job is None)
        free.give(job, self._settings.timeout_s)

    def wait(self, timeout_s: float) -> list[Finished]:
        """Return the jobs that ended, after at most so many seconds."""
        now = time.monotonic()
        due = [each for each in self._workers if each.job is not None or not each.ready]
        timeout_s = min([timeout_s, *(max(0.0, each.deadline - now) for each in due)])
        waiting: dict[Any, _Worker] = {}
        for each in self._workers:
            waiting[each.pipe] = each
            waiting[each.process.sentinel] = each
        heard = {id(waiting[one]): waiting[one] for one in connection.wait(waiting, timeout_s)}
        ended = [self._hear(each) for each in heard.values()]
        now = time.monotonic()
        ended += [self._too_long(each) for each in self._workers[:] if each.is_late(now)]
        return [one for one in ended if one is not None]

    def _start(self) -> None:
        if self._context is None:
            for name in THREADS:  # read by libraries when they load, in the fork server
                os.environ[name] = "1"
            self._context = multiprocessing.get_context("forkserver")
            real = PRELOAD.get(self._process, ())
            self._context.set_forkserver_preload(["ecgcli.batch.calm", *real])
            self._scratch = Scratch()
        assert self._scratch is not None  # begun with the context
        folder = str(self._scratch.path)
        try:
            self._workers.append(_Worker(self._context, self._settings, self._process, folder))
        except (EOFError, ConnectionError) as error:
            raise EcgcliError("workers cannot start: run `ecgcli doctor`") from error

    def _hear(self, each: _Worker) -> Finished | None:
        try:
            if not each.pipe.poll():
                return self._lost(each)
            message = each.pipe.recv()
        except (EOFError, OSError):
            return self._lost(each)
        if isinstance(message, worker.Stop):
            raise message.error
        if isinstance(message, worker.Ready):
            each.ready = True
            self._stillborn = 0
            return None
        job, each.job = each.job, None
        assert job is not None
        self.memory = max(self.memory, message.memory)
        if message.leaving:
            self._drop(each, kill=False)
        return Finished(job, message.outcome)

    def _drop(self, each: _Worker, *, kill: bool) -> int | None:
        self._workers.remove(each)
        self.replaced += 1
        return each.end(kill=kill)

    def _lost(self, each: _Worker) -> Finished | None:
        """Account for a worker that died."""
        code = self._drop(each, kill=True)
        if not each.ready:
            self._stillborn += 1
            if self._stillborn > 2:
                raise EcgcliError(f"workers cannot start: {_how(code)} (run `ecgcli doctor`)")
        if each.job is None:
            return None
        failure = Failure(
            Category.CRASHED,
            f"the process working on it ended: {_how(code)}",
            "report this with the format of the file; try again with --retry-failed",
        )
        return Finished(each.job, Outcome(failure=failure), crashed=True)

    def _too_long(self, each: _Worker) -> Finished | None:
        self._drop(each, kill=True)
        if each.job is None:
            raise EcgcliError(f"workers do not start within {START_S:g} s")
        failure = Failure(
            Category.TIMED_OUT,
            f"not done after {self._settings.timeout_s:g} s",
            "try again with --retry-failed and a longer --timeout",
        )
        return Finished(each.job, Outcome(failure=failure))


def _how(code: int | None) -> str:
    """Say in words how a process ended."""
    if code is None:
        return "not even a kill ended it"
    if code in (137, -signal.SIGKILL):
        return "killed, perhaps for lack of memory"
    if code < 0:
        with suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
