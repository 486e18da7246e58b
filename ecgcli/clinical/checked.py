"""What has become of a language model's answer once it was held against the recording.

It knows verdicts and the form they are told in; it does not know how anything is checked
(`claims`). Every text reads well on its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from ecgcli.engines.answer import Claim, Finding


class Verdict(StrEnum):
    """What this recording says to a claim."""

    SUPPORTED = "supported"
    NOT_CHECKABLE = "not checkable"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True)
class CheckedClaim:
    """A number of the answer beside the one that was measured.

    Attributes:
        claim: What the model says.
        verdict: What the measurement says to it.
        text: "Says heart rate 140/min; 72/min was measured".
        measured: In the quantity's unit, `None` where there is none.
        reason: Why it cannot be checked, `None` where it can.
    """

    claim: Claim
    verdict: Verdict
    text: str
    measured: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedLead:
    """A lead that a finding names, and whether what was measured in it shows the finding."""

    lead: str
    verdict: Verdict
    text: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedFinding:
    """A finding of the answer with all that this recording says to it.

    Attributes:
        finding: What the model says; its certainty plays no part in the verdict.
        name: The statement's wording.
        verdict: On the statement as such; numbers and leads have their own.
        text: The verdict in a line or two.
        speaks_for: What speaks for it, a sentence each.
        speaks_against: What speaks against it.
        claims: Its numbers.
        leads: The leads it names.
        critical: Whether the statement can be a critical value.
        needs_review: Whether it is one and is not supported: it is neither dropped nor believed.
    """

    finding: Finding
    name: str
    verdict: Verdict
    text: str
    speaks_for: tuple[str, ...] = ()
    speaks_against: tuple[str, ...] = ()
    claims: tuple[CheckedClaim, ...] = ()
    leads: tuple[CheckedLead, ...] = ()
    critical: bool = False
    needs_review: bool = False


@dataclass(frozen=True, slots=True)
class CheckedMention:
    """What the free text says of statements that the findings do not hold, or denies.

    Attributes:
        words: As the text has it.
        codes: The statements that are meant by it.
        denied: Whether it says that they are absent.
        verdict: On what it says: a denial is supported where they are ruled out.
        text: The verdict in a line or two.
        critical: Whether one of them can be a critical value.
        needs_review: Whether a critical value is said and not supported, or denied and there.
    """

    words: str
    codes: tuple[str, ...]
    denied: bool
    verdict: Verdict
    text: str
    critical: bool = False
    needs_review: bool = False


@dataclass(frozen=True, slots=True)
class Unmentioned:
    """A critical value that was measured and that the answer does not hold."""

    code: str
    name: str
    text: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two statements of one answer that exclude each other."""

    codes: tuple[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of each verdict."""

    supported: int = 0
    not_checkable: int = 0
    contradicted: int = 0

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Self:
        """Count verdicts."""
        all_of_them = list(verdicts)
        return cls(
            all_of_them.count(Verdict.SUPPORTED),
            all_of_them.count(Verdict.NOT_CHECKABLE),
            all_of_them.count(Verdict.CONTRADICTED),
        )


@dataclass(frozen=True, slots=True)
class Counts:
    """Verdicts on statements, on numbers, on leads and on what the free text says beside them."""

    findings: Tally
    claims: Tally
    leads: Tally
    mentions: Tally


@dataclass(frozen=True, slots=True)
class Checked:
    """A whole answer, checked.

    Attributes:
        findings: In the answer's order; none is left out.
        impression: The model's own words.
        told: The numbers that the impression gives.
        mentions: Statements that the impression makes beside the findings, or denies.
        unmentioned: Critical values that the criteria find and the answer does not hold.
        conflicts: Statements of the answer that exclude each other.
        counts: How many of each verdict.
    """

    findings: tuple[CheckedFinding, ...]
    impression: str
    told: tuple[CheckedClaim, ...]
    mentions: tuple[CheckedMention, ...]
    unmentioned: tuple[Unmentioned, ...]
    conflicts: tuple[Conflict, ...]
    counts: Counts


@dataclass(frozen=True, slots=True)
class Grounding:
    """How much of an answer the measurements bear out; sums over recordings make shares.

    Attributes:
        numbers: Numbers that the answer gives.
        numbers_measured: Those of them whose quantity was measured.
        numbers_near: Those within the share (10 %) of the measured value.
        leads: Leads that findings name.
        leads_measured: Those where the measurements tell whether they show the finding.
        leads_shown: Those where they do.
    """

    numbers: int = 0
    numbers_measured: int = 0
    numbers_near: int = 0
    leads: int = 0
    leads_measured: int = 0
    leads_shown: int = 0
