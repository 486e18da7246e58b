import json
from pathlib import Path

from click.testing import CliRunner

from ecgcli.cli.info import info
from ecgcli.errors import ExitCode
from tests.records import files


def test_one_record(tmp_path: Path) -> None:
    result = CliRunner().invoke(info, [str(files.wfdb(tmp_path))])
    assert result.exit_code == 0
    assert "aVR" in result.output
    assert "100.0" in result.output


def test_several_as_json(tmp_path: Path) -> None:
    files.wfdb(tmp_path)
    files.muse(tmp_path)
    (tmp_path / "cut.xml").write_text(files.muse(tmp_path).read_text()[:2000])
    (tmp_path / "words.txt").write_text("words")
    result = CliRunner().invoke(info, [str(tmp_path), "--json"])
    assert result.exit_code == ExitCode.SOME_RECORDS_FAILED
    rows = {Path(row["file"]).name: row for row in map(json.loads, result.output.splitlines())}
    outcomes = {name: row["outcome"] for name, row in rows.items()}
    assert outcomes == {
        "cut.xml": "damaged",
        "muse.xml": "read",
        "rec.hea": "read",
        "words.txt": "no ECG",
    }
    assert rows["rec.hea"]["einthoven_uv"] < 10
    assert rows["muse.xml"]["einthoven_uv"] is None
    assert rows["muse.xml"]["derived"] == ["III", "aVR", "aVL", "aVF"]
    assert rows["cut.xml"]["remedy"]


def test_who_it_was_is_shown_on_demand_only(tmp_path: Path) -> None:
    path = str(files.muse(tmp_path))
    assert "Doe" not in CliRunner().invoke(info, [path, "--json"]).output
    assert "Doe" in CliRunner().invoke(info, [path, "--json", "--identity"]).output


def test_tables_by_options(tmp_path: Path) -> None:
    path = files.csv(tmp_path)
    path.with_name("table.csv.json").unlink()
    options = ["--rate", "100", "--unit", "uV"]
    assert "no ECG" in CliRunner().invoke(info, [str(path)]).output
    assert CliRunner().invoke(info, [str(path), *options]).exit_code == 0


def test_a_table_of_several(tmp_path: Path) -> None:
    files.wfdb(tmp_path)
    files.muse(tmp_path)
    result = CliRunner(env={"COLUMNS": "200"}).invoke(info, [str(tmp_path)])
    assert result.exit_code == 0
    assert "12 (4 derived)" in result.output


def test_what_is_not_there(tmp_path: Path) -> None:
    result = CliRunner().invoke(info, [str(tmp_path / "gone"), "--json"])
    assert result.exit_code == ExitCode.SOME_RECORDS_FAILED
    assert json.loads(result.output)["outcome"] == "not readable"
