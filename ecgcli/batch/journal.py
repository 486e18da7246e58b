"""What became of every recording, kept in DIR/.ecgcli/journal.sqlite3 from run to run.

It knows rows and how they survive a crash; it does not know what makes a record stale (`plan`) or
what a worklist looks like. Only the supervising process writes, under the run's lock.

The journal keeps SQLite's default rollback journal and full flushing. WAL would be faster, but its
shared-memory index does not work across the machines of a network drive, where output directories
live; writes are grouped into a few transactions a second instead, so that the difference is not
felt. What a kill takes from the last group is done again, to the same bytes.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ecgcli.batch.outcome import Failure
from ecgcli.errors import Category, OutputError

SCHEMA_VERSION = 1
COMMIT_EVERY_S = 0.25
BUSY_S = 60.0  # how long an administrator's own query may hold us up

_SCHEMA = """
CREATE TABLE records (
    source PRIMARY KEY NOT NULL,                -- absolute path; a blob where it is no UTF-8
    output TEXT NOT NULL UNIQUE COLLATE NOCASE, -- where its reports are, below the directory
    format TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('done', 'failed', 'in work')),
    vanished INTEGER NOT NULL DEFAULT 0,        -- the source is gone; the reports stay
    content_hash TEXT,
    settings_hash TEXT NOT NULL,
    outputs TEXT NOT NULL,                      -- {"json": size in bytes, ...}
    category TEXT, reason TEXT, remedy TEXT,    -- of a failure
    tag TEXT,                                   -- what the log calls it
    row TEXT                                    -- its line in the worklist, JSON
);
CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);
"""

_COLUMNS = (
    "source, output, format, state, vanished, content_hash, settings_hash, outputs, "
    "category, reason, remedy, tag, row"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording's row."""

    source: Path
    output: PurePosixPath
    format: str
    content_hash: str | None
    settings_hash: str
    outputs: dict[str, int] = field(default_factory=dict)
    failure: Failure | None = None
    row: str | None = None
    tag: str | None = None
    vanished: bool = False
    in_work: bool = False


def key(path: Path) -> str | bytes:
    """Return a path as SQLite can hold it: text, or its bytes where it is no valid UTF-8."""
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return text


