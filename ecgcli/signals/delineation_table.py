"""Several methods' marks of the same records side by side: a table for people, numbers for JSON.

It knows how agreement is shown; it does not know how it is found (`evaluate_delineation`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ecgcli.signals.evaluate_delineation import INTERVALS, MARKS, Scores

WIDTH = 33  # of a method's columns
GAP = "  |"


@dataclass(frozen=True, slots=True)
class Method:
    """What one method found in all records.

    Attributes:
        name: How the table calls it.
        scores: By kind of mark, over all leads of all records.
        intervals: By record, those found and those of the cardiologists' marks, in ms
            (`evaluate_delineation.intervals`).
        remark: What a reader must know beside the numbers.
    """

    name: str
    scores: Scores
    intervals: Sequence[tuple[Mapping[str, float], Mapping[str, float]]] = ()
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class IntervalScore:
    """Found minus set, by record, and the records where only one of the two has the interval."""

    differences: list[float] = field(default_factory=list)
    missed: int = 0
    invented: int = 0

    @property
    def mean(self) -> float:
        """Mean difference in ms, NaN of none."""
        return float(np.mean(self.differences)) if self.differences else math.nan

    @property
    def sd(self) -> float:
        """Standard deviation of the differences in ms, NaN of none."""
        return float(np.std(self.differences)) if self.differences else math.nan


def interval_score(
    pairs: Sequence[tuple[Mapping[str, float], Mapping[str, float]]], name: str
) -> IntervalScore:
    """Compare one interval over all records."""
    return IntervalScore(
        [f[name] - t[name] for f, t in pairs if name in f and name in t],
        sum(name in t and name not in f for f, t in pairs),
        sum(name in f and name not in t for f, t in pairs),
    )


def lines(methods: Sequence[Method]) -> Iterator[str]:
    """Yield one table of the marks and one of the intervals, a group of columns per method."""
    names = "".join(f"{method.name:^{WIDTH}}{GAP}" for method in methods)
    yield f"{'mark':11}{names}{'set':>7}"
    head = f"{'sens. %':>9}{'prec. %':>8}{'mean ms':>9}{'SD ms':>7}{GAP}"
    yield " " * 11 + head * len(methods)
    for name in MARKS:
        cells = ""
        for method in methods:
            score = method.scores[name]
            cells += _cell(100 * score.sensitivity, 9) + _cell(100 * score.precision, 8)
            cells += _cell(score.mean, 9, "+") + _cell(score.sd, 7) + GAP
        first = methods[0].scores[name]
        yield f"{name:11}{cells}{first.matched + first.missed:7d}"
    if any(method.intervals for method in methods):
        yield ""
        yield f"{'interval':11}{names}"
        head = f"{'mean ms':>8}{'SD ms':>7}{'records':>8}{'miss':>5}{'inv.':>5}{GAP}"
        yield " " * 11 + head * len(methods)
        for name in INTERVALS:
            cells = ""
            for method in methods:
                row = interval_score(method.intervals, name)
                cells += _cell(row.mean, 8, "+") + _cell(row.sd, 7) + f"{len(row.differences):8d}"
                cells += f"{row.missed:5d}{row.invented:5d}{GAP}"
            yield f"{name:11}{cells}"
        yield "(medians over leads and beats; miss, inv.: only one side has the interval)"
    for method in methods:
        if method.remark:
            yield f"{method.name}: {method.remark}"


def _cell(value: float, width: int, sign: str = "") -> str:
    """Return a number with two decimals, or a dash where there is none."""
    return f"{value:{sign}{width}.2f}" if math.isfinite(value) else f"{'-':>{width}}"


def plain(method: Method) -> dict[str, Any]:
    """Return a method's numbers as JSON holds them; a number that does not exist is null."""
    marks = {
        name: {
            "sensitivity": number(score.sensitivity),
            "precision": number(score.precision),
            "mean_ms": number(score.mean),
            "sd_ms": number(score.sd),
            "matched": score.matched,
            "missed": score.missed,
            "invented": score.invented,
        }
        for name, score in method.scores.items()
    }
    result: dict[str, Any] = {"marks": marks}
    if method.intervals:
        scores = {name: interval_score(method.intervals, name) for name in INTERVALS}
        result["intervals"] = {
            name: {
                "mean_ms": number(score.mean),
                "sd_ms": number(score.sd),
                "records": len(score.differences),
                "missed": score.missed,
                "invented": score.invented,
            }
            for name, score in scores.items()
        }
    if method.remark:
        result["remark"] = method.remark
    return result


def number(value: float, digits: int = 5) -> float | None:
    """Return a number as JSON may hold it."""
    return round(value, digits) if math.isfinite(value) else None
