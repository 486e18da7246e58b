"""Where the QRS complex and the T wave of a median beat begin, peak and end.

It knows slopes of averaged beats; it does not know amplitudes in leads (`waves`) nor the P wave
(`pwave`).

QRS: onset and end of the spatial velocity (the root of the sum over leads of squared slopes), so
that the earliest activity in any lead begins the complex and the latest ends it.
T end: per lead the tangent to the steepest part of the terminal slope, where it meets the line
after the wave; the recording's T end is the median over leads. A tangent ends a T wave earlier than
the eye does; `T_END_LATER_MS` is that difference in LUDB (see `evaluate`).
"""

from __future__ import annotations

from dataclasses import dataclass

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
T_SMOOTH = 11  # samples
T_FROM = 20  # samples after the QRS end
T_REACH = 250  # samples after the QRS end
T_LOWEST_MV = 0.05
T_END_LATER_MS = 15.0
T_FLANK = 40  # samples from the T peak to both sides of the wave
T_FIRST = 0.4  # of the tallest bump's height, from which an earlier one is the T wave
TP_SPREAD = 40  # samples around the common T peak in which a lead's own is sought


@dataclass(frozen=True, slots=True)
class Wave:
    """Onset, peak and end in samples; of a T wave the onset is not sought."""

    peak: int
    end: int
    spread_ms: float = 0.0
    leads: int = 0


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


def t_wave(
    beat: NDArray[np.float32],
    qrs_end: int,
    stop: int,
    latest: int,
    p_from: int,
    noise: NDArray[np.float64],
) -> tuple[Wave | None, list[Wave | None]]:
    """Find the T wave of all leads together and of each lead.

    Args:
        beat: (leads, samples) median beat in mV.
        qrs_end: Sample of the QRS end.
        stop: Sample at which the next P wave may begin.
        latest: Sample at which the T wave peaks at the latest.
        p_from: Sample from which a second bump is the next beat's P wave.
        noise: (leads,) mV, scatter that is left in the median.

    Returns:
        The common T wave (`None` where too few leads show one) and one entry per lead.
    """
    nothing: list[Wave | None] = [None] * len(beat)
    begin, stop = qrs_end + T_FROM, min(stop, qrs_end + T_REACH, beat.shape[1] - 3)
    if stop - begin < 40:
        return None, nothing
    rows = smooth(beat, T_SMOOTH)
    common, stop = _t_peak(rows, begin, stop, latest, p_from)
    part = rows[:, begin:stop]
    share = np.linspace(0.0, 1.0, part.shape[1])
    bump = part - part[:, :1] * (1.0 - share) - part[:, -1:] * share
    near = slice(max(common - TP_SPREAD, 0), common + TP_SPREAD + 1)
    leads: list[Wave | None] = []
    for row, shape, level in zip(rows, bump, noise, strict=True):
        peak = near.start + int(np.argmax(np.abs(shape[near])))
        if abs(shape[peak]) < max(T_LOWEST_MV, 3.0 * level):
            leads.append(None)
            continue
        leads.append(_tangent(row * np.sign(shape[peak]), begin + peak, stop))
    found = [wave for wave in leads if wave is not None]
    if len(found) < min(2, len(beat)):
        return None, leads
    ends = np.array([wave.end for wave in found])
    end = float(np.median(ends))
    spread = float(np.median(np.abs(ends - end))) / MS
    return Wave(begin + common, round(end), spread, len(found)), leads


def _t_peak(
    rows: NDArray[np.float64], begin: int, stop: int, latest: int, p_from: int
) -> tuple[int, int]:
    """Return the common T peak, counted from `begin`, and where the search for its end stops.

    The T wave is the first of the large bumps: at high rates the next P wave lies in the stretch,
    too, and may be taller than a flat T wave. Where there is such a P wave, the stretch stops short
    of it.
    """
    at = np.arange(begin, stop)
    left = rows[:, at] - rows[:, np.maximum(at - T_FLANK, begin - T_FROM)]
    right = rows[:, at] - rows[:, np.minimum(at + T_FLANK, rows.shape[1] - 1)]
    height = np.where(left * right > 0.0, np.minimum(np.abs(left), np.abs(right)), 0.0)
    energy = np.sqrt((height**2).sum(axis=0))
    peaks = np.flatnonzero((energy[1:-1] >= energy[:-2]) & (energy[1:-1] > energy[2:])) + 1
    reach = max(min(latest - begin, len(energy)), 20)
    early = peaks[peaks < reach]
    if len(early) == 0:
        return int(np.argmax(energy[:reach])), stop
    peak = int(early[energy[early] >= T_FIRST * energy[early].max()][0])
    earliest = max(peak + T_FLANK, p_from - begin)
    after = peaks[(peaks >= earliest) & (energy[peaks] >= T_FIRST * energy[peak])]
    if len(after):
        valley = peak + int(np.argmin(energy[peak : after[0]]))
        stop = begin + max(valley, (peak + int(after[0])) // 2) + 1
    return peak, stop


def _tangent(row: NDArray[np.float64], peak: int, stop: int) -> Wave | None:
    """Return the T wave whose positive peak is given, by the tangent to its terminal slope."""
    slope = np.diff(row[peak : min(peak + 80, stop)])
    if len(slope) < 5:
        return None
    steepest = int(np.argmin(slope))
    if slope[steepest] >= 0.0:
        return None
    at = peak + steepest
    floor = float(row[at : min(at + 60, stop)].min())
    end = at + (float(row[at]) - floor) / -float(slope[steepest]) + T_END_LATER_MS * MS
    return Wave(peak, min(round(end), len(row) - 1))
