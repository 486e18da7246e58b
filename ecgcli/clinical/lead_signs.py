"""What a finding must show in a lead that it names, and whether it does.

It knows the table `data/lead_signs.csv`: for each statement and lead the measurement that shows it
and the one that rules it out, with the tolerance of a measurement between the two. A statement that
has no definition in a lead is not judged there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from ecgcli.clinical import tables
from ecgcli.clinical.catalogue import codes
from ecgcli.clinical.checked import CheckedLead, Verdict
from ecgcli.clinical.condition import Condition, Outcome
from ecgcli.clinical.criteria import parsed
from ecgcli.clinical.limits import Limits
from ecgcli.clinical.values import Values
from ecgcli.records.leads import LEADS

COLUMNS = ("statements", "leads", "shown_by", "excluded_by", "sign", "source")
BETWEEN = "what was measured is too near to the limit to tell"


@dataclass(frozen=True, slots=True)
class LeadSign:
    """What a statement shows in one lead.

    Attributes:
        shown_by: Measurements that show it.
        excluded_by: Measurements that rule it out.
        sign: What to look for, in words.
        source: Publication and tolerance.
    """

    shown_by: Condition
    excluded_by: Condition
    sign: str
    source: str


@cache
def lead_signs() -> dict[tuple[str, str], LeadSign]:
    """Return the signs by statement and lead."""
    found: dict[tuple[str, str], LeadSign] = {}
    for row in tables.read("lead_signs.csv", COLUMNS):
        for lead in row.required("leads").split():
            if lead not in LEADS:
                raise row.error("leads", f"{lead!r} is no lead")
            sign = LeadSign(
                shown_by=_in_lead(row, "shown_by", lead),
                excluded_by=_in_lead(row, "excluded_by", lead),
                sign=row.required("sign"),
                source=row.required("source"),
            )
            for code in codes(row, "statements"):
                if (code, lead) in found:
                    raise row.error("leads", f"{code} has two rows for {lead}")
                found[code, lead] = sign
    return found


def _in_lead(row: tables.Row, column: str, lead: str) -> Condition:
    """Return a condition that names no lead for one lead."""
    text = f"any({lead}: {row.required(column)})"
    return parsed(replace(row, cells={**row.cells, column: text}), column)


def checked(code: str, lead: str, values: Values, limits: Limits) -> CheckedLead:
    """Return whether what was measured in a lead shows a statement that names it."""
    fault = values.in_lead(lead, "qrs_peak_to_peak_mv").reason
    sign = lead_signs().get((code, lead))
    if fault is not None:
        return not_checkable(lead, fault)
    if sign is None:
        return not_checkable(lead, f"there is no definition of what it shows in {lead}")
    shown = sign.shown_by.evaluate(values, limits)
    if shown.truth:
        text = f"Names {lead} for {sign.sign}: {_listed(shown)}"
        return CheckedLead(lead, Verdict.SUPPORTED, text)
    excluded = sign.excluded_by.evaluate(values, limits)
    if excluded.truth:
        text = f"Names {lead} for {sign.sign}; measured were {_listed(excluded)}"
        return CheckedLead(lead, Verdict.CONTRADICTED, text)
    reasons = shown.reasons + excluded.reasons
    return not_checkable(lead, "; ".join(dict.fromkeys(reasons)) or BETWEEN)


def not_checkable(lead: str, reason: str) -> CheckedLead:
    """Return a lead that nothing can be said of."""
    text = f"Names {lead}; not checkable: {reason}"
    return CheckedLead(lead, Verdict.NOT_CHECKABLE, text, reason)


def _listed(outcome: Outcome) -> str:
    """Return what was measured without the limits that it was held against."""
    measured = (each.text.partition(" (limit ")[0] for each in outcome.evidence)
    return ", ".join(dict.fromkeys(measured))
