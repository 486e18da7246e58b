"""Pacing spikes: where they are, and the signal without them.

It knows what a stimulus artefact looks like at 500 Hz: a deflection of a few ms that rises from a
quiet line and is over again, in several leads at once. It does not know which chamber was paced
(`classes` asks how far behind the spike the QRS complex follows). A recorder with a low sampling
rate or a narrow band has no spikes left to find.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NEAR = 3  # samples (6 ms): a spike is over by then, the narrowest R wave (of an infant) is not
FAR = 10  # samples (20 ms): the line that a spike starts from
LOWEST_MV = 0.15  # smaller ones cannot be told from muscle noise at this bandwidth
TALL_MV = 0.4  # from here on what follows the spike (ringing, a decay) need not be quiet
WIDEST = 5  # samples on each side of a spike that are bridged
RINGING = 20  # samples (40 ms) after a spike in which its ringing is bridged, too
CALM = 0.15  # slope, in units of the spike's own, below which the ringing is over


def find(signal: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the sample indices of pacing spikes.

    Args:
        signal: (leads, samples) in mV at 500 Hz, usable leads only.
    """
    leads, samples = signal.shape
    if leads == 0 or samples <= 2 * FAR:
        return np.zeros(0, dtype=np.int64)
    middle = signal[:, FAR:-FAR]
    before, after = (
        signal[:, FAR - NEAR : -FAR - NEAR],
        signal[:, FAR + NEAR : samples - FAR + NEAR],
    )
    rise, fall = middle - before, middle - after
    height = np.minimum(np.abs(rise), np.abs(fall))
    candidate = (height > LOWEST_MV) & (rise * fall > 0)
    at = np.flatnonzero(candidate.sum(axis=0) >= min(2, leads))
    if len(at) == 0:
        return np.zeros(0, dtype=np.int64)
    # Only now, for the few candidates, the comparison with what lies around them.
    here = height[:, at]
    earlier = np.abs(before[:, at] - signal[:, at])
    later = np.abs(after[:, at] - signal[:, at + 2 * FAR])
    sudden = np.abs(middle[:, at] - signal[:, at + FAR - 2]) > 0.6 * np.abs(rise[:, at])
    usual = np.quantile(height[:, ::7], 0.98, axis=1)[:, None]
    sharp = candidate[:, at] & (earlier < 0.3 * here) & sudden
    sharp &= ((later < 0.6 * here) & (here > 3 * usual)) | (here > TALL_MV)
    strength = np.where(sharp, here, 0.0).sum(axis=0)
    good = sharp.sum(axis=0) >= min(3, leads)
    at, strength = at[good] + FAR, strength[good]
    found: list[int] = []
    for index in np.argsort(-strength, kind="stable"):
        if all(abs(int(at[index]) - other) > 2 * WIDEST for other in found):
            found.append(int(at[index]))
    return np.array(sorted(found), dtype=np.int64)


def remove(signal: NDArray[np.float32], spikes: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the signal with a straight line in place of each spike."""
    if len(spikes) == 0:
        return signal
    result = signal.copy()
    last = signal.shape[1] - 1
    for spike in spikes.tolist():
        first, end = max(spike - WIDEST, 0), min(_end(signal, spike), last)
        line = np.linspace(0.0, 1.0, end - first + 1, dtype=np.float32)
        a, b = signal[:, first, None], signal[:, end, None]
        result[:, first : end + 1] = a + (b - a) * line
    return result


def _end(signal: NDArray[np.float32], spike: int) -> int:
    """Return the last sample to bridge: where the spike and its ringing are over."""
    part = signal[:, max(spike - WIDEST, 0) : spike + RINGING + 1]
    steps = np.abs(np.diff(part, axis=1)).max(axis=0)
    loud = np.flatnonzero(steps > CALM * steps[: 2 * WIDEST].max())
    return max(max(spike - WIDEST, 0) + int(loud[-1]) + 3, spike + WIDEST)
