"""From the measurements of one record to what is said of it.

It knows how findings become statements, in which order they stand and when an ECG is called normal.
It does not know any criterion, wording or code: those are tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ecgcli.clinical import hybrid, technical
from ecgcli.clinical.catalogue import Entry, catalogue
from ecgcli.clinical.criteria import Finding, criteria, judge
from ecgcli.clinical.limits import limits_for
from ecgcli.clinical.statement import (
    Contradiction,
    Evidence,
    Interpretation,
    NotAssessed,
    Statement,
    Urgency,
)
from ecgcli.clinical.territory import territory
from ecgcli.clinical.values import Values
from ecgcli.engines.opinion import Opinion
from ecgcli.signals.results import Analysis, Grade

MODEL = "statement model of this program (models/weights/statements.md)"
DOUBT = "The statement model finds it improbable ({})"
_RANK = {urgency: rank for rank, urgency in enumerate(Urgency)}
_SINUS = {"SR", "SARRH", "SBRAD", "STACH"}
_HARMLESS = {"rate", "rhythm", "ectopy", "axis", "conduction", "voltage"}
"""Categories whose borderline findings leave an ECG "otherwise normal"."""


def interpret(analysis: Analysis, opinion: Opinion | None = None) -> Interpretation:
    """Return the statements on one record, most urgent first.

    A record that is not usable gets none. "Normal ECG" is said only where the rhythm is sinus,
    everything that would be abnormal could be assessed, none of it was found, and the statement
    model says so too.

    Args:
        analysis: What was measured.
        opinion: What the statement model says; without it the measurements speak alone.
    """
    patient = analysis.record.patient
    limits = limits_for(patient.age_years, patient.sex)
    if analysis.measurements is None:
        why = "; ".join(analysis.quality.reasons) or analysis.quality.grade.value
        return Interpretation((), (), None, f"Not usable: {why}", limits.describe())
    values = Values(analysis.measurements, analysis.quality)
    standing, undecided = judge(criteria(), values, limits)
    suspicions = analysis.suspicions
    contradictions: list[Contradiction] = []
    if opinion is None:
        made = [_statement(finding) for finding in standing]
    else:
        combined, contradictions = hybrid.combine(standing, opinion)
        made = [_combined(each) for each in combined]
        stands = {statement.code for statement in made}
        undecided = [
            finding
            for finding in undecided
            if finding.statement not in stands
            and not hybrid.explained_by(finding.statement, stands)
        ]
    statements = [technical.with_caution(each, suspicions) for each in made]
    statements += technical.statements(suspicions)
    not_assessed = sorted(undecided, key=lambda finding: catalogue()[finding.statement].order)
    statements += _overall(statements, undecided, opinion)
    statements.sort(key=_place)
    part = analysis.quality.grade is Grade.IN_PART
    return Interpretation(
        statements=tuple(statements),
        not_assessed=tuple(_not_assessed(finding) for finding in not_assessed),
        urgency=min((s.urgency for s in statements), key=_RANK.__getitem__, default=None),
        conclusion=_conclusion(statements) + (" (usable in part)" if part else ""),
        limits=limits.describe(),
        contradictions=tuple(contradictions),
    )


def _place(statement: Statement) -> tuple[bool, int, int]:
    """Return where a statement stands: critical, then urgency, then the catalogue's order."""
    order = catalogue()[statement.code].order
    return (not statement.critical, _RANK[statement.urgency], order)


def _statement(finding: Finding) -> Statement:
    """Return the statement that one or several rows of the criteria make together.

    The surest of the most urgent rows gives wording and source; the evidence is that of all.
    """
    entry = catalogue()[finding.statement]
    ranked = sorted(
        finding.holding,
        key=lambda pair: (_RANK[pair[0].urgency or entry.urgency], -pair[1].confidence),
    )
    first = ranked[0][0]
    evidence = tuple(dict.fromkeys(e for _, each in ranked for e in each.evidence))
    return Statement(
        code=entry.code,
        text=_worded(first.wording or entry.text, evidence),
        scp=entry.scp,
        aha=entry.aha,
        snomed=entry.snomed,
        confidence=max(each.confidence for _, each in ranked),
        urgency=first.urgency or entry.urgency,
        critical=any(row.critical for row, _ in ranked),
        evidence=evidence,
        source=first.source,
    )


