"""The synthetic recordings: made anew to the same bytes, read, and interpreted as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ecgcli.clinical.interpret import interpret
from ecgcli.errors import Category, RecordError
from ecgcli.records.find import NotAnEcg, Source, find
from ecgcli.records.read import read
from ecgcli.signals.analyse import analyse

EXAMPLES = Path(__file__).parents[2] / "examples"
RECORDS = EXAMPLES / "records"
TRUTH: dict[str, dict[str, Any]] = json.loads((RECORDS / "truth.json").read_text())
SOURCES = {
    found.path.stem: found for found in find([RECORDS], exclude=None) if isinstance(found, Source)
}
WHOLE = sorted(name for name in TRUTH if "error" not in TRUTH[name])


def test_the_script_writes_the_same_bytes_again(tmp_path: Path) -> None:
    script = EXAMPLES / "make_records.py"
    subprocess.run([sys.executable, script, tmp_path], check=True)
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    kept = {file.name: file.read_bytes() for file in RECORDS.iterdir()}
    assert made.keys() == kept.keys()
    assert [name for name in made if made[name] != kept[name]] == []


def test_all_are_found_and_named_synthetic() -> None:
    assert SOURCES.keys() == TRUTH.keys()
    assert all(name.startswith("synthetic-") for name in SOURCES)
    assert len({source.format for source in SOURCES.values()}) >= 3
    others = [found for found in find([RECORDS], exclude=None) if isinstance(found, NotAnEcg)]
    assert [found.path.name for found in others] == ["truth.json"]


def test_they_are_small() -> None:
    assert sum(file.stat().st_size for file in RECORDS.iterdir()) < 1_500_000


@pytest.mark.parametrize("name", WHOLE)
def test_the_truth_is_found(name: str) -> None:
    truth = TRUTH[name]
    record = read(SOURCES[name])
    assert record.patient.sex == truth["sex"]
    assert record.patient.age_years == pytest.approx(truth["age"], abs=0.5)
    analysis = analyse(record)
    assert analysis.quality.grade.value == truth["quality"]
    if truth["quality"] == "not usable":
        assert analysis.measurements is None
        return
    measured = analysis.measurements
    assert measured is not None
    assert measured.ventricular_rate.value == pytest.approx(truth["rate_per_min"], abs=1.5)
    # The truth reads QRS off at 20 uV and the T end off a tangent; cardiologists, from whom the
    # delineator learned, mark where a wave leaves and reaches the baseline: a little further out.
    assert measured.qrs_duration.value is not None
    assert -8 <= measured.qrs_duration.value - truth["qrs_ms"] <= 22
    assert measured.qt_interval.value is not None
    assert -8 <= measured.qt_interval.value - truth["qt_ms"] <= 30
    if truth["pr_ms"] is None:
        assert measured.pr_interval.value is None
    else:
        assert measured.pr_interval.value == pytest.approx(truth["pr_ms"], abs=14)
    said = interpret(analysis)
    codes = {statement.code for statement in said.statements}
    assert codes >= set(truth["statements"])
    critical = {statement.code for statement in said.statements if statement.critical}
    assert critical == set(truth["critical"])


def test_the_broken_one_is_refused_with_a_remedy() -> None:
    with pytest.raises(RecordError) as refused:
        read(SOURCES["synthetic-broken"])
    assert refused.value.category is Category.DAMAGED
    assert refused.value.reason
    assert refused.value.remedy
