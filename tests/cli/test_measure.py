"""`ecgcli measure`: one object per record, in order, the same whatever the number of workers."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from ecgcli.cli.main import main
from ecgcli.errors import ExitCode
from ecgcli.exports.measurements import json_schema
from ecgcli.records.find import Source, find
from ecgcli.records.record import Patient
from ecgcli.records.write_wfdb import write_wfdb
from tests import synthetic
from tests.cli.running import PATIENCE_S, ecgcli, write_csv

EXAMPLES = Path(__file__).parents[2] / "examples" / "records"
VALIDATOR = Draft202012Validator(json_schema())
COMMAND = [sys.executable, "-m", "ecgcli", "measure"]


def objects(lines: str) -> list[dict[str, Any]]:
    """Return the objects of JSON lines, each held against the schema."""
    assert lines.endswith("\n")
    values = [json.loads(line) for line in lines.splitlines()]
    for value in values:
        VALIDATOR.validate(value)
    return values


def write(folder: Path, name: str = "rec") -> Path:
    """Write a recording into a folder that need not be there; return its header."""
    folder.mkdir(exist_ok=True)
    return write_wfdb(synthetic.normal(70), folder, name)


@pytest.fixture(scope="session")
def measured(records: Path) -> str:
    """Return the lines of all records, by one worker."""
    result = ecgcli("measure", records, "--json", "-", "--jobs", 1)
    assert result.returncode == ExitCode.SOME_RECORDS_FAILED
    return result.stdout


def test_every_record_gives_one_object_in_the_order_of_find(records: Path, measured: str) -> None:
    expected = [str(found.output) for found in find([records]) if isinstance(found, Source)]
    values = objects(measured)
    assert [value["record"] for value in values] == expected
    assert {value["record"]: value["error"]["code"] for value in values if "error" in value} == {
        "broken": "damaged",
        "short": "too short",
    }
    rates = {
        value["record"]: value["measurements"]["ventricular_rate"]["value"]
        for value in values
        if "error" not in value
    }
    assert rates["ward 0/rec0"] == pytest.approx(50, abs=1)
    assert rates["ward 1/rec3"] == pytest.approx(160, abs=2)


def test_the_number_of_workers_changes_no_byte(records: Path, measured: str) -> None:
    result = ecgcli("measure", records, "--json", "-", "--jobs", 3)
    assert result.stdout == measured
    assert "2 of 8 recordings failed: 1 damaged, 1 too short" in result.stderr


def test_alone_equals_in_company(records: Path, measured: str) -> None:
    alone = objects(ecgcli("measure", records / "ward 1" / "rec1.hea", "--json", "-").stdout)
    in_company = [value for value in objects(measured) if value["record"] == "ward 1/rec1"]
    assert [value["record"] for value in alone] == ["rec1"]
    assert {**alone[0], "record": "ward 1/rec1"} == in_company[0]


def test_the_examples_of_every_format(tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    result = ecgcli("measure", EXAMPLES, "--json", file)
    assert result.returncode == ExitCode.SOME_RECORDS_FAILED
    assert result.stdout == ""
    values = {value["record"]: value for value in objects(file.read_text(encoding="utf-8"))}
    formats = {value["format"] for value in values.values()}
    assert formats == {"wfdb", "csv", "npy", "hl7-aecg", "dicom"}
    assert values["synthetic-broken"]["error"]["code"] == "damaged"
    assert values["synthetic-noisy"]["measurements"] is None
    for name, value in values.items():
        if value.get("measurements") is not None:
            assert len(value["fiducials"]["II"]["r_peak"]) > 5, name
    fibrillating = values["synthetic-atrial-fibrillation.xml"]["fiducials"]
    assert set(fibrillating["global"]["p_onset"]) == {None}
    # By hand: at 74 /min in sinus rhythm every beat has P, QRS and T, in this order.
    sinus = values["synthetic-sinus-rhythm"]["fiducials"]["global"]
    order = ("p_onset", "p_peak", "p_end", "qrs_onset", "r_peak", "qrs_end", "t_peak", "t_end")
    whole = [at for at in zip(*(sinus[name] for name in order), strict=True) if None not in at]
    assert len(whole) >= 9
    assert all(list(at) == sorted(set(at)) for at in whole)


def test_files_hold_the_same_bytes_again_and_again(
    records: Path, measured: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert ecgcli("measure", records, "--out", out).returncode == ExitCode.SOME_RECORDS_FAILED

    def content() -> dict[str, str]:
        found = [path for path in out.rglob("*") if path.is_file() and ".ecgcli" not in path.parts]
        return {str(path.relative_to(out)): path.read_text(encoding="utf-8") for path in found}

    first = content()
    assert first == {f"{value['record']}.json": line + "\n" for value, line in _with(measured)}
    result = ecgcli("measure", records, "--out", out, "--json", "-", "--jobs", 1)
    assert result.stdout == measured
    assert content() == first


def _with(lines: str) -> list[tuple[dict[str, Any], str]]:
    return [(json.loads(line), line) for line in lines.splitlines()]


def test_files_among_the_records_are_not_taken_for_records(tmp_path: Path) -> None:
    write(tmp_path)
    for _ in range(2):
        result = ecgcli("measure", tmp_path, "--out", tmp_path, "--json", "-")
        assert [value["record"] for value in objects(result.stdout)] == ["rec"]
    result = ecgcli("info", tmp_path, "--json")
    assert [Path(json.loads(line)["file"]).name for line in result.stdout.splitlines()] == [
        "rec.hea"
    ]


def test_what_others_wrote_is_not_written_over(tmp_path: Path) -> None:
    """A table's sidecar can have the very name that its measurements would get."""
    write_csv(tmp_path / "table.csv")
    sidecar = (tmp_path / "table.json").rename(tmp_path / "table.csv.json")
    before = sidecar.read_bytes()
    result = ecgcli("measure", tmp_path, "--out", tmp_path, "--json", "-")
    assert result.returncode == ExitCode.SOME_RECORDS_FAILED
    assert objects(result.stdout)[0]["error"]["message"].startswith("another file has the name")
    assert sidecar.read_bytes() == before
    reports = tmp_path / "reports"
    write(tmp_path / "in")
    assert (
        ecgcli("interpret", tmp_path / "in", "--out", reports, "--format", "json").returncode == 0
    )
    report = (reports / "rec.json").read_bytes()
    assert ecgcli("measure", tmp_path / "in", "--out", reports).returncode == 3
    assert (reports / "rec.json").read_bytes() == report


