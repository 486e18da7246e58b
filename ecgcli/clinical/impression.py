"""Numbers that a free text gives: "PR interval of 210 ms", "rate 84".

It knows the table `data/impression.csv`: how quantities and their units are called in prose. It
reads a number only where the quantity's name stands before it with nothing between them but words
that change nothing; limits ("PR above 200 ms"), ranges and numbers of single leads are left alone.
Statements are not read: an answer makes them by code, beside its text.
"""

from __future__ import annotations

import re
from functools import cache

from ecgcli.clinical import tables
from ecgcli.engines.answer import Claim
from ecgcli.engines.quantities import quantities

NAME = "impression.csv"
COLUMNS = ("quantity", "words", "units", "source")
LONGEST_NUMBER = 9
"""Digits and point; a longer one is none."""

_NEUTRAL = (
    r"(?:[\s,:=~(]|of|is|was|at|about|approximately|approx\.?|around|measures|measured|estimated)*"
)
_NUMBER = rf"(?P<number>[-−+]?\d[\d.]{{0,{LONGEST_NUMBER - 1}}})"
_RANGE = r"(?!\s*(?:[-–−/]|to)\s*\d)"
_OTHERS = r"(?<!atrial )(?<!atrial heart )(?<!lead )"


def read(text: str) -> tuple[Claim, ...]:
    """Return the numbers of a text in its order, each once.

    Of two names of a number ("P axis", "axis") the one that stands first in the table counts.
    """
    found: dict[int, Claim] = {}
    for quantity, (pattern, factors) in _patterns().items():
        for match in pattern.finditer(text):
            try:
                number = float(match["number"].replace("−", "-").rstrip("."))
            except ValueError:  # 1.2.3 is a date or a version
                continue
            value = number * factors[(match["unit"] or "").lower()]
            found.setdefault(match.start("number"), Claim(quantity, round(value, 6)))
    return tuple(dict.fromkeys(found[at] for at in sorted(found)))


@cache
def _patterns() -> dict[str, tuple[re.Pattern[str], dict[str, float]]]:
    found = {}
    for row in tables.read(NAME, COLUMNS):
        quantity = row.required("quantity")
        if quantity not in quantities() or quantities()[quantity].per_lead:
            raise row.error("quantity", "is no quantity of a whole ECG")
        words = row.required("words").split("|")
        pairs = (unit.rpartition("=") for unit in row.required("units").split("|"))
        factors = {name: float(factor) for name, _, factor in pairs}
        found[quantity] = (_pattern(words, list(factors)), factors)
    return found


def _pattern(words: list[str], units: list[str]) -> re.Pattern[str]:
    """Return what finds a quantity's name, a number and its unit; "" is a unit left out."""
    names = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    spelled = [re.escape(unit) for unit in sorted(units, key=len, reverse=True) if unit]
    end = rf"\s*(?P<unit>{'|'.join(spelled)})(?!\w)"
    if "" in units:
        end = rf"(?:{end}|(?P<none>(?![\w.%°])(?!\s*(?:ms|mV|s|%)\b)))"
    pattern = rf"{_OTHERS}(?<![\w-])(?:{names}){_NEUTRAL}(?<=[\s,:=~(]){_NUMBER}{_RANGE}{end}"
    return re.compile(pattern, re.IGNORECASE)
