"""Pacemaker stimuli: how fast, and in which chamber.

It knows the time from each spike to the QRS complex: a ventricular stimulus stands at its onset, an
atrial one an AV delay before it. It does not know pacemakers' programmes, and it cannot see a
stimulus that left no spike: in a recording of 250 Hz or less hardly any does, and bipolar
stimulation leaves one that is often too small. That no spike was found is therefore no proof of
the patient's own rhythm.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ecgcli.signals.results import ANALYSIS_RATE, Chamber, Measured, Pacing

TOO_SLOW = 250.0
"""Sampling rate (Hz) of the source up to which a spike of 1 ms leaves no trace to rely on."""
MS = 1000.0 / ANALYSIS_RATE
# A ventricular stimulus stands at most this long (ms) before the onset of its QRS complex (latency
# and the error of the onset), or a little behind an onset set too early.
VENTRICULAR_MS = (-50.0, 70.0)
# AV delays as programmed run from 120 to 250 ms; intrinsic conduction of a paced P wave is longer.
ATRIAL_MS = (100.0, 330.0)
ALIKE_MS = 25.0  # delays of one chamber vary less than this about their median
LEAST = 2  # stimulated beats: a lone spike is an artefact
SHARE = 0.5  # of the spikes that belong to a chamber, or nothing is said of the chamber
ONE_MISSING = 1.5  # in units of the shortest intervals
LONGEST_MS, SHORTEST_MS = 2000.0, 250.0  # intervals of pacing
NO_SPIKES = "no pacing spikes"
NOT_AT_THIS_RATE = "at {rate:g} samples per second pacing spikes leave no trace"
ONE = "a single spike, an artefact rather than a stimulus"
NO_PATTERN = "the spikes have no constant distance from the QRS complexes"


def pacing(spikes: NDArray[np.int64], onsets: Sequence[int | None], source_rate: float) -> Pacing:
    """Return what the spikes tell of a pacemaker.

    Args:
        spikes: Sample indices at `ANALYSIS_RATE`, from `spikes.find`.
        onsets: Of the QRS complexes, at the same rate, `None` where a complex has none.
        source_rate: Samples per second of the recording as it was read.
    """
    known = np.array([onset for onset in onsets if onset is not None], dtype=np.int64)
    ventricular = _before(spikes, known, VENTRICULAR_MS)
    atrial = _before(spikes, known, ATRIAL_MS)
    paced = {
        chamber: own
        for chamber, own in ((Chamber.VENTRICULAR, ventricular), (Chamber.ATRIAL, atrial))
        if len(own) >= LEAST
    }
    if not paced:
        return _without(spikes, source_rate)
    followed = len(np.union1d(ventricular, atrial))
    chamber, reason = None, None
    if followed < SHARE * len(spikes):
        reason = NO_PATTERN
    elif len(paced) == 2 and min(map(len, paced.values())) >= SHARE * max(map(len, paced.values())):
        chamber = Chamber.DUAL
    else:
        chamber = max(paced, key=lambda each: len(paced[each]))
    leading = max(paced.values(), key=len)
    return Pacing(True, len(spikes), _rate(leading, len(known)), chamber, reason)


def _before(
    spikes: NDArray[np.int64], onsets: NDArray[np.int64], span: tuple[float, float]
) -> NDArray[np.int64]:
    """Return the spikes that precede a QRS onset by a constant time within a span (ms)."""
    if len(spikes) == 0 or len(onsets) == 0:
        return spikes[:0]
    delay = (onsets[None, :] - spikes[:, None]) * MS
    inside = (delay >= span[0]) & (delay <= span[1])
    own = inside.any(axis=1)
    if not own.any():
        return spikes[:0]
    first = np.where(inside, delay, np.inf).min(axis=1)[own]
    result: NDArray[np.int64] = spikes[own][np.abs(first - np.median(first)) <= ALIKE_MS]
    return result


def _rate(spikes: NDArray[np.int64], beats: int) -> Measured:
    """Return the rate of the stimuli from those that follow each other without a pause."""
    intervals = np.diff(spikes) * MS
    intervals = intervals[(intervals >= SHORTEST_MS) & (intervals <= LONGEST_MS)]
    if len(intervals) == 0:
        return Measured(None, "/min", reason="no two stimulated beats follow each other")
    # A spike that was not found makes an interval twice as long.
    intervals = intervals[intervals <= ONE_MISSING * np.quantile(intervals, 0.1)]
    sure = (1.0 - 0.4 / len(intervals)) * min(len(spikes) / max(beats, 1), 1.0)
    return Measured(60000.0 / float(np.median(intervals)), "/min", confidence=round(sure, 3))


def _without(spikes: NDArray[np.int64], source_rate: float) -> Pacing:
    """Return that there is no pacing, or that it cannot be told."""
    count = len(spikes)
    if source_rate <= TOO_SLOW:
        present, reason = None, NOT_AT_THIS_RATE.format(rate=source_rate)
    elif count == 0:
        present, reason = False, NO_SPIKES
    elif count == 1:
        present, reason = False, ONE
    else:
        present, reason = None, NO_PATTERN
    why = reason if present is None else NO_SPIKES
    return Pacing(present, count, Measured(None, "/min", reason=why), None, reason)
