"""How well measurements agree with cardiologists' labels.

It runs the whole chain on a folder of PTB-XL. For each pair of a label and a measurement that
should go with it, the AUROC: the probability that a labelled record has the more abnormal value.
No limit comes into it, so it judges the measurement and not the criterion.

A label of a likelihood below 50 % counts neither for nor against (`evaluate`). A record without
the measurement is counted and left out of the AUROC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from ecgcli.clinical import evaluate_rate
from ecgcli.clinical.evaluate import Case, cases
from ecgcli.errors import RecordError
from ecgcli.processes import processes
from ecgcli.records.record import Patient
from ecgcli.signals.auroc import auroc, interval
from ecgcli.signals.results import LeadMeasurements, Measured, Measurements, PWave


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and a measurement; `sign` is −1 where a low value speaks for the label."""

    label: str
    codes: frozenset[str]
    measurement: str
    sign: int = 1


def _pairs() -> tuple[Pair, ...]:
    """Return the pairs; `codes` that begin with "axis" are of PTB-XL's column `heart_axis`."""
    rows = (
        ("1AVB", "1AVB", "pr_interval", 1),
        ("1AVB/LPR", "1AVB LPR", "pr_interval", 1),
        ("CLBBB", "CLBBB", "qrs_duration", 1),
        ("CRBBB", "CRBBB", "qrs_duration", 1),
        ("IRBBB", "IRBBB", "qrs_duration", 1),
        ("IVCD", "IVCD", "qrs_duration", 1),
        ("SBRAD", "SBRAD", "ventricular_rate", -1),
        ("STACH", "STACH", "ventricular_rate", 1),
        ("LVH", "LVH", "sokolow_lyon", 1),
        ("LVH", "LVH", "cornell", 1),
        ("LVH", "LVH", "cornell_product", 1),
        ("LVH", "LVH", "peguero", 1),
        ("VCLVH", "VCLVH", "sokolow_lyon", 1),
        ("LNGQT", "LNGQT", "qtc_bazett", 1),
        ("LNGQT", "LNGQT", "qtc_fridericia", 1),
        ("LNGQT", "LNGQT", "qtc_framingham", 1),
        ("LNGQT", "LNGQT", "qtc_hodges", 1),
        ("LAFB", "LAFB", "qrs_axis", -1),
        ("LPFB", "LPFB", "qrs_axis", 1),
        ("LAD", "axis:LAD axis:ALAD", "qrs_axis", -1),
        ("RAD", "axis:RAD axis:ARAD", "qrs_axis", 1),
        ("AFIB", "AFIB", "p_wave_share", -1),
        ("AFIB", "AFIB", "p_wave_not_found", 1),
        ("AFIB", "AFIB", "rr_variation", 1),
        ("AFIB", "AFIB", "rr_rmssd", 1),
        ("LAO/LAE", "LAO/LAE", "p_duration", 1),
        ("LVOLT", "LVOLT", "largest_qrs", -1),
    )
    return tuple(
        Pair(label, frozenset(codes.split()), name, sign) for label, codes, name, sign in rows
    )


PAIRS = _pairs()


@dataclass(frozen=True, slots=True)
class Seen:
    """What the chain says of one record: numbers by name, and statements by code."""

    values: dict[str, float | None]
    leads: dict[str, dict[str, float | None]]
    statements: frozenset[str]


def see(case: Case) -> Seen | None:
    """Run the whole chain on one record; `None` where it cannot be read."""
    from ecgcli.clinical.interpret import interpret  # the chain costs a second to import
    from ecgcli.records.read import read_path
    from ecgcli.signals.analyse import analyse

    try:
        # PTB-XL keeps age and sex in its table, not in the recordings.
        record = replace(read_path(case.path), patient=Patient(None, None, case.age, case.sex))
        analysis = analyse(record)
    except RecordError:
        return None
    said = frozenset(statement.code for statement in interpret(analysis).statements)
    measured = analysis.measurements
    if measured is None:
        return Seen({}, {}, said)
    return Seen(
        numbers(measured),
        {
            lead.lead: {name: getattr(lead, name) for name in evaluate_rate.IN_LEADS}
            for lead in measured.leads
        },
        said,
    )


def numbers(measured: Measurements) -> dict[str, float | None]:
    """Return the global measurements by name, and what is told from several of them."""
    found = {field.name: getattr(measured, field.name) for field in fields(measured)}
    values = {name: one.value for name, one in found.items() if isinstance(one, Measured)}
    # An ordinal: P waves found, cannot tell, none.
    order = (PWave.PRESENT, PWave.UNCERTAIN, PWave.ABSENT)
    values["p_wave_not_found"] = float(order.index(measured.p_wave))
    values["largest_qrs"] = _largest_qrs(measured.leads)
    axis = values.get("qrs_axis")
    # Cut the circle where hardly any axis is, so that left is low and right is high.
    values["qrs_axis"] = axis + 360.0 if axis is not None and axis < -120.0 else axis
    return values


def _largest_qrs(leads: Sequence[LeadMeasurements]) -> float | None:
    sizes = [lead.qrs_peak_to_peak_mv for lead in leads if lead.qrs_peak_to_peak_mv is not None]
    return max(sizes, default=None)


