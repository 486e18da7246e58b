"""PTB-XL as arrays: what the statement network is given of each recording, and its labels.

It knows how a recording of the table (`ptbxl_table`) becomes arrays, and keeps what it computed:
conditioning and measuring 17,000 recordings takes half an hour, once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.errors import RecordError
from ecgcli.processes import processes
from ecgcli.records.read import read_path
from ecgcli.signals.analyse import analyse
from ecgcli.signals.reading import NUMBERS, inputs
from ecgcli.training.ptbxl_table import Row, shards
from ecgcli.training.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Recordings:
    """Recordings as arrays; row by row the same one.

    Attributes:
        numbers_of: (records,) PTB-XL's `ecg_id`.
        fold: (records,).
        signal: (records, 12, 1000) float16 in mV at 100 Hz.
        numbers: (records, `NUMBERS`) float32.
        labels: (records, `Vocabulary.names`) float32 likelihood, NaN where it is no label.
    """

    numbers_of: NDArray[np.int64]
    fold: NDArray[np.int64]
    signal: NDArray[np.float16]
    numbers: NDArray[np.float32]
    labels: NDArray[np.float32]

    def of(self, folds: range) -> Recordings:
        """Return those of some folds."""
        chosen = np.isin(self.fold, list(folds))
        return Recordings(
            self.numbers_of[chosen],
            self.fold[chosen],
            self.signal[chosen],
            self.numbers[chosen],
            self.labels[chosen],
        )


def load(
    folder: Path,
    rate: int,
    folds: range,
    words: Vocabulary,
    work: Path,
    jobs: int,
    say: Callable[[str], None],
) -> Recordings:
    """Return recordings as arrays; shards that an earlier call left in `work` are used again."""
    parts = shards(folder, rate, folds)
    work.mkdir(parents=True, exist_ok=True)
    signals, numbers, kept = [], [], []
    with processes(jobs) as pool:
        for name, members in parts.items():
            file = work / f"ptbxl-{name}.npz"
            ids = [row.number for row in members]
            found = _stored(file, ids)
            if found is None:
                found = _stack(list(pool.map(_inputs, members, chunksize=8)))
                _store(file, ids, *found)
                say(f"{len(ids)} recordings at {rate} Hz of fold {members[0].fold} measured")
            signals.append(found[0])
            numbers.append(found[1])
            kept += members
    return Recordings(
        np.array([row.number for row in kept]),
        np.array([row.fold for row in kept]),
        np.concatenate(signals),
        np.concatenate(numbers),
        np.stack([words.labels(row.codes) for row in kept]),
    )


Inputs = tuple["NDArray[np.float32]", "NDArray[np.float32]"]


def _inputs(row: Row) -> Inputs:
    try:
        # PTB-XL keeps age and sex in its table, not in the recordings.
        return inputs(analyse(replace(read_path(row.path), patient=row.patient)))
    except RecordError:
        return np.zeros((12, 1000), np.float32), np.full(len(NUMBERS), np.nan, np.float32)


def _stack(found: Sequence[Inputs]) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    signals = np.stack([signal for signal, _ in found]).astype(np.float16)
    return signals, np.stack([numbers for _, numbers in found])


def _stored(
    file: Path, ids: Sequence[int]
) -> tuple[NDArray[np.float16], NDArray[np.float32]] | None:
    """Return a shard, `None` where it is not there or of other records or other numbers."""
    if not file.is_file():
        return None
    with np.load(file) as kept:
        if list(kept["ids"]) != list(ids) or tuple(kept["names"]) != NUMBERS:
            return None
        return kept["signal"], kept["numbers"]


def _store(
    file: Path, ids: Sequence[int], signal: NDArray[np.float16], numbers: NDArray[np.float32]
) -> None:
    part = file.with_suffix(".part.npz")
    np.savez(part, ids=ids, names=NUMBERS, signal=signal, numbers=numbers)
    part.replace(file)
