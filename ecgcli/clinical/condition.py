"""The language that criteria are written in: parsing and three-valued evaluation.

    qrs_duration >= 120 and any(I, aVL, V5, V6: q_ms >= 30)
    contiguous(2 of V1, V2, V3, V4: st_j_mv >= @st_elevation)
    repeats(normal, ventricular) >= 3 and not p_wave = absent

A condition compares sums of measurements (`qrs_duration`, `V1.r_mv`), counts of beats
(`count(kind)`, `repeats(kind, ...)`), numbers and limits (`@name`, from the tables of limits, for
the patient's age and sex and the lead at hand). Inside `any`, `all`, `atleast(n of ...)` and
`contiguous(n of ...)` the values of a lead stand without the lead. It is parsed, never executed.

The outcome is true, false or cannot tell: what was not measured makes its comparison undecided,
with the measurement's own reason, and Kleene's logic carries that through. It knows no statement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from itertools import pairwise
from typing import Protocol

from ecgcli.clinical.limits import Limits
from ecgcli.clinical.statement import Evidence
from ecgcli.clinical.values import CHEST_ORDER, LIMB_ORDER, PRECISION, Reading, Values, amount
from ecgcli.signals.results import Chamber, PWave

_WORDS = {
    ">=": "{} or more",
    ">": "above {}",
    "<=": "{} or less",
    "<": "below {}",
    "=": "exactly {}",
    "!=": "other than {}",
}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
OPPOSITE = {">=": "<", "<": ">=", ">": "<=", "<=": ">", "=": "!=", "!=": "="}


@dataclass(frozen=True, slots=True)
class Outcome:
    """True with its evidence, false, or undecided (`None`) with the reasons why."""

    truth: bool | None
    evidence: tuple[Evidence, ...] = ()
    reasons: tuple[str, ...] = ()
    confidence: float = 1.0


TRUE = Outcome(True)
FALSE = Outcome(False)


class Condition(Protocol):
    """A parsed condition."""

    def evaluate(self, values: Values, limits: Limits, lead: str | None = None) -> Outcome:
        """Return whether it holds; `lead` is the lead at hand inside a quantifier."""
        ...


@dataclass(frozen=True, slots=True)
class Number:
    """A plain number."""

    value: float


@dataclass(frozen=True, slots=True)
class LimitName:
    """A limit that depends on age, sex and lead."""

    name: str


@dataclass(frozen=True, slots=True)
class GlobalValue:
    """A measurement of the whole record."""

    name: str


@dataclass(frozen=True, slots=True)
class LeadValue:
    """A value of a lead, or of the lead at hand where `lead` is `None`."""

    lead: str | None
    name: str


@dataclass(frozen=True, slots=True)
class BeatCount:
    """How many beats of a kind, or how often a pattern of kinds follows on itself."""

    function: str
    kinds: tuple[str, ...]


Atom = Number | LimitName | GlobalValue | LeadValue | BeatCount


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum of atoms, each with a factor."""

    terms: tuple[tuple[float, Atom], ...]

    def read(self, values: Values, limits: Limits, lead: str | None) -> list[Reading]:
        """Return the readings of its terms, factors not applied."""
        return [_read(atom, values, limits, lead) for _, atom in self.terms]

    def total(self, readings: list[Reading]) -> float:
        """Return the sum of readings that all have a value."""
        factors = (factor for factor, _ in self.terms)
        return sum(f * (r.value or 0.0) for f, r in zip(factors, readings, strict=True))


