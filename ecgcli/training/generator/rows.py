"""PTB-XL as arrays for the generator: eight leads as recorded, beats, measurements, labels.

It knows what is taken from a recording and kept; it does not know how a network is trained on it.
The leads are the recording's own, neither filtered nor cleaned: what is generated shall have the
noise and the wander of real ones. The other four leads follow from Einthoven and Goldberger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.errors import RecordError
from ecgcli.models.generator.layout import INDEPENDENT
from ecgcli.processes import processes
from ecgcli.records.read import read_path
from ecgcli.signals.analyse import analyse
from ecgcli.signals.results import BeatClass
from ecgcli.training.ptbxl_table import Row, shards

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ecgcli.signals.results import Analysis
    from ecgcli.training.vocabulary import Vocabulary

BEATS = 48
"""Places for beats: a recording of 10 s with more is of a rate above 280 /min."""
MEASURED = ("ventricular_rate", "pr_interval", "qrs_duration", "qt_interval", "qrs_axis")
KINDS = tuple(BeatClass)


@dataclass(frozen=True, slots=True)
class Shard:
    """Some recordings as arrays; row by row the same one.

    Attributes:
        ids: (records,) PTB-XL's `ecg_id`.
        leads: (records, 8, samples) int16 in uV at the recordings' own rate, `INDEPENDENT`.
        beats: (records, `BEATS`) float32, time of each QRS complex (s), NaN behind the last.
        kinds: (records, `BEATS`) int8, place of its class in `KINDS`, -1 behind the last.
        measured: (records, `MEASURED`) float32 in /min, ms and degrees, NaN for none.
        patient: (records, 2) float32, age (years) and 1 for female, NaN where unknown.
        score: (records,) float32, technical quality, 0 to 1.
    """

    ids: NDArray[np.int64]
    leads: NDArray[np.int16]
    beats: NDArray[np.float32]
    kinds: NDArray[np.int8]
    measured: NDArray[np.float32]
    patient: NDArray[np.float32]
    score: NDArray[np.float32]

    def of(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Shard:
        """Return some rows."""
        return Shard(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Examples:
    """Recordings with their folds and labels (see `Vocabulary.labels`)."""

    rows: Shard
    fold: NDArray[np.int64]
    labels: NDArray[np.float32]

    def of(self, folds: range) -> Examples:
        """Return those of some folds."""
        chosen = np.isin(self.fold, list(folds))
        return Examples(self.rows.of(chosen), self.fold[chosen], self.labels[chosen])


def load(
    folder: Path,
    rate: int,
    folds: range,
    words: Vocabulary,
    work: Path,
    jobs: int,
    say: Callable[[str], None],
) -> Examples:
    """Return recordings as arrays; shards that an earlier call left in `work` are used again.

    Raises:
        ModelError: There is none.
    """
    parts = shards(folder, rate, folds)
    work.mkdir(parents=True, exist_ok=True)
    found, kept = [], []
    with processes(jobs) as pool:
        for name, these in parts.items():
            file = work / f"beats-{name}.npz"
            shard = _stored(file, [row.number for row in these])
            if shard is None:
                made = pool.map(_example, these, chunksize=8)
                shard = _stack([one for one in made if one is not None])
                _store(file, [row.number for row in these], shard)
                say(f"{len(these)} recordings at {rate} Hz of fold {these[0].fold} measured")
            found.append(shard)
            present = set(shard.ids.tolist())
            kept += [row for row in these if row.number in present]
    whole = Shard(
        *(np.concatenate([getattr(one, field.name) for one in found]) for field in fields(Shard))
    )
    return Examples(
        whole,
        np.array([row.fold for row in kept]),
        np.stack([words.labels(row.codes) for row in kept]),
    )


def _example(row: Row) -> dict[str, NDArray[np.generic]] | None:
    """Return one row of a shard, `None` where a lead is missing or nothing could be measured."""
    try:
        # PTB-XL keeps age and sex in its table, not in the recordings.
        record = replace(read_path(row.path), patient=row.patient)
        analysis = analyse(record)
    except RecordError:
        return None
    leads = [record.lead(name) for name in INDEPENDENT]
    if analysis.measurements is None or any(lead is None for lead in leads):
        return None
    signal = np.nan_to_num(np.stack([lead for lead in leads if lead is not None])) * 1000.0
    return {
        "ids": np.array(row.number),
        "leads": np.clip(np.round(signal), -32767, 32767).astype(np.int16),
        **_beats(analysis),
        "patient": np.array(
            [
                np.nan if row.patient.age_years is None else row.patient.age_years,
                {"female": 1.0, "male": 0.0}.get(row.patient.sex or "", np.nan),
            ],
            np.float32,
        ),
        "score": np.array(analysis.quality.score, np.float32),
    }


def _beats(analysis: Analysis) -> dict[str, NDArray[np.generic]]:
    assert analysis.measurements is not None
    found = analysis.measurements.beats[:BEATS]
    start = analysis.conditioned.start_s
    beats = np.full(BEATS, np.nan, np.float32)
    kinds = np.full(BEATS, -1, np.int8)
    beats[: len(found)] = [start + beat.time_s for beat in found]
    kinds[: len(found)] = [KINDS.index(beat.kind) for beat in found]
    values = [getattr(analysis.measurements, name).value for name in MEASURED]
    row = np.array([np.nan if value is None else value for value in values], np.float32)
    return {"beats": beats, "kinds": kinds, "measured": row}


def _stack(found: Sequence[dict[str, NDArray[np.generic]]]) -> Shard:
    return Shard(*(np.stack([one[field.name] for one in found]) for field in fields(Shard)))


def _stored(file: Path, asked: Sequence[int]) -> Shard | None:
    """Return a shard, `None` where it is not there or of other records."""
    if not file.is_file():
        return None
    with np.load(file) as kept:
        if list(kept["asked"]) != list(asked) or tuple(kept["names"]) != MEASURED:
            return None
        return Shard(*(kept[field.name] for field in fields(Shard)))


def _store(file: Path, asked: Sequence[int], shard: Shard) -> None:
    part = file.with_suffix(".part.npz")
    arrays = {field.name: getattr(shard, field.name) for field in fields(shard)}
    np.savez(part, asked=asked, names=MEASURED, **arrays)
    part.replace(file)
