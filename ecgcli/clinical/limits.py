"""Limits of normal for a patient's age and sex, and the limits that do not depend on either.

It knows the tables `limits_adult.csv`, `limits_paediatric.csv` and `limits_common.csv`, and what to
do when age or sex is unknown: adult limits, and of several the one that calls fewer people ill. It
does not know what is held against a limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ecgcli.clinical import tables
from ecgcli.records.leads import LEADS
from ecgcli.records.record import Sex

ADULT_YEARS = 18.0
"""The paediatric tables end here."""

COLUMNS = (
    "name",
    "leads",
    "sex",
    "from_age",
    "to_age",
    "value",
    "unit",
    "less_sensitive",
    "source",
)
PAEDIATRIC = {
    "heart_rate_low": "/min",
    "heart_rate_high": "/min",
    "pr_low": "ms",
    "pr_high": "ms",
    "qrs_low": "ms",
    "qrs_high": "ms",
    "qtcb_low": "ms",
    "qtcb_high": "ms",
    "axis_low": "deg",
    "axis_high": "deg",
    "rv1_high": "mV",
    "sv1_high": "mV",
    "rv6_high": "mV",
    "sv6_high": "mV",
}
PAEDIATRIC_COLUMNS = ("from_age", "to_age", "sex", *PAEDIATRIC, "source")
SEXES = ("any", "female", "male")
_TOLERANCE_YEARS = 1e-6  # an age of "12 months" may come as 0.99999999


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit with whom it is for; ages in years, `to_age` exclusive, no leads means all."""

    name: str
    value: float
    unit: str
    leads: frozenset[str]
    sex: str
    from_age: float
    to_age: float | None
    less_sensitive: str
    source: str

    def is_for(self, age: float | None, sex: Sex | None) -> bool:
        """Return whether it may be the patient's; an unknown age is an adult's."""
        if self.sex != "any" and sex is not None and self.sex != sex:
            return False
        return in_range(age, self.from_age, self.to_age)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that hold for one patient."""

    age_years: float | None
    sex: Sex | None
    _limits: dict[str, tuple[Limit, ...]]

    @property
    def is_child(self) -> bool:
        """Whether the paediatric limits are used."""
        return self.age_years is not None and self.age_years + _TOLERANCE_YEARS < ADULT_YEARS

    def find(self, name: str, lead: str | None = None) -> Limit | None:
        """Return a limit, `None` where the tables have none for this patient.

        A limit that names the lead goes before one for all leads. Where several are left, because
        age or sex is unknown, it is the least sensitive.
        """
        limits = self._limits.get(name, ())
        special = [limit for limit in limits if lead in limit.leads]
        left = special or [limit for limit in limits if not limit.leads]
        if not left:
            return None
        if left[0].less_sensitive == "higher":
            return max(left, key=lambda limit: limit.value)
        return min(left, key=lambda limit: limit.value)

    def value(self, name: str, lead: str | None = None) -> float | None:
        """Return the value of a limit; see `find`."""
        limit = self.find(name, lead)
        return None if limit is None else limit.value

    def depends_on_age(self, name: str) -> bool:
        """Return whether another age would have given another limit."""
        return len({(x.from_age, x.to_age) for x in _by_name().get(name, ())}) > 1

    def describe(self) -> str:
        """Return a sentence for the report: whose limits were used, and why."""
        if self.age_years is None:
            who = "age unknown: adult limits used"
        elif self.is_child:
            limit = self.find("heart_rate_high")
            group = limit and f"ages from {_show(limit.from_age)} to {_show(limit.to_age or 0)}"
            who = (
                f"paediatric limits for {group} used ({limit and limit.source}); criteria for"
                " infarction, ST segment and T wave are for adults and not applied"
            )
        else:
            who = "adult limits used"
        if self.sex is None:
            return f"{who}; sex unknown: of the limits for men and women the less sensitive used"
        return f"{who}; sex: {self.sex}"


def limits_for(age_years: float | None, sex: Sex | None) -> Limits:
    """Return the limits for a patient whose age (years) and sex may be unknown."""
    chosen = {
        name: tuple(limit for limit in limits if limit.is_for(age_years, sex))
        for name, limits in _by_name().items()
    }
    return Limits(age_years, sex, chosen)


def in_range(age: float | None, from_age: float, to_age: float | None) -> bool:
    """Return whether an age (years) lies in a range; an unknown age is any adult's.

    Args:
        age: `None` where it is unknown.
        from_age: Youngest age of the range.
        to_age: The age at which the range ends, `None` for no end.
    """
    if age is None:
        return to_age is None or to_age > ADULT_YEARS
    reached = age + _TOLERANCE_YEARS
    return from_age <= reached and (to_age is None or reached < to_age)


def names() -> frozenset[str]:
    """Return the names of all limits."""
    return frozenset(_by_name())


@cache
def _by_name() -> dict[str, tuple[Limit, ...]]:
    found: dict[str, tuple[Limit, ...]] = {}
    rows = tables.read("limits_adult.csv", COLUMNS) + tables.read("limits_common.csv", COLUMNS)
    wide = tables.read("limits_paediatric.csv", PAEDIATRIC_COLUMNS)
    for limit in [*map(from_row, rows), *(x for row in wide for x in from_wide_row(row))]:
        found[limit.name] = (*found.get(limit.name, ()), limit)
    return found


def from_row(row: tables.Row) -> Limit:
    """Return the limit that a row of the adult or the common table states."""
    value, from_age = row.number("value"), row.age("from_age")
    if value is None:
        raise row.error("value", "is empty")
    if from_age is None:
        raise row.error("from_age", "is empty")
    leads = frozenset(row["leads"].split())
    if leads - set(LEADS):
        raise row.error("leads", f"{row['leads']!r} holds what is no lead")
    return Limit(
        name=row.required("name"),
        value=value,
        unit=row.required("unit"),
        leads=leads,
        sex=row.choice("sex", SEXES),
        from_age=from_age,
        to_age=row.age("to_age"),
        less_sensitive=row.choice("less_sensitive", ("higher", "lower")),
        source=row.required("source"),
    )


def from_wide_row(row: tables.Row) -> list[Limit]:
    """Return the limits that a row of the paediatric table holds; an empty cell is no limit."""
    from_age, to_age = row.age("from_age"), row.age("to_age")
    if from_age is None or to_age is None:
        raise row.error("from_age", "both ages must be given")
    sex, source = row.choice("sex", SEXES), row.required("source")
    found = []
    for name, unit in PAEDIATRIC.items():
        value = row.number(name)
        if value is not None:
            less = "higher" if name.endswith("_high") else "lower"
            found.append(Limit(name, value, unit, frozenset(), sex, from_age, to_age, less, source))
    return found


def _show(years: float) -> str:
    """Return an age as a paediatrician writes it."""
    if years < 1 / 12 - _TOLERANCE_YEARS:
        return f"{years * 365.25:.0f} days"
    if years < 1 - _TOLERANCE_YEARS:
        months = round(years * 12)
        return "1 month" if months == 1 else f"{months} months"
    return "1 year" if round(years) == 1 else f"{years:.0f} years"
