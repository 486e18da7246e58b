"""Which recordings are to be done, and the queue of those that wait.

It knows when a record is done: its content, the settings and the software are those of the journal
and its reports are still there. It does not do any.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ecgcli.batch import outputs
from ecgcli.batch.journal import Entry, Journal, is_gone, key
from ecgcli.batch.settings import FORMATS, Settings, absolute
from ecgcli.batch.workers import Job
from ecgcli.errors import RecordError
from ecgcli.records.identify import Kind, identify

if TYPE_CHECKING:
    from ecgcli.records.find import Source


class Verdict(Enum):
    """What is to be done about a recording, and why."""

    NEW = "new"
    CHANGED = "changed"
    OTHER_SETTINGS = "other settings or another version"
    OUTPUTS_MISSING = "reports missing"
    INTERRUPTED = "interrupted"
    FORCED = "forced"
    RETRIED = "failed before"
    UNCHANGED = "done already"
    KNOWN_FAILURE = "failed before and unchanged"

    @property
    def is_work(self) -> bool:
        """Say whether the record has to be processed."""
        return self not in (Verdict.UNCHANGED, Verdict.KNOWN_FAILURE)


class Queue:
    """Records that wait for a worker, on disk: a folder of millions must not fill the memory.

    Walking a folder is faster than processing what is in it. The queue lets the walk run ahead, so
    that the time left is known early, in a nameless temporary database that dies with the process.
    """

    def __init__(self) -> None:
        """Make an empty queue."""
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE queue (id INTEGER PRIMARY KEY, source UNIQUE NOT NULL,"
            " output TEXT UNIQUE NOT NULL COLLATE NOCASE, job BLOB NOT NULL,"
            " alone INTEGER NOT NULL, taken INTEGER NOT NULL DEFAULT 0);"
            "CREATE INDEX waiting ON queue (taken, alone, id);"
            "CREATE TABLE strays (path NOT NULL, reason TEXT NOT NULL);"
            "BEGIN;"
        )
        self._strays = hashlib.sha256()
        self.ordinary = 0
        self.alone = 0

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return self.ordinary + self.alone

    def close(self) -> None:
        """Forget everything."""
        self._db.close()

    def put(self, job: Job) -> None:
        """Add a job behind the others; one that was taken before comes back."""
        self._db.execute(
            "INSERT OR REPLACE INTO queue (source, output, job, alone) VALUES (?, ?, ?, ?)",
            (key(job.source.path), str(job.source.output), pickle.dumps(job), job.alone),
        )
        self._count(job.alone, 1)

    def _count(self, alone: bool, step: int) -> None:
        if alone:
            self.alone += step
        else:
            self.ordinary += step

    def take(self, *, alone: bool) -> Job | None:
        """Take the first job that waits, of the ordinary ones or of those to be tried alone."""
        found = self._db.execute(
            "SELECT id, job FROM queue WHERE taken = 0 AND alone = ? ORDER BY id LIMIT 1", (alone,)
        ).fetchone()
        if found is None:
            return None
        self._db.execute("UPDATE queue SET taken = 1 WHERE id = ?", found[:1])
        self._count(alone, -1)
        job = pickle.loads(found[1])  # ours: written a moment ago by this process
        assert isinstance(job, Job)
        return job

    def settled(self, source: Path) -> None:
        """Forget a job that the journal knows the end of."""
        self._db.execute("DELETE FROM queue WHERE source = ?", (key(source),))

    def holds(self, source: Path) -> bool:
        """Say whether a source waits or is being processed."""
        return self._has("source", key(source))

    def holds_place(self, output: PurePosixPath) -> bool:
        """Say whether a place is promised to a source that waits or is being processed."""
        return self._has("output", str(output))

    def add_stray(self, path: Path, reason: str) -> None:
        """Note a file that is no recording."""
        self._db.execute("INSERT INTO strays VALUES (?, ?)", (key(path), reason))
        self._strays.update(os.fsencode(path) + b"\0" + reason.encode() + b"\0")

    def strays(self) -> Iterator[tuple[Path, str]]:
        """Yield the files that are no recording, in the order of the walk."""
        for path, reason in self._db.execute("SELECT path, reason FROM strays ORDER BY rowid"):
            yield Path(os.fsdecode(path)), str(reason)

    def strays_digest(self) -> str:
        """Return a hash over the files that are no recording."""
        return self._strays.hexdigest()

    def _has(self, column: str, value: str | bytes) -> bool:
        query = f"SELECT 1 FROM queue WHERE {column} = ?"
        return self._db.execute(query, (value,)).fetchone() is not None


class Plan:
    """Decides about one recording at a time."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        queue: Queue,
        content_hash: Callable[[Source], str],
    ) -> None:
        """Decide by these settings, against this journal and this queue."""
        self._settings = settings
        self._fingerprint = settings.fingerprint()
        self._journal = journal
        self._queue = queue
        self._content_hash = content_hash

    def decide(self, found: Source) -> tuple[Job, Verdict] | None:
        """Return the job that a source would be and whether it has to be done.

        Returns:
            `None` where the source was met before in this run, by another way to it.
        """
        source = replace(found, path=absolute(found.path))
        if self._queue.holds(source.path):
            return None
        entry = self._journal.get(source.path)
        if entry is None:
            source, entry = self._settle(source)
        else:
            source = replace(source, output=entry.output)
        digest = self._hash(source)
        if entry is None:
            return Job(source, digest), Verdict.NEW
        verdict = self._judge(entry, digest)
        same = digest == entry.content_hash and entry.settings_hash == self._fingerprint
        keep = entry.outputs if same and not entry.in_work else {}
        return Job(source, digest, known=True, keep=keep), verdict

    def _hash(self, source: Source) -> str | None:
        # Taken before the record is read: if the file changes in between, the next run sees it.
        try:
            return self._content_hash(source)
        except RecordError:  # cannot be read now: reading it will say why
            return None

    def _settle(self, source: Source) -> tuple[Source, Entry | None]:
        """Give a source a place of its own, or that of the file which it was before it moved."""
        holder = self._journal.at(source.output)
        if holder is not None and is_gone(holder.source):
            self._journal.move(holder.source, source.path)
            return source, replace(holder, source=source.path)
        taken = holder is not None or self._queue.holds_place(source.output)
        if taken or self._holds_another_file(source):
            source = replace(source, output=outputs.apart(source.output, source.path))
        return source, None

    def _holds_another_file(self, source: Source) -> bool:
        """Say whether something that is no report has a report's name: a table's sidecar may."""
        places = [outputs.target(self._settings.out, source.output, kind) for kind in FORMATS]
        return any(identify(place).kind is not Kind.REPORT for place in places if place.is_file())

    def _judge(self, entry: Entry, digest: str | None) -> Verdict:
        if self._settings.force:
            return Verdict.FORCED
        if entry.in_work:
            return Verdict.INTERRUPTED
        if digest is None or digest != entry.content_hash:
            return Verdict.CHANGED
        if entry.settings_hash != self._fingerprint:
            return Verdict.OTHER_SETTINGS
        if entry.failure is not None:
            return Verdict.RETRIED if self._settings.retry_failed else Verdict.KNOWN_FAILURE
        wanted = {kind: entry.outputs.get(kind, -1) for kind in self._settings.formats}
        if not outputs.present(self._settings.out, entry.output, wanted):
            return Verdict.OUTPUTS_MISSING
        return Verdict.UNCHANGED
