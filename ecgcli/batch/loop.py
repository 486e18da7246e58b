"""The heart of a run: walk, hand out, keep account, until nothing is left or a signal came.

It knows what is met and what became of it, and writes both into journal and tally; it does not know
how a run begins and ends (`run`), when a record is done (`plan`) or how processes live (`workers`).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ecgcli.batch import outputs, workers
from ecgcli.batch.asking import Asking, Engine, engine_of
from ecgcli.batch.journal import Entry, Journal
from ecgcli.batch.log import Log
from ecgcli.batch.outcome import Failure, Outcome
from ecgcli.batch.plan import Plan, Queue
from ecgcli.batch.progress import display
from ecgcli.batch.settings import FORMATS, Settings, absolute
from ecgcli.batch.stopping import Stopping
from ecgcli.batch.tally import Tally
from ecgcli.batch.workers import Finished, Job, Pool
from ecgcli.errors import Category
from ecgcli.records.find import NotAnEcg, Source

WALK_S = 0.005  # how long the walk may go on before the workers are looked after again
WAIT_S = 0.5
LISTEN_S = 0.02  # where answers may come at any time
WINDOW = 4  # records per worker that are made ready together

NO_LONGER = Failure(
    Category.DAMAGED,
    "the file was an ECG in an earlier run and is none now",
    "restore it, or remove it",
)
GONE = Failure(
    Category.NOT_READABLE,
    "the file vanished while it was being done again",
    "restore it, then run the same command again",
)


@dataclass(frozen=True, slots=True)
class Rooms:
    """The rooms below, as a run uses them; tests put others in their place."""

    find: Callable[..., Iterator[Source | NotAnEcg]]
    content_hash: Callable[[Source], str]
    write_index: Callable[[Settings, Journal, Iterator[tuple[Path, str]]], None]
    process: str = workers.PROCESS
    engine: Callable[[Settings], Engine] = engine_of

    def walk(self, settings: Settings) -> Iterator[Source | NotAnEcg]:
        """Find everything that the settings ask for."""
        return self.find(settings.paths, exclude=settings.out, tables=settings.explains_tables)


class Loop:
    """Works through everything that the walk finds."""

    def __init__(
        self, settings: Settings, below: Rooms, journal: Journal, log: Log, stopping: Stopping
    ) -> None:
        """Prepare; nothing is started before `go`."""
        self._settings = settings
        self._below = below
        self._journal = journal
        self._log = log
        self._stopping = stopping
        self._plan = Plan(settings, journal, queue := Queue(), below.content_hash)
        self._window: deque[Job] = deque()
        self._walking = True
        self._fingerprint = settings.fingerprint()
        self.queue = queue
        self.pool = Pool(settings, below.process)
        self.asking = Asking(below.engine(settings)) if settings.asks else None
        self.tally = Tally()

    def go(self) -> None:
        """Work until nothing is left to do, or a signal came and what was in hand is done."""
        walk = self._below.walk(self._settings)
        screen = display(self._settings, self._log)
        try:
            with self.pool:
                while self._turn(walk):
                    screen.show(self.tally, self.tally.left)
        finally:
            screen.close()
            if self.asking is not None:
                self.asking.close()
        for job in self._window:  # a signal came: these were not touched after all
            if job.known:
                self._journal.end(job.source.path)

    def _turn(self, walk: Iterator[Source | NotAnEcg]) -> bool:
        """Look after everything once; return whether there is more to do."""
        stopped = self._stopping.signal is not None
        if not stopped:
            self._walk_on(walk)
            self._feed()
        elif self.asking is not None:
            self._go_on(self.asking)  # what is in hand is finished, answers and all
        waiting = self._walking or self.queue.waiting or self._window
        asked = self.asking.in_hand if self.asking is not None else 0
        if not self.pool.in_hand and not asked and (stopped or not waiting):
            return False
        wait_s = LISTEN_S if asked else WAIT_S
        for finished in self.pool.wait(0 if self._walking and not stopped else wait_s):
            self._settle(finished)
        if self.asking is not None:
            self.asking.listen(0.0 if self.pool.in_hand else LISTEN_S)
        self._journal.commit_if_due()
        return True

    # -- what is met

    def _walk_on(self, walk: Iterator[Source | NotAnEcg]) -> None:
        """Take what the walk finds, for a few milliseconds."""
        until = time.monotonic() + WALK_S
        limit = self._settings.limit
        while self._walking and time.monotonic() < until:
            if limit is not None and self.tally.why.total() >= limit:
                self._walking = False
                return
            found = next(walk, None)
            if found is None:
                self._walking = False
                self.tally.walked = True
            elif isinstance(found, NotAnEcg):
                self._met_stray(found)
            else:
                self._met(found)

    def _met(self, found: Source) -> None:
        decided = self._plan.decide(found)
        if decided is None:
            return
        job, verdict = decided
        self.tally.found += 1
        if verdict.is_work:
            self.tally.why[verdict.value] += 1
            self.queue.put(job)
            return
        entry = self._journal.get(job.source.path)
        assert entry is not None  # or it would be new
        if entry.vanished:
            self._journal.mark_vanished(entry.source, False)
        if entry.failure is None:
            self.tally.unchanged += 1
        else:
            self._known_failure(entry.failure)

    def _known_failure(self, failure: Failure) -> None:
        self.tally.known_failures += 1
        self.tally.categories[failure.category.value] += 1

    def _met_stray(self, found: NotAnEcg) -> None:
        """Note a file that is no ECG; where it was one once, its reports are no longer true."""
        path = absolute(found.path)
        entry = self._journal.get(path)
        if entry is None:
            self.tally.not_an_ecg += 1
            self.queue.add_stray(path, found.reason)
            self._log.debug("no ECG", record=path)
            return
        self.tally.found += 1
        if entry.failure == NO_LONGER:
            self._known_failure(NO_LONGER)
            return
        self.tally.why["no longer an ECG"] += 1
        self._keep_account(replace(entry, content_hash=None), Outcome(failure=NO_LONGER))

    def met_gone(self, source: Path) -> None:
        """Note that a recording's file is gone; if it went in the middle of its work, it failed."""
        entry = self._journal.get(source)
        assert entry is not None
        if entry.in_work:
            self.tally.why["gone in the middle of it"] += 1
            self._keep_account(replace(entry, content_hash=None), Outcome(failure=GONE))
        self._journal.mark_vanished(source, True)
        self._log.warning("vanished", record=source)

    # -- what is done about it

    def _feed(self) -> None:
        """Give every free worker a record; those to be tried alone come last, one by one."""
        if self.queue.ordinary and len(self._window) < self._settings.jobs:
            self._fill_window()
        if self.asking is not None:
            if self._window or self.queue.alone:
                self._start(self.asking)
            self._go_on(self.asking)
        while self._window and self._may_begin() and self.pool.has_room():
            self.pool.give(self._window.popleft())
        alone = self.queue.alone and not (self._walking or self._window or self.queue.ordinary)
        idle = not self.pool.in_hand and not (self.asking and self.asking.in_hand)
        if alone and idle and self.pool.has_room():
            job = self.queue.take(alone=True)
            assert job is not None
            self.pool.give(job)

    def _start(self, asking: Asking) -> None:
        """Start the model once; nothing is in hand then, so a signal need not wait for it."""
        if not asking.is_ready:
            self._stopping.at_once = True
            try:
                asking.start(self._log)
            finally:
                self._stopping.at_once = False

    def _go_on(self, asking: Asking) -> None:
        """Give free workers the records whose answer is there."""
        while asking.told and self.pool.has_room():
            self.pool.give(asking.told.popleft())

    def _may_begin(self) -> bool:
        """Say whether the model has room for what another record would ask."""
        return self.asking is None or self.asking.has_room

    def _fill_window(self) -> None:
        """Make the next records ready, in one transaction for all of them."""
        while len(self._window) < WINDOW * self._settings.jobs:
            job = self.queue.take(alone=False)
            if job is None:
                break
            if job.known:  # from now on its old row is not to be trusted, even after a kill
                self._journal.begin(job.source.path)
            self._window.append(job)
        self._journal.start_working()
        if any(job.known for job in self._window):
            self._journal.commit()

    # -- what became of it

    def _settle(self, finished: Finished) -> None:
        """Keep account of a record that left the pool, or put it back for its second try."""
        job, outcome = finished.job, finished.outcome
        source: Source = job.source
        if outcome.pending is not None:
            assert self.asking is not None
            self.asking.ask(replace(job, told=None), outcome.pending)
            return
        if outcome.was_killed:
            outputs.sweep_record(self._settings.out, source.output, FORMATS)
        if finished.crashed and not job.alone:
            self._log.warning("worker lost, the record is tried again alone", record=source.path)
            self.queue.put(replace(job, alone=True, told=None))
            return
        same = outcome.content_hash == job.content_hash
        entry = Entry(
            source=source.path,
            output=source.output,
            format=source.format,
            content_hash=outcome.content_hash or job.content_hash,
            settings_hash=self._fingerprint,
            outputs=job.keep if same else {},
            row=outcome.row,
        )
        self._keep_account(entry, outcome)
        self.queue.settled(source.path)

    def _keep_account(self, entry: Entry, outcome: Outcome) -> None:
        """Journal, count and log the end of a record; remove reports that are no longer true."""
        failure = outcome.failure
        sizes = {} if failure else entry.outputs | outcome.outputs
        entry = replace(
            entry,
            outputs=sizes,
            failure=failure,
            row=None if failure else entry.row,
            tag=self._log.tag(entry.source),
            vanished=False,
            in_work=False,
        )
        outputs.remove(self._settings.out, entry.output, set(FORMATS) - set(sizes))
        self._journal.put(entry)
        self.tally.add(outcome)
        if failure is None:
            self._log.debug("done", record=entry.source, format=entry.format, grade=outcome.grade)
            return
        self._log.warning(
            "failed",
            record=entry.source,
            format=entry.format,
            category=failure.category.value,
            reason=failure.reason,
            remedy=failure.remedy,
        )
