"""The criteria: which findings make which statement, each with its source.

It knows the table `data/criteria.csv` and how its rows are weighed against each other; it does not
know how a statement reads or what its codes are (the catalogue does).

A row holds where `applies_when` and `condition` both hold and the patient's age and sex are the
row's. A statement stands where a row holds of which no suppressor stands. It is not assessed where
no row holds but one is undecided, because something it needs was not measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter

from ecgcli.clinical import limits as limits_table
from ecgcli.clinical import tables
from ecgcli.clinical.catalogue import catalogue
from ecgcli.clinical.condition import FALSE, TRUE, Condition, Outcome, limit_names
from ecgcli.clinical.limits import SEXES, Limits
from ecgcli.clinical.parser import ConditionError, parse
from ecgcli.clinical.statement import Urgency
from ecgcli.clinical.values import Values

COLUMNS = (
    "id",
    "statement",
    "from_age",
    "to_age",
    "sex",
    "applies_when",
    "condition",
    "suppressed_by",
    "confidence",
    "urgency",
    "critical",
    "wording",
    "source",
)
AGE_UNKNOWN_FACTOR = 0.8
"""What the confidence of a criterion that depends on age is worth where the age is unknown."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One row of the table.

    Attributes:
        id: Key of the row.
        statement: Key in the catalogue.
        from_age: Youngest age in years.
        to_age: Age in years from which on it does not hold any more.
        sex: "any", "female" or "male"; a row for one sex is not used where the sex is unknown.
        applies_when: What must hold for the row to be of use; not shown as evidence.
        condition: What makes the statement; its findings are the evidence.
        suppressed_by: Statements that explain the findings otherwise.
        confidence: 0 to 1, how far the row is to be trusted when it holds.
        urgency: Of the statement made by this row, `None` for the catalogue's.
        critical: Whether it is a critical value.
        wording: Instead of the catalogue's.
        source: Publication, or "this project" with the reason.
        uses_limits: Names of the limits that it refers to.
    """

    id: str
    statement: str
    from_age: float | None
    to_age: float | None
    sex: str
    applies_when: Condition | None
    condition: Condition
    suppressed_by: frozenset[str]
    confidence: float
    urgency: Urgency | None
    critical: bool
    wording: str | None
    source: str
    uses_limits: frozenset[str]

    def is_for(self, limits: Limits) -> bool:
        """Return whether the row is meant for a patient of this age and sex."""
        if self.sex != "any" and self.sex != limits.sex:
            return False
        return limits_table.in_range(limits.age_years, self.from_age or 0.0, self.to_age)

    def evaluate(self, values: Values, limits: Limits) -> Outcome:
        """Return whether the row holds, with its evidence and confidence."""
        gate = TRUE if self.applies_when is None else self.applies_when.evaluate(values, limits)
        if gate.truth is False:
            return FALSE
        outcome = self.condition.evaluate(values, limits)
        if outcome.truth is False:
            return FALSE
        if gate.truth is None or outcome.truth is None:
            return Outcome(None, reasons=tuple(dict.fromkeys(gate.reasons + outcome.reasons)))
        factor = AGE_UNKNOWN_FACTOR if self._age_matters(limits) else 1.0
        confidence = self.confidence * outcome.confidence * factor
        return Outcome(True, outcome.evidence, (), round(confidence, 2))

    def _age_matters(self, limits: Limits) -> bool:
        if limits.age_years is not None:
            return False
        return (
            self.from_age is not None
            or self.to_age is not None
            or any(limits.depends_on_age(name) for name in self.uses_limits)
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """What the rows of one statement say: those that hold, or why it could not be decided."""

    statement: str
    holding: tuple[tuple[Criterion, Outcome], ...] = ()
    reasons: tuple[str, ...] = ()


def judge(
    criteria: Iterable[Criterion], values: Values, limits: Limits
) -> tuple[list[Finding], list[Finding]]:
    """Return the statements that stand, and those that could not be assessed.

    Args:
        criteria: In an order in which suppressors come first, as `load` returns them.
        values: The measurements.
        limits: The patient's limits.
    """
    rows: dict[str, list[Criterion]] = {}
    for criterion in criteria:
        rows.setdefault(criterion.statement, []).append(criterion)
    standing: dict[str, Finding] = {}
    undecided: list[Finding] = []
    for statement, its_rows in rows.items():
        meant = [row for row in its_rows if row.is_for(limits)]
        outcomes = [
            (row, row.evaluate(values, limits))
            for row in meant
            if not row.suppressed_by & standing.keys()
        ]
        holding = tuple((row, outcome) for row, outcome in outcomes if outcome.truth)
        reasons = _reasons(meant, outcomes, standing)
        if holding:
            standing[statement] = Finding(statement, holding)
        elif reasons:
            undecided.append(Finding(statement, reasons=reasons))
    return list(standing.values()), undecided


def _reasons(
    meant: list[Criterion],
    outcomes: list[tuple[Criterion, Outcome]],
    standing: Mapping[str, Finding],
) -> tuple[str, ...]:
    """Return why a statement could not be decided.

    That a critical value cannot be judged beside something else is said; that a lesser statement
    is explained otherwise is not.
    """
    reasons = [reason for _, outcome in outcomes for reason in outcome.reasons]
    masked = {s for row in meant if row.critical for s in row.suppressed_by & standing.keys()}
    for code in sorted(masked, key=lambda code: catalogue()[code].order):
        text = catalogue()[code].text.split(":")[0]
        reasons.append(f"not judged beside: {text[0].lower()}{text[1:]}")
    return tuple(dict.fromkeys(reasons))


@cache
def criteria() -> tuple[Criterion, ...]:
    """Return the shipped criteria, suppressors first."""
    return load(tables.read("criteria.csv", COLUMNS))


@cache
def critical_codes() -> frozenset[str]:
    """Return the statements that can be critical values: by the catalogue, or by a criterion."""
    by_catalogue = {e.code for e in catalogue().values() if e.urgency is Urgency.CRITICAL}
    return frozenset(by_catalogue | {row.statement for row in criteria() if row.critical})


def load(rows: tuple[tables.Row, ...]) -> tuple[Criterion, ...]:
    """Return the criteria of a table, suppressors first.

    Raises:
        tables.TableError: A cell does not parse, names what does not exist, or statements suppress
            each other in a circle.
    """
    found: dict[str, Criterion] = {}
    for row in rows:
        criterion = _from_row(row)
        if criterion.id in found:
            raise row.error("id", f"{criterion.id!r} stands twice")
        found[criterion.id] = criterion
    return _in_order(found)


def _in_order(found: Mapping[str, Criterion]) -> tuple[Criterion, ...]:
    graph: dict[str, set[str]] = {}
    for criterion in found.values():
        graph.setdefault(criterion.statement, set()).update(criterion.suppressed_by)
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " - ".join(map(str, error.args[1]))
        raise tables.TableError(f"criteria.csv, column suppressed_by: a circle {circle}") from None
    place = {statement: at for at, statement in enumerate(order)}
    return tuple(sorted(found.values(), key=lambda criterion: place[criterion.statement]))


def _from_row(row: tables.Row) -> Criterion:
    statement = row.required("statement")
    suppressed_by = frozenset(row["suppressed_by"].split())
    for column, codes in (("statement", {statement}), ("suppressed_by", suppressed_by)):
        if codes - catalogue().keys():
            unknown = ", ".join(sorted(codes - catalogue().keys()))
            raise row.error(column, f"{unknown} is not in the catalogue")
    confidence = row.number("confidence")
    if confidence is None or not 0 < confidence <= 1:
        raise row.error("confidence", "must be above 0 and at most 1")
    gate = parsed(row, "applies_when") if row["applies_when"] else None
    condition = parsed(row, "condition")
    urgency = row.choice("urgency", ["", *(urgency.value for urgency in Urgency)])
    return Criterion(
        id=row.required("id"),
        statement=statement,
        from_age=row.age("from_age"),
        to_age=row.age("to_age"),
        sex=row.choice("sex", SEXES),
        applies_when=gate,
        condition=condition,
        suppressed_by=suppressed_by,
        confidence=confidence,
        urgency=Urgency(urgency) if urgency else None,
        critical=row.choice("critical", ("", "yes")) == "yes",
        wording=row["wording"] or None,
        source=row.required("source"),
        uses_limits=limit_names(condition) | (limit_names(gate) if gate else frozenset()),
    )


def parsed(row: tables.Row, column: str) -> Condition:
    """Return the condition that a cell states.

    Raises:
        tables.TableError: It does not parse, or no table has a limit that it names.
    """
    try:
        condition = parse(row.required(column))
    except ConditionError as error:
        raise row.error(column, str(error)) from None
    unknown = limit_names(condition) - limits_table.names()
    if unknown:
        raise row.error(column, f"no table has a limit {', '.join(sorted(unknown))}")
    return condition
