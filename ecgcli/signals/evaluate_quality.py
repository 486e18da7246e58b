"""Compare the quality's score with raters' verdicts (PhysioNet/CinC Challenge 2011, set a).

It knows that set's table of verdicts and how to compare; it does not know how quality is judged.

Three of the limits in `data/quality_limits.csv` were chosen on this set, so the table is
cross-validated: in each of five folds these three limits and the threshold on the score are chosen
on the other four folds, and the fold is judged with them. The grades that ship stand beside it.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from ecgcli.records.read import read_path
from ecgcli.signals import quality
from ecgcli.signals.condition import condition
from ecgcli.signals.levels import levels
from ecgcli.signals.results import Grade

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
KEPT = 0.95
"""Share of the acceptable records that the threshold on the score has to keep."""
TUNED = {
    "burst": (0.1, 0.15, 0.2, 0.25, 0.3),
    "noisy": (0.1, 0.15, 0.2, 0.3, 0.5),
    "wander": (2.0, 3.0, 5.0, 10.0, 20.0),
}
"""Limits (in part) that are chosen in each fold, and from what."""


@dataclass(frozen=True, slots=True)
class Rated:
    """One record: the raters' verdict, what ships says of it, and what both rest on.

    `measures` are (leads,) each, of the leads that were recorded.
    """

    acceptable: bool
    grade: Grade
    score: float
    measures: dict[str, NDArray[np.float64]]


def lines(folder: Path) -> Iterator[str]:
    """Yield the lines of the table.

    Args:
        folder: Holds the set's records and `quality.csv`, or a folder `cinc2011` that does.

    Raises:
        FileNotFoundError: There is no such table.
    """
    inner = folder / "cinc2011"
    records = read(inner if inner.is_dir() else folder)
    accepted = np.array([record.acceptable for record in records])
    score = np.array([record.score for record in records])
    yield (
        f"{len(records)} records: {accepted.sum()} acceptable, {(~accepted).sum()} unacceptable"
        " to the raters"
    )
    yield ""
    yield f"{'as shipped':<24}{'acceptable':>12}{'unacceptable':>14}"
    for grade in Grade:
        has = np.array([record.grade is grade for record in records])
        yield f"{grade.value:<24}{has[accepted].sum():>12}{has[~accepted].sum():>14}"
    yield ""
    yield f"{'':<24}{'AUROC':>7}{'acceptable kept':>17}{'unacceptable caught':>21}"
    bar = threshold(score[accepted])
    yield _row("as shipped", score, score < bar, accepted)
    tuned, refused = cross_validated(records, accepted)
    yield _row(f"{FOLDS}-fold", tuned, refused, accepted)


def read(folder: Path) -> list[Rated]:
    """Judge the records of the set."""
    with (folder / "quality.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return [_rated(folder / f"{row['record']}.hea", row["acceptable"] == "1") for row in rows]


def cross_validated(
    records: list[Rated], accepted: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return each record's score and whether it is refused, by the folds it is not in.

    The scores of a fold are divided by its threshold, so that folds can be compared.
    """
    choices = [dict(zip(TUNED, each, strict=True)) for each in itertools.product(*TUNED.values())]
    by_choice = np.array([[_score(record, choice) for record in records] for choice in choices])
    fold = folds(accepted)
    result = np.zeros(len(records))
    for k in range(FOLDS):
        others, own = fold != k, fold == k
        bars = [threshold(scores[others & accepted]) for scores in by_choice]
        caught = [
            float((scores[others & ~accepted] < bar).mean())
            for scores, bar in zip(by_choice, bars, strict=True)
        ]
        best = int(np.argmax(caught))
        result[own] = by_choice[best, own] / bars[best]
    return result, result < 1.0


def folds(accepted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return each record's fold: the acceptable and the unacceptable ones dealt out in turn."""
    fold = np.zeros(len(accepted), dtype=np.int64)
    for verdict in (False, True):
        members = np.flatnonzero(accepted == verdict)
        fold[members] = np.arange(len(members)) % FOLDS
    return fold


def threshold(acceptable: NDArray[np.float64]) -> float:
    """Return the highest score that keeps the wanted share of acceptable records."""
    return float(np.quantile(acceptable, 1.0 - KEPT, method="lower"))


def auroc(score: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Return the probability that a positive record scores higher than a negative one."""
    ranks = rankdata(score)
    count = int(positive.sum())
    above = float(ranks[positive].sum()) - count * (count + 1) / 2
    return above / (count * (len(score) - count))


def _rated(path: Path, acceptable: bool) -> Rated:
    conditioned = condition(read_path(path))
    judged = quality.assess(conditioned)
    measures = quality.measures(levels(conditioned, np.flatnonzero(conditioned.present)))
    return Rated(acceptable, judged.grade, judged.score, measures)


def _score(record: Rated, in_part: dict[str, float]) -> float:
    """Return the score that a record has with other limits."""
    usable = record.score > 0.0 or record.grade is not Grade.NOT_USABLE
    if not usable:
        return 0.0
    limits = {
        name: replace(limit, in_part=in_part.get(name, limit.in_part))
        for name, limit in quality.limits().items()
    }
    return quality.score(record.measures, limits)


def _row(
    name: str,
    score: NDArray[np.float64],
    refused: NDArray[np.bool_],
    accepted: NDArray[np.bool_],
) -> str:
    kept = 1.0 - float(refused[accepted].mean())
    caught = float(refused[~accepted].mean())
    return f"{name:<24}{auroc(score, accepted):>7.3f}{kept:>17.1%}{caught:>21.1%}"
