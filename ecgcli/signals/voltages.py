"""Sums of voltages in several leads.

It knows which waves are added; it does not know from which sum on a ventricle is called thick.
"""

from __future__ import annotations

from collections.abc import Callable

from ecgcli.signals.confidence import none
from ecgcli.signals.results import LeadMeasurements, Measured

Leads = dict[str, LeadMeasurements]
DEEPEST = ("V1", "V2", "V3", "V4")  # the deepest S wave is one of these in nearly every record


def depth(lead: LeadMeasurements) -> float:
    """Return how deep the S wave is (mV, positive), 0 where there is none.

    A QS complex has no R wave, and its depth counts as that of an S wave.
    """
    own = lead.s_mv if lead.r_mv is not None else lead.q_mv
    return max(-(own or 0.0), -(lead.s2_mv or 0.0))


def height(lead: LeadMeasurements) -> float:
    """Return how high the R wave is (mV), or R' where that is higher; 0 where there is none."""
    return max(lead.r_mv or 0.0, lead.r2_mv or 0.0)


def voltages(leads: Leads, qrs: Measured, sure: float) -> dict[str, Measured]:
    """Return the sums of voltages that speak for left ventricular hypertrophy.

    Sokolow-Lyon (1949): S in V1 and R in V5 or V6; Cornell (Casale 1985): R in aVL and S in V3;
    Cornell product (Molloy 1992): that times the QRS duration, without the addition that some
    authors make for women; Peguero-Lo Presti (2017): the deepest S in any lead and S in V4.
    """
    result = {
        "sokolow_lyon": _sum(leads, ("V1", "V5", "V6"), _sokolow_lyon, sure),
        "cornell": _sum(leads, ("aVL", "V3"), _cornell, sure),
        "peguero": _sum(leads, DEEPEST, _peguero, sure),
    }
    cornell = result["cornell"]
    if cornell.value is None or qrs.value is None:
        product = none("mV ms", cornell.reason or f"no QRS duration: {qrs.reason}")
    else:
        both = [c for c in (cornell.confidence, qrs.confidence) if c is not None]
        product = Measured(cornell.value * qrs.value, "mV ms", confidence=min(both, default=None))
    return result | {"cornell_product": product}


def _sum(
    leads: Leads, needed: tuple[str, ...], of: Callable[[Leads], float], sure: float
) -> Measured:
    lost = [lead for lead in needed if leads[lead].reason is not None]
    if lost:
        return none("mV", f"lead {', '.join(lost)} cannot be measured")
    return Measured(of(leads), "mV", confidence=sure)


def _sokolow_lyon(leads: Leads) -> float:
    return depth(leads["V1"]) + max(height(leads["V5"]), height(leads["V6"]))


def _cornell(leads: Leads) -> float:
    return height(leads["aVL"]) + depth(leads["V3"])


def _peguero(leads: Leads) -> float:
    deepest = max(depth(lead) for lead in leads.values() if lead.reason is None)
    return deepest + depth(leads["V4"])
