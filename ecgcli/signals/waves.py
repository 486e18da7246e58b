"""Amplitudes, durations and areas of the waves in each lead of the median beat.

It knows deflections and the isoelectric level; it does not know limits. A deflection counts as a
wave from 30 uV and 6 ms (IEC 60601-2-25, minimum wave), and in a noisy lead only where it stands
out from the noise left in the median.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ecgcli.signals.delineate import MS
from ecgcli.signals.results import LeadMeasurements

LOWEST_MV = 0.03
SHORTEST = 3  # samples (6 ms)
LEVEL = 12, 2  # samples before the QRS onset: 24 to 4 ms, the isoelectric level
T_FROM = 20  # samples after the QRS end
T_SMOOTH = 5  # samples
T_EDGE = 3  # samples at both ends of the T wave that hold no turning point
ST_HALF = 2  # samples on each side that a level of the ST segment is the mean of
ST_MS = (40, 60, 80)  # after J
SLOPE_MS = 80


class Deflection(NamedTuple):
    """A run of one sign: first sample, the one after its last, peak in mV and where it is."""

    first: int
    last: int
    peak: float
    at: int

    @property
    def ms(self) -> float:
        """Return the duration in ms."""
        return (self.last - self.first) / MS


def level(row: NDArray[np.float32], qrs_onset: int, p_end: int | None) -> float:
    """Return the isoelectric level (mV): the PQ segment's last 20 ms, where it is that long."""
    first, last = qrs_onset - LEVEL[0], qrs_onset - LEVEL[1]
    if p_end is not None and first < p_end < last - 2:
        first = p_end
    return _mean(row, max(first, 0), max(last, 1))


def lead(
    name: str,
    row: NDArray[np.float32],
    noise_mv: float,
    qrs: tuple[int, int],
    p: tuple[int, int] | None,
    t_end: int | None,
    confidence: float | None = None,
) -> LeadMeasurements:
    """Measure one lead.

    Args:
        name: Name of the lead.
        row: (samples,) median beat in mV at 500 Hz.
        noise_mv: Scatter that is left in the median.
        qrs: Samples of QRS onset and end of all leads together.
        p: Samples of P onset and end, `None` where there is no P wave.
        t_end: Sample of the T end, `None` where it was not found.
        confidence: How sure the median beat is; what the noise takes off it is taken off here.
    """
    zero = level(row, qrs[0], p[1] if p else None)
    lowest = max(LOWEST_MV, 3.0 * noise_mv)
    complex_ = row[qrs[0] : qrs[1] + 1].astype(np.float64) - zero
    values = _qrs(complex_, lowest) | _st(row, qrs[1], zero)
    looked = ["q", "r", "s", "r2", "s2"]
    if p is not None:
        values |= _p(row[p[0] : p[1] + 1].astype(np.float64), lowest)
        looked += ["p", "p_positive", "p_negative", "p_terminal"]
    if t_end is not None and t_end - qrs[1] > T_FROM:
        values |= _t(row[qrs[1] + T_FROM : t_end].astype(np.float64) - zero, lowest)
    if t_end is not None:
        looked += ["t", "t_positive", "t_negative"]
    absent = tuple(
        wave for wave in looked if f"{wave}_mv" not in values and f"{wave}_mv_ms" not in values
    )
    height = values["qrs_peak_to_peak_mv"]
    if confidence is not None:
        clean = max(1.0 - 3.0 * noise_mv / height, 0.0) if height > 0.0 else 0.0
        confidence = round(confidence * clean, 3)
    return LeadMeasurements(name, absent=absent, confidence=confidence, **values)


def _qrs(part: NDArray[np.float64], lowest: float) -> dict[str, Any]:
    """Name and measure the waves of a QRS complex given over the isoelectric level."""
    values: dict[str, Any] = {}
    waves = _without_shift(deflections(part, lowest), part, lowest)
    positive = [wave for wave in waves if wave.peak > 0]
    if positive:
        first = waves.index(positive[0])
        before, rest = waves[:first], waves[first + 1 :]
        _put(values, "q", before[-1] if before else None)
        _put(values, "r", positive[0])
        _put(values, "s", next((w for w in rest if w.peak < 0), None))
        if len(positive) > 1:
            _put(values, "r2", positive[1])
            later = waves[waves.index(positive[1]) + 1 :]
            _put(values, "s2", next((w for w in later if w.peak < 0), None))
        values["intrinsicoid_ms"] = positive[-1].at / MS
    elif waves:
        _put(values, "q", min(waves, key=lambda w: w.peak))  # a QS complex
    values["qrs_peak_to_peak_mv"] = float(part.max() - part.min())
    values["qrs_area_mv_ms"] = float(part.sum() / MS)
    return values


def _st(row: NDArray[np.float32], end: int, zero: float) -> dict[str, Any]:
    """Return the level of the ST segment at J and after it, as far as the median beat reaches."""
    values: dict[str, Any] = {"st_j_mv": _around(row, end) - zero}
    for after in ST_MS:
        at = end + round(after * MS)
        if at + ST_HALF < len(row):
            values[f"st_{after}_mv"] = _around(row, at) - zero
    if "st_80_mv" in values:
        rise = values["st_80_mv"] - values["st_j_mv"]
        values["st_slope_mv_s"] = rise / (SLOPE_MS / 1000.0)
    return values