def test_a_record_that_can_no_longer_be_read_loses_its_measurements(tmp_path: Path) -> None:
    header = write(tmp_path / "in")
    out = tmp_path / "out"
    assert ecgcli("measure", header, "--out", out).returncode == 0
    assert "measurements" in json.loads((out / "rec.json").read_text())
    data = header.with_suffix(".dat")
    data.write_bytes(data.read_bytes()[:1000])
    assert ecgcli("measure", header, "--out", out).returncode == 3
    assert json.loads((out / "rec.json").read_text())["error"]["code"] == "damaged"


def test_half_written_files_of_a_killed_run_are_cleared_away(tmp_path: Path) -> None:
    header = write(tmp_path / "in")
    left = tmp_path / "out" / "ward" / ".0123abcd-99.ecgcli-part"
    left.parent.mkdir(parents=True)
    left.write_text("half")
    assert ecgcli("measure", header, "--out", tmp_path / "out").returncode == 0
    assert not left.exists()


def test_named_files_that_are_no_ecg_are_failures_and_met_ones_are_not(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("words")
    result = ecgcli("measure", notes, "--json", "-")
    assert result.returncode == ExitCode.SOME_RECORDS_FAILED
    (value,) = objects(result.stdout)
    assert (value["record"], value["error"]["code"]) == ("notes.txt", "unsupported")
    assert value["error"]["message"].startswith("no ECG")
    result = ecgcli("measure", tmp_path, "--json", "-")
    assert (result.returncode, result.stdout) == (0, "")
    assert "no recording found" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["/not/there"],
        [str(EXAMPLES), "--table", "--json", "-"],
        [str(EXAMPLES), "--rate", "500"],
        [str(EXAMPLES), "--jobs", "0"],
        [str(EXAMPLES), "--json", "/"],
    ],
    ids=["no path", "a path that is not there", "table and json", "rate", "no jobs", "a folder"],
)
def test_wrong_arguments(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, ["measure", *arguments])
    assert result.exit_code == ExitCode.USAGE
    assert "Error" in result.output


