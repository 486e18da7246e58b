"""What statements say of the numbers: the ranges that follow from a request.

It knows the tables `definitions.csv`, whose limits are the clinical room's, and `impossible.csv`;
it does not know which requests are to be refused (`consistency`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from ecgcli.clinical.limits import in_range
from ecgcli.generation import shipped
from ecgcli.generation.limits import checked, limit
from ecgcli.generation.quantities import quantities
from ecgcli.generation.request import Bound, Request
from ecgcli.generation.statements import codes

COLUMNS = ("code", "from_age", "to_age", "quantity", "low", "high", "whole", "source")
CIRCLE = Bound("axis_deg", -180, 180)
OVERALL = frozenset({"NORM", "ONORM"})


@dataclass(frozen=True, slots=True)
class Definition:
    """One row: where a statement puts a quantity.

    Attributes:
        code: The statement.
        from_age: For whom it holds (years), `None` for all ages.
        to_age: The age at which it ends, `None` for no end.
        quantity: A field of `Request`.
        low: Its lower limit as the table writes it, "" for none.
        high: Its upper limit, likewise.
        whole: Whether the range is all that the statement says.
        source: Publication.
    """

    code: str
    from_age: float | None
    to_age: float | None
    quantity: str
    low: str
    high: str
    whole: bool
    source: str

    def bound(self, request: Request) -> Bound:
        """Return the range for the patient of a request."""
        age, sex = request.age_years, request.sex
        low = limit(self.low, age, sex) if self.low else None
        high = limit(self.high, age, sex) if self.high else None
        return Bound(self.quantity, low, high)


@dataclass(frozen=True, slots=True)
class Implied:
    """A range that a statement of a request implies, and the row that says so."""

    bound: Bound
    definition: Definition


@cache
def definitions() -> tuple[Definition, ...]:
    """Return the rows of the table."""
    found = []
    for row in shipped.read("definitions.csv", COLUMNS):
        (code,) = codes(row, "code")
        low, high = (checked(row, end, row[end]) if row[end] else "" for end in ("low", "high"))
        found.append(
            Definition(
                code=code,
                from_age=row.age("from_age"),
                to_age=row.age("to_age"),
                quantity=row.choice("quantity", quantities()),
                low=low,
                high=high,
                whole=row.choice("whole", ("", "yes")) == "yes",
                source=row.required("source"),
            )
        )
    return tuple(found)


def implied(request: Request) -> list[Implied]:
    """Return what the statements that are present say of the numbers.

    A normal ECG yields where another statement or the text itself says something of a quantity: an
    ECG may be normal with a sinus tachycardia.
    """
    found = [
        Implied(each.bound(request), each)
        for each in definitions()
        if each.code in request.present and _is_for(each, request)
    ]
    found = [each for each in found if (each.bound.low, each.bound.high) != (None, None)]
    told = {each.definition.quantity for each in found if each.definition.code not in OVERALL}
    return [
        each
        for each in found
        if each.definition.code not in OVERALL or each.definition.quantity not in told
    ]


def excluded(request: Request) -> list[Implied]:
    """Return the ranges that are ruled out, by absent statements that are nothing but a range."""
    return [
        Implied(each.bound(request), each)
        for each in definitions()
        if each.whole and each.code in request.absent and _is_for(each, request)
    ]


def ranges(request: Request) -> dict[str, Bound]:
    """Return where each quantity has to lie: by the text, by what is present and by what is absent.

    Quantities of which nothing is said are left out; a value that was said stands in the request
    and is not repeated here.

    Args:
        request: One that `reading.read` has returned, hence free of contradictions.
    """
    found: dict[str, Bound] = {}
    for bound in (*request.bounds, *(each.bound for each in implied(request))):
        known = found.get(bound.quantity, Bound(bound.quantity))
        found[bound.quantity] = known.narrowed(bound)
    for each in excluded(request):
        quantity = each.definition.quantity
        whole = CIRCLE if quantity == "axis_deg" else Bound(quantity)
        found[quantity] = without(found.get(quantity, whole), each.bound)
    nothing = {Bound(quantity) for quantity in found} | {CIRCLE}
    told = {name for name, bound in found.items() if bound not in nothing} - missing(request).keys()
    return {name: found[name] for name in quantities() if name in told}


@cache
def _impossible() -> dict[str, dict[str, str]]:
    """Return for each statement the quantities that it does not have, and why."""
    found: dict[str, dict[str, str]] = {}
    for row in shipped.read("impossible.csv", ("statements", "quantity", "why", "source")):
        row.required("source")
        for code in codes(row, "statements"):
            why = found.setdefault(code, {})
            why[row.choice("quantity", quantities())] = row.required("why")
    return found


def missing(request: Request) -> dict[str, tuple[str, str]]:
    """Return the quantities that do not exist in such an ECG: the statement and why."""
    return {
        quantity: (code, why)
        for code in request.present
        for quantity, why in _impossible().get(code, {}).items()
    }


def without(bound: Bound, hole: Bound) -> Bound:
    """Return a range less a part at one of its ends; a hole in its middle leaves it as it is."""
    if hole.low is None or (bound.low is not None and hole.low <= bound.low):
        return bound.narrowed(Bound(bound.quantity, low=hole.high))
    if hole.high is None or (bound.high is not None and hole.high >= bound.high):
        return bound.narrowed(Bound(bound.quantity, high=hole.low))
    return bound


def wanting(request: Request, known_codes: Collection[str]) -> list[str]:
    """Return the codes of a request, present or absent, that a generator has not learned.

    Args:
        request: What is asked for.
        known_codes: What it has learned; with `told_by_value` added where it takes the numbers.
    """
    return [code for code in (*request.present, *request.absent) if code not in known_codes]


def told_by_value() -> frozenset[str]:
    """Return the statements that are nothing but a range of a quantity, left axis deviation say.

    A generator that takes the quantity can show them without having learned the statement.
    """
    return frozenset(each.code for each in definitions() if each.whole)


def _is_for(each: Definition, request: Request) -> bool:
    return each.from_age is None or in_range(request.age_years, each.from_age, each.to_age)
