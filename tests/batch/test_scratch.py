"""The folder for temporary files: gone with its run, however that ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ecgcli.batch import scratch
from ecgcli.batch.scratch import Scratch, sweep

RUN = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from ecgcli.batch.scratch import Scratch
folder = Scratch().path
(folder / "half a report").write_text("x")
print(folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(scratch, "YOUNG_S", 0.0)
    return tmp_path


def test_a_folder_goes_with_its_run(place: Path) -> None:
    made = Scratch()
    assert made.path.parent == place
    assert made.path.stat().st_mode & 0o777 == 0o700
    made.remove()
    assert list(place.iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_next_and_a_living_one_stays(place: Path) -> None:
    command = [sys.executable, "-c", RUN, str(place)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as run:
        assert run.stdout is not None
        folder = Path(run.stdout.readline().strip())
        sweep()
        assert (folder / "half a report").exists()
        run.send_signal(signal.SIGKILL)
    assert folder.exists()
    own = Scratch()
    assert list(place.iterdir()) == [own.path]
    own.remove()


def test_a_folder_that_may_just_be_begun_stays(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "YOUNG_S", 60.0)
    folder = place / f"{scratch.PREFIX}young"
    folder.mkdir()
    sweep()
    assert folder.exists()


def test_what_is_not_ours_stays(place: Path) -> None:
    kept = place / "kept"
    kept.mkdir()
    (place / f"{scratch.PREFIX}link").symlink_to(kept)
    (place / f"{scratch.PREFIX}file").write_text("x")
    (place / "ecgcli-other").mkdir()
    before = sorted(place.iterdir())
    sweep()
    assert sorted(place.iterdir()) == before


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give folders away")
def test_another_users_folder_stays(place: Path) -> None:
    folder = place / f"{scratch.PREFIX}other"
    folder.mkdir()
    os.chown(folder, 12345, -1)
    sweep()
    assert folder.exists()
