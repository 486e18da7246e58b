"""From the network's class shares to waves: onset, peak and end, or no wave at all.

It knows the order of waves in a heart beat and how to read a border off shares; it does not know
the network.

The share of "QRS" in one output sample is how sure the network is that the complex has begun
there; summed from before the onset to the middle of the wave it is the expected length of that
half. The onset read off in this way is the mean of where a reader would set it and lies between
samples.

All waves of one kind in all leads are read at once; a lead's marks are the same with others beside
it, for each sum goes over one wave alone, from its middle outwards.
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
    return read(network.shares(signal), STEP, limits)


def waves(shares: NDArray[np.floating], step: int = 2, limits: Limits = DEFAULT) -> LeadWaves:
    """Return the waves of one lead, whose shares are (7, samples); see `read`."""
    return read(shares[None], step, limits)[0]


def read(shares: NDArray[np.floating], step: int = 2, limits: Limits = DEFAULT) -> list[LeadWaves]:
    """Return the waves of each lead.

    Args:
        shares: (leads, 7, samples) shares of the classes of `models.delineator`, adding to 1.
        step: Input samples per output sample.
        limits: What makes a wave.

    Returns:
        Marks in input samples.
    """
    classes = np.asarray(shares, dtype=np.float64)
    p, qrs, t = (
        _Course(np.ascontiguousarray(classes[:, k]), classes[:, k] + classes[:, k + 1])
        for k in (1, 3, 5)
    )
    p_runs, qrs_runs, t_runs = (_found(w.sure, limits, k) for k, w in enumerate((p, qrs, t)))
    qrs_runs = [
        _apart(runs, row, limits.qrs_apart) for runs, row in zip(qrs_runs, qrs.sure, strict=True)
    ]
    t_runs = [
        _one_per_beat(runs, beats, row)
        for runs, beats, row in zip(t_runs, qrs_runs, t.sure, strict=True)
    ]
    marks = [
        _marks(course, runs, limits.reach[k])
        for k, (course, runs) in enumerate(((p, p_runs), (qrs, qrs_runs), (t, t_runs)))
    ]
    return [LeadWaves(*(rows * step for rows in lead)) for lead in zip(*marks, strict=True)]


Run = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Course:
    """The shares of one wave in all leads, (leads, samples): of its first half, and of all."""

    rise: NDArray[np.float64]
    sure: NDArray[np.float64]


def _found(sure: NDArray[np.float64], limits: Limits, wave: int) -> list[list[Run]]:
    """Return, for each lead, stretches (first, last) that are probably the wave."""
    runs: list[list[Run]] = [[] for _ in sure]
    lead, at = np.nonzero(sure > limits.inside)
    if not len(at):
        return runs
    new = (np.diff(at) > 2) | (np.diff(lead) > 0)
    starts = np.concatenate(([0], np.flatnonzero(new) + 1))
    ends = np.append(starts[1:], len(at)) - 1
    values = sure[lead, at]
    probable = np.maximum.reduceat(values, starts) >= limits.share[wave]
    probable &= np.add.reduceat(values, starts) >= limits.mass[wave]
    firsts, lasts = at[starts[probable]].tolist(), at[ends[probable]].tolist()
    for own, first, last in zip(lead[starts[probable]].tolist(), firsts, lasts, strict=True):
        runs[own].append((first, last))
    return runs


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


def _marks(course: _Course, runs: list[list[Run]], reach: int) -> list[NDArray[np.float64]]:
    """Return onset, peak and end of each lead's waves in output samples, (waves, 3) per lead."""
    counts = [len(own) for own in runs]
    if not any(counts):
        return [np.zeros((0, 3)) for _ in runs]
    lead = np.repeat(np.arange(len(runs)), counts)[:, None]
    first, last = np.array([run for own in runs for run in own]).T[:, :, None]
    # The wave, sample by sample; 0 behind the end of those that are shorter than the longest.
    inside = first + np.arange(int((last - first).max()) + 1)
    within = inside <= last
    inside = np.minimum(inside, last)
    sure = np.where(within, course.sure[lead, inside], 0.0)
    middle = first + sure.argmax(axis=1, keepdims=True)
    best = course.sure[lead, middle]
    low = np.maximum(first - reach, 0)
    high = np.minimum(last + reach, course.sure.shape[1] - 1)
    left = _outwards(course.sure, lead, middle, -1, middle - low + 1) / best
    right = _outwards(course.sure, lead, middle + 1, 1, high - middle) / best
    onset, end = middle + 0.5 - left, middle + 0.5 + right
    part = np.where(within, course.rise[lead, inside] / np.maximum(sure, 1e-9), 0.0)
    peak = first - 0.5 + _total(part)
    marks = np.concatenate((onset, np.clip(peak, onset, end), end), axis=1)
    return np.split(marks, np.cumsum(counts)[:-1])


def _outwards(
    sure: NDArray[np.float64],
    lead: NDArray[np.intp],
    start: NDArray[np.intp],
    way: int,
    count: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return the sum of `count` shares from `start` on, (waves, 1).

    None counts for more than the ones before it: a neighbour of the same kind is not weighed in.
    """
    on = np.arange(max(int(count.max()), 1))
    at = np.clip(start + way * on, 0, sure.shape[1] - 1)
    return _total(np.minimum.accumulate(np.where(on < count, sure[lead, at], 0.0), axis=1))


def _total(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (rows, 1) sums, which zeros at the end of a row do not change in any digit."""
    return np.cumsum(rows, axis=1)[:, -1:]
