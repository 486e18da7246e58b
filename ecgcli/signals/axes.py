"""Electrical axes in the frontal plane.

It knows the geometry of leads I and aVF; it does not know which axis is normal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ecgcli.signals.results import Measured

Area = tuple[float, float] | None

UNIT = "deg"
# Unipolar augmented leads are recorded at cos 30 deg of the scale of the bipolar ones (Goldberger).
AVF_SCALE = 2.0 / math.sqrt(3.0)
NEAR_ZERO = 0.08  # net area, in units of the absolute one, from which on an axis means something


def axis(wave: str, areas: Sequence[Area], smallest: float, confidence: float) -> Measured:
    """Return the axis (degrees, -180 to 180) from net and absolute areas (mV ms) in I and aVF.

    Args:
        wave: Name of the wave, for the reason.
        areas: Areas in leads I and aVF, `None` where the lead cannot be measured.
        smallest: Net area (mV ms) in both leads below which there is no axis.
        confidence: That of the waves themselves.
    """
    one, avf = areas
    if one is None or avf is None:
        missing = " and ".join(n for n, v in (("I", one), ("aVF", avf)) if v is None)
        return Measured(None, UNIT, reason=f"lead {missing} cannot be measured")
    x, y = one[0], avf[0] * AVF_SCALE
    length, total = math.hypot(x, y), math.hypot(one[1], avf[1] * AVF_SCALE)
    if length < max(smallest, NEAR_ZERO * total):
        return Measured(
            None, UNIT, reason=f"indeterminate: net {wave} areas in I and aVF near zero"
        )
    degrees = math.degrees(math.atan2(y, x))
    return Measured(180.0 if degrees == -180.0 else degrees, UNIT, confidence=confidence)
