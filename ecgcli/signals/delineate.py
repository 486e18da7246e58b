"""How wide a QRS complex is, by the spatial velocity of averaged beats.

It knows slopes; it is what groups of beats are told apart by (`classes`). What is measured and
reported comes from the network's marks (`shares`, `fuse`, `marks`).

Onset and end are those of the spatial velocity (the root of the sum over leads of squared slopes),
so that the earliest activity in any lead begins the complex and the latest ends it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecgcli.signals.results import ANALYSIS_RATE

MS = ANALYSIS_RATE / 1000.0  # samples per ms
VELOCITY_HALF = 4  # samples: slope between points 16 ms apart
ONSET_SHARE = 0.04  # of the largest velocity
END_SHARE = 0.05
ONSET_NOISE = 4.0  # times the quiet level before the complex
END_NOISE = 2.0  # times that of the ST segment, which has a slope of its own
QRS_GAP = 6  # samples below the limit that do not end a complex
QRS_REACH = (80, 100)  # samples: how far from the middle a QRS complex may extend
T_FROM = 20  # samples after the QRS end


def velocity(beat: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (samples,) the spatial velocity of (leads, samples) in mV per sample."""
    half = VELOCITY_HALF
    slope = np.zeros(beat.shape)
    slope[:, half:-half] = (beat[:, 2 * half :] - beat[:, : -2 * half]) / (2.0 * half)
    result: NDArray[np.float64] = np.sqrt((slope**2).sum(axis=0))
    return result


def qrs(beat: NDArray[np.float32], middle: int) -> tuple[int, int]:
    """Return onset and end of the QRS complex around `middle` in (leads, samples)."""
    speed = velocity(beat)
    last = len(speed) - 1 - VELOCITY_HALF
    low, high = max(middle - QRS_REACH[0], VELOCITY_HALF), min(middle + QRS_REACH[1], last)
    near = max(middle - 50, VELOCITY_HALF)
    peak = near + int(np.argmax(speed[near : min(middle + 50, last)]))
    quiet = float(np.quantile(speed[max(middle - 110, VELOCITY_HALF) : middle - 20], 0.2))
    onset = _walk(speed, peak, low, max(ONSET_SHARE * speed[peak], ONSET_NOISE * quiet), -1)
    after = speed[min(middle + 30, last - 20) : min(middle + 130, last)]
    quiet = float(np.quantile(after, 0.2))
    end = _walk(speed, peak, high, max(END_SHARE * speed[peak], END_NOISE * quiet), 1)
    return onset, end


def _walk(speed: NDArray[np.float64], start: int, stop: int, limit: float, step: int) -> int:
    """Return the last sample from `start` towards `stop` that is above the limit, over gaps."""
    part = speed[start : stop + 1] if step > 0 else speed[stop : start + 1][::-1]
    above = np.flatnonzero(part > limit)
    if len(above) == 0:
        return start
    gaps = np.flatnonzero(np.diff(above) > QRS_GAP)
    far = int(above[gaps[0]]) if len(gaps) else int(above[-1])
    return start + step * far


def smooth(beat: NDArray[np.float32], width: int) -> NDArray[np.float64]:
    """Return the centred running mean of odd width along the samples."""
    padded = np.pad(beat.astype(np.float64), ((0, 0), (width // 2 + 1, width // 2)), mode="edge")
    total = np.cumsum(padded, axis=1)
    result: NDArray[np.float64] = (total[:, width:] - total[:, :-width]) / width
    return result
