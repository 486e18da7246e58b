"""The measurements against cardiologists' marks; the bounds are a little wider than the results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgcli.signals.evaluate_intervals import Comparison, evaluate_ludb, table
from ecgcli.signals.results import PWave

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def ludb(ecg_data: Path) -> Comparison:
    return evaluate_ludb(ecg_data / "ludb" / "data")


def test_beats_and_rate(ludb: Comparison) -> None:
    assert ludb.records == 120
    assert len(ludb.without_numbers) <= 1
    assert ludb.sensitivity >= 0.998
    assert ludb.precision >= 0.998
    assert ludb.rate_off() == []
    rate = np.array(list(ludb.rate.values()))
    assert abs(rate.mean()) < 0.1
    assert rate.std() < 0.5


@pytest.mark.parametrize(
    ("title", "mean", "sd"),
    # A P wave over all leads is longer than the median lead's.
    [("PR", 4.0, 9.0), ("P", 8.0, 10.0), ("QRS", 3.0, 8.0), ("QT", 3.0, 12.0)],
)
def test_intervals(ludb: Comparison, title: str, mean: float, sd: float) -> None:
    row = np.array(list(ludb.differences(title).values()))
    assert len(row) >= 100
    assert abs(row.mean()) < mean
    assert row.std() < sd
    assert abs(np.median(row)) < mean


def test_p_waves(ludb: Comparison) -> None:
    def count(truth: str, found: PWave) -> int:
        return len(ludb.p_wave.get((truth, found), []))

    present = sum(count("present", state) for state in PWave)
    assert count("present", PWave.PRESENT) >= 0.95 * present
    assert count("present", PWave.ABSENT) <= 1
    assert count("absent", PWave.PRESENT) <= 3


def test_fibrillation_has_no_p_waves(ludb: Comparison) -> None:
    assert len(ludb.fibrillation) == 8
    assert ludb.p_global.whole > 100
    assert ludb.p_global.percent <= 5.0
    assert ludb.p_leads.percent <= 5.0


def test_the_table_says_it(ludb: Comparison) -> None:
    lines = list(table(ludb))
    assert lines[0].startswith("120 records")
    assert any("off by more than 5 /min" in line for line in lines)
