"""One run over an output directory, from the lock to run.json.

It knows how a run begins and each way in which it ends; `loop` does the work in between. This
process stays light: it loads neither numpy nor a renderer before there is something to draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ecgcli.batch import lock, outputs
from ecgcli.batch.asking import only_model
from ecgcli.batch.journal import Journal, is_gone
from ecgcli.batch.log import Log, load_key, where
from ecgcli.batch.loop import Loop, Rooms
from ecgcli.batch.plan import Plan, Queue, Verdict
from ecgcli.batch.runreport import RunReport
from ecgcli.batch.settings import Settings, absolute
from ecgcli.batch.stopping import Stopped, Stopping
from ecgcli.errors import EcgcliError, ExitCode, OutputError
from ecgcli.records.find import NotAnEcg, Source, find

STATE = ".ecgcli"
"""Folder in the output directory that holds journal, lock and key."""

INDEX = ("index.html", "findings.csv")


def rooms() -> Rooms:
    """Return the real rooms below."""
    from ecgcli.records.read import content_hash

    return Rooms(find, content_hash, _write_index)


def _write_index(settings: Settings, journal: Journal, strays: Iterator[tuple[Path, str]]) -> None:
    from ecgcli.batch import index  # loads the renderers: only where there is something to write

    index.write(settings, journal, strays)


def _anchored(settings: Settings) -> Settings:
    """Return the settings with whole paths, and a server's model by its name.

    Raises:
        ModelError, UsageError: The server is not there, or has several models and none is named.
    """
    paths = tuple(absolute(path) for path in settings.paths)
    name = settings.model_name or (only_model(settings) if settings.is_server else None)
    return replace(settings, paths=paths, out=absolute(settings.out), model_name=name)


def run(settings: Settings, below: Rooms | None = None) -> ExitCode:
    """Process what is new under `settings.paths`.

    Returns:
        How the process should end: OK, SOME_RECORDS_FAILED (now or before, as long as the input
        holds them unchanged), INTERRUPTED or TERMINATED.

    Raises:
        OutputError: The output directory cannot be written.
        ModelError: A model is not there.
        LockedError: Another run holds the directory and the settings say not to wait.
    """
    settings = _anchored(settings)
    log = Log(settings)
    state = settings.out / STATE
    try:
        outputs.make_folder(state)
    except OSError as error:
        raise OutputError(f"cannot make the output directory: {error.strerror}") from error

    def waiting() -> None:
        log.info("waiting for another run on this output directory")

    with Stopping() as stopping:
        stopping.at_once = True  # while there is nothing in hand
        try:
            with lock.hold(state / "lock", wait=settings.wait, waiting=waiting):
                stopping.at_once = False
                return _Run(settings, below or rooms(), log, stopping).go()
        except Stopped:
            assert stopping.exit_code is not None
            return stopping.exit_code


def preview(settings: Settings, below: Rooms | None = None) -> Iterator[tuple[Source, Verdict]]:
    """Yield what a run would process, and why; write nothing."""
    settings = _anchored(settings)
    below = below or rooms()
    journal = Journal(settings.out / STATE / "journal.sqlite3", read_only=True)
    queue = Queue()
    plan = Plan(settings, journal, queue, below.content_hash)
    try:
        for found in below.walk(settings):
            decided = None if isinstance(found, NotAnEcg) else plan.decide(found)
            if decided is None or not decided[1].is_work:
                continue
            queue.put(decided[0])
            yield decided[0].source, decided[1]
            if queue.waiting == settings.limit:
                return
    finally:
        queue.close()
        journal.close()


class _Run:
    """A run that holds the lock."""

    def __init__(self, settings: Settings, below: Rooms, log: Log, stopping: Stopping) -> None:
        self._settings = settings
        self._below = below
        self._log = log
        self._stopping = stopping
        self._report = RunReport(settings)
        state = settings.out / STATE
        log.use_key(load_key(state / "log.key"))
        self._journal = Journal(state / "journal.sqlite3")
        self._loop = Loop(settings, below, self._journal, log, stopping)

    def go(self) -> ExitCode:
        """Run, and write run.json however it ends."""
        code, reason = ExitCode.INTERNAL_ERROR, ""
        try:
            self._clean()
            self._loop.go()
            self._look_for_vanished()
            self._index()
            code, reason = self._verdict()
        except Stopped:
            code = self._stopping.exit_code or code
            reason = "stopped at once by a signal"
        except EcgcliError as error:
            code, reason = error.exit_code, str(error)
            raise
        except BaseException as error:
            reason = where(error)
            raise
        finally:
            self._close(code, reason)
        return code

    def _clean(self) -> None:
        """Remove what a killed run left half-written."""
        killed = self._journal.is_working()
        swept = outputs.sweep(self._settings.out, deep=killed)
        if killed:
            self._log.info("the last run did not come to its end: going on from there", swept=swept)

    def _look_for_vanished(self) -> None:
        for source, was_gone in self._journal.sources():
            if not any(root == source or root in source.parents for root in self._settings.paths):
                continue
            gone = is_gone(source)
            if gone and not was_gone:
                self._loop.met_gone(source)
            elif was_gone and not gone:
                self._journal.mark_vanished(source, False)
            self._loop.tally.vanished += gone

    def _index(self) -> None:
        """Write the index, if anything changed since it was written."""
        self._journal.commit()
        # What the index shows: the records, and the files of this walk that are none.
        state = f"{self._journal.revision} {self._loop.queue.strays_digest()}"
        files = [self._settings.out / name for name in INDEX]
        if self._journal.meta("indexed") != state or not all(file.exists() for file in files):
            self._journal.start_working()
            strays = self._loop.queue.strays()
            self._below.write_index(self._settings, self._journal, strays)
            self._journal.set_meta("indexed", state)
        self._journal.stop_working()
        self._journal.commit()

    def _verdict(self) -> tuple[ExitCode, str]:
        tally = self._loop.tally
        if self._stopping.exit_code is not None:
            return self._stopping.exit_code, "stopped by a signal; what was in hand is finished"
        failed = tally.failed + tally.known_failures
        if failed:
            return ExitCode.SOME_RECORDS_FAILED, f"{failed} of {tally.found} records failed"
        return ExitCode.OK, "all done" if tally.processed else "nothing new"

    def _close(self, code: ExitCode, reason: str) -> None:
        """Write run.json and let go; what fails here must not hide why the run ended."""
        loop, report = self._loop, self._report
        report.worker_memory = loop.pool.memory
        report.workers_replaced = loop.pool.replaced
        report.model = loop.asking.about(self._settings) if loop.asking is not None else None
        with suppress(OutputError):
            self._journal.commit()
        with suppress(OutputError):
            gone = (source for source, vanished in self._journal.sources() if vanished)
            report.write(loop.tally, code, reason, gone, loop.queue.strays())
        with suppress(OutputError):
            self._journal.close()
        loop.queue.close()
        orderly = code in (ExitCode.OK, ExitCode.SOME_RECORDS_FAILED) or self._stopping.signal
        say = self._log.info if orderly else self._log.error
        seconds = round(report.seconds, 2)
        say("run ended", reason=reason, exit=int(code), **loop.tally.counts(), seconds=seconds)