def _combined(each: hybrid.Combined) -> Statement:
    """Return the statement that the criteria, the statement model or both make."""
    judgement = each.judgement
    if each.finding is None:
        assert judgement is not None
        entry = catalogue()[each.code]
        return Statement(
            code=entry.code,
            text=hybrid.wording(entry.code),
            scp=entry.scp,
            aha=entry.aha,
            snomed=entry.snomed,
            confidence=each.confidence,
            urgency=entry.urgency,
            critical=False,
            evidence=(hybrid.evidence(judgement),),
            source=MODEL,
        )
    made = _statement(each.finding)
    if judgement is None:
        return made
    if judgement.asserted:
        evidence = (*made.evidence, hybrid.evidence(judgement))
        return replace(made, confidence=each.confidence, evidence=evidence)
    if judgement.doubted:
        return replace(made, caution=DOUBT.format(hybrid.percent(judgement.probability)))
    return made


def _worded(text: str, evidence: Sequence[Evidence]) -> str:
    """Put the leads of the leading finding into a wording."""
    if "{leads}" not in text:
        return text
    leading = next(e for e in evidence if e.leads)
    kind = (leading.measurement, leading.operator)
    leads = [lead for e in evidence if (e.measurement, e.operator) == kind for lead in e.leads]
    return text.replace("{leads}", territory(leads))


def _not_assessed(finding: Finding) -> NotAssessed:
    entry = catalogue()[finding.statement]
    text = entry.text.replace(", {leads}", "")
    return NotAssessed(entry.code, text, "; ".join(_gathered(finding.reasons)))


def _gathered(reasons: Sequence[str]) -> list[str]:
    """Say a reason that several leads or measurements share once: "leads V1, V2: missing"."""
    subjects: dict[str, list[str]] = {}
    for reason in reasons:
        subject, colon, why = reason.partition(": ")
        subjects.setdefault(why if colon else reason, []).extend([subject] if colon else [])
    gathered = []
    for why, named in subjects.items():
        leads = [name.removeprefix("lead ") for name in named if name.startswith("lead ")]
        others = [name for name in named if not name.startswith("lead ")]
        if leads:
            others.append(("leads " if len(leads) > 1 else "lead ") + ", ".join(leads))
        gathered.append(": ".join([", ".join(others), why]) if others else why)
    return gathered


def _overall(
    statements: Sequence[Statement], undecided: Sequence[Finding], opinion: Opinion | None
) -> list[Statement]:
    """Return "normal" or "otherwise normal", where either may be said."""
    if opinion is not None and not opinion.statements["NORM"].asserted:
        return []
    notable = [s for s in statements if s.urgency is not Urgency.NORMAL]
    if not _SINUS & {s.code for s in statements}:
        return []
    if any(s.urgency is not Urgency.BORDERLINE for s in notable):
        return []
    if any(catalogue()[s.code].category not in _HARMLESS for s in notable):
        return []
    if any(_would_be_abnormal(catalogue()[finding.statement]) for finding in undecided):
        return []
    entry = catalogue()["ONORM" if notable else "NORM"]
    checked = len({row.statement for row in criteria()} - {s.code for s in statements})
    evidence = Evidence("criteria", f"Sinus rhythm; none of {checked} other findings was made")
    return [
        Statement(
            code=entry.code,
            text=entry.text,
            scp=entry.scp,
            aha=entry.aha,
            snomed=entry.snomed,
            confidence=min(s.confidence for s in statements if s.code in _SINUS),
            urgency=entry.urgency,
            critical=False,
            evidence=(evidence,),
            source="all criteria for this age and sex assessed and none met",
        )
    ]


def _would_be_abnormal(entry: Entry) -> bool:
    return _RANK[entry.urgency] <= _RANK[Urgency.ABNORMAL]


def _conclusion(statements: Sequence[Statement]) -> str:
    """Return one line for a worklist: the statements without what explains them after a colon."""
    said = [s for s in statements if catalogue()[s.code].category != "overall"]
    listed = ", ".join(_in_sentence(s.text.split(": ")[0]) for s in said)
    overall = next((s for s in statements if catalogue()[s.code].category == "overall"), None)
    if overall is not None:
        return f"{overall.text}: {listed}"
    if not said:
        return "No statement could be made"
    most_urgent = said[0].urgency
    if said[0].critical:
        return f"Critical value: {listed}"
    if most_urgent is Urgency.NORMAL:
        return f"No abnormality in what could be assessed: {listed}"
    if most_urgent is Urgency.BORDERLINE:
        return f"Borderline ECG: {listed}"
    return f"Abnormal ECG: {listed}"


def _in_sentence(text: str) -> str:
    """Return a statement as it reads after a colon: "T wave" and "ST" keep their capitals."""
    return text if not text[1:2].islower() else text[0].lower() + text[1:]
