"""Limits that a table names: a number, or the name of a limit that depends on age and sex.

It knows the language of such cells, the limits of the clinical room and the few of its own in
`limits.csv`; it does not know which statement has which.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ecgcli.clinical import limits as clinical
from ecgcli.clinical import tables
from ecgcli.generation import shipped
from ecgcli.generation.quantities import quantities
from ecgcli.generation.request import Bound

if TYPE_CHECKING:
    from ecgcli.records.record import Sex

COLUMNS = ("name", "from_age", "to_age", "value", "source")
_RULE = re.compile(r"(\w+) (>=|<=) (@?[\w.-]+)")


@dataclass(frozen=True, slots=True)
class BoundRule:
    """One end of a range: a quantity, ">=" or "<=", and a limit as the table writes it."""

    quantity: str
    operator: str
    limit: str

    def bound(self, age_years: float | None, sex: Sex | None) -> Bound:
        """Return the range for a patient; without ends where no limit is known for the age."""
        end = limit(self.limit, age_years, sex)
        if self.operator == ">=":
            return Bound(self.quantity, low=end)
        return Bound(self.quantity, high=end)

    @property
    def opposite(self) -> BoundRule:
        """What holds where this does not; the limit itself belongs to both."""
        return BoundRule(self.quantity, "<=" if self.operator == ">=" else ">=", self.limit)


def bound_rules(row: tables.Row, column: str) -> tuple[BoundRule, ...]:
    """Return the rules of a cell such as "heart_rate >= 60 and heart_rate <= @heart_rate_high".

    Raises:
        tables.TableError: The cell does not follow the language.
    """
    rules = []
    for part in row[column].split(" and ") if row[column] else []:
        match = _RULE.fullmatch(part.strip())
        if match is None or match[1] not in quantities():
            raise row.error(column, f"{part!r} is no range such as 'heart_rate >= 100'")
        checked(row, column, match[3])
        rules.append(BoundRule(match[1], match[2], match[3]))
    return tuple(rules)


def checked(row: tables.Row, column: str, cell: str) -> str:
    """Return a limit as the table writes it.

    Raises:
        tables.TableError: It is neither a number nor the name of a limit.
    """
    if cell.startswith("@"):
        if cell[1:] not in {*clinical.names(), *_own()}:
            raise row.error(column, f"{cell!r} is no limit")
    elif not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", cell):
        raise row.error(column, f"{cell!r} is neither a number nor the name of a limit")
    return cell


def limit(cell: str, age_years: float | None, sex: Sex | None) -> float | None:
    """Return the value of a limit for a patient, `None` where the tables have none.

    Args:
        cell: A number, or "@" and a name.
        age_years: Age in years; an unknown one is an adult's.
        sex: Where it is unknown, the less sensitive of the limits for men and women holds.
    """
    if not cell.startswith("@"):
        return float(cell)
    for from_age, to_age, value in _own().get(cell[1:], ()):
        if clinical.in_range(age_years, from_age, to_age):
            return limit(value, age_years, sex)
    return clinical.limits_for(age_years, sex).value(cell[1:])


@cache
def _own() -> dict[str, tuple[tuple[float, float | None, str], ...]]:
    """Return the limits of this room by name: from age, to age (years), value."""
    found: dict[str, tuple[tuple[float, float | None, str], ...]] = {}
    for row in shipped.read("limits.csv", COLUMNS):
        name, from_age = row.required("name"), row.age("from_age")
        row.required("source")
        if from_age is None:
            raise row.error("from_age", "is empty")
        one = (from_age, row.age("to_age"), row.required("value"))
        found[name] = (*found.get(name, ()), one)
    return found
