"""Rate, RR intervals and the correction of QT for rate.

It knows beat times and formulas; it does not know what is too long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgcli.signals.results import ANALYSIS_RATE, BeatClass, Measured

GAP_S = 0.3  # an RR interval with this long a stretch without any valid sample is not one
ECTOPIC = {BeatClass.VENTRICULAR, BeatClass.SUPRAVENTRICULAR, BeatClass.OTHER}


@dataclass(frozen=True, slots=True)
class Rhythm:
    """RR intervals in ms: of all beats, and those from one beat of the basic rhythm to the next."""

    every: NDArray[np.float64]
    basic: NDArray[np.float64]

    def usual(self) -> NDArray[np.float64]:
        """Return the intervals that QT is corrected by: the basic ones, or all where none is."""
        return self.basic if len(self.basic) else self.every


def rhythm(at: NDArray[np.int64], kinds: tuple[BeatClass, ...], known: NDArray[np.bool_]) -> Rhythm:
    """Return the RR intervals.

    Args:
        at: (beats,) sample indices at 500 Hz.
        kinds: Class of each beat.
        known: (samples,) bool, whether any usable lead has a valid sample there.
    """
    if len(at) < 2:
        return Rhythm(np.zeros(0), np.zeros(0))
    unknown = np.concatenate(([0], np.cumsum(~known)))
    whole = unknown[at[1:]] - unknown[at[:-1]] < GAP_S * ANALYSIS_RATE
    intervals = np.diff(at) * (1000.0 / ANALYSIS_RATE)
    plain = np.array([kind not in ECTOPIC for kind in kinds])
    return Rhythm(intervals[whole], intervals[whole & plain[1:] & plain[:-1]])


def corrected(qt: Measured, rr_ms: float | None) -> dict[str, Measured]:
    """Return QT corrected for rate by four formulas, in ms.

    Bazett (1920) QT / sqrt(RR); Fridericia (1920) QT / cbrt(RR); Framingham (Sagie 1992)
    QT + 154 (1 - RR); Hodges (1983) QT + 1.75 (rate - 60); RR in s. RR is the mean of the
    intervals of the basic rhythm, also where that is irregular.
    """
    names = ("qtc_bazett", "qtc_fridericia", "qtc_framingham", "qtc_hodges")
    if qt.value is None:
        return {name: Measured(None, "ms", reason=f"no QT interval: {qt.reason}") for name in names}
    if rr_ms is None:
        return {name: Measured(None, "ms", reason="no RR interval") for name in names}
    rr = rr_ms / 1000.0
    values = (
        qt.value / rr**0.5,
        qt.value / rr ** (1.0 / 3.0),
        qt.value + 154.0 * (1.0 - rr),
        qt.value + 1.75 * (60.0 / rr - 60.0),
    )
    return {
        name: Measured(value, "ms", confidence=qt.confidence)
        for name, value in zip(names, values, strict=True)
    }
