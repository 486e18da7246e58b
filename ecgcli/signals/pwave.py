"""Whether a P wave precedes the QRS complexes, and where it begins and ends.

It knows the stretch between the T wave before and the QRS complex; it does not know rhythms.

A P wave is something that comes back: the decision rests on how alike the stretch before the QRS
complex is from beat to beat (an intraclass correlation over beats, leads and time), not on the
height of a bump. Fibrillation and flutter with varying conduction have bumps that do not recur at a
constant distance; noise has none that recur.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgcli.signals.delineate import MS, smooth
from ecgcli.signals.results import PWave

EARLIEST = 200  # samples (400 ms) before the QRS onset
LATEST = 15  # samples (30 ms) from the peak to the QRS onset
CLOSE = 15  # samples from the peak to the end of the search
RIVAL = 0.25  # height of an earlier bump that is preferred to one that close
FLANK = 35  # samples from the peak to the level beside the wave
HALF = 60, 55  # samples: largest extent before and after the peak
SMOOTH = 9
LOWEST_MV = 0.02  # in a lead, for that lead to vote on onset and end
ONSET_EARLIER_MS = 5.0  # than the tangent, in LUDB (see `evaluate`)
ENERGY_MV = 0.012  # root mean square over leads of the peak
SHORTEST_MS = 40.0
NOISE_FLOOR_MV = 0.01
CONSISTENT = 0.28
INCONSISTENT = 0.18
ALIKE = 0.5  # correlation of one beat's stretch with the average of the others


@dataclass(frozen=True, slots=True)
class Atrial:
    """The P wave of a median beat.

    Samples of onset, peak and end, `None` unless `state` is present. `share` is the part (0 to 1)
    of the beats that show it, `None` where that could not be judged.
    """

    state: PWave
    reason: str = ""
    onset: int | None = None
    peak: int | None = None
    end: int | None = None
    share: float | None = None
    consistency: float = 0.0
    spread_ms: float = 0.0
    each: tuple[bool, ...] = ()
    leads: tuple[tuple[int, int, int] | None, ...] = ()


def p_wave(
    beats: NDArray[np.float32],
    median: NDArray[np.float32],
    noise: NDArray[np.float64],
    qrs_onset: int,
    begin: int,
) -> Atrial:
    """Decide on the P wave of aligned beats.

    Args:
        beats: (beats, leads, samples) in mV.
        median: (leads, samples) in mV.
        noise: (leads,) scatter of single beats in mV; a noisy lead counts for less.
        qrs_onset: Sample of the QRS onset.
        begin: First sample after the T wave of the beat before.
    """
    begin = max(begin, qrs_onset - EARLIEST, FLANK)
    end = qrs_onset - LATEST
    if end - begin < 20:
        return Atrial(PWave.UNCERTAIN, "no room between the T wave and the next QRS complex")
    rows = smooth(median, SMOOTH)
    at = np.arange(begin, end)
    # How far the signal stands out from both sides: the foot of the T wave does so from none.
    left = rows[:, at] - rows[:, at - FLANK]
    right = rows[:, at] - rows[:, np.minimum(at + FLANK, qrs_onset - 3)]
    height = np.where(left * right > 0.0, np.minimum(np.abs(left), np.abs(right)), 0.0)
    weight = 1.0 / (noise + NOISE_FLOOR_MV)
    weight /= np.sqrt((weight**2).mean())
    energy = np.sqrt(((height * weight[:, None]) ** 2).mean(axis=0))
    # The QRS complex's first slope may be higher still, but does not turn within the stretch.
    turns = np.flatnonzero((energy[1:-1] >= energy[:-2]) & (energy[1:-1] > energy[2:])) + 1
    best = int(turns[np.argmax(energy[turns])]) if len(turns) else int(np.argmax(energy))
    if len(energy) - best < CLOSE:
        # So close to the QRS complex it may be that complex's first, slow part: an earlier bump
        # goes first, if there is one to speak of.
        earlier = turns[(turns < best - CLOSE) & (energy[turns] > RIVAL * energy[best])]
        best = int(earlier[np.argmax(energy[earlier])]) if len(earlier) else best
    peak, strength = begin + best, float(energy[best])
    consistency, each = _recurrence(
        beats * weight[:, None].astype(np.float32), peak, begin, qrs_onset
    )
    share = float(np.mean(each)) if len(beats) > 1 else None
    leads = tuple(_lead(row, peak, begin, qrs_onset) for row in rows)
    found = [lead for lead in leads if lead is not None]
    if len(beats) < 2:
        return Atrial(PWave.UNCERTAIN, "a single beat: recurrence cannot be judged", leads=leads)
    if consistency < INCONSISTENT or strength < ENERGY_MV / 2:
        return Atrial(
            PWave.ABSENT,
            "nothing recurs before the QRS complexes",
            share=share,
            consistency=consistency,
            each=each,
        )
    if consistency < CONSISTENT or strength < ENERGY_MV or len(found) < min(2, len(rows)):
        return Atrial(
            PWave.UNCERTAIN,
            "too little recurs before the QRS complexes",
            share=share,
            consistency=consistency,
            each=each,
        )
    onsets, ends = np.array([f[0] for f in found]), np.array([f[2] for f in found])
    onset, finish = float(np.median(onsets)), float(np.median(ends))
    if finish - onset < SHORTEST_MS * MS:
        return Atrial(
            PWave.UNCERTAIN,
            "what recurs before the QRS complexes is too short for a P wave",
            share=share,
            consistency=consistency,
            each=each,
        )
    return Atrial(
        PWave.PRESENT,
        onset=round(onset),
        peak=peak,
        end=round(finish),
        share=share,
        consistency=consistency,
        spread_ms=2.0 * float(np.median(np.abs(onsets - onset))),
        each=each,
        leads=leads,
    )


def _recurrence(
    beats: NDArray[np.float32], peak: int, begin: int, qrs_onset: int
) -> tuple[float, tuple[bool, ...]]:
    """Return the intraclass correlation around the peak, and which beats are like the others."""
    low, high = max(peak - 50, begin - 10, 0), min(peak + 45, qrs_onset - 4)
    part = beats[:, :, low:high].astype(np.float64)
    count = part.shape[0]
    wide = part.shape[2] // 5
    part = part[:, :, : wide * 5].reshape(count, part.shape[1], wide, 5).mean(axis=3)
    share = np.linspace(0.0, 1.0, wide)
    part -= part[:, :, :1] * (1.0 - share) + part[:, :, -1:] * share
    part -= part.mean(axis=2, keepdims=True)
    flat = part.reshape(count, -1)
    gram = flat @ flat.T
    own = float(np.trace(gram))
    if count < 2 or own <= 0.0:
        return 0.0, (False,) * count
    between = (float(gram.sum()) - own) / (count - 1)
    norms = np.sqrt(np.diag(gram))
    rest = flat.sum(axis=0) - flat
    cosine = (flat * rest).sum(axis=1) / np.maximum(norms * np.linalg.norm(rest, axis=1), 1e-12)
    return between / own, tuple(bool(c >= ALIKE) for c in cosine)


def _lead(
    row: NDArray[np.float64], peak: int, begin: int, qrs_onset: int
) -> tuple[int, int, int] | None:
    """Return onset, peak and end of the P wave in one lead by tangents, `None` where too low."""
    low, high = max(begin - 10, peak - HALF[0], 5), min(qrs_onset - 2, peak + HALF[1])
    part = row[low:high]
    share = np.linspace(0.0, 1.0, len(part))
    bump = part - part[0] * (1.0 - share) - part[-1] * share
    near = slice(max(peak - 20 - low, 1), min(peak + 20 - low, len(part) - 1))
    if near.stop - near.start < 5:
        return None
    top = near.start + int(np.argmax(np.abs(bump[near])))
    if abs(bump[top]) < LOWEST_MV:
        return None
    up = row * np.sign(bump[top])
    here = low + top
    first, last = max(here - 35, low), min(here + 35, high)
    if here - first < 5 or last - here < 5:
        return None
    slope = np.gradient(up[first:last])
    rising = first + int(np.argmax(slope[: here - first]))
    falling = here + int(np.argmin(slope[here - first :]))
    rise, fall = float(slope[rising - first]), float(slope[falling - first])
    if rise <= 1e-5 or fall >= -1e-5:
        return None
    left = float(up[max(rising - 35, low - 5) : rising + 1].min())
    right = float(up[falling : min(falling + 30, qrs_onset)].min())
    onset = rising - (float(up[rising]) - left) / rise - ONSET_EARLIER_MS * MS
    end = falling + (float(up[falling]) - right) / -fall
    return max(round(onset), 0), here, min(round(end), qrs_onset)
