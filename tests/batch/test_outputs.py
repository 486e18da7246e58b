"""Files appear whole or not at all, whatever the disk does."""

from __future__ import annotations

import errno
import os
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from ecgcli.batch import outputs
from ecgcli.errors import OutputError, RecordError


def test_files_are_written_with_their_folders(tmp_path: Path) -> None:
    files = {tmp_path / "a" / "b" / f"r.{kind}": kind.encode() for kind in ("json", "pdf")}
    outputs.write_together(files)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == files


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failing_disk_leaves_the_old_files_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, call: str
) -> None:
    files = {tmp_path / f"r.{kind}": b"old" for kind in ("json", "pdf")}
    outputs.write_together(files)

    def fail(*arguments: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr({"fsync": "os.fsync", "replace": "pathlib.Path.replace"}[call], fail)
    with pytest.raises(OutputError, match=os.strerror(number)):
        outputs.write_together(dict.fromkeys(files, b"new"))
    with pytest.raises(OutputError), outputs.replacing(tmp_path / "r.json") as stream:
        stream.write(b"new")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == files


def test_all_reports_are_on_disk_before_the_first_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(self: Path, target: Path) -> Path:
        assert len(list(tmp_path.glob(f".*{outputs.PART}"))) == 3 - len(list(tmp_path.glob("r.*")))
        return self.rename(target)

    monkeypatch.setattr(Path, "replace", look)
    outputs.write_together({tmp_path / f"r.{kind}": b"x" for kind in ("json", "html", "pdf")})
    assert len(list(tmp_path.glob("r.*"))) == 3


def test_a_name_in_the_way_costs_one_record_only(tmp_path: Path) -> None:
    (tmp_path / "r.json").mkdir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "r.json", tmp_path / "file" / "r.json", tmp_path / ("x" * 300)):
        with pytest.raises(RecordError, match="cannot be named"):
            outputs.write_together({path: b"new"})
    assert not list(tmp_path.glob(f".*{outputs.PART}"))


def test_an_exception_while_writing_keeps_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "index.html"
    file.write_text("old")

    def fail() -> None:
        with outputs.replacing(file) as stream:
            stream.write(b"new")
            raise ValueError("bug")

    with pytest.raises(ValueError, match="bug"):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert file.read_text() == "old"


def test_sweep(tmp_path: Path) -> None:
    below = tmp_path / "ward"
    below.mkdir()
    for folder in (tmp_path, below):
        (folder / f".abc-1{outputs.PART}").touch()
        (folder / "kept.json").touch()
    assert outputs.sweep(tmp_path, deep=False) == 1
    assert outputs.sweep(tmp_path, deep=True) == 1
    assert outputs.sweep(tmp_path / "absent", deep=True) == 0
    assert len(list(tmp_path.rglob("*.json"))) == 2


def test_sweep_of_one_record_spares_its_neighbours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "replace", lambda *_: os._exit)
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    for name in ("a", "b"):
        outputs.write_together({tmp_path / f"{name}.json": b"x"})
    monkeypatch.undo()
    assert len(list(tmp_path.glob(f".*{outputs.PART}"))) == 2
    outputs.sweep_record(tmp_path, PurePosixPath("a"), ["json", "pdf"])
    assert len(list(tmp_path.glob(f".*{outputs.PART}"))) == 1


def test_present_knows_sizes(tmp_path: Path) -> None:
    (tmp_path / "r.1.json").write_bytes(b"123")
    output = PurePosixPath("r.1")
    assert outputs.present(tmp_path, output, {"json": 3})
    assert not outputs.present(tmp_path, output, {"json": 4})
    assert not outputs.present(tmp_path, output, {"json": 3, "pdf": 3})
    assert outputs.present(tmp_path, output, {})
