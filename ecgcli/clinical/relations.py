"""How statements relate to measurements and to each other: what implies, excludes, resembles them.

It knows three tables: `relations.csv` (what a statement follows from, and what measurements rule it
out, beyond the tolerance of a measurement), `families.csv` (statements that readers use for each
other) and `conflicts.csv` (statements that exclude each other). It judges no recording.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from ecgcli.clinical import tables
from ecgcli.clinical.catalogue import catalogue, codes
from ecgcli.clinical.condition import Condition
from ecgcli.clinical.criteria import parsed
from ecgcli.clinical.statement import Urgency

COLUMNS = ("statement", "implied_by", "excluded_by", "source")
FAMILY_COLUMNS = ("family", "statements", "why")
CONFLICT_COLUMNS = ("statements", "exclude", "why", "source")

OVERALL = frozenset({"NORM", "ONORM"})
PATHOLOGICAL = frozenset({Urgency.CRITICAL, Urgency.URGENT, Urgency.ABNORMAL})
EXCLUDED = {"NORM": PATHOLOGICAL, "ONORM": PATHOLOGICAL - {Urgency.ABNORMAL}}
"""Urgencies that an ECG as a whole has no room for."""
NORMAL_WHY = "A normal ECG holds nothing abnormal"


@dataclass(frozen=True, slots=True)
class Relation:
    """One row of the table of relations.

    Attributes:
        implied_by: Statements that it follows from.
        excluded_by: What rules it out; `None` where no measurement does.
        source: Publication and tolerance.
    """

    implied_by: frozenset[str]
    excluded_by: Condition | None
    source: str


@cache
def relations() -> dict[str, Relation]:
    """Return the relations by statement."""
    found: dict[str, Relation] = {}
    for row in tables.read("relations.csv", COLUMNS):
        code = row.required("statement")
        if code in found:
            raise row.error("statement", f"{code!r} stands twice")
        if code not in catalogue():
            raise row.error("statement", f"{code!r} is not in the catalogue")
        excluded_by = parsed(row, "excluded_by") if row["excluded_by"] else None
        found[code] = Relation(
            frozenset(codes(row, "implied_by")), excluded_by, row.required("source")
        )
    return found


def follows_from(code: str) -> frozenset[str]:
    """Return the statements that a statement follows from."""
    relation = relations().get(code)
    return relation.implied_by if relation else frozenset()


@cache
def families() -> tuple[frozenset[str], ...]:
    """Return the groups of statements that readers use for each other."""
    return tuple(
        frozenset(codes(row, "statements")) for row in tables.read("families.csv", FAMILY_COLUMNS)
    )


def kin(code: str) -> frozenset[str]:
    """Return the statements that readers use for this one."""
    return frozenset().union(*(f for f in families() if code in f)) - {code}


@cache
def _exclusive() -> dict[frozenset[str], str]:
    """Return why two statements exclude each other, by the pair."""
    found = {}
    for row in tables.read("conflicts.csv", CONFLICT_COLUMNS):
        for one in codes(row, "statements"):
            for other in codes(row, "exclude"):
                found[frozenset({one, other})] = row.required("why")
    return found


def exclusive(one: str, other: str) -> str | None:
    """Return why two statements exclude each other, `None` where they do not.

    A normal ECG excludes whatever the catalogue calls abnormal or worse; one that is otherwise
    normal only what is urgent or worse: a lone ectopic beat or low voltage may stand beside it.
    """
    for overall, rest in ((one, other), (other, one)):
        entry = catalogue().get(rest)
        if entry is not None and entry.urgency in EXCLUDED.get(overall, ()):
            return NORMAL_WHY
    return _exclusive().get(frozenset({one, other}))


def conflicts(of: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return all pairs among some statements that exclude each other, and why."""
    found = []
    for one, other in combinations(of, 2):
        why = exclusive(one, other)
        if why is not None:
            found.append((one, other, why))
    return found
