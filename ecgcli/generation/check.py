"""Whether a recording shows what was asked for: requested beside measured, item by item.

It knows tolerances and what counts as shown; it measures with `signals` and reads with `engines`
and `clinical`, exactly as a recording from a hospital is interpreted. It does not know how the
recording was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecgcli.clinical import hybrid
from ecgcli.clinical.catalogue import catalogue
from ecgcli.clinical.interpret import interpret
from ecgcli.clinical.relations import follows_from, kin
from ecgcli.clinical.statement import Urgency
from ecgcli.engines.opinion import opinion
from ecgcli.errors import RecordError
from ecgcli.generation.definitions import missing, ranges, told_by_value
from ecgcli.generation.quantities import quantities
from ecgcli.signals.analyse import analyse
from ecgcli.signals.angles import turn
from ecgcli.signals.results import Grade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecgcli.clinical.statement import Interpretation, Statement
    from ecgcli.engines.opinion import Opinion
    from ecgcli.generation.request import Bound, Request
    from ecgcli.records.record import Record
    from ecgcli.signals.results import Analysis, Measured

TOLERANCE = {
    "heart_rate": 3.0,
    "pr_ms": 12.0,
    "qrs_ms": 10.0,
    "qt_ms": 20.0,
    "qtc_ms": 20.0,
    "axis_deg": 15.0,
}
"""How far the measured value may be from the asked one, in the request's units: what our own
measurement scatters by on recordings that were marked by cardiologists (`training/delineator.md`),
rounded up."""
MEASURED_AS = {
    "heart_rate": "ventricular_rate",
    "pr_ms": "pr_interval",
    "qrs_ms": "qrs_duration",
    "qt_ms": "qt_interval",
    "qtc_ms": "qtc_fridericia",
    "axis_deg": "qrs_axis",
}
SURE = 0.5
"""Probability from which on the statement network is held to see a statement that it has no
threshold for."""
COUNTED = frozenset({"BIGU", "TRIGU"})
"""Patterns of beats, which everybody counts who looks at a sheet: they have to be counted here."""
FINDINGS = frozenset({Urgency.CRITICAL, Urgency.URGENT, Urgency.ABNORMAL})
"""What a recording should not show without being asked to; borderline and normal it may."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was asked for.

    Attributes:
        name: The quantity or the statement's code.
        asked: What was asked, in words.
        found: What is there, in words.
        met: Whether that will do.
        miss: By how much not, 0 to 1, to compare candidates.
    """

    name: str
    asked: str
    found: str
    met: bool
    miss: float


@dataclass(frozen=True, slots=True)
class Check:
    """All that was asked for beside all that is there.

    Attributes:
        items: What was asked for, one by one.
        unasked: Abnormal findings that nobody asked for: codes, and how sure they are, 0 to 1.
    """

    items: tuple[Item, ...]
    unasked: tuple[tuple[str, float], ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything that was asked for is there."""
        return all(item.met for item in self.items)

    @property
    def miss(self) -> float:
        """How far it is from what was asked, to compare candidates; 0 at best."""
        return sum(item.miss + (0.0 if item.met else 1.0) for item in self.items)

    @property
    def more(self) -> float:
        """How much is there that nobody asked for, to compare candidates; 0 at best."""
        return sum(confidence for _, confidence in self.unasked)

    def unmet(self) -> tuple[Item, ...]:
        """Return what is not as asked."""
        return tuple(item for item in self.items if not item.met)


@dataclass(frozen=True, slots=True)
class Seen:
    """A recording as the rest of the program sees it."""

    analysis: Analysis
    opinion: Opinion | None
    said: Interpretation | None


def look(record: Record) -> Seen | None:
    """Analyse and interpret a recording, `None` of one that cannot be."""
    try:
        analysis = analyse(record)
    except RecordError:
        return None
    seen = opinion(analysis)
    said = interpret(analysis, seen) if analysis.measurements is not None else None
    return Seen(analysis, seen, said)


def check(request: Request, seen: Seen | None) -> Check:
    """Hold a recording against a request."""
    if seen is None or seen.analysis.measurements is None:
        return Check((Item("quality", "a usable recording", "none", False, 1.0),))
    items = [_quality(seen)]
    items += [_value(field, value, seen) for field, value in request.values().items()]
    absent = missing(request)
    items += [
        _range(bound, seen)
        for field, bound in ranges(request).items()
        if getattr(request, field) is None and field not in absent and field in MEASURED_AS
    ]
    by_value = told_by_value()
    items += [_present(code, seen) for code in request.present if code not in by_value]
    items += [_absent(code, seen) for code in request.absent if code not in by_value]
    return Check(tuple(items), tuple(_unasked(request, seen)))