def _read(atom: Atom, values: Values, limits: Limits, lead: str | None) -> Reading:
    match atom:
        case Number(value):
            return Reading("", "", "", value)
        case LimitName(name):
            limit = limits.value(name, lead)
            reason = None if limit is not None else f"no limit for {name} at this age"
            return Reading("", "", "", limit, reason)
        case GlobalValue(name):
            return values.reading(name)
        case LeadValue(own, name):
            where = own or lead
            if where is None:
                raise ValueError(f"{name} was parsed outside of a quantifier")
            return values.in_lead(where, name)
        case BeatCount("count", kinds):
            return values.count(kinds[0])
        case BeatCount(_, kinds):
            return values.repeats(kinds)


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison of two sums."""

    left: Sum
    operator: str
    right: Sum

    def evaluate(self, values: Values, limits: Limits, lead: str | None = None) -> Outcome:
        """See `Condition`."""
        left = self.left.read(values, limits, lead)
        right = self.right.read(values, limits, lead)
        missing = tuple(r.reason or "not measured" for r in left + right if r.value is None)
        if missing:
            return Outcome(None, reasons=missing)
        unit = next((r.unit for r in left if r.unit), "")
        # What is printed is what is judged: a rate of 39.98 is one of 40, which is not below 40.
        value = round(self.left.total(left), PRECISION.get(unit, 9))
        limit = round(self.right.total(right), 9)
        if not _COMPARE[self.operator](value, limit):
            return FALSE
        known = [r.confidence for r in left + right if r.confidence is not None]
        evidence = self._evidence(left, value, right, limit)
        return Outcome(True, (evidence,), confidence=min(known, default=1.0))

    def _evidence(
        self, left: list[Reading], value: float, right: list[Reading], limit: float
    ) -> Evidence:
        unit = next((r.unit for r in left if r.unit), "")
        named = [r for r in left + right if r.name]
        if len(named) == 1 and len(left) == 1:
            # "0.10 mV (limit above 0.10 mV)" would read like a mistake.
            rounded_away = value != limit and amount(value, unit) == amount(limit, unit)
            shown = left[0].show(finer=rounded_away)
        else:
            parts = zip((f for f, _ in self.left.terms), left, strict=True)
            terms = (
                ("− " if factor < 0 else "+ ")
                + (f"{abs(factor):g} × " if abs(factor) != 1 else "")
                + (r.show() if r.name else amount(r.value or 0.0, unit))
                for factor, r in parts
            )
            text = " ".join(terms).removeprefix("+ ")
            shown = text if len(left) == 1 else f"{text} = {amount(value, unit)}"
        against = _WORDS[self.operator].format(amount(limit, unit))
        if any(r.name for r in right):
            against += " (" + ", ".join(r.show() for r in right if r.name) + ")"
        return Evidence(
            measurement=" ".join(r.name for r in left if r.name),
            text=f"{shown[0].upper()}{shown[1:]} (limit {against})",
            value=value,
            unit=unit,
            operator=self.operator,
            limit=limit,
            leads=tuple(dict.fromkeys(r.lead for r in named if r.lead)),
        )


@dataclass(frozen=True, slots=True)
class PWaveIs:
    """Whether P waves are there; undecided where that could not be told, unless asked for that."""

    wanted: PWave
    negated: bool = False

    def evaluate(self, values: Values, limits: Limits, lead: str | None = None) -> Outcome:
        """See `Condition`."""
        found = values.p_wave()
        if found is PWave.UNCERTAIN and self.wanted is not PWave.UNCERTAIN:
            return Outcome(None, reasons=("whether there are P waves could not be told",))
        if (found is self.wanted) is self.negated:
            return FALSE
        return Outcome(True, (Evidence("p_wave", f"P waves: {found.value}"),))


@dataclass(frozen=True, slots=True)
class PacingIs:
    """Whether spikes show stimulation of a chamber; false where none show.

    It is never undecided: a recording that cannot show spikes must not keep every other statement
    from being made.
    """

    wanted: Chamber
    negated: bool = False

    def evaluate(self, values: Values, limits: Limits, lead: str | None = None) -> Outcome:
        """See `Condition`."""
        found = values.pacing()
        if found is None or not found.present or (found.chamber is self.wanted) is self.negated:
            return FALSE
        return Outcome(True, (Evidence("pacing", f"Pacing spikes: {found.spikes}"),))


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple[Condition, ...]

    def evaluate(self, values: Values, limits: Limits, lead: str | None = None) -> Outcome:
        """See `Condition`."""
        return _all([part.evaluate(values, limits, lead) for part in self.parts])


@dataclass(frozen=True, slots=True)
class Or:
    """One part holds at least; the evidence is that of all that do."""

    parts: tuple[Condition, ...]

    def evaluate(self, values: Values, limits: Limits, lead: str | None = None) -> Outcome:
        """See `Condition`."""
        return _at_least(1, [part.evaluate(values, limits, lead) for part in self.parts])


@dataclass(frozen=True, slots=True)
class AllLeads:
    """The condition holds in every one of the leads."""

    leads: tuple[str, ...]
    inner: Condition

    def evaluate(self, values: Values, limits: Limits, lead: str | None = None) -> Outcome:
        """See `Condition`."""
        return _all([self.inner.evaluate(values, limits, each) for each in self.leads])


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The condition holds in a number of the leads."""

    number: int
    leads: tuple[str, ...]
    inner: Condition

    def evaluate(self, values: Values, limits: Limits, lead: str | None = None) -> Outcome:
        """See `Condition`."""
        outcomes = [self.inner.evaluate(values, limits, each) for each in self.leads]
        return _at_least(self.number, outcomes)


