"""Generated recordings held against all that the generator was trained on.

It knows where the training recordings are and shares the comparing out; what is near is
`neighbours`'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgcli.generation import neighbours
from ecgcli.generation.neighbours import Nearest
from ecgcli.generation.observed import SAMPLES, Observed, of_row, there
from ecgcli.models.generator.layout import INDEPENDENT
from ecgcli.training.generator import rows
from ecgcli.training.ptbxl_table import table
from ecgcli.training.vocabulary import vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRAINING = range(1, 9)
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Leads:
    """Recordings as they are compared.

    Attributes:
        ids: (recordings,) PTB-XL's `ecg_id`.
        leads: (recordings, 8, 1000) int16 in uV at 100 Hz.
        beats: (recordings, leads, samples) median beats, NaN where there is none.
    """

    ids: NDArray[np.int64]
    leads: NDArray[np.int16]
    beats: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Copies:
    """The nearest training recordings of the generated and of real ones, by signal and by beat."""

    training: Leads
    generated: Leads
    generated_signal: Nearest
    generated_beat: Nearest
    real_signal: Nearest
    real_beat: Nearest

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers."""
        ids = self.training.ids
        return {
            "training": len(ids),
            "signal": neighbours.summary(self.generated_signal, self.real_signal, ids),
            "beat": neighbours.summary(self.generated_beat, self.real_beat, ids),
        }


def training_leads(
    pool: ProcessPoolExecutor,
    folder: Path,
    work: Path,
    limit: int | None,
    jobs: int,
    say: Callable[[str], None],
) -> Leads:
    """Return the training recordings, or some of them, spread evenly.

    All of them are those that the training measured: what it left in `work` is used again.

    Args:
        pool: Measures some.
        folder: PTB-XL.
        work: Folder of the generator's training.
        limit: How many, `None` for all.
        jobs: Processes that measure all.
        say: Takes lines about the progress.
    """
    if limit is None:
        found = rows.load(folder, 100, TRAINING, vocabulary(folder), work / "rows", jobs, say).rows
        return _leads(found.ids, found.leads, found.beats, found.kinds)
    some = [row for row in table(folder, 100) if row.fold in TRAINING]
    chosen = np.linspace(0, len(some) - 1, min(limit, len(some))).round().astype(int)
    kept = [some[at] for at in np.unique(chosen)]
    say(f"{len(kept)} training recordings")
    seen = list(pool.map(of_row, kept, chunksize=4))
    ids = np.array([row.number for row, one in zip(kept, seen, strict=True) if one is not None])
    return _of_observed(there(seen), ids)


def _of_observed(seen: Sequence[Observed], ids: NDArray[np.int64]) -> Leads:
    return _leads(
        ids,
        np.array([one.leads for one in seen], np.int16).reshape(-1, len(INDEPENDENT), SAMPLES),
        np.array([one.beats for one in seen], np.float32).reshape(-1, rows.BEATS),
        np.array([one.kinds for one in seen], np.int8).reshape(-1, rows.BEATS),
    )


def _leads(
    ids: NDArray[np.int64],
    leads: NDArray[np.int16],
    times: NDArray[np.float32],
    kinds: NDArray[np.int8],
) -> Leads:
    beats = [neighbours.median_beat(*one) for one in zip(leads, times, kinds, strict=True)]
    return Leads(ids, leads, np.stack(beats))


def copies(
    pool: ProcessPoolExecutor,
    training: Leads,
    generated: Sequence[Observed | None],
    real: Sequence[Observed | None],
) -> Copies | None:
    """Return the nearest training recordings, `None` where there is nothing to compare.

    The places of `generated` are kept: what could not be read has no nearest one.
    """
    if not len(training.ids) or not there(generated) or not there(real):
        return None
    own, theirs = _placed(generated), _placed(real)
    both = np.concatenate((own.leads, theirs.leads))
    signal = _nearest_signals(pool, neighbours.banded(both), training.leads)
    unread = np.array([one is None for one in (*generated, *real)])
    signal = replace(signal, distance=np.where(unread, np.nan, signal.distance))
    count = len(own.leads)
    return Copies(
        training,
        own,
        _part(signal, slice(None, count)),
        neighbours.beats(own.beats, training.beats),
        _part(signal, slice(count, None)),
        neighbours.beats(theirs.beats, training.beats),
    )


def _placed(observed: Sequence[Observed | None]) -> Leads:
    """Return recordings with empty ones in the place of those that could not be read."""
    seen = there(observed)
    known = np.flatnonzero([one is not None for one in observed])
    found = _of_observed(seen, known)
    leads = np.zeros((len(observed), *found.leads.shape[1:]), np.int16)
    beats = np.full((len(observed), *found.beats.shape[1:]), np.nan, np.float32)
    leads[known], beats[known] = found.leads, found.beats
    return Leads(np.arange(len(observed)), leads, beats)


def _nearest_signals(
    pool: ProcessPoolExecutor, queries: NDArray[np.float32], leads: NDArray[np.int16]
) -> Nearest:
    parts = [leads[first : first + CHUNK] for first in range(0, len(leads), CHUNK)]
    found = neighbours.nobody(len(queries))
    for at, part in enumerate(pool.map(partial(_in_part, queries), parts)):
        found = found.nearer(part, at * CHUNK)
    return found


def _in_part(queries: NDArray[np.float32], leads: NDArray[np.int16]) -> Nearest:
    return neighbours.whole(queries, neighbours.banded(leads))


def _part(found: Nearest, rows_of: slice) -> Nearest:
    return Nearest(found.distance[rows_of], found.place[rows_of], found.shift[rows_of])
