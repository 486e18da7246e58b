"""Compare marks with those that cardiologists set, mark by mark in every lead.

It knows how marks are matched and summed up; it does not know who found them, nor how the sums are
shown (`delineation_table`).

A mark that was found and one that was set match if they are within 150 ms (ANSI/AAMI EC57), each
with one other, the nearest first. Only the annotated span of a lead counts, from its first to its
last mark: what was found outside is neither right nor wrong, as nobody looked there. A mark found
outside may still match one at the border.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.signals.delineation import END, ONSET, PEAK, LeadWaves

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE_MS = 150.0
MARKS: dict[str, tuple[str, int]] = {
    "P onset": ("p", ONSET),
    "P peak": ("p", PEAK),
    "P end": ("p", END),
    "QRS onset": ("qrs", ONSET),
    "QRS peak": ("qrs", PEAK),
    "QRS end": ("qrs", END),
    "T onset": ("t", ONSET),
    "T peak": ("t", PEAK),
    "T end": ("t", END),
}
INTERVALS = ("P", "PR", "QRS", "QT")


@dataclass(slots=True)
class Score:
    """Counts of one kind of mark, and found minus set in ms of those that match."""

    matched: int = 0
    missed: int = 0
    invented: int = 0
    differences: list[float] = field(default_factory=list)

    @property
    def sensitivity(self) -> float:
        """Share of the marks set that were found, NaN where none was set."""
        total = self.matched + self.missed
        return self.matched / total if total else float("nan")

    @property
    def precision(self) -> float:
        """Share of the marks found that match one, NaN where none was found."""
        total = self.matched + self.invented
        return self.matched / total if total else float("nan")

    @property
    def mean(self) -> float:
        """Mean difference in ms: positive where the marks are found too late."""
        return float(np.mean(self.differences)) if self.differences else float("nan")

    @property
    def sd(self) -> float:
        """Standard deviation of the differences in ms."""
        return float(np.std(self.differences)) if self.differences else float("nan")

    def add(self, other: Score) -> None:
        """Take in the counts of another lead or record."""
        self.matched += other.matched
        self.missed += other.missed
        self.invented += other.invented
        self.differences += other.differences


Scores = dict[str, Score]


def compare(found: Sequence[LeadWaves], truth: Sequence[LeadWaves], rate: float) -> Scores:
    """Compare the leads of one recording.

    Args:
        found: Marks in samples, one entry per lead.
        truth: The same as cardiologists set them.
        rate: Samples per second of both.
    """
    scores = {name: Score() for name in MARKS}
    for one, other in zip(found, truth, strict=True):
        span = other.span()
        if span is None:
            continue
        for name, (wave, mark) in MARKS.items():
            marks = other.of(wave)
            # A complex whose onset was not marked has one all the same: nobody can say whether an
            # onset found there is right.
            unmarked = marks[~np.isfinite(marks[:, mark]), PEAK]
            scores[name].add(match(one.of(wave)[:, mark], marks[:, mark], span, rate, unmarked))
    return scores


def match(
    found: NDArray[np.float64],
    truth: NDArray[np.float64],
    span: tuple[float, float],
    rate: float,
    unmarked: NDArray[np.float64] | None = None,
) -> Score:
    """Compare marks of one kind in one lead; NaN stands for a mark that was not set.

    Args:
        found: Samples.
        truth: Samples.
        span: First and last sample of which every mark is known.
        rate: Samples per second.
        unmarked: Peaks of waves without this mark; what is found near them is not judged.
    """
    found, truth = found[np.isfinite(found)], truth[np.isfinite(truth)]
    distance = (found[:, None] - truth[None, :]) * 1000.0 / rate
    pairs = np.argwhere(np.abs(distance) <= TOLERANCE_MS)
    nearest = pairs[np.argsort(np.abs(distance[tuple(pairs.T)]), kind="stable")]
    used_found, used_truth = set(), set()
    differences = []
    for i, j in nearest.tolist():
        if i not in used_found and j not in used_truth:
            used_found.add(i)
            used_truth.add(j)
            differences.append(float(distance[i, j]))
    inside = (found >= span[0]) & (found <= span[1])
    for peak in () if unmarked is None else unmarked:
        inside &= np.abs(found - peak) * 1000.0 / rate > TOLERANCE_MS
    invented = sum(1 for i in np.flatnonzero(inside).tolist() if i not in used_found)
    return Score(len(differences), len(truth) - len(differences), invented, differences)


def intervals(leads: Sequence[LeadWaves], rate: float) -> dict[str, float]:
    """Return the P duration, PR, QRS and QT of a recording in ms: medians over leads and beats.

    An interval of which fewer than three were marked is left out.
    """
    values: dict[str, list[float]] = {name: [] for name in INTERVALS}
    for lead in leads:
        onsets = lead.qrs[:, ONSET]
        values["P"] += list(lead.p[:, END] - lead.p[:, ONSET])
        values["QRS"] += list(lead.qrs[:, END] - onsets)
        for p in lead.p:
            following = onsets[(onsets > p[PEAK]) & (onsets < p[PEAK] + 0.5 * rate)]
            values["PR"] += list(following[:1] - p[ONSET])
        for t in lead.t:
            before = onsets[(onsets < t[PEAK]) & (onsets > t[PEAK] - 0.7 * rate)]
            values["QT"] += list(t[END] - before[-1:])
    finite = {name: [v for v in row if np.isfinite(v)] for name, row in values.items()}
    return {
        name: float(np.median(row)) * 1000.0 / rate for name, row in finite.items() if len(row) >= 3
    }


def total(scores: Sequence[Mapping[str, Score]]) -> Scores:
    """Sum up recordings."""
    result = {name: Score() for name in MARKS}
    for one in scores:
        for name, score in one.items():
            result[name].add(score)
    return result
