"""Sums of voltages in several leads.

It knows which waves are added; it does not know from which sum on a ventricle is called thick.
"""

from __future__ import annotations

from ecgcli.signals.confidence import none
from ecgcli.signals.results import LeadMeasurements, Measured


def voltages(leads: dict[str, LeadMeasurements], sure: float) -> dict[str, Measured]:
    """Return the sums of voltages that speak for left ventricular hypertrophy, in mV."""

    def depth(lead: LeadMeasurements) -> float:
        # A QS complex has no R wave, and its depth counts as that of an S wave.
        own = lead.s_mv if lead.r_mv is not None else lead.q_mv
        return -own if own is not None else 0.0

    def height(lead: LeadMeasurements) -> float:
        return max(lead.r_mv or 0.0, lead.r2_mv or 0.0)

    result = {}
    for name, needed in (("sokolow_lyon", ("V1", "V5", "V6")), ("cornell", ("aVL", "V3"))):
        lost = [lead for lead in needed if leads[lead].reason is not None]
        if lost:
            result[name] = none("mV", f"lead {', '.join(lost)} cannot be measured")
        elif name == "sokolow_lyon":
            value = depth(leads["V1"]) + max(height(leads["V5"]), height(leads["V6"]))
            result[name] = Measured(value, "mV", confidence=sure)
        else:
            value = height(leads["aVL"]) + depth(leads["V3"])
            result[name] = Measured(value, "mV", confidence=sure)
    return result
