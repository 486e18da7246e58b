"""Scores of statements against labels: areas, sensitivity, precision, F1, calibration.

It knows arrays of what was said and what was labelled; it does not know how either came about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ecgcli.signals.auroc import auroc, interval
from ecgcli.training import calibration

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecgcli.clinical.evaluate_statements import Table
    from ecgcli.models.statements import StatementModel
    from ecgcli.training.vocabulary import Vocabulary

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

ENOUGH_FOR_F1 = 10
ENOUGH_FOR_ECE = 30
SEED = 1


def numbers(
    table: Table, words: Vocabulary, model: StatementModel, resamples: int
) -> dict[str, Any]:
    """Return the scores of the network, the criteria and the final statements."""
    present: Bools = ~np.isnan(table.labels)
    # The shipped calibration was fitted to fold 9. Here each record is calibrated on the others, so
    # that the error is that on records which the calibration has not seen.
    probability = calibration.cross_fitted(table.logits, present, SEED)
    limits = [2.0 if limit is None else limit for limit in model.card["thresholds"]]
    shipped = model.probabilities(table.logits)
    made = {
        "network": shipped >= np.array(limits),
        "rules": table.rules > 0.0,
        "hybrid": table.hybrid > 0.0,
    }
    made["hybrid"] |= _classes_of(made["hybrid"], made["network"], words)
    scores = {
        "network": shipped,
        "rules": table.rules,
        "hybrid": (made["hybrid"] + shipped) / 2.0,
    }
    return {
        source: _of_source(scores[source], made[source], present, words, resamples)
        | {"ece": _calibration(probability, present, words) if source == "network" else None}
        for source in scores
    } | {"reliability": _reliability(probability, present, words)}


def _classes_of(hybrid: Bools, network: Bools, words: Vocabulary) -> Bools:
    """Return the superclasses and subclasses that the network asserts: they are nobody else's."""
    above = np.zeros_like(hybrid)
    for group in ("subclass", "superclass"):
        columns = list(words.groups[group])
        above[:, columns] = network[:, columns]
    return above


def _of_source(
    score: Floats, made: Bools, present: Bools, words: Vocabulary, resamples: int
) -> dict[str, Any]:
    statements: dict[str, dict[str, Any]] = {}
    for at in words.groups["all"]:
        area = auroc(score[:, at], present[:, at])
        low, high = interval(score[:, at], present[:, at], SEED, resamples)
        statements[words.names[at]] = {
            "count": int(present[:, at].sum()),
            "auroc": _plain(area),
            "auroc_95": [_plain(low), _plain(high)],
            "auprc": _plain(average_precision(score[:, at], present[:, at])),
            **hits(made[:, at], present[:, at]),
        }
    common = [s["f1"] or 0.0 for s in statements.values() if s["count"] >= ENOUGH_FOR_F1]
    areas = {group: macro(score, present, columns) for group, columns in words.groups.items()}
    return {
        "macro_auroc": {group: _plain(area) for group, area in areas.items()},
        "macro_auroc_95": _macro_intervals(score, present, words, resamples),
        "macro_f1": _plain(float(np.mean(common))) if common else None,
        "ecgbench_superclass": ecgbench(
            made[:, list(words.groups["superclass"])], present[:, list(words.groups["superclass"])]
        ),
        "statements": statements,
    }


def macro(score: Floats, present: Bools, columns: tuple[int, ...]) -> float:
    """Return the mean AUROC over the columns that some records have and some have not."""
    areas = [
        auroc(score[:, at], present[:, at])
        for at in columns
        if 0 < present[:, at].sum() < len(present)
    ]
    return float(np.mean(areas)) if areas else float("nan")


def _macro_intervals(
    score: Floats, present: Bools, words: Vocabulary, resamples: int
) -> dict[str, list[float | None]]:
    """Return 95 % intervals: percentiles over resampled records."""
    rng = np.random.default_rng(SEED)
    found: dict[str, list[float]] = {group: [] for group in words.groups}
    for _ in range(resamples):
        drawn = rng.integers(0, len(score), len(score))
        some, labels = score[drawn], present[drawn]
        area = {
            at: auroc(some[:, at], labels[:, at])
            for at in range(score.shape[1])
            if 0 < labels[:, at].sum() < len(labels)
        }
        for group, columns in words.groups.items():
            known = [area[at] for at in columns if at in area]
            if known:
                found[group].append(float(np.mean(known)))
    return {
        group: [_plain(float(value)) for value in np.percentile(areas, (2.5, 97.5))]
        if areas
        else [None, None]
        for group, areas in found.items()
    }


def average_precision(score: Floats, positive: Bools) -> float:
    """Return the area under precision over recall; records of one score count together."""
    total = int(positive.sum())
    if not total:
        return float("nan")
    order = np.argsort(-score, kind="stable")
    ranked, hit = score[order], positive[order].cumsum()
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    precision = hit[last] / (last + 1)
    gained = np.diff(hit[last], prepend=0)
    return float((precision * gained).sum() / total)


def hits(made: Bools, present: Bools) -> dict[str, float | None]:
    """Return sensitivity, precision and F1 of a statement."""
    hit = int((made & present).sum())
    labelled, stated = int(present.sum()), int(made.sum())
    return {
        "stated": stated,
        "sensitivity": _plain(hit / labelled) if labelled else None,
        "precision": _plain(hit / stated) if stated else None,
        "f1": _plain(2.0 * hit / (labelled + stated)) if labelled + stated else None,
    }


def ecgbench(made: Bools, present: Bools) -> dict[str, float | None]:
    """Return macro-AUC of the yes and no, macro-F1 and Hamming loss, as ECGBench reports them."""
    areas, f1 = [], []
    for at in range(made.shape[1]):
        if 0 < present[:, at].sum() < len(present):
            areas.append(auroc(made[:, at].astype(np.float64), present[:, at]))
            f1.append(hits(made[:, at], present[:, at])["f1"] or 0.0)
    return {
        "auc": _plain(float(np.mean(areas))) if areas else None,
        "f1": _plain(float(np.mean(f1))) if f1 else None,
        "hamming": _plain(float((made != present).mean())),
    }


def _calibration(probability: Floats, present: Bools, words: Vocabulary) -> float | None:
    columns = [at for at in words.groups["all"] if present[:, at].sum() >= ENOUGH_FOR_ECE]
    if not columns:
        return None
    return _plain(
        float(calibration.calibration_error(probability[:, columns], present[:, columns]).mean())
    )


def _reliability(probability: Floats, present: Bools, words: Vocabulary) -> list[dict[str, Any]]:
    """Return the diagram of reliability over all statements: said against true, by tenths."""
    columns = list(words.groups["all"])
    rows = calibration.reliability(probability[:, columns], present[:, columns])
    return [
        {"count": count, "said": _plain(said), "true": _plain(true)} for count, said, true in rows
    ]


def _plain(value: float) -> float | None:
    return round(value, 5) if np.isfinite(value) else None
