"""Recordings in order through workers that crash, hang and die."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ecgcli.batch.inorder import AHEAD, in_order
from ecgcli.batch.outcome import Failure, Outcome
from ecgcli.batch.settings import Settings
from ecgcli.batch.stopping import Stopping
from ecgcli.batch.workers import Pool
from ecgcli.errors import Category
from ecgcli.records.find import Source
from tests.batch import faults

PROCESS = f"{faults.__name__}:process"
Met = tuple[Source, Outcome | None] | None


def source(folder: Path, name: str, words: str) -> Source:
    path = folder / f"{name}.ecg"
    path.write_text(words)
    return Source(path, PurePosixPath(name), "fake")


def run(
    folder: Path, met: Iterator[Met], jobs: int = 2, timeout_s: float = 60.0
) -> list[tuple[str, Category | None]]:
    settings = Settings((folder,), folder / "out", ("json",), jobs=jobs, timeout_s=timeout_s)
    with Pool(settings, PROCESS) as pool:
        return [
            (source.output.name, outcome.failure.category if outcome.failure else None)
            for source, outcome in in_order(met, pool, jobs, Stopping())
        ]


def test_what_happens_to_one_happens_to_no_other_and_the_order_stays(tmp_path: Path) -> None:
    words = {
        "a": ("slow 0.5", None),  # all others wait for it
        "b": ("crash", Category.CRASHED),
        "c": ("fine", None),
        "d": ("crash-once", None),
        "e": ("bad", Category.TOO_SHORT),
        "f": ("killed", Category.CRASHED),
        "g": ("bug", Category.INTERNAL),
        "h": ("fine", None),
    }
    sources = [source(tmp_path, name, said) for name, (said, _) in words.items()]
    found = run(tmp_path, ((each, None) for each in sources))
    assert found == [(name, category) for name, (_, category) in words.items()]


def test_one_that_hangs_is_given_up(tmp_path: Path) -> None:
    sources = [source(tmp_path, "a", "hang"), source(tmp_path, "b", "fine")]
    found = run(tmp_path, ((each, None) for each in sources), timeout_s=1.0)
    assert found == [("a", Category.TIMED_OUT), ("b", None)]


def test_what_is_known_already_keeps_its_place(tmp_path: Path) -> None:
    known = Outcome(failure=Failure(Category.UNSUPPORTED, "no ECG", "name one"))
    met: list[Met] = [
        None,
        (source(tmp_path, "a", "slow 0.2"), None),
        (source(tmp_path, "b", "never looked at"), known),
        None,
        (source(tmp_path, "c", "fine"), None),
    ]
    assert run(tmp_path, iter(met)) == [("a", None), ("b", Category.UNSUPPORTED), ("c", None)]
    assert run(tmp_path, iter([])) == []


def test_workers_do_not_run_far_ahead_of_one_that_is_slow(tmp_path: Path) -> None:
    """Memory does not grow with the number of recordings behind a slow one."""
    taken = 0

    def met() -> Iterator[Met]:
        nonlocal taken
        for number in range(100):
            words = "slow 1" if number == 0 else "fine"
            taken += 1
            yield source(tmp_path, f"{number:03}", words), None

    settings = Settings((tmp_path,), tmp_path / "out", ("json",), jobs=2)
    with Pool(settings, PROCESS) as pool:
        results = in_order(met(), pool, 2, Stopping())
        next(results)
        assert taken <= AHEAD * 2 + 1
        assert len(list(results)) == 99


def test_after_a_signal_what_is_in_hand_is_finished_and_nothing_is_begun(tmp_path: Path) -> None:
    sources = [source(tmp_path, f"{number:03}", "slow 0.1") for number in range(100)]
    settings = Settings((tmp_path,), tmp_path / "out", ("json",), jobs=2)
    stopping = Stopping()
    names = []
    with Pool(settings, PROCESS) as pool:
        for each, _ in in_order(((one, None) for one in sources), pool, 2, stopping):
            names.append(each.output.name)
            stopping.signal = signal.SIGINT
        assert pool.in_hand == 0
    assert names == [f"{number:03}" for number in range(len(names))]
    assert len(names) <= 5
