"""A run against rooms that do as they are told: what is done, journaled, told and left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from ecgcli.batch.journal import Journal
from ecgcli.batch.plan import Verdict
from ecgcli.batch.run import preview, run
from ecgcli.batch.settings import Settings
from ecgcli.errors import Category, ExitCode, OutputError
from ecgcli.records.find import NotAnEcg
from tests.batch.faults import ROOMS

Make = Callable[..., Settings]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write recordings and return the settings of a run over them."""

    def make(files: dict[str, str], **options: Any) -> Settings:
        root = tmp_path / "in"
        root.mkdir(exist_ok=True)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Settings((root,), tmp_path / "out", **{"jobs": 2, **options})

    return make


def report(settings: Settings) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((settings.out / "run.json").read_text())
    return content


def counts(settings: Settings) -> dict[str, int]:
    return {name: n for name, n in report(settings)["counts"].items() if n}


def files(out: Path) -> dict[str, bytes]:
    """Return all outputs of a run but run.json and the run's own state."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name != "run.json" and ".ecgcli" not in path.parts
    }


def times(out: Path) -> dict[Path, int]:
    return {p: p.stat().st_mtime_ns for p in out.rglob("*") if p.is_file() and p.name != "run.json"}


def category(settings: Settings, name: str) -> Category | None:
    journal = Journal(settings.out / ".ecgcli" / "journal.sqlite3", read_only=True)
    try:
        entry = journal.at(PurePosixPath(name))
        assert entry is not None
        return entry.failure.category if entry.failure else None
    finally:
        journal.close()


def test_all_reports_of_all_records_are_there(make: Make) -> None:
    settings = make({f"ward {n}/rec.ecg": f"ok {n}" for n in range(5)})
    assert run(settings, ROOMS) is ExitCode.OK
    names = {f"ward {n}/rec.{kind}" for n in range(5) for kind in ("json", "html", "pdf")}
    assert set(files(settings.out)) == names | {"index.html", "findings.csv"}
    assert counts(settings) == {"found": 5, "done": 5}
    assert report(settings)["exit_code"] == 0
    assert report(settings)["quality"] == {"usable": 5}


def test_second_run_does_nothing(make: Make) -> None:
    settings = make({"a.ecg": "ok", "b.ecg": "ok"})
    run(settings, ROOMS)
    before = times(settings.out)
    # A worker that loads this name would stop the run: none may even be started.
    rooms = replace(ROOMS, process="tests.batch.faults:there_is_no_such_function")
    assert run(settings, rooms) is ExitCode.OK
    assert times(settings.out) == before
    assert counts(settings) == {"found": 2, "unchanged": 2}
    assert report(settings)["exit_reason"] == "nothing new"


def test_changed_record_is_done_again(make: Make) -> None:
    run(make({"a.ecg": "ok 1", "b.ecg": "ok 1"}), ROOMS)
    settings = make({"a.ecg": "ok 2"})
    assert run(settings, ROOMS) is ExitCode.OK
    assert report(settings)["processed_because"] == {"changed": 1}
    fresh = replace(settings, out=settings.out.with_name("fresh"))
    run(fresh, ROOMS)
    assert files(settings.out) == files(fresh.out)


def test_touched_but_equal_record_is_left_alone(make: Make) -> None:
    settings = make({"a.ecg": "ok"})
    run(settings, ROOMS)
    (settings.paths[0] / "a.ecg").touch()
    run(settings, ROOMS)
    assert counts(settings) == {"found": 1, "unchanged": 1}


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ({"sex": "female"}, Verdict.OTHER_SETTINGS),
        ({"age_years": 60.0}, Verdict.OTHER_SETTINGS),
        ({"paper": "letter"}, Verdict.OTHER_SETTINGS),
        ({"force": True}, Verdict.FORCED),
        ({"jobs": 1}, None),
        ({"timeout_s": 60.0}, None),
        ({"log_paths": True}, None),
        ({"formats": ("json",)}, None),
    ],
)
def test_what_makes_a_record_stale(make: Make, option: dict[str, Any], why: Verdict | None) -> None:
    settings = make({"a.ecg": "ok"})
    run(settings, ROOMS)
    run(replace(settings, **option), ROOMS)
    assert report(settings)["processed_because"] == ({why.value: 1} if why else {})


@pytest.mark.parametrize("damage", ["missing", "truncated", "a folder"])
def test_missing_report_is_written_again(make: Make, damage: str) -> None:
    settings = make({"a.ecg": "ok"})
    run(settings, ROOMS)
    before = files(settings.out)
    pdf = settings.out / "a.pdf"
    if damage == "truncated":
        pdf.write_bytes(b"short")
    else:
        pdf.unlink()
    if damage == "a folder":
        pdf.mkdir()
        assert run(settings, ROOMS) is ExitCode.SOME_RECORDS_FAILED
        assert category(settings, "a") is Category.UNSUPPORTED
        return
    assert run(settings, ROOMS) is ExitCode.OK
    assert files(settings.out) == before
    assert report(settings)["processed_because"] == {"reports missing": 1}


def test_one_more_format_keeps_the_others(make: Make) -> None:
    settings = make({"a.ecg": "ok"}, formats=("json",))
    run(settings, ROOMS)
    run(replace(settings, formats=("pdf",)), ROOMS)
    assert {"a.json", "a.pdf"} <= set(files(settings.out))
    run(replace(settings, formats=("json", "pdf")), ROOMS)
    assert counts(settings) == {"found": 1, "unchanged": 1}


def test_report_of_older_content_never_stays_beside_a_newer_one(make: Make) -> None:
    run(make({"a.ecg": "ok 1"}), ROOMS)
    settings = make({"a.ecg": "ok 2"}, formats=("json",))
    run(settings, ROOMS)
    assert "a.json" in files(settings.out)
    assert "a.pdf" not in files(settings.out)


def test_every_kind_of_failure_costs_its_record_only(make: Make) -> None:
    expected = {
        "bad": Category.TOO_SHORT,
        "bug": Category.INTERNAL,
        "crash": Category.CRASHED,
        "segfault": Category.CRASHED,
        "killed": Category.CRASHED,
        "memory": Category.CRASHED,
        "half": Category.CRASHED,
        "hang": Category.TIMED_OUT,
        "crash-once": None,
        "noisy": None,
        "ok": None,
    }
    settings = make({f"{what}.ecg": what for what in expected}, timeout_s=1.5)
    assert run(settings, ROOMS) is ExitCode.SOME_RECORDS_FAILED
    assert {what: category(settings, what) for what in expected} == expected
    written = {Path(name).stem for name in files(settings.out)} - {"index", "findings"}
    assert written == {what for what, failed in expected.items() if failed is None}
    tally = counts(settings)
    assert tally["done"] == 3
    assert tally["failed"] == 8
    assert report(settings)["failures_by_category"] == {
        "crashed": 5,
        "internal error": 1,
        "timed out": 1,
        "too short": 1,
    }


def test_known_failures_are_told_and_not_retried(make: Make) -> None:
    settings = make({"a.ecg": "ok", "b.ecg": "bad"})
    run(settings, ROOMS)
    before = times(settings.out)
    assert run(settings, ROOMS) is ExitCode.SOME_RECORDS_FAILED
    assert counts(settings) == {"found": 2, "unchanged": 1, "known_failures": 1}
    assert times(settings.out) == before
    assert run(replace(settings, retry_failed=True), ROOMS) is ExitCode.SOME_RECORDS_FAILED
    assert report(settings)["processed_because"] == {"failed before": 1}
    assert run(make({"b.ecg": "ok"}), ROOMS) is ExitCode.OK
    assert counts(settings) == {"found": 2, "unchanged": 1, "done": 1}


def test_record_that_fails_after_a_change_loses_its_reports(make: Make) -> None:
    run(make({"a.ecg": "ok"}), ROOMS)
    settings = make({"a.ecg": "bad"})
    assert run(settings, ROOMS) is ExitCode.SOME_RECORDS_FAILED
    assert set(files(settings.out)) == {"index.html", "findings.csv"}


def test_vanished_record_is_told_once_and_keeps_its_reports(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = make({"a.ecg": "ok", "b.ecg": "ok"})
    run(settings, ROOMS)
    before = files(settings.out)
    (settings.paths[0] / "a.ecg").unlink()
    capsys.readouterr()
    assert run(settings, ROOMS) is ExitCode.OK
    assert "vanished" in capsys.readouterr().err
    assert report(settings)["vanished"] == [str(settings.paths[0] / "a.ecg")]
    assert b"a done vanished" in (settings.out / "index.html").read_bytes()
    assert (settings.out / "a.pdf").exists()
    indexed = times(settings.out)
    assert run(settings, ROOMS) is ExitCode.OK
    assert "warning" not in capsys.readouterr().err
    assert times(settings.out) == indexed
    run(make({"a.ecg": "ok"}), ROOMS)  # it comes back
    assert counts(settings) == {"found": 2, "unchanged": 2}
    assert files(settings.out) == before


def test_record_outside_of_the_paths_has_not_vanished(make: Make) -> None:
    settings = make({"x/a.ecg": "ok", "y/b.ecg": "ok"})
    run(settings, ROOMS)
    (settings.paths[0] / "x" / "a.ecg").unlink()
    run(replace(settings, paths=(settings.paths[0] / "y",)), ROOMS)
    assert "vanished" not in counts(settings)


def test_moved_folder_is_not_done_again(make: Make, tmp_path: Path) -> None:
    settings = make({"x/a.ecg": "ok", "x/b.ecg": "bad"})
    run(settings, ROOMS)
    moved = settings.paths[0].rename(tmp_path / "elsewhere")
    settings = replace(settings, paths=(moved,))
    assert run(settings, ROOMS) is ExitCode.SOME_RECORDS_FAILED
    assert counts(settings) == {"found": 2, "unchanged": 1, "known_failures": 1}


def test_same_names_below_other_paths_never_collide(make: Make, tmp_path: Path) -> None:
    settings = make({"x/a.ecg": "ok x", "y/a.ecg": "ok y", "y/A.ecg": "ok Y"})
    root = settings.paths[0]
    for part in ("x", "y"):
        assert run(replace(settings, paths=(root / part,)), ROOMS) is ExitCode.OK
    reports = [name for name in files(settings.out) if name.endswith(".json")]
    assert len({name.lower() for name in reports}) == 3
    assert len({files(settings.out)[name] for name in reports}) == 3
    before = times(settings.out)
    for part in ("x", "y"):
        run(replace(settings, paths=(root / part,)), ROOMS)
    assert times(settings.out) == before


def test_strays_are_counted_and_listed(make: Make) -> None:
    settings = make({"a.ecg": "ok", "notes.txt": "hello", 'odd "name".doc': "x"})
    assert run(settings, ROOMS) is ExitCode.OK
    assert counts(settings)["not_an_ecg"] == 2
    listed = report(settings)["not_an_ecg"]
    assert {Path(one["path"]).name for one in listed} == {"notes.txt", 'odd "name".doc'}
    assert {one["reason"] for one in listed} == {"not of our kind"}
    assert b"notes.txt not of our kind" in (settings.out / "index.html").read_bytes()
    before = times(settings.out)
    run(settings, ROOMS)
    assert times(settings.out) == before
    (settings.paths[0] / "notes.txt").unlink()
    run(settings, ROOMS)
    assert b"notes.txt" not in (settings.out / "index.html").read_bytes()


def test_limit_bounds_what_is_processed(make: Make) -> None:
    settings = make({f"{n}.ecg": f"ok {n}" for n in range(6)}, limit=2)
    for processed in (2, 2, 2, 0):
        assert run(settings, ROOMS) is ExitCode.OK
        assert report(settings)["counts"]["done"] == processed
    assert counts(settings) == {"found": 6, "unchanged": 6}


def test_preview_names_the_work_and_writes_nothing(make: Make) -> None:
    settings = make({"a.ecg": "ok", "b.ecg": "ok"})
    planned = list(preview(settings, ROOMS))
    assert [(s.path.name, v) for s, v in planned] == [
        ("a.ecg", Verdict.NEW),
        ("b.ecg", Verdict.NEW),
    ]
    assert not settings.out.exists()
    run(settings, ROOMS)
    before = times(settings.out)
    assert list(preview(settings, ROOMS)) == []
    (settings.paths[0] / "b.ecg").write_text("ok changed")
    assert [v for _, v in preview(settings, ROOMS)] == [Verdict.CHANGED]
    assert times(settings.out) == before


def test_full_disk_stops_the_run_and_the_next_one_completes_it(make: Make) -> None:
    settings = make({"a.ecg": "ok", "b.ecg": "full", "c.ecg": "ok"}, jobs=1)
    with pytest.raises(OutputError, match="No space left"):
        run(settings, ROOMS)
    assert report(settings)["exit_code"] == 4
    assert "No space left" in report(settings)["exit_reason"]
    assert run(make({"b.ecg": "ok"}), ROOMS) is ExitCode.OK
    assert report(settings)["counts"]["found"] == 3
    fresh = replace(settings, out=settings.out.with_name("fresh"))
    run(fresh, ROOMS)
    assert files(settings.out) == files(fresh.out)


def test_any_number_of_workers_gives_the_same_bytes(make: Make) -> None:
    records = {f"{n}.ecg": "bad" if n % 5 == 0 else f"slow 0.0{n % 3}" for n in range(20)}
    results = []
    for jobs in (1, 2, 5):
        settings = make(records, jobs=jobs)
        settings = replace(settings, out=settings.out / str(jobs))
        run(settings, ROOMS)
        results.append(files(settings.out))
    assert results[0] == results[1] == results[2]


def test_worker_that_cannot_start_stops_the_run(make: Make) -> None:
    settings = make({"a.ecg": "ok"})
    rooms = replace(ROOMS, process="tests.batch.faults:there_is_no_such_function")
    with pytest.raises(Exception, match="cannot start"):
        run(settings, rooms)
    assert report(settings)["exit_code"] == 1


def test_file_that_is_an_ecg_no_longer(make: Make) -> None:
    settings = make({"a.ecg": "ok"})
    run(settings, ROOMS)
    path = settings.paths[0] / "a.ecg"

    def overwritten(*_: object, **__: object) -> Any:
        return iter([NotAnEcg(path, "zeros")])

    for expected in ({"found": 1, "failed": 1}, {"found": 1, "known_failures": 1}):
        assert run(settings, replace(ROOMS, find=overwritten)) is ExitCode.SOME_RECORDS_FAILED
        assert counts(settings) == expected
        assert set(files(settings.out)) == {"index.html", "findings.csv"}
    assert run(settings, ROOMS) is ExitCode.OK  # restored
    assert "a.pdf" in files(settings.out)


def test_worker_that_grows_is_replaced(make: Make) -> None:
    texts = {f"{n:03}.ecg": f"{'grow' if 52 <= n < 58 else 'ok'} {n}" for n in range(62)}
    settings = make(texts, jobs=1)
    assert run(settings, ROOMS) is ExitCode.OK
    assert report(settings)["workers_replaced"] == 1
    assert report(settings)["worker_memory_peak_mib"] > 256
    assert counts(settings) == {"found": 62, "done": 62}


def test_nothing_temporary_is_left(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    settings = make({"a.ecg": "temporary", "b.ecg": "temporary"})
    assert run(settings, ROOMS) is ExitCode.OK
    assert list(place.iterdir()) == []


def test_no_room_for_temporary_files_stops_the_run(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(OutputError, match="temporary"):
        run(make({"a.ecg": "ok"}), ROOMS)
