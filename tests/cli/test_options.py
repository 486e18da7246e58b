"""The options of `ecgcli interpret`, on the command line and in a configuration file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import counts, ecgcli, write_csv


def test_age_and_sex_are_assumed_only_where_the_file_states_none(
    records: Path, tmp_path: Path
) -> None:
    names = [records / "nobody.hea", records / "ward 0" / "rec0.hea"]
    options = ["--format", "json", "--age", 34, "--sex", "female"]
    assert ecgcli("interpret", *names, "--out", tmp_path, *options).returncode == 0
    nobody = json.loads((tmp_path / "nobody.json").read_text())
    known = json.loads((tmp_path / "ward 0" / "rec0.json").read_text())
    assert (nobody["patient"]["age_years"], nobody["patient"]["sex"]) == (34, "female")
    assert len([note for note in nobody["record"]["notes"] if "assumed" in note]) == 2
    assert (known["patient"]["age_years"], known["patient"]["sex"]) == (60, "male")
    assert not [note for note in known["record"]["notes"] if "assumed" in note]


def test_a_table_without_a_sidecar_and_a_record_without_its_extension(
    records: Path, tmp_path: Path
) -> None:
    write_csv(tmp_path / "bare.csv")
    (tmp_path / "bare.json").unlink()
    paths = [tmp_path / "bare.csv", records / "nobody"]
    options = ["--out", tmp_path / "out", "--format", "json"]
    assert ecgcli("interpret", *paths, *options).returncode == 0
    assert counts(tmp_path / "out") == {"found": 1, "done": 1, "not_an_ecg": 1}
    explained = ecgcli("interpret", *paths, *options, "--rate", 250, "--unit", "mV")
    assert explained.returncode == 0, explained.stderr
    assert counts(tmp_path / "out") == {"found": 2, "done": 2}  # the settings are others now
    (report,) = (tmp_path / "out").rglob("bare.csv.json")
    assert json.loads(report.read_text())["record"]["rate_hz"] == 250


def test_config_holds_every_option_and_the_command_line_wins(records: Path, tmp_path: Path) -> None:
    from ecgcli.cli.interpret import interpret

    values = {
        "out": str(tmp_path / "from-config"),
        "format": ["json"],
        "age": 50,
        "sex": "male",
        "paper": "letter",
        "limit": 1,
        "jobs": 1,
        "timeout": 60,
        "rate": 500,
        "unit": "mV",
        "model": "none",
        "device": "cpu",
        "log-format": "json",
        "log-paths": True,
        "quiet": False,
        "verbose": True,
        "force": True,
        "retry-failed": False,
        "dry_run": False,
        "no-wait": True,
    }
    options = {max(p.opts, key=len).removeprefix("--") for p in interpret.params}
    spelt = {name.replace("_", "-") for name in values}
    asking = {"model-name", "window", "with-measurements"}  # tests/batch/test_asking.py
    serving = {"serve", "vllm-options"}  # tests/engines/test_served.py
    assert spelt == options - {"paths", "config"} - asking - serving
    config = tmp_path / "night.toml"
    config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
    result = ecgcli("interpret", records / "nobody.hea", "--config", config, "--paper", "a4")
    assert result.returncode == 0, result.stderr
    run = json.loads((tmp_path / "from-config" / "run.json").read_text())["settings"]
    assert run["formats"] == ["json"]
    assert (run["age"], run["sex"], run["limit"]) == (50, "male", 1)
    assert run["paper"] == "a4"
    assert json.loads(result.stderr.splitlines()[0])["path"].endswith("nobody.hea")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("formt = 'json'", "did you mean 'format'"),
        ("jobs = 'four'", "'four' is not a valid integer"),
        ("jobs = 0", "0 is not in the range"),
        ("format = ['jsn']", "did you mean 'json'"),
        ("format = 3", "formats are words"),
        ("jobs = ", "no valid TOML"),
        ("[interpret]\njobs = 2", "'interpret' is no option"),
    ],
)
def test_wrong_config_is_a_usage_error(records: Path, tmp_path: Path, text: str, said: str) -> None:
    config = tmp_path / "c.toml"
    config.write_text(text)
    result = ecgcli("interpret", records, "--out", tmp_path / "out", "--config", config)
    assert result.returncode == 2
    assert said in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["{records}"],
        ["--out", "{out}"],
        ["{records}/absent", "--out", "{out}"],
        ["{records}", "--out", "{records}/notes.txt"],
        ["{records}", "--out", "{out}", "--quiet", "--verbose"],
        ["{records}", "--out", "{out}", "--rate", "500"],
        ["{records}", "--out", "{out}", "--age", "-1"],
        ["{records}", "--out", "{out}", "--config", "{records}/absent.toml"],
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_usage_errors(records: Path, tmp_path: Path, arguments: list[str]) -> None:
    words = [word.format(records=records, out=tmp_path / "out") for word in arguments]
    assert ecgcli("interpret", *words).returncode == 2
    assert not (tmp_path / "out").exists()


def test_dry_run_lists_and_writes_nothing(records: Path, tmp_path: Path) -> None:
    result = ecgcli("interpret", records, "--out", tmp_path / "out", "--dry-run")
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 8
    assert all(line.endswith("\tnew") for line in result.stdout.splitlines())
    assert "8 records would be processed" in result.stderr
    assert not (tmp_path / "out").exists()
