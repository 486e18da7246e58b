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

LATEST_T = 260.0  # samples from QRS onset to T peak at 60 /min: a QTc (Bazett) beyond 600 ms
LONGEST_RR_S = 4.0
P_ROOM = 170  # samples: a P wave peaks at most this long before the middle of its QRS complex
QRS_ROOM = 50  # samples: the next QRS complex begins at most this long before its middle


@dataclass(frozen=True, slots=True)
class Marks:
    """Onsets and ends on the median beat, in samples, `None` where there is no such wave."""

    r: int
    qrs: tuple[int, int]
    atrial: pwave.Atrial
    t: delineate.Wave | None
    t_leads: list[delineate.Wave | None]


def marks_of(stack: median.Stack, usable: NDArray[np.bool_], room: median.Room) -> Marks:
    """Find onsets, peaks and ends on the median beat."""
    beat = stack.median[usable]
    onset, end = delineate.qrs(beat, stack.middle)
    noise = stack.noise[usable] / np.sqrt(len(stack.beats))
    samples = beat.shape[1]
    stop = round(min(samples, stack.middle + room.after - QRS_ROOM))
    rr_s = min(room.before / ANALYSIS_RATE, LONGEST_RR_S)
    latest = onset + round(LATEST_T * rr_s**0.5)
    p_from = round(min(max(stack.middle + room.after - P_ROOM, latest - 40), samples))
    t, t_leads = delineate.t_wave(beat, end, stop, latest, p_from, noise)
    t_end = t.end if t is not None else end + 100
    begin = round(max(t_end - room.before + 5, 0))
    atrial = pwave.p_wave(stack.beats[:, usable], beat, stack.noise[usable], onset, begin)
    if atrial.onset is not None and atrial.onset + room.after < stop:
        t, t_leads = delineate.t_wave(
            beat, end, round(atrial.onset + room.after), latest, p_from, noise
        )
    reach = slice(onset, end + 1)
    vector = np.sqrt((beat[:, reach].astype(np.float64) ** 2).sum(axis=0))
    return Marks(onset + int(np.argmax(vector)), (onset, end), atrial, t, t_leads)
