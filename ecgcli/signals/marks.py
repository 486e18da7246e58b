"""Onsets, peaks and ends of all waves of one median beat.

It knows in which order they are found (the T wave of the beat before bounds the search for the P
wave, the P wave of the next beat that for the T wave); each wave's own file knows how.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgcli.signals import delineate, median, pwave
from ecgcli.signals.results import ANALYSIS_RATE


@dataclass(frozen=True, slots=True)
class Marks:
    """Onsets and ends on the median beat, in samples, `None` where there is no such wave."""

    r: int
    qrs: tuple[int, int]
    atrial: pwave.Atrial
    t: delineate.Wave | None
    t_leads: list[delineate.Wave | None]


def marks_of(stack: median.Stack, usable: NDArray[np.bool_], rr_s: float | None) -> Marks:
    """Find onsets, peaks and ends on the median beat."""
    beat = stack.median[usable]
    onset, end = delineate.qrs(beat, stack.middle)
    noise = stack.noise[usable] / np.sqrt(len(stack.beats))
    samples = beat.shape[1]
    rr = samples * 2 if rr_s is None else round(rr_s * ANALYSIS_RATE)
    stop = min(samples, stack.middle + rr - 65)
    t, t_leads = delineate.t_wave(beat, end, stop, noise)
    t_end = t.end if t is not None else end + 100
    atrial = pwave.p_wave(stack.beats[:, usable], beat, onset, t_end - rr + 5)
    if atrial.onset is not None and atrial.onset + rr < stop:
        t, t_leads = delineate.t_wave(beat, end, atrial.onset + rr, noise)
    reach = slice(onset, end + 1)
    vector = np.sqrt((beat[:, reach].astype(np.float64) ** 2).sum(axis=0))
    return Marks(onset + int(np.argmax(vector)), (onset, end), atrial, t, t_leads)
