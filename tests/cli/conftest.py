"""Records and outputs that the tests of the command line share."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ecgcli.records.record import Patient
from ecgcli.records.write_wfdb import write_wfdb
from tests import synthetic
from tests.cli.running import ecgcli, write_csv


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with records that are done, fail, and are none."""
    folder = tmp_path_factory.mktemp("records")
    for number, rate in enumerate((50, 72, 110, 160)):
        ward = folder / f"ward {number % 2}"
        ward.mkdir(exist_ok=True)
        write_wfdb(synthetic.normal(rate), ward, f"rec{number}")
    old = replace(synthetic.normal(80), patient=Patient())
    write_wfdb(old, folder, "nobody")
    write_wfdb(synthetic.normal(70, duration_s=3), folder, "short")
    broken = write_wfdb(synthetic.normal(70), folder, "broken")
    data = broken.with_suffix(".dat").read_bytes()
    broken.with_suffix(".dat").write_bytes(data[: len(data) // 2])
    write_csv(folder / "table.csv")
    (folder / "notes.txt").write_text("hello")
    return folder


@pytest.fixture(scope="session")
def undisturbed(records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the outputs of a run that nobody disturbed."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    assert ecgcli("interpret", records, "--out", out, "--jobs", 1).returncode == 3
    return out


@pytest.fixture
def finished(undisturbed: Path, tmp_path: Path) -> Path:
    """Return outputs that a test may change."""
    return shutil.copytree(undisturbed, tmp_path / "finished")
