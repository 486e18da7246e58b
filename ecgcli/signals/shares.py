"""From the network's class shares to waves: onset, peak and end, or no wave at all.

It knows the order of waves in a heart beat and how to read a border off shares; it does not know
the network.

The share of "QRS" in one output sample is how sure the network is that the complex has begun
there; summed from before the onset to the middle of the wave it is the expected length of that
half. The onset read off in this way is the mean of where a reader would set it and lies between
samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.models.delineator import STEP, Delineator
from ecgcli.signals.delineation import LeadWaves

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUTPUT_RATE = 250.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What makes a wave; lengths in output samples of 4 ms."""

    share: tuple[float, float, float] = (0.5, 0.5, 0.5)  # P, QRS, T: of the surest sample
    inside: float = 0.3  # of the share, still the same wave
    mass: tuple[float, float, float] = (6.0, 6.0, 10.0)
    reach: tuple[int, int, int] = (15, 12, 30)  # how far outside a border may still be weighed
    qrs_apart: int = 40


DEFAULT = Limits()


def mark(
    network: Delineator, signal: NDArray[np.float32], limits: Limits = DEFAULT
) -> list[LeadWaves]:
    """Return the waves of each lead, in samples.

    Args:
        network: Which one marks.
        signal: (leads, samples) in mV at 500 Hz, conditioned: the leads that were recorded.
        limits: What makes a wave.
    """
    return [waves(row, STEP, limits) for row in network.shares(signal)]


def waves(shares: NDArray[np.floating], step: int = 2, limits: Limits = DEFAULT) -> LeadWaves:
    """Return the waves of one lead.

    Args:
        shares: (7, samples) shares of the classes of `models.delineator`, each column adding to 1.
        step: Input samples per output sample.
        limits: What makes a wave.

    Returns:
        Marks in input samples.
    """
    classes = np.asarray(shares, dtype=np.float64)
    sure = np.stack([classes[1] + classes[2], classes[3] + classes[4], classes[5] + classes[6]])
    qrs = _found(sure[1], limits, 1)
    qrs = _apart(qrs, sure[1], limits.qrs_apart)
    p = _found(sure[0], limits, 0)
    t = _one_per_beat(_found(sure[2], limits, 2), qrs, sure[2])
    result = [
        np.array([_marks(classes, sure, w, run, limits) for run in runs]).reshape(-1, 3) * step
        for w, runs in enumerate((p, qrs, t))
    ]
    return LeadWaves(*result)


Run = tuple[int, int]


def _found(sure: NDArray[np.float64], limits: Limits, wave: int) -> list[Run]:
    """Return stretches (first, last) that are probably the wave."""
    inside = np.flatnonzero(sure > limits.inside)
    if not len(inside):
        return []
    runs = np.split(inside, np.flatnonzero(np.diff(inside) > 2) + 1)
    return [
        (int(run[0]), int(run[-1]))
        for run in runs
        if sure[run].max() >= limits.share[wave] and sure[run].sum() >= limits.mass[wave]
    ]


def _apart(runs: list[Run], sure: NDArray[np.float64], least: int) -> list[Run]:
    """Return runs of which no two are nearer than physiology allows; the surer one stays."""
    kept: list[Run] = []
    for run in runs:
        if kept and (run[0] + run[1]) / 2 - sum(kept[-1]) / 2 < least:
            if _mass(sure, run) > _mass(sure, kept[-1]):
                kept[-1] = run
        else:
            kept.append(run)
    return kept


def _one_per_beat(runs: list[Run], qrs: list[Run], sure: NDArray[np.float64]) -> list[Run]:
    """Return at most one T wave between two QRS complexes, the surest."""
    best: dict[int, Run] = {}
    starts = np.array([run[0] for run in qrs])
    for run in runs:
        beat = int(np.searchsorted(starts, run[0]))
        if beat not in best or _mass(sure, run) > _mass(sure, best[beat]):
            best[beat] = run
    return [best[beat] for beat in sorted(best)]


def _mass(sure: NDArray[np.float64], run: Run) -> float:
    return float(sure[run[0] : run[1] + 1].sum())


def _marks(
    classes: NDArray[np.float64],
    sure: NDArray[np.float64],
    wave: int,
    run: Run,
    limits: Limits,
) -> tuple[float, float, float]:
    """Return onset, peak and end in output samples."""
    first, last = run
    row = sure[wave]
    rise, fall = classes[1 + 2 * wave], classes[2 + 2 * wave]
    middle = first + int(np.argmax(row[first : last + 1]))
    best = row[middle]
    low, high = max(first - limits.reach[wave], 0), min(last + limits.reach[wave], len(row) - 1)
    # A neighbour of the same kind is not weighed in.
    before = np.flatnonzero(np.minimum.accumulate(row[low : middle + 1][::-1]) > 0.0)
    after = np.flatnonzero(np.minimum.accumulate(row[middle : high + 1]) > 0.0)
    left = np.minimum.accumulate(row[low : middle + 1][::-1])[before].sum() / best
    right = np.minimum.accumulate(row[middle + 1 : high + 1])[: max(len(after) - 1, 0)].sum() / best
    onset, end = middle + 0.5 - left, middle + 0.5 + right
    part = slice(first, last + 1)
    both = rise[part] + fall[part]
    peak = first - 0.5 + float((rise[part] / np.maximum(both, 1e-9)).sum())
    return float(onset), float(np.clip(peak, onset, end)), float(end)