def run(chosen: Sequence[Case], jobs: int) -> list[Seen | None]:
    """Return what the chain says of each record, in their order."""
    if jobs == 1:
        return [see(case) for case in chosen]
    with processes(jobs) as pool:
        return list(pool.map(see, chosen, chunksize=16))


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well a measurement tells labelled records from the others.

    `labelled` and `others` were measured, `labelled_without` and `others_without` were not.
    """

    pair: Pair
    labelled: int
    labelled_without: int
    others: int
    others_without: int
    auroc: float
    low: float
    high: float


def agreement(
    chosen: Sequence[Case], seen: Sequence[Seen | None], seed: int
) -> tuple[list[Agreement], list[str]]:
    """Return the agreement of each pair, and the measurements that no record has."""
    both = [(case, one) for case, one in zip(chosen, seen, strict=True) if one is not None]
    named = {name for _, one in both for name in one.values}
    rows = [_agreement(pair, both, seed) for pair in PAIRS if pair.measurement in named]
    return rows, sorted({pair.measurement for pair in PAIRS} - named)


def _agreement(pair: Pair, both: Sequence[tuple[Case, Seen]], seed: int) -> Agreement:
    values, labels = [], []
    without = {True: 0, False: 0}
    of_axis = any(code.startswith("axis:") for code in pair.codes)
    for case, one in both:
        present = case.present if not of_axis else frozenset({f"axis:{case.axis}"})
        labelled = bool(pair.codes & present)
        if (of_axis and not case.axis) or (not labelled and pair.codes & case.uncertain):
            continue
        value = one.values.get(pair.measurement)
        if value is None:
            without[labelled] += 1
        else:
            values.append(pair.sign * value)
            labels.append(labelled)
    row, positive = np.array(values, float), np.array(labels, bool)
    low, high = interval(row, positive, seed)
    count = int(positive.sum())
    return Agreement(
        pair,
        count,
        without[True],
        len(row) - count,
        without[False],
        auroc(row, positive),
        low,
        high,
    )


@dataclass(frozen=True, slots=True)
class Result:
    """All that was found: the agreement by rate, and what the low rate costs where both are."""

    records: int
    unread: int
    agreement: dict[int, list[Agreement]]
    missing: list[str]
    differences: list[evaluate_rate.Difference]
    changes: list[evaluate_rate.Change]


def evaluate(
    folder: Path, folds: range, rates: Sequence[int], jobs: int, limit: int, seed: int
) -> Result:
    """Run the chain on a folder of PTB-XL and compare.

    Args:
        folder: Holds `ptbxl_database.csv` and `scp_statements.csv`.
        folds: PTB-XL's stratified folds.
        rates: 100, 500 or both; with both only recordings that are there at both are taken.
        jobs: Number of worker processes.
        limit: Number of records, spread evenly over the table; 0 for all.
        seed: Of the intervals.
    """
    by_rate = {rate: cases(folder, folds, rate) for rate in rates}
    common = set.intersection(*({case.number for case in found} for found in by_rate.values()))
    chosen = {
        rate: [case for case in found if case.number in common] for rate, found in by_rate.items()
    }
    if limit and len(common) > limit:
        every = [at * len(common) // limit for at in range(limit)]
        chosen = {rate: [found[at] for at in every] for rate, found in chosen.items()}
    seen = {rate: run(found, jobs) for rate, found in chosen.items()}
    rows, missing = {}, set()
    for rate in rates:
        rows[rate], lost = agreement(chosen[rate], seen[rate], seed)
        missing |= set(lost)
    differences, changes = (
        evaluate_rate.compare(seen[100], seen[500]) if len(rates) == 2 else ([], [])
    )
    return Result(
        records=len(chosen[rates[0]]),
        unread=sum(one is None for found in seen.values() for one in found),
        agreement=rows,
        missing=sorted(missing),
        differences=differences,
        changes=changes,
    )


def lines(result: Result) -> Iterator[str]:
    """Yield the tables for people."""
    yield f"{result.records} records, {result.unread} not read"
    for rate, rows in result.agreement.items():
        yield ""
        yield f"{f'at {rate} Hz':26}{'labelled':>15}{'others':>16}   AUROC (95 % interval)"
        for row in rows:
            kind = "low" if row.pair.sign < 0 else "high"
            yield (
                f"{row.pair.label:9}{kind:>5} {row.pair.measurement:17}"
                f"{row.labelled:6d}{_not(row.labelled_without)}"
                f"{row.others:7d}{_not(row.others_without)}"
                f"   {_area(row)}"
            )
    if result.missing:
        yield f"not measured in any record: {', '.join(result.missing)}"
    if result.differences:
        yield ""
        yield from evaluate_rate.lines(result.differences, result.changes)


def _area(row: Agreement) -> str:
    if np.isnan(row.auroc):
        return "-"
    return f"{row.auroc:.3f} ({row.low:.3f} to {row.high:.3f})"


def _not(count: int) -> str:
    return f" ({count:d} not)".ljust(10) if count else " " * 10


def as_json(result: Result) -> dict[str, Any]:
    """Return the same numbers as JSON holds them; what could not be computed is null."""

    def plain(value: Any) -> Any:
        if isinstance(value, float):
            return round(value, 5) if np.isfinite(value) else None
        return value

    def row(one: Any, leave: tuple[str, ...] = ()) -> dict[str, Any]:
        names = (field.name for field in fields(one))
        return {name: plain(getattr(one, name)) for name in names if name not in leave}

    return {
        "records": result.records,
        "not_read": result.unread,
        "agreement": {
            f"{rate} Hz": [
                {
                    "label": one.pair.label,
                    "codes": sorted(one.pair.codes),
                    "measurement": one.pair.measurement,
                    "abnormal": "low" if one.pair.sign < 0 else "high",
                    **row(one, ("pair",)),
                }
                for one in rows
            ]
            for rate, rows in result.agreement.items()
        },
        "not_measured": result.missing,
        "100_minus_500_hz": [row(one) for one in result.differences],
        "statements": [row(one) for one in result.changes],
    }