def test_tables_by_options(tmp_path: Path) -> None:
    record = synthetic.normal(70, rate=250.0)
    file = tmp_path / "table.csv"
    head = ",".join(record.leads)
    np.savetxt(file, record.signal.T * 1000, "%.1f", delimiter=",", header=head, comments="")
    assert ecgcli("measure", file, "--json", "-").returncode == 3
    result = ecgcli("measure", file, "--json", "-", "--rate", 250, "--unit", "uV")
    (value,) = objects(result.stdout)
    assert value["sampling_rate"] == 250
    assert value["measurements"]["leads"]["II"]["r_mv"] == pytest.approx(1.1, abs=0.1)


def test_nobody_is_named(tmp_path: Path) -> None:
    patient = Patient(id="47110815", name="Mustermann", age_years=50, sex="female")
    write_wfdb(replace(synthetic.normal(70), patient=patient), tmp_path, "rec")
    broken = write_wfdb(replace(synthetic.normal(70), patient=patient), tmp_path, "broken")
    broken.with_suffix(".dat").write_bytes(b"")
    result = ecgcli("measure", tmp_path, "--json", "-")
    assert "broken" in result.stdout
    said = result.stdout + result.stderr
    assert not [word for word in ("Mustermann", "47110815", str(tmp_path)) if word in said]


# -- ends


def test_a_reader_that_leaves_ends_it_without_a_word(records: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, records, "--json", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b'{"record":')
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE_S) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("to", ["-", "/dev/full"])
def test_a_full_disk_is_said_to_be_one(to: str) -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [*COMMAND, EXAMPLES, "--json", to], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert result.returncode == ExitCode.OUTPUT_NOT_WRITABLE
    assert b"No space left" in result.stderr
    assert b"Traceback" not in result.stderr


def test_without_standard_input_and_output(tmp_path: Path) -> None:
    file = tmp_path / "all.jsonl"
    record = EXAMPLES / "synthetic-sinus-rhythm.hea"
    words = " ".join([*COMMAND, str(record), "--json"])
    assert subprocess.run(f"{words} {file} <&- >&-", shell=True, check=False).returncode == 0
    assert len(objects(file.read_text())) == 1
    closed = subprocess.run(
        f"{words} - <&- >&-", shell=True, stderr=subprocess.PIPE, text=True, check=False
    )
    assert closed.returncode == ExitCode.OUTPUT_NOT_WRITABLE
    assert "standard output is closed" in closed.stderr


