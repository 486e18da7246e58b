"""Quantities that a language model may put a number on, each with its one unit.

It knows the table `data/quantities.csv`: names, units, whether a quantity belongs to a lead, and
which of our measurements it is. It does not know how near a number must come (`clinical`).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Quantity:
    """One row of the table.

    Attributes:
        name: What an answer calls it.
        label: What a physician calls it.
        unit: The only unit that its numbers are in; an answer carries none.
        per_lead: Whether a number of it belongs to a lead.
        measured: Which measurement it is: a field of `Measurements`, one of `LeadMeasurements`, or
            "height" or "depth" of `signals.voltages`.
        what: Its definition, for who shall give numbers of it.
        source: Where the definition stands.
    """

    name: str
    label: str
    unit: str
    per_lead: bool
    measured: str
    what: str
    source: str


@cache
def quantities() -> dict[str, Quantity]:
    """Return the quantities by name, in the table's order."""
    text = files("ecgcli.engines").joinpath("data/quantities.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["name"]: _from_row(row) for row in rows}


def _from_row(row: dict[str, str]) -> Quantity:
    return Quantity(
        name=row["name"],
        label=row["label"],
        unit=row["unit"],
        per_lead=row["per_lead"] == "yes",
        measured=row["measured"],
        what=row["what"],
        source=row["source"],
    )