@dataclass(frozen=True, slots=True)
class Contiguous:
    """The condition holds in a number of leads that lie next to each other.

    Limb leads in the order aVL, I, −aVR, II, aVF, III, chest leads V1 to V6 (Fourth Universal
    Definition of Myocardial Infarction, 2018). −aVR is stepped over where it is not listed.
    """

    number: int
    leads: tuple[str, ...]
    inner: Condition

    def rows(self) -> list[tuple[str, ...]]:
        """Return the rows of neighbours among the leads."""
        rows: list[list[str]] = []
        for order in (LIMB_ORDER, CHEST_ORDER):
            stepped = [x for x in order if x != "-aVR" or "-aVR" in self.leads]
            rows.append([])
            for before, lead in pairwise([None, *stepped]):
                if lead not in self.leads:
                    continue
                if before in self.leads:
                    rows[-1].append(str(lead))
                else:
                    rows.append([str(lead)])
        return [tuple(row) for row in rows if row]

    def evaluate(self, values: Values, limits: Limits, lead: str | None = None) -> Outcome:
        """See `Condition`."""
        holding: list[Outcome] = []
        undecided: list[Outcome] = []
        for row in self.rows():
            outcomes = [self.inner.evaluate(values, limits, each) for each in row]
            holding += self._runs(outcomes, lambda truth: truth is True)
            undecided += self._runs(outcomes, lambda truth: truth is not False)
        if holding:
            return _all(holding)
        if undecided:
            return _all([outcome for outcome in undecided if outcome.truth is None])
        return FALSE

    def _runs(
        self, outcomes: list[Outcome], counts: Callable[[bool | None], bool]
    ) -> list[Outcome]:
        """Return the outcomes that stand in runs of sufficient length."""
        kept: list[Outcome] = []
        run: list[Outcome] = []
        for outcome in [*outcomes, FALSE]:
            if counts(outcome.truth):
                run.append(outcome)
                continue
            if len(run) >= self.number:
                kept += run
            run = []
        return kept


def _all(outcomes: list[Outcome]) -> Outcome:
    if any(outcome.truth is False for outcome in outcomes):
        return FALSE
    if any(outcome.truth is None for outcome in outcomes):
        return Outcome(None, reasons=_reasons(outcomes))
    return _joined(outcomes)


def _at_least(number: int, outcomes: list[Outcome]) -> Outcome:
    holding = [outcome for outcome in outcomes if outcome.truth]
    if len(holding) >= number:
        return _joined(holding)
    if len(holding) + sum(outcome.truth is None for outcome in outcomes) >= number:
        return Outcome(None, reasons=_reasons(outcomes))
    return FALSE


def _joined(outcomes: list[Outcome]) -> Outcome:
    evidence = tuple(dict.fromkeys(e for outcome in outcomes for e in outcome.evidence))
    return Outcome(True, evidence, (), min((o.confidence for o in outcomes), default=1.0))


def _reasons(outcomes: list[Outcome]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason for outcome in outcomes for reason in outcome.reasons))


def limit_names(node: object) -> frozenset[str]:
    """Return the names of all limits that a condition refers to."""
    return _names(node, LimitName)


def global_names(node: object) -> frozenset[str]:
    """Return the names of all measurements of the whole record that a condition refers to."""
    return _names(node, GlobalValue)


def _names(node: object, kind: type[LimitName] | type[GlobalValue]) -> frozenset[str]:
    if isinstance(node, kind):
        return frozenset({node.name})
    if isinstance(node, tuple):
        return frozenset().union(*(_names(each, kind) for each in node))
    if is_dataclass(node):
        return frozenset().union(*(_names(getattr(node, f.name), kind) for f in fields(node)))
    return frozenset()
