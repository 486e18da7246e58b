"""A language model's answer held against the recording: what is supported, what is contradicted.

It knows which parts of an answer are checked (statements, numbers, leads, statements against each
other) and puts the verdicts together. It does not know how each is reached (`weighing`,
`tolerances`, `lead_signs`, `relations`), and it changes nothing in an answer: what is contradicted
is kept and marked. The impression is free text: its numbers are read (`impression`), and the
statements that it makes or denies beside the findings (`mentions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from ecgcli.clinical import (
    hybrid,
    impression,
    lead_signs,
    mentioned,
    mentions,
    relations,
    tolerances,
    weighing,
)
from ecgcli.clinical.catalogue import catalogue
from ecgcli.clinical.checked import (
    Checked,
    CheckedClaim,
    CheckedFinding,
    CheckedLead,
    CheckedMention,
    Conflict,
    Counts,
    Grounding,
    Tally,
    Unmentioned,
    Verdict,
)
from ecgcli.clinical.criteria import critical_codes
from ecgcli.clinical.weighing import Basis, Numbers, Weighed
from ecgcli.engines.answer import Answer, Claim, Finding
from ecgcli.engines.opinion import Opinion
from ecgcli.signals.results import Analysis

NOT_MENTIONED = "Critical value that the answer does not mention: {}"


def verify(answer: Answer, analysis: Analysis, opinion: Opinion | None = None) -> Checked:
    """Return an answer with what this recording says to each part of it.

    Args:
        answer: What a language model says.
        analysis: The recording that it says it of.
        opinion: What the statement model says of the same recording, `None` where it was not asked.
    """
    of = weighing.basis(analysis, opinion)
    known = of.numbers if of is not None else None
    told = tuple(_number(claim, analysis, known) for claim in impression.read(answer.impression))
    beside = _mentions(answer, analysis, of)
    findings = [_finding(each, analysis, of) for each in answer.findings]
    clashes = relations.conflicts(each.code for each in answer.findings)
    for one, other, why in clashes:
        findings = _clashed(findings, one, other, why)
    findings = [_reviewed(each) for each in findings]
    return Checked(
        findings=tuple(findings),
        impression=answer.impression,
        told=told,
        mentions=beside,
        unmentioned=_unmentioned(answer, beside, of),
        conflicts=tuple(
            Conflict(
                (one, other), f"{_name(one)} and {_in_sentence(other)} exclude each other: {why}"
            )
            for one, other, why in clashes
        ),
        counts=Counts(
            Tally.of(each.verdict for each in findings),
            Tally.of(claim.verdict for claim in chain(told, *(each.claims for each in findings))),
            Tally.of(lead.verdict for each in findings for lead in each.leads),
            Tally.of(each.verdict for each in beside),
        ),
    )


def grounding(of: Answer | Checked, analysis: Analysis) -> Grounding:
    """Return how much of an answer the measurements of its recording bear out.

    Args:
        of: The answer, checked or not.
        analysis: Its recording.
    """
    findings = [each.finding if isinstance(each, CheckedFinding) else each for each in of.findings]
    known = weighing.numbers_of(analysis)
    evidence = (each.evidence for each in findings)
    claims = chain(*evidence, impression.read(of.impression))
    numbers = [_number(claim, analysis, known) for claim in claims]
    leads = [lead for each in findings for lead in _leads(each, analysis, known)]
    near = [
        tolerances.tolerances()[each.claim.quantity].grounds(each.claim.value, each.measured)
        for each in numbers
        if each.measured is not None
    ]
    return Grounding(
        numbers=len(numbers),
        numbers_measured=len(near),
        numbers_near=sum(near),
        leads=len(leads),
        leads_measured=sum(each.verdict is not Verdict.NOT_CHECKABLE for each in leads),
        leads_shown=sum(each.verdict is Verdict.SUPPORTED for each in leads),
    )


def _finding(finding: Finding, analysis: Analysis, of: Basis | None) -> CheckedFinding:
    if of is None:
        weighed = Weighed(Verdict.NOT_CHECKABLE, reasons=(_unusable(analysis),))
    else:
        weighed = weighing.weigh(finding.code, of)
    known = of.numbers if of is not None else None
    leads = _leads(finding, analysis, known)
    weighed = _by_leads(weighed, leads)
    return CheckedFinding(
        finding=finding,
        name=_name(finding.code),
        verdict=weighed.verdict,
        text=weighing.line(_in_sentence(finding.code), weighed),
        speaks_for=weighed.speaks_for,
        speaks_against=weighed.speaks_against,
        claims=tuple(_number(claim, analysis, known) for claim in finding.evidence),
        leads=leads,
        critical=finding.code in critical_codes(),
    )


def _by_leads(weighed: Weighed, leads: tuple[CheckedLead, ...]) -> Weighed:
    """Return the verdict on a statement in the light of the leads that it names.

    What is said to be in certain leads and is in none of them is contradicted; what shows in the
    leads that were named is not contradicted because the statement model alone finds it improbable.
    """
    verdicts = {each.verdict for each in leads}
    texts = tuple(each.text for each in leads if each.verdict is not Verdict.NOT_CHECKABLE)
    if weighed.verdict is Verdict.NOT_CHECKABLE and verdicts == {Verdict.CONTRADICTED}:
        against = weighed.speaks_against + texts
        return replace(weighed, verdict=Verdict.CONTRADICTED, speaks_against=against)
    shown = Verdict.SUPPORTED in verdicts and Verdict.CONTRADICTED not in verdicts
    if weighed.verdict is Verdict.CONTRADICTED and shown and not weighed.ruled_out:
        return replace(
            weighed, verdict=Verdict.NOT_CHECKABLE, speaks_for=weighed.speaks_for + texts
        )
    return weighed


def _number(claim: Claim, analysis: Analysis, of: Numbers | None) -> CheckedClaim:
    if of is None:
        return tolerances.checked(claim, None, _unusable(analysis))
    return tolerances.checked(claim, *tolerances.measured(claim, of.measurements, of.values))


def _leads(finding: Finding, analysis: Analysis, of: Numbers | None) -> tuple[CheckedLead, ...]:
    if of is None:
        why = _unusable(analysis)
        return tuple(lead_signs.not_checkable(lead, why) for lead in finding.leads)
    return tuple(
        lead_signs.checked(finding.code, lead, of.values, of.limits) for lead in finding.leads
    )


def _unusable(analysis: Analysis) -> str:
    why = "; ".join(analysis.quality.reasons) or analysis.quality.grade.value
    return f"the recording is not usable: {why}"


def _clashed(
    findings: Sequence[CheckedFinding], one: str, other: str, why: str
) -> list[CheckedFinding]:
    """Mark two findings that exclude each other.

    Where the recording supports just one of them, that one stands and the other is contradicted;
    else neither is believed. A finding that is contradicted anyway makes no other one doubtful.
    """
    by_code = {each.finding.code: each for each in findings}
    pair = (by_code[one], by_code[other])
    supported = [each for each in pair if each.verdict is Verdict.SUPPORTED]
    if any(each.verdict is Verdict.CONTRADICTED for each in pair):
        wrong = [each for each in pair if each.verdict is Verdict.CONTRADICTED]
    elif len(supported) == 1:
        wrong = [each for each in pair if each.verdict is not Verdict.SUPPORTED]
    else:
        wrong = list(pair)
    for each in wrong:
        rest = other if each.finding.code == one else one
        text = f"The answer also says {_in_sentence(rest)}: {weighing.in_sentence(why)}"
        by_code[each.finding.code] = replace(
            each,
            verdict=Verdict.CONTRADICTED,
            text=f"{each.text}. {text}",
            speaks_against=(*each.speaks_against, text),
        )
    return [by_code[each.finding.code] for each in findings]


def _reviewed(each: CheckedFinding) -> CheckedFinding:
    """Ask for a physician where a critical statement is not borne out."""
    if not each.critical or each.verdict is Verdict.SUPPORTED:
        return each
    return replace(each, needs_review=True, text=f"{each.text}. {weighing.REVIEW}")


def _mentions(answer: Answer, analysis: Analysis, of: Basis | None) -> tuple[CheckedMention, ...]:
    """Return what the free text says beside the findings, checked."""
    stated = _stated(answer)
    beside = mentioned.apart_from(mentions.read(answer.impression), stated)
    if of is None:
        return tuple(mentioned.not_checkable(each, _unusable(analysis)) for each in beside)
    return tuple(mentioned.checked(each, of, stated) for each in beside)


def _stated(answer: Answer) -> frozenset[str]:
    return frozenset(finding.code for finding in answer.findings)


def _unmentioned(
    answer: Answer, beside: Sequence[CheckedMention], of: Basis | None
) -> tuple[Unmentioned, ...]:
    if of is None:
        return ()
    said = _stated(answer).union(*(each.codes for each in beside if not each.denied))
    found = []
    for statement in of.said.statements:
        if statement.critical and statement.code not in said:
            evidence = tuple(each.text for each in statement.evidence)
            text = NOT_MENTIONED.format(statement.text)
            found.append(Unmentioned(statement.code, statement.text, text, evidence))
    return tuple(found)


def _name(code: str) -> str:
    return hybrid.wording(code) if code in catalogue() else code


def _in_sentence(code: str) -> str:
    return weighing.in_sentence(_name(code))
