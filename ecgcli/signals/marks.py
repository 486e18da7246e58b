"""Onsets, peaks and ends of all waves of the median beat, from those of the single beats.

It knows how marks of single beats and leads become those of their median, and how sure they are; it
does not know how a beat's marks were found (`shares`, `fuse`) nor whether what lies before the QRS
complex is a P wave (`pwave`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgcli.signals import median, pwave
from ecgcli.signals.fuse import QRS, BeatWaves, P, T
from ecgcli.signals.results import ANALYSIS_RATE

MOST = 0.5  # of the beats have to show a wave for the median beat to have it
T_LOWEST_MV = 0.03  # IEC 60601-2-25, minimum wave; the network sees waves in a flat line, too
MS = 1000.0 / ANALYSIS_RATE


@dataclass(frozen=True, slots=True)
class TWave:
    """Peak and end in samples of the median beat.

    `spread_ms` is the median deviation of the leads' ends from it, `leads` how many show it.
    """

    peak: int
    end: int
    spread_ms: float
    leads: int


@dataclass(frozen=True, slots=True)
class Marks:
    """Onsets and ends on the median beat, in samples, `None` where there is no such wave.

    Attributes:
        r: The highest point of the spatial vector within the QRS complex.
        qrs: Its onset and end.
        atrial: The P wave, or why there is none.
        t: The T wave.
        leads: (usable leads, 9) columns as in `fuse`, NaN where a lead has no such wave.
    """

    r: int
    qrs: tuple[int, int]
    atrial: pwave.Atrial
    t: TWave | None
    leads: NDArray[np.float64]


def marks_of(
    stack: median.Stack,
    usable: NDArray[np.bool_],
    room: median.Room,
    waves: BeatWaves,
    at: NDArray[np.int64],
) -> Marks | None:
    """Return the marks of the median beat; `None` where the leads show no QRS onsets and ends.

    Args:
        stack: The beats and their median, twelve leads.
        usable: (12,) bool.
        room: How far the neighbouring beats are.
        waves: What each beat shows, in the usable leads.
        at: (beats,) places of all beats, which `waves` has a row for each of.
    """
    own = np.abs(at[:, None] - stack.at[None, :]).argmin(axis=0)
    shift = stack.middle - stack.at
    common = waves.common[own] + shift[:, None]
    leads = waves.leads[:, own] + shift[:, None]
    middle = _middle(common)
    onset, _, end = middle[QRS]
    if not np.isfinite(onset):
        return None
    last = stack.median.shape[1] - 1
    qrs = (max(round(onset), 0), min(round(end), last))
    beat = stack.median[usable]
    in_leads = _middle(leads)
    noise = stack.noise[usable] / np.sqrt(len(stack.at))
    t = _t(middle[T], in_leads[:, T], beat, noise)
    before = (t.end if t is not None else qrs[1] + 100) - room.before
    recurring = pwave.recurring(
        stack.beats[:, usable], beat, stack.noise[usable], qrs[0], max(round(before) + 5, 0)
    )
    atrial = pwave.decide(recurring, common[:, P], in_leads[:, P])
    vector = np.sqrt((beat[:, qrs[0] : qrs[1] + 1].astype(np.float64) ** 2).sum(axis=0))
    return Marks(qrs[0] + int(np.argmax(vector)), qrs, atrial, t, in_leads)


def _middle(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return medians over beats, NaN for a wave that fewer than `MOST` of them show.

    Args:
        rows: (beats, 9), or (leads, beats, 9).

    Returns:
        (9,) or (leads, 9).
    """
    count = np.isfinite(rows).sum(axis=-2, keepdims=True)
    ranked = np.sort(rows, axis=-2)  # NaN comes last
    low = np.take_along_axis(ranked, np.maximum(count - 1, 0) // 2, axis=-2)
    high = np.take_along_axis(ranked, np.minimum(count // 2, rows.shape[-2] - 1), axis=-2)
    shown = (count > 0) & (count >= MOST * rows.shape[-2])
    result: NDArray[np.float64] = np.where(shown, (low + high) / 2.0, np.nan)[..., 0, :]
    return result


def _t(
    wave: NDArray[np.float64],
    leads: NDArray[np.float64],
    beat: NDArray[np.float32],
    noise: NDArray[np.float64],
) -> TWave | None:
    """Return the T wave, if at least two leads show one that stands out."""
    _, peak, end = wave
    last = beat.shape[1] - 1
    if not np.isfinite(end) or peak >= last:
        return None
    shown = np.isfinite(leads[:, 1])
    onset, top, foot = np.clip(np.round(leads[shown]), 0, last).astype(np.intp).T
    rows = beat[shown]
    lead = np.arange(len(rows))
    height = np.abs(rows[lead, top] - (rows[lead, onset] + rows[lead, foot]) / 2.0)
    if (height >= np.maximum(T_LOWEST_MV, 3.0 * noise[shown])).sum() < min(2, len(beat)):
        return None
    ends = leads[shown, 2]
    spread = float(np.median(np.abs(ends - end))) * MS
    return TWave(round(peak), min(round(end), last), spread, len(ends))
