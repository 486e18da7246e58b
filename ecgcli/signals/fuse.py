"""From the waves of every lead to the waves of the heart.

It knows which marks of different leads belong to one beat, and where a wave that several leads show
begins and ends; it does not know how a lead's marks were found.

A wave begins where the first lead shows it and ends where the last one does. One lead alone may be
wrong, so the earliest and the latest of many leads are not taken but those that `EDGE` of the leads
still exceed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.signals.delineation import END, ONSET, PEAK, WAVES, LeadWaves

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 500.0
ENOUGH = 1 / 3  # of the leads have to show a wave
EDGE = 0.15  # quantile over leads, from either side
SAME_S = 0.1  # marks of one wave in two leads lie no further apart
REACH_S = {"p": (-0.4, 0.0), "qrs": (0.0, 0.0), "t": (0.0, 0.6)}


def fuse(leads: Sequence[LeadWaves]) -> LeadWaves:
    """Return one row per beat for each wave; a row of NaN where the beat has no such wave.

    Args:
        leads: Marks in samples at 500 Hz, one entry per lead that could be judged.
    """
    least = max(1, round(ENOUGH * len(leads)))
    beats = [wave for wave in _together([lead.qrs for lead in leads]) if len(wave) >= least]
    rows: dict[str, list[NDArray[np.float64]]] = {wave: [] for wave in WAVES}
    middles = np.array([np.median(beat.mean(axis=1)) for beat in beats])
    found = {
        wave: [g for g in _together([lead.of(wave) for lead in leads]) if len(g) >= least]
        for wave in ("p", "t")
    }
    for index, beat in enumerate(beats):
        rows["qrs"].append(_edges(beat))
        before = middles[index - 1] if index else -np.inf
        after = middles[index + 1] if index + 1 < len(middles) else np.inf
        for wave in ("p", "t"):
            low, high = (RATE * s for s in REACH_S[wave])
            near = [
                group
                for group in found[wave]
                if max(low + middles[index], before)
                < float(np.median(group[:, PEAK]))
                < min(high + middles[index], after)
            ]
            # The P wave next to the complex, the T wave that most leads show.
            best = near[-1] if wave == "p" and near else max(near, key=len, default=None)
            rows[wave].append(np.full(3, np.nan) if best is None else _edges(best))
    return LeadWaves(**{wave: np.array(rows[wave]).reshape(-1, 3) for wave in WAVES})


def _together(leads: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Return groups of marks (leads, 3) of the same wave, at most one row of each lead."""
    if not any(len(marks) for marks in leads):
        return []
    every = np.concatenate(list(leads))
    owner = np.concatenate([np.full(len(marks), i) for i, marks in enumerate(leads)])
    middle = (every[:, ONSET] + every[:, END]) / 2.0
    order = np.argsort(middle, kind="stable")
    groups = []
    for part in np.split(order, np.flatnonzero(np.diff(middle[order]) > SAME_S * RATE) + 1):
        centre = np.median(middle[part])
        nearest = part[np.argsort(np.abs(middle[part] - centre), kind="stable")]
        _, first = np.unique(owner[nearest], return_index=True)
        groups.append(every[nearest[first]])
    return groups


def _edges(marks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return onset, peak and end of a wave from those of the leads that show it."""
    return np.array(
        [
            np.quantile(marks[:, ONSET], EDGE),
            np.median(marks[:, PEAK]),
            np.quantile(marks[:, END], 1.0 - EDGE),
        ]
    )
