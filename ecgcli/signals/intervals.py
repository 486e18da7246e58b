"""Rate, RR intervals, the intervals of the median beat and the correction of QT for rate.

It knows beat times, onsets and ends, and formulas; it does not know what is too long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgcli.signals import confidence
from ecgcli.signals.confidence import Basis, none
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


def rates(rhythm: Rhythm, leads: int, alike: float) -> dict[str, Measured]:
    """Return rate and RR intervals."""
    every, basic = rhythm.every, rhythm.basic
    if len(every) == 0:
        one = "fewer than two beats"
        return {
            "ventricular_rate": none("/min", one),
            "rr_mean": none("ms", one),
            "rr_variation": none("%", one),
            "longest_rr": none("ms", one),
        }
    sure = confidence.sure(len(every), leads, alike)
    usual = rhythm.usual()
    variation = (
        Measured(100.0 * float(basic.std(ddof=1) / basic.mean()), "%", confidence=sure)
        if len(basic) >= 3
        else none("%", "fewer than three RR intervals between beats of the basic rhythm")
    )
    return {
        "ventricular_rate": Measured(60000.0 / float(every.mean()), "/min", confidence=sure),
        "rr_mean": Measured(float(usual.mean()), "ms", confidence=sure),
        "rr_variation": variation,
        "longest_rr": Measured(float(every.max()), "ms", confidence=sure),
    }


def of_beat(basis: Basis) -> dict[str, Measured]:
    """Return the intervals of the median beat."""
    marks, count, leads, consistency = basis.marks, basis.beats, basis.leads, basis.consistency
    ms = 1000.0 / ANALYSIS_RATE
    onset, end = marks.qrs
    atrial, t = marks.atrial, marks.t
    result = {
        "qrs_duration": Measured(
            (end - onset) * ms, "ms", confidence=confidence.sure(count, leads, consistency)
        )
    }
    if atrial.onset is not None and atrial.end is not None:
        sure = confidence.sure(count, leads, min(atrial.consistency + 0.2, 1.0), atrial.spread_ms)
        result["p_duration"] = Measured((atrial.end - atrial.onset) * ms, "ms", confidence=sure)
        result["pr_interval"] = Measured((onset - atrial.onset) * ms, "ms", confidence=sure)
    else:
        result["p_duration"] = none("ms", f"no P wave: {atrial.reason}")
        result["pr_interval"] = none("ms", f"no P wave: {atrial.reason}")
    if t is not None:
        sure = confidence.sure(count, t.leads, consistency, t.spread_ms)
        result["qt_interval"] = Measured((t.end - onset) * ms, "ms", confidence=sure)
    else:
        result["qt_interval"] = none("ms", "the T wave is too flat or runs into the next beat")
    result["p_wave_share"] = (
        Measured(100.0 * atrial.share, "%", confidence=confidence.sure(count, leads, 1.0))
        if atrial.share is not None
        else none("%", atrial.reason)
    )
    return result


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
