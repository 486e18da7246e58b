"""A lead in a few dozen characters, for lists of thousands of recordings.

It knows the encoding; the script in the worklist (index.js) decodes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecgcli.signals.results import ANALYSIS_RATE

if TYPE_CHECKING:
    from ecgcli.signals.results import Analysis

# One character a point, 64 levels; none of them means anything in HTML, JSON or JavaScript.
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
POINTS = 140
SECONDS = 5.0
# The lead shown: the rhythm strip's if it is usable, else the first of these that is.
PREFERRED = ("II", "I", "V5", "V2", "V4", "V6", "V3", "aVF", "V1", "III", "aVL", "aVR")
SMALLEST_RANGE_MV = 1.0  # a flat line stays flat


def encode(analysis: Analysis) -> str:
    """Return "LEAD:points" of 5 s, or nothing where no lead is usable.

    A point is the sample of its 36 ms that lies furthest from the lead's level, so that no R wave
    is lost. The scale is the lead's own.
    """
    usable = set(analysis.quality.usable_leads())
    lead = next((name for name in PREFERRED if name in usable), None)
    if lead is None:
        return ""
    conditioned = analysis.conditioned
    index = [quality.lead for quality in analysis.quality.leads].index(lead)
    samples = min(conditioned.signal.shape[1], round(SECONDS * ANALYSIS_RATE))
    level = conditioned.signal[index, :samples].astype(np.float64)
    level = level - np.median(level)
    points = round(POINTS * samples / (SECONDS * ANALYSIS_RATE))
    width = samples // points
    bins = level[: points * width].reshape(points, width)
    shown = bins[np.arange(points), np.abs(bins).argmax(axis=1)]
    low, high = float(shown.min()), float(shown.max())
    span = max(high - low, SMALLEST_RANGE_MV)
    low = (low + high - span) / 2
    codes = np.rint((shown - low) / span * (len(ALPHABET) - 1)).astype(int)
    return f"{lead}:" + "".join(ALPHABET[code] for code in codes)
