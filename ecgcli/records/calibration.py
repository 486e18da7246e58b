"""The calibration pulse that some machines append to a recording, and where the ECG ends before it.

Philips Sierra files end with half a second in which every lead shows the same rectangle of 1 mV. It
is no ECG: measured as one it is a wide beat in all leads at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PULSE_MV = 1.0
_TOLERANCE_MV = 0.1
_SAME_MV = 0.001
_SHORTEST_S = 0.05
_LONGEST_S = 3.0


def without_pulse(signal: NDArray[np.number], rate: float) -> tuple[int, int]:
    """Return where the ECG begins and ends, in samples; the whole length where there is no pulse.

    A pulse is a stretch at the very beginning or end in which all leads are the same and at 0 or
    1 mV only, with 1 mV for at least 50 ms. Leads that obey Einthoven (III = II - I) cannot be the
    same and at 1 mV.

    Args:
        signal: (leads, samples) in mV, as recorded, limb leads among them.
        rate: Samples per second.
    """
    length = signal.shape[1]
    if len(signal) < 3:
        return 0, length
    reach = min(length, round(_LONGEST_S * rate))
    end = length - _pulse_length(signal[:, length - reach :][:, ::-1], rate)
    start = _pulse_length(signal[:, :reach], rate)
    return (start, end) if start < end else (0, length)


def _pulse_length(signal: NDArray[np.number], rate: float) -> int:
    """Return how many samples from the first one on belong to a pulse; 0 if there is none."""
    if not _same(signal[:, :1])[0]:  # nearly always: one sample tells
        return 0
    same = _same(signal)
    length = int(np.argmin(same)) if not same.all() else len(same)
    level = signal[0, :length]
    high = np.abs(level - PULSE_MV) <= _TOLERANCE_MV
    low = np.abs(level) <= _TOLERANCE_MV
    steps = ~(high | low)  # the flanks, some samples at most
    if high.sum() < _SHORTEST_S * rate or steps.sum() > 0.02 * rate or length == len(same):
        return 0
    return length


def _same(signal: NDArray[np.number]) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = np.ptp(signal, axis=0) <= _SAME_MV
    return same
