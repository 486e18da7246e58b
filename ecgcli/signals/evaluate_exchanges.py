"""How well exchanged electrodes are found: simulated in PTB-XL, beside alarms on what is unchanged.

`ecgcli evaluate exchanges DIR` prints it; `python -m ecgcli.signals.evaluate_exchanges DIR`, DIR
being PTB-XL's folder, fits the data file of `signals.beatshape` and the weights in
`data/exchanges.csv` anew to all recordings. It knows PTB-XL's table and the arithmetic of an
exchange.

Cross-validated by PTB-XL's folds (a patient is in one fold): shapes and weights come from six of
folds 1 to 8, the other two are judged. Recordings that are really exchanged are among the unchanged
ones, since nobody looked for them, and count as false alarms.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.errors import ModelError, RecordError
from ecgcli.records.read import read_path
from ecgcli.signals import beatshape, exchanges
from ecgcli.signals.analyse import analyse
from ecgcli.signals.beatshape import INDEPENDENT, STEPS, Usual, Waves, scaled, waves_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRAINING_FOLDS = range(1, 9)
SHRINK = 0.05
"""Share of the mean variance that is added to each, so that few recordings make no sharp limit."""
FEWEST = 500
"""Recordings from which on the usual heart beat is known well enough to look for exchanges."""
LEGS = 0.03
"""What is left between the two legs, as a share of the lead that it replaces."""


def lines(folder: Path, limit: int | None = None) -> Iterator[str]:
    """Yield the table: sensitivity of each kind and alarms on the recordings as they are.

    Args:
        folder: PTB-XL's folder; recordings at 500 Hz of folds 1 to 8 are used.
        limit: Use only so many recordings.

    Raises:
        ModelError: The folder is no folder of PTB-XL, or holds too few recordings.
    """
    beats = read(folder, limit)
    if len(beats) < FEWEST:
        raise ModelError(
            f"{folder} holds {len(beats)} recordings at 500 Hz of folds 1 to 8 with twelve usable"
            f" leads; {FEWEST} are needed to tell what is usual"
        )
    fold = np.array([number for number, _ in beats])
    waves = [each for _, each in beats]
    kinds = [e for e in exchanges.exchanges().values() if e.undo is not None]
    plain = np.zeros((len(kinds), len(beats)))
    made = np.zeros((len(kinds), len(beats)))
    right = np.zeros((len(kinds), len(beats)), dtype=bool)
    for first in range(1, 9, 2):
        own = np.isin(fold, (first, first + 1))
        others = [wave for wave, o in zip(waves, own, strict=True) if not o]
        shapes = fit_shapes(others)
        tables = _tables(others, kinds, shapes)
        weights = np.array([fit_weights(table) for table in tables])
        held_out = [wave for wave, o in zip(waves, own, strict=True) if o]
        plain[:, own], _ = _scores(held_out, kinds, shapes, weights, np.eye(len(INDEPENDENT)))
        for at, kind in enumerate(kinds):
            assert kind.undo is not None
            scores, best = _scores(held_out, kinds, shapes, weights, np.linalg.inv(kind.undo))
            made[at, own] = scores.max(axis=0)
            right[at, own] = best == at
    bar, sure = exchanges.SUSPECTED, -exchanges.PRIOR
    yield f"{len(beats)} recordings; suspected from a score of {bar:g}, surely from {sure:g}"
    yield ""
    yield f"{'exchange':<12}{'suspected':>11}{'surely':>9}{'named right':>13}{'alarms':>9}"
    for at, kind in enumerate(kinds):
        found = made[at] >= bar
        yield (
            f"{kind.kind:<12}{found.mean():>11.1%}{(made[at] >= sure).mean():>9.1%}"
            f"{right[at][found].mean():>13.1%}{int((plain[at] >= bar).sum()):>9}"
        )
    alarm = plain.max(axis=0)
    yield ""
    yield (
        f"Alarms on the recordings as they are: {int((alarm >= bar).sum())}"
        f" ({(alarm >= bar).mean():.2%}), surely {int((alarm >= sure).sum())}"
        f" ({(alarm >= sure).mean():.2%})"
    )


def _scores(
    waves: list[Waves],
    kinds: list[exchanges.Exchange],
    shapes: dict[str, Usual],
    weights: NDArray[np.float64],
    made: NDArray[np.floating],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the score of each exchange (kinds, recordings), and which is named (recordings,).

    Args:
        waves: Of recordings as they are.
        kinds: The exchanges that may be suspected.
        shapes: The usual waves.
        weights: (kinds, 3) of P, QRS and T.
        made: (8, 8), the exchange that is made in them first.
    """
    scores = np.zeros((len(kinds), len(waves)))
    left = np.zeros((len(kinds), len(waves)))
    for column, name in enumerate(STEPS):
        has = np.array([name in each for each in waves])
        stack = np.array([made @ each[name] for each in waves if name in each])
        recorded = _log_distances(stack, np.eye(len(INDEPENDENT)), shapes[name])
        for at, kind in enumerate(kinds):
            assert kind.undo is not None
            undone = _log_distances(stack, kind.undo, shapes[name])
            scores[at, has] += weights[at, column] * (recorded - undone)
            left[at, has] += weights[:, column].mean() * undone
    named = np.where(scores >= exchanges.SUSPECTED, left, np.inf).argmin(axis=0)
    return scores, named.astype(np.int64)


