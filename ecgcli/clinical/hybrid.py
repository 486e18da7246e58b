"""One opinion from two sources: what was measured, and what the statement network sees.

It knows for each statement who decides (`data/sources.csv`, with the reason); it does not know how
either came to its view. Where both speak, agreement raises the confidence, and a contradiction is
told with both sides. A critical finding of the measurements is never dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from ecgcli.clinical import tables
from ecgcli.clinical.catalogue import catalogue
from ecgcli.clinical.criteria import Finding
from ecgcli.clinical.statement import Contradiction, Evidence
from ecgcli.engines.opinion import Judgement, Opinion

COLUMNS = ("statement", "decides", "unless", "why")
MEASUREMENT = "statement_model"
"""What the network's evidence is called."""


WORDS = ((0.9, "very likely"), (0.6, "likely"), (0.3, "possible"), (0.0, "not excluded"))
OVERALL = {"NORM"}
"""Follows from all the others (`interpret`)."""


class Decides(StrEnum):
    """Whose word a statement is."""

    MEASUREMENT = "measurement"
    NETWORK = "network"
    BOTH = "both"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Source:
    """One row of the table.

    Attributes:
        decides: Whose word the statement is.
        unless: Statements beside which it is not made, unless it is a critical value.
        why: The reason.
    """

    decides: Decides
    unless: frozenset[str]
    why: str


@dataclass(frozen=True, slots=True)
class Combined:
    """A statement that stands: the criteria's finding, the network's judgement, or both."""

    code: str
    finding: Finding | None
    judgement: Judgement | None

    @property
    def confidence(self) -> float:
        """How sure both together are; where one of them is silent, that of the other."""
        ruled = (
            max((each.confidence for _, each in self.finding.holding), default=0.0)
            if (self.finding)
            else 0.0
        )
        seen = self.judgement.probability if self.judgement and self.judgement.asserted else 0.0
        return round(min(1.0 - (1.0 - ruled) * (1.0 - seen), 0.99), 2)


@cache
def sources() -> dict[str, Source]:
    """Return who decides, by statement; those that are not named are the measurements' word."""
    found: dict[str, Source] = {}
    for row in tables.read("sources.csv", COLUMNS):
        code = row.required("statement")
        unless = frozenset(row["unless"].split())
        for column, codes in (("statement", {code}), ("unless", unless)):
            if codes - catalogue().keys():
                raise row.error(column, f"{codes - catalogue().keys()} is not in the catalogue")
        decides = Decides(row.choice("decides", [each.value for each in Decides]))
        found[code] = Source(decides, unless, row.required("why"))
    return found


ALONE = Source(Decides.MEASUREMENT, frozenset(), "")


def decides(code: str) -> Decides:
    """Return whose word a statement is."""
    return sources().get(code, ALONE).decides


def explained_by(code: str, stands: Collection[str]) -> bool:
    """Say whether a statement is not made because others stand that explain it."""
    return bool(sources().get(code, ALONE).unless & set(stands))


def combine(
    standing: Sequence[Finding],
    opinion: Opinion,
    table: Mapping[str, Source] | None = None,
) -> tuple[list[Combined], list[Contradiction]]:
    """Return the statements that stand and where the two sources contradict each other.

    Args:
        standing: What the criteria found, critical values among it.
        opinion: What the network says.
        table: Another table than the one that is shipped.
    """
    who = sources() if table is None else table
    ruled = {finding.statement: finding for finding in standing}
    learned = {code: j for code, j in opinion.statements.items() if j.threshold is not None}
    stands: dict[str, Combined] = {}
    contradictions: list[Contradiction] = []
    codes = (ruled.keys() | learned.keys()) - OVERALL
    for code in sorted(codes, key=lambda code: catalogue()[code].order):
        finding, judgement = ruled.get(code), learned.get(code)
        source = who.get(code, ALONE)
        if _holds(source.decides, finding, judgement):
            stands[code] = Combined(code, finding, judgement)
        against = _against(finding, judgement, stands.get(code))
        if against is not None:
            contradictions.append(against)
    kept = [
        each
        for each in stands.values()
        if _is_critical(each.finding) or not who.get(each.code, ALONE).unless & stands.keys()
    ]
    return kept, contradictions


def _holds(decides: Decides, finding: Finding | None, judgement: Judgement | None) -> bool:
    seen = judgement is not None and judgement.asserted
    if judgement is None or _is_critical(finding):  # not learned, or never to be dropped
        return finding is not None
    match decides:
        case Decides.MEASUREMENT:
            return finding is not None
        case Decides.NETWORK:
            return seen
        case Decides.BOTH:
            return finding is not None and seen
        case Decides.EITHER:
            return finding is not None or seen


def _is_critical(finding: Finding | None) -> bool:
    return finding is not None and any(row.critical for row, _ in finding.holding)


def _against(
    finding: Finding | None, judgement: Judgement | None, made: Combined | None
) -> Contradiction | None:
    """Return the contradiction of a finding that the network doubts, or that it alone sees."""
    if judgement is None:
        return None
    if finding is not None and judgement.doubted:
        text = f"The statement model finds it improbable ({percent(judgement.probability)})"
        said = tuple(e.text for _, outcome in finding.holding for e in outcome.evidence)
        code = finding.statement
        return Contradiction(code, wording(code), made is not None, said, (text,))
    return None


def wording(code: str) -> str:
    """Return the catalogue's wording without the leads and the reason, which criteria give."""
    return catalogue()[code].text.split(": ")[0].replace(", {leads}", "")


def evidence(judgement: Judgement) -> Evidence:
    """Return what the network says as evidence."""
    assert judgement.threshold is not None
    chance = percent(judgement.probability)
    limit = percent(judgement.threshold)
    return Evidence(
        measurement=MEASUREMENT,
        text=f"Statement model: {likely(judgement.probability)}, {chance} (asserted from {limit})",
        value=round(100.0 * judgement.probability, 1),
        unit="%",
        operator=">=",
        limit=round(100.0 * judgement.threshold, 1),
    )


def likely(probability: float) -> str:
    """Return a probability in a physician's word."""
    return next(word for least, word in WORDS if probability >= least)


def percent(probability: float) -> str:
    """Return a probability as physicians read it; never 0 or 100 %."""
    if probability < 0.01:
        return "below 1 %"
    if probability > 0.99:
        return "above 99 %"
    return f"{100.0 * probability:.0f} %"
