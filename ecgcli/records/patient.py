"""Age and sex out of the words that files use for them.

It knows units of age, codes for unknown and hidden ages and spellings of the sexes; it does not
know where a format keeps them.
"""

from __future__ import annotations

import math
import re
from datetime import date

from ecgcli.records.record import Sex

OLDEST = 120.0
HIDDEN_AGE = 300.0  # PTB-XL's code for "90 or older"
HIDDEN_MEANS = 90.0

_YEARS_PER = {
    "y": 1.0,
    "mo": 1 / 12,
    "w": 7 / 365.25,
    "d": 1 / 365.25,
    "h": 1 / (24 * 365.25),
}
_UNITS = {
    **dict.fromkeys(("", "a", "y", "yr", "yrs", "year", "years"), "y"),
    **dict.fromkeys(("m", "mo", "mos", "mon", "month", "months"), "mo"),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), "w"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "h"),
}
_AGE = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z]*)\.?")

NOTE_HIDDEN = "The file codes the age as 300, which means 90 years or more: 90 is used."
NOTE_ABSURD = "The age in the file is not plausible and was not used."
NOTE_BELOW_ONE = "The file states an age of 0 years, which is no exact age; it was not used."

Age = tuple[float | None, str | None]
"""An age in years or `None`, and a note for the record where something had to be decided."""


def parse_age(text: str) -> Age:
    """Read "63", "7.5 yr", "16 mo", "12 days", "063Y"; words for unknown give no age, no note."""
    match = _AGE.fullmatch(text.strip().casefold())
    if match is None or match[2] not in _UNITS:
        return None, NOTE_ABSURD if re.search(r"\d", text) else None
    return age(float(match[1].replace(",", ".")), _UNITS[match[2]])


def age(value: float, unit: str = "y") -> Age:
    """Judge an age; `unit` is "y", "mo", "w", "d" or "h".

    0 in whole years is an infant, a missing value or a template's default: no age.
    """
    if not math.isfinite(value):
        return None, None
    if unit == "y" and value == HIDDEN_AGE:
        return HIDDEN_MEANS, NOTE_HIDDEN
    years = value * _YEARS_PER[unit]
    if not 0 <= years <= OLDEST:
        return None, NOTE_ABSURD
    if unit == "y" and value == 0:
        return None, NOTE_BELOW_ONE
    return years, None


def age_between(birth: date, then: date) -> Age:
    """Return the age at a date."""
    days = (then - birth).days
    years = days / 365.25
    return (years, None) if 0 <= years <= OLDEST else (None, NOTE_ABSURD)


def parse_sex(text: str) -> Sex | None:
    """Read "F", "female", "Male", "m"; anything else is unknown."""
    word = text.strip().casefold()
    if word in ("f", "female", "woman", "w", "weiblich"):
        return "female"
    if word in ("m", "male", "man", "männlich"):
        return "male"
    return None
