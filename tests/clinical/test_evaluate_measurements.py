"""Measurements against labels, on a synthetic PTB-XL and on numbers made up for the purpose."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecgcli.clinical import evaluate_measurements, evaluate_rate
from ecgcli.clinical.evaluate import Case
from ecgcli.clinical.evaluate_measurements import (
    PAIRS,
    Result,
    Seen,
    agreement,
    as_json,
    evaluate,
    lines,
    numbers,
)
from ecgcli.records.write_wfdb import write_wfdb
from ecgcli.signals.results import PWave
from tests import synthetic
from tests.clinical.builders import measurements


def case(number: int, *present: str, uncertain: str = "", axis: str = "") -> Case:
    return Case(
        Path("x"), 60, "male", frozenset(present), frozenset(uncertain.split()), number, axis
    )


def seen(**values: float | None) -> Seen:
    return Seen(dict(values), {}, frozenset())


def row(label: str, measurement: str, rows: list[tuple[Case, Seen | None]]):  # type: ignore[no-untyped-def]
    found, _ = agreement([c for c, _ in rows], [s for _, s in rows], seed=1)
    return next(r for r in found if (r.pair.label, r.pair.measurement) == (label, measurement))


def test_a_long_interval_speaks_for_the_block_and_a_low_rate_for_bradycardia() -> None:
    rows: list[tuple[Case, Seen | None]] = [
        (case(1, "1AVB"), seen(pr_interval=230.0, ventricular_rate=70.0)),
        (case(2, "NORM"), seen(pr_interval=160.0, ventricular_rate=80.0)),
        (case(3, "SBRAD"), seen(pr_interval=170.0, ventricular_rate=45.0)),
    ]
    assert row("1AVB", "pr_interval", rows).auroc == 1.0
    assert row("SBRAD", "ventricular_rate", rows).auroc == 1.0


def test_who_counts() -> None:
    rows: list[tuple[Case, Seen | None]] = [
        (case(1, "1AVB"), seen(pr_interval=230.0)),
        (case(2, "1AVB"), seen(pr_interval=None)),
        (case(3, "NORM"), seen(pr_interval=160.0)),
        (case(4, "NORM"), seen(pr_interval=None)),
        (case(5, "NORM", uncertain="1AVB"), seen(pr_interval=300.0)),
        (case(6, "1AVB"), None),
    ]
    found = row("1AVB", "pr_interval", rows)
    assert (found.labelled, found.labelled_without) == (1, 1)
    assert (found.others, found.others_without) == (1, 1)
    assert found.auroc == 1.0


def test_the_axis_is_judged_where_the_table_names_one() -> None:
    rows: list[tuple[Case, Seen | None]] = [
        (case(1, axis="LAD"), seen(qrs_axis=-50.0)),
        (case(2, axis="MID"), seen(qrs_axis=50.0)),
        (case(3), seen(qrs_axis=-80.0)),
    ]
    found = row("LAD", "qrs_axis", rows)
    assert (found.labelled, found.others, found.auroc) == (1, 1, 1.0)


def test_what_is_told_from_several_measurements() -> None:
    values = numbers(measurements(PWave.ABSENT, qrs_axis=-170.0))
    assert values["p_wave_not_found"] == 2.0
    assert values["qrs_axis"] == 190.0  # far right, not far left
    assert values["largest_qrs"] is not None
    assert numbers(measurements(PWave.PRESENT, qrs_axis=-60.0))["qrs_axis"] == -60.0


def test_every_measurement_of_the_table_is_one_that_the_program_has() -> None:
    known = numbers(measurements()).keys()
    assert {pair.measurement for pair in PAIRS} - known == set()
    assert evaluate_rate.COMPARED.keys() - known == set()


def test_the_cost_of_the_rate() -> None:
    low = [
        Seen({"pr_interval": 170.0, "qrs_axis": -179.0}, {"V1": lead(0.3)}, frozenset({"SR"})),
        Seen({"pr_interval": None}, {}, frozenset({"SR", "PVC"})),
        None,
    ]
    high = [
        Seen({"pr_interval": 160.0, "qrs_axis": 179.0}, {"V1": lead(0.4)}, frozenset({"NORM"})),
        Seen({"pr_interval": 150.0}, {}, frozenset({"SR"})),
        Seen({}, {}, frozenset({"NORM"})),
    ]
    rows, changes = evaluate_rate.compare(low, high)
    found = {one.name: one for one in rows}
    assert (found["pr_interval"].count, found["pr_interval"].mean) == (1, 10.0)
    assert (found["pr_interval"].only_500, found["pr_interval"].only_100) == (1, 0)
    assert found["qrs_axis"].mean == pytest.approx(2.0)  # the short way round
    assert found["r_mv"].mean == pytest.approx(-0.1)
    assert found["t_mv"].count == 0
    said = {change.code: (change.both, change.only_500, change.only_100) for change in changes}
    assert said == {"NORM": (0, 1, 0), "PVC": (0, 0, 1), "SR": (1, 0, 1)}
    printed = list(evaluate_rate.lines(rows, changes))
    assert any(line.split()[:4] == ["pr_interval", "ms", "1", "+10.000"] for line in printed)


def lead(r_mv: float) -> dict[str, float | None]:
    return dict.fromkeys(evaluate_rate.IN_LEADS) | {"r_mv": r_mv}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a PTB-XL of four rates, of which the last is there at 500 Hz only."""
    database = tmp_path_factory.mktemp("ptbxl")
    rows = ["ecg_id,age,sex,scp_codes,strat_fold,filename_lr,filename_hr,heart_axis"]
    labels = ("SBRAD", "NORM", "STACH", "NORM")
    for number, (rate, label) in enumerate(zip((45, 70, 120, 75), labels, strict=True), 1):
        for hz, place in ((100, "low"), (500, "high")):
            if number < 4 or hz == 500:
                (database / place).mkdir(exist_ok=True)
                write_wfdb(synthetic.normal(rate, rate=float(hz)), database / place, str(number))
        rows.append(f"{number},50,0,\"{{'{label}': 100.0}}\",1,low/{number},high/{number},MID")
    (database / "ptbxl_database.csv").write_text("\n".join(rows) + "\n")
    statements = ",description,diagnostic\nSBRAD,,\nSTACH,,\nNORM,,1.0\n"
    (database / "scp_statements.csv").write_text(statements)
    return database