@contextmanager
def translated() -> Iterator[None]:
    """Turn what SQLite says of a full, read-only or damaged disk into an `OutputError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise OutputError(f"cannot write the journal of the output directory: {error}") from error


class Journal:
    """The journal of one output directory."""

    def __init__(self, file: Path, *, read_only: bool = False) -> None:
        """Open it, and make it where it is missing.

        Args:
            file: The SQLite file.
            read_only: Write nothing, make no file: what is written here is forgotten.

        Raises:
            OutputError: It cannot be read or written, or a newer ecgcli made it.
        """
        with translated():
            self._read_only = read_only
            place: str | Path = file if not read_only or file.exists() else ":memory:"
            self._db = sqlite3.connect(place, timeout=BUSY_S, isolation_level=None)
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._db.executescript(
                    f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
                )
            elif version != SCHEMA_VERSION:
                self._db.close()
                raise OutputError(
                    f"the journal has version {version} and this ecgcli writes {SCHEMA_VERSION}: "
                    "update ecgcli, or choose another output directory"
                )
        self._due: float | None = None

    def close(self) -> None:
        """Write what is pending and close."""
        try:
            self.commit()
        finally:
            self._db.close()

    # -- writing

    def _write(self, statement: str, values: tuple[object, ...] | dict[str, object] = ()) -> int:
        if self._read_only:
            return 0
        with translated():
            if self._due is None:
                self._db.execute("BEGIN IMMEDIATE")
                self._due = time.monotonic() + COMMIT_EVERY_S
            return self._db.execute(statement, values).rowcount

    def commit(self) -> None:
        """Write what is pending to disk."""
        if self._due is not None:
            with translated():
                self._db.execute("COMMIT")
            self._due = None

    def commit_if_due(self) -> None:
        """Commit, at most every `COMMIT_EVERY_S` seconds."""
        if self._due is not None and time.monotonic() >= self._due:
            self.commit()

    def put(self, entry: Entry) -> None:
        """Write what became of a record, over what stood there."""
        failure = entry.failure
        state = "in work" if entry.in_work else "failed" if failure else "done"
        values: tuple[object, ...] = (
            key(entry.source),
            str(entry.output),
            entry.format,
            state,
            entry.vanished,
            entry.content_hash,
            entry.settings_hash,
            json.dumps(entry.outputs),
            failure.category.value if failure else None,
            failure.reason if failure else None,
            failure.remedy if failure else None,
            entry.tag,
            entry.row,
        )
        marks = ", ".join("?" * len(values))
        self._write(f"INSERT OR REPLACE INTO records ({_COLUMNS}) VALUES ({marks})", values)
        self._touch()

    def begin(self, source: Path) -> None:
        """Say that a known record is being done again: until `put`, its row counts for nothing."""
        if self._write("UPDATE records SET state = 'in work' WHERE source = ?", (key(source),)):
            self._touch()

    def end(self, source: Path) -> None:
        """Take `begin` back: the record was not touched after all."""
        self._write(
            "UPDATE records SET state = CASE WHEN category IS NULL THEN 'done' ELSE 'failed' END"
            " WHERE source = ?",
            (key(source),),
        )

    def move(self, old: Path, new: Path) -> None:
        """Hand a row over to the path to which its file was moved."""
        self._write(
            "UPDATE records SET source = ?, vanished = 0 WHERE source = ?", (key(new), key(old))
        )
        self._touch()

    def mark_vanished(self, source: Path, vanished: bool) -> None:
        """Say that a source is gone, or that it is back."""
        self._write(
            "UPDATE records SET vanished = ? WHERE source = ?", (int(vanished), key(source))
        )
        self._touch()

    def _touch(self) -> None:
        self._write(
            "INSERT INTO meta VALUES ('revision', 1)"
            " ON CONFLICT (key) DO UPDATE SET value = value + 1"
        )

    def set_meta(self, name: str, value: str) -> None:
        """Keep a word about the directory as a whole."""
        self._write("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def start_working(self) -> None:
        """Note durably that files are being written, until `stop_working`."""
        if not self.is_working():
            self.set_meta("working", "1")
            self.commit()

    def stop_working(self) -> None:
        """Note that no file is half-written."""
        if self.is_working():
            self.set_meta("working", "0")

    # -- reading

    def is_working(self) -> bool:
        """Say whether files are being written, or a killed run left some half-written."""
        return self.meta("working") == "1"

    def meta(self, name: str) -> str | None:
        """Return a word kept with `set_meta`."""
        with translated():
            found = self._db.execute("SELECT value FROM meta WHERE key = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    @property
    def revision(self) -> str:
        """A number that grows with every change to a record."""
        return self.meta("revision") or "0"

    def _select(self, where: str, *values: object) -> Iterator[Entry]:
        with translated():
            for found in self._db.execute(f"SELECT {_COLUMNS} FROM records {where}", values):
                yield _entry(found)

    def get(self, source: Path) -> Entry | None:
        """Return the row of a source."""
        return next(self._select("WHERE source = ?", key(source)), None)

    def at(self, output: PurePosixPath) -> Entry | None:
        """Return the row whose reports are at this place (capitals do not tell places apart)."""
        return next(self._select("WHERE output = ?", str(output)), None)

    def entries(self) -> Iterator[Entry]:
        """Yield all rows, ordered by place; nothing may be written while this goes on."""
        return self._select("ORDER BY output")

    def sources(self) -> Iterator[tuple[Path, bool]]:
        """Yield every source and whether it was gone last time, in pages, so one may write."""
        last: str | bytes = ""
        while True:
            with translated():
                page = self._db.execute(
                    "SELECT source, vanished FROM records WHERE source > ? ORDER BY source"
                    " LIMIT 1000",
                    (last,),
                ).fetchall()
            for source, vanished in page:
                yield _path(source), bool(vanished)
            if not page:
                return
            last = page[-1][0]

    def counts(self) -> Mapping[str, int]:
        """Return how many records are done, failed and vanished."""
        with translated():
            found = self._db.execute(
                "SELECT CASE WHEN vanished THEN 'vanished' ELSE state END AS what, count(*)"
                " FROM records GROUP BY what"
            )
            return {str(state): int(number) for state, number in found}


def is_gone(file: Path) -> bool:
    """Say whether a file is there no more; one that we may not look at is not gone."""
    try:
        file.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _path(source: str | bytes) -> Path:
    return Path(os.fsdecode(source))


def _entry(found: tuple[object, ...]) -> Entry:
    source, output, kind, state, vanished, content, settings, outputs = found[:8]
    category, reason, remedy, tag, row = found[8:]
    assert isinstance(source, str | bytes)
    failed = state == "failed"
    return Entry(
        source=_path(source),
        output=PurePosixPath(str(output)),
        format=str(kind),
        content_hash=None if content is None else str(content),
        settings_hash=str(settings),
        outputs=json.loads(str(outputs)),
        failure=Failure(Category(str(category)), str(reason), str(remedy)) if failed else None,
        row=None if row is None else str(row),
        tag=None if tag is None else str(tag),
        vanished=bool(vanished),
        in_work=state == "in work",
    )
