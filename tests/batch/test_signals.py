"""Kills, signals and neighbours, in real processes."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a run of the driver over `in` into `out`."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str, out: str = "out") -> subprocess.Popen[str]:
        folders = [str(tmp_path / "in"), str(tmp_path / out)]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.batch.driver", *folders, *words],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def fill(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = folder / "in" / f"{name}.ecg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def files(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name != "run.json" and ".ecgcli" not in path.parts
    }


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def children(pid: int) -> list[int]:
    """Return all processes below a process (Linux)."""
    found: list[int] = []
    below: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            words = status.read_text().rpartition(")")[2].split()
            below.setdefault(int(words[1]), []).append(int(status.parent.name))
    pending = [pid]
    while pending:
        found += (next_ones := below.get(pending.pop(), []))
        pending += next_ones
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def workers(pid: int) -> list[int]:
    """Return the processes at the leaves: those that work."""
    below = children(pid)
    return [one for one in below if not children(one)]


def report(folder: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((folder / "out" / "run.json").read_text())
    return content


@pytest.mark.slow
def test_killed_at_any_moment_then_run_again_gives_the_same_bytes(
    tmp_path: Path, start: Start
) -> None:
    fill(tmp_path, {f"ward {n % 3}/{n}": f"slow 0.0{n % 9} {n}" for n in range(60)})
    fill(tmp_path, {"bad": "bad", "crash": "crash"})
    assert start(out="undisturbed").wait(PATIENCE_S) == 3
    chance = random.Random(5)
    for _ in range(8):
        process = start()
        time.sleep(chance.uniform(0.2, 1.2))
        below = children(process.pid)
        process.kill()
        process.wait()
        until(lambda below=below: not any(alive(pid) for pid in below))  # type: ignore[misc]
    assert start().wait(PATIENCE_S) == 3
    assert files(tmp_path / "out") == files(tmp_path / "undisturbed")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_kill_of_the_parent_leaves_no_process_behind(tmp_path: Path, start: Start) -> None:
    fill(tmp_path, {"a": "hang", "b": "hang"})
    process = start()
    until(lambda: len(children(process.pid)) >= 3)
    time.sleep(0.3)
    below = children(process.pid)
    process.kill()
    until(lambda: not any(alive(pid) for pid in below))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_killed_worker_is_replaced_and_its_record_retried(tmp_path: Path, start: Start) -> None:
    fill(tmp_path, {str(n): f"slow 0.5 {n}" for n in range(6)})
    process = start()
    until(lambda: (tmp_path / "out" / "1.pdf").exists())
    time.sleep(0.2)
    for pid in workers(process.pid)[:1]:
        os.kill(pid, signal.SIGKILL)
    assert process.wait(PATIENCE_S) == 0
    assert len([name for name in files(tmp_path / "out") if name.endswith(".pdf")]) == 6


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("group", [False, True], ids=["parent", "group"])
def test_signal_finishes_what_is_in_hand(
    tmp_path: Path, start: Start, number: signal.Signals, code: int, group: bool
) -> None:
    fill(tmp_path, {f"{n:02}": f"slow 0.25 {n}" for n in range(10)})
    process = start()
    until(lambda: (tmp_path / "out" / "01.pdf").exists())
    if group:  # a terminal and systemd signal every process of the group
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    assert process.wait(PATIENCE_S) == code
    counts = report(tmp_path)["counts"]
    assert isinstance(counts, dict)
    assert 0 < counts["done"] < 10
    assert counts["failed"] == 0
    assert counts["left"] + counts["done"] == counts["found"]
    written = files(tmp_path / "out")
    assert len([name for name in written if name.endswith(".pdf")]) == counts["done"]
    assert written["index.html"].count(b"done") == counts["done"]
    assert report(tmp_path)["exit_code"] == code
    assert start().wait(PATIENCE_S) == 0
    assert start(out="undisturbed").wait(PATIENCE_S) == 0
    assert files(tmp_path / "out") == files(tmp_path / "undisturbed")


def test_second_signal_stops_at_once(tmp_path: Path, start: Start) -> None:
    fill(tmp_path, {"a": "ok", "b": "hang", "c": "hang"})
    process = start()
    until(lambda: (tmp_path / "out" / "a.pdf").exists())
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.7)
    assert process.poll() is None  # it waits for what is in hand
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 143
    assert "at once" in str(report(tmp_path)["exit_reason"])


def test_second_run_leaves_or_waits(tmp_path: Path, start: Start) -> None:
    fill(tmp_path, {str(n): f"slow 0.5 {n}" for n in range(6)})
    first = start()
    until(lambda: (tmp_path / "out" / "0.pdf").exists())
    leaving = start("no-wait")
    waiting = start()
    assert leaving.wait(PATIENCE_S) == 6
    assert first.poll() is None
    assert first.wait(PATIENCE_S) == 0
    assert waiting.wait(PATIENCE_S) == 0
    assert "waiting for another run" in waiting.communicate()[1]
    assert report(tmp_path)["exit_reason"] == "nothing new"


def test_waiting_run_can_be_stopped(tmp_path: Path, start: Start) -> None:
    fill(tmp_path, {"a": "hang"})
    first = start()
    lock = tmp_path / "out" / ".ecgcli" / "journal.sqlite3"
    until(lock.exists)
    waiting = start()
    assert waiting.stderr is not None
    assert "waiting" in waiting.stderr.readline()
    waiting.send_signal(signal.SIGTERM)
    assert waiting.wait(5) == 143
    assert first.poll() is None


def test_lock_of_a_dead_process_does_not_block(tmp_path: Path, start: Start) -> None:
    fill(tmp_path, {"a": "ok"})
    folder = tmp_path / "out" / ".ecgcli"
    folder.mkdir(parents=True)
    (folder / "lock").write_text("4711")
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, sys, time; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX);"
            "print('held', flush=True); time.sleep(100)",
            folder / "lock",
        ],
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    assert start("no-wait").wait(PATIENCE_S) == 6
    holder.kill()
    holder.communicate()
    assert start("no-wait").wait(PATIENCE_S) == 0
    with (folder / "lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_log_names_no_file(tmp_path: Path, start: Start) -> None:
    what = ["ok", "bad", "bug", "noisy", "crash", "segfault", "memory", "full"]
    for words in (["verbose"], ["verbose", "json"]):
        name = f"Mustermann-{len(words)}"
        fill(tmp_path, {f"{name}/{one}": one for one in what})
        (tmp_path / "in" / name / "Mustermann.txt").write_text("no ECG")
        said = start(*words).communicate()[1]
        assert said.count("\n") > 4
        assert "Mustermann" not in said
        assert str(tmp_path) not in said
        if "json" in words:
            assert all(json.loads(line)["event"] for line in said.splitlines())


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_records(tmp_path: Path, start: Start) -> None:
    peaks = []
    for number in (100, 3000):
        fill(tmp_path, {f"{n % 7}/{n}": f"ok {n}" for n in range(number)})
        assert start(out=str(number)).wait(PATIENCE_S) == 0
        content = json.loads((tmp_path / str(number) / "run.json").read_text())
        assert content["counts"]["done"] == number
        peaks.append(content["memory_peak_mib"])
    assert peaks[1] - peaks[0] < 4
