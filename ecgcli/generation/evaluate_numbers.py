"""Numbers that were asked for beside those that were measured, and what the check says.

It knows errors and shares; it does not know how a recording was made or measured.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgcli.generation.check import TOLERANCE
from ecgcli.generation.evaluate_prompts import ASKED
from ecgcli.signals.angles import turn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecgcli.generation.observed import Observed
    from ecgcli.generation.request import Request

UNREAD = "not read"


def errors(
    requests: Sequence[Request], observed: Sequence[Observed | None], field: str
) -> list[float | None]:
    """Return measured minus asked where a number was asked for, `None` where it was not measured.

    Differences of the axis go the shorter way round.
    """
    found: list[float | None] = []
    for request, one in zip(requests, observed, strict=True):
        asked = request.values().get(field)
        if asked is None:
            continue
        measured = None if one is None else one.values.get(field)
        away = None if measured is None else measured - asked
        if away is not None and field == "axis_deg":
            away = turn(away)
        found.append(away)
    return found


def numbers(
    requests: Sequence[Request], observed: Sequence[Observed | None]
) -> dict[str, dict[str, Any]]:
    """Return by the request's field how near the measured number is to the asked one.

    "within" is the share of all that were asked for, not measured ones included, that lie within
    the tolerance of the check: 3 /min for the rate.
    """
    found = {}
    for field in ASKED:
        away = errors(requests, observed, field)
        known = np.array([each for each in away if each is not None])
        near = int((np.abs(known) <= TOLERANCE[field]).sum())
        found[field] = {
            "asked": len(away),
            "not_measured": len(away) - len(known),
            "mean_absolute_error": float(np.abs(known).mean()) if len(known) else None,
            "median_error": float(np.median(known)) if len(known) else None,
            "tolerance": TOLERANCE[field],
            "within": near / len(away) if away else None,
        }
    return found


def grades(observed: Sequence[Observed | None]) -> dict[str, int]:
    """Return how many recordings are of which technical quality."""
    return dict(sorted(Counter(UNREAD if one is None else one.grade for one in observed).items()))


def law_mv(observed: Sequence[Observed | None]) -> float | None:
    """Return the largest deviation (mV) of any recording from Einthoven's and Goldberger's laws."""
    found = [one.law_mv for one in observed if one is not None]
    return round(max(found), 6) if found else None
