"""How near a number must come to the measured one, and whether one does.

It knows the table `data/tolerances.csv` and where each quantity is found among the measurements; it
does not know what follows from a number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from ecgcli.clinical import tables
from ecgcli.clinical.checked import CheckedClaim, Verdict
from ecgcli.clinical.values import Values, amount
from ecgcli.engines.answer import Claim
from ecgcli.engines.quantities import Quantity, quantities
from ecgcli.records.leads import LEADS
from ecgcli.signals import voltages
from ecgcli.signals.angles import turn
from ecgcli.signals.results import LeadMeasurements, Measured, Measurements

COLUMNS = ("quantity", "within", "percent", "compare", "share", "least", "source")
COMPARE = ("level", "size", "angle")

_FROM_WAVES: dict[str, tuple[Callable[[LeadMeasurements], float], str]] = {
    "height": (voltages.height, "r_mv"),
    "depth": (voltages.depth, "s_mv"),
}
"""Quantities of several waves, and the wave whose absence of a measurement is theirs."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """One row of the table.

    Attributes:
        within: Allowed difference in the quantity's unit.
        percent: The same in % of the measured value; the larger of both counts.
        compare: "level" with its sign, "size" whichever sign is written (a depth), or "angle"
            modulo 360.
        share: Difference in % of the measured value up to which a number counts as grounded,
            `None` where a share means nothing and the tolerance counts (angles).
        least: Difference that always counts as grounded: the last digit that reports show.
        source: Why so much.
    """

    within: float
    percent: float
    compare: str
    share: float | None
    least: float
    source: str

    def difference(self, said: float, measured: float) -> float:
        """Return how far a number is from the measured one, never negative."""
        if self.compare == "size":
            return abs(abs(said) - abs(measured))
        if self.compare == "angle":
            return abs(turn(said - measured))
        return abs(said - measured)

    def allows(self, said: float, measured: float) -> bool:
        """Return whether a number may be said of what was measured."""
        most = max(self.within, abs(measured) * self.percent / 100.0)
        return self.difference(said, measured) <= most + ROUNDING

    def grounds(self, said: float, measured: float) -> bool:
        """Return whether a number counts as grounded in what was measured."""
        if self.share is None:
            return self.allows(said, measured)
        most = max(self.least, abs(measured) * self.share / 100.0)
        return self.difference(said, measured) <= most + ROUNDING


ROUNDING = 1e-9
"""0.3 − 0.25 is a little more than 0.05 to a computer."""


@cache
def tolerances() -> dict[str, Tolerance]:
    """Return the tolerances by quantity; every quantity has one."""
    found = {row.required("quantity"): _from_row(row) for row in tables.read(NAME, COLUMNS)}
    if found.keys() != quantities().keys():
        odd = ", ".join(sorted(found.keys() ^ quantities().keys()))
        raise tables.TableError(f"{NAME}: {odd} stands here or among the quantities only")
    return found


NAME = "tolerances.csv"


def _from_row(row: tables.Row) -> Tolerance:
    within = row.number("within")
    if within is None:
        raise row.error("within", "is empty")
    return Tolerance(
        within=within,
        percent=row.number("percent") or 0.0,
        compare=row.choice("compare", COMPARE),
        share=row.number("share"),
        least=row.number("least") or 0.0,
        source=row.required("source"),
    )


def measured(
    claim: Claim, measurements: Measurements, values: Values
) -> tuple[float | None, str | None]:
    """Return what was measured of a claim's quantity, or `None` and the reason."""
    quantity = quantities().get(claim.quantity)
    if quantity is None:
        return None, "no such quantity"
    if not quantity.per_lead:
        found: Measured = getattr(measurements, quantity.measured)
        return found.value, found.reason
    if claim.lead not in LEADS:
        return None, "no lead is named"
    return _in_lead(quantity.measured, claim.lead, measurements, values)


def _in_lead(
    name: str, lead: str, measurements: Measurements, values: Values
) -> tuple[float | None, str | None]:
    if name not in _FROM_WAVES:
        reading = values.in_lead(lead, name)
        return reading.value, reading.reason
    total, wave = _FROM_WAVES[name]
    reading = values.in_lead(lead, wave)
    if reading.value is None:
        return None, reading.reason
    return total(next(each for each in measurements.leads if each.lead == lead)), None


def checked(claim: Claim, value: float | None, reason: str | None) -> CheckedClaim:
    """Return the verdict on a number.

    Args:
        claim: What is said.
        value: What was measured, `None` where nothing was.
        reason: Why nothing was measured.
    """
    said = _said(claim)
    if value is None:
        why = reason or "not measured"
        text = f"{said}; not checkable: {why}"
        return CheckedClaim(claim, Verdict.NOT_CHECKABLE, text, None, why)
    fits = tolerances()[claim.quantity].allows(claim.value, value)
    text = f"{said}; {_shown(quantities()[claim.quantity], value)}"
    return CheckedClaim(
        claim, Verdict.SUPPORTED if fits else Verdict.CONTRADICTED, text, value, None
    )


def _said(claim: Claim) -> str:
    quantity = quantities().get(claim.quantity)
    where = f" in {claim.lead}" if claim.lead else ""
    if quantity is None:
        return f"Says {claim.quantity}{where} {claim.value:g}"
    label = quantity.label
    return f"Says {label}{where} {amount(claim.value, quantity.unit)}"


def _shown(quantity: Quantity, value: float) -> str:
    """Return what was measured, in words: a depth without a sign, as it is spoken of."""
    if tolerances()[quantity.name].compare != "size":
        return f"{amount(value, quantity.unit)} was measured"
    if value == 0.0:
        return "no such wave was found"
    return f"{amount(abs(value), quantity.unit)} was measured"
