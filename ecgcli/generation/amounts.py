"""Numbers in a text: signs, ranges, comparisons and units.

It knows how a number is written; it does not know which quantity it is unless it is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from ecgcli.clinical.tokens import Token, key
from ecgcli.generation import lexicon, shipped
from ecgcli.generation.quantities import Unit
from ecgcli.generation.refusal import Kind, RequestError

SECONDS_BELOW = 2
"""An interval below it without a unit is in seconds: none is 2 ms short or 2 s long."""
_TO = ("to", "-")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number or a range as it is written.

    Attributes:
        low: The number, or the lower end; `None` for "at most".
        high: The number, or the upper end; `None` for "at least".
        unit: What follows it, `None` without a unit.
        end: The token after it.
    """

    low: Fraction | None
    high: Fraction | None
    unit: Unit | None
    end: int

    @property
    def is_point(self) -> bool:
        """Whether it is one number and no range."""
        return self.low is not None and self.low == self.high

    def within(self, quantity: str) -> tuple[float | None, float | None]:
        """Return both ends in the unit of a quantity."""
        return self._scaled(self.low, quantity), self._scaled(self.high, quantity)

    def _scaled(self, number: Fraction | None, quantity: str) -> float | None:
        if number is None:
            return None
        if self.unit is not None:
            return _float(number * self.unit.factor)
        seconds = quantity.endswith("_ms") and number < SECONDS_BELOW
        return _float(number * 1000 if seconds else number)


def amount(tokens: Sequence[Token], at: int, quantity: str = "") -> Amount | None:
    """Return the number that begins at a token, `None` where none does.

    Args:
        tokens: Of the whole text.
        at: Where it should begin: at a comparison, a sign or a number.
        quantity: What it is, where that is known; only an axis is negative.

    Raises:
        RequestError: A dash before an axis may be a sign or not.
    """
    between = at < len(tokens) and tokens[at].key == "between"
    at += between
    comparison = None if between else lexicon.comparisons().find(tokens, at)
    at += comparison.length if comparison else 0
    first = _number(tokens, at, quantity)
    if first is None:
        return None
    low, at = first
    of, at = unit(tokens, at)
    if comparison is not None:
        is_low = comparison.meaning == "low"
        return Amount(low if is_low else None, None if is_low else low, of, at)
    second = _second(tokens, at, quantity, between, of is not None)
    if second is None:
        return Amount(low, low, of, at)
    high, unit_after, end = second
    return Amount(min(low, high), max(low, high), unit_after or of, end)


def _second(
    tokens: Sequence[Token], at: int, quantity: str, between: bool, closed: bool
) -> tuple[Fraction, Unit | None, int] | None:
    """Return the other end of a range, its unit and the token after it; `None` without one.

    `between` is whether "and" joins the ends too, `closed` whether the first has a unit.
    """
    joins = (*_TO, "and") if between else _TO
    if at >= len(tokens) or tokens[at].key not in joins:
        return None
    number = _number(tokens, at + 1, quantity)
    if number is None:
        return None
    of, end = unit(tokens, number[1])
    if tokens[at].key == "-" and tokens[at - 1].end < tokens[at].start:
        age = of is not None and of.of == "age_years"
        phrase = lexicon.lexicon().find(tokens, at + 1) or lexicon.sexes().find(tokens, end)
        if closed or age or phrase:
            return None  # "140/min - 60 year old", "42 bpm - 1st degree": a dash between phrases
    return number[0], of, end


def _number(tokens: Sequence[Token], at: int, quantity: str) -> tuple[Fraction, int] | None:
    """Return a number with its sign and the token after it."""
    sign = tokens[at].key if at < len(tokens) else ""
    signed = sign in ("-", "+", "minus", "plus")
    number = at + signed
    if number >= len(tokens):
        return None
    digits = tokens[number].kind == "number"
    found = (Fraction(tokens[number].key), number + 1) if digits else _spelled(tokens, number)
    if found is None:
        return None
    value, end = found
    if sign == "-" and quantity == "axis_deg" and tokens[at].end != tokens[number].start:
        raise RequestError(
            Kind.UNCLEAR,
            f"the dash before {tokens[number].written} may be a sign or not",
            f"write axis -{tokens[number].written} or axis +{tokens[number].written}",
        )
    negative = sign == "minus" or (sign == "-" and quantity in ("axis_deg", ""))
    return -value if negative else value, end


def _spelled(tokens: Sequence[Token], at: int) -> tuple[Fraction, int] | None:
    """Return a number in words, "sixty" or "sixty-five", and the token after it."""
    first = numerals().get(tokens[at].key)
    if first is None:
        return None
    second = numerals().get(tokens[at + 1].key) if at + 1 < len(tokens) else None
    if first >= 20 and second is not None and second < 10:
        return Fraction(first + second), at + 2
    return Fraction(first), at + 1


@cache
def numerals() -> dict[str, int]:
    """Return the numbers that are written as one word."""
    rows = shipped.read("numerals.csv", ("word", "number"))
    return {key(row.required("word"))[0]: int(row.required("number")) for row in rows}


def unit(tokens: Sequence[Token], at: int) -> tuple[Unit | None, int]:
    """Return the unit at a token, in brackets or not, and the token after it."""
    bracket = at < len(tokens) and tokens[at].key == "("
    found = lexicon.units().find(tokens, at + bracket)
    if found is None:
        return None, at
    end = at + bracket + found.length
    closed = end < len(tokens) and tokens[end].key == ")"
    if bracket and not closed:
        return None, at
    return found.meaning, end + bracket


def _float(number: Fraction) -> float:
    """Return a number; one beyond all bounds is infinite, which no quantity can be."""
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")
