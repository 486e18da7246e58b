"""QRS complexes of all leads together: where they are.

It knows slopes, thresholds and the refractory period; it does not know what kind of beat it found
(`classes`) nor where a wave begins and ends (`delineate`).

The detector is of the classical kind (slope, combination, adaptive threshold, search back; after
Pan and Tompkins 1985) over all usable leads at once: each lead's slope is measured in units of its
own typical QRS slope and weighs as much as that stands out from the lead's background. One lead's
artefact therefore cannot make a beat, however large it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ecgcli.signals.results import ANALYSIS_RATE

STEP = 2  # detection works on every second sample (250 Hz)
RATE = ANALYSIS_RATE / STEP
SLOPE = 10  # samples: difference of adjacent 20 ms means, zero at 50 Hz, largest near 18 Hz
SMOOTH_S = 0.08  # joins the slopes of one QRS complex
REFRACTORY_S = 0.2  # 300 beats a minute
CAP = 1.5  # a lead counts for at most this multiple of its typical QRS slope
THRESHOLD = 0.4  # share of the typical height of a beat
SEARCH_BACK = 0.2  # the same in a gap where a beat is due
T_WAVE_S = 0.4  # within this after a beat a much duller peak is its T wave
EDGE_S = 0.06  # a QRS complex this close to an edge is cut off
HELD = 10  # samples of standstill in all leads at the end
HELD_MV = 0.003  # from one sample to the next
SLOPE_FLOOR_MV = 0.002
SMALLEST_MV = 0.03  # typical slope (mV per 20 ms) below which a lead shows no QRS complex
CONTRAST = 3.5  # how far beats stand out from the quiet part of the same recording


@dataclass(frozen=True, slots=True)
class Detection:
    """Beats found: sample indices (500 Hz) of the middle of each QRS complex.

    `activity` is the combined slope at 250 Hz (1 is about a typical QRS complex). `reason` says why
    there is none where `at` is empty.
    """

    at: NDArray[np.int64]
    activity: NDArray[np.float64]
    reason: str | None = None


def detect(signal: NDArray[np.float32]) -> Detection:
    """Find the QRS complexes.

    Args:
        signal: (leads, samples) in mV at 500 Hz: the usable leads, pacing spikes removed.

    Returns:
        The beats in order of time. A complex cut off by an edge of the recording is not among them.
    """
    nothing = np.zeros(0, dtype=np.int64)
    if signal.shape[0] == 0:
        return Detection(nothing, np.zeros(0), "no usable lead")
    slopes = slope(signal, SLOPE)
    typical = _typical_height(slopes)
    alive = typical > SMALLEST_MV
    if not alive.any():
        return Detection(nothing, np.zeros(0), "no QRS complexes stand out (flat or too low)")
    sharp = _combine(slopes[alive], typical[alive])
    activity = _box(sharp, round(SMOOTH_S * RATE))
    height = float(_typical_height(activity[None, :])[0])
    activity, sharp = activity / height, sharp / height
    quiet = float(np.quantile(activity, 0.2))
    if quiet * CONTRAST > 1.0:
        return Detection(nothing, activity, "no QRS complexes stand out from the noise")
    peaks = _peaks(activity, sharp)
    edge = round(EDGE_S * RATE)
    peaks = peaks[(peaks >= edge) & (peaks < len(activity) - edge)]
    if len(peaks) == 0:
        return Detection(nothing, activity, "no complete QRS complex")
    return Detection(peaks * STEP, activity)


def end_of_life(raw: NDArray[np.float32]) -> int:
    """Return the number of samples before all leads are held at their last value.

    Some recordings are filled up so (PTB-XL's at 500 Hz are, for the last 110 ms). The step
    from there to the baseline is no wave, and a QRS complex that the held part begins in is cut.

    Args:
        raw: (leads, samples) in mV at 500 Hz, not filtered.
    """
    if raw.shape[0] == 0:
        return 0
    moving = np.flatnonzero(np.abs(np.diff(raw, axis=1)).max(axis=0) > HELD_MV)
    last = int(moving[-1]) + 1 if len(moving) else 0
    samples = int(raw.shape[1])
    return last if samples - last >= HELD else samples


def slope(signal: NDArray[np.float32], half: int) -> NDArray[np.float64]:
    """Return (leads, samples / STEP) absolute differences of the means after and before."""
    samples = signal.shape[1]
    total = np.zeros((signal.shape[0], samples + 1))
    np.cumsum(signal, axis=1, dtype=np.float64, out=total[:, 1:])
    at = np.arange(0, samples, STEP)
    result = np.zeros((signal.shape[0], len(at)))
    inside = at[(at >= half) & (at <= samples - half)]
    if len(inside):
        middle = total[:, inside]
        change = total[:, inside + half] - 2.0 * middle + total[:, inside - half]
        result[:, inside // STEP] = np.abs(change) / half
    return result


def _typical_height(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return per row the median over 2 s blocks of the block's maximum."""
    blocks = max(1, int(rows.shape[1] // (2.0 * RATE)))
    edges = np.linspace(0, rows.shape[1], blocks + 1).astype(int)
    tops = [rows[:, a:b].max(axis=1) for a, b in pairwise(edges.tolist())]
    result: NDArray[np.float64] = np.median(np.stack(tops), axis=0)
    return result


def _combine(slopes: NDArray[np.float64], typical: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted mean over leads of the slopes in units of the lead's typical QRS."""
    weight = typical / (np.median(slopes, axis=1) + SLOPE_FLOOR_MV)
    relative = np.minimum(slopes / typical[:, None], CAP)
    result: NDArray[np.float64] = weight @ relative / weight.sum()
    return result


def _box(row: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return the centred running mean, shorter at the edges."""
    total = np.concatenate(([0.0], np.cumsum(row)))
    at = np.arange(len(row))
    low, high = np.maximum(at - width // 2, 0), np.minimum(at + width // 2 + 1, len(row))
    result: NDArray[np.float64] = (total[high] - total[low]) / (high - low)
    return result


def _peaks(activity: NDArray[np.float64], sharp: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the peaks (250 Hz) that are beats."""
    distance = round(REFRACTORY_S * RATE)
    padded = np.concatenate(([0.0], activity, [0.0]))  # a peak at the very edge is one, too
    every = _maxima(padded, SEARCH_BACK, distance) - 1
    beats = _without_t_waves(every[activity[every] >= THRESHOLD], sharp)
    if len(beats) >= 3:
        usual = float(np.median(np.diff(beats)))
        for before, after in pairwise(beats.tolist()):
            if after - before > 1.6 * usual:
                low = before + max(0.5 * usual, distance)
                high = after - max(0.5 * usual, distance)
                gap = every[(every > low) & (every < high)]
                if len(gap):
                    beats = np.append(beats, gap[np.argmax(activity[gap])])
    result: NDArray[np.int64] = np.sort(beats).astype(np.int64)
    return result


def _maxima(row: NDArray[np.float64], height: float, distance: int) -> NDArray[np.intp]:
    """Return the maxima of at least `height` of which no two are nearer than `distance`.

    Of two that are, the higher one stays; of a plateau it is the middle. SciPy's `find_peaks` does
    the same (a test holds the two together), but loading it takes longer than measuring.
    """
    steps = np.diff(row)
    moving = np.flatnonzero(steps)
    rising = steps[moving] > 0.0
    tops = np.flatnonzero(rising[:-1] & ~rising[1:])
    peaks = (moving[tops] + 1 + moving[tops + 1]) // 2
    peaks = peaks[row[peaks] >= height]
    kept = np.ones(len(peaks), dtype=bool)
    for peak in np.argsort(row[peaks])[::-1].tolist():
        if kept[peak]:
            kept &= np.abs(peaks - peaks[peak]) >= distance
            kept[peak] = True
    result: NDArray[np.intp] = peaks[kept]
    return result


def _without_t_waves(peaks: NDArray[np.int64], sharp: NDArray[np.float64]) -> NDArray[np.int64]:
    """Drop peaks that follow a beat closely and are much duller than it."""
    reach = round(0.5 * SMOOTH_S * RATE)
    kept: list[int] = []
    edge: list[float] = []
    for peak in peaks.tolist():
        steepest = float(sharp[max(peak - reach, 0) : peak + reach + 1].max())
        if kept and peak - kept[-1] < T_WAVE_S * RATE and steepest < 0.5 * edge[-1]:
            continue
        kept.append(peak)
        edge.append(steepest)
    return np.array(kept, dtype=np.int64)