def test_a_named_pipe_is_written_into_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    record = EXAMPLES / "synthetic-sinus-rhythm.hea"
    assert ecgcli("measure", record, "--json", pipe).returncode == 0
    reader.join(PATIENCE_S)
    assert len(objects(read[0])) == 1
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_a_signal_ends_it_after_whole_lines(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    folder = tmp_path / "in"
    header = write(folder)
    for copy in range(200):
        (folder / f"rec{copy}.hea").write_text(header.read_text().replace("rec", f"rec{copy}"))
        shutil.copy(header.with_suffix(".dat"), folder / f"rec{copy}.dat")
    out = tmp_path / "out"
    with subprocess.Popen(
        [*COMMAND, folder, "--json", "-", "--out", out],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # `communicate` does not see what `readline` would have read ahead
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(number)
        rest, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code
    assert b"Traceback" not in said
    values = objects((first + rest).decode())
    assert 1 <= len(values) < 200
    assert not list(out.rglob("*.ecgcli-part"))
    for path in out.glob("*.json"):
        VALIDATOR.validate(json.loads(path.read_text()))


def test_a_file_for_all_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for copy in range(60):
        write(folder, f"rec{copy}")
    file = tmp_path / "all.jsonl"
    file.write_text("as it was")
    with subprocess.Popen([*COMMAND, folder, "--json", file, "--out", tmp_path / "out"]) as process:
        while not list((tmp_path / "out").glob("*.json")) and process.poll() is None:
            pass
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
    assert file.read_text() == "as it was"
    assert not list(tmp_path.glob(".*.ecgcli-part"))


# -- tables


def on_terminal(columns: int, *arguments: object) -> str:
    """Run the command on a terminal of its own; return what it shows."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=child,
        stdout=child,
        stderr=child,
        env=environment | {"TERM": "xterm"},
    ):
        os.close(child)
        shown = b""
        while True:
            try:
                more = os.read(parent, 65536)
            except OSError:
                break
            if not more:
                break
            shown += more
    os.close(parent)
    return shown.decode().replace("\r\n", "\n")


def plain(shown: str) -> list[str]:
    import re

    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown).splitlines()


@pytest.mark.parametrize("columns", [80, 160])
def test_one_record_on_a_terminal(columns: int) -> None:
    shown = on_terminal(columns, EXAMPLES / "synthetic-ventricular-extrasystoles.npy")
    assert "\x1b[" in shown
    lines = plain(shown)
    assert max(map(len, lines)) <= columns
    text = "\n".join(lines)
    assert lines[0].startswith("synthetic-ventricular-extrasystoles.npy  npy, 500 Hz, 10 s")
    for word in ("usable", "PR", " ms", "QRS axis", "aVL", "3 ventricular ectopic: "):
        assert word in text, word


def test_several_records_on_a_terminal_have_a_row_each(records: Path) -> None:
    lines = plain(on_terminal(80, records))
    assert max(map(len, lines)) <= 80
    rows = [line.split() for line in lines]
    assert rows[1] == ["record", "rate", "PR", "QRS", "QT", "QTcF", "axis", "quality"]
    assert ["broken", "–", "–", "–", "–", "–", "–", "damaged"] in rows
    assert len([row for row in rows if row and row[-1] == "usable"]) == 6


def test_a_table_in_a_pipe_has_no_colours_and_whole_names(records: Path) -> None:
    result = ecgcli("measure", records, env={**os.environ, "TERM": "xterm"})
    assert "\x1b" not in result.stdout
    assert "ward 1/rec3 " in result.stdout
    one = ecgcli("measure", records / "broken.hea")
    assert "damaged: " in one.stdout
    assert one.returncode == 3


def test_a_record_that_is_not_usable_is_shown_with_its_reasons() -> None:
    result = ecgcli("measure", EXAMPLES / "synthetic-noisy.hea")
    assert result.returncode == 0
    assert "not usable" in result.stdout
    assert "confidence" not in result.stdout


# -- the schema


@pytest.mark.parametrize(("what", "title"), [("report", "Report"), ("measure", "ecgcli measure")])
def test_the_schemas_are_printed(what: str, title: str) -> None:
    result = CliRunner().invoke(main, ["schema", what])
    assert result.exit_code == 0
    schema = json.loads(result.output)
    Draft202012Validator.check_schema(schema)
    assert title in schema["title"]
    if what == "report":
        assert CliRunner().invoke(main, ["schema"]).output == result.output


# -- real recordings


@pytest.mark.real
def test_a_recording_at_100_and_500_hz_has_its_beats_at_the_same_times(ecg_data: Path) -> None:
    header = next(iter(sorted((ecg_data / "ptbxl" / "records500").rglob("*_hr.hea"))))
    low = ecg_data / "ptbxl" / "records100" / header.parent.name / header.name.replace("hr", "lr")
    high, coarse = objects(ecgcli("measure", header, low, "--json", "-").stdout)
    assert (high["sampling_rate"], coarse["sampling_rate"]) == (500, 100)
    beats, same = (value["fiducials"]["global"]["r_peak"] for value in (high, coarse))
    assert len(beats) >= 5
    assert [at / 500 for at in beats] == pytest.approx([at / 100 for at in same], abs=0.03)


@pytest.mark.real
def test_the_marks_are_where_cardiologists_put_theirs(ecg_data: Path) -> None:
    """That they count from the same sample; how good they are is measured elsewhere."""
    import wfdb

    folder = ecg_data / "ludb" / "data"
    names = sorted(path.stem for path in folder.glob("*.hea"))[:4]
    headers = [folder / f"{name}.hea" for name in names]
    for value in objects(ecgcli("measure", *headers, "--json", "-").stdout):
        marks = wfdb.rdann(str(folder / value["record"]), "ii")
        peaks = [at for at, kind in zip(marks.sample, marks.symbol, strict=True) if kind == "N"]
        found = np.array([at for at in value["fiducials"]["II"]["r_peak"] if at is not None])
        assert peaks
        assert all(np.abs(found - at).min() <= 30 for at in peaks), value["record"]