def _unasked(request: Request, seen: Seen) -> Iterator[tuple[str, float]]:
    """Yield abnormal findings that neither were asked for nor follow from what was."""
    told = {*request.values(), *ranges(request)} & MEASURED_AS.keys()
    measured = {MEASURED_AS[field] for field in told}
    asked = set(request.present)
    near = _named(seen, asked.union(*(kin(code) for code in asked)))
    for each in seen.said.statements if seen.said is not None else ():
        if each.urgency in FINDINGS and each not in near and not _follows(each, measured):
            yield each.code, each.confidence


def _named(seen: Seen, codes: set[str]) -> list[Statement]:
    """Return the statements that are made of a recording under one of some codes."""
    names = {catalogue()[code].scp for code in codes} - {None}
    said = seen.said.statements if seen.said is not None else ()
    return [each for each in said if each.code in codes or each.scp in names]


def _follows(statement: Statement, measured: set[str]) -> bool:
    """Say whether a statement rests on nothing but quantities that were asked for."""
    return all(each.measurement in measured for each in statement.evidence)


def _quality(seen: Seen) -> Item:
    quality = seen.analysis.quality
    met = quality.grade is Grade.USABLE
    return Item("quality", Grade.USABLE.value, quality.grade.value, met, 1.0 - quality.score)


def _measured(field: str, seen: Seen) -> Measured:
    found: Measured = getattr(seen.analysis.measurements, MEASURED_AS[field])
    return found


def _value(field: str, asked: float, seen: Seen) -> Item:
    of, measured = quantities()[field], _measured(field, seen)
    if measured.value is None:
        return Item(field, of.show(asked), measured.reason or "not measured", False, 1.0)
    away = abs(measured.value - asked)
    if field == "axis_deg":
        away = abs(turn(away))
    share = away / TOLERANCE[field]
    found = of.show(round(measured.value))
    return Item(field, of.show(asked), found, share <= 1.0, min(share / 4.0, 1.0))


def _range(bound: Bound, seen: Seen) -> Item:
    of, measured = quantities()[bound.quantity], _measured(bound.quantity, seen)
    low = "" if bound.low is None else f"from {of.show(bound.low)}"
    high = "" if bound.high is None else f"to {of.show(bound.high)}"
    asked = f"{low} {high}".strip()
    if measured.value is None:
        return Item(bound.quantity, asked, measured.reason or "not measured", False, 1.0)
    met = bound.holds(round(measured.value))
    return Item(bound.quantity, asked, of.show(round(measured.value)), met, 0.0 if met else 0.5)


def _probability(code: str, seen: Seen) -> tuple[float, bool] | None:
    """Return what the statement network says and whether it asserts it, `None` if nothing."""
    name = catalogue()[code].scp
    if seen.opinion is None or name is None or name not in seen.opinion.statements:
        return None
    judgement = seen.opinion.statements[name]
    asserted = judgement.asserted or judgement.probability >= SURE
    return judgement.probability, asserted


def _stated(code: str, seen: Seen) -> bool:
    """Say whether the interpretation states it, or something that it follows from."""
    said = _named(seen, {code, *follows_from(code)})
    return any(code not in COUNTED or _measured_too(each) for each in said)


def _measured_too(statement: Statement) -> bool:
    """Say whether a statement rests on more than what the network sees."""
    return any(each.measurement != hybrid.MEASUREMENT for each in statement.evidence)


def _measured_alone(code: str) -> bool:
    """Say whether a statement is the measurements' word, however probable the network finds it.

    A sinus rhythm without P waves that can be measured is not one that anybody should be shown.
    """
    return code in COUNTED or hybrid.decides(code) is hybrid.Decides.MEASUREMENT


def _present(code: str, seen: Seen) -> Item:
    judged, stated = _probability(code, seen), _stated(code, seen)
    if judged is None:
        return Item(
            code, "present", "stated" if stated else "not stated", stated, float(not stated)
        )
    probability, asserted = judged
    met = stated or (asserted and not _measured_alone(code))
    words = "stated" if stated else "not stated"
    found = f"{words}, probability {probability:.0%}"
    return Item(code, "present", found, met, 1.0 - probability)


def _absent(code: str, seen: Seen) -> Item:
    judged, stated = _probability(code, seen), _stated(code, seen)
    probability = judged[0] if judged is not None else float(stated)
    words = "stated" if stated else "not stated"
    return Item(code, "absent", f"{words}, probability {probability:.0%}", not stated, probability)
