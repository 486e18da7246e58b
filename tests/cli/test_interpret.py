"""`ecgcli interpret` as a user runs it: real processes, real records, all rooms."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from ecgcli.records.write_wfdb import write_wfdb
from ecgcli.reports.schema import json_schema
from tests import synthetic
from tests.cli.running import PATIENCE_S, counts, ecgcli, files, write_csv


def test_reports_of_every_kind(undisturbed: Path) -> None:
    assert counts(undisturbed) == {"found": 8, "done": 6, "failed": 2, "not_an_ecg": 1}
    names = set(files(undisturbed))
    done = {"ward 0/rec0", "ward 1/rec1", "ward 0/rec2", "ward 1/rec3", "nobody", "table.csv"}
    assert names == {f"{name}.{kind}" for name in done for kind in ("json", "html", "pdf")} | {
        "index.html",
        "findings.csv",
    }
    schema = json_schema()
    for name in done:
        report = json.loads((undisturbed / f"{name}.json").read_text())
        jsonschema.validate(report, schema)
    rate = json.loads((undisturbed / "ward 0/rec0.json").read_text())
    assert rate["measurements"]["ventricular_rate"]["value"] == pytest.approx(50, abs=1)
    assert (undisturbed / "nobody.pdf").read_bytes().startswith(b"%PDF")
    index = (undisturbed / "index.html").read_text()
    findings = (undisturbed / "findings.csv").read_text()
    assert "notes.txt" in index
    assert "notes.txt" not in findings
    for failed in ("short.hea", "broken.hea"):
        assert failed in index
        assert failed in findings
    assert findings.count("\n") == 1 + 8


def test_a_report_never_replaces_what_it_was_made_of(tmp_path: Path) -> None:
    """A table's sidecar can have the very name that its JSON report would get."""
    write_csv(tmp_path / "table.csv")
    sidecar = (tmp_path / "table.json").rename(tmp_path / "table.csv.json")
    before = sidecar.read_bytes()
    result = ecgcli("interpret", tmp_path, "--out", tmp_path, "--format", "json", "--jobs", "1")
    assert result.returncode == 0
    assert sidecar.read_bytes() == before
    reports = [name for name in files(tmp_path) if name.startswith("table.csv~")]
    assert len(reports) == 1
    assert ecgcli("interpret", tmp_path, "--out", tmp_path, "--format", "json").returncode == 0
    assert sidecar.read_bytes() == before


