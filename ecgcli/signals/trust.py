"""Whether the amplitudes of leads can be compared with each other and held against limits in mV.

It knows two ways in which a file gives them away: leads that were each scaled to the same height,
and limb leads that contradict the laws of Einthoven and Goldberger. It does not know beats.

Intervals and rhythm need no amplitudes and are measured all the same.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from ecgcli.records.leads import LEADS, LIMB_LEADS

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCALED = "the file holds every lead scaled to the same height: its amplitudes are not mV"
CONTRADICTION = "the limb leads contradict Einthoven's law: their amplitudes cannot be trusted"
EXCHANGED = "leads {} and {} are exchanged in the file, as Einthoven's law shows"
INVERTED = "lead {} is upside down in the file, as Einthoven's law shows"

# Twelve real leads are never equally high: in PTB-XL, CinC 2011 and ZZU-pECG the lowest and the
# highest of the twelve differ by a factor of 1.2 or more, in LUDB, whose publisher scaled each
# lead, by less than 1.02.
SCALED_RATIO = 1.05
SCALED_LEADS = 8
# What is left of the laws, as a share of the limb leads' own size (root mean square of both): in
# PTB-XL 0.04 in the median and 0.25 at most but for faulty recordings, in CinC 2011, whose aVL and
# aVF are exchanged, 0.98 in the median.
CONTRADICTION_SHARE = 0.3
EXPLAINED_SHARE = 0.15

# Each row is a sum over I, II, III, aVR, aVL, aVF that is zero in every consistent recording.
LAWS = np.array(
    [
        [1.0, -1.0, 1.0, 0.0, 0.0, 0.0],  # I + III = II
        [0.5, 0.5, 0.0, 1.0, 0.0, 0.0],  # aVR = -(I + II) / 2
        [-1.0, 0.5, 0.0, 0.0, 1.0, 0.0],  # aVL = I - II / 2
        [0.5, -1.0, 0.0, 0.0, 0.0, 1.0],  # aVF = II - I / 2
    ]
)


def distrusted(
    raw: NDArray[np.floating], signal: NDArray[np.floating], usable: NDArray[np.bool_]
) -> dict[str, str]:
    """Return the leads whose amplitudes cannot be trusted, and why.

    Args:
        raw: (12, samples) in mV as recorded.
        signal: The same after filtering.
        usable: (12,) bool; other leads are not looked at.
    """
    names = [lead for lead, good in zip(LEADS, usable, strict=True) if good]
    if len(names) >= SCALED_LEADS:
        heights: NDArray[np.float64] = np.ptp(np.asarray(raw[usable], dtype=np.float64), axis=1)
        if heights.max() < SCALED_RATIO * heights.min():
            return dict.fromkeys(names, SCALED)
    limb = np.asarray(signal[: len(LIMB_LEADS)], dtype=np.float64)
    kept = usable[: len(LIMB_LEADS)]
    if _left_over(limb, kept) <= CONTRADICTION_SHARE:
        return {}
    return dict.fromkeys((name for name in names if name in LIMB_LEADS), _explained(limb, kept))


def _left_over(limb: NDArray[np.float64], kept: NDArray[np.bool_]) -> float:
    """Return the share of the limb leads (6, samples) that the laws do not explain."""
    laws = [law for law in LAWS if kept[law != 0].all()]
    if not laws:
        return 0.0
    rest = float(np.mean((np.array(laws) @ limb) ** 2))
    return math.sqrt(rest / max(float(np.mean(limb[kept] ** 2)), 1e-12))


def _explained(limb: NDArray[np.float64], kept: NDArray[np.bool_]) -> str:
    """Say what is wrong with limb leads that contradict each other, if one change mends it."""
    if not kept.all():
        return CONTRADICTION
    mended = []
    for first, second in combinations(range(len(LIMB_LEADS)), 2):
        order = list(range(len(LIMB_LEADS)))
        order[first], order[second] = second, first
        reason = EXCHANGED.format(LIMB_LEADS[first], LIMB_LEADS[second])
        mended.append((_left_over(limb[order], kept), reason))
    for row, name in enumerate(LIMB_LEADS):
        turned = limb.copy()
        turned[row] *= -1.0
        mended.append((_left_over(turned, kept), INVERTED.format(name)))
    left, reason = min(mended)
    return reason if left <= EXPLAINED_SHARE else CONTRADICTION
