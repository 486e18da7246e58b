"""Amplitudes and durations of the waves in each lead of the median beat.

It knows deflections and the isoelectric level; it does not know limits. A deflection counts as a
wave from 30 uV and 6 ms (IEC 60601-2-25, minimum wave), and in a noisy lead only where it stands
out from the noise left in the median.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgcli.signals.delineate import MS
from ecgcli.signals.results import LeadMeasurements

LOWEST_MV = 0.03
SHORTEST = 3  # samples (6 ms)
LEVEL = 12, 2  # samples before the QRS onset: 24 to 4 ms, the isoelectric level
T_FROM = 20  # samples after the QRS end


def level(row: NDArray[np.float32], qrs_onset: int, p_end: int | None) -> float:
    """Return the isoelectric level (mV): the PQ segment's last 20 ms, where it is that long."""
    first, last = qrs_onset - LEVEL[0], qrs_onset - LEVEL[1]
    if p_end is not None and first < p_end < last - 2:
        first = p_end
    return float(np.mean(row[max(first, 0) : max(last, 1)]))


def lead(
    name: str,
    row: NDArray[np.float32],
    noise_mv: float,
    qrs: tuple[int, int],
    p: tuple[int, int] | None,
    t_end: int | None,
) -> LeadMeasurements:
    """Measure one lead.

    Args:
        name: Name of the lead.
        row: (samples,) median beat in mV at 500 Hz.
        noise_mv: Scatter that is left in the median.
        qrs: Samples of QRS onset and end of all leads together.
        p: Samples of P onset and end, `None` where there is no P wave.
        t_end: Sample of the T end, `None` where it was not found.
    """
    zero = level(row, qrs[0], p[1] if p else None)
    lowest = max(LOWEST_MV, 3.0 * noise_mv)
    values: dict[str, Any] = {}
    waves = _deflections(row[qrs[0] : qrs[1] + 1].astype(np.float64) - zero, lowest)
    positive = [wave for wave in waves if wave[2] > 0]
    if positive:
        first = waves.index(positive[0])
        before, rest = waves[:first], waves[first + 1 :]
        _put(values, "q", before[-1] if before else None)
        _put(values, "r", positive[0])
        _put(values, "s", next((w for w in rest if w[2] < 0), None))
        if len(positive) > 1:
            values["r2_mv"] = positive[1][2]
            later = waves[waves.index(positive[1]) + 1 :]
            second = next((w[2] for w in later if w[2] < 0), None)
            if second is not None:
                values["s2_mv"] = second
        values["intrinsicoid_ms"] = positive[-1][3] / MS
    elif waves:
        _put(values, "q", min(waves, key=lambda w: w[2]))  # a QS complex
    part = row[qrs[0] : qrs[1] + 1]
    values["qrs_peak_to_peak_mv"] = float(part.max() - part.min())
    values["st_j_mv"] = _mean(row, qrs[1], 2) - zero
    later_j = qrs[1] + round(60 * MS)
    if later_j + 2 < len(row):
        values["st_60_mv"] = _mean(row, later_j, 2) - zero
    if p is not None:
        height = _p_height(row, p)
        if abs(height) >= lowest:
            values["p_mv"] = height
    if t_end is not None and t_end - qrs[1] > T_FROM:
        piece = row[qrs[1] + T_FROM : t_end].astype(np.float64)
        height = _t_height(piece, zero)
        if abs(height) >= lowest:
            values["t_mv"] = height
    looked = ["q_mv", "r_mv", "s_mv", "r2_mv", "s2_mv"]
    looked += ["p_mv"] if p is not None else []
    looked += ["t_mv"] if t_end is not None else []
    absent = tuple(name.removesuffix("_mv") for name in looked if name not in values)
    return LeadMeasurements(name, absent=absent, **values)


def _deflections(part: NDArray[np.float64], lowest: float) -> list[tuple[int, int, float, int]]:
    """Return (first, last, peak in mV, index of the peak) of each wave, in order.

    A wave is a run of one sign that reaches the least height and duration; waves of equal sign that
    only a too small one parts are one.
    """
    sign = np.sign(part)
    edges = np.flatnonzero(np.diff(sign)) + 1
    bounds = np.concatenate(([0], edges, [len(part)]))
    waves: list[tuple[int, int, float, int]] = []
    for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        piece = part[first:last]
        at = first + int(np.argmax(np.abs(piece)))
        peak = float(part[at])
        if abs(peak) < lowest or last - first < SHORTEST:
            continue
        if waves and waves[-1][2] * peak > 0:
            old = waves[-1]
            keep = old if abs(old[2]) >= abs(peak) else (first, last, peak, at)
            waves[-1] = (old[0], last, keep[2], keep[3])
        else:
            waves.append((first, last, peak, at))
    # What does not come back by the end of the QRS complex is a shifted ST segment, not a wave.
    if len(waves) > 1 and waves[-1][1] == len(part) and abs(waves[-1][2] - part[-1]) < lowest:
        waves.pop()
    return waves


def _put(values: dict[str, Any], letter: str, wave: tuple[int, int, float, int] | None) -> None:
    if wave is not None:
        values[f"{letter}_mv"] = wave[2]
        values[f"{letter}_ms"] = (wave[1] - wave[0]) / MS


def _mean(row: NDArray[np.float32], at: int, half: int) -> float:
    return float(np.mean(row[max(at - half, 0) : at + half + 1]))


def _p_height(row: NDArray[np.float32], p: tuple[int, int]) -> float:
    """Return the dominant signed height over the line from P onset to P end."""
    piece = row[p[0] : p[1] + 1].astype(np.float64)
    if len(piece) < SHORTEST:
        return 0.0
    bump = piece - np.linspace(piece[0], piece[-1], len(piece))
    return float(bump[int(np.argmax(np.abs(bump)))])


def _t_height(piece: NDArray[np.float64], zero: float) -> float:
    """Return the dominant signed height of the T wave over the isoelectric level.

    An ST segment that is far off the level must not be taken for the wave: only turning points
    count, and the largest deviation where there is none.
    """
    shape = piece - zero
    width = 5
    if len(shape) > 4 * width:
        shape = np.convolve(shape, np.ones(width) / width, mode="valid")
    slope = np.diff(shape)
    turns = np.flatnonzero(slope[:-1] * slope[1:] <= 0) + 1
    turns = turns[(turns > 3) & (turns < len(shape) - 3)]
    # A maximum above the level or a minimum below it.
    turns = turns[(slope[turns - 1] - slope[turns]) * shape[turns] >= 0]
    where = turns if len(turns) else np.arange(len(shape))
    return float(shape[where[int(np.argmax(np.abs(shape[where])))]])


def area(row: NDArray[np.float32], first: int, last: int, zero: float) -> tuple[float, float]:
    """Return the net and the absolute area (mV ms) of a wave over a level."""
    piece = row[first : last + 1].astype(np.float64) - zero
    return float(piece.sum() / MS), float(np.abs(piece).sum() / MS)