def test_second_run_does_nothing(records: Path, finished: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*.*")}
    result = ecgcli("interpret", records, "--out", finished)
    assert result.returncode == 3  # the two failures are still there, and told
    assert counts(finished)["known_failures"] == 2
    assert counts(finished)["unchanged"] == 6
    after = {path: path.stat().st_mtime_ns for path in finished.rglob("*.*")}
    changed = {path.name for path, at in after.items() if before[path] != at}
    assert changed <= {"run.json"}


def test_nothing_heavy_is_loaded_where_nothing_is_new(records: Path, finished: Path) -> None:
    code = (
        "import sys\nfrom ecgcli.cli.main import main\n"
        "main(sys.argv[1:], standalone_mode=False)\nprint(*sys.modules)"
    )
    command = [sys.executable, "-c", code, "interpret", str(records), "--out", str(finished)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    heavy = {"weasyprint", "scipy", "pydantic", "jinja2", "wfdb", "pydicom", "rich"}
    assert heavy & set(loaded) == set()


@pytest.mark.slow
def test_alone_equals_in_batch_equals_any_jobs(
    records: Path, undisturbed: Path, tmp_path: Path
) -> None:
    assert ecgcli("interpret", records, "--out", tmp_path / "all", "--jobs", 3).returncode == 3
    assert files(tmp_path / "all") == files(undisturbed)
    alone = records / "ward 1" / "rec3.hea"
    assert ecgcli("interpret", alone, "--out", tmp_path / "one").returncode == 0
    for kind in ("json", "html", "pdf"):
        expected = (undisturbed / f"ward 1/rec3.{kind}").read_bytes()
        assert (tmp_path / "one" / f"rec3.{kind}").read_bytes() == expected


@pytest.mark.slow
def test_killed_and_run_again_equals_undisturbed(
    records: Path, undisturbed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "ecgcli", "interpret", str(records), "--out", str(out)]
    chance = random.Random(1)
    for _ in range(3):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE_S
        seen = len(list(out.rglob("*.pdf")))
        while process.poll() is None and time.monotonic() < end:
            if len(list(out.rglob("*.pdf"))) > seen:  # in the middle of the work
                time.sleep(chance.uniform(0, 0.4))
                break
            time.sleep(0.01)
        process.kill()
        process.wait()
    assert ecgcli(*command[3:]).returncode == 3
    assert files(out) == files(undisturbed)


def test_log_carries_no_name(tmp_path: Path) -> None:
    folder = tmp_path / "Mustermann, Erika 4711"
    folder.mkdir()
    write_wfdb(synthetic.normal(), folder, "Mustermann-1")
    write_wfdb(synthetic.normal(duration_s=2), folder, "Mustermann-2")
    (folder / "Mustermann.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"garbage" * 20)
    (folder / "Mustermann.xml").write_text("<AnnotatedECG xmlns='urn:hl7-org:v3'><id Mustermann>")
    (folder / "Mustermann.pdf").write_text("no ECG")
    options = ["--format", "json,html", "--verbose"]
    for form in ("text", "json"):
        out = tmp_path / form
        result = ecgcli("interpret", folder, "--out", out, *options, "--log-format", form)
        assert result.returncode == 3
        assert result.stderr.count("\n") >= 5
        for word in ("Mustermann", "4711", str(tmp_path)):
            assert word not in result.stderr + result.stdout
    allowed = ecgcli("interpret", folder, "--out", tmp_path / "x", *options, "--log-paths")
    assert "Mustermann-2" in allowed.stderr
    key = tmp_path / "text" / ".ecgcli" / "log.key"
    assert key.stat().st_mode & 0o777 == 0o600


def test_missing_library_is_told_once_and_costs_no_record(records: Path, tmp_path: Path) -> None:
    (tmp_path / "weasyprint.py").write_text("raise OSError('cannot load library libpango')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = ["interpret", records / "nobody.hea", "--out", tmp_path / "out"]
    result = ecgcli(*command, env=environment)
    assert result.returncode == 1
    assert "libpango" in result.stderr
    assert "ecgcli doctor" in result.stderr
    assert counts(tmp_path / "out") == {"found": 1, "left": 1}
    assert ecgcli(*command, "--format", "json,html", env=environment).returncode == 0
    assert ecgcli(*command).returncode == 0


def test_output_directory_that_cannot_be_made(records: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = ecgcli("interpret", records, "--out", tmp_path / "file" / "below")
    assert result.returncode == 4
    assert result.stderr.startswith("Error: cannot make the output directory")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_output_directory_that_is_read_only(records: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert ecgcli("interpret", records, "--out", tmp_path).returncode == 4
    tmp_path.chmod(0o700)


def limited(size: int) -> Callable[[], None]:
    """Return what makes a process and its children unable to write files larger than this."""

    def limit() -> None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def test_disk_that_takes_no_more(records: Path, undisturbed: Path, tmp_path: Path) -> None:
    command = ["interpret", records, "--out", tmp_path]
    # Room for the journal, not for a report: the kernel refuses like a full disk does (EFBIG).
    result = ecgcli(*command, preexec_fn=limited(40_000))
    assert result.returncode == 4
    assert "File too large" in result.stderr
    assert not list(tmp_path.rglob("*.ecgcli-part"))
    assert ecgcli(*command).returncode == 3
    assert files(tmp_path) == files(undisturbed)


def can_mount() -> bool:
    """Say whether we may mount a file system of our own (root in a usual container may not)."""
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not can_mount(), reason="needs the right to mount")
def test_small_disk_and_read_only_disk(records: Path, tmp_path: Path) -> None:
    interpret = f"{sys.executable} -m ecgcli interpret '{records}' --out '{tmp_path}/out' --quiet"
    script = f"""
        mount -t tmpfs -o size=400k none '{tmp_path}' || exit
        {interpret}; echo $?
        mount -o remount,size=40m '{tmp_path}'
        {interpret}; echo $?
        mount -o remount,ro '{tmp_path}'
        {interpret}; echo $?
    """
    result = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["4", "3", "4"], result.stderr
    first, second = (line for line in result.stderr.splitlines() if line.startswith("Error"))
    assert "No space left on device" in first
    assert "Read-only file system" in second


def test_progress_on_a_terminal_and_without(records: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ecgcli", "interpret", str(records), "--format", "json"]
    master, terminal = pty.openpty()
    on_terminal = [*command, "--out", str(tmp_path / "a")]
    process = subprocess.Popen(on_terminal, stderr=terminal, env={**os.environ, "TERM": "xterm"})
    os.close(terminal)
    said = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error
        while chunk := os.read(master, 1 << 16):
            said += chunk
    os.close(master)
    assert process.wait() == 3
    assert b"Interpreting" in said
    assert b"index.html" in said
    plain = ecgcli(*command[3:], "--out", tmp_path / "b").stderr
    assert "\x1b" not in plain
    assert "Interpreting" not in plain
    quiet = ecgcli(*command[3:], "--out", tmp_path / "c", "--quiet")
    assert (quiet.stdout, quiet.stderr) == ("", "")


def test_folder_of_garbage_ends_well(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    noise = random.Random(7)
    for number in range(40):
        ending = ("dat", "hea", "xml", "dcm", "edf", "csv", "npy", "scp", "json", "")[number % 10]
        (folder / f"{number}.{ending}").write_bytes(noise.randbytes(noise.choice((0, 10, 5000))))
    result = ecgcli("interpret", folder, "--out", tmp_path / "out", "--format", "json")
    assert result.returncode in (0, 3)
    met = counts(tmp_path / "out")
    assert met.get("not_an_ecg", 0) + met.get("failed", 0) == 40
    assert met.get("done", 0) == 0


def test_odd_names(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    names = ["index", "run", "umlaut ä 心", "dots.in.it", "new\nline", "quo'\"te", "x" * 240]
    for name in names:
        write_csv(folder / f"{name}.csv")
    write_csv(folder / os.fsdecode(b"caf\xe9.csv"))
    command = ["interpret", folder, "--out", tmp_path / "out", "--format", "json,html"]
    result = ecgcli(*command, "--log-paths", "-v")
    assert result.returncode == 0, result.stderr
    assert counts(tmp_path / "out")["done"] == 8
    assert len([name for name in files(tmp_path / "out") if name.endswith(".json")]) == 8
    assert ecgcli(*command).returncode == 0
    assert counts(tmp_path / "out") == {"found": 8, "unchanged": 8}
    assert ecgcli(*command, "--dry-run", "--force").returncode == 0
