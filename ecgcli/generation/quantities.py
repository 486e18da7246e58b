"""The numbers that can be asked for: names, units, and what is possible at all.

It knows the tables `quantities.csv` and `units.csv`; it does not know what is normal.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache

from ecgcli.clinical.phrases import phrases
from ecgcli.generation import shipped
from ecgcli.generation.refusal import Kind, RequestError

COLUMNS = ("field", "name", "unit", "words", "lowest", "highest", "source")
UNIT_COLUMNS = ("words", "of", "factor")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number of a request.

    Attributes:
        field: Its name in `Request`.
        name: What people call it.
        unit: Unit of `Request`; "" for years.
        words: All its names.
        lowest: What no heart goes below, in `unit`.
        highest: What no heart exceeds.
    """

    field: str
    name: str
    unit: str
    words: tuple[str, ...]
    lowest: float
    highest: float

    def show(self, value: float) -> str:
        """Return a value with its unit: "140/min", "260 ms"."""
        gap = "" if self.unit.startswith("/") else " "
        return f"{plain(value)}{gap}{self.unit or 'years'}"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: which quantity has it ("interval" for all in ms), and its factor to `Request`'s."""

    of: str
    factor: Fraction

    def fits(self, field: str) -> bool:
        """Return whether a quantity can have it."""
        return self.of == field or (self.of == "interval" and field.endswith("_ms"))


@cache
def quantities() -> dict[str, Quantity]:
    """Return the quantities by their field, in the order of the table."""
    found = {}
    for row in shipped.read("quantities.csv", COLUMNS):
        lowest, highest = row.number("lowest"), row.number("highest")
        if lowest is None or highest is None:
            raise row.error("lowest", "both ends must be given")
        field = row.required("field")
        words = phrases(row.required("words"))
        found[field] = Quantity(field, row.required("name"), row["unit"], words, lowest, highest)
    return found


@cache
def units() -> dict[str, Unit]:
    """Return the units by each of their names."""
    return {
        word: Unit(row.required("of"), Fraction(row.required("factor")))
        for row in shipped.read("units.csv", UNIT_COLUMNS)
        for word in phrases(row.required("words"))
    }


def possible(field: str, value: float) -> float:
    """Return a value as it stands in a request: an axis beyond 180 degrees counted back from 360.

    Raises:
        RequestError: No heart has such a value.
    """
    of = quantities()[field]
    if not of.lowest <= value <= of.highest:
        raise RequestError(
            Kind.IMPOSSIBLE,
            f"{of.name} {of.show(value)} is beyond what is possible",
            f"from {of.show(of.lowest)} to {of.show(of.highest)}",
        )
    return value - 360 if field == "axis_deg" and value > 180 else value


def plain(value: float) -> str:
    """Return a number as people write it, every digit of it, never with an exponent."""
    text = format(Decimal(repr(value)), "f")
    return "0" if text == "-0.0" else text.removesuffix(".0")
