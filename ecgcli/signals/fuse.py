"""From the waves of every lead to the waves of the heart.

It knows which marks of different leads belong to one beat, and where a wave that several leads show
begins and ends; it does not know how a lead's marks were found, nor where the beats are (`beats`).

A wave begins where the first leads show it and ends where the last ones do. The earliest and the
latest of twelve leads are moved outwards by every lead that is wrong, and by the number of leads;
hence the onset that `EARLY` of the leads show already, and the end that `LATE` of them have
reached. With these shares the intervals of LUDB come out as the medians over its cardiologists'
marks do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.signals.delineation import END, ONSET, PEAK, LeadWaves

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 500.0
P, QRS, T = slice(0, 3), slice(3, 6), slice(6, 9)
"""Columns of onset, peak and end of each wave."""
ENOUGH = 1 / 3  # of the leads have to show a wave
EARLY = 0.4  # of the leads show a wave's onset
LATE = {"p": 0.5, "qrs": 0.6, "t": 0.5}  # of the leads are past its end
QRS_APART = 60.0  # samples (120 ms) from the middle of a beat to that of its QRS in a lead
P_BEFORE = 225.0  # samples (450 ms): a P wave further from the QRS complex does not lead to it
SAME = 50.0  # samples (100 ms): peaks of one wave in two leads lie no further apart


@dataclass(frozen=True, slots=True)
class BeatWaves:
    """The waves of every beat, in samples at 500 Hz; NaN where there is no such wave.

    Attributes:
        leads: (leads, beats, 9): onset, peak and end of P, QRS and T in each lead.
        common: (beats, 9): the same of all leads together.
        lone: (waves, 3): onset, peak and end of P waves that no QRS complex follows.
        lone_leads: The same per lead.
    """

    leads: NDArray[np.float64]
    common: NDArray[np.float64]
    lone: NDArray[np.float64]
    lone_leads: tuple[NDArray[np.float64], ...]


def fuse(leads: Sequence[LeadWaves], at: NDArray[np.int64]) -> BeatWaves:
    """Return which waves each beat has.

    Args:
        leads: Marks in samples at 500 Hz, one entry per lead that could be judged.
        at: Middle of each beat's QRS complex, in order.
    """
    marks = np.full((len(leads), len(at), 9), np.nan)
    spare = [lead.p for lead in leads]
    if len(at):
        for rows, lead in zip(marks, leads, strict=True):
            _qrs(rows, lead.qrs, at)
            _t(rows, lead.t, at)
        begins = _begins(marks, at)
        spare = [_p(rows, lead.p, begins) for rows, lead in zip(marks, leads, strict=True)]
    least = max(1, round(ENOUGH * len(leads)))
    common = np.full((len(at), 9), np.nan)
    for beat in range(len(at)):
        for wave, columns in (("p", P), ("qrs", QRS), ("t", T)):
            own = marks[:, beat, columns]
            _without_odd(own)
            shown = own[np.isfinite(own[:, PEAK])]
            if len(shown) >= least:
                common[beat, columns] = edges(shown, LATE[wave])
            elif wave == "p":
                own[:] = np.nan  # what hardly any lead shows is no P wave in those either
    lone = _lone(spare, least)
    near = tuple(rows[_near(rows, lone)] for rows in spare)
    return BeatWaves(marks, common, lone, near)


def edges(shown: NDArray[np.float64], late: float) -> NDArray[np.float64]:
    """Return onset, peak and end of a wave from those of the (leads, 3) that show it."""
    ranked = np.sort(shown, axis=0).T.tolist()
    return np.array(
        [_quantile(row, share) for row, share in zip(ranked, (EARLY, 0.5, late), strict=True)]
    )


def _quantile(ranked: list[float], share: float) -> float:
    """Return a quantile as `numpy.quantile` does, which takes fifty times as long for so few."""
    place = share * (len(ranked) - 1)
    low = int(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)


def _qrs(rows: NDArray[np.float64], found: NDArray[np.float64], at: NDArray[np.int64]) -> None:
    """Give each beat the nearest QRS complex of a lead."""
    if not len(found):
        return
    distance = np.abs((found[:, ONSET] + found[:, END])[:, None] / 2.0 - at[None, :])
    nearest = distance.argmin(axis=0)
    near = distance[nearest, np.arange(len(at))] <= QRS_APART
    rows[near, QRS] = found[nearest[near]]


def _t(rows: NDArray[np.float64], found: NDArray[np.float64], at: NDArray[np.int64]) -> None:
    """Give each beat the first T wave of a lead behind it."""
    beat = np.searchsorted(at, found[:, PEAK]) - 1
    for wave, own in zip(found[::-1], beat[::-1].tolist(), strict=True):
        if own >= 0:
            rows[own, T] = wave


def _begins(marks: NDArray[np.float64], at: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return where each beat's QRS complex begins, its middle where no lead tells."""
    onsets = marks[:, :, QRS.start]
    known = np.isfinite(onsets).any(axis=0)
    begins = at.astype(np.float64)
    if known.any():
        begins[known] = np.nanmedian(onsets[:, known], axis=0)
    return begins


def _p(
    rows: NDArray[np.float64], found: NDArray[np.float64], begins: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give each beat the last P wave of a lead before it; return those that are left."""
    beat = np.searchsorted(begins, found[:, PEAK])
    led = np.zeros(len(found), dtype=bool)
    for wave, own in enumerate(beat.tolist()):
        if own < len(begins) and begins[own] - found[wave, PEAK] <= P_BEFORE:
            last = wave + 1 == len(found) or beat[wave + 1] != own
            if last:
                rows[own, P] = found[wave]
                led[wave] = True
    return found[~led]


def _without_odd(own: NDArray[np.float64]) -> None:
    """Take out, of (leads, 3), a wave that lies elsewhere than in the other leads."""
    shown = np.isfinite(own[:, PEAK])
    if shown.sum() >= 3:
        odd = np.abs(own[:, PEAK] - _quantile(sorted(own[shown, PEAK].tolist()), 0.5)) > SAME
        own[shown & odd] = np.nan


def _lone(spare: Sequence[NDArray[np.float64]], least: int) -> NDArray[np.float64]:
    """Return (waves, 3) of the P waves that no QRS complex follows and enough leads show."""
    every = np.concatenate(spare) if spare else np.zeros((0, 3))
    every = every[np.argsort(every[:, PEAK], kind="stable")]
    groups = np.split(every, np.flatnonzero(np.diff(every[:, PEAK]) > SAME) + 1)
    rows = [edges(group, LATE["p"]) for group in groups if len(group) >= least]
    return np.array(rows).reshape(-1, 3)


def _near(rows: NDArray[np.float64], lone: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which waves of a lead are among those of all leads together."""
    distance = np.abs(rows[:, PEAK][:, None] - lone[:, PEAK][None, :])
    near: NDArray[np.bool_] = np.any(distance <= SAME, axis=1)
    return near
