"""A language model's checked answer in the words of a report, for every format the same.

It knows what stands where in an answer (`clinical.checked`) and what of it a page of paper has room
for; it does not know how anything looks. What is contradicted is told first and never left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgcli.clinical.checked import Verdict

if TYPE_CHECKING:
    from ecgcli.clinical.checked import Checked, CheckedFinding

WORDS = "In its words, numbers and statements checked"
TITLE = "LANGUAGE MODEL – EACH CLAIM CHECKED"
SUPPORTED, NOT_CHECKABLE, CONTRADICTED = "supported", "not_checkable", "contradicted"
NEEDS_REVIEW = "needs_review"
ORDER = {Verdict.CONTRADICTED: 0, Verdict.NOT_CHECKABLE: 1, Verdict.SUPPORTED: 2}


def tally(answer: Checked) -> dict[str, int]:
    """Return how many claims (statements, numbers, leads, words) have which verdict, for lists."""
    counts = answer.counts
    parts = (counts.findings, counts.claims, counts.leads, counts.mentions)
    review = sum(found.needs_review for found in answer.findings) + len(answer.unmentioned)
    review += sum(mention.needs_review for mention in answer.mentions)
    return {
        SUPPORTED: sum(part.supported for part in parts),
        NOT_CHECKABLE: sum(part.not_checkable for part in parts),
        CONTRADICTED: sum(part.contradicted for part in parts),
        NEEDS_REVIEW: review,
    }


def summary(answer: Checked) -> str:
    """Return how much of an answer the recording bears out, in a line."""
    counts = answer.counts
    contradicted = tally(answer)[CONTRADICTED]
    numbers = counts.claims.supported + counts.claims.not_checkable + counts.claims.contradicted
    parts = [
        f"{counts.findings.supported} of {len(answer.findings)} statements supported",
        f"{counts.claims.supported} of {numbers} numbers",
    ]
    if contradicted:
        parts.append(f"{contradicted} claim{'s' if contradicted > 1 else ''} contradicted")
    return ", ".join(parts)


def ordered(answer: Checked) -> list[CheckedFinding]:
    """Return the findings, those first that need a physician most."""
    return sorted(answer.findings, key=lambda found: (not found.needs_review, ORDER[found.verdict]))


def disputes(found: CheckedFinding) -> list[str]:
    """Return what of a finding's numbers and leads is contradicted, a line each."""
    parts = [(claim.text, claim.verdict) for claim in found.claims]
    parts += [(lead.text, lead.verdict) for lead in found.leads]
    return [text for text, verdict in parts if verdict is Verdict.CONTRADICTED]


def _against(found: CheckedFinding) -> str:
    return "; ".join([*found.speaks_against, *disputes(found)]) or found.text


def _doubts(found: CheckedFinding) -> list[tuple[str, str]]:
    """Return what speaks against a finding, or that it needs a physician, as an entry or none."""
    if found.verdict is Verdict.CONTRADICTED:
        review = ", needs review" if found.needs_review else ""
        return [(f"Contradicted{review}: {found.name}", f"– {_against(found)}")]
    if found.needs_review:
        return [(f"Needs review: {found.name}", f"– {found.text}")]
    wrong = disputes(found)
    return [(found.name, f"– {'; '.join(wrong)}")] if wrong else []


def lines(answer: Checked) -> list[tuple[str, str]]:
    """Return the answer as (bold, text) entries of a narrow column.

    There may be room for the first of them only: they begin with the critical values that are not
    mentioned, and with what of the answer needs a physician.
    """
    told: list[tuple[str, str]] = [("Model", f"– {summary(answer)}.")]
    told += [(f"Not mentioned: {one.name}", f"– {one.text}") for one in answer.unmentioned]
    findings = ordered(answer)
    urgent = [found for found in findings if found.needs_review]
    told += [told_of for found in urgent for told_of in _doubts(found)]
    told += [("Needs review: its words", f"– {m.text}") for m in answer.mentions if m.needs_review]
    told += [("Excludes itself", f"– {one.text}") for one in answer.conflicts]
    told += [told_of for found in findings[len(urgent) :] for told_of in _doubts(found)]
    wrong = [one.text for one in answer.told if one.verdict is Verdict.CONTRADICTED]
    wrong += [
        one.text
        for one in answer.mentions
        if one.verdict is Verdict.CONTRADICTED and not one.needs_review
    ]
    if wrong:
        told.append(("In its words", f"– {'; '.join(wrong)}"))
    stated = [found.name for found in answer.findings if found.verdict is Verdict.SUPPORTED]
    if stated:
        told.append(("Supported", f"– {'; '.join(stated)}"))
    open_ = [f.name for f in answer.findings if f.verdict is Verdict.NOT_CHECKABLE]
    if open_:
        told.append(("Not checkable", f"– {'; '.join(open_)}"))
    if answer.impression:
        told.append((WORDS, f"– {answer.impression}"))
    return told
