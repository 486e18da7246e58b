"""How far a run is, for whoever watches: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Protocol

from ecgcli.batch.log import Log
from ecgcli.batch.settings import Settings
from ecgcli.batch.tally import Tally

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LINE_EVERY_S = 30.0
DRAW_EVERY_S = 0.2


class Display(Protocol):
    """Shows how far a run is."""

    def show(self, tally: Tally, waiting: int) -> None:
        """Show it; `waiting` records are known and not done. Cheap enough for every record."""

    def close(self) -> None:
        """Take the display away."""


def display(settings: Settings, log: Log, doing: str = "Interpreting") -> Display:
    """Return the display that suits stderr and the settings."""
    if settings.quiet:
        return _Silent()
    if settings.log_format == "text" and sys.stderr.isatty():
        return _Bar(doing)
    return _Lines(log)


class _Silent:
    def show(self, tally: Tally, waiting: int) -> None:
        pass

    def close(self) -> None:
        pass


class _Lines:
    def __init__(self, log: Log) -> None:
        self._log = log
        self._start = time.monotonic()
        self._due = self._start + LINE_EVERY_S

    def show(self, tally: Tally, waiting: int) -> None:
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + LINE_EVERY_S
        rate = tally.processed / (now - self._start)
        fields: dict[str, object] = {
            "done": tally.done,
            "failed": tally.failed,
            "unchanged": tally.unchanged + tally.known_failures,
            "waiting": waiting,
            "per_second": round(rate, 2),
        }
        if tally.walked and rate > 0:
            fields["minutes_left"] = round(waiting / rate / 60, 1)
        self._log.info("progress", **fields)

    def close(self) -> None:
        pass


class _Bar:
    """A bar of rich; not loaded before there is something to show."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._start = time.monotonic()
        self._due = self._start + DRAW_EVERY_S
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def _open(self) -> Progress:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = progress.add_task(self._doing, total=None, rate="", note="")
        progress.start()
        return progress

    def show(self, tally: Tally, waiting: int) -> None:
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + DRAW_EVERY_S
        if self._progress is None:
            self._progress = self._open()
        assert self._task is not None
        passed = tally.processed + tally.unchanged + tally.known_failures
        failed = tally.failed + tally.known_failures
        self._progress.update(
            self._task,
            completed=passed,
            # Until the walk is through nobody knows how much there is, or how long it takes.
            total=passed + waiting if tally.walked else None,
            rate=f"{tally.processed / (now - self._start):.1f}/s",
            note=f"[red]{failed} failed[/red]" if failed else "",
        )

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
