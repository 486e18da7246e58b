"""Compare the engine as it ships with cardiologists' marks (Lobachevsky database, LUDB).

It knows how to hold an `Analysis` against annotations; it knows neither the database's files
(`ludb`) nor how anything is measured. The network that ships has learned from these very records:
what it is worth on others, `ecgcli evaluate delineation` says.

What is compared, and what cannot agree by definition:

- Rate and beats: the annotated R peaks, where at least half of the leads have one, and only inside
  the annotated span (LUDB leaves the first and last beats of a recording unmarked).
- Intervals: LUDB marks every lead by itself, the program all leads together. The annotated interval
  of a record is the median over its leads and beats. An interval over all leads is longer by nature
  (its QRS complex begins with the earliest lead and ends with the latest); the table shows the mean
  difference, and nothing is subtracted from it.
- Marks: the `fiducials` of each lead, as anybody reads them in the output, by the rules of
  `evaluate_delineation`. A lead that the engine refuses counts as missed.
- P wave: annotated present where at least half of the QRS complexes have a P wave in the median
  lead, absent where no lead has any.
- Fibrillation: of the records in atrial fibrillation or flutter, the share of beats to which a P
  wave was given, in all leads together ("global") and in single leads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgcli.errors import RecordError
from ecgcli.records.leads import LEADS
from ecgcli.signals import evaluate_delineation as delineation
from ecgcli.signals import ludb
from ecgcli.signals.delineation import PEAK, LeadWaves, no_waves
from ecgcli.signals.delineation_table import Method, lines, number, plain
from ecgcli.signals.results import Fiducials, PWave

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecgcli.signals.results import Analysis

TOLERANCE_S = 0.15  # between an annotated R peak and the beat found (ANSI/AAMI EC57)
RATE_OFF = 5.0  # 1/min
ATTRIBUTES = {
    "P": "p_duration",
    "PR": "pr_interval",
    "QRS": "qrs_duration",
    "QT": "qt_interval",
}
STATES = ("present", "some", "absent")
_FIDUCIALS = {
    "p": ("p_onset", "p_peak", "p_end"),
    "qrs": ("qrs_onset", "r_peak", "qrs_end"),
    "t": ("t_onset", "t_peak", "t_end"),
}


@dataclass(slots=True)
class Share:
    """So many of so many."""

    part: int = 0
    whole: int = 0

    def add(self, part: int, whole: int) -> None:
        """Count more of both."""
        self.part += part
        self.whole += whole

    @property
    def percent(self) -> float:
        """The share in percent, NaN of nothing."""
        return 100.0 * self.part / self.whole if self.whole else float("nan")


@dataclass(slots=True)
class Comparison:
    """What was found over all records; what belongs to a record stands under its name.

    Attributes:
        records: How many there were.
        without_numbers: Those that could not be measured.
        annotated: Beats that cardiologists marked; `missed` and `invented` are the engine's.
        rate: Heart rate, measured minus annotated, in 1/min.
        marks: The fiducials of single leads.
        intervals: Measured and annotated, in ms; a name is missing where there is none.
        p_wave: Records by what was annotated and what was found.
        fibrillation: Records in atrial fibrillation or flutter; `p_global` and `p_leads` are the
            shares of their beats with a P wave.
    """

    records: int = 0
    without_numbers: list[str] = field(default_factory=list)
    annotated: int = 0
    missed: int = 0
    invented: int = 0
    rate: dict[str, float] = field(default_factory=dict)
    marks: delineation.Scores = field(default_factory=lambda: delineation.total([]))
    intervals: dict[str, tuple[dict[str, float], dict[str, float]]] = field(default_factory=dict)
    p_wave: dict[tuple[str, PWave], list[str]] = field(default_factory=dict)
    fibrillation: list[str] = field(default_factory=list)
    p_global: Share = field(default_factory=Share)
    p_leads: Share = field(default_factory=Share)

    @property
    def sensitivity(self) -> float:
        """Share of the annotated beats that were found."""
        return 1.0 - self.missed / max(self.annotated, 1)

    @property
    def precision(self) -> float:
        """Share of the beats found that are annotated."""
        found = self.annotated - self.missed
        return found / max(found + self.invented, 1)

    def rate_off(self, limit: float = RATE_OFF) -> list[str]:
        """Return the records whose rate is off by more than the limit (1/min)."""
        return [name for name, value in self.rate.items() if abs(value) > limit]

    def differences(self, interval: str) -> dict[str, float]:
        """Return measured minus annotated (ms) by record, where both are there."""
        return {
            name: found[interval] - truth[interval]
            for name, (found, truth) in self.intervals.items()
            if interval in found and interval in truth
        }

    def method(self) -> Method:
        """Return marks and intervals as the tables show them."""
        return Method("ecgcli as it ships", self.marks, list(self.intervals.values()))


def evaluate_ludb(folder: Path) -> Comparison:
    """Measure every record of the database and compare.

    Args:
        folder: The database's folder, its `data` folder, or the folder that holds `ludb`.

    Raises:
        UsageError: There is no record in it.
    """
    from ecgcli.records.read import read_path
    from ecgcli.signals.analyse import analyse

    result = Comparison()
    fibrillating = ludb.without_p(folder)
    for header in ludb.headers(folder):
        result.records += 1
        try:
            analysis = analyse(read_path(header))
        except RecordError:
            analysis = None
        truth = ludb.read_waves(header)
        compare(result, header.stem, analysis, truth)
        if header.stem in fibrillating:
            result.fibrillation.append(header.stem)
            _count_p(result, analysis)
    return result


def leads_of(analysis: Analysis) -> list[LeadWaves]:
    """Return the fiducials of each of the twelve leads; a lead without any has no waves."""
    every = analysis.fiducials or {}
    return [_waves(every[lead]) if lead in every else no_waves() for lead in LEADS]


def _waves(points: Fiducials) -> LeadWaves:
    return LeadWaves(**{wave: _rows(points, names) for wave, names in _FIDUCIALS.items()})


def _rows(points: Fiducials, names: Sequence[str]) -> NDArray[np.float64]:
    """Return (waves, 3), without the beats that have no such wave."""
    columns = [getattr(points, name) for name in names]
    longest = max(len(column) for column in columns)
    rows = np.full((longest, 3), np.nan)
    for at, column in enumerate(columns):
        rows[: len(column), at] = [np.nan if mark is None else mark for mark in column]
    set_: NDArray[np.bool_] = np.isfinite(rows).any(axis=1)
    return rows[set_]


def compare(
    result: Comparison, name: str, analysis: Analysis | None, truth: Sequence[LeadWaves]
) -> None:
    """Add one record to the comparison; `None` where nothing could be done with it."""
    peaks = _r_peaks(truth)
    result.annotated += len(peaks)
    leads = [no_waves()] * len(LEADS) if analysis is None else leads_of(analysis)
    result.marks = delineation.total([result.marks, delineation.compare(leads, truth, ludb.RATE)])
    expected = delineation.intervals(truth, ludb.RATE)
    measured = None if analysis is None else analysis.measurements
    if analysis is None or measured is None or analysis.fiducials is None:
        result.without_numbers.append(name)
        result.missed += len(peaks)
        result.intervals[name] = ({}, expected)
        return
    values = {title: getattr(measured, key).value for title, key in ATTRIBUTES.items()}
    result.intervals[name] = (
        {title: value for title, value in values.items() if value is not None},
        expected,
    )
    _compare_beats(result, name, analysis, peaks)
    result.p_wave.setdefault((_p_truth(truth), measured.p_wave), []).append(name)


def _compare_beats(
    result: Comparison, name: str, analysis: Analysis, peaks: NDArray[np.float64]
) -> None:
    """Count the beats and hold the rate of those inside the annotated span against theirs."""
    global_ = (analysis.fiducials or {}).get("global")
    every = np.array([r for r in (global_.r_peak if global_ else ()) if r is not None], float)
    near = TOLERANCE_S * ludb.RATE
    found = every[(every > peaks[0] - near) & (every < peaks[-1] + near)]
    if not len(found):
        result.missed += len(peaks)
        return
    distance = np.abs(found[:, None] - peaks[None, :])
    result.missed += int((distance.min(axis=0) > near).sum())
    result.invented += int((distance.min(axis=1) > near).sum())
    if len(found) >= 2 and len(peaks) >= 2:
        measured, annotated = (
            60.0 * ludb.RATE / float(np.diff(row).mean()) for row in (found, peaks)
        )
        result.rate[name] = measured - annotated


def _r_peaks(truth: Sequence[LeadWaves]) -> NDArray[np.float64]:
    """Return the annotated beats: medians over the leads, where half of the leads agree."""
    every = np.sort(np.concatenate([lead.qrs[:, PEAK] for lead in truth]))
    groups = np.split(every, np.flatnonzero(np.diff(every) > 0.2 * ludb.RATE) + 1)
    return np.array([np.median(group) for group in groups if len(group) >= len(truth) / 2])


def _p_truth(truth: Sequence[LeadWaves]) -> str:
    """Return whether the cardiologists marked P waves: present, absent or in between."""
    shares = [len(lead.p) / max(len(lead.qrs), 1) for lead in truth]
    if max(shares) == 0.0:
        return "absent"
    return "present" if float(np.median(shares)) >= 0.5 else "some"


def _count_p(result: Comparison, analysis: Analysis | None) -> None:
    """Count the beats that were given a P wave in a recording that can have none."""
    for lead, points in ((analysis and analysis.fiducials) or {}).items():
        share = result.p_global if lead == "global" else result.p_leads
        with_p = sum(
            any(row is not None for row in beat)
            for beat in zip(points.p_onset, points.p_peak, points.p_end, strict=False)
        )
        share.add(with_p, len(points.r_peak))


def table(result: Comparison) -> Iterator[str]:
    """Yield the lines of the printed comparison."""
    lost = result.without_numbers
    yield f"{result.records} records, {len(lost)} without numbers{_list(lost)}"
    yield (
        f"beats: {result.annotated} annotated, {result.missed} missed, {result.invented} invented"
        f" (sensitivity {100 * result.sensitivity:.2f} %, precision {100 * result.precision:.2f} %)"
    )
    rate, off = np.array(list(result.rate.values()) or [np.nan]), result.rate_off()
    yield (
        f"heart rate: {rate.mean():+.2f} +- {rate.std():.2f} /min over {len(result.rate)} records,"
        f" {len(off)} off by more than {RATE_OFF:.0f} /min{_list(off)}"
    )
    yield ""
    yield from lines([result.method()])
    for title in ATTRIBUTES:
        worst = sorted(result.differences(title).items(), key=lambda item: -abs(item[1]))[:4]
        yield f"furthest off, {title}: " + ", ".join(f"{name} ({ms:+.0f})" for name, ms in worst)
    yield ""
    for state in STATES:
        cells = [
            f"{len(names)} {found.value}{_list(names) if state != found.value else ''}"
            for found in PWave
            if (names := result.p_wave.get((state, found), []))
        ]
        yield f"P wave annotated {state}: found {', '.join(cells) or 'none'}"
    yield (
        f"{len(result.fibrillation)} records in atrial fibrillation or flutter:"
        f" {_share(result.p_global)} beats with a P wave, {_share(result.p_leads)} in single leads"
    )


def _list(names: Sequence[str]) -> str:
    return f" ({', '.join(names)})" if names else ""


def _share(share: Share) -> str:
    return f"{share.part} of {share.whole} ({share.percent:.1f} %)"


def as_json(result: Comparison) -> dict[str, Any]:
    """Return the same numbers as JSON holds them."""
    rate = np.array(list(result.rate.values()) or [np.nan])
    return {
        "records": result.records,
        "without_numbers": result.without_numbers,
        "beats": {
            "annotated": result.annotated,
            "missed": result.missed,
            "invented": result.invented,
        },
        "heart_rate": {
            "mean_difference": number(float(rate.mean())),
            "sd": number(float(rate.std())),
            "records": len(result.rate),
            "off": result.rate_off(),
        },
        **plain(result.method()),
        "differences_ms": {
            title: {name: number(ms, 2) for name, ms in result.differences(title).items()}
            for title in ATTRIBUTES
        },
        "p_wave": _p_wave_counts(result.p_wave),
        "fibrillation": {
            "records": result.fibrillation,
            "beats": result.p_global.whole,
            "beats_with_p": result.p_global.part,
            "percent_with_p": number(result.p_global.percent),
            "percent_with_p_in_single_leads": number(result.p_leads.percent),
        },
    }


def _p_wave_counts(found: Mapping[tuple[str, PWave], list[str]]) -> dict[str, dict[str, int]]:
    return {
        f"annotated {state}": {one.value: len(found.get((state, one), [])) for one in PWave}
        for state in STATES
    }
