"""Measurements against the labels of PTB-XL (folds 1 to 8); bounds a little wider than results."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import pytest

from ecgcli.records.read import read_path
from ecgcli.signals.measure import measure
from ecgcli.signals.results import BeatClass, Measurements, PWave
from tests.signals.engine import value

pytestmark = [pytest.mark.real, pytest.mark.slow]
EACH = 25
SINUS = {"SR", "NORM"}


@pytest.fixture(scope="module")
def labelled(ecg_data: Path) -> dict[str, list[Measurements]]:
    """Return the measurements of the first recordings of some labels, at 500 Hz."""
    folder = ecg_data / "ptbxl"
    wanted = ("AFIB", "NORM", "SBRAD", "STACH", "CLBBB", "CRBBB", "1AVB", "PACE", "PVC")
    found: dict[str, list[Measurements]] = {code: [] for code in wanted}
    with (folder / "ptbxl_database.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if int(row["strat_fold"]) > 8 or "raw500" not in row["signals"]:
                continue
            codes = set(ast.literal_eval(row["scp_codes"]))
            if "AFIB" in codes:
                codes &= {"AFIB"}
            mine = [code for code in wanted if code in codes and len(found[code]) < EACH]
            if mine:
                measurements = measure(read_path(folder / f"{row['filename_hr']}.hea"))
                for code in mine:
                    found[code].append(measurements)
    return found


def share(records: list[Measurements], kind: BeatClass) -> float:
    return sum(any(b.kind is kind for b in m.beats) for m in records) / len(records)


def test_fibrillation_has_no_p_wave_and_an_irregular_rhythm(
    labelled: dict[str, list[Measurements]],
) -> None:
    fibrillating, normal = labelled["AFIB"], labelled["NORM"]
    assert sum(m.p_wave is PWave.ABSENT for m in fibrillating) >= 0.75 * EACH
    assert sum(m.p_wave is PWave.PRESENT for m in fibrillating) <= 0.12 * EACH
    assert sum(m.p_wave is PWave.PRESENT for m in normal) >= 0.95 * EACH
    assert sum(m.pr_interval.value is None for m in fibrillating) >= 0.8 * EACH
    assert sum((m.rr_variation.value or 0) > 8 for m in fibrillating) >= 0.85 * EACH


def test_rates(labelled: dict[str, list[Measurements]]) -> None:
    slow = [value(m.ventricular_rate) for m in labelled["SBRAD"]]
    fast = [value(m.ventricular_rate) for m in labelled["STACH"]]
    assert sum(rate < 65 for rate in slow) >= 0.9 * EACH
    assert sum(rate > 95 for rate in fast) >= 0.9 * EACH


def test_conduction(labelled: dict[str, list[Measurements]]) -> None:
    normal = [value(m.qrs_duration) for m in labelled["NORM"]]
    assert sum(70 <= width < 112 for width in normal) >= 0.95 * EACH
    blocked = [value(m.qrs_duration) for code in ("CLBBB", "CRBBB") for m in labelled[code]]
    assert sum(width >= 118 for width in blocked) >= 0.9 * len(blocked)
    delayed = [m.pr_interval.value for m in labelled["1AVB"] if m.pr_interval.value is not None]
    assert len(delayed) >= 0.7 * EACH
    assert sum(pr > 190 for pr in delayed) >= 0.75 * len(delayed)


def test_classes_of_beats(labelled: dict[str, list[Measurements]]) -> None:
    assert share(labelled["PACE"], BeatClass.PACED) >= 0.85
    assert share(labelled["NORM"], BeatClass.PACED) == 0.0
    assert share(labelled["PVC"], BeatClass.VENTRICULAR) >= 0.8
    assert share(labelled["NORM"], BeatClass.VENTRICULAR) <= 0.1
