"""Electrical axes in the frontal plane.

It knows the geometry of leads I and aVF; it does not know which axis is normal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ecgcli.records.leads import LEADS
from ecgcli.signals import delineate, waves
from ecgcli.signals.confidence import Basis, none
from ecgcli.signals.results import Measured

Area = tuple[float, float] | None

UNIT = "deg"
# Unipolar augmented leads are recorded at cos 30 deg of the scale of the bipolar ones (Goldberger).
AVF_SCALE = 2.0 / math.sqrt(3.0)
P_SMALLEST, QRS_SMALLEST, T_SMALLEST = 0.8, 2.0, 2.0  # mV ms, net area for an axis
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


def axes(basis: Basis) -> dict[str, Measured]:
    """Return the axes of P, QRS and T."""
    marks, sure = basis.marks, basis.sure
    atrial, t = marks.atrial, marks.t
    untrue = basis.distrust.get("I") or basis.distrust.get("aVF")
    if untrue:
        return {name: none("deg", untrue) for name in ("qrs_axis", "p_axis", "t_axis")}

    def areas(first: int, last: int, own_level: bool = False) -> list[Area]:
        result: list[Area] = []
        for name in ("I", "aVF"):
            row = basis.stack.median[LEADS.index(name)]
            if not basis.usable[LEADS.index(name)]:
                result.append(None)
                continue
            zero = waves.level(row, marks.qrs[0], atrial.end)
            if own_level:
                zero = float(row[first] + row[last]) / 2.0
            result.append(waves.area(row, first, last, zero))
        return result

    result = {"qrs_axis": axis("QRS", areas(*marks.qrs), QRS_SMALLEST, sure)}
    result["p_axis"] = (
        axis("P", areas(atrial.onset, atrial.end, own_level=True), P_SMALLEST, sure)
        if atrial.onset is not None and atrial.end is not None
        else none("deg", f"no P wave: {atrial.reason}")
    )
    begin = marks.qrs[1] + delineate.T_FROM
    result["t_axis"] = (
        axis("T", areas(begin, t.end), T_SMALLEST, sure)
        if t is not None and t.end > begin
        else none("deg", "the T wave is too flat or runs into the next beat")
    )
    return result
