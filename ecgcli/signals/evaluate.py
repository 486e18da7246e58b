"""Compare the measurements with those that cardiologists marked (Lobachevsky database, LUDB).

Run as `python -m ecgcli.signals.evaluate DIR`, DIR being the database's `data` folder. It knows
LUDB's annotations and how to compare; it does not know how anything is measured.

What is compared, and what cannot agree by definition:

- Rate and beats: the annotated R peaks, where at least half of the leads have one, and only inside
  the annotated span (LUDB leaves the first and last beats of a recording unmarked).
- Intervals: LUDB marks every lead by itself, the program all leads together. The annotated interval
  of a record is the median over its leads and beats. An interval over all leads is longer by nature
  (its QRS complex begins with the earliest lead and ends with the latest); the table shows the mean
  difference, and nothing is subtracted from it.
- P wave: annotated present where at least half of the QRS complexes have a P wave in the median
  lead, absent where no lead has any.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.errors import RecordError
from ecgcli.records.leads import LEADS
from ecgcli.signals.results import PWave

if TYPE_CHECKING:
    from ecgcli.signals.results import Analysis

TOLERANCE_S = 0.15  # between an annotated R peak and the beat found (ANSI/AAMI EC57)
WAVES = {"p": "p", "N": "qrs", "t": "t"}
# Attribute of the measurements; wave and mark (0 onset, 2 end) at which the interval ends, begins.
INTERVALS: dict[str, tuple[str, str, int, str, int]] = {
    "PR interval": ("pr_interval", "qrs", 0, "p", 0),
    "P duration": ("p_duration", "p", 2, "p", 0),
    "QRS duration": ("qrs_duration", "qrs", 2, "qrs", 0),
    "QT interval": ("qt_interval", "t", 2, "qrs", 0),
}
Mark = tuple[int | None, int, int | None]
Marks = dict[str, list[Mark]]


@dataclass(frozen=True, slots=True)
class Difference:
    """Program minus cardiologists."""

    count: int
    mean: float
    sd: float
    median: float

    @staticmethod
    def of(values: Sequence[float]) -> Difference:
        """Summarise differences; of none all numbers are NaN."""
        if not values:
            return Difference(0, float("nan"), float("nan"), float("nan"))
        row = np.asarray(values)
        return Difference(len(row), float(row.mean()), float(row.std()), float(np.median(row)))


@dataclass(slots=True)
class Comparison:
    """What was found over all records; differences by record name, in 1/min and ms."""

    records: int = 0
    failed: list[str] = field(default_factory=list)
    annotated: int = 0
    missed: int = 0
    invented: int = 0
    rate: dict[str, float] = field(default_factory=dict)
    intervals: dict[str, dict[str, float]] = field(default_factory=dict)
    not_measured: dict[str, list[str]] = field(default_factory=dict)
    p_wave: dict[tuple[str, PWave], list[str]] = field(default_factory=dict)

    @property
    def sensitivity(self) -> float:
        """Share of the annotated beats that were found."""
        return 1.0 - self.missed / max(self.annotated, 1)

    @property
    def precision(self) -> float:
        """Share of the beats found that are annotated."""
        found = self.annotated - self.missed
        return found / max(found + self.invented, 1)

    def rate_off(self, limit: float = 5.0) -> list[str]:
        """Return the records whose rate is off by more than the limit (1/min)."""
        return [name for name, value in self.rate.items() if abs(value) > limit]


def evaluate_ludb(folder: Path) -> Comparison:
    """Measure every record of the database and compare.

    Args:
        folder: The `data` folder with records and annotations.
    """
    from ecgcli.records.read import read_path
    from ecgcli.signals.analyse import analyse

    result = Comparison()
    headers = sorted(folder.glob("*.hea"), key=lambda path: (len(path.stem), path.stem))
    for header in headers:
        result.records += 1
        try:
            analysis = analyse(read_path(header))
        except RecordError:
            result.failed.append(header.stem)
            continue
        compare(result, header.stem, analysis, read_annotations(header))
    return result


def read_annotations(header: Path) -> dict[str, Marks]:
    """Return for each lead the marks (onset, peak, end, as samples) of its P, QRS and T waves."""
    import wfdb

    leads: dict[str, Marks] = {}
    for lead in LEADS:
        annotation = wfdb.rdann(str(header.with_suffix("")), lead.lower())
        samples, symbols = annotation.sample.tolist(), annotation.symbol
        marks: Marks = {wave: [] for wave in WAVES.values()}
        for index, symbol in enumerate(symbols):
            if symbol in WAVES:
                begun = index > 0 and symbols[index - 1] == "("
                ended = index + 1 < len(symbols) and symbols[index + 1] == ")"
                marks[WAVES[symbol]].append(
                    (
                        samples[index - 1] if begun else None,
                        samples[index],
                        samples[index + 1] if ended else None,
                    )
                )
        leads[lead] = marks
    return leads


def compare(result: Comparison, name: str, analysis: Analysis, truth: dict[str, Marks]) -> None:
    """Add one record to the comparison."""
    rate = analysis.record.rate
    peaks = _r_peaks(truth, rate)
    measured = analysis.measurements
    result.annotated += len(peaks)
    if measured is None or analysis.fiducials is None:
        result.failed.append(name)
        result.missed += len(peaks)
        return
    global_ = analysis.fiducials.get("global")
    every = np.array([r for r in (global_.r_peak if global_ else ()) if r is not None])
    near = TOLERANCE_S * rate
    found = every[(every > peaks[0] - near) & (every < peaks[-1] + near)] if len(every) else every
    distance = np.abs(found[:, None] - peaks[None, :])
    if len(found):
        result.missed += int((distance.min(axis=0) > near).sum())
        result.invented += int((distance.min(axis=1) > near).sum())
    else:
        result.missed += len(peaks)
    if len(found) >= 2 and len(peaks) >= 2:
        result.rate[name] = (
            60.0 * rate * (1.0 / float(np.diff(found).mean()) - 1.0 / float(np.diff(peaks).mean()))
        )
    for title, (attribute, to_wave, to, from_wave, start) in INTERVALS.items():
        expected = _interval(truth, rate, to_wave, to, from_wave, start)
        value = getattr(measured, attribute).value
        if expected is None:
            continue
        if value is None:
            result.not_measured.setdefault(title, []).append(name)
        else:
            result.intervals.setdefault(title, {})[name] = value - expected
    result.p_wave.setdefault((_p_truth(truth), measured.p_wave), []).append(name)


def _r_peaks(truth: dict[str, Marks], rate: float) -> np.ndarray:
    """Return the annotated beats: medians over the leads, where half of the leads agree."""
    every = np.sort([mark[1] for marks in truth.values() for mark in marks["qrs"]])
    groups = np.split(every, np.flatnonzero(np.diff(every) > 0.2 * rate) + 1)
    return np.array([np.median(group) for group in groups if len(group) >= len(truth) / 2])


def _interval(
    truth: dict[str, Marks], rate: float, to_wave: str, to: int, from_wave: str, start: int
) -> float | None:
    """Return the annotated interval in ms: the median over leads and beats."""
    values: list[float] = []
    for marks in truth.values():
        for mark in marks[from_wave]:
            later = [m for m in marks[to_wave] if m[1] >= mark[1] and m[1] - mark[1] < 0.7 * rate]
            if from_wave == "qrs" and to_wave == "t":
                following = [m[1] for m in marks["qrs"] if m[1] > mark[1]]
                later = [m for m in later if not following or m[1] < following[0]]
            a, b = mark[start], later[0][to] if later else None
            if a is not None and b is not None:
                values.append((b - a) * 1000.0 / rate)
    return float(np.median(values)) if len(values) >= 3 else None


def _p_truth(truth: dict[str, Marks]) -> str:
    """Return whether the cardiologists marked P waves: present, absent or in between."""
    shares = [len(marks["p"]) / max(len(marks["qrs"]), 1) for marks in truth.values()]
    if max(shares) == 0.0:
        return "absent"
    return "present" if float(np.median(shares)) >= 0.5 else "some"


def table(result: Comparison) -> Iterable[str]:
    """Return the lines of the printed comparison."""
    yield f"{result.records} records, {len(result.failed)} without numbers"
    yield (
        f"beats: {result.annotated} annotated, {result.missed} missed, {result.invented} invented"
        f" (sensitivity {100 * result.sensitivity:.2f} %, precision {100 * result.precision:.2f} %)"
    )
    rate = Difference.of(list(result.rate.values()))
    off = result.rate_off()
    yield (
        f"heart rate: {rate.mean:+.2f} +- {rate.sd:.2f} /min over {rate.count} records,"
        f" {len(off)} off by more than 5 /min"
    )
    for title in INTERVALS:
        values = result.intervals.get(title, {})
        row = Difference.of(list(values.values()))
        lost = len(result.not_measured.get(title, []))
        yield (
            f"{title:13} {row.mean:+6.1f} +- {row.sd:4.1f} ms (median {row.median:+.1f})"
            f" over {row.count} records, {lost} annotated but not measured"
        )
    for state in ("present", "some", "absent"):
        cells = ", ".join(
            f"{len(result.p_wave.get((state, found), []))} {found.value}" for found in PWave
        )
        yield f"P wave annotated {state}: found {cells}"


def main(arguments: Sequence[str]) -> int:
    """Print the comparison for the folder given."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        sys.stderr.write("usage: python -m ecgcli.signals.evaluate DIR (LUDB's data folder)\n")
        return 2
    for line in table(evaluate_ludb(Path(arguments[0]))):
        sys.stdout.write(line + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
