"""The outputs of a whole run: index.html and findings.csv, streamed from the journal.

It knows how a row of the journal becomes a row of the worklist; how that looks is the reports
room's business. Loaded only when there is something to write.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ecgcli.batch import outputs
from ecgcli.batch.journal import Entry, Journal
from ecgcli.batch.settings import Settings
from ecgcli.exports import findings
from ecgcli.reports import worklist
from ecgcli.reports.worklist import WorklistRow

VANISHED = "The recording is no longer where it was; its reports are kept."


def write(settings: Settings, journal: Journal, strays: Iterable[tuple[Path, str]]) -> None:
    """Write both files; the same journal gives the same bytes.

    Raises:
        OutputError: They cannot be written.
    """
    top = _top(settings)
    with outputs.replacing(settings.out / "index.html") as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="\n", write_through=True)
        worklist.write(_all(journal, strays, top), text)
        text.detach()
    with outputs.replacing(settings.out / "findings.csv") as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
        findings.write(_recordings(journal, top), text)
        text.detach()


def _all(journal: Journal, strays: Iterable[tuple[Path, str]], top: Path) -> Iterator[WorklistRow]:
    yield from _recordings(journal, top)
    for path, reason in strays:
        yield WorklistRow(path=_shown(path, top), status="not an ECG", reason=reason)


def _recordings(journal: Journal, top: Path) -> Iterator[WorklistRow]:
    return (row(entry, _shown(entry.source, top)) for entry in journal.entries())


def row(entry: Entry, path: str) -> WorklistRow:
    """Return the worklist's row of a recording.

    The hash by which the log names it is left out: its key differs from directory to directory,
    and the index of two equal runs must not.
    """
    if entry.failure is not None or entry.row is None:
        failure = entry.failure
        return WorklistRow(
            path=path,
            status="failed",
            category=failure.category.value if failure else "",
            reason=failure.reason if failure else "stopped in the middle of it",
            remedy=failure.remedy if failure else "run the same command again",
        )
    return replace(
        WorklistRow.loads(entry.row),
        path=path,
        output=str(entry.output),
        formats=tuple(entry.outputs),
        remedy=VANISHED if entry.vanished else "",
    )


def _top(settings: Settings) -> Path:
    """Return the folder that all paths of the run have in common."""
    folders = [path if path.is_dir() else path.parent for path in settings.paths]
    return Path(os.path.commonpath(folders))


def _shown(path: Path, top: Path) -> str:
    return str(path.relative_to(top) if path.is_relative_to(top) else path)
