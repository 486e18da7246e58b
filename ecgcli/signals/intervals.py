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
RR_UNITS = {
    "ventricular_rate": "/min",
    "rr_mean": "ms",
    "rr_sd": "ms",
    "rr_variation": "%",
    "rr_rmssd": "ms",
    "shortest_rr": "ms",
    "longest_rr": "ms",
}
ECTOPIC = {BeatClass.VENTRICULAR, BeatClass.SUPRAVENTRICULAR, BeatClass.OTHER}


@dataclass(frozen=True, slots=True)
class Rhythm:
    """RR intervals in ms: of all beats, and those from one beat of the basic rhythm to the next.

    `changes` are the differences between successive intervals of the basic rhythm, without any gap
    or beat of another kind between them.
    """

    every: NDArray[np.float64]
    basic: NDArray[np.float64]
    changes: NDArray[np.float64]

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
        return Rhythm(np.zeros(0), np.zeros(0), np.zeros(0))
    unknown = np.concatenate(([0], np.cumsum(~known)))
    whole = unknown[at[1:]] - unknown[at[:-1]] < GAP_S * ANALYSIS_RATE
    intervals = np.diff(at) * (1000.0 / ANALYSIS_RATE)
    plain = np.array([kind not in ECTOPIC for kind in kinds])
    basic = whole & plain[1:] & plain[:-1]
    changes = np.diff(intervals)[basic[1:] & basic[:-1]]
    return Rhythm(intervals[whole], intervals[basic], changes)


def rates(rhythm: Rhythm, leads: int, alike: float) -> dict[str, Measured]:
    """Return rate and RR intervals."""
    every, basic = rhythm.every, rhythm.basic
    if len(every) == 0:
        return {name: none(unit, "fewer than two beats") for name, unit in RR_UNITS.items()}
    sure = confidence.sure(len(every), leads, alike)
    values = {
        "ventricular_rate": 60000.0 / float(every.mean()),
        "rr_mean": float(rhythm.usual().mean()),
        "shortest_rr": float(every.min()),
        "longest_rr": float(every.max()),
    }
    if len(basic) >= 3:
        values["rr_sd"] = float(basic.std(ddof=1))
        values["rr_variation"] = 100.0 * values["rr_sd"] / float(basic.mean())
    if len(rhythm.changes) >= 2:
        values["rr_rmssd"] = float(np.sqrt(np.mean(rhythm.changes**2)))
    return {
        name: Measured(values[name], unit, confidence=sure)
        if name in values
        else none(unit, "fewer than three RR intervals between beats of the basic rhythm")
        for name, unit in RR_UNITS.items()
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
        result["jt_interval"] = Measured((t.end - end) * ms, "ms", confidence=sure)
    else:
        result["qt_interval"] = none("ms", "the T wave is too flat or runs into the next beat")
        result["jt_interval"] = none("ms", f"no QT interval: {result['qt_interval'].reason}")
    result["p_wave_share"] = (
        Measured(100.0 * atrial.share, "%", confidence=confidence.sure(count, leads, 1.0))
        if atrial.share is not None
        else none("%", atrial.reason)
    )
    return result


def corrected(qt: Measured, rr_ms: float | None) -> dict[str, Measured]:
    """Return QT corrected for rate by four formulas, in ms.

    Bazett (1920) QT / sqrt(RR); Fridericia (1920) QT / cbrt(RR); Framingham (Sagie 1992)
    QT + 154 (1 - RR); Hodges (1983) QT + 1.75 (rate - 60); RR in s. Which RR that is, also where
    the rhythm is irregular, `results.QTC_RULE` says.
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
