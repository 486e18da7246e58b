"""The examples for cron and systemd agree with the exit codes and with who reads them."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from ecgcli.cli.main import main
from ecgcli.errors import ExitCode

CRON = Path(__file__).parents[2] / "examples" / "cron"
SILENT = {ExitCode.OK, ExitCode.SOME_RECORDS_FAILED, ExitCode.LOCKED}


def service() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(CRON / "ecgcli.service")
    return parser["Service"]


def test_the_table_names_every_exit_code() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \|", (CRON / "README.md").read_text(), re.MULTILINE)
    told = [int(code) for row in rows for code in row.split(",")]
    assert sorted(told) == sorted(ExitCode)


def test_systemd_knows_only_codes_that_exist() -> None:
    calm = {int(code) for code in service()["SuccessExitStatus"].split()}
    again = {int(code) for code in service()["RestartForceExitStatus"].split()}
    assert calm == (SILENT - {ExitCode.OK}) | {ExitCode.INTERRUPTED, ExitCode.TERMINATED}
    assert again == {ExitCode.OUTPUT_NOT_WRITABLE, ExitCode.MODEL_NOT_AVAILABLE}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    unit = (CRON / "ecgcli.service").read_text().replace("/opt/ecgcli/bin/ecgcli", "/bin/true")
    (tmp_path / "ecgcli.service").write_text(unit)
    (tmp_path / "ecgcli.timer").write_text((CRON / "ecgcli.timer").read_text())
    units = [tmp_path / "ecgcli.service", tmp_path / "ecgcli.timer"]
    said = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, timeout=60
    )
    ours = [line for line in said.stderr.splitlines() if "ecgcli" in line and "Failed" not in line]
    assert ours == []


@pytest.mark.parametrize("code", list(ExitCode))
def test_the_cron_line_mails_when_a_person_is_needed(code: ExitCode, tmp_path: Path) -> None:
    program = tmp_path / "ecgcli"
    program.write_text(f"#!/bin/sh\nexit {int(code)}\n")
    program.chmod(0o755)
    line = (CRON / "crontab").read_text().splitlines()[-1]
    command = line.split(" ", 6)[6]
    assert "%" not in command  # cron would end the line there
    command = command.replace("/opt/ecgcli/bin/ecgcli", str(program))
    command = command.replace("/var/log/ecgcli", str(tmp_path))
    ran = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    assert bool(ran.stdout) == (code not in SILENT)
    assert ran.stderr == ""


def test_the_configuration_is_one_that_interpret_takes(tmp_path: Path) -> None:
    records = CRON.parent / "records"
    arguments = ["interpret", records, "--config", CRON / "config.toml", "--out", tmp_path]
    result = CliRunner().invoke(main, [*map(str, arguments), "--dry-run"])
    assert result.exit_code == ExitCode.OK, result.output
    assert list(tmp_path.iterdir()) == []