def read(folder: Path, limit: int | None = None) -> list[tuple[int, Waves]]:
    """Return fold and waves of the recordings with twelve usable leads."""
    found: list[tuple[int, Waves]] = []
    table = folder / "ptbxl_database.csv"
    if not table.is_file():
        raise ModelError(f"{folder} is no folder of PTB-XL: it holds no {table.name}")
    with table.open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if int(row["strat_fold"]) in TRAINING_FOLDS]
    for row in rows:
        header = folder / f"{row['filename_hr']}.hea"
        if limit is not None and len(found) >= limit:
            break
        if not header.is_file():
            continue
        try:
            analysis = analyse(read_path(header))
        except RecordError:
            continue
        beat, leads = analysis.median_beat, analysis.quality.leads
        if beat is None or any(lead.distrust or not lead.usable for lead in leads):
            continue
        waves = waves_of(beat)
        if "QRS" in waves:
            found.append((int(row["strat_fold"]), waves))
    return found


def fit_shapes(waves: list[Waves]) -> dict[str, Usual]:
    """Return the usual waves of these recordings."""
    found = {}
    for name in STEPS:
        rows = np.array([scaled(each[name]).ravel() for each in waves if name in each])
        covariance = np.cov(rows.T)
        covariance += SHRINK * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
        found[name] = Usual(rows.mean(axis=0), np.linalg.inv(covariance))
    return found


def fit_weights(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights (3,) of P, QRS and T by logistic regression (Newton's method).

    There is no constant: undoing an exchange and making it are the same question asked backwards.

    Args:
        table: (6, recordings) of one kind; see `_tables`.
    """
    x = np.concatenate([table[:3], table[3:]], axis=1).T
    y = np.repeat([0.0, 1.0], table.shape[1])
    weights = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (y - p) - 0.05 * weights
        curve = (x * (p * (1 - p))[:, None]).T @ x + 0.05 * np.eye(len(weights))
        step = np.linalg.solve(curve, slope)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def without_right_leg(signal: NDArray[np.float64], kind: str) -> NDArray[np.float64]:
    """Return the twelve leads (12, samples) as they would be with an arm electrode on a leg.

    The right leg's potential is taken for the left leg's (Krasteva, Jekova and Schmid 2019), but
    for `LEGS` of the lead that becomes flat.
    """
    one, two, three = signal[0], signal[1], signal[2]
    if kind == "RA/RL":
        new_one, new_two, central = -three, LEGS * two, two / 3.0
    elif kind == "LA/RL":
        new_one, new_two, central = two, two - LEGS * three, three / 3.0
    elif kind == "ARMS/LEGS":
        new_one, new_two, central = LEGS * one, -three, two / 3.0
    else:
        raise ValueError(kind)
    limb = [
        new_one,
        new_two,
        new_two - new_one,
        -(new_one + new_two) / 2.0,
        new_one - new_two / 2.0,
        new_two - new_one / 2.0,
    ]
    return np.concatenate([np.stack(limb), signal[6:] - central])


def _tables(
    waves: list[Waves], kinds: list[exchanges.Exchange], shapes: dict[str, Usual]
) -> list[NDArray[np.float64]]:
    """Return per kind (6, recordings): what P, QRS, T gain in likeness by undoing the exchange.

    Rows 0 to 2 are of the recordings as they are, 3 to 5 of those in which it was made before.
    """
    still = np.eye(len(INDEPENDENT))
    tables = [np.zeros((6, len(waves))) for _ in kinds]
    for row, name in enumerate(STEPS):
        has = np.array([name in each for each in waves])
        stack = np.array([each[name] for each in waves if name in each])
        usual = _log_distances(stack, still, shapes[name])
        for table, kind in zip(tables, kinds, strict=True):
            assert kind.undo is not None
            undone = _log_distances(stack, kind.undo, shapes[name])
            made = _log_distances(stack, np.linalg.inv(kind.undo), shapes[name])
            table[row, has] = usual - undone
            table[3 + row, has] = made - usual
    return tables


def _log_distances(
    stack: NDArray[np.float64], arrangement: NDArray[np.floating], usual: Usual
) -> NDArray[np.float64]:
    """Return log(1 + distance) of many waves (recordings, 8, parts) at once."""
    result: NDArray[np.float64] = np.log1p(beatshape.distance(arrangement @ stack, usual))
    return result


def _fit(folder: Path) -> Iterator[str]:
    """Fit shapes and weights to all recordings and write both data files."""
    waves = [each for _, each in read(folder)]
    shapes = fit_shapes(waves)
    _write_shapes(shapes)
    kinds = [e for e in exchanges.exchanges().values() if e.undo is not None]
    tables = _tables(waves, kinds, shapes)
    _write_weights({k.kind: fit_weights(t) for k, t in zip(kinds, tables, strict=True)})
    yield f"{len(waves)} recordings"


def _write_shapes(shapes: dict[str, Usual]) -> None:
    path = Path(str(files("ecgcli.signals").joinpath("data/beat_shapes.csv")))
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("wave", "lead", "part", "mean", "inverse", "source"))
        for name, usual in shapes.items():
            for at, mean in enumerate(usual.mean):
                lead, part = divmod(at, STEPS[name])
                inverse = " ".join(f"{value:.4g}" for value in usual.inverse[at, : at + 1])
                source = "PTB-XL 1.0.3 (CC BY 4.0), 500 Hz, folds 1 to 8"
                writer.writerow((name, INDEPENDENT[lead], part, f"{mean:.4f}", inverse, source))


def _write_weights(weights: dict[str, NDArray[np.float64]]) -> None:
    path = Path(str(files("ecgcli.signals").joinpath("data/exchanges.csv")))
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            if row["kind"] in weights:
                row["weights"] = " ".join(f"{weight:.1f}" for weight in weights[row["kind"]])
            writer.writerow(row)


if __name__ == "__main__":
    for line in _fit(Path(sys.argv[1])):
        print(line)