def _p(part: NDArray[np.float64], lowest: float) -> dict[str, Any]:
    """Measure a P wave over the line from its onset to its end."""
    values: dict[str, Any] = {}
    if len(part) < SHORTEST:
        return values
    bump = part - part[0] - np.arange(len(part)) * ((part[-1] - part[0]) / (len(part) - 1))
    height = float(bump[int(np.argmax(np.abs(bump)))])
    if abs(height) >= lowest:
        values["p_mv"] = height
    waves = deflections(bump, lowest)
    for letter, sign in (("p_positive", 1.0), ("p_negative", -1.0)):
        own = [wave for wave in waves if wave.peak * sign > 0]
        _put(values, letter, max(own, key=lambda w: abs(w.peak)) if own else None)
    if waves and waves[-1].peak < 0:
        values["p_terminal_mv_ms"] = waves[-1].peak * waves[-1].ms
    return values


def _t(shape: NDArray[np.float64], lowest: float) -> dict[str, Any]:
    """Measure a T wave given over the isoelectric level.

    An ST segment that is far off the level must not be taken for the wave: only turning points
    count, and the largest deviation where there is none. A second part, of the other sign, must
    come back towards the level on both sides.
    """
    if len(shape) > 4 * T_SMOOTH:
        shape = np.convolve(shape, np.ones(T_SMOOTH) / T_SMOOTH, mode="valid")
    slope = np.diff(shape)
    turns = np.flatnonzero(slope[:-1] * slope[1:] <= 0) + 1
    turns = turns[(turns > T_EDGE) & (turns < len(shape) - T_EDGE)]
    # A maximum above the level or a minimum below it.
    turns = turns[(slope[turns - 1] - slope[turns]) * shape[turns] >= 0]
    where = turns if len(turns) else np.arange(len(shape))
    height = float(shape[where[int(np.argmax(np.abs(shape[where])))]])
    if abs(height) < lowest:
        return {}
    sign = 1.0 if height > 0 else -1.0
    names = ("t_positive_mv", "t_negative_mv") if sign > 0 else ("t_negative_mv", "t_positive_mv")
    values = {"t_mv": height, names[0]: height}
    up = -sign * shape
    others = [at for at in turns.tolist() if up[at] >= lowest]
    if others:
        top = max(others, key=lambda at: up[at])
        back = max(float(up[:top].min()), float(up[top + 1 :].min()))
        if up[top] - back >= lowest:
            values[names[1]] = float(shape[top])
    return values


def deflections(part: NDArray[np.float64], lowest: float) -> list[Deflection]:
    """Return the waves of a stretch over its level, in order.

    A wave is a run of one sign that reaches the least height and duration; waves of equal sign that
    only a too small one parts are one.
    """
    sign = np.sign(part)
    edges = np.flatnonzero(np.diff(sign)) + 1
    bounds = np.concatenate(([0], edges, [len(part)])).tolist()
    waves: list[Deflection] = []
    for first, last in pairwise(bounds):
        if last - first < SHORTEST:
            continue
        piece = part[first:last]
        at = first + int(np.argmax(np.abs(piece)))
        peak = float(part[at])
        if abs(peak) < lowest:
            continue
        if waves and waves[-1].peak * peak > 0:
            old = waves[-1]
            keep = old if abs(old.peak) >= abs(peak) else Deflection(first, last, peak, at)
            waves[-1] = Deflection(old.first, last, keep.peak, keep.at)
        else:
            waves.append(Deflection(first, last, peak, at))
    return waves


def _without_shift(
    waves: list[Deflection], part: NDArray[np.float64], lowest: float
) -> list[Deflection]:
    """Leave out what does not come back by the end of the QRS complex: a shifted ST segment."""
    shifted = (
        len(waves) > 1 and waves[-1].last == len(part) and abs(waves[-1].peak - part[-1]) < lowest
    )
    return waves[:-1] if shifted else waves


def _put(values: dict[str, Any], letter: str, wave: Deflection | None) -> None:
    if wave is not None:
        values[f"{letter}_mv"] = wave.peak
        values[f"{letter}_ms"] = wave.ms


def _around(row: NDArray[np.float32], at: int) -> float:
    return _mean(row, max(at - ST_HALF, 0), min(at + ST_HALF + 1, len(row)))


def _mean(row: NDArray[np.float32], first: int, end: int) -> float:
    return float(row[first:end].sum()) / (end - first)  # np.mean takes three times as long


def area(row: NDArray[np.float32], first: int, last: int, zero: float) -> tuple[float, float]:
    """Return the net and the absolute area (mV ms) of a wave over a level."""
    piece = row[first : last + 1].astype(np.float64) - zero
    return float(piece.sum() / MS), float(np.abs(piece).sum() / MS)
