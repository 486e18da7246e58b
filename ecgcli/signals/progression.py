"""How the R wave grows from V1 to V6, and where it becomes larger than the S wave.

It knows the chest leads and their order; it does not know what is early, late or poor.
"""

from __future__ import annotations

import math
from itertools import pairwise

from ecgcli.signals.confidence import none
from ecgcli.signals.results import LeadMeasurements, Measured
from ecgcli.signals.voltages import depth, height

CHEST = ("V1", "V2", "V3", "V4", "V5", "V6")
GROWING = CHEST[:4]  # in which the R wave normally gains height from lead to lead
TWICE = 0.5  # share of the confidence that is left where R and S change places more than once


def progression(leads: dict[str, LeadMeasurements], sure: float) -> dict[str, Measured]:
    """Return the R wave's smallest gain and its transition.

    `r_progression` (mV) is the smallest step in the height of R from a lead to the next, V1 to V4:
    negative where R becomes smaller towards the left. `r_transition` is where R and S are equally
    large, as a place in the row of the chest leads: 3.5 lies midway between V3 and V4.
    """
    return {"r_progression": _steps(leads, sure), "r_transition": _transition(leads, sure)}


def _steps(leads: dict[str, LeadMeasurements], sure: float) -> Measured:
    lost = [lead for lead in GROWING if leads[lead].reason is not None]
    if lost:
        return none("mV", f"lead {', '.join(lost)} cannot be measured")
    heights = [height(leads[lead]) for lead in GROWING]
    steps = [later - earlier for earlier, later in pairwise(heights)]
    return Measured(min(steps), "mV", confidence=sure)


def _transition(leads: dict[str, LeadMeasurements], sure: float) -> Measured:
    lost = [lead for lead in CHEST if leads[lead].reason is not None]
    if lost:
        return none("V", f"lead {', '.join(lost)} cannot be measured")
    balance = [_balance(leads[lead]) for lead in CHEST]
    if any(math.isnan(each) for each in balance):
        return none("V", "a chest lead has neither an R nor an S wave")
    # The first lead in which R prevails, if the next one agrees: a lone one may be misplaced.
    prevails = [each > 0.0 for each in balance]
    for place in range(len(CHEST)):
        if prevails[place] and all(prevails[place : place + 2]):
            if place == 0:
                return none("V", "R is larger than S in V1 already: the transition lies before it")
            before, after = balance[place - 1], balance[place]
            changes = sum(a != b for a, b in pairwise(prevails))
            return Measured(
                place + before / (before - after),
                "V",
                confidence=round(sure * (1.0 if changes == 1 else TWICE), 3),
            )
    return none("V", "S is larger than R up to V6: the transition lies behind it")


def _balance(lead: LeadMeasurements) -> float:
    """Return (R - S) / (R + S), -1 to 1; NaN where there is neither."""
    r, s = height(lead), depth(lead)
    return (r - s) / (r + s) if r + s > 0.0 else math.nan
