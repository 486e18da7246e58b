"""Whether a P wave precedes the QRS complexes, and where it begins and ends.

It knows the stretch between the T wave before and the QRS complex; it does not know rhythms.

There are two readers. The network (`shares`) says in which beats and leads there is a P wave, and
where. The other looks for what comes back: how alike the stretch before the QRS complex is from
beat to beat (an intraclass correlation over beats, leads and time), whatever its height. In
fibrillation nothing recurs; in flutter with constant conduction something does which is no P wave,
and the network does not take it for one. Where both see one there is one; where only the second
does, nobody can tell.
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
T_SLOPE = 50  # samples before the end of the T wave, where it still has its sign
SMOOTH = 9
ENERGY_MV = 0.006  # root mean square over leads of the peak
NOISE_FLOOR_MV = 0.01
CONSISTENT = 0.28
MOST, SOME = 0.5, 0.2  # of the beats show a P wave: enough by itself, or if something recurs
STEADY = 20.0  # samples (40 ms): P waves that lead to a beat come at a constant distance


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


@dataclass(frozen=True, slots=True)
class Recurring:
    """What comes back before the QRS complexes.

    `consistency` is the intraclass correlation (1: the same before every beat), `strength_mv` the
    height, `reason` says why it could not be judged.
    """

    consistency: float = 0.0
    strength_mv: float = 0.0
    reason: str | None = None

    @property
    def surely(self) -> bool:
        """Whether something recurs beyond doubt."""
        return self.consistency >= CONSISTENT and self.strength_mv >= ENERGY_MV


def decide(recurring: Recurring, beats: NDArray[np.float64], leads: NDArray[np.float64]) -> Atrial:
    """Say whether there is a P wave, from both readers.

    Args:
        recurring: What the second reader saw.
        beats: (beats, 3) onset, peak and end of all leads together in samples of the median beat,
            NaN where the network sees no P wave.
        leads: (leads, 3) the same of each lead over all beats.
    """
    shown = beats[np.isfinite(beats[:, 1])]
    usual = float(np.median(shown[:, 1])) if len(shown) else 0.0
    steady = shown[np.abs(shown[:, 1] - usual) <= STEADY]
    share = len(steady) / len(beats)
    consistency = recurring.consistency
    if share >= MOST or (share >= SOME and recurring.surely):
        onset, peak, end = np.median(steady, axis=0)
        onsets = leads[np.isfinite(leads[:, 0]), 0]
        spread = float(np.median(np.abs(onsets - onset))) / MS if len(onsets) else 0.0
        return Atrial(
            PWave.PRESENT,
            onset=max(round(onset), 0),
            peak=round(peak),
            end=round(end),
            share=share,
            consistency=max(consistency, (share + consistency) / 2.0),
            spread_ms=spread,
        )
    if share < SOME and recurring.reason is None and not recurring.surely:
        reason = "nothing before the QRS complexes looks like one and recurs"
        return Atrial(PWave.ABSENT, reason, share=share, consistency=consistency)
    if recurring.reason is not None:
        reason = recurring.reason
    elif share >= SOME:
        reason = "seen in some beats only"
    else:
        reason = "something recurs before the QRS complexes that does not look like one"
    return Atrial(PWave.UNCERTAIN, reason, share=share, consistency=consistency)


def recurring(
    beats: NDArray[np.float32],
    median: NDArray[np.float32],
    noise: NDArray[np.float64],
    qrs_onset: int,
    begin: int,
) -> Recurring:
    """Say what recurs before the QRS complexes.

    Args:
        beats: (beats, leads, samples) in mV, aligned.
        median: (leads, samples) in mV.
        noise: (leads,) scatter of single beats in mV; a noisy lead counts for less.
        qrs_onset: Sample of the QRS onset.
        begin: First sample after the T wave of the beat before.
    """
    t_end, begin = begin, max(begin, qrs_onset - EARLIEST, FLANK)
    end = qrs_onset - LATEST
    if end - begin < 20:
        return Recurring(reason="no room between the T wave and the next QRS complex")
    if len(beats) < 2:
        return Recurring(reason="a single beat: recurrence cannot be judged")
    rows = smooth(median, SMOOTH)
    at = np.arange(begin, end)
    # How far the signal stands out from both sides: the foot of the T wave does so from none.
    left = _from_left(rows, at, t_end)
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
    weighted = beats * weight[:, None].astype(np.float32)
    return Recurring(_recurrence(weighted, begin + best, begin, qrs_onset), float(energy[best]))


def _from_left(rows: NDArray[np.float64], at: NDArray[np.int_], t_end: int) -> NDArray[np.float64]:
    """Return (leads, samples) by how much the signal at `at` differs from what lies before it.

    The T wave is no side to stand out from: at high rates the trough between the T and the P wave
    would pass for an inverted P wave. Where `FLANK` reaches into it, the side is the end of the T
    wave, or the notch between both waves if the signal rises again as the T wave did.
    """
    outside = rows[:, at] - rows[:, np.maximum(at - FLANK, t_end)]
    sign = np.sign(rows[:, [max(t_end - T_SLOPE, 0)]] - rows[:, [t_end]])
    before = np.lib.stride_tricks.sliding_window_view(rows * sign, FLANK + 1, axis=1)
    notch = sign * (rows[:, at] * sign - before[:, at - FLANK].min(axis=2))
    deeper = (at - FLANK < t_end) & (np.abs(notch) > np.abs(outside))
    return np.where(deeper, notch, outside)


def _recurrence(beats: NDArray[np.float32], peak: int, begin: int, qrs_onset: int) -> float:
    """Return the intraclass correlation around the peak."""
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
        return 0.0
    return float((gram.sum() - own) / (count - 1) / own)
