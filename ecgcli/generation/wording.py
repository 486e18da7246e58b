"""A request in plain English, which `reading.read` reads as the same request.

It knows how a sentence is put together; the names of statements are those of the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ecgcli.generation.draft import shown
from ecgcli.generation.quantities import plain, quantities
from ecgcli.generation.request import Request
from ecgcli.generation.vocabulary import names

_VOWELS = ("8", "11-", "18-")  # eight, eleven, eighteen
_UNITS = (("year", Fraction(1)), ("month", Fraction(1, 12)), ("day", Fraction(4, 1461)))


def sentence(request: Request) -> str:
    """Return a request as a sentence, such as "An ECG showing bigeminy, of a 60-year-old male".

    Read again, it gives the same request, apart from its text.
    """
    parts = ["An ECG"]
    if request.present:
        parts.append(f" showing {_listed([names()[x] for x in request.present], 'and')}")
    if request.absent:
        comma = "," if request.present else ""
        parts.append(f"{comma} without {_listed([names()[x] for x in request.absent], 'or')}")
    patient, numbers = _patient(request), _numbers(request)
    if patient:
        article = "an" if patient.startswith(_VOWELS) else "a"
        parts.append(f", of {article} {patient}")
    if numbers:
        parts.append(f", with {_listed(numbers, 'and')}")
    return "".join(parts) + "."


def _numbers(request: Request) -> list[str]:
    values, bounds = request.values(), {bound.quantity: bound for bound in request.bounds}
    found = []
    for name, of in quantities().items():
        if name in values:
            found.append(f"{of.name} {of.show(values[name])}")
        elif name in bounds:
            found.append(f"{of.name} {shown(bounds[name])}")
    return found


def _patient(request: Request) -> str:
    who = request.sex or ("patient" if request.age_years is not None else "")
    if request.age_years is None:
        return who
    return f"{_age(request.age_years)}-old {who}"


def _age(years: float) -> str:
    """Return an age in the largest unit in which it is a whole number, else in years."""
    for name, unit in _UNITS:
        number = round(Fraction(years) / unit)
        if number and float(number * unit) == years:
            return f"{number}-{name}"
    return f"{plain(years)}-year"


def _listed(words: Sequence[str], last: str) -> str:
    """Return "A", "A and B" or "A, B and C"."""
    *others, final = words
    return f"{', '.join(others)} {last} {final}" if others else final