@pytest.fixture(scope="module")
def both(folder: Path) -> Result:
    return evaluate(folder, range(1, 9), (100, 500), jobs=1, limit=0, seed=1)


def test_both_rates_are_of_the_same_recordings(both: Result) -> None:
    assert (both.records, both.unread) == (3, 0)
    for rows in both.agreement.values():
        found = {row.pair.label: row for row in rows}
        assert (found["STACH"].labelled, found["STACH"].others) == (1, 2)
        assert found["STACH"].auroc == found["SBRAD"].auroc == 1.0
    rate = next(one for one in both.differences if one.name == "ventricular_rate")
    assert rate.count == 3
    assert abs(rate.mean) < 0.5


def test_one_rate_takes_all_that_is_there(folder: Path) -> None:
    result = evaluate(folder, range(1, 9), (500,), jobs=2, limit=0, seed=1)
    assert result.records == 4
    assert result.differences == []
    assert evaluate(folder, range(1, 9), (500,), jobs=1, limit=2, seed=1).records == 2


def test_text_and_json_say_the_same(both: Result) -> None:
    printed = "\n".join(lines(both))
    holds = json.loads(json.dumps(as_json(both), allow_nan=False))
    assert printed.startswith("3 records, 0 not read")
    assert "STACH     high ventricular_rate" in printed
    stach = next(r for r in holds["agreement"]["100 Hz"] if r["label"] == "STACH")
    assert (stach["auroc"], stach["labelled"], stach["codes"]) == (1.0, 1, ["STACH"])
    lvh = next(r for r in holds["agreement"]["500 Hz"] if r["label"] == "LVH")
    assert lvh["auroc"] is None
    assert [one["name"] for one in holds["100_minus_500_hz"]][:2] == [
        "ventricular_rate",
        "p_duration",
    ]


@pytest.mark.real
def test_real_labels_and_measurements_agree(ecg_data: Path) -> None:
    result = evaluate_measurements.evaluate(
        ecg_data / "ptbxl", range(1, 9), (500,), jobs=1, limit=60, seed=1
    )
    found = {(r.pair.label, r.pair.measurement): r for r in result.agreement[500]}
    assert found["LAD", "qrs_axis"].auroc > 0.9
    assert found["1AVB/LPR", "pr_interval"].auroc > 0.8
    assert found["SBRAD", "ventricular_rate"].auroc > 0.9
