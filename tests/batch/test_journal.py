"""The journal survives what happens to it, and streams."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ecgcli.batch.journal import Entry, Journal, is_gone
from ecgcli.batch.outcome import Failure
from ecgcli.errors import Category, OutputError

ENTRY = Entry(
    source=Path("/data/a.hea"),
    output=PurePosixPath("ward/a"),
    format="wfdb",
    content_hash="c" * 64,
    settings_hash="s" * 64,
    outputs={"json": 12, "pdf": 3},
    row='{"path": "a"}',
    tag="0123",
)
FAILURE = Failure(Category.TOO_SHORT, "2 s", "record 10 s")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


def test_what_was_put_comes_back(file: Path) -> None:
    failed = replace(ENTRY, source=Path("/b"), output=PurePosixPath("b"), failure=FAILURE, row=None)
    journal = Journal(file)
    journal.put(ENTRY)
    journal.put(failed)
    journal.close()
    journal = Journal(file)
    assert journal.get(ENTRY.source) == ENTRY
    assert journal.at(PurePosixPath("WARD/A")) == ENTRY  # some file systems ignore case
    assert list(journal.entries()) == [failed, ENTRY]
    assert journal.get(Path("/c")) is None
    journal.close()


names = st.binary(min_size=1, max_size=40).filter(lambda name: not {0, 47} & set(name))


@hypothesis_settings(deadline=None, max_examples=60)
@given(st.lists(names, unique=True, max_size=20))
def test_any_path_is_kept_apart(paths: list[bytes]) -> None:
    journal = Journal(Path("unused"), read_only=True)
    journal._read_only = False  # in memory, but writable
    sources = [Path(os.fsdecode(b"/data/" + name)) for name in paths]
    for number, source in enumerate(sources):
        journal.put(replace(ENTRY, source=source, output=PurePosixPath(str(number))))
    for number, source in enumerate(sources):
        entry = journal.get(source)
        assert entry is not None
        assert (entry.source, entry.output) == (source, PurePosixPath(str(number)))
    assert {source for source, _ in journal.sources()} == set(sources)
    journal.close()


def test_two_sources_never_share_a_place(file: Path) -> None:
    journal = Journal(file)
    journal.put(ENTRY)
    journal.put(replace(ENTRY, source=Path("/other")))  # the later one takes the row over
    assert journal.get(ENTRY.source) is None
    journal.close()


def test_uncommitted_rows_are_lost_whole_and_committed_ones_are_not(file: Path) -> None:
    journal = Journal(file)
    journal.put(ENTRY)
    journal.commit()
    journal.put(replace(ENTRY, source=Path("/b"), output=PurePosixPath("b")))
    journal._db.close()  # like a kill
    journal = Journal(file)
    assert [entry.source for entry in journal.entries()] == [ENTRY.source]
    journal.close()


def test_sources_can_be_marked_while_they_are_listed(file: Path) -> None:
    journal = Journal(file)
    for number in range(2500):
        source, output = Path(f"/data/{number}"), PurePosixPath(f"{number}")
        journal.put(replace(ENTRY, source=source, output=output))
    seen = 0
    for source, vanished in journal.sources():
        assert not vanished
        journal.mark_vanished(source, True)
        seen += 1
    assert seen == 2500
    assert all(vanished for _, vanished in journal.sources())
    journal.close()


def test_begin_and_end(file: Path) -> None:
    journal = Journal(file)
    for entry in (ENTRY, replace(ENTRY, failure=FAILURE)):
        journal.put(entry)
        journal.begin(ENTRY.source)
        begun = journal.get(ENTRY.source)
        assert begun is not None
        assert begun.in_work
        journal.end(ENTRY.source)
        assert journal.get(ENTRY.source) == entry
    journal.close()


def test_revision_grows_with_changes_only(file: Path) -> None:
    journal = Journal(file)
    before = journal.revision
    journal.put(ENTRY)
    after = journal.revision
    assert int(after) > int(before)
    journal.get(ENTRY.source)
    journal.set_meta("indexed", after)
    assert journal.revision == after
    journal.close()


def test_read_only_writes_nothing(file: Path) -> None:
    journal = Journal(file, read_only=True)
    journal.put(ENTRY)
    assert journal.get(ENTRY.source) is None
    journal.close()
    assert not file.exists()


def test_journal_of_another_version_or_damaged_is_told(file: Path) -> None:
    Journal(file).close()
    db = sqlite3.connect(file)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(OutputError, match="version 99"):
        Journal(file)
    file.write_bytes(b"this is no database" * 100)
    with pytest.raises(OutputError, match="not a database"):
        Journal(file)


def test_is_gone(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    assert not is_gone(tmp_path / "file")
    assert not is_gone(tmp_path / "link")
    assert is_gone(tmp_path / "absent")
    assert is_gone(tmp_path / "file" / "below")
